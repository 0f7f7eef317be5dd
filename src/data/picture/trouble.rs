//! Why a picture cannot be used, in one sentence and a hint.

use std::io;
use std::path::{Path, PathBuf};

/// A picture that cannot be used, and why.
#[derive(Debug, thiserror::Error)]
#[error("{} {fault}", path.display())]
pub struct Trouble {
    /// The file.
    pub path: PathBuf,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a picture; follows the file's name in a sentence.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The system does not let it be read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// A folder, a pipe, a device.
    #[error("is no regular file")]
    NotAFile,
    /// Nothing is in it.
    #[error("is empty")]
    Empty,
    /// Something that is known, but no picture that danlu reads.
    #[error("is {0}, not a PNG, JPEG, WebP or BMP picture")]
    Foreign(&'static str),
    /// The first bytes are of no known kind of file.
    #[error("is no PNG, JPEG, WebP or BMP picture")]
    Unknown,
    /// The file ends early.
    #[error("is cut off in its {0}")]
    Truncated(&'static str),
    /// The file contradicts itself.
    #[error("is damaged: {0}")]
    Damaged(String),
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

impl Fault {
    pub(super) fn at(self, path: &Path) -> Trouble {
        let path = path.to_owned();
        Trouble { path, fault: self }
    }
}

impl Trouble {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match &self.fault {
            Fault::Unreadable(error) => match error.kind() {
                io::ErrorKind::NotFound => "check the path",
                io::ErrorKind::PermissionDenied => "allow reading it with chmod, or copy it",
                _ => return None,
            },
            Fault::NotAFile => "give a picture's file",
            Fault::Empty | Fault::Truncated(_) => "copy or download the file again",
            Fault::Foreign("a Git LFS pointer") => "run `git lfs pull` to get the picture it stands for",
            Fault::Foreign("a web page") => {
                "what was downloaded is the page around the picture; download the picture itself"
            }
            Fault::Foreign(_) | Fault::Unknown => "convert it to PNG with another program, or take it out of the set",
            Fault::Damaged(_) => "copy the file again; a program may also have broken it when it saved",
            Fault::TooLarge { .. } => {
                "Pillow, which trainers read pictures with, refuses it as well; scale it down with another program"
            }
            Fault::TooLong { .. } => "save it again in fewer bytes, for example as JPEG or WebP",
        };
        Some(hint.to_owned())
    }
}
