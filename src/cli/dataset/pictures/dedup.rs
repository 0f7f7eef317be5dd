//! `danlu dataset dedup`: near-duplicates, shown in groups, the worse moved to the trash.

use clap::Args;
use danlu::data::picture::facts;
use danlu::data::picture::twins::choice::{Group, changes, groups};
use danlu::data::picture::twins::pairs::{Nearness, pairs};
use danlu::data::picture::twins::{self, prints};
use danlu::data::set::Set;
use danlu::ui::text::safe;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::super::work::{Common, Work, count, lines};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{print, print_json};

#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    #[command(flatten)]
    common: Common,
    /// In how many of 128 bits hashes may differ for pictures to be looked at closely
    #[arg(long, value_name = "BITS", default_value_t = 28, value_parser = clap::value_parser!(u32).range(0..=64), allow_negative_numbers = true)]
    distance: u32,
    /// How alike they must be then
    #[arg(long, value_name = "SHARE", default_value_t = 0.96, value_parser = super::share, allow_negative_numbers = true)]
    likeness: f64,
    /// Also move mirrored copies, which are only shown else
    #[arg(long)]
    mirrored: bool,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let common = &options.common;
    let (set, pictures) = common.open_to_move(context)?;
    let work = Work::begin()?;
    let memory = twins::place(&context.paths.cache_dir, &set);
    let found = work.watch("reading pictures", |watch| {
        prints(&set, &pictures, Some(&memory), watch)
    })?;
    let nearness = Nearness {
        distance: options.distance,
        likeness: options.likeness as f32,
    };
    let pairs = work.watch("comparing", |watch| pairs(&found.prints, nearness, watch))?;
    let facts: Vec<_> = pictures
        .par_iter()
        .map(|&picture| facts(&set.pictures[picture].path).ok())
        .collect();
    let groups = groups(&set, &pictures, &facts, &pairs);
    let changes = changes(&set, &groups, options.mirrored);
    if !common.json {
        let troubles = found
            .troubles
            .iter()
            .map(|trouble| safe(&trouble.to_string()).into_owned())
            .collect::<Vec<_>>();
        if !troubles.is_empty() {
            print(lines(common.all, troubles))?;
        }
        if !groups.is_empty() {
            print(lines(
                common.all,
                groups.iter().map(|group| told(&set, group)).collect(),
            ))?;
        }
    }
    if common.write {
        return work.commit(&set, "dataset dedup", changes, None, common.json);
    }
    if common.json {
        let groups: Vec<Value> = groups.iter().map(|group| described(&set, group)).collect();
        return print_json(&json!({"written": false, "groups": groups}));
    }
    print(format!(
        "{}; {} would go to the trash; --write does it",
        count(groups.len(), "group"),
        count(changes.len(), "file")
    ))
}

fn told(set: &Set, group: &Group) -> String {
    let name = |picture: usize| safe(&set.relative(&set.pictures[picture].path)).into_owned();
    let mut text = format!("keep {}", name(group.keep));
    for twin in &group.others {
        let how = if twin.mirrored { "mirrored, " } else { "" };
        text += &format!(
            "\n     {}  ({how}{:.1} % alike, {} bits; {})",
            name(twin.picture),
            twin.likeness * 100.0,
            twin.distance,
            twin.because
        );
    }
    text
}

fn described(set: &Set, group: &Group) -> Value {
    let name = |picture: usize| set.relative(&set.pictures[picture].path);
    let others = group.others.iter().map(|twin| {
        json!({"file": name(twin.picture), "distance": twin.distance, "likeness": twin.likeness, "mirrored": twin.mirrored, "because": twin.because})
    });
    json!({"keep": name(group.keep), "others": others.collect::<Vec<_>>()})
}
