//! One line of text in a row of cells: made safe, cut with `…`, never outside its area.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::ui::text;

/// Writes a text into the first row of an area. Returns the columns used.
pub fn put(text: &str, style: Style, area: Rect, buffer: &mut Buffer) -> u16 {
    put_spans(&[Span::styled(text, style)], Style::new(), area, buffer)
}

/// Writes a line of several styles, each laid over `base`. Returns the columns used.
pub fn put_line(line: &Line<'_>, base: Style, area: Rect, buffer: &mut Buffer) -> u16 {
    put_spans(&line.spans, base.patch(line.style), area, buffer)
}

fn put_spans(spans: &[Span<'_>], base: Style, area: Rect, buffer: &mut Buffer) -> u16 {
    let area = area.intersection(buffer.area);
    if area.is_empty() {
        return 0;
    }
    let safe: Vec<_> = spans
        .iter()
        .map(|span| (text::safe(&span.content), span.style))
        .collect();
    let wanted: usize = safe.iter().map(|(text, _)| text::width(text)).sum();
    let room = usize::from(area.width);
    let kept = if wanted > room { room - 1 } else { room };
    let mut used = 0;
    let mut last = base;
    for (text, style) in &safe {
        last = base.patch(*style);
        let cut = text::head(text, kept - used);
        let x = area.x + used as u16;
        buffer.set_stringn(x, area.y, cut, kept - used, last);
        // The second cell of a wide sign has its style too.
        let wide = text::width(cut);
        buffer.set_style(Rect::new(x, area.y, wide as u16, 1), last);
        used += wide;
        if cut.len() < text.len() {
            break;
        }
    }
    if wanted > room {
        buffer.set_stringn(area.x + used as u16, area.y, "…", 1, last);
        used += 1;
    }
    used as u16
}

/// Writes wrapped lines from the top of an area on. Returns how many rows they took.
pub fn put_wrapped(text: &str, style: Style, area: Rect, buffer: &mut Buffer) -> u16 {
    let safe = text::safe_lines(text);
    let lines = text::wrap(&safe, usize::from(area.width));
    let rows = area.rows().zip(&lines);
    rows.map(|(row, line)| {
        put(line, style, row, buffer);
        1
    })
    .sum()
}

/// A text with some of its graphemes in another style, for what a filter matched.
pub fn highlighted(text: &str, positions: &[usize], style: Style, matched: Style) -> Line<'static> {
    let safe = text::safe(text).into_owned();
    let mut spans: Vec<(bool, String)> = Vec::new();
    for (i, (grapheme, _)) in text::graphemes(&safe).enumerate() {
        let hit = positions.binary_search(&i).is_ok();
        match spans.last_mut() {
            Some((last, content)) if *last == hit => content.push_str(grapheme),
            _ => spans.push((hit, grapheme.to_owned())),
        }
    }
    let spans = spans.into_iter().map(|(hit, content)| {
        let style = if hit { style.patch(matched) } else { style };
        Span::styled(content, style)
    });
    spans.collect()
}

#[cfg(test)]
mod tests {
    use ratatui::style::Color;

    use super::*;

    fn drawn(text: &str, width: u16) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        put(text, Style::new(), buffer.area, &mut buffer);
        let cells = buffer.content.iter().map(ratatui::buffer::Cell::symbol);
        cells.collect::<String>()
    }

    #[test]
    fn a_line_is_cut_where_a_sign_ends_and_nothing_escapes() {
        assert_eq!(drawn("fox", 5), "fox  ");
        assert_eq!(drawn("a\u{1b}[0m", 8), "a␛[0m   ");
        // A wide sign leaves its second cell empty.
        assert_eq!(drawn("狐狸雪", 5), "狐 狸 …");
        assert_eq!(drawn("狐狸雪", 4), "狐 … ");
        assert_eq!(drawn("fox", 0), "");
    }

    #[test]
    fn nothing_is_drawn_outside_the_buffer() {
        let mut buffer = Buffer::empty(Rect::new(2, 2, 3, 1));
        for area in [
            Rect::new(0, 0, 9, 9),
            Rect::new(4, 2, 100, 1),
            Rect::new(9, 9, 3, 3),
            Rect::new(u16::MAX, 0, 1, 1),
        ] {
            put("a fox in snow", Style::new(), area, &mut buffer);
            put_wrapped("a fox in snow\n\nx", Style::new(), area, &mut buffer);
        }
    }

    #[test]
    fn matched_letters_stand_out() {
        let line = highlighted("红狐狸", &[1], Style::new(), Style::new().fg(Color::Red));
        let contents: Vec<_> = line.spans.iter().map(|span| span.content.as_ref()).collect();
        assert_eq!(contents, ["红", "狐", "狸"]);
        assert_eq!(line.spans[1].style.fg, Some(Color::Red));
    }
}
