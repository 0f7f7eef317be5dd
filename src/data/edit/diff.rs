//! What changes in a caption, for people: the lines that differ, and in them the tags.

use std::time::{Duration, Instant};

use similar::{Algorithm, DiffTag, capture_diff_slices_deadline};

use crate::data::document::{Document, until_delimiter};

/// Texts that are very long and very different are compared roughly after this time.
const LONGEST: Duration = Duration::from_millis(100);

/// A line that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Its number in the old text or, of a line with nothing old in it, in the new one; from 1 on.
    pub number: usize,
    /// Its pieces in their order. Old and new stand in one line, taken out before put in.
    pub pieces: Vec<Piece>,
}

/// A run of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// What becomes of it.
    pub fate: Fate,
    /// Tags and separators, as they are written. Control characters stay.
    pub text: String,
}

/// What becomes of a piece of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It stays.
    Same,
    /// It is taken out.
    Removed,
    /// It is put in.
    Added,
}

impl Line {
    /// The line as it was; none where it is new.
    pub fn before(&self) -> Option<String> {
        self.side(Fate::Added)
    }

    /// The line as it becomes; none where it goes.
    pub fn after(&self) -> Option<String> {
        self.side(Fate::Removed)
    }

    fn side(&self, other: Fate) -> Option<String> {
        let own: Vec<_> = self.pieces.iter().filter(|piece| piece.fate != other).collect();
        (!own.is_empty()).then(|| own.iter().map(|piece| piece.text.as_str()).collect())
    }
}

/// The lines that differ between two states of a caption file; a file that is not there has none.
pub fn lines(before: Option<&[u8]>, after: Option<&[u8]>, separator: &str) -> Vec<Line> {
    let text = |bytes: Option<&[u8]>| {
        let document = Document::new(bytes.unwrap_or_default().to_vec());
        document.text().into_owned()
    };
    let (before, after) = (text(before), text(after));
    let (old, new): (Vec<_>, Vec<_>) = (before.lines().collect(), after.lines().collect());
    let mut lines = Vec::new();
    for (tag, old_at, new_at) in changes(&old, &new) {
        if tag == DiffTag::Equal {
            continue;
        }
        for i in 0..old_at.len().max(new_at.len()) {
            let a = old.get(old_at.start + i).filter(|_| i < old_at.len());
            let b = new.get(new_at.start + i).filter(|_| i < new_at.len());
            lines.push(Line {
                number: if a.is_some() {
                    old_at.start + i + 1
                } else {
                    new_at.start + i + 1
                },
                pieces: pieces(a.copied(), b.copied(), separator),
            });
        }
    }
    lines
}

type Range = std::ops::Range<usize>;

fn changes<T: std::hash::Hash + Eq + Ord>(old: &[T], new: &[T]) -> Vec<(DiffTag, Range, Range)> {
    let until = Instant::now() + LONGEST;
    let operations = capture_diff_slices_deadline(Algorithm::Myers, old, new, Some(until));
    operations.iter().map(similar::DiffOp::as_tag_tuple).collect()
}

/// Two lines as pieces. A line that is not there leaves the other whole.
fn pieces(old: Option<&str>, new: Option<&str>, separator: &str) -> Vec<Piece> {
    let (a, b) = (
        words(old.unwrap_or_default(), separator),
        words(new.unwrap_or_default(), separator),
    );
    let piece = |fate, words: &[&str]| Piece {
        fate,
        text: words.concat(),
    };
    let mut pieces = Vec::new();
    for (tag, old, new) in changes(&a, &b) {
        if tag == DiffTag::Equal {
            pieces.push(piece(Fate::Same, &a[old]));
            continue;
        }
        if !old.is_empty() {
            pieces.push(piece(Fate::Removed, &a[old]));
        }
        if !new.is_empty() {
            pieces.push(piece(Fate::Added, &b[new]));
        }
    }
    if pieces.is_empty() && old.is_some() != new.is_some() {
        pieces.push(piece(if old.is_some() { Fate::Removed } else { Fate::Added }, &[]));
    }
    pieces
}

/// A line's tags and separators; of one without separators, its words.
fn words<'a>(line: &'a str, separator: &str) -> Vec<&'a str> {
    let (mut words, mut at) = (Vec::new(), 0);
    while at < line.len() {
        let rest = &line[at..];
        let (length, delimiter) = until_delimiter(rest.as_bytes(), separator.as_bytes());
        let part = &rest[..length];
        let tag = part.trim();
        let lead = part.len() - part.trim_start().len();
        if at == 0 && delimiter == 0 {
            return line.split_inclusive(' ').collect();
        }
        let tail = lead + tag.len()..length + delimiter;
        words.extend(
            [&part[..lead], tag, &rest[tail]]
                .into_iter()
                .filter(|word| !word.is_empty()),
        );
        at += length + delimiter;
    }
    words
}
