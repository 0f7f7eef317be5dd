//! Runs the workstation: connects the app with the terminal, the engine and the files.
//!
//! One loop owns the app. Everything that happens comes through one inbox: bytes of the terminal, events of the engine, ends of effects.
//! The loop takes what has come, lets the app change, and draws when the writer is free; while nothing happens it sleeps without a
//! timer. Read [`screen`] next, which holds the loop; [`effects`] carries out what the app wants done.

mod compose;
mod dataset;
mod effects;
mod files;
mod latest;
mod link;
mod loader;
mod models;
pub mod picks;
mod pictures;
mod reload;
mod screen;
mod surroundings;
mod watch;

use std::collections::BTreeMap;
use std::path::PathBuf;

use tokio::sync::mpsc;

use self::pictures::Key;
use crate::app::Msg;
use crate::engine::client::Launch;
use crate::store::settings::{Origin, Overrides, Settings};
use crate::store::{Environment, WriteError};
use crate::term::graphics::Encoded;
use crate::term::input::Input;
use crate::ui::theme::{Depth, ThemeError};

pub use compose::compose;
pub use pictures::Manner;
pub use surroundings::locale;

/// What the workstation is opened with.
#[derive(Clone, Debug)]
pub struct Options {
    /// Folders and variables.
    pub environment: Environment,
    /// What the command line says about settings.
    pub overrides: Overrides,
    /// The settings in force.
    pub settings: Settings,
    /// Where each of them comes from.
    pub origins: BTreeMap<&'static str, Origin>,
    /// The settings file.
    pub config_file: PathBuf,
    /// The user's trees of models.
    pub roots: Vec<PathBuf>,
    /// How the engine process is reached and started.
    pub launch: Launch,
    /// The dataset to begin with.
    pub dataset: Option<PathBuf>,
}

impl Options {
    /// Whether the theme of the settings can be used.
    ///
    /// # Errors
    /// There is none of that name, or it is wrong.
    pub fn check_theme(&self) -> Result<(), Error> {
        let theme = files::theme(self, &self.settings.theme, None, Depth::True);
        theme.map(drop).map_err(|error| self.theme_error(error))
    }

    /// A theme that is none is answered with those that there are.
    fn theme_error(&self, error: ThemeError) -> Error {
        match error {
            ThemeError::NotFound { .. } | ThemeError::Name { .. } => Error::NoTheme {
                message: error.to_string(),
                names: files::themes(self).join(", "),
            },
            error => Error::Theme(error),
        }
    }
}

/// Why the workstation cannot be opened, or had to end.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is nothing to draw on.
    #[error("the workstation needs a terminal, and standard {0} is none")]
    NoTerminal(&'static str),
    /// The terminal can neither move the cursor nor clear.
    #[error("the workstation cannot draw on a terminal of type {0:?}")]
    Dumb(String),
    /// The terminal refuses something.
    #[error("the terminal cannot be used: {0}")]
    Terminal(#[source] std::io::Error),
    /// The system refuses something.
    #[error("the workstation cannot be opened: {0}")]
    System(#[source] std::io::Error),
    /// The theme of the settings cannot be used.
    #[error(transparent)]
    Theme(ThemeError),
    /// There is no such theme.
    #[error("{message}")]
    NoTheme {
        /// What is wrong with the name.
        message: String,
        /// Those that there are.
        names: String,
    },
    /// The user's keymap cannot be used.
    #[error("{0}")]
    Keymap(String),
    /// A file cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::NoTerminal(_) => "run it in a terminal; `danlu generate -p \"fox\"` draws without one".to_owned(),
            Self::Dumb(_) => {
                "set TERM to what the terminal is, such as xterm-256color; `danlu generate` draws without one"
                    .to_owned()
            }
            Self::Theme(error) => return error.hint(),
            Self::NoTheme { names, .. } => format!("the themes are auto, {names}"),
            Self::Write(error) => return error.hint(),
            Self::Terminal(_) | Self::System(_) | Self::Keymap(_) => return None,
        })
    }
}

/// Opens the workstation and returns when the user leaves it.
///
/// # Errors
/// There is no terminal, or it or the system refuses what is needed. The terminal is whole again in every case.
pub fn run(options: Options) -> Result<(), Error> {
    screen::run(options)
}

/// Something for the loop to look at.
#[derive(Debug)]
enum Happening {
    /// For the app.
    App(Msg),
    /// From the terminal.
    Input(Input),
    /// A picture is ready to be sent.
    Encoded { key: Key, encoded: Encoded },
    /// The writer can take a frame.
    Free,
    /// A theme, the keymap or the settings file has changed.
    Changed(Changed),
}

/// Which of the user's files is another now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Changed {
    Settings,
    Keymap,
    Themes,
}

/// Where things for the loop are left, from any thread.
#[derive(Clone, Debug)]
struct Inbox(mpsc::UnboundedSender<Happening>);

impl Inbox {
    fn send(&self, happening: Happening) {
        // The loop has ended when nobody listens; then nothing matters any more.
        let _ = self.0.send(happening);
    }

    fn tell(&self, msg: Msg) {
        self.send(Happening::App(msg));
    }
}
