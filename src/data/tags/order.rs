//! Tags in order, counted among all pictures or some.

use std::cmp::Reverse;

use super::{Index, Surprise, TagId, surprise};

/// By what tags are sorted. What is equal then stands in the order of its first appearance.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Order {
    /// The most frequent first.
    #[default]
    Count,
    /// By Unicode's code points, as Python sorts.
    Name,
    /// The longest first, by characters.
    Length,
    /// The most surprising first; see [`Index::surprises`].
    Surprise,
}

/// What is counted among some pictures.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    /// Of each tag, by its number, how often it stands in their captions.
    pub occurrences: Vec<u32>,
    /// Of each tag, how many of them have it.
    pub captions: Vec<u32>,
    /// Of each tag, its place among all that stand in their captions; `u32::MAX` where it does not.
    pub first: Vec<u32>,
    /// How many of them have a caption.
    pub captioned: u32,
    /// How many they are.
    pub pictures: u32,
}

impl Index {
    /// Counts among some pictures, or all. In a few milliseconds for 100,000.
    pub fn counts(&self, among: Option<&[usize]>) -> Counts {
        let mut counts = Counts {
            occurrences: vec![0; self.len()],
            captions: vec![0; self.len()],
            first: vec![u32::MAX; self.len()],
            ..Counts::default()
        };
        // The last picture that had each tag, from 1 on.
        let mut seen = vec![0_u32; self.len()];
        let mut place = 0;
        let mut count = |picture: usize| {
            counts.pictures += 1;
            counts.captioned += u32::from(self.has_caption[picture]);
            for tag in &self.pictures[picture] {
                let tag = tag.0 as usize;
                counts.occurrences[tag] += 1;
                counts.first[tag] = counts.first[tag].min(place);
                place += 1;
                if seen[tag] != counts.pictures {
                    seen[tag] = counts.pictures;
                    counts.captions[tag] += 1;
                }
            }
        };
        match among {
            Some(pictures) => pictures.iter().copied().for_each(&mut count),
            None => (0..self.pictures.len()).for_each(&mut count),
        }
        counts
    }

    /// The tags that stand in the captions of some pictures, or of all, sorted.
    pub fn sorted(&self, order: Order, among: Option<&[usize]>) -> Vec<TagId> {
        if order == Order::Surprise {
            return self.surprises(among).into_iter().map(|surprise| surprise.tag).collect();
        }
        self.sorted_by(order, &self.counts(among))
    }

    /// The same where they are counted already. [`Order::Surprise`] needs more than counts and sorts as [`Order::Count`] here.
    pub fn sorted_by(&self, order: Order, counts: &Counts) -> Vec<TagId> {
        let used = (0..self.len() as u32).filter(|&tag| counts.occurrences[tag as usize] > 0);
        let mut tags: Vec<_> = used.map(TagId).collect();
        let first = |tag: TagId| counts.first[tag.0 as usize];
        match order {
            Order::Count | Order::Surprise => {
                tags.sort_by_key(|&tag| (Reverse(counts.occurrences[tag.0 as usize]), first(tag)));
            }
            Order::Name => tags.sort_by(|&a, &b| self.name(a).cmp(self.name(b))),
            Order::Length => tags.sort_by_cached_key(|&tag| (Reverse(self.name(tag).chars().count()), first(tag))),
        }
        tags
    }

    /// The tags of some pictures, or of all, by how far their count is from what was to be expected.
    ///
    /// With `among`, expected is the share that a tag has in the whole set. Otherwise, where there are several folders, the share that it has in the other folders; else how often it would meet each of the most frequent
    /// tags if they had nothing to do with each other. The score is Dunning's log-likelihood ratio G² with the sign of the difference,
    /// which does not rise for what is rare and may be chance. Sorted by the score's size.
    pub fn surprises(&self, among: Option<&[usize]>) -> Vec<Surprise> {
        surprise::all(self, among)
    }
}
