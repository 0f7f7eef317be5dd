//! Infotext inside image files: written into PNG, read from PNG, JPEG, WebP and AVIF.
//!
//! Reads what A1111's "PNG Info" tab reads, and in its order: NovelAI's own fields, then the EXIF comment, then the PNG text named
//! `parameters`. Pixels are never decoded. Nothing here knows what the text means; see [`super::parse`].
//!
//! `png` walks the chunks, `exif` reads the EXIF comment, `embed` writes.

mod embed;
mod exif;
mod novelai;
mod png;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};

pub use embed::{EmbedError, embed_png};

/// The longest text taken from a file: 16 MiB, far above any infotext, far below what a hostile file can promise.
pub const LONGEST_TEXT: u64 = 16 << 20;

/// Why nothing could be read from a file.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file could not be opened or read.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The first bytes are of no image format that carries infotext.
    #[error("{path} is no PNG, JPEG, WebP or AVIF image")]
    NotAnImage {
        /// The file.
        path: PathBuf,
    },
    /// The file ends early.
    #[error("{path} is cut off in its {part}")]
    Truncated {
        /// The file.
        path: PathBuf,
        /// Where it ends.
        part: String,
    },
    /// The file contradicts itself.
    #[error("{path} is damaged: {reason}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        reason: String,
    },
    /// A text is longer than [`LONGEST_TEXT`].
    #[error("the text {key:?} in {path} is longer than {} MiB", LONGEST_TEXT >> 20)]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The name of the text.
        key: String,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => Some("check the path".to_owned()),
                io::ErrorKind::PermissionDenied => Some("allow reading it with chmod, or copy it".to_owned()),
                _ => None,
            },
            Self::NotAnImage { .. } => Some("save a parameters text as UTF-8 to have it read as text".to_owned()),
            Self::Truncated { .. } => Some("copy or download the file again".to_owned()),
            Self::Damaged { .. } => Some("copy the file again; an editor may also have broken it".to_owned()),
            Self::TooLong { .. } => Some("this is no picture of a Stable Diffusion program; leave it out".to_owned()),
        }
    }
}

/// The infotext in an image file, or `None` where the image has none.
///
/// # Errors
/// The file cannot be read, is no image, or is damaged before its end.
pub fn read(path: &Path) -> Result<Option<String>, Error> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    // A folder opens, and fails only when read, with a reason that does not say so.
    if file.metadata().map_err(unreadable)?.is_dir() {
        return Err(unreadable(io::Error::from(io::ErrorKind::IsADirectory)));
    }
    read_from(BufReader::new(file), path)
}

/// Like [`read`], from anything that can be read twice; `name` stands for it in errors.
///
/// # Errors
/// As [`read`].
pub fn read_from(mut source: impl BufRead + Seek, name: &Path) -> Result<Option<String>, Error> {
    let found = (|| {
        let mut head = [0; 16];
        let length = read_up_to(&mut source, &mut head)?;
        source.seek(SeekFrom::Start(0))?;
        match Format::of(&head[..length]) {
            Some(Format::Png) => png::read(&mut source),
            Some(Format::Exif) => exif::read(&mut source),
            None => Err(Fault::NotAnImage),
        }
    })();
    found.map_err(|fault| fault.at(name))
}

/// The text of that name in a PNG, of any kind of text chunk; of a text that stands twice, the last. `path` stands for it in
/// errors.
///
/// # Errors
/// As [`read`], where the damage comes before the text.
pub fn png_text(mut source: impl BufRead + Seek, name: &str, path: &Path) -> Result<Option<String>, Error> {
    png::text(&mut source, name).map_err(|fault| fault.at(path))
}

/// Whether a file that begins with these bytes is an image that [`read_from`] reads, and no text.
pub fn is_image(bytes: &[u8]) -> bool {
    Format::of(bytes).is_some()
}

enum Format {
    Png,
    /// Every container whose infotext is an EXIF comment.
    Exif,
}

impl Format {
    fn of(head: &[u8]) -> Option<Self> {
        match head {
            _ if head.starts_with(&png::SIGNATURE) => Some(Self::Png),
            [0xff, 0xd8, 0xff, ..]
            | [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..]
            | [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', b'f' | b's', ..] => Some(Self::Exif),
            _ => None,
        }
    }
}

/// An [`Error`] before the file's name is known.
enum Fault {
    Io(io::Error),
    NotAnImage,
    Truncated(String),
    Damaged(String),
    TooLong(String),
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Fault {
    fn at(self, path: &Path) -> Error {
        let path = path.to_owned();
        match self {
            Self::Io(source) => Error::Unreadable { path, source },
            Self::NotAnImage => Error::NotAnImage { path },
            Self::Truncated(part) => Error::Truncated { path, part },
            Self::Damaged(reason) => Error::Damaged { path, reason },
            Self::TooLong(key) => Error::TooLong { path, key },
        }
    }
}

/// Fills `buffer` as far as the source goes and returns how far that was.
fn read_up_to(source: &mut impl BufRead, buffer: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < buffer.len() {
        match source.read(&mut buffer[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn other_files_are_refused_with_a_hint() {
        for bytes in [&b""[..], b"Steps: 20", b"GIF89a", b"RIFF\0\0\0\0WAVE", b"\x89PNG"] {
            let error = read_from(Cursor::new(bytes), Path::new("x")).unwrap_err();
            assert!(matches!(error, Error::NotAnImage { .. }), "{bytes:?}");
            assert!(error.hint().is_some());
            assert!(!is_image(bytes));
        }
        let error = read(Path::new("/nowhere/x.png")).unwrap_err();
        assert!(
            error.to_string().starts_with("/nowhere/x.png cannot be read: "),
            "{error}"
        );
        assert!(matches!(read(Path::new("/")).unwrap_err(), Error::Unreadable { .. }));
    }
}
