//! The hashes by which the field names a file of weights.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::thread;

use sha2::{Digest, Sha256};

/// What is read at a time: small enough to be still in the processor's cache when it is hashed.
const BLOCK: usize = 1 << 20;
/// Blocks on the way from reading to hashing.
const BLOCKS: usize = 4;

/// SHA-256 of the whole file, in lower-case hexadecimal. A1111's model hash is its first ten digits.
///
/// # Errors
/// Whatever reading the file gives.
pub fn sha256(path: &Path) -> io::Result<String> {
    sha256_watched(path, &mut |_| true)
}

/// [`sha256`], telling `watch` after each block how many bytes are done; hashing ends when it gives false. Reading goes on while a
/// block is hashed.
///
/// # Errors
/// Whatever reading the file gives; [`io::ErrorKind::Interrupted`] when `watch` ended it.
pub fn sha256_watched(path: &Path, watch: &mut dyn FnMut(u64) -> bool) -> io::Result<String> {
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let file = File::open(path)?;
    // A hint only: what the system says to it does not matter.
    let _ = rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::Sequential);
    let (full, filled) = mpsc::sync_channel(BLOCKS);
    let (empty, emptied) = mpsc::sync_channel(BLOCKS);
    for _ in 0..BLOCKS {
        // There is room for all of them.
        let _ = empty.try_send(Vec::with_capacity(BLOCK));
    }
    // Moved in, so that an early end drops both channels' ends, which is what ends the reader.
    thread::scope(move |scope| {
        scope.spawn(move || read_blocks(file, &emptied, &full));
        let (mut hasher, mut done) = (Sha256::new(), 0);
        for block in filled {
            let block: Vec<u8> = block?;
            hasher.update(&block);
            done += block.len() as u64;
            if !watch(done) {
                return Err(io::ErrorKind::Interrupted.into());
            }
            // Nobody takes it when the file has ended.
            let _ = empty.try_send(block);
        }
        Ok(hex(&hasher.finalize()))
    })
}

/// Fills blocks until the file ends or nobody takes them.
fn read_blocks(mut file: File, emptied: &Receiver<Vec<u8>>, full: &SyncSender<io::Result<Vec<u8>>>) {
    for mut block in emptied {
        block.clear();
        let read = (&mut file).take(BLOCK as u64).read_to_end(&mut block);
        let ended = matches!(read, Ok(0) | Err(_));
        if matches!(read, Ok(0)) || full.send(read.map(|_| block)).is_err() || ended {
            return;
        }
    }
}

/// A1111's hash of before 2023: eight digits of the SHA-256 of 64 KiB at 1 MiB; of nothing when the file is shorter, as there.
///
/// # Errors
/// Whatever reading the file gives.
pub fn legacy(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(0x10_0000))?;
    let mut block = Vec::new();
    file.take(0x1_0000).read_to_end(&mut block)?;
    Ok(hex(&Sha256::digest(&block))[..8].to_owned())
}

/// The first ten digits of a SHA-256: A1111's short model hash.
pub fn short(sha256: &str) -> &str {
    sha256.get(..10).unwrap_or(sha256)
}

/// Bytes as lower-case hexadecimal digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sums_are_right_at_every_length_around_a_block() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, (BLOCKS + 2) * BLOCK + 7] {
            let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
            std::fs::write(&path, &bytes).unwrap();
            let mut done = 0;
            let sum = sha256_watched(&path, &mut |bytes| {
                done = bytes;
                true
            });
            assert_eq!(sum.unwrap(), hex(&Sha256::digest(&bytes)), "{length}");
            assert_eq!(done, length as u64);
        }
    }

    #[test]
    fn hashing_ends_when_it_is_told_to() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, vec![1; 9 * BLOCK]).unwrap();
        let mut calls = 0;
        let ended = sha256_watched(&path, &mut |_| {
            calls += 1;
            calls < 3
        });
        assert_eq!(ended.unwrap_err().kind(), io::ErrorKind::Interrupted);
        assert_eq!(calls, 3);
        assert!(sha256(folder.path()).is_err());
    }
}
