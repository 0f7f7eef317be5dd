//! What goes into the journal and what comes out of it.

use std::path::PathBuf;

use super::Error;
use crate::data::unread::Unread;

/// A change to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A caption gets other bytes. `None` is a file that is not there.
    Write {
        /// The caption file.
        path: PathBuf,
        /// What is in it now; when something else is found there, the change is refused as a conflict.
        before: Option<Vec<u8>>,
        /// What it gets.
        after: Option<Vec<u8>>,
    },
    /// A file gets another place or name; nothing may stand there but a file that another move of the batch takes away. Folders are made.
    Move {
        /// Where it is.
        from: PathBuf,
        /// Where it goes.
        to: PathBuf,
    },
    /// A new file was made, such as a crop; taking it back puts it into the trash.
    Create {
        /// The finished file under a temporary name in the same folder; the journal gives it its name.
        temporary: PathBuf,
        /// The name it gets.
        path: PathBuf,
    },
    /// A file, such as a picture that has a better twin, goes into the trash.
    Trash {
        /// The file.
        path: PathBuf,
    },
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Another danlu is writing to this set.
    Waiting,
    /// The batch is being written into the journal; no file is touched yet.
    Recording,
    /// So many files are done.
    Files {
        /// Those that were written or skipped.
        done: usize,
        /// All of them.
        of: usize,
    },
    /// Everything is written; the disk is asked to keep it.
    Flushing,
}

/// The caller wants no more of it. What is done stays done and can be undone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// Told of progress; says when to stop.
pub type Watch<'a> = dyn FnMut(Progress) -> Result<(), Stop> + 'a;

/// What became of a batch, an undo or a redo.
#[derive(Debug, Default)]
pub struct Done {
    /// The batch; of several the last, 0 of none.
    pub batch: u64,
    /// How many batches.
    pub steps: usize,
    /// The files that are other than before, by the paths of the set: of a move both ends.
    pub changed: Vec<PathBuf>,
    /// The files that were left alone.
    pub conflicts: Vec<Conflict>,
    /// How many changes were not made because it ended early.
    pub left: usize,
    /// Why it ended early.
    pub halted: Option<Halt>,
    /// Whether what it had done by then was taken back, so that its batch stands as before; only after [`Halt::Failed`].
    pub taken_back: bool,
}

/// Why a batch ended early. What is done of it can be undone, and the rest be done by redo.
#[derive(Debug)]
pub enum Halt {
    /// The caller wanted so.
    Stopped,
    /// A file could not be written, for instance because the disk is full.
    Failed(Error),
}

/// A file that is neither as it was nor as it would be, and was left alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The file.
    pub path: PathBuf,
    /// What stands in the way.
    pub why: Why,
    /// The three texts of a caption. None of a picture, and none of the last ones when there are very many.
    pub texts: Option<Texts>,
}

/// Three versions of a caption. `None` is a file that is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// What danlu took the file to be.
    pub base: Option<Vec<u8>>,
    /// What danlu would have made of it.
    pub ours: Option<Vec<u8>>,
    /// What is in it.
    pub theirs: Option<Vec<u8>>,
}

/// What stands in the way of a change; a clause of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Why {
    /// Somebody else changed the text.
    #[error("somebody else changed it")]
    Changed,
    /// The file is not there.
    #[error("it is not there")]
    Missing,
    /// Another file has the name.
    #[error("another file has its name")]
    Taken,
    /// The file in the trash is gone.
    #[error("it is not in the trash any more")]
    TrashEmptied,
    /// The path leads out of the set.
    #[error("it is not of this set")]
    Outside,
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(Unread),
}

/// How a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// All of it is done.
    Done,
    /// A part is done: it was interrupted, or some files were taken back alone or were in conflict.
    Partly,
    /// It was taken back and can be redone.
    Undone,
    /// Nothing of it is done and redo will not do it: a later batch ended redo, or every file was in conflict.
    Dropped,
}

/// A batch of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Batch {
    /// Its number, never given twice.
    pub id: u64,
    /// What it was, as its maker named it.
    pub what: String,
    /// When it was made, in milliseconds since 1970.
    pub time: i64,
    /// How it stands.
    pub standing: Standing,
    /// How many changes it has.
    pub changes: usize,
    /// How many of them are done now, those that stay by conflict included.
    pub done: usize,
    /// How many redo would do.
    pub undone: usize,
    /// Whether it was interrupted and nobody has compared it with the files since.
    pub interrupted: bool,
}

/// What a batch did to one file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The batch.
    pub batch: u64,
    /// What it was.
    pub what: String,
    /// When it was made, in milliseconds since 1970.
    pub time: i64,
    /// Whether it is done now.
    pub is_done: bool,
    /// The change. A trashed caption is a `Write` to `None`; a created file's temporary name is empty.
    pub change: Change,
}

/// A batch that was interrupted, as the files tell of it.
#[derive(Debug)]
pub struct Interrupted {
    /// The batch, with what is done of it.
    pub batch: Batch,
    /// Whether it was being taken back rather than done.
    pub undoing: bool,
    /// Files that are neither as they were nor as they would be.
    pub conflicts: Vec<Conflict>,
}

/// What to look at before it is done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// The last batches, so many of them.
    Undo(usize),
    /// The next batches, so many of them.
    Redo(usize),
    /// The last change of one file.
    UndoFile(PathBuf),
    /// The next change of one file.
    RedoFile(PathBuf),
}

/// What an action would do.
#[derive(Debug, Default)]
pub struct Preview {
    /// The batches it is about, in the order in which they would be taken.
    pub batches: Vec<Batch>,
    /// The captions that would be other, by path.
    pub texts: Vec<Planned>,
    /// The files that would get another name or place, in order.
    pub moves: Vec<(PathBuf, PathBuf)>,
    /// The files that would be left alone.
    pub conflicts: Vec<Conflict>,
}

/// A caption that would be other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The file.
    pub path: PathBuf,
    /// What is in it; none where it is not there.
    pub before: Option<Vec<u8>>,
    /// What would be in it.
    pub after: Option<Vec<u8>>,
}

/// A state of all captions, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snapshot {
    /// Its name.
    pub name: String,
    /// When it was made, in milliseconds since 1970.
    pub time: i64,
    /// How many pictures it knows.
    pub files: usize,
}

/// What became of a caption since a snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// It has another text, or has one now, or has none any more.
    Changed,
    /// Its picture came later.
    New,
    /// Its picture is gone.
    Gone,
}

/// A caption that is other than in a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The caption file.
    pub path: PathBuf,
    /// What became of it.
    pub since: Since,
    /// What was in it.
    pub then: Option<Vec<u8>>,
    /// What is in it.
    pub now: Option<Vec<u8>>,
}
