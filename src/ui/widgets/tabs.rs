//! A row of tabs, one of them shown.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::line;
use crate::ui::text;
use crate::ui::theme::{Role, Theme};

/// Draws titles side by side, as many as fit around the active one. Returns where each stands; those left out are empty.
pub fn draw(titles: &[&str], active: usize, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Vec<Rect> {
    let area = area.intersection(buffer.area);
    let wide = |title: &&str| text::width(&text::safe(title)) + 2;
    let mut first = 0;
    // From the left, unless the active one would not fit then.
    while first < active.min(titles.len().saturating_sub(1))
        && titles[first..=active.min(titles.len() - 1)]
            .iter()
            .map(wide)
            .sum::<usize>()
            > usize::from(area.width)
    {
        first += 1;
    }
    let mut x = area.x;
    let place = |(i, title): (usize, &&str)| {
        let width = (wide(title) as u16).min(area.right().saturating_sub(x));
        if i < first || width < 3 || area.height == 0 {
            return Rect::default();
        }
        let role = if i == active { Role::TabActive } else { Role::Tab };
        let style = theme.style(role);
        let place = Rect::new(x, area.y, width, 1);
        buffer.set_style(place, style);
        let inner = Rect::new(x + 1, area.y, width - 2, 1);
        line::put(title, style, inner, buffer);
        x += width;
        place
    };
    titles.iter().enumerate().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_active_tab_is_always_seen() {
        let theme = Theme::default();
        let titles = ["Generate", "队列", "History", "Models"];
        for active in 0..titles.len() {
            let mut buffer = Buffer::empty(Rect::new(0, 0, 18, 1));
            let places = draw(&titles, active, &theme, buffer.area, &mut buffer);
            assert!(!places[active].is_empty(), "{active}");
            let x = places[active].x;
            assert_eq!(buffer[(x, 0)].modifier, theme.style(Role::TabActive).add_modifier);
        }
        let mut buffer = Buffer::empty(Rect::new(0, 0, 2, 1));
        assert_eq!(draw(&titles, 9, &theme, buffer.area, &mut buffer), [Rect::default(); 4]);
        assert!(draw(&[], 0, &theme, buffer.area, &mut buffer).is_empty());
    }
}
