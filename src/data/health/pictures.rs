//! Pictures one by one: files that cannot be used, and headers that trainers read otherwise than people.

use std::sync::atomic::AtomicUsize;

use rayon::prelude::*;

use super::{Found, Level, Options};
use crate::data::buckets::{Buckets, Placement};
use crate::data::picture::work::{Stopped, Watch};
use crate::data::picture::{Colour, Facts, Fault, Format, Limits, Trouble, facts, open, uses_alpha};

/// What was seen of a picture.
struct Seen {
    facts: Option<Facts>,
    trouble: Option<Trouble>,
    /// Whether a pixel is transparent; known only after decoding.
    is_clear: bool,
}

pub(super) fn check(found: &mut Found<'_>, options: &Options, watch: Watch<'_>) -> Result<(), Stopped> {
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
    sizes(found, &seen, options);
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
    let troubles: Vec<_> = seen.iter().filter_map(|seen| seen.trouble.as_ref()).collect();
    for trouble in troubles.iter().take(100) {
        let name = set.relative(&trouble.path).into_owned();
        let sentence = format!("{name} {}", trouble.fault);
        found.add(
            Level::Error,
            "broken",
            vec![name],
            |_| sentence.clone(),
            &trouble.hint().unwrap_or_default(),
        );
    }
    let rest = troubles
        .iter()
        .skip(100)
        .map(|trouble| set.relative(&trouble.path).into_owned());
    let what = |files| format!("{} more cannot be read", super::count(files, "picture"));
    found.add(
        Level::Error,
        "broken",
        rest.collect(),
        what,
        "take them out of the set, or copy them again",
    );
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
    let mut tell = |level, kind, pictures: Vec<usize>, what: &str, hint: &str| {
        let verb = |number: &str| {
            if pictures.len() == 1 {
                what.replace("{s}", "s")
            } else {
                what.replace("{s}", "")
            }
            .replace("{n}", number)
        };
        found.of_pictures(level, kind, &pictures, verb, hint);
    };
    tell(
        Level::Warning,
        "exif",
        those(&|facts, _| facts.orientation != 1),
        "{n} lie{s} on a side by EXIF: viewers turn them, trainers do not",
        "`danlu dataset rotate` turns the pixels",
    );
    let clear = "{n} with transparent parts: trainers drop alpha and show the colours beneath, often black";
    let clear = if options.decode {
        clear
    } else {
        "{n} with an alpha channel: trainers drop it and show the colours beneath"
    };
    tell(
        Level::Warning,
        "alpha",
        those(&|_, seen| seen.is_clear),
        clear,
        "`danlu dataset convert --background white` lays them on a colour; or train with alpha_mask",
    );
    tell(
        Level::Warning,
        "gray16",
        those(&|facts, _| facts.depth == 16 && facts.colour == Colour::Gray),
        "{n} in 16-bit grey: Pillow, which trainers read with, cuts levels off at 255, so they come out nearly white",
        "`danlu dataset convert` makes them 8 bits",
    );
    tell(
        Level::Note,
        "depth16",
        those(&|facts, _| facts.depth > 8 && facts.colour != Colour::Gray),
        "{n} with more than 8 bits a channel: trainers use 8",
        "`danlu dataset convert` makes them smaller",
    );
    tell(
        Level::Warning,
        "cmyk",
        those(&|facts, _| facts.colour == Colour::Cmyk),
        "{n} in the colours of print (CMYK): trainers convert them without a profile, so colours are off",
        "`danlu dataset convert --to png` makes them RGB; look at the result",
    );
    tell(
        Level::Note,
        "animated",
        those(&|facts, _| facts.animated),
        "{n} with more than one frame: trainers use the first",
        "",
    );
    tell(
        Level::Note,
        "format",
        lying,
        "{n} of another kind than the name says; they are read all the same",
        "`danlu dataset convert` gives fitting names",
    );
}

fn sizes(found: &mut Found<'_>, seen: &[Seen], options: &Options) {
    let buckets = match Buckets::new(&options.buckets) {
        Ok(buckets) => buckets,
        Err(error) => {
            return found.say(
                Level::Error,
                "buckets",
                error.to_string(),
                &error.hint().unwrap_or_default(),
            );
        }
    };
    let mut refused = Vec::new();
    let mut placed: Vec<(usize, Placement)> = Vec::new();
    for (picture, seen) in seen.iter().enumerate().filter(|(_, seen)| seen.trouble.is_none()) {
        let Some(facts) = seen.facts else { continue };
        match buckets.select([facts.width, facts.height]) {
            Ok(placement) => placed.push((picture, placement)),
            Err(error) => refused.push((picture, error)),
        }
    }
    for (picture, error) in refused.iter().take(100) {
        let what = |_: &str| error.to_string();
        found.of_pictures(
            Level::Error,
            "size",
            &[*picture],
            what,
            &error.hint().unwrap_or_default(),
        );
    }
    let [width, height] = options.buckets.resolution;
    let those = |is: &dyn Fn(&Placement) -> bool| -> Vec<usize> {
        placed
            .iter()
            .filter(|(_, placement)| is(placement))
            .map(|(picture, _)| *picture)
            .collect()
    };
    let enlarged = options.enlarged;
    let few = those(&|placement| placement.scale() > enlarged);
    let what = |number: &str| {
        format!("{number} would be enlarged more than {enlarged} times to train at {width}x{height}: blur is learned")
    };
    found.of_pictures(
        Level::Warning,
        "small",
        &few,
        what,
        "take larger ones, upscale them well, or train without enlarging (bucket_no_upscale)",
    );
    let slightly = those(&|placement| placement.scale() > 1.0 && placement.scale() <= enlarged);
    let what = |number: &str| format!("{number} would be enlarged a little to train at {width}x{height}");
    found.of_pictures(Level::Note, "enlarged", &slightly, what, "");
    let cropped = options.cropped;
    let lost = those(&|placement| placement.lost() > cropped);
    let what = |number: &str| {
        format!(
            "{number} would lose more than {:.0} % to the crop at {width}x{height}",
            cropped * 100.0
        )
    };
    found.of_pictures(
        Level::Warning,
        "cropped",
        &lost,
        what,
        "see `danlu tags buckets`; crop by hand, or allow longer buckets",
    );
}
