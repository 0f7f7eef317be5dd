//! Words in an area: one line in three parts, a sentence in the middle.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::line;
use crate::ui::text;

/// A line of a head, a body that gives way, and a tail at the right edge. What has no room goes: the body first, then the tail.
pub fn three_parts(head: (&str, Style), body: (&str, Style), tail: (&str, Style), width: usize) -> Line<'static> {
    let part = |(words, style): (&str, Style), room| {
        let safe = text::safe(words);
        Span::styled(text::truncate(&safe, room).into_owned(), style)
    };
    let head = part(head, width);
    let used = text::width(&head.content);
    let tail_width = text::width(&text::safe(tail.0));
    let fits = tail_width > 0 && used + 1 + tail_width <= width;
    let tail_room = if fits { tail_width + 1 } else { 0 };
    let gap = usize::from(used > 0);
    let room = width.saturating_sub(used + gap + tail_room);
    let body = if room > 1 { part(body, room) } else { Span::default() };
    let between = " ".repeat(gap);
    let filled = used + gap + text::width(&body.content);
    let mut spans = vec![head, Span::raw(between), body];
    if fits {
        spans.push(Span::raw(" ".repeat(width.saturating_sub(filled + tail_width))));
        spans.push(part(tail, tail_width));
    }
    Line::from(spans)
}

/// A text in the middle of an area, wrapped.
pub fn centred(words: &str, style: Style, area: Rect, buffer: &mut Buffer) {
    let safe = text::safe_lines(words);
    let lines = text::wrap(&safe, usize::from(area.width));
    let top = area.y + area.height.saturating_sub(lines.len() as u16) / 2;
    for (words, y) in lines.iter().zip(top..area.bottom()) {
        let indent = (usize::from(area.width).saturating_sub(text::width(words)) / 2) as u16;
        let place = Rect {
            x: area.x + indent,
            y,
            width: area.width - indent,
            height: 1,
        };
        line::put(words, style, place, buffer);
    }
}

/// Items in rows of at most `columns`, with ` · ` between those of a row; none is parted. One that is longer than a row is cut.
pub fn items(items: &[(String, Style)], between: Style, columns: usize) -> Vec<Line<'static>> {
    const BETWEEN: &str = " · ";
    let mut rows: Vec<Line<'static>> = Vec::new();
    let mut used = 0;
    for (words, style) in items {
        let words = text::truncate(&text::safe(words), columns).into_owned();
        let wide = text::width(&words);
        match rows.last_mut() {
            Some(row) if used + text::width(BETWEEN) + wide <= columns => {
                used += text::width(BETWEEN) + wide;
                row.push_span(Span::styled(BETWEEN, between));
                row.push_span(Span::styled(words, *style));
            }
            _ => {
                used = wide;
                rows.push(Line::from(Span::styled(words, *style)));
            }
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(head: &str, body: &str, tail: &str, width: usize) -> String {
        let plain = Style::new();
        three_parts((head, plain), (body, plain), (tail, plain), width).to_string()
    }

    #[test]
    fn the_body_gives_way_first_and_then_the_tail() {
        assert_eq!(shown("1", "狐狸 fox", "done", 20), "1 狐狸 fox      done");
        assert_eq!(shown("1", "狐狸 fox", "done", 12), "1 狐狸… done");
        assert_eq!(shown("1", "狐狸 fox", "done", 6), "1 done");
        assert_eq!(shown("12345", "x", "done", 5), "12345 ");
        assert!(!shown("1", "a\u{1b}[2J", "", 20).contains('\u{1b}'));
    }

    #[test]
    fn items_go_to_the_next_row_whole() {
        let words = ["fox", "3 lost", "狐狸"].map(|words| (words.to_owned(), Style::new()));
        let rows = |columns| {
            let rows = items(&words, Style::new(), columns);
            rows.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert_eq!(rows(19), ["fox · 3 lost · 狐狸"]);
        assert_eq!(rows(18), ["fox · 3 lost", "狐狸"]);
        assert_eq!(rows(11), ["fox", "3 lost", "狐狸"]);
        assert_eq!(rows(5), ["fox", "3 lo…", "狐狸"]);
    }
}
