//! `danlu tags preview`: captions as the text encoder will see them.

use std::path::PathBuf;

use clap::Args;
use danlu::data::batches::group::{self, Group};
use danlu::data::buckets::hand::Hands;
use danlu::data::config::{Arguments, Subset};
use danlu::data::draws::preview::{Course, Draw, draws};
use danlu::data::draws::seen::Limit;
use danlu::data::draws::{self, Source};
use danlu::data::set;
use danlu::ui::text::safe;
use rayon::prelude::*;
use serde_json::{Value, json};

use super::ground::Ground;
use super::{options, warn};
use crate::cli::failure::Failure;
use crate::cli::{print, print_json};

/// No picture is drawn more often than this at once.
const MOST: u32 = 10_000;

#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// The folder with the pictures, or a dataset TOML
    dir: PathBuf,
    /// A dataset TOML or JSON of kohya's scripts, whose options go before those here
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// How often each caption is drawn
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=i64::from(MOST)))]
    draws: u32,
    /// What the random numbers of each picture begin with
    #[arg(long, value_name = "N", default_value_t = 0, allow_negative_numbers = true)]
    seed: i64,
    /// The epoch of the first draw
    #[arg(long, value_name = "N", default_value_t = 1)]
    epoch: u32,
    /// How many steps the run has, for the warm-up of tags
    #[arg(long, value_name = "N", default_value_t = 1600)]
    max_train_steps: u32,
    /// How many epochs the run has, in place of steps
    #[arg(long, value_name = "N", conflicts_with = "max_train_steps")]
    max_train_epochs: Option<u32>,
    /// How many tokens the encoder takes: 75, 150 or 225
    #[arg(long, value_name = "N", default_value = "75", value_parser = limit)]
    max_token_length: Limit,
    #[command(flatten)]
    captions: options::Captions,
    #[command(flatten)]
    buckets: options::Buckets,
    /// Print JSON: `[{"file":…,"source":"file"|"class_tokens"|"nothing","caption":…,"draws":[{"epoch":…,"step":…,"caption":…,"tokens":…,"chunks":[…],"lost":…|null},…]},…]`
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
                caption_extension: of_set.extension.clone(),
                ..Subset::default()
            },
            ..options.buckets.arguments(has_config)
        }
    })?;
    let course = course(&ground, options)?;
    let mut seen = Vec::new();
    for (_, subset, mut pictures) in ground.used() {
        pictures.sort_unstable();
        let repeats = u32::try_from(subset.num_repeats.max(1)).unwrap_or(u32::MAX);
        let drawn = pictures.into_par_iter().map(|picture| {
            let before = draws::before(&ground.set, picture, subset);
            Picture {
                file: ground.name(picture),
                draws: draws(&subset.captions, &before.text, repeats, &course, options.draws as usize),
                source: before.source,
                caption: before.text,
            }
        });
        seen.par_extend(drawn);
    }
    if options.json {
        return print_json(&seen.iter().map(Picture::json).collect::<Vec<_>>());
    }
    print(seen.iter().map(Picture::text).collect::<Vec<_>>().join("\n"))
}

/// How the run goes. Steps are counted, which takes every picture's size, only where captions depend on them.
fn course(ground: &Ground, options: &Options) -> Result<Course, Failure> {
    let subsets = ground.config.datasets.iter().flat_map(|dataset| &dataset.subsets);
    let steps = if subsets.clone().any(|subset| subset.captions.warmup_step > 0.0) {
        steps(ground, options.seed)?
    } else {
        0
    };
    Ok(Course {
        seed: options.seed,
        epoch: options.epoch.into(),
        steps,
        max_train_steps: match options.max_train_epochs {
            Some(epochs) => steps.saturating_mul(epochs.into()),
            None => options.max_train_steps.into(),
        },
        limit: options.max_token_length,
    })
}

/// Steps in an epoch: its batches.
fn steps(ground: &Ground, seed: i64) -> Result<i64, Failure> {
    let failed = |sentence: String, hint| Failure::failed(sentence).maybe_hint(hint);
    let hands = Hands::read(&ground.set.root).map_err(|error| failed(error.to_string(), error.hint()))?;
    let sizes: Vec<_> = ground.sizes().into_iter().map(Result::ok).collect();
    let group = Group::new(
        &ground.config,
        &group::Ground {
            set: &ground.set,
            sizes: &sizes,
            hands: &hands,
            seed,
        },
    );
    let group = group.map_err(|error| failed(error.to_string(), error.hint()))?;
    group.notes.iter().for_each(|note| warn(note));
    Ok(group.len() as i64)
}

/// A picture with its draws.
struct Picture {
    file: String,
    source: Source,
    caption: String,
    draws: Vec<Draw>,
}

impl Picture {
    fn source(&self) -> &'static str {
        match self.source {
            Source::File => "file",
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
            json!({
                "epoch": draw.moment.epoch,
                "step": draw.moment.step,
                "caption": draw.caption,
                "tokens": draw.seen.tokens,
                "chunks": chunks,
                "lost": parts().find(|(chunk, _)| chunk.is_none()).map(|(_, part)| part),
            })
        };
        json!({
            "file": self.file,
            "source": self.source(),
            "caption": self.caption,
            "draws": self.draws.iter().map(draw).collect::<Vec<_>>(),
        })
    }

    /// Lines for people: where chunks end is a bar, and what is lost stands in brackets.
    fn text(&self) -> String {
        let whence = match self.source {
            Source::File => "",
            Source::ClassTokens => " (no caption: the class words stand in)",
            Source::Nothing => " (no caption and no class words)",
        };
        let mut text = format!("{}{whence}\n", safe(&self.file));
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
            text += &format!("  {:>4} tokens  {line}\n", draw.seen.tokens);
        }
        text
    }
}
