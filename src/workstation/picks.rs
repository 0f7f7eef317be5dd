//! The file of the ways to show pictures that the user has picked, one for each terminal.
//!
//! `danlu doctor --graphics` writes it, the workstation reads it at its start. What stands in it is [`Picks`]' matter.

use std::io;
use std::path::PathBuf;

use crate::store::{Paths, WriteError, atomic};
use crate::term::graphics::{Picks, PicksError};

/// Why the picks cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refuses the file.
    #[error("{} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{}: {source}", path.display())]
    Broken {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        source: PicksError,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => Some("check that it is a file and its permissions".to_owned()),
            Self::Broken { source, .. } => source.hint(),
        }
    }
}

/// The file of the picks.
pub fn file(paths: &Paths) -> PathBuf {
    paths.data_dir.join("graphics.toml")
}

/// Reads the picks; none where there is no file.
///
/// # Errors
/// The file cannot be read, or is broken.
pub fn load(paths: &Paths) -> Result<Picks, Error> {
    let path = file(paths);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(Picks::default()),
        Err(source) => return Err(Error::Unreadable { path, source }),
    };
    Picks::read(&text).map_err(|source| Error::Broken { path, source })
}

/// Writes the picks.
///
/// # Errors
/// The folder or the disk does not allow it; what stood before stands as it was.
pub fn keep(paths: &Paths, picks: &Picks) -> Result<(), WriteError> {
    atomic::create_folder(&paths.data_dir)?;
    atomic::write_atomic(&file(paths), |out| out.write_all(picks.to_toml().as_bytes()))
}
