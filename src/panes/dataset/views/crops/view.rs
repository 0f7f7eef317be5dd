//! The crops as they are shown: the picture under the cursor with its frame, what becomes of it, and below it the list of all, or the
//! buckets with their counts.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Crops;
use super::hand::Moving;
use crate::data::buckets::hand::Hand;
use crate::data::buckets::overview::Filling;
use crate::data::buckets::{Error, Placement, Size};
use crate::panes::dataset::book::Book;
use crate::panes::dataset::views::Shown;
use crate::panes::dataset::views::options::Options;
use crate::panes::preview::Finished;
use crate::ui::lang::{Lang, dataset, truth as words};
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};
use crate::ui::widgets::list::{Go, List, ListState};
use crate::ui::widgets::{line, lines};

/// Columns of the loss, the scale and the bucket.
const LOSS: usize = 7;
const SCALE: usize = 8;
const BUCKET: usize = 10;
/// The least rows from which on there is room for the picture.
const ROOM_FOR_PICTURE: u16 = 12;

/// The keys that are named, as written.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Those that move.
    pub arrows: String,
    /// Those that change the size.
    pub sizes: String,
    /// Keeps it.
    pub keep: String,
    /// Leaves it.
    pub back: String,
}

/// What the crops are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The dataset.
    pub book: &'a Book,
    /// What its folders say.
    pub options: &'a Options,
    /// The picture under the cursor.
    pub picture: usize,
    /// That as far as it is read.
    pub sight: Option<&'a Finished>,
    /// The keys.
    pub keys: &'a Keys,
    /// Whether the pane has the keys.
    pub focused: bool,
}

impl Crops {
    /// Draws them.
    pub fn draw(&self, scene: &Scene<'_>, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) -> Shown {
        let mut shown = Shown::default();
        if self.sizes.is_none() {
            lines::centred(lang.say(&words::NO_SIZES), theme.style(Role::Dim), area, buffer);
            return shown;
        }
        if let Some(why) = self
            .fault
            .as_ref()
            .map(Error::to_string)
            .or_else(|| self.hands_fault.clone())
        {
            lines::centred(&why, theme.style(Role::Error), area, buffer);
            return shown;
        }
        let picture = if area.height >= ROOM_FOR_PICTURE {
            area.height / 2
        } else {
            0
        };
        let sight = Rect {
            height: picture,
            ..area
        };
        match scene.sight {
            _ if picture == 0 => {}
            Some(Finished::Here(plain)) => {
                let numbered = self.framed().unwrap_or(plain);
                shown.picture = Some((numbered.clone(), sight));
            }
            Some(Finished::Unreadable(why)) => {
                let name = scene.book.name(scene.picture);
                let sentence = lang.fill(&dataset::UNREADABLE, &[("name", &text::safe(&name)), ("why", why)]);
                lines::centred(&sentence, theme.style(Role::Warning), sight, buffer);
            }
            Some(Finished::Loading) | None => {}
        }
        let mut y = sight.bottom();
        let mut row = |rows: u16| {
            let place = Rect {
                y,
                height: rows.min(area.bottom().saturating_sub(y)),
                ..area
            };
            y += place.height;
            place
        };
        self.draw_one(scene, theme, lang, row(1), buffer);
        if let Some(moving) = self.moving() {
            line::put_wrapped(
                &moving_told(moving, scene.keys, lang),
                theme.style(Role::Accent),
                row(3),
                buffer,
            );
        }
        line::put(&self.summary(lang), theme.style(Role::Dim), row(1), buffer);
        let head = row(1);
        let rest = row(u16::MAX);
        if self.table {
            self.draw_table(scene, theme, lang, head, rest, buffer);
        } else {
            self.draw_list(scene, theme, lang, head, rest, &mut shown, buffer);
        }
        shown
    }

    /// What becomes of the picture under the cursor.
    fn draw_one(&self, scene: &Scene<'_>, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) {
        match self.placement(scene.book, scene.options, scene.picture) {
            Some(Ok(placement)) => {
                let told = placed(&placement, lang);
                let mark = match self.hand(scene.book, scene.picture) {
                    Some(Hand::Focus(_)) => lang.say(&words::FOCUS_MARK),
                    Some(Hand::Rectangle(_)) => lang.say(&words::RECTANGLE_MARK),
                    None => "",
                };
                let name = scene.book.name(scene.picture);
                let tail = if mark.is_empty() {
                    told
                } else {
                    format!("{mark} · {told}")
                };
                let words = lines::three_parts(
                    ("", Style::new()),
                    (&name, theme.style(Role::Title)),
                    (&tail, theme.style(role_of(&placement))),
                    usize::from(area.width),
                );
                line::put_line(&words, Style::new(), area, buffer);
            }
            Some(Err(_)) => {
                let why = self.why_nowhere(scene.picture);
                line::put(&why, theme.style(Role::Error), area, buffer);
            }
            None => {
                line::put(lang.say(&words::NO_OPTIONS), theme.style(Role::Warning), area, buffer);
            }
        }
    }

    fn why_nowhere(&self, picture: usize) -> String {
        let unread = self.sizes.as_ref().and_then(|sizes| sizes.get(picture)?.as_ref().err());
        let error = || self.rows.get(self.row_of(picture)?)?.placement.as_ref().err();
        match (unread, error()) {
            (Some(why), _) => why.clone(),
            (None, Some(error)) => match error.hint() {
                Some(hint) => format!("{error}: {hint}"),
                None => error.to_string(),
            },
            (None, None) => String::new(),
        }
    }

    /// All of them in one line.
    fn summary(&self, lang: Lang) -> String {
        let placed: Vec<&Placement> = self.rows.iter().filter_map(|row| row.placement.as_ref().ok()).collect();
        let mean = self
            .fillings
            .iter()
            .map(|filling| filling.lost * filling.pictures as f64)
            .sum::<f64>()
            / placed.len().max(1) as f64;
        let most = self.fillings.iter().map(|filling| filling.most).fold(0.0, f64::max);
        let [n, buckets] = [self.rows.len(), self.fillings.len()].map(|n| text::number(n as u64));
        let [lost, most] = [mean, most].map(percent);
        let values: [(&str, &dyn std::fmt::Display); 4] =
            [("n", &n), ("buckets", &buckets), ("lost", &lost), ("most", &most)];
        let mut told = lang.fill(&words::SUMMARY, &values);
        let enlarged: usize = self.fillings.iter().map(|filling| filling.enlarged).sum();
        for (count, sentence) in [
            (enlarged, words::ENLARGED),
            (self.rows.len() - placed.len(), words::NOWHERE),
        ] {
            if count > 0 {
                told = format!(
                    "{told} · {}",
                    lang.fill(&sentence, &[("n", &text::number(count as u64))])
                );
            }
        }
        told
    }

    #[expect(clippy::too_many_arguments, reason = "a view is given all that it shows")]
    fn draw_list(
        &self,
        scene: &Scene<'_>,
        theme: &Theme,
        lang: Lang,
        head: Rect,
        area: Rect,
        shown: &mut Shown,
        buffer: &mut Buffer,
    ) {
        let cells = [(words::LOSS, LOSS), (words::SCALE, SCALE), (words::BUCKET, BUCKET)];
        let mut titles: String = cells
            .iter()
            .map(|(title, wide)| text::pad_start(lang.say(title), *wide))
            .collect();
        titles.push_str("  ");
        titles.push_str(lang.say(&words::PICTURE));
        line::put(&titles, theme.style(Role::Dim), head, buffer);
        let row = |at: usize| self.row_line(scene.book, at, theme, usize::from(area.width));
        let mut state = ListState::default();
        let at = self.row_of(scene.picture).unwrap_or_default();
        // In the middle: where the cursor stands follows from the picture, not from the way here.
        let half = usize::from(area.height) / 2;
        state.go(
            Go::To((at + half).min(self.rows.len().saturating_sub(1))),
            self.rows.len(),
            usize::from(area.height),
        );
        state.go(Go::To(at), self.rows.len(), usize::from(area.height));
        let list = List {
            count: self.rows.len(),
            row: &row,
            focused: scene.focused,
        };
        shown.rows = list.draw(&state, theme, area, buffer);
    }

    fn row_line(&self, book: &Book, at: usize, theme: &Theme, columns: usize) -> Line<'static> {
        let Some(row) = self.rows.get(at) else {
            return Line::default();
        };
        let name = book.name(row.picture);
        let name = text::safe(&name).into_owned();
        let plain = theme.style(Role::Text);
        let Ok(placement) = &row.placement else {
            let why = self.why_nowhere(row.picture);
            let room = (columns / 2).max(8);
            return Line::from(vec![
                Span::styled(text::pad(&why, room), theme.style(Role::Error)),
                Span::styled(format!("  {name}"), plain),
            ]);
        };
        let ascii = theme.lines() == Lines::Ascii;
        let mark = match (self.hands.of(&book.set.root, book.path(row.picture)), ascii) {
            (None, _) => "  ",
            (Some(_), true) => "* ",
            (Some(_), false) => "◆ ",
        };
        let loss = text::pad_start(&percent(placement.lost()), LOSS);
        let scale = text::pad_start(&times(placement.scale()), SCALE);
        let bucket = text::pad_start(&size(placement.bucket), BUCKET);
        let grown = if placement.scale() > 1.0 {
            Role::Warning
        } else {
            Role::Dim
        };
        Line::from(vec![
            Span::styled(loss, theme.style(role_of(placement))),
            Span::styled(scale, theme.style(grown)),
            Span::styled(bucket, plain),
            Span::styled(mark, theme.style(Role::Accent)),
            Span::styled(
                text::pad(&name, columns.saturating_sub(LOSS + SCALE + BUCKET + 3)),
                plain,
            ),
        ])
    }

    fn draw_table(&self, scene: &Scene<'_>, theme: &Theme, lang: Lang, head: Rect, area: Rect, buffer: &mut Buffer) {
        let titles = [words::BUCKET, words::COUNT, words::LARGER, words::MEAN, words::MOST];
        let titles: String = titles
            .iter()
            .map(|title| text::pad_start(lang.say(title), BUCKET + 2))
            .collect();
        line::put(&titles, theme.style(Role::Dim), head, buffer);
        let own = self
            .placement(scene.book, scene.options, scene.picture)
            .and_then(Result::ok);
        let own = own.and_then(|own| self.fillings.iter().position(|filling| filling.bucket == own.bucket));
        let below = u16::from(area.height > 3);
        let list = Rect {
            height: area.height - below,
            ..area
        };
        let mut state = ListState::default();
        state.go(
            Go::To(own.unwrap_or_default()),
            self.fillings.len(),
            usize::from(list.height),
        );
        let row = |at: usize| {
            self.fillings
                .get(at)
                .map_or_else(Line::default, |filling| filling_line(filling, theme))
        };
        let shown = List {
            count: self.fillings.len(),
            row: &row,
            focused: false,
        };
        shown.draw(&state, theme, list, buffer);
        let [all, short] = self.batches.map(|n| text::number(n as u64));
        let n = text::number(self.rows.len() as u64);
        let told = lang.fill(&words::BATCHES, &[("n", &n), ("batches", &all), ("short", &short)]);
        let last = Rect {
            y: list.bottom(),
            height: below,
            ..area
        };
        line::put(&told, theme.style(Role::Dim), last, buffer);
    }
}

fn filling_line(filling: &Filling, theme: &Theme) -> Line<'static> {
    let cells = [
        size(filling.bucket),
        text::number(filling.pictures as u64),
        text::number(filling.enlarged as u64),
        percent(filling.lost),
        percent(filling.most),
    ];
    let cells: String = cells.iter().map(|cell| text::pad_start(cell, BUCKET + 2)).collect();
    Line::styled(cells, theme.style(Role::Text))
}

fn placed(placement: &Placement, lang: Lang) -> String {
    let [whole, resized, bucket] = [placement.size, placement.resized, placement.bucket].map(size);
    let (scale, lost) = (times(placement.scale()), percent(placement.lost()));
    let values: [(&str, &dyn std::fmt::Display); 5] = [
        ("size", &whole),
        ("resized", &resized),
        ("bucket", &bucket),
        ("scale", &scale),
        ("lost", &lost),
    ];
    lang.fill(&words::PLACED, &values)
}

fn role_of(placement: &Placement) -> Role {
    match placement.lost() {
        lost if lost > 0.25 => Role::Error,
        lost if lost > 0.1 => Role::Warning,
        _ => Role::Text,
    }
}

fn size([width, height]: Size) -> String {
    format!("{width}x{height}")
}

fn percent(part: f64) -> String {
    format!("{:.1} %", 100.0 * part)
}

fn times(scale: f64) -> String {
    format!("×{scale:.2}")
}

/// What the keys do to the crop that is being moved.
fn moving_told(moving: &Moving, keys: &Keys, lang: Lang) -> String {
    let sentence = match moving.hand {
        Hand::Focus(_) => words::MOVING_FOCUS,
        Hand::Rectangle(_) => words::MOVING_RECTANGLE,
    };
    let values: [(&str, &dyn std::fmt::Display); 4] = [
        ("arrows", &keys.arrows),
        ("sizes", &keys.sizes),
        ("keep", &keys.keep),
        ("back", &keys.back),
    ];
    let told = lang.fill(&sentence, &values);
    if moving.fine {
        format!("{told} · {}", lang.say(&words::FINE))
    } else {
        told
    }
}
