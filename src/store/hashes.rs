//! Remembered SHA-256 sums, so that a checkpoint is read for its hash once.
//!
//! A sum holds while the file's length and modification time stay. The file is a cache: when it cannot be read or written, sums are
//! computed again.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use serde::{Deserialize, Serialize};

use super::atomic;

/// The sums remembered in one file.
#[derive(Debug)]
pub struct HashCache {
    file: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    stamp: Stamp,
    sha256: String,
}

/// What changes when a file does.
#[derive(PartialEq, Serialize, Deserialize)]
struct Stamp {
    length: u64,
    modified_ns: u64,
}

/// The name that a file is remembered by, and its present stamp.
fn stamp(path: &Path) -> io::Result<(String, Stamp)> {
    let path = path.canonicalize()?;
    let metadata = path.metadata()?;
    let modified = metadata.modified()?.duration_since(UNIX_EPOCH).unwrap_or_default();
    let modified_ns = u64::try_from(modified.as_nanos()).unwrap_or(u64::MAX);
    Ok((
        path.to_string_lossy().into_owned(),
        Stamp {
            length: metadata.len(),
            modified_ns,
        },
    ))
}

impl HashCache {
    /// The cache in `file`, which need not exist.
    pub fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// The SHA-256 of `path`, computed by `compute` unless it is remembered.
    ///
    /// # Errors
    /// Whatever looking at the file or `compute` gives.
    pub fn sha256(&self, path: &Path, compute: impl FnOnce(&Path) -> io::Result<String>) -> io::Result<String> {
        if let Some(sha256) = self.known(path) {
            return Ok(sha256);
        }
        let (key, stamp) = stamp(path)?;
        let sha256 = compute(path)?;
        // Read again: another danlu may have written while this one computed.
        let mut entries = self.read();
        entries.insert(
            key,
            Entry {
                stamp,
                sha256: sha256.clone(),
            },
        );
        self.write(&entries);
        Ok(sha256)
    }

    /// The SHA-256 of `path` if it is remembered.
    pub fn known(&self, path: &Path) -> Option<String> {
        let (key, stamp) = stamp(path).ok()?;
        self.read()
            .remove(&key)
            .filter(|entry| entry.stamp == stamp)
            .map(|entry| entry.sha256)
    }

    fn read(&self) -> BTreeMap<String, Entry> {
        std::fs::read(&self.file)
            .ok()
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .unwrap_or_default()
    }

    /// Losing the cache costs time, not work, so failures stay unsaid.
    fn write(&self, entries: &BTreeMap<String, Entry>) {
        if self
            .file
            .parent()
            .is_some_and(|folder| atomic::create_folder(folder).is_ok())
        {
            let _ = atomic::write_atomic(&self.file, |file| {
                serde_json::to_writer(file, entries).map_err(Into::into)
            });
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_is_read_once_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, file) = (
            HashCache::new(folder.path().join("sub/hashes.json")),
            folder.path().join("model"),
        );
        std::fs::write(&file, "one").unwrap();
        let never = |_: &Path| -> io::Result<String> { panic!("the file was read again") };
        assert_eq!(cache.sha256(&file, |_| Ok("1".to_owned())).unwrap(), "1");
        assert_eq!(cache.sha256(&file, never).unwrap(), "1");
        std::fs::write(&file, "three").unwrap();
        assert_eq!(cache.sha256(&file, |_| Ok("3".to_owned())).unwrap(), "3");
        std::fs::write(folder.path().join("sub/hashes.json"), "no json").unwrap();
        assert_eq!(cache.sha256(&file, |_| Ok("3".to_owned())).unwrap(), "3");
    }
}
