//! What opens above the rest: a cleared, bordered area in the middle.

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::frame::Frame;
use crate::ui::theme::{Role, Theme};

/// The area of that size in the middle of another, as large as fits.
pub fn centred(size: Size, area: Rect) -> Rect {
    let (width, height) = (size.width.min(area.width), size.height.min(area.height));
    Rect::new(
        area.x + (area.width - width) / 2,
        area.y + (area.height - height) / 2,
        width,
        height,
    )
}

/// Clears an area, draws a border around it, and returns what is inside.
pub fn open(title: &str, note: &str, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Rect {
    let area = area.intersection(buffer.area);
    clear(area, buffer);
    let inside = theme.style(Role::Background).patch(theme.style(Role::Popup));
    buffer.set_style(area, inside);
    let border = theme.style(Role::PopupBorder);
    let styles = [border, theme.style(Role::TitleFocus), theme.style(Role::Dim)].map(|style| inside.patch(style));
    let frame = Frame {
        title,
        note,
        focused: true,
    };
    frame.draw_as(theme, styles, area, buffer)
}

/// Empties an area. A wide sign that reaches into it from the left goes too, since half of it cannot stay.
fn clear(area: Rect, buffer: &mut Buffer) {
    for place in area.positions() {
        buffer[place].reset();
    }
    if area.x > buffer.area.x {
        for y in area.top()..area.bottom() {
            let cell = &mut buffer[(area.x - 1, y)];
            if crate::ui::text::width(cell.symbol()) > 1 {
                cell.set_symbol(" ");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use ratatui::style::Style;

    use super::*;

    #[test]
    fn what_lies_beneath_does_not_show_through() {
        let theme = Theme::default();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 10, 4));
        for y in 0..4 {
            buffer.set_string(0, y, "狐狸狐狸狐", Style::new());
        }
        let area = Rect::new(3, 0, 5, 3);
        assert_eq!(open("", "", &theme, area, &mut buffer), Rect::new(4, 1, 3, 1));
        let row = |y: u16| (0..10).map(|x| buffer[(x, y)].symbol()).collect::<String>();
        assert_eq!(row(1), "狐  │   │狐 ");
        assert_eq!(row(3), "狐 狸 狐 狸 狐 ");
    }

    #[test]
    fn a_popup_is_in_the_middle_and_never_larger_than_its_place() {
        let area = Rect::new(10, 10, 20, 10);
        assert_eq!(centred(Size::new(10, 4), area), Rect::new(15, 13, 10, 4));
        assert_eq!(centred(Size::new(100, 100), area), area);
        let theme = Theme::default();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 3, 3));
        for width in 0..5 {
            open("title", "note", &theme, Rect::new(1, 1, width, width), &mut buffer);
        }
    }
}
