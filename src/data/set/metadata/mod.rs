//! Captions of all pictures in one file: kohya's `metadata_file`, JSON or JSON lines, as its scripts in `finetune/` write it.
//!
//! [`read`] makes of the file its [`Entry`]s in the order in which kohya takes them; [`caches`] gives those without a size the one that is in
//! the name of their cached latents. What is wrong with a file is said with the entry and the value; where kohya's trainers would stop,
//! nothing is guessed. The file is never written.

mod caches;
mod parse;

use std::fs::{self, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::Stamp;
use crate::data::buckets::Size;
use crate::data::draws::read::strip;

/// No metadata file is larger; a million long captions are not.
const LARGEST: u64 = 256 << 20;

/// What a metadata file says of one picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The picture's path as the file has it, whole or below `image_dir`: kohya's `image_key`.
    pub key: Box<str>,
    /// Its place in the order in which kohya takes pictures: longer keys first, those of one length as the file has them.
    pub rank: u32,
    /// `caption`.
    pub caption: Option<Box<str>>,
    /// `tags`.
    pub tags: Option<Box<str>>,
    /// `image_size`, or what the name of cached latents says: what buckets go by instead of the picture's own size.
    pub size: Option<Size>,
}

impl Entry {
    /// The caption as kohya puts it together: tags behind it, with wildcards behind each of its lines. With wildcards, tags without a
    /// caption are lost.
    pub fn text(&self, separator: &str, wildcard: bool) -> String {
        let caption = self.caption.as_deref().unwrap_or_default();
        match self.tags.as_deref() {
            Some(tags) if wildcard => {
                let tags = tags.replace('\n', separator);
                let lines = caption.split('\n').filter(|line| !strip(line).is_empty());
                let lines: Vec<_> = lines.map(|line| format!("{line}{separator}{tags}")).collect();
                lines.join("\n")
            }
            None | Some("") => caption.to_owned(),
            Some(tags) if caption.is_empty() => tags.to_owned(),
            Some(tags) => format!("{caption}{separator}{tags}"),
        }
    }
}

/// A metadata file that was read.
#[derive(Debug)]
pub(super) struct Metadata {
    pub(super) stamp: Stamp,
    /// By [`Entry::rank`].
    pub(super) entries: Vec<Entry>,
    /// Keys that the file has more than once; the last one counts.
    pub(super) repeated: Vec<String>,
}

/// Why a metadata file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It cannot be read.
    #[error("the metadata file {} cannot be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the system says.
        reason: io::Error,
    },
    /// What is in it cannot be used.
    #[error("{}: {sentence}", path.display())]
    Content {
        /// The file.
        path: PathBuf,
        /// What is wrong, with the value.
        sentence: String,
        /// What to do about it.
        hint: &'static str,
    },
}

impl Error {
    fn of(path: &Path, (sentence, hint): Fault) -> Self {
        let path = path.to_owned();
        Self::Content { path, sentence, hint }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        match self {
            Self::Read { .. } => "metadata_file is taken from beside the TOML, or from where danlu runs".to_owned(),
            Self::Content { hint, .. } => (*hint).to_owned(),
        }
    }
}

/// What is wrong with a file's content, and what to do about it.
type Fault = (String, &'static str);

/// Reads a metadata file; `has_folder` says whether there is an `image_dir`, without which keys must be whole paths.
pub(super) fn read(path: &Path, has_folder: bool) -> Result<Metadata, Error> {
    let (stamp, bytes) = bytes(path).map_err(|reason| Error::Read {
        path: path.to_owned(),
        reason,
    })?;
    let content = |fault| Error::of(path, fault);
    let text = text(&bytes).map_err(content)?;
    let is_lines = path.as_os_str().as_encoded_bytes().ends_with(b".jsonl");
    let parsed = if is_lines {
        parse::lines(text)
    } else {
        parse::table(text)
    };
    let parse::Parsed { mut entries, repeated } = parsed.map_err(content)?;
    if let Some(entry) = entries.iter().find(|entry| !has_folder && !entry.key.starts_with('/')) {
        let sentence = format!("{} is no whole path, and there is no image_dir", quoted(&entry.key));
        return Err(content((sentence, "give the subset the image_dir that it lies in")));
    }
    entries.sort_by_cached_key(|entry| std::cmp::Reverse(entry.key.chars().count()));
    for (rank, entry) in (0..).zip(&mut entries) {
        entry.rank = rank;
    }
    Ok(Metadata {
        stamp,
        entries,
        repeated,
    })
}

/// Gives entries of a file without a size that of their cached latents. `image_dir` is the folder as it is named, and where it is.
pub(super) fn fill_from_caches(
    path: &Path,
    entries: &mut [Entry],
    image_dir: Option<(&str, &Path)>,
) -> Result<(), Error> {
    caches::fill(entries, image_dir).map_err(|fault| Error::of(path, fault))
}

fn bytes(path: &Path) -> io::Result<(Stamp, Vec<u8>)> {
    // A pipe would be waited for otherwise.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::other("it is no file"));
    }
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > LARGEST {
        return Err(io::Error::new(
            io::ErrorKind::FileTooLarge,
            format!("it has more than {} MiB", LARGEST >> 20),
        ));
    }
    Ok((Stamp::of(&metadata), bytes))
}

fn text(bytes: &[u8]) -> Result<&str, Fault> {
    let text = str::from_utf8(bytes).map_err(|fault| {
        let at = fault.valid_up_to();
        let sentence = format!("it is not UTF-8: byte {:#04x} at {at}", bytes[at]);
        (sentence, "save it as UTF-8")
    })?;
    if text.starts_with('\u{feff}') {
        let sentence = "it begins with a byte order mark, at which kohya's trainers stop".to_owned();
        return Err((sentence, "save it as UTF-8 without BOM"));
    }
    Ok(text)
}

/// Whether a file is another than when it was read, or gone.
pub(super) fn is_changed(path: &Path, stamp: Stamp) -> bool {
    fs::metadata(path).map(|metadata| Stamp::of(&metadata)).ok() != Some(stamp)
}

/// A key or a value as it is told, not longer than a line.
fn quoted(text: &str) -> String {
    const MOST: usize = 80;
    let short: String = text.chars().take(MOST).collect();
    let more = if short.len() < text.len() { "…" } else { "" };
    format!("{short:?}{more}")
}
