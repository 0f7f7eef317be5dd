//! A picture as characters: two pixels a cell where there are colours, Braille dots or ASCII where there are none.

use image::{Rgb, RgbImage};
use ratatui::buffer::Cell;
use ratatui::style::Color;

use super::colour;
use super::encode::{Body, Made, Source, narrowed};
use super::fit::Fit;
use super::{Depth, Order};

/// From dark to bright; the eye sees nearly even steps.
const RAMP: &[u8; 10] = b" .:-=+*#%@";
/// The dots of a Braille character by row and column, as bits.
const DOTS: [[u32; 2]; 4] = [[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]];

/// How a picture is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paint {
    /// 24 bits.
    Full,
    /// 24-bit colours that use 15: equal neighbours, and equal pixels from step to step, cost nothing.
    Coarse,
    Dithered256,
    Flat256,
    Sixteen,
    Braille,
    Ascii,
}

impl Paint {
    /// What is tried for a depth, the better first.
    fn ladder(depth: Depth) -> &'static [Self] {
        match depth {
            Depth::True => &[Self::Full, Self::Coarse, Self::Dithered256, Self::Flat256],
            Depth::Ansi256 => &[Self::Dithered256, Self::Flat256],
            Depth::Ansi16 => &[Self::Sixteen],
            Depth::Mono => &[Self::Braille],
            Depth::Ascii => &[Self::Ascii],
        }
    }

    fn colour(self, pixel: [u8; 3], x: u32, y: u32) -> Color {
        let threshold = colour::threshold(x, y);
        match self {
            Self::Coarse => rgb(colour::coarse(pixel)),
            // Half a step of the cube each way.
            Self::Dithered256 => colour::nearest_256(colour::dithered(pixel, threshold, 40)),
            Self::Flat256 => colour::nearest_256(pixel),
            Self::Sixteen => colour::nearest_16(colour::dithered(pixel, threshold, 96)),
            Self::Full | Self::Braille | Self::Ascii => rgb(pixel),
        }
    }
}

fn rgb([r, g, b]: [u8; 3]) -> Color {
    Color::Rgb(r, g, b)
}

pub(super) fn encode(source: &Source<'_>, mut fit: Fit, order: &Order) -> Option<(Fit, Made)> {
    loop {
        let mut least = usize::MAX;
        for &paint in Paint::ladder(order.colours) {
            let cells = painted(source, fit, paint);
            let bytes = cost(&cells, fit.cells.width.into());
            if bytes <= order.budget {
                return Some((
                    fit,
                    Made {
                        bytes,
                        body: Body::Cells(cells),
                    },
                ));
            }
            least = least.min(bytes);
        }
        fit = narrowed(&fit, &order.picture, least, order.budget)?;
    }
}

/// The cells, row by row.
fn painted(source: &Source<'_>, fit: Fit, paint: Paint) -> Vec<Cell> {
    let (columns, rows) = (u32::from(fit.cells.width), u32::from(fit.cells.height));
    let (across, down) = match paint {
        Paint::Braille => (2, 4),
        Paint::Ascii => (1, 1),
        _ => (1, 2),
    };
    let picture = source.scaled((columns * across, rows * down));
    let cell = |x: u32, y: u32| match paint {
        Paint::Braille => braille(&picture, x, y),
        Paint::Ascii => ascii(*picture.get_pixel(x, y)),
        _ => halves(paint, &picture, x, y),
    };
    (0..rows)
        .flat_map(|y| (0..columns).map(move |x| (x, y)))
        .map(|(x, y)| cell(x, y))
        .collect()
}

/// Two pixels, one above the other. The brighter one is always the foreground: neighbours with the same two colours then need no
/// change of colours, and the same pixels are always the same cell.
fn halves(paint: Paint, picture: &RgbImage, x: u32, y: u32) -> Cell {
    let pixel = |y| picture.get_pixel(x, y).0;
    let (top, bottom) = (pixel(2 * y), pixel(2 * y + 1));
    let (above, below) = (paint.colour(top, x, 2 * y), paint.colour(bottom, x, 2 * y + 1));
    let mut cell = Cell::EMPTY;
    if above == below {
        cell.set_bg(above);
    } else if (colour::brightness(top), top) > (colour::brightness(bottom), bottom) {
        cell.set_symbol("▀").set_fg(above).set_bg(below);
    } else {
        cell.set_symbol("▄").set_fg(below).set_bg(above);
    }
    cell
}

fn braille(picture: &RgbImage, x: u32, y: u32) -> Cell {
    let mut dots = 0x2800;
    for (dy, row) in (0..).zip(DOTS) {
        for (dx, dot) in (0..).zip(row) {
            let (x, y) = (2 * x + dx, 4 * y + dy);
            if i32::from(colour::brightness(picture.get_pixel(x, y).0)) - 127 > colour::threshold(x, y) {
                dots |= dot;
            }
        }
    }
    char::from_u32(dots).map_or(Cell::EMPTY, Cell::from)
}

fn ascii(Rgb(pixel): Rgb<u8>) -> Cell {
    let step = usize::from(colour::brightness(pixel)) * RAMP.len() / 256;
    Cell::from(char::from(RAMP[step]))
}

/// Bytes of writing all the cells as crossterm does, moving to the beginning of each row.
fn cost(cells: &[Cell], width: usize) -> usize {
    /// A move to the farthest cell that terminals have.
    const MOVE: usize = b"\x1b[999;999H".len();
    /// Both colours are set when either changes.
    const SET: usize = b"\x1b[;m".len();
    let mut colours = (Color::Reset, Color::Reset);
    let mut bytes = cells.len() / width.max(1) * MOVE + b"\x1b[39m\x1b[49m\x1b[0m".len();
    for cell in cells {
        bytes += cell.symbol().len();
        if (cell.fg, cell.bg) != colours {
            colours = (cell.fg, cell.bg);
            bytes += SET + colour_length(cell.fg) + colour_length(cell.bg);
        }
    }
    bytes
}

fn colour_length(colour: Color) -> usize {
    let digits = |n: u8| n.checked_ilog10().unwrap_or(0) as usize + 1;
    match colour {
        Color::Reset => b"39".len(),
        Color::Rgb(r, g, b) => b"38;2;;;".len() + digits(r) + digits(g) + digits(b),
        Color::Indexed(n) => b"38;5;".len() + digits(n),
        _ => b"38;5;15".len(),
    }
}
