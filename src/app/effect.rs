//! What the workstation wants done. The app only says so; the `workstation` module does it.

use std::path::PathBuf;
use std::sync::Arc;

use super::Side;
use super::draft::Draft;
use crate::engine::wire::Request;
use crate::library::{Card, sidecar};
use crate::panes::dataset;

/// A piece of work outside of the app.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Ask this of the engine.
    Send(Request),
    /// Open the line to the engine again.
    Connect,
    /// Read a picture; answered by `Msg::Loaded`.
    Load(Load),
    /// Count the tokens of a prompt; answered by `Msg::Counted`.
    Count {
        /// Which prompt.
        side: Side,
        /// The revision of the text.
        revision: u64,
        /// The text.
        text: String,
    },
    /// Walk the model folders; answered by `Msg::Models`.
    FindModels,
    /// Look into the library of models, or change something in it.
    Library(Ask),
    /// Ask something of the keeper of the dataset; answered by `Msg::Dataset`.
    Dataset(dataset::talk::Ask),
    /// Read a checkpoint's header; answered by `Msg::Inspected`.
    Inspect(PathBuf),
    /// Put a text into the terminal's clipboard.
    Copy(String),
    /// Keep what is being worked on, for the next start.
    Keep(Box<Draft>),
    /// Use a theme by name from now on, and remember it when `keep` is set; answered by `Msg::Theme`.
    Theme {
        /// The theme's name.
        name: String,
        /// Whether it goes into the settings.
        keep: bool,
    },
    /// Write a setting into the settings file.
    Set {
        /// The key.
        key: &'static str,
        /// Its value.
        value: String,
    },
    /// Read settings, themes and keymap again.
    Reload,
    /// Clear the terminal and draw everything anew.
    Redraw,
    /// Give the terminal back to the shell until the user returns.
    Suspend,
    /// Close the screen. The engine goes on.
    Quit,
}

/// What is asked of the library of models; answered by `Msg::Library`.
#[derive(Clone, Debug, PartialEq)]
pub enum Ask {
    /// What there is; also walks the folders again.
    Models,
    /// All that is known of a model.
    Describe(Arc<Card>),
    /// The models whose metadata holds these words.
    Search(String),
    /// The hashes of these models, or of all that have none where there are none here.
    Hash(Vec<PathBuf>),
    /// No more hashes.
    StopHashing,
    /// A favourite, or one no more.
    Favourite {
        /// The model.
        path: PathBuf,
        /// Whether it is one.
        on: bool,
    },
    /// Changes what lies beside a model, and its tags.
    Edit {
        /// The model.
        card: Arc<Card>,
        /// What changes.
        edit: Box<sidecar::Edit>,
        /// Its tags, where they change.
        tags: Option<Vec<String>>,
    },
}

/// A picture to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Load {
    /// The file.
    pub path: PathBuf,
    /// What for.
    pub role: Role,
}

/// What a picture is read for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The big view.
    Big,
    /// A thumbnail.
    Small,
    /// The picture beside a model.
    Card,
    /// The picture of a dataset that is looked at.
    Sight,
    /// The picture beside it.
    Beside,
    /// A thumbnail of a dataset, by its place on the screen.
    Tile(u8),
}
