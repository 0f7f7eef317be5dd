//! What the views beside the caption ask of a thread of their own, and what that tells.
//!
//! The thread reads pictures and plans; it never writes. What is to be written goes to the keeper of the dataset, which has the journal.

use std::path::PathBuf;
use std::sync::Arc;

use super::crops::Sizes;
use super::options::Options;
use super::proposals::Taggers;
use super::twins::{self, Found};
use super::work::{self, Errand};
use crate::data::buckets::hand::{Hand, Hands};
use crate::data::edit::propose::Proposal;
use crate::data::health;
use crate::data::journal::Change;
use crate::panes::dataset::book::Book;
use crate::panes::dataset::talk::Work;
use crate::ui::lang::told::Trouble;

/// What is asked of the thread.
#[derive(Clone, Debug)]
pub enum Ask {
    /// The sizes of all pictures, and the crops set by hand.
    Sizes(Arc<Book>),
    /// The crops set by hand alone, of a set in this folder.
    Hands(PathBuf),
    /// What a dataset TOML says of a set.
    Options {
        /// The set.
        book: Arc<Book>,
        /// The file.
        file: PathBuf,
    },
    /// What the file of crops becomes when this is set for a picture; `None` gives it back to its centre.
    Hand {
        /// The folder of the set.
        root: PathBuf,
        /// The picture.
        picture: PathBuf,
        /// What is set for it.
        hand: Option<Hand>,
        /// What it is, for the log.
        what: String,
    },
    /// What would be done to these pictures.
    Plan {
        /// The set.
        book: Arc<Book>,
        /// The numbers of the pictures.
        pictures: Arc<[usize]>,
        /// What.
        errand: Errand,
        /// What it is, for the log.
        what: String,
    },
    /// Make the files of the last plan, but for these pictures.
    Make {
        /// The numbers of the pictures.
        without: Vec<usize>,
        /// What it is, for the log.
        what: String,
    },
    /// What was made has its names.
    Named,
    /// The near-duplicates among these pictures.
    Twins {
        /// The set.
        book: Arc<Book>,
        /// The numbers of the pictures.
        pictures: Arc<[usize]>,
        /// What is looked for.
        settings: twins::form::Settings,
    },
    /// What is wrong with a set.
    Health {
        /// The set.
        book: Arc<Book>,
        /// What is looked for.
        options: health::Options,
        /// The dataset TOML whose options count as well.
        file: Option<PathBuf>,
    },
    /// Which taggers there are, and what an earlier job has proposed for a set.
    Taggers {
        /// What was opened.
        opened: PathBuf,
    },
    /// No more of a long piece of work.
    Stop,
}

impl PartialEq for Ask {
    /// Sets are the same where they are one and the same.
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Sizes(a), Self::Sizes(b)) => Arc::ptr_eq(a, b),
            (Self::Hands(a), Self::Hands(b)) => a == b,
            (Self::Options { book: a, file: b }, Self::Options { book: c, file: d }) => Arc::ptr_eq(a, c) && b == d,
            (
                Self::Hand {
                    root: a,
                    picture: b,
                    hand: c,
                    what: d,
                },
                Self::Hand {
                    root,
                    picture,
                    hand,
                    what,
                },
            ) => (a, b, c, d) == (root, picture, hand, what),
            (
                Self::Plan {
                    book: a,
                    pictures: b,
                    errand: c,
                    what: d,
                },
                Self::Plan {
                    book,
                    pictures,
                    errand,
                    what,
                },
            ) => Arc::ptr_eq(a, book) && (b, c, d) == (pictures, errand, what),
            (
                Self::Twins {
                    book: a,
                    pictures: b,
                    settings: c,
                },
                Self::Twins {
                    book,
                    pictures,
                    settings,
                },
            ) => Arc::ptr_eq(a, book) && (b, c) == (pictures, settings),
            (
                Self::Health {
                    book: a,
                    options: b,
                    file: c,
                },
                Self::Health { book, options, file },
            ) => Arc::ptr_eq(a, book) && (b, c) == (options, file),
            (Self::Taggers { opened: a }, Self::Taggers { opened }) => a == opened,
            (Self::Make { without: a, what: b }, Self::Make { without, what }) => (a, b) == (without, what),
            (Self::Named, Self::Named) | (Self::Stop, Self::Stop) => true,
            _ => false,
        }
    }
}

/// What the thread tells.
#[derive(Clone, Debug)]
pub enum News {
    /// How far a long piece of work is; `None` when it has ended.
    Work(Option<Work>),
    /// The sizes of all pictures of a set.
    Sizes {
        /// The folder of the set.
        root: PathBuf,
        /// Of each picture.
        sizes: Sizes,
        /// The crops set by hand, or why they cannot be used.
        hands: Result<Arc<Hands>, Trouble>,
    },
    /// The crops set by hand, or why they cannot be used.
    Hands {
        /// The folder of the set.
        root: PathBuf,
        /// Those.
        hands: Result<Arc<Hands>, Trouble>,
    },
    /// What a dataset TOML says.
    Options {
        /// The file.
        file: PathBuf,
        /// The folder of the set.
        root: PathBuf,
        /// That.
        options: Result<Arc<Options>, Trouble>,
    },
    /// What would be done to pictures.
    Planned(work::Plan),
    /// The near-duplicates; none where the search was stopped.
    Twins {
        /// The set that they are of.
        book: Arc<Book>,
        /// Those.
        found: Option<Box<Found>>,
    },
    /// What is wrong with a set; none where it was stopped.
    Health {
        /// The folder of the set.
        root: PathBuf,
        /// That.
        report: Option<Arc<health::Report>>,
        /// Whether whole pictures were looked at.
        whole: bool,
    },
    /// Which taggers there are, and what an earlier job has proposed.
    Taggers {
        /// The taggers.
        taggers: Taggers,
        /// The proposals.
        proposals: Vec<Proposal>,
    },
    /// Changes that are ready to be written.
    Ready {
        /// What they are, for the log.
        what: String,
        /// Those.
        changes: Arc<[Change]>,
    },
    /// Something could not be done.
    Failed(Trouble),
}
