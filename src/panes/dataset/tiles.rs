//! Thumbnails of the grid: kept for a while, and asked for by the place they are shown in, so that whoever scrolls past a thousand
//! pictures has only those read that are still on the screen.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

use crate::panes::preview::Numbered;
use crate::term::graphics::Picture;
use crate::ui::lang::told::Sentence;

/// How many are kept: more than a large screen shows.
const KEPT: usize = 400;
/// The numbers of thumbnails begin here, far from those of other pictures that share their places.
const FIRST: u64 = 1 << 40;

/// Thumbnails by their picture's file.
#[derive(Debug, Default)]
pub struct Tiles {
    /// `None` for one that cannot be read.
    known: HashMap<PathBuf, Option<Numbered>>,
    /// The oldest first.
    order: VecDeque<PathBuf>,
    /// What was last asked for in each place.
    asked: HashMap<u8, PathBuf>,
    numbers: u64,
}

impl Tiles {
    /// The thumbnail of a picture, where it is here.
    pub fn get(&self, path: &Path) -> Option<&Numbered> {
        self.known.get(path)?.as_ref()
    }

    /// Whether a thumbnail has to be read for a place. Asking makes it count as being read.
    pub fn missing(&mut self, place: u8, path: &Path) -> bool {
        if self.known.contains_key(path) || self.asked.get(&place).is_some_and(|asked| asked == path) {
            return false;
        }
        self.asked.insert(place, path.to_owned());
        true
    }

    /// A thumbnail was read, or could not be.
    pub fn put(&mut self, path: PathBuf, picture: Result<Picture, Sentence>) {
        self.asked.retain(|_, asked| *asked != path);
        self.numbers += 1;
        let number = FIRST + self.numbers;
        let thumbnail = picture.ok().map(|picture| Numbered { number, picture });
        if self.known.insert(path.clone(), thumbnail).is_none() {
            self.order.push_back(path);
        }
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
    }

    /// Forgets all, since the files may be others.
    pub fn clear(&mut self) {
        self.forget(|_| true);
    }

    /// Forgets those whose files may be others.
    pub fn forget(&mut self, gone: impl Fn(&Path) -> bool) {
        self.known.retain(|path, _| !gone(path));
        self.order.retain(|path| !gone(path));
        self.asked.retain(|_, path| !gone(path));
    }
}
