//! Work on pictures: the forms of what can be done to them, and the plan that is looked at before it is done.
//!
//! A form ([`form`]) comes to an [`Errand`]; the thread of these views makes a [`Plan`] of it, which opens above the panes
//! (`above::plan`). Only then, and only when it is wanted, the thread makes new files or the keeper moves old ones.

pub mod form;

use std::path::PathBuf;
use std::sync::Arc;

use crate::data::journal::Change;
use crate::data::picture::work::Task;
use crate::data::picture::work::order::{By, Pattern};
use crate::ui::lang::told::Sentence;

/// Something that can be done to pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Cut them.
    Crop,
    /// Give them another size.
    Resize,
    /// Make mirrored copies.
    Mirror,
    /// Cut long ones into pieces.
    Split,
    /// Make another kind of file of them.
    Convert,
    /// Turn them as EXIF says.
    Upright,
    /// Number them.
    Rename,
    /// Move them away.
    Cull,
}

/// What is to be planned.
#[derive(Clone, Debug, PartialEq)]
pub enum Errand {
    /// New pictures made of old ones.
    Make(Task),
    /// Other names.
    Rename {
        /// The names.
        pattern: Pattern,
        /// The first number.
        first: u64,
        /// In which order.
        by: By,
    },
    /// Another folder.
    Cull(PathBuf),
}

/// What would be done, to be looked at.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// What it is, for the log.
    pub what: String,
    /// What is done, a row for each picture.
    pub rows: Vec<Row>,
    /// What stays as it is, and why.
    pub kept: Vec<(String, Sentence)>,
    /// Whether new files have to be made; else the rows' changes are all there is.
    pub makes: bool,
    /// Something to be known beforehand.
    pub note: Option<Sentence>,
}

/// What becomes of one picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The picture's number.
    pub picture: usize,
    /// Its path below the set's folder.
    pub name: String,
    /// What becomes of it.
    pub told: Sentence,
    /// The changes, where no file has to be made.
    pub changes: Vec<Change>,
    /// Whether it stays as it is after all.
    pub left_out: bool,
}

impl Plan {
    /// How many pictures are changed.
    pub fn count(&self) -> usize {
        self.rows.iter().filter(|row| !row.left_out).count()
    }

    /// The changes of what is not left out.
    pub fn changes(&self) -> Arc<[Change]> {
        let rows = self.rows.iter().filter(|row| !row.left_out);
        rows.flat_map(|row| row.changes.iter().cloned()).collect()
    }

    /// The pictures that are left out.
    pub fn without(&self) -> Vec<usize> {
        let rows = self.rows.iter().filter(|row| row.left_out);
        rows.map(|row| row.picture).collect()
    }
}
