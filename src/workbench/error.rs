//! Why a task of the workbench cannot be done, each in one sentence with the values at fault.

use std::path::PathBuf;

use super::Stop;
use crate::store::atomic::WriteError;
use crate::weights;

/// Why a task cannot be done. Nothing was written then.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody asked to stop.
    #[error("stopped; nothing was written")]
    Stopped,
    /// An input cannot be read.
    #[error(transparent)]
    Weights(#[from] weights::Error),
    /// The result cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// The result's path is taken.
    #[error("{} is there already", .0.display())]
    Exists(PathBuf),
    /// The result would replace what it is made of.
    #[error("{} is one of the inputs", .0.display())]
    SameFile(PathBuf),
    /// The result's path is a link.
    #[error("{} is a link to {}", path.display(), to.display())]
    Link {
        /// The link.
        path: PathBuf,
        /// Where it leads.
        to: PathBuf,
    },
    /// The result's path is taken by something that it cannot replace.
    #[error("{} is {what}", path.display())]
    InTheWay {
        /// What is there.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// The disk has too little room.
    #[error("{} needs {}, {} are free in {}", path.display(), bytes(*needed), bytes(*free), folder.display())]
    NoRoom {
        /// The result.
        path: PathBuf,
        /// The folder whose disk it is.
        folder: PathBuf,
        /// Bytes of the result.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
    /// The task contradicts itself.
    #[error("{what}")]
    Task {
        /// What is wrong with it, with the value.
        what: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// An input is not what the task needs.
    #[error("{} {why}", path.display())]
    Input {
        /// The input.
        path: PathBuf,
        /// What it lacks or is instead, as the rest of a sentence.
        why: String,
        /// What to do about it.
        hint: &'static str,
    },
    /// Two inputs do not go together.
    #[error("{} and {} do not go together: {why}", a.display(), b.display())]
    Mismatch {
        /// The one.
        a: PathBuf,
        /// The other.
        b: PathBuf,
        /// Why not.
        why: String,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Stopped => return None,
            Self::Weights(error) => return error.hint(),
            Self::Write(error) => return error.hint(),
            Self::Exists(_) => "choose another name, or allow it to be replaced with --overwrite",
            Self::SameFile(_) => "give the result another name; the inputs are read while it is written",
            Self::Link { .. } => "give the path of the file itself, or another name",
            Self::InTheWay { .. } => "choose another name",
            Self::NoRoom { .. } => "make room, or choose a folder on another disk",
            Self::Task { hint, .. } | Self::Input { hint, .. } => hint,
            Self::Mismatch { .. } => {
                "only models of one family go together; `danlu models show` says which family a file is of"
            }
        };
        Some(hint.to_owned())
    }
}

impl From<Stop> for Error {
    fn from(_: Stop) -> Self {
        Self::Stopped
    }
}

/// Bytes in the unit that people say them in.
fn bytes(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if bytes < 1024 {
        return format!("{bytes} bytes");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut unit = 0;
    while size >= 1024.0 && unit + 1 < UNITS.len() {
        size /= 1024.0;
        unit += 1;
    }
    format!("{size:.1} {}", UNITS[unit])
}
