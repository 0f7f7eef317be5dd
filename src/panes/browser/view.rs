//! The browser drawn: kinds, filter and rows at the left, what is told of a model at the right.
//!
//! Changes nothing; what the mouse has to know is returned. The details lag behind the cursor until it rests, so that a key costs two
//! rows.

use std::borrow::Cow;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::text::{Line, Span};

use super::State;
use super::class::Class;
use super::details::{self, lines};
use super::entry::{Entry, size};
use super::order::{Row, Sort, Wish};
use crate::panes::preview::{self, Finished, Numbered};
use crate::panes::prompt;
use crate::ui::lang::{Lang, browser, screen};
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};
use crate::ui::widgets::list::{List, Rows};
use crate::ui::widgets::{gauge, line, lines as words, scrollbar, tabs};

/// Rows of a picture, at most, and the least of the pane from which on one is shown.
const PICTURE: u16 = 14;
const ROOM_FOR_PICTURE: u16 = 14;

/// The keys that the browser names, as written.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Begins to filter.
    pub filter: String,
    /// Takes back what hides models.
    pub back: String,
    /// Computes a hash.
    pub hash: String,
    /// Computes all hashes.
    pub hash_all: String,
    /// Reads the metadata.
    pub metadata: String,
}

/// What was drawn where.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// The list.
    pub list: ListDrawn,
    /// What is told of a model.
    pub details: DetailsDrawn,
}

/// The list as it was drawn.
#[derive(Clone, Debug, Default)]
pub struct ListDrawn {
    /// Its rows.
    pub rows: Rows,
    /// The tabs of kinds, in their order.
    pub kinds: Vec<Rect>,
    /// The line of the filter.
    pub filter: Rect,
    /// Where the cursor stands, while a filter is typed.
    pub cursor: Option<Position>,
}

/// The details as they were drawn.
#[derive(Clone, Debug, Default)]
pub struct DetailsDrawn {
    /// Where the cursor stands, while notes are written.
    pub cursor: Option<Position>,
    /// The model's picture and its place.
    pub picture: Option<(Numbered, Rect)>,
    /// Rows that can be scrolled by, at most.
    pub most: usize,
    /// Rows of a page.
    pub page: usize,
}

/// Draws the list.
pub fn list(
    state: &State,
    keys: &Keys,
    focused: bool,
    theme: &Theme,
    lang: Lang,
    inside: Rect,
    buffer: &mut Buffer,
) -> ListDrawn {
    let mut drawn = ListDrawn::default();
    if inside.height < 3 || inside.width < 8 {
        return drawn;
    }
    let [kinds, filter, mut rest] = cut(inside, [1, 1]);
    let titles = Class::TABS.map(|class| lang.say(&class.map_or(browser::ALL_KINDS, Class::title)));
    drawn.kinds = tabs::draw(&titles, state.tab(), theme, kinds, buffer);
    drawn.filter = filter;
    drawn.cursor = draw_filter(state, keys, theme, lang, filter, buffer);
    if let Some(work) = state.work() {
        let place = Rect {
            y: rest.bottom() - 1,
            height: 1,
            ..rest
        };
        rest.height -= 1;
        draw_work(work, theme, lang, place, buffer);
    }
    let columns = Columns::of(rest.width, state.wish(), theme);
    if rest.height > 6 {
        let [head, below] = cut(rest, [1]);
        line::put_line(&columns.head(state.wish(), lang), theme.style(Role::Dim), head, buffer);
        rest = below;
    }
    if state.rows().is_empty() {
        let sentence = nothing(state, keys, lang);
        words::centred(&sentence, theme.style(Role::Dim), rest, buffer);
        return drawn;
    }
    let row = |row: usize| columns.row(state, &state.rows()[row], lang);
    drawn.rows = List {
        count: state.rows().len(),
        row: &row,
        focused,
    }
    .draw(&state.list, theme, rest, buffer);
    drawn
}

/// Cuts rows of these heights from the top; the last part is what is left.
fn cut<const N: usize, const M: usize>(area: Rect, heights: [u16; N]) -> [Rect; M] {
    let mut y = area.y;
    std::array::from_fn(|index| {
        let left = area.bottom().saturating_sub(y);
        let height = heights.get(index).copied().unwrap_or(left).min(left);
        let part = Rect { y, height, ..area };
        y += height;
        part
    })
}

fn nothing(state: &State, keys: &Keys, lang: Lang) -> String {
    if !state.heard {
        return lang.say(&browser::LOOKING).to_owned();
    }
    if state.entries().is_empty() {
        return lang.say(&browser::EMPTY).to_owned();
    }
    if state.wish().duplicates && state.wish().query.is_empty() {
        return lang.fill(&browser::NO_EQUALS, &[("key", &keys.hash_all)]);
    }
    lang.fill(&browser::NO_MATCH, &[("key", &keys.back)])
}

/// What is typed to filter by, and at the right what else decides about the list.
fn draw_filter(
    state: &State,
    keys: &Keys,
    theme: &Theme,
    lang: Lang,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    let wish = state.wish();
    let mut manner = Vec::new();
    for (on, word) in [
        (wish.favourites, &browser::ONLY_FAVOURITES),
        (wish.duplicates, &browser::ONLY_DUPLICATES),
        (wish.tree, &browser::TREE),
    ] {
        if on {
            manner.push(lang.say(word).to_owned());
        }
    }
    manner.push(lang.fill(
        &browser::SORTED,
        &[("order", &lang.say(&wish.sort.title()).to_lowercase())],
    ));
    let manner = manner.join(" · ");
    let wide = text::width(&manner) as u16;
    let left = if wide + 20 <= area.width {
        let place = Rect {
            x: area.right() - wide,
            width: wide,
            ..area
        };
        line::put(&manner, theme.style(Role::Dim), place, buffer);
        Rect {
            width: area.width - wide - 1,
            ..area
        }
    } else {
        area
    };
    let left = Rect {
        x: left.x + 1,
        width: left.width - 1,
        ..left
    };
    if !state.is_filtering() && state.query().text().is_empty() {
        let all = format!("{}@", keys.filter);
        let hint = lang.fill(&browser::FILTER, &[("key", &keys.filter), ("all", &all)]);
        line::put(&hint, theme.style(Role::InputPlaceholder), left, buffer);
        return None;
    }
    let sign = Rect { width: 2, ..left };
    line::put("/ ", theme.style(Role::HintKey), sign, buffer);
    let typed = Rect {
        x: left.x + 2,
        width: left.width.saturating_sub(2),
        ..left
    };
    let cursor = state.query().draw("", theme, typed, buffer);
    cursor.filter(|_| state.is_filtering())
}

fn draw_work(work: &crate::library::Progress, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) {
    let (files, of) = (text::number(work.files as u64), text::number(work.of as u64));
    let rate = size(work.rate.max(0.0) as u64);
    let values: [(&str, &dyn std::fmt::Display); 3] = [("files", &files), ("of", &of), ("rate", &rate)];
    let (sentence, done) = match work.stage {
        "hashing" => {
            let mut words = lang.fill(&browser::HASHING, &values);
            if let Some(left) = work.left {
                words.push_str(" · ");
                words.push_str(&text::left(lang, left));
            }
            (words, work.bytes as f64 / work.of_bytes.max(1) as f64)
        }
        "reading" => (
            lang.fill(&browser::READING, &values),
            work.files as f64 / work.of.max(1) as f64,
        ),
        _ => (lang.say(&browser::WALKING).to_owned(), 0.0),
    };
    gauge::draw(done, &sentence, theme, area, buffer);
}

/// The columns behind the name, as many as there is room for.
struct Columns<'a> {
    theme: &'a Theme,
    name: usize,
    kind: usize,
    family: usize,
    measure: usize,
    size: usize,
    hash: usize,
}

impl<'a> Columns<'a> {
    /// Marks before the name.
    const MARKS: usize = 2;
    /// What a name wants before another column gets anything, and before one that tells less does.
    const NAME: [usize; 2] = [22, 34];

    fn of(width: u16, wish: &Wish, theme: &'a Theme) -> Self {
        // A column is kept for the scroll bar.
        let mut left = usize::from(width).saturating_sub(Self::MARKS + 1);
        let mut take = |wide: usize, name: usize| {
            let fits = left >= name + wide;
            if fits {
                left -= wide;
            }
            if fits { wide } else { 0 }
        };
        let [short, long] = Self::NAME;
        let size = take(8, short);
        let family = take(10, short);
        let measure = take(10, short);
        let kind = if wish.class.is_none() { take(13, long) } else { 0 };
        let hash = take(12, long);
        Self {
            theme,
            name: left,
            kind,
            family,
            measure,
            size,
            hash,
        }
    }

    fn head(&self, wish: &Wish, lang: Lang) -> Line<'static> {
        let arrow = match (wish.reversed, self.theme.lines()) {
            (false, Lines::Ascii) => "v",
            (true, Lines::Ascii) => "^",
            (false, _) => "▾",
            (true, _) => "▴",
        };
        let label = |label, sort: Option<Sort>| {
            let mark = if sort == Some(wish.sort) { arrow } else { "" };
            format!("{}{mark}", lang.say(&label))
        };
        let mut words = " ".repeat(Self::MARKS);
        words.push_str(&text::pad(&label(browser::NAME, Some(Sort::Name)), self.name));
        for (column, title) in [
            (self.kind, label(browser::KIND, None)),
            (self.family, label(browser::FAMILY, Some(Sort::Family))),
            (self.measure, label(browser::MEASURE, None)),
        ] {
            words.push_str(&cell(&title, column));
        }
        if self.size > 0 {
            words.push_str(&text::pad_start(&label(browser::SIZE, Some(Sort::Size)), self.size));
        }
        words.push_str(&cell(lang.say(&browser::HASH), self.hash));
        Line::raw(words)
    }

    fn row(&self, state: &State, row: &Row, lang: Lang) -> Line<'static> {
        match row {
            Row::Folder {
                name,
                depth,
                count,
                open,
                ..
            } => {
                let sign = match (open, self.theme.lines()) {
                    (true, Lines::Ascii) => "v",
                    (false, Lines::Ascii) => ">",
                    (true, _) => "▾",
                    (false, _) => "▸",
                };
                let words = format!("{}{sign} {}", "  ".repeat(*depth), text::safe(name));
                let count = format!(" {}", text::number(*count as u64));
                Line::from(vec![
                    Span::styled(words, self.theme.style(Role::Title)),
                    Span::styled(count, self.theme.style(Role::Dim)),
                ])
            }
            Row::Equal { hash, count, spare } => {
                let told = lang.fill(&browser::EQUAL, &[("count", count), ("spare", &size(*spare))]);
                Line::from(vec![
                    Span::styled(format!("{hash} "), self.theme.style(Role::Title)),
                    Span::styled(told, self.theme.style(Role::Dim)),
                ])
            }
            Row::Model { index, depth, found } => self.model(state, &state.entries()[*index], *depth, found, lang),
        }
    }

    fn model(&self, state: &State, entry: &Entry, depth: usize, found: &[usize], lang: Lang) -> Line<'static> {
        let theme = self.theme;
        let plain = theme.style(if entry.trouble().is_some() {
            Role::Dim
        } else {
            Role::Text
        });
        let dim = theme.style(Role::Dim);
        let ascii = theme.lines() == Lines::Ascii;
        let mark = match (state.is_marked(entry.path()), ascii) {
            (true, true) => "+",
            (true, false) => "✓",
            (false, _) => " ",
        };
        let star = match (entry.favourite(), ascii) {
            (true, true) => "*",
            (true, false) => "★",
            (false, _) => " ",
        };
        // Where there is neither, no style is changed, which saves bytes on the wire.
        let mut line = match (mark, star) {
            (" ", " ") => Line::styled("  ", plain),
            _ => Line::from(vec![
                Span::styled(mark, theme.style(Role::Ok)),
                Span::styled(star, theme.style(Role::Accent)),
            ]),
        };
        let in_folder = state.wish().tree && depth > 0;
        let indent = "  ".repeat(depth).chars().take(self.name / 2).collect::<String>();
        let name = text::safe(if in_folder { entry.stem() } else { entry.name() });
        let (cut, found) = shortened(&name, found, self.name.saturating_sub(indent.len() + 1));
        let wide = text::width(&cut) + indent.len();
        line.push_span(Span::raw(indent));
        let told = line::highlighted(&cut, &found, plain, plain.patch(theme.style(Role::Match)));
        line.spans.extend(told.spans);
        let mut tail = " ".repeat(self.name.saturating_sub(wide));
        let kind = lang.say(&entry.class.title());
        for (column, words) in [
            (self.kind, kind),
            (self.family, entry.family()),
            (self.measure, entry.measure.as_str()),
        ] {
            tail.push_str(&cell(&text::safe(words), column));
        }
        if self.size > 0 {
            tail.push_str(&text::pad_start(&size(entry.bytes()), self.size));
        }
        let hash = entry.card.hashes.short().unwrap_or_default();
        tail.push_str(&cell(hash, self.hash));
        line.push_span(Span::styled(tail, dim));
        line
    }
}

/// A name of at most so many columns. Its end stays, where epochs are counted; what goes is told by a `…` in its place. `found` are the
/// graphemes that matched, before and after.
fn shortened<'n>(name: &'n str, found: &[usize], columns: usize) -> (Cow<'n, str>, Vec<usize>) {
    if text::width(name) <= columns || columns < 8 {
        return (text::truncate(name, columns), found.to_vec());
    }
    let end = text::tail(name, columns / 3);
    let begin = text::head(name, columns - 1 - text::width(end));
    let [all, first, last] = [name, begin, end].map(|part| text::graphemes(part).count());
    let moved = found.iter().filter_map(|at| match *at {
        at if at < first => Some(at),
        at if at >= all - last => Some(at + first + 1 + last - all),
        _ => None,
    });
    (format!("{begin}…{end}").into(), moved.collect())
}

/// A text in its column, with a space before it.
fn cell(words: &str, columns: usize) -> String {
    match columns {
        0 => String::new(),
        _ => format!(" {}", text::pad(words, columns - 1)),
    }
}

/// Draws what is told of a model, or the notes that are being written on it.
pub fn details(
    state: &State,
    keys: &Keys,
    focused: bool,
    theme: &Theme,
    lang: Lang,
    inside: Rect,
    buffer: &mut Buffer,
) -> DetailsDrawn {
    let mut drawn = DetailsDrawn::default();
    if inside.is_empty() {
        return drawn;
    }
    if let Some(notes) = state.notes() {
        drawn.cursor = prompt::view::view(&notes.editor, theme, focused, "", inside, buffer);
        return drawn;
    }
    let Some(entry) = state.shown() else {
        words::centred(lang.say(&browser::NO_MODEL), theme.style(Role::Dim), inside, buffer);
        return drawn;
    };
    let [head, mut rest] = cut(inside, [1]);
    draw_head(entry, theme, head, buffer);
    if let Some(path) = state.picture().filter(|_| inside.height >= ROOM_FOR_PICTURE) {
        let height = (inside.height * 2 / 5).min(PICTURE);
        let [place, below] = cut(rest, [height]);
        drawn.picture = draw_picture(&state.cover, path, theme, lang, place, buffer);
        rest = below;
    }
    let parts = details::parts(entry, state.details(), lang, &keys.hash, &keys.metadata);
    let width = usize::from(rest.width.saturating_sub(1));
    let all = lines(&parts, lang, theme, width);
    let page = usize::from(rest.height);
    drawn.most = all.len().saturating_sub(page);
    drawn.page = page;
    let first = state.scroll.min(drawn.most);
    for (line, row) in all.iter().skip(first).zip(rest.rows()) {
        line::put_line(line, theme.style(Role::Text), row, buffer);
    }
    let bar = Rect {
        x: rest.right().saturating_sub(1),
        width: 1,
        ..rest
    };
    scrollbar::draw(all.len(), first, theme, bar, buffer);
    drawn
}

/// The model's own name, over what is told of it.
fn draw_head(entry: &Entry, theme: &Theme, area: Rect, buffer: &mut Buffer) {
    let star = match (entry.favourite(), theme.lines()) {
        (true, Lines::Ascii) => "* ",
        (true, _) => "★ ",
        (false, _) => "",
    };
    let words = Line::from(vec![
        Span::styled(star, theme.style(Role::Accent)),
        Span::styled(text::safe(entry.name()).into_owned(), theme.style(Role::TitleFocus)),
    ]);
    line::put_line(&words, theme.style(Role::Text), area, buffer);
}

fn draw_picture(
    cover: &preview::State,
    path: &std::path::Path,
    theme: &Theme,
    lang: Lang,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<(Numbered, Rect)> {
    match cover.finished(path) {
        Some(Finished::Here(picture)) => Some((picture.clone(), area)),
        Some(Finished::Unreadable(why)) => {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            let told = lang.fill(
                &screen::UNREADABLE,
                &[("path", &text::safe(&name)), ("why", &why.tell(lang))],
            );
            words::centred(&told, theme.style(Role::Warning), area, buffer);
            None
        }
        Some(Finished::Loading) | None => {
            words::centred(lang.say(&browser::NOT_HERE_YET), theme.style(Role::Dim), area, buffer);
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_name_keeps_both_ends_and_what_was_found_in_them() {
        let name = "cutedog_20230708214731-000009";
        assert_eq!(shortened(name, &[0], 29), (Cow::Borrowed(name), vec![0]));
        let (cut, found) = shortened(name, &[0, 15, 27, 28], 20);
        assert_eq!((cut.as_ref(), found), ("cutedog_20230…000009", vec![0, 18, 19]));
        let (cut, found) = shortened("狐狸狐狸狐狸狐狸", &[0, 7], 9);
        assert_eq!((cut.as_ref(), found), ("狐狸狐…狸", vec![0, 4]));
        assert_eq!(shortened(name, &[], 4).0, "cut…");
    }
}
