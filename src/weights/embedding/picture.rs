//! Embeddings in pictures: as a text (`sd-ti-embedding`, PNG only) or in the low four bits of the columns at both sides.
//!
//! A1111 1.10.1's `image_embedding.py`, read backwards. A picture is unpacked only where it has no text, and never to more than its
//! file's size lets expect.

use std::fs::File;
use std::io::{BufReader, Cursor, Read};
use std::path::Path;

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use flate2::read::ZlibDecoder;
use image::{ImageFormat, ImageReader, Limits, RgbImage};

use super::{Error, Named, choose, json, vectors};
use crate::infotext::carrier;

/// The name of the text.
const TEXT: &str = "sd-ti-embedding";
/// The longest text that is unpacked from pixels.
const LONGEST: u64 = carrier::LONGEST_TEXT;
/// Bytes that any picture may be unpacked to, and that none may.
const PIXELS: std::ops::RangeInclusive<u64> = 16 << 20..=256 << 20;
/// How many times its file's size a picture may be unpacked to; one whose columns hold data packs badly.
const UNPACKED: u64 = 64;

/// Whether the file is a picture of a kind that A1111 looks into.
pub(super) fn is_picture(path: &Path) -> Result<bool, Error> {
    let head = || {
        let mut head = Vec::with_capacity(16);
        File::open(path)?.take(16).read_to_end(&mut head)?;
        std::io::Result::Ok(head)
    };
    let head = head().map_err(|source| super::super::Error::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    Ok(format(&head).is_some())
}

/// The embedding in a picture; `stem` is what it is called if the picture does not say.
pub(super) fn read(path: &Path, stem: String) -> Result<Option<Named>, Error> {
    if is_preview(&stem) {
        return Ok(None);
    }
    let fault = |why| Error::Picture {
        path: path.to_owned(),
        why,
    };
    let bytes = std::fs::read(path).map_err(|source| super::super::Error::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let decoded = match text(&bytes, path).map_err(|error| fault(error.to_string()))? {
        Some(text) => unpack_text(&text),
        None => match unpack_pixels(&bytes) {
            Ok(None) => return Ok(None),
            Ok(Some(hidden)) => json::read(ZlibDecoder::new(Cursor::new(hidden)).take(LONGEST)),
            Err(why) => Err(why),
        },
    };
    let decoded = decoded.map_err(fault)?;
    let of_tensor = |name: &str| {
        let tensor = &decoded.tensors[name];
        vectors(name, &tensor.shape, tensor.values.clone())
    };
    let embedding = choose(decoded.tensors.keys().map(String::as_str), of_tensor).map_err(fault)?;
    let name = decoded.name.filter(|name| !name.is_empty()).unwrap_or(stem);
    Ok(Some(Named { name, embedding }))
}

/// `fox.preview` of `fox.preview.png`, in any case: a preview by its name.
fn is_preview(stem: &str) -> bool {
    let second = stem.rsplit_once('.').map(|(_, second)| second);
    second.is_some_and(|second| second.eq_ignore_ascii_case("preview"))
}

fn format(head: &[u8]) -> Option<ImageFormat> {
    match head {
        [0x89, b'P', b'N', b'G', ..] => Some(ImageFormat::Png),
        [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(ImageFormat::WebP),
        _ => None,
    }
}

/// The text of a PNG.
fn text(bytes: &[u8], path: &Path) -> Result<Option<String>, carrier::Error> {
    match format(bytes) {
        Some(ImageFormat::Png) => carrier::png_text(BufReader::new(Cursor::new(bytes)), TEXT, path),
        _ => Ok(None),
    }
}

/// Python's `b64decode` skips what is not of the alphabet.
fn unpack_text(text: &str) -> Result<json::Decoded, String> {
    const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true);
    let is_base64 = |b: &u8| b.is_ascii_alphanumeric() || matches!(b, b'+' | b'/');
    let digits: Vec<u8> = text.bytes().filter(is_base64).collect();
    let plain = GeneralPurpose::new(&STANDARD, LENIENT)
        .decode(digits)
        .map_err(|error| format!("its text {TEXT:?} is no base64: {error}"))?;
    json::read(plain.as_slice())
}

/// What the pixels hide; `None` where they hide nothing.
fn unpack_pixels(bytes: &[u8]) -> Result<Option<Vec<u8>>, String> {
    let Some(format) = format(bytes) else { return Ok(None) };
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::no_limits();
    let most = (bytes.len() as u64 * UNPACKED).clamp(*PIXELS.start(), *PIXELS.end());
    limits.max_alloc = Some(most);
    reader.limits(limits);
    let picture = reader.decode().map_err(|error| error.to_string())?.into_rgb8();
    let hidden = hidden(&picture)?;
    // Anything else is a picture that happens to have dark columns.
    let is_zlib =
        |bytes: &[u8]| matches!(bytes, [a, b, ..] if a & 15 == 8 && (u16::from(*a) << 8 | u16::from(*b)) % 31 == 0);
    Ok(hidden.filter(|bytes| is_zlib(bytes)))
}

/// Puts the bytes together from the columns left of the first and right of the last black one: low halves left, high halves right.
fn hidden(picture: &RgbImage) -> Result<Option<Vec<u8>>, String> {
    let (columns, rows) = crop_black(picture);
    let low = |x: u32, y: u32| picture.get_pixel(x, y).0.map(|channel| channel & 15);
    let is_black = |x: &u32| rows.clone().all(|y| low(*x, y) == [0; 3]);
    let Some(first) = columns.clone().find(is_black) else {
        return Ok(None);
    };
    let last = columns.clone().rev().find(is_black).unwrap_or(first);
    if first == last {
        return Ok(None);
    }
    let (left, right) = (columns.start..first, last + 1..columns.end);
    if left.len() != right.len() {
        return Err(format!(
            "the data at its left is {} columns wide and that at its right {}",
            left.len(),
            right.len()
        ));
    }
    let mut noise = noise();
    let mut bytes = Vec::with_capacity(rows.len() * left.len() * 3);
    for y in rows.clone() {
        for (a, b) in left.clone().zip(right.clone()) {
            for (lower, upper) in low(a, y).into_iter().zip(low(b, y)) {
                let mask = noise.next().unwrap_or_default() & 15;
                bytes.push((upper ^ mask) << 4 | (lower ^ mask));
            }
        }
    }
    Ok(Some(bytes))
}

/// The columns and rows without the border in which every pixel has a channel that is 0.
fn crop_black(picture: &RgbImage) -> (std::ops::Range<u32>, std::ops::Range<u32>) {
    let (width, height) = picture.dimensions();
    let is_bright = |x, y| picture.get_pixel(x, y).0.iter().all(|&channel| channel > 0);
    let column = |x: &u32| (0..height).any(|y| is_bright(*x, y));
    let row = |y: &u32| (0..width).any(|x| is_bright(x, *y));
    let columns = (0..width).find(column).unwrap_or(0)..(0..width).rev().find(column).map_or(width, |x| x + 1);
    let rows = (0..height).find(row).unwrap_or(0)..(0..height).rev().find(row).map_or(height, |y| y + 1);
    (columns, rows)
}

/// A1111's generator of the mask, from its start.
fn noise() -> impl Iterator<Item = u8> {
    let step = |seed: &u32| Some(seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    std::iter::successors(step(&0), step).map(|seed| (seed % 255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_noise_is_a1111s() {
        assert_eq!(
            noise().take(8).collect::<Vec<_>>(),
            [253, 242, 127, 44, 157, 27, 239, 133]
        );
        let sum: u64 = noise().skip(100).take(100_000).map(u64::from).sum();
        assert_eq!(sum, 12_731_374);
    }

    #[test]
    fn previews_are_told_by_their_names() {
        assert!(is_preview("fox.preview") && is_preview("fox.v2.Preview"));
        assert!(!is_preview("preview") && !is_preview("fox.previews"));
    }
}
