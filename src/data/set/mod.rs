//! A set of pictures with captions, as it lies in folders.
//!
//! Owns which files belong to a set ([`walk`], or [`config`] where a TOML names folders) and how captions are read ([`read`], or
//! [`metadata`] where one file has those of all pictures). It never writes: changes are planned by
//! [`edit`](crate::data::edit) and made by [`journal`](crate::data::journal). Read [`Document`] next.

mod config;
mod ignored;
pub mod metadata;
mod read;
mod walk;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::SystemTime;

pub use self::ignored::{Anchored, Closed, Ignored};
pub use self::metadata::Entry;
pub use self::walk::{is_picture, kohya_name};
use super::buckets::Size;
use super::document::Document;
use super::unread::Unread;

/// How captions are found and split.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What caption files end in, with the dot. Several may be named with commas between them (`.txt,.caption`): of each picture the
    /// first that is there counts, and new ones get the first. A TOML that does not say it is read by kohya's `.caption` unless this is
    /// other than its default.
    pub extension: String,
    /// What stands between tags. kohya's `caption_separator`, a comma unless set.
    pub separator: String,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            extension: ".txt,.caption".to_owned(),
            separator: ",".to_owned(),
        }
    }
}

impl Options {
    /// The extensions in their order, each with its dot; `.txt` where none is named.
    pub fn extensions(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let parts = self.extension.split(',').map(str::trim).filter(|part| !part.is_empty());
        let mut parts = parts.peekable();
        let none = parts.peek().is_none().then_some(".txt");
        parts.chain(none).map(|part| {
            if part.starts_with('.') {
                Cow::Borrowed(part)
            } else {
                Cow::Owned(format!(".{part}"))
            }
        })
    }
}

/// Pictures and captions below one folder, or of one dataset TOML.
#[derive(Clone, Debug)]
pub struct Set {
    /// The folder that was asked for; a TOML's own folder. The journal lies here.
    pub root: PathBuf,
    /// How it was read.
    pub options: Options,
    /// The folders with pictures, sorted by path.
    pub subsets: Vec<Subset>,
    /// Sorted by path within each subset.
    pub pictures: Vec<Picture>,
    /// Caption files without a picture.
    pub strays: Vec<PathBuf>,
    /// Folders and files that were left out, and why.
    pub ignored: Vec<(PathBuf, Ignored)>,
    /// Pictures whose caption is there but cannot be read, and why. They have no [`Picture::caption`] and are not edited.
    pub unreadable: BTreeMap<usize, Unread>,
}

/// A folder of pictures, as training sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Subset {
    /// The folder.
    pub folder: PathBuf,
    /// How often each picture is shown in an epoch; 1 where nothing says so.
    pub repeats: u32,
    /// What stands in for a missing caption: the folder's name behind `N_`.
    pub class_tokens: Option<String>,
    /// Whether these are regularization pictures.
    pub is_reg: bool,
    /// How its captions are found and split: the set's, unless a TOML says otherwise.
    pub options: Options,
    /// The file that has all its captions; none where they lie beside the pictures.
    pub metadata: Option<MetadataFile>,
}

/// A metadata file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetadataFile {
    /// The file.
    pub path: PathBuf,
    /// Its state when it was read.
    pub stamp: Stamp,
    /// Keys that it has more than once. The last one counts.
    pub repeated: Vec<String>,
    /// kohya's `enable_wildcard`, by which captions and tags are put together.
    pub wildcard: bool,
}

/// A picture and its caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// The picture's file.
    pub path: PathBuf,
    /// The number of its folder in [`Set::subsets`].
    pub subset: u32,
    /// Its caption; none where there is no file.
    pub caption: Option<Caption>,
    /// What the metadata file of its subset says of it.
    pub entry: Option<Box<Entry>>,
}

/// A caption file as it was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caption {
    /// The file's state when it was read, by which changes from outside are noticed.
    pub stamp: Stamp,
    /// What is in it.
    pub document: Document,
    /// How its name comes from the picture's.
    pub name: Name,
}

/// How a caption's name comes from its picture's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Name {
    /// Which of [`Options::extensions`].
    pub extension: u8,
    /// `a_1_2_3_4.png` has the caption `a.txt`: kohya's rule for the crops of its face detection.
    pub of_face: bool,
}

/// By what a change of a file is noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// Bytes.
    pub length: u64,
    /// When it was written to.
    pub modified: Option<SystemTime>,
}

impl Stamp {
    /// The stamp of a file.
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

/// Why a set cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nothing is there.
    #[error("there is no folder {}", .0.display())]
    NotThere(PathBuf),
    /// A folder that may not be looked into, or a disk that fails.
    #[error("{} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// Neither a folder nor a dataset TOML.
    #[error("{} is neither a folder nor a dataset TOML", .0.display())]
    NotASet(PathBuf),
    /// A dataset TOML that cannot be used.
    #[error(transparent)]
    Config(#[from] super::config::Error),
    /// A metadata file that cannot be used. kohya's trainers stop at it as well.
    #[error(transparent)]
    Metadata(#[from] metadata::Error),
    /// It was asked to stop.
    #[error("opening the dataset was stopped")]
    Stopped,
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotThere(_) => {
                Some("give the folder with the pictures, or the one above `10_name` folders".to_owned())
            }
            Self::NotASet(_) => Some("give the folder that the pictures are in".to_owned()),
            Self::Unreadable { .. } => Some("allow reading it with chmod".to_owned()),
            Self::Config(error) => error.hint(),
            Self::Metadata(error) => Some(error.hint()),
            Self::Stopped => None,
        }
    }
}

impl Set {
    /// Finds the pictures below a folder, or of a dataset TOML, and reads all captions.
    ///
    /// Captions are read on all processors; 100,000 take about a second from a warm disk.
    ///
    /// # Errors
    /// Where the folder itself is missing or cannot be read. What cannot be read below it is in [`Set::ignored`] and
    /// [`Set::unreadable`].
    pub fn open(path: &Path, options: &Options) -> Result<Self, Error> {
        Self::open_with(path, options, &mut |_| {}, &AtomicBool::new(false))
    }

    /// The same, telling now and then how many captions are read, until `stop` is set.
    ///
    /// # Errors
    /// As [`open`](Self::open), and [`Error::Stopped`].
    pub fn open_with(
        path: &Path,
        options: &Options,
        progress: &mut dyn FnMut(usize),
        stop: &AtomicBool,
    ) -> Result<Self, Error> {
        let found = if config::is_config(path) && path.is_file() {
            config::find(path, options, stop)?
        } else {
            walk::find(path, options, stop)?
        };
        let mut set = Self {
            root: found.root,
            options: options.clone(),
            subsets: found.subsets,
            pictures: found.pictures,
            strays: found.strays,
            ignored: found.ignored,
            unreadable: BTreeMap::new(),
        };
        read::all(&mut set, &found.names, progress, stop)?;
        Ok(set)
    }

    /// The root that the set of this path has, without opening it.
    pub fn root_of(path: &Path) -> PathBuf {
        if config::is_config(path) && path.is_file() {
            config::root(path).to_owned()
        } else {
            path.to_owned()
        }
    }

    /// Where a picture's caption is, or would be made.
    pub fn caption_path(&self, picture: usize) -> PathBuf {
        if let Some(metadata) = self.metadata(picture) {
            return metadata.to_owned();
        }
        let picture = &self.pictures[picture];
        let name = picture.caption.as_ref().map(|caption| caption.name).unwrap_or_default();
        let mut extensions = self.subsets[picture.subset as usize].options.extensions();
        let extension = extensions.nth(name.extension.into()).unwrap_or(Cow::Borrowed(".txt"));
        walk::caption_path(&picture.path, name.of_face, &extension)
    }

    /// Why a picture's caption is not edited: it cannot be read, or stands in a metadata file.
    pub fn refusal(&self, picture: usize) -> Option<Closed> {
        if let Some(why) = self.unreadable.get(&picture) {
            return Some(Closed::Unreadable(why.clone()));
        }
        let metadata = self.relative(self.metadata(picture)?);
        Some(Closed::Metadata(metadata.into_owned()))
    }

    /// Why a picture is not changed, renamed or moved: a metadata file names it.
    pub fn anchor(&self, picture: usize) -> Option<Anchored> {
        let metadata = self.relative(self.metadata(picture)?);
        Some(Anchored(metadata.into_owned()))
    }

    fn metadata(&self, picture: usize) -> Option<&Path> {
        let subset = self.pictures.get(picture)?.subset as usize;
        Some(&self.subsets.get(subset)?.metadata.as_ref()?.path)
    }

    /// The size by which a picture's bucket is chosen, where a metadata file or cached latents say it.
    pub fn said_size(&self, picture: usize) -> Option<Size> {
        self.pictures.get(picture)?.entry.as_ref()?.size
    }

    /// What stands between the tags of a picture's caption.
    pub fn separator(&self, picture: usize) -> &str {
        &self.subsets[self.pictures[picture].subset as usize].options.separator
    }

    /// The pictures beside which a `.txt` file lies that neither training nor this set reads, because the dataset TOML it was opened by says
    /// no `caption_extension`, which is `.caption` then. None where `path` is a folder.
    pub fn unread(&self, path: &Path) -> Vec<usize> {
        if config::is_config(path) && path.is_file() {
            config::unread(self, path)
        } else {
            Vec::new()
        }
    }

    /// How a path is told: from the set's folder on, with `/`. It may hold control characters.
    pub fn relative<'a>(&self, path: &'a Path) -> Cow<'a, str> {
        path.strip_prefix(&self.root).unwrap_or(path).to_string_lossy()
    }

    /// Reads these captions again and returns the numbers of the pictures whose captions are others now. Paths of pictures, of
    /// captions and of others may be mixed; pictures that came or went are not noticed by this.
    pub fn reread(&mut self, paths: &[PathBuf]) -> Vec<usize> {
        read::again(self, paths)
    }

    /// The captions whose file has another stamp than when it was read, or came, or went; without reading them.
    pub fn changed_outside(&self) -> Vec<PathBuf> {
        read::changed(self)
    }

    /// The pictures of each caption file. Two pictures of one stem (`a.png`, `a.jpg`) have one caption.
    pub fn by_caption(&self) -> HashMap<PathBuf, Vec<usize>> {
        let mut by = HashMap::with_capacity(self.pictures.len());
        for picture in 0..self.pictures.len() {
            by.entry(self.caption_path(picture))
                .or_insert_with(Vec::new)
                .push(picture);
        }
        by
    }
}
