//! The hashes that infotext names files by, computed while the pictures are drawn: they read whole files.

use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::CancelToken;
use super::job::Generate;
use super::needed::Needed;
use super::networks::{Called, Hash};
use crate::library::HashCache;
use crate::weights::adapter::Adapter;
use crate::weights::hash;

/// The files' hashes, computed while the pictures are drawn: they read whole files.
pub(super) struct Hashing(JoinHandle<[Option<String>; 4]>);

impl Hashing {
    /// Starts with checkpoint and refiner, where they are one file each, the VAE of its own, where there is one, and the networks.
    pub(super) fn start(needed: &[Needed], job: &Generate, networks: Vec<(String, Hash, Arc<Adapter>)>) -> Self {
        let file = |one: &Needed| {
            let path = one.checkpoint.path();
            path.is_file().then(|| path.to_owned())
        };
        let files = [
            needed.first().and_then(file),
            job.recipe.vae.clone(),
            needed.get(1).and_then(file),
        ];
        let cache = job.hash_cache.clone();
        Self(std::thread::spawn(move || {
            let [model, vae, refiner] = files.map(|file| short_hash(&file?, cache.as_deref()));
            [model, vae, refiner, Called::infotext(&networks)]
        }))
    }

    /// The short hashes of checkpoint, VAE and refiner, and the networks' as infotext has them. `None` when
    /// the job is cancelled; the thread then finishes for the cache.
    pub(super) fn wait(self, cancel: &CancelToken) -> Option<[Option<String>; 4]> {
        while !self.0.is_finished() {
            if cancel.is_cancelled() {
                return None;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Some(self.0.join().unwrap_or_default())
    }
}

fn short_hash(file: &Path, cache: Option<&Path>) -> Option<String> {
    let sum = match cache {
        Some(cache) => HashCache::new(cache.to_owned()).sha256(file, hash::sha256),
        None => hash::sha256(file),
    };
    sum.ok().map(|sum| hash::short(&sum).to_owned())
}
