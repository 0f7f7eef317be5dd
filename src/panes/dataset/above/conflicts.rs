//! Captions that were changed here and by somebody else: three versions side by side, and which of them to keep.
//!
//! Nothing is lost meanwhile: the file has what the other wrote, the journal or this list has the rest.

use std::path::{Path, PathBuf};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use super::review::flow;
use super::{Drawn, Keys, large};
use crate::data::journal::{Conflict, Merged, merge};
use crate::panes::dataset::pieces;
use crate::panes::dataset::sheet::{Fate, Piece};
use crate::ui::lang::told::Tell;
use crate::ui::lang::{Lang, dataset as words};
use crate::ui::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::list::{Go, List, ListState};
use crate::ui::widgets::{line, popup};

/// Captions in conflict.
#[derive(Debug)]
pub struct Conflicts {
    all: Vec<Conflict>,
    separator: String,
    /// The folder that paths are told from.
    root: PathBuf,
    list: ListState,
}

/// Which version is to be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// The one that danlu was to write.
    Ours,
    /// The one that is there.
    Theirs,
    /// Both changes, joined tag by tag.
    Both,
}

/// What settling a conflict means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing is to be written.
    AsItIs,
    /// The file, which holds `before`, gets `after`.
    Write {
        /// The file.
        path: PathBuf,
        /// What is in it.
        before: Option<Vec<u8>>,
        /// What it gets.
        after: Option<Vec<u8>>,
    },
    /// That cannot be done to this one.
    Impossible,
}

impl Conflicts {
    /// Conflicts, from the first one on.
    pub fn new(all: Vec<Conflict>, separator: &str, root: &Path) -> Self {
        Self {
            all,
            separator: separator.to_owned(),
            root: root.to_owned(),
            list: ListState::default(),
        }
    }

    /// Those that are not settled.
    pub fn all(&self) -> &[Conflict] {
        &self.all
    }

    /// Moves the cursor.
    pub fn go(&mut self, go: Go, height: usize) {
        self.list.go(go, self.all.len(), height);
    }

    /// Settles the conflict under the cursor.
    pub fn settle(&mut self, keep: Keep) -> Settled {
        let Some(at) = self.list.selected(self.all.len()) else {
            return Settled::Impossible;
        };
        let conflict = &self.all[at];
        let settled = match (keep, &conflict.texts) {
            (Keep::Theirs, _) => Settled::AsItIs,
            (_, None) => Settled::Impossible,
            (Keep::Ours, Some(texts)) => Settled::Write {
                path: conflict.path.clone(),
                before: texts.theirs.clone(),
                after: texts.ours.clone(),
            },
            (Keep::Both, Some(texts)) => {
                let [base, ours, theirs] = [&texts.base, &texts.ours, &texts.theirs].map(Option::as_deref);
                match merge(base, ours, theirs, &self.separator) {
                    Merged::Clean(after) => Settled::Write {
                        path: conflict.path.clone(),
                        before: texts.theirs.clone(),
                        after,
                    },
                    Merged::Conflict(_) => Settled::Impossible,
                }
            }
        };
        if settled != Settled::Impossible {
            self.all.remove(at);
        }
        settled
    }

    pub(super) fn draw(&self, keys: &Keys, theme: &Theme, lang: Lang, within: Rect, buffer: &mut Buffer) -> Drawn {
        let area = large(within);
        let note = text::number(self.all.len() as u64);
        let inside = popup::open(lang.say(&words::CONFLICTS), &note, theme, area, buffer);
        let mut drawn = Drawn {
            area,
            ..Drawn::default()
        };
        if inside.height < 6 || inside.width < 12 {
            return drawn;
        }
        let told = lang.fill(
            &words::CONFLICTS_HELP,
            &[
                ("ours", &keys.ours),
                ("theirs", &keys.theirs),
                ("both", &keys.both),
                ("back", &keys.back),
            ],
        );
        let used = line::put_wrapped(&told, theme.style(Role::Popup), Rect { height: 3, ..inside }, buffer);
        let rows = (self.all.len() as u16).clamp(1, (inside.height / 3).max(2));
        let list = Rect {
            y: inside.y + used,
            height: rows.min(inside.height - used),
            ..inside
        };
        let row = |row: usize| {
            let conflict = &self.all[row];
            let path = conflict.path.strip_prefix(&self.root).unwrap_or(&conflict.path);
            Line::from(vec![
                Span::styled(
                    text::safe(&path.to_string_lossy()).into_owned(),
                    theme.style(Role::Popup),
                ),
                Span::styled(
                    format!("  {}", text::safe(&conflict.why.tell(lang))),
                    theme.style(Role::Dim),
                ),
            ])
        };
        let shown = List {
            count: self.all.len(),
            row: &row,
            focused: true,
        };
        drawn.rows = shown.draw(&self.list, theme, list, buffer);
        let below = Rect {
            y: list.bottom(),
            height: inside.bottom().saturating_sub(list.bottom()),
            ..inside
        };
        self.draw_three(theme, lang, below, buffer);
        drawn
    }

    /// As it was, as it was to be here, as it is: each difference told from the first.
    fn draw_three(&self, theme: &Theme, lang: Lang, area: Rect, buffer: &mut Buffer) {
        let at = self.list.selected(self.all.len());
        let Some(texts) = at.and_then(|at| self.all[at].texts.as_ref()) else {
            line::put_wrapped(lang.say(&words::NO_TEXTS), theme.style(Role::Dim), area, buffer);
            return;
        };
        let base = texts.base.as_deref();
        let versions = [
            (words::BASE, base),
            (words::OURS, texts.ours.as_deref()),
            (words::THEIRS, texts.theirs.as_deref()),
        ];
        let mut y = area.y;
        for (left, (title, version)) in (0..versions.len() as u16).rev().zip(versions) {
            // The versions that follow have a title and a row at least.
            let height = area.bottom().saturating_sub(y).saturating_sub(2 * left);
            if height < 2 {
                return;
            }
            let place = Rect { y, height, ..area };
            line::put(lang.say(&title), theme.style(Role::Title), place, buffer);
            let rest = Rect {
                y: y + 1,
                height: height - 1,
                ..area
            };
            let used = if version.is_none() {
                line::put(lang.say(&words::NO_FILE), theme.style(Role::Dim), rest, buffer);
                1
            } else {
                let pieces = pieces::of(base, version, &self.separator);
                let seen = pieces.iter().filter(|piece| piece.text != "␣");
                let spans: Vec<_> = seen.map(|piece| span(piece, theme)).collect();
                flow(&spans, rest, buffer)
            };
            y = rest.y + used + u16::from(height > used + 2);
        }
    }
}

fn span(piece: &Piece, theme: &Theme) -> Span<'static> {
    let words = text::safe(&piece.text).into_owned();
    match piece.fate {
        Fate::Stays => Span::styled(words, theme.style(Role::Popup)),
        Fate::Goes => Span::styled(format!("-{words}"), theme.style(Role::Error)),
        Fate::Comes => Span::styled(format!("+{words}"), theme.style(Role::Ok)),
    }
}
