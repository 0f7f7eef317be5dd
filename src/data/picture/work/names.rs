//! Names of what is made: beside a picture, in its place, in another folder; never one that is taken.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::data::journal::{Change, FOLDER};
use crate::data::set::Set;

/// Where originals are kept, below the set's root.
pub const ORIGINALS: &str = "originals";

/// The picture's name with something between stem and extension, and with another extension.
pub fn beside(picture: &Path, suffix: &str, extension: &str) -> PathBuf {
    let mut name = stem(picture);
    name.push(suffix);
    name.push(".");
    name.push(extension);
    picture.with_file_name(name)
}

/// A name up to its last dot. Python's `splitext`, which kohya finds captions by, as well.
pub fn stem(path: &Path) -> OsString {
    path.file_stem().unwrap_or_default().to_owned()
}

/// A picture's place in a folder that mirrors the set's own.
pub fn mirrored(set: &Set, path: &Path, folder: &Path) -> PathBuf {
    folder.join(below(set, path))
}

/// Where an original is kept; `is_taken` says which places are not free.
pub fn original(set: &Set, path: &Path, is_taken: impl Fn(&Path) -> bool) -> PathBuf {
    free(&mirrored(set, path, &set.root.join(FOLDER).join(ORIGINALS)), is_taken)
}

/// The first of `a.png`, `a~2.png`, `a~3.png` … that is not taken.
pub fn free(path: &Path, is_taken: impl Fn(&Path) -> bool) -> PathBuf {
    let extension = path
        .extension()
        .map(|extension| [".".as_ref(), extension].into_iter().collect::<OsString>());
    let numbered = (2..).map(|number| {
        let mut name = stem(path);
        name.push(format!("~{number}"));
        name.push(extension.clone().unwrap_or_default());
        path.with_file_name(name)
    });
    let mut names = std::iter::once(path.to_owned()).chain(numbered);
    names.find(|name| !is_taken(name)).unwrap_or_else(|| path.to_owned())
}

/// The path below the set's root; of a file elsewhere, which a dataset TOML may name, the whole path without what leads up.
fn below(set: &Set, path: &Path) -> PathBuf {
    if let Ok(below) = path.strip_prefix(&set.root) {
        return below.to_owned();
    }
    let names = path.components().filter_map(|part| match part {
        Component::Normal(name) => Some(name),
        _ => None,
    });
    Path::new("elsewhere").join(names.collect::<PathBuf>())
}

/// Names that stand in a folder or were given in this batch.
#[derive(Debug, Default)]
pub struct Taken {
    given: HashSet<PathBuf>,
    /// Files that the batch takes away.
    freed: HashSet<PathBuf>,
}

impl Taken {
    /// Whether a name cannot be given.
    pub fn holds(&self, path: &Path) -> bool {
        self.given.contains(path) || (path.symlink_metadata().is_ok() && !self.freed.contains(path))
    }

    /// Gives a name away.
    pub fn give(&mut self, path: &Path) {
        self.given.insert(path.to_owned());
    }

    /// Says that a file leaves its place before others are named.
    pub fn free(&mut self, path: &Path) {
        self.freed.insert(path.to_owned());
    }
}

/// The changes that bring captions along with pictures to other names: for each picture the name that its caption gets.
///
/// Two pictures of one stem have one caption. It is moved only when nobody needs it where it is, and copied for all names but the last.
pub fn captions_along(set: &Set, moved: &[(usize, PathBuf)]) -> Vec<Change> {
    let shared = set.by_caption();
    let moving: HashSet<usize> = moved.iter().map(|(picture, _)| *picture).collect();
    let mut targets: BTreeMap<PathBuf, Vec<&Path>> = BTreeMap::new();
    let mut bytes: HashMap<PathBuf, &[u8]> = HashMap::new();
    for (picture, to) in moved {
        let Some(caption) = &set.pictures[*picture].caption else {
            continue;
        };
        let from = set.caption_path(*picture);
        let targets = targets.entry(from.clone()).or_default();
        if !targets.contains(&to.as_path()) {
            targets.push(to);
        }
        bytes.insert(from, &caption.document.bytes);
    }
    let mut changes = Vec::new();
    for (from, targets) in targets {
        let stays = targets.contains(&from.as_path())
            || shared
                .get(&from)
                .is_some_and(|of| of.iter().any(|picture| !moving.contains(picture)));
        let new: Vec<_> = targets.into_iter().filter(|to| *to != from).collect();
        for (number, to) in new.iter().enumerate() {
            let to = to.to_path_buf();
            changes.push(if number + 1 == new.len() && !stays {
                Change::Move { from: from.clone(), to }
            } else {
                Change::Write {
                    path: to,
                    before: None,
                    after: bytes.get(&from).map(|bytes| bytes.to_vec()),
                }
            });
        }
    }
    changes
}
