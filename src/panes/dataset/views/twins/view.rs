//! Two pictures side by side, what is known of each, and the list of all pairs.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Twins;
use crate::panes::dataset::book::Book;
use crate::panes::dataset::views::Shown;
use crate::panes::preview::Finished;
use crate::ui::lang::told::Tell;
use crate::ui::lang::{Lang, truth as seen, twins as words};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::list::List;
use crate::ui::widgets::{line, lines};

/// What the pairs are drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// The dataset.
    pub book: &'a Book,
    /// The better picture as far as it is read, and the other.
    pub sights: [Option<&'a Finished>; 2],
    /// The key that begins the search.
    pub search: &'a str,
    /// The key that keeps the better one.
    pub keep: &'a str,
    /// Whether the pane has the keys.
    pub focused: bool,
}

impl Twins {
    /// Draws them.
    pub fn draw(&self, scene: &Scene<'_>, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) -> Shown {
        let mut shown = Shown::default();
        let say = |sentence: &str, buffer: &mut Buffer| lines::centred(sentence, theme.style(Role::Dim), area, buffer);
        let Some(found) = self.found() else {
            let sentence = if self.searching {
                lang.say(&words::SEARCHING).to_owned()
            } else {
                lang.fill(&words::BEGIN, &[("key", &scene.search)])
            };
            say(&sentence, buffer);
            return shown;
        };
        let looked = text::count(lang, found.looked as u64, &seen::ONE_PICTURE, &seen::PICTURES);
        let outdated = lang.fill(&words::OUTDATED, &[("key", &scene.search)]);
        let Some((keep, twin)) = self.current() else {
            let none = lang.fill(&words::NONE, &[("pictures", &looked), ("key", &scene.search)]);
            say(if self.is_outdated() { &outdated } else { &none }, buffer);
            return shown;
        };
        let height = if area.height >= 14 { area.height / 2 } else { 0 };
        let half = area.width.saturating_sub(1) / 2;
        let columns = [area.x, area.x + half + 1].map(|x| Rect {
            x,
            width: half,
            height,
            y: area.y,
        });
        let of = [scene.sights[0], scene.sights[1]];
        let pictures = [0, 1].map(|side| match of[side] {
            Some(Finished::Here(numbered)) if height > 0 => Some((numbered.clone(), columns[side])),
            _ => None,
        });
        [shown.picture, shown.beside] = pictures;
        let labels = [
            (keep, words::BETTER, Role::Ok),
            (twin.picture, words::WORSE, Role::Warning),
        ];
        for ((picture, title, role), column) in labels.into_iter().zip(columns) {
            let place = |down: u16| Rect {
                y: column.bottom() + down,
                height: u16::from(area.bottom() > column.bottom() + down),
                ..column
            };
            let name = scene.book.name(picture);
            let room = usize::from(half).saturating_sub(text::width(lang.say(&title)) + 1);
            let name = text::safe(&name);
            let name = if text::width(&name) > room {
                format!("…{}", text::tail(&name, room.saturating_sub(1)))
            } else {
                name.into_owned()
            };
            let head = Line::from(vec![
                Span::styled(format!("{} ", lang.say(&title)), theme.style(role)),
                Span::styled(name, theme.style(Role::Title)),
            ]);
            line::put_line(&head, Style::new(), place(0), buffer);
            line::put(
                &self.about(picture, scene.book, lang),
                theme.style(Role::Dim),
                place(1),
                buffer,
            );
        }
        let below = |down: u16, height: u16| {
            let y = (area.y + columns[0].height + 2 + down).min(area.bottom());
            Rect {
                y,
                height: height.min(area.bottom() - y),
                ..area
            }
        };
        let because = lang.fill(
            &words::BECAUSE,
            &[("why", &twin.because.tell(lang)), ("key", &scene.keep)],
        );
        let used = line::put_wrapped(&because, theme.style(Role::Text), below(0, 2), buffer);
        let count = text::count(lang, self.count() as u64, &words::ONE_PAIR, &words::PAIRS);
        let values: [(&str, &dyn std::fmt::Display); 2] = [("pictures", &looked), ("pairs", &count)];
        let mut used = used;
        line::put(
            &lang.fill(&words::SUMMARY, &values),
            theme.style(Role::Dim),
            below(used, 1),
            buffer,
        );
        if self.is_outdated() {
            used += line::put_wrapped(&outdated, theme.style(Role::Warning), below(used + 1, 2), buffer);
        }
        let row = |at: usize| self.row_line(at, scene.book, theme, lang, usize::from(area.width));
        let list = List {
            count: self.count(),
            row: &row,
            focused: scene.focused,
        };
        shown.rows = list.draw(&self.list, theme, below(used + 1, u16::MAX), buffer);
        shown
    }

    /// Size, kind and bytes of a picture, and how long its caption is.
    fn about(&self, picture: usize, book: &Book, lang: Lang) -> String {
        let facts = self.found().and_then(|found| found.facts.get(&picture));
        let mut told = facts.map_or_else(String::new, |facts| {
            let (width, height) = facts.upright();
            format!(
                "{width}x{height} {} {} KiB",
                facts.format.name(),
                text::number(facts.bytes.div_ceil(1024))
            )
        });
        let tags = book.index.of_picture(picture).len();
        told.push_str(" · ");
        told.push_str(&text::count(
            lang,
            tags as u64,
            &crate::ui::lang::dataset::ONE_TAG,
            &crate::ui::lang::dataset::TAG_COUNT,
        ));
        told
    }

    fn row_line(&self, at: usize, book: &Book, theme: &Theme, lang: Lang, columns: usize) -> Line<'static> {
        let Some((keep, twin)) = self.pair_at(at) else {
            return Line::default();
        };
        let [keep, other] = [keep, twin.picture].map(|picture| text::safe(&book.name(picture)).into_owned());
        let room = columns.saturating_sub(12) / 2;
        let likeness = text::pad_start(&format!("{:.1} %", 100.0 * twin.likeness), 7);
        let mut line = Line::from(vec![
            Span::styled(likeness, theme.style(Role::Dim)),
            Span::raw("  "),
            Span::styled(text::pad(&keep, room), theme.style(Role::Text)),
            Span::raw(" "),
            Span::styled(text::truncate(&other, room).into_owned(), theme.style(Role::Dim)),
        ]);
        if twin.mirrored {
            line.push_span(Span::styled(
                format!(" {}", lang.say(&words::MIRRORED)),
                theme.style(Role::Info),
            ));
        }
        line
    }
}
