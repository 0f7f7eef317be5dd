//! Changes to captions as they are looked at before they are written.

use std::path::PathBuf;

use crate::data::edit::Refusal;
use crate::data::journal::Change;
use crate::ui::lang::told::Sentence;

/// Changes with all that is told of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sheet {
    /// What it is, for the log.
    pub what: String,
    /// The command line that does exactly the same, where there is one.
    pub command: Option<String>,
    /// What to do when it is to be written.
    pub way: Way,
    /// What separates tags.
    pub separator: String,
    /// The folder that paths are told from.
    pub root: PathBuf,
    /// The files, in the order of their pictures.
    pub leaves: Vec<Leaf>,
    /// Files that get another name or place.
    pub moves: Vec<(PathBuf, PathBuf)>,
    /// Files that are left alone, and why.
    pub refused: Vec<(PathBuf, Sentence)>,
}

/// How a sheet is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Way {
    /// As a new batch.
    #[default]
    Commit,
    /// By taking so many batches back.
    Undo(usize),
    /// By doing so many batches again.
    Redo(usize),
}

/// A caption that would be another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its file.
    pub path: PathBuf,
    /// What is in it; none where there is none.
    pub before: Option<Vec<u8>>,
    /// What would be.
    pub after: Option<Vec<u8>>,
    /// Whether it stays as it is after all.
    pub left_out: bool,
}

impl Sheet {
    /// What a plan leaves alone, as it is told.
    pub fn refused(plan: Vec<(PathBuf, Refusal)>) -> Vec<(PathBuf, Sentence)> {
        plan.into_iter()
            .map(|(path, why)| (path, Sentence::from(&why)))
            .collect()
    }

    /// The changes for the journal.
    pub fn into_changes(self) -> Vec<Change> {
        let kept = self.leaves.into_iter().filter(|leaf| !leaf.left_out);
        kept.map(|leaf| Change::Write {
            path: leaf.path,
            before: leaf.before,
            after: leaf.after,
        })
        .collect()
    }

    /// Whether there is nothing to be looked at.
    pub fn is_empty(&self) -> bool {
        self.leaves.is_empty() && self.moves.is_empty() && self.refused.is_empty()
    }

    /// How many files would change.
    pub fn count(&self) -> usize {
        self.moves.len() + self.leaves.iter().filter(|leaf| !leaf.left_out).count()
    }
}

/// A piece of a caption, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What becomes of it.
    pub fate: Fate,
    /// Its text.
    pub text: String,
}

/// What becomes of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Stays,
    /// It goes.
    Goes,
    /// It comes.
    Comes,
}
