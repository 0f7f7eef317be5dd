//! Which protocol a terminal gets, from what it said of itself.
//!
//! A terminal that answers kitty's query may still draw placeholders as boxes, and one that is called something may still have its
//! pictures turned off. So the make decides what is possible, the answers whether it is there, and the user overrides both.

use std::fmt;

use super::Protocol;
use crate::term::probe::{Brand, Caps, Mux};

/// A decision and its reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// What to use.
    pub protocol: Protocol,
    /// Why.
    pub why: Why,
}

/// Why a protocol was chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// An option or a setting says so.
    Forced,
    /// It looked right in `danlu doctor --graphics`.
    Stored,
    /// A terminal of this make draws it.
    Known(String),
    /// This make would, but is too old.
    Old {
        /// Its words for itself.
        terminal: String,
        /// The version that placeholders came with.
        needs: &'static str,
    },
    /// This make can draw pictures, but says that it does not now.
    Off(String),
    /// Zellij passes it on.
    Zellij,
    /// Zellij passes nothing on that the terminal around it draws.
    ZellijWithout,
    /// tmux passes it on to a terminal of this make.
    Passthrough(String),
    /// tmux draws sixel itself, and so does the terminal around it.
    TmuxSixel,
    /// tmux lets nothing through, for this reason.
    TmuxWithout(TmuxReason),
    /// GNU screen knows no pictures.
    Screen,
    /// The terminal has neither colours nor pictures.
    Dumb,
    /// The terminal answered nothing.
    Silent,
    /// The make is unknown, but it says that it draws sixel.
    SaysSixel,
    /// The make is unknown, but it answered kitty's query.
    SaysKitty,
    /// Nothing speaks for more.
    Nothing,
}

/// Why tmux shows no pictures.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TmuxReason {
    /// It does not let sequences through.
    Closed,
    /// It runs in another tmux.
    Nested,
    /// The terminal around it draws nothing that could be passed on.
    Outside,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forced => write!(f, "an option or setting says so"),
            Self::Stored => write!(f, "it was chosen for this terminal in danlu doctor --graphics"),
            Self::Known(terminal) => write!(f, "{terminal} draws it"),
            Self::Old { terminal, needs } => write!(f, "{terminal} is older than {needs}, which the best way needs"),
            Self::Off(terminal) => write!(
                f,
                "{terminal} says that it draws no pictures; they may be turned off in it"
            ),
            Self::Zellij => write!(f, "Zellij passes it on"),
            Self::ZellijWithout => write!(f, "the terminal around Zellij draws no pictures that Zellij passes on"),
            Self::Passthrough(terminal) => write!(f, "tmux passes it on to {terminal}"),
            Self::TmuxSixel => write!(f, "tmux and the terminal around it draw sixel"),
            Self::TmuxWithout(TmuxReason::Closed) => {
                write!(
                    f,
                    "tmux lets no pictures through; tmux set -g allow-passthrough on may help"
                )
            }
            Self::TmuxWithout(TmuxReason::Nested) => write!(f, "pictures do not get through a tmux in a tmux"),
            Self::TmuxWithout(TmuxReason::Outside) => {
                write!(f, "the terminal around tmux draws no pictures that tmux passes on")
            }
            Self::Screen => write!(f, "GNU screen passes no pictures on"),
            Self::Dumb => write!(f, "the terminal has no colours and no pictures"),
            Self::Silent => write!(f, "the terminal answered no question"),
            Self::SaysSixel => write!(f, "the terminal says that it draws sixel"),
            Self::SaysKitty => write!(
                f,
                "the terminal answered kitty's question, but may not know placeholders"
            ),
            Self::Nothing => write!(f, "the terminal names no way to draw pictures"),
        }
    }
}

/// Chooses. `forced` is an option's or a setting's word, `stored` what the user picked for this terminal.
pub fn choose(caps: &Caps, forced: Option<Protocol>, stored: Option<Protocol>) -> Choice {
    let (protocol, why) = match (forced, stored) {
        (Some(protocol), _) => (protocol, Why::Forced),
        (None, Some(protocol)) => (protocol, Why::Stored),
        (None, None) => by_terminal(caps),
    };
    Choice { protocol, why }
}

fn by_terminal(caps: &Caps) -> (Protocol, Why) {
    match caps.mux {
        Mux::Zellij if caps.sixel => (Protocol::Sixel, Why::Zellij),
        Mux::Zellij if caps.kitty => (Protocol::KittyDirect, Why::Zellij),
        Mux::Zellij => (Protocol::HalfBlocks, Why::ZellijWithout),
        Mux::Tmux => in_tmux(caps),
        Mux::Screen => (Protocol::HalfBlocks, Why::Screen),
        Mux::None if caps.brand == Brand::LinuxConsole => (Protocol::HalfBlocks, Why::Dumb),
        Mux::None => by_brand(caps),
    }
}

fn in_tmux(caps: &Caps) -> (Protocol, Why) {
    let outer = caps.outer.as_ref();
    let makes = outer.filter(|outer| placeholders(outer.brand, &outer.version_text) == Placeholders::Drawn);
    if let Some(outer) = makes.filter(|outer| outer.passthrough) {
        return (Protocol::Kitty, Why::Passthrough(named(&outer.version_text)));
    }
    if caps.sixel {
        return (Protocol::Sixel, Why::TmuxSixel);
    }
    let reason = match outer {
        Some(outer) if outer.brand == Brand::Tmux => TmuxReason::Nested,
        Some(outer) if outer.passthrough => TmuxReason::Outside,
        _ => TmuxReason::Closed,
    };
    (Protocol::HalfBlocks, Why::TmuxWithout(reason))
}

fn by_brand(caps: &Caps) -> (Protocol, Why) {
    let name = || named(&caps.version_text);
    let known = |protocol| (protocol, Why::Known(name()));
    match placeholders(caps.brand, &caps.version_text) {
        Placeholders::Drawn => return known(Protocol::Kitty),
        Placeholders::Since(needs) => {
            let protocol = if caps.brand == Brand::Iterm2 {
                Protocol::Iterm2
            } else {
                Protocol::KittyDirect
            };
            return (
                protocol,
                Why::Old {
                    terminal: name(),
                    needs,
                },
            );
        }
        Placeholders::Never => {}
    }
    match caps.brand {
        Brand::WezTerm | Brand::Mintty | Brand::Bobcat | Brand::Warp => known(Protocol::Iterm2),
        // Its pictures are an addon that is off by default; loaded, it answers for all of its protocols.
        Brand::XtermJs if caps.sixel || caps.kitty => known(Protocol::Iterm2),
        Brand::Foot | Brand::WindowsTerminal | Brand::Xterm | Brand::Mlterm | Brand::Contour if caps.sixel => {
            known(Protocol::Sixel)
        }
        // Its sixels are broken (KDE bug 456354).
        Brand::Konsole if caps.kitty => known(Protocol::KittyDirect),
        Brand::XtermJs
        | Brand::Foot
        | Brand::WindowsTerminal
        | Brand::Xterm
        | Brand::Mlterm
        | Brand::Contour
        | Brand::Konsole => (Protocol::HalfBlocks, Why::Off(name())),
        _ if caps.sixel => (Protocol::Sixel, Why::SaysSixel),
        _ if caps.kitty => (Protocol::KittyDirect, Why::SaysKitty),
        _ if caps.palette == 0 && !caps.truecolour => (Protocol::HalfBlocks, Why::Dumb),
        _ if caps.silent => (Protocol::HalfBlocks, Why::Silent),
        _ => (Protocol::HalfBlocks, Why::Nothing),
    }
}

/// Whether a terminal draws placeholders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Placeholders {
    Drawn,
    /// Not this version.
    Since(&'static str),
    Never,
}

fn placeholders(brand: Brand, text: &str) -> Placeholders {
    let since = |least: (u32, u32), needs| {
        // A version that cannot be read is taken for a new one: these are years old.
        if version(text).is_none_or(|version| version >= least) {
            Placeholders::Drawn
        } else {
            Placeholders::Since(needs)
        }
    };
    match brand {
        Brand::Kitty => since((0, 28), "kitty 0.28"),
        Brand::Iterm2 => version(text).map_or(Placeholders::Since("iTerm2 3.7"), |_| since((3, 7), "iTerm2 3.7")),
        Brand::Ghostty | Brand::Rio => Placeholders::Drawn,
        _ => Placeholders::Never,
    }
}

/// Major and minor number: the first `12.34` of the text behind its first word.
fn version(text: &str) -> Option<(u32, u32)> {
    let rest = text.get(text.find([' ', '(', '/'])? + 1..)?;
    let digits = rest.get(rest.find(|c: char| c.is_ascii_digit())?..)?;
    let mut parts = digits.split(|c: char| !c.is_ascii_digit());
    Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
}

/// The terminal's words for itself, fit to be printed.
fn named(text: &str) -> String {
    let text: String = text.chars().filter(|c| !c.is_control()).take(40).collect();
    if text.trim().is_empty() {
        "this terminal".to_owned()
    } else {
        text.trim().to_owned()
    }
}
