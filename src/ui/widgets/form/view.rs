//! How a form is drawn: label and value side by side, in two columns where there is room, and below them what the selected field is.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

use super::Form;
use crate::ui::lang::Lang;
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};
use crate::ui::widgets::{line, scrollbar};

/// Columns from which on fields stand in two columns, and the gap between these.
const WIDE: u16 = 72;
const GAP: u16 = 2;
/// Rows below the fields that say what the selected one is.
const FOOTER: u16 = 3;
const MARKER: u16 = 2;

/// Where things were drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Drawn {
    /// Each field that is seen, by its place in the form.
    pub fields: Vec<(Rect, usize)>,
    /// Where the cursor of the line being typed is.
    pub cursor: Option<Position>,
}

impl Drawn {
    /// The field at a place on the screen, for [`super::Message::Click`].
    pub fn at(&self, place: Position) -> Option<usize> {
        let hit = self.fields.iter().find(|(area, _)| area.contains(place));
        hit.map(|(_, field)| *field)
    }
}

impl Form {
    /// Draws the form. `focused` says whether it has the keys.
    pub fn draw(&self, focused: bool, lang: Lang, theme: &Theme, area: Rect, buffer: &mut Buffer) -> Drawn {
        let area = area.intersection(buffer.area);
        let mut drawn = Drawn::default();
        if area.is_empty() || self.fields.is_empty() {
            return drawn;
        }
        // Small forms do without the footer.
        let footer = if area.height > FOOTER + 2 { FOOTER } else { 0 };
        let body = Rect {
            height: area.height - footer,
            ..area
        };
        for (place, index) in self.places(body) {
            let cursor = self.draw_field(index, focused, lang, theme, place, buffer);
            drawn.cursor = drawn.cursor.or(cursor);
            drawn.fields.push((place, index));
        }
        self.draw_scroll(theme, body, buffer);
        if footer > 0 {
            let place = Rect {
                y: body.bottom(),
                height: footer,
                ..area
            };
            self.draw_footer(lang, theme, place, buffer);
        }
        drawn
    }

    fn columns(body: Rect) -> usize {
        if body.width >= WIDE { 2 } else { 1 }
    }

    /// The rows of fields, and the first that is seen: the selected one stays in sight.
    fn rows(&self, body: Rect) -> (usize, usize) {
        let rows = self.fields.len().div_ceil(Self::columns(body));
        let height = usize::from(body.height);
        let selected = self.selected % rows.max(1);
        let first = (selected + 1).saturating_sub(height.saturating_sub(1).max(1));
        (rows, first.min(rows.saturating_sub(height)))
    }

    /// Where each field that is seen stands. The second column goes on where the first ends.
    fn places(&self, body: Rect) -> Vec<(Rect, usize)> {
        let columns = Self::columns(body) as u16;
        let (rows, first) = self.rows(body);
        let scrolls = u16::from(rows > usize::from(body.height));
        let width = (body.width - scrolls).saturating_sub(GAP * (columns - 1)) / columns;
        let mut places = Vec::new();
        for column in 0..columns {
            for (y, row) in (body.top()..body.bottom()).zip(first..rows) {
                let index = usize::from(column) * rows + row;
                if index < self.fields.len() {
                    places.push((Rect::new(body.x + column * (width + GAP), y, width, 1), index));
                }
            }
        }
        places
    }

    fn draw_field(
        &self,
        index: usize,
        focused: bool,
        lang: Lang,
        theme: &Theme,
        place: Rect,
        buffer: &mut Buffer,
    ) -> Option<Position> {
        let field = self.fields.get(index)?;
        let selected = index == self.selected;
        let (label, value) = match (selected, focused) {
            (false, _) => (theme.style(Role::Dim), theme.style(Role::Text)),
            (true, true) => (theme.style(Role::Selection), theme.style(Role::Selection)),
            (true, false) => (
                theme.style(Role::SelectionInactive),
                theme.style(Role::SelectionInactive),
            ),
        };
        let marker = match (selected, theme.lines()) {
            (false, _) => "  ",
            (true, Lines::Ascii) => "> ",
            (true, _) => "▸ ",
        };
        if selected {
            buffer.set_style(place, value);
        }
        line::put(marker, label, place, buffer);
        let [label_place, value_place] = self.split(lang, place);
        line::put(lang.say(&field.label), label, label_place, buffer);
        let Some(input) = self.editing.as_ref().filter(|_| selected) else {
            line::put(&field.value.shown(lang), value, value_place, buffer);
            return None;
        };
        for cell in value_place.positions() {
            buffer[cell].reset();
        }
        let below = theme.style(Role::Background).patch(theme.style(Role::Input));
        buffer.set_style(value_place, below);
        input.draw("", theme, value_place, buffer)
    }

    /// The places of label and value: values stand below each other, behind the longest label or half the width.
    fn split(&self, lang: Lang, place: Rect) -> [Rect; 2] {
        let inner = Rect {
            x: place.x + MARKER.min(place.width),
            width: place.width.saturating_sub(MARKER),
            ..place
        };
        let longest = self
            .fields
            .iter()
            .map(|field| text::width(lang.say(&field.label)))
            .max();
        let wide = (longest.unwrap_or(0) as u16 + 1).min(inner.width.div_ceil(2));
        let label = Rect {
            width: wide.saturating_sub(1),
            ..inner
        };
        let value = Rect {
            x: inner.x + wide,
            width: inner.width - wide,
            ..inner
        };
        [label, value]
    }

    fn draw_scroll(&self, theme: &Theme, body: Rect, buffer: &mut Buffer) {
        let (rows, first) = self.rows(body);
        let column = Rect {
            x: body.right() - 1,
            width: 1,
            ..body
        };
        scrollbar::draw(rows, first, theme, column, buffer);
    }

    fn draw_footer(&self, lang: Lang, theme: &Theme, place: Rect, buffer: &mut Buffer) {
        let Some(field) = self.selected() else {
            return;
        };
        let mut words = lang.say(&field.help).to_owned();
        let bounds = field.value.bounds(lang);
        if !bounds.is_empty() {
            words.push_str(match lang {
                Lang::En => ": ",
                Lang::Zh => ":",
            });
            words.push_str(&bounds);
        }
        let below = Rect {
            y: place.y + 1,
            height: place.height - 1,
            ..place
        };
        line::put_wrapped(&words, theme.style(Role::Dim), below, buffer);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Field, Message, Value};
    use super::*;
    use crate::ui::lang::{generate, text};

    fn form(count: usize) -> Form {
        let ids = ["steps", "cfg", "size", "seed"];
        let field = |i: usize| Field {
            id: ids[i % 4],
            label: [generate::STEPS, generate::CFG, generate::WIDTH, generate::SEED][i % 4],
            help: text("Help with a long sentence", "一句很长的帮助说明文字"),
            value: Value::Integer {
                value: i as i64,
                min: 0,
                max: 150,
                step: 1,
                big_step: 10,
            },
        };
        Form::new((0..count).map(field).collect())
    }

    fn rows(buffer: &Buffer) -> Vec<String> {
        let symbols: Vec<_> = buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect();
        let rows = symbols.chunks(usize::from(buffer.area.width).max(1));
        rows.map(|row| row.concat().trim_end().to_owned()).collect()
    }

    #[test]
    fn labels_values_marker_and_help_stand_in_their_places() {
        let theme = Theme::default();
        let mut form = form(4);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 34, 8));
        form.draw(true, Lang::En, &theme, buffer.area, &mut buffer);
        let expected = [
            "▸ Steps     0",
            "  CFG scale 1",
            "  Width     2",
            "  Seed      3",
            "",
            "",
            "Help with a long sentence: 0 to",
            "150, in steps of 1",
        ];
        assert_eq!(rows(&buffer), expected);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 34, 8));
        assert!(form.update(Message::Edit, Lang::Zh).is_ok());
        let drawn = form.draw(true, Lang::Zh, &theme, buffer.area, &mut buffer);
        assert_eq!(drawn.cursor, Some(Position::new(19, 0)));
        assert_eq!(drawn.at(Position::new(5, 2)), Some(2));
        assert!(rows(&buffer)[1].contains("提 示 词 引 导"));
    }

    #[test]
    fn wide_forms_have_two_columns() {
        let theme = Theme::default();
        let mut buffer = Buffer::empty(Rect::new(0, 0, 80, 6));
        let drawn = form(5).draw(false, Lang::En, &theme, buffer.area, &mut buffer);
        let corners: Vec<_> = drawn.fields.iter().map(|(area, i)| (area.x, area.y, *i)).collect();
        assert_eq!(corners, [(0, 0, 0), (0, 1, 1), (0, 2, 2), (41, 0, 3), (41, 1, 4)]);
    }

    #[test]
    fn a_form_of_any_size_shows_its_selected_field() {
        let theme = Theme::default();
        for count in 0..12 {
            for (width, height) in [(0, 0), (1, 1), (2, 2), (3, 9), (10, 3), (34, 5), (72, 4), (100, 8)] {
                let mut form = form(count);
                for _ in 0..count {
                    let mut buffer = Buffer::empty(Rect::new(0, 0, width, height));
                    let drawn = form.draw(true, Lang::Zh, &theme, buffer.area, &mut buffer);
                    let seen = drawn.fields.iter().any(|(_, i)| *i == form.selected);
                    assert!(seen || width * height == 0, "{count} {width} {height}");
                    assert!(form.update(Message::Down, Lang::En).is_ok());
                }
            }
        }
    }
}
