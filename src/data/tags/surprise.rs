//! How far a tag's count is from what was to be expected.

use std::cmp::Reverse;

use super::{Counts, Index, Order, TagId};

/// How many of the most frequent tags each tag is compared with; the bits of a word.
const PARTNERS: usize = 64;

/// A tag whose count is compared with the expected one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Surprise {
    /// The tag.
    pub tag: TagId,
    /// How many pictures have it, among those that [`against`](Self::against) tells.
    pub found: u32,
    /// How many would, if nothing were special.
    pub expected: f64,
    /// G², negative where there are fewer than expected. Below 4 or so it may well be chance, above 11 hardly.
    pub score: f64,
    /// What it was compared with.
    pub against: Against,
}

/// What a count was compared with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Against {
    /// The share in the whole set: found are those among the chosen pictures.
    Whole,
    /// The share in the other folders: found are those in this folder, a number in [`Set::subsets`](crate::data::set::Set::subsets).
    Folder(u32),
    /// Chance: found are those that have this other tag too.
    Tag(TagId),
    /// Nothing: there is just one picture, one tag, or nothing else.
    Nothing,
}

/// See [`Index::surprises`].
pub(super) fn all(index: &Index, among: Option<&[usize]>) -> Vec<Surprise> {
    let whole = index.counts(None);
    let tags = match among {
        Some(pictures) => index.sorted_by(Order::Count, &index.counts(Some(pictures))),
        None => index.sorted_by(Order::Count, &whole),
    };
    let folders = index.subsets.iter().max().map_or(0, |&last| last as usize + 1);
    let mut best: Vec<_> = (0..index.len() as u32).map(|tag| nothing(index, TagId(tag))).collect();
    match among {
        Some(pictures) => part(&mut best, &whole, &index.counts(Some(pictures)), Against::Whole),
        None if folders > 1 => {
            let mut members = vec![Vec::new(); folders];
            for (picture, &folder) in index.subsets.iter().enumerate() {
                members[folder as usize].push(picture);
            }
            for (folder, pictures) in members.iter().enumerate() {
                part(
                    &mut best,
                    &whole,
                    &index.counts(Some(pictures)),
                    Against::Folder(folder as u32),
                );
            }
        }
        None => company(&mut best, index, &whole, &tags),
    }
    let mut surprises: Vec<_> = tags.into_iter().map(|tag| best[tag.0 as usize]).collect();
    // Stable: the more frequent one of two equal ones stays first.
    surprises.sort_by(|a, b| b.score.abs().total_cmp(&a.score.abs()));
    surprises
}

fn nothing(index: &Index, tag: TagId) -> Surprise {
    Surprise {
        tag,
        found: index.captions(tag),
        expected: f64::from(index.captions(tag)),
        score: 0.0,
        against: Against::Nothing,
    }
}

/// Compares the counts of a part with those of the rest.
fn part(best: &mut [Surprise], whole: &Counts, part: &Counts, against: Against) {
    for surprise in best {
        let tag = surprise.tag.0 as usize;
        let has = f64::from(whole.captions[tag]);
        let size = f64::from(part.captioned);
        let found = part.captions[tag];
        let table = Table::new(f64::from(found), has, size, f64::from(whole.captioned));
        surprise.take(found, &table, against);
    }
}

/// Compares how often each tag meets each frequent one with chance.
fn company(best: &mut [Surprise], index: &Index, whole: &Counts, tags: &[TagId]) {
    let mut partners = tags.to_vec();
    // One that nearly all have tells nothing.
    partners.sort_by_key(|&tag| {
        let has = whole.captions[tag.0 as usize];
        Reverse(has.min(whole.captioned - has))
    });
    partners.truncate(PARTNERS);
    let mut bits = vec![0_u64; index.len()];
    for (bit, partner) in partners.iter().enumerate() {
        bits[partner.0 as usize] = 1 << bit;
    }
    let mut met = vec![[0_u32; PARTNERS]; index.len()];
    let mut seen = vec![0_u32; index.len()];
    for (tags, number) in index.pictures.iter().zip(1..) {
        let mask = tags.iter().fold(0, |mask, tag| mask | bits[tag.0 as usize]);
        for tag in tags {
            let tag = tag.0 as usize;
            if std::mem::replace(&mut seen[tag], number) == number {
                continue;
            }
            let mut left = mask;
            while left != 0 {
                met[tag][left.trailing_zeros() as usize] += 1;
                left &= left - 1;
            }
        }
    }
    for surprise in best {
        let own = surprise.tag;
        let tag = own.0 as usize;
        let has = f64::from(whole.captions[tag]);
        for (bit, &partner) in partners.iter().enumerate().filter(|(_, partner)| **partner != own) {
            let size = f64::from(whole.captions[partner.0 as usize]);
            let found = met[tag][bit];
            let table = Table::new(f64::from(found), has, size, f64::from(whole.captioned));
            surprise.take(found, &table, Against::Tag(partner));
        }
    }
}

/// Two by two: how many of `size` out of `all` have what `has` of `all` have.
struct Table {
    /// Found and expected, of all four cells.
    cells: [(f64, f64); 4],
}

impl Table {
    fn new(found: f64, has: f64, size: f64, all: f64) -> Self {
        let expect = |row: f64, column: f64| if all > 0.0 { row * column / all } else { 0.0 };
        let rest = all - size;
        Self {
            cells: [
                (found, expect(has, size)),
                (has - found, expect(has, rest)),
                (size - found, expect(all - has, size)),
                (rest - (has - found), expect(all - has, rest)),
            ],
        }
    }

    /// Dunning 1993: `2 Σ found ln(found / expected)`.
    fn g2(&self) -> f64 {
        let term = |&(found, expected): &(f64, f64)| {
            if found > 0.0 && expected > 0.0 {
                found * (found / expected).ln()
            } else {
                0.0
            }
        };
        (2.0 * self.cells.iter().map(term).sum::<f64>()).max(0.0)
    }
}

impl Surprise {
    /// Becomes this comparison if it is the more surprising one.
    fn take(&mut self, found: u32, table: &Table, against: Against) {
        let (_, expected) = table.cells[0];
        let score = table.g2().copysign(f64::from(found) - expected);
        if score.abs() > self.score.abs() || self.against == Against::Nothing {
            *self = Self {
                tag: self.tag,
                found,
                expected,
                score,
                against,
            };
        }
    }
}
