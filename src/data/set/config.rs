//! The set that a dataset TOML (or JSON) of kohya's scripts names: its folders, each by itself, without those below them, and the pictures
//! of its metadata files.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::metadata::{self, Metadata};
use super::read;
use super::walk::{self, Found};
use super::{Error, Ignored, MetadataFile, Options, Picture, Set, Subset};
use crate::data::config::folders::Folders;
use crate::data::config::{self, Arguments, Config};
use crate::data::unread::Unread;

/// Whether a file may be a configuration, by its name.
pub(super) fn is_config(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default();
    ["toml", "json"]
        .iter()
        .any(|known| extension.eq_ignore_ascii_case(known))
}

/// The folder of a TOML.
pub(super) fn root(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

pub(super) fn find(path: &Path, options: &Options, stop: &AtomicBool) -> Result<Found, Error> {
    let config = Config::read(path, &arguments(options))?;
    let root = root(path);
    let mut found = Found {
        root: root.to_owned(),
        ..Found::default()
    };
    let mut seen = Seen::default();
    let subsets = config.datasets.iter().flat_map(|dataset| &dataset.subsets);
    let mut subsets: Vec<_> = subsets
        .filter_map(|subset| Some((place(root, subset)?, subset)))
        .collect();
    // Stable: of a folder that is named twice the first counts.
    subsets.sort_by(|(a, _), (b, _)| a.as_os_str().cmp(b.as_os_str()));
    for (folder, subset) in subsets {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let added = match &subset.metadata_file {
            Some(file) => describe(&mut found, root, &folder, file, subset, &mut seen)?,
            None => add(&mut found, &folder, subset, &mut seen),
        };
        if let Err(why) = added {
            found.ignored.push((folder, why));
        }
    }
    found.ignored.sort();
    Ok(found)
}

/// What holds where the file says nothing: how captions were asked for, or kohya's `.caption`. What folders are read by if nothing else
/// is asked for is not kohya's, and so does not count here.
fn arguments(options: &Options) -> Arguments {
    let mut arguments = Arguments {
        // What a set is has nothing to do with it.
        has_resolution: true,
        ..Arguments::default()
    };
    if options.extension != Options::default().extension {
        arguments.subset.caption_extension.clone_from(&options.extension);
    }
    arguments.subset.captions.separator.clone_from(&options.separator);
    arguments
}

/// What was taken already.
#[derive(Default)]
struct Seen {
    folders: HashSet<(u64, u64)>,
    /// Metadata files with their folders.
    metadata: HashSet<(PathBuf, PathBuf)>,
}

/// The folder of a subset; that of its metadata file where it has no other.
fn place(root: &Path, subset: &config::Subset) -> Option<PathBuf> {
    let beside_metadata = || {
        let file = found_at(root, subset.metadata_file.as_deref()?, Path::is_file);
        Some(file.parent()?.to_owned())
    };
    match &subset.image_dir {
        Some(folder) => Some(found_at(root, folder, Path::is_dir)),
        None => beside_metadata(),
    }
}

/// A folder or file as the TOML names it. kohya takes it from where it is run, people often from where the TOML lies: that is tried first.
fn found_at(root: &Path, named: &Path, is_there: fn(&Path) -> bool) -> PathBuf {
    let beside = root.join(named);
    if is_there(&beside) || !is_there(named) {
        beside
    } else {
        named.to_owned()
    }
}

/// How often pictures are shown, or why they are not.
fn repeats(subset: &config::Subset) -> Result<u32, Ignored> {
    match u32::try_from(subset.num_repeats.min(u32::MAX.into())) {
        Ok(repeats @ 1..) => Ok(repeats),
        _ => Err(Ignored::Repeats(subset.num_repeats)),
    }
}

/// Takes the pictures of a metadata file, or says why not. A file that two datasets have is taken once.
fn describe(
    found: &mut Found,
    root: &Path,
    folder: &Path,
    file: &Path,
    subset: &config::Subset,
    seen: &mut Seen,
) -> Result<Result<(), Ignored>, Error> {
    let repeats = match repeats(subset) {
        Ok(repeats) => repeats,
        Err(why) => return Ok(Err(why)),
    };
    let path = found_at(root, file, Path::is_file);
    let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    if !seen.metadata.insert((real(&path), real(folder))) {
        return Ok(Ok(()));
    }
    let Metadata {
        stamp,
        mut entries,
        repeated,
    } = metadata::read(&path, subset.image_dir.is_some())?;
    if entries.is_empty() {
        found.ignored.push((path.clone(), Ignored::NoEntries));
    }
    let image_dir = subset.image_dir.as_ref().map(|named| (named.to_string_lossy(), folder));
    let image_dir = image_dir.as_ref().map(|(named, folder)| (named.as_ref(), *folder));
    metadata::fill_from_caches(&path, &mut entries, image_dir)?;
    let options = Options {
        extension: subset.caption_extension.clone(),
        separator: subset.captions.separator.clone(),
    };
    let wildcard = subset.captions.wildcard;
    let number = found.subsets.len() as u32;
    let mut pictures: Vec<Picture> = entries
        .into_iter()
        .map(|entry| Picture {
            path: folder.join(&*entry.key),
            subset: number,
            caption: read::caption(&entry, stamp, &options.separator, wildcard),
            entry: Some(Box::new(entry)),
        })
        .collect();
    pictures.sort_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    found.names.resize(found.names.len() + pictures.len(), None);
    found.pictures.append(&mut pictures);
    found.subsets.push(Subset {
        folder: folder.to_owned(),
        repeats,
        class_tokens: None,
        is_reg: false,
        options,
        metadata: Some(MetadataFile {
            path,
            stamp,
            repeated,
            wildcard,
        }),
    });
    Ok(Ok(()))
}

/// Takes one folder's pictures, or says why not.
fn add(found: &mut Found, folder: &Path, subset: &config::Subset, seen: &mut Seen) -> Result<(), Ignored> {
    let repeats = repeats(subset)?;
    let metadata = fs::metadata(folder).map_err(Unread::from)?;
    if !seen.folders.insert((metadata.dev(), metadata.ino())) {
        return Err(Ignored::Twice);
    }
    let looked = walk::look(folder, &mut Vec::new(), &mut Vec::new(), &mut found.ignored);
    let looked = looked.map_err(Unread::from)?;
    let subset = Subset {
        folder: folder.to_owned(),
        repeats,
        class_tokens: subset.class_tokens.clone(),
        is_reg: subset.is_reg,
        options: Options {
            extension: subset.caption_extension.clone(),
            separator: subset.captions.separator.clone(),
        },
        metadata: None,
    };
    found.add(subset, &looked);
    Ok(())
}

/// See [`Set::unread`].
pub(super) fn unread(set: &Set, file: &Path) -> Vec<usize> {
    const OTHER: &str = ".txt";
    let mut silent = arguments(&Options::default());
    silent.subset.caption_extension.clear();
    let Ok(config) = Config::read(file, &silent) else {
        return Vec::new();
    };
    let folders = Folders::of(set);
    let subsets = config.datasets.iter().flat_map(|dataset| &dataset.subsets);
    let silent = subsets.filter(|subset| subset.caption_extension.is_empty());
    let pictures = silent.filter_map(|subset| folders.get(subset.image_dir.as_deref()?));
    let is_unread = |&picture: &usize| {
        let picture = &set.pictures[picture];
        let mut extensions = set.subsets[picture.subset as usize].options.extensions();
        extensions.all(|read| read != OTHER) && walk::caption_path(&picture.path, false, OTHER).is_file()
    };
    let mut unread: Vec<usize> = pictures.flatten().copied().filter(is_unread).collect();
    unread.sort_unstable();
    unread.dedup();
    unread
}
