//! The prompt editors: the state of one, and what an [`Edit`] makes of it.
//!
//! [`State`] holds the text ([`buffer`]), its rows ([`wrap`]) and its colours ([`weights`]) and keeps them in step; each is made anew
//! only where the text has changed. Nothing here waits or counts tokens: [`tokens`] says how that is asked for. To be read next:
//! [`view`].

pub mod buffer;
pub mod edit;
pub mod emphasis;
pub mod glyph;
pub mod history;
pub mod keys;
pub mod tokens;
pub mod view;
pub mod weights;
pub mod wrap;

use ratatui::layout::Size;

use buffer::Buffer;
use emphasis::{Change, Direction};
use history::Manner;
use tokens::{Counter, Tokens};
use weights::Roles;
use wrap::{Cell, Place, Wrap};

pub use edit::{Edit, Motion, Outcome, Point};

/// An editor.
#[derive(Clone, Debug)]
pub struct State {
    buffer: Buffer,
    wrap: Wrap,
    roles: Roles,
    counter: Counter,
    size: Size,
    /// The first row that is seen.
    scroll: usize,
    /// The column that the cursor goes for when it moves up and down.
    goal: Option<u16>,
    /// Whether the cursor stands at the end of a wrapped row and not at the beginning of the next.
    behind: bool,
    /// Whether the text is no prompt, and has no weights.
    plain: bool,
}

impl Default for State {
    fn default() -> Self {
        Self::new("")
    }
}

impl State {
    /// An editor of a text, with nothing to undo.
    pub fn new(text: &str) -> Self {
        let buffer = Buffer::new(text);
        let size = Size::new(80, 5);
        Self {
            wrap: Wrap::new(buffer.text(), text_width(size)),
            roles: Roles::read(buffer.text()),
            buffer,
            counter: Counter::default(),
            size,
            scroll: 0,
            goal: None,
            behind: false,
            plain: false,
        }
    }

    /// An editor of a text that is no prompt: nothing in it has a weight.
    pub fn plain(text: &str) -> Self {
        Self {
            roles: Roles::default(),
            plain: true,
            ..Self::new(text)
        }
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        self.buffer.text()
    }

    /// Changes with every change of the text and never comes back.
    pub fn revision(&self) -> u64 {
        self.buffer.revision()
    }

    /// The cursor, in bytes.
    pub fn cursor(&self) -> usize {
        self.buffer.cursor()
    }

    /// The selected bytes; empty at the cursor when nothing is selected.
    pub fn selection(&self) -> std::ops::Range<usize> {
        self.buffer.selection()
    }

    /// Puts another text in place of this one, which undo brings back.
    pub fn set_text(&mut self, text: &str) {
        let text = buffer::clean(text);
        let end = text.len();
        self.buffer.replace(0..self.text().len(), &text, end..end);
        self.behind = false;
        self.goal = None;
        self.update();
        self.follow();
    }

    /// Typing has paused: what is typed next is undone by itself.
    pub fn seal(&mut self) {
        self.buffer.seal();
    }

    /// Lays the text out for a pane of this size, which [`view::view`] then draws without laying out.
    pub fn fit(&mut self, size: Size) {
        if self.size != size {
            self.size = size;
            if self.wrap.width() != text_width(size) {
                self.wrap = Wrap::new(self.buffer.text(), text_width(size));
            }
            self.follow();
        }
    }

    /// The text to count with [`Tokens::count`], and its revision for [`State::counted`]: if its count is not known and none is under
    /// way.
    pub fn ask_count(&mut self) -> Option<(u64, String)> {
        let revision = self.revision();
        self.counter.ask(revision).then(|| (revision, self.text().to_owned()))
    }

    /// Takes a count that [`State::ask_count`] asked for.
    pub fn counted(&mut self, revision: u64, tokens: Tokens) {
        self.counter.answer(revision, tokens);
    }

    /// The newest known count; while typing it may be that of a moment ago.
    pub fn tokens(&self) -> Option<&Tokens> {
        self.counter.tokens()
    }

    /// What stands at the end of the title: `17/75`.
    pub fn title_tail(&self) -> String {
        let tokens = self.tokens();
        tokens.map_or_else(String::new, |tokens| format!("{}/{}", tokens.count, tokens.limit))
    }

    /// Does something to the editor, which is drawn at this size.
    pub fn act(&mut self, edit: Edit, size: Size) -> Outcome {
        self.fit(size);
        let revision = self.revision();
        if let Edit::Scroll(rows) = edit {
            self.scroll = self.scroll.saturating_add_signed(rows as isize).min(self.last_scroll());
            return Outcome::default();
        }
        let goal = self.goal.take();
        let behind = std::mem::take(&mut self.behind);
        let copied = match edit {
            Edit::Move { motion, select } => {
                self.go(motion, select, goal, behind);
                None
            }
            Edit::Copy | Edit::Cut => self.copy(edit == Edit::Cut),
            edit => {
                self.change(edit);
                None
            }
        };
        self.update();
        self.follow();
        Outcome {
            changed: self.revision() != revision,
            copied,
        }
    }

    fn copy(&mut self, cut: bool) -> Option<String> {
        let selection = self.selection();
        let copied = Some(self.text()[selection.clone()].to_owned()).filter(|text| !text.is_empty());
        if cut {
            self.buffer.remove(selection, Manner::Alone);
        }
        copied
    }

    fn change(&mut self, edit: Edit) {
        let cursor = self.cursor();
        match edit {
            Edit::Insert(c) => self.buffer.insert(c.encode_utf8(&mut [0; 4]), Manner::Typing),
            Edit::Newline => self.buffer.insert("\n", Manner::Typing),
            Edit::Paste(text) => self.buffer.insert(&text, Manner::Alone),
            Edit::Backspace => self.erase(|text| glyph::previous(text, cursor), Manner::Erasing),
            Edit::Delete => self.erase(|text| glyph::next(text, cursor), Manner::Erasing),
            Edit::DeleteWordLeft => self.erase(|text| glyph::word_start(text, cursor), Manner::Alone),
            Edit::DeleteWordRight => self.erase(|text| glyph::word_end(text, cursor), Manner::Alone),
            // At an end of the line the line break beside it, which is one byte.
            Edit::KillToStart => {
                let start = self.buffer.line(cursor).start.min(cursor.saturating_sub(1));
                self.erase(|_| start, Manner::Alone);
            }
            Edit::KillToEnd => {
                let end = self.buffer.line(cursor).end.max(cursor + 1);
                self.erase(|text| end.min(text.len()), Manner::Alone);
            }
            Edit::Clear => self.buffer.remove(0..self.text().len(), Manner::Alone),
            Edit::SelectAll => self.buffer.select(0..self.text().len()),
            Edit::Click { at, select } => self.go_to_point(at, select),
            Edit::Drag(at) => self.go_to_point(at, true),
            Edit::SelectWord(at) => {
                let word = glyph::word_at(self.text(), self.place_at(at).at);
                self.buffer.select(word);
            }
            Edit::SelectLine(at) => {
                let line = self.buffer.line(self.place_at(at).at);
                self.buffer.select(line);
            }
            Edit::Undo => _ = self.buffer.undo(),
            Edit::Redo => _ = self.buffer.redo(),
            Edit::WeightUp => self.apply(|text, selection| emphasis::change_weight(text, selection, Direction::Up)),
            Edit::WeightDown => self.apply(|text, selection| emphasis::change_weight(text, selection, Direction::Down)),
            Edit::ItemLeft => self.apply(emphasis::move_left),
            Edit::ItemRight => self.apply(emphasis::move_right),
            Edit::Move { .. } | Edit::Copy | Edit::Cut | Edit::Scroll(_) => {}
        }
    }

    /// Takes away the selection, or else what lies between the cursor and a place.
    fn erase(&mut self, to: impl FnOnce(&str) -> usize, manner: Manner) {
        let selection = self.selection();
        if !selection.is_empty() {
            return self.buffer.remove(selection, Manner::Alone);
        }
        let (to, cursor) = (to(self.text()), self.cursor());
        self.buffer.remove(to.min(cursor)..to.max(cursor), manner);
    }

    fn apply(&mut self, change: impl FnOnce(&str, std::ops::Range<usize>) -> Change) {
        let Change { range, text, selection } = change(self.text(), self.selection());
        self.buffer.replace(range, &text, selection);
    }

    fn go(&mut self, motion: Motion, select: bool, goal: Option<u16>, behind: bool) {
        let at = self.cursor();
        let place = Place { at, behind };
        let page = usize::from(self.size.height.max(1));
        let selection = Some(self.selection()).filter(|range| !select && !range.is_empty());
        let text = self.text();
        let target = match motion {
            Motion::Left => selection.map_or_else(|| glyph::previous(text, at), |range| range.start),
            Motion::Right => selection.map_or_else(|| glyph::next(text, at), |range| range.end),
            Motion::WordLeft => glyph::word_start(text, at),
            Motion::WordRight => glyph::word_end(text, at),
            Motion::Top => 0,
            Motion::Bottom => text.len(),
            Motion::Home | Motion::End => return self.go_in_row(motion == Motion::End, place, select),
            Motion::Up => return self.go_rows(|row| row.checked_sub(1), place, select, goal),
            Motion::Down => return self.go_rows(|row| row.checked_add(1), place, select, goal),
            Motion::PageUp => {
                let up = |row: usize| (row > 0).then(|| row.saturating_sub(page));
                return self.go_rows(up, place, select, goal);
            }
            Motion::PageDown => {
                let last = self.wrap.rows() - 1;
                let down = |row: usize| Some(if row < last { (row + page).min(last) } else { row + 1 });
                return self.go_rows(down, place, select, goal);
            }
        };
        self.buffer.go(target, select);
    }

    fn go_in_row(&mut self, to_end: bool, place: Place, select: bool) {
        let row = self.wrap.cell(self.text(), place).row;
        let range = self.wrap.row(self.text(), row);
        let line = self.buffer.line(place.at);
        let target = match (to_end, place.at) {
            (true, at) if at == range.end => line.end,
            (true, _) => range.end,
            (false, at) if at == range.start => line.start,
            (false, _) => range.start,
        };
        self.behind = to_end && target == range.end && self.wrap.is_wrapped(self.text(), row);
        self.buffer.go(target, select);
    }

    /// Goes to another row, as near to the goal as it can; beyond the first or last row to the beginning or end.
    fn go_rows(&mut self, to: impl FnOnce(usize) -> Option<usize>, place: Place, select: bool, goal: Option<u16>) {
        let cell = self.wrap.cell(self.text(), place);
        let column = goal.unwrap_or(cell.column);
        match to(cell.row) {
            None => self.buffer.go(0, select),
            Some(row) if row >= self.wrap.rows() => self.buffer.go(self.text().len(), select),
            Some(row) => {
                let place = self.wrap.place(self.text(), Cell { row, column });
                self.buffer.go(place.at, select);
                self.behind = place.behind;
                self.goal = Some(column);
            }
        }
    }

    fn go_to_point(&mut self, at: Point, select: bool) {
        let place = self.place_at(at);
        self.buffer.go(place.at, select);
        self.behind = place.behind;
    }

    /// The place in the text under a cell of the pane.
    fn place_at(&self, at: Point) -> Place {
        let cell = Cell {
            row: self.scroll.saturating_add_signed(at.y as isize),
            column: at.x.clamp(0, i32::from(u16::MAX)) as u16,
        };
        self.wrap.place(self.text(), cell)
    }

    /// Lays out and reads what has changed.
    fn update(&mut self) {
        let extents = self.buffer.take_extents();
        for &extent in &extents {
            self.counter.follow(extent);
        }
        match extents[..] {
            [] => return,
            [extent] => self.wrap.edit(self.buffer.text(), extent),
            _ => self.wrap = Wrap::new(self.buffer.text(), self.wrap.width()),
        }
        if !self.plain {
            self.roles = Roles::read(self.buffer.text());
        }
    }

    fn place(&self) -> Place {
        Place {
            at: self.cursor(),
            behind: self.behind,
        }
    }

    /// Scrolls so that the cursor is seen and no more is empty than has to be.
    fn follow(&mut self) {
        let row = self.wrap.cell(self.text(), self.place()).row;
        self.scroll = follow(self.scroll, row, self.wrap.rows(), self.size.height);
    }

    fn last_scroll(&self) -> usize {
        self.wrap.rows().saturating_sub(usize::from(self.size.height))
    }
}

/// The columns for text: the last one is for the scroll bar, and for the cursor behind a full row.
fn text_width(size: Size) -> u16 {
    size.width.saturating_sub(1).max(1)
}

/// The first row to be seen, as near as possible to what it was.
fn follow(scroll: usize, row: usize, rows: usize, height: u16) -> usize {
    let height = usize::from(height.max(1));
    scroll
        .max((row + 1).saturating_sub(height))
        .min(row)
        .min(rows.saturating_sub(height))
}
