//! Prints remembered between runs: a file in the user's cache, never in the set.

use std::collections::HashMap;
use std::fs;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use sha2::{Digest, Sha256};

use super::{Print, SIDE};
use crate::store::atomic;

/// The first bytes; the digit changes when prints are made in another way.
const MAGIC: &[u8; 8] = b"danluPr1";
const LEVELS: usize = (SIDE * SIDE * 3) as usize;
/// Where the file is larger than this, it is begun again: 300,000 pictures.
const LARGEST: u64 = 1 << 30;

/// A picture's file as it was: name, length and time of writing, hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Key([u8; 16]);

impl Key {
    pub(super) fn of(path: &Path) -> Self {
        let mut hash = Sha256::new();
        hash.update(path.as_os_str().as_bytes());
        if let Ok(file) = fs::metadata(path) {
            let modified = file
                .modified()
                .ok()
                .and_then(|time| time.duration_since(UNIX_EPOCH).ok());
            hash.update(file.len().to_le_bytes());
            hash.update(modified.map_or(0, |time| time.as_nanos()).to_le_bytes());
        }
        let mut key = [0; 16];
        key.copy_from_slice(&hash.finalize()[..16]);
        Self(key)
    }
}

/// What is remembered.
#[derive(Debug, Default)]
pub(super) struct Memory {
    prints: HashMap<Key, Print>,
}

impl Memory {
    /// Reads what is there; what cannot be read is forgotten.
    pub(super) fn open(path: &Path) -> Self {
        let prints = read(path).unwrap_or_default();
        Self { prints }
    }

    pub(super) fn get(&self, key: &Key) -> Option<&Print> {
        self.prints.get(key)
    }

    /// Writes these; those of files that are gone or were changed are forgotten. Without a place to write, nothing is remembered.
    pub(super) fn save<'a>(&self, path: &Path, prints: impl Iterator<Item = &'a (Key, Print)>) {
        let new: HashMap<Key, &Print> = prints.map(|(key, print)| (*key, print)).collect();
        if new.len() == self.prints.len() && new.keys().all(|key| self.prints.contains_key(key)) {
            return;
        }
        let Some(folder) = path.parent() else { return };
        if atomic::create_folder(folder).is_err() {
            return;
        }
        // The next run decodes again where this fails; nothing else depends on it.
        let _ = atomic::write_atomic(path, |out| {
            out.write_all(MAGIC)?;
            new.iter().try_for_each(|(key, print)| {
                out.write_all(&key.0)?;
                out.write_all(print.levels().as_flattened())
            })
        });
    }
}

fn read(path: &Path) -> io::Result<HashMap<Key, Print>> {
    let file = fs::File::open(path)?;
    let length = file.metadata()?.len();
    let mut prints = HashMap::new();
    let mut file = io::BufReader::new(file);
    let mut magic = [0; 8];
    file.read_exact(&mut magic)?;
    let record = 16 + LEVELS as u64;
    if &magic != MAGIC || length > LARGEST || !(length - 8).is_multiple_of(record) {
        return Ok(prints);
    }
    let mut levels = vec![0; LEVELS];
    for _ in 0..(length - 8) / record {
        let mut key = [0; 16];
        file.read_exact(&mut key)?;
        file.read_exact(&mut levels)?;
        let (pixels, _) = levels.as_chunks::<3>();
        prints.insert(Key(key), Print::new(pixels.to_vec()));
    }
    Ok(prints)
}
