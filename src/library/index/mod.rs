//! The index: what every file is, remembered by path, size, time and inode, so that a list stands at once.
//!
//! Owns [`Library`], through which everything else asks. [`refresh`] compares the index with the folders, [`hashing`] adds hashes,
//! [`lookup`] finds a model by what people call it. The tables are in [`tables`]; [`database`] keeps the file well.

pub(super) mod database;
mod hashing;
mod lookup;
mod refresh;
pub(super) mod tables;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rayon::prelude::*;

use super::card::{Card, Stamp};
use super::marks::{Mark, Marks};
use super::sidecar::{Edit, Sidecar};
use super::walk::{EXTENSIONS, Folder};
use crate::store::Paths;
use crate::weights::about::{About, Format, Metadata, Training};
use crate::weights::kind::Kind;
use database::Database;

/// Where the library keeps its files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Places {
    /// Index and hashes, which can be made again.
    pub index: PathBuf,
    /// Favourites, tags and notes, which cannot.
    pub user: PathBuf,
}

impl Places {
    /// `models.sqlite3` in the cache, `library.sqlite3` in the data folder.
    pub fn of(paths: &Paths) -> Self {
        Self {
            index: paths.cache_dir.join("models.sqlite3"),
            user: paths.data_dir.join("library.sqlite3"),
        }
    }
}

/// How far a long piece of work is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// What is done: `walking`, `reading` or `hashing`.
    pub stage: &'static str,
    /// Files done.
    pub files: usize,
    /// Files in all, as far as is known.
    pub of: usize,
    /// Bytes done.
    pub bytes: u64,
    /// Bytes in all.
    pub of_bytes: u64,
    /// Bytes a second when hashing, else files a second.
    pub rate: f64,
    /// Seconds that are left, when that can be told.
    pub left: Option<f64>,
    /// The file at hand.
    pub file: Option<PathBuf>,
}

/// What a refresh found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Refreshed {
    /// Models found.
    pub models: usize,
    /// Of them, those that are new or changed and were read.
    pub read: usize,
    /// Models that are no longer there.
    pub gone: usize,
    /// Folders that could not be walked, and why.
    pub unreadable: Vec<(PathBuf, String)>,
    /// Whether it was stopped; then what was read so far is kept and nothing is dropped.
    pub stopped: bool,
}

/// What a list does not show of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Details {
    /// The whole metadata of its header.
    pub metadata: Metadata,
    /// What that says about its training.
    pub training: Option<Training>,
    /// What lies beside it, with what the user said of it where that could not be written there.
    pub sidecar: Sidecar,
    /// The user's notes where none could be written beside the file; the sidecar has none then.
    pub note: Option<String>,
    /// Words that call up what was trained: A1111's activation text, else Civitai's, else the training's.
    pub words: Vec<String>,
    /// The checkpoint that it was trained on, when it is here.
    pub base: Option<Card>,
    /// Whether the base was found by its hash, and not by its name alone.
    pub base_sure: bool,
}

/// Why the library cannot remember something.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LibraryError {
    /// A database cannot be read or written.
    #[error("{} cannot be used: {why}", path.display())]
    Database {
        /// The file.
        path: PathBuf,
        /// What `SQLite` says.
        why: String,
    },
}

impl LibraryError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let Self::Database { path, .. } = self;
        let folder = path.parent().unwrap_or(path).display();
        Some(format!("see that {folder} can be written to and its disk is not full"))
    }
}

/// The models below some folders. Clones are the same library; it may be used from several threads, and by several processes.
#[derive(Clone, Debug)]
pub struct Library(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    index: Database,
    marks: Marks,
    /// As they were given, for the paths of cards.
    roots: Vec<PathBuf>,
    /// The same from the root of the file system, for the index.
    absolute: Vec<PathBuf>,
    /// All of them in one, by which the list is kept.
    key: Vec<u8>,
    /// The list, and the version of the index that it was read at.
    cards: Mutex<Option<(i64, Arc<Vec<Card>>)>>,
}

impl Library {
    /// Opens the index. It never fails: where nothing can be remembered it works without, and [`Library::warnings`] says so.
    pub fn open(places: &Places, roots: &[PathBuf]) -> Self {
        let absolute: Vec<PathBuf> = roots.iter().map(|root| absolute(root)).collect();
        let key = absolute
            .iter()
            .map(|root| tables::bytes(root))
            .collect::<Vec<_>>()
            .join(&0);
        Self(Arc::new(Inner {
            index: Database::open(&places.index, &tables::INDEX),
            marks: Marks::open(&places.user),
            roots: roots.to_vec(),
            absolute,
            key,
            cards: Mutex::new(None),
        }))
    }

    /// The roots that it was opened with.
    pub fn roots(&self) -> &[PathBuf] {
        &self.0.roots
    }

    /// What the user should know about the library's own files.
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = self.0.index.warnings();
        warnings.extend(self.0.marks.warnings());
        warnings
    }

    /// The last known list, in A1111's order, without looking at a folder.
    pub fn models(&self) -> Vec<Card> {
        self.cards().to_vec()
    }

    /// The list, read again when this or another process changed the index.
    pub(super) fn cards(&self) -> Arc<Vec<Card>> {
        let index = &self.0.index;
        let version = index
            .with(|connection| connection.pragma_query_value(None, "data_version", |row| row.get(0)))
            .unwrap_or_default();
        let kept = || self.0.cards.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept()
            .as_ref()
            .filter(|(at, _)| *at == version)
            .map(|(_, cards)| Arc::clone(cards));
        if let Some(cards) = known {
            return cards;
        }
        let entries = index
            .with(|connection| tables::entries(connection, &self.0.key))
            .unwrap_or_default();
        let mut cards: Vec<Card> = entries.into_par_iter().filter_map(|entry| self.card(entry)).collect();
        mark(&mut cards, &self.0.marks.all());
        let cards = Arc::new(cards);
        *kept() = Some((version, Arc::clone(&cards)));
        cards
    }

    /// Lets the list be read again.
    fn forget_cards(&self) {
        *self.0.cards.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    fn card(&self, entry: tables::Entry) -> Option<Card> {
        let about: About = serde_json::from_str(&entry.about).ok()?;
        let folder = entry.folder.as_deref().and_then(Folder::keyed);
        let path = self.shown(&entry.path, entry.root);
        let is_mere_picture = about.format == Some(Format::Picture) && about.kind != Kind::Embedding;
        (!is_mere_picture).then(|| {
            let mut hashes = entry.hashes;
            let spoken = about.network.as_ref().and_then(|network| network.hash.clone());
            hashes.network = spoken.or(hashes.network);
            Card {
                id: entry.id,
                about: Arc::new(hinted(about, &path, folder)),
                path,
                name: entry.name,
                folder,
                stamp: entry.stamp,
                hashes,
                favourite: false,
                tags: Vec::new(),
            }
        })
    }

    /// An absolute path as it is below the root that was given.
    fn shown(&self, path: &Path, root: usize) -> PathBuf {
        let roots = self.0.absolute.get(root).zip(self.0.roots.get(root));
        let below = roots.and_then(|(absolute, given)| Some((path.strip_prefix(absolute).ok()?, given)));
        match below {
            Some((rest, given)) if rest.as_os_str().is_empty() => given.clone(),
            Some((rest, given)) => given.join(rest),
            None => path.to_owned(),
        }
    }

    /// A model that may lie outside of the roots, as a card; its number is 0 then, and it is read here and now.
    pub fn describe(&self, path: &Path) -> Card {
        let whole = absolute(path);
        if let Some(card) = self.cards().iter().find(|card| absolute(&card.path) == whole)
            && Stamp::of(path).is_ok_and(|stamp| stamp == card.stamp)
        {
            return Card {
                path: path.to_owned(),
                ..card.clone()
            };
        }
        let stamp = Stamp::of(path).unwrap_or_default();
        let (about, _) = About::of(path);
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        let real = path.canonicalize().unwrap_or_else(|_| whole.clone());
        let mut hashes = self
            .0
            .index
            .with(|connection| tables::hashes(connection, &real, stamp))
            .unwrap_or_default();
        hashes.network = about
            .network
            .as_ref()
            .and_then(|network| network.hash.clone())
            .or(hashes.network);
        let mut cards = [Card {
            id: 0,
            path: whole,
            name,
            folder: None,
            stamp,
            about: Arc::new(hinted(about, path, None)),
            hashes,
            favourite: false,
            tags: Vec::new(),
        }];
        mark(&mut cards, &self.0.marks.all());
        let [mut card] = cards;
        path.clone_into(&mut card.path);
        card
    }

    /// All that is known about a model. Reads what lies beside it, and its header again where the index does not have it.
    pub fn details(&self, card: &Card) -> Details {
        let kept = self.0.index.with(|connection| tables::metadata(connection, card.id));
        let metadata = match kept {
            Ok(kept) if card.id != 0 => kept.unwrap_or_default(),
            _ => About::of(&card.path).1,
        };
        let training = Training::of(&metadata);
        let mut sidecar = Sidecar::of(&card.path);
        let mut note = None;
        if let Some(own) = self.0.marks.of(&absolute(&card.path)).and_then(|mark| mark.note) {
            sidecar.apply(&own);
            if own.notes.is_some() {
                note = sidecar.notes.take();
            }
        }
        let activation = sidecar.activation.as_deref().map(|text| vec![text.to_owned()]);
        let trained = || {
            training
                .as_ref()
                .map(|training| training.words.clone())
                .unwrap_or_default()
        };
        let civitai = || Some(sidecar.words.clone()).filter(|words| !words.is_empty());
        let words = activation.or_else(civitai).unwrap_or_else(trained);
        let base = training
            .as_ref()
            .and_then(|training| self.base(training.base.as_ref()?));
        Details {
            base_sure: base.as_ref().is_some_and(|(_, sure)| *sure),
            base: base.map(|(card, _)| card),
            words,
            note,
            sidecar,
            training,
            metadata,
        }
    }

    /// Numbers of the models whose metadata holds a text, in any case.
    pub fn search(&self, text: &str) -> Vec<i64> {
        let text = text.to_lowercase();
        let packed = self
            .0
            .index
            .with(|connection| tables::all_metadata(connection, &self.0.key));
        packed
            .unwrap_or_default()
            .into_par_iter()
            .filter(|(_, packed)| tables::holds(packed, &text))
            .map(|(id, _)| id)
            .collect()
    }

    /// Marks a model, or takes the mark away.
    ///
    /// # Errors
    /// The user's file cannot be written.
    pub fn set_favourite(&self, path: &Path, favourite: bool) -> Result<(), LibraryError> {
        self.change(path, &|mark| mark.favourite = favourite)
    }

    /// Gives a model these tags and no others; they are kept sorted, each once, without space around them.
    ///
    /// # Errors
    /// The user's file cannot be written.
    pub fn set_tags(&self, path: &Path, tags: &[String]) -> Result<(), LibraryError> {
        let mut tags: Vec<String> = tags
            .iter()
            .map(|tag| tag.trim().to_owned())
            .filter(|tag| !tag.is_empty())
            .collect();
        tags.sort();
        tags.dedup();
        self.change(path, &|mark| mark.tags.clone_from(&tags))
    }

    /// Changes what the file beside a model says, or, where that cannot be written, the library's own note. Tells where it went.
    ///
    /// # Errors
    /// Neither can be written.
    pub fn edit(&self, path: &Path, edit: &Edit) -> Result<PathBuf, LibraryError> {
        if let Ok(written) = super::sidecar::write(path, edit) {
            self.change(path, &|mark| {
                if let Some(note) = &mut mark.note {
                    note.forget(edit);
                }
            })?;
            return Ok(written);
        }
        self.change(path, &|mark| mark.note.get_or_insert_default().overlay(edit))?;
        Ok(self.0.marks.path().to_owned())
    }

    fn change(&self, path: &Path, change: &dyn Fn(&mut Mark)) -> Result<(), LibraryError> {
        let whole = absolute(path);
        let sha256 = self
            .cards()
            .iter()
            .find(|card| absolute(&card.path) == whole)
            .and_then(|c| c.hashes.sha256.clone());
        self.0.marks.change(&whole, sha256.as_deref(), change)?;
        self.forget_cards();
        Ok(())
    }
}

/// A path from the root of the file system, links left as they are.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// What names tell of a file whose content tells nothing: its folder the kind, its extension the format.
fn hinted(mut about: About, path: &Path, folder: Option<Folder>) -> About {
    if about.trouble.is_none() || about.tensors > 0 || about.kind != Kind::Unknown {
        return about;
    }
    about.kind = match folder {
        Some(Folder::Checkpoint) => Kind::Checkpoint,
        Some(Folder::Vae) => Kind::Vae,
        Some(Folder::Network) => Kind::Network,
        Some(Folder::Embedding) => Kind::Embedding,
        Some(Folder::Hypernetwork) => Kind::Hypernetwork,
        Some(Folder::Unet) => Kind::Unet,
        _ => Kind::Unknown,
    };
    let extension = path.extension().unwrap_or_default().to_ascii_lowercase();
    about.format = about
        .format
        .or_else(|| match EXTENSIONS.iter().find(|known| extension == **known) {
            Some(&"safetensors") => Some(Format::Safetensors),
            found => found.map(|_| Format::Ckpt),
        });
    about
}

/// Puts the user's marks on cards: by path, and where no file is at a mark's path any more, on a file of the same content.
fn mark(cards: &mut [Card], marks: &[(PathBuf, Mark)]) {
    if marks.is_empty() {
        return;
    }
    let paths: Vec<PathBuf> = cards.iter().map(|card| absolute(&card.path)).collect();
    let there: HashSet<&Path> = paths.iter().map(PathBuf::as_path).collect();
    let by_path: HashMap<&Path, &Mark> = marks.iter().map(|(path, mark)| (path.as_path(), mark)).collect();
    let gone = marks
        .iter()
        .filter(|(path, _)| !there.contains(path.as_path()) && !path.exists());
    let by_hash: HashMap<&str, &Mark> = gone
        .filter_map(|(_, mark)| Some((mark.sha256.as_deref()?, mark)))
        .collect();
    for (card, path) in cards.iter_mut().zip(&paths) {
        let of_hash = || by_hash.get(card.hashes.sha256.as_deref()?).copied();
        if let Some(mark) = by_path.get(path.as_path()).copied().or_else(of_hash) {
            card.favourite = mark.favourite;
            card.tags.clone_from(&mark.tags);
        }
    }
}
