//! The set as a whole: how much of what is shown, and what is there twice.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::{Found, Use, What};
use crate::data::batches::regularization;
use crate::data::picture::work::{Stopped, Watch};

/// Fewer pictures than this are learned by heart.
const FEW: usize = 10;
/// More shown in an epoch than this is unusual for a LoRA.
const MANY: u64 = 20_000;
/// How many times more often one folder's pictures may be shown than another's.
const UNEVEN: u64 = 5;

pub(super) fn check(found: &mut Found<'_>, uses: &[Use<'_>], watch: Watch<'_>) -> Result<(), Stopped> {
    shown(found);
    spare(found, uses);
    twice(found, watch)
}

fn shown(found: &mut Found<'_>) {
    let set = found.set;
    let mut pictures = vec![0_u64; set.subsets.len()];
    for picture in &set.pictures {
        pictures[picture.subset as usize] += 1;
    }
    let shown = |is_reg: bool| {
        let of = set
            .subsets
            .iter()
            .zip(&pictures)
            .filter(move |(subset, _)| subset.is_reg == is_reg);
        of.map(|(subset, &pictures)| (subset, pictures, pictures.saturating_mul(u64::from(subset.repeats))))
    };
    let train: u64 = shown(false).map(|(.., shown)| shown).sum();
    let count_train = shown(false).map(|(_, pictures, _)| pictures).sum::<u64>() as usize;
    if count_train == 0 {
        return found.say(What::Nothing);
    }
    if count_train < FEW {
        found.say(What::Few(count_train));
    }
    if train > MANY {
        found.say(What::Many(train));
    }
    let most = shown(false).max_by_key(|(.., shown)| *shown);
    let least = shown(false).min_by_key(|(.., shown)| *shown);
    if let (Some((most, _, often)), Some((least, _, seldom))) = (most, least)
        && often > seldom.saturating_mul(UNEVEN)
    {
        let name = |subset: &crate::data::set::Subset| set.relative(&subset.folder).into_owned();
        let files = vec![name(most), name(least)];
        let what = What::Balance {
            most: (name(most), often),
            least: (name(least), seldom),
        };
        found.add(what, files);
    }
    let zero: Vec<String> = set
        .subsets
        .iter()
        .filter(|subset| subset.repeats == 0)
        .map(|subset| set.relative(&subset.folder).into_owned())
        .collect();
    found.add(What::Repeats, zero);
}

/// Regularization pictures that training does not take, dataset by dataset, because there are enough before them.
fn spare(found: &mut Found<'_>, uses: &[Use<'_>]) {
    for of_dataset in uses.chunk_by(|a, b| a.number == b.number) {
        let of_kind = |is_reg| {
            let those = of_dataset.iter().filter(move |one| one.subset.is_reg == is_reg);
            those.flat_map(|one| one.pictures.iter().map(|&picture| (picture, one.subset.num_repeats)))
        };
        let train = of_kind(false).fold(0_u64, |sum, (_, repeats)| sum.saturating_add(repeats.unsigned_abs()));
        let reg: Vec<(usize, i64)> = of_kind(true).collect();
        if train == 0 {
            continue;
        }
        let repeats: Vec<u32> = reg
            .iter()
            .map(|&(_, repeats)| u32::try_from(repeats).unwrap_or(u32::MAX))
            .collect();
        let turns = regularization(train, &repeats);
        let spare = reg.iter().zip(turns).filter(|(_, turns)| turns.is_none());
        let spare: Vec<usize> = spare.map(|(&(picture, _), _)| picture).collect();
        found.of_pictures(What::RegMany { reg: reg.len(), train }, &spare);
    }
}

/// Files with the same bytes. Only those of equal length are read.
fn twice(found: &mut Found<'_>, watch: Watch<'_>) -> Result<(), Stopped> {
    let set = found.set;
    let mut lengths: BTreeMap<u64, Vec<usize>> = BTreeMap::new();
    for (number, picture) in set.pictures.iter().enumerate() {
        if let Ok(file) = picture.path.metadata()
            && file.is_file()
            && file.len() > 0
        {
            lengths.entry(file.len()).or_default().push(number);
        }
    }
    let alike: Vec<usize> = lengths.into_values().filter(|of| of.len() > 1).flatten().collect();
    let hashed = alike.par_iter().map(|&picture| {
        watch.stopped()?;
        Ok(hash(&set.pictures[picture].path).map(|hash| (hash, picture)))
    });
    let hashed: Vec<_> = hashed.collect::<Result<_, Stopped>>()?;
    let mut same: BTreeMap<[u8; 32], Vec<usize>> = BTreeMap::new();
    for (hash, picture) in hashed.into_iter().flatten() {
        same.entry(hash).or_default().push(picture);
    }
    let is_reg = |picture: &usize| set.subsets[set.pictures[*picture].subset as usize].is_reg;
    let groups: Vec<Vec<usize>> = same.into_values().filter(|of| of.len() > 1).collect();
    let (mixed, plain): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .partition(|of| of.iter().any(is_reg) && !of.iter().all(is_reg));
    let flat = |groups: Vec<Vec<usize>>| {
        let mut all: Vec<usize> = groups.into_iter().flatten().collect();
        all.sort_unstable();
        all
    };
    found.of_pictures(What::RegSame, &flat(mixed));
    found.of_pictures(What::Identical, &flat(plain));
    Ok(())
}

fn hash(path: &Path) -> Option<[u8; 32]> {
    let mut file = File::open(path).ok()?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match file.read(&mut buffer) {
            Ok(0) => return Some(hash.finalize().into()),
            Ok(read) => hash.update(&buffer[..read]),
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}
