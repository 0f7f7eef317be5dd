//! What can happen to the workstation.

use std::path::PathBuf;
use std::time::Duration;

use crossterm::event::{KeyEvent, MouseEvent};
use ratatui::layout::Size;

use super::Side;
use super::effect::Load;
use crate::engine::Event;
use crate::keys::Keymap;
use crate::library::{Details, Progress};
use crate::panes::browser::entry::Entry;
use crate::panes::dataset;
use crate::panes::parameters::Model;
use crate::panes::prompt::tokens::Tokens;
use crate::term::graphics::Picture;
use crate::ui::lang::Lang;
use crate::ui::lang::told::Sentence;
use crate::ui::theme::Theme;

/// Something that happened: a person's doing, an event of the engine, or the end of an effect.
#[derive(Debug)]
pub enum Msg {
    /// A key was pressed.
    Key(KeyEvent),
    /// The mouse did something.
    Mouse(MouseEvent),
    /// A text was pasted, whole.
    Paste(String),
    /// The terminal has another size.
    Resize(Size),
    /// Time has passed; sent when [`super::App::deadline`] has come.
    Tick,
    /// The line to the engine stands.
    EngineFound {
        /// Its version.
        version: String,
        /// Its process.
        pid: u32,
    },
    /// There is no line to the engine, or none any more.
    EngineLost {
        /// One sentence.
        message: String,
        /// What to do about it.
        hint: Option<String>,
    },
    /// The engine said something.
    Engine(Event),
    /// A picture was read from its file, or could not be.
    Loaded {
        /// What was asked for.
        load: Load,
        /// The pixels, or the reason in a sentence.
        picture: Result<Picture, Sentence>,
    },
    /// The tokens of a prompt were counted.
    Counted {
        /// Which prompt.
        side: Side,
        /// The revision of the text that was counted.
        revision: u64,
        /// What was counted.
        tokens: Tokens,
    },
    /// The model folders were walked.
    Models(Models),
    /// The library of models has something to tell.
    Library(News),
    /// The keeper of the dataset has something to tell.
    Dataset(dataset::talk::News),
    /// A checkpoint's header was read, or could not be.
    Inspected {
        /// The checkpoint.
        path: PathBuf,
        /// The size that it was trained for, or the reason in a sentence.
        native: Result<[usize; 2], String>,
    },
    /// A theme to use from now on, or what is wrong with it.
    Theme(Result<Box<Theme>, Complaint>),
    /// The names of all themes, where there may be others now.
    Themes(Vec<String>),
    /// The language to speak from now on.
    Lang(Lang),
    /// A keymap to use from now on, or what is wrong with it.
    Keymap(Result<Box<Keymap>, Complaint>),
    /// Something is wrong that the user should know, and that stops nothing.
    Complain(Complaint),
    /// What the terminal can do is known now.
    Terminal(Terminal),
}

/// What the library of models tells.
#[derive(Clone, Debug, PartialEq)]
pub enum News {
    /// Models that are new or others now, and those that are gone. The first is everything that is known.
    Changed {
        /// New or others now.
        models: Vec<Entry>,
        /// Gone.
        gone: Vec<PathBuf>,
    },
    /// How far a long piece of work is; `None` when it has ended.
    Work(Option<Progress>),
    /// Hashing has ended; so many models were hashed.
    Hashed(usize),
    /// All that is known of a model.
    Described {
        /// The model.
        path: PathBuf,
        /// That.
        details: Box<Details>,
    },
    /// The models whose metadata holds the words, by their numbers.
    Found {
        /// The words.
        words: String,
        /// Those.
        numbers: Vec<i64>,
    },
    /// What the user said of a model is kept.
    Edited {
        /// The model.
        path: PathBuf,
    },
}

/// A sentence and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Complaint {
    /// What is wrong, with the value at fault.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// The models that were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Models {
    /// Checkpoints, the user's and the shipped one.
    pub checkpoints: Vec<Model>,
    /// VAE files.
    pub vaes: Vec<Model>,
}

/// What the answers of the terminal mean for the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terminal {
    /// The way pictures are shown, and why, for the help.
    pub graphics: String,
    /// How long an answer took.
    pub round_trip: Option<Duration>,
    /// Whether pictures are kept few and small.
    pub slow: bool,
}
