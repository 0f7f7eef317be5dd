//! What is being worked on, as it is kept for the next start: prompts, parameters, sizes of the panes.
//!
//! A link that drops takes the screen with it, but not what was typed. The file is JSON; fields that are missing or of another version
//! fall back to their defaults one by one.

use serde::{Deserialize, Serialize};

use crate::diffusion::Recipe;
use crate::panes::dataset::kept::Kept;

/// The prompts and the form.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Draft {
    /// The form and the prompts; `None` before the first time.
    pub recipe: Option<Recipe>,
    /// The seed as it stands in the form, where it is not drawn anew each time.
    pub seed: Option<u64>,
    /// Columns that the left side has more than the layout would give it.
    pub wider: i16,
    /// Rows that the prompt has more than the layout would give it.
    pub taller: i16,
    /// Columns that the list of models has more.
    pub list: i16,
    /// Columns that the pictures of a dataset have more.
    pub pictures: i16,
    /// The dataset.
    pub dataset: Kept,
}
