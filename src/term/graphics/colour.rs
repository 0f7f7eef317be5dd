//! The colours that terminals without 24 bits have, and a dithering that stands still.

use ratatui::style::Color;

/// The steps of a channel in xterm's cube of 216 colours.
const STEPS: [u8; 6] = [0, 95, 135, 175, 215, 255];
/// The 16 as xterm paints them; nobody can know what the user made of them.
const SIXTEEN: [([u8; 3], Color); 16] = [
    ([0, 0, 0], Color::Black),
    ([205, 0, 0], Color::Red),
    ([0, 205, 0], Color::Green),
    ([205, 205, 0], Color::Yellow),
    ([0, 0, 238], Color::Blue),
    ([205, 0, 205], Color::Magenta),
    ([0, 205, 205], Color::Cyan),
    ([229, 229, 229], Color::Gray),
    ([127, 127, 127], Color::DarkGray),
    ([255, 0, 0], Color::LightRed),
    ([0, 255, 0], Color::LightGreen),
    ([255, 255, 0], Color::LightYellow),
    ([92, 92, 255], Color::LightBlue),
    ([255, 0, 255], Color::LightMagenta),
    ([0, 255, 255], Color::LightCyan),
    ([255, 255, 255], Color::White),
];
/// The order in which the 16 places of a square light up.
const BAYER: [[i32; 4]; 4] = [[0, 8, 2, 10], [12, 4, 14, 6], [3, 11, 1, 9], [15, 7, 13, 5]];

/// How bright it looks, from 0 to 255.
pub(super) fn brightness([r, g, b]: [u8; 3]) -> u8 {
    ((u32::from(r) * 54 + u32::from(g) * 183 + u32::from(b) * 19) >> 8) as u8
}

/// A threshold from -127 to 127 that depends on the place only, so that a still part of a picture stays still from step to step
/// and is not sent again; diffusing the error would let it crawl.
pub(super) fn threshold(x: u32, y: u32) -> i32 {
    BAYER[(y % 4) as usize][(x % 4) as usize] * 17 - 127
}

/// The colour moved by a share (in 256ths) of the threshold.
pub(super) fn dithered(colour: [u8; 3], threshold: i32, share: i32) -> [u8; 3] {
    colour.map(|channel| (i32::from(channel) + threshold * share / 256).clamp(0, 255) as u8)
}

/// Five bits a channel, spread over the whole range.
pub(super) fn coarse(colour: [u8; 3]) -> [u8; 3] {
    colour.map(|channel| (channel & 0xf8) | channel >> 5)
}

/// The nearest of xterm's 256, without the 16 that users change.
pub(super) fn nearest_256(colour: [u8; 3]) -> Color {
    let step = colour.map(|channel| match channel {
        0..48 => 0,
        48..115 => 1,
        _ => (channel - 35) / 40,
    });
    let cube = step.map(|step| STEPS[usize::from(step)]);
    // The grey with the least distance, by the distance's own weights.
    let [r, g, b] = colour.map(u32::from);
    let mean = (2 * r + 4 * g + b) / 7;
    let grey = (mean.saturating_sub(3) / 10).min(23) as u8;
    if distance(colour, [8 + grey * 10; 3]) < distance(colour, cube) {
        Color::Indexed(232 + grey)
    } else {
        Color::Indexed(16 + 36 * step[0] + 6 * step[1] + step[2])
    }
}

/// The nearest of the 16.
pub(super) fn nearest_16(colour: [u8; 3]) -> Color {
    let found = SIXTEEN.iter().min_by_key(|(other, _)| distance(colour, *other));
    found.map_or(Color::Reset, |&(_, name)| name)
}

fn distance(a: [u8; 3], b: [u8; 3]) -> u32 {
    let square = |i: usize, weight: u32| u32::from(a[i].abs_diff(b[i])).pow(2) * weight;
    square(0, 2) + square(1, 4) + square(2, 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_colour_of_the_palette_is_its_own_nearest() {
        for (i, &level) in STEPS.iter().enumerate() {
            assert_eq!(nearest_256([level, 0, 255]), Color::Indexed(16 + 36 * i as u8 + 5));
        }
        assert_eq!(nearest_256([128, 128, 128]), Color::Indexed(244));
        for (colour, name) in SIXTEEN {
            assert_eq!(nearest_16(colour), name);
        }
    }

    #[test]
    fn nothing_is_nearer_than_the_nearest() {
        let cube = |n: u8| [n / 36, n / 6 % 6, n % 6].map(|step| STEPS[usize::from(step)]);
        let all: Vec<[u8; 3]> = (0..216).map(cube).chain((0..24).map(|n| [8 + n * 10; 3])).collect();
        for n in 0..4096_u32 {
            let colour = [n % 16, n / 16 % 16, n / 256].map(|level| (level * 17) as u8);
            let Color::Indexed(found) = nearest_256(colour) else {
                panic!("no index")
            };
            let best = all.iter().map(|&other| distance(colour, other)).min().unwrap();
            let off = distance(colour, all[usize::from(found) - 16]);
            assert!(off <= best + 20, "{colour:?}: {off} against {best}");
        }
    }
}
