//! Walks folders for models.

use std::cmp::Ordering;
use std::collections::HashSet;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::weights::about::PICTURES;

use super::{DIFFUSERS_INDEX, Folder, Found, Trees, Unreadable, has_extension, is_diffusers, without_extension};

/// Folders that hold no models but may hold hundreds of thousands of files, or weights that are no models.
const SKIPPED: [&str; 4] = ["venv", "node_modules", "__pycache__", "site-packages"];

pub(super) fn scan(roots: &[PathBuf], watch: &mut dyn FnMut(usize) -> bool) -> Trees {
    let mut walk = Walk::new(watch);
    for (number, given) in roots.iter().enumerate() {
        for root in parts(given) {
            if root.is_file() {
                if has_extension(&root.to_string_lossy()) {
                    walk.found(&root, root.parent().unwrap_or(Path::new("")), number, false);
                }
            } else {
                walk.folder(root.clone(), &root, number);
            }
        }
    }
    let mut trees = walk.trees;
    sort(&mut trees.models);
    sort(&mut trees.pictures);
    // One beside an embedding of its name is that one's preview.
    let embeddings = trees
        .models
        .iter()
        .filter(|found| found.folder == Some(Folder::Embedding));
    let embeddings: HashSet<PathBuf> = embeddings.map(|found| found.path.with_extension("")).collect();
    trees
        .pictures
        .retain(|picture| !embeddings.contains(&picture.path.with_extension("")));
    trees
}

/// Sorts by name, numbers by value, and leaves each path once.
pub(in crate::library) fn sort(models: &mut Vec<Found>) {
    models.sort_by_cached_key(|found| (NaturalKey::new(&found.name), found.path.clone()));
    models.dedup_by(|a, b| a.path == b.path);
}

/// The folders of a tree that hold models: of a web UI two, of anything else the whole.
pub(in crate::library) fn parts(root: &Path) -> Vec<PathBuf> {
    let models = root.join("models");
    let is_webui = ["Stable-diffusion", "checkpoints"]
        .iter()
        .any(|name| models.join(name).is_dir());
    if !is_webui {
        return vec![root.to_owned()];
    }
    [models, root.join("embeddings")]
        .into_iter()
        .filter(|part| part.is_dir())
        .collect()
}

struct Walk<'a> {
    trees: Trees,
    /// Hears how many models there are; ends the walk.
    watch: &'a mut dyn FnMut(usize) -> bool,
    /// Real paths of the folders walked; a link in a circle leads to one of these.
    seen: HashSet<PathBuf>,
}

impl<'a> Walk<'a> {
    fn new(watch: &'a mut dyn FnMut(usize) -> bool) -> Self {
        Self {
            trees: Trees::default(),
            watch,
            seen: HashSet::new(),
        }
    }

    fn folder(&mut self, start: PathBuf, root: &Path, number: usize) {
        let mut folders = vec![start];
        while let Some(folder) = folders.pop() {
            if !(self.watch)(self.trees.models.len()) {
                return;
            }
            if let Err(reason) = self.entries(&folder, root, number, &mut folders) {
                self.trees.unreadable.push(Unreadable { path: folder, reason });
            }
        }
    }

    fn entries(&mut self, folder: &Path, root: &Path, number: usize, folders: &mut Vec<PathBuf>) -> io::Result<()> {
        if !self.seen.insert(fs::canonicalize(folder)?) {
            return Ok(());
        }
        let mut entries = fs::read_dir(folder)?.collect::<io::Result<Vec<_>>>()?;
        if entries.iter().any(|entry| entry.file_name() == DIFFUSERS_INDEX) && is_diffusers(folder) {
            self.found(
                folder,
                root.parent().filter(|_| folder == root).unwrap_or(root),
                number,
                true,
            );
            return Ok(());
        }
        // Folders are taken from the end of the list: real ones before links to them, and each in the order of names.
        entries.sort_by_cached_key(|entry| {
            let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
            (!is_link, std::cmp::Reverse(entry.file_name()))
        });
        for entry in entries {
            let name = entry.file_name();
            let kind = entry.file_type()?;
            let path = entry.path();
            // A link to nothing is no model.
            let Ok(is_dir) = (if kind.is_symlink() {
                path.metadata().map(|to| to.is_dir())
            } else {
                Ok(kind.is_dir())
            }) else {
                continue;
            };
            if is_dir && !is_skipped(&name) {
                folders.push(path);
            } else if !is_dir && (has_extension(&name.to_string_lossy()) || is_picture(&path)) {
                self.found(&path, root, number, false);
            }
        }
        Ok(())
    }

    /// Takes a model in. Its kind is that of the nearest named folder above it, up to the root itself.
    fn found(&mut self, path: &Path, root: &Path, number: usize, diffusers: bool) {
        let below = path.strip_prefix(root).unwrap_or(path);
        let names: Vec<String> = below.iter().map(|name| name.to_string_lossy().into_owned()).collect();
        let above = &names[..names.len().saturating_sub(1)];
        let nearest = above
            .iter()
            .enumerate()
            .rev()
            .find_map(|(at, name)| Some((at + 1, Folder::named(name)?)));
        let of_root = || root.file_name().and_then(OsStr::to_str).and_then(Folder::named);
        let (from, mut folder) = nearest.map_or_else(|| (0, of_root()), |(from, folder)| (from, Some(folder)));
        let name = names[from.min(names.len())..].join("/");
        // A1111 reads a VAE beside its checkpoint.
        if without_extension(&name).to_ascii_lowercase().ends_with(".vae") {
            folder = Some(Folder::Vae);
        }
        let found = Found {
            path: path.to_owned(),
            folder,
            name,
            diffusers,
            root: number,
        };
        match folder {
            _ if diffusers || has_extension(&found.name) => self.trees.models.push(found),
            Some(Folder::Embedding) => self.trees.pictures.push(found),
            _ => {}
        }
    }
}

/// Whether a file may be a picture with an embedding in it; A1111 leaves `name.preview.png` out.
fn is_picture(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    let is_preview = || {
        path.file_stem()
            .is_some_and(|stem| stem.to_string_lossy().to_lowercase().ends_with(".preview"))
    };
    PICTURES.iter().any(|known| extension == *known) && !is_preview()
}

fn is_skipped(name: &OsStr) -> bool {
    let name = name.to_string_lossy();
    name.starts_with('.') || SKIPPED.contains(&&*name)
}

/// A name in lower case, cut into texts and numbers, so that `v2` comes before `v10`.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct NaturalKey(Vec<Piece>);

#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Piece {
    Number(Digits),
    Text(String),
}

/// Digits without leading zeros, by value: the longer is the larger.
#[derive(PartialEq, Eq)]
struct Digits(String);

impl Ord for Digits {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.len().cmp(&other.0.len()).then_with(|| self.0.cmp(&other.0))
    }
}

impl PartialOrd for Digits {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl NaturalKey {
    fn new(name: &str) -> Self {
        let lower = name.to_lowercase();
        let pieces = lower
            .as_bytes()
            .chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
        let mut at = 0;
        Self(
            pieces
                .map(|piece| {
                    let text = &lower[at..at + piece.len()];
                    at += piece.len();
                    if text.starts_with(|c: char| c.is_ascii_digit()) {
                        Piece::Number(Digits(text.trim_start_matches('0').to_owned()))
                    } else {
                        Piece::Text(text.to_owned())
                    }
                })
                .collect(),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sort_as_people_count() {
        let mut names = ["v10", "V2", "a-狐2", "v1.10", "v1.9", "a-狐10", "007", "8", ""];
        names.sort_by_key(|name| NaturalKey::new(name));
        assert_eq!(names, ["", "007", "8", "a-狐2", "a-狐10", "v1.9", "v1.10", "V2", "v10"]);
    }
}
