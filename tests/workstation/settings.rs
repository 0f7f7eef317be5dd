//! Settings, themes and keys as they come from files, and colours and languages as they come from the surroundings.

use std::time::Duration;

use crate::desk::{Desk, ENTER, quit, wait_engine};
use crate::tty::count;

/// The parameters of every SGR sequence.
fn colours(bytes: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found = Vec::new();
    for rest in text.split("\x1b[").skip(1) {
        let end = rest
            .find(|letter: char| !matches!(letter, '0'..='9' | ';' | ':'))
            .unwrap_or(rest.len());
        if rest[end..].starts_with('m') {
            let colour = |part: &str| {
                part.split(':')
                    .next()
                    .and_then(|number| number.parse::<u32>().ok())
                    .is_some_and(|number| matches!(number, 30..=38 | 40..=48 | 58 | 90..=97 | 100..=107))
            };
            if rest[..end].split(';').any(colour) {
                found.push(rest[..end].to_owned());
            }
        }
    }
    found
}

#[test]
fn no_color_is_heeded() {
    let desk = Desk::new("a (fox:1.2)", 1);
    for (variables, coloured) in [(&[][..], true), (&[("NO_COLOR", "1")][..], false)] {
        let mut tty = desk.open_with(&[], variables);
        wait_engine(&tty);
        tty.send("\x1b5\x1b3\x1b1");
        tty.send("\x10");
        tty.wait_text("type to filter");
        tty.send("\x1b");
        tty.wait_gone("type to filter");
        tty.send(ENTER);
        tty.wait_text("1/1");
        tty.wait_text("seed 7");
        tty.settle(Duration::from_millis(300));
        quit(&mut tty);
        let found = colours(&tty.bytes());
        assert_eq!(!found.is_empty(), coloured, "{found:?}");
    }
}

#[test]
fn the_locale_chooses_the_language() {
    let desk = Desk::new("", 1);
    let mut tty = desk.open_with(&[], &[("LANG", "zh_CN.UTF-8")]);
    tty.wait_text("提示词");
    tty.wait_text("队列");
    quit(&mut tty);
    assert!(!String::from_utf8_lossy(&tty.bytes()).contains("Prompt"));
}

#[test]
fn settings_keys_and_themes_that_are_wrong_are_named_before_the_screen_opens() {
    let cases = [
        (
            "config.toml",
            "lang = \"en\"\nmouse = \"perhaps\"\n",
            ["mouse", "perhaps"],
        ),
        ("config.toml", "colour = \"red\"\n", ["line 1", "colour"]),
        (
            "keys.toml",
            "[[keys]]\non = \"x\"\nrun = \"explode\"\n",
            ["line 3", "explode"],
        ),
        ("themes/mine.toml", "inherits = \"nrod\"\n", ["line 1", "nrod"]),
    ];
    for (name, text, words) in cases {
        let desk = Desk::new("", 1);
        let file = desk.home.shell.write(&format!(".config/danlu/{name}"), text);
        let theme = if name.starts_with("themes") { "mine" } else { "auto" };
        let mut tty = desk.open_with(&["--theme", theme], &[]);
        let status = tty.wait_exit();
        tty.wait_closed();
        tty.assert_whole();
        let screen = tty.look(|screen| screen.rows(0, 100).collect::<String>());
        assert!(matches!(status.code(), Some(1 | 2)), "{status:?} {screen}");
        // Long sentences are cut into rows without regard to words.
        for word in words
            .iter()
            .copied()
            .chain([file.file_name().unwrap().to_str().unwrap()])
        {
            assert!(screen.contains(word), "no {word:?} in {screen}");
        }
        assert_eq!(count(&tty.bytes(), b"\x1b[?1049h"), 0, "{name}");
        assert_eq!(count(&tty.bytes(), b"error"), 1, "{screen}");
    }
}

#[test]
fn a_theme_is_followed_while_it_is_edited_and_kept_when_it_breaks() {
    let desk = Desk::new("a fox", 1);
    let theme = ".config/danlu/themes/mine.toml";
    let with = |accent: &str| format!("inherits = \"danlu-dark\"\n[palette]\naccent = \"{accent}\"\n");
    desk.home.shell.write(theme, with("#123456"));
    let mut tty = desk.open_with(&["--theme", "mine"], &[("COLORTERM", "truecolor")]);
    tty.wait_bytes(0, b"2;18;52;86");
    wait_engine(&tty);
    let before = tty.count();
    desk.home.shell.write(theme, with("#654321"));
    tty.wait_bytes(before, b"2;101;67;33");
    let before = tty.count();
    desk.home.shell.write(theme, with("perhaps"));
    tty.wait("notice", |screen| {
        let text = screen.contents();
        text.contains("mine.toml") && text.contains("line 3") && text.contains("perhaps")
    });
    tty.send("\x0c");
    tty.wait_bytes(before, b"2;101;67;33");
    quit(&mut tty);
}
