//! What the keeper tells, taken into the state; and what of it a person is told.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
use std::sync::Arc;

use super::above::{Above, Review};
use super::book::Book;
use super::caption::{Caption, name_of};
use super::kept::Unwritten;
use super::talk::{Deed, Done, News};
use super::{State, tags};
use crate::data::journal::{Batch, Conflict, Snapshot, Texts, Why};
use crate::ui::lang::told::{Sentence, Trouble};
use crate::ui::widgets::list::ListState;

/// Something to be told.
#[derive(Clone, Debug)]
pub enum Told {
    /// An edit changes nothing.
    NothingChanges,
    /// So many captions were written.
    Wrote(usize),
    /// Something of another kind was done, in these words.
    Did(String),
    /// So many files were taken back, of a batch of this name.
    Undone(usize, String),
    /// So many were done again.
    Redone(usize, String),
    /// It ended early: so many were done, so many were not, and why, where nobody wanted it.
    Stopped(usize, usize, Option<Sentence>),
    /// So many captions were changed by somebody else as well.
    Conflicts(usize),
    /// So many captions were changed by somebody else.
    Outside(usize),
    /// Pictures came or went.
    PicturesOutside,
    /// What was not written last time is here again.
    TakenUp(String),
    /// It is not, since somebody else changed the file.
    NotTakenUp(String),
    /// A snapshot was made.
    Kept(Snapshot),
    /// The snapshot of this name is no more.
    Forgotten(String),
    /// What was changed.
    Log(Vec<Batch>, i64),
    /// The snapshots.
    Snapshots(Vec<Snapshot>, i64),
    /// Something could not be done.
    Failed(Trouble),
    /// A batch was interrupted.
    Interrupted(Sentence),
    /// Changes are to be looked at.
    Review,
    /// A path may be completed.
    Paths,
}

impl State {
    /// Takes news.
    pub fn hear(&mut self, news: News) -> Vec<Told> {
        let mut told = Vec::new();
        match news {
            News::Opened {
                path,
                book,
                interrupted,
            } => {
                self.opened(&path, book, &mut told);
                told.extend(interrupted.map(Told::Interrupted));
            }
            News::Changed {
                book,
                captions,
                outside,
            } => self.changed(book, captions, outside, &mut told),
            News::Pictures(paths) => self.look_at_pictures_again(paths.as_deref()),
            News::Work(work) => self.work = work,
            News::Filtered { ticket, found } if ticket == self.awaited[0] => match found {
                Ok(found) => {
                    self.wrong = None;
                    self.show(found);
                }
                Err(wrong) => self.wrong = Some(wrong),
            },
            News::Tags { ticket, rows, of } if ticket == self.awaited[1] => {
                if let Some(book) = self.book.clone() {
                    self.tags.put(rows, of, &book);
                }
            }
            News::Filtered { .. } | News::Tags { .. } => {}
            News::Planned(sheet) if sheet.is_empty() => told.push(Told::NothingChanges),
            News::Planned(sheet) => {
                self.above = Some(Above::Review(Review::new(sheet)));
                told.push(Told::Review);
            }
            News::Done(done) => self.done(done, &mut told),
            News::Log { batches, now } => told.push(Told::Log(batches, now)),
            News::History { path, entries } => self.history.put(&path, entries),
            News::Snapshots { snapshots, now } => told.push(Told::Snapshots(snapshots, now)),
            News::Queries(queries) => self.queries = queries,
            News::Kept(snapshot) => told.push(Told::Kept(snapshot)),
            News::Forgotten(name) => told.push(Told::Forgotten(name)),
            News::Paths { typed, found } => {
                if let Some(Above::Opener(opener)) = &mut self.above
                    && opener.line.text() == typed
                {
                    opener.offer(&found);
                    told.push(Told::Paths);
                }
            }
            News::View(news) => {
                let trouble = self.hear_views(news);
                if matches!(self.above, Some(Above::Plan(_))) {
                    told.push(Told::Review);
                }
                told.extend(trouble.map(Told::Failed));
            }
            News::Failed { trouble, opening } => {
                if opening {
                    self.opening = None;
                }
                told.push(Told::Failed(trouble));
            }
        }
        told
    }

    fn opened(&mut self, path: &Path, book: Arc<Book>, told: &mut Vec<Told>) {
        let same = self.kept.open.as_deref() == Some(path) && self.book.is_some();
        let under = self
            .picture()
            .and_then(|picture| Some(self.book.as_ref()?.path(picture).to_owned()));
        let unwritten = self.kept.unwritten.take();
        self.opening = None;
        self.kept.remember(path);
        self.shown = None;
        self.left = None;
        self.list = ListState::default();
        self.marked.clear();
        self.touched.clear();
        self.caption = None;
        self.typing = None;
        self.wrong = None;
        self.underway.clear();
        self.history.forget();
        self.tags.clear();
        self.tiles.clear();
        self.sight.forget(|_| true);
        self.views.forget(path, true);
        self.conflicts.clear();
        self.book = Some(Arc::clone(&book));
        if let Some(picture) = under.filter(|_| same).and_then(|path| book.find(&path)) {
            self.go_to_picture(picture);
        }
        if let Some(unwritten) = unwritten {
            self.take_up_caption(&book, unwritten, told);
        }
        self.take_up_conflicts(&book, told);
        self.send_tags();
        if !self.query.text().is_empty() {
            self.send_query();
        }
        self.look();
    }

    /// Goes on with a caption that was not written last time, if its file is still what it was then.
    fn take_up_caption(&mut self, book: &Book, unwritten: Unwritten, told: &mut Vec<Told>) {
        let Some(picture) = book.find(&unwritten.picture) else {
            // It belongs to another dataset, and waits for that.
            self.kept.unwritten = Some(unwritten);
            return;
        };
        let mut caption = book.caption(picture);
        let base = unwritten.base.map(String::into_bytes);
        let name = name_of(&unwritten.picture);
        self.go_to_picture(picture);
        let untouched = caption.base() == base.as_deref();
        let theirs = caption.base().map(<[u8]>::to_vec);
        caption.set_text(&unwritten.text);
        if untouched {
            if caption.is_changed() {
                told.push(Told::TakenUp(name));
            }
            self.caption = Some(caption);
        } else if let Some(ours) = caption.unwritten() {
            self.conflicts.push(Conflict {
                path: caption.path,
                why: Why::Changed,
                texts: Some(Texts {
                    base,
                    ours: Some(ours),
                    theirs,
                }),
            });
            told.push(Told::NotTakenUp(name));
        }
    }

    /// Goes on with conflicts that nobody has settled, as far as they are of this dataset and the files are not as they were to be.
    fn take_up_conflicts(&mut self, book: &Book, told: &mut Vec<Told>) {
        if self.kept.unsettled.is_empty() {
            return;
        }
        let by_caption = book.set.by_caption();
        let before = self.conflicts.len();
        for unsettled in std::mem::take(&mut self.kept.unsettled) {
            let Some(picture) = by_caption.get(&unsettled.path).and_then(|pictures| pictures.first()) else {
                self.kept.unsettled.push(unsettled);
                continue;
            };
            let theirs = book.bytes(*picture).map(<[u8]>::to_vec);
            let [base, ours] = [unsettled.base, unsettled.ours].map(|text| text.map(String::into_bytes));
            if theirs != ours {
                self.conflicts.push(Conflict {
                    path: unsettled.path,
                    why: Why::Changed,
                    texts: Some(Texts { base, ours, theirs }),
                });
            }
        }
        if self.conflicts.len() > before {
            told.push(Told::Conflicts(self.conflicts.len()));
        }
    }

    fn show(&mut self, found: Option<Arc<[usize]>>) {
        let under = self.left.or(self.picture());
        let count = self.book.as_ref().map_or(0, |book| book.len());
        self.shown = match found {
            Some(found) if found.iter().any(|picture| *picture >= count) => Some(Arc::default()),
            found => found,
        };
        if let Some(picture) = under {
            self.go_to_picture(picture);
            self.left = self.row_of(picture).is_none().then_some(picture);
        }
        self.send_tags();
    }

    fn changed(&mut self, book: Arc<Book>, captions: Option<Vec<usize>>, outside: bool, told: &mut Vec<Told>) {
        let before = self.book.replace(Arc::clone(&book));
        let same = before.as_ref().is_some_and(|before| before.len() == book.len());
        if before
            .as_ref()
            .is_some_and(|before| before.index.len() > book.index.len())
        {
            // Counted anew: tags have other numbers now.
            self.tags.forget_rows();
        }
        if let Some(captions) = captions.filter(|_| same) {
            if outside && !captions.is_empty() {
                told.push(Told::Outside(captions.len()));
            }
            let looked_at = self.caption.as_ref().map(|caption| caption.picture);
            if looked_at.is_some_and(|picture| captions.contains(&picture)) {
                self.reread_caption(&book, told);
            }
            if let Some(before) = before {
                self.touch(&before, &book, captions);
            }
        } else {
            told.push(Told::PicturesOutside);
            self.views.forget(Path::new(""), false);
            if let Some(before) = before {
                self.follow_pictures(&before, &book);
                self.views.twins.follow(&before, &book);
            }
            // One that comes back may come back as another.
            let gone = |path: &Path| book.find(path).is_none();
            self.sight.forget(gone);
            self.views.beside.forget(gone);
            self.tiles.clear();
            self.tags.forget_rows();
        }
        self.history.forget();
        self.send_tags();
        if !self.query.text().trim().is_empty() {
            self.send_query();
        }
        self.look();
    }

    /// Remembers which captions are others than when the dataset was opened; one that is what it was then is not.
    fn touch(&mut self, before: &Book, book: &Book, captions: Vec<usize>) {
        let hash = |book: &Book, picture| {
            let mut hasher = DefaultHasher::new();
            book.bytes(picture).hash(&mut hasher);
            hasher.finish()
        };
        for picture in captions {
            let first = *self.touched.entry(picture).or_insert_with(|| hash(before, picture));
            if first == hash(book, picture) {
                self.touched.remove(&picture);
            }
        }
    }

    /// Marks and cursor stay with their pictures, whose numbers are others now.
    fn follow_pictures(&mut self, before: &Book, book: &Book) {
        let under = self.picture().map(|picture| before.path(picture).to_owned());
        let places: std::collections::HashMap<&Path, usize> = book
            .set
            .pictures
            .iter()
            .enumerate()
            .map(|(at, picture)| (picture.path.as_path(), at))
            .collect();
        let now = |picture: &usize| places.get(before.path(*picture)).copied();
        self.marked = self.marked.iter().filter_map(now).collect();
        self.left = self.left.as_ref().and_then(now);
        let touched = self.touched.iter();
        self.touched = touched
            .filter_map(|(picture, hash)| Some((now(picture)?, *hash)))
            .collect();
        self.shown = self.shown.as_ref().map(|shown| shown.iter().filter_map(now).collect());
        // What was changed and not written goes to its own file, whatever its number is.
        self.write_caption();
        self.caption = None;
        self.typing = None;
        match under.and_then(|path| places.get(path.as_path()).copied()) {
            Some(picture) => self.go_to_picture(picture),
            None => self.list.select(self.row().unwrap_or_default()),
        }
    }

    /// The file of the caption that is looked at is another now.
    fn reread_caption(&mut self, book: &Book, told: &mut Vec<Told>) {
        let Some(caption) = &mut self.caption else { return };
        let theirs = book.bytes(caption.picture).map(<[u8]>::to_vec);
        if caption.base() == theirs.as_deref() || self.underway.contains_key(&caption.path) {
            return;
        }
        let text = book.text(caption.picture);
        let text = text.trim_start_matches('\u{feff}');
        caption.take_editor();
        match caption.unwritten() {
            Some(ours) if Some(&ours) != theirs.as_ref() => {
                self.conflicts.push(Conflict {
                    path: caption.path.clone(),
                    why: Why::Changed,
                    texts: Some(Texts {
                        base: caption.base().map(<[u8]>::to_vec),
                        ours: Some(ours),
                        theirs,
                    }),
                });
                *caption = book.caption(caption.picture);
                self.typing = None;
                told.push(Told::Conflicts(self.conflicts.len()));
            }
            _ => caption.reread(theirs, text, false),
        }
    }

    fn done(&mut self, done: Done, told: &mut Vec<Told>) {
        let Done {
            deed,
            changed,
            left,
            failed,
            conflicts,
        } = done;
        let ended_early = left > 0 || failed.is_some();
        self.written_beside(&deed);
        let mut conflicts = conflicts;
        if let Deed::Caption(path) = &deed
            && self.written(path, failed.is_some())
            && failed.is_some()
        {
            // It is still looked at, as it was typed.
            conflicts.clear();
        }
        if ended_early {
            told.push(Told::Stopped(changed, left, failed));
        } else if changed > 0 || conflicts.is_empty() {
            told.extend(match deed {
                Deed::Wrote(_) => Some(Told::Wrote(changed)),
                Deed::Did(what) => Some(Told::Did(what)),
                // Its sign in the list tells it; a sentence for each of a hundred captions would be too much.
                Deed::Caption(_) => None,
                Deed::Undone(_, what) => Some(Told::Undone(changed, what)),
                Deed::Redone(_, what) => Some(Told::Redone(changed, what)),
            });
        }
        if !conflicts.is_empty() {
            self.conflicts.extend(conflicts);
            told.push(Told::Conflicts(self.conflicts.len()));
        }
    }

    /// The writing of a caption has ended, one way or another: what is in its file is in the book.
    /// What could not be written stays as it was typed. Whether it is looked at.
    fn written(&mut self, path: &Path, failed: bool) -> bool {
        self.underway.remove(path);
        let Some(book) = self.book.clone() else { return false };
        let Some(caption) = self.caption.as_mut().filter(|caption| caption.path == path) else {
            return false;
        };
        let base = book.bytes(caption.picture).map(<[u8]>::to_vec);
        if caption.base() != base.as_deref() {
            let keep = caption.is_changed() || failed;
            let text = book.text(caption.picture).into_owned();
            caption.reread(base, &text, keep);
        }
        true
    }

    /// Sorts the tags in another way.
    pub fn sort_tags(&mut self) {
        self.tags.next_order();
        self.send_tags();
    }

    /// The caption that is looked at, as it is in its file.
    pub fn file_of(&self, caption: &Caption) -> Option<&[u8]> {
        self.book.as_ref()?.bytes(caption.picture)
    }

    /// What is told of the tag under the cursor of the caption: how many captions have it, of how many, and what it is about.
    pub fn about_tag(&self, tag: &str) -> Option<(u32, u32, crate::ui::lang::Text)> {
        let book = self.book.as_ref()?;
        let count = book.index.id(tag).map_or(0, |tag| book.index.captions(tag));
        let category = tags::title(crate::data::tags::category(tag));
        Some((count, book.index.captioned(), category))
    }
}
