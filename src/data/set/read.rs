//! Captions, read: on all processors, never more than a caption may be large, never waiting for a pipe.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use rayon::prelude::*;
use rustix::fs::OFlags;

use super::{Caption, Document, Error, Name, Picture, Set, Stamp, Subset, walk};

/// More than this is no caption.
const LARGEST: u64 = 64 << 20;
/// How many captions are read between two looks at `stop`.
const AT_ONCE: usize = 4096;

/// What became of reading a caption: an English clause where it is there and cannot be read.
type Outcome = Result<Option<Caption>, String>;

/// Reads the captions of those names.
pub(super) fn all(
    set: &mut Set,
    names: &[Option<Name>],
    progress: &mut dyn FnMut(usize),
    stop: &AtomicBool,
) -> Result<(), Error> {
    let extensions = extensions(set);
    for begin in (0..set.pictures.len()).step_by(AT_ONCE) {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        let end = set.pictures.len().min(begin + AT_ONCE);
        let outcomes: Vec<Outcome> = set.pictures[begin..end]
            .par_iter()
            .zip(&names[begin..end])
            .map(|(picture, name)| match name {
                Some(name) => read(picture, *name, &extensions[picture.subset as usize]),
                None => Ok(None),
            })
            .collect();
        for (picture, outcome) in (begin..end).zip(outcomes) {
            keep(set, picture, outcome);
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
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(e) => {
            let file = path.file_name().unwrap_or_default().to_string_lossy();
            Err(format!("{file} cannot be read: {e}"))
        }
    }
}

fn bytes(path: &Path) -> io::Result<(Stamp, Box<[u8]>)> {
    // A pipe would be waited for otherwise.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let too_large = |length: u64| io::Error::other(format!("a caption of {} MiB is none", length >> 20));
    if metadata.len() > LARGEST {
        return Err(too_large(metadata.len()));
    }
    let bytes = to_end(file, metadata.len() as usize)?;
    if bytes.len() as u64 > LARGEST {
        return Err(too_large(bytes.len() as u64));
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
        .filter(|(_, picture)| is_wanted(picture))
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
    let other = |(i, picture): (usize, &Picture)| {
        let now = stamp(picture);
        let read = picture.caption.as_ref().map(|caption| (caption.name, caption.stamp));
        (now != read && !set.unreadable.contains_key(&i)).then(|| picture.path.clone())
    };
    set.pictures.par_iter().enumerate().filter_map(other).collect()
}
