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
            why: explain(&e, &map),
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
        b if is_html(b) => Some("web page (HTML)"),
        b if b.starts_with(b"version https://git-lfs") => Some("Git LFS pointer"),
        _ => None,
    }
}

fn is_html(bytes: &[u8]) -> bool {
    let start = bytes.trim_ascii_start();
    let start = start[..start.len().min(9)].to_ascii_lowercase();
    start.starts_with(b"<html") || start == b"<!doctype"
}

fn explain(error: &SafeTensorError, bytes: &[u8]) -> String {
    let len = bytes.len();
    let claimed = bytes.first_chunk().map_or(0, |first| u64::from_le_bytes(*first));
    match error {
        SafeTensorError::HeaderTooSmall => format!("it is {len} bytes long, shorter than a header's length field"),
        SafeTensorError::HeaderTooLarge => format!("its header claims {claimed} bytes, more than any has"),
        SafeTensorError::InvalidHeaderLength => {
            format!("its header claims {claimed} bytes of the file's {len}")
        }
        SafeTensorError::MetadataIncompleteBuffer => match entries(bytes) {
            Some((body, entries)) => {
                let end = entries.iter().map(|e| e.data_offsets.1).max().unwrap_or_default();
                let all = body.saturating_add(end);
                format!("its header describes {all} bytes, {end} of them tensors, the file has {len}")
            }
            None => format!("its header describes another amount of data than the file's {len} bytes hold"),
        },
        SafeTensorError::TensorInvalidInfo | SafeTensorError::ValidationOverflow | SafeTensorError::MisalignedSlice => {
            let culprit = entries(bytes).and_then(|(_, entries)| entries.into_iter().find(Entry::is_wrong));
            match culprit {
                Some(Entry {
                    name,
                    dtype,
                    shape,
                    data_offsets: (from, to),
                }) => {
                    format!("tensor {name} of type {dtype} and shape {shape:?} cannot lie at bytes {from} to {to}")
                }
                None => error.to_string(),
            }
        }
        other => format!("{other}"),
    }
}

/// A tensor as a header that is not to be trusted describes it.
#[derive(serde::Deserialize)]
struct Entry {
    #[serde(skip)]
    name: String,
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

impl Entry {
    /// Whether type and shape need another number of bytes than the offsets leave.
    fn is_wrong(&self) -> bool {
        let digits = self.dtype.trim_start_matches(|c: char| !c.is_ascii_digit());
        let digits = digits.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default();
        let bits = self
            .shape
            .iter()
            .try_fold(digits.parse().unwrap_or(8_u64), |n, side| n.checked_mul(*side));
        let needed = bits.filter(|bits| bits % 8 == 0).map(|bits| bits / 8);
        let (from, to) = self.data_offsets;
        needed.is_none() || needed != to.checked_sub(from)
    }
}

/// Where the data begins and what the header describes, read once more to say what is wrong with it.
fn entries(bytes: &[u8]) -> Option<(u64, Vec<Entry>)> {
    let length = u64::from_le_bytes(*bytes.first_chunk()?);
    let header = bytes.get(8..)?.get(..usize::try_from(length).ok()?)?;
    let header: serde_json::Map<String, serde_json::Value> = serde_json::from_slice(header).ok()?;
    let tensors = header.into_iter().filter(|(name, _)| name != "__metadata__");
    let entries = tensors.filter_map(|(name, value)| {
        Some(Entry {
            name,
            ..serde_json::from_value(value).ok()?
        })
    });
    Some((8 + length, entries.collect()))
}
