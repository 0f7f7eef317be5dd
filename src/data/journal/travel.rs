//! Along the line of batches: undo and redo, and looking ahead.

use std::collections::HashSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::apply::{Found, Placed, Way};
use super::commit::check_folders;
use super::disk::{Disk, Files, Imagined};
use super::run::{Spot, Task, Told, longest, written_folders};
use super::tables::{self, Head, State, States, Tables, Working};
use super::{Action, Change, Done, Error, FOLDER, Halt, Journal, Planned, Preview, Progress, Watch};
use crate::store::atomic::{self, WriteError};

impl Journal {
    /// Takes the last `steps` batches back, as far as there are so many.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub fn undo(&self, steps: usize, watch: &mut Watch<'_>) -> Result<Done, Error> {
        self.perform(&Action::Undo(steps), watch)
    }

    /// Does the next `steps` batches again, as far as there are so many. What an interrupted batch did not come to counts.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub fn redo(&self, steps: usize, watch: &mut Watch<'_>) -> Result<Done, Error> {
        self.perform(&Action::Redo(steps), watch)
    }

    /// Takes the last change of one file back. The undo and redo of batches then pass it by, until it is redone alone.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub fn undo_file(&self, path: &Path, watch: &mut Watch<'_>) -> Result<Done, Error> {
        self.perform(&Action::UndoFile(path.to_owned()), watch)
    }

    /// Does the next change of one file again, whether it was taken back alone or with its batch.
    ///
    /// # Errors
    /// As [`perform`](Self::perform).
    pub fn redo_file(&self, path: &Path, watch: &mut Watch<'_>) -> Result<Done, Error> {
        self.perform(&Action::RedoFile(path.to_owned()), watch)
    }

    /// Takes back or does again what `action` says. Files that others changed meanwhile are left alone and told.
    ///
    /// # Errors
    /// There is nothing to undo or redo, another danlu writes, or nothing can be written. What goes wrong later is in [`Done::halted`].
    pub fn perform(&self, action: &Action, watch: &mut Watch<'_>) -> Result<Done, Error> {
        if !tables::file(&self.root).exists() {
            return Err(self.nothing(action));
        }
        let _lock = self.lock(watch)?;
        let mut tables = Tables::open(&self.root)?;
        self.recover_all(&mut tables)?;
        let tasks = self.tasks(&tables, action)?;
        let mut folders = HashSet::new();
        let (mut count, mut largest) = (0, 0);
        for task in &tasks {
            let blocks = tables.states(task.batch)?;
            count += task.count(&blocks);
            for block in blocks
                .iter()
                .filter(|block| task.count(std::slice::from_ref(block)) > 0)
            {
                let changes = tables.contents(task.batch, block)?;
                largest = largest.max(longest(&changes));
                written_folders(self, &changes, &mut folders);
            }
        }
        // Those that are to be made can be where those above them can.
        check_folders(&folders)?;
        self.work(&mut tables, &tasks, &mut Files::for_batch_of(count, largest), watch)
    }

    /// What `action` would do, found by doing it in the mind. Touches nothing.
    ///
    /// # Errors
    /// There is nothing to undo or redo, or the journal cannot be read.
    pub fn preview(&self, action: &Action) -> Result<Preview, Error> {
        let Some(tables) = Tables::peek(&self.root)? else {
            return Err(self.nothing(action));
        };
        // Of an interrupted batch the files tell more than the journal; what it says then is what recovering would make of it.
        let interrupted = self.interrupted(&tables)?;
        let recovered = |batch: u64| {
            interrupted
                .iter()
                .find(|(head, ..)| head.id == batch)
                .map(|found| &found.1)
        };
        let tasks = self.tasks_with(&tables, action, &recovered)?;
        let mut disk = Imagined::default();
        let mut told = Told::default();
        let mut preview = Preview::default();
        for task in &tasks {
            let mut blocks = match recovered(task.batch) {
                Some(blocks) => blocks.clone(),
                None => tables.states(task.batch)?,
            };
            task.run(self, &tables, &mut blocks, &mut disk, &mut told, &mut |_| Ok(()))?;
            preview.batches.push(super::log::batch(tables.head(task.batch)?));
        }
        told.captions.sort_unstable();
        told.captions.dedup();
        for path in told.captions {
            let (before, after) = (Files::plain().read(&path), disk.read(&path));
            if let (Ok(before), Ok(after)) = (before, after)
                && before != after
            {
                preview.texts.push(Planned { path, before, after });
            }
        }
        preview.moves = told.moves;
        preview.conflicts = told.conflicts;
        Ok(preview)
    }

    /// Does tasks one after the other, until one ends early, and writes down how far it came.
    pub(super) fn work(
        &self,
        tables: &mut Tables,
        tasks: &[Task],
        disk: &mut Files,
        watch: &mut Watch<'_>,
    ) -> Result<Done, Error> {
        let mut told = Told::default();
        let mut done = Done::default();
        for task in tasks {
            let mut blocks = tables.states(task.batch)?;
            told.of += task.count(&blocks);
            let working = if task.way == Way::Forward {
                Working::Doing
            } else {
                Working::Undoing
            };
            let spare = match task.way {
                Way::Forward => Some(Spare::lay(&self.root, told.of, disk.largest)?),
                Way::Back => None,
            };
            tables.change(|to| tables::put_working(to, task.batch, working))?;
            let before = (told.changed.len(), blocks.clone());
            let ran = task.run(self, tables, &mut blocks, disk, &mut told, watch);
            if let Err(error) = ran {
                told.halted = Some(Halt::Failed(error));
            }
            drop(spare);
            let touched = told.changed[before.0..].to_vec();
            let failed = matches!(told.halted, Some(Halt::Failed(_))) && task.only.is_none();
            let turned = failed && self.turn_back(tables, task, (before.0, &before.1), &mut blocks, disk, &mut told);
            done.taken_back |= turned;
            let stands = Task {
                way: if turned { task.way.other() } else { task.way },
                ..*task
            };
            self.tidy_folders(tables, &stands);
            if let Err(error) = keep(tables, task, &blocks, disk, &touched, watch) {
                told.halted.get_or_insert(Halt::Failed(error));
            }
            done.batch = task.batch;
            done.steps += 1;
            if told.halted.is_some() {
                break;
            }
        }
        done.left = told.left();
        done.changed = told.changed;
        done.conflicts = told.conflicts;
        done.halted = told.halted;
        Ok(done)
    }

    /// After a failure brings the files of a batch to where they were when the task began: last done, first taken back, so that a kill
    /// leaves what a kill of the task itself could have left. True where nothing was in the way; `before` is how many files were changed
    /// by then, and how the batch stood.
    fn turn_back(
        &self,
        tables: &Tables,
        task: &Task,
        before: (usize, &[States]),
        blocks: &mut [States],
        disk: &mut Files,
        told: &mut Told,
    ) -> bool {
        let (changed, stood) = before;
        let (made, reached) = match task.way {
            Way::Forward => (State::Done, State::Undone),
            Way::Back => (State::Undone, State::Done),
        };
        // What this task did not do stays; nothing acts on what stands alone.
        let did =
            |first: usize, index: usize, stood: State, state: State| task.acts((first, index), stood) && state == made;
        let mut turning = blocks.to_vec();
        for (block, stood) in turning.iter_mut().zip(stood) {
            for (index, (state, stood)) in block.states.iter_mut().zip(&stood.states).enumerate() {
                if !did(block.first, index, *stood, *state) {
                    *state = State::Alone;
                }
            }
        }
        let mut turned = Told::default();
        let back = Task {
            way: task.way.other(),
            ..*task
        };
        let ran = back.run(self, tables, &mut turning, disk, &mut turned, &mut |_| Ok(()));
        let is_turned = ran.is_ok() && turned.halted.is_none();
        for (block, (turning, stood)) in blocks.iter_mut().zip(turning.iter().zip(stood)) {
            let states = turning.states.iter().zip(&stood.states);
            for (index, (state, (turning, stood))) in block.states.iter_mut().zip(states).enumerate() {
                let is_back = if did(block.first, index, *stood, *state) {
                    *turning == reached
                } else {
                    is_turned
                };
                if is_back {
                    *state = *stood;
                }
            }
        }
        if task.way == Way::Forward {
            // New pictures that did not get their names are kept for redo.
            let _ = self.sweep(tables, task.batch, blocks);
        }
        let gone: HashSet<&PathBuf> = turned.changed.iter().collect();
        let rest: Vec<PathBuf> = told
            .changed
            .drain(changed..)
            .filter(|path| !gone.contains(path))
            .collect();
        told.changed.extend(rest);
        told.done -= turned.done - turned.conflicts.len();
        told.conflicts.append(&mut turned.conflicts);
        is_turned
    }

    /// After undo the folders that the batch had made go, as far as they are empty; so do emptied parts of the trash.
    fn tidy_folders(&self, tables: &Tables, task: &Task) {
        if task.way == Way::Back {
            for folder in tables.folders(task.batch).unwrap_or_default().iter().rev() {
                if let Ok(folder) = self.place(folder) {
                    let _ = fs::remove_dir(folder);
                }
            }
        }
        let trash = self.root.join(FOLDER).join("trash");
        let _ = fs::remove_dir(trash.join(task.batch.to_string()));
        let _ = fs::remove_dir(trash);
    }

    fn nothing(&self, action: &Action) -> Error {
        match action {
            Action::Undo(_) => Error::NothingToUndo(self.root.clone()),
            Action::Redo(_) => Error::NothingToRedo(self.root.clone()),
            Action::UndoFile(path) => Error::NothingToUndo(path.clone()),
            Action::RedoFile(path) => Error::NothingToRedo(path.clone()),
        }
    }

    fn tasks(&self, tables: &Tables, action: &Action) -> Result<Vec<Task>, Error> {
        self.tasks_with(tables, action, &|_| None)
    }

    /// The batches that an action is about; `recovered` knows better than the file how some of them stand.
    fn tasks_with<'a>(
        &self,
        tables: &Tables,
        action: &Action,
        recovered: &dyn Fn(u64) -> Option<&'a Vec<States>>,
    ) -> Result<Vec<Task>, Error> {
        let way = match action {
            Action::Undo(_) | Action::UndoFile(_) => Way::Back,
            Action::Redo(_) | Action::RedoFile(_) => Way::Forward,
        };
        let tasks: Vec<Task> = match action {
            Action::UndoFile(path) | Action::RedoFile(path) => {
                let found = self.of_file(tables, path, recovered)?;
                let last_done = found.iter().rposition(|touch| touch.state.is_done());
                let touch = match way {
                    Way::Back => last_done.and_then(|at| found.get(at)),
                    Way::Forward => {
                        let behind = &found[last_done.map_or(0, |at| at + 1)..];
                        behind.iter().find(|touch| touch.state != State::Dropped)
                    }
                };
                let task = |touch: &Touch| Task {
                    batch: touch.batch,
                    way,
                    only: Some(touch.spot),
                };
                touch.map(task).into_iter().collect()
            }
            Action::Undo(steps) | Action::Redo(steps) => {
                let mut heads = match way {
                    Way::Forward => tables.heads("undone > 0 OR working <> 0", usize::MAX)?,
                    // Where nothing else is left, what was in conflict is tried again.
                    Way::Back => match self.to_undo(tables, recovered)? {
                        (heads, held) if heads.is_empty() => held,
                        (heads, _) => heads,
                    },
                };
                if way == Way::Forward {
                    heads.retain(|head| match recovered(head.id) {
                        Some(blocks) => blocks.iter().any(|block| block.states.contains(&State::Undone)),
                        None => head.undone > 0,
                    });
                    heads.reverse();
                }
                let task = |head: &Head| Task {
                    batch: head.id,
                    way,
                    only: None,
                };
                heads.iter().take(*steps).map(task).collect()
            }
        };
        if tasks.is_empty() {
            Err(self.nothing(action))
        } else {
            Ok(tasks)
        }
    }

    /// The batches that undo would come to, newest first: those of which something is done. One whose rest was in conflict counts again
    /// as soon as some of that is as danlu wrote it; behind them, those where it is not.
    pub(super) fn to_undo<'a>(
        &self,
        tables: &Tables,
        recovered: &dyn Fn(u64) -> Option<&'a Vec<States>>,
    ) -> Result<(Vec<Head>, Vec<Head>), Error> {
        let mut heads = Vec::new();
        let mut held = Vec::new();
        for head in tables.heads("done > 0 OR held > 0 OR working <> 0", usize::MAX)? {
            let has = |wanted: State, count: usize| match recovered(head.id) {
                Some(blocks) => blocks.iter().any(|block| block.states.contains(&wanted)),
                None => count > 0,
            };
            if has(State::Done, head.done) {
                heads.push(head);
            } else if has(State::Held, head.held) {
                if self.is_free_again(tables, head.id)? {
                    heads.push(head);
                } else {
                    held.push(head);
                }
            }
        }
        Ok((heads, held))
    }

    /// Whether a change that could not be taken back now can be.
    fn is_free_again(&self, tables: &Tables, batch: u64) -> Result<bool, Error> {
        let disk = Files::plain();
        let marks = tables.marks(batch)?;
        for block in tables.states(batch)? {
            if !block.states.contains(&State::Held) {
                continue;
            }
            for (index, change) in tables.contents(batch, &block)?.iter().enumerate() {
                let number = block.first + index;
                let placed = Placed {
                    journal: self,
                    batch,
                    number,
                    change,
                    mark: marks.get(&number),
                };
                if block.states[index] == State::Held && placed.look(Way::Back, &disk) == Found::Ready {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    /// What was done to one file, oldest first.
    pub(super) fn of_file<'a>(
        &self,
        tables: &Tables,
        path: &Path,
        recovered: &dyn Fn(u64) -> Option<&'a Vec<States>>,
    ) -> Result<Vec<Touch>, Error> {
        let kept = self.kept(path)?;
        let mut found = Vec::new();
        for (batch, first) in tables.about(&kept)? {
            let states = match recovered(batch) {
                Some(blocks) => blocks.iter().find(|block| block.first == first).cloned(),
                None => tables.states(batch)?.into_iter().find(|block| block.first == first),
            };
            let block = states.ok_or_else(|| tables.damaged("a block of changes is missing"))?;
            let changes = tables.contents(batch, &block)?;
            for (index, change) in changes.into_iter().enumerate() {
                if change.names().any(|name| name == kept) {
                    found.push(Touch {
                        batch,
                        spot: (first, index),
                        state: block.states[index],
                        change,
                    });
                }
            }
        }
        Ok(found)
    }
}

/// Room on the disk that is given back when it is dropped: what the journal needs for writing down how far a batch came when the files
/// have taken all other room, and what taking them back needs to begin with.
#[derive(Debug)]
struct Spare(PathBuf);

impl Spare {
    /// `largest` is the length of the largest text that taking back would write.
    fn lay(root: &Path, changes: usize, largest: usize) -> Result<Self, Error> {
        let spare = Self(root.join(FOLDER).join("spare"));
        // A letter for each change and the pages that it stands in, twice.
        let bytes = vec![0; (48 << 10) + 3 * changes + largest];
        fs::write(&spare.0, bytes).map_err(|error| WriteError::of(&spare.0, error))?;
        Ok(spare)
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// A change of one file.
#[derive(Debug)]
pub(super) struct Touch {
    pub(super) batch: u64,
    pub(super) spot: Spot,
    pub(super) state: State,
    pub(super) change: Change,
}

/// Has the disk keep the files, and then the journal what became of them.
fn keep(
    tables: &mut Tables,
    task: &Task,
    blocks: &[States],
    disk: &Files,
    changed: &[PathBuf],
    watch: &mut Watch<'_>,
) -> Result<(), Error> {
    if !disk.flush && !changed.is_empty() {
        // It cannot be stopped any more.
        let _ = watch(Progress::Flushing);
        flush(changed)?;
    }
    tables.change(|to| tables::put_states(to, task.batch, blocks))
}

/// Has the disk keep these files; asked once for each file system.
fn flush(changed: &[PathBuf]) -> Result<(), Error> {
    use std::os::unix::fs::MetadataExt;
    let folders: HashSet<&Path> = changed.iter().filter_map(|path| path.parent()).collect();
    let mut devices = HashSet::new();
    for folder in folders {
        // One that is gone was emptied by a move, whose other end is on the same file system or was flushed.
        let Ok(found) = fs::metadata(folder) else { continue };
        if devices.insert(found.dev()) {
            atomic::flush_file_system(folder)?;
        }
    }
    Ok(())
}
