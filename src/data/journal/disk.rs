//! The files that changes are made to: those on the disk, or a picture of them in memory for looking ahead.
//!
//! Both answer the same few questions, so that what is shown before is found by the code that does it.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::mark::Mark;
use super::{Error, Why};
use crate::data::unread::Unread;
use crate::store::atomic::{self, How, Reason, WriteError};

/// The most bytes that a caption may have.
pub(super) const LARGEST: u64 = 64 << 20;
/// Up to so many files are flushed one by one.
const FEW: usize = 16;

/// Why a change was not made.
#[derive(Debug)]
pub(super) enum Fault {
    /// Something is in the way; the file is left as it is.
    Conflict(Why),
    /// Nothing more can be written.
    Failed(Error),
}

impl From<WriteError> for Fault {
    fn from(error: WriteError) -> Self {
        match error.reason {
            Reason::Exists => Self::Conflict(Why::Taken),
            Reason::IsFolder => Self::Conflict(Why::Unreadable(Unread::NoFile)),
            _ => Self::Failed(error.into()),
        }
    }
}

/// What is asked of files. Paths are whole.
pub(super) trait Disk {
    /// A caption's bytes; `None` where there is no file.
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, Why>;
    /// Whether a file, a folder or a link stands there.
    fn stands(&self, path: &Path) -> bool;
    /// Whether a file is the one that has this mark.
    fn is_marked(&self, path: &Path, mark: &Mark) -> bool;
    /// Gives a caption other bytes; `temporary` is a name for a file beside it.
    fn put(&mut self, path: &Path, bytes: &[u8], is_new: bool, temporary: &str) -> Result<(), Fault>;
    /// Gives a file another name, which must not be taken. Folders are made.
    fn rename(&mut self, from: &Path, to: &Path) -> Result<(), Fault>;
}

/// The true files.
#[derive(Debug)]
pub(super) struct Files {
    /// Whether each file is flushed to the disk for itself.
    pub(super) flush: bool,
    /// The length of the largest text that taking back would write.
    pub(super) largest: usize,
}

impl Files {
    /// A few files are flushed one by one, for then nothing that other programs write has to be waited for; many of them together.
    pub(super) fn for_batch_of(count: usize, largest: usize) -> Self {
        Self {
            flush: count <= FEW,
            largest,
        }
    }

    /// For looking, and for single files that nobody waits for.
    pub(super) const fn plain() -> Self {
        Self {
            flush: false,
            largest: 0,
        }
    }
}

impl Disk for Files {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, Why> {
        let unreadable = |error: io::Error| Why::Unreadable(error.into());
        let found = match fs::metadata(path) {
            Ok(found) => found,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let is_link = fs::symlink_metadata(path).is_ok();
                return if is_link {
                    Err(Why::Unreadable(Unread::DeadLink))
                } else {
                    Ok(None)
                };
            }
            Err(error) => return Err(unreadable(error)),
        };
        // A pipe would never end, or never begin.
        if !found.is_file() {
            return Err(Why::Unreadable(Unread::NoFile));
        }
        if found.len() > LARGEST {
            return Err(Why::Unreadable(Unread::TooLarge(found.len())));
        }
        let mut bytes = Vec::with_capacity(found.len() as usize);
        let file = fs::File::open(path).map_err(unreadable)?;
        file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(unreadable)?;
        Ok(Some(bytes))
    }

    fn stands(&self, path: &Path) -> bool {
        fs::symlink_metadata(path).is_ok()
    }

    fn is_marked(&self, path: &Path, mark: &Mark) -> bool {
        mark.fits(path)
    }

    fn put(&mut self, path: &Path, bytes: &[u8], is_new: bool, temporary: &str) -> Result<(), Fault> {
        if let (true, Some(folder)) = (is_new, path.parent()) {
            atomic::create_folder(folder)?;
        }
        let how = How {
            flush: self.flush,
            is_new,
            temporary: Some(temporary),
        };
        Ok(atomic::replace(path, how, |out| out.write_all(bytes))?)
    }

    fn rename(&mut self, from: &Path, to: &Path) -> Result<(), Fault> {
        if let Some(folder) = to.parent() {
            atomic::create_folder(folder)?;
        }
        Ok(atomic::rename_new(from, to)?)
    }
}

/// What the files would be.
#[derive(Debug, Default)]
pub(super) struct Imagined {
    changed: HashMap<PathBuf, State>,
}

#[derive(Clone, Debug)]
enum State {
    Missing,
    Text(Vec<u8>),
    /// The file that has this name on the disk.
    Other(PathBuf),
}

const TRUE: Files = Files::plain();

impl Disk for Imagined {
    fn read(&self, path: &Path) -> Result<Option<Vec<u8>>, Why> {
        match self.changed.get(path) {
            None => TRUE.read(path),
            Some(State::Missing) => Ok(None),
            Some(State::Text(text)) => Ok(Some(text.clone())),
            Some(State::Other(origin)) => TRUE.read(origin),
        }
    }

    fn stands(&self, path: &Path) -> bool {
        match self.changed.get(path) {
            None => TRUE.stands(path),
            Some(state) => !matches!(state, State::Missing),
        }
    }

    fn is_marked(&self, path: &Path, mark: &Mark) -> bool {
        match self.changed.get(path) {
            None => TRUE.is_marked(path, mark),
            Some(State::Other(origin)) => TRUE.is_marked(origin, mark),
            Some(State::Missing | State::Text(_)) => false,
        }
    }

    fn put(&mut self, path: &Path, bytes: &[u8], is_new: bool, _temporary: &str) -> Result<(), Fault> {
        if is_new && self.stands(path) {
            return Err(Fault::Conflict(Why::Taken));
        }
        self.changed.insert(path.to_owned(), State::Text(bytes.to_vec()));
        Ok(())
    }

    fn rename(&mut self, from: &Path, to: &Path) -> Result<(), Fault> {
        if self.stands(to) {
            return Err(Fault::Conflict(Why::Taken));
        }
        let state = match self.changed.remove(from) {
            Some(State::Missing) => return Err(Fault::Conflict(Why::Missing)),
            Some(state) => state,
            None if TRUE.stands(from) => State::Other(from.to_owned()),
            None => return Err(Fault::Conflict(Why::Missing)),
        };
        self.changed.insert(from.to_owned(), State::Missing);
        self.changed.insert(to.to_owned(), state);
        Ok(())
    }
}
