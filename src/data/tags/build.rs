//! Counting: on all processors in blocks, put together in the pictures' order so that numbers do not depend on chance.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use rayon::prelude::*;

use super::{Index, TagId};
use crate::data::set::Set;

/// Pictures of one block.
const BLOCK: usize = 2048;

/// The tags of some pictures, numbered among themselves.
struct Block<'a> {
    names: Vec<Cow<'a, str>>,
    lists: Vec<Option<Vec<u32>>>,
}

pub(super) fn all(set: &Set) -> Index {
    let count = set.pictures.len();
    let blocks: Vec<_> = (0..count.div_ceil(BLOCK))
        .into_par_iter()
        .map(|i| block(set, i * BLOCK..count.min((i + 1) * BLOCK)))
        .collect();
    let mut index = Index::default();
    index.pictures.reserve_exact(count);
    index.has_caption.reserve_exact(count);
    index.subsets = set.pictures.iter().map(|picture| picture.subset).collect();
    for Block { names, lists } in blocks {
        let ids: Vec<_> = names.iter().map(|name| index.number(name)).collect();
        for list in lists {
            index.has_caption.push(list.is_some());
            let tags = list.unwrap_or_default().into_iter().map(|tag| ids[tag as usize]);
            index.pictures.push(tags.collect());
        }
    }
    let counts = index.counts(None);
    (index.occurrences, index.captions, index.captioned) = (counts.occurrences, counts.captions, counts.captioned);
    index
}

fn block(set: &Set, pictures: Range<usize>) -> Block<'_> {
    let mut ids: HashMap<Cow<'_, str>, u32> = HashMap::new();
    let mut names = Vec::new();
    let lists = pictures
        .map(|picture| {
            let caption = set.pictures[picture].caption.as_ref()?;
            let tags = caption.document.tags(set.separator(picture));
            let number = tags.map(|tag| {
                *ids.entry(tag.text).or_insert_with_key(|name| {
                    names.push(name.clone());
                    names.len() as u32 - 1
                })
            });
            Some(number.collect())
        })
        .collect();
    Block { names, lists }
}

pub(super) fn again(index: &mut Index, set: &Set, pictures: &[usize]) {
    for &picture in pictures {
        index.add(picture, -1);
        let caption = set.pictures[picture].caption.as_ref();
        let tags = caption.map(|caption| caption.document.tags(set.separator(picture)));
        index.has_caption[picture] = tags.is_some();
        index.pictures[picture] = tags.into_iter().flatten().map(|tag| index.number(&tag.text)).collect();
        index.add(picture, 1);
    }
}

impl Index {
    /// The number of a tag, a new one where it has none.
    fn number(&mut self, name: &str) -> TagId {
        if let Some(&id) = self.ids.get(name) {
            return id;
        }
        let id = TagId(self.names.len() as u32);
        let name: Arc<str> = name.into();
        self.names.push(Arc::clone(&name));
        self.ids.insert(name, id);
        self.occurrences.push(0);
        self.captions.push(0);
        id
    }

    /// Counts a picture's tags in, or with -1 out.
    fn add(&mut self, picture: usize, sign: i32) {
        let tags = &self.pictures[picture];
        for tag in tags {
            let count = &mut self.occurrences[tag.0 as usize];
            *count = count.wrapping_add_signed(sign);
        }
        let mut once = tags.to_vec();
        once.sort_unstable();
        once.dedup();
        for tag in once {
            let count = &mut self.captions[tag.0 as usize];
            *count = count.wrapping_add_signed(sign);
        }
        if self.has_caption[picture] {
            self.captioned = self.captioned.wrapping_add_signed(sign);
        }
    }
}
