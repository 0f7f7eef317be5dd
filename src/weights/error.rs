//! What can be wrong with a file of weights, each in one sentence with the values at fault.

use std::path::PathBuf;

use thiserror::Error;

/// Why a file of weights cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// Somebody asked to stop loading.
    #[error("loading was stopped")]
    Stopped,
    /// A VAE was wanted.
    #[error("{path} is not a VAE: {why}")]
    NotVae {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// The file or folder cannot be opened or read.
    #[error("cannot read {path}: {source}")]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is shorter than its header says, or its header is no header.
    #[error("{path} is not a whole safetensors file: {why}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The contradiction found.
        why: String,
    },
    /// The file has a format that cannot be read.
    #[error("{path} is a {what}, which cannot be read")]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: String,
    },
    /// The file is readable, but holds no Stable Diffusion model.
    #[error("{path} is not a Stable Diffusion checkpoint: {why}")]
    NotStableDiffusion {
        /// The file or folder.
        path: PathBuf,
        /// What is missing or what it is instead.
        why: String,
    },
    /// The yaml or json that describes the model cannot be understood.
    #[error("cannot understand the configuration {path}: {why}")]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// The key and value at fault.
        why: String,
    },
    /// A tensor that the architecture needs is not in the file.
    #[error("{path} has no tensor {name}, expected with shape {expected:?}")]
    Missing {
        /// The file or folder.
        path: PathBuf,
        /// The tensor's name in that file.
        name: String,
        /// The shape that the architecture needs.
        expected: Vec<usize>,
    },
    /// A tensor has another shape than the architecture needs.
    #[error("tensor {name} of {path} has shape {found:?}, expected {expected:?}")]
    Misshapen {
        /// The file or folder.
        path: PathBuf,
        /// The tensor's name in that file.
        name: String,
        /// The shape in the file.
        found: Vec<usize>,
        /// The shape that the architecture needs.
        expected: Vec<usize>,
    },
    /// The file holds tensors of this network that the architecture has no place for.
    #[error(
        "{path} has tensor {name} of shape {found:?}, for which the architecture has no place (expected none; {more} more like it)"
    )]
    Surplus {
        /// The file or folder.
        path: PathBuf,
        /// The first such tensor's name in that file.
        name: String,
        /// Its shape.
        found: Vec<usize>,
        /// How many more there are.
        more: usize,
    },
    /// A tensor has a number type that weights cannot have.
    #[error("tensor {name} of {path} has type {dtype}, which is not a floating-point type that can be read")]
    Type {
        /// The file or folder.
        path: PathBuf,
        /// The tensor's name in that file.
        name: String,
        /// The type as the file names it.
        dtype: String,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::Stopped => return None,
                Self::NotVae { .. } => "a VAE file holds an encoder and a decoder, or the decoder alone",
                Self::Unreadable { .. } => "check that the path is right and that you may read it",
                Self::Damaged { .. } => "the download may have been cut short; compare its size and sha256 with the source's, then fetch it again",
                Self::Unsupported { .. } => "use the .safetensors of this model, or convert it",
                Self::NotStableDiffusion { .. } => {
                    "a checkpoint holds a UNet, a VAE and a text encoder; LoRA, VAE and embedding files go beside one, not in its place"
                }
                Self::Config { .. } => "compare it with the configuration that came with the model",
                Self::Missing { .. } | Self::Misshapen { .. } | Self::Surplus { .. } => {
                    "the configuration beside the file (.yaml or config.json) may belong to another model"
                }
                Self::Type { .. } => "convert the file to f16, bf16 or f32",
            }
            .to_owned(),
        )
    }
}
