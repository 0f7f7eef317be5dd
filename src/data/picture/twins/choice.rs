//! Which of several copies is the better one, and what becomes of the others.

use std::cmp::Ordering;
use std::collections::{HashMap, HashSet};

use serde::{Serialize, Serializer};

use super::pairs::Pair;
use crate::data::journal::Change;
use crate::data::picture::facts::{Facts, Format};
use crate::data::picture::work::names::stem;
use crate::data::set::Set;

/// A picture and its copies, by their numbers in the set.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Group {
    /// The best of them.
    pub keep: usize,
    /// The others, each a copy of [`Group::keep`] itself, the nearest first.
    pub others: Vec<Twin>,
}

/// A copy that is no better.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Twin {
    /// Its number in the set.
    pub picture: usize,
    /// In how many of 128 bits hashes differ.
    pub distance: u32,
    /// How alike they are, 0 to 1.
    pub likeness: f32,
    /// Whether it is like the mirror image.
    pub mirrored: bool,
    /// Why the other one is better.
    pub because: Because,
}

/// Why the other one is better; a clause of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Because {
    /// Training pictures go before those for regularization.
    #[error("the other is a training picture, this one is for regularization")]
    Training,
    /// The other is larger: pixels of it and of this one.
    #[error("the other has {:.2} megapixels, this one {:.2}", megapixels(*.0), megapixels(*.1))]
    Pixels(u64, u64),
    /// This one has no caption.
    #[error("the other has a caption")]
    Caption,
    /// This one is compressed with loss.
    #[error("the other is compressed without loss")]
    Lossless,
    /// The other's file is longer: bytes of it and of this one.
    #[error("the other has {0} bytes, this one {1}")]
    Bytes(u64, u64),
    /// The other's caption says more.
    #[error("the other has the longer caption")]
    LongerCaption,
    /// Nothing tells them apart.
    #[error("they are equal; the other comes first")]
    Equal,
}

impl Serialize for Because {
    /// Its words.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Millions of pixels.
pub fn megapixels(pixels: u64) -> f64 {
    pixels as f64 / 1e6
}

/// Puts pairs into groups around the best. `pictures` are the numbers that the pairs' places stand for, `facts` belongs to them.
///
/// The best picture takes its own copies, then the best of the rest takes its: no chain of small changes brings unlike pictures together.
pub fn groups(set: &Set, pictures: &[usize], facts: &[Option<Facts>], pairs: &[Pair]) -> Vec<Group> {
    let mut near: HashMap<usize, Vec<&Pair>> = HashMap::new();
    for pair in pairs {
        near.entry(pair.first).or_default().push(pair);
        near.entry(pair.second).or_default().push(pair);
    }
    let worth: HashMap<usize, Worth> = near
        .keys()
        .map(|&place| (place, Worth::of(set, pictures[place], facts[place].as_ref())))
        .collect();
    let mut best: Vec<usize> = near.keys().copied().collect();
    best.sort_by(|a, b| worth[b].compare(&worth[a]).0.then(a.cmp(b)));
    let mut taken = HashSet::new();
    let mut groups = Vec::new();
    for keep in best {
        if !taken.insert(keep) {
            continue;
        }
        let mut others = Vec::new();
        for pair in &near[&keep] {
            let other = if pair.first == keep { pair.second } else { pair.first };
            if taken.insert(other) {
                others.push(Twin {
                    picture: pictures[other],
                    distance: pair.distance,
                    likeness: pair.likeness,
                    mirrored: pair.mirrored,
                    because: worth[&keep].compare(&worth[&other]).1,
                });
            }
        }
        others.sort_by(|a, b| {
            a.mirrored
                .cmp(&b.mirrored)
                .then(b.likeness.total_cmp(&a.likeness))
                .then(a.picture.cmp(&b.picture))
        });
        if !others.is_empty() {
            let keep = pictures[keep];
            groups.push(Group { keep, others });
        }
    }
    groups.sort_by_key(|group| group.keep);
    groups
}

/// What makes one copy better than another, the weightiest first.
struct Worth {
    is_reg: bool,
    pixels: u64,
    caption: usize,
    is_lossless: bool,
    bytes: u64,
}

impl Worth {
    fn of(set: &Set, picture: usize, facts: Option<&Facts>) -> Self {
        let found = &set.pictures[picture];
        let caption = found
            .caption
            .as_ref()
            .map_or(0, |caption| caption.document.text().trim().chars().count());
        Self {
            is_reg: set.subsets[found.subset as usize].is_reg,
            pixels: facts.map_or(0, Facts::pixels),
            caption,
            is_lossless: facts.is_some_and(|facts| matches!(facts.format, Format::Png | Format::Bmp)),
            bytes: facts.map_or(0, |facts| facts.bytes),
        }
    }

    /// How this compares with another, and why if it is better. Sizes within a twentieth count as equal.
    fn compare(&self, other: &Self) -> (Ordering, Because) {
        // A step of a twentieth, so that the order is one.
        let step = |pixels: u64| ((pixels.max(1) as f64).ln() / 1.05_f64.ln()).round() as i64;
        let by_pixels = step(self.pixels).cmp(&step(other.pixels));
        let grounds = [
            (other.is_reg.cmp(&self.is_reg), Because::Training),
            (by_pixels, Because::Pixels(self.pixels, other.pixels)),
            ((self.caption > 0).cmp(&(other.caption > 0)), Because::Caption),
            (self.is_lossless.cmp(&other.is_lossless), Because::Lossless),
            (self.bytes.cmp(&other.bytes), Because::Bytes(self.bytes, other.bytes)),
            (self.caption.cmp(&other.caption), Because::LongerCaption),
        ];
        let decided = grounds.into_iter().find(|(order, _)| order.is_ne());
        decided.unwrap_or((Ordering::Equal, Because::Equal))
    }
}

/// Moves the worse copies to the trash, with captions that no other picture needs; a caption that the kept one lacks becomes its own.
/// Mirrored copies stay unless `mirrored` says otherwise, and those that [`Set::anchor`] holds.
pub fn changes(set: &Set, groups: &[Group], mirrored: bool) -> Vec<Change> {
    let gone: HashSet<usize> = groups
        .iter()
        .flat_map(|group| &group.others)
        .filter(|twin| mirrored || !twin.mirrored)
        .map(|twin| twin.picture)
        .filter(|&picture| set.anchor(picture).is_none())
        .collect();
    let shared = set.by_caption();
    let mut changes = Vec::new();
    let mut trashed = HashSet::new();
    for group in groups {
        let kept = &set.pictures[group.keep];
        let mut has_caption = kept.caption.is_some() || set.anchor(group.keep).is_some();
        for twin in group.others.iter().filter(|twin| gone.contains(&twin.picture)) {
            let picture = &set.pictures[twin.picture];
            changes.push(Change::Trash {
                path: picture.path.clone(),
            });
            let Some(caption) = &picture.caption else { continue };
            let path = set.caption_path(twin.picture);
            if !has_caption && !twin.mirrored {
                has_caption = true;
                let mut name = stem(&kept.path);
                name.push(".");
                name.push(path.extension().unwrap_or_default());
                changes.push(Change::Write {
                    path: kept.path.with_file_name(name),
                    before: None,
                    after: Some(caption.document.bytes.to_vec()),
                });
            }
            let is_needed = shared
                .get(&path)
                .is_some_and(|of| of.iter().any(|picture| !gone.contains(picture)));
            if !is_needed && trashed.insert(path.clone()) {
                changes.push(Change::Trash { path });
            }
        }
    }
    changes
}
