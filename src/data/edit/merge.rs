//! Three versions of a caption, joined tag by tag.
//!
//! What either side took out goes, what either put in comes, and the order is that of the side that changed it. They contradict each
//! other where both put something else in the place of a tag, where one replaces what the other takes out, and where both bring the tags
//! into different orders. A sentence is one tag, so two changes of it always contradict. White space and line ends are those of `ours`;
//! where a side has more or fewer lines they contradict too.

use std::collections::{HashMap, HashSet};
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::slots::{Slots, glue};
use crate::data::document::Document;

/// Captions with more tags are not joined: comparing them would take long.
const MOST: usize = 5000;

/// What became of three versions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merged {
    /// Nothing contradicts; this is the text. `None` is no file.
    Clean(Option<Vec<u8>>),
    /// These contradict.
    Conflict(Vec<Clash>),
}

/// Tags that both sides changed, and not in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    /// As they were.
    pub base: Vec<String>,
    /// As danlu would have them.
    pub ours: Vec<String>,
    /// As they are.
    pub theirs: Vec<String>,
}

/// A tag and how many of the same stand before it: with that, none stands twice.
type Key = (Vec<u8>, usize);

/// A side, compared with the base.
struct Side {
    keys: Vec<Key>,
    has: HashSet<Key>,
    /// Tags of the base in another order.
    is_reordered: bool,
    /// Places of the base and of the side that differ. Of a side in another order these say nothing, and there are none.
    hunks: Vec<(Range<usize>, Range<usize>)>,
}

/// Joins what two sides made of `base`. `None` is a file that is not there.
pub fn merge(base: Option<&[u8]>, ours: Option<&[u8]>, theirs: Option<&[u8]>, separator: &str) -> Merged {
    if ours == theirs || theirs == base {
        return Merged::Clean(ours.map(<[u8]>::to_vec));
    }
    if ours == base {
        return Merged::Clean(theirs.map(<[u8]>::to_vec));
    }
    let documents = [base, ours, theirs].map(|text| Document::new(text.unwrap_or_default().to_vec()));
    let [base_keys, our_keys, their_keys] = documents.each_ref().map(|document| keys(document, separator));
    let most = base_keys.len().max(our_keys.len()).max(their_keys.len());
    let [base_lines, our_lines, their_lines] = documents.each_ref().map(lines);
    let has_new_lines = base_lines != our_lines || base_lines != their_lines;
    if ours.is_none() || theirs.is_none() || most > MOST || has_new_lines || documents.iter().any(Document::is_utf16) {
        return Merged::Conflict(vec![clash(&base_keys, &our_keys, &their_keys)]);
    }
    let [_, our_document, their_document] = &documents;
    let (ours, theirs) = (Side::new(&base_keys, our_keys), Side::new(&base_keys, their_keys));
    let clashes = clashes(&base_keys, &ours, &theirs);
    if !clashes.is_empty() {
        return Merged::Conflict(clashes);
    }
    let (kept, document, other) = if theirs.is_reordered && !ours.is_reordered {
        (theirs, their_document, ours)
    } else {
        (ours, our_document, theirs)
    };
    let glue = glue(separator);
    match join(&base_keys, &kept, Slots::new(document, separator, &glue), &other) {
        Some(bytes) => Merged::Clean(Some(bytes)),
        None => Merged::Conflict(vec![clash(&base_keys, &kept.keys, &other.keys)]),
    }
}

impl Side {
    fn new(base: &[Key], keys: Vec<Key>) -> Self {
        let has: HashSet<Key> = keys.iter().cloned().collect();
        let in_base: HashSet<&Key> = base.iter().collect();
        let here = keys.iter().filter(|key| in_base.contains(key));
        let there = base.iter().filter(|key| has.contains(*key));
        let is_reordered = !here.eq(there);
        let hunks = if is_reordered {
            Vec::new()
        } else {
            let operations = capture_diff_slices(Algorithm::Myers, base, &keys);
            let changed = operations
                .iter()
                .filter(|operation| !matches!(operation, DiffOp::Equal { .. }));
            changed
                .map(|operation| (operation.old_range(), operation.new_range()))
                .collect()
        };
        Self {
            keys,
            has,
            is_reordered,
            hunks,
        }
    }
}

fn clashes(base: &[Key], ours: &Side, theirs: &Side) -> Vec<Clash> {
    if ours.is_reordered && theirs.is_reordered {
        let common = |side: &Side, other: &Side| -> Vec<Key> {
            side.keys
                .iter()
                .filter(|key| other.has.contains(*key))
                .cloned()
                .collect()
        };
        if common(ours, theirs) != common(theirs, ours) {
            return vec![clash(base, &ours.keys, &theirs.keys)];
        }
    }
    let mut clashes = Vec::new();
    for (old, new) in &ours.hunks {
        for (their_old, their_new) in &theirs.hunks {
            let overlaps = old.start < their_old.end && their_old.start < old.end;
            let (a, b) = (&ours.keys[new.clone()], &theirs.keys[their_new.clone()]);
            let is_same = (old, a) == (their_old, b);
            let only_out = a.is_empty() && b.is_empty();
            if overlaps && !is_same && !only_out {
                let whole = old.start.min(their_old.start)..old.end.max(their_old.end);
                clashes.push(clash(&base[whole], a, b));
            }
        }
    }
    clashes
}

/// Makes in `slots`, the tags of `kept`, what `other` made of the base. `None` where a tag that comes is not UTF-8.
fn join<'a>(base: &[Key], kept: &Side, mut slots: Slots<'a>, other: &'a Side) -> Option<Vec<u8>> {
    let in_base: HashSet<&Key> = base.iter().collect();
    let goes = |key: &Key| in_base.contains(key) && !other.has.contains(key);
    slots.retain(|place| !goes(&kept.keys[place]));
    let mut keys: Vec<Key> = kept.keys.iter().filter(|key| !goes(key)).cloned().collect();
    // Where a tag of the base stood that has another name now.
    let renamed: HashMap<&Key, &Key> = kept
        .hunks
        .iter()
        .filter_map(|(old, new)| Some((old.clone(), kept.keys[new.clone()].last()?)))
        .flat_map(|(old, new)| base[old].iter().map(move |key| (key, new)))
        .collect();
    let last_known = other.keys.iter().rposition(|key| in_base.contains(key));
    for (place, key) in other.keys.iter().enumerate() {
        if in_base.contains(key) || keys.contains(key) {
            continue;
        }
        let stands = |key: &Key| {
            let key = if kept.has.contains(key) {
                key
            } else {
                renamed.get(key).copied().unwrap_or(key)
            };
            keys.iter().position(|other| other == key)
        };
        let at = if last_known.is_some_and(|known| place > known) {
            keys.len()
        } else {
            other.keys[..place]
                .iter()
                .rev()
                .find_map(stands)
                .map_or(0, |before| before + 1)
        };
        slots.insert(at, [str::from_utf8(&key.0).ok()?]);
        keys.insert(at, key.clone());
    }
    Some(slots.bytes())
}

fn keys(document: &Document, separator: &str) -> Vec<Key> {
    let mut seen: HashMap<Vec<u8>, usize> = HashMap::new();
    let numbered = |tag: &[u8]| {
        let count = seen.entry(tag.to_vec()).or_default();
        *count += 1;
        (tag.to_vec(), *count - 1)
    };
    let tags = document.tags(separator).map(|tag| &document.bytes[tag.range]);
    tags.map(numbered).collect()
}

/// Lines beyond the first with anything in them: kohya's scripts read such lines apart, so none is made or lost by joining.
fn lines(document: &Document) -> usize {
    let text = document.text();
    text.lines()
        .filter(|line| !line.trim().is_empty())
        .count()
        .saturating_sub(1)
}

fn clash(base: &[Key], ours: &[Key], theirs: &[Key]) -> Clash {
    let names = |keys: &[Key]| {
        keys.iter()
            .map(|key| String::from_utf8_lossy(&key.0).into_owned())
            .collect()
    };
    Clash {
        base: names(base),
        ours: names(ours),
        theirs: names(theirs),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn joined(base: &str, ours: &str, theirs: &str) -> Option<String> {
        match merge(
            Some(base.as_bytes()),
            Some(ours.as_bytes()),
            Some(theirs.as_bytes()),
            ",",
        ) {
            Merged::Clean(text) => Some(String::from_utf8(text.unwrap()).unwrap()),
            Merged::Conflict(clashes) => {
                assert!(!clashes.is_empty());
                None
            }
        }
    }

    #[test]
    fn what_does_not_contradict_is_joined() {
        for (base, ours, theirs, expected) in [
            ("a, b", "a", "a, b, c", "a, c"),
            ("a, b, c", "b, c", "a, b", "b"),
            ("a, b\r\n", "x, a, b\r\n", "a, b, y\r\n", "x, a, b, y\r\n"),
            ("a, b", "a, b, x", "a, b, y", "a, b, x, y"),
            ("a, b", "a, b, x", "a, b, x", "a, b, x"),
            ("a,b,c", "a,x,c", "a,b,c,d", "a,x,c,d"),
            ("a, b, c", "a, x, c", "a, b, new, c", "a, x, new, c"),
            ("a, b", "a, x", "a, b, c", "a, x, c"),
            ("c, a, b", "a, b, c", "c, a, b, d", "a, b, c, d"),
            ("c, a, b", "c, a, b, d", "a, b, c", "a, b, c, d"),
            ("c, a, b", "a, b, c", "a, b, c, d", "a, b, c, d"),
            ("a, a, b", "a, b", "a, a, b, c", "a, b, c"),
            ("a, b", "a", "b", ""),
            ("", "a", "b", "b, a"),
            ("a", "a, x", "y, a", "y, a, x"),
            ("a\nb\n", "a\nc\n", "x, a\nb\n", "x, a\nc\n"),
            (r"fox \(x\), b", r"fox \(x\)", r"z, fox \(x\), b", r"z, fox \(x\)"),
        ] {
            assert_eq!(
                joined(base, ours, theirs).as_deref(),
                Some(expected),
                "{base:?} {ours:?} {theirs:?}"
            );
        }
    }

    #[test]
    fn what_contradicts_is_told() {
        for (base, ours, theirs) in [
            ("a, b", "a, x", "a, y"),
            ("a, b", "a", "a, y"),
            ("c, a, b", "a, b, c", "b, c, a"),
            ("a\nb\n", "a\nc\n", "a\nb\nd\n"),
            ("A fox in the snow.", "A red fox in the snow.", "A fox in deep snow."),
        ] {
            assert_eq!(joined(base, ours, theirs), None, "{base:?} {ours:?} {theirs:?}");
        }
        let text = |text: &'static str| Some(text.as_bytes());
        let Merged::Conflict(clashes) = merge(text("a, b"), text("a, x"), text("a, y, c"), ",") else {
            panic!("it was joined")
        };
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        let expected = Clash {
            base: names(&["b"]),
            ours: names(&["x"]),
            theirs: names(&["y", "c"]),
        };
        assert_eq!(clashes, [expected]);
        assert!(matches!(merge(text("a"), text("b"), None, ","), Merged::Conflict(_)));
        assert_eq!(merge(None, None, text("b"), ","), Merged::Clean(Some(b"b".to_vec())));
        let (long, longer) = ("x,".repeat(6000), "x,".repeat(7000));
        assert_eq!(joined("a", &long, &longer), None);
    }
}
