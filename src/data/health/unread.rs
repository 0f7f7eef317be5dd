//! Caption files that lie beside their picture and are read by nobody.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::{Found, Options, What};
use crate::data::set::Set;

/// What captions usually end in.
const USUAL: [&str; 2] = [".txt", ".caption"];

/// Why a caption file is not read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// `a.TXT`: its ending has capital letters.
    Capitals,
    /// `a.caption` beside `a.txt`: its picture has another one.
    Second,
}

pub(super) fn check(found: &mut Found<'_>, options: &Options) {
    let set = found.set;
    let mut told = HashSet::new();
    if let Some((file, _)) = &options.config {
        let unread = set.unread(file);
        let config = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.of_pictures(What::Extension { config }, &unread);
        let txt = |picture: usize| set.pictures[picture].path.with_extension("txt");
        told.extend(unread.into_iter().map(txt));
    }
    let files = beside(set);
    let of = |wanted: Why| -> Vec<String> {
        let those = files
            .iter()
            .filter(|(path, why)| *why == wanted && !told.contains(path));
        those.map(|(path, _)| set.relative(path).into_owned()).collect()
    };
    found.add(What::Capitals, of(Why::Capitals));
    found.add(What::Second, of(Why::Second));
}

/// Files that are captions of a picture by their name and are not the one that is read, in the order of folders and names.
fn beside(set: &Set) -> Vec<(PathBuf, Why)> {
    // Of each folder, the pictures' names without their endings, and whether a caption is read.
    let mut captioned: Vec<HashMap<&[u8], bool>> = vec![HashMap::new(); set.subsets.len()];
    let mut read = HashSet::new();
    for (number, picture) in set.pictures.iter().enumerate() {
        let stem = picture.path.file_stem().unwrap_or_default().as_bytes();
        let is_read = picture.caption.is_some() || set.unreadable.contains_key(&number);
        captioned[picture.subset as usize].insert(stem, is_read);
        if is_read {
            read.insert(set.caption_path(number));
        }
    }
    let mut found = Vec::new();
    for (subset, captioned) in set.subsets.iter().zip(&captioned) {
        let own = subset.options.extensions();
        let endings: HashSet<String> = own.map(String::from).chain(USUAL.map(str::to_owned)).collect();
        let Ok(entries) = fs::read_dir(&subset.folder) else {
            continue;
        };
        let mut names: Vec<OsString> = entries.flatten().map(|entry| entry.file_name()).collect();
        names.sort_unstable();
        for name in names {
            let bytes = name.as_bytes();
            let split = |ending: &String| {
                let (stem, end) = bytes.split_at_checked(bytes.len().checked_sub(ending.len())?)?;
                let is_it = end.eq_ignore_ascii_case(ending.as_bytes());
                is_it.then(|| Some((*captioned.get(stem)?, end == ending.as_bytes())))?
            };
            let path = subset.folder.join(&name);
            let why = match endings.iter().find_map(split) {
                Some((_, false)) => Why::Capitals,
                Some((true, true)) => Why::Second,
                _ => continue,
            };
            if !read.contains(&path) && path.is_file() {
                found.push((path, why));
            }
        }
    }
    found
}
