//! PNG: `IHDR`, and what stands between it and the pixels.

use std::io::{Read, Seek};

use super::{Header, MOST_PARTS, Source};
use crate::data::picture::facts::Colour;
use crate::data::picture::trouble::{Damage, Fault};

pub(super) fn read<R: Read + Seek>(source: &mut Source<R>) -> Result<Header, Fault> {
    source.skip(8)?;
    let [l0, l1, l2, l3, name @ ..] = source.take::<8>()?;
    if (u32::from_be_bytes([l0, l1, l2, l3]), &name) != (13, b"IHDR") {
        return Err(Damage::NoStart.into());
    }
    let [w0, w1, w2, w3, h0, h1, h2, h3, depth, kind, ..] = source.take::<13>()?;
    let (colour, alpha) = match kind {
        0 => (Colour::Gray, false),
        2 => (Colour::Rgb, false),
        3 => (Colour::Indexed, false),
        4 => (Colour::Gray, true),
        6 => (Colour::Rgb, true),
        _ => return Err(Damage::ColourType(kind).into()),
    };
    let (width, height) = (
        u32::from_be_bytes([w0, w1, w2, w3]),
        u32::from_be_bytes([h0, h1, h2, h3]),
    );
    let mut header = Header {
        alpha,
        ..Header::new(width, height, colour, depth)
    };
    source.skip(4)?;
    for _ in 0..MOST_PARTS {
        let [l0, l1, l2, l3, name @ ..] = source.take::<8>()?;
        let length = u64::from(u32::from_be_bytes([l0, l1, l2, l3]));
        match &name {
            b"IDAT" | b"IEND" => return Ok(header),
            b"eXIf" => header.orientation = source.orientation(length)?,
            b"acTL" if length == 8 => {
                let [frames @ .., _, _, _, _] = source.take::<8>()?;
                header.animated = u32::from_be_bytes(frames) > 1;
            }
            _ => {
                header.alpha |= &name == b"tRNS";
                source.skip(length)?;
            }
        }
        source.skip(4)?;
    }
    Err(Damage::NoPixels(MOST_PARTS, "chunks").into())
}
