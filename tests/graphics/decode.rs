//! Decoders of the protocols, written from their specifications and not from the encoders.

use std::collections::{BTreeMap, HashMap};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;

/// A command with its keys, its payload decoded from base64, and what of it was cut into chunks joined again.
pub(crate) struct Command {
    pub(crate) keys: BTreeMap<String, String>,
    pub(crate) payload: Vec<u8>,
}

/// What the terminal around tmux gets. Panics where a sequence that tmux would drop is in it.
pub(crate) fn out_of_tmux(bytes: &[u8]) -> Vec<u8> {
    let mut inner = Vec::new();
    let mut rest = bytes;
    while let Some((before, after)) = split(rest, b"\x1bPtmux;") {
        inner.extend_from_slice(before);
        let end = (0..after.len())
            .find(|&i| {
                after[i] == 0x1b
                    && after[i + 1] == b'\\'
                    && after[..i].iter().rev().take_while(|b| **b == 0x1b).count() % 2 == 0
            })
            .expect("a passthrough has an end");
        assert!(end < 1 << 20, "tmux drops a sequence of {end} bytes");
        let mut escape = false;
        for &byte in &after[..end] {
            if byte != 0x1b || escape {
                inner.push(byte);
            }
            escape = byte == 0x1b && !escape;
        }
        rest = &after[end + 2..];
    }
    inner.extend_from_slice(rest);
    inner
}

pub(crate) fn split<'a>(bytes: &'a [u8], at: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let i = bytes.windows(at.len()).position(|window| window == at)?;
    Some((&bytes[..i], &bytes[i + at.len()..]))
}

fn keys(text: &[u8], between: char) -> BTreeMap<String, String> {
    let text = std::str::from_utf8(text).unwrap();
    let pairs = text
        .split(between)
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")));
    pairs.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// kitty's commands among other bytes. No chunk is longer than the protocol allows, and none but the last odd.
pub(crate) fn kitty(bytes: &[u8]) -> Vec<Command> {
    let mut commands: Vec<Command> = Vec::new();
    let mut open: Option<(BTreeMap<String, String>, Vec<u8>)> = None;
    let mut rest = bytes;
    while let Some((_, after)) = split(rest, b"\x1b_G") {
        let (body, after) = split(after, b"\x1b\\").expect("a command has an end");
        rest = after;
        let (head, chunk) = split(body, b";").unwrap_or((body, b""));
        assert!(chunk.len() <= 4096, "a chunk of {} bytes", chunk.len());
        let head = keys(head, ',');
        assert_eq!(head["q"], "2", "an answer would come as keys: {head:?}");
        let more = head.get("m").is_some_and(|m| m == "1");
        assert!(!more || chunk.len() % 4 == 0);
        let (keys, mut text) = open.take().unwrap_or((head, Vec::new()));
        text.extend_from_slice(chunk);
        if more {
            open = Some((keys, text));
        } else {
            commands.push(Command {
                keys,
                payload: STANDARD.decode(text).unwrap(),
            });
        }
    }
    assert!(open.is_none(), "a picture without its end");
    commands
}

/// iTerm2's command.
pub(crate) fn iterm2(bytes: &[u8]) -> Command {
    let (_, after) = split(bytes, b"\x1b]1337;File=").expect("a file");
    let (body, _) = split(after, b"\x07").expect("an end");
    let (head, payload) = split(body, b":").expect("a payload");
    let command = Command {
        keys: keys(head, ';'),
        payload: STANDARD.decode(payload).unwrap(),
    };
    assert_eq!(command.keys["size"], command.payload.len().to_string());
    command
}

/// A sixel picture with the size of its raster attributes, and which pixels were drawn.
pub(crate) fn sixel(bytes: &[u8]) -> (RgbImage, Vec<bool>) {
    let (_, after) = split(bytes, b"\x1bP").expect("a DCS");
    let (body, _) = split(after, b"\x1b\\").expect("an end");
    let (parameters, data) = split(body, b"q").expect("a q");
    assert_eq!(parameters, b"9;1;0", "square pixels, the rest left as it is");
    let mut reader = Reader { data, at: 0 };
    assert_eq!(reader.next(), Some(b'"'));
    let raster = reader.numbers();
    assert_eq!(raster[..2], [1, 1]);
    let (width, height) = (raster[2], raster[3]);
    assert_eq!(height % 6, 0, "whole bands");
    let mut picture = RgbImage::new(width, height);
    let mut drawn = vec![false; (width * height) as usize];
    let mut palette: HashMap<u32, [u8; 3]> = HashMap::new();
    let (mut x, mut band, mut colour) = (0, 0, [0; 3]);
    while let Some(byte) = reader.next() {
        match byte {
            b'#' => {
                let numbers = reader.numbers();
                if let [n, 2, r, g, b] = numbers[..] {
                    assert!(n < 256 && r <= 100 && g <= 100 && b <= 100);
                    palette.insert(n, [r, g, b].map(|percent| ((percent * 255 + 50) / 100) as u8));
                } else {
                    colour = palette[&numbers[0]];
                }
            }
            b'$' => x = 0,
            b'-' => (x, band) = (0, band + 1),
            b'!' => {
                let times = reader.numbers()[0];
                let sixel = reader.next().unwrap();
                x = paint(&mut picture, &mut drawn, colour, (x, band), sixel, times);
            }
            b'?'..=b'~' => x = paint(&mut picture, &mut drawn, colour, (x, band), byte, 1),
            other => panic!("{other} in a sixel"),
        }
    }
    (picture, drawn)
}

fn paint(picture: &mut RgbImage, drawn: &mut [bool], colour: [u8; 3], at: (u32, u32), sixel: u8, times: u32) -> u32 {
    for x in at.0..at.0 + times {
        for y in (0..6).filter(|y| (sixel - b'?') >> y & 1 == 1) {
            let y = at.1 * 6 + y;
            picture.put_pixel(x, y, image::Rgb(colour));
            let place = &mut drawn[(y * picture.width() + x) as usize];
            assert!(!*place, "a pixel twice");
            *place = true;
        }
    }
    at.0 + times
}

struct Reader<'a> {
    data: &'a [u8],
    at: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        self.at += 1;
        self.data.get(self.at - 1).copied()
    }

    fn numbers(&mut self) -> Vec<u32> {
        let rest = &self.data[self.at..];
        let length = rest.iter().take_while(|b| b.is_ascii_digit() || **b == b';').count();
        self.at += length;
        let text = std::str::from_utf8(&rest[..length]).unwrap();
        text.split(';').map(|number| number.parse().unwrap()).collect()
    }
}

/// Peak signal to noise in decibels; more is more alike.
pub(crate) fn psnr(a: &RgbImage, b: &RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let squares = a
        .as_raw()
        .iter()
        .zip(b.as_raw())
        .map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
    let mean = squares.sum::<f64>() / a.as_raw().len() as f64;
    if mean == 0.0 {
        f64::INFINITY
    } else {
        20.0 * 255_f64.log10() - 10.0 * mean.log10()
    }
}
