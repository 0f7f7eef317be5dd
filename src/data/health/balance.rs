//! The set as a whole: how much of what is shown, and what is there twice.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use rayon::prelude::*;
use sha2::{Digest, Sha256};

use super::{Found, Level, count};
use crate::data::picture::work::{Stopped, Watch};

/// Fewer pictures than this are learned by heart.
const FEW: usize = 10;
/// More shown in an epoch than this is unusual for a LoRA.
const MANY: u64 = 20_000;
/// How many times more often one folder's pictures may be shown than another's.
const UNEVEN: u64 = 5;

pub(super) fn check(found: &mut Found<'_>, watch: Watch<'_>) -> Result<(), Stopped> {
    shown(found);
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
    let reg: u64 = shown(true).map(|(.., shown)| shown).sum();
    let count_train = shown(false).map(|(_, pictures, _)| pictures).sum::<u64>() as usize;
    if count_train == 0 {
        let hint = "give the folder with the pictures, or the one above `10_name` folders";
        return found.say(
            Level::Error,
            "nothing",
            "there are no pictures to train on".to_owned(),
            hint,
        );
    }
    if count_train < FEW {
        let what = format!(
            "{}: what they have in common is learned by heart, whatever it is",
            count(count_train, "picture")
        );
        found.say(
            Level::Note,
            "few",
            what,
            "guides take 15 to 50 of a subject, more of a style, with different grounds, angles and light",
        );
    }
    if train > MANY {
        let what = format!("{train} pictures are shown in an epoch (repeats counted)");
        found.say(
            Level::Note,
            "many",
            what,
            "fewer repeats and more epochs give more chances to stop in time",
        );
    }
    if reg > train {
        let what =
            format!("{reg} regularization pictures (repeats counted) for {train} to train on: the rest is not used");
        found.say(
            Level::Warning,
            "reg-many",
            what,
            "use fewer, or more repeats of the training pictures",
        );
    }
    let most = shown(false).max_by_key(|(.., shown)| *shown);
    let least = shown(false).min_by_key(|(.., shown)| *shown);
    if let (Some((most, _, often)), Some((least, _, seldom))) = (most, least)
        && often > seldom.saturating_mul(UNEVEN)
    {
        let name = |subset: &crate::data::set::Subset| set.relative(&subset.folder).into_owned();
        let files = vec![name(most), name(least)];
        let what = |_| {
            format!(
                "{:?} is shown {often} times in an epoch, {:?} {seldom} times",
                files[0], files[1]
            )
        };
        let hint = "choose repeats so that repeats x pictures come out alike, unless one is meant to weigh more";
        found.add(Level::Note, "balance", files.clone(), what, hint);
    }
    let zero: Vec<String> = set
        .subsets
        .iter()
        .filter(|subset| subset.repeats == 0)
        .map(|subset| set.relative(&subset.folder).into_owned())
        .collect();
    found.add(
        Level::Warning,
        "repeats",
        zero,
        |files| format!("{} with 0 repeats: not trained on", count(files, "folder")),
        "",
    );
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
    let what = |number: &str| {
        format!("{number} both among those to train on and among those for regularization, byte for byte")
    };
    found.of_pictures(
        Level::Warning,
        "reg-same",
        &flat(mixed),
        what,
        "regularization should show other ones of the class",
    );
    let what = |number: &str| format!("{number} there more than once, byte for byte: they are learned so much more");
    found.of_pictures(
        Level::Warning,
        "identical",
        &flat(plain),
        what,
        "`danlu dataset dedup` keeps one of each, and finds copies of other sizes",
    );
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
