//! What can be wrong with a file of weights, each in one sentence with the values at fault.

use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a file of weights cannot be used.
#[derive(Debug, Error)]
pub enum Error {
    /// Somebody asked to stop loading.
    #[error("loading was stopped")]
    Stopped,
    /// A VAE was wanted.
    #[error("{} is not a VAE: {}", shown(path), plain(why))]
    NotVae {
        /// The file.
        path: PathBuf,
        /// What it is instead.
        why: String,
    },
    /// The file or folder cannot be opened or read.
    #[error("cannot read {}: {source}", shown(path))]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is shorter than its header says, or its header is no header.
    #[error("{} is not a whole safetensors file: {}", shown(path), plain(why))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The contradiction found.
        why: String,
    },
    /// The file has a format that cannot be read.
    #[error("{} is a {what}, which cannot be read", shown(path))]
    Unsupported {
        /// The file.
        path: PathBuf,
        /// What it is.
        what: String,
    },
    /// The file is readable, but holds no Stable Diffusion model.
    #[error("{} is not a Stable Diffusion checkpoint: {}", shown(path), plain(why))]
    NotStableDiffusion {
        /// The file or folder.
        path: PathBuf,
        /// What is missing or what it is instead.
        why: String,
    },
    /// The yaml or json that describes the model cannot be understood.
    #[error("cannot understand the configuration {}: {}", shown(path), plain(why))]
    Config {
        /// The configuration file.
        path: PathBuf,
        /// The key and value at fault.
        why: String,
    },
    /// A tensor that the architecture needs is not in the file.
    #[error("{} has no tensor {}, expected with shape {expected:?}", shown(path), plain(name))]
    Missing {
        /// The file or folder.
        path: PathBuf,
        /// The tensor's name in that file.
        name: String,
        /// The shape that the architecture needs.
        expected: Vec<usize>,
    },
    /// A tensor has another shape than the architecture needs.
    #[error(
        "tensor {} of {} has shape {found:?}, expected {expected:?}",
        plain(name),
        shown(path)
    )]
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
        "{} has tensor {} of shape {found:?}, for which the architecture has no place (expected none; {more} more like it)",
        shown(path),
        plain(name)
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
    #[error(
        "tensor {} of {} has type {dtype}, which is not a floating-point type that can be read",
        plain(name),
        shown(path)
    )]
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
                Self::Unsupported { what, .. } if what.contains("web page") => {
                    "the site refused the download; download it again, signed in where it asks for that"
                }
                Self::Unsupported { what, .. } if what.contains("LFS") => "fetch the file itself with `git lfs pull`",
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

/// Text from a file, without the signs that would move a terminal's cursor, and not without end.
fn plain(text: &str) -> String {
    const LONGEST: usize = 400;
    let harmless = |c: char| {
        if c.is_control() {
            c.escape_unicode().to_string()
        } else {
            c.to_string()
        }
    };
    let mut shown: String = text.chars().take(LONGEST).map(harmless).collect();
    if text.chars().nth(LONGEST).is_some() {
        shown.push('…');
    }
    shown
}

fn shown(path: &Path) -> String {
    plain(&path.to_string_lossy())
}
