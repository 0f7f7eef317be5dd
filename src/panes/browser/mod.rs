//! The browser of model files: a list of all that the library knows, and what is told of one.
//!
//! It works on cards that come to it and reads no file. What it lacks (details, pictures, hashes) the app asks for. The list is made of
//! rows ([`order`]) whenever a wish or the models change; the cursor stays with its model while rows come and go. Read [`entry`] for
//! what a row knows of a model, [`details`] for what is told beside the list, [`insert`] for what using a model means.

pub mod class;
pub mod details;
pub mod entry;
pub mod forms;
pub mod insert;
pub mod order;
pub mod tasks;
pub mod view;

use std::collections::{BTreeSet, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::class::Class;
use self::entry::Entry;
use self::order::{Row, Wish};
use crate::library::{Card, Details, Progress};
use crate::panes::{preview, prompt};
use crate::ui::lang::{Lang, words};
use crate::ui::text;
use crate::ui::widgets::input::{Edit, InputState};
use crate::ui::widgets::list::{Go, ListState};

/// The models, what is wanted of them, and the one that is looked at.
#[derive(Debug, Default)]
pub struct State {
    entries: Vec<Entry>,
    places: HashMap<PathBuf, usize>,
    rows: Vec<Row>,
    wish: Wish,
    /// Folders whose content is not shown.
    closed: BTreeSet<PathBuf>,
    /// Numbers of models whose metadata holds the words that were looked for.
    held: HashSet<i64>,
    list: ListState,
    query: InputState,
    filtering: bool,
    marked: BTreeSet<PathBuf>,
    shown: Option<Shown>,
    /// Rows of the details above the first one that is seen.
    pub scroll: usize,
    notes: Option<Notes>,
    /// Pictures of models.
    pub cover: preview::State,
    work: Option<Progress>,
    /// Whether the library was heard of.
    heard: bool,
}

/// The model that is told of.
#[derive(Debug)]
struct Shown {
    card: Arc<Card>,
    /// Once they are here.
    details: Option<Box<Details>>,
}

/// Notes that are being written.
#[derive(Debug)]
pub struct Notes {
    /// The model that they are about.
    pub path: PathBuf,
    /// The text.
    pub editor: prompt::State,
}

/// What the cursor stands on.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Under {
    Model(PathBuf),
    Folder(PathBuf),
}

impl State {
    /// Takes models that are new or others now, and forgets those that are gone.
    pub fn change(&mut self, models: Vec<Entry>, gone: &[PathBuf]) {
        let under = self.under();
        self.heard = true;
        for entry in models {
            if let Some(place) = self.places.get(&entry.card.path) {
                self.entries[*place] = entry;
            } else {
                self.places.insert(entry.card.path.clone(), self.entries.len());
                self.entries.push(entry);
            }
        }
        if !gone.is_empty() {
            let gone: HashSet<&PathBuf> = gone.iter().collect();
            self.entries.retain(|entry| !gone.contains(&entry.card.path));
            self.marked.retain(|path| !gone.contains(path));
            let places = self.entries.iter().enumerate();
            self.places = places.map(|(place, entry)| (entry.card.path.clone(), place)).collect();
        }
        self.remake(None);
        self.return_to(under);
    }

    /// All models, in no order.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The rows of the list.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// What the list is to show.
    pub fn wish(&self) -> &Wish {
        &self.wish
    }

    /// The model at a path.
    pub fn at(&self, path: &Path) -> Option<&Entry> {
        self.places.get(path).map(|place| &self.entries[*place])
    }

    /// The model under the cursor.
    pub fn current(&self) -> Option<&Entry> {
        Some(&self.entries[self.row()?.index()?])
    }

    /// Whether the cursor stands on this row.
    pub fn is_at(&self, row: usize) -> bool {
        self.list.selected(self.rows.len()) == Some(row)
    }

    /// The row under the cursor.
    pub fn row(&self) -> Option<&Row> {
        self.rows.get(self.list.selected(self.rows.len())?)
    }

    /// The marked models, else the one under the cursor.
    pub fn at_hand(&self) -> Vec<&Entry> {
        if self.marked.is_empty() {
            return self.current().into_iter().collect();
        }
        self.marked.iter().filter_map(|path| self.at(path)).collect()
    }

    /// Whether a model is marked.
    pub fn is_marked(&self, path: &Path) -> bool {
        self.marked.contains(path)
    }

    /// How many are marked.
    pub fn marked(&self) -> usize {
        self.marked.len()
    }

    /// Marks the model under the cursor, or takes its mark away.
    pub fn mark(&mut self) {
        let Some(path) = self.current().map(|entry| entry.card.path.clone()) else {
            return;
        };
        if !self.marked.remove(&path) {
            self.marked.insert(path);
        }
    }

    /// Takes all marks away.
    pub fn unmark(&mut self) {
        self.marked.clear();
    }

    /// Moves the cursor in a list of which `height` rows are seen.
    pub fn go(&mut self, go: Go, height: usize) {
        self.list.go(go, self.rows.len(), height);
    }

    /// Changes what is wanted; the cursor stays with its model if that is still there.
    pub fn want(&mut self, change: impl FnOnce(&mut Wish)) {
        change(&mut self.wish);
        self.arrange();
    }

    /// Shows the kind of models that many tabs further on.
    pub fn turn(&mut self, by: isize) {
        let tabs = Class::TABS.len() as isize;
        let at = (self.tab() as isize + by).rem_euclid(tabs);
        self.want(|wish| wish.class = Class::TABS[at as usize]);
    }

    /// Which of [`Class::TABS`] is shown.
    pub fn tab(&self) -> usize {
        let found = Class::TABS.iter().position(|class| *class == self.wish.class);
        found.unwrap_or_default()
    }

    /// Opens or closes the folder under the cursor, or closes the one that its model lies in. Whether there was anything to do.
    pub fn fold(&mut self, open: bool) -> bool {
        let folder = match self.row() {
            Some(Row::Folder { path, open: now, .. }) if *now != open => path.clone(),
            Some(Row::Folder { path, .. }) if !open => match self.folder_above(path) {
                Some(above) => above,
                None => return false,
            },
            Some(Row::Model { index, .. }) if !open && self.wish.tree => {
                let path = self.entries[*index].path();
                let folder = path.parent().unwrap_or(path);
                if !self.has_folder(folder) {
                    return false;
                }
                folder.to_owned()
            }
            _ => return false,
        };
        if open {
            self.closed.remove(&folder);
        } else {
            self.closed.insert(folder.clone());
        }
        self.remake(None);
        self.find(&Under::Folder(folder));
        true
    }

    fn folder_above(&self, path: &Path) -> Option<PathBuf> {
        let above = path.ancestors().skip(1).find(|above| self.has_folder(above));
        above.map(Path::to_owned)
    }

    fn has_folder(&self, wanted: &Path) -> bool {
        let same = |row: &Row| matches!(row, Row::Folder { path, .. } if path == wanted);
        self.rows.iter().any(same)
    }

    /// Whether the filter is being typed.
    pub fn is_filtering(&self) -> bool {
        self.filtering
    }

    /// What was typed.
    pub fn query(&self) -> &InputState {
        &self.query
    }

    /// Begins or ends to type the filter.
    pub fn filter(&mut self, typing: bool) {
        self.filtering = typing;
    }

    /// Changes the filter. Gives the words to look for in metadata, where there are new ones.
    pub fn type_filter(&mut self, edit: Edit) -> Option<String> {
        if !self.query.apply(edit) {
            return None;
        }
        let within = order::narrows(&self.wish.query, self.query.text()).then(|| {
            let mut within: Vec<usize> = self.rows.iter().filter_map(Row::index).collect();
            within.sort_unstable();
            within
        });
        let under = self.under();
        self.query.text().clone_into(&mut self.wish.query);
        self.held.clear();
        self.remake(within);
        if self.wish.query.is_empty() {
            self.return_to(under);
        } else {
            // The best match is the first.
            self.list = ListState::default();
        }
        self.words()
    }

    /// The words that are looked for in metadata.
    pub fn words(&self) -> Option<String> {
        self.wish.words().filter(|words| !words.is_empty()).map(str::to_owned)
    }

    /// The metadata of these models holds the words, if they are still looked for.
    pub fn found(&mut self, words: &str, models: &[i64]) {
        if self.words().as_deref() == Some(words) {
            self.held = models.iter().copied().collect();
            self.arrange();
        }
    }

    /// A long piece of work is so far, or has ended.
    pub fn works(&mut self, work: Option<Progress>) {
        self.work = work;
    }

    /// How far the library is with a long piece of work.
    pub fn work(&self) -> Option<&Progress> {
        self.work.as_ref()
    }

    /// Whether hashes are being computed.
    pub fn is_hashing(&self) -> bool {
        self.work.as_ref().is_some_and(|work| work.stage == "hashing")
    }

    /// The card of the model under the cursor, if something else is told of, or it has changed since.
    pub fn to_show(&self) -> Option<&Arc<Card>> {
        let current = &self.current()?.card;
        let known = self
            .shown
            .as_ref()
            .is_some_and(|shown| shown.card.path == current.path && shown.card.stamp == current.stamp);
        (!known).then_some(current)
    }

    /// Whether nothing is told of any model yet.
    pub fn tells_nothing(&self) -> bool {
        self.shown.is_none()
    }

    /// Tells of the model under the cursor from now on.
    pub fn show(&mut self) {
        let Some(card) = self.to_show().cloned() else { return };
        let same = self.shown.as_ref().is_some_and(|shown| shown.card.path == card.path);
        if !same {
            self.scroll = 0;
        }
        let details = self.shown.take().filter(|_| same).and_then(|shown| shown.details);
        self.shown = Some(Shown { card, details });
    }

    /// What lies behind a model's row came.
    pub fn describe(&mut self, path: &Path, details: Details) {
        if let Some(shown) = self.shown.as_mut().filter(|shown| shown.card.path == path) {
            shown.details = Some(Box::new(details));
        }
    }

    /// The model that is told of.
    pub fn shown(&self) -> Option<&Entry> {
        self.at(&self.shown.as_ref()?.card.path)
    }

    /// What is known of the model that is told of, besides its card.
    pub fn details(&self) -> Option<&Details> {
        self.shown.as_ref()?.details.as_deref()
    }

    /// What is known of a model besides its card.
    pub fn details_of(&self, path: &Path) -> Option<&Details> {
        let shown = self.shown.as_ref().filter(|shown| shown.card.path == path)?;
        shown.details.as_deref()
    }

    /// The name of the model that is told of.
    pub fn shown_name(&self) -> String {
        self.shown().map(|entry| entry.stem().to_owned()).unwrap_or_default()
    }

    /// The picture beside the model that is told of.
    pub fn picture(&self) -> Option<&Path> {
        self.details()?.sidecar.preview.as_deref()
    }

    /// The notes that are being written.
    pub fn notes(&self) -> Option<&Notes> {
        self.notes.as_ref()
    }

    /// The same, to write in.
    pub fn notes_mut(&mut self) -> Option<&mut Notes> {
        self.notes.as_mut()
    }

    /// Begins to write notes on the model that is told of, with those that there are.
    pub fn write_notes(&mut self) {
        let (Some(shown), Some(details)) = (&self.shown, self.details()) else {
            return;
        };
        let text = details.sidecar.notes.as_ref().or(details.note.as_ref());
        self.notes = Some(Notes {
            path: shown.card.path.clone(),
            editor: prompt::State::plain(text.map_or("", String::as_str)),
        });
    }

    /// Ends the writing of notes and gives them.
    pub fn end_notes(&mut self) -> Option<Notes> {
        self.notes.take()
    }

    /// What stands behind the title: how many of how many are shown, and how many are marked.
    pub fn title_tail(&self, lang: Lang) -> String {
        let shown = self.rows.iter().filter(|row| row.index().is_some()).count();
        let all = self.entries.len();
        let [shown, of] = [shown, all].map(|count| text::number(count as u64));
        let mut tail = if shown == of {
            of
        } else {
            lang.fill(&words::SHOWN_OF, &[("shown", &shown), ("of", &of)])
        };
        if !self.marked.is_empty() {
            tail = format!("✓{} · {tail}", self.marked.len());
        }
        tail
    }

    fn under(&self) -> Option<Under> {
        Some(match self.row()? {
            Row::Folder { path, .. } => Under::Folder(path.clone()),
            Row::Model { index, .. } => Under::Model(self.entries[*index].card.path.clone()),
            Row::Equal { .. } => return None,
        })
    }

    /// Makes the rows anew; the cursor stays with what it stood on.
    fn arrange(&mut self) {
        let under = self.under();
        self.remake(None);
        self.return_to(under);
    }

    fn remake(&mut self, within: Option<Vec<usize>>) {
        self.rows = order::rows(&self.entries, &self.wish, &self.closed, &self.held, within);
    }

    fn return_to(&mut self, under: Option<Under>) {
        if let Some(under) = under {
            self.find(&under);
        }
        if self.list.selected(self.rows.len()).is_none() {
            self.list = ListState::default();
        }
    }

    /// Puts the cursor on a model or a folder, if it has a row.
    fn find(&mut self, wanted: &Under) {
        let same = |row: &Row| match (row, wanted) {
            (Row::Folder { path, .. }, Under::Folder(wanted)) => path == wanted,
            (Row::Model { index, .. }, Under::Model(wanted)) => self.entries[*index].card.path == *wanted,
            _ => false,
        };
        if let Some(row) = self.rows.iter().position(same) {
            self.list.select(row);
        }
    }
}
