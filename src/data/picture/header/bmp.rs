//! BMP: the info header in its many lengths.

use std::io::{Read, Seek};

use super::{Header, Source};
use crate::data::picture::facts::Colour;
use crate::data::picture::trouble::{Damage, Fault};

pub(super) fn read<R: Read + Seek>(source: &mut Source<R>) -> Result<Header, Fault> {
    source.skip(14)?;
    let length = u32::from_le_bytes(source.take()?);
    let (width, height, bits) = match length {
        12 => {
            let [w0, w1, h0, h1, _, _, b0, b1] = source.take()?;
            let side = |bytes| u32::from(u16::from_le_bytes(bytes));
            (side([w0, w1]), side([h0, h1]), u16::from_le_bytes([b0, b1]))
        }
        16..=1024 => {
            let [w0, w1, w2, w3, h0, h1, h2, h3, _, _, b0, b1] = source.take()?;
            // The rows of a negative height stand from the top down.
            let height = i32::from_le_bytes([h0, h1, h2, h3]).unsigned_abs();
            let width = i32::from_le_bytes([w0, w1, w2, w3]);
            let width = u32::try_from(width).map_err(|_| Damage::Width(width))?;
            (width, height, u16::from_le_bytes([b0, b1]))
        }
        _ => {
            return Err(Damage::InfoHeader(length).into());
        }
    };
    let (colour, depth) = match bits {
        1 | 2 | 4 | 8 => (Colour::Indexed, bits as u8),
        16 | 24 | 32 => (Colour::Rgb, 8),
        _ => return Err(Damage::Bits(bits).into()),
    };
    let mut header = Header::new(width, height, colour, depth);
    // From the third version of the header on, the mask of alpha stands behind those of the colours.
    if length >= 56 && bits == 32 {
        source.skip(36)?;
        header.alpha = source.take::<4>()? != [0; 4];
    }
    Ok(header)
}
