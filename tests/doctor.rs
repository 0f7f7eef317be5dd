//! `danlu doctor` at a terminal, its test cards, and what the workstation makes of the choice and of the user's files.
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "support/shell.rs"]
mod shell;
#[path = "support/tty.rs"]
mod tty;

use shell::Shell;
use tty::{Kind, Setup, Tty};

const DANLU: &str = env!("CARGO_BIN_EXE_danlu");
const PICKS: &str = ".local/share/danlu/graphics.toml";
const CONFIG: &str = ".config/danlu/config.toml";
const SIZE: [u16; 2] = [120, 60];

fn open(home: &Shell, arguments: &[&str], kind: Kind) -> Tty {
    open_with(home, arguments, kind, &[])
}

fn open_with(home: &Shell, arguments: &[&str], kind: Kind, variables: &[(&str, &str)]) -> Tty {
    let folder = home.path("");
    Tty::open(&Setup {
        arguments,
        kind,
        size: SIZE,
        variables,
        ..Setup::new(DANLU, &folder)
    })
}

fn doctor(home: &Shell, kind: Kind) -> Tty {
    let terminal = open(home, &["doctor", "--graphics"], kind);
    terminal.wait_text("Enter to leave it as it is");
    terminal
}

/// A home whose engine does not outlive its last client for long.
fn home() -> Shell {
    let home = Shell::new();
    home.write(CONFIG, "engine_idle = 1\n");
    home
}

fn quit(mut workstation: Tty) {
    workstation.send("\x11");
    assert!(workstation.wait_exit().success());
    workstation.assert_whole();
}

#[test]
fn the_card_that_looks_right_is_what_the_next_start_draws_with() {
    let home = home();
    let mut terminal = doctor(&home, Kind::Kitty);
    let shown = String::from_utf8_lossy(&terminal.bytes()).into_owned();
    for card in ["1  kitty", "2  kitty-direct", "3  iterm2", "4  sixel", "5  halfblocks"] {
        assert!(shown.contains(&format!("{card}\r\n")), "{shown}");
    }
    assert!(shown.contains("This is kitty(0.43.1)."), "{shown}");
    terminal.send("7\r");
    terminal.wait_text("There is no card \"7\"");
    terminal.send("45\x7f\r");
    assert!(terminal.wait_exit().success());
    terminal.wait_text("with sixel in kitty(0.43.1) from now on");
    terminal.assert_whole();
    let erased = terminal.bytes().windows(7).filter(|bytes| bytes == b"a=d,d=I").count();
    assert!(erased >= 2, "both kitty pictures are erased");
    assert!(home.path(PICKS).is_file());

    let mut report = open(&home, &["doctor"], Kind::Kitty);
    assert!(report.wait_exit().success());
    for line in [
        "make          Kitty",
        "kitty query   answered",
        "cell          8x16 pixels",
        "picked        sixel",
        "pictures      sixel: it was chosen for this terminal",
    ] {
        report.wait_text(line);
    }

    let workstation = open(&home, &[], Kind::Kitty);
    workstation.wait_text("Prompt");
    // Typed when it draws, so that the picture comes after the answers of the terminal.
    workstation.send("fox\x07");
    workstation.wait_bytes(0, b"\x1bP9;1;0q");
    let seen = workstation.bytes();
    assert!(
        !seen.windows(6).any(|bytes| bytes == b"\x1b_Ga=T"),
        "kitty's pictures were not chosen"
    );
    quit(workstation);
}

#[test]
fn an_option_goes_before_the_choice_and_another_terminal_has_none() {
    let home = home();
    let mut terminal = doctor(&home, Kind::Kitty);
    terminal.send("0\r");
    assert!(terminal.wait_exit().success());
    for (arguments, kind, line) in [
        (&["doctor"][..], Kind::Kitty, "pictures      none: it was chosen"),
        (
            &["doctor", "--graphics", "sixel"],
            Kind::Kitty,
            "pictures      sixel: an option or setting says so",
        ),
        (
            &["doctor"],
            Kind::Iterm2,
            "pictures      iterm2: iTerm2 3.5.10 is older",
        ),
    ] {
        let mut report = open(&home, arguments, kind);
        assert!(report.wait_exit().success());
        report.wait_text(line);
        report.assert_whole();
    }
}

#[test]
fn a_terminal_that_says_nothing_is_told_how_to_choose_for_good() {
    let home = home();
    let mut terminal = doctor(&home, Kind::Silent);
    terminal.send("5\r");
    assert_eq!(terminal.wait_exit().code(), Some(1));
    terminal.wait_text("does not say what it is");
    terminal.wait_text("graphics = \"halfblocks\"");
    terminal.assert_whole();
    assert!(!home.path(PICKS).exists());
    let mut report = open(&home, &["doctor"], Kind::Silent);
    assert!(report.wait_exit().success());
    report.wait_text("round trip    no answer came");
    report.wait_text("pictures      halfblocks: the terminal answered no question");
}

#[test]
fn however_the_cards_are_left_the_terminal_is_whole_and_nothing_is_changed() {
    let home = home();
    for (keys, code) in [("\x03", 130), ("4\x03", 130), ("\r", 0), ("\x04", 0), ("\x1b", 0)] {
        let mut terminal = doctor(&home, Kind::Kitty);
        terminal.send(keys);
        assert_eq!(terminal.wait_exit().code(), Some(code), "{keys:?}");
        terminal.wait_text("nothing is changed");
        terminal.assert_whole();
        let erased = terminal.bytes().windows(7).filter(|bytes| bytes == b"a=d,d=I").count();
        assert!(erased >= 2, "{keys:?}");
    }
    let mut terminal = doctor(&home, Kind::Kitty);
    terminal.signal("TERM");
    assert_eq!(terminal.wait_exit().code(), Some(130));
    terminal.assert_whole();
    assert!(!home.path(PICKS).exists());
}

#[test]
fn broken_choices_are_complained_of_and_can_be_made_again() {
    let home = home();
    home.write(PICKS, "[graphics]\nfoot = \"vga\"\n");
    let workstation = open(&home, &[], Kind::Kitty);
    workstation.wait_text("\"vga\" for the terminal \"foot\"");
    quit(workstation);
    let mut report = open(&home, &["doctor"], Kind::Kitty);
    assert!(report.wait_exit().success());
    report.wait_text("1 trouble");
    let mut terminal = doctor(&home, Kind::Kitty);
    terminal.wait_text("The choices of before are lost");
    terminal.send("1\r");
    assert!(terminal.wait_exit().success());
    let text = std::fs::read_to_string(home.path(PICKS)).unwrap();
    assert!(text.contains("= \"kitty\"") && !text.contains("vga"), "{text}");
}

#[test]
fn without_a_terminal_there_are_no_cards() {
    let home = home();
    let ran = home.run("doctor --graphics");
    let (sentence, hint) = ran.failed(1);
    assert_eq!(sentence, "the test cards need a terminal, and standard input is none");
    assert!(hint.contains("config.toml"), "{hint}");
    assert!(home.run("doctor").ok().contains("is no terminal, so nothing was asked"));
}

#[test]
fn words_that_are_none_are_refused_with_those_that_are() {
    let home = home();
    home.write(".config/danlu/themes/embers.toml", "inherits = \"nord\"\n");
    for (line, said, hinted) in [
        ("--theme nonsense", "there is no theme \"nonsense\"", "embers"),
        ("--theme ../x", "\"../x\" cannot be a theme's name", "danlu-light"),
        ("--graphics vga", "\"vga\"", "graphics"),
        ("--graphics", "--graphics", "halfblocks"),
        ("generate -p x --graphics", "--graphics", "halfblocks"),
        ("--lang fr", "\"fr\"", "lang"),
    ] {
        let ran = home.run(line);
        let (sentence, hint) = ran.failed(2);
        assert!(
            sentence.contains(said) && hint.contains(hinted),
            "{line}: {sentence} / {hint}"
        );
    }
    // One that a file names wrongly is no fault of the command line.
    home.write(CONFIG, "theme = \"nonsense\"\n");
    assert!(home.run("").failed(1).1.contains("danlu-dark"));
}

#[test]
fn settings_are_taken_over_while_the_screen_is_open() {
    let home = home();
    let workstation = open(&home, &[], Kind::Kitty);
    workstation.wait_text("Negative prompt");
    home.write(CONFIG, "engine_idle = 1\nlang = \"zh\"\nmouse = \"off\"\n");
    workstation.wait_text("反向提示词");
    workstation.wait_bytes(0, b"\x1b[?1000l");
    home.write(CONFIG, "engine_idle = 1\nlang = \"en\"\n\nlan = \"zh\"\n");
    workstation.wait_text("line 4 of");
    workstation.wait_text("反向提示词");
    home.write(CONFIG, "engine_idle = 2\nlang = \"en\"\n");
    workstation.wait_text("Negative prompt");
    workstation.wait_text("engine_idle: changed in the settings");
    quit(workstation);
}

#[test]
fn the_command_line_goes_before_a_changed_file() {
    let home = home();
    let workstation = open(&home, &["--lang", "en"], Kind::Kitty);
    workstation.wait_text("Negative prompt");
    home.write(CONFIG, "engine_idle = 3\nlang = \"zh\"\n");
    // What comes with the same change is seen, so the language was looked at too.
    workstation.wait_text("engine_idle: changed in the settings");
    workstation.wait_text("Negative prompt");
    quit(workstation);
}

#[test]
fn the_first_theme_and_keys_are_noticed_in_folders_that_were_not_there() {
    let home = Shell::new();
    let workstation = open(&home, &[], Kind::Kitty);
    workstation.wait_text("Negative prompt");
    home.write(".config/danlu/keys.toml", "[[keys]]\non = \"f9\"\nrun = \"nonsense\"\n");
    workstation.wait_text("nonsense");
    home.write(".config/danlu/config.toml", "engine_idle = 1\ntheme = \"embers\"\n");
    workstation.wait_text("there is no theme \"embers\"");
    home.write(
        ".config/danlu/themes/embers.toml",
        "[styles]\n\"border.focus\" = \"#0a0b0c\"\n",
    );
    workstation.wait("border in the new theme's colour", |screen| {
        let (rows, columns) = screen.size();
        (0..rows.get()).any(|row| {
            (0..columns.get()).any(|column| {
                screen
                    .cell(row, column)
                    .is_some_and(|cell| cell.fgcolor() == vt100::Color::Rgb(10, 11, 12))
            })
        })
    });
    quit(workstation);
}

#[test]
fn a_language_chosen_on_the_screen_is_written_and_says_what_covers_it() {
    let home = home();
    home.write(CONFIG, "# mine\nengine_idle = 1\n");
    let workstation = open_with(&home, &[], Kind::Kitty, &[("DANLU_LANG", "en")]);
    workstation.wait_text("Negative prompt");
    workstation.send("\t\t cl");
    workstation.wait_text("Language");
    workstation.send("\x1b[B\r");
    workstation.wait_text("反向提示词");
    workstation.wait_text("DANLU_LANG goes before it");
    let text = std::fs::read_to_string(home.path(CONFIG)).unwrap();
    assert_eq!(text, "# mine\nengine_idle = 1\nlang = \"zh\"\n");
    quit(workstation);
}

#[test]
fn a_terminal_that_understands_nothing_is_sent_no_sequence() {
    let home = home();
    let dumb = [("TERM", "dumb")];
    let mut report = open_with(&home, &["doctor"], Kind::Silent, &dumb);
    assert!(report.wait_exit().success());
    report.wait_text("the terminal has no colours and no pictures");
    report.wait_text("trouble");
    assert!(!report.bytes().contains(&0x1b));
    let mut cards = open_with(&home, &["doctor", "--graphics"], Kind::Silent, &dumb);
    assert_eq!(cards.wait_exit().code(), Some(1));
    cards.wait_text("a terminal of type \"dumb\" shows no pictures");
    cards.assert_whole();
}
