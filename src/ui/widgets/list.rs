//! A window of a few rows over a list of any length.
//!
//! Only rows that are seen are asked for. The place in the list ([`ListState`]) is changed by the update that owns it, which also
//! keeps the selected row inside the window; drawing changes nothing.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::Line;

use super::{line, scrollbar};
use crate::ui::theme::{Role, Theme};

/// Rows kept in sight above and below the selected one.
const MARGIN: usize = 2;

/// Which row is selected, and which is the first seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ListState {
    selected: usize,
    offset: usize,
}

/// A way through a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Go {
    /// A row up.
    Up,
    /// A row down.
    Down,
    /// A window up.
    PageUp,
    /// A window down.
    PageDown,
    /// The first row.
    Top,
    /// The last row.
    Bottom,
    /// This row.
    To(usize),
}

impl ListState {
    /// The selected row; `None` in an empty list.
    pub fn selected(&self, count: usize) -> Option<usize> {
        (count > 0).then(|| self.selected.min(count - 1))
    }

    /// Selects a row; the window follows when it is drawn.
    pub fn select(&mut self, row: usize) {
        self.selected = row;
    }

    /// Moves the selection in a list of `count` rows, of which `height` are seen.
    pub fn go(&mut self, go: Go, count: usize, height: usize) {
        let now = self.selected(count).unwrap_or(0);
        let page = height.saturating_sub(1).max(1);
        let wanted = match go {
            Go::Up => now.saturating_sub(1),
            Go::Down => now.saturating_add(1),
            Go::PageUp => now.saturating_sub(page),
            Go::PageDown => now.saturating_add(page),
            Go::Top => 0,
            Go::Bottom => usize::MAX,
            Go::To(row) => row,
        };
        self.selected = wanted.min(count.saturating_sub(1));
        self.fit(count, height);
    }

    /// Keeps the selected row in the window after the list or the window changed.
    pub fn fit(&mut self, count: usize, height: usize) {
        self.selected = self.selected(count).unwrap_or(0);
        self.offset = self.offset(count, height);
    }

    /// The first row seen: the one of last time, moved as little as brings the selected one in sight.
    pub fn offset(&self, count: usize, height: usize) -> usize {
        let Some(selected) = self.selected(count).filter(|_| height > 0) else {
            return 0;
        };
        let margin = MARGIN.min((height - 1) / 2);
        let most = selected.saturating_sub(margin);
        let least = (selected + margin + 1).saturating_sub(height);
        // At the end of the list there is nothing to keep a margin to.
        self.offset
            .clamp(least.min(most), most)
            .min(count.saturating_sub(height))
    }
}

/// A list as it is drawn.
pub struct List<'a> {
    /// How many rows there are.
    pub count: usize,
    /// Makes a row; asked only for those that are seen.
    pub row: &'a dyn Fn(usize) -> Line<'a>,
    /// Whether the list has the keys.
    pub focused: bool,
}

/// Where the rows of a list were drawn, for the mouse.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    area: Rect,
    offset: usize,
    count: usize,
}

impl Rows {
    /// A window over lines that cannot be chosen.
    pub fn window(area: Rect) -> Self {
        Self {
            area,
            ..Self::default()
        }
    }

    /// The row at a place on the screen.
    pub fn at(&self, place: Position) -> Option<usize> {
        let inside = self.area.contains(place);
        let row = self.offset + usize::from(place.y.saturating_sub(self.area.y));
        (inside && row < self.count).then_some(row)
    }

    /// Where a row stands, if it is seen.
    pub fn place(&self, row: usize) -> Option<Rect> {
        let below = u16::try_from(row.checked_sub(self.offset)?).ok()?;
        let seen = row < self.count && below < self.area.height;
        seen.then(|| Rect {
            y: self.area.y + below,
            height: 1,
            ..self.area
        })
    }

    /// How many columns the window has.
    pub fn width(&self) -> usize {
        usize::from(self.area.width)
    }

    /// How many rows the window has.
    pub fn height(&self) -> usize {
        usize::from(self.area.height)
    }
}

impl List<'_> {
    /// Draws the rows that are seen, and a scroll bar at the right where not all are.
    pub fn draw(&self, state: &ListState, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Rows {
        let area = area.intersection(buffer.area);
        let height = usize::from(area.height);
        let offset = state.offset(self.count, height);
        let scrolls = self.count > height && area.width > 2;
        let inner = Rect {
            width: area.width - u16::from(scrolls),
            ..area
        };
        let selected = state.selected(self.count);
        for (row, place) in (offset..self.count).zip(inner.rows()) {
            let mut base = theme.style(Role::Text);
            let mut content = (self.row)(row);
            if selected == Some(row) {
                let role = if self.focused {
                    Role::Selection
                } else {
                    Role::SelectionInactive
                };
                base = base.patch(theme.style(role));
                buffer.set_style(place, base);
                // The selection's colours win, so that no text vanishes in them.
                for span in &mut content.spans {
                    span.style = span.style.patch(base);
                }
            }
            line::put_line(&content, base, place, buffer);
        }
        if scrolls {
            let column = Rect {
                x: area.right() - 1,
                width: 1,
                ..area
            };
            scrollbar::draw(self.count, offset, theme, column, buffer);
        }
        Rows {
            area: inner,
            offset,
            count: self.count,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn only_the_rows_that_are_seen_are_made() {
        let made = Cell::new(0);
        let row = |i: usize| {
            made.set(made.get() + 1);
            Line::from(format!("狐狸 {i}"))
        };
        let list = List {
            count: 100_000,
            row: &row,
            focused: true,
        };
        let mut state = ListState::default();
        state.go(Go::To(5000), list.count, 5);
        let theme = Theme::default();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 5));
        let rows = list.draw(&state, &theme, buffer.area, &mut buffer);
        assert_eq!(made.get(), 5);
        assert_eq!(rows.at(Position::new(1, 2)), Some(5000));
        assert_eq!(buffer[(0, 2)].bg, theme.style(Role::Selection).bg.unwrap_or_default());
        assert_eq!(buffer[(5, 0)].symbol(), "4");
        assert_eq!(rows.at(Position::new(11, 2)), None, "the scroll bar is no row");
        assert_eq!(rows.at(Position::new(1, 5)), None);
    }

    #[test]
    fn the_selection_stays_in_sight_with_a_margin_and_the_window_moves_little() {
        for height in 1..9_usize {
            for count in 0..30_usize {
                let mut state = ListState::default();
                let ways = [
                    Go::Down,
                    Go::PageDown,
                    Go::Up,
                    Go::Down,
                    Go::Bottom,
                    Go::PageUp,
                    Go::Top,
                    Go::To(17),
                ];
                for go in ways.iter().cycle().take(40) {
                    state.go(*go, count, height);
                    let Some(selected) = state.selected(count) else {
                        assert_eq!(count, 0);
                        continue;
                    };
                    let offset = state.offset(count, height);
                    assert!((offset..offset + height).contains(&selected), "{go:?} {count} {height}");
                    assert!(offset + height <= count || offset == 0);
                    let margin = MARGIN.min((height - 1) / 2);
                    assert!(selected - offset >= margin.min(selected));
                    assert!(offset + height - 1 - selected >= margin.min(count - 1 - selected));
                }
            }
        }
        let mut state = ListState::default();
        state.go(Go::To(20), 100, 10);
        let offset = state.offset(100, 10);
        state.go(Go::Up, 100, 10);
        assert_eq!(state.offset(100, 10), offset);
    }

    #[test]
    fn a_list_that_shrinks_keeps_a_row_selected() {
        let mut state = ListState::default();
        state.go(Go::Bottom, 100, 10);
        assert_eq!(state.selected(3), Some(2));
        assert_eq!(
            (state.selected(0), state.offset(0, 10), state.offset(9, 0)),
            (None, 0, 0)
        );
        state.fit(3, 10);
        assert_eq!(state, ListState { selected: 2, offset: 0 });
    }
}
