//! What is known before the terminal is asked.

use rustix::stdio::stdout;
use rustix::termios::tcgetwinsize;

use super::TmuxFacts;

/// What the environment and the kernel say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Surroundings {
    /// `$TMUX` is set; ask for [`Surroundings::tmux`] then.
    pub in_tmux: bool,
    /// What tmux says.
    pub tmux: Option<TmuxFacts>,
    /// `$ZELLIJ` is set.
    pub zellij: bool,
    /// `$STY` is set: GNU screen.
    pub screen: bool,
    /// `$TERM`
    pub term: String,
    /// `$TERM_PROGRAM`; worth nothing over ssh and in a multiplexer.
    pub term_program: Option<String>,
    /// The program runs on another machine than the terminal.
    pub ssh: bool,
    /// `$NO_COLOR` is set.
    pub no_colour: bool,
    /// `$COLORTERM`
    pub colorterm: Option<String>,
    /// The window, as the kernel has it.
    pub window: Window,
}

impl Surroundings {
    /// Of these environment variables; an empty variable is none. tmux and the window are still to be asked.
    pub fn of(variable: impl Fn(&str) -> Option<String>) -> Self {
        let get = |name: &str| variable(name).filter(|value| !value.is_empty());
        let has = |name: &str| get(name).is_some();
        Self {
            in_tmux: has("TMUX"),
            tmux: None,
            zellij: has("ZELLIJ"),
            screen: has("STY"),
            term: get("TERM").unwrap_or_default(),
            term_program: get("TERM_PROGRAM"),
            ssh: has("SSH_CONNECTION") || has("SSH_TTY") || has("SSH_CLIENT"),
            no_colour: has("NO_COLOR"),
            colorterm: get("COLORTERM"),
            window: Window::default(),
        }
    }
}

/// The size of the window; 0 is unknown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Window {
    pub columns: u16,
    pub rows: u16,
    /// In pixels.
    pub width: u16,
    pub height: u16,
}

impl Window {
    /// Asks the kernel about standard output.
    pub fn ask() -> Self {
        tcgetwinsize(stdout()).map_or_else(
            |_| Self::default(),
            |size| Self {
                columns: size.ws_col,
                rows: size.ws_row,
                width: size.ws_xpixel,
                height: size.ws_ypixel,
            },
        )
    }
}
