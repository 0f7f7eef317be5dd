//! After a kill or a power cut: how far a batch came is told by the files.
//!
//! Changes are made one after the other. A text is as it was, or as it would be, or was touched by somebody else; of other changes, which
//! may take each other's names, only the last that is surely made tells, and all before it are. Names that go round in a circle tell
//! nothing when all is done; there the files' inodes do.

use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::apply::{Found, Placed, Way};
use super::disk::{Disk, Files};
use super::lock::Lock;
use super::run::{Spot, Task};
use super::tables::{self, Head, States, Tables, Working};
use super::{Change, Conflict, Error, Interrupted, Journal, Why};

/// What the files say of one change that the batch was to come to.
#[derive(Debug)]
struct Sight {
    spot: Spot,
    found: Seen,
    /// Whether another change of the batch takes or gives one of its names.
    is_shared: bool,
}

#[derive(Debug)]
enum Seen {
    Ready,
    Made,
    Neither(Conflict),
}

/// A batch with its states as the files tell them, and what was found in its way.
pub(super) type Recovered = (Head, Vec<States>, Vec<Conflict>);

impl Journal {
    /// Compares a batch that was interrupted with the files: what is written of it counts as done, the rest as undone, so that undo takes
    /// the one back and redo does the other. To be called when a set is opened; every change does it first.
    ///
    /// # Errors
    /// The journal cannot be read or written.
    pub fn recover(&self) -> Result<Option<Interrupted>, Error> {
        let is_interrupted = match Tables::peek(&self.root)? {
            None => false,
            Some(tables) => !tables.heads("working <> 0", 1)?.is_empty(),
        };
        if !is_interrupted || !Lock::is_free(&self.root) {
            return Ok(None);
        }
        let _lock = Lock::take(&self.root, &mut |_| Ok(()))?;
        let mut tables = Tables::open(&self.root)?;
        Ok(self.recover_all(&mut tables)?.pop())
    }

    /// The same for whoever has the lock.
    pub(super) fn recover_all(&self, tables: &mut Tables) -> Result<Vec<Interrupted>, Error> {
        let mut all = Vec::new();
        for (head, states, conflicts) in self.interrupted(tables)? {
            self.sweep(tables, head.id, &states)?;
            tables.change(|to| tables::put_states(to, head.id, &states))?;
            all.push(Interrupted {
                batch: super::log::batch(tables.head(head.id)?),
                undoing: head.working == Working::Undoing,
                conflicts,
            });
        }
        Ok(all)
    }

    /// The batches that were interrupted, newest last. Touches nothing.
    pub(super) fn interrupted(&self, tables: &Tables) -> Result<Vec<Recovered>, Error> {
        let mut heads = tables.heads("working <> 0", usize::MAX)?;
        heads.reverse();
        let one = |head: Head| {
            let mut blocks = tables.states(head.id)?;
            let way = if head.working == Working::Undoing {
                Way::Back
            } else {
                Way::Forward
            };
            let task = Task {
                batch: head.id,
                way,
                only: None,
            };
            let mut conflicts = Vec::new();
            let sights = self.sights(tables, &head, &task, &blocks)?;
            let last = sights.iter().rposition(|sight| matches!(sight.found, Seen::Made));
            let numbers: HashMap<usize, usize> = blocks
                .iter()
                .enumerate()
                .map(|(index, block)| (block.first, index))
                .collect();
            for (position, sight) in sights.into_iter().enumerate() {
                let is_before = last.is_some_and(|last| position < last);
                let state = &mut blocks[numbers[&sight.spot.0]].states[sight.spot.1];
                let made = match sight.found {
                    Seen::Made => true,
                    _ if is_before && sight.is_shared => true,
                    Seen::Neither(conflict) if is_before => {
                        conflicts.push(conflict);
                        false
                    }
                    // It was not come to.
                    Seen::Ready | Seen::Neither(_) => continue,
                };
                *state = task.after(*state, made);
            }
            Ok((head, blocks, conflicts))
        };
        heads.into_iter().map(one).collect()
    }

    fn sights(&self, tables: &Tables, head: &Head, task: &Task, blocks: &[States]) -> Result<Vec<Sight>, Error> {
        let mut uses: HashMap<PathBuf, u32> = HashMap::new();
        if head.mixed {
            for block in blocks {
                for change in tables.contents(head.id, block)? {
                    for name in change.names() {
                        *uses.entry(name.to_owned()).or_default() += 1;
                    }
                }
            }
        }
        let inodes = if head.mixed {
            tables.inodes(head.id)?
        } else {
            HashMap::new()
        };
        let marks = tables.marks(head.id)?;
        let disk = Files::plain();
        let mut sights = Vec::new();
        for at in task.order(blocks.len()) {
            let block = &blocks[at];
            let changes = tables.contents(head.id, block)?;
            for index in task.order(changes.len()) {
                let spot = (block.first, index);
                if !task.acts(spot, block.states[index]) {
                    continue;
                }
                let mut placed = self.placed(head.id, spot, &changes[index]);
                placed.mark = marks.get(&placed.number);
                let inode = inodes.get(&placed.number).copied();
                let found = inode.and_then(|inode| self.seen_by_inode(task.way, &changes[index], inode));
                let found = found.unwrap_or_else(|| match placed.look(task.way, &disk) {
                    Found::Ready => Seen::Ready,
                    Found::Made => Seen::Made,
                    Found::Neither(why, _) => Seen::Neither(Conflict {
                        path: self.root.join(placed.change.path()),
                        why,
                        texts: None,
                    }),
                });
                let is_shared = changes[index]
                    .names()
                    .any(|name| uses.get(name).is_some_and(|uses| *uses > 1));
                sights.push(Sight { spot, found, is_shared });
            }
        }
        Ok(sights)
    }

    /// Where a file is that changes names with others; nothing of changes that are no moves.
    fn seen_by_inode(&self, way: Way, change: &Change, wanted: u64) -> Option<Seen> {
        let Change::Move { from, to } = change else { return None };
        let is_at = |path: &PathBuf| self.place(path).is_ok_and(|path| inode(&path) == Some(wanted));
        match (is_at(from), is_at(to), way) {
            (true, _, Way::Forward) | (_, true, Way::Back) => Some(Seen::Ready),
            (_, true, Way::Forward) | (true, _, Way::Back) => Some(Seen::Made),
            (false, false, _) => Some(Seen::Neither(Conflict {
                path: self.root.join(to),
                why: Why::Missing,
                texts: None,
            })),
        }
    }

    /// Removes the temporary file that a kill may have left beside a text, and puts files that were made and have no name yet into the
    /// trash, where redo finds them.
    pub(super) fn sweep(&self, tables: &Tables, batch: u64, blocks: &[States]) -> Result<(), Error> {
        let mut disk = Files::plain();
        for block in blocks {
            for (index, change) in tables.contents(batch, block)?.iter().enumerate() {
                let placed = self.placed(batch, (block.first, index), change);
                match change {
                    Change::Write { path, .. } => {
                        let Ok(path) = self.place(path) else { continue };
                        let is_link = fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink());
                        let target = if is_link {
                            fs::canonicalize(&path).unwrap_or(path)
                        } else {
                            path
                        };
                        let _ = fs::remove_file(target.with_file_name(placed.temporary()));
                    }
                    Change::Create { temporary, .. } if !block.states[index].is_done() => {
                        let Ok(temporary) = self.place(temporary) else { continue };
                        if disk.stands(&temporary) && !disk.stands(&placed.slot()) {
                            // Where it stays, redo finds it too.
                            let _ = disk.rename(&temporary, &placed.slot());
                        }
                    }
                    Change::Create { .. } | Change::Move { .. } | Change::Trash { .. } => {}
                }
            }
        }
        Ok(())
    }

    fn placed<'a>(&'a self, batch: u64, spot: Spot, change: &'a Change) -> Placed<'a> {
        Placed {
            journal: self,
            batch,
            number: spot.0 + spot.1,
            change,
            mark: None,
        }
    }
}

/// What tells a file from all others on its file system, whatever it is called.
pub(super) fn inode(path: &Path) -> Option<u64> {
    use std::os::unix::fs::MetadataExt;
    fs::symlink_metadata(path).ok().map(|found| found.ino())
}
