//! One change, made or taken back.

use std::ffi::OsStr;
use std::ops::ControlFlow;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use super::disk::{Disk, Fault};
use super::mark::Mark;
use super::{Change, Conflict, FOLDER, Journal, Texts, Why};

/// How long a name in the trash may be, with the change's number in front.
const LONGEST: usize = 200;

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// A change is made.
    Forward,
    /// A change is taken back.
    Back,
}

impl Way {
    pub(super) fn other(self) -> Self {
        match self {
            Self::Forward => Self::Back,
            Self::Back => Self::Forward,
        }
    }
}

/// A change at its place in a batch. Its paths are as the journal keeps them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed<'a> {
    pub(super) journal: &'a Journal,
    pub(super) batch: u64,
    pub(super) number: usize,
    pub(super) change: &'a Change,
    /// Of a file that was made or thrown away, what it was.
    pub(super) mark: Option<&'a Mark>,
}

/// What the files say of a change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// It can be made.
    Ready,
    /// It is as if it were made already.
    Made,
    /// Neither.
    Neither(Why, Option<Texts>),
}

impl Placed<'_> {
    /// What the files say of going `way`.
    pub(super) fn look(&self, way: Way, disk: &dyn Disk) -> Found {
        let (from, to) = match self.change {
            Change::Write { path, before, after } => {
                let (source, target) = match way {
                    Way::Forward => (before, after),
                    Way::Back => (after, before),
                };
                return self.look_at_text(path, source.as_ref(), target.as_ref(), disk);
            }
            _ => match self.ends(way, disk) {
                Ok(ends) => ends,
                Err(why) => return Found::Neither(why, None),
            },
        };
        let is_trashed = matches!(self.change, Change::Create { .. } | Change::Trash { .. });
        match (disk.stands(&from), disk.stands(&to)) {
            // Nobody's file goes into the trash but the one that the batch was about.
            (true, false) if to == self.slot() && self.mark.is_some_and(|mark| !disk.is_marked(&from, mark)) => {
                Found::Neither(Why::Changed, None)
            }
            (true, false) => Found::Ready,
            (true, true) => Found::Neither(Why::Taken, None),
            (false, true) => Found::Made,
            (false, false) if is_trashed && from == self.slot() => Found::Neither(Why::TrashEmptied, None),
            (false, false) => Found::Neither(Why::Missing, None),
        }
    }

    fn look_at_text(&self, path: &Path, source: Option<&Vec<u8>>, target: Option<&Vec<u8>>, disk: &dyn Disk) -> Found {
        let found = self.journal.place(path).and_then(|path| disk.read(&path));
        match found {
            Ok(found) if found.as_ref() == source => Found::Ready,
            Ok(found) if found.as_ref() == target => Found::Made,
            Ok(found) => {
                let texts = Texts {
                    base: source.cloned(),
                    ours: target.cloned(),
                    theirs: found,
                };
                Found::Neither(Why::Changed, Some(texts))
            }
            Err(why) => Found::Neither(why, None),
        }
    }

    /// Goes `way`. Breaks off where nothing more can be written.
    pub(super) fn go(&self, way: Way, disk: &mut dyn Disk) -> ControlFlow<super::Error, Result<(), Conflict>> {
        let done = match self.look(way, disk) {
            // Somebody else made the same change. Of a file that is under the other name already nobody knows whether it is the same.
            Found::Made if matches!(self.change, Change::Write { .. }) => Ok(()),
            Found::Made => return ControlFlow::Continue(Err(self.conflict(Why::Missing, None))),
            Found::Neither(why, texts) => return ControlFlow::Continue(Err(self.conflict(why, texts))),
            Found::Ready => self.make(way, disk),
        };
        match done {
            Ok(()) => ControlFlow::Continue(Ok(())),
            Err(Fault::Conflict(why)) => ControlFlow::Continue(Err(self.conflict(why, None))),
            Err(Fault::Failed(error)) => ControlFlow::Break(error),
        }
    }

    fn make(&self, way: Way, disk: &mut dyn Disk) -> Result<(), Fault> {
        let Change::Write { path, before, after } = self.change else {
            let (from, to) = self.ends(way, disk).map_err(Fault::Conflict)?;
            if to == self.slot() {
                return self.discard(&from, disk);
            }
            return disk.rename(&from, &to);
        };
        let path = self.journal.place(path).map_err(Fault::Conflict)?;
        let (source, target) = match way {
            Way::Forward => (before, after),
            Way::Back => (after, before),
        };
        let Some(text) = target else {
            return self.discard(&path, disk);
        };
        let slot = self.slot();
        // The file itself, with all that belongs to it, is better than one with the same text.
        if source.is_none() && disk.stands(&slot) && disk.read(&slot).is_ok_and(|kept| kept.as_ref() == Some(text)) {
            return disk.rename(&slot, &path);
        }
        disk.put(&path, text, source.is_none(), &self.temporary())
    }

    /// Puts a file into its place in the trash; what lies there, which nobody expected, gets another name.
    fn discard(&self, path: &Path, disk: &mut dyn Disk) -> Result<(), Fault> {
        let slot = self.slot();
        if disk.stands(&slot) {
            let aside = |n: u32| {
                let mut name = slot.clone().into_os_string();
                name.push(format!(".{n}"));
                PathBuf::from(name)
            };
            let free = (1..u32::MAX).map(aside).find(|aside| !disk.stands(aside));
            disk.rename(&slot, &free.ok_or(Fault::Conflict(Why::Taken))?)?;
        }
        disk.rename(path, &slot)
    }

    /// Where the file of a change that is no text lies, and where it goes.
    fn ends(&self, way: Way, disk: &dyn Disk) -> Result<(PathBuf, PathBuf), Why> {
        let place = |path: &Path| self.journal.place(path);
        let (from, to) = match self.change {
            Change::Write { path, .. } => (place(path)?, place(path)?),
            Change::Move { from, to } => (place(from)?, place(to)?),
            Change::Create { temporary, path } => {
                let temporary = place(temporary)?;
                // It has the temporary name only until it is made for the first time.
                let is_first = way == Way::Forward && disk.stands(&temporary);
                (if is_first { temporary } else { self.slot() }, place(path)?)
            }
            Change::Trash { path } => (place(path)?, self.slot()),
        };
        Ok(match way {
            Way::Forward => (from, to),
            Way::Back => (to, from),
        })
    }

    /// Both names that a file has before and after, for telling.
    pub(super) fn told(&self, way: Way) -> Option<(PathBuf, PathBuf)> {
        let place = |path: &Path| self.journal.root.join(path);
        let (from, to) = match self.change {
            Change::Write { .. } => return None,
            Change::Move { from, to } => (place(from), place(to)),
            Change::Create { path, .. } => (self.slot(), place(path)),
            Change::Trash { path } => (place(path), self.slot()),
        };
        Some(match way {
            Way::Forward => (from, to),
            Way::Back => (to, from),
        })
    }

    fn conflict(&self, why: Why, texts: Option<Texts>) -> Conflict {
        let path = match (self.change, &why) {
            (Change::Move { from, .. }, Why::Missing) => from,
            _ => self.change.path(),
        };
        Conflict {
            path: self.journal.root.join(path),
            why,
            texts,
        }
    }

    /// The name of the file that a text is written to first. It tells which change it belongs to, so that it is found after a crash.
    pub(super) fn temporary(&self) -> String {
        format!(".danlu-{}-{}.tmp", self.batch, self.number)
    }

    /// The place in the trash that is this change's own.
    pub(super) fn slot(&self) -> PathBuf {
        let name = self.change.path().file_name().unwrap_or_default().as_bytes();
        // The end says what kind of file it is.
        let name = OsStr::from_bytes(&name[name.len().saturating_sub(LONGEST)..]);
        let mut numbered = std::ffi::OsString::from(format!("{}-", self.number));
        numbered.push(name);
        let trash = self.journal.root.join(FOLDER).join("trash");
        trash.join(self.batch.to_string()).join(numbered)
    }
}

impl Journal {
    /// The whole path of one that is kept in the journal, unless it leads out of the set: a journal may have come with somebody's files.
    pub(super) fn place(&self, kept: &Path) -> Result<PathBuf, Why> {
        let is_plain = kept.components().all(|part| matches!(part, Component::Normal(_)));
        let is_allowed = || {
            let climbs = kept.components().any(|part| part == Component::ParentDir);
            kept.is_absolute() && !climbs && self.outside.iter().any(|folder| kept.starts_with(folder))
        };
        if is_plain || is_allowed() {
            Ok(self.root.join(kept))
        } else {
            Err(Why::Outside)
        }
    }

    /// A path as the journal keeps it: below the root without the root, elsewhere whole.
    pub(super) fn kept(&self, path: &Path) -> Result<PathBuf, super::Error> {
        let outside = || super::Error::Outside {
            path: path.to_owned(),
            root: self.root.clone(),
        };
        let below = |root: &Path| path.strip_prefix(root).ok().map(Path::to_owned);
        let real = || -> Option<PathBuf> {
            let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            // Of a folder that is yet to be made, those above it tell where it is.
            let is_there = |above: &&Path| above.exists() || above.as_os_str().is_empty();
            let there = folder.ancestors().find(is_there)?;
            let missing = folder.strip_prefix(there).ok()?;
            let there = if there.as_os_str().is_empty() {
                Path::new(".")
            } else {
                there
            };
            let whole = std::fs::canonicalize(there).ok()?.join(missing).join(path.file_name()?);
            let root = std::fs::canonicalize(&self.root).ok()?;
            Some(whole.strip_prefix(root).map_or_else(|_| whole.clone(), Path::to_owned))
        };
        let kept = below(&self.root).filter(|kept| self.place(kept).is_ok());
        let kept = kept.or_else(real).ok_or_else(outside)?;
        let is_named = kept.file_name().is_some();
        if is_named && self.place(&kept).is_ok() {
            Ok(kept)
        } else {
            Err(outside())
        }
    }
}
