//! The EXIF `UserComment` of JPEG, WebP, AVIF and PNG files, where A1111 puts infotext when there are no text chunks.
//!
//! A1111 writes eight bytes of encoding (`UNICODE\0`) and then big-endian UTF-16; other programs write little-endian, ASCII or
//! plain UTF-8, and all of these are read.

use std::io::{BufRead, Seek};

use exif::{Context, Error, In, Reader, Tag, Value};

use super::Fault;

/// The comment of a whole image file; its container is found by its first bytes.
pub(super) fn read(source: &mut (impl BufRead + Seek)) -> Result<Option<String>, Fault> {
    comment(lenient().read_from_container(source))
}

/// The comment in an EXIF block by itself, as PNG's `eXIf` chunk holds it.
pub(super) fn read_block(block: Vec<u8>) -> Result<Option<String>, Fault> {
    comment(lenient().read_raw(block))
}

/// Cameras and converters leave broken entries beside good ones.
fn lenient() -> Reader {
    let mut reader = Reader::new();
    reader.continue_on_error(true);
    reader
}

fn comment(read: Result<exif::Exif, Error>) -> Result<Option<String>, Fault> {
    let exif = match read.or_else(|error| error.distill_partial_result(|_| {})) {
        Ok(exif) => exif,
        Err(Error::NotFound(_) | Error::BlankValue(_)) => return Ok(None),
        Err(Error::Io(error)) if error.kind() == std::io::ErrorKind::UnexpectedEof => {
            return Err(Fault::Truncated("EXIF data".to_owned()));
        }
        Err(Error::Io(error)) => return Err(Fault::Io(error)),
        Err(error) => return Err(Fault::Damaged(format!("its EXIF data cannot be read ({error})"))),
    };
    let tag = Tag(Context::Exif, Tag::UserComment.number());
    let text = exif.get_field(tag, In::PRIMARY).and_then(|field| match &field.value {
        Value::Undefined(bytes, _) | Value::Byte(bytes) => Some(decode(bytes)),
        Value::Ascii(parts) => Some(decode(&parts.join(&0))),
        _ => None,
    });
    Ok(text.filter(|text| !text.is_empty()))
}

/// The text of a comment, without the bytes that name its encoding and without padding.
fn decode(comment: &[u8]) -> String {
    let text = match comment.split_at_checked(8) {
        Some((b"UNICODE\0", utf16)) => decode_utf16(utf16),
        Some((b"ASCII\0\0\0" | b"\0\0\0\0\0\0\0\0", text)) => decode_utf8(text),
        _ => decode_utf8(comment),
    };
    text.trim_end_matches('\0').to_owned()
}

/// Bytes that are no UTF-8 are left out, as A1111 leaves them.
fn decode_utf8(bytes: &[u8]) -> String {
    bytes.utf8_chunks().map(|chunk| chunk.valid()).collect()
}

/// UTF-16 in the order its mark says, else in the order in which more characters are ASCII (an infotext always has some, if only
/// `Steps: `), else big-endian.
fn decode_utf16(bytes: &[u8]) -> String {
    let (pairs, _) = bytes.as_chunks::<2>();
    let (little, pairs) = match pairs {
        [[0xff, 0xfe], rest @ ..] => (true, rest),
        [[0xfe, 0xff], rest @ ..] => (false, rest),
        _ => {
            let zeros = |at: usize| pairs.iter().filter(|pair| pair[at] == 0).count();
            (zeros(1) > zeros(0), pairs)
        }
    };
    let unit = if little { u16::from_le_bytes } else { u16::from_be_bytes };
    char::decode_utf16(pairs.iter().map(|&pair| unit(pair)))
        .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_encoding_is_decoded() {
        let text = "狐, fox\nSteps: 20";
        let be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let le: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(decode(&[b"UNICODE\0", be.as_slice()].concat()), text);
        assert_eq!(decode(&[b"UNICODE\0", le.as_slice()].concat()), text);
        assert_eq!(decode(&[b"UNICODE\0\xff\xfe", le.as_slice()].concat()), text);
        assert_eq!(decode(&[b"ASCII\0\0\0", text.as_bytes(), b"\0"].concat()), text);
        assert_eq!(decode(text.as_bytes()), text);
        assert_eq!(decode(b"\xffo\xfex"), "ox");
        assert_eq!(decode(b"UNICODE\0\xd8\x01"), "\u{fffd}");
        assert_eq!(decode(b"UNICODE\0"), "");
        assert_eq!(decode(b""), "");
    }
}
