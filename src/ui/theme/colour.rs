//! Colours: how they are written, what they look like, how far apart they are.
//!
//! The sixteen ANSI colours belong to the terminal, so their looks here are only xterm's: good enough to find the nearest one.

use ratatui::style::Color;

/// Red, green, blue.
pub(super) type Rgb = [u8; 3];

/// The sixteen names, as helix has them.
pub(super) const ANSI: [(&str, Color, Rgb); 16] = [
    ("black", Color::Black, [0, 0, 0]),
    ("red", Color::Red, [205, 0, 0]),
    ("green", Color::Green, [0, 205, 0]),
    ("yellow", Color::Yellow, [205, 205, 0]),
    ("blue", Color::Blue, [0, 0, 238]),
    ("magenta", Color::Magenta, [205, 0, 205]),
    ("cyan", Color::Cyan, [0, 205, 205]),
    ("light-gray", Color::Gray, [229, 229, 229]),
    ("gray", Color::DarkGray, [127, 127, 127]),
    ("light-red", Color::LightRed, [255, 0, 0]),
    ("light-green", Color::LightGreen, [0, 255, 0]),
    ("light-yellow", Color::LightYellow, [255, 255, 0]),
    ("light-blue", Color::LightBlue, [92, 92, 255]),
    ("light-magenta", Color::LightMagenta, [255, 0, 255]),
    ("light-cyan", Color::LightCyan, [0, 255, 255]),
    ("white", Color::White, [255, 255, 255]),
];

/// What a terminal's own colours are taken to be: text and background, on dark and on light.
const OWN: [(Rgb, Rgb); 2] = [([212, 212, 212], [24, 24, 24]), ([32, 32, 32], [250, 250, 250])];

/// The colour that a text writes without a palette: `#rrggbb`, `#rgb`, an ANSI name, `default` or a number up to 255.
pub(super) fn literal(text: &str) -> Option<Color> {
    if let Some(digits) = text.strip_prefix('#') {
        return hex(digits);
    }
    if text == "default" {
        return Some(Color::Reset);
    }
    if let Some((_, colour, _)) = ANSI.iter().find(|(name, ..)| *name == text) {
        return Some(*colour);
    }
    let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    let index: u8 = text.parse().ok().filter(|_| digits)?;
    Some(indexed(index))
}

fn hex(digits: &str) -> Option<Color> {
    if !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return None;
    }
    let channel = |at: usize, length: usize| u8::from_str_radix(digits.get(at..at + length)?, 16).ok();
    match digits.len() {
        3 => Some(Color::Rgb(
            channel(0, 1)? * 17,
            channel(1, 1)? * 17,
            channel(2, 1)? * 17,
        )),
        6 => Some(Color::Rgb(channel(0, 2)?, channel(2, 2)?, channel(4, 2)?)),
        _ => None,
    }
}

/// A colour of the 256, by its name where it has one.
fn indexed(index: u8) -> Color {
    ANSI.get(usize::from(index))
        .map_or(Color::Indexed(index), |(_, colour, _)| *colour)
}

/// What a colour looks like; `own` is what the terminal's own would be.
pub(super) fn look(colour: Color, own: Rgb) -> Rgb {
    match colour {
        Color::Rgb(r, g, b) => [r, g, b],
        Color::Indexed(index) => look_of_index(index),
        Color::Reset => own,
        named => ANSI
            .iter()
            .find(|(_, colour, _)| *colour == named)
            .map_or(own, |(.., rgb)| *rgb),
    }
}

pub(super) fn look_of_index(index: u8) -> Rgb {
    const LEVELS: [u8; 6] = [0, 95, 135, 175, 215, 255];
    match index {
        0..16 => ANSI[usize::from(index)].2,
        16..232 => {
            let index = usize::from(index - 16);
            [LEVELS[index / 36], LEVELS[index / 6 % 6], LEVELS[index % 6]]
        }
        232.. => [8 + 10 * (index - 232); 3],
    }
}

/// What the terminal's own text and background are taken to be.
pub(super) fn own(dark: bool) -> (Rgb, Rgb) {
    OWN[usize::from(!dark)]
}

/// The contrast that WCAG 2 gives two colours, from 1 to 21; `dark` says what the terminal's own are taken to be.
pub fn contrast(text: Color, background: Color, dark: bool) -> f64 {
    let (own_text, own_background) = own(dark);
    ratio(look(text, own_text), look(background, own_background))
}

pub(super) fn ratio(a: Rgb, b: Rgb) -> f64 {
    let (a, b) = (luminance(a), luminance(b));
    (a.max(b) + 0.05) / (a.min(b) + 0.05)
}

fn linear([r, g, b]: Rgb) -> [f64; 3] {
    [r, g, b].map(|channel| {
        let c = f64::from(channel) / 255.0;
        if c <= 0.04045 {
            c / 12.92
        } else {
            ((c + 0.055) / 1.055).powf(2.4)
        }
    })
}

fn luminance(rgb: Rgb) -> f64 {
    let [r, g, b] = linear(rgb);
    0.2126 * r + 0.7152 * g + 0.0722 * b
}

/// CIE L*a*b* under D65.
pub(super) fn lab(rgb: Rgb) -> [f64; 3] {
    let [r, g, b] = linear(rgb);
    let f = |t: f64| {
        if t > 0.008_856 {
            t.cbrt()
        } else {
            7.787 * t + 16.0 / 116.0
        }
    };
    let x = f((0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.95047);
    let y = f(0.2126 * r + 0.7152 * g + 0.0722 * b);
    let z = f((0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.08883);
    [116.0 * y - 16.0, 500.0 * (x - y), 200.0 * (y - z)]
}

/// How colourful a colour is.
pub(super) fn chroma([_, a, b]: [f64; 3]) -> f64 {
    a.hypot(b)
}

/// How different two colours look.
pub(super) fn distance(a: [f64; 3], b: [f64; 3]) -> f64 {
    a.iter().zip(b).map(|(a, b)| (a - b).powi(2)).sum::<f64>().sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_read_as_they_are_written() {
        assert_eq!(literal("#1e90ff"), Some(Color::Rgb(30, 144, 255)));
        assert_eq!(literal("#FC0"), Some(Color::Rgb(255, 204, 0)));
        assert_eq!(literal("light-red"), Some(Color::LightRed));
        assert_eq!(literal("9"), Some(Color::LightRed));
        assert_eq!(literal("214"), Some(Color::Indexed(214)));
        assert_eq!(literal("default"), Some(Color::Reset));
        for text in [
            "", "#", "#12", "#12345", "#1234567", "#狐狐", "#+1+1+1", "256", "-1", "+1", "rde",
        ] {
            assert_eq!(literal(text), None, "{text}");
        }
    }

    #[test]
    fn contrast_is_wcags() {
        assert!((contrast(Color::Rgb(0, 0, 0), Color::Rgb(255, 255, 255), true) - 21.0).abs() < 1e-9);
        assert!((contrast(Color::Rgb(119, 119, 119), Color::Rgb(255, 255, 255), true) - 4.478).abs() < 1e-3);
        assert!(contrast(Color::Reset, Color::Reset, false) > 12.0);
    }
}
