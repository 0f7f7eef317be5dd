//! An editor drawn: its rows, what is selected, where chunks of tokens begin, a scroll bar when there is more than fits.
//!
//! Draws only rows that are seen and changes nothing. Frame and title are the caller's.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::{Modifier, Style};

use super::glyph::{self, Glyph};
use super::wrap::Wrap;
use super::{State, follow, text_width};
use crate::ui::text::safe;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::scrollbar;

/// Draws an editor; gives the cursor's cell, if it is seen. An empty one says `placeholder`.
pub fn view(
    state: &State,
    theme: &Theme,
    focused: bool,
    placeholder: &str,
    area: Rect,
    buf: &mut Buffer,
) -> Option<Position> {
    let area = area.intersection(buf.area);
    if area.is_empty() {
        return None;
    }
    let (wrap, scroll) = laid_out(state, area);
    buf.set_style(area, theme.style(Role::Text));
    let selected = theme.style(if focused {
        Role::Selection
    } else {
        Role::SelectionInactive
    });
    for y in 0..area.height {
        for x in 0..area.width {
            buf[(area.x + x, area.y + y)].set_symbol(" ");
        }
        let row = scroll + usize::from(y);
        if row < wrap.rows() {
            let area = Rect::new(area.x, area.y + y, area.width, 1);
            draw_row(state, &wrap, row, theme, selected, area, buf);
        }
    }
    if state.text().is_empty() {
        let width = usize::from(text_width(area.as_size()));
        buf.set_stringn(area.x, area.y, placeholder, width, theme.style(Role::InputPlaceholder));
    }
    let last = Rect::new(area.right() - 1, area.y, 1, area.height);
    scrollbar::draw(wrap.rows(), scroll, theme, last, buf);
    let cell = wrap.cell(state.text(), state.place());
    let y = u16::try_from(cell.row.checked_sub(scroll)?).ok()?;
    let x = cell.column.min(area.width - 1);
    (y < area.height).then(|| Position::new(area.x + x, area.y + y))
}

/// The state's own rows, or others if it was laid out for another size.
fn laid_out(state: &State, area: Rect) -> (Cow<'_, Wrap>, usize) {
    if state.size == area.as_size() {
        return (Cow::Borrowed(&state.wrap), state.scroll);
    }
    let wrap = Wrap::new(state.text(), text_width(area.as_size()));
    let scroll = follow(
        state.scroll,
        wrap.cell(state.text(), state.place()).row,
        wrap.rows(),
        area.height,
    );
    (Cow::Owned(wrap), scroll)
}

fn draw_row(state: &State, wrap: &Wrap, row: usize, theme: &Theme, selected: Style, area: Rect, buf: &mut Buffer) {
    let text = state.text();
    let range = wrap.row(text, row);
    let selection = state.selection();
    let borders = state.tokens().map_or(&[][..], |tokens| &tokens.borders);
    let mut at = range.start;
    let mut x = area.x;
    while at < range.end
        && let Some(grapheme) = glyph::first(&text[at..range.end])
    {
        let glyph = Glyph::of(grapheme, wrap.width());
        if x + glyph.width > area.right() {
            return;
        }
        let role = if glyph.hidden {
            Role::Warning
        } else {
            state.roles.at(at)
        };
        let mut style = theme.style(role);
        if borders.binary_search(&at).is_ok() {
            let over = theme.style(Role::TokenOver);
            style = style.patch(over).add_modifier(Modifier::UNDERLINED);
        }
        if selection.contains(&at) {
            style = style.patch(selected);
        }
        buf[(x, area.y)].set_symbol(&safe(glyph.symbol));
        buf.set_style(Rect::new(x, area.y, glyph.width, 1), style);
        x += glyph.width;
        at += grapheme.len();
    }
    // A selected line break is seen as a space.
    if selection.contains(&range.end) && !wrap.is_wrapped(text, row) && x < area.right() {
        buf[(x, area.y)].set_style(selected);
    }
}
