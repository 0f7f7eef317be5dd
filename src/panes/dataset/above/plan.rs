//! Work on pictures looked at before it is done: each picture in a row, with what becomes of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::{Drawn, Keys, large};
use crate::panes::dataset::views::work;
use crate::ui::lang::{Lang, work as words};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::list::{Go, List, ListState};
use crate::ui::widgets::{line, popup};

/// Work that is looked at.
#[derive(Debug)]
pub struct Plan {
    plan: work::Plan,
    list: ListState,
}

impl Plan {
    /// Work, from the first picture on.
    pub fn new(plan: work::Plan) -> Self {
        Self {
            plan,
            list: ListState::default(),
        }
    }

    /// Gives the work up to whoever does it.
    pub fn into_plan(self) -> work::Plan {
        self.plan
    }

    fn count(&self) -> usize {
        self.plan.rows.len() + self.plan.kept.len()
    }

    /// Moves the cursor.
    pub fn go(&mut self, go: Go, height: usize) {
        self.list.go(go, self.count(), height);
    }

    /// Leaves the picture under the cursor out, or takes it in again.
    pub fn leave_out(&mut self) {
        let at = self.list.selected(self.count());
        if let Some(row) = at.and_then(|at| self.plan.rows.get_mut(at)) {
            row.left_out = !row.left_out;
        }
    }

    pub(super) fn draw(&self, keys: &Keys, theme: &Theme, lang: Lang, within: Rect, buffer: &mut Buffer) -> Drawn {
        let area = large(within);
        let files = text::number(self.plan.count() as u64);
        let inside = popup::open(lang.say(&words::PLAN), &files, theme, area, buffer);
        let mut drawn = Drawn {
            area,
            ..Drawn::default()
        };
        if inside.height < 4 || inside.width < 12 {
            return drawn;
        }
        let what = text::safe(&self.plan.what);
        let values: [(&str, &dyn std::fmt::Display); 5] = [
            ("what", &what),
            ("files", &files),
            ("key", &keys.write),
            ("skip", &keys.skip),
            ("back", &keys.back),
        ];
        let mut told = vec![(lang.fill(&words::WILL_DO, &values), Role::Popup)];
        told.extend(
            self.plan
                .note
                .iter()
                .map(|note| (note.tell(lang).to_owned(), Role::Info)),
        );
        if !self.plan.kept.is_empty() {
            let kept = text::number(self.plan.kept.len() as u64);
            told.push((lang.fill(&words::KEPT, &[("files", &kept)]), Role::Warning));
        }
        let mut y = inside.y;
        for (words, role) in told {
            let place = Rect {
                y,
                height: 2.min(inside.bottom().saturating_sub(y)),
                ..inside
            };
            y += line::put_wrapped(&words, theme.style(role), place, buffer);
        }
        let rest = Rect {
            y,
            height: inside.bottom().saturating_sub(y),
            ..inside
        };
        let columns = usize::from(rest.width);
        let row = |at: usize| self.row(at, theme, lang, columns);
        let list = List {
            count: self.count(),
            row: &row,
            focused: true,
        };
        drawn.rows = list.draw(&self.list, theme, rest, buffer);
        drawn
    }

    fn row(&self, at: usize, theme: &Theme, lang: Lang, columns: usize) -> Line<'static> {
        let room = (columns / 2).clamp(8, 48);
        let shortened = |name: &str| {
            let name = text::safe(name);
            let name = if text::width(&name) > room {
                format!("…{}", text::tail(&name, room - 1))
            } else {
                name.into_owned()
            };
            text::pad(&name, room)
        };
        let told = |sign: &str, name: &str, words: &str, style: Style, role: Role| {
            Line::from(vec![
                Span::styled(format!("{sign} {}  ", shortened(name)), style),
                Span::styled(text::safe(words).into_owned(), theme.style(role)),
            ])
        };
        match self.plan.rows.get(at) {
            Some(row) if row.left_out => told("x", &row.name, "", theme.style(Role::Dim), Role::Dim),
            Some(row) => told(" ", &row.name, row.told.tell(lang), theme.style(Role::Popup), Role::Ok),
            None => match self.plan.kept.get(at - self.plan.rows.len()) {
                Some((name, why)) => told("!", name, why.tell(lang), theme.style(Role::Warning), Role::Dim),
                None => Line::default(),
            },
        }
    }
}
