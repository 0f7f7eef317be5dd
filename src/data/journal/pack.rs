//! Changes as bytes: a block of them, packed, is what the journal's file holds.
//!
//! A change is a letter, then its paths and texts, each with its length in front (four bytes, little-endian). Texts stand whole, before
//! and after: what a file was can then be said whatever is in it now, and packing takes away what both have in common.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::Change;

/// A block ends when it has so many changes or bytes.
const CHANGES: usize = 512;
const BYTES: usize = 1 << 20;
/// No block that danlu writes is larger than this with one caption of the greatest size in it, twice.
const LARGEST: u64 = 2 * super::disk::LARGEST + (4 << 20);
/// zstd's level: captions shrink to a sixth, at some hundred megabytes a second.
const LEVEL: i32 = 1;

/// A block being filled.
#[derive(Debug, Default)]
pub(super) struct Block {
    /// The number of its first change.
    pub(super) first: usize,
    /// How many changes it has.
    pub(super) count: usize,
    bytes: Vec<u8>,
}

impl Block {
    pub(super) fn starting(first: usize) -> Self {
        Self {
            first,
            ..Self::default()
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.count >= CHANGES || self.bytes.len() >= BYTES
    }

    pub(super) fn push(&mut self, change: &Change) {
        self.count += 1;
        let (letter, paths, texts) = match change {
            Change::Write { path, before, after } => (b'w', [Some(path), None], [before.as_deref(), after.as_deref()]),
            Change::Move { from, to } => (b'm', [Some(from), Some(to)], [None; 2]),
            Change::Create { temporary, path } => (b'c', [Some(temporary), Some(path)], [None; 2]),
            Change::Trash { path } => (b't', [Some(path), None], [None; 2]),
        };
        self.bytes.push(letter);
        let parts = paths.map(|path| path.map(|path| path.as_os_str().as_bytes()));
        for part in parts.into_iter().chain(texts) {
            // The length of nothing is one that no part has.
            let length = part.map_or(u32::MAX, |part| part.len() as u32);
            self.bytes.extend(length.to_le_bytes());
            self.bytes.extend(part.unwrap_or_default());
        }
    }

    /// The block as it is stored.
    pub(super) fn packed(&self) -> std::io::Result<Vec<u8>> {
        zstd::bulk::compress(&self.bytes, LEVEL)
    }
}

/// The changes of a block; `None` where it holds something else.
pub(super) fn unpack(packed: &[u8], count: usize) -> Option<Vec<Change>> {
    let size = zstd::zstd_safe::get_frame_content_size(packed).ok()??;
    let bytes = zstd::bulk::decompress(packed, usize::try_from(size.min(LARGEST)).ok()?).ok()?;
    let mut rest = bytes.as_slice();
    let mut changes = Vec::with_capacity(count.min(bytes.len()));
    while let Some((letter, behind)) = rest.split_first() {
        rest = behind;
        changes.push(one(*letter, &mut rest)?);
    }
    (changes.len() == count).then_some(changes)
}

fn one(letter: u8, rest: &mut &[u8]) -> Option<Change> {
    let mut part = || -> Option<Option<Vec<u8>>> {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        *rest = behind;
        let length = u32::from_le_bytes(*length);
        if length == u32::MAX {
            return Some(None);
        }
        let (part, behind) = rest.split_at_checked(length as usize)?;
        *rest = behind;
        Some(Some(part.to_vec()))
    };
    let (first, second, before, after) = (part()??, part()?, part()?, part()?);
    let path = |bytes: Vec<u8>| PathBuf::from(OsString::from_vec(bytes));
    let first = path(first);
    Some(match letter {
        b'w' => Change::Write {
            path: first,
            before,
            after,
        },
        b'm' => Change::Move {
            from: first,
            to: path(second?),
        },
        b'c' => Change::Create {
            temporary: first,
            path: path(second?),
        },
        b't' => Change::Trash { path: first },
        _ => return None,
    })
}

impl Change {
    /// The file that the change is about: of a move where it goes.
    pub fn path(&self) -> &Path {
        match self {
            Self::Write { path, .. } | Self::Create { path, .. } | Self::Trash { path } => path,
            Self::Move { to, .. } => to,
        }
    }

    /// Every name in the set that the change takes or gives.
    pub(super) fn names(&self) -> impl Iterator<Item = &Path> {
        let (first, second) = match self {
            Self::Write { path, .. } | Self::Create { path, .. } | Self::Trash { path } => (path, None),
            Self::Move { from, to } => (from, Some(to)),
        };
        std::iter::once(first).chain(second).map(PathBuf::as_path)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn path(bytes: &[u8]) -> PathBuf {
        PathBuf::from(OsString::from_vec(bytes.to_vec()))
    }

    #[test]
    fn what_is_packed_comes_back() {
        let changes = [
            Change::Write {
                path: path(b"a\n\xff.txt"),
                before: Some(b"\xef\xbb\xbfa, \0b\r\n".to_vec()),
                after: None,
            },
            Change::Write {
                path: path(b"b"),
                before: None,
                after: Some(Vec::new()),
            },
            Change::Move {
                from: path(b"c"),
                to: path(b"d/e"),
            },
            Change::Create {
                temporary: path(b".x"),
                path: path(b"x"),
            },
            Change::Trash { path: path(b"y") },
        ];
        let mut block = Block::starting(7);
        for change in &changes {
            block.push(change);
        }
        let packed = block.packed().unwrap();
        assert_eq!(unpack(&packed, changes.len()).unwrap(), changes);
        assert_eq!(unpack(&packed, changes.len() - 1), None);
        for end in 0..packed.len() {
            assert_eq!(unpack(&packed[..end], changes.len()), None, "{end} bytes");
        }
        for (letter, parts) in [(b'w', 3), (b'm', 4), (b'z', 4)] {
            let mut bytes = vec![letter];
            bytes.extend([0, 0, 0, 0]);
            bytes.extend(u32::MAX.to_le_bytes().repeat(parts - 1));
            assert_eq!(unpack(&zstd::bulk::compress(&bytes, 1).unwrap(), 1), None);
        }
    }

    #[test]
    fn a_block_that_lies_about_its_size_takes_no_memory() {
        let mut lying = zstd::bulk::compress(&[0; 300], 1).unwrap();
        assert_eq!(zstd::zstd_safe::get_frame_content_size(&lying).unwrap(), Some(300));
        // Byte 4 says how the size is written; here as two bytes that follow, less 256.
        lying[5..7].copy_from_slice(&[0xff, 0xff]);
        assert_eq!(unpack(&lying, 1), None);
    }
}
