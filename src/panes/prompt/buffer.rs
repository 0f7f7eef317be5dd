//! The text of an editor with its cursor and selection, in bytes and graphemes; it knows no columns and no keys.
//!
//! Whatever is put in, line breaks are `\n` and there are no control characters; the cursor and the selection's other end are
//! never inside a grapheme. Undo is [`super::history`]'s; rows are [`super::wrap`]'s.

use std::borrow::Cow;
use std::ops::Range;

use super::glyph;
use super::history::{Caret, History, Manner, Splice};

/// Where an edit was, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Its beginning.
    pub at: usize,
    /// How much it took away.
    pub removed: usize,
    /// How much it put there.
    pub inserted: usize,
}

/// A text being edited.
#[derive(Clone, Debug, Default)]
pub struct Buffer {
    text: String,
    caret: Caret,
    history: History,
    revision: u64,
    /// The edits that nobody has asked for yet.
    fresh: Vec<Extent>,
}

impl Buffer {
    /// A text with the cursor at its end and nothing to undo.
    pub fn new(text: &str) -> Self {
        let text = clean(text).into_owned();
        Self {
            caret: Caret {
                cursor: text.len(),
                anchor: None,
            },
            text,
            ..Self::default()
        }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Changes with every edit, undoing included, and never comes back.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Where typing goes.
    pub fn cursor(&self) -> usize {
        self.caret.cursor
    }

    /// What is selected: the cursor alone if nothing is.
    pub fn selection(&self) -> Range<usize> {
        let Caret { cursor, anchor } = self.caret;
        let anchor = anchor.unwrap_or(cursor);
        cursor.min(anchor)..cursor.max(anchor)
    }

    /// Hands over the edits since the last call, in order.
    pub fn take_extents(&mut self) -> Vec<Extent> {
        std::mem::take(&mut self.fresh)
    }

    /// The next edit begins a new step of undo.
    pub fn seal(&mut self) {
        self.history.seal();
    }

    /// Puts the cursor to the next border at or behind a place; with `select`, what lies between is selected.
    pub fn go(&mut self, at: usize, select: bool) {
        let cursor = glyph::snap(&self.text, at.min(self.text.len()));
        let anchor = if select {
            self.caret.anchor.or(Some(self.caret.cursor))
        } else {
            None
        };
        self.caret = Caret { cursor, anchor };
        self.history.seal();
    }

    /// Selects a range, with the cursor at its end.
    pub fn select(&mut self, range: Range<usize>) {
        self.go(range.start, false);
        self.go(range.end, true);
    }

    /// Types or puts in a text in place of the selection.
    pub fn insert(&mut self, text: &str, manner: Manner) {
        let text = clean(text);
        let range = self.selection();
        if text.is_empty() {
            return;
        }
        let end = range.start + text.len();
        self.splice(range, &text, manner, |text| {
            glyph::snap(text, end)..glyph::snap(text, end)
        });
    }

    /// Takes away a range; nothing happens if it is empty.
    pub fn remove(&mut self, range: Range<usize>, manner: Manner) {
        if !range.is_empty() {
            let at = range.start;
            self.splice(range, "", manner, |text| glyph::snap(text, at)..glyph::snap(text, at));
        }
    }

    /// Puts a text in place of a range and selects something, as a step of its own.
    pub fn replace(&mut self, range: Range<usize>, text: &str, selection: Range<usize>) {
        let text = clean(text);
        if self.text[range.clone()] == *text {
            self.select(selection);
        } else {
            self.splice(range, &text, Manner::Alone, |_| selection);
        }
    }

    fn splice(
        &mut self,
        range: Range<usize>,
        text: &str,
        manner: Manner,
        selection: impl FnOnce(&str) -> Range<usize>,
    ) {
        let before = self.caret;
        let splice = Splice {
            at: range.start,
            removed: self.text[range].to_owned(),
            inserted: text.to_owned(),
        };
        self.apply(&splice);
        let selection = selection(&self.text);
        let start = glyph::snap(&self.text, selection.start);
        let end = glyph::snap(&self.text, selection.end);
        self.caret = Caret {
            cursor: end,
            anchor: (start < end).then_some(start),
        };
        self.history.record(splice, manner, before, self.caret);
    }

    fn apply(&mut self, splice: &Splice) {
        let range = splice.at..splice.at + splice.removed.len();
        self.text.replace_range(range, &splice.inserted);
        self.revision += 1;
        self.fresh.push(Extent {
            at: splice.at,
            removed: splice.removed.len(),
            inserted: splice.inserted.len(),
        });
    }

    /// Takes the last step back; says whether there was one.
    pub fn undo(&mut self) -> bool {
        let step = self.history.undo();
        self.replay(step)
    }

    /// Takes the last undone step again; says whether there was one.
    pub fn redo(&mut self) -> bool {
        let step = self.history.redo();
        self.replay(step)
    }

    fn replay(&mut self, step: Option<(Splice, Caret)>) -> bool {
        let Some((splice, caret)) = step else {
            return false;
        };
        self.apply(&splice);
        self.caret = caret;
        true
    }

    /// The line around a place, without its line break.
    pub fn line(&self, at: usize) -> Range<usize> {
        let start = self.text[..at].rfind('\n').map_or(0, |i| i + 1);
        let end = self.text[at..].find('\n').map_or(self.text.len(), |i| at + i);
        start..end
    }
}

/// The text with `\n` for every line break, spaces for tabs and no other control character.
pub fn clean(text: &str) -> Cow<'_, str> {
    let is_foreign = |c: char| c != '\n' && (c.is_control() || is_line_break(c));
    if !text.contains(is_foreign) {
        return text.into();
    }
    let text = text.replace("\r\n", "\n");
    let kept = text.chars().filter_map(|c| match c {
        '\n' => Some('\n'),
        c if is_line_break(c) => Some('\n'),
        '\t' => Some(' '),
        c => Some(c).filter(|c| !c.is_control()),
    });
    kept.collect::<String>().into()
}

/// The line breaks of old systems and of Unicode, which terminals do not agree on.
fn is_line_break(c: char) -> bool {
    matches!(c, '\r' | '\u{85}' | '\u{2028}' | '\u{2029}')
}
