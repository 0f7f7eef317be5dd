//! The mouse in the panes of the dataset.

use ratatui::layout::Position;

use super::super::{App, Pane};
use crate::panes::prompt;
use crate::ui::widgets::list::Go;

impl App {
    /// A click: selects, and a second one goes on.
    pub(in crate::app) fn click_in_dataset(&mut self, pane: Pane, position: Position, again: bool) {
        match pane {
            Pane::Pictures => self.click_in_pictures(position, again),
            Pane::Caption if self.dataset.view.scope().is_some() => {
                if let Some(row) = self.seen.dataset.caption.rows.at(position) {
                    self.move_in_view(Go::To(row));
                }
            }
            Pane::Caption => {
                let drawn = &self.seen.dataset.caption;
                let (editor, area) = (drawn.editor, drawn.area);
                if editor.contains(position) {
                    let at = super::super::pointer::point(editor, position);
                    self.write_in_caption(prompt::Edit::Click { at, select: false });
                } else if area.contains(position) {
                    let row = drawn.first + usize::from(position.y - area.y);
                    let place = drawn.chips.at(row, position.x - area.x);
                    let Some(place) = place else { return };
                    let twice = self.clicks(position) == 2;
                    if let Some(caption) = self.dataset.caption_mut() {
                        caption.go(place);
                    }
                    if twice {
                        self.dataset.type_tag(None);
                    }
                }
            }
            _ => {
                let drawn = &self.seen.dataset.tags;
                if drawn.search.contains(position) {
                    return self.dataset.tags.type_search(true);
                }
                let Some(row) = drawn.rows.at(position) else { return };
                let height = drawn.rows.height();
                self.dataset.tags.type_search(false);
                self.dataset.tags.go(Go::To(row), height);
                if self.clicks(position) == 2 {
                    self.narrow_to_tag(false);
                }
            }
        }
    }

    fn click_in_pictures(&mut self, position: Position, again: bool) {
        let drawn = &self.seen.dataset.pictures;
        if drawn.filter.contains(position) {
            return self.dataset.filter(true);
        }
        let grid = drawn.grid.filter(|_| self.dataset.is_grid());
        let row = match grid {
            Some(grid) => grid.at(position),
            None => drawn.rows.at(position),
        };
        let Some(row) = row.filter(|row| *row < self.dataset.count()) else {
            return;
        };
        let height = self.pictures_height();
        let same = again && self.dataset.row() == Some(row);
        self.dataset.filter(false);
        self.dataset.go(Go::To(row), height);
        if self.clicks(position) == 2 && same {
            self.go_to(Pane::Caption);
        }
    }

    /// The wheel.
    pub(in crate::app) fn wheel_in_dataset(&mut self, pane: Pane, rows: i32) {
        let go = if rows < 0 { Go::Up } else { Go::Down };
        match pane {
            Pane::Pictures => {
                let grid = self.seen.dataset.pictures.grid.filter(|_| self.dataset.is_grid());
                let by = grid.map_or(rows as isize, |grid| rows.signum() as isize * grid.columns as isize);
                self.walk_pictures(by);
            }
            Pane::Caption if self.dataset.caption().is_some_and(|caption| caption.editor().is_some()) => {
                self.write_in_caption(prompt::Edit::Scroll(rows));
            }
            Pane::Caption => self.move_in_caption(go),
            _ => {
                let height = self.seen.dataset.tags.rows.height().max(1);
                for _ in 0..rows.unsigned_abs() {
                    self.dataset.tags.go(go, height);
                }
            }
        }
    }
}
