//! Pictures renamed in order, captions along.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};

use super::names::{captions_along, stem};
use crate::data::journal::Change;
use crate::data::set::Set;

/// By what pictures are numbered within their folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum By {
    /// Their names, with numbers in them read as numbers: `2` before `10`.
    #[default]
    Name,
    /// When they were written to, the oldest first.
    Time,
    /// Bytes, the largest first.
    Bytes,
}

/// A name with a number in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    before: String,
    digits: usize,
    after: String,
}

/// Why a text is no pattern.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// Nothing would tell one name from the other.
    #[error("the pattern {0:?} has no number: write {{n}} or {{n:04}} where it stands")]
    NoNumber(String),
    /// One is enough.
    #[error("the pattern {0:?} has two numbers: one is enough to tell pictures apart")]
    TwoNumbers(String),
    /// It leads into another folder, or hides files.
    #[error("the pattern {0:?} is no name of a file")]
    NoName(String),
}

impl Pattern {
    /// Reads `photo-{n}` or `{n:04}`: the number stands in the braces, with at least so many digits.
    ///
    /// # Errors
    /// A pattern without a number, or one that leads into another folder.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        let missing = || PatternError::NoNumber(text.to_owned());
        let begin = text.find("{n").ok_or_else(missing)?;
        let (inner, after) = text[begin + 2..].split_once('}').ok_or_else(missing)?;
        let digits = match inner.strip_prefix(":0") {
            None if inner.is_empty() => 0,
            Some(digits) => digits.parse().ok().filter(|digits| *digits <= 20).ok_or_else(missing)?,
            None => return Err(missing()),
        };
        if after.contains("{n") {
            return Err(PatternError::TwoNumbers(text.to_owned()));
        }
        if text.contains(['/', '\\', '\0']) || text.starts_with('.') {
            return Err(PatternError::NoName(text.to_owned()));
        }
        Ok(Self {
            before: text[..begin].to_owned(),
            digits,
            after: after.to_owned(),
        })
    }

    fn name(&self, number: u64) -> String {
        format!("{}{number:0digits$}{}", self.before, self.after, digits = self.digits)
    }
}

/// What is renamed, and what is not because a file that stays has the name.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Renaming {
    /// Moves of pictures and captions.
    pub changes: Vec<Change>,
    /// Names that are taken by files that are not renamed.
    pub taken: Vec<PathBuf>,
}

/// Numbers the pictures of each folder from `first` on, but for those that [`Set::anchor`] holds. Two pictures of one stem get one number, and so keep one caption.
pub fn rename(set: &Set, pictures: &[usize], pattern: &Pattern, first: u64, by: By) -> Renaming {
    let mut folders: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for &picture in pictures.iter().filter(|&&picture| set.anchor(picture).is_none()) {
        folders.entry(set.pictures[picture].subset).or_default().push(picture);
    }
    let mut wanted = Vec::with_capacity(pictures.len());
    for mut pictures in folders.into_values() {
        sort(set, &mut pictures, by);
        let mut numbers: HashMap<PathBuf, u64> = HashMap::new();
        for picture in pictures {
            let path = &set.pictures[picture].path;
            let next = first.saturating_add(numbers.len() as u64);
            let number = *numbers.entry(path.with_file_name(stem(path))).or_insert(next);
            let name = pattern.name(number);
            let to = renamed(path, &name);
            if *path != to {
                wanted.push((picture, to, renamed(&set.caption_path(picture), &name)));
            }
        }
    }
    settle(set, wanted)
}

/// Leaves out what cannot be renamed because a file that stays has the name, and what waits for it; a picture stays with its caption.
fn settle(set: &Set, mut wanted: Vec<(usize, PathBuf, PathBuf)>) -> Renaming {
    let mut taken = Vec::new();
    loop {
        let leaving: HashSet<PathBuf> = wanted
            .iter()
            .flat_map(|(picture, ..)| [set.pictures[*picture].path.clone(), set.caption_path(*picture)])
            .collect();
        let is_stuck = |name: &PathBuf| name.symlink_metadata().is_ok() && !leaving.contains(name);
        let before = wanted.len();
        wanted.retain(|(picture, path, caption)| {
            let has_caption = set.pictures[*picture].caption.is_some();
            let stuck = [Some(path), has_caption.then_some(caption)]
                .into_iter()
                .flatten()
                .find(|name| is_stuck(name));
            taken.extend(stuck.cloned());
            stuck.is_none()
        });
        if wanted.len() == before {
            break;
        }
    }
    let captions: Vec<_> = wanted
        .iter()
        .map(|(picture, _, caption)| (*picture, caption.clone()))
        .collect();
    let captions = captions_along(set, &captions);
    let pictures = wanted.into_iter().map(|(picture, to, _)| Change::Move {
        from: set.pictures[picture].path.clone(),
        to,
    });
    let changes = pictures.chain(captions).collect();
    taken.sort();
    Renaming { changes, taken }
}

fn renamed(path: &Path, name: &str) -> PathBuf {
    let mut name = std::ffi::OsString::from(name);
    if let Some(extension) = path.extension() {
        name.push(".");
        name.push(extension);
    }
    path.with_file_name(name)
}

fn sort(set: &Set, pictures: &mut [usize], by: By) {
    let path = |picture: &usize| &set.pictures[*picture].path;
    let metadata = |picture: &usize| std::fs::metadata(path(picture)).ok();
    pictures.sort_by_cached_key(|picture| natural(path(picture)));
    match by {
        By::Name => {}
        By::Time => pictures.sort_by_cached_key(|picture| metadata(picture).and_then(|file| file.modified().ok())),
        By::Bytes => pictures.sort_by_cached_key(|picture| std::cmp::Reverse(metadata(picture).map(|file| file.len()))),
    }
}

/// A name's parts: text in small letters, and numbers by length and digits, which sorts them by value.
fn natural(path: &Path) -> Vec<(bool, usize, String)> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let chars: Vec<char> = name.chars().collect();
    let parts = chars.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    parts
        .map(|part| {
            let text: String = part.iter().collect();
            if part.first().is_some_and(char::is_ascii_digit) {
                let digits = text.trim_start_matches('0').to_owned();
                (false, digits.len(), digits)
            } else {
                (true, 0, text)
            }
        })
        .collect()
}
