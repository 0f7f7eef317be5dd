//! What is known about the terminal.
//!
//! Plain values; [`super::Probe`] fills them in, and picture drivers and themes read them.

use std::time::Duration;

use super::Brand;

/// Who sits between the program and the terminal that draws.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Mux {
    /// Nobody, or nobody who shows.
    #[default]
    None,
    /// tmux, ours or one in front of an ssh.
    Tmux,
    /// Zellij.
    Zellij,
    /// GNU screen.
    Screen,
}

/// The terminal around tmux.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outer {
    /// Its make. [`Brand::Tmux`] is a tmux in a tmux, which no picture gets through.
    pub brand: Brand,
    /// Its own words for itself; may be empty.
    pub version_text: String,
    /// It answered a question in tmux's passthrough, so that pictures in passthrough reach it.
    pub passthrough: bool,
    /// It answered the kitty graphics query in passthrough.
    pub kitty: bool,
    /// It says that it draws sixel, to us or to tmux.
    pub sixel: bool,
}

/// What the terminal can do, as far as it has answered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools)]
pub struct Caps {
    /// The make of the terminal that reads our bytes: in tmux that is [`Brand::Tmux`], see [`Caps::outer`].
    pub brand: Brand,
    /// Its own words for itself (XTVERSION); empty when it did not answer.
    pub version_text: String,
    /// It answered the kitty graphics query. That alone never means that it draws Unicode placeholders.
    pub kitty: bool,
    /// Sixel written as plain bytes becomes visible: in tmux only when tmux and the terminal around it both know sixel.
    pub sixel: bool,
    /// Width and height of a cell in pixels; never the made-up numbers of a 640x480 window.
    pub cell: Option<(u16, u16)>,
    /// The multiplexer.
    pub mux: Mux,
    /// The terminal around tmux, when something is known of it.
    pub outer: Option<Outer>,
    /// 24-bit colours arrive as they are.
    pub truecolour: bool,
    /// How many colours there are when it is not 24-bit: 256, 16 or 0.
    pub palette: u16,
    /// The background is dark.
    pub dark: Option<bool>,
    /// It knows synchronised updates (private mode 2026).
    pub sync: bool,
    /// It knows the kitty keyboard protocol.
    pub keyboard: bool,
    /// From the questions to the first answer.
    pub round_trip: Option<Duration>,
    /// Nothing was answered at all.
    pub silent: bool,
}

impl Caps {
    /// The make of the terminal that draws in the end.
    pub fn outermost(&self) -> Brand {
        self.outer.as_ref().map_or(self.brand, |outer| outer.brand)
    }

    /// The words for itself of the terminal that draws in the end.
    pub fn outermost_version(&self) -> &str {
        self.outer
            .as_ref()
            .map_or(&self.version_text, |outer| &outer.version_text)
    }
}
