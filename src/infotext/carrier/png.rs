//! PNG: finds infotext in the text chunks.
//!
//! Walks the chunks and seeks over the pixels, so that a folder of large pictures is quickly gone through; that is why the `png`
//! crate, which inflates the pixels on its way to the end, only writes (see `super::embed`).

use std::io::{BufRead, Read, Seek, SeekFrom};

use flate2::Crc;
use flate2::read::ZlibDecoder;

use super::novelai::novelai;
use super::{Fault, LONGEST_TEXT, exif, read_up_to};

/// A PNG file's first eight bytes.
pub(super) const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// The texts of one PNG that matter here; of a text that stands twice, the last.
#[derive(Default)]
pub(super) struct Texts {
    pub(super) parameters: Option<String>,
    pub(super) software: Option<String>,
    pub(super) description: Option<String>,
    pub(super) comment: Option<String>,
    pub(super) exif: Option<String>,
    pub(super) size: (u32, u32),
    /// A text that is asked for by name, and what it says.
    pub(super) asked: Option<(String, Option<String>)>,
}

impl Texts {
    fn place(&mut self, key: &[u8]) -> Option<&mut Option<String>> {
        match key {
            _ if self.asked.is_some() => self
                .asked
                .as_mut()
                .filter(|(asked, _)| asked.as_bytes() == key)
                .map(|(_, text)| text),
            b"parameters" => Some(&mut self.parameters),
            b"Software" => Some(&mut self.software),
            b"Description" => Some(&mut self.description),
            b"Comment" => Some(&mut self.comment),
            _ => None,
        }
    }
}

/// The infotext of a PNG file, read from its start. What stands before a damage counts.
pub(super) fn read(source: &mut (impl BufRead + Seek)) -> Result<Option<String>, Fault> {
    let mut texts = Texts::default();
    let walked = walk(source, &mut texts);
    let found = novelai(&texts).or(texts.exif).or(texts.parameters);
    if found.is_none() {
        walked?;
    }
    Ok(found)
}

/// The text of that name in a PNG file, read from its start; EXIF is not looked at. What stands before a damage counts.
pub(super) fn text(source: &mut (impl BufRead + Seek), name: &str) -> Result<Option<String>, Fault> {
    let mut texts = Texts {
        asked: Some((name.to_owned(), None)),
        ..Texts::default()
    };
    let walked = walk(source, &mut texts);
    let found = texts.asked.and_then(|(_, text)| text);
    if found.is_none() {
        walked?;
    }
    Ok(found)
}

fn walk(source: &mut (impl BufRead + Seek), texts: &mut Texts) -> Result<(), Fault> {
    let end = source.seek(SeekFrom::End(0))?;
    let mut at = source.seek(SeekFrom::Start(SIGNATURE.len() as u64))?;
    while let Some((length, kind)) = chunk_head(source)? {
        at += 8 + u64::from(length) + 4;
        if at > end {
            return Err(Fault::Truncated(format!("{} chunk", kind.escape_ascii())));
        }
        match &kind {
            b"IEND" => break,
            b"tEXt" | b"zTXt" | b"iTXt" if u64::from(length) > LONGEST_TEXT => {
                let mut data = [0; 80];
                read_up_to(source, &mut data)?;
                if let Some((key, _)) = cut(&data).filter(|(key, _)| texts.place(key).is_some()) {
                    return Err(Fault::TooLong(key.escape_ascii().to_string()));
                }
                source.seek(SeekFrom::Start(at))?;
            }
            b"tEXt" | b"zTXt" | b"iTXt" => text_chunk(kind, &chunk_data(source, length, kind)?, texts)?,
            // EXIF has 64 KiB of room in a JPEG, and no use for more in a PNG.
            b"eXIf" if texts.asked.is_none() && u64::from(length) <= LONGEST_TEXT => {
                texts.exif = exif::read_block(chunk_data(source, length, kind)?)?;
            }
            b"IHDR" if length < 64 => {
                if let [a, b, c, d, e, f, g, h, ..] = chunk_data(source, length, kind)?[..] {
                    texts.size = (u32::from_be_bytes([a, b, c, d]), u32::from_be_bytes([e, f, g, h]));
                }
            }
            _ => source.seek_relative(i64::from(length) + 4)?,
        }
    }
    Ok(())
}

/// A chunk's length and kind; `None` at the end of the file, which some writers put instead of `IEND`.
fn chunk_head(source: &mut impl BufRead) -> Result<Option<(u32, [u8; 4])>, Fault> {
    let mut head = [0; 8];
    match read_up_to(source, &mut head)? {
        0 => return Ok(None),
        8 => {}
        _ => return Err(Fault::Truncated("list of chunks".to_owned())),
    }
    let [a, b, c, d, kind @ ..] = head;
    let length = u32::from_be_bytes([a, b, c, d]);
    if length > i32::MAX as u32 || !kind.iter().all(u8::is_ascii_alphabetic) {
        return Err(Fault::Damaged(format!(
            "a chunk is named {:?}",
            kind.escape_ascii().to_string()
        )));
    }
    Ok(Some((length, kind)))
}

/// A chunk's data, checked against its sum.
fn chunk_data(source: &mut impl BufRead, length: u32, kind: [u8; 4]) -> Result<Vec<u8>, Fault> {
    let mut data = vec![0; length as usize];
    let mut sum = [0; 4];
    source.read_exact(&mut data)?;
    source.read_exact(&mut sum)?;
    let mut crc = Crc::new();
    crc.update(&kind);
    crc.update(&data);
    if crc.sum() != u32::from_be_bytes(sum) {
        return Err(Fault::Damaged(format!(
            "the checksum of its {} chunk is wrong",
            kind.escape_ascii()
        )));
    }
    Ok(data)
}

/// Takes the text out of a `tEXt`, `zTXt` or `iTXt` chunk if it is one that matters.
fn text_chunk(kind: [u8; 4], data: &[u8], texts: &mut Texts) -> Result<(), Fault> {
    let malformed = || Fault::Damaged(format!("its {} chunk is malformed", kind.escape_ascii()));
    let (key, rest) = cut(data).ok_or_else(malformed)?;
    let Some(place) = texts.place(key) else { return Ok(()) };
    let latin1 = |bytes: &[u8]| bytes.iter().copied().map(char::from).collect();
    *place = Some(match &kind {
        b"tEXt" => latin1(rest),
        b"zTXt" => match rest {
            [0, packed @ ..] => latin1(&inflate(packed, key)?),
            _ => return Err(malformed()),
        },
        _ => {
            let ([compressed, method], rest) = rest.split_first_chunk().ok_or_else(malformed)?;
            let (_language, rest) = cut(rest).ok_or_else(malformed)?;
            let (_translated, text) = cut(rest).ok_or_else(malformed)?;
            let text = match (compressed, method) {
                (0, _) => text.to_vec(),
                (1, 0) => inflate(text, key)?,
                _ => return Err(malformed()),
            };
            String::from_utf8(text).map_err(|_| Fault::Damaged("its iTXt chunk is not UTF-8".to_owned()))?
        }
    });
    Ok(())
}

/// Splits at the first NUL, which is left out.
fn cut(data: &[u8]) -> Option<(&[u8], &[u8])> {
    let at = data.iter().position(|&b| b == 0)?;
    Some((&data[..at], &data[at + 1..]))
}

/// Unpacks a compressed text, up to [`LONGEST_TEXT`].
fn inflate(packed: &[u8], key: &[u8]) -> Result<Vec<u8>, Fault> {
    let key = key.escape_ascii().to_string();
    let mut text = Vec::new();
    ZlibDecoder::new(packed)
        .take(LONGEST_TEXT + 1)
        .read_to_end(&mut text)
        .map_err(|error| Fault::Damaged(format!("its compressed text {key:?} cannot be unpacked ({error})")))?;
    if text.len() as u64 > LONGEST_TEXT {
        Err(Fault::TooLong(key))
    } else {
        Ok(text)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::io::{Cursor, Write};
    use std::path::Path;

    use super::super::{Error, read_from};
    use super::*;

    fn chunk(kind: [u8; 4], data: &[u8]) -> Vec<u8> {
        let mut crc = Crc::new();
        crc.update(&kind);
        crc.update(data);
        [
            &(data.len() as u32).to_be_bytes()[..],
            &kind,
            data,
            &crc.sum().to_be_bytes(),
        ]
        .concat()
    }

    fn file(chunks: &[Vec<u8>]) -> Result<Option<String>, Error> {
        read_from(
            Cursor::new([&SIGNATURE[..], &chunks.concat()].concat()),
            Path::new("x.png"),
        )
    }

    fn zlib(bytes: &[u8]) -> Vec<u8> {
        let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        packer.write_all(bytes).unwrap();
        packer.finish().unwrap()
    }

    #[test]
    fn the_last_text_counts_wherever_it_stands() {
        let chunks = [
            chunk(*b"tEXt", b"parameters\0first"),
            chunk(*b"tEXt", b"other\0text"),
            chunk(*b"IDAT", b"pixels"),
            chunk(*b"zTXt", &[b"parameters\0\0", zlib(b"second").as_slice()].concat()),
            chunk(
                *b"iTXt",
                &[b"parameters\0\x01\0en\0\0", zlib("第三".as_bytes()).as_slice()].concat(),
            ),
            chunk(*b"IEND", b""),
            b"behind the end".to_vec(),
        ];
        assert_eq!(file(&chunks).unwrap().as_deref(), Some("第三"));
        assert_eq!(file(&chunks[..4]).unwrap().as_deref(), Some("second"));
        assert_eq!(file(&chunks[1..3]).unwrap(), None);
    }

    #[test]
    fn a_picture_cut_off_behind_its_text_still_has_it() {
        let chunks = [chunk(*b"tEXt", b"parameters\0text"), b"\0\0\x01\0IDATcut".to_vec()];
        assert_eq!(file(&chunks).unwrap().as_deref(), Some("text"));
    }

    #[test]
    fn only_our_own_texts_have_a_limit() {
        let long = vec![b'a'; LONGEST_TEXT as usize];
        let workflow = chunk(*b"tEXt", &[b"workflow\0", long.as_slice()].concat());
        let ours = chunk(*b"tEXt", &[b"parameters\0", long.as_slice()].concat());
        assert_eq!(
            file(&[workflow, chunk(*b"tEXt", b"parameters\0text")])
                .unwrap()
                .as_deref(),
            Some("text")
        );
        assert!(matches!(file(&[ours]).unwrap_err(), Error::TooLong { key, .. } if key == "parameters"));
    }

    #[test]
    fn a_compressed_bomb_is_refused() {
        let packed = zlib(&vec![b'a'; LONGEST_TEXT as usize + 1]);
        assert!(packed.len() < 100_000);
        let error = file(&[chunk(*b"zTXt", &[b"parameters\0\0", packed.as_slice()].concat())]).unwrap_err();
        assert_eq!(
            error.to_string(),
            "the text \"parameters\" in x.png is longer than 16 MiB"
        );
        assert!(error.hint().is_some());
    }

    #[test]
    fn damage_is_named() {
        let mut wrong_sum = chunk(*b"tEXt", b"parameters\0x");
        *wrong_sum.last_mut().unwrap() ^= 1;
        let cases = [
            (wrong_sum, "x.png is damaged: the checksum of its tEXt chunk is wrong"),
            (
                chunk(*b"tEXt", b"no end"),
                "x.png is damaged: its tEXt chunk is malformed",
            ),
            (
                chunk(*b"iTXt", b"parameters\0\0"),
                "x.png is damaged: its iTXt chunk is malformed",
            ),
            (
                chunk(*b"iTXt", b"parameters\0\0\0\0\0\xff"),
                "x.png is damaged: its iTXt chunk is not UTF-8",
            ),
            (
                chunk(*b"a\0\nb", b""),
                "x.png is damaged: a chunk is named \"a\\\\x00\\\\nb\"",
            ),
            (b"\0\0\0\x09tEXtpara".to_vec(), "x.png is cut off in its tEXt chunk"),
            (b"\0\0\0\x01tEXtpa".to_vec(), "x.png is cut off in its tEXt chunk"),
            (b"\0\0\0".to_vec(), "x.png is cut off in its list of chunks"),
            (b"\x7f\xff\xff\xfftEXt".to_vec(), "x.png is cut off in its tEXt chunk"),
            (b"\x7f\xff\xff\xffIDAT".to_vec(), "x.png is cut off in its IDAT chunk"),
        ];
        for (bytes, sentence) in cases {
            let error = file(&[bytes]).unwrap_err();
            assert_eq!(error.to_string(), sentence);
            assert!(error.hint().is_some());
        }
        let unpackable = file(&[chunk(*b"zTXt", b"parameters\0\0notzlib")]).unwrap_err();
        assert!(matches!(unpackable, Error::Damaged { .. }));
    }
}
