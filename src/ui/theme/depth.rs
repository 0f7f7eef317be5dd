//! Fits a theme's colours to a terminal with fewer of them.
//!
//! A colour becomes the one that looks nearest (CIE L*a*b*); a colourful one stays colourful, and text keeps a readable contrast with
//! what is behind it. Without colours, what the built-in theme `mono` tells by bold, dim, reverse and
//! underline stands for them.

use ratatui::style::{Color, Style};

use super::apart;
use super::colour::{ANSI, Rgb, chroma, distance, lab, look, look_of_index, own, ratio};
use super::role::Role;

/// How many colours there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Depth {
    /// None: bold, dim, reverse, underline.
    Mono,
    /// The terminal's sixteen.
    Ansi16,
    /// Sixteen, a cube of 216 and 24 grays.
    Ansi256,
    /// Eight bits a channel.
    True,
}

/// Contrast that text keeps, and that anything else keeps.
const READABLE: (f64, f64) = (4.5, 1.4);
/// From which chroma on something is colourful, below which it is gray, and what a gray costs as a stand-in for something colourful.
const COLOURFUL: f64 = 22.0;
const GRAY: f64 = 10.0;
const GRAY_PENALTY: f64 = 45.0;

impl Depth {
    /// How many colours a terminal has: `NO_COLOR` wins, then what was found out about 24-bit colours, then `TERM`.
    pub fn of(no_colour: bool, truecolour: bool, term: &str) -> Self {
        let colourless = ["", "dumb", "unknown", "vt52", "vt100", "vt102", "vt220", "vt320"];
        match term {
            _ if no_colour => Self::Mono,
            _ if truecolour || term.ends_with("-direct") => Self::True,
            term if term.contains("256color") => Self::Ansi256,
            term if colourless.contains(&term) || term.ends_with("-m") || term.ends_with("-mono") => Self::Mono,
            _ => Self::Ansi16,
        }
    }
}

/// The styles of all roles in fewer colours.
pub(super) fn fit(styles: &[Style], depth: Depth, dark: bool) -> Vec<Style> {
    let (own_text, own_background) = own(dark);
    let palette = palette(depth);
    let base = styles.get(Role::Background as usize).and_then(|style| style.bg);
    let behind_all = nearest(base.unwrap_or(Color::Reset), own_background, &palette, None);
    let fitted = Role::ALL.iter().zip(styles).map(|(role, style)| {
        let mut fitted = *style;
        if depth == Depth::Mono {
            (fitted.fg, fitted.bg) = (None, None);
            return fitted.add_modifier(apart::modifiers(*role));
        }
        fitted.bg = style.bg.map(|bg| nearest(bg, own_background, &palette, None));
        let behind = look(fitted.bg.unwrap_or(behind_all), own_background);
        let least = if role.is_text() { READABLE.0 } else { READABLE.1 };
        fitted.fg = style
            .fg
            .map(|fg| nearest(fg, own_text, &palette, Some((behind, least))));
        fitted
    });
    fitted.collect()
}

/// A colour of a palette, what it looks like, and that in L*a*b*.
type Entry = (Color, Rgb, [f64; 3]);

/// The colours that a depth has. Of 256 only those that no terminal paints in its own way.
fn palette(depth: Depth) -> Vec<Entry> {
    let entry = |(colour, rgb): (Color, Rgb)| (colour, rgb, lab(rgb));
    match depth {
        Depth::Mono | Depth::True => Vec::new(),
        Depth::Ansi16 => ANSI.iter().map(|(_, colour, rgb)| entry((*colour, *rgb))).collect(),
        Depth::Ansi256 => (16..=255)
            .map(|i| entry((Color::Indexed(i), look_of_index(i))))
            .collect(),
    }
}

/// The colour of a palette that looks nearest, and where `behind` is given stands out from it. One that the palette has, or that is
/// the terminal's own, stays.
fn nearest(colour: Color, own: Rgb, palette: &[Entry], behind: Option<(Rgb, f64)>) -> Color {
    let known = palette.iter().any(|(known, ..)| *known == colour);
    if known || !matches!(colour, Color::Rgb(..) | Color::Indexed(_)) {
        return colour;
    }
    let wanted = lab(look(colour, own));
    let far = |entry: &Entry| {
        let gray = chroma(wanted) > COLOURFUL && chroma(entry.2) < GRAY;
        distance(wanted, entry.2) + if gray { GRAY_PENALTY } else { 0.0 }
    };
    let clear = |entry: &&Entry| behind.is_none_or(|(behind, least)| ratio(entry.1, behind) >= least);
    let candidates = palette.iter().filter(clear);
    candidates
        .min_by(|a, b| far(a).total_cmp(&far(b)))
        .map_or(colour, |(colour, ..)| *colour)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_terminal_says_how_many_colours() {
        for (no_colour, truecolour, term, expected) in [
            (true, true, "xterm-kitty", Depth::Mono),
            (false, true, "xterm", Depth::True),
            (false, false, "tmux-256color", Depth::Ansi256),
            (false, false, "linux", Depth::Ansi16),
            (false, false, "xterm", Depth::Ansi16),
            (false, false, "dumb", Depth::Mono),
            (false, false, "", Depth::Mono),
            (false, false, "vt100", Depth::Mono),
            (false, false, "xterm-direct", Depth::True),
        ] {
            assert_eq!(Depth::of(no_colour, truecolour, term), expected, "{term}");
        }
    }

    #[test]
    fn the_nearest_colour_is_the_one_that_looks_so() {
        let of_256 = |colour| nearest(colour, [0; 3], &palette(Depth::Ansi256), None);
        assert_eq!(of_256(Color::Rgb(255, 0, 0)), Color::Indexed(196));
        assert_eq!(of_256(Color::Rgb(118, 118, 118)), Color::Indexed(243));
        assert_eq!(of_256(Color::LightBlue), Color::LightBlue);
        let of_16 = |colour, behind| nearest(colour, [0; 3], &palette(Depth::Ansi16), behind);
        let pink = Color::Rgb(0xf3, 0x8b, 0xa8);
        assert_eq!(of_16(pink, None), Color::Red);
        assert_eq!(of_16(pink, Some(([0; 3], 4.5))), Color::LightRed);
        assert_eq!(of_16(Color::Rgb(30, 30, 46), None), Color::Black);
        assert_eq!(of_16(Color::Rgb(250, 250, 250), None), Color::White);
        assert_eq!(of_16(Color::Indexed(196), None), Color::LightRed);
        assert_eq!(of_16(Color::Reset, None), Color::Reset);
    }
}
