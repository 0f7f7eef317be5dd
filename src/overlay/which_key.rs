//! What may follow the keys pressed so far, in columns above the hint bar.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::keys::keymap::Continuation;
use crate::ui::lang::Lang;
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::{line, popup};

/// Columns between two entries.
const GAP: usize = 3;

/// Draws the keys that may follow, above `hints`; gives the area that they cover.
pub fn view(continuations: &[Continuation], theme: &Theme, lang: Lang, hints: Rect, buffer: &mut Buffer) -> Rect {
    let entries: Vec<(String, &str)> = continuations
        .iter()
        .map(|next| (next.chord.to_string(), lang.say(&next.meaning.title())))
        .collect();
    let widest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or_default();
    let keys = widest(&mut entries.iter().map(|(key, _)| text::width(key)));
    let titles = widest(&mut entries.iter().map(|(_, title)| text::width(title)));
    let pitch = keys + 1 + titles + GAP;
    let columns = (usize::from(hints.width.saturating_sub(2)) / pitch).clamp(1, entries.len().max(1));
    let most = usize::from(hints.y.saturating_sub(3)).max(1);
    let rows = entries.len().div_ceil(columns).clamp(1, most);
    let height = (rows as u16 + 2).min(hints.y);
    let area = Rect {
        y: hints.y - height,
        height,
        ..hints
    };
    let inside = popup::open("", "", theme, area, buffer);
    for (row, place) in inside.rows().take(rows).enumerate() {
        let mut cells = Line::default();
        for (key, title) in entries.iter().skip(row).step_by(rows).take(columns) {
            cells.push_span(Span::styled(text::pad_start(key, keys), theme.style(Role::HintKey)));
            let rest = format!(" {}", text::pad(title, titles + GAP));
            cells.push_span(Span::styled(rest, theme.style(Role::Popup)));
        }
        line::put_line(&cells, theme.style(Role::Popup), place, buffer);
    }
    area
}
