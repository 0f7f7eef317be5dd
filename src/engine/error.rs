//! Why a job ended without being done, each a sentence with what to do about it.

use std::path::{Path, PathBuf};

use super::device;
use crate::data::{journal, set};
use crate::diffusion::pixels;
use crate::diffusion::recipe;
use crate::diffusion::sampler::Stop;
use crate::store::atomic::WriteError;
use crate::vision::looker;
use crate::{weights, workbench};

/// Why a job ended without being done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error("cancelled")]
    Cancelled,
    #[error(transparent)]
    Device(#[from] device::Error),
    #[error(transparent)]
    Recipe(recipe::Invalid),
    #[error(transparent)]
    Weights(weights::Error),
    #[error("{width}x{height} in batches of {batch} needs about {needed} of memory, {free} are free")]
    Memory {
        width: usize,
        height: usize,
        batch: usize,
        needed: String,
        free: String,
    },
    #[error(transparent)]
    Workbench(workbench::Error),
    #[error(transparent)]
    Look(looker::Error),
    #[error(transparent)]
    Set(#[from] set::Error),
    #[error(transparent)]
    Journal(#[from] journal::Error),
    #[error("{} is no picture of the set", shown(.0))]
    NoPicture(PathBuf),
    #[error("proposals cannot be kept in {}: {reason}", shown(path))]
    Results { path: PathBuf, reason: String },
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("{message}")]
    Sampling { message: String, hint: Option<String> },
    #[error("{0}")]
    Strict(String),
    #[error("the engine broke off: {0}")]
    Panic(String),
    #[error("the job was written by another version of danlu, and this one cannot read it")]
    Unreadable,
}

impl Error {
    /// What to do about it.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Self::Device(e) => e.hint(),
            Self::Recipe(e) => e.hint(),
            Self::Weights(e) => e.hint(),
            Self::Workbench(e) => e.hint(),
            Self::Write(e) => e.hint(),
            Self::Look(e) => e.hint(),
            Self::Set(e) => e.hint(),
            Self::Journal(e) => e.hint(),
            Self::Memory { .. } => Some("draw a smaller picture or a smaller batch, or end other programs".to_owned()),
            Self::Sampling { hint, .. } => hint.clone(),
            Self::Panic(_) => {
                Some("this is a fault of danlu's; please report it with the command that you ran".to_owned())
            }
            Self::Strict(_) => Some("without --strict the picture is made without it".to_owned()),
            Self::Unreadable => Some("retry it with the danlu that added it".to_owned()),
            Self::Cancelled | Self::NoPicture(_) | Self::Results { .. } => None,
        }
    }
}

impl Error {
    /// Proposals cannot be kept there.
    pub(super) fn results(path: &Path, reason: &std::io::Error) -> Self {
        Self::Results {
            path: path.to_owned(),
            reason: reason.to_string(),
        }
    }
}

fn shown(path: &Path) -> String {
    path.to_string_lossy().escape_debug().to_string()
}

impl From<looker::Error> for Error {
    fn from(error: looker::Error) -> Self {
        if error.is_stop() {
            Self::Cancelled
        } else {
            Self::Look(error)
        }
    }
}

impl From<weights::Error> for Error {
    fn from(error: weights::Error) -> Self {
        match error {
            weights::Error::Stopped => Self::Cancelled,
            error => Self::Weights(error),
        }
    }
}

impl From<workbench::Error> for Error {
    fn from(error: workbench::Error) -> Self {
        match error {
            workbench::Error::Stopped => Self::Cancelled,
            error => Self::Workbench(error),
        }
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cancelled => Self::Cancelled,
            Stop::Failed(error) => Self::Sampling {
                message: error.to_string(),
                hint: error.downcast_ref::<pixels::Error>().and_then(pixels::Error::hint),
            },
        }
    }
}
