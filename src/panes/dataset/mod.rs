//! The dataset screen: pictures, the caption of one, the tags of all.
//!
//! [`State`] works on a [`Book`](book::Book), a dataset at one moment that a thread of its own keeps and replaces; what is to be read,
//! counted or written is asked of that thread ([`talk`]) and nothing here waits. [`caption`] is the caption that is being changed,
//! [`tags`] the list of all tags, [`forms`] what is done to many captions at once, [`above`] what opens above the panes, [`views`] what
//! the middle part can show. Drawing is in [`view`].

pub mod above;
pub mod book;
pub mod caption;
pub mod chips;
pub mod forms;
pub mod hear;
pub mod kept;
pub mod line;
pub mod pictures;
pub mod pieces;
pub mod sheet;
pub mod tags;
pub mod talk;
pub mod tiles;
pub mod view;
pub mod views;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::above::Above;
use self::book::Book;
use self::caption::{At, Caption};
use self::kept::{Kept, Unwritten};
use self::line::{Choice, Line};
use self::tags::Tags;
use self::talk::{Ask, Work};
use self::tiles::Tiles;
use self::views::history::History;
use self::views::{View, Views};
use crate::data::journal::{self, Conflict};
use crate::data::query;
use crate::panes::preview;
use crate::ui::filter::Filter;
use crate::ui::lang::told::Trouble;
use crate::ui::widgets::input::Edit;
use crate::ui::widgets::list::ListState;

/// How many completions are offered.
const CHOICES: usize = 50;

/// A dataset and where one is in it.
#[derive(Debug, Default)]
pub struct State {
    book: Option<Arc<Book>>,
    /// What was asked for and is not here yet.
    opening: Option<PathBuf>,
    /// The numbers of the pictures that are shown; none for all.
    shown: Option<Arc<[usize]>>,
    list: ListState,
    /// Where the cursor was before a filter hid that picture; it goes back there when it is shown again, unless it was moved.
    left: Option<usize>,
    marked: BTreeSet<usize>,
    /// Pictures whose captions are others than when the dataset was opened, and the hash of what those were.
    touched: BTreeMap<usize, u64>,
    query: Line,
    filtering: bool,
    wrong: Option<Trouble>,
    /// Names of saved queries, with the queries.
    queries: Vec<(String, String)>,
    /// The tags of the whole dataset.
    pub tags: Tags,
    caption: Option<Caption>,
    typing: Option<Typing>,
    /// Tags that were copied or deleted last.
    copied: Vec<String>,
    /// Captions that are being written, as they will be.
    underway: BTreeMap<PathBuf, Option<Vec<u8>>>,
    /// What the middle part shows.
    pub view: View,
    history: History,
    /// The views beside the caption.
    pub views: Views,
    /// The picture under the cursor.
    pub sight: preview::State,
    /// Thumbnails.
    pub tiles: Tiles,
    work: Option<Work>,
    conflicts: Vec<Conflict>,
    /// What is open above the panes.
    pub above: Option<Above>,
    kept: Kept,
    /// Whether the terminal is on a slow link.
    pub slow: bool,
    tickets: u64,
    /// The newest filter and list of tags that were asked for.
    awaited: [u64; 2],
    asks: Vec<Ask>,
}

/// A tag that is being typed.
#[derive(Debug)]
pub struct Typing {
    /// What is typed.
    pub line: Line,
    /// Where it goes; none in the place of the one under the cursor.
    pub at: Option<At>,
}

impl State {
    /// What was kept of last time.
    pub fn take_up(&mut self, kept: Kept) {
        self.kept = kept;
    }

    /// What is to be kept for the next time. What belongs to another dataset than the one that is open stays as it is.
    pub fn kept(&self) -> Kept {
        let mut kept = self.kept.clone();
        kept.remember_conflicts(&self.conflicts);
        if let Some(Above::Conflicts(open)) = &self.above {
            kept.remember_conflicts(open.all());
        }
        if let (Some(book), Some(caption)) = (&self.book, &self.caption)
            && caption.is_changed()
        {
            let base = caption.base().map(|base| String::from_utf8_lossy(base).into_owned());
            kept.unwritten = Some(Unwritten {
                picture: book.path(caption.picture).to_owned(),
                base,
                text: caption.text().to_owned(),
            });
        }
        kept
    }

    /// What is to be asked of the keeper.
    pub fn take_asks(&mut self) -> Vec<Ask> {
        std::mem::take(&mut self.asks)
    }

    /// Asks something of the keeper.
    pub fn ask(&mut self, ask: Ask) {
        self.asks.push(ask);
    }

    /// Opens what was open last time, if nothing is open.
    pub fn begin(&mut self) {
        if let (None, None, Some(path)) = (&self.book, &self.opening, self.kept.open.clone()) {
            self.open(path);
        }
    }

    /// Opens a dataset. What is not written of the one that is open is written first.
    pub fn open(&mut self, path: PathBuf) {
        self.write_caption();
        self.opening = Some(path.clone());
        self.asks.push(Ask::Open {
            path,
            options: self.kept.options(),
        });
    }

    /// Reads captions in another way from now on.
    pub fn read_with(&mut self, extension: &str, separator: &str) {
        let usual = crate::data::set::Options::default();
        self.kept.extension = (extension != usual.extension).then(|| extension.to_owned());
        self.kept.separator = (separator != usual.separator).then(|| separator.to_owned());
        if let Some(path) = self.kept.open.clone() {
            self.open(path);
        }
    }

    /// The dataset; none while none is open.
    pub fn book(&self) -> Option<&Arc<Book>> {
        self.book.as_ref()
    }

    /// What is being opened.
    pub fn opening(&self) -> Option<&Path> {
        self.opening.as_deref()
    }

    /// How captions are found and split, datasets that were open, the manner of the list.
    pub fn kept_mut(&mut self) -> &mut Kept {
        &mut self.kept
    }

    /// Whether pictures are shown as thumbnails.
    pub fn is_grid(&self) -> bool {
        self.kept.grid
    }

    /// The datasets that were open.
    pub fn recent(&self) -> &[PathBuf] {
        &self.kept.recent
    }

    /// A long piece of work.
    pub fn work(&self) -> Option<&Work> {
        self.work.as_ref().or(self.views.work.as_ref())
    }

    /// Captions that two have changed.
    pub fn conflicts(&self) -> &[Conflict] {
        &self.conflicts
    }

    /// Takes conflicts that are left, such as those of a list that is closed.
    pub fn keep_conflicts(&mut self, conflicts: Vec<Conflict>) {
        self.conflicts = conflicts;
    }

    /// Gives all conflicts away to be settled.
    pub fn take_conflicts(&mut self) -> Vec<Conflict> {
        std::mem::take(&mut self.conflicts)
    }

    /// The history of the caption that is looked at.
    pub fn history(&self) -> &History {
        &self.history
    }

    // The caption.

    /// The caption that is looked at.
    pub fn caption(&self) -> Option<&Caption> {
        self.caption.as_ref()
    }

    /// The same, to change it.
    pub fn caption_mut(&mut self) -> Option<&mut Caption> {
        self.caption.as_mut()
    }

    /// Whether the picture under the cursor is another than the one that is looked at.
    pub fn is_elsewhere(&self) -> bool {
        self.picture() != self.caption.as_ref().map(|caption| caption.picture)
    }

    /// Looks at the picture under the cursor from now on. What was changed in the one before is written.
    pub fn look(&mut self) {
        if self.is_elsewhere() {
            self.write_caption();
            self.typing = None;
            self.caption = self.picture().and_then(|picture| self.caption_of(picture));
        }
        if let (View::History, Some(caption)) = (self.view, &self.caption) {
            let path = caption.path.clone();
            if self.history.missing(&path) {
                self.asks.push(Ask::History(path));
            }
        }
    }

    /// A picture's caption as it is, or as it will be in a moment.
    fn caption_of(&self, picture: usize) -> Option<Caption> {
        let book = self.book.as_ref()?;
        let mut caption = book.caption(picture);
        if let Some(bytes) = self.underway.get(&caption.path) {
            let text = bytes.as_deref().map(String::from_utf8_lossy).unwrap_or_default();
            let text = text.trim_start_matches('\u{feff}');
            caption = Caption::new(picture, caption.path, bytes.clone(), text, book.set.separator(picture));
        }
        Some(caption)
    }

    /// Writes what was changed in the caption that is looked at. Whether there was anything.
    pub fn write_caption(&mut self) -> bool {
        let Some(caption) = &mut self.caption else { return false };
        caption.close_editor();
        let before = caption.base().map(<[u8]>::to_vec);
        let Some(after) = caption.seal() else { return false };
        let path = caption.path.clone();
        self.underway.insert(path.clone(), Some(after.clone()));
        self.asks.push(Ask::Caption {
            path,
            before,
            after: Some(after),
        });
        true
    }

    /// Gives up what is not written of the caption that is looked at.
    pub fn forget_caption(&mut self) {
        let picture = self.caption.take().map(|caption| caption.picture);
        self.caption = picture.and_then(|picture| self.caption_of(picture));
    }

    /// The tag that is being typed.
    pub fn typing(&self) -> Option<&Typing> {
        self.typing.as_ref()
    }

    /// Begins to type a tag: another for the one under the cursor, or a new one.
    pub fn type_tag(&mut self, at: Option<At>) {
        let Some(caption) = self.caption.as_ref().filter(|caption| caption.closed().is_none()) else {
            return;
        };
        let at = if caption.cursor().is_none() { Some(At::End) } else { at };
        let text = if at.is_none() {
            caption.current().unwrap_or_default()
        } else {
            ""
        };
        self.typing = Some(Typing {
            line: Line::new(text),
            at,
        });
        self.offer_tags();
    }

    /// Changes the tag that is being typed.
    pub fn edit_tag(&mut self, edit: Edit) {
        if self.typing.as_mut().is_some_and(|typing| typing.line.apply(edit)) {
            self.offer_tags();
        }
    }

    /// Completes the tag that is being typed, or goes through what it may be.
    pub fn complete_tag(&mut self, step: Option<bool>) {
        let Some(typing) = &mut self.typing else { return };
        match step {
            Some(down) => typing.line.step(down),
            None => {
                if typing.line.complete() {
                    self.offer_tags();
                }
            }
        }
    }

    /// Takes the tag that was typed. One that was put in is followed by the next, until an empty one.
    pub fn take_tag(&mut self) {
        let Some(mut typing) = self.typing.take() else { return };
        typing.line.take_picked();
        let Some(caption) = &mut self.caption else { return };
        let text = typing.line.text().trim().to_owned();
        match typing.at {
            None => caption.replace(&text),
            Some(_) if text.is_empty() => {}
            Some(at) => {
                caption.insert(&text, at);
                let next = if at == At::End { At::End } else { At::Behind };
                self.type_tag(Some(next));
            }
        }
    }

    /// Gives up the tag that is being typed.
    pub fn drop_tag(&mut self) {
        self.typing = None;
    }

    /// The set's own tags that the typed letters find, the best first.
    fn offer_tags(&mut self) {
        let (Some(typing), Some(book)) = (&mut self.typing, &self.book) else {
            return;
        };
        let typed = typing.line.text().to_owned();
        if typed.trim().is_empty() {
            return typing.line.offer(Vec::new());
        }
        let rows = self.tags.rows();
        let names: Vec<&str> = rows.iter().map(|row| book.index.name(row.tag)).collect();
        let lower = typed.to_lowercase();
        let begins = |at: &usize| names[*at].to_lowercase().starts_with(&lower);
        let mut found: Vec<usize> = (0..names.len()).filter(begins).take(CHOICES).collect();
        if found.len() < CHOICES && typed.len() > 1 {
            let others = Filter::new(&typed).rank(names.iter().copied());
            let others: Vec<usize> = others
                .into_iter()
                .filter(|at| !begins(at))
                .take(CHOICES - found.len())
                .collect();
            found.extend(others);
        }
        let choice = |at: usize| Choice {
            range: 0..typed.len(),
            text: names[at].to_owned(),
            note: rows[at].count.to_string(),
        };
        let same = found.iter().copied().filter(|at| names[*at] != typed);
        typing.line.offer(same.map(choice).collect());
    }

    /// Copies the tag under the cursor; gives it.
    pub fn copy_tag(&mut self) -> Option<String> {
        let tag = self.caption.as_ref()?.current()?.to_owned();
        self.copied = vec![tag.clone()];
        Some(tag)
    }

    /// Deletes the tag under the cursor; it can be pasted.
    pub fn delete_tag(&mut self) {
        if let Some(tag) = self.caption.as_mut().and_then(Caption::remove) {
            self.copied = vec![tag];
        }
    }

    /// Puts the copied tags behind the one under the cursor.
    pub fn paste_tags(&mut self) {
        if let Some(caption) = &mut self.caption {
            for tag in &self.copied {
                caption.insert(tag, At::Behind);
            }
        }
    }

    // The filter.

    /// What is typed to filter by.
    pub fn query(&self) -> &Line {
        &self.query
    }

    /// Whether it is being typed.
    pub fn is_filtering(&self) -> bool {
        self.filtering
    }

    /// What is wrong with it.
    pub fn wrong(&self) -> Option<&Trouble> {
        self.wrong.as_ref()
    }

    /// Begins or ends to type the filter.
    pub fn filter(&mut self, typing: bool) {
        self.filtering = typing && self.book.is_some();
        self.query.offer(Vec::new());
    }

    /// Changes the filter.
    pub fn edit_query(&mut self, edit: Edit) {
        let at = self.query.cursor();
        if self.query.apply(edit) {
            self.send_query();
            self.offer_queries();
        } else if at != self.query.cursor() {
            self.query.offer(Vec::new());
        }
    }

    /// Puts another filter in the place of this one.
    pub fn set_query(&mut self, query: &str) {
        self.query = Line::new(query);
        self.send_query();
    }

    /// Completes the word at the cursor, or goes through what it may be.
    pub fn complete_query(&mut self, step: Option<bool>) {
        if self.query.choices().is_empty() {
            self.offer_queries();
        }
        if let Some(down) = step {
            self.query.step(down);
        } else if self.query.complete() {
            self.send_query();
            self.offer_queries();
        }
    }

    /// Takes the filter as it is typed.
    pub fn take_query(&mut self) {
        if self.query.take_picked() {
            self.send_query();
            self.offer_queries();
        } else {
            self.filter(false);
        }
    }

    fn offer_queries(&mut self) {
        let Some(book) = &self.book else { return };
        let folders: Vec<String> = book
            .set
            .subsets
            .iter()
            .map(|subset| caption::name_of(&subset.folder))
            .collect();
        let saved: Vec<String> = self.queries.iter().map(|(name, _)| name.clone()).collect();
        let vocabulary = query::Vocabulary {
            index: &book.index,
            folders: &folders,
            saved: &saved,
        };
        let found = query::complete(self.query.text(), self.query.cursor(), &vocabulary, CHOICES);
        let choice = |text| Choice {
            range: found.range.clone(),
            text,
            note: String::new(),
        };
        self.query.offer(found.options.into_iter().map(choice).collect());
    }

    /// Asks for the pictures that the filter finds.
    fn send_query(&mut self) {
        self.tickets += 1;
        self.awaited[0] = self.tickets;
        self.asks.push(Ask::Filter {
            ticket: self.tickets,
            query: self.query.text().to_owned(),
            marked: Arc::new(self.marked.clone()),
        });
    }

    /// Asks for the tags of what is shown.
    pub fn send_tags(&mut self) {
        self.tickets += 1;
        self.awaited[1] = self.tickets;
        self.asks.push(Ask::Tags {
            ticket: self.tickets,
            order: self.tags.order(),
            among: self.shown.clone(),
        });
    }

    /// The saved queries.
    pub fn queries(&self) -> &[(String, String)] {
        &self.queries
    }

    // Many captions.

    /// The pictures that an edit is about, where it asks for those.
    pub fn pictures_of(&self, place: forms::Place) -> Arc<[usize]> {
        let all = || (0..self.book.as_ref().map_or(0, |book| book.len())).collect();
        match place {
            forms::Place::Whole => all(),
            forms::Place::Shown => self.shown.clone().unwrap_or_else(all),
            forms::Place::Marked => self.marked.iter().copied().collect(),
        }
    }

    /// Asks what an edit would change. What is not written is written first, so that it is counted.
    pub fn plan(&mut self, edit: crate::data::edit::Edit, place: forms::Place, force: bool) {
        self.write_caption();
        let query = if place == forms::Place::Shown {
            self.query.text().trim().to_owned()
        } else {
            String::new()
        };
        self.asks.push(Ask::Plan {
            edit,
            pictures: self.pictures_of(place),
            query,
            by_hand: place == forms::Place::Marked,
            force,
        });
    }

    /// Takes back or does again. A change that is not written yet comes first.
    pub fn undo(&mut self) {
        if !self.caption.as_mut().is_some_and(Caption::undo) {
            self.forget_undone();
            self.asks.push(Ask::Perform(journal::Action::Undo(1)));
        }
    }

    /// The other way.
    pub fn redo(&mut self) {
        if !self.caption.as_mut().is_some_and(Caption::redo) {
            self.asks.push(Ask::Perform(journal::Action::Redo(1)));
        }
    }

    /// What the journal takes back now is done again first; what was taken back here before lies behind it and would stand in its way.
    fn forget_undone(&mut self) {
        if let Some(caption) = &mut self.caption {
            caption.forget_undone();
        }
    }

    /// Takes back or does again what was done to the caption that is looked at.
    pub fn undo_here(&mut self, redo: bool) {
        let Some(caption) = &mut self.caption else { return };
        let own = if redo { caption.redo() } else { caption.undo() };
        if own {
            return;
        }
        if !redo {
            caption.forget_undone();
        }
        let path = caption.path.clone();
        let action = if redo {
            journal::Action::RedoFile(path)
        } else {
            journal::Action::UndoFile(path)
        };
        self.asks.push(Ask::Perform(action));
    }
}
