//! Which device the engine computes on.
//!
//! A build with CUDA takes the first GPU when a driver answers and the CPU otherwise; a choice of the user's is taken or refused, never
//! replaced in silence.

use std::fmt;
use std::str::FromStr;

use burn::tensor::{DType, Device};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The user's wish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DeviceChoice {
    /// A GPU where there is one.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A GPU by its number.
    Cuda(usize),
}

/// Why a device cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Error {
    /// The text names no device.
    #[error("device is {0:?}, expected \"auto\", \"cpu\" or \"cuda:0\"")]
    Unknown(String),
    /// This build has no CUDA.
    #[error("device cuda:{0} was asked for, but this danlu was built without CUDA")]
    NotBuilt(usize),
    /// There is no such GPU.
    #[error("device cuda:{wanted} was asked for, but {found} CUDA devices answer")]
    Absent {
        /// The number asked for.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Unknown(_) => "run `danlu doctor` to see the devices found".to_owned(),
            Self::NotBuilt(_) => "build with `cargo build --release --features cuda`, or leave --device out".to_owned(),
            Self::Absent { .. } => {
                "run `danlu doctor`; the NVIDIA driver must be loaded and libcuda.so.1 be found".to_owned()
            }
        })
    }
}

impl FromStr for DeviceChoice {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let lower = text.trim().to_ascii_lowercase();
        match lower.as_str() {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" | "gpu" => Ok(Self::Cuda(0)),
            _ => lower
                .strip_prefix("cuda:")
                .and_then(|n| n.parse().ok())
                .map(Self::Cuda)
                .ok_or_else(|| Error::Unknown(text.to_owned())),
        }
    }
}

impl fmt::Display for DeviceChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(n) => write!(f, "cuda:{n}"),
        }
    }
}

/// An open device.
#[derive(Clone, Debug)]
pub struct Opened {
    /// burn's handle.
    pub device: Device,
    /// What it is, for people.
    pub name: String,
    /// Whether it is the CPU, so that pictures compete with programs for memory.
    pub is_cpu: bool,
    /// The number type that networks compute in there.
    pub dtype: DType,
}

impl DeviceChoice {
    /// Opens the device.
    ///
    /// # Errors
    /// [`Error`] when an explicit choice cannot be had.
    pub fn open(self) -> Result<Opened, Error> {
        let gpus = cuda_count();
        match self {
            Self::Cuda(n) if !cfg!(feature = "cuda") => Err(Error::NotBuilt(n)),
            Self::Cuda(n) if n >= gpus => Err(Error::Absent { wanted: n, found: gpus }),
            Self::Cuda(n) => Ok(cuda(n)),
            Self::Auto if gpus > 0 => Ok(cuda(0)),
            Self::Auto | Self::Cpu => Ok(cpu()),
        }
    }
}

/// How many CUDA devices answer; 0 in a build without CUDA or without a driver.
pub fn cuda_count() -> usize {
    #[cfg(feature = "cuda")]
    return burn::tensor::Device::enumerate(burn::tensor::DeviceType::Cuda)
        .into_vec()
        .len();
    #[cfg(not(feature = "cuda"))]
    0
}

fn cpu() -> Opened {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    Opened {
        device: Device::flex(),
        name: format!("CPU, {threads} threads"),
        is_cpu: true,
        dtype: DType::F32,
    }
}

#[cfg(feature = "cuda")]
fn cuda(n: usize) -> Opened {
    // f32, until half precision has been measured against it there.
    Opened {
        device: Device::cuda(n),
        name: format!("CUDA device {n}"),
        is_cpu: false,
        dtype: DType::F32,
    }
}

#[cfg(not(feature = "cuda"))]
fn cuda(_: usize) -> Opened {
    cpu()
}

/// Bytes of host memory that can still be had, within the limits of a container.
pub fn free_memory() -> u64 {
    // Without an answer nothing is refused: the system then says itself when memory ends.
    let Ok(mut system) = sysinfo::System::new() else {
        return u64::MAX;
    };
    system.refresh_memory();
    let contained = system.cgroup_limits().map_or(u64::MAX, |limits| limits.free_memory);
    system.available_memory().min(contained)
}

/// Bytes of host memory in all, within the limits of a container; 0 without an answer.
pub fn total_memory() -> u64 {
    let Ok(mut system) = sysinfo::System::new() else {
        return 0;
    };
    system.refresh_memory();
    let contained = system.cgroup_limits().map_or(u64::MAX, |limits| limits.total_memory);
    system.total_memory().min(contained)
}

/// A number of bytes for people: `1.5 GiB`.
pub fn gibibytes(bytes: u64) -> String {
    format!("{:.1} GiB", bytes as f64 / f64::from(1 << 30))
}
