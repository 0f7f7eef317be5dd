//! What the engine can be asked to do.

use std::borrow::Cow;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::diffusion::Recipe;
use crate::vision::TagJob;
use crate::workbench::Task;

/// A piece of work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Job {
    /// Draw pictures.
    Generate(Box<Generate>),
    /// Make a model file of others.
    Workbench(Box<Task>),
    /// Propose captions for pictures.
    Tag(Box<TagJob>),
    /// A job that another version of danlu wrote into the queue and this one cannot read, as it stands there. It is kept and shown, and
    /// never run.
    Unreadable(String),
}

impl Job {
    /// How many pictures it makes.
    pub fn pictures(&self) -> usize {
        match self {
            Self::Generate(job) => job.recipe.pictures(),
            Self::Workbench(_) | Self::Tag(_) | Self::Unreadable(_) => 0,
        }
    }

    /// The text that people know it by: its prompt, what is made of model files, or which tagger looks at which set.
    pub fn title(&self) -> Cow<'_, str> {
        match self {
            Self::Generate(job) => Cow::Borrowed(&job.recipe.prompt),
            Self::Workbench(task) => Cow::Owned(task.title()),
            Self::Tag(job) => Cow::Owned(format!("{}: {}", job.name(), job.set.display())),
            Self::Unreadable(_) => Cow::Borrowed(""),
        }
    }
}

/// Pictures to draw, and where they go.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Generate {
    /// What decides the pixels.
    pub recipe: Recipe,
    /// Where the files go.
    pub output: Output,
    /// Where file hashes are remembered, so that a checkpoint is hashed once.
    pub hash_cache: Option<PathBuf>,
    /// Whether to send latent previews.
    pub preview: bool,
    /// The model trees that hold what prompts name: embeddings, networks of the LoRA family, hypernetworks.
    #[serde(default)]
    pub roots: Vec<PathBuf>,
    /// Whether a name that cannot be used (no such file, another family, a damaged file) ends the job instead of being warned of.
    #[serde(default)]
    pub strict: bool,
}

/// Where pictures are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Output {
    /// Numbered files by A1111's patterns, below this folder.
    Numbered {
        /// The folder that the directory pattern begins in.
        folder: PathBuf,
        /// A1111's pattern of the sub-folder, `[date]` by default; empty for none.
        directory_pattern: String,
        /// A1111's pattern of the name behind the number, `[seed]` by default.
        filename_pattern: String,
    },
    /// This very file; further pictures get a number behind the name.
    File(PathBuf),
}
