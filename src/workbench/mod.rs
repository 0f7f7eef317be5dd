//! The workbench: model files made of model files.
//!
//! Owns converting, merging, resizing, extracting and the editing of metadata, with the numbers that A1111 and kohya's scripts give. It
//! never changes an input, never leaves half a file, and never replaces one without being asked. [`task`] is what can be asked for; a
//! task is a plan of tensors that are computed when their turn to be written comes ([`tensor`]), so that no checkpoint is in memory
//! twice. Read [`convert`] next, the simplest.

mod bake;
mod beside;
mod combine;
mod convert;
mod edit;
mod error;
mod extract;
mod lora;
mod merge;
mod modelspec;
mod naming;
mod pace;
mod python;
mod resize;
mod source;
mod svd;
pub mod task;
mod tensor;
mod write;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub use error::Error;
use pace::Watch;
pub use task::Task;

/// The wish that the work ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stop;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The inputs' hashes are computed, for the recipe.
    Hashing,
    /// Modules are factored or compared.
    Computing,
    /// Tensors are computed and written.
    Writing,
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub phase: Phase,
    /// Tensors done in this phase; of hashes, files.
    pub done: usize,
    /// Tensors in this phase.
    pub of: usize,
    /// Tensors in a second, of this phase so far.
    pub per_second: f64,
    /// Seconds until this phase is done.
    pub left: f64,
}

/// What was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Done {
    /// The file or folder.
    pub path: PathBuf,
    /// Its size in bytes.
    pub bytes: u64,
    /// How many tensors it has.
    pub tensors: usize,
    /// What the user should know, a sentence each.
    pub notes: Vec<String>,
    /// What a resize kept of each module; empty for other tasks.
    pub resized: Vec<Resized>,
}

/// What a resize kept of a module.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resized {
    /// The module's name as in the file.
    pub module: String,
    /// Its new rank.
    pub rank: usize,
    /// Its new alpha.
    pub alpha: f64,
    /// The part of the singular values' sum that was kept.
    pub sum_retained: f64,
    /// The part of the Frobenius norm that was kept.
    pub fro_retained: f64,
    /// The greatest singular value over the least one kept; none where that is zero.
    pub max_ratio: Option<f64>,
}

/// Does a task. `watch` is called before each tensor at the latest; when it gives [`Stop`], the work ends and leaves nothing behind.
///
/// # Errors
/// Any [`Error`]; nothing was written then.
pub fn run(task: &Task, watch: &mut dyn FnMut(Progress) -> Result<(), Stop>) -> Result<Done, Error> {
    let mut watch: Watch<'_> = watch;
    match task {
        Task::Convert(task) => convert::run(task, &mut watch),
        Task::Merge(task) => merge::run(task, &mut watch),
        Task::Bake(task) => bake::run(task, &mut watch),
        Task::Combine(task) => combine::run(task, &mut watch),
        Task::Resize(task) => resize::run(task, &mut watch),
        Task::Extract(task) => extract::run(task, &mut watch),
        Task::Edit(task) => edit::run(task, &mut watch),
    }
}
