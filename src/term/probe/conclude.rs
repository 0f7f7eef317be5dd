//! From all that was said to what the terminal can do.

use std::time::Duration;

use super::{Brand, Caps, Mux, Outer, Surroundings};

/// What was answered, by the terminal and by the one around tmux.
#[derive(Clone, Debug, Default)]
#[allow(clippy::struct_excessive_bools)]
pub(super) struct Answers {
    pub(super) version: Option<String>,
    pub(super) attributes: Option<Vec<u16>>,
    pub(super) kitty: bool,
    pub(super) cell: Option<(u16, u16)>,
    pub(super) area: Option<(u16, u16)>,
    pub(super) background: Option<(u8, u8, u8)>,
    pub(super) dark: Option<bool>,
    pub(super) sync: Option<u8>,
    pub(super) keyboard: bool,
    pub(super) outer_version: Option<String>,
    pub(super) outer_attributes: Option<Vec<u16>>,
    pub(super) outer_kitty: bool,
    pub(super) round_trip: Option<Duration>,
    /// A round of questions had no end in time.
    pub(super) expired: bool,
}

const SIXEL: u16 = 4;

pub(super) fn conclude(surroundings: &Surroundings, answers: &Answers) -> Caps {
    let mux = mux(surroundings, answers);
    let outer = (mux == Mux::Tmux).then(|| outer(surroundings, answers)).flatten();
    let brand = brand(surroundings, answers, mux);
    let knows_sixel = has_sixel(answers.attributes.as_ref());
    let last = outer.as_ref().map_or(brand, |outer| outer.brand);
    Caps {
        brand,
        version_text: answers.version.clone().unwrap_or_default(),
        kitty: answers.kitty,
        sixel: match mux {
            Mux::None | Mux::Zellij => knows_sixel,
            Mux::Tmux => {
                let built = knows_sixel || surroundings.tmux.as_ref().is_some_and(|facts| facts.sixel);
                built && outer.as_ref().is_some_and(|outer| outer.sixel)
            }
            Mux::Screen => false,
        },
        cell: cell(surroundings, answers, mux),
        mux,
        truecolour: truecolour(surroundings, mux, last),
        palette: palette(&surroundings.term),
        dark: answers.background.map(is_dark).or(answers.dark),
        // 1 set, 2 reset, 3 always set; 4 is known and can never be set.
        sync: answers.sync.is_some_and(|value| (1..=3).contains(&value)),
        keyboard: answers.keyboard,
        round_trip: answers.round_trip,
        silent: answers.expired && answers.round_trip.is_none(),
        outer,
    }
}

/// `$TERM` or the environment says GNU screen. `screen` is what old tmux says too, which is just as poor.
pub(super) fn is_screen(surroundings: &Surroundings) -> bool {
    surroundings.screen || surroundings.term.starts_with("screen")
}

/// Whoever answers is nearest; variables only count while nobody has said a name.
fn mux(surroundings: &Surroundings, answers: &Answers) -> Mux {
    match answers.version.as_deref().map(Brand::of_version) {
        Some(Brand::Tmux) => return Mux::Tmux,
        Some(Brand::Zellij) => return Mux::Zellij,
        Some(Brand::Screen) => return Mux::Screen,
        Some(Brand::Unknown) | None => {}
        // A variable that was inherited from where the terminal was started.
        Some(_) => return Mux::None,
    }
    if surroundings.zellij {
        Mux::Zellij
    } else if surroundings.in_tmux || surroundings.tmux.is_some() || surroundings.term.starts_with("tmux") {
        Mux::Tmux
    } else if is_screen(surroundings) {
        Mux::Screen
    } else {
        Mux::None
    }
}

fn brand(surroundings: &Surroundings, answers: &Answers, mux: Mux) -> Brand {
    match mux {
        Mux::Tmux => return Brand::Tmux,
        Mux::Zellij => return Brand::Zellij,
        Mux::Screen => return Brand::Screen,
        Mux::None => {}
    }
    let said = answers.version.as_deref().map(Brand::of_version);
    let program = surroundings.term_program.as_deref().filter(|_| !surroundings.ssh);
    let guesses = [
        said.unwrap_or_default(),
        answers.attributes.as_deref().map(of_attributes).unwrap_or_default(),
        Brand::of_term(&surroundings.term),
        program.map(of_program).unwrap_or_default(),
    ];
    let known = guesses.into_iter().find(|&brand| brand != Brand::Unknown);
    known.unwrap_or_default()
}

/// Windows Terminal does not say its name, but nobody else has this list.
fn of_attributes(attributes: &[u16]) -> Brand {
    let all = [22, 28, 32, 42].iter().all(|extension| attributes.contains(extension));
    if attributes.first() == Some(&61) && all {
        Brand::WindowsTerminal
    } else {
        Brand::Unknown
    }
}

/// Terminals that say in `$TERM_PROGRAM` what they do not answer.
fn of_program(program: &str) -> Brand {
    match program {
        "Apple_Terminal" => Brand::AppleTerminal,
        "vscode" | "Tabby" | "Hyper" => Brand::XtermJs,
        "iTerm.app" => Brand::Iterm2,
        "WarpTerminal" => Brand::Warp,
        other => Brand::of_version(other),
    }
}

/// The terminal around tmux, as it says itself or as tmux says.
fn outer(surroundings: &Surroundings, answers: &Answers) -> Option<Outer> {
    let facts = surroundings.tmux.as_ref();
    let told = facts
        .map(|facts| facts.termtype.clone())
        .filter(|text| !text.is_empty());
    // tmux's own answer, when it comes twice, is no answer of another.
    let attributes = answers.outer_attributes.as_ref().filter(|&list| {
        answers.outer_version.is_some() || answers.outer_kitty || Some(list) != answers.attributes.as_ref()
    });
    let passthrough = answers.outer_version.is_some() || attributes.is_some() || answers.outer_kitty;
    let sixel = has_sixel(attributes) || facts.is_some_and(|facts| facts.has("sixel"));
    if told.is_none() && !passthrough && !sixel {
        return None;
    }
    let version_text = answers.outer_version.clone().or(told).unwrap_or_default();
    let said = Brand::of_version(&version_text);
    let guess = || {
        answers
            .outer_attributes
            .as_deref()
            .map(of_attributes)
            .unwrap_or_default()
    };
    Some(Outer {
        brand: if said == Brand::Unknown { guess() } else { said },
        version_text,
        passthrough,
        kitty: answers.outer_kitty,
        sixel,
    })
}

fn has_sixel(attributes: Option<&Vec<u16>>) -> bool {
    // The first number is the class of the terminal; only those of the VT100 have 4 there.
    attributes.is_some_and(|list| list.iter().skip(1).any(|&extension| extension == SIXEL))
}

/// By what was answered, then by tmux, then by pixels of the whole window.
fn cell(surroundings: &Surroundings, answers: &Answers, mux: Mux) -> Option<(u16, u16)> {
    let window = surroundings.window;
    let facts = surroundings.tmux.as_ref().filter(|_| mux == Mux::Tmux);
    let share = |(width, height): (u16, u16)| {
        // Windows' ssh and its console make this up when they do not know.
        if (width, height) == (640, 480) {
            return None;
        }
        Some((width.checked_div(window.columns)?, height.checked_div(window.rows)?))
    };
    let sane = |&(width, height): &(u16, u16)| (2..=512).contains(&width) && (2..=512).contains(&height);
    [
        answers.cell,
        facts.and_then(|facts| facts.cell),
        answers.area.and_then(share),
        share((window.width, window.height)),
    ]
    .into_iter()
    .flatten()
    .find(sane)
}

fn truecolour(surroundings: &Surroundings, mux: Mux, last: Brand) -> bool {
    let term = surroundings.term.as_str();
    if palette(term) < 256 {
        return false;
    }
    // tmux knows what it hands on; the variable is of whichever terminal started it.
    if let Some(facts) = surroundings.tmux.as_ref().filter(|_| mux == Mux::Tmux) {
        return facts.truecolour;
    }
    let said = surroundings.colorterm.as_deref();
    said.is_some_and(|said| matches!(said, "truecolor" | "24bit"))
        || term.ends_with("-direct")
        || (mux != Mux::Screen && last.has_truecolour())
}

/// How many colours a terminal of this terminfo name has at least.
fn palette(term: &str) -> u16 {
    match term {
        "" | "dumb" => 0,
        _ if term.starts_with("vt1") || term.starts_with("vt2") || term.ends_with("-mono") || term.ends_with("-m") => 0,
        "linux" | "ansi" | "cygwin" | "xterm-color" => 16,
        _ if term.starts_with("linux-") || term.ends_with("-16color") || term.ends_with("-8color") => 16,
        _ => 256,
    }
}

/// Text on it would be white.
fn is_dark((r, g, b): (u8, u8, u8)) -> bool {
    299 * u32::from(r) + 587 * u32::from(g) + 114 * u32::from(b) < 128_000
}
