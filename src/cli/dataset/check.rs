//! `danlu dataset check`: what is wrong with a dataset.

use std::path::{Path, PathBuf};

use clap::Args;
use danlu::data::buckets::Settings;
use danlu::data::config::{Arguments, Config};
use danlu::data::draws::seen::Limit;
use danlu::data::health::{self, Level, Report};
use danlu::data::set;
use danlu::ui::text::{safe, safe_lines};

use super::pictures::size;
use super::work::{Work, count};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::tags::edits::open_any;
use crate::cli::{print, print_json};

/// Files that are named of each finding.
const SHOWN: usize = 5;

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub(in crate::cli) struct Options {
    /// The dataset: a folder or a dataset TOML
    dir: PathBuf,
    /// The resolution that is trained at: `512`, `768x512`
    #[arg(long, value_name = "SIZE", value_parser = size, default_value = "512", allow_hyphen_values = true)]
    resolution: (u32, u32),
    /// The shortest side of a bucket
    #[arg(long, value_name = "PIXELS", default_value_t = 256, allow_negative_numbers = true)]
    min_bucket: u32,
    /// The longest side of a bucket
    #[arg(long, value_name = "PIXELS", default_value_t = 1024, allow_negative_numbers = true)]
    max_bucket: u32,
    /// What the sides of buckets are multiples of
    #[arg(long, value_name = "PIXELS", default_value_t = 64, allow_negative_numbers = true)]
    bucket_step: u32,
    /// Never enlarge a picture
    #[arg(long)]
    no_upscale: bool,
    /// How many tokens of a caption are trained on
    #[arg(long, value_name = "N", default_value = "75", value_parser = ["75", "150", "225"], allow_negative_numbers = true)]
    tokens: String,
    /// Read headers only; broken pictures are then not found
    #[arg(long)]
    quick: bool,
    /// What captions end in. Of a dataset TOML that does not say it, `.caption` unless this is set
    #[arg(long, value_name = "EXT", default_value = ".txt,.caption")]
    extension: String,
    /// Name every file
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

pub(in crate::cli) fn run(_context: &Context, options: &Options) -> Result<(), Failure> {
    let captions = set::Options {
        extension: options.extension.clone(),
        ..set::Options::default()
    };
    let set = open_any(&options.dir, &captions)?;
    let buckets = Settings {
        resolution: [options.resolution.0, options.resolution.1],
        enable: true,
        min: options.min_bucket,
        max: options.max_bucket,
        step: options.bucket_step,
        no_upscale: options.no_upscale,
    };
    let wanted = health::Options {
        buckets,
        config: config(&options.dir, buckets)?,
        tokens: options
            .tokens
            .parse()
            .ok()
            .and_then(Limit::of_tokens)
            .unwrap_or_default(),
        decode: !options.quick,
        ..health::Options::default()
    };
    let report = Work::begin()?.watch("looking at pictures", |watch| health::check(&set, &wanted, watch))?;
    if options.json {
        print_json(&report)
    } else {
        print(describe(&report, options.all))
    }
}

/// What a dataset TOML says. Buckets are used where it says so; for the rest, where it says nothing, the command line counts, as in
/// training.
fn config(dir: &Path, buckets: Settings) -> Result<Option<(PathBuf, Config)>, Failure> {
    if !dir.is_file() {
        return Ok(None);
    }
    let mut arguments = Arguments {
        has_resolution: true,
        ..Arguments::default()
    };
    arguments.dataset.buckets = Settings {
        enable: false,
        ..buckets
    };
    let config = Config::read(dir, &arguments)
        .map_err(|error| Failure::failed(safe_lines(&error.to_string())).maybe_hint(error.hint()))?;
    Ok(Some((dir.to_owned(), config)))
}

/// The dataset's own folder has no name in it.
fn named(path: &str) -> &str {
    if path.is_empty() { "." } else { path }
}

fn describe(report: &Report, all: bool) -> String {
    let mut lines = vec![format!(
        "{}, {}",
        count(report.pictures, "picture"),
        count(report.captions, "caption")
    )];
    for folder in &report.folders {
        let reg = if folder.is_reg { ", regularization" } else { "" };
        let name = named(&folder.folder);
        lines.push(format!(
            "  {}: {} x {}{reg}",
            safe(name),
            count(folder.pictures, "picture"),
            folder.repeats
        ));
    }
    for finding in &report.findings {
        let level = match finding.level {
            Level::Error => "error",
            Level::Warning => "warning",
            Level::Note => "note",
        };
        lines.push(format!("{level}: {}", safe(&finding.to_string())));
        let shown = if all { finding.files.len() } else { SHOWN };
        lines.extend(
            finding
                .files
                .iter()
                .take(shown)
                .map(|file| format!("    {}", safe(named(file)))),
        );
        if finding.files.len() > shown {
            lines.push(format!("    … {} more; --all names them", finding.files.len() - shown));
        }
        if let Some(hint) = finding.hint() {
            lines.push(format!("  hint: {}", safe(&hint)));
        }
    }
    if report.findings.is_empty() {
        lines.push("nothing to complain about".to_owned());
    }
    lines.join("\n")
}
