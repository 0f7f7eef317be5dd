//! Hashes of files: computed in one pass, remembered by real path, size, time and inode.
//!
//! What is remembered lies beside the index and is a cache: where it cannot be read or written, hashes are computed again.

use std::fs::{File, Metadata};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::card::{Hashes, Stamp};
use super::index::database::Database;
use super::index::tables;
use crate::weights::hash;

/// Bytes read at once; after each a stop is looked for.
const BLOCK: usize = 1 << 20;

/// The hashes remembered in one file.
#[derive(Debug)]
pub struct HashCache {
    file: PathBuf,
}

impl HashCache {
    /// The cache in `file` ([`super::Places::index`]), which need not exist.
    pub fn new(file: PathBuf) -> Self {
        Self { file }
    }

    /// The SHA-256 of `path`, computed by `compute` unless it is remembered. It is remembered if the file did not change meanwhile.
    ///
    /// # Errors
    /// Whatever looking at the file or `compute` gives.
    pub fn sha256(&self, path: &Path, compute: impl FnOnce(&Path) -> io::Result<String>) -> io::Result<String> {
        let before = (path.canonicalize()?, Stamp::of(path)?);
        let database = Database::open(&self.file, &tables::INDEX);
        if let Some(sha256) = remembered(&database, &before).and_then(|known| known.sha256) {
            return Ok(sha256);
        }
        let sha256 = compute(path)?;
        if Stamp::of(path).is_ok_and(|after| after == before.1) {
            let hashes = Hashes {
                sha256: Some(sha256.clone()),
                ..Hashes::default()
            };
            // Losing it costs time, not work.
            let _ = database.with(|connection| tables::put_hashes(connection, &before.0, before.1, &hashes));
        }
        Ok(sha256)
    }

    /// The SHA-256 of `path` if it is remembered.
    pub fn known(&self, path: &Path) -> Option<String> {
        let file = (path.canonicalize().ok()?, Stamp::of(path).ok()?);
        remembered(&Database::open(&self.file, &tables::INDEX), &file)?.sha256
    }
}

fn remembered(database: &Database, (real, stamp): &(PathBuf, Stamp)) -> Option<Hashes> {
    database
        .with(|connection| tables::hashes(connection, real, *stamp))
        .ok()
}

impl Stamp {
    /// The stamp of a file, of a link that of the file behind it.
    ///
    /// # Errors
    /// Whatever looking at the file gives.
    pub fn of(path: &Path) -> io::Result<Self> {
        path.metadata().map(|metadata| Self::new(&metadata))
    }

    pub(super) fn new(metadata: &Metadata) -> Self {
        Self {
            length: metadata.len(),
            modified_ns: metadata
                .mtime()
                .saturating_mul(1_000_000_000)
                .saturating_add(metadata.mtime_nsec()),
            inode: metadata.ino(),
        }
    }
}

/// Reads a file once for all its hashes. `network` asks for that of a network: of a safetensors file the SHA-256 of all that is behind
/// the header (`sd-webui-additional-networks`), of any other the whole file's. `block` hears how much was read and may stop.
///
/// # Errors
/// Whatever reading gives; [`io::ErrorKind::Interrupted`] when it was stopped.
pub(super) fn compute(path: &Path, network: bool, block: &mut dyn FnMut(u64) -> bool) -> io::Result<Hashes> {
    let mut file = File::open(path)?;
    let is_safetensors = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"));
    let (mut whole, mut body) = (Sha256::new(), (network && is_safetensors).then(Sha256::new));
    let mut buffer = vec![0; BLOCK];
    // Where the body begins: behind eight bytes of length and the header.
    let (mut begin, mut at) = (u64::MAX, 0_u64);
    loop {
        let read = fill(&mut file, &mut buffer)?;
        let bytes = &buffer[..read];
        if at == 0 {
            let length = bytes.first_chunk().map_or(u64::MAX, |first| u64::from_le_bytes(*first));
            begin = length.saturating_add(8);
        }
        whole.update(bytes);
        if let Some(body) = &mut body {
            let skipped = begin.saturating_sub(at).min(read as u64) as usize;
            body.update(&bytes[skipped..]);
        }
        at += read as u64;
        if !block(at) {
            return Err(io::ErrorKind::Interrupted.into());
        }
        if read < buffer.len() {
            break;
        }
    }
    let sha256 = hash::hex(&whole.finalize());
    let network = network.then(|| body.map_or_else(|| sha256.clone(), |body| hash::hex(&body.finalize())));
    Ok(Hashes {
        legacy: Some(hash::legacy(path)?),
        network,
        sha256: Some(sha256),
    })
}

/// Reads until the buffer is full or the file ends.
fn fill(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match file.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_file_is_read_once_until_it_changes() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, file) = (
            HashCache::new(folder.path().join("sub/models.sqlite3")),
            folder.path().join("model"),
        );
        std::fs::write(&file, "one").unwrap();
        let never = |_: &Path| -> io::Result<String> { panic!("the file was read again") };
        assert_eq!(cache.known(&file), None);
        assert_eq!(cache.sha256(&file, |_| Ok("1".to_owned())).unwrap(), "1");
        assert_eq!(cache.sha256(&file, never).unwrap(), "1");
        assert_eq!(cache.known(&file).as_deref(), Some("1"));
        std::fs::write(&file, "three").unwrap();
        assert_eq!(cache.sha256(&file, |_| Ok("3".to_owned())).unwrap(), "3");
        std::fs::write(folder.path().join("sub/models.sqlite3"), "no database").unwrap();
        let _ = std::fs::remove_file(folder.path().join("sub/models.sqlite3-wal"));
        assert_eq!(cache.sha256(&file, |_| Ok("3".to_owned())).unwrap(), "3");
        assert_eq!(cache.sha256(&file, never).unwrap(), "3");
    }

    #[test]
    fn a_file_that_changes_while_it_is_read_is_not_remembered() {
        let folder = tempfile::tempdir().unwrap();
        let (cache, file) = (
            HashCache::new(folder.path().join("a.sqlite3")),
            folder.path().join("model"),
        );
        std::fs::write(&file, "one").unwrap();
        let changed = cache.sha256(&file, |path| std::fs::write(path, "three").map(|()| "1".to_owned()));
        assert_eq!(changed.unwrap(), "1");
        assert_eq!(cache.known(&file), None);
    }
}
