//! Work on the pictures of a set: planned first, so that it can be shown, then made into files, then handed to the journal.
//!
//! [`plan()`] says what becomes of each picture and under which name ([`names`]); it reads headers, and pixels only where a focal point is
//! looked for. [`make`] writes the new files under temporary names, on all processors, and gives [`Change`]s: only
//! [`Journal::commit`](crate::data::journal::Journal::commit) gives them their names, and takes originals out of the set's way into
//! `.danlu/originals`. Nothing is ever written over. Captions go along, and so do crops set by hand ([`crops()`]). [`order`] renames,
//! [`cull`] moves away.

mod crops;
pub mod cull;
mod make;
pub mod names;
pub mod order;
mod plan;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::cut::{AutoSize, Cut, Resize, Size, Split};
use super::facts::Format;
use super::focus::{Faces, Focus, Weights};
use super::trouble::Trouble;
use crate::data::journal::Change;
use crate::data::set::Anchored;

pub use crops::crops;
pub use make::{Made, MakeError, make, sweep};
pub use plan::plan;

/// What is done to a picture. Each begins with the upright picture, as viewers show it.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// This rectangle: left, upper edge, width, height.
    Rectangle([u32; 4]),
    /// The largest part of this ratio, with the rest cut off before and behind as [`super::cut::ratio`]'s anchor says.
    Ratio {
        /// Width and height of it.
        ratio: (f64, f64),
        /// 0 to 1 across and down.
        anchor: (f64, f64),
    },
    /// The web UI's auto-sized crop.
    AutoSize(AutoSize),
    /// The web UI's crop around the focal point.
    Focus {
        /// What is made.
        size: Size,
        /// How the votes count.
        weights: Weights,
    },
    /// Another size.
    Resize(Resize),
    /// The web UI's pieces of a long picture.
    Split(Split),
    /// A mirrored copy.
    Mirror(Mirror),
    /// EXIF's orientation made pixels; only pictures that have one other than upright.
    Upright,
    /// Another kind of file. Pictures that are of it already, in eight bits of grey or colour, stay.
    Convert,
}

/// Along which axis a picture is mirrored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mirror {
    /// Left becomes right.
    Across,
    /// Up becomes down.
    Down,
    /// Both: half a turn.
    Both,
}

impl Operation {
    /// One word for what it does.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Rectangle(_) | Self::Ratio { .. } | Self::AutoSize(_) | Self::Focus { .. } => "crop",
            Self::Resize(_) => "resize",
            Self::Split(_) => "split",
            Self::Mirror(_) => "flip",
            Self::Upright => "rotate",
            Self::Convert => "convert",
        }
    }
}

/// Where new pictures go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// They take the original's name, or one made of it; the original is kept in `.danlu/originals`, out of the trainer's sight.
    Instead,
    /// Beside the original, which stays in the set.
    Beside,
    /// Into another folder, as the set's own folders lie; the set stays as it is.
    Into(PathBuf),
}

/// What is to be done to pictures.
#[derive(Clone, Debug, PartialEq)]
pub struct Task {
    /// To each.
    pub operation: Operation,
    /// Where the results go.
    pub place: Place,
    /// What kind of file is made; the picture's own where none is named (PNG for BMP).
    pub format: Option<Format>,
    /// JPEG's quality.
    pub quality: u8,
    /// What shows through where pictures are transparent; none keeps transparency where the format can.
    pub background: Option<[u8; 3]>,
}

/// What becomes of one picture.
#[derive(Debug)]
pub struct Planned {
    /// Its number in the set.
    pub picture: usize,
    /// Its size, upright.
    pub size: Size,
    /// What is made of it; empty where it stays as it is.
    pub pieces: Vec<Piece>,
    /// Where its focal point was looked for: what was found, in the pixels of the scaled picture.
    pub focus: Option<Focus>,
    /// Why it stays as it is.
    pub kept: Option<Kept>,
    /// Why nothing can be done with it.
    pub trouble: Option<Trouble>,
}

/// Why a picture stays as it is; a clause of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Kept {
    /// It would come out as it is.
    #[error("it has this size already")]
    Size,
    /// A rectangle has nothing in common with it.
    #[error("the rectangle lies beside it")]
    Beside,
    /// No auto-sized crop fits it.
    #[error("no size is near enough to its ratio")]
    NoSize,
    /// It would be enlarged.
    #[error("it is small enough")]
    Small,
    /// It comes to one piece.
    #[error("it is not long enough to split")]
    Short,
    /// EXIF does not turn it.
    #[error("it is upright")]
    Upright,
    /// It need not be converted.
    #[error("it is of this kind already")]
    Kind,
    /// A metadata file names it.
    #[error(transparent)]
    Anchored(#[from] Anchored),
    /// A new file's name is taken, from the set's folder on.
    #[error("{0} is there already")]
    There(String),
    /// Pieces of it would need captions of their own, and another picture needs this one.
    #[error("another picture has the same name and so the same caption")]
    Shared,
    /// It would be renamed, and a file that is not renamed has the name.
    #[error("a file that stays has this name already")]
    Taken,
}

/// One new picture.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// What is kept of the upright picture.
    pub cut: Cut,
    /// The file that is made.
    pub path: PathBuf,
    /// Its caption's file; none where the picture has none, or where the caption stays where it is and serves for the new picture.
    pub caption: Option<PathBuf>,
    /// What kind of file it is.
    pub format: Format,
}

/// How far work is, and whether it should go on. Shared by all processors.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Told how many of how many pictures are done.
    pub tell: &'a (dyn Fn(usize, usize) + Sync),
    /// Set when nobody wants the rest.
    pub stop: &'a AtomicBool,
}

impl Watch<'_> {
    pub(in crate::data) fn stopped(&self) -> Result<(), Stopped> {
        if self.stop.load(Ordering::Relaxed) {
            Err(Stopped)
        } else {
            Ok(())
        }
    }

    pub(in crate::data) fn count(&self, done: &AtomicUsize, of: usize) {
        (self.tell)(done.fetch_add(1, Ordering::Relaxed) + 1, of);
    }
}

/// The work was stopped; nothing of it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("stopped; nothing was changed")]
pub struct Stopped;

/// A detector of faces that all processors share.
pub type Detector<'a> = Mutex<&'a mut (dyn Faces + Send)>;

/// From so many pixels on, pictures are worked on one at a time: decoded and scaled, a few of them would fill the memory.
const LARGE: u64 = 40_000_000;
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Holds a large picture's turn.
fn turn(pixels: u64) -> Option<std::sync::MutexGuard<'static, ()>> {
    (pixels > LARGE).then(|| ONE_AT_A_TIME.lock().unwrap_or_else(std::sync::PoisonError::into_inner))
}
