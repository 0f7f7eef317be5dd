//! The hashes by which the field names a file of weights.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use sha2::{Digest, Sha256};

/// SHA-256 of the whole file, in lower-case hexadecimal. A1111's model hash is its first ten digits.
///
/// # Errors
/// Whatever reading the file gives.
pub fn sha256(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block)? {
            0 => break,
            read => hasher.update(&block[..read]),
        }
    }
    Ok(hex(&hasher.finalize()))
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

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}
