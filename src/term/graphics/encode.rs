//! A picture for one protocol, within a budget.
//!
//! Pure and on whatever thread. What is made here has no place yet: [`super::Stage`] gives it one and sends it.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Rgb, RgbImage};
use ratatui::buffer::Cell;
use ratatui::layout::{Rect, Size};

use super::fit::{self, Edge, Fit};
use super::{Order, Picture, Protocol, diacritics, half, iterm2, kitty, sixel};

/// A picture as its protocol takes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoded {
    /// In what way.
    pub protocol: Protocol,
    /// The area that it was made for.
    pub area: Size,
    /// The cells of the area that it covers; empty where there was nothing to show or no budget for it.
    pub cells: Rect,
    /// What it costs to put it on the terminal; of cells: when all of them are written.
    pub bytes: usize,
    /// Width and height in pixels that it fills of its cells.
    pub(super) extent: (u32, u32),
    pub(super) body: Body,
}

/// What the protocol needs besides the place.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Body {
    Empty,
    /// A PNG in base64.
    Kitty(String),
    Iterm2(iterm2::File),
    Sixel(sixel::Bands),
    /// Row by row.
    Cells(Vec<Cell>),
}

impl Encoded {
    /// Whether there is nothing to show.
    pub fn is_empty(&self) -> bool {
        self.body == Body::Empty
    }
}

/// Encodes a picture: in its shape, in the middle of the area, in at most as many bytes as the order says. What is too big loses
/// colours, quality and size, in an order that each protocol chooses; a budget that nothing fits in gives an empty one.
pub fn encode(order: &Order) -> Encoded {
    attempt(order).unwrap_or(Encoded {
        protocol: order.protocol,
        area: order.area,
        cells: Rect::ZERO,
        bytes: 0,
        extent: (0, 0),
        body: Body::Empty,
    })
}

fn attempt(order: &Order) -> Option<Encoded> {
    let unknown = if order.protocol == Protocol::Sixel {
        fit::SMALL_CELL
    } else {
        fit::FALLBACK_CELL
    };
    let cell = fit::cell(order.cell, unknown);
    let place = |most, edge| fit::fit(&order.picture, order.area, cell, most, edge);
    let source = Source::of(&order.picture)?;
    let (fit, made) = match order.protocol {
        Protocol::Kitty | Protocol::KittyDirect => {
            let fit = place(diacritics::MOST, Edge::Whole)?;
            (fit, kitty::encode(&source, &fit, order)?)
        }
        Protocol::Iterm2 => {
            let fit = place(u16::MAX, Edge::Exact)?;
            (fit, iterm2::encode(&source, &fit, order)?)
        }
        Protocol::Sixel => sixel::encode(&source, place(u16::MAX, Edge::Exact)?, order)?,
        Protocol::HalfBlocks => half::encode(&source, place(u16::MAX, Edge::Whole)?, order)?,
        Protocol::None => return None,
    };
    Some(Encoded {
        protocol: order.protocol,
        area: order.area,
        cells: fit.cells,
        bytes: made.bytes,
        extent: fit.extent,
        body: made.body,
    })
}

/// A body and what it costs.
pub(super) struct Made {
    pub(super) bytes: usize,
    pub(super) body: Body,
}

/// The order's pixels, to be scaled.
pub(super) struct Source<'a>(ImageBuffer<Rgb<u8>, &'a [u8]>);

impl<'a> Source<'a> {
    fn of(picture: &'a Picture) -> Option<Self> {
        let pixels = picture.is_whole().then_some(&*picture.rgb)?;
        ImageBuffer::from_raw(picture.width, picture.height, pixels).map(Self)
    }

    pub(super) fn size(&self) -> (u32, u32) {
        self.0.dimensions()
    }

    /// The picture in this size.
    pub(super) fn scaled(&self, (width, height): (u32, u32)) -> RgbImage {
        if self.size() == (width, height) {
            return RgbImage::from_raw(width, height, self.0.as_raw().to_vec()).unwrap_or_default();
        }
        let (from_width, from_height) = self.size();
        // Far too big: the mean of whole blocks first, as the filter's time grows with the source.
        if from_width / 2 >= width && from_height / 2 >= height {
            let near = (
                width.saturating_mul(2).min(from_width),
                height.saturating_mul(2).min(from_height),
            );
            let halved: RgbImage = imageops::resize(
                &imageops::thumbnail(&self.0, near.0, near.1),
                width,
                height,
                FilterType::Triangle,
            );
            return halved;
        }
        imageops::resize(&self.0, width, height, FilterType::Triangle)
    }

    /// The size that shows all the terminal can show in `extent`, and that is never bigger than the picture.
    pub(super) fn size_within(&self, extent: (u32, u32)) -> (u32, u32) {
        let (width, height) = self.size();
        if width <= extent.0 || height <= extent.1 {
            (width, height)
        } else {
            extent
        }
    }
}

/// Sides that shrink bytes from `have` to `want`, which go by the area; always smaller than before.
pub(super) fn shrunk((width, height): (u32, u32), have: usize, want: usize) -> Option<(u32, u32)> {
    if (width, height) == (1, 1) {
        return None;
    }
    let factor = (want as f64 / have.max(1) as f64)
        .sqrt()
        .mul_add(0.95, 0.0)
        .clamp(0.1, 0.9);
    let side = |side: u32| ((f64::from(side) * factor) as u32).max(1);
    Some((side(width), side(height)))
}

/// [`shrunk`] for a place: the same picture on fewer cells, in the middle of where it was.
pub(super) fn narrowed(fit: &Fit, picture: &Picture, have: usize, want: usize) -> Option<Fit> {
    let cells = fit.cells;
    let (width, height) = shrunk((cells.width.into(), cells.height.into()), have, want)?;
    let (width, height) = (width as u16, height as u16);
    let smaller = fit::fit(picture, Size::new(width, height), fit.cell, u16::MAX, Edge::Exact)?;
    Some(Fit {
        cells: Rect {
            x: cells.x + (cells.width - width) / 2 + smaller.cells.x,
            y: cells.y + (cells.height - height) / 2 + smaller.cells.y,
            ..smaller.cells
        },
        ..smaller
    })
}
