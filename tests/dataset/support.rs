//! Datasets in a folder of their own.

use std::fs;
use std::path::{Path, PathBuf};

use danlu::data::set::{Options, Set};
use tempfile::TempDir;

/// A folder with these files; folders above them are made.
pub(crate) fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        write(folder.path(), name, bytes);
    }
    folder
}

pub(crate) fn write(folder: &Path, name: &str, bytes: &[u8]) -> PathBuf {
    let path = folder.join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(&path, bytes).unwrap();
    path
}

/// A set of one picture for each caption, in one folder.
pub(crate) fn captions(captions: &[&[u8]]) -> (TempDir, Set) {
    let folder = folder(&[]);
    for (i, bytes) in captions.iter().enumerate() {
        write(folder.path(), &format!("{i:05}.png"), b"");
        write(folder.path(), &format!("{i:05}.txt"), bytes);
    }
    let set = open(folder.path());
    (folder, set)
}

pub(crate) fn open(path: &Path) -> Set {
    Set::open(path, &Options::default()).unwrap()
}

/// How paths below a folder are told.
pub(crate) fn names<'a>(folder: &Path, paths: impl IntoIterator<Item = &'a PathBuf>) -> Vec<String> {
    let name = |path: &PathBuf| path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
    paths.into_iter().map(name).collect()
}
