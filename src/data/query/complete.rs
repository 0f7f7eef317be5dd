//! What may be typed next.

use std::ops::Range;

use super::term::{self, KEYS, Key, Text};
use crate::data::tags::{Index, Order};

/// What the word at the cursor may become.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completions {
    /// The bytes of the text that are replaced.
    pub range: Range<usize>,
    /// What replaces them, the likeliest first.
    pub options: Vec<String>,
}

/// What values may be: the set's own words.
#[derive(Clone, Copy)]
pub struct Vocabulary<'a> {
    /// The tags.
    pub index: &'a Index,
    /// Names of folders.
    pub folders: &'a [String],
    /// Names of saved queries.
    pub saved: &'a [String],
}

/// At most `most` words that the one before the cursor (a byte of the text) may become: keys, and behind `tag:` and `folder:` the set's
/// tags and folders, those that begin so before those that hold it, often used ones first.
pub fn complete(text: &str, cursor: usize, vocabulary: &Vocabulary<'_>, most: usize) -> Completions {
    let typed = &text[..text.floor_char_boundary(cursor)];
    let begin = word(typed);
    let sign = typed[begin..].len() - typed[begin..].trim_start_matches(['-', '!', '(']).len();
    let begin = begin + sign;
    let word = &typed[begin..];
    let options = match word.split_once(':') {
        Some((key, value)) => {
            let value = value.trim_start_matches('"').to_lowercase();
            let values: Vec<&str> = match term::key(key) {
                Some(Key::Text(Text::Tag)) => {
                    let sorted = vocabulary.index.sorted(Order::Count, None);
                    sorted.into_iter().map(|id| vocabulary.index.name(id)).collect()
                }
                Some(Key::Text(Text::Folder)) => vocabulary.folders.iter().map(String::as_str).collect(),
                _ => Vec::new(),
            };
            matching(&values, &value, most)
                .map(|value| format!("{key}:{} ", quoted(value)))
                .collect()
        }
        None if word.starts_with('@') => {
            let names: Vec<&str> = vocabulary.saved.iter().map(String::as_str).collect();
            matching(&names, &word[1..].to_lowercase(), most)
                .map(|name| format!("@{name} "))
                .collect()
        }
        None => {
            let name = word.to_ascii_lowercase();
            KEYS.iter()
                .filter(|(key, _)| key.starts_with(&name))
                .map(|(key, _)| format!("{key}:"))
                .take(most)
                .collect()
        }
    };
    Completions {
        range: begin..typed.len(),
        options,
    }
}

/// Where the last word begins, a quoted text being part of it.
fn word(typed: &str) -> usize {
    let (mut begin, mut quoted, mut before) = (0, false, ' ');
    for (at, c) in typed.char_indices() {
        if c == '"' && before != '\\' {
            quoted = !quoted;
        } else if c.is_whitespace() && !quoted {
            begin = at + c.len_utf8();
        }
        before = c;
    }
    begin
}

/// Those that begin with the text, then those that hold it; any case.
fn matching<'a>(values: &'a [&'a str], text: &'a str, most: usize) -> impl Iterator<Item = &'a str> {
    let begins = move |value: &&str| value.to_lowercase().starts_with(text);
    let holds = move |value: &&str| value.to_lowercase().contains(text);
    let first = values.iter().copied().filter(begins);
    let then = values
        .iter()
        .copied()
        .filter(move |value| !begins(value) && holds(value));
    first.chain(then).take(most)
}

/// The term that finds captions with exactly this tag.
pub fn tag(name: &str) -> String {
    format!("tag:{}", quoted(name))
}

/// A value as it must be written to mean itself.
fn quoted(value: &str) -> String {
    let mut escaped = String::new();
    for c in value.chars() {
        if matches!(c, '*' | '?') {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    let plain =
        !escaped.contains(|c: char| c.is_whitespace() || matches!(c, '"' | '(' | ')')) && !escaped.starts_with('/');
    if plain {
        escaped
    } else {
        format!("\"{}\"", escaped.replace('"', "\\\""))
    }
}
