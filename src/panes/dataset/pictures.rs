//! The pictures that are shown: where the cursor is among them, and which are marked.

use std::collections::BTreeSet;

use super::State;
use crate::ui::lang::{Lang, dataset as words, words as common};
use crate::ui::text;
use crate::ui::widgets::list::{Go, ListState};

impl State {
    /// How many pictures are shown.
    pub fn count(&self) -> usize {
        match (&self.shown, &self.book) {
            (Some(shown), _) => shown.len(),
            (None, Some(book)) => book.len(),
            (None, None) => 0,
        }
    }

    /// The number of the picture in a row.
    pub fn picture_at(&self, row: usize) -> Option<usize> {
        match &self.shown {
            Some(shown) => shown.get(row).copied(),
            None => (row < self.count()).then_some(row),
        }
    }

    /// The number of the picture under the cursor.
    pub fn picture(&self) -> Option<usize> {
        self.picture_at(self.row()?)
    }

    /// The row under the cursor.
    pub fn row(&self) -> Option<usize> {
        self.list.selected(self.count())
    }

    /// Where the list is.
    pub fn list(&self) -> &ListState {
        &self.list
    }

    /// Moves the cursor in a list of which `height` rows are seen.
    pub fn go(&mut self, go: Go, height: usize) {
        self.left = None;
        self.list.go(go, self.count(), height);
    }

    /// Moves the cursor by so many pictures.
    pub fn step(&mut self, by: isize, height: usize) {
        let now = self.row().unwrap_or_default();
        self.go(Go::To(now.saturating_add_signed(by)), height);
    }

    /// The row of a picture, if it is shown. Its answer is quick, since pictures stand in the order of their numbers.
    pub fn row_of(&self, picture: usize) -> Option<usize> {
        match &self.shown {
            Some(shown) => shown.binary_search(&picture).ok(),
            None => (picture < self.count()).then_some(picture),
        }
    }

    /// Puts the cursor on a picture, if it is shown.
    pub(super) fn go_to_picture(&mut self, picture: usize) {
        let row = match &self.shown {
            Some(shown) => shown.iter().position(|other| *other == picture),
            None => Some(picture),
        };
        match row {
            Some(row) => self.list.select(row),
            None => self.list = ListState::default(),
        }
    }

    /// Whether a picture is marked.
    pub fn is_marked(&self, picture: usize) -> bool {
        self.marked.contains(&picture)
    }

    /// The numbers of the marked pictures.
    pub fn marked(&self) -> &BTreeSet<usize> {
        &self.marked
    }

    /// Whether a picture's caption is another than when the dataset was opened.
    pub fn is_touched(&self, picture: usize) -> bool {
        self.touched.contains_key(&picture)
    }

    /// Marks the picture under the cursor, or takes its mark away.
    pub fn mark(&mut self) {
        if let Some(picture) = self.picture()
            && !self.marked.remove(&picture)
        {
            self.marked.insert(picture);
        }
    }

    /// Marks all that are shown; takes these marks away where all have one.
    pub fn mark_shown(&mut self) {
        let shown: Vec<usize> = (0..self.count()).filter_map(|row| self.picture_at(row)).collect();
        if shown.iter().all(|picture| self.marked.contains(picture)) {
            for picture in shown {
                self.marked.remove(&picture);
            }
        } else {
            self.marked.extend(shown);
        }
    }

    /// Takes all marks away.
    pub fn unmark(&mut self) {
        self.marked.clear();
    }

    /// Whether not all pictures are shown.
    pub fn is_narrowed(&self) -> bool {
        self.shown.is_some()
    }

    /// What stands behind the title of the pictures: how many of how many are shown, and how many are marked.
    pub fn pictures_tail(&self, lang: Lang) -> String {
        let Some(book) = &self.book else { return String::new() };
        let all = text::number(book.len() as u64);
        let mut tail = if self.is_narrowed() {
            let shown = text::number(self.count() as u64);
            lang.fill(&common::SHOWN_OF, &[("shown", &shown), ("of", &all)])
        } else {
            all
        };
        if !self.marked.is_empty() {
            let marked = lang.fill(&words::MARKED, &[("n", &text::number(self.marked.len() as u64))]);
            tail = format!("{marked} · {tail}");
        }
        tail
    }
}
