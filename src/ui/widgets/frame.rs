//! The border around a pane: its title, a note at the right, and whether it has the keys.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::symbols::border;

use super::line;
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};

const ASCII: border::Set<'static> = border::Set {
    top_left: "+",
    top_right: "+",
    bottom_left: "+",
    bottom_right: "+",
    vertical_left: "|",
    vertical_right: "|",
    horizontal_top: "-",
    horizontal_bottom: "-",
};

/// What a border says.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frame<'a> {
    /// At the top left.
    pub title: &'a str,
    /// At the top right, where there is room; a count, a state.
    pub note: &'a str,
    /// Whether the pane has the keys.
    pub focused: bool,
}

impl Frame<'_> {
    /// Draws the border and returns what is inside.
    pub fn draw(&self, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Rect {
        let (border, title) = if self.focused {
            (Role::BorderFocus, Role::TitleFocus)
        } else {
            (Role::Border, Role::Title)
        };
        self.draw_as(
            theme,
            [border, title, Role::Dim].map(|role| theme.style(role)),
            area,
            buffer,
        )
    }

    /// As [`Frame::draw`], in the styles of border, title and note.
    pub(super) fn draw_as(&self, theme: &Theme, styles: [Style; 3], area: Rect, buffer: &mut Buffer) -> Rect {
        let area = area.intersection(buffer.area);
        if area.width < 2 || area.height < 2 {
            return Rect {
                width: 0,
                height: 0,
                ..area
            };
        }
        let [border, title, note] = styles;
        outline(set(theme.lines()), border, area, buffer);
        let room = area.width.saturating_sub(4);
        let at = |x: u16, width: u16| Rect {
            x,
            width,
            height: 1,
            ..area
        };
        let title_wide = (text::width(&text::safe(self.title)) as u16).min(room);
        if title_wide > 0 {
            line::put(" ", title, at(area.x + 1, 1), buffer);
            let used = line::put(self.title, title, at(area.x + 2, title_wide), buffer);
            line::put(" ", title, at(area.x + 2 + used, 1), buffer);
        }
        let note_wide = text::width(&text::safe(self.note)) as u16;
        if note_wide > 0 && title_wide + note_wide + 4 <= room {
            let x = area.right() - 4 - note_wide;
            line::put(" ", note, at(x, 1), buffer);
            line::put(self.note, note, at(x + 1, note_wide), buffer);
            line::put(" ", note, at(x + 1 + note_wide, 1), buffer);
        }
        Rect::new(area.x + 1, area.y + 1, area.width - 2, area.height - 2)
    }
}

fn set(lines: Lines) -> border::Set<'static> {
    match lines {
        Lines::Rounded => border::ROUNDED,
        Lines::Plain => border::PLAIN,
        Lines::Ascii => ASCII,
    }
}

fn outline(set: border::Set<'_>, style: Style, area: Rect, buffer: &mut Buffer) {
    let (right, bottom) = (area.right() - 1, area.bottom() - 1);
    let mut cell = |x: u16, y: u16, symbol: &str| {
        buffer[(x, y)].set_symbol(symbol).set_style(style);
    };
    for x in area.x + 1..right {
        cell(x, area.y, set.horizontal_top);
        cell(x, bottom, set.horizontal_bottom);
    }
    for y in area.y + 1..bottom {
        cell(area.x, y, set.vertical_left);
        cell(right, y, set.vertical_right);
    }
    cell(area.x, area.y, set.top_left);
    cell(right, area.y, set.top_right);
    cell(area.x, bottom, set.bottom_left);
    cell(right, bottom, set.bottom_right);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(buffer: &Buffer) -> Vec<String> {
        let symbols: Vec<_> = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        symbols
            .chunks(usize::from(buffer.area.width).max(1))
            .map(<[&str]>::concat)
            .collect()
    }

    #[test]
    fn a_frame_shows_title_note_and_focus() {
        let theme = Theme::default();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 16, 3));
        let frame = Frame {
            title: "队列",
            note: "3",
            focused: true,
        };
        let inner = frame.draw(&theme, buffer.area, &mut buffer);
        assert_eq!(inner, Rect::new(1, 1, 14, 1));
        assert_eq!(
            rows(&buffer),
            ["╭ 队 列  ──── 3 ─╮", "│              │", "╰──────────────╯"]
        );
        assert_eq!(buffer[(0, 0)].fg, theme.style(Role::BorderFocus).fg.unwrap_or_default());
    }

    #[test]
    fn a_frame_of_any_size_is_drawn_and_cut() {
        let theme = Theme::default();
        let frame = Frame {
            title: "a very long title 狐狸",
            note: "note",
            focused: false,
        };
        for width in 0..30 {
            for height in 0..4 {
                let mut buffer = Buffer::empty(Rect::new(3, 3, 20, 3));
                let inner = frame.draw(&theme, Rect::new(3, 3, width, height), &mut buffer);
                assert!(buffer.area.intersection(inner) == inner || inner.is_empty());
            }
        }
        let mut buffer = Buffer::empty(Rect::new(0, 0, 12, 2));
        frame.draw(&theme, buffer.area, &mut buffer);
        assert_eq!(rows(&buffer)[0], "╭ a very … ╮");
    }
}
