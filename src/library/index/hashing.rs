//! Hashes of models, one file after the other behind everything else: small files first, so that lists fill soon.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{Database, Library, LibraryError, Progress, absolute, tables};
use crate::library::card::{Card, Hashes, Stamp};
use crate::library::hashes;
use crate::weights::about::{About, Format};
use crate::weights::kind::Kind;

/// How often progress is told.
const PACE: Duration = Duration::from_millis(100);

impl Library {
    /// The models without a hash, in the order in which they are hashed. Folders have none, nor has what cannot be read.
    pub fn unhashed(&self) -> Vec<Card> {
        let wanting = |card: &&Card| {
            card.hashes.sha256.is_none() && card.about.format != Some(Format::Diffusers) && card.path.is_file()
        };
        let mut cards: Vec<Card> = self.cards().iter().filter(wanting).cloned().collect();
        cards.sort_by_key(|card| card.stamp.length);
        cards
    }

    /// Hashes every model that has no hash yet. Files that cannot be read, or change meanwhile, are left for the next time. Gives how
    /// many were hashed.
    ///
    /// # Errors
    /// The index cannot be written.
    pub fn hash_all(&self, progress: &mut dyn FnMut(&Progress), stop: &AtomicBool) -> Result<usize, LibraryError> {
        let cards = self.unhashed();
        let mut pace = Pace::new(cards.len(), cards.iter().map(|card| card.stamp.length).sum());
        let (mut done, mut hashed) = (0_u64, 0);
        for (files, card) in cards.iter().enumerate() {
            let mut block = |at: u64| {
                pace.tell(files, done + at, &card.path, progress);
                !stop.load(Ordering::Relaxed)
            };
            match hash(&self.0.index, &card.path, card.about.kind == Kind::Network, &mut block) {
                Ok(hashes) => {
                    hashed += 1;
                    self.hashed(&card.path, &hashes);
                }
                Err(Failed::Index(error)) => return Err(error),
                Err(Failed::File(error)) if error.kind() == io::ErrorKind::Interrupted => break,
                Err(Failed::File(_)) => {}
            }
            done += card.stamp.length;
        }
        Ok(hashed)
    }

    /// The hashes of one file; only what is not known is computed.
    ///
    /// # Errors
    /// Whatever reading the file gives; [`io::ErrorKind::Interrupted`] when it was stopped.
    pub fn hash(&self, path: &Path, stop: &AtomicBool) -> io::Result<Hashes> {
        self.hash_watched(path, &mut |_| {}, stop)
    }

    /// The same, and `progress` hears how far it is.
    ///
    /// # Errors
    /// As [`Library::hash`].
    pub fn hash_watched(
        &self,
        path: &Path,
        progress: &mut dyn FnMut(&Progress),
        stop: &AtomicBool,
    ) -> io::Result<Hashes> {
        let card = self.cards().iter().find(|card| card.path == path).cloned();
        let about = card.map_or_else(|| About::of(path).0, |card| (*card.about).clone());
        let is_network = about.kind == Kind::Network;
        let mut pace = Pace::new(1, path.metadata()?.len());
        let mut block = |at| {
            pace.tell(0, at, path, progress);
            !stop.load(Ordering::Relaxed)
        };
        let mut hashes = match hash(&self.0.index, path, is_network, &mut block) {
            Ok(hashes) => hashes,
            // What cannot be remembered is known all the same.
            Err(Failed::Index(_)) => hashes::compute(path, is_network, &mut block)?,
            Err(Failed::File(error)) => return Err(error),
        };
        self.hashed(path, &hashes);
        hashes.network = about.network.and_then(|network| network.hash).or(hashes.network);
        Ok(hashes)
    }

    fn hashed(&self, path: &Path, hashes: &Hashes) {
        if let Some(sha256) = &hashes.sha256 {
            self.0.marks.hashed(&absolute(path), sha256);
        }
        self.forget_cards();
    }
}

/// Tells of progress, and not too often.
struct Pace {
    begun: Instant,
    told: Option<Instant>,
    of: usize,
    of_bytes: u64,
}

impl Pace {
    fn new(of: usize, of_bytes: u64) -> Self {
        Self {
            begun: Instant::now(),
            told: None,
            of,
            of_bytes,
        }
    }

    fn tell(&mut self, files: usize, bytes: u64, file: &Path, progress: &mut dyn FnMut(&Progress)) {
        if self.told.is_some_and(|told| told.elapsed() < PACE) {
            return;
        }
        self.told = Some(Instant::now());
        let rate = bytes as f64 / self.begun.elapsed().as_secs_f64().max(1e-6);
        progress(&Progress {
            stage: "hashing",
            files,
            of: self.of,
            bytes,
            of_bytes: self.of_bytes,
            rate,
            left: Some(self.of_bytes.saturating_sub(bytes) as f64 / rate.max(1.0)),
            file: Some(file.to_owned()),
        });
    }
}

enum Failed {
    File(io::Error),
    Index(LibraryError),
}

/// The hashes of a file, remembered or computed; remembered when the file stood still meanwhile.
fn hash(index: &Database, path: &Path, network: bool, block: &mut dyn FnMut(u64) -> bool) -> Result<Hashes, Failed> {
    let look = || Ok((path.canonicalize()?, Stamp::of(path)?));
    let (real, stamp) = look().map_err(Failed::File)?;
    let known = index
        .with(|connection| tables::hashes(connection, &real, stamp))
        .map_err(Failed::Index)?;
    let is_known = known.sha256.is_some() && (known.network.is_some() || !network);
    if is_known && known.legacy.is_some() {
        return Ok(known);
    }
    let hashes = if is_known {
        // The old hash is of a small part; the whole is not read again for it.
        crate::weights::hash::legacy(path).map(|legacy| Hashes {
            legacy: Some(legacy),
            ..known
        })
    } else {
        hashes::compute(path, network, block)
    };
    let hashes = hashes.map_err(Failed::File)?;
    if Stamp::of(path).is_ok_and(|after| after == stamp) {
        index
            .with(|connection| tables::put_hashes(connection, &real, stamp, &hashes))
            .map_err(Failed::Index)?;
    }
    Ok(hashes)
}
