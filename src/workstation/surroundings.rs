//! What the workstation is started in: the variables that tell of the terminal, the locale and the wish for no colour.

use std::env;

use crate::store::settings::Settings;
use crate::term::graphics;
use crate::term::probe::{Caps, Surroundings, Window};
use crate::ui::lang::Lang;
use crate::ui::theme::Depth;

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

/// Reads the environment and the size of the window. tmux is not asked yet: that would keep the first frame waiting.
pub(super) fn of_process() -> Surroundings {
    Surroundings {
        window: Window::ask(),
        ..Surroundings::of(variable)
    }
}

/// The locale of messages, as POSIX finds it.
pub fn locale() -> Option<String> {
    ["LC_ALL", "LC_MESSAGES", "LANG"].iter().find_map(|name| variable(name))
}

/// The language of the settings, or of the locale.
pub(super) fn lang(settings: &Settings) -> Lang {
    Lang::of(&settings.lang, locale().as_deref())
}

/// How many colours the screen may have.
pub(super) fn depth(caps: &Caps) -> Depth {
    match (caps.truecolour, caps.palette) {
        (true, _) => Depth::True,
        (false, 256..) => Depth::Ansi256,
        (false, 1..) => Depth::Ansi16,
        (false, 0) => Depth::Mono,
    }
}

/// The same for pictures made of cells.
pub(super) fn picture_depth(depth: Depth, term: &str) -> graphics::Depth {
    match depth {
        Depth::True => graphics::Depth::True,
        Depth::Ansi256 => graphics::Depth::Ansi256,
        Depth::Ansi16 => graphics::Depth::Ansi16,
        Depth::Mono if term == "linux" => graphics::Depth::Ascii,
        Depth::Mono => graphics::Depth::Mono,
    }
}
