//! Other sizes: averaging as `OpenCV`'s `INTER_AREA`, convolution as Pillow's `resize`, and kohya's choice between them.
//!
//! Works on eight bits with or without alpha ([`plain`] makes such a picture of any). Both are proven against the originals to one level of
//! 255: sums are rounded in another order here and there.

use std::borrow::Cow;

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, MulDiv, PixelType, ResizeAlg, ResizeOptions, Resizer};
use image::{DynamicImage, RgbImage, RgbaImage};

/// How a convolution weighs pixels, as Pillow names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filter {
    /// `Image.BICUBIC`, Pillow's own default.
    Bicubic,
    /// `Image.LANCZOS`, three lobes.
    Lanczos,
}

/// A part of a picture in its own pixels; may begin and end within one.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Window {
    /// The left edge.
    pub x: f64,
    /// The upper edge.
    pub y: f64,
    /// How wide it is.
    pub width: f64,
    /// How high it is.
    pub height: f64,
}

impl Window {
    /// The whole of a picture.
    pub fn whole(width: u32, height: u32) -> Self {
        Self {
            x: 0.0,
            y: 0.0,
            width: f64::from(width),
            height: f64::from(height),
        }
    }

    /// Left, upper edge, width and height where all are whole pixels.
    pub fn pixels(&self) -> Option<[u32; 4]> {
        let edges = [self.x, self.y, self.width, self.height];
        let whole = |edge: &f64| *edge >= 0.0 && edge.fract() == 0.0 && *edge <= f64::from(u32::MAX);
        edges.iter().all(whole).then(|| edges.map(|edge| edge as u32))
    }
}

/// The picture in eight bits: RGBA where its format has alpha, RGB where not.
pub fn plain(picture: &DynamicImage) -> Cow<'_, DynamicImage> {
    match picture {
        DynamicImage::ImageRgb8(_) | DynamicImage::ImageRgba8(_) => Cow::Borrowed(picture),
        other if other.color().has_alpha() => Cow::Owned(other.to_rgba8().into()),
        other => Cow::Owned(other.to_rgb8().into()),
    }
}

/// The size that kohya's trainers would give it: [`area`] where no side grows, else Lanczos (`library/utils.py`, `resize_image`).
pub fn fit(picture: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    let (from_width, from_height) = (picture.width(), picture.height());
    if (from_width, from_height) == (width, height) {
        plain(picture).into_owned()
    } else if width <= from_width && height <= from_height {
        area(picture, width, height)
    } else {
        convolve(
            picture,
            Window::whole(from_width, from_height),
            width,
            height,
            Filter::Lanczos,
        )
    }
}

/// A window of the picture in another size, as Pillow's `resize(size, filter, box)`. Colours are weighed by their alpha.
///
/// The window is moved into the picture where it reaches out of it.
pub fn convolve(picture: &DynamicImage, window: Window, width: u32, height: u32, filter: Filter) -> DynamicImage {
    let (from_width, from_height) = (picture.width(), picture.height());
    let (width, height) = (width.max(1), height.max(1));
    let filter = match filter {
        Filter::Bicubic => FilterType::CatmullRom,
        Filter::Lanczos => FilterType::Lanczos3,
    };
    let clamp = |begin: f64, length: f64, side: u32| {
        let side = f64::from(side);
        let length = if length > 0.0 { length.min(side) } else { side };
        (begin.clamp(0.0, side - length), length)
    };
    let (left, inner_width) = clamp(window.x, window.width, from_width);
    let (top, inner_height) = clamp(window.y, window.height, from_height);
    let plain = plain(picture);
    let parts = [
        [left, 0.0, inner_width, f64::from(from_height)],
        [0.0, top, f64::from(width), inner_height],
    ];
    let made = passes(&plain, parts, width, height, filter);
    debug_assert!(
        made.is_some(),
        "{parts:?} of {from_width} x {from_height} pixels was refused"
    );
    build(width, height, made.unwrap_or_default())
}

/// Across first and then down, as Pillow does: where a sharp edge swings over black or white, it is cut off in between.
fn passes(
    picture: &DynamicImage,
    parts: [[f64; 4]; 2],
    width: u32,
    height: u32,
    filter: FilterType,
) -> Option<Vec<u8>> {
    let has_alpha = picture.color().has_alpha();
    let kind = if has_alpha { PixelType::U8x4 } else { PixelType::U8x3 };
    let pass = |from: &Image<'_>, [left, top, part_width, part_height]: [f64; 4], height| {
        let mut made = Image::new(width, height, kind);
        let options = ResizeOptions::new()
            .resize_alg(ResizeAlg::Convolution(filter))
            .crop(left, top, part_width, part_height)
            .use_alpha(false);
        Resizer::new().resize(from, &mut made, &options).ok().map(|()| made)
    };
    let mut from = Image::from_vec_u8(picture.width(), picture.height(), picture.as_bytes().to_vec(), kind).ok()?;
    if has_alpha {
        MulDiv::new().multiply_alpha_inplace(&mut from).ok()?;
    }
    let across = pass(&from, parts[0], picture.height())?;
    let mut down = pass(&across, parts[1], height)?;
    if has_alpha {
        MulDiv::new().divide_alpha_inplace(&mut down).ok()?;
    }
    Some(down.into_vec())
}

/// The mean of the pixels that fall on each new one, weighed by how much of them does, as `OpenCV`'s `INTER_AREA`; each channel by itself. For
/// sides that shrink or stay; [`fit`] does the rest.
pub fn area(picture: &DynamicImage, width: u32, height: u32) -> DynamicImage {
    let from = (picture.width() as usize, picture.height() as usize);
    let (width, height) = (width.clamp(1, picture.width()), height.clamp(1, picture.height()));
    let to = (width as usize, height as usize);
    let plain = plain(picture);
    let bytes = plain.as_bytes();
    let made = match (
        plain.color().has_alpha(),
        from.0.is_multiple_of(to.0) && from.1.is_multiple_of(to.1),
    ) {
        (false, true) => blocks::<3>(bytes, from, to),
        (true, true) => blocks::<4>(bytes, from, to),
        (false, false) => overlaps::<3>(bytes, from, to),
        (true, false) => overlaps::<4>(bytes, from, to),
    };
    build(width, height, made)
}

/// Whole numbers of pixels become one. `OpenCV` rounds means of four up at one half, others to even.
fn blocks<const N: usize>(bytes: &[u8], from: (usize, usize), to: (usize, usize)) -> Vec<u8> {
    let (across, down) = (from.0 / to.0, from.1 / to.1);
    let share = 1.0 / (across * down) as f32;
    let mut made = Vec::with_capacity(to.0 * to.1 * N);
    let mut sums = vec![[0_u32; N]; to.0];
    for rows in bytes.chunks_exact(from.0 * N * down) {
        sums.fill([0; N]);
        for row in rows.chunks_exact(from.0 * N) {
            for (sum, block) in sums.iter_mut().zip(row.chunks_exact(across * N)) {
                for pixel in block.chunks_exact(N) {
                    for (sum, &level) in sum.iter_mut().zip(pixel) {
                        *sum += u32::from(level);
                    }
                }
            }
        }
        let mean = |&sum: &u32| match (across, down) {
            (2, 2) => ((sum + 2) >> 2) as u8,
            _ => (sum as f32 * share).round_ties_even() as u8,
        };
        made.extend(sums.iter().flatten().map(mean));
    }
    made
}

/// A pixel of the old side that falls on one of the new, and how much it counts there.
struct Share {
    to: usize,
    from: usize,
    weight: f32,
}

/// Which pixels of a side fall on which when it shrinks (`computeResizeAreaTab`): slivers under a thousandth are left out.
fn shares(from: usize, to: usize) -> Vec<Share> {
    let scale = from as f64 / to as f64;
    let mut found = Vec::with_capacity(from + 2 * to);
    for place in 0..to {
        let begin = place as f64 * scale;
        let end = begin + scale;
        let cell = scale.min(from as f64 - begin);
        let last = (end.floor() as usize).min(from - 1);
        let first = (begin.ceil() as usize).min(last);
        let mut push = |from, weight: f64| {
            let weight = weight as f32;
            found.push(Share {
                to: place,
                from,
                weight,
            });
        };
        if first as f64 - begin > 1e-3 && first > 0 {
            push(first - 1, (first as f64 - begin) / cell);
        }
        (first..last).for_each(|from| push(from, 1.0 / cell));
        if end - last as f64 > 1e-3 {
            push(last, (end - last as f64).min(1.0).min(cell) / cell);
        }
    }
    found
}

fn overlaps<const N: usize>(bytes: &[u8], from: (usize, usize), to: (usize, usize)) -> Vec<u8> {
    let across = shares(from.0, to.0);
    let mut made = vec![0; to.0 * to.1 * N];
    let mut row = vec![[0_f32; N]; to.0];
    let mut sums = vec![[0_f32; N]; to.0];
    let down = shares(from.1, to.1);
    for shares in down.chunk_by(|a, b| a.to == b.to) {
        sums.fill([0.0; N]);
        for Share { from: line, weight, .. } in shares {
            let line = &bytes[line * from.0 * N..][..from.0 * N];
            row.fill([0.0; N]);
            for share in &across {
                let pixel = &line[share.from * N..][..N];
                for (sum, &level) in row[share.to].iter_mut().zip(pixel) {
                    *sum += f32::from(level) * share.weight;
                }
            }
            for (sum, &level) in sums.iter_mut().flatten().zip(row.iter().flatten()) {
                *sum += level * weight;
            }
        }
        let place = shares.first().map_or(0, |share| share.to) * to.0 * N;
        for (made, sum) in made[place..].iter_mut().zip(sums.iter().flatten()) {
            *made = sum.round_ties_even() as u8;
        }
    }
    made
}

/// A picture of these samples, three or four a pixel; an empty one should they not fit.
fn build(width: u32, height: u32, samples: Vec<u8>) -> DynamicImage {
    if samples.len() as u64 == u64::from(width) * u64::from(height) * 4 {
        RgbaImage::from_raw(width, height, samples).unwrap_or_default().into()
    } else {
        RgbImage::from_raw(width, height, samples).unwrap_or_default().into()
    }
}
