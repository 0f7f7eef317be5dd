//! The draws as they are shown: each with its moment and its tokens, a line where a chunk ends, the lost tail in the colour of what is
//! too much.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::{Draw, Source, Truth};
use crate::prompt::chunks::LENGTH;
use crate::ui::lang::{Lang, truth as words};
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};
use crate::ui::widgets::{line, lines, scrollbar};

/// Of a lost tail no more bytes are shown; there may be any number of them.
const MOST_LOST: usize = 2000;

impl Truth {
    /// Draws it. `file` is the name of the dataset TOML that options come from, `key` that of the form.
    pub fn draw(&self, file: Option<&str>, key: &str, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) {
        let Some(source) = &self.source else {
            return lines::centred(lang.say(&words::NO_OPTIONS), theme.style(Role::Warning), area, buffer);
        };
        let note = lang.fill(
            &note(source, file),
            &[("file", &file.unwrap_or_default()), ("key", &key)],
        );
        let used = line::put_wrapped(
            &note,
            theme.style(Role::Dim),
            Rect {
                height: area.height.min(2),
                ..area
            },
            buffer,
        );
        let mut y = area.y + used;
        let inner = Rect {
            width: area.width.saturating_sub(1),
            ..area
        };
        for (number, draw) in self.draws.iter().enumerate().skip(self.first) {
            let mut put = |words: &Line<'_>| {
                if y < area.bottom() {
                    line::put_line(words, Style::new(), Rect { y, height: 1, ..inner }, buffer);
                    y += 1;
                }
            };
            put(&head(number, draw, source, theme, lang, usize::from(inner.width)));
            for words in self.told(draw, theme, lang, usize::from(inner.width)) {
                put(&words);
            }
        }
        let bar = Rect {
            x: area.right().saturating_sub(1),
            width: 1,
            y: area.y + used,
            height: area.height.saturating_sub(used),
        };
        if self.draws.len() > 1 && y >= area.bottom() || self.first > 0 {
            // A draw takes about three rows.
            scrollbar::draw(
                3 * self.draws.len() + usize::from(bar.height),
                3 * self.first,
                theme,
                bar,
                buffer,
            );
        }
    }

    /// A caption in lines, each part in the colour of what becomes of it.
    fn told(&self, draw: &Draw, theme: &Theme, lang: Lang, columns: usize) -> Vec<Line<'static>> {
        if draw.caption.trim().is_empty() {
            return vec![Line::styled(
                format!("  {}", lang.say(&words::EMPTY)),
                theme.style(Role::Warning),
            )];
        }
        let mut end = draw
            .seen
            .lost
            .map_or(draw.caption.len(), |lost| draw.caption.len().min(lost + MOST_LOST));
        while !draw.caption.is_char_boundary(end) {
            end -= 1;
        }
        let caption = &draw.caption[..end];
        let wrapped = text::wrap(caption, columns.saturating_sub(2).max(1));
        let begin = caption.as_ptr() as usize;
        let mut told = Vec::new();
        for words in wrapped {
            let from = words.as_ptr() as usize - begin;
            let mut line = Line::raw("  ");
            line.spans.extend(self.spans(draw, from, words, theme));
            told.push(line);
        }
        if end < draw.caption.len() {
            told.push(Line::styled("  …", theme.style(Role::TokenOver)));
        }
        told
    }

    /// The part of a caption that stands in one line, from the byte `from` on.
    fn spans(&self, draw: &Draw, from: usize, words: &str, theme: &Theme) -> Vec<Span<'static>> {
        let cut = if theme.lines() == Lines::Ascii { "|" } else { "┊" };
        let to = from + words.len();
        let inside = |at: &usize| (from..to).contains(at);
        let cuts = draw.seen.chunks.iter().skip(1).chain(&draw.seen.lost).copied();
        let mut borders: Vec<usize> = cuts.clone().filter(inside).collect();
        if self.with_tokens {
            borders.extend(draw.tokens.iter().copied().filter(inside));
        }
        borders.extend([from, to]);
        borders.sort_unstable();
        borders.dedup();
        let cuts: Vec<usize> = cuts.collect();
        let mut spans = Vec::new();
        for pair in borders.windows(2) {
            if cuts.contains(&pair[0]) {
                spans.push(Span::styled(cut, theme.style(Role::Token).add_modifier(Modifier::BOLD)));
            }
            let lost = draw.seen.lost.is_some_and(|lost| pair[0] >= lost);
            let mut style = theme.style(if lost { Role::TokenOver } else { Role::Text });
            if lost {
                style = style.add_modifier(Modifier::CROSSED_OUT);
            }
            let token = draw.tokens.partition_point(|begin| *begin <= pair[0]);
            if self.with_tokens && token % 2 == 0 {
                style = style.add_modifier(Modifier::UNDERLINED);
            }
            spans.push(Span::styled(words[pair[0] - from..pair[1] - from].to_owned(), style));
        }
        spans
    }
}

/// Where the options come from, and whether draws differ at all.
fn note(source: &Source, file: Option<&str>) -> crate::ui::lang::Text {
    match (source.settings.rules.is_some(), file.is_some(), source.rules.vary()) {
        (true, _, true) => words::SET_HERE,
        (true, _, false) => words::SET_HERE_STEADY,
        (false, true, true) => words::FROM_FILE,
        (false, true, false) => words::FROM_FILE_STEADY,
        (false, false, _) => words::FROM_FOLDER,
    }
}

/// The number of a draw, its moment, its tokens and what is lost.
fn head(number: usize, draw: &Draw, source: &Source, theme: &Theme, lang: Lang, columns: usize) -> Line<'static> {
    let [epoch, step] = [draw.moment.epoch, draw.moment.step].map(|n| text::number(n.unsigned_abs()));
    let moment = lang.fill(&words::MOMENT, &[("epoch", &epoch), ("step", &step)]);
    let limit = source.settings.limit;
    let tokens = text::number(draw.seen.tokens as u64);
    let most = limit.tokens();
    let chunks = draw.seen.tokens.min(most).div_ceil(LENGTH).max(1);
    let (tail, role) = if draw.seen.lost.is_some() {
        let lost = text::number((draw.seen.tokens - most) as u64);
        (
            lang.fill(&words::LOST, &[("n", &tokens), ("of", &most), ("lost", &lost)]),
            Role::TokenOver,
        )
    } else {
        (
            lang.fill(&words::SEEN, &[("n", &tokens), ("of", &most), ("chunks", &chunks)]),
            Role::Dim,
        )
    };
    let name = format!("#{}", number + 1);
    lines::three_parts(
        (&name, theme.style(Role::Title)),
        (&moment, theme.style(Role::Dim)),
        (&tail, theme.style(role)),
        columns,
    )
}
