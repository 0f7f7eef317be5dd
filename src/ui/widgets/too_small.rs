//! What stands there instead when the terminal is too small.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::line;
use crate::ui::lang::{Lang, trouble};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};

/// Draws the message if the area is smaller than needed, its present size in the error's colour. Returns whether it did.
pub fn draw(needed: Size, lang: Lang, theme: &Theme, area: Rect, buffer: &mut Buffer) -> bool {
    let area = area.intersection(buffer.area);
    if area.width >= needed.width && area.height >= needed.height {
        return false;
    }
    let values = |size: Size| {
        lang.fill(
            &trouble::TOO_SMALL_NOW,
            &[("width", &size.width), ("height", &size.height)],
        )
    };
    let fill = lang.fill(
        &trouble::TOO_SMALL_NEEDED,
        &[("width", &needed.width), ("height", &needed.height)],
    );
    let mut lines = vec![
        (lang.say(&trouble::TOO_SMALL).to_owned(), Role::Text),
        (values(area.as_size()), Role::Error),
        (fill, Role::Dim),
    ];
    let wrapped = text::wrap(&lines[0].0, usize::from(area.width));
    if wrapped.len() + 2 <= usize::from(area.height) {
        let wrapped: Vec<_> = wrapped.iter().map(|words| (words.to_string(), Role::Text)).collect();
        lines.splice(..1, wrapped);
    }
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (y, (words, role)) in (top..area.bottom()).zip(&lines) {
        let wide = (text::width(words) as u16).min(area.width);
        let place = Rect::new(area.x + (area.width - wide) / 2, y, wide, 1);
        line::put(words, theme.style(*role), place, buffer);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_is_there_and_what_is_needed() {
        let theme = Theme::default();
        let needed = Size::new(60, 20);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 30, 3));
        assert!(draw(needed, Lang::En, &theme, buffer.area, &mut buffer));
        let text: String = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        assert!(
            text.contains("too small") && text.contains("30×3") && text.contains("needed: 60×20"),
            "{text}"
        );
        for (width, height) in [(0, 0), (1, 1), (60, 19), (59, 20)] {
            let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
            assert!(draw(needed, Lang::Zh, &theme, buffer.area, &mut buffer));
        }
        let mut buffer = Buffer::empty(Rect::new(0, 0, 60, 20));
        assert!(!draw(needed, Lang::En, &theme, buffer.area, &mut buffer));
    }
}
