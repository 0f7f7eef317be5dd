//! Pictures as the terminal takes them: bytes of its own protocols, or coloured cells.
//!
//! Nothing here reads or writes: [`choose`] says which protocol, [`encode`] makes a picture of it (on whatever thread),
//! [`Stage`] knows what is on the terminal and gives the bytes that change it. The encoders never give more bytes than an
//! [`Order`] allows. Begin with [`choose`], then read [`encode`] and [`Stage`]; [`trials`] is what `danlu doctor --graphics` draws.

mod card;
mod choose;
mod colour;
mod diacritics;
mod encode;
mod fit;
mod half;
mod inline;
mod iterm2;
mod kitty;
mod passthrough;
mod picks;
mod protocol;
mod quantise;
mod sixel;
mod stage;

use std::fmt;
use std::sync::Arc;

use ratatui::layout::Size;

pub use card::card;
pub use choose::{Choice, Why, choose};
pub use encode::{Encoded, encode};
pub use fit::FALLBACK_CELL;
pub use inline::{Trial, inline, trials};
pub use picks::{Picks, PicksError};
pub use protocol::{Protocol, UnknownProtocol};
pub use stage::{Scene, Slot, Stage, StageBytes};

use super::probe::{Brand, Caps, Mux};

/// A picture's pixels: 8-bit RGB, row by row.
#[derive(Clone, PartialEq, Eq)]
pub struct Picture {
    /// In pixels.
    pub width: u32,
    /// In pixels.
    pub height: u32,
    /// Three bytes a pixel. A picture of any other length counts as none.
    pub rgb: Arc<[u8]>,
}

impl Picture {
    /// Whether there are pixels, and as many as the size says.
    pub fn is_whole(&self) -> bool {
        let pixels = u64::from(self.width) * u64::from(self.height);
        pixels > 0 && pixels.checked_mul(3) == Some(self.rgb.len() as u64)
    }
}

impl fmt::Debug for Picture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Picture({}x{})", self.width, self.height)
    }
}

/// How many colours cells may have. Only cells: the other protocols bring their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// None, and only ASCII: `TERM=dumb`, the console of Linux, whose font has no Braille.
    Ascii,
    /// None (`NO_COLOR`): Braille dots.
    Mono,
    /// The 16 that every terminal has.
    Ansi16,
    /// xterm's 256.
    Ansi256,
    /// 24-bit.
    True,
}

impl Depth {
    /// What a terminal shows; `no_colour` is the user's wish for none.
    pub fn of(caps: &Caps, no_colour: bool) -> Self {
        match caps.palette {
            _ if caps.brand == Brand::LinuxConsole => Self::Ascii,
            0 if !caps.truecolour => Self::Ascii,
            _ if no_colour => Self::Mono,
            _ if caps.truecolour => Self::True,
            256.. => Self::Ansi256,
            _ => Self::Ansi16,
        }
    }
}

/// What is to be encoded, and for what.
#[derive(Clone, Debug)]
pub struct Order {
    /// The picture.
    pub picture: Picture,
    /// The cells that it may cover.
    pub area: Size,
    /// Width and height of a cell in pixels. `(0, 0)`, or any 0, where the terminal has not said: [`FALLBACK_CELL`] serves, and for sixel
    /// a smaller one.
    pub cell: (u16, u16),
    /// In what way.
    pub protocol: Protocol,
    /// At most so many bytes to the terminal; of cells: when all of them are written.
    pub budget: usize,
    /// Colours of cells.
    pub colours: Depth,
    /// What the bytes have to pass through.
    pub mux: Mux,
}
