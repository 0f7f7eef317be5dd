//! Every change to a set, kept so that each can be taken back: after a restart, after `kill -9`, by picture and by batch.
//!
//! A [`Journal`] owns `.danlu/` in the root of a set: `journal.sqlite3`, a lock file and `trash/`. All of it is made with the first change
//! that is written. Paths are kept relative to the root, so that a set may be moved as a whole. A batch is on the disk, with the whole
//! text of every file before and after, before its first file is touched; each file is then written atomically beside itself. What a batch
//! got to when it was interrupted is told by comparing it with the files ([`recover`](Journal::recover)).
//!
//! Undo and redo go along one line: a batch takes back what of it is done, and a new batch ends redo. A single file may be taken back
//! alone; the undo and redo of batches leave it as it is then, until it is redone alone.
//!
//! Nothing that somebody else wrote is ever written over: a file that is neither as it was nor as it would be is left, and told as a
//! [`Conflict`] with its three texts. [`merge`] joins them by tags where they do not contradict each other; it is an offer to a person
//! and is never made by itself. Symbolic links are followed and stay; of a file with several names (hard links) the others keep the old
//! text. Read [`types`] for what goes in and out.

mod apply;
mod commit;
mod disk;
mod error;
mod lock;
mod log;
mod mark;
mod order;
mod pack;
mod recover;
mod run;
mod snapshot;
mod tables;
mod travel;
mod types;

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use lock::Lock;

pub use super::edit::merge::{Clash, Merged, merge};
pub use error::Error;
pub use snapshot::Text;
pub use types::{
    Action, Batch, Change, Conflict, Difference, Done, Entry, Halt, Interrupted, Planned, Preview, Progress, Since,
    Snapshot, Standing, Stop, Texts, Watch, Why,
};

/// The folder below a set's root that holds all that danlu keeps of it.
pub const FOLDER: &str = ".danlu";

/// The changes to one set. Light: opens nothing until it is asked something, and holds nothing open between calls.
#[derive(Clone, Debug)]
pub struct Journal {
    root: PathBuf,
    /// Folders elsewhere whose files may be changed too.
    outside: Vec<PathBuf>,
    /// The right to write, where it was taken before the set was read.
    held: Option<Arc<Lock>>,
}

impl Journal {
    /// The journal of the set below `root`. Touches nothing.
    pub fn at(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
            outside: Vec::new(),
            held: None,
        }
    }

    /// Also allows changes below these folders, which a dataset TOML may name outside its own. Files elsewhere are never touched,
    /// whatever a journal says that came with somebody's files.
    #[must_use]
    pub fn with_folders(mut self, folders: impl IntoIterator<Item = PathBuf>) -> Self {
        let real = |folder: PathBuf| std::fs::canonicalize(&folder).unwrap_or(folder);
        self.outside.extend(folders.into_iter().map(real));
        self
    }

    /// Takes the right to write now and keeps it as long as this journal lives: what is read from now on no other danlu changes.
    ///
    /// # Errors
    /// Another danlu writes and does not come to an end, or the set cannot be written.
    pub fn hold(mut self, watch: &mut Watch<'_>) -> Result<Self, Error> {
        self.held = Some(Arc::new(Lock::take(&self.root, watch)?));
        Ok(self)
    }

    /// A number that is another one after every writing of any danlu; none where there is no journal. To be asked before the set is read
    /// and again when it is [held](Self::hold), it tells whether the set has to be read anew.
    pub fn turn(&self) -> Option<u32> {
        // SQLite's own count of changes, in the header of its file.
        let mut file = std::fs::File::open(tables::file(&self.root)).ok()?;
        let mut count = [0; 4];
        file.seek(SeekFrom::Start(24))
            .and_then(|_| file.read_exact(&mut count))
            .ok()?;
        Some(u32::from_be_bytes(count))
    }

    /// Whether a file lies, or would lie, where this journal keeps changes.
    pub fn holds(&self, path: &Path) -> bool {
        self.kept(path).is_ok()
    }

    /// The right to write: the one that is held, or one for this call.
    fn lock(&self, watch: &mut Watch<'_>) -> Result<Arc<Lock>, Error> {
        match &self.held {
            Some(held) => Ok(Arc::clone(held)),
            None => Ok(Arc::new(Lock::take(&self.root, watch)?)),
        }
    }
}
