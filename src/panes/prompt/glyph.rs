//! Graphemes: where they begin and end in a text, and how each is shown in cells.
//!
//! The text may be anything. What would confuse the terminal (characters without width, piles of marks, clusters wider than the
//! pane) is shown cut or as [`HIDDEN`], so that every grapheme has a place for the cursor.

use ratatui::buffer::CellWidth;
use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation};

/// Stands for a grapheme that cannot be shown.
pub const HIDDEN: &str = "·";
/// As many characters as the longest emoji sequences in use have, and some marks more.
const MOST_CHARS: usize = 16;

/// A grapheme as cells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyph<'a> {
    /// What is sent to the terminal.
    pub symbol: &'a str,
    /// How many columns it takes, from 1.
    pub width: u16,
    /// Whether the symbol is a stand-in.
    pub hidden: bool,
}

impl<'a> Glyph<'a> {
    /// How a grapheme other than a line break is shown where `most` columns are.
    pub fn of(grapheme: &'a str, most: u16) -> Self {
        let end = grapheme.char_indices().nth(MOST_CHARS);
        let symbol = &grapheme[..end.map_or(grapheme.len(), |(i, _)| i)];
        let width = if grapheme.len() == 1 { 1 } else { symbol.cell_width() };
        let hidden = !(1..=most).contains(&width);
        Self {
            symbol: if hidden { HIDDEN } else { symbol },
            width: if hidden { 1 } else { width },
            hidden,
        }
    }
}

/// The first grapheme of a text that begins where one does.
pub fn first(text: &str) -> Option<&str> {
    match text.as_bytes() {
        [] => None,
        // What is not ASCII may be a mark that belongs to the character before it.
        [one, ..] if one.is_ascii() && text.as_bytes().get(1).is_none_or(u8::is_ascii) => Some(&text[..1]),
        _ => text.graphemes(true).next(),
    }
}

/// The border after a place.
pub fn next(text: &str, at: usize) -> usize {
    let border = GraphemeCursor::new(at, text.len(), true).next_boundary(text, 0);
    border.ok().flatten().unwrap_or(text.len())
}

/// The border before a place.
pub fn previous(text: &str, at: usize) -> usize {
    let border = GraphemeCursor::new(at, text.len(), true).prev_boundary(text, 0);
    border.ok().flatten().unwrap_or_default()
}

/// The place itself if it is a border, else the one after it.
pub fn snap(text: &str, at: usize) -> usize {
    let at = text.ceil_char_boundary(at);
    let is_border = GraphemeCursor::new(at, text.len(), true).is_boundary(text, 0);
    if is_border.unwrap_or(true) { at } else { next(text, at) }
}

/// What a word is made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Class {
    Space,
    Line,
    Word,
    Wide,
    Sign,
}

fn class(grapheme: &str) -> Class {
    match grapheme.chars().next() {
        Some('\n') => Class::Line,
        Some(c) if c.is_whitespace() => Class::Space,
        Some(c) if c == '_' || c.is_alphanumeric() => {
            if c.is_ascii() || grapheme.cell_width() < 2 {
                Class::Word
            } else {
                Class::Wide
            }
        }
        _ => Class::Sign,
    }
}

/// Where the word after a place ends; spaces before it are passed over.
pub fn word_end(text: &str, from: usize) -> usize {
    let at = run_end(text, from, |class| class == Class::Space);
    run_end_of_class(text, at)
}

/// Where the word before a place begins; spaces behind it are passed over.
pub fn word_start(text: &str, from: usize) -> usize {
    let at = run_start(text, from, |class| class == Class::Space);
    run_start_of_class(text, at)
}

/// The word, space or sign at a place: the one that a double click selects.
pub fn word_at(text: &str, at: usize) -> std::ops::Range<usize> {
    let end = run_end_of_class(text, at);
    // At the end of a line the word before it is meant.
    let from = if class(first(&text[at..]).unwrap_or("\n")) == Class::Line {
        at
    } else {
        end
    };
    let start = run_start_of_class(text, from);
    start..from
}

fn run_end_of_class(text: &str, from: usize) -> usize {
    let Some(grapheme) = first(&text[from..]) else {
        return from;
    };
    match class(grapheme) {
        Class::Line => from + 1,
        of => run_end(text, from, |class| class == of),
    }
}

fn run_start_of_class(text: &str, from: usize) -> usize {
    let before = previous(text, from);
    match class(&text[before..from]) {
        Class::Line => before,
        of => run_start(text, from, |class| class == of),
    }
}

fn run_end(text: &str, mut at: usize, within: impl Fn(Class) -> bool) -> usize {
    while let Some(grapheme) = first(&text[at..]).filter(|grapheme| within(class(grapheme))) {
        at += grapheme.len();
    }
    at
}

fn run_start(text: &str, mut at: usize, within: impl Fn(Class) -> bool) -> usize {
    loop {
        let before = previous(text, at);
        if before == at || !within(class(&text[before..at])) {
            return at;
        }
        at = before;
    }
}
