//! Gaussian noise, value for value what torch draws.
//!
//! A picture is its seed: the noise that a seed stands for is part of the format. Owns the two generators in use, [`NoiseSource::Nv`]
//! (torch on CUDA) and [`NoiseSource::Cpu`] (torch on the CPU), and the rule by which a batch draws from them, [`ImageNoise`]. All of it
//! runs on the host, so that every device gets the same values; nothing here knows a tensor. Read `philox` and `mt19937` for the
//! generators, [`batch`] for the rule.

pub mod batch;
mod mt19937;
mod philox;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use batch::ImageNoise;
use mt19937::Mersenne;
use philox::Philox;

/// Where noise comes from: A1111's "Random number generator source".
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum NoiseSource {
    /// What `torch.randn` gives on an NVIDIA GPU: Philox 4x32-10.
    #[default]
    Nv,
    /// What `torch.randn` gives on the CPU: the Mersenne Twister.
    Cpu,
}

impl NoiseSource {
    /// The value of the infotext's `RNG` field.
    pub fn infotext(self) -> &'static str {
        match self {
            Self::Nv => "NV",
            Self::Cpu => "CPU",
        }
    }
}

impl fmt::Display for NoiseSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Nv => "nv",
            Self::Cpu => "cpu",
        })
    }
}

impl FromStr for NoiseSource {
    type Err = UnknownSource;

    /// Reads `nv` and `cpu` in any case, and A1111's `GPU`, which on an NVIDIA card draws the same as `NV`.
    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        match text.trim().to_ascii_lowercase().as_str() {
            "nv" | "gpu" => Ok(Self::Nv),
            "cpu" => Ok(Self::Cpu),
            _ => Err(UnknownSource { value: text.to_owned() }),
        }
    }
}

/// A name that is no noise source.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("unknown noise source {value:?}")]
pub struct UnknownSource {
    /// The name given.
    pub value: String,
}

impl UnknownSource {
    /// What to write instead.
    pub fn hint(&self) -> Option<String> {
        Some("use nv (as on an NVIDIA GPU) or cpu".to_owned())
    }
}

/// A stream of normal numbers that continues from draw to draw, like one fresh `torch.Generator`.
#[derive(Clone, Debug)]
pub struct Generator(Stream);

#[derive(Clone, Debug)]
enum Stream {
    Nv(Philox),
    Cpu(Box<Mersenne>),
}

impl Generator {
    /// A generator at the beginning of a seed's stream.
    ///
    /// The whole seed counts for [`NoiseSource::Nv`], its lower 32 bits for [`NoiseSource::Cpu`], as in torch.
    pub fn new(source: NoiseSource, seed: u64) -> Self {
        Self(match source {
            NoiseSource::Nv => Stream::Nv(Philox::new(seed)),
            NoiseSource::Cpu => Stream::Cpu(Box::new(Mersenne::new(seed))),
        })
    }

    /// The next `torch.randn` of `len` values, in row-major order.
    ///
    /// How the values are cut into draws matters: neither stream gives in two draws what it would have given in one.
    pub fn normal(&mut self, len: usize) -> Vec<f32> {
        match &mut self.0 {
            Stream::Nv(philox) => philox.normal(len),
            Stream::Cpu(mersenne) => mersenne.normal(len),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn sources_are_read_and_written() {
        for (text, source) in [
            ("NV", NoiseSource::Nv),
            (" cpu", NoiseSource::Cpu),
            ("GPU", NoiseSource::Nv),
        ] {
            assert_eq!(text.parse(), Ok(source));
            assert_eq!(source.to_string().parse(), Ok(source));
            assert_eq!(source.infotext().parse(), Ok(source));
        }
        assert_eq!(serde_json::to_string(&NoiseSource::Nv).unwrap(), "\"nv\"");
        assert_eq!(
            "tpu".parse::<NoiseSource>().unwrap_err().to_string(),
            "unknown noise source \"tpu\""
        );
    }

    #[test]
    fn no_values_are_no_values() {
        assert!(Generator::new(NoiseSource::Nv, 0).normal(0).is_empty());
        assert!(Generator::new(NoiseSource::Cpu, 0).normal(0).is_empty());
    }
}
