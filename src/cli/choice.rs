//! The pictures that `--where` chooses.

use std::path::Path;

use danlu::data::buckets::hand::Hands;
use danlu::data::buckets::{Buckets, Settings};
use danlu::data::journal::Journal;
use danlu::data::picture::twins::{self, pairs, prints};
use danlu::data::query::saved::Saved;
use danlu::data::query::{Files, Ground, Needs, Query};
use danlu::data::set::Set;
use danlu::data::tags::Index;
use danlu::data::tokens::Counter;
use danlu::ui::text::safe;

use super::context::Context;
use super::dataset::work::Work;
use super::failure::Failure;

/// All pictures, or those of a query, in which `@name` may stand for one that was saved on the screen. Headers, pixels and the journal
/// are read only where the query asks for what they tell.
pub(super) fn pictures(
    context: &Context,
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
        facts: &files(context, set, query.needs())?,
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
        .map_err(|error| Failure::usage(safe(&error.to_string())).hint(safe(error.hint())))
}

fn files(context: &Context, set: &Set, needs: Needs) -> Result<Files, Failure> {
    let failed = |sentence: String| Failure::failed(safe(&sentence));
    let mut files = Files::default();
    if needs.sizes {
        let buckets = Buckets::new(&Settings::default()).map_err(|error| failed(error.to_string()))?;
        let hands = Hands::read(&set.root).map_err(|error| failed(error.to_string()))?;
        files = files.with_sizes(set, &buckets, &hands);
    }
    if needs.changes {
        let changed = Journal::at(&set.root).changed().map_err(|error| {
            let hint = error.hint();
            failed(error.to_string()).maybe_hint(hint)
        })?;
        files = files.with_changes(set, &changed);
    }
    if needs.duplicates {
        let all: Vec<usize> = (0..set.pictures.len()).collect();
        let memory = twins::place(&context.paths.cache_dir, set);
        let work = Work::begin()?;
        let prints = work
            .watch("looking at pictures", |watch| prints(set, &all, Some(&memory), watch))?
            .prints;
        let pairs = work.watch("comparing", |watch| {
            pairs::pairs(&prints, pairs::Nearness::default(), watch)
        })?;
        files = files.with_duplicates(set, pairs.iter().flat_map(|pair| [pair.first, pair.second]));
    }
    Ok(files)
}
