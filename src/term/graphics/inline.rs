//! Pictures at the cursor: what the stage puts in a place, and what a command prints among its lines.

use std::fmt::Write;

use ratatui::buffer::Cell;
use ratatui::layout::{Rect, Size};
use ratatui::style::Color;

use super::super::probe::Mux;
use super::encode::{Body, Encoded, encode};
use super::kitty::{self, Placement};
use super::{Depth, Order, Protocol, card, iterm2};

/// The sequence that draws at the cursor; cells have none.
pub(super) fn drawn(body: &Body, cells: Size, id: u32, placement: Placement, mux: Mux) -> Vec<u8> {
    match body {
        Body::Kitty(payload) => kitty::transmit(payload, id, cells, placement, mux),
        Body::Iterm2(file) => iterm2::show(file, cells, mux),
        Body::Sixel(bands) => bands.upto(cells.height),
        Body::Cells(_) | Body::Empty => Vec::new(),
    }
}

/// `bytes` at a place of the screen. The cursor goes back by DECSC and DECRC: the stage cannot know where the frame left it.
pub(super) fn at(rect: Rect, bytes: &[u8]) -> Vec<u8> {
    let (row, column) = (u32::from(rect.y) + 1, u32::from(rect.x) + 1);
    [format!("\x1b7\x1b[{row};{column}H").as_bytes(), bytes, b"\x1b8"].concat()
}

/// A picture among the lines of a normal screen, at the cursor, which stands in the first column; it ends below the picture.
/// `id` is the number of a kitty picture, from 1; they stay until the terminal forgets them, as the text does.
pub fn inline(encoded: &Encoded, id: u32, truecolour: bool, mux: Mux) -> Vec<u8> {
    let size = encoded.cells.as_size();
    match &encoded.body {
        Body::Empty => Vec::new(),
        Body::Cells(cells) => lines(cells, size.width),
        Body::Kitty(payload) if encoded.protocol == Protocol::Kitty => {
            let mut bytes = kitty::transmit(payload, id, size, Placement::Virtual, mux);
            let [_, r, g, b] = id.to_be_bytes();
            let colour = if truecolour {
                Color::Rgb(r, g, b)
            } else {
                Color::Indexed(b)
            };
            let places = (0..size.height).flat_map(|row| (0..size.width).map(move |column| (row, column)));
            let symbols = places.filter_map(|(row, column)| kitty::placeholder(row, column));
            let cells = symbols.map(|symbol| {
                let mut cell = Cell::EMPTY;
                cell.set_symbol(&symbol).set_fg(colour);
                cell
            });
            bytes.extend(lines(&cells.collect::<Vec<_>>(), size.width));
            bytes
        }
        body => {
            // Room for it and a line below, as what ends on the last line scrolls.
            let rows = usize::from(size.height) + 1;
            let picture = drawn(body, size, id, Placement::Direct, mux);
            let room = "\r\n".repeat(rows) + &format!("\x1b[{rows}A\x1b7");
            [
                room.as_bytes(),
                &picture,
                format!("\x1b8\x1b[{}B\r", rows - 1).as_bytes(),
            ]
            .concat()
        }
    }
}

/// Cells as lines of text.
fn lines(cells: &[Cell], width: u16) -> Vec<u8> {
    let mut text = String::new();
    for row in cells.chunks(usize::from(width.max(1))) {
        let mut colours = (Color::Reset, Color::Reset);
        for cell in row {
            if (cell.fg, cell.bg) != colours {
                colours = (cell.fg, cell.bg);
                // Writing into a string cannot fail.
                let _ = write!(text, "\x1b[{};{}m", parameters(cell.fg, 3), parameters(cell.bg, 4));
            }
            text.push_str(cell.symbol());
        }
        text.push_str("\x1b[0m\r\n");
    }
    text.into_bytes()
}

/// A colour as SGR has it, of the foreground (3) or the background (4).
fn parameters(colour: Color, ground: u8) -> String {
    let sixteen = |n: u8| format!("{ground}8;5;{n}");
    match colour {
        Color::Rgb(r, g, b) => format!("{ground}8;2;{r};{g};{b}"),
        Color::Indexed(n) => sixteen(n),
        Color::Black => sixteen(0),
        Color::Red => sixteen(1),
        Color::Green => sixteen(2),
        Color::Yellow => sixteen(3),
        Color::Blue => sixteen(4),
        Color::Magenta => sixteen(5),
        Color::Cyan => sixteen(6),
        Color::Gray => sixteen(7),
        Color::DarkGray => sixteen(8),
        Color::LightRed => sixteen(9),
        Color::LightGreen => sixteen(10),
        Color::LightYellow => sixteen(11),
        Color::LightBlue => sixteen(12),
        Color::LightMagenta => sixteen(13),
        Color::LightCyan => sixteen(14),
        Color::White => sixteen(15),
        Color::Reset => format!("{ground}9"),
    }
}

/// The test card in one protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// In what way.
    pub protocol: Protocol,
    /// To be printed where the cursor is, in the first column of a normal screen.
    pub bytes: Vec<u8>,
    /// How many lines the cursor is further down then.
    pub lines: u16,
    /// Removes it where text does not.
    pub erase: Vec<u8>,
}

/// The test card once for every protocol that shows anything, `area` cells big, for the user to say which one looks right.
/// A terminal that does not know a protocol shows nothing in its place, or a line of letters.
pub fn trials(area: Size, cell: (u16, u16), colours: Depth, seed: u32, mux: Mux) -> Vec<Trial> {
    let picture = card(320, 240);
    let truecolour = colours == Depth::True;
    let trial = |(n, protocol): (u32, Protocol)| {
        let budget = 256 << 10;
        let order = Order {
            picture: picture.clone(),
            area,
            cell,
            protocol,
            budget,
            colours,
            mux,
        };
        let encoded = encode(&order);
        let id = if truecolour {
            (1 + seed % 0x3fff) << 10 | n
        } else {
            16 + (seed.wrapping_mul(16) % 240 + n) % 240
        };
        let is_kitty = matches!(encoded.body, Body::Kitty(_));
        Trial {
            protocol,
            bytes: inline(&encoded, id, truecolour, mux),
            lines: encoded.cells.height,
            erase: if is_kitty { kitty::delete(id, mux) } else { Vec::new() },
        }
    };
    let shown = Protocol::all().filter(|protocol| *protocol != Protocol::None);
    (1..).zip(shown).map(trial).collect()
}
