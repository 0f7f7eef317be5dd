//! Crops set by hand, kept beside the set: which part of a picture is used, or around what it is cut.
//!
//! They lie in `.danlu/crops.toml` in the set's folder, by the picture's path below it. kohya knows nothing of them; danlu's training
//! keeps to them. The file is read and its next text made here; writing it is the journal's.
//!
//! ```toml
//! ["10_cat/a.png"]
//! focus = [0.5, 0.25]            # the cut moves as close to this point as the picture lets it; parts of width and height
//!
//! ["10_cat/b.png"]
//! rectangle = [40, 0, 600, 800]  # the rest of the picture is as if it were not there; pixels: x, y, width, height
//! ```

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;
use thiserror::Error;
use toml_edit::{Array, DocumentMut, Item, Table};

use super::{Buckets, Error as Fault, Placement, Size};
use crate::data::unread::Unread;

/// A file of crops with more bytes than this is none.
const LARGEST: u64 = 64 << 20;

/// What was set for one picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Hand {
    /// The cut moves as close to this point as the picture lets it. Parts of the width and the height, 0 to 1.
    Focus([f64; 2]),
    /// Only this part is used: x, y, width, height in the picture's pixels as stored. What lies outside of the picture is cut off.
    Rectangle([u32; 4]),
}

/// All that was set by hand in a set, by path below the set's folder, `/` between folders.
#[derive(Clone, Debug, Default)]
pub struct Hands {
    entries: BTreeMap<String, Hand>,
    /// The file as it was written, with its comments.
    document: DocumentMut,
}

/// Why the file of crops cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{} cannot be used: {why}", path.display())]
pub struct Error {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: Why,
}

/// What is wrong with the file of crops.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[allow(missing_docs, reason = "the sentences say what the values are")]
pub enum Why {
    #[error("{0}")]
    Unread(#[from] Unread),
    #[error("it has more than 64 MiB")]
    TooLarge,
    /// In the words of whoever reads TOML.
    #[error("{0}")]
    Toml(String),
    #[error("{0:?}: a focus has two numbers from 0 to 1")]
    Focus(String),
    #[error("{0:?}: a rectangle has a width and a height above 0")]
    Rectangle(String),
    #[error("{0:?}: an entry has either a focus or a rectangle")]
    Entry(String),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some("correct it, or move it away to have every picture cut around its centre".into())
    }
}

/// An entry as it stands in the file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    focus: Option<[f64; 2]>,
    rectangle: Option<[u32; 4]>,
}

impl Entry {
    /// What it sets; of one that sets nothing, why it is called wrong.
    fn hand(self) -> Result<Hand, fn(String) -> Why> {
        match (self.focus, self.rectangle) {
            (Some(focus), None) if focus.iter().all(|part| (0.0..=1.0).contains(part)) => Ok(Hand::Focus(focus)),
            (Some(_), None) => Err(Why::Focus),
            (None, Some(rectangle)) if rectangle[2] > 0 && rectangle[3] > 0 => Ok(Hand::Rectangle(rectangle)),
            (None, Some(_)) => Err(Why::Rectangle),
            _ => Err(Why::Entry),
        }
    }
}

impl Hand {
    /// Whether it says something about a picture of this size. A rectangle that lies beside it, as of a picture that another program
    /// made smaller, says nothing: such a picture is cut as usual.
    pub fn fits(&self, size: Size) -> bool {
        match self {
            Self::Focus(_) => true,
            Self::Rectangle([x, y, ..]) => *x < size[0] && *y < size[1],
        }
    }
}

impl Hands {
    /// Where the crops of a set lie.
    pub fn path(root: &Path) -> PathBuf {
        root.join(".danlu").join("crops.toml")
    }

    /// The crops of a set; none where there is no file.
    ///
    /// # Errors
    /// A file that cannot be read or has other keys or values than those above.
    pub fn read(root: &Path) -> Result<Self, Error> {
        let path = Self::path(root);
        let mut text = String::new();
        let read = File::open(&path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
        match read {
            Ok(bytes) if bytes as u64 > LARGEST => Err(Error {
                path,
                why: Why::TooLarge,
            }),
            Ok(_) => Self::parse(&text).map_err(|why| Error { path, why }),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(Self::default()),
            Err(error) => Err(Error {
                path,
                why: Unread::from(error).into(),
            }),
        }
    }

    fn parse(text: &str) -> Result<Self, Why> {
        let document: DocumentMut = text
            .parse()
            .map_err(|error: toml_edit::TomlError| Why::Toml(error.to_string()))?;
        let entries: BTreeMap<String, Entry> = toml::from_str(text).map_err(|error| Why::Toml(error.to_string()))?;
        let hands = entries.into_iter().map(|(name, entry)| match entry.hand() {
            Ok(hand) => Ok((name, hand)),
            Err(why) => Err(why(name)),
        });
        Ok(Self {
            entries: hands.collect::<Result<_, _>>()?,
            document,
        })
    }

    /// The text of the file, to be written through the journal.
    pub fn text(&self) -> String {
        self.document.to_string()
    }

    /// How many pictures have something set.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether nothing is set.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What was set for a picture of the set in `root`.
    pub fn of(&self, root: &Path, picture: &Path) -> Option<Hand> {
        self.entries.get(&name(root, picture)?).copied()
    }

    /// Sets it, or with `None` gives the picture back to the centre crop. False where the picture's name cannot stand in the file because
    /// it is not UTF-8 or lies outside of `root`; nothing is set then.
    pub fn set(&mut self, root: &Path, picture: &Path, hand: Option<Hand>) -> bool {
        let Some(name) = name(root, picture) else {
            return false;
        };
        let Some(hand) = hand else {
            self.entries.remove(&name);
            self.document.remove(&name);
            return true;
        };
        let (key, value) = match hand {
            Hand::Focus(parts) => ("focus", Array::from_iter(parts)),
            Hand::Rectangle(sides) => ("rectangle", sides.iter().map(|&side| i64::from(side)).collect()),
        };
        let entry = self.document.entry(&name).or_insert_with(|| Item::Table(Table::new()));
        if let Some(table) = entry.as_table_like_mut() {
            table.clear();
            table.insert(key, toml_edit::value(value));
        }
        self.entries.insert(name, hand);
        true
    }
}

/// The name of a picture in the file.
fn name(root: &Path, picture: &Path) -> Option<String> {
    let below = picture.strip_prefix(root).ok()?;
    let parts: Option<Vec<&str>> = below.iter().map(|part| part.to_str()).collect();
    Some(parts?.join("/"))
}

impl Buckets {
    /// Where a picture goes if this was set for it.
    ///
    /// # Errors
    /// As [`Buckets::select`], and [`Fault::Outside`]. A rectangle goes where a picture of its size would.
    pub fn place(&self, size: Size, hand: Option<Hand>) -> Result<Placement, Fault> {
        match hand {
            None => self.select(size),
            Some(Hand::Focus(parts)) => Ok(focused(self.select(size)?, parts)),
            Some(Hand::Rectangle(rectangle)) => {
                let [x, y, width, height] = rectangle;
                let [right, bottom] = [
                    x.saturating_add(width).min(size[0]),
                    y.saturating_add(height).min(size[1]),
                ];
                if right <= x || bottom <= y {
                    return Err(Fault::Outside { rectangle, size });
                }
                let part = [x, y, right - x, bottom - y];
                let placement = self.select([part[2], part[3]])?;
                Ok(Placement {
                    size,
                    part,
                    ..placement
                })
            }
        }
    }
}

/// The cut moved so that the point comes closest to its centre.
fn focused(mut placement: Placement, parts: [f64; 2]) -> Placement {
    for (axis, part) in parts.into_iter().enumerate() {
        let [whole, kept] = [placement.resized[axis], placement.crop[axis + 2]].map(f64::from);
        let from = (part * whole - kept / 2.0).round();
        placement.crop[axis] = from.clamp(0.0, (whole - kept).max(0.0)) as u32;
    }
    placement
}
