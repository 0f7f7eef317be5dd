//! Pictures one by one: files that cannot be used, and headers that trainers read otherwise than people.

use std::sync::atomic::AtomicUsize;

use rayon::prelude::*;

use super::{Found, Options, Use, What};
use crate::data::buckets::{Buckets, Placement, Settings};
use crate::data::picture::work::{Stopped, Watch};
use crate::data::picture::{Colour, Facts, Fault, Format, Limits, Trouble, facts, open, uses_alpha};
use crate::data::set;

/// What was seen of a picture.
struct Seen {
    facts: Option<Facts>,
    trouble: Option<Trouble>,
    /// Whether a pixel is transparent; known only after decoding.
    is_clear: bool,
}

pub(super) fn check(
    found: &mut Found<'_>,
    options: &Options,
    uses: &[Use<'_>],
    watch: Watch<'_>,
) -> Result<(), Stopped> {
    let done = AtomicUsize::new(0);
    let of = found.set.pictures.len();
    let seen = found.set.pictures.par_iter().map(|picture| {
        watch.stopped()?;
        let seen = match facts(&picture.path) {
            Err(trouble) => Seen {
                facts: None,
                trouble: Some(trouble),
                is_clear: false,
            },
            Ok(facts) if options.decode => match open(&picture.path, &Limits::default()) {
                Err(trouble) => Seen {
                    facts: Some(facts),
                    trouble: Some(trouble),
                    is_clear: false,
                },
                Ok(picture) => Seen {
                    facts: Some(facts),
                    trouble: None,
                    is_clear: uses_alpha(&picture),
                },
            },
            Ok(facts) => Seen {
                facts: Some(facts),
                trouble: too_large(facts, &picture.path),
                is_clear: facts.alpha,
            },
        };
        watch.count(&done, of);
        Ok(seen)
    });
    let seen: Vec<Seen> = seen.collect::<Result<_, Stopped>>()?;
    broken(found, &seen);
    kinds(found, &seen, options);
    for (settings, pictures) in by_buckets(uses) {
        sizes(found, &seen, options, &settings, &pictures);
    }
    Ok(())
}

fn too_large(facts: Facts, path: &std::path::Path) -> Option<Trouble> {
    let most = Limits::default().pixels;
    let Facts { width, height, .. } = facts;
    let fault = Fault::TooLarge { width, height, most };
    (facts.pixels() > most).then(|| Trouble {
        path: path.to_owned(),
        fault,
    })
}

/// Each with its own sentence where they are few.
fn broken(found: &mut Found<'_>, seen: &[Seen]) {
    let set = found.set;
    // What a metadata file names and is not there, is told with the file.
    let is_told = |picture: &set::Picture| picture.entry.is_some() && !picture.path.exists();
    let troubles = set.pictures.iter().zip(seen).filter(|(picture, _)| !is_told(picture));
    let troubles: Vec<_> = troubles.filter_map(|(_, seen)| seen.trouble.as_ref()).collect();
    for trouble in troubles.iter().take(100) {
        let name = set.relative(&trouble.path).into_owned();
        found.add(What::Broken(trouble.fault.clone()), vec![name]);
    }
    let rest = troubles
        .iter()
        .skip(100)
        .map(|trouble| set.relative(&trouble.path).into_owned());
    found.add(What::MoreBroken, rest.collect());
}

fn kinds(found: &mut Found<'_>, seen: &[Seen], options: &Options) {
    let those = |is: &dyn Fn(&Facts, &Seen) -> bool| -> Vec<usize> {
        let all = seen
            .iter()
            .enumerate()
            .filter(|(_, seen)| seen.facts.as_ref().is_some_and(|facts| is(facts, seen)));
        all.map(|(picture, _)| picture).collect()
    };
    let paths: Vec<_> = found
        .set
        .pictures
        .iter()
        .map(|picture| picture.path.as_path())
        .collect();
    let lying: Vec<usize> = those(&|_, _| true)
        .into_iter()
        .filter(|&picture| Format::of_name(paths[picture]) != seen[picture].facts.map(|facts| facts.format))
        .collect();
    let exif = those(&|facts, _| facts.orientation != 1);
    let alpha = those(&|_, seen| seen.is_clear);
    let gray = those(&|facts, _| facts.depth == 16 && facts.colour == Colour::Gray);
    let deep = those(&|facts, _| facts.depth > 8 && facts.colour != Colour::Gray);
    let cmyk = those(&|facts, _| facts.colour == Colour::Cmyk);
    let animated = those(&|facts, _| facts.animated);
    found.of_pictures(What::Exif, &exif);
    found.of_pictures(What::Alpha { used: options.decode }, &alpha);
    found.of_pictures(What::Gray16, &gray);
    found.of_pictures(What::Depth16, &deep);
    found.of_pictures(What::Cmyk, &cmyk);
    found.of_pictures(What::Animated, &animated);
    found.of_pictures(What::Format, &lying);
}

/// The pictures of each setting of buckets, in the set's order.
fn by_buckets(uses: &[Use<'_>]) -> Vec<(Settings, Vec<usize>)> {
    let mut by: Vec<(Settings, Vec<usize>)> = Vec::new();
    for one in uses {
        let settings = one.dataset.buckets;
        match by.iter_mut().find(|(known, _)| *known == settings) {
            Some((_, pictures)) => pictures.extend(&one.pictures),
            None => by.push((settings, one.pictures.clone())),
        }
    }
    for (_, pictures) in &mut by {
        pictures.sort_unstable();
        pictures.dedup();
    }
    by
}

fn sizes(found: &mut Found<'_>, seen: &[Seen], options: &Options, settings: &Settings, among: &[usize]) {
    let buckets = match Buckets::new(settings) {
        Ok(buckets) => buckets,
        Err(error) => {
            return found.say(What::Buckets(error));
        }
    };
    let (mut refused, mut other) = (Vec::new(), Vec::new());
    let mut placed: Vec<(usize, Placement)> = Vec::new();
    let among = among.iter().map(|&picture| (picture, &seen[picture]));
    for (picture, seen) in among.filter(|(_, seen)| seen.trouble.is_none()) {
        let Some(facts) = seen.facts else { continue };
        let stored = [facts.width, facts.height];
        let said = found.set.said_size(picture).unwrap_or(stored);
        if said != stored {
            other.push(picture);
        }
        match buckets.select(said) {
            Ok(placement) => placed.push((picture, placement)),
            Err(error) => refused.push((picture, error)),
        }
    }
    found.of_pictures(What::MetadataSize, &other);
    for (picture, error) in refused.into_iter().take(100) {
        found.of_pictures(What::Size(error), &[picture]);
    }
    let at = settings.resolution;
    let those = |is: &dyn Fn(&Placement) -> bool| -> Vec<usize> {
        placed
            .iter()
            .filter(|(_, placement)| is(placement))
            .map(|(picture, _)| *picture)
            .collect()
    };
    let enlarged = options.enlarged;
    let few = those(&|placement| placement.scale() > enlarged);
    found.of_pictures(What::Small { enlarged, at }, &few);
    let slightly = those(&|placement| placement.scale() > 1.0 && placement.scale() <= enlarged);
    found.of_pictures(What::Enlarged { at }, &slightly);
    let share = options.cropped;
    let lost = those(&|placement| placement.lost() > share);
    found.of_pictures(What::Cropped { share, at }, &lost);
}
