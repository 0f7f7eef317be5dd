//! Pictures that look nearly the same: found, told apart by worth, the worse moved to the trash.
//!
//! [`print()`] reduces a picture to a small likeness and a hash ([`prints`] does it for a set and remembers). [`pairs`] compares hashes, which
//! takes no time, and looks at those closely that are near: one may be a crop of the other, up to a tenth at each edge. Copies of other
//! size, compression or brightness are found so, and mirrored ones, which are told apart: they may be there on purpose. [`choice`] says
//! which is the better one and why.

pub mod choice;
mod likeness;
mod memory;
pub mod pairs;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicUsize;

use image::{DynamicImage, GrayImage, imageops};
use image_hasher::{HashAlg, Hasher, HasherConfig};
use rayon::prelude::*;
use sha2::{Digest, Sha256};

pub use likeness::Print;

use super::reading::{Limits, open};
use super::resample::fit;
use super::trouble::Trouble;
use super::work::{Stopped, Watch};
use crate::data::set::Set;
use memory::Memory;
use pairs::Nearness;

/// The side of the small likeness, in pixels.
const SIDE: u32 = 32;

/// A picture's hash: whether brightness grows from point to point, across and down, on a grid of eight by eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hash {
    across: u64,
    down: u64,
}

impl Hash {
    /// In how many of 128 bits two differ; unlike pictures do in about half of them.
    pub fn distance(self, other: Self) -> u32 {
        (self.across ^ other.across).count_ones() + (self.down ^ other.down).count_ones()
    }
}

/// The prints of pictures of a set, in their order; none of one that cannot be read.
#[derive(Debug, Default)]
pub struct Prints {
    /// Of each picture that was asked for.
    pub prints: Vec<Option<Print>>,
    /// Why some have none.
    pub troubles: Vec<Trouble>,
}

/// Where the prints of a set are remembered below the cache: named by the set's place, so that each has its own file.
pub fn place(cache: &Path, set: &Set) -> PathBuf {
    let root = std::fs::canonicalize(&set.root).unwrap_or_else(|_| set.root.clone());
    let digest = Sha256::digest(root.as_os_str().as_encoded_bytes());
    let name = u64::from_be_bytes(std::array::from_fn(|i| digest[i]));
    cache.join("prints").join(format!("{name:016x}"))
}

/// Reduces pictures to prints, on all processors. `memory` is a file in which those are remembered by name, length and time, so that only
/// new and changed pictures are decoded the next time; a folder that cannot be written to is no reason to fail.
///
/// # Errors
/// It was stopped; what was done until then is remembered.
pub fn prints(set: &Set, pictures: &[usize], memory: Option<&Path>, watch: Watch<'_>) -> Result<Prints, Stopped> {
    let known = memory.map(Memory::open).unwrap_or_default();
    let done = AtomicUsize::new(0);
    let each: Vec<Option<Result<(memory::Key, Print), Trouble>>> = pictures
        .par_iter()
        .map(|&picture| {
            watch.stopped().ok()?;
            let path = &set.pictures[picture].path;
            let key = memory::Key::of(path);
            let print = match known.get(&key) {
                Some(print) => Ok(print.clone()),
                None => open(path, &Limits::upright()).map(|picture| print(&picture)),
            };
            watch.count(&done, pictures.len());
            Some(print.map(|print| (key, print)))
        })
        .collect();
    if let Some(memory) = memory {
        let found = each.iter().flatten().filter_map(|found| found.as_ref().ok());
        known.save(memory, found);
    }
    let mut prints = Prints::default();
    for found in each {
        match found.ok_or(Stopped)? {
            Ok((_, print)) => prints.prints.push(Some(print)),
            Err(trouble) => {
                prints.prints.push(None);
                prints.troubles.push(trouble);
            }
        }
    }
    Ok(prints)
}

/// The pictures of a set that have one which looks nearly the same, with the usual nearness.
///
/// # Errors
/// It was stopped.
pub fn alike(set: &Set, memory: &Path, watch: Watch<'_>) -> Result<Vec<usize>, Stopped> {
    let all: Vec<usize> = (0..set.pictures.len()).collect();
    let prints = prints(set, &all, Some(memory), watch)?.prints;
    let pairs = pairs::pairs(&prints, Nearness::default(), watch)?;
    Ok(pairs.iter().flat_map(|pair| [pair.first, pair.second]).collect())
}

/// Reduces one picture; it should be upright. Transparent parts count as white.
pub fn print(picture: &DynamicImage) -> Print {
    let small = fit(picture, SIDE, SIDE).to_rgba8();
    let levels: Vec<[u8; 3]> = small
        .pixels()
        .map(|pixel| {
            let over_white = |level: u8| {
                let alpha = u32::from(pixel[3]);
                ((u32::from(level) * alpha + 255 * (255 - alpha) + 127) / 255) as u8
            };
            [over_white(pixel[0]), over_white(pixel[1]), over_white(pixel[2])]
        })
        .collect();
    Print::new(levels)
}

fn hash(gray: &GrayImage) -> Hash {
    let bits = |algorithm| {
        let hasher: Hasher<[u8; 8]> = HasherConfig::with_bytes_type::<[u8; 8]>()
            .hash_size(8, 8)
            .hash_alg(algorithm)
            .to_hasher();
        u64::from_le_bytes(hasher.hash_image(gray).into_inner())
    };
    Hash {
        across: bits(HashAlg::Gradient),
        down: bits(HashAlg::VertGradient),
    }
}

fn mirrored(gray: &GrayImage) -> GrayImage {
    imageops::flip_horizontal(gray)
}
