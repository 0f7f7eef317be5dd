//! Captions, read: many at once, never more than a caption may be large, never waiting for a pipe.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::ThreadPoolBuilder;
use rayon::prelude::*;
use rustix::fs::OFlags;

use super::metadata::{self, Entry};
use super::{Caption, Document, Error, MetadataFile, Name, Picture, Set, Stamp, Subset, walk};
use crate::data::unread::Unread;

/// More than this is no caption.
const LARGEST: u64 = 64 << 20;
/// How many captions are read between two looks at `stop`.
const AT_ONCE: usize = 4096;
/// Threads that read a large set. They wait for the disk, not for a processor: with two of them a set that is not in memory took twice as
/// long as with sixteen, and more gained nothing.
const READERS: usize = 16;

/// What became of reading a caption that is there, or is not.
type Outcome = Result<Option<Caption>, Unread>;

/// Reads the captions of those names.
pub(super) fn all(
    set: &mut Set,
    names: &[Option<Name>],
    progress: &mut dyn FnMut(usize),
    stop: &AtomicBool,
) -> Result<(), Error> {
    let extensions = extensions(set);
    let large = set.pictures.len() > AT_ONCE;
    let readers = large
        .then(|| ThreadPoolBuilder::new().num_threads(READERS).build().ok())
        .flatten();
    for begin in (0..set.pictures.len()).step_by(AT_ONCE) {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let end = set.pictures.len().min(begin + AT_ONCE);
        let pictures = &set.pictures[begin..end];
        let outcomes = || -> Vec<Outcome> {
            let each = pictures.par_iter().zip(&names[begin..end]);
            each.map(|(picture, name)| match name {
                Some(name) => read(picture, *name, &extensions[picture.subset as usize]),
                None => Ok(None),
            })
            .collect()
        };
        let outcomes = match &readers {
            Some(readers) => readers.install(outcomes),
            None => outcomes(),
        };
        for (picture, outcome) in (begin..end).zip(outcomes) {
            if set.pictures[picture].entry.is_none() {
                keep(set, picture, outcome);
            }
        }
        progress(end);
    }
    Ok(())
}

/// Of each folder, what captions end in.
fn extensions(set: &Set) -> Vec<Vec<String>> {
    let own = |subset: &Subset| subset.options.extensions().map(Cow::into_owned).collect();
    set.subsets.iter().map(own).collect()
}

fn keep(set: &mut Set, picture: usize, outcome: Outcome) {
    set.unreadable.remove(&picture);
    set.pictures[picture].caption = outcome.unwrap_or_else(|why| {
        set.unreadable.insert(picture, why);
        None
    });
}

/// Reads a picture's caption; none where the file is not there.
fn read(picture: &Picture, name: Name, extensions: &[String]) -> Outcome {
    let path = walk::caption_path(&picture.path, name.of_face, &extensions[usize::from(name.extension)]);
    match bytes(&path) {
        Ok((stamp, bytes)) => Ok(Some(Caption {
            stamp,
            document: Document { bytes },
            name,
        })),
        Err(Unread::System {
            kind: io::ErrorKind::NotFound,
            ..
        }) => Ok(None),
        Err(why) => Err(why),
    }
}

fn bytes(path: &Path) -> Result<(Stamp, Box<[u8]>), Unread> {
    // A pipe would be waited for otherwise.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(Unread::NoFile);
    }
    if metadata.len() > LARGEST {
        return Err(Unread::TooLarge(metadata.len()));
    }
    let bytes = to_end(file, metadata.len() as usize)?;
    if bytes.len() as u64 > LARGEST {
        return Err(Unread::TooLarge(bytes.len() as u64));
    }
    Ok((Stamp::of(&metadata), bytes.into_boxed_slice()))
}

/// Reads a file that is about so long. `File::read_to_end` asks the system twice more.
fn to_end(mut file: File, length: usize) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; length + 1];
    let mut filled = 0;
    while filled < bytes.len() {
        match file.read(&mut bytes[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    let has_grown = filled == bytes.len();
    bytes.truncate(filled);
    if has_grown {
        file.take(LARGEST).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// See [`Set::reread`].
pub(super) fn again(set: &mut Set, paths: &[PathBuf]) -> Vec<usize> {
    let mut changed = beside(set, paths);
    for number in 0..set.subsets.len() {
        if described(set, number).is_some_and(|file| paths.contains(&file.path)) {
            changed.extend(entries(set, number));
        }
    }
    changed.sort_unstable();
    changed
}

fn described(set: &Set, subset: usize) -> Option<&MetadataFile> {
    set.subsets[subset].metadata.as_ref()
}

/// Reads a subset's metadata file again. Entries that came or went are not noticed by this; a file that cannot be used any more leaves
/// pictures without captions.
fn entries(set: &mut Set, subset: usize) -> Vec<usize> {
    let Some(file) = described(set, subset).cloned() else {
        return Vec::new();
    };
    let read = metadata::read(&file.path, true);
    let why = read.as_ref().err().map(ToString::to_string);
    let mut by_key = HashMap::new();
    if let Ok(read) = read {
        by_key.extend(read.entries.into_iter().map(|entry| (entry.key.clone(), entry)));
        let stamp = read.stamp;
        if let Some(file) = &mut set.subsets[subset].metadata {
            file.stamp = stamp;
        }
    }
    let separator = set.subsets[subset].options.separator.clone();
    let mut changed = Vec::new();
    for number in 0..set.pictures.len() {
        let picture = &mut set.pictures[number];
        let Some(entry) = picture.entry.as_mut().filter(|_| picture.subset as usize == subset) else {
            continue;
        };
        let new = by_key.remove(&entry.key);
        let before = (picture.caption.take(), set.unreadable.remove(&number));
        if let Some(new) = new {
            (entry.caption, entry.tags) = (new.caption, new.tags);
            entry.size = new.size.or(entry.size);
            let stamp = set.subsets[subset]
                .metadata
                .as_ref()
                .map_or(file.stamp, |file| file.stamp);
            picture.caption = caption(entry, stamp, &separator, file.wildcard);
        } else {
            let why = why.clone().map_or(Unread::NoEntry, Unread::Metadata);
            set.unreadable.insert(number, why);
        }
        let document = |caption: &Option<Caption>| caption.as_ref().map(|caption| caption.document.clone());
        let same = document(&before.0) == document(&picture.caption);
        if !same || before.1.as_ref() != set.unreadable.get(&number) {
            changed.push(number);
        }
    }
    changed
}

/// The caption of an entry; none where it says nothing.
pub(super) fn caption(entry: &Entry, stamp: Stamp, separator: &str, wildcard: bool) -> Option<Caption> {
    let text = entry.text(separator, wildcard);
    (!text.is_empty()).then(|| Caption {
        stamp,
        document: Document::new(text.into_bytes()),
        name: Name::default(),
    })
}

/// Reads those captions again that lie beside their pictures.
fn beside(set: &mut Set, paths: &[PathBuf]) -> Vec<usize> {
    let extensions = extensions(set);
    let mut wanted: HashSet<(&Path, &[u8])> = HashSet::new();
    for path in paths {
        let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else {
            continue;
        };
        wanted.insert((parent, path.file_stem().unwrap_or(name).as_bytes()));
        let ends = extensions.iter().flatten();
        wanted.extend(ends.filter_map(|end| Some((parent, name.as_bytes().strip_suffix(end.as_bytes())?))));
    }
    let is_wanted = |picture: &Picture| {
        let parent = picture.path.parent().unwrap_or(Path::new(""));
        let stem = picture.path.file_stem().unwrap_or_default().as_bytes();
        let mut stems = [Some(stem), walk::face_stem(stem)].into_iter().flatten();
        stems.any(|stem| wanted.contains(&(parent, stem)))
    };
    let pictures: Vec<_> = set
        .pictures
        .par_iter()
        .enumerate()
        .filter(|(_, picture)| picture.entry.is_none() && is_wanted(picture))
        .collect();
    let outcomes: Vec<_> = pictures
        .into_par_iter()
        .map(|(i, picture)| (i, first(picture, &extensions[picture.subset as usize])))
        .collect();
    let mut changed = Vec::new();
    for (picture, outcome) in outcomes {
        let document = |caption: &Option<Caption>| caption.as_ref().map(|caption| caption.document.clone());
        let before = (
            document(&set.pictures[picture].caption),
            set.unreadable.get(&picture).cloned(),
        );
        keep(set, picture, outcome);
        if before
            != (
                document(&set.pictures[picture].caption),
                set.unreadable.get(&picture).cloned(),
            )
        {
            changed.push(picture);
        }
    }
    changed
}

/// The first caption that a picture has by any of its names.
fn first(picture: &Picture, extensions: &[String]) -> Outcome {
    let file = picture.path.file_name().unwrap_or_default();
    for name in walk::names(file, extensions.len()) {
        if let found @ (Ok(Some(_)) | Err(_)) = read(picture, name, extensions) {
            return found;
        }
    }
    Ok(None)
}

/// See [`Set::changed_outside`].
pub(super) fn changed(set: &Set) -> Vec<PathBuf> {
    let extensions = extensions(set);
    let stamp = |picture: &Picture| {
        let extensions = &extensions[picture.subset as usize];
        let file = picture.path.file_name().unwrap_or_default();
        walk::names(file, extensions.len()).find_map(|name| {
            let path = walk::caption_path(&picture.path, name.of_face, &extensions[usize::from(name.extension)]);
            Some((name, Stamp::of(&fs::metadata(path).ok()?)))
        })
    };
    let others: Vec<bool> = (0..set.subsets.len())
        .map(|subset| described(set, subset).is_some_and(|file| metadata::is_changed(&file.path, file.stamp)))
        .collect();
    let other = |(i, picture): (usize, &Picture)| {
        if picture.entry.is_some() {
            return others[picture.subset as usize].then(|| set.caption_path(i));
        }
        let now = stamp(picture);
        let read = picture.caption.as_ref().map(|caption| (caption.name, caption.stamp));
        (now != read && !set.unreadable.contains_key(&i)).then(|| picture.path.clone())
    };
    let mut changed: Vec<PathBuf> = set.pictures.par_iter().enumerate().filter_map(other).collect();
    // Of a metadata file all pictures tell the same.
    changed.dedup();
    changed
}
