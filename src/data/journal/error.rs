//! Why the journal cannot do what it was asked.

use std::path::PathBuf;

use crate::store::WriteError;

/// Why the journal cannot do what it was asked. Nothing has changed then, except where [`super::Done::halted`] holds it.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file or folder cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Another danlu writes to this set and does not come to an end.
    #[error("another danlu is writing to {}", .0.display())]
    Busy(PathBuf),
    /// The caller did not want to wait, or to go on.
    #[error("it was stopped before anything was written")]
    Stopped,
    /// There is nothing to take back.
    #[error("there is nothing to undo in {}", .0.display())]
    NothingToUndo(PathBuf),
    /// There is nothing to do again.
    #[error("there is nothing to redo in {}", .0.display())]
    NothingToRedo(PathBuf),
    /// A file has another content than was expected, and all or nothing was asked for.
    #[error("{count} of {of} files have changed since they were read, the first {}; nothing was written", first.display())]
    Conflicts {
        /// How many.
        count: usize,
        /// Of how many.
        of: usize,
        /// One of them.
        first: PathBuf,
    },
    /// A change names a file that is not of this set.
    #[error("{} is not below {}", path.display(), root.display())]
    Outside {
        /// The file.
        path: PathBuf,
        /// The set.
        root: PathBuf,
    },
    /// A batch asks for something that contradicts itself.
    #[error("{}: {why}", path.display())]
    Contradiction {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: &'static str,
    },
    /// There is no snapshot of this name.
    #[error("there is no snapshot named {name:?}")]
    NoSnapshot {
        /// What was asked for.
        name: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// There is a snapshot of this name.
    #[error("there is a snapshot named {0:?} already")]
    SnapshotExists(String),
    /// A newer danlu wrote the journal.
    #[error("{} has version {found}; this danlu knows versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that is understood.
        known: i64,
    },
    /// The journal holds something else than a journal.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Anything else that the database says.
    #[error("{} cannot be used: {why}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What `SQLite` says.
        why: String,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Write(error) => error.hint(),
            Self::Busy(_) => Some("wait until it is done, or close it".to_owned()),
            Self::Stopped | Self::NothingToRedo(_) | Self::Contradiction { .. } => None,
            Self::NothingToUndo(_) => {
                Some("what was changed by other programs, or below another root, is not in this journal".to_owned())
            }
            Self::Conflicts { .. } => Some("read the set again and repeat the change".to_owned()),
            Self::Outside { .. } => Some("open the folder that holds it".to_owned()),
            Self::NoSnapshot { known, .. } if known.is_empty() => {
                Some("make one with `danlu tags snapshot save`".to_owned())
            }
            Self::NoSnapshot { known, .. } => Some(format!("there are {}", known.join(", "))),
            Self::SnapshotExists(_) => Some("choose another name, or delete that one first".to_owned()),
            Self::Newer { .. } => Some("use the newer danlu".to_owned()),
            Self::Damaged { path, .. } => Some(format!(
                "the captions are as they are; move {} away to begin a new journal",
                path.display()
            )),
            Self::Database { .. } => {
                Some("see that the disk is well and that no other program has the file open".to_owned())
            }
        }
    }
}
