//! Why a picture cannot be used, in one sentence and a hint.

use std::io;
use std::path::{Path, PathBuf};

use crate::data::unread::Unread;

/// A picture that cannot be used, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{} {fault}", path.display())]
pub struct Trouble {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a picture; follows the file's name in a sentence.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The system does not let it be read.
    #[error("cannot be read: {0}")]
    Unreadable(Unread),
    /// A folder, a pipe, a device.
    #[error("is no regular file")]
    NotAFile,
    /// Nothing is in it.
    #[error("is empty")]
    Empty,
    /// Something that is known, but no picture that danlu reads.
    #[error("is {0}, not a PNG, JPEG, WebP or BMP picture")]
    Foreign(Foreign),
    /// The first bytes are of no known kind of file.
    #[error("is no PNG, JPEG, WebP or BMP picture")]
    Unknown,
    /// The file ends early.
    #[error("is cut off in its {0}")]
    Truncated(Part),
    /// The file contradicts itself.
    #[error("is damaged: {0}")]
    Damaged(Damage),
    /// More pixels than are ever decoded.
    #[error("says it has {width} x {height} pixels; {} million are the most that are read", most / 1_000_000)]
    TooLarge {
        /// Pixels, as the header says.
        width: u32,
        /// Pixels, as the header says.
        height: u32,
        /// The most pixels that are decoded.
        most: u64,
    },
    /// The file itself is too long to be a picture.
    #[error("is {bytes} bytes long; {most} are the most that are read")]
    TooLong {
        /// The file's length.
        bytes: u64,
        /// The longest file that is read.
        most: u64,
    },
}

/// A kind of file that is known and no picture that danlu reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the words say what they are")]
pub enum Foreign {
    #[error("a GIF")]
    Gif,
    #[error("a TIFF")]
    Tiff,
    #[error("a JPEG XL")]
    JpegXl,
    #[error("an AVIF")]
    Avif,
    #[error("a HEIF")]
    Heif,
    #[error("a video")]
    Video,
    #[error("a Photoshop document")]
    Photoshop,
    #[error("a Git LFS pointer")]
    LfsPointer,
    #[error("a web page")]
    WebPage,
}

/// A part of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Part {
    /// Where size and colours stand.
    #[error("header")]
    Header,
    /// The picture itself.
    #[error("pixels")]
    Pixels,
}

/// How a file contradicts itself.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the sentences say what the values are")]
pub enum Damage {
    #[error("its size is {0} x {1} pixels")]
    Size(u32, u32),
    #[error("it is {0} pixels wide")]
    Width(i32),
    /// So many of these.
    #[error("there are no pixels behind {0} {1}")]
    NoPixels(usize, &'static str),
    #[error("it does not begin with the chunk IHDR")]
    NoStart,
    #[error("{0} is no colour type of PNG")]
    ColourType(u8),
    #[error("its first chunk is {0:?}")]
    FirstChunk(String),
    #[error("its frame does not begin as a {0} frame does")]
    Frame(&'static str),
    #[error("it has no frame header")]
    NoFrame,
    #[error("the segment {marker:#x} says it is {length} bytes long")]
    Segment { marker: u8, length: u64 },
    #[error("{0} is no number of channels of a JPEG")]
    Channels(u8),
    #[error("there is no marker in {0} bytes")]
    NoMarker(usize),
    #[error("its info header says it is {0} bytes long")]
    InfoHeader(u32),
    #[error("{0} is no number of bits of a BMP pixel")]
    Bits(u16),
    /// Of this chunk.
    #[error("the checksum of its chunk {0} is wrong")]
    Checksum(String),
    #[error("nobody knows its chunk {0}")]
    Chunk(String),
    /// In the words of the decoder.
    #[error("{0}")]
    Pixels(String),
}

impl From<Damage> for Fault {
    fn from(damage: Damage) -> Self {
        Self::Damaged(damage)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Unreadable(error.into())
    }
}

impl Fault {
    pub(super) fn at(self, path: &Path) -> Trouble {
        let path = path.to_owned();
        Trouble { path, fault: self }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Unreadable(Unread::System { kind, .. }) => match kind {
                io::ErrorKind::NotFound => "check the path",
                io::ErrorKind::PermissionDenied => "allow reading it with chmod, or copy it",
                _ => return None,
            },
            Self::Unreadable(_) => return None,
            Self::NotAFile => "give a picture's file",
            Self::Empty | Self::Truncated(_) => "copy or download the file again",
            Self::Foreign(Foreign::LfsPointer) => "run `git lfs pull` to get the picture it stands for",
            Self::Foreign(Foreign::WebPage) => {
                "what was downloaded is the page around the picture; download the picture itself"
            }
            Self::Foreign(_) | Self::Unknown => "convert it to PNG with another program, or take it out of the set",
            Self::Damaged(_) => "copy the file again; a program may also have broken it when it saved",
            Self::TooLarge { .. } => {
                "Pillow, which trainers read pictures with, refuses it as well; scale it down with another program"
            }
            Self::TooLong { .. } => "save it again in fewer bytes, for example as JPEG or WebP",
        };
        Some(hint.to_owned())
    }
}
