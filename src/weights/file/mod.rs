//! A file of tensors, whatever its format: names, shapes and number types, and views into the mapped bytes.
//!
//! Owns what all formats have in common; the format is told by the first bytes ([`format`]), never by the name. [`header`] reads
//! safetensors, [`pickle`] what torch saves. Copies nothing that lies in one piece. Read [`super::checkpoint`] next.

mod format;
mod header;
mod pickle;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fs::{File, Metadata};
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use memmap2::Mmap;
use safetensors::Dtype;

pub use self::format::Format;
use self::pickle::{Refused, geometry};
use super::{Error, element, mapped};

/// What a file says about one of its tensors.
#[derive(Clone, Debug, PartialEq)]
pub struct Info {
    /// The type of its elements.
    pub dtype: Dtype,
    /// Row-major.
    pub shape: Vec<usize>,
    place: Place,
}

/// Where a tensor's elements lie.
#[derive(Clone, Debug, PartialEq)]
enum Place {
    /// In the file, in one piece.
    File(Range<usize>),
    /// Among the bytes that a pickle had escaped, in one piece.
    Decoded(Range<usize>),
    /// In the file, in another order; the strides count elements.
    Strided { range: Range<usize>, strides: Vec<usize> },
}

impl Info {
    /// Bytes of its elements.
    pub fn bytes(&self) -> usize {
        match &self.place {
            Place::File(range) | Place::Decoded(range) => range.len(),
            // Checked when the file was opened.
            Place::Strided { .. } => self.shape.iter().product::<usize>() * self.dtype.bitsize() / 8,
        }
    }
}

/// One tensor as it lies in the file.
#[derive(Clone, Debug)]
pub struct View<'a> {
    /// The tensor's shape, row-major.
    pub shape: &'a [usize],
    /// The type of its elements.
    pub dtype: Dtype,
    /// Its elements, little-endian; borrowed from the map unless the file has them in another order.
    pub bytes: Cow<'a, [u8]>,
}

impl View<'_> {
    /// The elements as f32, or `None` when they are no floating-point numbers.
    pub fn to_f32(&self) -> Option<Vec<f32>> {
        element::to_f32(self.dtype, &self.bytes)
    }
}

/// An open file of tensors.
#[derive(Debug)]
pub struct TensorFile {
    path: PathBuf,
    /// Kept open to see whether the file changes under the map.
    file: File,
    stamp: (u64, Option<SystemTime>),
    map: Mmap,
    decoded: Vec<u8>,
    format: Format,
    metadata: BTreeMap<String, String>,
    tensors: BTreeMap<String, Info>,
}

impl TensorFile {
    /// Maps the file and checks what it says of itself against its length.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Unsupported`] for a format that cannot be read, [`Error::Damaged`] when the file contradicts
    /// itself, or [`Error::Pickle`] when it wants a class that is not known.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let (path, unreadable) = (path.to_owned(), |source| Error::Unreadable {
            path: path.to_owned(),
            source,
        });
        let (file, metadata) = open_regular(&path).map_err(unreadable)?;
        let map = mapped::map(&file).map_err(unreadable)?;
        let format = Format::of(&map).map_err(|what| Error::Unsupported {
            path: path.clone(),
            what: what.to_owned(),
        })?;
        let read = match format {
            Format::Safetensors => header::read(&map)
                .map(|header| (header, Vec::new()))
                .map_err(Refused::Damaged),
            Format::Pickle if map.starts_with(b"PK") => pickle::zipped(&map),
            Format::Pickle => pickle::bare(&map),
        };
        let ((tensors, pairs), decoded) = read.map_err(|refused| refusal(&path, format, refused))?;
        Ok(Self {
            path,
            file,
            stamp: stamp(&metadata),
            map,
            decoded,
            format,
            metadata: pairs,
            tensors,
        })
    }

    /// The file's path.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How the file is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// The whole file's length in bytes.
    pub fn len(&self) -> usize {
        self.map.len()
    }

    /// Whether the file has no tensor.
    pub fn is_empty(&self) -> bool {
        self.tensors.is_empty()
    }

    /// The whole file.
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Free-form text pairs: of safetensors the header's (`ss_*`, `modelspec.*`, …), of pickles the plain values that lie among the
    /// tensors (`global_step`, `name`, …; lists as JSON, `true` and `false` in small letters, no `None`).
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// All tensors by name. The containers of a pickle are joined by dots (`string_to_param.*`, `768.0.linear.0.weight`); an outermost
    /// `state_dict` is left out.
    pub fn tensors(&self) -> &BTreeMap<String, Info> {
        &self.tensors
    }

    /// One tensor, if it is there; none of a file that has [changed](Self::unchanged).
    pub fn view(&self, name: &str) -> Option<View<'_>> {
        let info = self.tensors.get(name)?;
        let bytes = match &info.place {
            Place::Decoded(range) => Cow::Borrowed(self.decoded.get(range.clone())?),
            Place::File(range) => Cow::Borrowed(self.mapped(range)?),
            Place::Strided { range, strides } => {
                let width = info.dtype.bitsize() / 8;
                Cow::Owned(geometry::gather(self.mapped(range)?, width, &info.shape, strides))
            }
        };
        Some(View {
            shape: &info.shape,
            dtype: info.dtype,
            bytes,
        })
    }

    /// A part of the file, unless it has changed: reading what was cut off would end the process.
    fn mapped(&self, range: &Range<usize>) -> Option<&[u8]> {
        self.unchanged().ok()?;
        self.map.get(range.clone())
    }

    /// Checks that every weight is a finite number. Reads the whole file: for when a picture came out as none, not for loading.
    ///
    /// # Errors
    /// [`Error::NotFinite`] with the first tensor, [`Error::Changed`].
    pub fn check_finite(&self) -> Result<(), Error> {
        self.unchanged()?;
        let mut first = None;
        let mut broken = 0;
        for name in self.tensors.keys() {
            // OpenCLIP's mask is minus infinity where no word may look.
            let Some(view) = self.view(name).filter(|_| !name.ends_with("attn_mask")) else {
                continue;
            };
            let count = element::not_finite(view.dtype, &view.bytes);
            if count > 0 {
                first = first.or(Some((name, count, view.shape.iter().product())));
                broken += 1;
            }
        }
        match first {
            None => Ok(()),
            Some((name, count, of)) => Err(Error::NotFinite {
                path: self.path.clone(),
                name: name.clone(),
                count,
                of,
                more: broken - 1,
            }),
        }
    }

    /// Checks that nobody wrote to the file since it was opened. What was read from it before may no longer hold.
    ///
    /// # Errors
    /// [`Error::Changed`].
    pub fn unchanged(&self) -> Result<(), Error> {
        match self.file.metadata() {
            Ok(metadata) if stamp(&metadata) == self.stamp => Ok(()),
            _ => Err(Error::Changed {
                path: self.path.clone(),
            }),
        }
    }
}

fn stamp(metadata: &Metadata) -> (u64, Option<SystemTime>) {
    (metadata.len(), metadata.modified().ok())
}

/// Opens what can be mapped. Opening a pipe would wait for its other end.
fn open_regular(path: &Path) -> io::Result<(File, Metadata)> {
    let metadata = path.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::other("it is a pipe or a device"));
    }
    let file = File::open(path)?;
    let metadata = file.metadata()?;
    Ok((file, metadata))
}

fn refusal(path: &Path, format: Format, refused: Refused) -> Error {
    let path = path.to_owned();
    match refused {
        Refused::Class(class) => Error::Pickle { path, class },
        Refused::Damaged(why) => Error::Damaged {
            path,
            what: format.name(),
            why,
        },
        Refused::Unsupported(what) => Error::Unsupported {
            path,
            what: what.to_owned(),
        },
    }
}
