//! The kept rectangle drawn into a picture: what is lost is dim, around what is kept stands a bright frame.
//!
//! The pixels themselves are changed, so that every way of showing pictures shows it, half blocks too.

use fast_image_resize::images::Image;
use fast_image_resize::{PixelType, ResizeAlg, ResizeOptions, Resizer};

use crate::data::buckets::Placement;
use crate::term::graphics::Picture;

/// The longest side that is drawn on; a key press draws anew.
const LONGEST: u32 = 960;
/// How bright what is lost stays, of 256.
const LOST: u32 = 72;
/// And what lies outside of a rectangle set by hand.
const OUTSIDE: u32 = 30;
/// The frame, and the line that sets it off.
const BRIGHT: [u8; 3] = [255, 214, 10];
const DARK: [u8; 3] = [16, 16, 16];
/// The focal point.
const POINT: [u8; 3] = [255, 255, 255];
/// The frame is this part of the longer side: seen in half blocks too.
const THICK: u32 = 96;

/// The picture, no larger than a frame is drawn on.
pub fn smaller(picture: &Picture) -> Picture {
    let (width, height) = (picture.width, picture.height);
    let longest = width.max(height);
    if longest <= LONGEST || !picture.is_whole() {
        return picture.clone();
    }
    let side = |side: u32| ((u64::from(side) * u64::from(LONGEST) / u64::from(longest)) as u32).max(1);
    let mut small = Image::new(side(width), side(height), PixelType::U8x3);
    let options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(fast_image_resize::FilterType::Box));
    let from = Image::from_vec_u8(width, height, picture.rgb.to_vec(), PixelType::U8x3);
    match from.map(|from| Resizer::new().resize(&from, &mut small, &options)) {
        Ok(Ok(())) => Picture {
            width: small.width(),
            height: small.height(),
            rgb: small.into_vec().into(),
        },
        _ => picture.clone(),
    }
}

/// The picture with what `placement` keeps of it, and the focal point where there is one (parts of width and height).
pub fn framed(picture: &Picture, placement: &Placement, focus: Option<[f64; 2]>) -> Picture {
    if !picture.is_whole() {
        return picture.clone();
    }
    let mut canvas = Canvas {
        width: i64::from(picture.width),
        height: i64::from(picture.height),
        rgb: picture.rgb.to_vec(),
    };
    let to = [
        f64::from(picture.width) / f64::from(placement.size[0].max(1)),
        f64::from(picture.height) / f64::from(placement.size[1].max(1)),
    ];
    let bounds = |[x, y, width, height]: [f64; 4]| {
        let ends = [x * to[0], y * to[1], (x + width) * to[0], (y + height) * to[1]];
        ends.map(|end| end.round() as i64)
    };
    let kept = bounds(placement.kept());
    let part = bounds(placement.part.map(f64::from));
    canvas.dim(kept, part);
    let thick = (canvas.width.max(canvas.height) / i64::from(THICK)).max(1);
    canvas.frame(kept, thick, BRIGHT);
    canvas.frame(shrunk(kept, thick), (thick / 3).max(1), DARK);
    if let Some([x, y]) = focus {
        let point = [x * canvas.width as f64, y * canvas.height as f64].map(|at| at.round() as i64);
        canvas.cross(point, 4 * thick, thick.max(2));
    }
    Picture {
        width: picture.width,
        height: picture.height,
        rgb: canvas.rgb.into(),
    }
}

fn shrunk([left, top, right, bottom]: [i64; 4], by: i64) -> [i64; 4] {
    [left + by, top + by, right - by, bottom - by]
}

/// Pixels that are drawn on. A rectangle is left, top, right, bottom; what lies outside of the picture is left out.
struct Canvas {
    width: i64,
    height: i64,
    rgb: Vec<u8>,
}

impl Canvas {
    fn dim(&mut self, kept: [i64; 4], part: [i64; 4]) {
        let within = |[left, top, right, bottom]: [i64; 4], x: i64, y: i64| {
            (left..right).contains(&x) && (top..bottom).contains(&y)
        };
        let rows = self.rgb.chunks_exact_mut(3 * self.width as usize);
        for (row, y) in rows.zip(0_i64..) {
            for (pixel, x) in row.as_chunks_mut::<3>().0.iter_mut().zip(0_i64..) {
                if within(kept, x, y) {
                    continue;
                }
                let bright = if within(part, x, y) { LOST } else { OUTSIDE };
                *pixel = pixel.map(|channel| (u32::from(channel) * bright / 256) as u8);
            }
        }
    }

    fn fill(&mut self, [left, top, right, bottom]: [i64; 4], colour: [u8; 3]) {
        let across = left.clamp(0, self.width)..right.clamp(0, self.width);
        for y in top.clamp(0, self.height)..bottom.clamp(0, self.height) {
            for x in across.clone() {
                let at = 3 * (y * self.width + x) as usize;
                self.rgb[at..at + 3].copy_from_slice(&colour);
            }
        }
    }

    fn frame(&mut self, [left, top, right, bottom]: [i64; 4], thick: i64, colour: [u8; 3]) {
        self.fill([left, top, right, top + thick], colour);
        self.fill([left, bottom - thick, right, bottom], colour);
        self.fill([left, top, left + thick, bottom], colour);
        self.fill([right - thick, top, right, bottom], colour);
    }

    fn cross(&mut self, [x, y]: [i64; 2], long: i64, thick: i64) {
        let half = thick / 2;
        for (grown, colour) in [(half.max(1), DARK), (0, POINT)] {
            let (long, thin) = (long + grown, half + grown);
            self.fill([x - long, y - thin, x + long, y - thin + 2 * thin.max(1)], colour);
            self.fill([x - thin, y - long, x - thin + 2 * thin.max(1), y + long], colour);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::buckets::hand::Hand;
    use crate::data::buckets::{Buckets, Settings};

    fn grey(width: u32, height: u32) -> Picture {
        Picture {
            width,
            height,
            rgb: vec![128; 3 * (width * height) as usize].into(),
        }
    }

    fn pixel(picture: &Picture, x: u32, y: u32) -> u8 {
        picture.rgb[3 * (y * picture.width + x) as usize]
    }

    #[test]
    fn what_is_lost_is_dim_and_what_is_kept_is_as_it_was() {
        let settings = Settings {
            enable: false,
            ..Settings::default()
        };
        let buckets = Buckets::new(&settings).expect("they are usual");
        let wide = buckets.select([1000, 500]).expect("it has an area");
        let drawn = framed(&grey(100, 50), &wide, None);
        assert_eq!((drawn.width, drawn.height), (100, 50));
        // The middle half is kept.
        assert_eq!(pixel(&drawn, 10, 25), 36);
        assert_eq!(pixel(&drawn, 50, 25), 128);
        assert_eq!(pixel(&drawn, 25, 25), BRIGHT[0]);
        let hand = Hand::Rectangle([500, 0, 500, 500]);
        let right = buckets.place([1000, 500], Some(hand)).expect("it is inside");
        assert_eq!(pixel(&framed(&grey(100, 50), &right, None), 10, 25), 15);
        assert_eq!(
            pixel(&framed(&grey(100, 50), &wide, Some([0.1, 0.5])), 10, 25),
            POINT[0]
        );
    }

    #[test]
    fn a_large_picture_is_made_smaller_and_a_broken_one_is_left_alone() {
        let small = smaller(&grey(2000, 100));
        assert_eq!((small.width, small.height, small.is_whole()), (960, 48, true));
        let broken = Picture {
            width: 5000,
            height: 2,
            rgb: Vec::new().into(),
        };
        assert_eq!(smaller(&broken), broken);
    }
}
