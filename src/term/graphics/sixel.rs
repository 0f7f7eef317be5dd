//! Sixels: bands of six rows of pixels, drawn colour by colour.
//!
//! No terminal scales them reliably, so the picture is made in the pixels of its cells, and what does not fit into the budget is
//! drawn in fewer colours, then in squares of several pixels, then on fewer cells. The palette is quantette's; the bands are
//! written here because this order of colours takes a third less than `icy_sixel`, which begins every colour at the left edge.

use std::io::Write;

use super::encode::{Body, Made, Source, narrowed};
use super::fit::Fit;
use super::quantise::quantise;
use super::{Order, passthrough};

/// Rows of a band.
const BAND: u32 = 6;
/// No picture is drawn bigger than that: terminals ask for less.
const BIGGEST: u32 = 4096;
const END: &[u8] = b"\x1b\\";

/// How coarsely a picture is drawn.
#[derive(Clone, Copy)]
struct Rung {
    colours: u8,
    /// Dithering breaks up runs, so what is short of bytes goes without.
    dither: f32,
    /// Pixels that are the same, across and down; a band holds as many as it can.
    block: (u32, u32),
    /// Bytes that a block of a drawn picture takes at the very least.
    least: f64,
}

const fn rung(colours: u8, dither: f32, block: (u32, u32), least: f64) -> Rung {
    Rung {
        colours,
        dither,
        block,
        least,
    }
}

/// From the best to the smallest.
const LADDER: [Rung; 11] = [
    rung(255, 0.5, (1, 1), 0.25),
    rung(255, 0.0, (1, 1), 0.15),
    rung(64, 0.0, (1, 1), 0.1),
    rung(128, 0.0, (2, 2), 0.9),
    rung(128, 0.0, (3, 3), 1.7),
    rung(128, 0.0, (6, 6), 2.5),
    rung(48, 0.0, (6, 6), 2.0),
    rung(64, 0.0, (9, 6), 2.2),
    rung(64, 0.0, (12, 6), 2.2),
    rung(32, 0.0, (12, 6), 1.8),
    rung(24, 0.0, (18, 6), 1.8),
];
/// So many blocks to a pixel of the picture show no more than fewer would.
const ENLARGED: u32 = 3;

/// The bands of a picture, so that it can be cut at the bottom.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Bands {
    width: u32,
    /// Height of a cell in pixels.
    cell: u32,
    palette: Vec<u8>,
    bands: Vec<u8>,
    /// Where each band ends in `bands`.
    ends: Vec<usize>,
}

pub(super) fn encode(source: &Source<'_>, mut fit: Fit, order: &Order) -> Option<(Fit, Made)> {
    let room = order.budget.min(passthrough::TMUX_MOST);
    loop {
        let (width, height) = fit.extent;
        // Whole bands: some terminals paint what is left of the last one.
        let height = (height / BAND * BAND).min(BIGGEST / BAND * BAND);
        let width = width.min(BIGGEST);
        if height == 0 || room < END.len() {
            return None;
        }
        fit.extent = (width, height);
        let mut least = usize::MAX;
        let mut is_noise = false;
        for rung in LADDER {
            let (across, down) = (width / rung.block.0, height / rung.block.1);
            let is_waste = across / ENLARGED >= source.size().0 && rung.block.0 < BAND;
            if is_waste
                || (is_noise && rung.block == (1, 1))
                || f64::from(across) * f64::from(down) * rung.least > room as f64
            {
                continue;
            }
            let bands = Bands::draw(source, fit, rung);
            let bytes = bands.upto(u16::MAX).len();
            if bytes <= room {
                return Some((
                    fit.trimmed((bands.width, bands.height())),
                    Made {
                        bytes,
                        body: Body::Sixel(bands),
                    },
                ));
            }
            least = least.min(bytes);
            // So much for a pixel, and neither fewer colours nor less dithering saves enough.
            is_noise |= bytes > (width * height) as usize * 5 / 4;
        }
        let have = if least == usize::MAX {
            room.saturating_mul(4)
        } else {
            least
        };
        fit = narrowed(&fit, &order.picture, have, room)?;
    }
}

impl Bands {
    fn draw(
        source: &Source<'_>,
        fit: Fit,
        Rung {
            colours, dither, block, ..
        }: Rung,
    ) -> Self {
        let blocks = ((fit.extent.0 / block.0).max(1), (fit.extent.1 / block.1).max(1));
        let picture = source.scaled(blocks);
        let indexed = quantise(&picture, colours, dither);
        let mut drawn = Self {
            width: blocks.0 * block.0,
            cell: fit.cell.1.into(),
            palette: palette(&indexed.palette),
            bands: Vec::new(),
            ends: Vec::new(),
        };
        let mut scratch = Scratch::new(indexed.palette.len(), blocks.0 as usize, block);
        for rows in indexed.indices.chunks((blocks.0 * BAND / block.1) as usize) {
            scratch.band(rows, &mut drawn.bands);
            drawn.ends.push(drawn.bands.len());
        }
        drawn
    }

    fn height(&self) -> u32 {
        self.ends.len() as u32 * BAND
    }

    /// The sequence that draws, at the cursor, as many bands as fit into so many rows of cells.
    pub(super) fn upto(&self, rows: u16) -> Vec<u8> {
        let fitting = (u32::from(rows) * self.cell / BAND) as usize;
        let bands = self.ends.len().min(fitting);
        let end = bands.checked_sub(1).map_or(0, |last| self.ends[last]);
        let (width, height) = (self.width, bands * BAND as usize);
        // Square pixels, and what no band paints stays as it is.
        let mut bytes = format!("\x1bP9;1;0q\"1;1;{width};{height}").into_bytes();
        bytes.extend_from_slice(&self.palette);
        bytes.extend_from_slice(&self.bands[..end]);
        bytes.extend_from_slice(END);
        bytes
    }
}

/// Colours in percent, as the format has them.
fn palette(colours: &[[u8; 3]]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (i, colour) in colours.iter().enumerate() {
        let [r, g, b] = colour.map(|channel| (u32::from(channel) * 100 + 127) / 255);
        bytes.extend_from_slice(format!("#{i};2;{r};{g};{b}").as_bytes());
    }
    bytes
}

/// What a band is sorted in.
struct Scratch {
    /// In blocks.
    width: usize,
    block: (u32, u32),
    /// Six bits a column, colour by colour.
    sixels: Vec<u8>,
    /// First and last column of each colour; the first is behind the last where there is none.
    reach: Vec<(usize, usize)>,
}

impl Scratch {
    fn new(colours: usize, width: usize, block: (u32, u32)) -> Self {
        Self {
            width,
            block,
            sixels: vec![0; colours * width],
            reach: vec![(usize::MAX, 0); colours],
        }
    }

    /// Writes a band. As many colours as lie behind one another share a pass over it, so that there are few returns to the left
    /// and few columns to skip.
    fn band(&mut self, rows: &[u8], out: &mut Vec<u8>) {
        self.reach.fill((usize::MAX, 0));
        self.sixels.fill(0);
        let down = self.block.1;
        for (y, row) in (0..).zip(rows.chunks(self.width)) {
            let rows = ((1_u8 << down) - 1) << (y * down);
            for (x, &colour) in row.iter().enumerate() {
                let colour = usize::from(colour);
                self.sixels[colour * self.width + x] |= rows;
                let (first, last) = &mut self.reach[colour];
                *first = (*first).min(x);
                *last = (*last).max(x);
            }
        }
        let mut left: Vec<usize> = (0..self.reach.len())
            .filter(|&c| self.reach[c].0 != usize::MAX)
            .collect();
        left.sort_by_key(|&colour| self.reach[colour].0);
        while !left.is_empty() {
            let mut column = 0;
            left.retain(|&colour| {
                let (first, last) = self.reach[colour];
                if first < column {
                    return true;
                }
                number(out, b'#', colour);
                self.run(0, first - column, out);
                self.colour(colour, out);
                column = last + 1;
                false
            });
            out.push(if left.is_empty() { b'-' } else { b'$' });
        }
    }

    /// One colour's columns from its first to its last.
    fn colour(&self, colour: usize, out: &mut Vec<u8>) {
        let (first, last) = self.reach[colour];
        let columns = &self.sixels[colour * self.width..][first..=last];
        for same in columns.chunk_by(|a, b| a == b) {
            self.run(same[0], same.len(), out);
        }
    }

    /// The same six bits in so many blocks.
    fn run(&self, sixel: u8, blocks: usize, out: &mut Vec<u8>) {
        let character = b'?' + sixel;
        let columns = blocks * self.block.0 as usize;
        if columns > 3 {
            number(out, b'!', columns);
            out.push(character);
        } else {
            out.extend(std::iter::repeat_n(character, columns));
        }
    }
}

fn number(out: &mut Vec<u8>, sign: u8, number: usize) {
    out.push(sign);
    // Writing into a vector cannot fail.
    let _ = write!(out, "{number}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_behind_one_another_share_a_pass() {
        let mut out = Vec::new();
        // Six equal rows of columns 0 0 0 0 1 2 1.
        let rows: Vec<u8> = std::iter::repeat_n([0, 0, 0, 0, 1, 2, 1], 6).flatten().collect();
        Scratch::new(4, 7, (1, 1)).band(&rows, &mut out);
        assert_eq!(String::from_utf8(out).unwrap(), "#0!4~#1~?~$#2!5?~-");
    }

    #[test]
    fn a_block_is_as_many_equal_pixels() {
        let mut out = Vec::new();
        Scratch::new(2, 3, (3, 3)).band(&[0, 0, 1, 1, 0, 0], &mut out);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "#0FFF~~~www$#1wwwB!3?FFF-".replace("B!3?", "???")
        );
    }
}
