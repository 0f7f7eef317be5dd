//! What queries ask for beside the captions: sizes and near-duplicates, found out by threads beside the keeper's, and what the journal
//! says of changes.
//!
//! While something is not known yet a query finds nothing by it, and is asked again when it is.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;

use super::keeper::Keeper;
use super::views::{config, watched};
use super::{Learned, Order};
use crate::data::buckets::hand::Hands;
use crate::data::buckets::{Buckets, Settings};
use crate::data::picture::twins;
use crate::data::query::{Needs, Sizes};
use crate::panes::dataset::talk::{News, Stage};
use crate::ui::lang::dataset as words;
use crate::ui::lang::told::Sentence;

impl Keeper {
    /// Has a query's needs found out, as far as they are not known.
    pub(super) fn find_out(&mut self, needs: Needs) {
        let Some(open) = &mut self.open else { return };
        if needs.changes && !open.knows_changes {
            match open.journal.changed() {
                Ok(changed) => {
                    open.files.put_changes(&open.book.set, &changed);
                    open.knows_changes = true;
                }
                Err(error) => self.fail(&error),
            }
        }
        if needs.duplicates {
            self.seek_duplicates();
        }
    }

    /// Reads the headers of all pictures, and places them as training would: by what was chosen on the screen, else by a dataset TOML, else
    /// at 512x512.
    pub(super) fn read_sizes(&self) {
        let Some(open) = &self.open else { return };
        let (book, path, chosen) = (Arc::clone(&open.book), open.path.clone(), open.buckets.clone());
        self.apart("dataset-headers", move || {
            let set = &book.set;
            let hands = Hands::read(&set.root).unwrap_or_default();
            let sizes = match chosen {
                Some(folders) => Sizes::of_folders(set, &folders, &hands).ok(),
                None if path.is_file() => Sizes::of_config(set, &config(&path).ok()?, &hands).ok(),
                None => {
                    let buckets = Buckets::new(&Settings::default()).ok()?;
                    Some(Sizes::read(set, &buckets, &hands))
                }
            };
            sizes.map(Learned::Sizes)
        });
    }

    /// Pictures are placed by other buckets from now on.
    pub(super) fn place_by(&mut self, folders: Arc<[Option<Settings>]>) {
        if let Some(open) = &mut self.open {
            open.buckets = Some(folders);
            self.read_sizes();
        }
    }

    /// Pictures have the names they had, but may be others, or be cropped in another way.
    pub(super) fn look_at_files_again(&mut self) {
        let Some(open) = &mut self.open else { return };
        open.seeks_duplicates = false;
        self.read_sizes();
    }

    /// Compares all pictures, once.
    fn seek_duplicates(&mut self) {
        let Some(open) = &mut self.open else { return };
        if std::mem::replace(&mut open.seeks_duplicates, true) {
            return;
        }
        let (book, flags, inbox) = (Arc::clone(&open.book), Arc::clone(&self.flags), self.inbox.clone());
        let memory = twins::place(&self.home.cache, &book.set);
        flags.apart.store(false, Ordering::Relaxed);
        self.apart("dataset-duplicates", move || {
            let tell = |work| inbox.tell(crate::app::Msg::Dataset(News::Work(work)));
            let found = watched(tell, &flags.apart, Stage::Comparing, |watch| {
                twins::alike(&book.set, &memory, watch)
            });
            Some(Learned::Duplicates(found.ok()))
        });
    }

    /// Finds something out on a thread of its own.
    fn apart(&self, name: &str, find: impl FnOnce() -> Option<Learned> + Send + 'static) {
        let (tell, reading) = (self.tell.clone(), self.readings);
        let work = move || {
            if let Some(learned) = find() {
                // The keeper has ended only when the screen is being left.
                let _ = tell.send(Order::Learned { reading, learned });
            }
        };
        if let Err(error) = thread::Builder::new().name(name.to_owned()).spawn(work) {
            self.fail(Sentence::of(&words::NO_HEADERS, &[("why", &error)]));
        }
    }

    /// Takes what was found out of that reading of the dataset.
    pub(super) fn learn(&mut self, reading: u64, learned: Learned) {
        let Some(open) = self.open.as_mut().filter(|open| open.reading == reading) else {
            return;
        };
        match learned {
            Learned::Sizes(sizes) => open.files.put_sizes(sizes),
            Learned::Duplicates(Some(duplicates)) => open.files.put_duplicates(&open.book.set, duplicates),
            Learned::Duplicates(None) => {
                open.seeks_duplicates = false;
                return;
            }
        }
        if let Some((ticket, query, marked)) = open.filter.clone() {
            self.filter(ticket, &query, marked);
        }
    }
}
