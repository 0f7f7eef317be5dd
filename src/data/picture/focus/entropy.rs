//! The window of a picture with the highest entropy, as the web UI measures it: in black and white, dithered.

use image::{GenericImageView, RgbImage};

/// How far the window is moved at a time.
const STEP: u32 = 4;

/// The middle of the best window of that size along the longer side; none in a square picture.
///
/// A window is measured only while its far edge lies within the picture. When none has any entropy, the web UI's list of edges is the one
/// that was moved, so its last place wins.
pub(super) fn busiest(picture: &RgbImage, (width, height): (u32, u32)) -> Option<(i64, i64)> {
    let (from_width, from_height) = picture.dimensions();
    let is_wide = match from_width.cmp(&from_height) {
        std::cmp::Ordering::Equal => return None,
        order => order.is_gt(),
    };
    let (length, side) = if is_wide {
        (width, from_width)
    } else {
        (height, from_height)
    };
    let mut best = None;
    let mut most = 0.0;
    let mut begin = 0;
    while begin + length < side {
        let (x, y) = if is_wide { (begin, 0) } else { (0, begin) };
        let entropy = entropy(picture, x, y, width, height);
        if entropy > most {
            most = entropy;
            best = Some(begin);
        }
        begin += STEP;
    }
    let begin = best.unwrap_or(begin);
    let (x, y) = if is_wide { (begin, 0) } else { (0, begin) };
    let middle = |begin: u32, length: u32| (f64::from(begin) + f64::from(length) / 2.0) as i64;
    Some((middle(x, width), middle(y, height)))
}

/// The sum, not the mean, of what black and white tell: the less there is of one, the higher. Zero where there is only one of them.
fn entropy(picture: &RgbImage, x: u32, y: u32, width: u32, height: u32) -> f64 {
    // What lies outside of the picture is black to Pillow.
    let all = u64::from(width) * u64::from(height);
    let width = width.min(picture.width().saturating_sub(x));
    let height = height.min(picture.height().saturating_sub(y));
    let white = white(picture, x, y, width, height);
    let told = |count: u64| {
        if count == 0 {
            0.0
        } else {
            -(count as f64 / all as f64).log2()
        }
    };
    told(white) + told(all - white)
}

/// How many pixels Pillow's `convert("1")` makes white: errors are carried to the right and down after Floyd and Steinberg.
fn white(picture: &RgbImage, x: u32, y: u32, width: u32, height: u32) -> u64 {
    let mut carried = vec![0_i32; width as usize + 1];
    let mut white = 0;
    for line in 0..height {
        let (mut right, mut below, mut corner) = (0_i32, 0_i32, 0_i32);
        for column in 0..width {
            // In bounds by what `entropy` cut off.
            let [r, g, b] = picture
                .view(x, y, width, height)
                .get_pixel(column, line)
                .0
                .map(i32::from);
            let place = column as usize;
            let level = ((r * 299 + g * 587 + b * 114) / 1000 + (right + carried[place + 1]) / 16).clamp(0, 255);
            let is_white = level > 128;
            white += u64::from(is_white);
            let error = if is_white { level - 255 } else { level };
            carried[place] = error * 3 + below;
            below = error * 5 + corner;
            corner = error;
            right = error * 7;
        }
        carried[width as usize] = below;
    }
    white
}
