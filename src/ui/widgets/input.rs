//! One line that is being typed.
//!
//! The cursor stands between graphemes. Control characters never get in: a line break that is pasted becomes a space.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use unicode_segmentation::UnicodeSegmentation;

use super::line;
use crate::ui::text;
use crate::ui::theme::{Role, Theme};

/// Bytes that a line takes.
const LONGEST: usize = 4096;

/// A text and where the cursor is in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InputState {
    text: String,
    /// A byte between two graphemes.
    cursor: usize,
}

/// A change of the line or of the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit {
    /// Types or pastes a text.
    Insert(String),
    /// Deletes the sign before the cursor.
    Backspace,
    /// Deletes the sign behind the cursor.
    Delete,
    /// Deletes the word before the cursor.
    DeleteWord,
    /// Deletes everything.
    Clear,
    /// A sign to the left.
    Left,
    /// A sign to the right.
    Right,
    /// A word to the left.
    WordLeft,
    /// A word to the right.
    WordRight,
    /// To the beginning.
    Home,
    /// To the end.
    End,
}

impl Edit {
    /// What a key press does to a line that is being typed; `None` if it is none of its keys.
    pub fn of(event: &KeyEvent) -> Option<Self> {
        if event.kind == KeyEventKind::Release {
            return None;
        }
        let word = event.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT);
        match event.code {
            KeyCode::Char('w') if event.modifiers == KeyModifiers::CONTROL => Some(Self::DeleteWord),
            KeyCode::Char(c) if !word && !c.is_control() => Some(Self::Insert(c.to_string())),
            KeyCode::Backspace if word => Some(Self::DeleteWord),
            KeyCode::Backspace => Some(Self::Backspace),
            KeyCode::Delete => Some(Self::Delete),
            KeyCode::Left if word => Some(Self::WordLeft),
            KeyCode::Right if word => Some(Self::WordRight),
            KeyCode::Left => Some(Self::Left),
            KeyCode::Right => Some(Self::Right),
            KeyCode::Home => Some(Self::Home),
            KeyCode::End => Some(Self::End),
            _ => None,
        }
    }
}

impl InputState {
    /// A line with the cursor at its end.
    pub fn new(text: &str) -> Self {
        let mut state = Self::default();
        state.apply(Edit::Insert(text.to_owned()));
        state
    }

    /// What is typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The cursor, in bytes.
    pub fn cursor(&self) -> usize {
        self.cursor
    }

    /// Puts a text in the place of a part, which begins and ends between characters; the cursor goes behind it.
    pub fn replace(&mut self, range: std::ops::Range<usize>, with: &str) {
        let (start, end) = (range.start.min(self.text.len()), range.end.min(self.text.len()));
        if start <= end && self.text.is_char_boundary(start) && self.text.is_char_boundary(end) {
            self.delete(start..end);
            self.cursor = start;
            self.insert(with);
        }
    }

    /// Does an edit. Returns whether the text changed.
    pub fn apply(&mut self, edit: Edit) -> bool {
        let before = self.text.len();
        match edit {
            Edit::Insert(text) => self.insert(&text),
            Edit::Backspace => self.delete(self.left()..self.cursor),
            Edit::Delete => self.delete(self.cursor..self.right()),
            Edit::DeleteWord => self.delete(self.word_left()..self.cursor),
            Edit::Clear => self.delete(0..self.text.len()),
            Edit::Left => self.cursor = self.left(),
            Edit::Right => self.cursor = self.right(),
            Edit::WordLeft => self.cursor = self.word_left(),
            Edit::WordRight => self.cursor = self.word_right(),
            Edit::Home => self.cursor = 0,
            Edit::End => self.cursor = self.text.len(),
        }
        self.text.len() != before
    }

    fn insert(&mut self, text: &str) {
        let spaced: String = text
            .chars()
            .map(|c| if ['\n', '\r', '\t'].contains(&c) { ' ' } else { c })
            .collect();
        let clean = text::safe(&spaced);
        let room = LONGEST.saturating_sub(self.text.len());
        let clean = &clean[..clean.floor_char_boundary(room)];
        self.text.insert_str(self.cursor, clean);
        self.cursor += clean.len();
        self.settle();
    }

    fn delete(&mut self, range: std::ops::Range<usize>) {
        self.cursor = range.start;
        self.text.replace_range(range, "");
        self.settle();
    }

    /// A mark that was typed or laid bare may have joined what stands before it: the cursor goes behind both.
    fn settle(&mut self) {
        let bounds = self.text.grapheme_indices(true).map(|(at, _)| at);
        let next = bounds.chain([self.text.len()]).find(|at| *at >= self.cursor);
        self.cursor = next.unwrap_or(self.text.len());
    }

    fn left(&self) -> usize {
        let last = self.text[..self.cursor].grapheme_indices(true).next_back();
        last.map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        let next = self.text[self.cursor..].graphemes(true).next();
        self.cursor + next.map_or(0, str::len)
    }

    fn word_left(&self) -> usize {
        let mut words = self.text[..self.cursor].split_word_bound_indices();
        let word = words.rfind(|(_, word)| !word.trim().is_empty());
        word.map_or(0, |(at, _)| at)
    }

    fn word_right(&self) -> usize {
        let mut words = self.text[self.cursor..].split_word_bound_indices();
        let word = words.find(|(_, word)| !word.trim().is_empty());
        word.map_or(self.text.len(), |(at, word)| self.cursor + at + word.len())
    }

    /// Draws the line in the first row of an area, moved so that the cursor is seen, or `placeholder` where it is empty. Returns
    /// where the cursor is.
    pub fn draw(&self, placeholder: &str, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Option<Position> {
        let area = area.intersection(buffer.area);
        if area.is_empty() {
            return None;
        }
        if self.text.is_empty() {
            line::put(placeholder, theme.style(Role::InputPlaceholder), area, buffer);
            return Some(area.as_position());
        }
        // A column is kept for the cursor behind the last sign.
        let room = usize::from(area.width) - 1;
        let shown = text::tail(&self.text[..self.cursor], room);
        let begin = self.cursor - shown.len();
        let visible = text::head(&self.text[begin..], usize::from(area.width));
        line::put(visible, theme.style(Role::Input), area, buffer);
        Some(Position::new(area.x + text::width(shown) as u16, area.y))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cursor_stands_between_signs() {
        let mut input = InputState::new("a狐👩‍👩‍👧");
        input.apply(Edit::Backspace);
        assert_eq!(input.text(), "a狐");
        input.apply(Edit::Left);
        input.apply(Edit::Insert("红".to_owned()));
        assert_eq!(input.text(), "a红狐");
        input.apply(Edit::Delete);
        assert_eq!(input.text(), "a红");
        input.apply(Edit::Home);
        assert!(!input.apply(Edit::Backspace) && !input.apply(Edit::Left));
        input.apply(Edit::End);
        input.apply(Edit::Insert("\u{301}\u{1b}x\ny".to_owned()));
        assert_eq!(input.text(), "a红\u{301}␛x y");
    }

    #[test]
    fn words_are_passed_and_deleted_whole() {
        let mut input = InputState::new("red fox, snow");
        input.apply(Edit::WordLeft);
        input.apply(Edit::DeleteWord);
        assert_eq!(input.text(), "red foxsnow");
        input.apply(Edit::Home);
        input.apply(Edit::WordRight);
        input.apply(Edit::Delete);
        assert_eq!(input.text(), "redfoxsnow");
        assert!(input.apply(Edit::Clear) && input.text().is_empty());
    }

    #[test]
    fn any_edits_keep_the_cursor_on_a_sign() {
        let pieces = [
            "a", "狐", "\u{301}", "👩", "\u{200d}", "👧", "🇨", "🇳", " ", "\u{fe0f}", "\r",
        ];
        let edits = [
            Edit::Left,
            Edit::Backspace,
            Edit::Right,
            Edit::Delete,
            Edit::WordLeft,
            Edit::WordRight,
            Edit::DeleteWord,
            Edit::Home,
            Edit::End,
        ];
        let theme = Theme::default();
        let mut input = InputState::default();
        let mut random = 7_u32;
        for _ in 0..20_000 {
            random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let pick = (random >> 16) as usize;
            let edit = if pick.is_multiple_of(3) {
                edits[pick / 3 % edits.len()].clone()
            } else {
                Edit::Insert(pieces[pick / 3 % pieces.len()].to_owned())
            };
            input.apply(edit);
            let bounds = input.text.grapheme_indices(true).map(|(at, _)| at);
            assert!(bounds.chain([input.text.len()]).any(|at| at == input.cursor));
            assert!(input.text.len() <= LONGEST);
            let area = Rect::new(0, 0, 1 + pick as u16 % 9, 1);
            let cursor = input.draw("", &theme, area, &mut Buffer::empty(area));
            assert!(cursor.is_some_and(|cursor| area.contains(cursor)), "{input:?}");
        }
    }

    #[test]
    fn a_long_line_moves_under_its_cursor() {
        let theme = Theme::default();
        let mut input = InputState::new("一二三四五六");
        let drawn = |input: &InputState| {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 1));
            let cursor = input.draw("", &theme, buffer.area, &mut buffer);
            (buffer[(0, 0)].symbol().to_owned(), cursor.map(|cursor| cursor.x))
        };
        assert_eq!(drawn(&input), ("五".to_owned(), Some(4)));
        input.apply(Edit::Home);
        assert_eq!(drawn(&input), ("一".to_owned(), Some(0)));
    }
}
