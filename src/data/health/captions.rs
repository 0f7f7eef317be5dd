//! Captions as trainers read them.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Found, Level, Options, count};
use crate::data::tokens::Counter;

/// Fewer captions than this say nothing about what is common.
const FEW: usize = 5;
/// From this share on a tag is taken for the trigger.
const COMMON: f64 = 0.9;

pub(super) fn check(found: &mut Found<'_>, options: &Options) {
    let set = found.set;
    let those =
        |is: &dyn Fn(usize) -> bool| -> Vec<usize> { (0..set.pictures.len()).filter(|&picture| is(picture)).collect() };
    let document = |picture: usize| set.pictures[picture].caption.as_ref().map(|caption| &caption.document);
    let unreadable: Vec<usize> = set.unreadable.keys().copied().collect();
    found.of_pictures(
        Level::Error,
        "caption-unreadable",
        &unreadable,
        |number| format!("{number} whose caption cannot be read"),
        "see the files' permissions",
    );
    let missing = those(&|picture| document(picture).is_none() && !set.unreadable.contains_key(&picture));
    let is_all = missing.len() == set.pictures.len();
    let what = |number: &str| format!("{number} without a caption: the folder's class words stand in, or nothing");
    let hint = if is_all {
        "`danlu tags auto` proposes captions; with class words alone that may be what you want"
    } else {
        "write them, or let `danlu tags auto` propose some"
    };
    found.of_pictures(
        if is_all { Level::Note } else { Level::Warning },
        "uncaptioned",
        &missing,
        what,
        hint,
    );
    let encoded = those(&|picture| document(picture).is_some_and(|document| !document.is_utf8()));
    let what = |number: &str| format!("{number} whose caption is not UTF-8: kohya's scripts stop there");
    found.of_pictures(
        Level::Error,
        "encoding",
        &encoded,
        what,
        "save them as UTF-8 with an editor",
    );
    let marked = those(&|picture| document(picture).is_some_and(crate::data::document::Document::has_bom));
    let what = |number: &str| {
        format!("{number} whose caption begins with a byte order mark, which becomes a part of the first tag")
    };
    found.of_pictures(
        Level::Warning,
        "bom",
        &marked,
        what,
        "`danlu tags clean`, or save them as UTF-8 without BOM",
    );
    let texts: Vec<Option<String>> = (0..set.pictures.len())
        .map(|picture| document(picture).map(|document| document.text().into_owned()))
        .collect();
    let text = |picture: usize| texts[picture].as_deref();
    let empty = those(&|picture| text(picture).is_some_and(|text| text.trim().is_empty()));
    let what =
        |number: &str| format!("{number} with an empty caption: nothing stands in for it, not even the class words");
    found.of_pictures(
        Level::Warning,
        "empty",
        &empty,
        what,
        "write them, or remove the empty files",
    );
    let lines = those(&|picture| {
        text(picture).is_some_and(|text| text.trim().lines().filter(|line| !line.trim().is_empty()).count() > 1)
    });
    let what = |number: &str| format!("{number} whose caption has several lines: kohya's scripts read the first only");
    found.of_pictures(
        Level::Warning,
        "lines",
        &lines,
        what,
        "join the lines, or train with enable_wildcard, which draws one of them",
    );
    tokens(found, &texts, options);
    trigger(found);
}

fn tokens(found: &mut Found<'_>, texts: &[Option<String>], options: &Options) {
    let counter = Counter::default();
    let most = options.tokens.tokens();
    let long: Vec<usize> = texts
        .iter()
        .enumerate()
        // A token has at least one byte.
        .filter(|(_, text)| {
            text.as_ref()
                .is_some_and(|text| text.len() > most && counter.count(text) > most)
        })
        .map(|(picture, _)| picture)
        .collect();
    let what = |number: &str| format!("{number} whose caption has more than {most} tokens: the rest is not learned");
    let hint = if most < 225 {
        "shorten them, or train with max_token_length 150 or 225"
    } else {
        "shorten them"
    };
    found.of_pictures(Level::Warning, "tokens", &long, what, hint);
}

/// Whether the training captions have a word in common by which the subject is called later, and whether it comes first.
fn trigger(found: &mut Found<'_>) {
    let set = found.set;
    let mut captions = 0;
    let mut having: HashMap<Cow<'_, str>, usize> = HashMap::new();
    let mut leading: HashMap<Cow<'_, str>, usize> = HashMap::new();
    for (number, picture) in set.pictures.iter().enumerate() {
        let Some(caption) = &picture.caption else { continue };
        if set.subsets[picture.subset as usize].is_reg {
            continue;
        }
        let mut tags: Vec<Cow<'_, str>> = caption
            .document
            .tags(set.separator(number))
            .map(|tag| tag.text)
            .collect();
        let Some(first) = tags.first().cloned() else { continue };
        captions += 1;
        *leading.entry(first).or_default() += 1;
        tags.sort_unstable();
        tags.dedup();
        for tag in tags {
            *having.entry(tag).or_default() += 1;
        }
    }
    if captions < FEW {
        return;
    }
    let share = |count: usize| count as f64 / captions as f64;
    let best = having.into_iter().max_by(|a, b| {
        a.1.cmp(&b.1)
            .then(leading.get(&a.0).cmp(&leading.get(&b.0)))
            .then_with(|| b.0.cmp(&a.0))
    });
    let Some((tag, having)) = best else { return };
    let first = leading.get(&tag).copied().unwrap_or_default();
    if share(having) < COMMON {
        let what = format!(
            "no tag is in nine of ten captions; the most common one, {tag:?}, is in {:.0} %",
            share(having) * 100.0
        );
        found.say(
            Level::Note,
            "trigger",
            what,
            "for a subject or style, put a word of its own first: `danlu tags add --front`",
        );
    } else if first < having {
        let what = format!(
            "{tag:?} is in {:.0} % of captions, but first in {:.0} % only",
            share(having) * 100.0,
            share(first) * 100.0
        );
        let hint = "shuffling keeps tags in place at the front only (keep_tokens): `danlu tags first`";
        found.say(Level::Note, "trigger-place", what, hint);
    } else if having < captions {
        let without = captions - having;
        found.say(
            Level::Note,
            "trigger-missing",
            format!(
                "{} without {tag:?}, which all others begin with",
                count(without, "caption")
            ),
            "`danlu tags add --front`",
        );
    }
}
