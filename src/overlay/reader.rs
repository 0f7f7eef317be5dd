//! A text to read, and to search in: why a job failed, all that a file says of its making.
//!
//! It is laid out once for a width ([`Reader::fit`]), so that a text of a megabyte scrolls as well as a sentence.

use std::ops::Range;

use crossterm::event::KeyEvent;
use regex::RegexBuilder;

use super::Answer;
use crate::keys::Action;
use crate::ui::text;
use crate::ui::widgets::input::{Edit, InputState};

/// Places that are counted; whoever finds more looks for another word.
const MOST: usize = 10_000;

/// The text and how far it is scrolled.
#[derive(Clone, Debug)]
pub struct Reader {
    /// The title.
    pub title: String,
    /// Without control characters.
    text: String,
    /// The bytes of each row.
    rows: Vec<Range<usize>>,
    width: usize,
    /// Rows above the first one shown. The view shows the last page when this is beyond it.
    pub scroll: usize,
    search: Option<Search>,
}

/// What is looked for.
#[derive(Clone, Debug, Default)]
struct Search {
    query: InputState,
    /// Where it was found, in bytes.
    hits: Vec<Range<usize>>,
    /// Which of them is looked at.
    at: usize,
}

impl Reader {
    /// A text from its beginning.
    pub fn new(title: String, text: String) -> Self {
        let mut reader = Self {
            title,
            text: text::safe_lines(&text).into_owned(),
            rows: Vec::new(),
            width: 0,
            scroll: 0,
            search: None,
        };
        reader.fit(80);
        reader
    }

    /// Lays the text out in rows of so many columns.
    pub fn fit(&mut self, width: usize) {
        if self.width == width {
            return;
        }
        let top = self.rows.get(self.scroll).map_or(0, |row| row.start);
        self.width = width;
        let begin = self.text.as_ptr() as usize;
        let rows = text::wrap(&self.text, width).into_iter();
        self.rows = rows
            .map(|row| {
                let start = row.as_ptr() as usize - begin;
                start..start + row.len()
            })
            .collect();
        self.scroll = self.row_of(top);
    }

    /// How many rows it has.
    pub fn count(&self) -> usize {
        self.rows.len()
    }

    /// A row, with the parts of it that were found, in bytes of the row.
    pub fn row(&self, index: usize) -> Option<(&str, Vec<Range<usize>>)> {
        let row = self.rows.get(index)?;
        let hits = self
            .search
            .as_ref()
            .map(|search| search.hits.as_slice())
            .unwrap_or_default();
        let first = hits.partition_point(|hit| hit.end <= row.start);
        let within = hits[first..].iter().take_while(|hit| hit.start < row.end);
        let found = within.map(|hit| hit.start.max(row.start) - row.start..hit.end.min(row.end) - row.start);
        Some((&self.text[row.clone()], found.collect()))
    }

    /// What is looked for, while it is.
    pub fn query(&self) -> Option<&InputState> {
        Some(&self.search.as_ref()?.query)
    }

    /// Which of the places that were found is looked at, counted from 1, and how many there are.
    pub fn hit(&self) -> Option<(usize, usize)> {
        let search = self.search.as_ref()?;
        (!search.hits.is_empty()).then_some((search.at + 1, search.hits.len()))
    }

    pub(super) fn insert(&mut self, text: &str) {
        self.change(Edit::Insert(text.to_owned()));
    }

    pub(super) fn key(&mut self, key: &KeyEvent) {
        if let Some(edit) = Edit::of(key) {
            self.change(edit);
        }
    }

    pub(super) fn act(&mut self, action: Action, page: usize) -> Option<Answer> {
        if self.search.is_some() && self.act_in_search(action) {
            return Some(Answer::Open);
        }
        match action {
            Action::Dismiss | Action::Accept => return Some(Answer::Dismissed),
            Action::Filter => self.search = Some(Search::default()),
            Action::SelectUp => self.scroll = self.scroll.saturating_sub(1),
            Action::SelectDown => self.scroll += 1,
            Action::PageUp => self.scroll = self.scroll.saturating_sub(page.max(1)),
            Action::PageDown => self.scroll += page.max(1),
            Action::Top => self.scroll = 0,
            Action::Bottom => self.scroll = self.rows.len(),
            _ => return None,
        }
        // What no text can reach is not counted on, so that the way back is short.
        self.scroll = self.scroll.min(self.rows.len().saturating_sub(1));
        Some(Answer::Open)
    }

    fn act_in_search(&mut self, action: Action) -> bool {
        match action {
            Action::Dismiss => self.search = None,
            Action::Accept | Action::SelectDown => self.turn(1),
            Action::SelectUp => self.turn(-1),
            Action::Clear => self.change(Edit::Clear),
            _ => return false,
        }
        true
    }

    fn change(&mut self, edit: Edit) {
        let top = self.rows.get(self.scroll).map_or(0, |row| row.start);
        let Some(search) = &mut self.search else { return };
        if !search.query.apply(edit) {
            return;
        }
        search.hits = found(&self.text, search.query.text());
        // The next place from here on, or else the first.
        search.at = search.hits.iter().position(|hit| hit.start >= top).unwrap_or_default();
        self.turn(0);
    }

    fn turn(&mut self, by: isize) {
        let Some(search) = self.search.as_mut().filter(|search| !search.hits.is_empty()) else {
            return;
        };
        let count = search.hits.len() as isize;
        search.at = (search.at as isize + by).rem_euclid(count) as usize;
        let start = search.hits[search.at].start;
        // A little of what stands before it is seen too.
        self.scroll = self.row_of(start).saturating_sub(2);
    }

    fn row_of(&self, byte: usize) -> usize {
        self.rows.partition_point(|row| row.start <= byte).saturating_sub(1)
    }
}

/// Where a text holds a word, in any case.
fn found(text: &str, word: &str) -> Vec<Range<usize>> {
    if word.is_empty() {
        return Vec::new();
    }
    let pattern = RegexBuilder::new(&regex::escape(word)).case_insensitive(true).build();
    let Ok(pattern) = pattern else { return Vec::new() };
    pattern
        .find_iter(text)
        .take(MOST)
        .map(|hit| hit.start()..hit.end())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_looked_for_is_found_in_any_case_and_scrolled_to() {
        let lines: Vec<String> = (0..500).map(|n| format!("line {n} 狐狸 Fox")).collect();
        let mut reader = Reader::new("x".to_owned(), lines.join("\n"));
        assert_eq!(reader.count(), 500);
        assert_eq!(reader.act(Action::Filter, 10), Some(Answer::Open));
        reader.insert("LINE 300");
        assert_eq!((reader.hit(), reader.scroll), (Some((1, 1)), 298));
        assert_eq!(
            reader.row(300),
            Some(("line 300 狐狸 Fox", vec![std::ops::Range { start: 0, end: 8 }]))
        );
        reader.act(Action::Clear, 10);
        reader.insert("fox");
        assert_eq!(reader.hit(), Some((299, 500)), "from here on");
        reader.act(Action::SelectUp, 10);
        reader.act(Action::Accept, 10);
        reader.act(Action::Accept, 10);
        assert_eq!(reader.hit(), Some((300, 500)));
        reader.insert("(");
        assert_eq!(reader.hit(), None);
        assert_eq!(reader.act(Action::Dismiss, 10), Some(Answer::Open));
        assert_eq!(reader.act(Action::Dismiss, 10), Some(Answer::Dismissed));
    }

    #[test]
    fn another_width_keeps_the_place() {
        let mut reader = Reader::new("x".to_owned(), "word ".repeat(5000));
        reader.act(Action::PageDown, 100);
        let first = reader.row(reader.scroll).map(|(row, _)| row.as_ptr());
        reader.fit(40);
        reader.fit(80);
        assert_eq!(reader.row(reader.scroll).map(|(row, _)| row.as_ptr()), first);
    }
}
