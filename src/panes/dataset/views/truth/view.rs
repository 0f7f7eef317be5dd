//! The draws as they are shown: each with its moment and its tokens, a line where a chunk ends, the lost tail in the colour of what is
//! too much.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::{Draw, Source, Truth};
use crate::prompt::chunks::LENGTH;
use crate::ui::lang::{Lang, truth as words};
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};
use crate::ui::widgets::list::Rows;
use crate::ui::widgets::{line, lines, scrollbar};

/// Of a lost tail no more bytes are shown; there may be any number of them.
const MOST_LOST: usize = 16 << 10;

/// Stands where a chunk ends.
const CUT: &str = "┊";
/// The same where there is only ASCII.
const CUT_ASCII: &str = "|";
/// Columns before each line of a caption.
const INDENT: usize = 2;

impl Truth {
    /// Draws it. `file` is the name of the dataset TOML that options come from, `key` that of the form. Gives the window of the lines.
    pub fn draw(
        &self,
        file: Option<&str>,
        key: &str,
        theme: &Theme,
        lang: Lang,
        area: Rect,
        buffer: &mut Buffer,
    ) -> Rows {
        let Some(source) = &self.source else {
            lines::centred(lang.say(&words::NO_OPTIONS), theme.style(Role::Warning), area, buffer);
            return Rows::default();
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
        let inner = Rect {
            y: area.y + used,
            width: area.width.saturating_sub(1),
            height: area.height.saturating_sub(used),
            ..area
        };
        let columns = usize::from(inner.width);
        let mut y = inner.y;
        let (first, gone) = self.first;
        let mut whole = true;
        for (number, draw) in self.draws.iter().enumerate().skip(first) {
            let head = head(number, draw, source, theme, lang, columns);
            let told = [head].into_iter().chain(self.told(draw, theme, lang, columns));
            for words in told.skip(if number == first { gone } else { 0 }) {
                whole = y < inner.bottom();
                if !whole {
                    break;
                }
                line::put_line(&words, Style::new(), Rect { y, height: 1, ..inner }, buffer);
                y += 1;
            }
            if !whole {
                break;
            }
        }
        if !whole || self.first > (0, 0) {
            let bar = Rect {
                x: inner.right(),
                width: area.width - inner.width,
                ..inner
            };
            // Nobody counts the lines of draws that are not seen.
            let rough = |draw: &Draw| 2 + draw.caption.len() / columns.max(1);
            let all = self
                .draws
                .iter()
                .map(rough)
                .sum::<usize>()
                .max(usize::from(bar.height) + 2);
            let most = all - usize::from(bar.height);
            let above = self.draws.iter().take(first).map(rough).sum::<usize>() + gone;
            let above = if whole { most } else { above.min(most - 1) };
            scrollbar::draw(all, above, theme, bar, buffer);
        }
        Rows::window(inner)
    }

    /// A caption in lines, each part in the colour of what becomes of it.
    fn told(&self, draw: &Draw, theme: &Theme, lang: Lang, columns: usize) -> Vec<Line<'static>> {
        if is_empty(draw) {
            return vec![Line::styled(
                format!("  {}", lang.say(&words::EMPTY)),
                theme.style(Role::Warning),
            )];
        }
        let marked = Marked::of(draw);
        let mut told = Vec::new();
        for line in marked.wrapped(columns) {
            let mut words = Line::raw(" ".repeat(INDENT));
            words.spans.extend(self.spans(draw, &marked, line, theme));
            told.push(words);
        }
        if marked.is_cut {
            told.push(Line::styled("  …", theme.style(Role::TokenOver)));
        }
        told
    }

    /// The part of a caption that stands in one line.
    fn spans(&self, draw: &Draw, marked: &Marked, line: Range<usize>, theme: &Theme) -> Vec<Span<'static>> {
        let cut = if theme.lines() == Lines::Ascii { CUT_ASCII } else { CUT };
        let marks = marked.marks.iter().flat_map(|mark| [*mark, mark + CUT.len()]);
        let mut borders: Vec<usize> = marks.filter(|at| line.contains(at)).collect();
        if self.with_tokens {
            let tokens = draw.tokens.iter().map(|token| marked.place(*token));
            borders.extend(tokens.filter(|at| line.contains(at)));
        }
        borders.extend([line.start, line.end]);
        borders.sort_unstable();
        borders.dedup();
        let mut spans = Vec::new();
        for pair in borders.windows(2) {
            if marked.marks.contains(&pair[0]) {
                spans.push(Span::styled(cut, theme.style(Role::Token).add_modifier(Modifier::BOLD)));
                continue;
            }
            let at = marked.byte(pair[0]);
            let lost = draw.seen.lost.is_some_and(|lost| at >= lost);
            let mut style = theme.style(if lost { Role::TokenOver } else { Role::Text });
            if lost {
                style = style.add_modifier(Modifier::CROSSED_OUT);
            }
            let token = draw.tokens.partition_point(|begin| *begin <= at);
            if self.with_tokens && token % 2 == 0 {
                style = style.add_modifier(Modifier::UNDERLINED);
            }
            spans.push(Span::styled(marked.text[pair[0]..pair[1]].to_owned(), style));
        }
        spans
    }
}

/// How many lines a draw takes in so many columns.
pub(super) fn lines(draw: &Draw, columns: usize) -> usize {
    if is_empty(draw) {
        return 2;
    }
    let marked = Marked::of(draw);
    1 + marked.wrapped(columns).len() + usize::from(marked.is_cut)
}

fn is_empty(draw: &Draw) -> bool {
    draw.caption.trim().is_empty()
}

/// A caption with the marks of its cuts in it, so that they are counted where it is broken into lines.
struct Marked {
    text: String,
    /// Where the marks begin in it.
    marks: Vec<usize>,
    /// Whether more of the caption is lost than is shown.
    is_cut: bool,
}

impl Marked {
    fn of(draw: &Draw) -> Self {
        let mut end = draw
            .seen
            .lost
            .map_or(draw.caption.len(), |lost| draw.caption.len().min(lost + MOST_LOST));
        while !draw.caption.is_char_boundary(end) {
            end -= 1;
        }
        let cuts = draw.seen.chunks.iter().skip(1).chain(&draw.seen.lost).copied();
        let mut cuts: Vec<usize> = cuts.filter(|cut| *cut < end).collect();
        cuts.sort_unstable();
        cuts.dedup();
        let mut marked = Self {
            text: String::with_capacity(end + cuts.len() * CUT.len()),
            marks: Vec::with_capacity(cuts.len()),
            is_cut: end < draw.caption.len(),
        };
        let mut from = 0;
        for cut in cuts {
            marked.text.push_str(&draw.caption[from..cut]);
            marked.marks.push(marked.text.len());
            marked.text.push_str(CUT);
            from = cut;
        }
        marked.text.push_str(&draw.caption[from..end]);
        marked
    }

    /// The lines, as parts of the text.
    fn wrapped(&self, columns: usize) -> Vec<Range<usize>> {
        let begin = self.text.as_ptr() as usize;
        let lines = text::wrap(&self.text, columns.saturating_sub(INDENT).max(1));
        let range = |line: &str| {
            let from = line.as_ptr() as usize - begin;
            from..from + line.len()
        };
        lines.into_iter().map(range).collect()
    }

    /// The byte of the caption that stands at a place of the text.
    fn byte(&self, place: usize) -> usize {
        place - CUT.len() * self.marks.partition_point(|mark| *mark < place)
    }

    /// Where a byte of the caption stands in the text, behind a mark.
    fn place(&self, byte: usize) -> usize {
        let before = self.marks.iter().zip(0..);
        let before = before.take_while(|(mark, number)| **mark - number * CUT.len() <= byte);
        byte + CUT.len() * before.count()
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
