//! A picture to judge a terminal by.

use super::Picture;

/// White, yellow, cyan, green, magenta, red, blue, black: what every television once showed at night.
const BARS: [[u8; 3]; 8] = [
    [255, 255, 255],
    [255, 255, 0],
    [0, 255, 255],
    [0, 255, 0],
    [255, 0, 255],
    [255, 0, 0],
    [0, 0, 255],
    [0, 0, 0],
];

/// The test card: colour bars above a ramp of greys, a circle that is round only where the shape is right, a diagonal that breaks
/// where a row or a column is missing, and a frame that shows what is cut off.
pub fn card(width: u32, height: u32) -> Picture {
    let rgb = (0..height).flat_map(|y| (0..width).flat_map(move |x| pixel(x, y, width, height)));
    Picture {
        width,
        height,
        rgb: rgb.collect::<Vec<u8>>().into(),
    }
}

fn pixel(x: u32, y: u32, width: u32, height: u32) -> [u8; 3] {
    let (wide, high) = (f64::from(width), f64::from(height));
    // The middle of the pixel, from -1 to 1 along the shorter side.
    let unit = wide.min(high) / 2.0;
    let right = (f64::from(x) + 0.5 - wide / 2.0) / unit;
    let down = (f64::from(y) + 0.5 - high / 2.0) / unit;
    let line = 3.0 / unit;
    let edge = x.min(y).min(width - 1 - x).min(height - 1 - y);
    if f64::from(edge) < unit * line / 2.0 {
        [255, 128, 0]
    } else if (right.hypot(down) - 0.75).abs() < line || (right * high - down * wide).abs() < line * wide {
        [255; 3]
    } else if u64::from(y) * 3 < u64::from(height) * 2 {
        let bar = u64::from(x) * BARS.len() as u64 / u64::from(width);
        BARS[bar as usize].map(|channel| channel / 4 * 3)
    } else {
        [(u64::from(x) * 255 / u64::from(width.max(2) - 1)) as u8; 3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_card_has_all_its_parts() {
        let card = card(320, 240);
        assert!(card.is_whole());
        let at = |x: usize, y: usize| &card.rgb[(y * 320 + x) * 3..][..3];
        assert_eq!(at(0, 120), [255, 128, 0]);
        assert_eq!(at(60, 20), [189, 189, 0]);
        assert_eq!(at(160 - 90, 120), [255; 3]);
        assert_eq!(at(80, 60), [255; 3]);
        assert_eq!(at(30, 230), [23; 3]);
        assert!(super::card(0, 0).rgb.is_empty());
        assert!(super::card(1, 1).is_whole());
    }
}
