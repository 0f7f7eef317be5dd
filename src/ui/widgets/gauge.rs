//! A progress bar with words before it.
//!
//! A step changes a few cells in one colour each: words in the bar, or a bar of backgrounds, would cost an ssh link twice the bytes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::line;
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};

/// The least columns that a bar is drawn in, and those between the words and it.
const LEAST: usize = 6;
const GAP: usize = 2;

/// Draws words and behind them a bar, done up to `fraction`, over the first row of an area. What is no number is nothing done; a bar
/// that has no room is left out.
pub fn draw(fraction: f64, words: &str, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let area = Rect {
        height: area.height.min(1),
        ..area
    }
    .intersection(buffer.area);
    if area.is_empty() {
        return;
    }
    for x in area.left()..area.right() {
        buffer[(x, area.y)].set_symbol(" ").set_style(theme.style(Role::Text));
    }
    let safe = text::safe(words);
    line::put(
        &text::truncate(&safe, usize::from(area.width)),
        theme.style(Role::Text),
        area,
        buffer,
    );
    let used = match text::width(&safe) {
        0 => 0,
        wide => wide + GAP,
    };
    let room = usize::from(area.width).saturating_sub(used);
    if room < LEAST {
        return;
    }
    let fraction = if fraction.is_finite() {
        fraction.clamp(0.0, 1.0)
    } else {
        0.0
    };
    let done = (fraction * room as f64).round() as usize;
    let [full, empty] = match theme.lines() {
        Lines::Ascii => ["#", "."],
        Lines::Rounded | Lines::Plain => ["━", "─"],
    };
    let (done_style, rest_style) = (ink(theme, Role::ProgressDone), ink(theme, Role::ProgressRest));
    for i in 0..room {
        let (symbol, style) = if i < done {
            (full, done_style)
        } else {
            (empty, rest_style)
        };
        buffer[(area.x + (used + i) as u16, area.y)]
            .set_symbol(symbol)
            .set_style(style);
    }
}

/// A role's background as the colour of what is drawn as a bar of signs.
pub fn ink(theme: &Theme, role: Role) -> Style {
    theme
        .style(role)
        .bg
        .map_or(Style::new(), |colour| Style::new().fg(colour))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::ui::theme::{Depth, Themes};

    fn drawn(theme: &Theme, fraction: f64, words: &str, width: u16) -> String {
        let mut buffer = Buffer::empty(Rect::new(0, 0, width, 1));
        draw(fraction, words, theme, buffer.area, &mut buffer);
        buffer.content.iter().map(ratatui::buffer::Cell::symbol).collect()
    }

    #[test]
    fn a_bar_is_as_long_as_what_is_done() {
        let theme = Theme::default();
        assert_eq!(drawn(&theme, 0.5, "", 8), "━━━━────");
        assert_eq!(drawn(&theme, 1.0, "done", 14), "done  ━━━━━━━━");
        assert_eq!(drawn(&theme, 0.5, "第 3 步", 17), "第  3 步   ━━━━────");
        for fraction in [f64::NAN, f64::INFINITY, -1.0] {
            assert_eq!(drawn(&theme, fraction, "", 6), "──────", "{fraction}");
        }
        assert_eq!(drawn(&theme, 7.0, "", 6), "━━━━━━");
    }

    #[test]
    fn words_come_before_the_bar_and_are_cut_last() {
        let theme = Theme::default();
        assert_eq!(drawn(&theme, 0.5, "fox", 10), "fox       ");
        assert_eq!(drawn(&theme, 7.0, "a long text", 4), "a l…");
        assert_eq!(drawn(&theme, 0.3, "狐", 1), "…");
        assert_eq!(drawn(&theme, 0.3, "狐", 0), "");
    }

    #[test]
    fn without_colours_or_lines_it_is_still_told() {
        let mono = Theme::default().at(Depth::Mono);
        assert_eq!(drawn(&mono, 0.5, "", 8), "━━━━────");
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a.toml"), "inherits = \"mono\"\nlines = \"ascii\"").unwrap();
        let ascii = Themes::with_folder(folder.path().to_owned()).load("a").unwrap();
        assert_eq!(drawn(&ascii, 0.5, "", 8), "####....");
    }
}
