//! JPEG: the segments before the first scan, and whether the scans end as they should.

use std::io::{Read, Seek};

use super::{Header, MOST_PARTS, Source, be16};
use crate::data::picture::facts::Colour;
use crate::data::picture::trouble::{Damage, Fault};

/// The most bytes of filling that are stepped over between two segments.
const MOST_FILLING: usize = 1 << 16;

pub(super) fn read<R: Read + Seek>(source: &mut Source<R>) -> Result<Header, Fault> {
    source.skip(2)?;
    let mut header = None;
    let mut orientation = None;
    for _ in 0..MOST_PARTS {
        let marker = marker(source)?;
        match marker {
            0x01 | 0xd0..=0xd8 => continue,
            // Start of scan; end of image.
            0xda | 0xd9 => {
                let header: Header = header.ok_or(Damage::NoFrame)?;
                let orientation = orientation.unwrap_or(header.orientation);
                return Ok(Header { orientation, ..header });
            }
            _ => {}
        }
        let length = u64::from(be16(source.take()?));
        let Some(length) = length.checked_sub(2) else {
            return Err(Damage::Segment { marker, length }.into());
        };
        match marker {
            0xc0..=0xcf if ![0xc4, 0xc8, 0xcc].contains(&marker) && length >= 6 => {
                let [depth, h0, h1, w0, w1, channels] = source.take()?;
                let colour = match channels {
                    1 => Colour::Gray,
                    3 => Colour::Rgb,
                    4 => Colour::Cmyk,
                    _ => return Err(Damage::Channels(channels).into()),
                };
                header = Some(Header::new(be16([w0, w1]), be16([h0, h1]), colour, depth));
                source.skip(length - 6)?;
            }
            0xe1 if orientation.is_none() && length >= 6 => {
                let tag = source.take::<6>()?;
                if &tag == b"Exif\0\0" {
                    orientation = Some(source.orientation(length - 6)?);
                } else {
                    source.skip(length - 6)?;
                }
            }
            _ => source.skip(length)?,
        }
    }
    Err(Damage::NoPixels(MOST_PARTS, "segments").into())
}

/// The next marker. Filling before it is allowed, and so are stray bytes, which libjpeg steps over as well.
fn marker<R: Read + Seek>(source: &mut Source<R>) -> Result<u8, Fault> {
    let mut marked = false;
    for _ in 0..MOST_FILLING {
        match (source.take::<1>()?, marked) {
            ([0xff], _) => marked = true,
            ([0x00], _) | (_, false) => marked = false,
            ([marker], true) => return Ok(marker),
        }
    }
    Err(Damage::NoMarker(MOST_FILLING).into())
}

/// Whether the scans of a JPEG go on to its end mark. A decoder paints grey over what is missing; Pillow refuses the file.
pub(in crate::data::picture) fn is_whole(bytes: &[u8]) -> bool {
    let mut place = 2;
    while let Some(found) = bytes
        .get(place..)
        .and_then(|rest| rest.iter().position(|&byte| byte == 0xff))
    {
        place += found + 1;
        match bytes.get(place) {
            Some(0xff) => {}
            Some(0xd9) => return true,
            Some(0x00 | 0x01 | 0xd0..=0xd8) => place += 1,
            Some(_) => match bytes.get(place + 1..place + 3) {
                Some(&[high, low]) => place += 1 + be16([high, low]) as usize,
                _ => return false,
            },
            None => return false,
        }
    }
    false
}
