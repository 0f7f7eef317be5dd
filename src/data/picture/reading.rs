//! Pixels, within bounds: a file is decoded only if its header promises no more than is allowed and the file is no longer than that.

use std::fs::File;
use std::io::{Cursor, Read};
use std::path::Path;

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageError, ImageFormat, ImageReader, RgbaImage};

use super::facts::{Facts, Format, regular};
use super::header;
use super::trouble::{Damage, Fault, Part, Trouble};

/// How much is decoded, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most pixels. By default as many as Pillow takes, which trainers read with.
    pub pixels: u64,
    /// The most bytes of a file, and of memory while it is decoded.
    pub bytes: u64,
    /// Whether EXIF's orientation is applied.
    pub upright: bool,
}

impl Default for Limits {
    /// Pixels as stored, up to Pillow's limit against decompression bombs (2 x 89,478,485).
    fn default() -> Self {
        Self {
            pixels: 178_956_970,
            bytes: 2 << 30,
            upright: false,
        }
    }
}

impl Limits {
    /// The same, turned as EXIF says.
    pub fn upright() -> Self {
        Self {
            upright: true,
            ..Self::default()
        }
    }
}

/// Decodes a picture: of an animation the first frame, in the colours and bits it has.
///
/// # Errors
/// As [`super::facts`]; and the picture is larger than `limits`, ends early, or is damaged.
pub fn open(path: &Path, limits: &Limits) -> Result<DynamicImage, Trouble> {
    read(path, limits).map_err(|fault| fault.at(path))
}

fn read(path: &Path, limits: &Limits) -> Result<DynamicImage, Fault> {
    let length = regular(path)?;
    let most = limits.bytes;
    if length > most {
        return Err(Fault::TooLong { bytes: length, most });
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    decode(&bytes, limits)
}

/// Decodes a whole file that is in memory.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<DynamicImage, Fault> {
    let facts = header::read(&mut Cursor::new(bytes), bytes.len() as u64)?;
    check(&facts, limits)?;
    if facts.format == Format::Jpeg && !header::jpeg::is_whole(bytes) {
        return Err(Fault::Truncated(Part::Pixels));
    }
    let format = match facts.format {
        Format::Png => ImageFormat::Png,
        Format::Jpeg => ImageFormat::Jpeg,
        Format::WebP => ImageFormat::WebP,
        Format::Bmp => ImageFormat::Bmp,
    };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut allowed = image::Limits::default();
    allowed.max_alloc = Some(limits.bytes);
    reader.limits(allowed);
    let decoder = reader.into_decoder().map_err(|error| fault(&error))?;
    // A frame that is larger than its file's header says.
    let (width, height) = decoder.dimensions();
    check(&Facts { width, height, ..facts }, limits)?;
    if decoder.total_bytes() > limits.bytes {
        let most = limits.pixels;
        return Err(Fault::TooLarge { width, height, most });
    }
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| fault(&error))?;
    if limits.upright
        && let Some(orientation) = Orientation::from_exif(facts.orientation)
    {
        picture.apply_orientation(orientation);
    }
    Ok(picture)
}

fn check(facts: &Facts, limits: &Limits) -> Result<(), Fault> {
    let Facts { width, height, .. } = *facts;
    let most = limits.pixels;
    if facts.pixels() > most {
        return Err(Fault::TooLarge { width, height, most });
    }
    Ok(())
}

fn fault(error: &ImageError) -> Fault {
    match error {
        ImageError::IoError(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            Fault::Truncated(Part::Pixels)
        }
        other => damage(other.to_string()).into(),
    }
}

/// What a decoder says. That of PNG names a chunk by all that it knows of it (`ChunkType { type: IDAT, critical: true, … }`).
fn damage(words: String) -> Damage {
    let chunk = words.split_once("ChunkType { type: ").map(|(_, rest)| rest);
    let chunk = chunk.and_then(|rest| Some(rest.split_once(',')?.0.to_owned()));
    match chunk {
        Some(chunk) if words.contains("CRC error") => Damage::Checksum(chunk),
        Some(chunk) if words.contains("critical chunk") => Damage::Chunk(chunk),
        _ => Damage::Pixels(words),
    }
}

/// A copy, upright, whose longer side has at most `max` pixels; a smaller picture keeps its size. Eight bits, with alpha.
///
/// # Errors
/// As [`open`].
pub fn thumbnail(path: &Path, max: u32) -> Result<RgbaImage, Trouble> {
    let picture = open(path, &Limits::upright())?.into_rgba8();
    let (width, height) = picture.dimensions();
    let max = max.max(1);
    if width.max(height) <= max {
        return Ok(picture);
    }
    let scale = f64::from(max) / f64::from(width.max(height));
    let side = |side: u32| ((f64::from(side) * scale).round() as u32).max(1);
    Ok(shrink(picture, side(width), side(height)))
}

/// Averages pixels into a smaller picture. Transparent ones do not colour their neighbours.
fn shrink(picture: RgbaImage, width: u32, height: u32) -> RgbaImage {
    let (from_width, from_height) = picture.dimensions();
    let mut small = Image::new(width, height, PixelType::U8x4);
    let done = Image::from_vec_u8(from_width, from_height, picture.into_raw(), PixelType::U8x4).is_ok_and(|from| {
        let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Box));
        Resizer::new().resize(&from, &mut small, &options).is_ok()
    });
    debug_assert!(done, "a buffer of {from_width} x {from_height} pixels was refused");
    RgbaImage::from_raw(width, height, small.into_vec()).unwrap_or_else(|| RgbaImage::new(width, height))
}

/// Whether any pixel is not fully opaque.
pub fn uses_alpha(picture: &DynamicImage) -> bool {
    picture.color().has_alpha() && picture.to_rgba8().pixels().any(|pixel| pixel[3] != u8::MAX)
}
