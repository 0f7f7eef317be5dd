//! `danlu tags stats`: how often tags stand in captions, as a table with bars or as JSON.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use danlu::data::edit::Threshold;
use danlu::data::set::Set;
use danlu::data::tags::{Against, Category, Counts, Index, Order, Surprise, TagId, category};
use danlu::ui::text::{pad_start, safe, truncate};
use serde_json::json;

use super::args::{self, Files};
use super::{open_any, warn_of_unread};
use crate::cli::choice;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{print, print_json, table};

/// Columns of a full bar.
const BAR: usize = 20;

#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// The dataset: a folder or a dataset TOML
    dir: PathBuf,
    /// Only pictures that this query chooses, such as `tag:fox -name:*draft*`
    #[arg(long = "where", value_name = "QUERY", allow_hyphen_values = true)]
    query: Option<String>,
    #[command(flatten)]
    files: Files,
    /// What tags are sorted by; `surprise` puts those first that are far more or fewer than expected
    #[arg(long, default_value = "count")]
    sort: Sort,
    /// Only tags about this, as far as their words tell
    #[arg(long, value_name = "NAME", value_parser = args::categories())]
    category: Vec<Category>,
    /// Only tags that at least so many captions have: `80%`, or a number of captions
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    at_least: Option<Threshold>,
    /// Only tags that at most so many captions have
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    at_most: Option<Threshold>,
    /// At most so many tags
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    limit: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Sort {
    Count,
    Name,
    Length,
    Surprise,
}

pub(super) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let set = open_any(&options.dir, &options.files.options())?;
    warn_of_unread(&set, &options.dir);
    let index = Index::of(&set);
    let chosen = match &options.query {
        Some(query) => Some(choice::pictures(context, &options.dir, &set, &index, Some(query))?),
        None => None,
    };
    let counts = index.counts(chosen.as_deref());
    let surprises = match options.sort {
        Sort::Surprise => index.surprises(chosen.as_deref()),
        _ => Vec::new(),
    };
    let mut tags = match options.sort {
        Sort::Count => index.sorted_by(Order::Count, &counts),
        Sort::Name => index.sorted_by(Order::Name, &counts),
        Sort::Length => index.sorted_by(Order::Length, &counts),
        Sort::Surprise => surprises.iter().map(|surprise| surprise.tag).collect(),
    };
    tags.retain(|&tag| is_wanted(options, &index, &counts, tag));
    tags.truncate(options.limit.unwrap_or(usize::MAX));
    if options.json {
        let tag = |&tag: &TagId| json!({"tag": index.name(tag), "count": counts.occurrences[tag.0 as usize]});
        return print_json(&json!({
            "images": counts.pictures,
            "captions": counts.captioned,
            "tags": tags.iter().map(tag).collect::<Vec<_>>(),
        }));
    }
    let mut lines = vec![head(&set, &index, &counts)];
    lines.extend(
        tags.iter()
            .map(|&tag| line(&index, &counts, tag, &remark(&set, &index, &surprises, tag))),
    );
    print(lines.join("\n"))
}

fn is_wanted(options: &Options, index: &Index, counts: &Counts, tag: TagId) -> bool {
    let captions = counts.captions[tag.0 as usize];
    options
        .at_least
        .is_none_or(|least| least.reached(captions, counts.captioned))
        && options.at_most.is_none_or(|most| most.kept(captions, counts.captioned))
        && (options.category.is_empty() || options.category.contains(&category(index.name(tag))))
}

fn head(set: &Set, index: &Index, counts: &Counts) -> String {
    let number = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    let tags = index.sorted_by(Order::Count, counts).len();
    let mut head = format!(
        "{}, {}, {}",
        number(counts.pictures as usize, "picture"),
        number(counts.captioned as usize, "caption"),
        number(tags, "tag")
    );
    if !set.ignored.is_empty() {
        head += &format!("; {} left out, see `danlu dataset check`", set.ignored.len());
    }
    head
}

/// Count, share of the captions, bar, tag: as wide as the terminal.
fn line(index: &Index, counts: &Counts, tag: TagId, remark: &str) -> String {
    let captions = counts.captions[tag.0 as usize] as usize;
    let all = counts.captioned.max(1) as usize;
    // A tag that is there has at least a little bar.
    let eighths = (captions * BAR * 8 / all).max(1);
    let part = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"][eighths % 8];
    let bar = "█".repeat(eighths / 8) + part;
    let share = format!("{:.0}%", captions as f64 * 100.0 / all as f64);
    let count = counts.occurrences[tag.0 as usize].to_string();
    let text = format!(
        "{}  {}  {}  {}{remark}",
        pad_start(&count, 7),
        pad_start(&share, 4),
        danlu::ui::text::pad(&bar, BAR),
        safe(index.name(tag))
    );
    match table::width() {
        Some(width) => truncate(&text, width).into_owned(),
        None => text,
    }
}

/// What makes a tag surprising.
fn remark(set: &Set, index: &Index, surprises: &[Surprise], tag: TagId) -> String {
    let Some(surprise) = surprises.iter().find(|surprise| surprise.tag == tag) else {
        return String::new();
    };
    // Few are told with a part of one: 1 where 0 were expected would be no news.
    let expected = if surprise.expected < 9.95 {
        format!("{:.1}", surprise.expected)
    } else {
        format!("{:.0}", surprise.expected)
    };
    let beside = match surprise.against {
        Against::Whole => "here".to_owned(),
        Against::Folder(folder) => match &*set.relative(&set.subsets[folder as usize].folder) {
            "" => "in the dataset's own folder".to_owned(),
            name => format!("in {}", safe(name)),
        },
        Against::Tag(other) => format!("with {}", safe(index.name(other))),
        Against::Nothing => return String::new(),
    };
    format!("  ({} {beside}, expected {expected})", surprise.found)
}
