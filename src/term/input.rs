//! Bytes of the terminal to keys, mouse, pastes and reports.
//!
//! Keys and mouse events are crossterm's types, but crossterm does not read here: it keeps most answers of a terminal to itself and
//! types the rest into the prompt as keys. Nothing here writes to the terminal, and nothing knows what a key means. Read [`Parser`]
//! next, then [`Reader`], the thread that feeds it.

mod csi;
mod keyboard;
mod mouse;
mod parser;
mod paste;
mod reader;
mod report;
mod tail;

use crossterm::event::{KeyEvent, MouseEvent};

pub use parser::Parser;
pub use reader::{Reader, spawn, spawn_on};
pub use report::Report;

/// One thing that the terminal has sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// A key was pressed or repeats itself; releases are dropped.
    Key(KeyEvent),
    /// The mouse; cells count from 0.
    Mouse(MouseEvent),
    /// Text from the clipboard: lines end with `\n`, and no other control character but tab is left.
    Paste(String),
    /// The terminal's window got the focus, or lost it.
    Focus(bool),
    /// An answer, asked for or not. Never text to type.
    Report(Report),
    /// The terminal is gone; nothing comes after this.
    Closed,
}
