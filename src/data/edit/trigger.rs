//! The trigger word of the guides: what is struck from captions flows into it.
//!
//! What is written in a caption is learned as that word's; what is in the pictures and in no caption goes to what is left, the trigger.
//! So for a subject the tags of its looks are struck, for a style all tags.

use serde::{Deserialize, Serialize};

use super::{Threshold, Which};
use crate::data::tags::{Category, Index, Order, TagId, category};

/// What is struck so that the trigger word takes it up.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Strike {
    /// Nothing: the trigger is one more tag.
    #[default]
    Nothing,
    /// For a subject: the tags that belong to it. See [`belonging`].
    These(Which),
    /// For a style: everything but the trigger and these tags.
    AllBut(Vec<String>),
}

/// A tag, and whether it seems to belong to a subject.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Belonging {
    /// The tag.
    pub tag: TagId,
    /// How many of the captions have it.
    pub captions: u32,
    /// The same as a share of them, 0 to 1.
    pub share: f64,
    /// What it is about.
    pub category: Category,
    /// Whether it is about looks and reaches the threshold: always there, so it is part of who is shown.
    pub belongs: bool,
}

/// The tags of some pictures, or of all, the most frequent first, and which seem to belong to the subject that they show: those about
/// looks (hair, eyes, face, body, `1girl`) that reach `threshold`. A guess to begin with, for somebody to correct.
pub fn belonging(index: &Index, among: Option<&[usize]>, threshold: Threshold) -> Vec<Belonging> {
    let counts = index.counts(among);
    let of = counts.captioned;
    let tags = index.sorted_by(Order::Count, &counts).into_iter();
    let of_tag = |tag: TagId| {
        let captions = counts.captions[tag.0 as usize];
        let category = category(index.name(tag));
        Belonging {
            tag,
            captions,
            share: f64::from(captions) / f64::from(of.max(1)),
            category,
            belongs: category.is_looks() && threshold.reached(captions, of),
        }
    };
    tags.map(of_tag).collect()
}
