//! Changes looked at before they are written: each file in a row, the one under the cursor in full below.
//!
//! Of a hundred thousand changed files only those on the screen are compared.

use std::sync::Arc;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::{Drawn, Keys, large};
use crate::panes::dataset::pieces;
use crate::panes::dataset::sheet::{Fate, Leaf, Piece, Sheet, Way};
use crate::ui::lang::{Lang, dataset as words};
use crate::ui::text;
use crate::ui::theme::{Lines, Role, Theme};
use crate::ui::widgets::list::{Go, List, ListState, Rows};
use crate::ui::widgets::{line, popup};

/// Changes that are looked at.
#[derive(Debug)]
pub struct Review {
    sheet: Arc<Sheet>,
    list: ListState,
}

impl Review {
    /// Changes, from the first one on.
    pub fn new(sheet: Arc<Sheet>) -> Self {
        Self {
            sheet,
            list: ListState::default(),
        }
    }

    /// The changes.
    pub fn sheet(&self) -> &Sheet {
        &self.sheet
    }

    /// The command line that does the same; none where no command does, such as where files are left out by hand.
    pub fn command(&self) -> Option<&str> {
        let whole = self.sheet.leaves.iter().all(|leaf| !leaf.left_out);
        self.sheet.command.as_deref().filter(|_| whole)
    }

    /// Gives the changes up to whoever writes them.
    pub fn into_sheet(self) -> Arc<Sheet> {
        self.sheet
    }

    /// How many rows the list has: the changes, and the files that are left alone.
    fn count(&self) -> usize {
        self.sheet.leaves.len() + self.sheet.moves.len() + self.sheet.refused.len()
    }

    /// Moves the cursor.
    pub fn go(&mut self, go: Go, height: usize) {
        self.list.go(go, self.count(), height);
    }

    /// Leaves the file under the cursor out, or takes it in again. Of what was written together only all can be taken back.
    pub fn leave_out(&mut self) {
        let at = self.list.selected(self.count());
        if self.sheet.way == Way::Commit
            && let Some(leaf) = at.and_then(|at| Arc::make_mut(&mut self.sheet).leaves.get_mut(at))
        {
            leaf.left_out = !leaf.left_out;
        }
    }

    pub(super) fn draw(&self, keys: &Keys, theme: &Theme, lang: Lang, within: Rect, buffer: &mut Buffer) -> Drawn {
        let area = large(within);
        let sheet = &self.sheet;
        let title = match sheet.way {
            Way::Commit | Way::Redo(_) => words::REVIEW,
            Way::Undo(_) => words::REVIEW_UNDO,
        };
        let count = text::number(sheet.count() as u64);
        let note = text::count(lang, sheet.count() as u64, &words::ONE_FILE, &words::FILES);
        let inside = popup::open(lang.say(&title), &note, theme, area, buffer);
        let mut drawn = Drawn {
            area,
            ..Drawn::default()
        };
        if inside.height < 5 || inside.width < 12 {
            return drawn;
        }
        let mut y = inside.y;
        let mut put = |words: &str, role, rows: u16, buffer: &mut Buffer| {
            let place = Rect {
                y,
                height: rows.min(inside.bottom().saturating_sub(y)),
                ..inside
            };
            y += line::put_wrapped(words, theme.style(role), place, buffer);
        };
        let head = match sheet.way {
            Way::Commit | Way::Redo(_) => words::WILL_WRITE,
            Way::Undo(_) => words::WILL_UNDO,
        };
        let told = lang.fill(&head, &[("files", &count), ("key", &keys.write), ("back", &keys.back)]);
        put(&told, Role::Popup, 2, buffer);
        let command = self.command().map(|command| format!("$ {command}"));
        put(command.as_ref().unwrap_or(&sheet.what), Role::Dim, 3, buffer);
        if !sheet.refused.is_empty() {
            let count = text::number(sheet.refused.len() as u64);
            put(
                &lang.fill(&words::REFUSED, &[("files", &count)]),
                Role::Warning,
                2,
                buffer,
            );
        }
        let rest = Rect {
            y,
            height: inside.bottom().saturating_sub(y),
            ..inside
        };
        let below = (rest.height / 3).min(12);
        let list = Rect {
            height: rest.height - below,
            ..rest
        };
        drawn.rows = self.draw_list(theme, lang, list, buffer);
        if below > 1 {
            let place = Rect {
                y: list.bottom(),
                height: below,
                ..rest
            };
            self.draw_one(theme, lang, place, buffer);
        }
        drawn
    }

    fn draw_list(&self, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) -> Rows {
        let sheet = &self.sheet;
        let seen = usize::from(area.width);
        let row = |row: usize| match sheet.leaves.get(row) {
            Some(leaf) => leaf_line(sheet, leaf, theme, seen),
            None if row - sheet.leaves.len() < sheet.moves.len() => {
                let (from, to) = &sheet.moves[row - sheet.leaves.len()];
                let words = format!("  {} → {}", told(sheet, from), told(sheet, to));
                Line::styled(words, theme.style(Role::Popup))
            }
            None => {
                let (path, why) = &sheet.refused[row - sheet.leaves.len() - sheet.moves.len()];
                Line::from(vec![
                    Span::styled(format!("! {}  ", told(sheet, path)), theme.style(Role::Warning)),
                    Span::styled(text::safe(why.tell(lang)).into_owned(), theme.style(Role::Dim)),
                ])
            }
        };
        List {
            count: self.count(),
            row: &row,
            focused: true,
        }
        .draw(&self.list, theme, area, buffer)
    }

    /// The file under the cursor: what it is, and what it would be.
    fn draw_one(&self, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) {
        let rule = if theme.lines() == Lines::Ascii { "-" } else { "─" };
        let first = Rect { height: 1, ..area };
        line::put(
            &rule.repeat(usize::from(area.width)),
            theme.style(Role::PopupBorder),
            first,
            buffer,
        );
        let rest = Rect {
            y: area.y + 1,
            height: area.height - 1,
            ..area
        };
        let at = self.list.selected(self.count());
        let Some(leaf) = at.and_then(|at| self.sheet.leaves.get(at)) else {
            return;
        };
        let pieces = pieces::of(leaf.before.as_deref(), leaf.after.as_deref(), &self.sheet.separator);
        let absent = [(&leaf.before, words::NEW_FILE), (&leaf.after, words::FILE_GOES)];
        let absent = absent.into_iter().find(|(bytes, _)| bytes.is_none());
        let mut spans = Vec::new();
        if let Some((_, sentence)) = absent {
            spans.push(Span::styled(
                format!("{} ", lang.say(&sentence)),
                theme.style(Role::Info),
            ));
        }
        spans.extend(pieces.iter().map(|piece| span(piece, theme)));
        flow(&spans, rest, buffer);
    }
}

/// A file's path as it is told.
fn told(sheet: &Sheet, path: &std::path::Path) -> String {
    let path = path.strip_prefix(&sheet.root).unwrap_or(path);
    text::safe(&path.to_string_lossy()).into_owned()
}

/// A row of the list: the file, then what goes and what comes.
fn leaf_line(sheet: &Sheet, leaf: &Leaf, theme: &Theme, columns: usize) -> Line<'static> {
    let name = told(sheet, &leaf.path);
    let room = (columns / 3).clamp(8, 40);
    let name = if text::width(&name) > room {
        format!("…{}", text::tail(&name, room - 1))
    } else {
        name
    };
    if leaf.left_out {
        return Line::styled(format!("x {name}"), theme.style(Role::Dim));
    }
    let mut line = Line::styled(format!("  {}", text::pad(&name, room)), theme.style(Role::Popup));
    let pieces = pieces::of(leaf.before.as_deref(), leaf.after.as_deref(), &sheet.separator);
    for piece in pieces
        .iter()
        .filter(|piece| piece.fate != Fate::Stays)
        .take(columns / 4)
    {
        line.push_span(Span::raw("  "));
        line.push_span(span(piece, theme));
    }
    line
}

fn span(piece: &Piece, theme: &Theme) -> Span<'static> {
    let words = text::safe(&piece.text).into_owned();
    match piece.fate {
        Fate::Stays => Span::styled(words, theme.style(Role::Popup)),
        Fate::Goes => Span::styled(format!("-{words}"), theme.style(Role::Error)),
        Fate::Comes => Span::styled(format!("+{words}"), theme.style(Role::Ok)),
    }
}

/// Puts pieces one behind the other into as many rows as there are, with a space between. Gives how many rows they took.
pub(super) fn flow(spans: &[Span<'_>], area: Rect, buffer: &mut Buffer) -> u16 {
    let columns = usize::from(area.width);
    let mut rows = area.rows();
    let Some(mut row) = rows.next() else { return 0 };
    let mut line = Line::default();
    let mut used = 0;
    let mut taken = 1;
    for span in spans {
        let wide = text::width(&span.content);
        if used > 0 && used + wide > columns {
            line::put_line(&line, line.style, row, buffer);
            let Some(next) = rows.next() else { return taken };
            (row, line, used) = (next, Line::default(), 0);
            taken += 1;
        }
        line.push_span(span.clone());
        line.push_span(Span::raw("  "));
        used += wide + 2;
    }
    line::put_line(&line, line.style, row, buffer);
    taken
}
