//! Embeddings in pictures that lie: each is refused in one sentence or read, and nothing panics, hangs or grows.

use std::io::Write;
use std::panic::catch_unwind;
use std::path::Path;
use std::time::{Duration, Instant};

use danlu::weights::embedding::{Embedding, Error};
use flate2::Crc;

use super::fixture;

/// Knuth's MMIX generator; the upper 31 bits.
struct Lcg(u64);

impl Lcg {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

fn mutate(bytes: &[u8], random: &mut Lcg) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..=random.below(3) {
        let at = random.below(bytes.len());
        match random.below(6) {
            0 => bytes.truncate(at.max(1)),
            1 => bytes[at] ^= 1 << random.below(8),
            2 => bytes[at] = random.below(256) as u8,
            3 => {
                let end = (at + 4).min(bytes.len());
                bytes[at..end].fill([0, 0xff, 0x7f][random.below(3)]);
            }
            4 => {
                let end = (at + random.below(64)).min(bytes.len());
                let piece = bytes[at..end].to_vec();
                let to = random.below(bytes.len());
                bytes.splice(to..to, piece);
            }
            _ => {
                let end = (at + random.below(64)).min(bytes.len());
                bytes.drain(at..end);
            }
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
    if random.below(2) == 0 {
        mend(&mut bytes);
    }
    bytes
}

/// Makes a PNG's checksums right again, so that what is behind them is reached.
fn mend(bytes: &mut [u8]) {
    let mut at = 8;
    while let Some(head) = bytes.get(at..at + 8) {
        let length = u32::from_be_bytes(head[..4].try_into().unwrap()) as usize;
        let (from, to) = (at + 4, (at + 8).saturating_add(length));
        let Some(data) = bytes.get(from..to) else { return };
        let mut crc = Crc::new();
        crc.update(data);
        let sum = crc.sum().to_be_bytes();
        let Some(place) = bytes.get_mut(to..to + 4) else { return };
        place.copy_from_slice(&sum);
        at = to + 4;
    }
}

fn open(path: &Path, bytes: &[u8]) -> Result<bool, Error> {
    std::fs::write(path, bytes).unwrap();
    let begun = Instant::now();
    let opened = catch_unwind(|| Embedding::open(path)).unwrap_or_else(|_| panic!("panicked"));
    assert!(begun.elapsed() < Duration::from_secs(5), "took {:?}", begun.elapsed());
    opened.map(|named| named.is_some())
}

#[test]
fn two_thousand_mutations_of_each_picture_are_read_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    for file in ["text.png", "ztxt.png", "hidden.png", "hidden.webp"] {
        let bytes = std::fs::read(fixture(file)).unwrap();
        let path = folder.path().join(file);
        let mut random = Lcg(file.len() as u64);
        let (mut whole, mut refused) = (0, 0);
        for i in 0..2000 {
            match open(&path, &mutate(&bytes, &mut random)) {
                Ok(found) => whole += usize::from(found),
                Err(error) => {
                    let sentence = error.to_string();
                    assert!(
                        !sentence.contains('\n') && sentence.len() < 900,
                        "{file} {i}: {sentence}"
                    );
                    refused += 1;
                }
            }
        }
        assert!(
            refused > 200 && whole + refused <= 2000,
            "{file}: {whole} read, {refused} refused"
        );
    }
}

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

fn zlib(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    packer.write_all(bytes).unwrap();
    packer.finish().unwrap()
}

fn png(width: u32, height: u32, more: &[Vec<u8>], pixels: &[u8]) -> Vec<u8> {
    let size = [&width.to_be_bytes()[..], &height.to_be_bytes(), &[8, 2, 0, 0, 0]].concat();
    let chunks = [
        chunk(*b"IHDR", &size),
        more.concat(),
        chunk(*b"IDAT", &zlib(pixels)),
        chunk(*b"IEND", b""),
    ];
    [b"\x89PNG\r\n\x1a\n".to_vec(), chunks.concat()].concat()
}

#[test]
fn pictures_that_promise_too_much_are_refused_before_they_are_unpacked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.png");
    for (width, height) in [(60_000, 60_000), (u32::MAX >> 1, 1), (i32::MAX as u32, i32::MAX as u32)] {
        let error = open(&path, &png(width, height, &[], &[0; 100])).unwrap_err();
        assert!(matches!(error, Error::Picture { .. }), "{error}");
    }
    let text = |data: &[u8]| {
        png(
            1,
            1,
            &[chunk(*b"zTXt", &[b"sd-ti-embedding\0\0", data].concat())],
            &[0; 4],
        )
    };
    let bomb = text(&zlib(&vec![b'A'; 17 << 20]));
    assert!(bomb.len() < 100_000);
    assert!(
        open(&path, &bomb)
            .unwrap_err()
            .to_string()
            .contains("longer than 16 MiB")
    );
    for (data, why) in [
        (&b"not packed"[..], "cannot be unpacked"),
        (&zlib(b"e30="), "it has no tensors"),
        (&zlib(b"W10"), "it has no tensors"),
        (&zlib("💣".as_bytes()), "no dictionary of tensors"),
        (&zlib(b"eyJhIjog"), "no dictionary of tensors"),
        (&zlib(b"eyJhI"), "no base64"),
    ] {
        let error = open(&path, &text(data)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
}

/// A picture whose columns hide these bytes as A1111 hides them.
fn hiding(bytes: &[u8], left: usize, right: usize) -> Vec<u8> {
    let step = |s: &u32| Some(s.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let noise: Vec<u8> = std::iter::successors(step(&0), step)
        .map(|s| (s % 255) as u8 & 15)
        .take(bytes.len() + 3 * left.max(right) + 3)
        .collect();
    let height = bytes.len().div_ceil(3 * left.max(1)).max(1);
    let width = left + right + 3;
    let mut rows = Vec::new();
    for y in 0..height {
        rows.push(0);
        for x in 0..width {
            for c in 0..3 {
                let half = |column: usize, columns: usize, high: bool| {
                    let at = (y * columns + column) * 3 + c;
                    let byte = bytes.get(at).copied().unwrap_or_default();
                    let nibble = if high { byte >> 4 } else { byte & 15 };
                    0x50 | (nibble ^ noise.get(at).copied().unwrap_or_default())
                };
                rows.push(match x {
                    _ if x < left => half(x, left, false),
                    _ if x > left + 2 => half(x - left - 3, right, true),
                    _ if x == left + 1 => 0x55,
                    _ => 0,
                });
            }
        }
    }
    png(width as u32, height as u32, &[], &rows)
}

#[test]
fn data_in_pixels_that_lies_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.png");
    let dictionary = br#"{"string_to_param":{"*":{"TORCHTENSOR":[[1,2],[3,4]]}}}"#;
    assert!(open(&path, &hiding(&zlib(dictionary), 4, 4)).unwrap());
    let whole = zlib(&vec![b' '; 18 << 20]);
    for (bytes, left, right, why) in [
        (&zlib(dictionary)[..40], 4, 4, "no dictionary of tensors"),
        (&zlib(dictionary), 4, 3, "columns wide"),
        (&zlib(b"[]"), 4, 4, "it has no tensors"),
        (&zlib(br#"{"a":{"TORCHTENSOR":[[1],[2,3]]}}"#), 4, 4, "1 and 2 items"),
        (&whole[..600], 4, 4, "no dictionary of tensors"),
        (&zlib(&vec![b' '; 17 << 20])[..], 40, 40, "no dictionary of tensors"),
    ] {
        let error = open(&path, &hiding(bytes, left, right)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
    }
    // No data, and none that claims to be some.
    assert!(!open(&path, &hiding(b"just a picture with two dark columns", 4, 4)).unwrap());
    assert!(!open(&path, &hiding(&[], 0, 0)).unwrap());
}
