//! The screen drawn: bar, panes, hints, and what is open above them. Changes nothing; what the mouse and the pictures have to know of the
//! frame is returned as [`Seen`].

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::{Margin, Position, Rect};
use ratatui::widgets::{Clear, Widget};

use super::layout::{LEAST, Layout};
use super::{App, Grade, Link, Pane, Tab, layout};
use crate::keys::{Action, Scope};
use crate::overlay::{self, Overlay};
use crate::panes::{browser, dataset, history, preview, prompt, queue};
use crate::term::graphics::Picture;
use crate::ui::lang::{generate, jobs, pictures, screen};
use crate::ui::theme::Role;
use crate::ui::widgets::frame::Frame;
use crate::ui::widgets::{form, hintbar, line, lines, list, tabs, too_small};
use crate::ui::{lang, text};

/// The slot of the big picture. Thumbnails have the others, by their numbers.
const BIG: u8 = 0;
/// The slot of a model's picture, behind those of the thumbnails.
const CARD: u8 = 255;
/// The slot of the picture of a dataset that is looked at. Its thumbnails share those of the history.
const SIGHT: u8 = 254;
/// The slot of a picture that is shown beside it.
const BESIDE: u8 = 253;

/// What a frame showed and where.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// The inside of each pane.
    insides: Vec<(Pane, Rect)>,
    /// The whole of each pane.
    panes: Vec<(Pane, Rect)>,
    /// Where pictures go.
    pub spots: Vec<Spot>,
    /// What covers pictures.
    pub covers: Vec<Rect>,
    /// Where the cursor stands, where there is one.
    pub cursor: Option<Position>,
    /// The rows of an open list.
    pub rows: list::Rows,
    /// The rows of the queue.
    pub jobs: list::Rows,
    /// The fields of the form.
    pub form: form::Drawn,
    /// The fields of a form above the panes.
    pub dialog: form::Drawn,
    /// Where the tabs of the bar stand, in their order.
    tabs: Vec<Rect>,
    /// What there is of the models.
    pub models: browser::view::Drawn,
    /// What there is of the dataset.
    pub dataset: dataset::view::Drawn,
}

/// A place for a picture.
#[derive(Clone, Debug)]
pub struct Spot {
    /// Which place it is; the same from frame to frame.
    pub slot: u8,
    /// The picture's number, unique within its slot.
    pub number: u64,
    /// The picture.
    pub picture: Picture,
    /// The cells it has.
    pub area: Rect,
    /// Whether it still grows.
    pub growing: bool,
    /// Whether what was in the slot stays until the new picture is ready.
    pub lasting: bool,
}

impl Seen {
    /// The inside of a pane; empty for one that is not on the screen.
    pub fn inside(&self, pane: Pane) -> Rect {
        self.insides
            .iter()
            .find(|(other, _)| *other == pane)
            .map(|(_, area)| *area)
            .unwrap_or_default()
    }

    /// The tab of the bar at a place.
    pub fn tab(&self, position: Position) -> Option<Tab> {
        let found = self.tabs.iter().position(|place| place.contains(position));
        found.and_then(|index| Tab::ALL.get(index).copied())
    }

    /// Whether something above the panes is at a place.
    pub fn covers(&self, position: Position) -> bool {
        self.covers.iter().any(|area| area.contains(position))
    }

    /// Whether the border between the two sides is at a place.
    pub fn border(&self, position: Position) -> bool {
        let left = self.panes.first().map_or(0, |(_, area)| area.right());
        self.panes.len() > 1 && (position.x + 1 == left || position.x == left)
    }
}

/// The thumbnails that a history pane of this size shows.
pub fn thumbnails_in_view(state: &history::State, area: Rect) -> Range<usize> {
    history::view::in_view(state, layout::inner(area))
}

/// Draws the whole screen.
pub fn view(app: &App, buffer: &mut Buffer) -> Seen {
    let mut seen = Seen::default();
    buffer.set_style(buffer.area, app.theme.style(Role::Background));
    buffer.set_style(buffer.area, app.theme.style(Role::Text));
    let Some(layout) = app.layout() else {
        too_small::draw(LEAST, app.lang, &app.theme, buffer.area, buffer);
        return seen;
    };
    view_bar(app, &layout, &mut seen, buffer);
    for (pane, area) in &layout.panes {
        seen.panes.push((*pane, *area));
        view_pane(app, *pane, *area, &mut seen, buffer);
    }
    view_hints(app, layout.hints, &mut seen, buffer);
    if let Some(overlay) = app.overlays.last() {
        let drawn = overlay::view::view(overlay, &app.theme, app.lang, &app.keymap, buffer.area, buffer);
        seen.cursor = drawn.cursor;
        seen.covers.push(drawn.area);
        seen.rows = drawn.rows;
        seen.dialog = drawn.form;
        if let (Overlay::Own(_), Some(above)) = (overlay, &app.dataset.above) {
            let drawn = above.draw(&app.keys_above_dataset(), &app.theme, app.lang, buffer.area, buffer);
            seen.cursor = drawn.cursor;
            seen.covers.push(drawn.area);
            seen.rows = drawn.rows;
        }
    }
    if !app.pending.is_empty() {
        let continuations = app.keymap.continuations(app.scopes(), &app.pending);
        let area = overlay::which_key::view(&continuations, &app.theme, app.lang, layout.hints, buffer);
        seen.covers.push(area);
        seen.cursor = None;
    }
    seen
}

/// The pane that tells how far the running job is; only one does, since each step costs bytes in each place.
fn teller(app: &App, layout: &Layout) -> Option<Pane> {
    let preview = Some(Pane::Preview).filter(|_| app.preview.growing().is_some());
    let places = [preview, Some(Pane::Queue)].into_iter().flatten();
    places.into_iter().find(|pane| layout.area(*pane).is_some())
}

/// The line at the top: what this is, the model, the queue in a few words, the engine.
fn view_bar(app: &App, layout: &Layout, seen: &mut Seen, buffer: &mut Buffer) {
    let area = layout.bar;
    let style = app.theme.style(Role::Tab);
    buffer.set_style(area, style);
    let titles = Tab::ALL.map(|tab| app.lang.say(&tab.title()));
    let places = tabs::draw(
        &titles,
        app.tab() as usize,
        &app.theme,
        Rect {
            x: area.x + 6,
            width: area.width - 6,
            ..area
        },
        buffer,
    );
    line::put(" 丹炉 ", style, area, buffer);
    let begin = places
        .iter()
        .map(|place| place.right())
        .max()
        .unwrap_or_default()
        .max(area.x + 6);
    seen.tabs = places;
    let area = Rect {
        x: begin,
        width: area.right().saturating_sub(begin),
        ..area
    };
    let left = format!(" {}", text::safe(&app.parameters.model().name));
    let mut parts = Vec::new();
    if app.forever {
        parts.push(app.lang.say(&screen::FOREVER).to_owned());
    }
    if app.queue.is_paused() {
        parts.push(app.lang.say(&jobs::PAUSED).to_owned());
    }
    if let (Some((entry, running)), None) = (app.queue.running_entry(), teller(app, layout)) {
        let done = queue::view::progress(entry, &running.stage);
        parts.push(format!("{:.0} %", done * 100.0));
    }
    match app.queue.waiting() {
        0 => {}
        n => parts.push(text::count(app.lang, n as u64, &jobs::JOB_WAITING, &jobs::JOBS_WAITING)),
    }
    parts.push(match (&app.link, app.queue.device()) {
        (Link::Opening, _) => app.lang.say(&jobs::ENGINE_STARTING).to_owned(),
        (Link::Open { .. }, Some(device)) => device.to_owned(),
        (Link::Open { .. }, None) => app.lang.say(&jobs::ENGINE_READY).to_owned(),
        (Link::Lost(_), _) => app.lang.say(&screen::ENGINE_LOST).to_owned(),
    });
    let fits = |parts: &[String]| text::width(&left) + text::width(&parts.join(" · ")) + 2 <= usize::from(area.width);
    // What the engine computes on gives way first; that it is gone does not.
    while matches!(app.link, Link::Open { .. }) && parts.len() > 1 && !fits(&parts) {
        parts.pop();
    }
    let right = format!("{} ", parts.join(" · "));
    let words = lines::three_parts((&left, style), ("", style), (&right, style), usize::from(area.width));
    line::put_line(&words, style, area, buffer);
}

fn view_pane(app: &App, pane: Pane, area: Rect, seen: &mut Seen, buffer: &mut Buffer) {
    let focused = app.focus == pane && app.overlays.is_empty();
    let (title, tail) = title(app, pane);
    let inside = Frame {
        title: &title,
        note: &tail,
        focused,
    }
    .draw(&app.theme, area, buffer);
    seen.insides.push((pane, inside));
    match pane {
        Pane::Prompt => view_editor(app, &app.prompt, &generate::PROMPT_EMPTY, focused, inside, seen, buffer),
        Pane::Negative => view_editor(
            app,
            &app.negative,
            &generate::NEGATIVE_EMPTY,
            focused,
            inside,
            seen,
            buffer,
        ),
        Pane::Parameters => {
            seen.form = app.parameters.draw(focused, app.lang, &app.theme, inside, buffer);
            if focused {
                seen.cursor = seen.form.cursor;
            }
        }
        Pane::Queue => {
            let hint = hint(app, Action::Generate, &jobs::NO_JOBS);
            let gauge = app.layout().and_then(|layout| teller(app, &layout)) == Some(Pane::Queue);
            seen.jobs = queue::view::view(&app.queue, focused, gauge, &hint, &app.theme, app.lang, inside, buffer);
        }
        Pane::History => view_history(app, focused, inside, seen, buffer),
        Pane::Preview => view_preview(app, inside, seen, buffer),
        Pane::Models => {
            seen.models.list = browser::view::list(
                &app.browser,
                &app.browser_keys(),
                focused,
                &app.theme,
                app.lang,
                inside,
                buffer,
            );
            if focused {
                seen.cursor = seen.models.list.cursor;
            }
        }
        Pane::Details => view_details(app, focused, inside, seen, buffer),
        Pane::Pictures | Pane::Caption | Pane::Tags => view_dataset(app, pane, focused, inside, seen, buffer),
    }
}

fn view_details(app: &App, focused: bool, inside: Rect, seen: &mut Seen, buffer: &mut Buffer) {
    let drawn = browser::view::details(
        &app.browser,
        &app.browser_keys(),
        focused,
        &app.theme,
        app.lang,
        inside,
        buffer,
    );
    if focused {
        seen.cursor = drawn.cursor;
    }
    if let Some((picture, area)) = &drawn.picture {
        seen.spots.push(Spot {
            slot: CARD,
            number: picture.number,
            picture: picture.picture.clone(),
            area: *area,
            growing: false,
            lasting: false,
        });
    }
    seen.models.details = drawn;
}

fn view_dataset(app: &App, pane: Pane, focused: bool, inside: Rect, seen: &mut Seen, buffer: &mut Buffer) {
    let (state, keys) = (&app.dataset, app.keys_of_dataset());
    let spot = |slot, numbered: &preview::Numbered, area, lasting| Spot {
        slot,
        number: numbered.number,
        picture: numbered.picture.clone(),
        area,
        growing: false,
        lasting,
    };
    let (cursor, cover) = match pane {
        Pane::Pictures => {
            let drawn = dataset::view::pictures(state, &keys, focused, &app.theme, app.lang, inside, buffer);
            let tiles = drawn
                .tiles
                .iter()
                .map(|(place, tile, area)| spot(1 + place, tile, *area, false));
            seen.spots.extend(tiles);
            let told = (drawn.cursor, drawn.cover);
            seen.dataset.pictures = drawn;
            told
        }
        Pane::Caption => {
            let drawn = dataset::view::caption(state, &keys, focused, &app.theme, app.lang, inside, buffer);
            let sight = drawn.sight.iter().map(|(sight, area)| spot(SIGHT, sight, *area, false));
            seen.spots.extend(sight);
            let beside = drawn
                .beside
                .iter()
                .map(|(beside, area)| spot(BESIDE, beside, *area, false));
            seen.spots.extend(beside);
            let told = (drawn.cursor, drawn.cover);
            seen.dataset.caption = drawn;
            told
        }
        _ => {
            let drawn = dataset::view::tags(state, &keys, focused, &app.theme, app.lang, inside, buffer);
            let cursor = drawn.cursor;
            seen.dataset.tags = drawn;
            (cursor, None)
        }
    };
    if focused {
        seen.cursor = cursor;
    }
    seen.covers.extend(cover);
}

fn title(app: &App, pane: Pane) -> (String, String) {
    let (title, tail) = match pane {
        Pane::Prompt => (&generate::PROMPT, app.prompt.title_tail()),
        Pane::Negative => (&generate::NEGATIVE_PROMPT, app.negative.title_tail()),
        Pane::Parameters => (&generate::PARAMETERS, String::new()),
        Pane::Preview => (&generate::PREVIEW, String::new()),
        Pane::History => {
            let count = app.history.pictures().len();
            let tail = if count == 0 {
                String::new()
            } else {
                format!("{}/{count}", app.history.selected() + 1)
            };
            (&generate::HISTORY, tail)
        }
        Pane::Queue => {
            let tail = if app.queue.is_paused() {
                app.lang.say(&jobs::PAUSED).to_owned()
            } else {
                String::new()
            };
            (&generate::QUEUE, tail)
        }
        Pane::Models => (&lang::browser::TAB, app.browser.title_tail(app.lang)),
        Pane::Details if app.browser.notes().is_some() => (&lang::browser::NOTES, app.browser.shown_name()),
        Pane::Details => (&lang::browser::DETAILS, String::new()),
        Pane::Pictures => (&lang::dataset::PICTURES, app.dataset.pictures_tail(app.lang)),
        Pane::Caption => return (app.lang.say(&app.dataset.view.title()).to_owned(), app.caption_tail()),
        Pane::Tags => (&lang::dataset::TAGS, dataset::view::tags_tail(&app.dataset, app.lang)),
    };
    (app.lang.say(title).to_owned(), tail)
}

fn view_editor(
    app: &App,
    state: &prompt::State,
    empty: &lang::Text,
    focused: bool,
    inside: Rect,
    seen: &mut Seen,
    buffer: &mut Buffer,
) {
    let placeholder = hint(app, Action::Generate, empty);
    let cursor = prompt::view::view(state, &app.theme, focused, &placeholder, inside, buffer);
    if focused {
        seen.cursor = cursor;
    }
}

fn view_preview(app: &App, inside: Rect, seen: &mut Seen, buffer: &mut Buffer) {
    let running = app.queue.running_entry();
    let progress = running.map(|(entry, running)| {
        let done = queue::view::progress(entry, &running.stage);
        (done, queue::view::caption(entry, &running.stage, app.lang))
    });
    let progress = progress.as_ref().map(|(done, words)| (*done, words.as_str()));
    let hint = hint(app, Action::Generate, &pictures::NO_PICTURES);
    let looked_at = app.history.current();
    let shown = preview::view::view(
        &app.preview,
        looked_at,
        progress,
        &hint,
        &app.theme,
        app.lang,
        inside,
        buffer,
    );
    if let Some(shown) = shown {
        seen.spots.push(Spot {
            slot: BIG,
            number: shown.picture.number,
            picture: shown.picture.picture.clone(),
            area: shown.area,
            growing: shown.growing,
            lasting: true,
        });
    }
}

fn view_history(app: &App, focused: bool, inside: Rect, seen: &mut Seen, buffer: &mut Buffer) {
    history::view::view(&app.history, focused, &app.theme, app.lang, inside, buffer);
    for (index, area) in history::view::places(&app.history, inside) {
        let path = &app.history.pictures()[index].picture.path;
        let Some(thumbnail) = app.thumbnails.get(path) else {
            continue;
        };
        seen.spots.push(Spot {
            slot: 1 + (thumbnail.number % 250) as u8,
            number: thumbnail.number,
            picture: thumbnail.picture.clone(),
            area,
            growing: false,
            lasting: false,
        });
    }
}

/// The line at the bottom: what the keys do here. A notice takes its place, and the rows above it when it is long.
fn view_hints(app: &App, area: Rect, seen: &mut Seen, buffer: &mut Buffer) {
    let Some(notice) = app.notices.last() else {
        return view_keys(app, area, buffer);
    };
    let role = match notice.grade {
        Grade::Info => Role::Info,
        Grade::Warning => Role::Warning,
        Grade::Error => Role::Error,
    };
    let hint = notice
        .hint
        .as_ref()
        .map(|hint| format!("  {}: {hint}", app.lang.say(&lang::trouble::HINT)));
    let words = text::safe(&format!("{}{}", notice.message, hint.unwrap_or_default())).into_owned();
    let width = usize::from(area.width.saturating_sub(2));
    let lines = text::wrap(&words, width);
    let most = (buffer.area.height / 3).max(4);
    let height = (lines.len() as u16).clamp(1, most);
    let place = Rect {
        y: area.y + 1 - height,
        height,
        ..area
    };
    Clear.render(place, buffer);
    buffer.set_style(place, app.theme.style(role));
    for (n, (words, row)) in (1..).zip(lines.iter().zip(place.rows())) {
        let row = row.inner(Margin::new(1, 0));
        let cut = n == height && lines.len() > usize::from(height);
        // What does not fit is told to be there.
        let more = if cut {
            text::truncate(&format!("{words} …"), width).into_owned()
        } else {
            words.to_string()
        };
        line::put(&more, app.theme.style(role), row, buffer);
    }
    if height > 1 {
        seen.covers.push(place);
    }
}

/// What the keys do here, and at the right those that always do the same.
fn view_keys(app: &App, area: Rect, buffer: &mut Buffer) {
    const ALWAYS: [Action; 3] = [Action::Help, Action::Palette, Action::Quit];
    let scopes = app.scopes();
    let always = app.keymap.hints(scopes, app.lang, usize::from(area.width), |action| {
        app.overlays.is_empty() && ALWAYS.contains(&action)
    });
    let width: usize = always
        .iter()
        .map(|hint| hintbar::columns(&hint.keys, hint.title) + hintbar::GAP)
        .sum();
    let right = (width as u16 + 1).min(area.width * 3 / 5);
    let left = Rect {
        x: area.x + 1,
        width: area.width.saturating_sub(right + 1 + hintbar::GAP as u16),
        ..area
    };
    let offered = |action| !ALWAYS.contains(&action) && app.offers(action);
    let here = app.keymap.hints(scopes, app.lang, usize::from(left.width), offered);
    for (hints, place) in [
        (here, left),
        (
            always,
            Rect {
                x: area.right() - right,
                width: right,
                ..area
            },
        ),
    ] {
        let hints: Vec<_> = hints.iter().map(|hint| (hint.keys.as_str(), hint.title)).collect();
        hintbar::draw(&hints, &app.theme, place, buffer);
    }
}

/// A sentence with the key of an action in it.
fn hint(app: &App, action: Action, sentence: &lang::Text) -> String {
    let key = app
        .keymap
        .keys_of(action, Scope::Editor.chain())
        .into_iter()
        .next()
        .unwrap_or_default();
    app.lang.fill(sentence, &[("key", &key)])
}
