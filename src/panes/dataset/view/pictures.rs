//! The pictures drawn: filter, list or grid of thumbnails, and how far the keeper is with its work.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Keys, PicturesDrawn, cut, draw_choices};
use crate::panes::dataset::State;
use crate::panes::dataset::book::Book;
use crate::panes::dataset::talk::{Stage, Work};
use crate::ui::lang::{Lang, dataset as words, work};
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};
use crate::ui::widgets::list::List;
use crate::ui::widgets::{gauge, line, lines, scrollbar};

/// Columns and rows of a thumbnail with its name below.
const TILE: (u16, u16) = (14, 7);
/// The most thumbnails at once: the terminal knows each by a number of its own; and on a slow link, which each of them burdens.
const MOST: [usize; 2] = [240, 24];
/// Columns of the marks before a name.
const MARKS: usize = 2;
/// Columns of the count of tags behind it.
const TAGS: usize = 4;

/// How thumbnails stand.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Grid {
    /// Their place.
    pub area: Rect,
    /// Thumbnails side by side.
    pub columns: usize,
    /// Rows of thumbnails that are seen.
    pub rows: usize,
    /// The row of the list that the first one is.
    pub first: usize,
}

impl Grid {
    /// The grid in an area, so that the picture under the cursor is seen.
    fn of(area: Rect, selected: usize, count: usize, slow: bool) -> Option<Self> {
        let columns = usize::from(area.width.saturating_sub(1) / TILE.0);
        let rows = usize::from(area.height / TILE.1);
        if columns == 0 || rows == 0 {
            return None;
        }
        let rows = rows.min(MOST[usize::from(slow)] / columns).max(1);
        // Whole pages, so that a step of the cursor moves no picture.
        let page = rows * columns;
        let last = count.saturating_sub(1) / columns * columns;
        let first = (selected / page * page).min(last.saturating_sub((rows - 1) * columns));
        Some(Self {
            area,
            columns,
            rows,
            first,
        })
    }

    /// How many thumbnails are seen.
    pub fn count(&self) -> usize {
        self.columns * self.rows
    }

    /// The place of a row of the list, without its name.
    fn place(&self, at: usize) -> Rect {
        let (x, y) = ((at % self.columns) as u16, (at / self.columns) as u16);
        Rect {
            x: self.area.x + x * TILE.0,
            y: self.area.y + y * TILE.1,
            width: TILE.0 - 1,
            height: TILE.1 - 1,
        }
    }

    /// The row of the list at a place of the screen.
    pub fn at(&self, position: Position) -> Option<usize> {
        let found = (0..self.count()).find(|at| {
            let place = self.place(*at);
            Rect {
                height: place.height + 1,
                ..place
            }
            .contains(position)
        });
        found.map(|at| self.first + at)
    }
}

/// Filter, what is wrong with it, and the pictures; the row for long work is kept free below.
fn parts(state: &State, inside: Rect) -> [Rect; 3] {
    let wrong = u16::from(state.wrong().is_some());
    let [filter, complaint, mut rest] = cut(inside, [1, 2 * wrong]);
    if state.work().is_some() && rest.height > 1 {
        rest.height -= 1;
    }
    [filter, complaint, rest]
}

/// The grid of thumbnails in a pane of this inside; none where there is a list.
pub fn grid(state: &State, inside: Rect) -> Option<Grid> {
    let row = state.row().filter(|_| state.is_grid() && inside.height > 1)?;
    let [_, _, rest] = parts(state, inside);
    Grid::of(rest, row, state.count(), state.slow)
}

/// Draws the pictures.
pub fn pictures(
    state: &State,
    keys: &Keys,
    focused: bool,
    theme: &Theme,
    lang: Lang,
    inside: Rect,
    buffer: &mut Buffer,
) -> PicturesDrawn {
    let mut drawn = PicturesDrawn::default();
    if inside.height < 2 || inside.width < 8 {
        return drawn;
    }
    let Some(book) = state.book() else {
        let sentence = match state.opening() {
            Some(path) => lang.fill(&words::OPENING, &[("name", &text::safe(&path.to_string_lossy()))]),
            None => lang.fill(&words::NOTHING_OPEN, &[("key", &keys.open)]),
        };
        lines::centred(&sentence, theme.style(Role::Dim), inside, buffer);
        draw_work(state, theme, lang, inside, buffer);
        return drawn;
    };
    let [filter, complaint, rest] = parts(state, inside);
    drawn.filter = filter;
    drawn.cursor = draw_filter(state, keys, theme, lang, filter, buffer);
    if let Some(wrong) = state.wrong() {
        line::put_wrapped(&wrong.tell(lang), theme.style(Role::Warning), complaint, buffer);
    }
    draw_work(state, theme, lang, inside, buffer);
    if state.count() == 0 {
        let sentence = if book.is_empty() {
            lang.fill(&words::NO_PICTURES, &[("name", &text::safe(&book.title()))])
        } else {
            lang.fill(&words::NO_MATCH, &[("key", &keys.back)])
        };
        lines::centred(&sentence, theme.style(Role::Dim), rest, buffer);
    } else if let Some(grid) = grid(state, inside) {
        draw_grid(state, book, &grid, focused, theme, buffer, &mut drawn);
        drawn.grid = Some(grid);
    } else {
        // The scroll bar, and a column beside it.
        let columns = usize::from(rest.width).saturating_sub(2);
        let row = |row: usize| picture_line(state, book, row, theme, lang, columns);
        let list = List {
            count: state.count(),
            row: &row,
            focused,
        };
        drawn.rows = list.draw(state.list(), theme, rest, buffer);
    }
    if state.is_filtering() {
        let at = Rect {
            x: filter.x + 2,
            width: filter.width - 2,
            ..filter
        };
        drawn.cover = draw_choices(state.query(), at, inside, theme, buffer);
    }
    drawn
}

fn draw_filter(
    state: &State,
    keys: &Keys,
    theme: &Theme,
    lang: Lang,
    area: Rect,
    buffer: &mut Buffer,
) -> Option<Position> {
    if !state.is_filtering() && state.query().text().is_empty() {
        let hint = lang.fill(&words::FILTER, &[("key", &keys.filter)]);
        line::put(&hint, theme.style(Role::InputPlaceholder), area, buffer);
        return None;
    }
    line::put("/ ", theme.style(Role::HintKey), Rect { width: 2, ..area }, buffer);
    let typed = Rect {
        x: area.x + 2,
        width: area.width.saturating_sub(2),
        ..area
    };
    let cursor = state.query().input().draw("", theme, typed, buffer);
    cursor.filter(|_| state.is_filtering())
}

/// How far a long piece of work is, in the last row.
fn draw_work(state: &State, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) {
    let Some(work) = state.work().filter(|_| area.height > 1) else {
        return;
    };
    let place = Rect {
        y: area.bottom() - 1,
        height: 1,
        ..area
    };
    let done = if work.of > 0 {
        work.done as f64 / work.of as f64
    } else {
        0.0
    };
    gauge::draw(done, &told(work, lang, usize::from(place.width)), theme, place, buffer);
}

/// What is done, and how long it takes and how fast it goes where these fit as well.
fn told(work: &Work, lang: Lang, columns: usize) -> String {
    let [done, of, rate] = [work.done, work.of, work.rate.max(0.0) as usize].map(|n| text::number(n as u64));
    let sentence = match work.stage {
        Stage::Reading if work.of > 0 => words::READING_OF,
        Stage::Reading => words::READING,
        Stage::Waiting => words::WAITING,
        Stage::Recording => words::RECORDING,
        Stage::Writing => words::WRITING,
        Stage::Flushing => words::FLUSHING,
        Stage::Sizes => crate::ui::lang::truth::READING_SIZES,
        Stage::Planning => work::PLANNING,
        Stage::Making => work::MAKING,
        Stage::Checking => crate::ui::lang::health::CHECKING,
        Stage::Comparing => work::COMPARING,
    };
    let mut told = lang.fill(&sentence, &[("done", &done), ("of", &of)]);
    let left = work.left.map(|left| text::left(lang, left));
    let rate = (work.stage == Stage::Writing && work.done > 0).then(|| lang.fill(&words::RATE, &[("rate", &rate)]));
    for more in [left, rate].into_iter().flatten() {
        if text::width(&told) + 3 + text::width(&more) <= columns {
            told.push_str(&format!(" · {more}"));
        }
    }
    told
}

/// The marks of a picture: one of its own, and how its caption stands.
fn signs(state: &State, book: &Book, picture: usize, theme: &Theme) -> [Span<'static>; 2] {
    let ascii = theme.lines() == Lines::Ascii;
    let mark = match (state.is_marked(picture), ascii) {
        (false, _) => " ",
        (true, true) => "+",
        (true, false) => "✓",
    };
    let unwritten = state
        .caption()
        .is_some_and(|caption| caption.picture == picture && caption.is_changed());
    let (sign, role) = if unwritten {
        (if ascii { "*" } else { "●" }, Role::Warning)
    } else if book.is_untagged(picture) {
        (if ascii { "o" } else { "○" }, Role::Error)
    } else if state.is_touched(picture) {
        ("~", Role::Info)
    } else {
        (" ", Role::Text)
    };
    [
        Span::styled(mark, theme.style(Role::Ok)),
        Span::styled(sign, theme.style(role)),
    ]
}

fn picture_line(state: &State, book: &Book, row: usize, theme: &Theme, lang: Lang, columns: usize) -> Line<'static> {
    let Some(picture) = state.picture_at(row) else {
        return Line::default();
    };
    let [mark, sign] = signs(state, book, picture, theme);
    let plain = theme.style(Role::Text);
    // Where there is neither, no style is changed, which saves bytes on the wire.
    let mut line = match (mark.content.as_ref(), sign.content.as_ref()) {
        (" ", " ") => Line::styled("  ", plain),
        _ => Line::from(vec![mark, sign]),
    };
    let tail = if book.is_untagged(picture) {
        lang.say(&words::UNTAGGED).to_owned()
    } else {
        book.index.of_picture(picture).len().to_string()
    };
    let room = columns.saturating_sub(MARKS + 1 + text::width(&tail).max(TAGS));
    let name = book.name(picture);
    line.push_span(Span::styled(
        text::pad(&shortened(&text::safe(&name), room), room),
        plain,
    ));
    let wide = columns.saturating_sub(MARKS + room);
    line.push_span(Span::styled(text::pad_start(&tail, wide), theme.style(Role::Dim)));
    line
}

/// A path of at most so many columns: its end tells more than its beginning.
fn shortened(name: &str, columns: usize) -> String {
    if text::width(name) <= columns || columns < 2 {
        return name.to_owned();
    }
    format!("…{}", text::tail(name, columns - 1))
}

fn draw_grid(
    state: &State,
    book: &Book,
    grid: &Grid,
    focused: bool,
    theme: &Theme,
    buffer: &mut Buffer,
    drawn: &mut PicturesDrawn,
) {
    for at in 0..grid.count() {
        let row = grid.first + at;
        let Some(picture) = state.picture_at(row) else { break };
        let place = grid.place(at);
        let role = match (state.row() == Some(row), focused) {
            (true, true) => Role::Selection,
            (true, false) => Role::SelectionInactive,
            (false, _) => Role::Dim,
        };
        let label = Rect {
            y: place.bottom(),
            height: 1,
            ..place
        };
        let style: Style = theme.style(role);
        buffer.set_style(label, style);
        let [mark, sign] = signs(state, book, picture, theme);
        let path = book.path(picture);
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let signs: String = [mark.content, sign.content].concat().trim().to_owned();
        let room = usize::from(label.width).saturating_sub(signs.chars().count());
        let name = format!("{signs}{}", shortened(&text::safe(&stem), room));
        line::put(&name, style, label, buffer);
        if let Some(tile) = state.tiles.get(path) {
            drawn.tiles.push((at as u8, tile.clone(), place));
        }
    }
    let bar = Rect {
        x: grid.area.right() - 1,
        width: 1,
        ..grid.area
    };
    let lines = state.count().div_ceil(grid.columns);
    // In rows of thumbnails, stretched to the rows of the screen.
    let scale = usize::from(TILE.1);
    scrollbar::draw(lines * scale, grid.first / grid.columns * scale, theme, bar, buffer);
}
