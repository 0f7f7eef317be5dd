//! The history drawn: a strip of thumbnails where there is room, else a line that says which picture is looked at.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::{Made, State};
use crate::ui::lang::{Lang, screen};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::line;

/// The columns of a thumbnail, with the gap behind it.
const PITCH: u16 = 13;
/// The least rows of a thumbnail.
const LEAST: u16 = 3;

/// Which pictures have a thumbnail in a pane of this inside: the one looked at is always among them.
pub fn in_view(state: &State, inside: Rect) -> Range<usize> {
    let count = state.pictures().len();
    if inside.height < LEAST || inside.width < PITCH {
        return 0..0;
    }
    let room = usize::from(inside.width / PITCH).min(count);
    let first = state.selected().saturating_sub(room / 2).min(count - room);
    first..first + room
}

/// The place of each thumbnail of [`in_view`], with the index of its picture.
pub fn places(state: &State, inside: Rect) -> Vec<(usize, Rect)> {
    let shown = in_view(state, inside);
    let place = |index| Rect {
        x: inside.x + PITCH * (index as u16),
        width: PITCH - 1,
        height: inside.height - 1,
        ..inside
    };
    shown.clone().map(|index| (index, place(index - shown.start))).collect()
}

/// Draws what is no picture: marks under the thumbnails, or the line that stands for them.
pub fn view(state: &State, focused: bool, theme: &Theme, lang: Lang, inside: Rect, buffer: &mut Buffer) {
    if inside.is_empty() {
        return;
    }
    let Some(current) = state.current() else {
        line::put_wrapped(lang.say(&screen::NO_PICTURES), theme.style(Role::Dim), inside, buffer);
        return;
    };
    let shown = places(state, inside);
    if shown.is_empty() {
        line::put(&name(current), theme.style(Role::Text), inside, buffer);
        return;
    }
    for (index, place) in shown {
        let selected = index == state.selected();
        let role = match (selected, focused) {
            (true, true) => Role::Selection,
            (true, false) => Role::SelectionInactive,
            (false, _) => Role::Dim,
        };
        let label = Rect {
            y: place.bottom(),
            height: 1,
            ..place
        };
        let seed = state.pictures()[index].picture.seed.to_string();
        buffer.set_style(label, theme.style(role));
        line::put(&seed, theme.style(role), label, buffer);
    }
}

/// The picture at a place.
pub fn at(state: &State, inside: Rect, position: Position) -> Option<usize> {
    let found = places(state, inside).into_iter().find(|(_, place)| {
        let with_label = Rect {
            height: place.height + 1,
            ..*place
        };
        with_label.contains(position)
    });
    found.map(|(index, _)| index)
}

/// A picture's file name.
pub fn name(made: &Made) -> String {
    made.picture
        .path
        .file_name()
        .map(|name| text::safe(&name.to_string_lossy()).into_owned())
        .unwrap_or_default()
}
