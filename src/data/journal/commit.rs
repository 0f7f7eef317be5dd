//! A new batch: brought into order, written into the journal, made.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rayon::prelude::*;

use super::apply::{Found, Placed, Way};
use super::disk::Files;
use super::mark::Mark;
use super::order;
use super::pack::Block;
use super::recover;
use super::run::{Task, longest, written_folders};
use super::tables::{self, State, Tables};
use super::{Change, Done, Error, Journal, Progress, Watch};
use crate::store::atomic;

impl Journal {
    /// Makes all these changes, as one batch named `what`, which new redo ends with. A file that is neither as it was nor as it would be
    /// is left alone and told as a conflict; the rest is done. Changes that change nothing are left out.
    ///
    /// # Errors
    /// Nothing was written: a folder does not allow it, another danlu writes, a path is not of this set, changes contradict each other.
    /// What goes wrong later is in [`Done::halted`].
    pub fn commit(&self, what: &str, changes: Vec<Change>, watch: &mut Watch<'_>) -> Result<Done, Error> {
        self.commit_as(what, changes, false, watch)
    }

    /// As [`commit`](Self::commit), but nothing at all is written where one file is in conflict.
    ///
    /// # Errors
    /// As [`commit`](Self::commit), and [`Error::Conflicts`].
    pub fn commit_whole(&self, what: &str, changes: Vec<Change>, watch: &mut Watch<'_>) -> Result<Done, Error> {
        self.commit_as(what, changes, true, watch)
    }

    fn commit_as(&self, what: &str, changes: Vec<Change>, whole: bool, watch: &mut Watch<'_>) -> Result<Done, Error> {
        let changes = self.tidy(changes)?;
        if changes.is_empty() {
            return Ok(Done::default());
        }
        watch(Progress::Recording).map_err(|_| Error::Stopped)?;
        let mut folders = HashSet::new();
        written_folders(self, &changes, &mut folders);
        check_folders(&folders)?;
        let _lock = self.lock(watch)?;
        let mut tables = Tables::open(&self.root)?;
        self.recover_all(&mut tables)?;
        if whole {
            self.refuse_conflicts(&changes)?;
        }
        let batch = self.record(&mut tables, what, &changes, &folders)?;
        let (count, largest) = (changes.len(), longest(&changes));
        drop(changes);
        let task = Task {
            batch,
            way: Way::Forward,
            only: None,
        };
        let mut disk = Files::for_batch_of(count, largest);
        self.work(&mut tables, &[task], &mut disk, watch)
    }

    /// The changes as the journal keeps them: paths below the root, one text for one file, moves in an order that can be done.
    fn tidy(&self, changes: Vec<Change>) -> Result<Vec<Change>, Error> {
        let mut tidy: Vec<Change> = Vec::with_capacity(changes.len());
        let mut texts: HashMap<PathBuf, usize> = HashMap::new();
        let mut others: HashSet<PathBuf> = HashSet::new();
        for change in changes {
            let change = self.kept_change(change)?;
            let Change::Write { path, before, after } = &change else {
                others.extend(change.names().map(Path::to_owned));
                tidy.push(change);
                continue;
            };
            let Some(&earlier) = texts.get(path) else {
                texts.insert(path.clone(), tidy.len());
                tidy.push(change);
                continue;
            };
            if tidy[earlier] == change {
                continue;
            }
            match &mut tidy[earlier] {
                Change::Write { after: last, .. } if last == before && !others.contains(path) => {
                    last.clone_from(after);
                }
                _ => {
                    return Err(Error::Contradiction {
                        path: self.root.join(path),
                        why: "two changes of one batch contradict each other",
                    });
                }
            }
        }
        tidy.retain(|change| match change {
            Change::Write { before, after, .. } => before != after,
            Change::Move { from, to } => from != to,
            Change::Create { .. } | Change::Trash { .. } => true,
        });
        Ok(order::moves_in_order(tidy))
    }

    fn kept_change(&self, change: Change) -> Result<Change, Error> {
        Ok(match change {
            Change::Write { path, before, after } => Change::Write {
                path: self.kept(&path)?,
                before,
                after,
            },
            Change::Move { from, to } => Change::Move {
                from: self.kept(&from)?,
                to: self.kept(&to)?,
            },
            Change::Create { temporary, path } => Change::Create {
                temporary: self.kept(&temporary)?,
                path: self.kept(&path)?,
            },
            Change::Trash { path } => Change::Trash {
                path: self.kept(&path)?,
            },
        })
    }

    fn refuse_conflicts(&self, changes: &[Change]) -> Result<(), Error> {
        let disk = Files::plain();
        let mut paths = Vec::new();
        for (number, change) in changes.iter().enumerate() {
            let placed = Placed {
                journal: self,
                batch: 0,
                number,
                change,
                mark: None,
            };
            // Moves may wait for one another; a text waits for nothing.
            let is_text = matches!(change, Change::Write { .. });
            if is_text && matches!(placed.look(Way::Forward, &disk), Found::Neither(..)) {
                paths.push(change.path());
            }
        }
        paths.first().map_or(Ok(()), |first| {
            Err(Error::Conflicts {
                count: paths.len(),
                of: changes.len(),
                first: self.root.join(first),
            })
        })
    }

    /// Writes the batch into the journal, none of it done yet.
    fn record(
        &self,
        tables: &mut Tables,
        what: &str,
        changes: &[Change],
        folders: &HashSet<PathBuf>,
    ) -> Result<u64, Error> {
        let dropped = ended_redo(tables, changes)?;
        let time = now();
        let mixed = changes.iter().any(|change| !matches!(change, Change::Write { .. }));
        let mut missing: Vec<&Path> = folders.iter().flat_map(|folder| folder.ancestors()).collect();
        missing.retain(|folder| folder.starts_with(&self.root) && !folder.exists());
        let mut missing: Vec<&Path> = missing
            .iter()
            .filter_map(|folder| folder.strip_prefix(&self.root).ok())
            .collect();
        missing.sort_unstable();
        missing.dedup();
        let inodes = if mixed { self.inodes(changes) } else { Vec::new() };
        let marks = if mixed { self.marks(changes) } else { Vec::new() };
        tables.change(|to| {
            for (batch, states) in &dropped {
                tables::put_states(to, *batch, states)?;
            }
            let batch = tables::insert_batch(to, what, time, mixed)?;
            let mut touched = Vec::with_capacity(changes.len());
            let mut block = Block::default();
            for (number, change) in changes.iter().enumerate() {
                if block.is_full() {
                    tables::insert_block(to, batch, &block)?;
                    block = Block::starting(number);
                }
                touched.extend(change.names().map(|path| (tables::number_of(path), block.first)));
                block.push(change);
            }
            tables::insert_block(to, batch, &block)?;
            tables::insert_touched(to, batch, &mut touched)?;
            tables::insert_folders(to, batch, missing.into_iter())?;
            tables::insert_inodes(to, batch, &inodes)?;
            tables::insert_marks(to, batch, &marks)?;
            Ok(batch)
        })
    }

    /// What the files are that are made or thrown away, by the changes' numbers.
    fn marks(&self, changes: &[Change]) -> Vec<(usize, Mark)> {
        let one = |(number, change): (usize, &Change)| match change {
            Change::Create { temporary: path, .. } | Change::Trash { path } => {
                Some((number, Mark::of(&self.root.join(path))?))
            }
            Change::Write { .. } | Change::Move { .. } => None,
        };
        changes.par_iter().enumerate().filter_map(one).collect()
    }

    /// The inodes of files that are moved to or from a name which another change takes or gives, by the changes' numbers.
    fn inodes(&self, changes: &[Change]) -> Vec<(usize, u64)> {
        let mut uses: HashMap<&Path, u32> = HashMap::new();
        changes
            .iter()
            .flat_map(Change::names)
            .for_each(|name| *uses.entry(name).or_default() += 1);
        // Where the files are that were moved by then.
        let mut moved: HashMap<&Path, Option<u64>> = HashMap::new();
        let mut found = Vec::new();
        for (number, change) in changes.iter().enumerate() {
            let Change::Move { from, to } = change else { continue };
            let there = || recover::inode(&self.root.join(from));
            let inode = moved.insert(from, None).unwrap_or_else(there);
            moved.insert(to, inode);
            let is_shared = [from, to].into_iter().any(|name| uses[name.as_path()] > 1);
            found.extend(inode.filter(|_| is_shared).map(|inode| (number, inode)));
        }
        found
    }
}

/// The batches that redo no longer comes to, with their states: what was undone, and what was undone alone of the same files.
fn ended_redo(tables: &Tables, changes: &[Change]) -> Result<Vec<(u64, Vec<tables::States>)>, Error> {
    let heads = tables.heads("undone > 0 OR alone > 0", usize::MAX)?;
    if heads.is_empty() {
        return Ok(Vec::new());
    }
    let touched: HashSet<&Path> = changes.iter().flat_map(Change::names).collect();
    let mut ended = Vec::new();
    for head in heads {
        let mut blocks = tables.states(head.id)?;
        for block in &mut blocks {
            let has_alone = head.alone > 0 && block.states.contains(&State::Alone);
            let contents = if has_alone {
                tables.contents(head.id, block)?
            } else {
                Vec::new()
            };
            for (index, state) in block.states.iter_mut().enumerate() {
                let is_touched = || contents[index].names().any(|name| touched.contains(name));
                if *state == State::Undone || (*state == State::Alone && is_touched()) {
                    *state = State::Dropped;
                }
            }
        }
        ended.push((head.id, blocks));
    }
    Ok(ended)
}

/// Asks every folder whether files can be made in it, before anything is.
pub(super) fn check_folders(folders: &HashSet<PathBuf>) -> Result<(), Error> {
    folders
        .iter()
        .try_for_each(|folder| Ok(atomic::check_writable(folder)?))
}

/// Milliseconds since 1970.
pub(super) fn now() -> i64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    since.map_or(0, |since| since.as_millis() as i64)
}
