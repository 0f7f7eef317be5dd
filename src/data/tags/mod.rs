//! The tags of a set: their numbers, counts and orders.
//!
//! An [`Index`] holds each tag's text once and, of each picture, the numbers of its tags; 100,000 captions of 30 tags are 20 MB. Orders
//! are in [`order`], how surprising a count is in [`surprise`], what a tag is about in [`category`], its spelling in [`spelling`].
//! Nothing here reads or writes files.

mod build;
mod category;
mod order;
mod spelling;
mod surprise;

use std::collections::HashMap;
use std::sync::Arc;

use super::set::Set;

pub use self::category::{Category, category};
pub use self::order::{Counts, Order};
pub use self::spelling::{KAOMOJI, spaced};
pub use self::surprise::{Against, Surprise};

/// A tag's number in its [`Index`]. It stays as long as the index does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TagId(pub u32);

/// All tags of a set.
#[derive(Clone, Debug, Default)]
pub struct Index {
    names: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, TagId>,
    /// Of each picture, its tags in their order, repeated ones too.
    pictures: Vec<Box<[TagId]>>,
    /// Of each tag, how often it stands in captions.
    occurrences: Vec<u32>,
    /// Of each tag, how many pictures have it.
    captions: Vec<u32>,
    /// How many pictures have a caption.
    captioned: u32,
    /// Which pictures have one.
    has_caption: Vec<bool>,
    /// Of each picture, its folder's number.
    subsets: Vec<u32>,
}

impl Index {
    /// Counts the tags of a set, on all processors. Tags get their numbers in the order of their first appearance.
    pub fn of(set: &Set) -> Self {
        build::all(set)
    }

    /// Counts these pictures again, whose captions have changed. Tags keep their numbers; one that is used no more keeps a count of 0.
    pub fn update(&mut self, set: &Set, pictures: &[usize]) {
        build::again(self, set, pictures);
    }

    /// The number of a tag of exactly this text.
    pub fn id(&self, name: &str) -> Option<TagId> {
        self.ids.get(name).copied()
    }

    /// The text of a tag.
    pub fn name(&self, tag: TagId) -> &str {
        &self.names[tag.0 as usize]
    }

    /// The tags of a picture's caption in their order, repeated ones too; none without a caption.
    pub fn of_picture(&self, picture: usize) -> &[TagId] {
        &self.pictures[picture]
    }

    /// How often a tag stands in captions.
    pub fn count(&self, tag: TagId) -> u32 {
        self.occurrences[tag.0 as usize]
    }

    /// How many pictures have a tag in their caption.
    pub fn captions(&self, tag: TagId) -> u32 {
        self.captions[tag.0 as usize]
    }

    /// How many pictures have a caption, be it an empty one.
    pub fn captioned(&self) -> u32 {
        self.captioned
    }

    /// Whether a picture has a caption, be it an empty one.
    pub fn has_caption(&self, picture: usize) -> bool {
        self.has_caption[picture]
    }

    /// How many tags have a number, with those that are used no more.
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// Whether no tag has a number.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// How many pictures the index knows.
    pub fn pictures(&self) -> usize {
        self.pictures.len()
    }

    /// All tags that have a number, in the order of their first appearance when the index was made.
    pub fn iter(&self) -> impl Iterator<Item = (TagId, &str)> {
        self.names.iter().zip(0..).map(|(name, id)| (TagId(id), &**name))
    }

    /// Bytes of memory that it takes.
    pub fn memory(&self) -> usize {
        let word = size_of::<TagId>();
        let texts: usize = self.names.iter().map(|name| name.len() + 16).sum();
        let table = self.ids.capacity() * (size_of::<(Arc<str>, TagId)>() + 1);
        let lists: usize = self
            .pictures
            .iter()
            .map(|tags| tags.len() * word + size_of::<Box<[TagId]>>())
            .sum();
        texts + table + lists + self.names.len() * (16 + 2 * word) + self.pictures.len() * 5
    }
}
