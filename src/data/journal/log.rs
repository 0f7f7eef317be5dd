//! What was done, for looking at.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::lock::Lock;
use super::tables::{Head, Tables, Working};
use super::{Batch, Change, Entry, Error, Journal, Standing};

impl Journal {
    /// The newest batches, newest first. A batch that another danlu is writing at the moment does not count as interrupted.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn log(&self, limit: usize) -> Result<Vec<Batch>, Error> {
        self.batches("1", limit)
    }

    /// What undo would take back. Of an interrupted batch that is said only after [`recover`](Self::recover).
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn undoable(&self) -> Result<Option<Batch>, Error> {
        let Some(tables) = Tables::peek(&self.root)? else {
            return Ok(None);
        };
        let (heads, _) = self.to_undo(&tables, &|_| None)?;
        let Some(first) = heads.first() else {
            return Ok(None);
        };
        Ok(self.batches(&format!("id = {}", first.id), 1)?.pop())
    }

    /// What redo would do.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn redoable(&self) -> Result<Option<Batch>, Error> {
        Ok(self
            .batches("undone > 0 AND id = (SELECT min(id) FROM batches WHERE undone > 0)", 1)?
            .pop())
    }

    /// What was done to one file, oldest first.
    ///
    /// # Errors
    /// The journal cannot be read, or the file is not of this set.
    pub fn history(&self, path: &Path) -> Result<Vec<Entry>, Error> {
        let Some(tables) = Tables::peek(&self.root)? else {
            return Ok(Vec::new());
        };
        let found = self.of_file(&tables, path, &|_| None)?;
        let entry = |touch: super::travel::Touch| {
            let head = tables.head(touch.batch)?;
            Ok(Entry {
                batch: head.id,
                what: head.what,
                time: head.time,
                is_done: touch.state.is_done(),
                change: self.whole(touch.change),
            })
        };
        found.into_iter().map(entry).collect()
    }

    /// The files that a change was made to which stands and can be taken back, by the names that they got.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn changed(&self) -> Result<HashSet<PathBuf>, Error> {
        let mut changed = HashSet::new();
        let Some(tables) = Tables::peek(&self.root)? else {
            return Ok(changed);
        };
        for head in tables.heads("done + held > 0", usize::MAX)? {
            for block in tables.states(head.id)? {
                let changes = tables.contents(head.id, &block)?;
                let done = changes
                    .into_iter()
                    .zip(&block.states)
                    .filter(|(_, state)| state.is_done());
                changed.extend(done.map(|(change, _)| match change {
                    Change::Write { path, .. } | Change::Create { path, .. } | Change::Trash { path } => {
                        self.root.join(path)
                    }
                    Change::Move { to, .. } => self.root.join(to),
                }));
            }
        }
        Ok(changed)
    }

    fn batches(&self, condition: &str, limit: usize) -> Result<Vec<Batch>, Error> {
        let Some(tables) = Tables::peek(&self.root)? else {
            return Ok(Vec::new());
        };
        let mut batches: Vec<Batch> = tables.heads(condition, limit)?.into_iter().map(batch).collect();
        if batches.iter().any(|batch| batch.interrupted) && !Lock::is_free(&self.root) {
            for batch in &mut batches {
                batch.interrupted = false;
            }
        }
        Ok(batches)
    }

    /// A change with the paths that the set has.
    fn whole(&self, change: Change) -> Change {
        match change {
            Change::Write { path, before, after } => Change::Write {
                path: self.root.join(path),
                before,
                after,
            },
            Change::Move { from, to } => Change::Move {
                from: self.root.join(from),
                to: self.root.join(to),
            },
            Change::Create { path, .. } => Change::Create {
                temporary: PathBuf::new(),
                path: self.root.join(path),
            },
            Change::Trash { path } => Change::Trash {
                path: self.root.join(path),
            },
        }
    }
}

/// A batch as it is told.
pub(super) fn batch(head: Head) -> Batch {
    let done = head.done + head.held;
    let standing = match done {
        0 if head.undone + head.alone > 0 => Standing::Undone,
        0 => Standing::Dropped,
        done if done == head.changes => Standing::Done,
        _ => Standing::Partly,
    };
    Batch {
        id: head.id,
        what: head.what,
        time: head.time,
        standing,
        changes: head.changes,
        done,
        undone: head.undone,
        interrupted: head.working != Working::No,
    }
}
