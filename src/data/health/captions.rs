//! Captions as trainers read them.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Found, Options, Use, What};
use crate::data::set::Set;
use crate::data::tokens::Counter;

/// Fewer captions than this say nothing about what is common.
const FEW: usize = 5;
/// From this share on a tag is taken for the trigger.
const COMMON: f64 = 0.9;

pub(super) fn check(found: &mut Found<'_>, options: &Options, uses: &[Use<'_>]) {
    let set = found.set;
    let those =
        |is: &dyn Fn(usize) -> bool| -> Vec<usize> { (0..set.pictures.len()).filter(|&picture| is(picture)).collect() };
    let document = |picture: usize| set.pictures[picture].caption.as_ref().map(|caption| &caption.document);
    let unreadable: Vec<usize> = set.unreadable.keys().copied().collect();
    found.of_pictures(What::Unreadable, &unreadable);
    let missing = those(&|picture| document(picture).is_none() && !set.unreadable.contains_key(&picture));
    let all = missing.len() == set.pictures.len();
    found.of_pictures(What::Uncaptioned { all }, &missing);
    let encoded = those(&|picture| document(picture).is_some_and(|document| !document.is_utf8()));
    found.of_pictures(What::Encoding, &encoded);
    let marked = those(&|picture| document(picture).is_some_and(crate::data::document::Document::has_bom));
    found.of_pictures(What::Bom, &marked);
    let texts: Vec<Option<String>> = (0..set.pictures.len())
        .map(|picture| document(picture).map(|document| document.text().into_owned()))
        .collect();
    let text = |picture: usize| texts[picture].as_deref();
    let nothing = |picture: usize| document(picture).is_some_and(|document| document.bytes.is_empty());
    found.of_pictures(What::Void, &those(&nothing));
    let empty = those(&|picture| text(picture).is_some_and(|text| text.trim().is_empty()) && !nothing(picture));
    found.of_pictures(What::Empty, &empty);
    let draws = of_pictures(set, uses, true, |draws, one| *draws &= one.subset.captions.wildcard);
    let is_used = of_pictures(set, uses, false, |used, _| *used = true);
    let lines = those(&|picture| {
        let several = |text: &str| text.trim().lines().filter(|line| !line.trim().is_empty()).count() > 1;
        text(picture).is_some_and(several) && !(is_used[picture] && draws[picture])
    });
    found.of_pictures(What::Lines, &lines);
    tokens(found, &texts, options);
    trigger(found, options, uses);
}

/// Something of each picture, by all uses of it.
fn of_pictures<T: Clone>(set: &Set, uses: &[Use<'_>], begin: T, add: impl Fn(&mut T, &Use<'_>)) -> Vec<T> {
    let mut of = vec![begin; set.pictures.len()];
    for one in uses {
        for &picture in &one.pictures {
            add(&mut of[picture], one);
        }
    }
    of
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
    found.of_pictures(What::Tokens { most }, &long);
}

/// Whether the training captions have a word in common by which the subject is called later, and whether it comes first.
///
/// A configuration says how many tags stay in front, and whether any move at all.
fn trigger(found: &mut Found<'_>, options: &Options, uses: &[Use<'_>]) {
    let set = found.set;
    let kept = of_pictures(set, uses, 1, |kept, one| {
        *kept = usize::try_from(one.subset.captions.keep_tokens).unwrap_or(0).max(*kept);
    });
    let moves = |one: &Use<'_>| {
        let rules = &one.subset.captions;
        rules.shuffle || rules.tag_dropout_rate > 0.0 || rules.warmup_step > 0.0
    };
    let moves = options.config.is_none() || uses.iter().any(moves);
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
        if tags.is_empty() {
            continue;
        }
        captions += 1;
        let front = &tags[..kept[number].min(tags.len())];
        for (at, tag) in front.iter().enumerate() {
            if !front[..at].contains(tag) {
                *leading.entry(tag.clone()).or_default() += 1;
            }
        }
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
    let (of, in_front) = (share(having), share(first));
    let tag = tag.into_owned();
    if of < COMMON {
        found.say(What::NoTrigger { tag, share: of });
    } else if first < having && moves {
        found.say(What::TriggerPlace {
            tag,
            share: of,
            first: in_front,
        });
    } else if having < captions {
        let without = captions - having;
        found.say(What::TriggerMissing { tag, without });
    }
}
