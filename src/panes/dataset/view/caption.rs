//! One picture drawn with its caption: the picture, what is known of it, its tags one by one or as a text.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::{CaptionDrawn, Keys, cut, draw_choices};
use crate::panes::dataset::State;
use crate::panes::dataset::book::Book;
use crate::panes::dataset::caption::{Caption, Closed, LARGEST};
use crate::panes::dataset::chips::Chips;
use crate::panes::dataset::views::View;
use crate::panes::preview::Finished;
use crate::panes::prompt;
use crate::ui::lang::told::Tell;
use crate::ui::lang::{Lang, dataset as words};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::{line, lines, scrollbar};

/// The least of the pane from which on the picture is shown beside the caption.
const ROOM_FOR_PICTURE: u16 = 14;

/// Draws the picture under the cursor, in the view that was chosen.
pub fn caption(
    state: &State,
    keys: &Keys,
    focused: bool,
    theme: &Theme,
    lang: Lang,
    inside: Rect,
    buffer: &mut Buffer,
) -> CaptionDrawn {
    let mut drawn = CaptionDrawn::default();
    let (Some(book), Some(caption)) = (state.book(), state.caption()) else {
        return drawn;
    };
    if inside.height < 3 || inside.width < 8 {
        return drawn;
    }
    if state.view.scope().is_some() {
        let shown = state.draw_view(keys, focused, theme, lang, inside, buffer);
        drawn.sight = shown.picture;
        drawn.beside = shown.beside;
        drawn.rows = shown.rows;
        return drawn;
    }
    if state.view == View::History {
        let [head, rest] = cut(inside, [1]);
        draw_head(book, caption, theme, lang, head, buffer);
        state
            .history()
            .draw(book.set.separator(caption.picture), theme, lang, rest, buffer);
        return drawn;
    }
    let picture = if inside.height >= ROOM_FOR_PICTURE {
        inside.height * 9 / 20
    } else {
        0
    };
    let [sight, head, rest] = cut(inside, [picture, 1]);
    if picture > 0 {
        draw_sight(state, book, caption, theme, lang, sight, buffer, &mut drawn);
    }
    draw_head(book, caption, theme, lang, head, buffer);
    let [rest, note] = cut(rest, [rest.height - u16::from(rest.height > 3)]);
    if let Some(editor) = caption.editor() {
        drawn.editor = rest;
        let cursor = prompt::view::view(editor, theme, focused, "", rest, buffer);
        drawn.cursor = cursor.filter(|_| focused);
    } else if let Some(closed) = caption.closed() {
        let sentence = why_closed(closed, book, caption.picture, lang);
        let used = line::put_wrapped(&sentence, theme.style(Role::Warning), rest, buffer);
        let below = Rect {
            y: rest.y + used,
            height: rest.height.saturating_sub(used),
            ..rest
        };
        draw_chips(state, caption, focused, theme, below, buffer, &mut drawn);
    } else if caption.count() == 0 && state.typing().is_none() {
        let sentence = lang.fill(&words::EMPTY, &[("key", &keys.add)]);
        line::put_wrapped(&sentence, theme.style(Role::Dim), rest, buffer);
    } else {
        draw_chips(state, caption, focused, theme, rest, buffer, &mut drawn);
        draw_typing(state, caption, theme, lang, rest, buffer, &mut drawn);
    }
    draw_note(state, caption, keys, theme, lang, note, buffer);
    drawn
}

#[expect(clippy::too_many_arguments, reason = "a view is given all that it shows")]
fn draw_sight(
    state: &State,
    book: &Book,
    caption: &Caption,
    theme: &Theme,
    lang: Lang,
    area: Rect,
    buffer: &mut Buffer,
    drawn: &mut CaptionDrawn,
) {
    let path = book.path(caption.picture);
    match state.sight.finished(path) {
        Some(Finished::Here(numbered)) => drawn.sight = Some((numbered.clone(), area)),
        Some(Finished::Unreadable(why)) => {
            let name = book.name(caption.picture);
            let sentence = lang.fill(
                &words::UNREADABLE,
                &[("name", &text::safe(&name)), ("why", &why.tell(lang))],
            );
            lines::centred(&sentence, theme.style(Role::Warning), area, buffer);
        }
        Some(Finished::Loading) | None => {}
    }
}

/// The picture's name, its folder's repeats, and how many tags it has.
fn draw_head(book: &Book, caption: &Caption, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) {
    let subset = &book.set.subsets[book.set.pictures[caption.picture].subset as usize];
    let mut tail = vec![text::count(
        lang,
        caption.count() as u64,
        &words::ONE_TAG,
        &words::TAG_COUNT,
    )];
    if subset.repeats != 1 {
        tail.push(lang.fill(&words::REPEATS, &[("n", &subset.repeats)]));
    }
    if subset.is_reg {
        tail.push(lang.say(&words::REG).to_owned());
    }
    let name = book.name(caption.picture);
    let tail = tail.join(" · ");
    let room = usize::from(area.width).saturating_sub(text::width(&tail) + 1);
    let name = text::safe(&name);
    let name = if text::width(&name) > room && room > 2 {
        format!("…{}", text::tail(&name, room - 1))
    } else {
        name.into_owned()
    };
    let dim = theme.style(Role::Dim);
    let words = lines::three_parts(
        (&name, theme.style(Role::Title)),
        ("", dim),
        (&tail, dim),
        usize::from(area.width),
    );
    line::put_line(&words, dim, area, buffer);
}

fn draw_chips(
    state: &State,
    caption: &Caption,
    focused: bool,
    theme: &Theme,
    area: Rect,
    buffer: &mut Buffer,
    drawn: &mut CaptionDrawn,
) {
    if area.height == 0 || area.width < 4 {
        return;
    }
    let tags = (0..caption.count()).map(|place| caption.tag(place));
    let chips = Chips::of(tags, area.width - 1);
    let height = usize::from(area.height);
    let at = caption.cursor().map_or(0, |place| chips.row_of(place));
    // In the middle where possible, so that what comes is seen.
    let first = at.saturating_sub(height / 2).min(chips.rows().saturating_sub(height));
    for (row, place) in (first..chips.rows()).zip(area.rows()) {
        for chip in chips.row(row) {
            let tag = caption.tag(chip.place);
            let role = match (caption.cursor() == Some(chip.place), focused) {
                (true, true) => Role::Selection,
                (true, false) => Role::SelectionInactive,
                (false, _) if state.tags.is_marked(tag) => Role::TabActive,
                (false, _) => Role::Tab,
            };
            let style = theme.style(role);
            let cell = Rect {
                x: place.x + chip.x,
                width: chip.width,
                ..place
            };
            buffer.set_style(cell, style);
            let words = Rect {
                x: cell.x + 1,
                width: cell.width - 2,
                ..cell
            };
            line::put(tag, style, words, buffer);
        }
    }
    let bar = Rect {
        x: area.right() - 1,
        width: 1,
        ..area
    };
    scrollbar::draw(chips.rows(), first, theme, bar, buffer);
    drawn.chips = chips;
    drawn.area = area;
    drawn.first = first;
}

/// The tag that is being typed: in the place of the one under the cursor, or in a row below.
fn draw_typing(
    state: &State,
    caption: &Caption,
    theme: &Theme,
    lang: Lang,
    area: Rect,
    buffer: &mut Buffer,
    drawn: &mut CaptionDrawn,
) {
    let Some(typing) = state.typing().filter(|_| area.height > 0) else {
        return;
    };
    let row = caption
        .cursor()
        .map_or(0, |place| drawn.chips.row_of(place).saturating_sub(drawn.first));
    let y = (area.y + row as u16 + u16::from(caption.count() > 0)).min(area.bottom() - 1);
    let place = Rect {
        x: area.x,
        y,
        width: area.width,
        height: 1,
    };
    for x in place.left()..place.right() {
        buffer[(x, y)].reset();
    }
    buffer.set_style(place, theme.style(Role::Background).patch(theme.style(Role::Input)));
    let sign = if typing.at.is_none() { "= " } else { "+ " };
    line::put(sign, theme.style(Role::HintKey), place, buffer);
    let typed = Rect {
        x: place.x + 2,
        width: place.width.saturating_sub(2),
        ..place
    };
    drawn.cursor = typing
        .line
        .input()
        .draw(lang.say(&words::TYPE_TAG), theme, typed, buffer);
    let within = Rect {
        height: buffer.area.bottom().saturating_sub(1).saturating_sub(area.y),
        ..area
    };
    drawn.cover = draw_choices(&typing.line, typed, within, theme, buffer);
}

/// The last row: that something is not written yet, else what is known of the tag under the cursor.
fn draw_note(
    state: &State,
    caption: &Caption,
    keys: &Keys,
    theme: &Theme,
    lang: Lang,
    area: Rect,
    buffer: &mut Buffer,
) {
    if caption.is_changed() {
        let sentence = lang.fill(&words::UNWRITTEN, &[("key", &keys.write), ("undo", &keys.undo)]);
        line::put(&sentence, theme.style(Role::Warning), area, buffer);
    } else if let Some((count, of, category)) = caption.current().and_then(|tag| state.about_tag(tag)) {
        let share = format!("{:.0} %", 100.0 * f64::from(count) / f64::from(of.max(1)));
        let [count, of] = [count, of].map(|n| text::number(u64::from(n)));
        let told = lang.fill(&words::SHARE, &[("count", &count), ("of", &of), ("share", &share)]);
        let sentence = format!("{told} · {}", lang.say(&category));
        line::put(&sentence, theme.style(Role::Dim), area, buffer);
    }
}

/// Why a caption cannot be changed by itself, in a sentence.
pub fn why_closed(closed: Closed, book: &Book, picture: usize, lang: Lang) -> String {
    match closed {
        Closed::Encoding => lang.say(&words::NOT_UTF8).to_owned(),
        Closed::Size => {
            let size = format!("{} KiB", LARGEST >> 10);
            lang.fill(&words::TOO_LARGE, &[("size", &size)])
        }
        Closed::Unreadable => {
            let why = book.set.unreadable.get(&picture);
            let why = why.map(|why| why.tell(lang)).unwrap_or_default();
            lang.fill(&words::NOT_READ, &[("why", &why)])
        }
        Closed::Metadata => {
            let file = book.set.caption_path(picture);
            let file = text::safe(&book.set.relative(&file)).into_owned();
            lang.fill(&words::IN_METADATA, &[("file", &file)])
        }
    }
}
