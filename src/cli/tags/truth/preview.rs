//! `danlu tags preview`: captions as the text encoder will see them.

use std::path::PathBuf;

use clap::Args;
use danlu::data::batches::group::{self, Group};
use danlu::data::batches::shown::Shown;
use danlu::data::buckets::Size;
use danlu::data::config::{Arguments, Subset};
use danlu::data::draws::preview::{Course, Draw, at, draws};
use danlu::data::draws::seen::Limit;
use danlu::data::draws::weighted::{Run, Weighted};
use danlu::data::draws::{self, Source};
use danlu::data::set;
use danlu::ui::text::safe;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::ground::Ground;
use super::{options, warn};
use crate::cli::failure::Failure;
use crate::cli::{print, print_json};

/// No picture is drawn more often than this at once, and no later epoch is dealt.
const MOST: u32 = 10_000;

#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// The folder with the pictures, or a dataset TOML
    dir: PathBuf,
    /// A dataset TOML or JSON of kohya's scripts, whose options go before those here
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How often each caption is drawn
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)), allow_negative_numbers = true)]
    draws: u32,
    /// What the order of batches, and the random numbers of each picture, begin with
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    seed: i64,
    /// The epoch of the first draw
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)), allow_negative_numbers = true)]
    epoch: u32,
    /// How many steps the run has, for the warm-up of tags
    #[arg(long, value_name = "N", default_value_t = 1600, allow_negative_numbers = true)]
    max_train_steps: u32,
    /// How many epochs the run has, in place of steps
    #[arg(
        long,
        value_name = "N",
        conflicts_with = "max_train_steps",
        allow_negative_numbers = true
    )]
    max_train_epochs: Option<u32>,
    /// How many tokens the encoder takes: 75, 150 or 225
    #[arg(long, value_name = "N", default_value = "75", value_parser = limit, allow_negative_numbers = true)]
    max_token_length: Limit,
    /// Let brackets in captions weigh, as kohya's `--weighted_captions` does: `(fox:1.2)`, `[sky]`
    #[arg(long, alias = "weighted_captions")]
    weighted_captions: bool,
    #[command(flatten)]
    captions: options::Captions,
    #[command(flatten)]
    buckets: options::Buckets,
    /// Print JSON: `[{"file":…,"source":"file"|"metadata"|"class_tokens"|"nothing","caption":…,"draws":[{"epoch":…,"step":…,"caption":…,"tokens":…,"chunks":[…],"lost":…|null},…]},…]`;
    /// with `"used":false` and no draws where training does not take the picture; with `--weighted-captions`, draws have
    /// `"weights":[{"text":…,"weight":…,"tokens":…},…]` as well: what is read under one weight, and how many of its tokens are seen
    #[arg(long)]
    json: bool,
}

fn limit(text: &str) -> Result<Limit, String> {
    let limit = text.parse().ok().and_then(Limit::of_tokens);
    limit.ok_or_else(|| "use 75, 150 or 225".to_owned())
}

pub(super) fn run(options: &Options) -> Result<(), Failure> {
    let mut of_set = set::Options {
        separator: options.captions.separator.clone(),
        ..set::Options::default()
    };
    if let Some(extension) = &options.captions.extension {
        of_set.extension.clone_from(extension);
    }
    let ground = Ground::open(&options.dir, options.config.as_deref(), &of_set, |has_config| {
        Arguments {
            subset: Subset {
                captions: options.captions.rules(),
                ..Subset::default()
            },
            ..options.buckets.arguments(has_config)
        }
    })?;
    let sizes = ground.sizes();
    let mut group = group(&ground, &sizes, options.seed)?;
    let used = group.as_ref().map(Group::used);
    let course = course(group.as_ref(), options);
    let count = options.draws as usize;
    let deal = |group| Shown::new(group, course.seed, course.epoch, count);
    let shown = group.as_mut().map(deal).unwrap_or_default();
    let mut seen = Vec::new();
    for ([of, number], _, subset, mut pictures) in ground.used() {
        pictures.sort_unstable();
        let repeats = u32::try_from(subset.num_repeats.max(1)).unwrap_or(u32::MAX);
        let drawn = pictures.into_par_iter().map(|picture| {
            let before = draws::before(&ground.set, picture, subset);
            let place = [of, number, picture];
            let rules = &subset.captions;
            // What cannot be dealt because it cannot be read, and what is for validation, has no step of its own.
            let is_used = sizes[picture].is_err() || used.as_ref().is_none_or(|used| used.contains(&place));
            Picture {
                file: ground.name(picture),
                draws: match shown.times(place) {
                    Some(times) => at(rules, &before.text, times.iter().copied(), &course),
                    None if is_used => draws(rules, &before.text, repeats, &course, count),
                    None => Vec::new(),
                },
                source: before.source,
                caption: before.text,
                is_used,
            }
        });
        seen.par_extend(drawn);
    }
    if options.weighted_captions {
        seen.iter().filter_map(Picture::fault).for_each(|fault| warn(&fault));
    }
    if options.json {
        return print_json(&seen.iter().map(Picture::json).collect::<Vec<_>>());
    }
    print(seen.iter().map(Picture::text).collect::<Vec<_>>().join("\n"))
}

/// How the run goes.
fn course(group: Option<&Group>, options: &Options) -> Course {
    let steps = group.map_or(0, Group::len) as i64;
    Course {
        seed: options.seed,
        epoch: options.epoch.into(),
        steps,
        max_train_steps: match options.max_train_epochs {
            Some(epochs) => steps.saturating_mul(epochs.into()),
            None => options.max_train_steps.into(),
        },
        limit: options.max_token_length,
        weighted: options.weighted_captions,
    }
}

/// The batches; none where no picture can be read, which hides no caption.
fn group(ground: &Ground, sizes: &[Result<Size, String>], seed: i64) -> Result<Option<Group>, Failure> {
    match ground.deal(sizes, &ground.hands()?, seed) {
        Ok(group) => {
            group.notes.iter().for_each(|note| warn(note));
            Ok(Some(group))
        }
        Err(group::Error::Nothing) => Ok(None),
        Err(error) => Err(Failure::failed(error.to_string()).maybe_hint(error.hint())),
    }
}

/// A line of what weighs other than 1; none where nothing does.
#[expect(clippy::float_cmp, reason = "what weighs 1 is not weighed at all")]
fn weights(weighted: &Weighted) -> String {
    let other = weighted.runs.iter().filter(|run| run.weight != 1.0);
    let told: Vec<_> = other
        .map(|run| {
            let weight = (run.weight * 1e4).round() / 1e4;
            let lost = if run.tokens == 0 && !run.text.trim().is_empty() {
                " (lost)"
            } else {
                ""
            };
            format!("{} x {weight}{lost}", safe(run.text.trim()))
        })
        .collect();
    if told.is_empty() {
        return String::new();
    }
    format!("{:15}weights: {}\n", "", told.join(" · "))
}

/// A picture with its draws.
struct Picture {
    file: String,
    source: Source,
    caption: String,
    draws: Vec<Draw>,
    is_used: bool,
}

impl Picture {
    fn source(&self) -> &'static str {
        match self.source {
            Source::File => "file",
            Source::Metadata => "metadata",
            Source::ClassTokens => "class_tokens",
            Source::Nothing => "nothing",
        }
    }

    fn json(&self) -> Value {
        let draw = |draw: &Draw| {
            let parts = || draw.seen.parts(&draw.caption);
            let chunks: Vec<_> = parts()
                .filter(|(chunk, _)| chunk.is_some())
                .map(|(_, part)| part)
                .collect();
            let mut told = json!({
                "epoch": draw.moment.epoch,
                "step": draw.moment.step,
                "caption": draw.caption,
                "tokens": draw.seen.tokens,
                "chunks": chunks,
                "lost": parts().find(|(chunk, _)| chunk.is_none()).map(|(_, part)| part),
            });
            if let Some(weighted) = &draw.weighted {
                let run = |run: &Run| json!({"text": run.text, "weight": run.weight, "tokens": run.tokens});
                told["weights"] = weighted.runs.iter().map(run).collect();
            }
            told
        };
        let mut told = json!({
            "file": self.file,
            "source": self.source(),
            "caption": self.caption,
            "draws": self.draws.iter().map(draw).collect::<Vec<_>>(),
        });
        if !self.is_used {
            told["used"] = json!(false);
        }
        told
    }

    /// Lines for people: where chunks end is a bar, and what is lost stands in brackets.
    fn text(&self) -> String {
        let whence = match self.source {
            Source::File | Source::Metadata => "",
            Source::ClassTokens => " (no caption: the class words stand in)",
            Source::Nothing => " (no caption and no class words)",
        };
        let whether = if self.is_used {
            ""
        } else {
            " (not used: training does not take it)"
        };
        let mut text = format!("{}{whence}{whether}\n", safe(&self.file));
        for draw in &self.draws {
            let mut line = String::new();
            for (chunk, part) in draw.seen.parts(&draw.caption) {
                line += &match chunk {
                    Some(0) => safe(part).into_owned(),
                    Some(_) => format!(" ┃ {}", safe(part)),
                    None => format!(" [lost: {}]", safe(part)),
                };
            }
            if draw.caption.is_empty() {
                line += "(empty)";
            }
            text += &format!(
                "  step {:>5}  {:>4} tokens  {line}\n",
                draw.moment.step, draw.seen.tokens
            );
            if let Some(weighted) = &draw.weighted {
                text += &weights(weighted);
            }
        }
        text
    }

    /// Where a weight is no number: trainers stop there.
    fn fault(&self) -> Option<String> {
        let fault = |draw: &Draw| Some(draw.caption[draw.weighted.as_ref()?.fault.clone()?].to_owned());
        let fault = self.draws.iter().find_map(fault)?;
        let number = fault.trim_matches([':', ')']);
        Some(format!(
            "{}: `{number}` is no number for a weight; kohya's trainers stop at it, here it is text",
            self.file
        ))
    }
}
