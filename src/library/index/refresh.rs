//! The index against the folders: walk, look at each file's stamp, read the headers of what is new or changed, forget what is gone.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use rayon::prelude::*;

use super::tables::{self, Place, Read};
use super::{Library, LibraryError, Progress, Refreshed};
use crate::library::card::Stamp;
use crate::library::walk::{self, Found, Trees};
use crate::weights::about::About;
use crate::weights::hash;
use crate::weights::kind::Kind;

/// Headers read between two writes to the index.
const BATCH: usize = 64;

impl Library {
    /// Walks the folders, reads what is new or changed and forgets what is gone. `progress` hears of it now and then; `stop` ends it
    /// early.
    ///
    /// # Errors
    /// The index cannot be written.
    pub fn refresh(&self, progress: &mut dyn FnMut(&Progress), stop: &AtomicBool) -> Result<Refreshed, LibraryError> {
        let goes_on = || !stop.load(Ordering::Relaxed);
        let stopped = Refreshed {
            stopped: true,
            ..Refreshed::default()
        };
        let begun = Instant::now();
        let mut walked = |files: usize| {
            progress(&Progress {
                stage: "walking",
                files,
                rate: rate(files, begun),
                ..Progress::default()
            });
            goes_on()
        };
        let Some(trees) = Trees::scan_watched(&self.0.absolute, &mut walked) else {
            return Ok(stopped);
        };
        let mut found = trees.models;
        found.extend(trees.pictures);
        walk::sort(&mut found);
        let files: Vec<File> = found.par_iter().filter_map(File::of).collect();
        let known = self.0.index.with(|connection| tables::known(connection))?;
        let changed: Vec<&File> = files
            .iter()
            .filter(|file| {
                known
                    .get(&file.path)
                    .is_none_or(|known| known.stamp != file.stamp || known.beside != file.beside || !known.sure)
            })
            .collect();
        let begun = Instant::now();
        let mut read = 0;
        for batch in changed.chunks(BATCH) {
            progress(&Progress {
                stage: "reading",
                files: read,
                of: changed.len(),
                rate: rate(read, begun),
                left: left(read, changed.len(), begun),
                file: batch.first().map(|file| self.shown(&file.path, file.root)),
                ..Progress::default()
            });
            if !goes_on() {
                return Ok(Refreshed { read, ..stopped });
            }
            let batch: Vec<Read> = batch.par_iter().map(|file| file.read()).collect();
            self.0.index.with(|connection| {
                let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
                for read in &batch {
                    tables::put(&transaction, read, now())?;
                }
                transaction.commit()
            })?;
            read += batch.len();
        }
        let mut gone = 0;
        let places = places(&found, &files);
        self.0.index.with(|connection| {
            let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            gone = tables::put_list(&transaction, &self.0.key, &places, now())?;
            transaction.commit()
        })?;
        self.forget_cards();
        let unreadable = trees.unreadable.into_iter();
        Ok(Refreshed {
            models: self.cards().len(),
            read,
            gone,
            unreadable: unreadable
                .map(|folder| (folder.path, folder.reason.to_string()))
                .collect(),
            stopped: false,
        })
    }
}

/// A model on disk as it stands now.
struct File {
    path: PathBuf,
    root: usize,
    stamp: Stamp,
    beside: i64,
}

impl File {
    /// `None` when it is gone meanwhile.
    fn of(found: &Found) -> Option<Self> {
        let stamp = if found.diffusers {
            stamp_of_folder(&found.path)?
        } else {
            Stamp::of(&found.path).ok()?
        };
        Some(Self {
            path: found.path.clone(),
            root: found.root,
            stamp,
            beside: if found.diffusers { 0 } else { beside(&found.path) },
        })
    }

    fn read(&self) -> Read {
        let (about, metadata, sure) = About::of_file(&self.path);
        // One block of 64 KiB, by which trainers name the checkpoint that they began with.
        let legacy = (about.kind == Kind::Checkpoint && self.path.is_file()).then(|| hash::legacy(&self.path).ok());
        Read {
            real: self.path.canonicalize().unwrap_or_else(|_| self.path.clone()),
            path: self.path.clone(),
            stamp: self.stamp,
            beside: self.beside,
            sure,
            about,
            metadata,
            legacy: legacy.flatten(),
        }
    }
}

/// The stamp of a yaml that describes a model; 0 where there is none.
fn beside(model: &Path) -> i64 {
    match Stamp::of(&model.with_extension("yaml")) {
        Ok(Stamp {
            length,
            modified_ns,
            inode,
        }) => (length as i64) ^ modified_ns ^ (inode as i64).rotate_left(32) | 1,
        Err(_) => 0,
    }
}

/// A stamp that changes when any file of a diffusers folder does.
fn stamp_of_folder(folder: &Path) -> Option<Stamp> {
    let mut files = Vec::new();
    let mut subs = vec![(folder.to_owned(), 0)];
    while let Some((sub, depth)) = subs.pop() {
        for entry in std::fs::read_dir(&sub).ok().into_iter().flatten().flatten() {
            let path = entry.path();
            match path.metadata() {
                Ok(metadata) if metadata.is_dir() && depth == 0 => subs.push((path, 1)),
                Ok(metadata) if metadata.is_file() => files.push((path, Stamp::new(&metadata))),
                _ => {}
            }
        }
    }
    files.sort_by(|a, b| a.0.cmp(&b.0));
    let mut hasher = DefaultHasher::new();
    files.hash(&mut hasher);
    Some(Stamp {
        length: files.iter().map(|(_, stamp)| stamp.length).sum(),
        modified_ns: files.iter().map(|(_, stamp)| stamp.modified_ns).max()?,
        inode: hasher.finish(),
    })
}

/// The list as the index keeps it: what was found and is still there.
fn places(found: &[Found], files: &[File]) -> Vec<Place> {
    let there: HashSet<&Path> = files.iter().map(|file| file.path.as_path()).collect();
    found
        .iter()
        .filter(|found| there.contains(found.path.as_path()))
        .map(|found| Place {
            path: found.path.clone(),
            root: found.root,
            name: found.name.clone(),
            folder: found.folder.map(|folder| folder.key().to_owned()),
        })
        .collect()
}

fn now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() as i64)
}

/// So much a second since then.
pub(super) fn rate(done: usize, begun: Instant) -> f64 {
    done as f64 / begun.elapsed().as_secs_f64().max(1e-6)
}

/// Seconds that are left at the pace so far.
pub(super) fn left(done: usize, of: usize, begun: Instant) -> Option<f64> {
    (done > 0).then(|| (of.saturating_sub(done)) as f64 / rate(done, begun))
}
