//! Sizes from the names of cached latents, `a_0512x0768_sd.npz`: kohya's trainers believe them before they look into a picture.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::ops::Bound;
use std::path::Path;

use super::{Entry, Fault, quoted};
use crate::data::buckets::Size;

/// What caches of SD and of SDXL end in; a trainer looks at those of its own kind.
const SUFFIXES: [&str; 2] = ["_sd.npz", "_sdxl.npz"];
/// Names are compared no more often than this for one file. Only a set made for it has so many that begin alike.
const MOST: usize = 50_000_000;

/// Gives entries without a size that of their cache. Caches lie in `image_dir`, here with the folder that it is, and in the folders of
/// whole keys. They are found as kohya finds them, by text: the longest name that begins like the key.
///
/// # Errors
/// The name of a cache that tells no size, at which kohya's trainers stop.
pub(in crate::data::set) fn fill(entries: &mut [Entry], image_dir: Option<(&str, &Path)>) -> Result<(), Fault> {
    if entries.iter().all(|entry| entry.size.is_some()) {
        return Ok(());
    }
    let mut folders: BTreeMap<&str, &Path> = image_dir.into_iter().collect();
    let keys: Vec<Box<str>> = entries.iter().map(|entry| entry.key.clone()).collect();
    for key in &keys {
        if key.starts_with('/') {
            let folder = folder_of(key);
            folders.entry(folder).or_insert_with(|| Path::new(folder));
        }
    }
    // kohya puts the folder into a pattern as it is: one with such signs names others, which hardly are there.
    folders.retain(|folder, _| !folder.contains(['*', '?', '[']));
    let names: Vec<(&str, String)> = folders
        .iter()
        .flat_map(|(folder, at)| caches(at).into_iter().map(|name| (*folder, name)))
        .collect();
    let mut work = 0;
    for suffix in SUFFIXES {
        let of_kind = names.iter().filter(|(_, name)| name.ends_with(suffix));
        let mut left: BTreeSet<String> = of_kind.map(|(folder, name)| joined(folder, name)).collect();
        for entry in entries.iter_mut().filter(|entry| entry.size.is_none()) {
            let begin = without_extension(&entry.key);
            let from = (Bound::Included(begin), Bound::Unbounded);
            let alike = left.range::<str, _>(from).take_while(|name| name.starts_with(begin));
            let alike = alike.inspect(|_| work += 1).take(MOST);
            // Of equally long ones the folder's own order decides for kohya; here, the first by name.
            let longest = alike.max_by_key(|name| (file_name(name).chars().count(), std::cmp::Reverse(*name)));
            let Some(cache) = longest.cloned() else { continue };
            entry.size = Some(size(&cache).ok_or_else(|| no_size(&cache))?);
            left.remove(&cache);
            if work > MOST {
                let sentence = "the names of too many cached latents begin alike".to_owned();
                return Err((sentence, "give the entries their image_size"));
            }
        }
    }
    Ok(())
}

/// The names of caches in a folder; none where it cannot be looked into. A pattern's `*` passes hidden files over.
fn caches(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let names = entries.filter_map(|entry| entry.file_name().into_string().ok());
    let is_cache = |name: &String| !name.starts_with('.') && SUFFIXES.iter().any(|suffix| name.ends_with(suffix));
    names.filter(is_cache).collect()
}

/// Python's `os.path.join` of a folder and a name.
fn joined(folder: &str, name: &str) -> String {
    let slash = if folder.is_empty() || folder.ends_with('/') {
        ""
    } else {
        "/"
    };
    format!("{folder}{slash}{name}")
}

/// Python's `os.path.dirname` of a whole path.
fn folder_of(path: &str) -> &str {
    let (head, _) = path.split_at(path.rfind('/').map_or(0, |at| at + 1));
    match head.trim_end_matches('/') {
        "" => head,
        folder => folder,
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// Python's `os.path.splitext(path)[0]`: dots that a name begins with end none.
fn without_extension(path: &str) -> &str {
    let name = file_name(path);
    let begin = name.len() - name.trim_start_matches('.').len();
    match name[begin..].rfind('.') {
        Some(at) => &path[..path.len() - name.len() + begin + at],
        None => path,
    }
}

fn no_size(cache: &str) -> Fault {
    let sentence = format!("the cached latents {} have no size in their name", quoted(cache));
    (sentence, "remove them, or give their entry its image_size")
}

/// The size in a cache's name: the last part but one between underscores.
fn size(cache: &str) -> Option<Size> {
    let mut parts = without_extension(cache).rsplit('_');
    let (width, height) = parts.nth(1)?.split_once('x')?;
    let side = |text: &str| text.parse().ok().filter(|&side: &u32| side > 0);
    Some([side(width)?, side(height)?])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_as_python_cuts_them() {
        let cut = ["/d/a.b.png", "/d.e/a", "/d/.png", "/d/..a.png", "a.", ""].map(without_extension);
        assert_eq!(cut, ["/d/a.b", "/d.e/a", "/d/.png", "/d/..a", "a", ""]);
        let folders = ["/a.png", "//a", "/d/e/a.png", "/d//a"].map(folder_of);
        assert_eq!(folders, ["/", "//", "/d/e", "/d"]);
        assert_eq!(size("/d/a_b_0512x0768_sdxl.npz"), Some([512, 768]));
        assert_eq!(
            (size("/d_1x2/a_sd.npz"), size("a_0x1_sd.npz"), size("a_1x2x3_sd.npz")),
            (None, None, None)
        );
    }
}
