//! What is done to many captions: the forms, undo, log, snapshots, queries.

use super::super::{App, Grade, Pane};
use crate::data::edit::{Edit, Strike, Threshold, Which, belonging};
use crate::data::journal::{Batch, Snapshot, Standing};
use crate::keys::Action;
use crate::overlay::chooser::Item;
use crate::overlay::{Chooser, Dialog, Overlay, Purpose};
use crate::panes::dataset::above::trigger::Row;
use crate::panes::dataset::above::{Above, Trigger};
use crate::panes::dataset::forms::{self, Deed, Place, Taken};
use crate::panes::dataset::talk::Ask;
use crate::ui::lang::told::Tell;
use crate::ui::lang::{Text, dataset as words};
use crate::ui::text;

/// The least share of the captions, in per cent, and the most rows, of the tags that the dialog of the trigger word lists.
const FREQUENT: f64 = 10.0;
const ROWS: usize = 200;

impl App {
    /// Actions on the set as a whole.
    pub(super) fn act_on_set(&mut self, action: Action) -> bool {
        match action {
            Action::UndoSet => self.dataset.undo(),
            Action::RedoSet => self.dataset.redo(),
            Action::SetLog => self.dataset.ask(Ask::Log),
            Action::Snapshots => self.dataset.ask(Ask::Snapshots),
            Action::ForgetItem => self.forget_item(),
            Action::SavedQueries => self.open_queries(),
            Action::StopSetWork => self.dataset.ask(Ask::Stop),
            Action::ShowConflicts => self.open_conflicts(),
            Action::TriggerWord => self.open_trigger(),
            _ => return false,
        }
        true
    }

    /// Opens a form, with the tags at hand in it: the marked ones, else the one under the cursor.
    pub(super) fn open_deed(&mut self, deed: Deed) {
        let Some(book) = self.dataset.book().cloned() else {
            return;
        };
        let mut tags = if self.focus == Pane::Tags || !self.dataset.tags.marked().is_empty() {
            self.dataset.tags.at_hand(&book)
        } else {
            Vec::new()
        };
        if let (true, Pane::Caption, Some(caption)) = (tags.is_empty(), self.focus, self.dataset.caption()) {
            tags.extend(caption.current().map(str::to_owned));
        }
        let (title, form) = forms::open(deed, &self.dataset, &tags, self.lang);
        self.deed = Some(deed);
        self.matter = None;
        self.overlays.push(Overlay::Dialog(Dialog::new(title, form, self.lang)));
    }

    /// Takes a form of the dataset, if one is open. It stays open where it is refused.
    pub(in crate::app) fn take_deed(&mut self) -> bool {
        let (Some(deed), Some(Overlay::Dialog(dialog))) = (self.deed, self.overlays.last_mut()) else {
            return false;
        };
        let mut told = None;
        match forms::take(deed, &dialog.form, &self.dataset, self.lang) {
            Err(complaint) => {
                dialog.complaint = Some(complaint);
                return true;
            }
            Ok(Taken::Edit(edit, place, force)) => self.dataset.plan(edit, place, force),
            Ok(Taken::Mark(which)) => {
                if let Some(book) = self.dataset.book().cloned() {
                    let pictures = self.dataset.pictures_of(Place::Shown);
                    match self.dataset.tags.mark_by(&book, &pictures, &which) {
                        Err(error) => {
                            dialog.complaint = Some(error.tell(self.lang));
                            return true;
                        }
                        Ok(marked) => {
                            told = Some(text::count(
                                self.lang,
                                marked as u64,
                                &words::MARKED_ONE,
                                &words::MARKED_SO_MANY,
                            ));
                        }
                    }
                }
            }
            Ok(Taken::View(taken)) => {
                self.dataset.take_view_form(taken);
                self.overlays.pop();
                self.deed = None;
                self.open_above();
                return true;
            }
            Ok(Taken::Options { extension, separator }) => self.dataset.read_with(&extension, &separator),
            Ok(Taken::Snapshot(name)) => {
                self.dataset.write_caption();
                self.dataset.ask(Ask::Snapshot(name));
            }
            Ok(Taken::Query(name)) => {
                let query = self.dataset.query().text().to_owned();
                let before = self.dataset.queries().iter().find(|(known, _)| *known == name);
                let (sentence, before) = match before {
                    Some((_, before)) if *before != query.trim() => (words::QUERY_REPLACED, before.clone()),
                    _ => (words::QUERY_KEPT, String::new()),
                };
                let values: [(&str, &dyn std::fmt::Display); 2] = [("name", &name), ("query", &text::safe(&before))];
                told = Some(self.lang.fill(&sentence, &values));
                self.dataset.ask(Ask::KeepQuery { name, query });
            }
        }
        self.overlays.pop();
        self.deed = None;
        if let Some(told) = told {
            self.notice(Grade::Info, told, None);
        }
        true
    }

    /// Shows only pictures with, or without, the tag under the cursor.
    pub(super) fn narrow_to_tag(&mut self, without: bool) {
        let Some(book) = self.dataset.book().cloned() else {
            return;
        };
        let tag = match self.focus {
            Pane::Tags => self
                .dataset
                .tags
                .current()
                .map(|row| book.index.name(row.tag).to_owned()),
            _ => self
                .dataset
                .caption()
                .and_then(|caption| caption.current())
                .map(str::to_owned),
        };
        let Some(tag) = tag else { return };
        let sign = if without { "-" } else { "" };
        let term = format!("{sign}{}", crate::data::query::tag(&tag));
        let before = self.dataset.query().text().trim().to_owned();
        let has = before.contains(&term);
        let query = match before.as_str() {
            "" => term,
            _ if has => before,
            _ => format!("{before} {term}"),
        };
        self.dataset.set_query(&query);
    }

    fn open_trigger(&mut self) {
        let Some(book) = self.dataset.book().cloned() else {
            return;
        };
        let pictures = self.dataset.pictures_of(self.narrowest());
        let rows = belonging(&book.index, Some(&pictures), Threshold::Percent(50.0));
        let of = rows
            .iter()
            .map(|row| f64::from(row.captions) / row.share.max(1e-9))
            .fold(0.0, f64::max);
        let frequent = rows.iter().filter(|row| row.share * 100.0 >= FREQUENT).take(ROWS);
        let rows = frequent.map(|row| Row {
            tag: book.index.name(row.tag).to_owned(),
            captions: row.captions,
            category: row.category,
            struck: row.belongs,
        });
        let trigger = Trigger::new(rows.collect(), of.round() as u32);
        self.put_above(Above::Trigger(trigger));
    }

    /// The narrowest choice of pictures that was made.
    fn narrowest(&self) -> Place {
        if !self.dataset.marked().is_empty() {
            Place::Marked
        } else if self.dataset.is_narrowed() {
            Place::Shown
        } else {
            Place::Whole
        }
    }

    /// The trigger word was chosen.
    pub(super) fn take_trigger(&mut self, trigger: String, struck: Vec<String>) {
        let strike = if struck.is_empty() {
            Strike::Nothing
        } else {
            Strike::These(Which {
                tags: struck,
                ..Which::default()
            })
        };
        let place = self.narrowest();
        self.dataset.plan(Edit::Trigger { trigger, strike }, place, false);
    }

    fn open_list(&mut self, purpose: Purpose, title: &Text, items: Vec<Item>) {
        let title = self.lang.say(title).to_owned();
        let chooser = Chooser::new(purpose, title, items, 0);
        self.overlays.push(Overlay::Chooser(chooser));
    }

    /// What was changed, the newest first.
    pub(super) fn open_log(&mut self, batches: &[Batch], now: i64) {
        if batches.is_empty() {
            return self.notice(Grade::Info, self.lang.say(&words::NO_LOG).to_owned(), None);
        }
        let lang = self.lang;
        let item = |batch: &Batch| {
            let state = match batch.standing {
                Standing::Done => None,
                Standing::Partly => Some(words::LOG_PARTLY),
                Standing::Undone => Some(words::LOG_UNDONE),
                Standing::Dropped => Some(words::LOG_DROPPED),
            };
            let when = text::ago(lang, now, batch.time / 1000);
            let files = text::number(batch.changes as u64);
            Item {
                name: format!("#{} {}", batch.id, batch.what),
                detail: state.map(|state| lang.say(&state).to_owned()).unwrap_or_default(),
                tail: lang.fill(&words::LOG_HELP, &[("n", &files), ("when", &when)]),
                ..Item::default()
            }
        };
        let items = batches.iter().map(item).collect();
        self.offered = batches.iter().map(|batch| batch.id.to_string()).collect();
        self.open_list(Purpose::Batch, &words::LOG, items);
    }

    /// The snapshots, the newest first, and a row to make one.
    pub(super) fn open_snapshots(&mut self, snapshots: &[Snapshot], now: i64) {
        let lang = self.lang;
        let new = Item {
            name: lang.say(&words::NEW_SNAPSHOT).to_owned(),
            ..Item::default()
        };
        let item = |snapshot: &Snapshot| {
            let when = text::ago(lang, now, snapshot.time / 1000);
            let files = text::number(snapshot.files as u64);
            Item {
                name: snapshot.name.clone(),
                tail: lang.fill(&words::SNAPSHOT_OF, &[("n", &files), ("when", &when)]),
                ..Item::default()
            }
        };
        let items = [new].into_iter().chain(snapshots.iter().rev().map(item)).collect();
        self.offered = snapshots.iter().rev().map(|snapshot| snapshot.name.clone()).collect();
        self.open_list(Purpose::Snapshot, &words::SNAPSHOTS, items);
    }

    /// The saved queries, and a row to save the one that is typed.
    fn open_queries(&mut self) {
        let typed = !self.dataset.query().text().trim().is_empty();
        if !typed && self.dataset.queries().is_empty() {
            return self.notice(Grade::Info, self.lang.say(&words::NO_QUERIES).to_owned(), None);
        }
        let new = Item {
            name: self.lang.say(&words::SAVE_QUERY).to_owned(),
            detail: self.dataset.query().text().to_owned(),
            ..Item::default()
        };
        let item = |(name, query): &(String, String)| Item {
            name: name.clone(),
            detail: query.clone(),
            ..Item::default()
        };
        let saved = self.dataset.queries();
        let items = typed.then_some(new).into_iter().chain(saved.iter().map(item)).collect();
        // An empty name stands for the row that saves.
        let names = saved.iter().map(|(_, query)| query.clone());
        self.offered = typed.then(String::new).into_iter().chain(names).collect();
        self.open_list(Purpose::Query, &words::SAVED_QUERIES, items);
    }

    /// Names the query that is typed.
    pub(super) fn keep_query(&mut self) {
        if !self.dataset.query().text().trim().is_empty() {
            self.dataset.filter(false);
            self.open_deed(Deed::Query);
        }
    }

    /// The name of the snapshot or the saved query under the cursor of an open list.
    pub(in crate::app) fn forgettable(&self) -> Option<String> {
        let Some(Overlay::Chooser(chooser)) = self.overlays.last() else {
            return None;
        };
        let index = chooser.current()?;
        match chooser.purpose {
            Purpose::Snapshot => self.offered.get(index.checked_sub(1)?).cloned(),
            Purpose::Query => {
                let saved = self.dataset.queries();
                let above = self.offered.len().checked_sub(saved.len())?;
                saved.get(index.checked_sub(above)?).map(|(name, _)| name.clone())
            }
            _ => None,
        }
    }

    /// Deletes it, and closes the list.
    pub(super) fn forget_item(&mut self) {
        let Some(name) = self.forgettable() else { return };
        match self.overlays.pop() {
            Some(Overlay::Chooser(chooser)) if chooser.purpose == Purpose::Snapshot => {
                self.dataset.ask(Ask::Forget(name));
            }
            _ => {
                let told = self.lang.fill(&words::QUERY_FORGOTTEN, &[("name", &text::safe(&name))]);
                self.dataset.ask(Ask::KeepQuery {
                    name,
                    query: String::new(),
                });
                self.notice(Grade::Info, told, None);
            }
        }
    }

    /// A row of a list was chosen.
    pub(in crate::app) fn choose_in_dataset(&mut self, purpose: Purpose, index: usize) {
        match purpose {
            Purpose::Batch => {
                if let Some(batch) = self.offered.get(index).and_then(|id| id.parse().ok()) {
                    self.dataset.write_caption();
                    self.dataset.ask(Ask::LookBack { batch });
                }
            }
            Purpose::Snapshot if index == 0 => self.open_deed(Deed::Snapshot),
            Purpose::Snapshot => {
                if let Some(name) = self.offered.get(index - 1).cloned() {
                    self.dataset.write_caption();
                    self.dataset.ask(Ask::Compare(name));
                }
            }
            _ => match self.offered.get(index).cloned() {
                Some(query) if query.is_empty() => self.open_deed(Deed::Query),
                Some(query) => self.dataset.set_query(&query),
                None => {}
            },
        }
    }
}
