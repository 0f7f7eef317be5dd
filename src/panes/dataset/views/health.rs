//! What is wrong with the set, the worst first: each finding with how many files it is about and what to do; its pictures can be shown.
//!
//! The thread of these views looks; see [`crate::data::health`]. Headers are looked at when the view is opened, whole pictures when asked
//! for. In English the sentences are those of the shell.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::Shown;
use crate::data::health::{Finding, Level, Report};
use crate::panes::dataset::book::Book;
use crate::ui::lang::told::Tell;
use crate::ui::lang::{Lang, health as words};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::list::{Go, List, ListState};
use crate::ui::widgets::{line, lines};

/// Files that are named below the list.
const NAMED: usize = 40;

/// What was found.
#[derive(Debug, Default)]
pub struct Health {
    report: Option<Arc<Report>>,
    /// Whether whole pictures were looked at.
    whole: bool,
    list: ListState,
    /// Whether it is being looked at.
    pub looking: bool,
    /// Whether it was stopped, so that it is looked at only when asked for.
    stopped: bool,
}

impl Health {
    /// It was looked at, or that was stopped.
    pub fn put(&mut self, report: Option<Arc<Report>>, whole: bool) {
        self.looking = false;
        self.stopped = report.is_none();
        if report.is_some() {
            self.report = report;
            self.whole = whole;
            self.list = ListState::default();
        }
    }

    /// The files may be others now.
    pub fn forget(&mut self) {
        *self = Self::default();
    }

    /// Whether it has to be looked at.
    pub fn is_missing(&self) -> bool {
        self.report.is_none() && !self.looking && !self.stopped
    }

    fn findings(&self) -> &[Finding] {
        self.report.as_ref().map_or(&[], |report| &report.findings)
    }

    /// How many findings there are.
    pub fn count(&self) -> usize {
        self.findings().len()
    }

    /// The finding under the cursor.
    pub fn current(&self) -> Option<&Finding> {
        self.findings().get(self.list.selected(self.count())?)
    }

    /// Moves the cursor.
    pub fn go(&mut self, go: Go, height: usize) {
        self.list.go(go, self.count(), height);
    }

    /// The pictures that the finding under the cursor is about: by their own names, those of their captions, or those of their folders.
    pub fn pictures(&self, book: &Book) -> BTreeSet<usize> {
        let Some(finding) = self.current() else {
            return BTreeSet::new();
        };
        let files: HashSet<&str> = finding.files.iter().map(String::as_str).collect();
        let set = &book.set;
        let is_named = |picture: &usize| {
            let path = &set.pictures[*picture].path;
            let folder = path
                .parent()
                .map(|folder| set.relative(folder).into_owned())
                .unwrap_or_default();
            files.contains(&*set.relative(path))
                || files.contains(&*set.relative(&set.caption_path(*picture)))
                || files.contains(folder.as_str())
        };
        (0..book.len()).filter(is_named).collect()
    }

    /// Draws it. `keys` are those that look at whole pictures and that show the pictures of a finding.
    pub fn draw(
        &self,
        keys: [&str; 2],
        focused: bool,
        theme: &Theme,
        lang: Lang,
        area: Rect,
        buffer: &mut Buffer,
    ) -> Shown {
        let mut shown = Shown::default();
        let Some(report) = &self.report else {
            let sentence = if self.stopped {
                lang.fill(&words::STOPPED, &[("key", &keys[0])])
            } else {
                lang.say(&words::LOOKING).to_owned()
            };
            lines::centred(&sentence, theme.style(Role::Dim), area, buffer);
            return shown;
        };
        let [pictures, captions, findings] =
            [report.pictures, report.captions, report.findings.len()].map(|n| text::number(n as u64));
        let values: [(&str, &dyn std::fmt::Display); 4] = [
            ("pictures", &pictures),
            ("captions", &captions),
            ("n", &findings),
            ("key", &keys[0]),
        ];
        let sentence = if self.whole {
            words::SUMMARY
        } else {
            words::SUMMARY_HEADERS
        };
        let head = Rect {
            height: area.height.min(2),
            ..area
        };
        let used = line::put_wrapped(&lang.fill(&sentence, &values), theme.style(Role::Dim), head, buffer);
        let rest = Rect {
            y: area.y + used,
            height: area.height.saturating_sub(used),
            ..area
        };
        if report.findings.is_empty() {
            lines::centred(lang.say(&words::NOTHING), theme.style(Role::Ok), rest, buffer);
            return shown;
        }
        let below = if rest.height > 8 { rest.height * 2 / 5 } else { 0 };
        let place = Rect {
            height: rest.height - below,
            ..rest
        };
        let row = |at: usize| {
            report
                .findings
                .get(at)
                .map_or_else(Line::default, |finding| row_line(finding, theme, lang))
        };
        let list = List {
            count: report.findings.len(),
            row: &row,
            focused,
        };
        shown.rows = list.draw(&self.list, theme, place, buffer);
        let mut y = place.bottom() + 1;
        if let (Some(finding), true) = (self.current(), below > 2) {
            let mut told = vec![(finding.tell(lang), role_of(finding.level))];
            told.extend(finding.advise(lang).map(|hint| (format!("→ {hint}"), Role::Info)));
            if !finding.files.is_empty() {
                told.push((lang.fill(&words::SHOW, &[("key", &keys[1])]), Role::Dim));
                let named: Vec<String> = finding
                    .files
                    .iter()
                    .take(NAMED)
                    .map(|file| text::safe(file).into_owned())
                    .collect();
                told.push((named.join("  "), Role::Text));
            }
            for (words, role) in told {
                let place = Rect {
                    y,
                    height: rest.bottom().saturating_sub(y),
                    ..rest
                };
                y += line::put_wrapped(&words, theme.style(role), place, buffer);
            }
        }
        shown
    }
}

fn role_of(level: Level) -> Role {
    match level {
        Level::Error => Role::Error,
        Level::Warning => Role::Warning,
        Level::Note => Role::Info,
    }
}

fn row_line(finding: &Finding, theme: &Theme, lang: Lang) -> Line<'static> {
    let sign = match finding.level {
        Level::Error => "!!",
        Level::Warning => "! ",
        Level::Note => "- ",
    };
    let count = match finding.files.len() {
        0 => String::new(),
        n => text::number(n as u64),
    };
    Line::from(vec![
        Span::styled(format!("{sign} "), theme.style(role_of(finding.level))),
        Span::styled(format!("{count:>6}  "), theme.style(Role::Dim)),
        Span::styled(
            text::safe(&finding.tell(lang)).into_owned(),
            Style::new().patch(theme.style(Role::Text)),
        ),
    ])
}
