//! WebP: the size in the extended header or in the one frame.

use std::io::{Read, Seek};

use super::{Header, MOST_PARTS, Source};
use crate::data::picture::facts::Colour;
use crate::data::picture::trouble::{Damage, Fault};

const ALPHA: u8 = 0x10;
const EXIF: u8 = 0x08;
const ANIMATION: u8 = 0x02;

pub(super) fn read<R: Read + Seek>(source: &mut Source<R>) -> Result<Header, Fault> {
    source.skip(12)?;
    let (name, length) = chunk(source)?;
    match &name {
        b"VP8X" if length >= 10 => {
            let [flags, _, _, _, w0, w1, w2, h0, h1, h2] = source.take()?;
            let side = |bytes: [u8; 3]| u32::from_le_bytes([bytes[0], bytes[1], bytes[2], 0]) + 1;
            let mut header = Header {
                alpha: flags & ALPHA != 0,
                animated: flags & ANIMATION != 0,
                ..Header::new(side([w0, w1, w2]), side([h0, h1, h2]), Colour::Rgb, 8)
            };
            if flags & EXIF != 0 {
                source.skip(padded(length) - 10)?;
                header.orientation = exif(source).unwrap_or(1);
            }
            Ok(header)
        }
        b"VP8 " if length >= 10 => {
            let [_, _, _, start @ .., w0, w1, h0, h1] = source.take::<10>()?;
            if start != [0x9d, 0x01, 0x2a] {
                return Err(Damage::Frame("VP8 key").into());
            }
            let side = |bytes| u32::from(u16::from_le_bytes(bytes) & 0x3fff);
            Ok(Header::new(side([w0, w1]), side([h0, h1]), Colour::Rgb, 8))
        }
        b"VP8L" if length >= 5 => {
            let [signature, bits @ ..] = source.take::<5>()?;
            if signature != 0x2f {
                return Err(Damage::Frame("VP8L").into());
            }
            let bits = u32::from_le_bytes(bits);
            let (width, height) = ((bits & 0x3fff) + 1, (bits >> 14 & 0x3fff) + 1);
            Ok(Header {
                alpha: bits >> 28 & 1 != 0,
                ..Header::new(width, height, Colour::Rgb, 8)
            })
        }
        _ => Err(Damage::FirstChunk(name.escape_ascii().to_string()).into()),
    }
}

/// The orientation in the chunk that stands behind the frames. Where that is missing, the pixels may still be all there.
fn exif<R: Read + Seek>(source: &mut Source<R>) -> Result<u8, Fault> {
    for _ in 0..MOST_PARTS {
        let (name, length) = chunk(source)?;
        if &name == b"EXIF" {
            return source.orientation(length);
        }
        source.skip(padded(length))?;
    }
    Ok(1)
}

fn chunk<R: Read + Seek>(source: &mut Source<R>) -> Result<([u8; 4], u64), Fault> {
    let [n0, n1, n2, n3, length @ ..] = source.take::<8>()?;
    Ok(([n0, n1, n2, n3], u64::from(u32::from_le_bytes(length))))
}

/// Chunks are filled up to an even length.
fn padded(length: u64) -> u64 {
    length.next_multiple_of(2)
}
