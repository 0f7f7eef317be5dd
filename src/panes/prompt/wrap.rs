//! Soft wrap: which bytes of a text stand in which row, and back.
//!
//! Rows end after spaces and commas where that fits, between wide characters anywhere, else inside a word; a grapheme is never split.
//! One space may hang past the last column, so that a row never begins with the space between two words. How a row ends depends only
//! on the text from its own beginning; so an edit lays out again only from the row before it to where the old rows fit again.

use super::buffer::Extent;
use super::glyph::{self, Glyph};

/// Wide signs that do not begin a row.
const CLOSING: &str = "、。，．：；！？）〕］｝〉》」』】";

/// A cell of the whole laid out text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cell {
    /// The row, from 0.
    pub row: usize,
    /// The column, from 0.
    pub column: u16,
}

/// A place between graphemes. The end of a wrapped row and the beginning of the next one are the same byte; `behind` says that the
/// end of the row is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The byte.
    pub at: usize,
    /// Whether the place belongs to the row that ends there.
    pub behind: bool,
}

/// The rows of one text at one width.
#[derive(Clone, Debug)]
pub struct Wrap {
    width: u16,
    /// Where each row begins; never empty.
    starts: Vec<usize>,
}

impl Wrap {
    /// Lays a text out in so many columns, at least one.
    pub fn new(text: &str, width: u16) -> Self {
        let mut wrap = Self {
            width: width.max(1),
            starts: vec![0],
        };
        wrap.lay_out(text, 0, |_| None);
        wrap
    }

    /// The columns that rows are made for.
    pub fn width(&self) -> u16 {
        self.width
    }

    /// How many rows there are, at least one.
    pub fn rows(&self) -> usize {
        self.starts.len()
    }

    /// The bytes of a row, without the line break that may end it.
    pub fn row(&self, text: &str, row: usize) -> std::ops::Range<usize> {
        let end = self.starts.get(row + 1).map_or(text.len(), |&next| {
            // A row that is wrapped ends where the next begins.
            if text.as_bytes()[next - 1] == b'\n' {
                next - 1
            } else {
                next
            }
        });
        self.starts[row]..end
    }

    /// Whether a row goes on in the next one without a line break.
    pub fn is_wrapped(&self, text: &str, row: usize) -> bool {
        self.starts
            .get(row + 1)
            .is_some_and(|&next| text.as_bytes()[next - 1] != b'\n')
    }

    /// Takes up an edit of the text; `text` is the one after it.
    pub fn edit(&mut self, text: &str, extent: Extent) {
        let begin = self.row_of(extent.at).saturating_sub(1);
        let old = self.starts.split_off(begin + 1);
        let removed_end = extent.at + extent.removed;
        let inserted_end = extent.at + extent.inserted;
        let mut old = &old[old.partition_point(|&start| start < removed_end)..];
        let moved = |start: usize| start - removed_end + inserted_end;
        self.lay_out(text, inserted_end, |start| {
            while old.first().is_some_and(|&first| moved(first) < start) {
                old = &old[1..];
            }
            let fits = old.first().is_some_and(|&first| moved(first) == start);
            fits.then(|| old.iter().map(|&start| moved(start)).collect())
        });
    }

    /// Adds rows behind the last one; from `known` on, `rest` may know all rows from a beginning on.
    fn lay_out(&mut self, text: &str, known: usize, mut rest: impl FnMut(usize) -> Option<Vec<usize>>) {
        let mut last = self.starts.last().copied().unwrap_or_default();
        while let Some(next) = next_row(text, last, self.width) {
            if next >= known
                && let Some(rest) = rest(next)
            {
                self.starts.extend(rest);
                return;
            }
            self.starts.push(next);
            last = next;
        }
    }

    fn row_of(&self, at: usize) -> usize {
        self.starts.partition_point(|&start| start <= at) - 1
    }

    /// Where a place is shown.
    pub fn cell(&self, text: &str, place: Place) -> Cell {
        let mut row = self.row_of(place.at);
        if place.behind && row > 0 && self.starts[row] == place.at && self.is_wrapped(text, row - 1) {
            row -= 1;
        }
        let mut column = 0;
        let mut at = self.starts[row];
        while at < place.at
            && let Some(grapheme) = glyph::first(&text[at..])
        {
            column += Glyph::of(grapheme, self.width).width;
            at += grapheme.len();
        }
        // A space that hangs leaves the cursor in the column behind the last.
        let column = column.min(self.width);
        Cell { row, column }
    }

    /// The place nearest to a cell: the end of the row right of it, the last row below it.
    pub fn place(&self, text: &str, cell: Cell) -> Place {
        let row = cell.row.min(self.rows() - 1);
        let range = self.row(text, row);
        let mut column = 0;
        let mut at = range.start;
        while at < range.end
            && let Some(grapheme) = glyph::first(&text[at..range.end])
        {
            let width = Glyph::of(grapheme, self.width).width;
            // The right half of a wide character is nearer to its end.
            if column + width.div_ceil(2) > cell.column {
                break;
            }
            column += width;
            at += grapheme.len();
        }
        Place {
            at,
            behind: at == range.end && self.is_wrapped(text, row),
        }
    }
}

/// Where the row after the one that begins at `from` begins.
fn next_row(text: &str, from: usize, width: u16) -> Option<usize> {
    let mut column = 0;
    let mut at = from;
    let mut chance = None;
    let mut was_wide = false;
    loop {
        let grapheme = glyph::first(&text[at..])?;
        if grapheme == "\n" {
            return Some(at + 1);
        }
        let glyph = Glyph::of(grapheme, width);
        let is_wide = glyph.width > 1;
        if at > from && (is_wide || was_wide) && !CLOSING.contains(grapheme) {
            chance = Some(at);
        }
        let hangs = grapheme == " " && column == width;
        if column + glyph.width > width && !hangs {
            return Some(chance.unwrap_or(at));
        }
        column += glyph.width;
        at += grapheme.len();
        was_wide = is_wide;
        if matches!(grapheme, " " | ",") {
            chance = Some(at);
        }
    }
}
