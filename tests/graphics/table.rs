//! Which terminal gets which protocol.

use danlu::term::graphics::{Depth, Protocol, Why, choose};
use danlu::term::probe::{Brand, Caps, Mux, Outer};

fn terminal(text: &str, sixel: bool, kitty: bool) -> Caps {
    let brand = Brand::of_version(text);
    Caps {
        brand,
        version_text: text.to_owned(),
        sixel,
        kitty,
        palette: 256,
        ..Caps::default()
    }
}

fn in_tmux(outer: Option<&str>, passthrough: bool, sixel: bool) -> Caps {
    let outer = outer.map(|text| Outer {
        brand: Brand::of_version(text),
        version_text: text.to_owned(),
        passthrough,
        ..Outer::default()
    });
    Caps {
        mux: Mux::Tmux,
        outer,
        ..terminal("tmux 3.5a", sixel, false)
    }
}

fn chosen(caps: &Caps) -> Protocol {
    let choice = choose(caps, None, None);
    assert!(choice.why.to_string().len() > 10);
    choice.protocol
}

#[test]
fn the_make_decides_what_is_possible() {
    for (text, sixel, kitty, expected) in [
        ("kitty(0.36.4)", false, true, Protocol::Kitty),
        ("kitty(0.28.0)", false, true, Protocol::Kitty),
        ("kitty(0.27.1)", false, true, Protocol::KittyDirect),
        ("ghostty 1.1.0", false, true, Protocol::Kitty),
        ("Rio 0.2.2", true, true, Protocol::Kitty),
        ("iTerm2 3.7.0beta1", true, true, Protocol::Kitty),
        ("iTerm2 3.5.11", true, true, Protocol::Iterm2),
        ("iTerm2", true, true, Protocol::Iterm2),
        ("WezTerm 20240203-110809-5046fc22", true, true, Protocol::Iterm2),
        ("mintty 3.7.1", true, false, Protocol::Iterm2),
        ("Bobcat 0.9", true, false, Protocol::Iterm2),
        ("xterm.js(5.6.0-beta.98)", true, true, Protocol::Iterm2),
        ("xterm.js(5.6.0-beta.98)", false, false, Protocol::HalfBlocks),
        ("Warp(v0.2024)", false, true, Protocol::Iterm2),
        ("foot(1.17.2)", true, false, Protocol::Sixel),
        ("Windows Terminal 1.22", true, false, Protocol::Sixel),
        ("Windows Terminal 1.21", false, false, Protocol::HalfBlocks),
        ("XTerm(379)", true, false, Protocol::Sixel),
        ("XTerm(379)", false, false, Protocol::HalfBlocks),
        ("mlterm 3.9.3", true, false, Protocol::Sixel),
        ("contour 0.6.1", true, false, Protocol::Sixel),
        ("Konsole 24.02", true, true, Protocol::KittyDirect),
        ("Konsole 21.04", true, false, Protocol::HalfBlocks),
        ("VTE(7600)", false, false, Protocol::HalfBlocks),
        ("somebody's 1.0", true, true, Protocol::Sixel),
        ("somebody's 1.0", false, true, Protocol::KittyDirect),
        ("somebody's 1.0", false, false, Protocol::HalfBlocks),
        ("", false, false, Protocol::HalfBlocks),
    ] {
        assert_eq!(
            chosen(&terminal(text, sixel, kitty)),
            expected,
            "{text} {sixel} {kitty}"
        );
    }
}

#[test]
fn tmux_and_zellij_have_their_own_say() {
    for (outer, passthrough, sixel, expected) in [
        (Some("kitty(0.36.4)"), true, false, Protocol::Kitty),
        (Some("kitty(0.36.4)"), false, false, Protocol::HalfBlocks),
        (Some("kitty(0.20.0)"), true, false, Protocol::HalfBlocks),
        (Some("ghostty 1.0"), true, true, Protocol::Kitty),
        (Some("iTerm2 3.7.1"), true, false, Protocol::Kitty),
        (Some("iTerm2 3.6.1"), true, false, Protocol::HalfBlocks),
        (Some("WezTerm 2024"), true, false, Protocol::HalfBlocks),
        (Some("WezTerm 2024"), true, true, Protocol::Sixel),
        (Some("foot(1.17)"), false, true, Protocol::Sixel),
        (Some("tmux 3.4"), true, false, Protocol::HalfBlocks),
        (None, false, false, Protocol::HalfBlocks),
    ] {
        assert_eq!(
            chosen(&in_tmux(outer, passthrough, sixel)),
            expected,
            "{outer:?} {passthrough} {sixel}"
        );
    }
    for (sixel, kitty, expected) in [
        (true, true, Protocol::Sixel),
        (false, true, Protocol::KittyDirect),
        (false, false, Protocol::HalfBlocks),
    ] {
        let caps = Caps {
            mux: Mux::Zellij,
            ..terminal("Zellij(4200)", sixel, kitty)
        };
        assert_eq!(chosen(&caps), expected);
    }
    let screen = Caps {
        mux: Mux::Screen,
        ..terminal("kitty(0.36)", true, true)
    };
    assert_eq!(chosen(&screen), Protocol::HalfBlocks);
}

#[test]
fn the_user_overrides_the_table_and_an_option_the_stored_choice() {
    let caps = terminal("foot(1.17)", true, false);
    let choice = choose(&caps, None, Some(Protocol::HalfBlocks));
    assert_eq!((choice.protocol, choice.why), (Protocol::HalfBlocks, Why::Stored));
    let choice = choose(&caps, Some(Protocol::None), Some(Protocol::HalfBlocks));
    assert_eq!((choice.protocol, choice.why), (Protocol::None, Why::Forced));
}

#[test]
fn a_terminal_without_colours_or_answers_gets_characters() {
    let dumb = Caps {
        silent: true,
        ..Caps::default()
    };
    let choice = choose(&dumb, None, None);
    assert_eq!((choice.protocol, choice.why), (Protocol::HalfBlocks, Why::Dumb));
    let silent = Caps {
        silent: true,
        palette: 256,
        ..Caps::default()
    };
    assert_eq!(choose(&silent, None, None).why, Why::Silent);
    let hostile = terminal("kitty(0.36)\u{1b}]0;x\u{7}", false, true);
    assert!(!choose(&hostile, None, None).why.to_string().contains(char::is_control));
}

#[test]
fn cells_have_the_colours_that_the_terminal_has() {
    let with = |palette, truecolour| Caps {
        palette,
        truecolour,
        ..Caps::default()
    };
    for (caps, no_colour, expected) in [
        (with(256, true), false, Depth::True),
        (with(256, true), true, Depth::Mono),
        (with(256, false), false, Depth::Ansi256),
        (with(16, false), false, Depth::Ansi16),
        (with(16, false), true, Depth::Mono),
        (with(0, false), false, Depth::Ascii),
    ] {
        assert_eq!(Depth::of(&caps, no_colour), expected);
    }
    let console = Caps {
        brand: Brand::LinuxConsole,
        ..with(16, false)
    };
    assert_eq!(Depth::of(&console, true), Depth::Ascii);
}
