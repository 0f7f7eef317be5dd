//! The tags of the set drawn: search, order, and each with its count and a bar of its share.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Keys, TagsDrawn, cut};
use crate::data::tags::{Against, Order, Surprise};
use crate::panes::dataset::State;
use crate::panes::dataset::book::Book;
use crate::panes::dataset::caption::name_of;
use crate::panes::dataset::tags::{Row, order_title};
use crate::ui::lang::{Lang, dataset as words};
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};
use crate::ui::widgets::list::List;
use crate::ui::widgets::{gauge, line, lines};

/// Columns of a count, and of a bar where there is room.
const COUNT: usize = 7;
const BAR: usize = 8;
/// What a name wants before there is a bar.
const NAME: usize = 16;

/// Draws the tags.
pub fn tags(
    state: &State,
    keys: &Keys,
    focused: bool,
    theme: &Theme,
    lang: Lang,
    inside: Rect,
    buffer: &mut Buffer,
) -> TagsDrawn {
    let mut drawn = TagsDrawn::default();
    let Some(book) = state.book().filter(|_| inside.height >= 3 && inside.width >= 8) else {
        return drawn;
    };
    let below = u16::from(inside.height > 8);
    let [search, rest] = cut(inside, [1]);
    drawn.search = search;
    let tags = &state.tags;
    if tags.is_searching() || !tags.query().text().is_empty() {
        line::put("/ ", theme.style(Role::HintKey), Rect { width: 2, ..search }, buffer);
        let typed = Rect {
            x: search.x + 2,
            width: search.width - 2,
            ..search
        };
        let cursor = tags.query().draw("", theme, typed, buffer);
        drawn.cursor = cursor.filter(|_| tags.is_searching());
    } else {
        let hint = lang.fill(&words::FILTER_TAGS, &[("key", &keys.filter)]);
        line::put(&hint, theme.style(Role::InputPlaceholder), search, buffer);
    }
    let list = Rect {
        height: rest.height - below,
        ..rest
    };
    if tags.count() == 0 {
        let sentence = match tags.query().text() {
            "" => lang.say(&words::NO_TAGS).to_owned(),
            query if tags.is_wrong() => lang.fill(&words::NO_REGEX, &[("query", &query)]),
            query => lang.fill(&words::NO_TAG_MATCH, &[("query", &query)]),
        };
        lines::centred(&sentence, theme.style(Role::Dim), list, buffer);
        return drawn;
    }
    // The scroll bar, and a column beside it.
    let columns = usize::from(list.width).saturating_sub(2);
    let row = |at: usize| {
        tags.row(at)
            .map_or_else(Line::default, |row| tag_line(state, book, row, theme, columns))
    };
    let shown = List {
        count: tags.count(),
        row: &row,
        focused,
    };
    drawn.rows = shown.draw(tags.list(), theme, list, buffer);
    if let (1, Some(row)) = (below, tags.current()) {
        let place = Rect {
            y: rest.bottom() - 1,
            height: 1,
            ..rest
        };
        line::put(&about(state, row, lang), theme.style(Role::Dim), place, buffer);
    }
    drawn
}

fn tag_line(state: &State, book: &Book, row: &Row, theme: &Theme, columns: usize) -> Line<'static> {
    let name = book.index.name(row.tag);
    let marked = state.tags.is_marked(name);
    let ascii = theme.lines() == Lines::Ascii;
    let mark = match (marked, ascii) {
        (false, _) => " ",
        (true, true) => "+",
        (true, false) => "✓",
    };
    let with_bar = columns >= NAME + COUNT + BAR + 2;
    let room = columns.saturating_sub(1 + COUNT + if with_bar { BAR + 1 } else { 0 });
    let plain = theme.style(Role::Text);
    let mut line = if marked {
        Line::from(Span::styled(mark, theme.style(Role::Ok)))
    } else {
        Line::styled(mark, plain)
    };
    line.push_span(Span::styled(text::pad(&text::safe(name), room), plain));
    let count = text::number(u64::from(row.count));
    line.push_span(Span::styled(text::pad_start(&count, COUNT), theme.style(Role::Dim)));
    if with_bar {
        let share = f64::from(row.captions) / state.tags.of().max(1) as f64;
        let role = match row.surprise {
            Some(Surprise { found, expected, .. }) if f64::from(found) > expected => Role::Ok,
            Some(_) => Role::Warning,
            None => Role::ProgressDone,
        };
        let style = match role {
            Role::ProgressDone => gauge::ink(theme, role),
            role => theme.style(role),
        };
        line.push_span(Span::styled(format!(" {}", bar(share, BAR, ascii)), style));
    }
    line
}

const PARTS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A bar in eighths of a column; what there is at all is seen.
fn bar(share: f64, columns: usize, ascii: bool) -> String {
    let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
    if ascii {
        return text::pad(&"#".repeat((share * columns as f64).ceil() as usize), columns);
    }
    let eighths = ((share * (columns * 8) as f64).round() as usize).max(usize::from(share > 0.0));
    text::pad(&format!("{}{}", "█".repeat(eighths / 8), PARTS[eighths % 8]), columns)
}

/// The last row: what is known of the tag under the cursor.
fn about(state: &State, row: &Row, lang: Lang) -> String {
    let share = 100.0 * f64::from(row.captions) / state.tags.of().max(1) as f64;
    let [count, of] = [u64::from(row.captions), state.tags.of() as u64].map(text::number);
    if let (Order::Surprise, Some(surprise)) = (state.tags.order(), row.surprise) {
        return compared(state, &surprise, lang);
    }
    lang.fill(
        &words::SHARE,
        &[("count", &count), ("of", &of), ("share", &format!("{share:.0} %"))],
    )
}

/// How many were found where, and how many were to be expected there.
fn compared(state: &State, surprise: &Surprise, lang: Lang) -> String {
    let (expected, found) = (
        format!("{:.1}", surprise.expected),
        text::number(u64::from(surprise.found)),
    );
    let book = state.book();
    let (sentence, other) = match surprise.against {
        Against::Whole => (words::EXPECTED_HERE, String::new()),
        Against::Folder(folder) => {
            let folder = book.and_then(|book| book.set.subsets.get(folder as usize));
            let name = folder.map(|subset| name_of(&subset.folder)).unwrap_or_default();
            (words::EXPECTED_IN, name)
        }
        Against::Tag(tag) => {
            let name = book.filter(|book| (tag.0 as usize) < book.index.len());
            let name = name.map(|book| book.index.name(tag).to_owned()).unwrap_or_default();
            (words::EXPECTED_WITH, name)
        }
        Against::Nothing => return lang.say(&words::EXPECTED_NOWHERE).to_owned(),
    };
    lang.fill(
        &sentence,
        &[
            ("found", &found),
            ("expected", &expected),
            ("other", &text::safe(&other)),
        ],
    )
}

/// What stands behind the title: the order, and how many are marked.
pub fn tail(state: &State, lang: Lang) -> String {
    let tags = &state.tags;
    let order = lang.fill(&words::SORTED, &[("order", &lang.say(&order_title(tags.order())))]);
    let mut tail = format!("{} · {order}", text::number(tags.count() as u64));
    if !tags.marked().is_empty() {
        tail = format!("{} · {tail}", lang.fill(&words::MARKED, &[("n", &tags.marked().len())]));
    }
    tail
}
