//! The bar of keys at the bottom: what works here, key by key.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::line;
use crate::ui::text;
use crate::ui::theme::{Role, Theme};

/// Columns between two hints.
pub const GAP: usize = 2;

/// Columns that a hint takes.
pub fn columns(keys: &str, title: &str) -> usize {
    text::width(keys) + 1 + text::width(title)
}

/// Draws hints, each a key and what it does, from the left until the first that does not fit. Returns where each stands.
pub fn draw(hints: &[(&str, &str)], theme: &Theme, area: Rect, buffer: &mut Buffer) -> Vec<Rect> {
    let area = area.intersection(buffer.area);
    let mut places = Vec::new();
    let mut x = usize::from(area.x);
    for (keys, title) in hints {
        let wide = columns(keys, title);
        if x + wide > usize::from(area.right()) || area.height == 0 {
            break;
        }
        let place = Rect::new(x as u16, area.y, wide as u16, 1);
        let used = line::put(keys, theme.style(Role::HintKey), place, buffer);
        let rest = Rect {
            x: place.x + used + 1,
            width: place.width.saturating_sub(used + 1),
            ..place
        };
        line::put(title, theme.style(Role::HintText), rest, buffer);
        places.push(place);
        x += wide + GAP;
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_hints_are_drawn() {
        let theme = Theme::default();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 24, 1));
        let hints = [("enter", "出图"), ("ctrl+z", "撤销"), ("f1", "帮助")];
        let places = draw(&hints, &theme, buffer.area, &mut buffer);
        assert_eq!(places, [Rect::new(0, 0, 10, 1), Rect::new(12, 0, 11, 1)]);
        assert_eq!(buffer[(0, 0)].fg, theme.style(Role::HintKey).fg.unwrap_or_default());
        assert_eq!(buffer[(6, 0)].symbol(), "出");
        assert!(draw(&hints, &theme, Rect::new(0, 0, 3, 1), &mut buffer).is_empty());
    }
}
