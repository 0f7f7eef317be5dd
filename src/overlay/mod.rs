//! What opens above the panes: lists to choose from (the palette, the help, pickers), a text to read, a form.
//!
//! An overlay takes all keys while it is open. What comes of it is an [`Answer`], which the app acts on. Read [`chooser`] next.

pub mod chooser;
pub mod dialog;
pub mod reader;
pub mod view;
pub mod which_key;

use crossterm::event::KeyEvent;

use crate::keys::{Action, Scope};

pub use chooser::Chooser;
pub use dialog::Dialog;
pub use reader::Reader;

/// Something that is open above the panes.
#[derive(Debug)]
pub enum Overlay {
    /// A list to choose from.
    Chooser(Chooser),
    /// A text to read.
    Reader(Reader),
    /// Values to set.
    Dialog(Dialog),
    /// A question before an action that cannot be taken back, and the name of what it is done to, where it has one.
    Confirm(Action, String),
    /// Something that a pane keeps and draws itself; its keys are looked up here.
    Own(Scope),
}

/// What a list is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Actions to run.
    Palette,
    /// Actions and their keys, to read and to run.
    Help,
    /// A checkpoint.
    Model,
    /// A VAE.
    Vae,
    /// A sampler.
    Sampler,
    /// A schedule.
    Schedule,
    /// A theme; the one under the cursor is tried on.
    Theme,
    /// A language.
    Language,
    /// A picture of the history.
    Picture,
    /// A batch of changes to the dataset.
    Batch,
    /// A snapshot of the dataset.
    Snapshot,
    /// A saved query.
    Query,
}

/// What came of a key in an overlay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Nothing but the overlay has changed.
    Open,
    /// Another item is under the cursor.
    Moved,
    /// It is closed without a choice.
    Dismissed,
    /// The item of this index was chosen.
    Chosen(usize),
    /// The values of a form are to be taken.
    Submitted,
}

impl Overlay {
    /// Where its keys are looked up.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Chooser(_) => Scope::Picker,
            Self::Reader(reader) if reader.query().is_some() => Scope::Picker,
            Self::Reader(_) => Scope::Help,
            Self::Dialog(dialog) => dialog.scope(),
            Self::Confirm(..) => Scope::Confirm,
            Self::Own(scope) => *scope,
        }
    }

    /// Pasted text.
    pub fn insert(&mut self, text: &str) -> Answer {
        match self {
            Self::Chooser(chooser) => chooser.insert(text),
            Self::Reader(reader) => {
                reader.insert(text);
                Answer::Open
            }
            Self::Dialog(dialog) => {
                dialog.insert(text);
                Answer::Open
            }
            Self::Confirm(..) | Self::Own(_) => Answer::Open,
        }
    }

    /// A key that is no action.
    pub fn key(&mut self, key: &KeyEvent) -> Answer {
        match self {
            Self::Chooser(chooser) => chooser.key(key),
            Self::Reader(reader) => {
                reader.key(key);
                Answer::Open
            }
            Self::Dialog(dialog) => {
                dialog.key(key);
                Answer::Open
            }
            Self::Confirm(..) | Self::Own(_) => Answer::Open,
        }
    }

    /// Does an action of its scope; `page` is how many rows it shows. `None` for an action of another scope.
    pub fn act(&mut self, action: Action, page: usize) -> Option<Answer> {
        match self {
            Self::Chooser(chooser) => chooser.act(action, page),
            Self::Reader(reader) => reader.act(action, page),
            Self::Dialog(dialog) => dialog.act(action),
            Self::Confirm(..) => match action {
                Action::Accept => Some(Answer::Chosen(0)),
                Action::Dismiss => Some(Answer::Dismissed),
                _ => None,
            },
            Self::Own(_) => None,
        }
    }
}
