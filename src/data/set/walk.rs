//! Which files belong to a set: folders as kohya's scripts read them, pictures by their extension, captions by the pictures' names.

use std::collections::{BTreeSet, HashSet};
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicBool, Ordering};

use regex::Regex;

use super::{Error, Ignored, Name, Options, Picture, Subset};
use crate::data::unread::Unread;

const PICTURES: [&str; 5] = ["png", "jpg", "jpeg", "webp", "bmp"];
/// Pictures that are not read, which somebody may miss.
const OTHERS: [&str; 8] = ["avif", "jxl", "gif", "tif", "tiff", "heic", "heif", "jfif"];

/// What lies below a folder.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) root: PathBuf,
    pub(super) subsets: Vec<Subset>,
    pub(super) pictures: Vec<Picture>,
    /// Of each picture, its caption's name where there is a caption.
    pub(super) names: Vec<Option<Name>>,
    pub(super) strays: Vec<PathBuf>,
    pub(super) ignored: Vec<(PathBuf, Ignored)>,
}

/// A folder that was looked into.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    pictures: Vec<OsString>,
    /// Files that are no pictures.
    others: BTreeSet<OsString>,
}

/// Whether a file is a picture by its name. Capitals do not matter.
pub fn is_picture(path: &Path) -> bool {
    has_extension(path, &PICTURES)
}

fn has_extension(path: &Path, extensions: &[&str]) -> bool {
    let extension = path.extension().unwrap_or_default();
    extensions.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

/// Repeats and class tokens of a folder's name as kohya's scripts read it: Python's `int(name.split("_")[0])`, at least 1, and the rest.
pub fn kohya_name(name: &str) -> Option<(u32, String)> {
    let (number, rest) = name.split_once('_').unwrap_or((name, ""));
    let repeats = python_int(number)?;
    (repeats >= 1).then(|| (repeats, rest.to_owned()))
}

/// Python's `int` of a text without underscores, cut to what fits; none where Python raises an error.
fn python_int(text: &str) -> Option<u32> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || ('\x1c'..='\x1f').contains(&c));
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() {
        return None;
    }
    let value = digits.chars().try_fold(0_u32, |value, c| {
        Some(value.saturating_mul(10).saturating_add(decimal(c)?))
    })?;
    Some(if text.starts_with('-') { 0 } else { value })
}

/// The value of a decimal digit of any script. Their blocks have ten in a row, or several tens.
fn decimal(c: char) -> Option<u32> {
    static DIGIT: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"^\p{Nd}$").ok());
    if c.is_ascii() {
        return c.to_digit(10);
    }
    let is_digit = |c: char| {
        DIGIT
            .as_ref()
            .is_some_and(|digit| digit.is_match(c.encode_utf8(&mut [0; 4])))
    };
    if !is_digit(c) {
        return None;
    }
    let before = (1..64).take_while(|&back| char::from_u32(c as u32 - back).is_some_and(is_digit));
    Some(before.count() as u32 % 10)
}

/// The set below a folder.
pub(super) fn find(path: &Path, options: &Options, stop: &AtomicBool) -> Result<Found, Error> {
    let metadata = fs::metadata(path).map_err(|reason| match reason.kind() {
        io::ErrorKind::NotFound => Error::NotThere(path.to_owned()),
        _ => Error::Unreadable {
            path: path.to_owned(),
            reason,
        },
    })?;
    if !metadata.is_dir() {
        return Err(Error::NotASet(path.to_owned()));
    }
    let mut ignored = Vec::new();
    let folders = folders(path, &metadata, &mut ignored, stop)?;
    let mut found = Found {
        root: path.to_owned(),
        ignored,
        ..Found::default()
    };
    let named: Vec<_> = folders.iter().map(|folder| kohya_of(&folder.path)).collect();
    let is_tree = folders
        .iter()
        .zip(&named)
        .any(|(folder, name)| name.is_some() && !folder.pictures.is_empty());
    for (folder, name) in folders.iter().zip(named) {
        if folder.pictures.is_empty() {
            continue;
        }
        if is_tree && name.is_none() {
            let why = Ignored::Unnumbered {
                several: folder.pictures.len() > 1,
            };
            found.ignored.push((folder.path.clone(), why));
            continue;
        }
        let (repeats, class_tokens) = name.map_or((1, None), |(repeats, class)| (repeats, Some(class)));
        let subset = Subset {
            folder: folder.path.clone(),
            repeats,
            class_tokens,
            is_reg: is_reg(&folder.path, path),
            options: options.clone(),
            metadata: None,
        };
        found.add(subset, folder);
    }
    found.ignored.sort();
    Ok(found)
}

impl Found {
    /// Takes a folder's pictures and captions as a subset.
    pub(super) fn add(&mut self, subset: Subset, folder: &Folder) {
        let extensions: Vec<_> = subset.options.extensions().collect();
        let number = self.subsets.len() as u32;
        let mut used = HashSet::new();
        for picture in &folder.pictures {
            let path = folder.path.join(picture);
            let name = names(picture, extensions.len()).find(|&name| {
                let file = caption_name(picture, name.of_face, &extensions[usize::from(name.extension)]);
                let is_there = folder.others.contains(&file);
                if is_there {
                    used.insert(file);
                }
                is_there
            });
            self.names.push(name);
            self.pictures.push(Picture {
                path,
                subset: number,
                caption: None,
                entry: None,
            });
        }
        let is_caption = |name: &OsStr| extensions.iter().any(|end| name.as_bytes().ends_with(end.as_bytes()));
        let stems: HashSet<_> = folder.pictures.iter().map(|picture| stem(picture)).collect();
        let strays = folder.others.iter().filter(|name| {
            // What another extension's caption hides is no stray: its picture is there.
            let hidden = extensions.iter().any(|end| {
                let bytes = name.as_bytes();
                bytes.ends_with(end.as_bytes()) && stems.contains(&bytes[..bytes.len() - end.len()])
            });
            is_caption(name) && !used.contains(*name) && !hidden
        });
        self.strays.extend(strays.map(|name| folder.path.join(name)));
        self.subsets.push(subset);
    }
}

/// All folders from `root` down, sorted by path. Each is looked into once, however many links lead there.
fn folders(
    root: &Path,
    metadata: &Metadata,
    ignored: &mut Vec<(PathBuf, Ignored)>,
    stop: &AtomicBool,
) -> Result<Vec<Folder>, Error> {
    let mut seen = HashSet::from([(metadata.dev(), metadata.ino())]);
    let mut folders = Vec::new();
    let mut next = vec![root.to_owned()];
    // Links come last: a folder is known by its own name where it has one here.
    let mut links = Vec::new();
    while let Some((path, is_link)) = next
        .pop()
        .map(|path| (path, false))
        .or_else(|| Some((links.pop()?, true)))
    {
        if stop.load(Ordering::Relaxed) {
            return Err(Error::Stopped);
        }
        if path != root {
            match fs::metadata(&path) {
                Ok(metadata) if seen.insert((metadata.dev(), metadata.ino())) => {}
                Ok(_) if is_link => {
                    ignored.push((path, Ignored::KnownLink));
                    continue;
                }
                Ok(_) => continue,
                Err(reason) => {
                    ignored.push((path, Unread::from(reason).into()));
                    continue;
                }
            }
        }
        match look(&path, &mut next, &mut links, ignored) {
            Ok(folder) => folders.push(folder),
            Err(reason) if path == root => return Err(Error::Unreadable { path, reason }),
            Err(reason) => ignored.push((path, Unread::from(reason).into())),
        }
    }
    folders.sort_by(|a, b| a.path.as_os_str().as_bytes().cmp(b.path.as_os_str().as_bytes()));
    Ok(folders)
}

/// Lists one folder; folders in it go to `next` and `links`.
pub(super) fn look(
    path: &Path,
    next: &mut Vec<PathBuf>,
    links: &mut Vec<PathBuf>,
    ignored: &mut Vec<(PathBuf, Ignored)>,
) -> io::Result<Folder> {
    let mut folder = Folder {
        path: path.to_owned(),
        pictures: Vec::new(),
        others: BTreeSet::new(),
    };
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        let name = entry.file_name();
        if name.as_bytes().starts_with(b".") {
            continue;
        }
        let path = entry.path();
        let own = entry.file_type()?;
        let is_dir = if own.is_symlink() {
            match fs::metadata(&path) {
                Ok(metadata) => metadata.is_dir(),
                Err(_) if is_picture(&path) => {
                    ignored.push((path, Ignored::DeadLink));
                    continue;
                }
                Err(_) => false,
            }
        } else {
            own.is_dir()
        };
        if is_dir && own.is_symlink() {
            links.push(path);
        } else if is_dir {
            next.push(path);
        } else if is_picture(&path) {
            folder.pictures.push(name);
        } else {
            if has_extension(&path, &OTHERS) {
                let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
                ignored.push((path, Ignored::Format(extension)));
            }
            folder.others.insert(name);
        }
    }
    folder.pictures.sort();
    links.sort_by(|a, b| b.cmp(a));
    Ok(folder)
}

/// The name of a folder as kohya reads it, of `.` and `..` as well.
fn kohya_of(folder: &Path) -> Option<(u32, String)> {
    kohya_name(&last_name(folder)?.to_string_lossy())
}

fn last_name(folder: &Path) -> Option<OsString> {
    match folder.file_name() {
        Some(name) => Some(name.to_owned()),
        None => fs::canonicalize(folder).ok()?.file_name().map(OsStr::to_owned),
    }
}

/// Whether a folder, from the set's root down, lies in one for regularization pictures. Of an opened `1_girl` its parent's name counts.
fn is_reg(folder: &Path, root: &Path) -> bool {
    let is_name = |name: &OsStr| {
        let name = name.to_string_lossy().to_lowercase();
        name == "reg" || name == "regularization" || name.starts_with("reg_")
    };
    let below = folder.strip_prefix(root).unwrap_or(folder);
    let above = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let mut own = above.iter().rev();
    let root_is = own.next().is_some_and(is_name);
    let parent_is = below.as_os_str().is_empty() && own.next().is_some_and(is_name);
    root_is || parent_is || below.iter().any(is_name)
}

/// The names that a picture's caption may have, the first that is there counts.
pub(super) fn names(picture: &OsStr, extensions: usize) -> impl Iterator<Item = Name> {
    let of_face = [false, true]
        .into_iter()
        .take(1 + usize::from(face_stem(stem(picture)).is_some()));
    of_face.flat_map(move |of_face| {
        (0..extensions.min(256)).map(move |extension| Name {
            extension: extension as u8,
            of_face,
        })
    })
}

/// Python's `os.path.splitext(name)[0]`.
fn stem(name: &OsStr) -> &[u8] {
    Path::new(name).file_stem().unwrap_or(name).as_bytes()
}

fn caption_name(picture: &OsStr, of_face: bool, extension: &str) -> OsString {
    let mut stem = stem(picture);
    if of_face {
        stem = face_stem(stem).unwrap_or(stem);
    }
    OsString::from_vec([stem, extension.as_bytes()].concat())
}

/// The stem that a face's crop shares with its whole picture: without the last four numbers.
pub(super) fn face_stem(stem: &[u8]) -> Option<&[u8]> {
    let (at, _) = stem.iter().enumerate().rev().filter(|(_, b)| **b == b'_').nth(3)?;
    Some(&stem[..at])
}

/// Where a picture's caption of that extension lies.
pub(super) fn caption_path(picture: &Path, of_face: bool, extension: &str) -> PathBuf {
    picture.with_file_name(caption_name(
        picture.file_name().unwrap_or_default(),
        of_face,
        extension,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_named_as_python_reads_numbers() {
        let of = |name: &str| kohya_name(name).map(|(repeats, class)| format!("{repeats} {class}"));
        assert_eq!(of("10_sls 1girl").as_deref(), Some("10 sls 1girl"));
        assert_eq!(of("10").as_deref(), Some("10 "));
        assert_eq!(of("3_a_b_").as_deref(), Some("3 a_b_"));
        assert_eq!(of(" +05 _x").as_deref(), Some("5 x"));
        assert_eq!(of("１２_x").as_deref(), Some("12 x"), "digits of any script");
        assert_eq!(of("𝟗𝟎_x").as_deref(), Some("90 x"));
        assert_eq!(of("99999999999999999999_x").as_deref(), Some("4294967295 x"));
        for name in ["0_x", "-1_x", "x_1", "_1", "1.5_x", "1 0_x", "", "²_x", "10x_y"] {
            assert_eq!(of(name), None, "{name}");
        }
    }

    #[test]
    fn crops_of_faces_share_a_caption() {
        let extensions = [".txt", ".caption"];
        let of = |picture: &str| -> Vec<_> {
            let names = names(picture.as_ref(), 2);
            names
                .map(|name| {
                    caption_path(
                        &Path::new("f").join(picture),
                        name.of_face,
                        extensions[usize::from(name.extension)],
                    )
                })
                .map(|path| path.to_str().unwrap().to_owned())
                .collect()
        };
        assert_eq!(of("a.b.png"), ["f/a.b.txt", "f/a.b.caption"]);
        assert_eq!(of("a_b_1_2_3_4.png")[2..], ["f/a_b.txt", "f/a_b.caption"]);
        assert_eq!(of("a_1_2_3.png").len(), 2);
    }
}
