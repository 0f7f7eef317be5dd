//! What a picture's header says: size, orientation, colour. No pixel is decoded, and at most a few kilobytes are read.
//!
//! The formats are told by their first bytes, as Pillow does it; the name's ending says nothing. `header` reads each.

use std::fs::{self, File};
use std::io::BufReader;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::header;
use super::trouble::{Fault, Trouble};

/// A kind of picture file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Portable Network Graphics, APNG included.
    Png,
    /// JPEG in JFIF, Exif or bare.
    Jpeg,
    /// `WebP`, both codecs.
    WebP,
    /// Windows bitmap.
    Bmp,
}

impl Format {
    /// What names of such files usually end in, without the dot; the first is the one that danlu writes.
    pub fn extensions(self) -> &'static [&'static str] {
        match self {
            Self::Png => &["png"],
            Self::Jpeg => &["jpg", "jpeg"],
            Self::WebP => &["webp"],
            Self::Bmp => &["bmp"],
        }
    }

    /// As people write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Png => "PNG",
            Self::Jpeg => "JPEG",
            Self::WebP => "WebP",
            Self::Bmp => "BMP",
        }
    }

    /// The format that a name's ending promises, in any case of letters.
    pub fn of_name(path: &Path) -> Option<Self> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        [Self::Png, Self::Jpeg, Self::WebP, Self::Bmp]
            .into_iter()
            .find(|format| format.extensions().contains(&extension.as_str()))
    }
}

/// How a file stores colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Colour {
    /// One channel.
    Gray,
    /// Red, green and blue, or luma and chroma that become them.
    Rgb,
    /// A palette.
    Indexed,
    /// Inks, for print.
    Cmyk,
}

/// What a picture's header says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Pixels, as stored: before [`Facts::orientation`] is applied. kohya trains on pictures as they are stored.
    pub width: u32,
    /// Pixels, as stored.
    pub height: u32,
    /// EXIF's 1 to 8; 1 (nothing to turn) where nothing valid is said.
    pub orientation: u8,
    /// How colour is stored.
    pub colour: Colour,
    /// Bits of a channel, or of a palette's index.
    pub depth: u8,
    /// Whether the file can hold transparency; whether a pixel uses it, only the pixels tell .
    pub alpha: bool,
    /// What kind of file it is, whatever its name says.
    pub format: Format,
    /// The file's length.
    pub bytes: u64,
    /// Whether it says to have more than one frame. Trainers see the first.
    pub animated: bool,
}

impl Facts {
    /// Width and height as a viewer that obeys EXIF shows it.
    pub fn upright(&self) -> (u32, u32) {
        match self.orientation {
            5..=8 => (self.height, self.width),
            _ => (self.width, self.height),
        }
    }

    /// Width and height as stored.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// Pixels in all.
    pub fn pixels(&self) -> u64 {
        u64::from(self.width) * u64::from(self.height)
    }
}

/// Reads a picture's header. What it claims may be a lie; only [`super::open`] finds out.
///
/// # Errors
/// The file cannot be read, is no picture of these formats, ends within its header, or says to have no pixels.
pub fn facts(path: &Path) -> Result<Facts, Trouble> {
    read(path).map_err(|fault| fault.at(path))
}

fn read(path: &Path) -> Result<Facts, Fault> {
    // Opening a pipe would wait for its other end.
    let bytes = regular(path)?;
    let file = File::open(path)?;
    header::read(&mut BufReader::with_capacity(4096, file), bytes)
}

/// The length of a regular file.
pub(super) fn regular(path: &Path) -> Result<u64, Fault> {
    let metadata = fs::metadata(path)?;
    match (metadata.is_file(), metadata.len()) {
        (false, _) => Err(Fault::NotAFile),
        (true, 0) => Err(Fault::Empty),
        (true, bytes) => Ok(bytes),
    }
}
