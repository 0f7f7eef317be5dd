//! Which pictures are copies of which: all hashes against all, then a close look at the few that are near.

use std::sync::atomic::AtomicUsize;

use rayon::prelude::*;
use serde::Serialize;

use super::{Hash, Print};
use crate::data::picture::work::{Stopped, Watch};

/// How near is near.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Nearness {
    /// In how many of 128 bits hashes may differ for a close look. 28 lets crops of a tenth through; unlike photographs differ in 35 and more.
    pub distance: u32,
    /// How alike pictures must be then, 0 to 1. Copies come to 0.97 and more, pictures with the same layout stay below 0.955.
    pub likeness: f32,
}

impl Default for Nearness {
    fn default() -> Self {
        Self {
            distance: 28,
            likeness: 0.96,
        }
    }
}

/// Two pictures that look nearly the same, by their places in the list.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Pair {
    /// The earlier one.
    pub first: usize,
    /// The later one.
    pub second: usize,
    /// In how many of 128 bits their hashes differ.
    pub distance: u32,
    /// How alike they are, 0 to 1.
    pub likeness: f32,
    /// Whether one is like the mirror image of the other.
    pub mirrored: bool,
}

/// Finds all pairs, in order. The hashes of 100,000 pictures are compared in seconds: a pair takes a nanosecond or two.
///
/// # Errors
/// It was stopped.
pub fn pairs(prints: &[Option<Print>], nearness: Nearness, watch: Watch<'_>) -> Result<Vec<Pair>, Stopped> {
    let none = Hash { across: 0, down: 0 };
    let hashes: Vec<Hash> = prints
        .iter()
        .map(|print| print.as_ref().map_or(none, |print| print.hash))
        .collect();
    let done = AtomicUsize::new(0);
    let each = (0..prints.len()).into_par_iter().map(|first| {
        watch.stopped()?;
        let found = prints[first]
            .as_ref()
            .map(|print| of_one(first, print, prints, &hashes, nearness));
        watch.count(&done, prints.len());
        Ok(found.unwrap_or_default())
    });
    let found: Vec<Vec<Pair>> = each.collect::<Result<_, Stopped>>()?;
    Ok(found.into_iter().flatten().collect())
}

fn of_one(first: usize, print: &Print, prints: &[Option<Print>], hashes: &[Hash], nearness: Nearness) -> Vec<Pair> {
    let mut pairs = Vec::new();
    let mut own = None;
    for (second, hash) in hashes.iter().enumerate().skip(first + 1) {
        let near = |other: Hash| other.distance(*hash) <= nearness.distance;
        let (is_near, is_near_mirrored) = (near(print.hash), near(print.mirrored));
        let Some(other) = prints[second].as_ref().filter(|_| is_near || is_near_mirrored) else {
            continue;
        };
        let own = own.get_or_insert_with(|| print.windows(false));
        let look = |mirrored: bool| {
            let likeness = print.likeness(own, other, &other.windows(mirrored), mirrored);
            let from = if mirrored { print.mirrored } else { print.hash };
            (likeness >= nearness.likeness).then(|| Pair {
                first,
                second,
                distance: from.distance(*hash),
                likeness,
                mirrored,
            })
        };
        let plain = is_near.then(|| look(false)).flatten();
        let found = plain.or_else(|| is_near_mirrored.then(|| look(true)).flatten());
        pairs.extend(found);
    }
    pairs
}
