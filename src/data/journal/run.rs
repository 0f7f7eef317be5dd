//! A batch, done or taken back file by file, on the disk or in the mind.

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use super::apply::{Placed, Way};
use super::disk::Disk;
use super::tables::{State, States, Tables};
use super::{Change, Conflict, Error, Halt, Journal, Progress, Watch};

/// After so many files the caller is told.
const TELL: usize = 32;
/// Texts of conflicts are kept up to so many bytes in all.
const TEXTS: usize = 64 << 20;

/// One change of a batch: the number of its block's first change, and its place there.
pub(super) type Spot = (usize, usize);

/// What is to be done with a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    pub(super) batch: u64,
    pub(super) way: Way,
    /// Only this change.
    pub(super) only: Option<Spot>,
}

/// What was done, of one or several batches.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Changes that are made or skipped, and all of them.
    pub(super) done: usize,
    pub(super) of: usize,
    pub(super) changed: Vec<PathBuf>,
    /// The captions among those.
    pub(super) captions: Vec<PathBuf>,
    pub(super) moves: Vec<(PathBuf, PathBuf)>,
    pub(super) conflicts: Vec<Conflict>,
    pub(super) halted: Option<Halt>,
    text_bytes: usize,
}

impl Told {
    /// How many changes were not got to.
    pub(super) fn left(&self) -> usize {
        self.of.saturating_sub(self.done)
    }

    fn made(&mut self, placed: &Placed<'_>, way: Way) {
        if let Some((from, to)) = placed.told(way) {
            self.changed.extend([from.clone(), to.clone()]);
            self.moves.push((from, to));
        } else {
            let path = placed.journal.root.join(placed.change.path());
            self.changed.push(path.clone());
            self.captions.push(path);
        }
    }

    fn conflict(&mut self, mut conflict: Conflict) {
        let size = |text: &Option<Vec<u8>>| text.as_ref().map_or(0, Vec::len);
        if let Some(texts) = &conflict.texts {
            self.text_bytes += size(&texts.base) + size(&texts.ours) + size(&texts.theirs);
            if self.text_bytes > TEXTS {
                conflict.texts = None;
            }
        }
        self.conflicts.push(conflict);
    }
}

impl Task {
    /// Whether the task is about a change in this state.
    pub(super) fn acts(&self, spot: Spot, state: State) -> bool {
        match (self.only, self.way) {
            (Some(only), _) => only == spot,
            (None, Way::Forward) => state == State::Undone,
            (None, Way::Back) => state.is_done(),
        }
    }

    /// How a change stands after the task: it is made or not.
    pub(super) fn after(&self, state: State, made: bool) -> State {
        match (self.way, made, self.only) {
            (Way::Forward, true, _) => State::Done,
            (Way::Back, true, Some(_)) => State::Alone,
            (Way::Back, true, None) => State::Undone,
            (_, false, Some(_)) => state,
            (Way::Forward, false, None) => State::Barred,
            (Way::Back, false, None) => State::Held,
        }
    }

    /// How a change stands that a batch's undo or redo passes by.
    fn passed(&self, state: State) -> State {
        match (self.way, self.only, state) {
            (Way::Forward, None, State::Held) => State::Done,
            (Way::Back, None, State::Barred) => State::Undone,
            _ => state,
        }
    }

    /// Numbers from 0 to `length` in the order of the task.
    pub(super) fn order(&self, length: usize) -> Box<dyn Iterator<Item = usize>> {
        match self.way {
            Way::Forward => Box::new(0..length),
            Way::Back => Box::new((0..length).rev()),
        }
    }

    /// How many changes it is about.
    pub(super) fn count(&self, blocks: &[States]) -> usize {
        let one = |block: &States| {
            let states = block.states.iter().enumerate();
            states
                .filter(|(index, state)| self.acts((block.first, *index), **state))
                .count()
        };
        blocks.iter().map(one).sum()
    }

    /// Does it, and brings `blocks` to the states after it. Ends early where `told.halted` says why.
    ///
    /// # Errors
    /// The journal itself cannot be read.
    pub(super) fn run(
        &self,
        journal: &Journal,
        tables: &Tables,
        blocks: &mut [States],
        disk: &mut dyn Disk,
        told: &mut Told,
        watch: &mut Watch<'_>,
    ) -> Result<(), Error> {
        let marks = tables.marks(self.batch)?;
        for at in self.order(blocks.len()) {
            let block = &mut blocks[at];
            if self.count(std::slice::from_ref(block)) == 0 {
                for state in &mut block.states {
                    *state = self.passed(*state);
                }
                continue;
            }
            let changes = tables.contents(self.batch, block)?;
            for index in self.order(changes.len()) {
                let state = block.states[index];
                if !self.acts((block.first, index), state) {
                    block.states[index] = self.passed(state);
                    continue;
                }
                if told.done.is_multiple_of(TELL) {
                    let progress = Progress::Files {
                        done: told.done,
                        of: told.of,
                    };
                    if watch(progress).is_err() {
                        told.halted = Some(Halt::Stopped);
                        return Ok(());
                    }
                }
                let placed = Placed {
                    journal,
                    batch: self.batch,
                    number: block.first + index,
                    change: &changes[index],
                    mark: marks.get(&(block.first + index)),
                };
                let made = match placed.go(self.way, disk) {
                    ControlFlow::Break(error) => {
                        told.halted = Some(Halt::Failed(error));
                        return Ok(());
                    }
                    ControlFlow::Continue(Ok(())) => {
                        told.made(&placed, self.way);
                        true
                    }
                    ControlFlow::Continue(Err(conflict)) => {
                        told.conflict(conflict);
                        false
                    }
                };
                block.states[index] = self.after(state, made);
                told.done += 1;
            }
        }
        Ok(())
    }
}

/// The folders in which these changes make, replace or take away files.
pub(super) fn written_folders(journal: &Journal, changes: &[Change], into: &mut HashSet<PathBuf>) {
    let folders: HashSet<&Path> = changes
        .iter()
        .flat_map(Change::names)
        .filter_map(Path::parent)
        .collect();
    into.extend(folders.into_iter().map(|folder| journal.root.join(folder)));
}

/// The length of the longest text that these changes take away.
pub(super) fn longest(changes: &[Change]) -> usize {
    let length = |change: &Change| match change {
        Change::Write { before, .. } => before.as_ref().map_or(0, Vec::len),
        _ => 0,
    };
    changes.iter().map(length).max().unwrap_or(0)
}
