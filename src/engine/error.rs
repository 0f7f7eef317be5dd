//! Why a job ended without being done, each a sentence with what to do about it.

use super::device;
use crate::diffusion::pixels;
use crate::diffusion::recipe;
use crate::diffusion::sampler::Stop;
use crate::store::atomic::WriteError;
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
            Self::Memory { .. } => Some("draw a smaller picture or a smaller batch, or end other programs".to_owned()),
            Self::Sampling { hint, .. } => hint.clone(),
            Self::Panic(_) => {
                Some("this is a fault of danlu's; please report it with the command that you ran".to_owned())
            }
            Self::Strict(_) => Some("without --strict the picture is made without it".to_owned()),
            Self::Unreadable => Some("retry it with the danlu that added it".to_owned()),
            Self::Cancelled => None,
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
