//! Headers of picture files, each format in a file of its own: walked, never believed further than the file is long.

mod bmp;
pub(super) mod jpeg;
mod png;
mod webp;

use std::io::{self, Read, Seek, SeekFrom};

use image::metadata::Orientation;

use super::facts::{Colour, Facts, Format};
use super::trouble::{Damage, Fault, Foreign, Part};

/// The longest EXIF block that is looked into. JPEG cannot hold more in one, and none that says an orientation needs more.
const LONGEST_EXIF: u64 = 1 << 16;
/// The most parts of a file that are stepped over before it is called damaged.
const MOST_PARTS: usize = 4096;

/// What a format's own reader finds.
struct Header {
    width: u32,
    height: u32,
    colour: Colour,
    depth: u8,
    alpha: bool,
    animated: bool,
    orientation: u8,
}

impl Header {
    fn new(width: u32, height: u32, colour: Colour, depth: u8) -> Self {
        Self {
            width,
            height,
            colour,
            depth,
            alpha: false,
            animated: false,
            orientation: 1,
        }
    }
}

/// Bytes of a file with its length, so that what lies beyond the end is noticed before it is read.
pub(super) struct Source<R> {
    inner: R,
    length: u64,
    place: u64,
    part: Part,
}

impl<R: Read + Seek> Source<R> {
    pub(super) fn new(inner: R, length: u64) -> Self {
        Self {
            inner,
            length,
            place: 0,
            part: Part::Header,
        }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], Fault> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<(), Fault> {
        self.inner.read_exact(bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Fault::Truncated(self.part),
            _ => error.into(),
        })?;
        self.place += bytes.len() as u64;
        Ok(())
    }

    fn skip(&mut self, bytes: u64) -> Result<(), Fault> {
        if bytes > self.length.saturating_sub(self.place) {
            return Err(Fault::Truncated(self.part));
        }
        self.place += bytes;
        // Shorter than a file, which is never longer than i64::MAX.
        Ok(self.inner.seek_relative(bytes as i64)?)
    }

    /// The orientation that an EXIF block of that length says, 1 where it says none; stands behind the block afterwards.
    fn orientation(&mut self, length: u64) -> Result<u8, Fault> {
        let looked_at = length.min(LONGEST_EXIF);
        if length > self.length.saturating_sub(self.place) {
            return Err(Fault::Truncated(self.part));
        }
        let mut block = vec![0; looked_at as usize];
        self.fill(&mut block)?;
        self.skip(length - looked_at)?;
        let block = block.strip_prefix(b"Exif\0\0").unwrap_or(&block);
        Ok(Orientation::from_exif_chunk(block).map_or(1, Orientation::to_exif))
    }
}

fn be16(bytes: [u8; 2]) -> u32 {
    u32::from(u16::from_be_bytes(bytes))
}

/// The header of a file that is `bytes` long.
pub(super) fn read(source: &mut (impl Read + Seek), bytes: u64) -> Result<Facts, Fault> {
    let mut start = [0; 16];
    let mut length = 0;
    while length < start.len() {
        match source.read(&mut start[length..]) {
            Ok(0) => break,
            Ok(read) => length += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error.into()),
        }
    }
    let format = kind(&start[..length])?;
    source.seek(SeekFrom::Start(0))?;
    let mut source = Source::new(source, bytes);
    let header = match format {
        Format::Png => png::read(&mut source),
        Format::Jpeg => jpeg::read(&mut source),
        Format::WebP => webp::read(&mut source),
        Format::Bmp => bmp::read(&mut source),
    }?;
    if header.width == 0 || header.height == 0 {
        return Err(Damage::Size(header.width, header.height).into());
    }
    Ok(Facts {
        width: header.width,
        height: header.height,
        orientation: header.orientation,
        colour: header.colour,
        depth: header.depth,
        alpha: header.alpha,
        format,
        bytes,
        animated: header.animated,
    })
}

/// What the first bytes are of.
fn kind(start: &[u8]) -> Result<Format, Fault> {
    let web_page = |text: &[u8]| [&b"<!doctype"[..], b"<html"].contains(&text.to_ascii_lowercase().as_slice());
    match start {
        [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1a, b'\n', ..] => Ok(Format::Png),
        [0xff, 0xd8, 0xff, ..] => Ok(Format::Jpeg),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Ok(Format::WebP),
        [b'B', b'M', ..] => Ok(Format::Bmp),
        [b'G', b'I', b'F', b'8', ..] => Err(Fault::Foreign(Foreign::Gif)),
        [b'I', b'I', 42, 0, ..] | [b'M', b'M', 0, 42, ..] => Err(Fault::Foreign(Foreign::Tiff)),
        [0xff, 0x0a, ..] | [0, 0, 0, 12, b'J', b'X', b'L', b' ', ..] => Err(Fault::Foreign(Foreign::JpegXl)),
        [_, _, _, _, b'f', b't', b'y', b'p', b'a', b'v', b'i', ..] => Err(Fault::Foreign(Foreign::Avif)),
        [_, _, _, _, b'f', b't', b'y', b'p', b'h' | b'm', ..] => Err(Fault::Foreign(Foreign::Heif)),
        [_, _, _, _, b'f', b't', b'y', b'p', ..] => Err(Fault::Foreign(Foreign::Video)),
        [b'8', b'B', b'P', b'S', ..] => Err(Fault::Foreign(Foreign::Photoshop)),
        [
            b'v',
            b'e',
            b'r',
            b's',
            b'i',
            b'o',
            b'n',
            b' ',
            b'h',
            b't',
            b't',
            b'p',
            ..,
        ] => Err(Fault::Foreign(Foreign::LfsPointer)),
        [text @ .., _, _, _, _, _, _, _] if web_page(text) => Err(Fault::Foreign(Foreign::WebPage)),
        [text @ .., _, _, _, _, _, _, _, _, _, _, _] if web_page(text) => Err(Fault::Foreign(Foreign::WebPage)),
        _ => Err(Fault::Unknown),
    }
}
