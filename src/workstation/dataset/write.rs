//! What changes files: all of it through the journal, and afterwards read again from the disk.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::keeper::Keeper;
use super::reports::Reports;
use crate::data::buckets::hand::Hands;
use crate::data::journal::{self, Action, Change, Conflict, Error, Halt, Progress, Stop, Texts, Why};
use crate::data::picture::work::crops;
use crate::data::set::is_picture;
use crate::panes::dataset::sheet::{Sheet, Way};
use crate::panes::dataset::talk::{Deed, Done, News, Stage};
use crate::ui::lang::told::Sentence;

impl Keeper {
    /// Writes what was looked at.
    pub(super) fn write(&mut self, sheet: Arc<Sheet>) {
        let sheet = Arc::unwrap_or_clone(sheet);
        match sheet.way {
            Way::Undo(steps) => self.perform(&Action::Undo(steps)),
            Way::Redo(steps) => self.perform(&Action::Redo(steps)),
            Way::Commit => {
                let what = sheet.what.clone();
                let changes = sheet.into_changes();
                if !changes.is_empty() {
                    self.commit(&what, changes, Deed::Wrote(what.clone()));
                }
            }
        }
    }

    /// Writes one caption.
    pub(super) fn write_caption(&mut self, path: PathBuf, before: Option<Vec<u8>>, after: Option<Vec<u8>>) {
        let Some(open) = &self.open else { return };
        let what = format!("edit {}", open.book.set.relative(&path));
        let lost = Conflict {
            path: path.clone(),
            why: Why::Changed,
            texts: Some(Texts {
                base: before.clone(),
                ours: after.clone(),
                theirs: before.clone(),
            }),
        };
        let change = Change::Write {
            path: path.clone(),
            before,
            after,
        };
        let done = self.watched(|journal, watch| journal.commit(&what, vec![change], watch));
        match done {
            // What was typed is not lost: it waits among the conflicts until it can be written.
            Err(error) => self.say(News::Done(Done {
                deed: Deed::Caption(path),
                changed: 0,
                left: 1,
                failed: Some(Sentence::from(&error)),
                conflicts: vec![Conflict {
                    why: Why::Unreadable(io::Error::other(error.to_string()).into()),
                    ..lost
                }],
            })),
            Ok(mut done) => {
                if let Some(Halt::Failed(error)) = &done.halted {
                    let why = Why::Unreadable(io::Error::other(error.to_string()).into());
                    done.conflicts.push(Conflict { why, ..lost });
                }
                self.tell_done(Ok(done), Deed::Caption(path));
            }
        }
    }

    pub(super) fn commit(&mut self, what: &str, mut changes: Vec<Change>, deed: Deed) {
        if let Some(open) = &self.open {
            changes.extend(crops(&open.book.set.root, &changes, None));
        }
        let done = self.watched(|journal, watch| journal.commit(what, changes, watch));
        self.tell_done(done, deed);
    }

    /// Takes back or does again.
    pub(super) fn perform(&mut self, action: &Action) {
        let Some(open) = &self.open else { return };
        let preview = match open.journal.preview(action) {
            Ok(preview) => preview,
            Err(error) => return self.fail(&error),
        };
        let name = preview
            .batches
            .first()
            .map(|batch| batch.what.clone())
            .unwrap_or_default();
        let deed = match action {
            Action::Undo(steps) => Deed::Undone(*steps, name),
            Action::Redo(steps) => Deed::Redone(*steps, name),
            Action::UndoFile(_) => Deed::Undone(1, name),
            Action::RedoFile(_) => Deed::Redone(1, name),
        };
        let done = self.watched(|journal, watch| journal.perform(action, watch));
        self.tell_done(done, deed);
    }

    /// Does something with the journal, telling how far it is, until it is to stop.
    fn watched(
        &self,
        work: impl FnOnce(&journal::Journal, &mut journal::Watch<'_>) -> Result<journal::Done, Error>,
    ) -> Result<journal::Done, Error> {
        let Some(open) = &self.open else {
            return Ok(journal::Done::default());
        };
        let mut reports = Reports::new(|work| self.say(News::Work(work)));
        let mut writing = false;
        let mut watch = |progress| {
            match progress {
                Progress::Waiting => reports.hear(Stage::Waiting, 0, 0),
                Progress::Recording => reports.hear(Stage::Recording, 0, 0),
                Progress::Flushing => reports.hear(Stage::Flushing, 0, 0),
                Progress::Files { done, of } => {
                    if !std::mem::replace(&mut writing, true) {
                        reports.begin();
                    }
                    reports.hear(Stage::Writing, done, of);
                }
            }
            if self.flags.stop.load(Ordering::Relaxed) {
                Err(Stop)
            } else {
                Ok(())
            }
        };
        let done = work(&open.journal, &mut watch);
        reports.end();
        done
    }

    fn tell_done(&mut self, done: Result<journal::Done, Error>, deed: Deed) {
        let done = match done {
            Ok(done) => done,
            Err(error) => return self.fail(&error),
        };
        // What stands in the way is looked at again as well.
        let others: Vec<PathBuf> = done.conflicts.iter().map(|conflict| conflict.path.clone()).collect();
        self.reread(&others, true);
        let pictures: Vec<PathBuf> = done.changed.iter().filter(|path| is_picture(path)).cloned().collect();
        if pictures.is_empty() {
            self.reread(&done.changed, false);
        } else {
            self.read_own(pictures);
        }
        let crops = self.open.as_ref().map(|open| Hands::path(&open.book.set.root));
        if crops.is_some_and(|crops| done.changed.contains(&crops)) {
            self.look_at_files_again();
        }
        let failed = match done.halted {
            Some(Halt::Failed(error)) => Some(Sentence::from(&error)),
            Some(Halt::Stopped) | None => None,
        };
        self.say(News::Done(Done {
            deed,
            changed: done.changed.len(),
            left: done.left,
            failed,
            conflicts: done.conflicts,
        }));
    }
}
