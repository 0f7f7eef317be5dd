//! A column that says where in a long list one is.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::theme::{Lines, Role, Theme};

/// Draws a scroll bar over the first column of an area, for `count` rows of which those from `offset` on are seen. Draws nothing where
/// all are seen.
pub fn draw(count: usize, offset: usize, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let area = Rect {
        width: area.width.min(1),
        ..area
    }
    .intersection(buffer.area);
    let height = usize::from(area.height);
    if area.is_empty() || count <= height {
        return;
    }
    let (begin, length) = thumb(count, offset, height);
    let (solid, thin) = if theme.lines() == Lines::Ascii {
        ("#", "|")
    } else {
        ("█", "│")
    };
    for (i, y) in (area.top()..area.bottom()).enumerate() {
        let inside = (begin..begin + length).contains(&i);
        let (symbol, role) = if inside {
            (solid, Role::ScrollThumb)
        } else {
            (thin, Role::ScrollTrack)
        };
        // A thumb that is told by reverse would turn its block into nothing.
        let style = theme.style(role).remove_modifier(ratatui::style::Modifier::REVERSED);
        buffer[(area.x, y)].set_symbol(symbol).set_style(style);
    }
}

/// Where the thumb begins and how long it is. It touches an end only when the list does.
fn thumb(count: usize, offset: usize, height: usize) -> (usize, usize) {
    let length = (height * height / count).clamp(1, height);
    let last = count - height;
    let free = height - length;
    let offset = offset.min(last);
    let begin = (offset * free).div_ceil(last);
    let begin = if offset < last {
        begin.min(free.saturating_sub(1))
    } else {
        free
    };
    (begin, length)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thumb_is_at_an_end_only_when_the_list_is() {
        assert_eq!(thumb(10_000, 0, 10), (0, 1));
        assert_eq!(thumb(10_000, 1, 10), (1, 1));
        assert_eq!(thumb(10_000, 9_989, 10), (8, 1));
        assert_eq!(thumb(10_000, 9_990, 10), (9, 1));
        assert_eq!(thumb(10_000, usize::MAX, 10), (9, 1));
        assert_eq!(thumb(20, 10, 10), (5, 5));
        assert_eq!(thumb(2, 1, 1), (0, 1));
    }
}
