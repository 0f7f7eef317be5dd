//! The pictures that `--where` chooses.

use std::path::Path;

use danlu::data::buckets::hand::Hands;
use danlu::data::buckets::{self, Buckets, Settings};
use danlu::data::config::{Arguments, Config};
use danlu::data::journal::Journal;
use danlu::data::picture::twins;
use danlu::data::query::saved::Saved;
use danlu::data::query::{Files, Ground, Needs, Query, Sizes};
use danlu::data::set::Set;
use danlu::data::tags::Index;
use danlu::data::tokens::Counter;
use danlu::ui::text::{safe, safe_lines};

use super::context::Context;
use super::dataset::work::Work;
use super::failure::Failure;

/// All pictures, or those of a query, in which `@name` may stand for one that was saved on the screen. Headers, pixels and the journal
/// are read only where the query asks for what they tell. `dir` is what the set was opened by: the buckets of a dataset TOML are its own.
pub(super) fn pictures(
    context: &Context,
    dir: &Path,
    set: &Set,
    index: &Index,
    query: Option<&str>,
) -> Result<Vec<usize>, Failure> {
    let Some(text) = query else {
        return Ok((0..set.pictures.len()).collect());
    };
    let query = parse(context, text)?;
    let ground = Ground {
        set,
        index,
        tokens: &Counter::default(),
        facts: &files(context, dir, set, query.needs())?,
    };
    Ok(query.select(&ground))
}

fn parse(context: &Context, text: &str) -> Result<Query, Failure> {
    let saved = if text.contains('@') {
        let settings = context.global.config.as_ref().unwrap_or(&context.paths.config_file);
        let folder = settings.parent().unwrap_or(Path::new(""));
        Saved::open(&folder.join("queries.toml")).map_err(|error| Failure::failed(safe(&error.to_string())))?
    } else {
        Saved::default()
    };
    saved
        .parse(text)
        .map_err(|error| Failure::usage(safe(&error.to_string())).hint(safe(&error.hint())))
}

fn files(context: &Context, dir: &Path, set: &Set, needs: Needs) -> Result<Files, Failure> {
    let failed = |sentence: String| Failure::failed(safe(&sentence));
    let mut files = Files::default();
    if needs.sizes {
        let hands = Hands::read(&set.root).map_err(|error| failed(error.to_string()))?;
        let unusable = |error: buckets::Error| failed(error.to_string());
        let sizes = if dir.is_file() {
            Sizes::of_config(set, &config(dir)?, &hands).map_err(unusable)?
        } else {
            Sizes::read(set, &Buckets::new(&Settings::default()).map_err(unusable)?, &hands)
        };
        files.put_sizes(sizes);
    }
    if needs.changes {
        let changed = Journal::at(&set.root).changed().map_err(|error| {
            let hint = error.hint();
            failed(error.to_string()).maybe_hint(hint)
        })?;
        files.put_changes(set, &changed);
    }
    if needs.duplicates {
        let memory = twins::place(&context.paths.cache_dir, set);
        let duplicates = Work::begin()?.watch("comparing", |watch| twins::alike(set, &memory, watch))?;
        files.put_duplicates(set, duplicates);
    }
    Ok(files)
}

/// A dataset TOML as training reads it, at 512x512 where it says no resolution.
fn config(file: &Path) -> Result<Config, Failure> {
    let arguments = Arguments {
        has_resolution: true,
        ..Arguments::default()
    };
    Config::read(file, &arguments)
        .map_err(|error| Failure::failed(safe_lines(&error.to_string())).maybe_hint(error.hint()))
}
