//! The proposals for the picture under the cursor as they are shown.

use std::collections::BTreeSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Proposals, Row, form};
use crate::panes::dataset::book::Book;
use crate::panes::dataset::views::Shown;
use crate::panes::preview::Finished;
use crate::ui::lang::{Lang, proposals as words, truth as seen};
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};
use crate::ui::widgets::gauge;
use crate::ui::widgets::list::List;
use crate::ui::widgets::{line, lines};

/// Columns of a confidence and of its bar.
const SURE: usize = 7;
const BAR: usize = 10;

/// What proposals are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The dataset.
    pub book: &'a Book,
    /// The picture under the cursor.
    pub picture: usize,
    /// That as far as it is read.
    pub sight: Option<&'a Finished>,
    /// The keys that begin a job, take this picture's, and go to the next picture that has some.
    pub keys: [&'a str; 3],
    /// Whether the pane has the keys.
    pub focused: bool,
}

/// The tags of a picture's caption.
pub(in crate::panes::dataset::views) fn tags_of(book: &Book, picture: usize) -> BTreeSet<&str> {
    let tags = book.index.of_picture(picture).iter();
    tags.map(|tag| book.index.name(*tag)).collect()
}

impl Proposals {
    /// Draws them.
    pub fn draw(&self, scene: &Scene<'_>, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) -> Shown {
        let mut shown = Shown::default();
        let [begin, accept, next] = scene.keys;
        let tags = tags_of(scene.book, scene.picture);
        let rows = self.rows(scene.book.path(scene.picture), &tags);
        let pictures = text::count(lang, self.len() as u64, &seen::ONE_PICTURE, &seen::PICTURES);
        if rows.is_empty() {
            let sentence = match &self.taggers {
                _ if !self.is_empty() => {
                    let values: [(&str, &dyn std::fmt::Display); 3] =
                        [("pictures", &pictures), ("next", &next), ("key", &begin)];
                    lang.fill(&words::NOT_HERE, &values)
                }
                Some(taggers) if taggers.found.is_empty() => form::missing(taggers, lang),
                _ => lang.fill(&words::BEGIN, &[("key", &begin)]),
            };
            lines::centred(&sentence, theme.style(Role::Dim), area, buffer);
            return shown;
        }
        let height = if area.height >= 14 { area.height * 2 / 5 } else { 0 };
        let sight = Rect { height, ..area };
        if let (Some(Finished::Here(numbered)), true) = (scene.sight, height > 0) {
            shown.picture = Some((numbered.clone(), sight));
        }
        let new = rows.iter().filter(|row| !row.there && !row.out).count();
        let new = text::count(lang, new as u64, &words::ONE_NEW, &words::NEW);
        let values: [(&str, &dyn std::fmt::Display); 4] = [
            ("pictures", &pictures),
            ("new", &new),
            ("key", &accept),
            ("next", &next),
        ];
        let head = Rect {
            y: sight.bottom(),
            height: 2,
            ..area
        };
        let used = line::put_wrapped(
            &lang.fill(&words::SUMMARY, &values),
            theme.style(Role::Dim),
            head,
            buffer,
        );
        let rest = Rect {
            y: head.y + used,
            height: area.bottom().saturating_sub(head.y + used),
            ..area
        };
        let columns = usize::from(rest.width);
        let kept: Vec<&str> = tags
            .iter()
            .copied()
            .filter(|tag| !rows.iter().any(|row| row.text == *tag))
            .collect();
        let below = u16::from(!kept.is_empty() && rest.height > 4);
        let row = |at: usize| {
            rows.get(at)
                .map_or_else(Line::default, |row| row_line(row, theme, lang, columns))
        };
        let list = List {
            count: rows.len(),
            row: &row,
            focused: scene.focused,
        };
        let place = Rect {
            height: rest.height - below,
            ..rest
        };
        shown.rows = list.draw(&self.list, theme, place, buffer);
        if below > 0 {
            let last = Rect {
                y: place.bottom(),
                height: 1,
                ..rest
            };
            let told = lang.fill(&words::ONLY_HERE, &[("tags", &text::safe(&kept.join(", ")))]);
            line::put(&told, theme.style(Role::Dim), last, buffer);
        }
        shown
    }
}

/// What comes has a `+`, what is there a `=`, what is not wanted an `x`.
fn row_line(row: &Row, theme: &Theme, lang: Lang, columns: usize) -> Line<'static> {
    let (sign, role) = match (row.out, row.there) {
        (true, _) => ("x", Role::Dim),
        (false, true) => ("=", Role::Text),
        (false, false) => ("+", Role::Ok),
    };
    let name = text::safe(&row.text);
    let room = columns.saturating_sub(SURE + BAR + 5);
    let style = theme.style(role);
    let mut line = Line::from(Span::styled(format!("{sign} {}", text::pad(&name, room)), style));
    match row.confidence {
        Some(sure) => {
            let full = if theme.lines() == Lines::Ascii { "#" } else { "█" };
            let filled = (f64::from(sure.clamp(0.0, 1.0)) * BAR as f64).round() as usize;
            line.push_span(Span::styled(
                format!("{:>SURE$.1} %", 100.0 * sure),
                theme.style(Role::Dim),
            ));
            line.push_span(Span::styled(
                format!(" {}", full.repeat(filled)),
                gauge::ink(theme, Role::ProgressDone),
            ));
        }
        None => line.push_span(Span::styled(
            format!(" {}", lang.say(&words::SENTENCE)),
            theme.style(Role::Dim),
        )),
    }
    line
}
