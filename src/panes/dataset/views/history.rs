//! What was changed in one caption: the newest change first, each with what went and what came.

use std::path::{Path, PathBuf};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use crate::data::journal::{Change, Entry};
use crate::panes::dataset::pieces;
use crate::panes::dataset::sheet::Fate;
use crate::ui::lang::{Lang, dataset as words};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::{line, lines};

/// What was changed in which caption.
#[derive(Debug, Default)]
pub struct History {
    path: PathBuf,
    entries: Option<Vec<Entry>>,
}

impl History {
    /// Whether a caption's changes have to be asked for. Asking makes them count as asked for.
    pub fn missing(&mut self, path: &Path) -> bool {
        if self.path == path {
            return false;
        }
        path.clone_into(&mut self.path);
        self.entries = None;
        true
    }

    /// They may be others now.
    pub fn forget(&mut self) {
        self.path = PathBuf::new();
    }

    /// What was asked for came.
    pub fn put(&mut self, path: &Path, entries: Vec<Entry>) {
        if self.path == path {
            self.entries = Some(entries);
        }
    }

    /// Draws it.
    pub fn draw(&self, separator: &str, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) {
        let Some(entries) = &self.entries else { return };
        if entries.is_empty() {
            return lines::centred(lang.say(&words::NO_HISTORY), theme.style(Role::Dim), area, buffer);
        }
        let mut rows = area.rows();
        for entry in entries.iter().rev() {
            let Some(row) = rows.next() else { return };
            let (state, role) = if entry.is_done {
                (words::HISTORY_DONE, Role::Text)
            } else {
                (words::HISTORY_UNDONE, Role::Dim)
            };
            let head = lines::three_parts(
                (&format!("#{}", entry.batch), theme.style(Role::Title)),
                (&entry.what, theme.style(role)),
                (lang.say(&state), theme.style(Role::Dim)),
                usize::from(row.width),
            );
            line::put_line(&head, Style::new(), row, buffer);
            if let Change::Write { before, after, .. } = &entry.change {
                let Some(row) = rows.next() else { return };
                let pieces = pieces::of(before.as_deref(), after.as_deref(), separator);
                let mut told = Line::raw("  ");
                for piece in pieces.iter().filter(|piece| piece.fate != Fate::Stays) {
                    let (sign, role) = if piece.fate == Fate::Goes {
                        ('-', Role::Error)
                    } else {
                        ('+', Role::Ok)
                    };
                    let words = format!("{sign}{}  ", text::safe(&piece.text));
                    told.push_span(Span::styled(words, theme.style(role)));
                }
                line::put_line(&told, Style::new(), row, buffer);
            }
        }
    }
}
