//! The mouse: what is under it, and what a click, a drag or the wheel does there.

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::{Position, Rect};

use super::{App, Effect, Pane, Side, Tab};
use crate::keys::Action;
use crate::overlay::{Answer, Overlay};
use crate::panes::history;
use crate::panes::prompt::{Edit, Point};
use crate::ui::widgets::form::Message;
use crate::ui::widgets::list::Go;

/// Rows that the wheel moves a list or a text by.
const WHEEL: i32 = 3;

impl App {
    pub(super) fn mouse(&mut self, mouse: MouseEvent, effects: &mut Vec<Effect>) {
        let position = Position {
            x: mouse.column,
            y: mouse.row,
        };
        if matches!(mouse.kind, MouseEventKind::Down(_)) {
            // A chord that was begun elsewhere does not go on here.
            self.pending.clear();
        }
        if !self.overlays.is_empty() {
            return self.mouse_in_overlay(mouse.kind, position, effects);
        }
        if let (MouseEventKind::Down(MouseButton::Left), Some(tab)) = (mouse.kind, self.seen.tab(position)) {
            self.notices.clear();
            return self.show(tab);
        }
        let pane = self.layout().and_then(|layout| layout.at(position));
        match (mouse.kind, pane) {
            (MouseEventKind::Down(MouseButton::Left), Some(pane)) => {
                self.notices.clear();
                let again = self.focus == pane;
                self.go_to(pane);
                self.grip = self.seen.border(position);
                self.click(pane, position, again, effects);
            }
            (MouseEventKind::Drag(MouseButton::Left), _) => self.drag(position),
            (MouseEventKind::Up(_), _) => self.grip = false,
            (MouseEventKind::ScrollUp, Some(pane)) => self.wheel(pane, -WHEEL),
            (MouseEventKind::ScrollDown, Some(pane)) => self.wheel(pane, WHEEL),
            _ => {}
        }
    }

    fn click(&mut self, pane: Pane, position: Position, again: bool, effects: &mut Vec<Effect>) {
        let inside = self.seen.inside(pane);
        match pane {
            Pane::Prompt | Pane::Negative => {
                let at = point(inside, position);
                let edit = match self.clicks(position) {
                    2 => Edit::SelectWord(at),
                    3 => Edit::SelectLine(at),
                    _ => Edit::Click { at, select: false },
                };
                self.edit(side(pane), edit);
            }
            Pane::Parameters => {
                if let Some(field) = self.seen.form.at(position) {
                    self.change_form(Message::Click(field));
                }
            }
            Pane::Queue => {
                if let Some(row) = self.seen.jobs.at(position) {
                    let chosen = again && row == self.queue.selected();
                    self.queue.go(Go::To(row), usize::from(inside.height));
                    if chosen && self.clicks(position) == 2 {
                        self.look_at_job();
                    }
                }
            }
            Pane::History => {
                if let Some(index) = history::view::at(&self.history, inside, position) {
                    self.history.select(index);
                    self.looked();
                }
            }
            Pane::Preview => {
                if self.clicks(position) == 2 {
                    self.act(Action::ZoomPane, effects);
                }
            }
            Pane::Models | Pane::Details => self.click_in_browser(pane, position, again, effects),
            Pane::Pictures | Pane::Caption | Pane::Tags => self.click_in_dataset(pane, position, again),
        }
    }

    /// How many times this place was clicked within a short time: 1, 2 or 3.
    pub(super) fn clicks(&mut self, position: Position) -> u8 {
        let near = self
            .last_click
            .filter(|(at, time, _)| *at == position && self.now.saturating_duration_since(*time).as_millis() < 400);
        let count = near.map_or(1, |(_, _, count)| count % 3 + 1);
        self.last_click = Some((position, self.now, count));
        count
    }

    fn drag(&mut self, position: Position) {
        if self.grip {
            self.move_border(position);
        } else if let Some(side) = self.focused_side() {
            let inside = self.seen.inside(self.focus);
            self.edit(side, Edit::Drag(point(inside, position)));
        }
    }

    /// Pulls the border between the sides to the mouse.
    fn move_border(&mut self, position: Position) {
        let Some(left) = self
            .layout()
            .and_then(|layout| layout.panes.first().map(|(_, area)| area.width))
        else {
            return;
        };
        let by = i32::from(position.x) - i32::from(left) + 1;
        let shift = match self.tab() {
            Tab::Generate => &mut self.shift.wider,
            Tab::Models => &mut self.shift.list,
            Tab::Dataset => &mut self.shift.pictures,
        };
        *shift = (i32::from(*shift) + by).clamp(-400, 400) as i16;
    }

    fn wheel(&mut self, pane: Pane, rows: i32) {
        match pane {
            Pane::Prompt | Pane::Negative => {
                self.edit(side(pane), Edit::Scroll(rows));
            }
            Pane::Parameters => self.change_form(Message::Wheel { up: rows < 0 }),
            Pane::Queue => self.queue.go(
                if rows < 0 { Go::Up } else { Go::Down },
                usize::from(self.seen.inside(pane).height),
            ),
            Pane::History | Pane::Preview => self.walk(rows.signum() as isize),
            Pane::Models | Pane::Details => self.wheel_in_browser(pane, rows),
            Pane::Pictures | Pane::Caption | Pane::Tags => self.wheel_in_dataset(pane, rows),
        }
    }

    fn mouse_in_overlay(&mut self, kind: MouseEventKind, position: Position, effects: &mut Vec<Effect>) {
        if self.mouse_above_dataset(kind, position) {
            return;
        }
        let row = self.seen.rows.at(position);
        let answer = match (kind, self.overlays.last_mut()) {
            (MouseEventKind::ScrollUp, Some(overlay)) => overlay.act(Action::SelectUp, 1),
            (MouseEventKind::ScrollDown, Some(overlay)) => overlay.act(Action::SelectDown, 1),
            // What was filled in is not lost by a click beside it.
            (MouseEventKind::Down(_), Some(overlay)) if !self.seen.covers(position) => {
                (!matches!(overlay, Overlay::Dialog(_) | Overlay::Own(_))).then_some(Answer::Dismissed)
            }
            (MouseEventKind::Down(MouseButton::Left), Some(Overlay::Chooser(chooser))) => row.and_then(|row| {
                chooser.select(row);
                chooser.act(Action::Accept, 1)
            }),
            (MouseEventKind::Down(MouseButton::Left), Some(Overlay::Dialog(dialog))) => {
                if let Some(field) = self.seen.dialog.at(position) {
                    dialog.click(field);
                }
                None
            }
            _ => None,
        };
        if let Some(answer) = answer {
            self.answer(answer, effects);
        }
    }
}

fn side(pane: Pane) -> Side {
    if pane == Pane::Negative {
        Side::Negative
    } else {
        Side::Prompt
    }
}

/// A place of the screen as a place of an editor; it may lie outside of it.
pub(super) fn point(inside: Rect, position: Position) -> Point {
    Point {
        x: i32::from(position.x) - i32::from(inside.x),
        y: i32::from(position.y) - i32::from(inside.y),
    }
}
