//! What format a file has, told by its first bytes.

/// The formats that tensors come in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A header in JSON and the bytes behind it.
    Safetensors,
    /// `PyTorch`'s pickle, in a zip archive or, from before 1.6, bare.
    Pickle,
}

impl Format {
    /// The format, or the name of another that has no tensors danlu can read. What is nothing known counts as safetensors, whose reader
    /// says what is wrong with it.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, &'static str> {
        match bytes {
            // Behind the length of its header, which none has so long that the last byte counts.
            [_, _, _, _, _, _, _, 0, b'{', ..] => Ok(Self::Safetensors),
            [b'P', b'K', 3, 4, ..] | [0x80, 0..=5, ..] => Ok(Self::Pickle),
            [b'P', b'K', 5, 6, ..] => Err("empty zip archive"),
            [b'G', b'G', b'U', b'F', ..] => Err("GGUF file"),
            [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] => Err("picture"),
            b if b.starts_with(b"RIFF") && b.get(8..12) == Some(b"WEBP") => Err("picture"),
            b if b.get(257..262) == Some(b"ustar") => Err("tar archive (PyTorch 0.1)"),
            b if is_html(b) => Err("web page (HTML)"),
            b if b.starts_with(b"version https://git-lfs") => Err("Git LFS pointer"),
            b if is_old_pickle(b) => Ok(Self::Pickle),
            _ => Ok(Self::Safetensors),
        }
    }

    /// What to call a file of this format.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors file",
            Self::Pickle => "PyTorch pickle",
        }
    }
}

/// Pickles of protocol 0 and 1 begin with any instruction. A header's length is told from them by its upper bytes, which are 0.
fn is_old_pickle(bytes: &[u8]) -> bool {
    let begins = bytes
        .first()
        .is_some_and(|first| b"(c}]lLI)NSVUXTFGKMJP".contains(first));
    begins && bytes.get(4..8) != Some(&[0; 4]) && bytes.contains(&b'.')
}

fn is_html(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    let start = start[..start.len().min(9)].to_ascii_lowercase();
    start.starts_with(b"<html") || start == b"<!doctype"
}
