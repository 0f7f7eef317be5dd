//! Which dataset to open: a path that is typed with completion, or one of those that were open before.

use std::path::PathBuf;

use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::text::Line as Row;

use super::Drawn;
use crate::panes::dataset::line::{Choice, Line};
use crate::ui::lang::{Lang, dataset as words};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::list::{Go, List, ListState};
use crate::ui::widgets::{line, popup};

/// The most rows of the list.
const ROWS: u16 = 16;

/// A path that is typed.
#[derive(Debug)]
pub struct Opener {
    /// The path, with what it can be completed to.
    pub line: Line,
    recent: Vec<PathBuf>,
}

impl Opener {
    /// An empty path, and the datasets that were open before, the last one first.
    pub fn new(recent: Vec<PathBuf>) -> Self {
        let mut opener = Self {
            line: Line::default(),
            recent,
        };
        opener.offer(&[]);
        opener
    }

    /// Offers what a path may be completed to; where nothing is typed, what was open before.
    pub fn offer(&mut self, found: &[String]) {
        let typed = self.line.text().len();
        let recent = self.recent.iter().map(|path| path.to_string_lossy().into_owned());
        let texts: Vec<String> = if typed == 0 { recent.collect() } else { found.to_vec() };
        let choice = |text| Choice {
            range: 0..typed,
            text,
            note: String::new(),
        };
        self.line.offer(texts.into_iter().map(choice).collect());
    }

    /// The path to open: the one under the cursor, else the typed one; none while nothing is typed.
    pub fn chosen(&mut self) -> Option<PathBuf> {
        self.line.take_picked();
        let typed = self.line.text().trim();
        (!typed.is_empty()).then(|| PathBuf::from(typed))
    }

    pub(super) fn draw(&self, theme: &Theme, lang: Lang, within: Rect, buffer: &mut Buffer) -> Drawn {
        let choices = self.line.choices();
        let rows = (choices.len() as u16).clamp(1, ROWS);
        let width = 84.min(within.width.saturating_sub(2)).max(8);
        let height = (rows + 5).min(within.height.saturating_sub(2).max(5));
        let area = popup::centred(Size::new(width, height), within);
        let inside = popup::open(lang.say(&words::OPEN), "", theme, area, buffer);
        let mut drawn = Drawn {
            area,
            ..Drawn::default()
        };
        if inside.height < 3 {
            return drawn;
        }
        let typed = Rect { height: 1, ..inside };
        drawn.cursor = self
            .line
            .input()
            .draw(lang.say(&words::OPEN_HINT), theme, typed, buffer);
        let heading = if self.line.text().is_empty() && !self.recent.is_empty() {
            words::RECENT
        } else {
            words::OPEN_HELP
        };
        let second = Rect {
            y: inside.y + 1,
            ..typed
        };
        line::put(lang.say(&heading), theme.style(Role::Dim), second, buffer);
        let below = Rect {
            y: inside.y + 2,
            height: inside.height - 2,
            ..inside
        };
        let row = |row: usize| Row::styled(text::safe(&choices[row].text).into_owned(), theme.style(Role::Popup));
        let mut list = ListState::default();
        list.go(
            Go::To(self.line.picked().unwrap_or_default()),
            choices.len(),
            usize::from(below.height),
        );
        let shown = List {
            count: choices.len(),
            row: &row,
            focused: self.line.picked().is_some(),
        };
        drawn.rows = shown.draw(&list, theme, below, buffer);
        drawn
    }
}
