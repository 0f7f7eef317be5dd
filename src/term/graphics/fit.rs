//! Which cells a picture covers, so that it keeps its shape.

use ratatui::layout::{Rect, Size};

use super::Picture;

/// Width and height of a cell in pixels where the terminal has not said: only their ratio matters, and almost every font's is 1:2.
pub const FALLBACK_CELL: (u16, u16) = (8, 16);

/// The same for pictures that are drawn pixel by pixel: few fonts are smaller, so that none spills over its cells.
pub(super) const SMALL_CELL: (u16, u16) = (6, 12);

/// Bounds on what a terminal may claim; beyond them its answers are nonsense and would cost memory.
const MOST_CELLS: u16 = 1000;
const BIGGEST_CELL: (u16, u16) = (128, 256);

/// The place of a picture in an area.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Fit {
    /// The cells that it covers, from the area's corner; in its middle.
    pub(super) cells: Rect,
    /// Width and height in pixels that it fills of them, from their corner.
    pub(super) extent: (u32, u32),
    /// Width and height of a cell in pixels.
    pub(super) cell: (u16, u16),
}

impl Fit {
    /// The same place with no more cells than `extent` needs.
    pub(super) fn trimmed(self, extent: (u32, u32)) -> Self {
        let (cells, needed) = (self.cells, |pixels: u32, cell: u16| pixels.div_ceil(cell.into()) as u16);
        let width = needed(extent.0, self.cell.0).min(cells.width);
        let height = needed(extent.1, self.cell.1).min(cells.height);
        let (x, y) = (
            cells.x + (cells.width - width) / 2,
            cells.y + (cells.height - height) / 2,
        );
        Self {
            cells: Rect::new(x, y, width, height),
            extent,
            ..self
        }
    }
}

/// How a picture meets the cells' edges.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// It fills whole cells and gives up to half a cell of its shape for that.
    Whole,
    /// It keeps its shape and leaves a part of the last cells empty.
    Exact,
}

/// The cell's size, or what serves for it.
pub(super) fn cell(cell: (u16, u16), fallback: (u16, u16)) -> (u16, u16) {
    if cell.0 == 0 || cell.1 == 0 {
        fallback
    } else {
        (cell.0.min(BIGGEST_CELL.0), cell.1.min(BIGGEST_CELL.1))
    }
}

/// The biggest place for the picture in the area, at most `most` cells wide and high; nothing where there is no room or no picture.
pub(super) fn fit(picture: &Picture, area: Size, cell: (u16, u16), most: u16, edge: Edge) -> Option<Fit> {
    let most = most.min(MOST_CELLS);
    let room = Size::new(area.width.min(most), area.height.min(most));
    if !picture.is_whole() || room.width == 0 || room.height == 0 {
        return None;
    }
    let (width, height) = (f64::from(picture.width), f64::from(picture.height));
    let (cell_width, cell_height) = (f64::from(cell.0), f64::from(cell.1));
    let scale = (f64::from(room.width) * cell_width / width).min(f64::from(room.height) * cell_height / height);
    let cells = |pixels: f64, cell: f64, most: u16| {
        let cells = pixels / cell;
        let cells = match edge {
            Edge::Whole => cells.round(),
            Edge::Exact => (cells - 0.01).ceil(),
        };
        (cells as u16).clamp(1, most)
    };
    let columns = cells(width * scale, cell_width, room.width);
    let rows = cells(height * scale, cell_height, room.height);
    let extent = |pixels: f64, cells: u16, cell: u16| {
        let most = u32::from(cells) * u32::from(cell);
        match edge {
            Edge::Whole => most,
            Edge::Exact => (pixels.round() as u32).clamp(1, most),
        }
    };
    Some(Fit {
        cells: Rect::new((area.width - columns) / 2, (area.height - rows) / 2, columns, rows),
        extent: (
            extent(width * scale, columns, cell.0),
            extent(height * scale, rows, cell.1),
        ),
        cell,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(width: u32, height: u32) -> Picture {
        let rgb = vec![0; (width * height * 3) as usize].into();
        Picture { width, height, rgb }
    }

    #[test]
    fn a_picture_keeps_its_shape_and_stands_in_the_middle() {
        let fit = fit(&picture(64, 64), Size::new(60, 20), (8, 16), 297, Edge::Whole).unwrap();
        assert_eq!(fit.cells, Rect::new(10, 0, 40, 20));
        assert_eq!(fit.extent, (320, 320));
    }

    #[test]
    fn an_exact_edge_leaves_a_part_of_a_cell() {
        let fit = fit(&picture(90, 60), Size::new(30, 30), (10, 21), 297, Edge::Exact).unwrap();
        assert_eq!((fit.cells, fit.extent), (Rect::new(0, 10, 30, 10), (300, 200)));
    }

    #[test]
    fn nonsense_is_no_picture_or_bounded() {
        let size = Size::new(10, 10);
        assert_eq!(fit(&picture(8, 0), size, (8, 16), 297, Edge::Whole), None);
        assert_eq!(fit(&picture(8, 8), Size::new(0, 10), (8, 16), 297, Edge::Whole), None);
        let rgb = vec![0; 5].into();
        let short = Picture {
            width: 2,
            height: 1,
            rgb,
        };
        assert_eq!(fit(&short, size, (8, 16), 297, Edge::Whole), None);
        let sliver = fit(&picture(3000, 1), size, (8, 16), 297, Edge::Exact).unwrap();
        assert_eq!((sliver.cells, sliver.extent), (Rect::new(0, 4, 10, 1), (80, 1)));
        let wide = Size::new(u16::MAX, u16::MAX);
        assert!(
            fit(&picture(8, 8), wide, cell((60_000, 1), FALLBACK_CELL), 297, Edge::Exact)
                .unwrap()
                .cells
                .height
                <= 297
        );
        assert_eq!(cell((0, 20), FALLBACK_CELL), FALLBACK_CELL);
    }
}
