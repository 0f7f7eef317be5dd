//! A safetensors file, mapped into memory.
//!
//! Owns the header check and the views into the file. Copies nothing: the pages belong to the page cache, so a checkpoint is never
//! in host memory twice. Read [`super::checkpoint`] next.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};

use burn::tensor::DType;
use memmap2::Mmap;
use safetensors::tensor::{Metadata, SafeTensorError, SafeTensors, TensorInfo};

use super::Error;

/// One tensor as it lies in the file.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// The tensor's shape, row-major.
    pub shape: &'a [usize],
    /// The type of its elements.
    pub dtype: safetensors::Dtype,
    /// Its elements, little-endian.
    pub bytes: &'a [u8],
}

/// An open safetensors file.
#[derive(Debug)]
pub struct MappedFile {
    path: PathBuf,
    map: Mmap,
    header: Metadata,
    /// Where the tensors begin: after the header's length and the header.
    body: usize,
}

impl MappedFile {
    /// Maps the file and checks its header against its length.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Unsupported`] for a pickle, or [`Error::Damaged`] when header and file contradict each other.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let unreadable = |source| Error::Unreadable {
            path: path.to_owned(),
            source,
        };
        let file = File::open(path).map_err(unreadable)?;
        if file.metadata().map_err(unreadable)?.is_dir() {
            return Err(unreadable(std::io::ErrorKind::IsADirectory.into()));
        }
        let map = map(&file).map_err(unreadable)?;
        if let Some(what) = foreign(&map) {
            return Err(Error::Unsupported {
                path: path.to_owned(),
                what: what.to_owned(),
            });
        }
        let (header_len, header) = SafeTensors::read_metadata(&map).map_err(|e| Error::Damaged {
            path: path.to_owned(),
            why: explain(&e, map.len()),
        })?;
        Ok(Self {
            path: path.to_owned(),
            map,
            header,
            body: header_len + 8,
        })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The whole file's length in bytes.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether the file has no tensor.
    pub fn is_empty(&self) -> bool {
        self.header.tensors().is_empty()
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// The free-form text pairs of the header (`ss_*`, `modelspec.*`, …).
    pub fn metadata(&self) -> HashMap<String, String> {
        self.header.metadata().clone().unwrap_or_default()
    }

    /// The names of all tensors with their headers.
    pub fn tensors(&self) -> HashMap<String, &TensorInfo> {
        self.header.tensors()
    }

    /// One tensor, if it is there.
    pub fn view(&self, name: &str) -> Option<View<'_>> {
        let info = self.header.info(name)?;
        let (start, end) = info.data_offsets;
        Some(View {
            shape: &info.shape,
            dtype: info.dtype,
            bytes: &self.map[self.body + start..self.body + end],
        })
    }
}

/// The burn type of a safetensors type, when weights may have it.
pub fn float_type(dtype: safetensors::Dtype) -> Option<DType> {
    Some(match dtype {
        safetensors::Dtype::F64 => DType::F64,
        safetensors::Dtype::F32 => DType::F32,
        safetensors::Dtype::F16 => DType::F16,
        safetensors::Dtype::BF16 => DType::BF16,
        _ => return None,
    })
}

#[expect(
    unsafe_code,
    reason = "mapping a file is unsafe in every library: another process may cut it short under us"
)]
fn map(file: &File) -> std::io::Result<Mmap> {
    // SAFETY: the map is private and read-only. A file that is truncated while it is read ends the process with SIGBUS; checkpoints
    // are written once, and danlu itself replaces files only by renaming, which leaves a mapped one as it was.
    unsafe { Mmap::map(file) }
}

/// Names what the file is when its first bytes say that it is no safetensors.
fn foreign(bytes: &[u8]) -> Option<&'static str> {
    match bytes {
        [b'P', b'K', 3, 4, ..] => Some("zip or PyTorch pickle (.ckpt/.pt)"),
        [0x80, 2..=5, b'}' | b'c' | b'(' | b'\x8a' | b']', ..] => Some("PyTorch pickle (.ckpt/.pt)"),
        [b'G', b'G', b'U', b'F', ..] => Some("GGUF file"),
        [b'<', b'!' | b'h', ..] => Some("web page (HTML)"),
        b if b.starts_with(b"version https://git-lfs") => Some("Git LFS pointer"),
        _ => None,
    }
}

fn explain(error: &SafeTensorError, len: usize) -> String {
    match error {
        SafeTensorError::HeaderTooSmall => format!("it is {len} bytes long, shorter than a header's length field"),
        SafeTensorError::HeaderTooLarge => "its header claims more than 100 MB".to_owned(),
        SafeTensorError::InvalidHeaderLength => {
            format!("its header claims to be longer than the file's {len} bytes")
        }
        SafeTensorError::MetadataIncompleteBuffer => {
            format!("its header describes another amount of data than the file's {len} bytes hold")
        }
        other => format!("{other}"),
    }
}
