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
    /// A UNet by itself, and no checkpoint that could lend it the rest.
    #[error(
        "{} is {} by itself, and no checkpoint here has text encoders and a VAE that go with it",
        shown(path),
        plain(what)
    )]
    LoneUnet {
        /// The file.
        path: PathBuf,
        /// What UNet it is.
        what: String,
    },
    /// A network of the LoRA family was wanted.
    #[error("{} is no network of the LoRA family: {}", shown(path), plain(why))]
    NotNetwork {
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
    /// The file is shorter than it says, or what it says of itself cannot be.
    #[error("{} is not a whole {what}: {}", shown(path), plain(why))]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What it began as.
        what: &'static str,
        /// The contradiction found.
        why: String,
    },
    /// A pickle wants what is no tensor and no plain container.
    #[error("{} wants the class {}, which danlu never builds", shown(path), plain(class))]
    Pickle {
        /// The file.
        path: PathBuf,
        /// The class or function that it names.
        class: String,
    },
    /// Somebody wrote to the file while it was open.
    #[error("{} changed while it was read", shown(path))]
    Changed {
        /// The file.
        path: PathBuf,
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
    /// Weights are no numbers: every picture made with them is none either.
    #[error(
        "tensor {} of {} has {count} of {of} values that are NaN or infinite; {more} more tensors have such values",
        plain(name),
        shown(path)
    )]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The first such tensor's name in that file.
        name: String,
        /// How many of its values are.
        count: usize,
        /// How many values it has.
        of: usize,
        /// How many more such tensors there are.
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
                Self::LoneUnet { .. } => "name a whole checkpoint of its family with --base",
                Self::NotNetwork { .. } => "a network holds LoRA, LoCon, LoHa, LoKr, IA3, OFT or the like; a checkpoint is given by --model",
                Self::Unreadable { .. } => "check that the path is right and that you may read it",
                Self::Damaged { .. } => "the download may have been cut short; compare its size and sha256 with the source's, then fetch it again",
                Self::Pickle { .. } => {
                    "a pickle is a program, and this one does more than hold weights: take the model's .safetensors, or have whoever made it save the weights alone"
                }
                Self::Changed { .. } => "wait until it is written, then load it again",
                Self::Unsupported { what, .. } if what.contains("web page") => {
                    "the site refused the download; download it again, signed in where it asks for that"
                }
                Self::Unsupported { what, .. } if what.contains("LFS") => "fetch the file itself with `git lfs pull`",
                Self::Unsupported { what, .. } if what.contains("packed") => {
                    "unpack it; the model is inside, or is the folder itself"
                }
                Self::Unsupported { .. } => "use the .safetensors of this model, or convert it",
                Self::NotStableDiffusion { .. } => {
                    "a checkpoint holds a UNet, a VAE and a text encoder; LoRA, VAE and embedding files go beside one, not in its place"
                }
                Self::Config { .. } => "compare it with the configuration that came with the model",
                Self::Missing { .. } | Self::Misshapen { .. } | Self::Surplus { .. } => {
                    "the configuration beside the file (.yaml or config.json) may belong to another model"
                }
                Self::NotFinite { .. } => {
                    "the file was broken where it was made, often by a merge or by training in half precision; compare its sha256 with the source's, or use another version"
                }
                Self::Type { .. } => "convert the file to f16, bf16 or f32",
            }
            .to_owned(),
        )
    }
}

/// Text from a file, without the signs that would move a terminal's cursor, and not without end.
pub(super) fn plain(text: &str) -> String {
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

pub(super) fn shown(path: &Path) -> String {
    plain(&path.to_string_lossy())
}
