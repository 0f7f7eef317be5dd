//! Overlays drawn.

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::text::{Line, Span};

use super::chooser::Match;
use super::{Chooser, Dialog, Overlay, Reader};
use crate::keys::{Action, Keymap, Scope};
use crate::ui::lang::{Lang, screen, words};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::list::{List, Rows};
use crate::ui::widgets::{form, line, popup, scrollbar};

/// The columns of an overlay, where the screen has them.
const WIDTH: u16 = 84;
/// The columns of a form: its fields stand in one column.
const FORM: u16 = 72;
/// The most rows of a list, so that what lies beneath is not all covered.
const TALLEST: u16 = 28;

/// What was drawn where.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// The whole overlay.
    pub area: Rect,
    /// Where the cursor stands.
    pub cursor: Option<Position>,
    /// The rows of a list.
    pub rows: Rows,
    /// The fields of a form.
    pub form: form::Drawn,
}

/// Draws an overlay above what fills `within`.
pub fn view(overlay: &Overlay, theme: &Theme, lang: Lang, keymap: &Keymap, within: Rect, buffer: &mut Buffer) -> Drawn {
    match overlay {
        Overlay::Chooser(chooser) => view_chooser(chooser, theme, lang, within, buffer),
        Overlay::Reader(reader) => view_reader(reader, theme, lang, within, buffer),
        Overlay::Dialog(dialog) => view_dialog(dialog, theme, lang, within, buffer),
        Overlay::Confirm(action, name) => view_question(*action, name, theme, lang, keymap, within, buffer),
        Overlay::Own(_) => Drawn::default(),
    }
}

/// How many rows of a list are seen on a screen.
pub fn rows_of(chooser: &Chooser, within: Rect) -> usize {
    usize::from(place(chooser, within).height.saturating_sub(3))
}

fn place(chooser: &Chooser, within: Rect) -> Rect {
    let rows = u16::try_from(chooser.items().len()).unwrap_or(u16::MAX);
    let height = rows
        .saturating_add(3)
        .min(TALLEST)
        .clamp(5, within.height.saturating_sub(2).max(5));
    popup::centred(Size::new(WIDTH, height), within)
}

fn view_chooser(chooser: &Chooser, theme: &Theme, lang: Lang, within: Rect, buffer: &mut Buffer) -> Drawn {
    let area = place(chooser, within);
    let count = chooser.matches().len();
    let note = match chooser.query.text() {
        "" => String::new(),
        _ => lang.fill(&words::SHOWN_OF, &[("shown", &count), ("of", &chooser.items().len())]),
    };
    let inside = popup::open(&chooser.title, &note, theme, area, buffer);
    if inside.height < 2 {
        return Drawn {
            area,
            ..Drawn::default()
        };
    }
    let query = Rect { height: 1, ..inside };
    let cursor = chooser
        .query
        .draw(lang.say(&words::TYPE_TO_FILTER), theme, query, buffer);
    let below = Rect {
        y: inside.y + 1,
        height: inside.height - 1,
        ..inside
    };
    if count == 0 {
        let nothing = lang.fill(&words::NOTHING_FOUND, &[("query", &chooser.query.text())]);
        line::put_wrapped(&nothing, theme.style(Role::Dim), below, buffer);
    }
    let names = chooser
        .items()
        .iter()
        .filter(|item| !item.heading)
        .map(|item| text::width(&item.name))
        .max();
    let columns = Columns {
        name: names.unwrap_or_default().min(usize::from(below.width) / 2),
        all: usize::from(below.width.saturating_sub(u16::from(count > usize::from(below.height)))),
    };
    let row = |row: usize| item_line(chooser, &chooser.matches()[row], columns, theme);
    let rows = List {
        count,
        row: &row,
        focused: true,
    }
    .draw(&chooser.list, theme, below, buffer);
    Drawn {
        area,
        cursor,
        rows,
        ..Drawn::default()
    }
}

/// The columns of a list's row.
#[derive(Clone, Copy)]
struct Columns {
    name: usize,
    all: usize,
}

fn item_line(chooser: &Chooser, found: &Match, columns: Columns, theme: &Theme) -> Line<'static> {
    let item = &chooser.items()[found.index];
    let plain = theme.style(Role::Popup);
    if item.heading {
        return Line::styled(text::safe(&item.name).into_owned(), theme.style(Role::Title));
    }
    let tail = text::safe(&item.tail).into_owned();
    let tail_width = if tail.is_empty() { 0 } else { text::width(&tail) + 1 };
    let mut line = line::highlighted(
        &item.name,
        &found.positions,
        plain,
        plain.patch(theme.style(Role::Match)),
    );
    let used = text::width(&text::safe(&item.name));
    let begin = used.max(columns.name) + 2;
    let room = columns.all.saturating_sub(begin + tail_width);
    let detail = text::safe(&item.detail);
    let detail = if room > 3 {
        text::truncate(&detail, room)
    } else {
        "".into()
    };
    let filled = begin + text::width(&detail);
    line.push_span(Span::raw(" ".repeat(begin - used)));
    line.push_span(Span::styled(detail.into_owned(), theme.style(Role::Dim)));
    if !tail.is_empty() && used + tail_width <= columns.all {
        line.push_span(Span::raw(
            " ".repeat((columns.all + 1).saturating_sub(filled + tail_width)),
        ));
        line.push_span(Span::styled(tail, theme.style(Role::HintKey)));
    }
    line
}

/// The columns of a text to read on a screen.
pub fn text_width(within: Rect) -> usize {
    usize::from(reader_width(within) - 3)
}

fn reader_width(within: Rect) -> u16 {
    WIDTH.min(within.width.saturating_sub(2)).max(6)
}

fn view_reader(reader: &Reader, theme: &Theme, lang: Lang, within: Rect, buffer: &mut Buffer) -> Drawn {
    let searches = u16::from(reader.query().is_some());
    let height = u16::try_from(reader.count())
        .unwrap_or(u16::MAX)
        .saturating_add(2 + searches);
    let height = height.min(within.height.saturating_sub(2).max(3));
    let area = popup::centred(Size::new(reader_width(within), height), within);
    let note = reader
        .hit()
        .map(|(n, of)| lang.fill(&words::SHOWN_OF, &[("shown", &n), ("of", &of)]));
    let mut inside = popup::open(&reader.title, &note.unwrap_or_default(), theme, area, buffer);
    let mut cursor = None;
    if let Some(query) = reader.query() {
        let place = Rect { height: 1, ..inside };
        cursor = query.draw(lang.say(&words::TYPE_TO_SEARCH), theme, place, buffer);
        inside.y += 1;
        inside.height = inside.height.saturating_sub(1);
    }
    let first = reader
        .scroll
        .min(reader.count().saturating_sub(usize::from(inside.height)));
    let plain = theme.style(Role::Popup);
    let matched = plain.patch(theme.style(Role::Match));
    for (index, place) in (first..reader.count()).zip(inside.rows()) {
        let Some((row, found)) = reader.row(index) else { break };
        let mut line = Line::default();
        let mut at = 0;
        for hit in found {
            line.push_span(Span::styled(&row[at..hit.start], plain));
            line.push_span(Span::styled(&row[hit.clone()], matched));
            at = hit.end;
        }
        line.push_span(Span::styled(&row[at..], plain));
        line::put_line(&line, plain, place, buffer);
    }
    let bar = Rect {
        x: inside.right().saturating_sub(1),
        width: 1,
        ..inside
    };
    scrollbar::draw(reader.count(), first, theme, bar, buffer);
    Drawn {
        area,
        cursor,
        ..Drawn::default()
    }
}

fn view_dialog(dialog: &Dialog, theme: &Theme, lang: Lang, within: Rect, buffer: &mut Buffer) -> Drawn {
    /// Rows below the fields: what the selected one is, and what is wrong.
    const BELOW: u16 = 3;
    let width = FORM.min(within.width.saturating_sub(2)).max(8);
    let complaint = dialog.complaint.as_deref().map(text::safe_lines);
    let wrong = complaint
        .as_deref()
        .map(|words| text::wrap(words, usize::from(width - 2)).len() as u16)
        .unwrap_or_default();
    let height = (dialog.form.fields().len() as u16).saturating_add(BELOW + wrong + 2);
    let area = popup::centred(
        Size::new(width, height.min(within.height.saturating_sub(2).max(5))),
        within,
    );
    let inside = popup::open(&dialog.title, "", theme, area, buffer);
    let wrong = wrong.min(inside.height / 2);
    let fields = Rect {
        height: inside.height - wrong,
        ..inside
    };
    let drawn = dialog.form.draw(true, lang, theme, fields, buffer);
    if let Some(words) = complaint {
        let place = Rect {
            y: fields.bottom(),
            height: wrong,
            ..inside
        };
        line::put_wrapped(&words, theme.style(Role::Error), place, buffer);
    }
    Drawn {
        area,
        cursor: drawn.cursor,
        form: drawn,
        ..Drawn::default()
    }
}

fn view_question(
    action: Action,
    name: &str,
    theme: &Theme,
    lang: Lang,
    keymap: &Keymap,
    within: Rect,
    buffer: &mut Buffer,
) -> Drawn {
    let question = lang.fill(&words::SURE, &[("action", &lang.say(&action.info().title))]);
    let key = |action| {
        keymap
            .keys_of(action, Scope::Confirm.chain())
            .into_iter()
            .next()
            .unwrap_or_default()
    };
    let answers = lang.fill(
        &screen::YES_NO,
        &[("yes", &key(Action::Accept)), ("no", &key(Action::Dismiss))],
    );
    let width = 60.min(within.width);
    let mut words = format!("{}\n\n{answers}", lang.say(&action.info().doc));
    if !name.is_empty() {
        words.insert_str(0, &format!("{}\n\n", text::safe(name)));
    }
    let height = text::wrap(&words, usize::from(width.saturating_sub(2))).len() as u16 + 2;
    let area = popup::centred(Size::new(width, height), within);
    let inside = popup::open(&question, "", theme, area, buffer);
    line::put_wrapped(&words, theme.style(Role::Popup), inside, buffer);
    Drawn {
        area,
        ..Drawn::default()
    }
}
