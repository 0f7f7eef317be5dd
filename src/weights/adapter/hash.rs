//! The hash by which infotext names a network.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::weights::hash;

/// A1111's hash of a network file, in lower-case hexadecimal; infotext has its first twelve digits.
///
/// It is what the metadata say (`sshs_model_hash`), else of a `.safetensors` the SHA-256 of all that follows the header, which editing
/// the metadata does not change, else the whole file's.
///
/// # Errors
/// Whatever reading the file gives.
pub fn hash(path: &Path, metadata: &BTreeMap<String, String>) -> io::Result<String> {
    if let Some(known) = metadata.get("sshs_model_hash").filter(|known| !known.is_empty()) {
        return Ok(known.clone());
    }
    let is_safetensors = path
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("safetensors"));
    if is_safetensors {
        of_tensors(path)
    } else {
        hash::sha256(path)
    }
}

fn of_tensors(path: &Path) -> io::Result<String> {
    let mut file = File::open(path)?;
    let mut length = [0; 8];
    file.read_exact(&mut length)?;
    let start = u64::from_le_bytes(length).saturating_add(8);
    // Behind the end there is nothing to hash.
    file.seek(SeekFrom::Start(start.min(file.metadata()?.len())))?;
    let mut hasher = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match file.read(&mut block)? {
            0 => break,
            read => hasher.update(&block[..read]),
        }
    }
    Ok(hash::hex(&hasher.finalize()))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_header_does_not_count() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, header: &str| {
            let path = folder.path().join(name);
            let bytes = [&(header.len() as u64).to_le_bytes(), header.as_bytes(), b"abc"].concat();
            std::fs::write(&path, bytes).unwrap();
            path
        };
        let (one, two) = (write("1.safetensors", "{}"), write("2.SafeTensors", "{\"a\":1}"));
        let none = BTreeMap::new();
        // sha256 of "abc", FIPS 180-2's example.
        let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(hash(&one, &none).unwrap(), abc);
        assert_eq!(hash(&two, &none).unwrap(), abc);
        let lying = folder.path().join("lying.safetensors");
        std::fs::write(&lying, [0xff; 12]).unwrap();
        assert!(hash(&lying, &none).is_ok());
        let said = BTreeMap::from([("sshs_model_hash".to_owned(), "0123".to_owned())]);
        assert_eq!(hash(&one, &said).unwrap(), "0123");
        assert_ne!(hash(&write("3.pt", "{}"), &none).unwrap(), abc);
    }
}
