//! A terminal as far as pictures go: cells of text, pixels above them, kitty's images.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::LazyLock;

use danlu::term::probe::Mux;
use image::RgbImage;
use ratatui::backend::{Backend, CrosstermBackend};
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::{Position, Rect};
use ratatui::style::Color;

use super::decode;

pub(crate) const CELL: (u32, u32) = (10, 20);

/// kitty's published list, as hexadecimal codes.
static MARKS: LazyLock<Vec<char>> = LazyLock::new(|| {
    let codes = include_str!("diacritics.txt").split_whitespace();
    codes
        .map(|code| char::from_u32(u32::from_str_radix(code, 16).unwrap()).unwrap())
        .collect()
});

#[test]
fn there_are_297_marks() {
    assert_eq!(MARKS.len(), 297);
    let unique: std::collections::BTreeSet<_> = MARKS.iter().collect();
    assert_eq!(unique.len(), 297);
}

/// Row, column and image of a cell that is a placeholder.
pub(crate) fn placeholder(cell: &Cell) -> Option<(u16, u16, u32)> {
    let mut characters = cell.symbol().chars();
    if characters.next() != Some('\u{10EEEE}') {
        return None;
    }
    let marks: Vec<u16> = characters
        .map(|mark| MARKS.iter().position(|m| *m == mark).unwrap() as u16)
        .collect();
    let [row, column] = marks[..] else {
        panic!("{} marks", marks.len())
    };
    let id = match cell.fg {
        Color::Rgb(r, g, b) => u32::from_be_bytes([0, r, g, b]),
        Color::Indexed(n) => n.into(),
        other => panic!("{other:?} names no image"),
    };
    Some((row, column, id))
}

/// Half blocks as pixels.
pub(crate) fn halves(buffer: &Buffer, rect: Rect) -> RgbImage {
    let mut image = RgbImage::new(rect.width.into(), u32::from(rect.height) * 2);
    for position in rect.positions() {
        let cell = &buffer[position];
        let (top, bottom) = match cell.symbol() {
            "▀" => (cell.fg, cell.bg),
            "▄" => (cell.bg, cell.fg),
            " " => (cell.bg, cell.bg),
            other => panic!("{other}"),
        };
        let (x, y) = (u32::from(position.x - rect.x), u32::from(position.y - rect.y) * 2);
        image.put_pixel(x, y, image::Rgb(channels(top)));
        image.put_pixel(x, y + 1, image::Rgb(channels(bottom)));
    }
    image
}

/// A colour as xterm shows it.
fn channels(colour: Color) -> [u8; 3] {
    let named = [
        Color::Black,
        Color::Red,
        Color::Green,
        Color::Yellow,
        Color::Blue,
        Color::Magenta,
        Color::Cyan,
        Color::Gray,
        Color::DarkGray,
        Color::LightRed,
        Color::LightGreen,
        Color::LightYellow,
        Color::LightBlue,
        Color::LightMagenta,
        Color::LightCyan,
        Color::White,
    ];
    match colour {
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Indexed(n @ 232..) => [8 + (n - 232) * 10; 3],
        Color::Indexed(n @ 16..) => {
            [(n - 16) / 36, (n - 16) / 6 % 6, (n - 16) % 6].map(|s| if s == 0 { 0 } else { 55 + s * 40 })
        }
        colour => {
            let n = named.iter().position(|name| *name == colour).unwrap();
            let on = if n < 8 { 205 } else { 255 };
            match n {
                4 => [0, 0, 238],
                7 => [229; 3],
                8 => [127; 3],
                12 => [92, 92, 255],
                _ => [n & 1, n >> 1 & 1, n >> 2 & 1].map(|bit| if bit == 1 { on } else { 0 }),
            }
        }
    }
}

/// Bytes of a frame on an empty screen, as ratatui and crossterm write it.
pub(crate) fn repaint(buffer: &Buffer) -> usize {
    let mut bytes = Vec::new();
    let empty = Buffer::empty(buffer.area);
    CrosstermBackend::new(&mut bytes)
        .draw(empty.diff(buffer).into_iter())
        .unwrap();
    bytes.len()
}

/// What a picture is known by in the model.
pub(crate) fn hash(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// An image in kitty's memory.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Image {
    pub(crate) hash: u64,
    pub(crate) cells: (u16, u16),
    /// Where it is placed directly.
    pub(crate) placed: Option<Rect>,
    /// It may be shown by placeholders.
    pub(crate) is_virtual: bool,
}

pub(crate) struct Terminal {
    pub(crate) area: Rect,
    pub(crate) mux: Mux,
    /// What the text says, as the last frame that was written.
    pub(crate) text: Buffer,
    /// The pixels above each cell: whose.
    pub(crate) pixels: BTreeMap<(u16, u16), u64>,
    pub(crate) images: BTreeMap<u32, Image>,
    cursor: Position,
    /// Where the program left the cursor; pictures must not move it.
    saved: Option<Position>,
}

impl Terminal {
    pub(crate) fn new(area: Rect, mux: Mux) -> Self {
        let cursor = Position { x: 5, y: 2 };
        let (pixels, images) = (BTreeMap::new(), BTreeMap::new());
        Self {
            area,
            mux,
            text: Buffer::empty(area),
            pixels,
            images,
            cursor,
            saved: None,
        }
    }

    /// Writes what ratatui would: a cell of text erases the pixels above it.
    pub(crate) fn write(&mut self, before: &Buffer, now: &Buffer) -> usize {
        let diff = before.diff(now);
        for (x, y, cell) in &diff {
            self.text[(*x, *y)] = (*cell).clone();
            self.pixels.remove(&(*x, *y));
        }
        diff.len()
    }

    pub(crate) fn clear(&mut self) {
        self.text = Buffer::empty(self.area);
        self.pixels.clear();
        for image in self.images.values_mut() {
            image.placed = None;
        }
    }

    /// Takes bytes of the stage. Panics on what is none of them.
    pub(crate) fn feed(&mut self, bytes: &[u8]) {
        let home = self.cursor;
        let inner = if self.mux == Mux::Tmux {
            decode::out_of_tmux(bytes)
        } else {
            bytes.to_vec()
        };
        let mut rest = &inner[..];
        while !rest.is_empty() {
            rest = self.sequence(rest);
        }
        assert_eq!(self.cursor, home, "the cursor is where it was");
    }

    fn sequence<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let end = |end: &[u8]| {
            decode::split(bytes, end)
                .map(|(before, _)| before.len() + end.len())
                .expect("an end")
        };
        match bytes {
            [0x1b, b'7', rest @ ..] => {
                self.saved = Some(self.cursor);
                rest
            }
            [0x1b, b'8', rest @ ..] => {
                self.cursor = self.saved.take().expect("saved before");
                rest
            }
            [0x1b, b'[', ..] => {
                let length = end(b"H");
                let text = std::str::from_utf8(&bytes[2..length - 1]).unwrap();
                let (row, column) = text.split_once(';').unwrap();
                let at = |text: &str| text.parse::<u16>().unwrap() - 1;
                self.cursor = Position {
                    x: at(column),
                    y: at(row),
                };
                assert!(self.area.contains(self.cursor));
                &bytes[length..]
            }
            [0x1b, b'_', b'G', ..] => {
                // All chunks of one command at once: nothing else may come between them.
                let mut length = end(b"\x1b\\");
                while decode::split(&bytes[..length], b"m=1;").is_some() && bytes[length..].starts_with(b"\x1b_Gq=2,m=")
                {
                    let (before, _) = decode::split(&bytes[length..], b"\x1b\\").unwrap();
                    let is_last = before.starts_with(b"\x1b_Gq=2,m=0");
                    length += before.len() + 2;
                    if is_last {
                        break;
                    }
                }
                for command in decode::kitty(&bytes[..length]) {
                    self.kitty(&command);
                }
                &bytes[length..]
            }
            [0x1b, b']', ..] => {
                let length = end(b"\x07");
                let command = decode::iterm2(&bytes[..length]);
                let side = |key: &str| command.keys[key].parse::<u16>().unwrap();
                self.put(hash(&command.payload), (side("width"), side("height")));
                &bytes[length..]
            }
            [0x1b, b'P', ..] => {
                let length = end(b"\x1b\\");
                let (picture, _) = decode::sixel(&bytes[..length]);
                let cells = (
                    picture.width().div_ceil(CELL.0) as u16,
                    picture.height().div_ceil(CELL.1) as u16,
                );
                self.put(hash(picture.as_raw()), cells);
                &bytes[length..]
            }
            other => panic!("unknown: {:?}", String::from_utf8_lossy(&other[..other.len().min(20)])),
        }
    }

    fn put(&mut self, hash: u64, cells: (u16, u16)) {
        let rect = Rect::new(self.cursor.x, self.cursor.y, cells.0, cells.1);
        assert!(rect.right() <= self.area.right(), "{rect:?} sticks out");
        assert!(rect.bottom() < self.area.bottom(), "{rect:?} scrolls the screen");
        self.pixels.extend(rect.positions().map(|p| ((p.x, p.y), hash)));
    }

    fn kitty(&mut self, command: &decode::Command) {
        let number = |key: &str| command.keys[key].parse::<u32>().unwrap();
        let id = number("i");
        let cells = || (number("c") as u16, number("r") as u16);
        let placed = || Rect::new(self.cursor.x, self.cursor.y, cells().0, cells().1);
        match command.keys["a"].as_str() {
            "T" => {
                let is_virtual = command.keys.contains_key("U");
                let placed = (!is_virtual).then(placed);
                let image = Image {
                    hash: hash(&command.payload),
                    cells: cells(),
                    placed,
                    is_virtual,
                };
                // A picture under a name that is there replaces it, with everything that shows it.
                let cells = image.cells;
                let old = self.images.insert(id, image);
                assert!(
                    old.is_none_or(|old| old.is_virtual && old.cells == cells),
                    "image {id} was there"
                );
            }
            "p" => {
                let placed = placed();
                let image = self.images.get_mut(&id).expect("the image is there");
                assert_eq!(image.cells, cells());
                image.placed = Some(placed);
            }
            "d" if command.keys["d"] == "I" => assert!(self.images.remove(&id).is_some(), "no image {id}"),
            "d" if command.keys["d"] == "i" => self.images.get_mut(&id).expect("the image is there").placed = None,
            other => panic!("a={other}"),
        }
    }
}
