//! The journal of a set: what it writes, what it takes back, and what stops it.
#![allow(missing_docs, clippy::unwrap_used)]

mod batches;
mod disk;
mod kill;
mod pictures;
mod snapshots;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use danlu::data::journal::{Action, Change, Done, Journal, Progress, Stop};
use tempfile::TempDir;

/// A watch that only looks.
#[expect(clippy::unnecessary_wraps, reason = "the journal asks for it")]
pub(crate) fn calm(_: Progress) -> Result<(), Stop> {
    Ok(())
}

/// A set in a folder that goes when it is dropped.
pub(crate) struct Ground(pub(crate) TempDir);

impl Ground {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    /// Where there is such a place, on a file system in memory: what is killed there is mostly killed at work, not waiting for a disk.
    pub(crate) fn in_memory() -> Self {
        Self(
            tempfile::tempdir_in("/dev/shm")
                .or_else(|_| tempfile::tempdir())
                .unwrap(),
        )
    }

    pub(crate) fn with(files: &[(&str, &[u8])]) -> Self {
        let ground = Self::new();
        for (name, bytes) in files {
            ground.put(name, bytes);
        }
        ground
    }

    pub(crate) fn root(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn get(&self, name: &str) -> Option<Vec<u8>> {
        fs::read(self.path(name)).ok()
    }

    pub(crate) fn text(&self, name: &str) -> String {
        String::from_utf8(self.get(name).unwrap_or_else(|| panic!("there is no {name}"))).unwrap()
    }

    /// Opened anew each time, as by another process.
    pub(crate) fn journal(&self) -> Journal {
        Journal::at(self.root())
    }

    pub(crate) fn write(&self, name: &str, before: Option<&str>, after: Option<&str>) -> Change {
        Change::Write {
            path: self.path(name),
            before: before.map(|text| text.as_bytes().to_vec()),
            after: after.map(|text| text.as_bytes().to_vec()),
        }
    }

    pub(crate) fn commit(&self, what: &str, changes: Vec<Change>) -> Done {
        self.journal().commit(what, changes, &mut calm).unwrap()
    }

    /// Commits one text, from what is there.
    pub(crate) fn edit(&self, name: &str, after: &str) -> Done {
        let before = self.get(name);
        let change = Change::Write {
            path: self.path(name),
            before,
            after: Some(after.as_bytes().to_vec()),
        };
        self.commit(&format!("edit {name}"), vec![change])
    }

    pub(crate) fn perform(&self, action: &Action) -> Done {
        self.journal().perform(action, &mut calm).unwrap()
    }

    pub(crate) fn undo(&self) -> Done {
        self.perform(&Action::Undo(1))
    }

    pub(crate) fn redo(&self) -> Done {
        self.perform(&Action::Redo(1))
    }

    /// All files but the journal's, with their bytes; a folder has none.
    pub(crate) fn all(&self) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
        let mut found = BTreeMap::new();
        collect(self.root(), self.root(), &mut found);
        found
    }
}

fn collect(root: &Path, folder: &Path, found: &mut BTreeMap<PathBuf, Option<Vec<u8>>>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.file_name() == Some(OsStr::new(".danlu")) {
            continue;
        }
        let name = path.strip_prefix(root).unwrap().to_owned();
        if path.is_dir() {
            found.insert(name, None);
            collect(root, &path, found);
        } else {
            found.insert(name, Some(fs::read(&path).unwrap_or_default()));
        }
    }
}

pub(crate) fn whole(done: &Done) -> bool {
    done.conflicts.is_empty() && done.halted.is_none() && done.left == 0
}

/// A name that is no UTF-8 and has a line end.
pub(crate) fn odd_name() -> &'static Path {
    Path::new(OsStr::from_bytes(b"10_x/odd\n\xff.txt"))
}
