//! By what a picture is known again before it goes into the trash.
//!
//! A caption's whole text is in the journal; of a picture there is its length, when it was written to, and a digest of its bytes, which
//! is asked only where the time is another: a set that was copied still is what it was.

use std::fs::{self, File};
use std::io::Read;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use sha2::{Digest, Sha256};

/// What a file was when the journal came to know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Mark {
    /// Bytes.
    pub(super) length: u64,
    /// When it was written to, in nanoseconds since 1970.
    pub(super) modified: i64,
    /// SHA-256 of its bytes.
    pub(super) digest: Vec<u8>,
}

impl Mark {
    /// That of a file; none where it cannot be read.
    pub(super) fn of(path: &Path) -> Option<Self> {
        let (length, modified) = seen(path)?;
        Some(Self {
            length,
            modified,
            digest: digest(path)?,
        })
    }

    /// Whether a file is still the same.
    pub(super) fn fits(&self, path: &Path) -> bool {
        seen(path).is_some_and(|(length, modified)| {
            length == self.length
                && (modified == self.modified || digest(path).is_some_and(|digest| digest == self.digest))
        })
    }
}

fn seen(path: &Path) -> Option<(u64, i64)> {
    let found = fs::metadata(path).ok().filter(fs::Metadata::is_file)?;
    let modified = found.modified().unwrap_or(SystemTime::UNIX_EPOCH);
    let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Some((found.len(), i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)))
}

fn digest(path: &Path) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    let mut digest = Sha256::new();
    let mut part = vec![0; 1 << 16];
    loop {
        match file.read(&mut part).ok()? {
            0 => return Some(digest.finalize().to_vec()),
            read => digest.update(&part[..read]),
        }
    }
}
