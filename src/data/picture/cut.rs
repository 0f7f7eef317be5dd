//! Which part of a picture is kept, and in which size: arithmetic only, so that it can be shown before a pixel is read.
//!
//! Sizes and places are of the upright picture. A [`Cut`] scales a window of it and keeps a rectangle of that. The web UI's own ways are
//! here (auto-sized crop, focal crop, split), each told where it differs.

use image::DynamicImage;
use serde::Serialize;

use super::resample::{Filter, Window, convolve, fit};

/// Width and height in pixels.
pub type Size = (u32, u32);

/// How a cut is scaled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// As trainers do: averages when it shrinks, Lanczos when it grows.
    Fit,
    /// Pillow's default.
    Bicubic,
    /// Three lobes.
    Lanczos,
}

/// A part of a picture in some size.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Cut {
    /// What is scaled, in the picture's pixels.
    pub from: Window,
    /// Its size after that.
    pub to: Size,
    /// How.
    pub by: By,
    /// Left, upper edge, width and height of what is kept of it.
    pub keep: [u32; 4],
}

impl Cut {
    /// A rectangle as it is.
    fn plain([x, y, width, height]: [u32; 4]) -> Self {
        let [x, y] = [x, y].map(f64::from);
        Self {
            from: Window {
                x,
                y,
                ..Window::whole(width, height)
            },
            to: (width, height),
            by: By::Fit,
            keep: [0, 0, width, height],
        }
    }

    fn scaled(size: Size, to: Size, by: By) -> Self {
        Self {
            from: Window::whole(size.0, size.1),
            to,
            by,
            keep: [0, 0, to.0, to.1],
        }
    }

    /// The size of what is made.
    pub fn size(&self) -> Size {
        (self.keep[2], self.keep[3])
    }

    /// What is kept, in the picture's own pixels.
    pub fn kept(&self) -> Window {
        let (across, down) = (
            self.from.width / f64::from(self.to.0),
            self.from.height / f64::from(self.to.1),
        );
        let [x, y, width, height] = self.keep.map(f64::from);
        Window {
            x: self.from.x + x * across,
            y: self.from.y + y * down,
            width: width * across,
            height: height * down,
        }
    }

    /// By how much it is scaled; above 1 it grows.
    pub fn scale(&self) -> f64 {
        (f64::from(self.to.0) / self.from.width).max(f64::from(self.to.1) / self.from.height)
    }

    /// Makes it.
    pub fn make(&self, picture: &DynamicImage) -> DynamicImage {
        let (width, height) = self.to;
        let scaled = match (self.by, self.from.pixels()) {
            (By::Fit, Some([x, y, from_width, from_height])) => {
                let part = picture.crop_imm(x, y, from_width, from_height);
                if (from_width, from_height) == self.to {
                    part
                } else {
                    fit(&part, width, height)
                }
            }
            (By::Bicubic, _) => convolve(picture, self.from, width, height, Filter::Bicubic),
            (By::Fit | By::Lanczos, _) => convolve(picture, self.from, width, height, Filter::Lanczos),
        };
        let [x, y, width, height] = self.keep;
        if (x, y, width, height) == (0, 0, scaled.width(), scaled.height()) {
            scaled
        } else {
            scaled.crop_imm(x, y, width, height)
        }
    }
}

/// A rectangle as people write it: left, upper edge, width, height with commas between.
pub fn rectangle(text: &str) -> Option<[u32; 4]> {
    let numbers: Option<Vec<u32>> = text.split([',', '，']).map(|part| part.trim().parse().ok()).collect();
    numbers?
        .try_into()
        .ok()
        .filter(|[_, _, width, height]: &[u32; 4]| *width > 0 && *height > 0)
}

/// A rectangle chosen by hand, as far as it lies in the picture; none where it lies beside it.
pub fn hand(size: Size, [x, y, width, height]: [u32; 4]) -> Option<Cut> {
    let width = width.min(size.0.checked_sub(x)?);
    let height = height.min(size.1.checked_sub(y)?);
    (width > 0 && height > 0).then(|| Cut::plain([x, y, width, height]))
}

/// The largest part of a ratio, in whole pixels. Of what is cut off, `anchor` (0 to 1 across and down) lies before it: (0.5, 0.5) is the middle.
pub fn ratio(size: Size, ratio: (f64, f64), anchor: (f64, f64)) -> Cut {
    let wanted = ratio.0 / ratio.1;
    let (width, height) = (f64::from(size.0), f64::from(size.1));
    let width = (height * wanted).round().clamp(1.0, width);
    let height = (f64::from(size.0) / wanted).round().clamp(1.0, height);
    let place =
        |side: u32, length: f64, anchor: f64| ((f64::from(side) - length) * anchor.clamp(0.0, 1.0)).round() as u32;
    Cut::plain([
        place(size.0, width, anchor.0),
        place(size.1, height, anchor.1),
        width as u32,
        height as u32,
    ])
}

/// The web UI's auto-sized crop: the size is chosen as well.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AutoSize {
    /// The shortest side.
    pub min_side: u32,
    /// The longest.
    pub max_side: u32,
    /// The fewest pixels.
    pub min_area: u64,
    /// The most.
    pub max_area: u64,
    /// Whether a better ratio counts more than more pixels.
    pub by_error: bool,
    /// How far ratios may be apart, 0 to 1.
    pub threshold: f64,
}

impl Default for AutoSize {
    /// The web UI's.
    fn default() -> Self {
        Self {
            min_side: 384,
            max_side: 768,
            min_area: 64 * 64,
            max_area: 640 * 640,
            by_error: false,
            threshold: 0.1,
        }
    }
}

impl AutoSize {
    /// The best size in steps of 64 and the middle of the picture in it; none where no size is near enough.
    pub fn cut(&self, size: Size) -> Option<Cut> {
        let (width, height) = (f64::from(size.0), f64::from(size.1));
        let error = |(w, h): Size| {
            let quotient = width / height / (f64::from(w) / f64::from(h));
            1.0 - if quotient < 1.0 { quotient } else { 1.0 / quotient }
        };
        let area = |(w, h): Size| u64::from(w) * u64::from(h);
        let sides = || (self.min_side.max(1)..=self.max_side).step_by(64);
        let sizes = sides().flat_map(|w| sides().map(move |h| (w, h)));
        let allowed =
            sizes.filter(|&to| (self.min_area..=self.max_area).contains(&area(to)) && error(to) <= self.threshold);
        let better = |a: Size, b: Size| {
            let by_area = area(a).cmp(&area(b));
            let by_error = error(b).total_cmp(&error(a));
            if self.by_error {
                by_error.then(by_area)
            } else {
                by_area.then(by_error)
            }
        };
        // Of equals the first.
        let (w, h) = allowed.reduce(|best, to| if better(to, best).is_gt() { to } else { best })?;
        let (to_width, to_height) = (f64::from(w), f64::from(h));
        let (kept_width, kept_height) = if height / to_height < width / to_width {
            (to_width * height / to_height, height)
        } else {
            (width, to_height * width / to_width)
        };
        let from = Window {
            x: (width - kept_width) / 2.0,
            y: (height - kept_height) / 2.0,
            width: kept_width,
            height: kept_height,
        };
        Some(Cut {
            from,
            ..Cut::scaled(size, (w, h), By::Lanczos)
        })
    }
}

/// The size in which a picture just covers a crop. The web UI comes to the same where its crop lies within the picture; elsewhere it makes
/// black borders, which this does not.
pub fn cover(size: Size, crop: Size) -> Size {
    let across = f64::from(crop.0) / f64::from(size.0);
    let down = f64::from(crop.1) / f64::from(size.1);
    let scale = across.max(down);
    // Truncated as the web UI does it, which may fall one short of the crop.
    let side = |side: u32, least: u32| ((f64::from(side) * scale) as u32).max(least);
    (side(size.0, crop.0), side(size.1, crop.1))
}

/// A crop as near around a point as the picture allows. The point is one of the picture in the size of [`cover`].
pub fn around(size: Size, crop: Size, point: (i64, i64)) -> Cut {
    let to = cover(size, crop);
    let place = |point: i64, length: u32, side: u32| {
        let begin = point - i64::from(length / 2);
        begin.clamp(0, i64::from(side - length)) as u32
    };
    let by = if to == size { By::Fit } else { By::Bicubic };
    Cut {
        keep: [
            place(point.0, crop.0, to.0),
            place(point.1, crop.1, to.1),
            crop.0,
            crop.1,
        ],
        ..Cut::scaled(size, to, by)
    }
}

/// The web UI's split of pictures that are far longer than what is trained: pieces of one size that overlap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Split {
    /// The size of the pieces.
    pub to: Size,
    /// Only pictures are split whose ratio, against that of the pieces, is at most this. 1.10 of the web UI splits all below 1, by a slip in
    /// its condition; this is what its slider says.
    pub threshold: f64,
    /// How much of a piece is on the next as well.
    pub overlap: f64,
}

impl Split {
    /// The pieces from first to last; none where the picture is not long enough.
    pub fn cuts(&self, size: Size) -> Vec<Cut> {
        let (width, height) = self.to;
        let is_tall = size.1 > size.0;
        let product = |a: u32, b: u32| u64::from(a) * u64::from(b);
        let (short, long) = if is_tall {
            (product(size.0, height), product(size.1, width))
        } else {
            (product(size.1, width), product(size.0, height))
        };
        let ratio = short as f64 / long as f64;
        if ratio >= 1.0 || ratio > self.threshold {
            return Vec::new();
        }
        // `across` is the side that is scaled to a piece's, `long` the other.
        let (from_across, from_long) = if is_tall { size } else { (size.1, size.0) };
        let (across, piece) = if is_tall { (width, height) } else { (height, width) };
        let long = (product(from_long, across) / u64::from(from_across)) as u32;
        let overlap = f64::from(piece) * self.overlap;
        let count = ((f64::from(long) - overlap) / (f64::from(piece) * (1.0 - self.overlap))).ceil() as u32;
        if count < 2 || long <= piece {
            return Vec::new();
        }
        let step = f64::from(long - piece) / f64::from(count - 1);
        let cut = |number| {
            let begin = (step * f64::from(number)) as u32;
            let (to, keep) = if is_tall {
                ((across, long), [0, begin, across, piece])
            } else {
                ((long, across), [begin, 0, piece, across])
            };
            Cut {
                keep,
                ..Cut::scaled(size, to, By::Bicubic)
            }
        };
        (0..count).map(cut).collect()
    }
}

/// What a picture is resized to; its ratio stays but for rounding.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Aim {
    /// The longer side gets so many pixels.
    Longest(u32),
    /// The shorter side does.
    Shortest(u32),
    /// As many pixels in all as this size has; kohya's `resize_images_to_resolution.py`.
    Area(Size),
    /// Both sides are multiplied.
    Scale(f64),
    /// It covers this size, and what sticks out is cut off evenly.
    Cover(Size),
}

/// A change of size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Resize {
    /// To what.
    pub aim: Aim,
    /// Whether pictures that are smaller are made larger; otherwise they stay.
    pub enlarge: bool,
    /// Sides are cut down to a multiple of this, evenly.
    pub multiple: u32,
}

impl Resize {
    /// The cut; none where the picture stays as it is.
    pub fn cut(&self, size: Size) -> Option<Cut> {
        let (width, height) = (f64::from(size.0), f64::from(size.1));
        let scale = match self.aim {
            Aim::Longest(side) => f64::from(side) / width.max(height),
            Aim::Shortest(side) => f64::from(side) / width.min(height),
            Aim::Area((w, h)) => (f64::from(w) * f64::from(h) / (width * height)).sqrt(),
            Aim::Scale(scale) => scale,
            Aim::Cover((w, h)) => (f64::from(w) / width).max(f64::from(h) / height),
        };
        let is_kept = scale >= 1.0 && !self.enlarge;
        let side = |side: f64| match self.aim {
            _ if is_kept => side as u32,
            // kohya's script truncates.
            Aim::Area(_) => ((side * scale) as u32).max(1),
            _ => ((side * scale).round() as u32).max(1),
        };
        let to = (side(width), side(height));
        let multiple = self.multiple.max(1);
        let most = |side: u32| if side < multiple { side } else { side - side % multiple };
        let keep = match self.aim {
            Aim::Cover((w, h)) if !is_kept => (w.min(to.0), h.min(to.1)),
            _ => to,
        };
        let keep = (most(keep.0), most(keep.1));
        let cut = Cut {
            keep: [(to.0 - keep.0) / 2, (to.1 - keep.1) / 2, keep.0, keep.1],
            ..Cut::scaled(size, to, By::Fit)
        };
        (to != size || keep != size).then_some(cut)
    }
}
