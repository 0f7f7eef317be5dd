//! Small pictures of the history, as many as are worth keeping.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

use crate::panes::preview::Numbered;
use crate::term::graphics::Picture;
use crate::ui::lang::told::Sentence;

/// How many thumbnails are kept: more than a wide screen shows.
const KEPT: usize = 96;

/// Thumbnails by their picture's file.
#[derive(Debug, Default)]
pub struct Thumbnails {
    /// `None` for one that is being read or cannot be.
    known: HashMap<PathBuf, Option<Numbered>>,
    /// The oldest first.
    order: VecDeque<PathBuf>,
    numbers: u64,
}

impl Thumbnails {
    /// The thumbnail of a picture, where it is here.
    pub fn get(&self, path: &Path) -> Option<&Numbered> {
        self.known.get(path)?.as_ref()
    }

    /// Whether a thumbnail has to be read. Asking makes it count as being read.
    pub fn missing(&mut self, path: &Path) -> bool {
        if self.known.contains_key(path) {
            return false;
        }
        self.known.insert(path.to_owned(), None);
        self.order.push_back(path.to_owned());
        if self.order.len() > KEPT
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    /// A thumbnail was read. One that cannot be stays an empty frame: the big view says why.
    pub fn put(&mut self, path: PathBuf, picture: Result<Picture, Sentence>) {
        let (Ok(picture), Some(place)) = (picture, self.known.get_mut(&path)) else {
            return;
        };
        self.numbers += 1;
        *place = Some(Numbered {
            number: self.numbers,
            picture,
        });
    }
}
