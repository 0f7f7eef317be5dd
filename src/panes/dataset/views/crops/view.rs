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
use crate::data::buckets::{Placement, Size};
use crate::panes::dataset::book::Book;
use crate::panes::dataset::views::Shown;
use crate::panes::dataset::views::options::Options;
use crate::panes::preview::Finished;
use crate::ui::lang::told::{Tell, Trouble};
use crate::ui::lang::{Lang, Text, dataset, truth as words};
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
            .map(|fault| fault.tell(lang))
            .or_else(|| Some(self.hands_fault.as_ref()?.tell(lang)))
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
                let sentence = lang.fill(
                    &dataset::UNREADABLE,
                    &[("name", &text::safe(&name)), ("why", &why.tell(lang))],
                );
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
        // Where there is room for a picture there is room for a second row of words.
        let most = 1 + usize::from(picture > 0);
        for words in self.one(scene, theme, lang, usize::from(area.width), most) {
            line::put_line(&words, Style::new(), row(1), buffer);
        }
        if let Some(moving) = self.moving() {
            line::put_wrapped(
                &moving_told(moving, scene.keys, lang),
                theme.style(Role::Accent),
                row(3),
                buffer,
            );
        }
        for words in self.summary(theme, lang, usize::from(area.width), most) {
            line::put_line(&words, Style::new(), row(1), buffer);
        }
        let head = row(1);
        let rest = row(u16::MAX);
        if self.table {
            self.draw_table(scene, theme, lang, head, rest, buffer);
        } else {
            self.draw_list(scene, theme, lang, head, rest, &mut shown, buffer);
        }
        shown
    }

    /// What becomes of the picture under the cursor, in at most so many rows. What has no room goes, the least important first and the name
    /// last but for the loss and the bucket: it stands in the list as well.
    fn one(&self, scene: &Scene<'_>, theme: &Theme, lang: Lang, columns: usize, most: usize) -> Vec<Line<'static>> {
        let name = (scene.book.name(scene.picture).into_owned(), theme.style(Role::Title));
        let dim = theme.style(Role::Dim);
        let placement = match self.placement(scene.book, scene.options, scene.picture) {
            Some(Ok(placement)) => placement,
            Some(Err(_)) => {
                let why = format!("{} · {}", name.0, self.why_nowhere(scene.picture, lang));
                let why = text::safe(&why);
                let rows = text::wrap(&why, columns).into_iter().take(most.max(2));
                return rows
                    .map(|words| Line::styled(words.to_owned(), theme.style(Role::Error)))
                    .collect();
            }
            None => {
                let sentence = lang.say(&words::NO_OPTIONS);
                return vec![Line::styled(sentence, theme.style(Role::Warning))];
            }
        };
        let style = theme.style(role_of(&placement));
        let mark = match self.hand(scene.book, scene.picture) {
            Some(Hand::Focus(_)) => Some(lang.say(&words::FOCUS_MARK).to_owned()),
            Some(Hand::Rectangle(_)) => Some(lang.say(&words::RECTANGLE_MARK).to_owned()),
            None => None,
        };
        let [whole, resized, bucket] = [placement.size, placement.resized, placement.bucket].map(size);
        let ways = [format!("{whole} → {resized} → {bucket}"), format!("{whole} → {bucket}")];
        let scale = Some(times(placement.scale()));
        let lost = Some(lang.fill(&words::LOST_HERE, &[("lost", &percent(placement.lost()))]));
        let [long, short] = ways.map(Some);
        let tries = [
            (true, [mark.clone(), long, scale.clone(), lost.clone()]),
            (true, [mark, short.clone(), scale.clone(), lost.clone()]),
            (true, [None, short.clone(), scale, lost.clone()]),
            (true, [None, short, None, lost.clone()]),
            (true, [None, Some(bucket.clone()), None, lost.clone()]),
            (false, [None, Some(bucket), None, lost]),
        ];
        let mut rows = Vec::new();
        for (named, told) in tries {
            let told = told.into_iter().flatten().map(|words| (words, style));
            let items: Vec<_> = named.then(|| name.clone()).into_iter().chain(told).collect();
            rows = lines::items(&items, dim, columns);
            if rows.len() <= most {
                break;
            }
        }
        rows.truncate(most);
        rows
    }

    fn why_nowhere(&self, picture: usize, lang: Lang) -> String {
        let unread = self.sizes.as_ref().and_then(|sizes| sizes.get(picture)?.as_ref().err());
        let error = || self.rows.get(self.row_of(picture)?)?.placement.as_ref().err();
        match (unread, error()) {
            (Some(why), _) => why.tell(lang).to_owned(),
            (None, Some(error)) => Trouble::from(error).tell(lang),
            (None, None) => String::new(),
        }
    }

    /// How many pictures have a bucket.
    fn placed(&self) -> usize {
        self.fillings.iter().map(|filling| filling.pictures).sum()
    }

    /// All of them, in at most so many rows; what has no room goes, the last first.
    fn summary(&self, theme: &Theme, lang: Lang, columns: usize, most: usize) -> Vec<Line<'static>> {
        let placed = self.placed();
        let count = |n: usize, one, many| text::count(lang, n as u64, one, many);
        let pictures = count(placed, &words::ONE_PICTURE, &words::PICTURES);
        let buckets = count(self.fillings.len(), &words::ONE_BUCKET, &words::BUCKETS);
        let lost = self
            .fillings
            .iter()
            .map(|filling| filling.lost * filling.pictures as f64);
        let mean = percent(lost.sum::<f64>() / placed.max(1) as f64);
        let worst = percent(self.fillings.iter().map(|filling| filling.most).fold(0.0, f64::max));
        let enlarged: usize = self.fillings.iter().map(|filling| filling.enlarged).sum();
        let counted = |n: usize, sentence| {
            let n = (n > 0).then(|| text::number(n as u64));
            n.map(|n| lang.fill(sentence, &[("n", &n)]))
        };
        let told = [
            Some(lang.fill(&words::SUMMARY, &[("pictures", &pictures), ("buckets", &buckets)])),
            counted(self.rows.len() - placed, &words::NOWHERE),
            Some(lang.fill(&words::LOST_MEAN, &[("lost", &mean)])),
            Some(lang.fill(&words::LOST_MOST, &[("lost", &worst)])),
            counted(enlarged, &words::ENLARGED),
        ];
        let dim = theme.style(Role::Dim);
        let mut items: Vec<_> = told.into_iter().flatten().map(|words| (words, dim)).collect();
        loop {
            let rows = lines::items(&items, dim, columns);
            if rows.len() <= most {
                return rows;
            }
            items.pop();
        }
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
        let row = |at: usize| self.row_line(scene.book, at, theme, lang, usize::from(area.width));
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

    fn row_line(&self, book: &Book, at: usize, theme: &Theme, lang: Lang, columns: usize) -> Line<'static> {
        let Some(row) = self.rows.get(at) else {
            return Line::default();
        };
        let name = book.name(row.picture);
        let name = text::safe(&name).into_owned();
        let plain = theme.style(Role::Text);
        let Ok(placement) = &row.placement else {
            let why = self.why_nowhere(row.picture, lang);
            // As wide as the numbers of others, so that names stand below each other; wider where the name leaves room.
            let room = columns
                .saturating_sub(text::width(&name) + 2)
                .max(LOSS + SCALE + BUCKET);
            return Line::from(vec![
                Span::styled(text::pad(&text::safe(&why), room), theme.style(Role::Error)),
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
        let columns = self.columns(lang, usize::from(area.width).saturating_sub(1));
        let titles: String = columns
            .iter()
            .map(|(cell, wide)| text::pad_start(lang.say(&cell.title()), *wide))
            .collect();
        line::put(&titles, theme.style(Role::Dim), head, buffer);
        let own = self
            .placement(scene.book, scene.options, scene.picture)
            .and_then(Result::ok);
        let own = own.and_then(|own| self.fillings.iter().position(|filling| filling.bucket == own.bucket));
        let [all, short] = self.batches;
        let pictures = text::count(lang, self.placed() as u64, &words::ONE_PICTURE, &words::PICTURES);
        let batches = text::count(lang, all as u64, &words::ONE_BATCH, &words::ALL_BATCHES);
        let values: [(&str, &dyn std::fmt::Display); 3] = [
            ("pictures", &pictures),
            ("batches", &batches),
            ("short", &text::number(short as u64)),
        ];
        let told = lang.fill(&words::BATCHES, &values);
        let told = text::wrap(&told, usize::from(area.width));
        let below = if area.height > 3 { told.len().min(2) as u16 } else { 0 };
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
            let cells = |filling: &Filling| -> String {
                let cell = |(cell, wide): &(Cell, usize)| text::pad_start(&cell.of(filling), *wide);
                columns.iter().map(cell).collect()
            };
            let filling = self.fillings.get(at);
            filling.map_or_else(Line::default, |filling| {
                Line::styled(cells(filling), theme.style(Role::Text))
            })
        };
        let shown = List {
            count: self.fillings.len(),
            row: &row,
            focused: false,
        };
        shown.draw(&state, theme, list, buffer);
        for (words, down) in told.iter().zip(0..below) {
            let place = Rect {
                y: list.bottom() + down,
                height: 1,
                ..area
            };
            line::put(words, theme.style(Role::Dim), place, buffer);
        }
    }

    /// The columns of the table that have room, with their widths.
    fn columns(&self, lang: Lang, room: usize) -> Vec<(Cell, usize)> {
        let wide = |cell: Cell| {
            let cells = self.fillings.iter().map(|filling| text::width(&cell.of(filling)));
            let title = text::width(lang.say(&cell.title()));
            (cell, 2 + cells.max().unwrap_or_default().max(title))
        };
        let mut columns: Vec<_> = Cell::ALL.into_iter().map(wide).collect();
        for gone in Cell::GOES {
            let used: usize = columns.iter().map(|(_, wide)| wide).sum();
            if used > room {
                columns.retain(|(cell, _)| *cell != gone);
            }
        }
        columns
    }
}

/// A column of the table of buckets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cell {
    Bucket,
    Count,
    Enlarged,
    Mean,
    Most,
}

impl Cell {
    const ALL: [Self; 5] = [Self::Bucket, Self::Count, Self::Enlarged, Self::Mean, Self::Most];
    /// Those that go where there is no room, the first first.
    const GOES: [Self; 3] = [Self::Enlarged, Self::Most, Self::Mean];

    const fn title(self) -> Text {
        match self {
            Self::Bucket => words::BUCKET,
            Self::Count => words::COUNT,
            Self::Enlarged => words::LARGER,
            Self::Mean => words::MEAN,
            Self::Most => words::MOST,
        }
    }

    fn of(self, filling: &Filling) -> String {
        match self {
            Self::Bucket => size(filling.bucket),
            Self::Count => text::number(filling.pictures as u64),
            Self::Enlarged => text::number(filling.enlarged as u64),
            Self::Mean => percent(filling.lost),
            Self::Most => percent(filling.most),
        }
    }
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
