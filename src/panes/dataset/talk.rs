//! What the screen asks of the keeper of a dataset, and what that tells.
//!
//! The keeper is a thread of its own that owns the files; see `workstation::dataset`. Asks of one kind are answered in their order; of
//! filters and lists of tags only the newest counts, which is what the tickets are for.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use super::book::Book;
use super::sheet::Sheet;
use super::tags::Row;
use crate::data::buckets::Settings;
use crate::data::edit::Edit;
use crate::data::journal::{self, Batch, Entry, Snapshot};
use crate::data::set::Options;
use crate::data::tags::Order;
use crate::ui::lang::told::{Sentence, Trouble};

/// What is asked of the keeper.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// Read a dataset: a folder, a kohya tree or a TOML.
    Open {
        /// Where.
        path: PathBuf,
        /// How captions are found and split.
        options: Options,
    },
    /// The pictures that a query finds.
    Filter {
        /// Comes back with the answer.
        ticket: u64,
        /// The query.
        query: String,
        /// The marked pictures, for queries that ask for them.
        marked: Arc<BTreeSet<usize>>,
    },
    /// Place pictures by these settings from now on when a query asks: of each folder, none for one that is not trained on.
    Buckets(Arc<[Option<Settings>]>),
    /// The tags in an order, counted among these pictures, or among all.
    Tags {
        /// Comes back with the answer.
        ticket: u64,
        /// The order.
        order: Order,
        /// The numbers of the pictures.
        among: Option<Arc<[usize]>>,
    },
    /// What an edit would make of these pictures' captions.
    Plan {
        /// The edit.
        edit: Edit,
        /// The numbers of the pictures.
        pictures: Arc<[usize]>,
        /// The query that chose them, for the command line that does the same; empty for all.
        query: String,
        /// Whether they were chosen by hand, which no command line can say.
        by_hand: bool,
        /// Whether captions that are no UTF-8 are changed as well.
        force: bool,
    },
    /// Write what was looked at.
    Write(Arc<Sheet>),
    /// Write one caption.
    Caption {
        /// Its file.
        path: PathBuf,
        /// The file as it was read.
        before: Option<Vec<u8>>,
        /// What it gets.
        after: Option<Vec<u8>>,
    },
    /// Take back or do again.
    Perform(journal::Action),
    /// The newest batches.
    Log,
    /// What taking back all from this batch on would change.
    LookBack {
        /// The batch.
        batch: u64,
    },
    /// What was done to one caption.
    History(PathBuf),
    /// The snapshots there are.
    Snapshots,
    /// Keep all captions under a name.
    Snapshot(String),
    /// What is other than in a snapshot.
    Compare(String),
    /// Forget a snapshot.
    Forget(String),
    /// The folders and TOML files that a path may be completed to.
    Paths {
        /// What was typed.
        typed: String,
    },
    /// Keep a query under a name.
    KeepQuery {
        /// The name.
        name: String,
        /// The query.
        query: String,
    },
    /// Write changes of any kind as a batch of this name.
    Commit {
        /// What it is, for the log.
        what: String,
        /// The changes.
        changes: Arc<[journal::Change]>,
    },
    /// Ask this of the thread of the views beside the captions.
    View(super::views::talk::Ask),
    /// No more of what is being read or written.
    Stop,
    /// No more of anything.
    End,
}

/// What the keeper tells.
#[derive(Clone, Debug)]
pub enum News {
    /// A dataset was read.
    Opened {
        /// What was asked for.
        path: PathBuf,
        /// It.
        book: Arc<Book>,
        /// A batch that was interrupted.
        interrupted: Option<Sentence>,
    },
    /// Captions, or pictures, are others now.
    Changed {
        /// All as it is now.
        book: Arc<Book>,
        /// The numbers of the pictures whose captions are others; of all where pictures came or went.
        captions: Option<Vec<usize>>,
        /// Whether somebody else did it.
        outside: bool,
    },
    /// These pictures have the names they had and may have other contents; `None` for all.
    Pictures(Option<Vec<PathBuf>>),
    /// How far a long piece of work is; `None` when it has ended.
    Work(Option<Work>),
    /// What a query found.
    Filtered {
        /// Of the ask.
        ticket: u64,
        /// The numbers of pictures, rising; none for all.
        found: Result<Option<Arc<[usize]>>, Trouble>,
    },
    /// The tags in an order.
    Tags {
        /// Of the ask.
        ticket: u64,
        /// Each with its counts among the pictures that were named.
        rows: Arc<[Row]>,
        /// Of how many captions.
        of: usize,
    },
    /// What edits would change.
    Planned(Arc<Sheet>),
    /// Something was written, taken back or done again.
    Done(Done),
    /// The newest batches, newest first.
    Log {
        /// Those.
        batches: Vec<Batch>,
        /// When that is, in seconds since 1970.
        now: i64,
    },
    /// What was done to one caption, oldest first.
    History {
        /// The caption.
        path: PathBuf,
        /// That.
        entries: Vec<Entry>,
    },
    /// The snapshots, oldest first.
    Snapshots {
        /// Those.
        snapshots: Vec<Snapshot>,
        /// When that is, in seconds since 1970.
        now: i64,
    },
    /// The saved queries, by name.
    Queries(Vec<(String, String)>),
    /// A snapshot was made.
    Kept(Snapshot),
    /// The snapshot of this name is no more.
    Forgotten(String),
    /// What a path may be completed to.
    Paths {
        /// What was typed.
        typed: String,
        /// The paths, folders with a `/` behind.
        found: Vec<String>,
    },
    /// The thread of the views beside the captions has something to tell.
    View(super::views::talk::News),
    /// Something could not be done.
    Failed {
        /// Why.
        trouble: Trouble,
        /// The dataset could not be opened.
        opening: bool,
    },
}

/// A long piece of work.
#[derive(Clone, Debug, PartialEq)]
pub struct Work {
    /// What is done.
    pub stage: Stage,
    /// How many files are.
    pub done: usize,
    /// All of them; 0 where that is not known.
    pub of: usize,
    /// Files in a second.
    pub rate: f64,
    /// Seconds left.
    pub left: Option<f64>,
}

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Captions are read.
    Reading,
    /// Another danlu writes to this dataset.
    Waiting,
    /// The journal is written.
    Recording,
    /// Files are written.
    Writing,
    /// The disk is asked to keep it.
    Flushing,
    /// Headers of pictures are read.
    Sizes,
    /// Work on pictures is planned.
    Planning,
    /// Pictures are made.
    Making,
    /// Pictures are checked.
    Checking,
    /// Pictures are compared.
    Comparing,
}

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    /// What was done.
    pub deed: Deed,
    /// How many files are others.
    pub changed: usize,
    /// How many were not done because it ended early.
    pub left: usize,
    /// Why it ended early, where somebody did not want it so.
    pub failed: Option<Sentence>,
    /// Those that were left alone.
    pub conflicts: Vec<journal::Conflict>,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Deed {
    /// A batch, as it is named in the log.
    Wrote(String),
    /// One caption.
    Caption(PathBuf),
    /// Something of another kind, in the words of the log.
    Did(String),
    /// So many batches were taken back; the last was named so.
    Undone(usize, String),
    /// So many were done again.
    Redone(usize, String),
}
