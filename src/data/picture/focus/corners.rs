//! Corners as `OpenCV`'s `goodFeaturesToTrack` finds them: where brightness changes both across and along (Shi and Tomasi).

use image::RgbImage;

const MOST: usize = 100;
/// The weakest corner that counts, against the strongest.
const QUALITY: f64 = 0.04;
/// How far corners keep from each other, against the shorter side.
const DISTANCE: f64 = 0.06;
/// What the lowest tenth is painted with, so that watermarks do not attract.
const PAINT: u8 = 0x99;

/// The strongest corners first.
pub(super) fn strongest(picture: &RgbImage) -> Vec<(u32, u32)> {
    let (width, height) = picture.dimensions();
    let strength = strengths(&luma(picture), width as usize, height as usize);
    let best = strength.iter().copied().fold(0.0_f32, f32::max);
    let least = (f64::from(best) * QUALITY) as f32;
    let mut peaks = peaks(&strength, width as usize, height as usize, least);
    // Of equal ones the later, as OpenCV compares addresses.
    peaks.sort_unstable_by(|&a, &b| strength[b].total_cmp(&strength[a]).then(b.cmp(&a)));
    let distance = f64::from(width.min(height)) * DISTANCE;
    let mut found: Vec<(u32, u32)> = Vec::new();
    for place in peaks {
        let (x, y) = (place as u32 % width, place as u32 / width);
        let is_near = |&(other_x, other_y): &(u32, u32)| {
            let (dx, dy) = (f64::from(x) - f64::from(other_x), f64::from(y) - f64::from(other_y));
            dx * dx + dy * dy < distance * distance
        };
        // OpenCV keeps no distance below one pixel.
        if distance < 1.0 || !found.iter().any(is_near) {
            found.push((x, y));
        }
        if found.len() == MOST {
            break;
        }
    }
    found
}

/// Pillow's mode L, with the lowest tenth painted over.
fn luma(picture: &RgbImage) -> Vec<u8> {
    let gray = |pixel: &image::Rgb<u8>| {
        let [r, g, b] = pixel.0.map(u32::from);
        ((r * 19595 + g * 38470 + b * 7471 + 0x8000) >> 16) as u8
    };
    let mut luma: Vec<u8> = picture.pixels().map(gray).collect();
    let begin = (f64::from(picture.height()) * 0.9) as usize * picture.width() as usize;
    luma[begin..].fill(PAINT);
    luma
}

/// The smaller eigenvalue of the gradients around each pixel.
fn strengths(luma: &[u8], width: usize, height: usize) -> Vec<f32> {
    // Sobel's weights, three by three pixels, levels of a byte: what `cornerMinEigenVal` divides by.
    let scale = 1.0_f32 / (4.0 * 3.0 * 255.0);
    let at = |x: usize, y: usize| i32::from(luma[y * width + x]);
    let mut products = vec![[0.0_f32; 3]; luma.len()];
    for y in 0..height {
        let (above, below) = (mirror(y, -1, height), mirror(y, 1, height));
        for x in 0..width {
            let (left, right) = (mirror(x, -1, width), mirror(x, 1, width));
            let across = at(right, above) - at(left, above) + 2 * (at(right, y) - at(left, y)) + at(right, below)
                - at(left, below);
            let along = at(left, below) - at(left, above) + 2 * (at(x, below) - at(x, above)) + at(right, below)
                - at(right, above);
            let (dx, dy) = (across as f32 * scale, along as f32 * scale);
            products[y * width + x] = [dx * dx, dx * dy, dy * dy];
        }
    }
    let sum = |x: usize, y: usize| {
        let mut sum = [0.0_f32; 3];
        for y in [mirror(y, -1, height), y, mirror(y, 1, height)] {
            for x in [mirror(x, -1, width), x, mirror(x, 1, width)] {
                let product = &products[y * width + x];
                sum.iter_mut().zip(product).for_each(|(sum, product)| *sum += product);
            }
        }
        sum
    };
    let smaller = |[xx, xy, yy]: [f32; 3]| {
        let (a, c) = (xx * 0.5, yy * 0.5);
        (a + c) - ((a - c) * (a - c) + xy * xy).sqrt()
    };
    (0..luma.len())
        .map(|place| smaller(sum(place % width, place / width)))
        .collect()
}

/// The neighbour of a place, mirrored at the border without repeating it (`BORDER_REFLECT_101`).
fn mirror(place: usize, step: isize, side: usize) -> usize {
    let beside = place as isize + step;
    let last = side as isize - 1;
    let beside = if beside < 0 { -beside } else { beside };
    let beside = if beside > last { 2 * last - beside } else { beside };
    beside.clamp(0, last) as usize
}

/// Pixels that no neighbour exceeds, away from the border.
fn peaks(strength: &[f32], width: usize, height: usize, least: f32) -> Vec<usize> {
    let mut found = Vec::new();
    for y in 1..height.saturating_sub(1) {
        for x in 1..width.saturating_sub(1) {
            let place = y * width + x;
            let value = strength[place];
            let around = [place - width - 1, place - 1, place + width - 1];
            let higher = |begin: &usize| strength[*begin..begin + 3].iter().any(|&other| other > value);
            if value > least && !around.iter().any(higher) {
                found.push(place);
            }
        }
    }
    found
}
