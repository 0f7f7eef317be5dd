//! The checkpoint that the program carries, so that an installed danlu draws from any folder.
//!
//! It is unpacked once, into the cache directory. Where it came from and how it was made stands in `models/README.md`.

use std::path::{Path, PathBuf};

use super::atomic::{self, WriteError};

const PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/danlu-emoji.safetensors.zst"));
const YAML: &[u8] = include_bytes!("../../models/danlu-emoji.yaml");
/// Length of the file in bytes, by which a whole one is known.
const LENGTH: u64 = 41_965_022;

/// The checkpoint's name.
pub const NAME: &str = "danlu-emoji";

/// The folder that the checkpoint is unpacked into, below `cache_dir`.
pub fn folder(cache_dir: &Path) -> PathBuf {
    cache_dir.join("models")
}

/// The checkpoint's path below `cache_dir`; unpacks it when it is not there.
///
/// # Errors
/// When the cache directory cannot be written to.
pub fn unpack(cache_dir: &Path) -> Result<PathBuf, WriteError> {
    let folder = folder(cache_dir);
    let path = folder.join(format!("{NAME}.safetensors"));
    let yaml = path.with_extension("yaml");
    if std::fs::read(&yaml).is_ok_and(|found| found == YAML) && path.metadata().is_ok_and(|m| m.len() == LENGTH) {
        return Ok(path);
    }
    atomic::create_folder(&folder)?;
    atomic::write_atomic(&yaml, |file| file.write_all(YAML))?;
    atomic::write_atomic(&path, |file| zstd::stream::copy_decode(PACKED, file))?;
    Ok(path)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_damaged_copy_is_unpacked_again() {
        let cache = tempfile::tempdir().unwrap();
        let path = unpack(cache.path()).unwrap();
        let whole = std::fs::read(&path).unwrap();
        assert_eq!(whole.len() as u64, LENGTH);
        std::fs::write(path.with_extension("yaml"), b"edited").unwrap();
        unpack(cache.path()).unwrap();
        assert_eq!(std::fs::read(path.with_extension("yaml")).unwrap(), YAML);
        std::fs::write(&path, b"cut short").unwrap();
        unpack(cache.path()).unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), whole);
        assert_eq!(
            whole,
            std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/models/danlu-emoji.safetensors")).unwrap()
        );
    }
}
