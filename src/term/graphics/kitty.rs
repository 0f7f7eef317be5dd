//! kitty's graphics protocol: <https://sw.kovidgoyal.net/kitty/graphics-protocol/>.
//!
//! Pictures are PNGs that the terminal scales itself, so that a preview of 64 pixels costs what 64 pixels cost. Every command is
//! told to answer nothing (`q=2`): an answer would come as keys.

use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use image::RgbImage;
use ratatui::layout::Size;

use super::super::probe::Mux;
use super::encode::{Body, Made, Source, shrunk};
use super::fit::Fit;
use super::quantise::quantise;
use super::{Order, Protocol, diacritics, passthrough};

/// The most base64 that one command may carry.
const CHUNK: usize = 4096;
/// Pixels up to which a palette of 255 colours is good enough for a picture that comes many times a second, and half as long.
const FEW: u32 = 160 * 160;
/// A budget below this is a growing picture's. A finished one keeps its colours if they fit.
const GROWING: usize = 64 << 10;
/// What a terminal takes for a cell of a picture.
pub(super) const PLACEHOLDER: char = '\u{10EEEE}';

/// How a picture gets onto the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// Shown wherever placeholders name it.
    Virtual,
    /// Shown at the cursor, which stays.
    Direct,
}

impl Placement {
    fn of(protocol: Protocol) -> Self {
        if protocol == Protocol::KittyDirect {
            Self::Direct
        } else {
            Self::Virtual
        }
    }

    fn keys(self) -> &'static str {
        match self {
            Self::Virtual => "U=1",
            Self::Direct => "C=1,p=1",
        }
    }
}

pub(super) fn encode(source: &Source<'_>, fit: &Fit, order: &Order) -> Option<Made> {
    let mut size = source.size_within(fit.extent);
    let cells = fit.cells.as_size();
    loop {
        let picture = source.scaled(size);
        let mut least = usize::MAX;
        for png in candidates(&picture, order.budget) {
            let payload = STANDARD.encode(png?);
            // The longest number that an image can have.
            let bytes = transmit(&payload, u32::MAX, cells, Placement::of(order.protocol), order.mux).len();
            if bytes <= order.budget {
                return Some(Made {
                    bytes,
                    body: Body::Kitty(payload),
                });
            }
            least = least.min(bytes);
        }
        size = shrunk(size, least, order.budget)?;
    }
}

/// Files of the picture, the better first.
fn candidates(picture: &RgbImage, budget: usize) -> impl Iterator<Item = Option<Vec<u8>>> + '_ {
    let is_small = picture.width() * picture.height() <= FEW && budget < GROWING;
    let whole = (!is_small).then(|| png(picture, png::ColorType::Rgb, None, picture.as_raw()));
    whole.into_iter().chain(std::iter::once_with(|| {
        let indexed = quantise(picture, u8::MAX, 0.6);
        png(
            picture,
            png::ColorType::Indexed,
            Some(indexed.palette.concat()),
            &indexed.indices,
        )
    }))
}

fn png(picture: &RgbImage, colour: png::ColorType, palette: Option<Vec<u8>>, data: &[u8]) -> Option<Vec<u8>> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, picture.width(), picture.height());
    encoder.set_color(colour);
    encoder.set_depth(png::BitDepth::Eight);
    encoder.set_compression(png::Compression::Fast);
    if let Some(palette) = palette {
        // Neighbouring places in a palette are no neighbouring colours, so filters only hurt.
        encoder.set_filter(png::Filter::NoFilter);
        encoder.set_compression(png::Compression::Balanced);
        encoder.set_palette(palette);
    }
    let mut writer = encoder.write_header().ok()?;
    writer.write_image_data(data).ok()?;
    writer.finish().ok()?;
    Some(file)
}

/// The commands that give the terminal a picture and show it.
pub(super) fn transmit(payload: &str, id: u32, cells: Size, placement: Placement, mux: Mux) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(payload.len() + payload.len() / 64 + 128);
    let mut head = format!(
        "a=T,{},q=2,f=100,i={id},c={},r={},",
        placement.keys(),
        cells.width,
        cells.height
    );
    let mut rest = payload;
    loop {
        let (chunk, after) = rest.split_at(rest.len().min(CHUNK));
        let more = u8::from(!after.is_empty());
        bytes.extend_from_slice(&passthrough::wrap(
            mux,
            format!("\x1b_G{head}m={more};{chunk}\x1b\\").as_bytes(),
        ));
        if after.is_empty() {
            return bytes;
        }
        rest = after;
        // What follows belongs to the picture before; only the quiet has to be asked for again.
        head = String::from("q=2,");
    }
}

/// Shows a picture at the cursor that the terminal has already.
pub(super) fn place(id: u32, cells: Size, mux: Mux) -> Vec<u8> {
    let (columns, rows) = (cells.width, cells.height);
    command(&format!("a=p,C=1,p=1,q=2,i={id},c={columns},r={rows}"), mux)
}

/// Takes a picture off the screen that was placed directly; the terminal keeps it.
pub(super) fn lift(id: u32, mux: Mux) -> Vec<u8> {
    command(&format!("a=d,d=i,q=2,i={id},p=1"), mux)
}

/// Removes a picture from the screen and from the terminal's memory.
pub(super) fn delete(id: u32, mux: Mux) -> Vec<u8> {
    command(&format!("a=d,d=I,q=2,i={id}"), mux)
}

fn command(keys: &str, mux: Mux) -> Vec<u8> {
    passthrough::wrap(mux, format!("\x1b_G{keys}\x1b\\").as_bytes()).into_owned()
}

/// What stands in a cell of a picture. Row and column are said in every cell: a cell that inherits them from its left neighbour
/// shows the wrong part as soon as tmux draws only half of a line.
pub(super) fn placeholder(row: u16, column: u16) -> Option<String> {
    let mut symbol = String::with_capacity(12);
    symbol.push(PLACEHOLDER);
    write!(symbol, "{}{}", diacritics::mark(row)?, diacritics::mark(column)?).ok()?;
    Some(symbol)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_as_the_protocol_says() {
        let cells = Size::new(40, 20);
        let long = "A".repeat(CHUNK + 4);
        let direct = transmit(&long, 7, cells, Placement::Direct, Mux::None);
        let expected = format!(
            "\x1b_Ga=T,C=1,p=1,q=2,f=100,i=7,c=40,r=20,m=1;{}\x1b\\\x1b_Gq=2,m=0;AAAA\x1b\\",
            &long[4..]
        );
        assert_eq!(String::from_utf8(direct).unwrap(), expected);
        let virtually = transmit("AAAA", 7, cells, Placement::Virtual, Mux::Tmux);
        let expected = b"\x1bPtmux;\x1b\x1b_Ga=T,U=1,q=2,f=100,i=7,c=40,r=20,m=0;AAAA\x1b\x1b\\\x1b\\";
        assert_eq!(virtually, expected);
        assert_eq!(delete(7, Mux::None), b"\x1b_Ga=d,d=I,q=2,i=7\x1b\\");
        assert_eq!(lift(7, Mux::None), b"\x1b_Ga=d,d=i,q=2,i=7,p=1\x1b\\");
        assert_eq!(place(7, cells, Mux::None), b"\x1b_Ga=p,C=1,p=1,q=2,i=7,c=40,r=20\x1b\\");
    }

    #[test]
    fn a_placeholder_says_its_row_and_column() {
        assert_eq!(placeholder(0, 2).as_deref(), Some("\u{10EEEE}\u{305}\u{30E}"));
        assert_eq!(placeholder(296, 0).as_deref(), Some("\u{10EEEE}\u{1D244}\u{305}"));
        assert_eq!(placeholder(297, 0), None);
    }
}
