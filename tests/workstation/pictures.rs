//! Pictures in the protocols of terminals that have one, as those terminals would decode them.

use image::RgbImage;
use image::imageops::FilterType;

use crate::decode;
use crate::desk::{Desk, ENTER, half_blocks, quit, wait_engine};
use crate::shell::Png;
use crate::tty::{Kind, Setup, Tty};

/// Draws a picture of 64x64 in a terminal of that kind. Gives the bytes from the picture on, and the picture itself.
fn drawn(desk: &Desk, kind: Kind, begin: &[u8]) -> (Tty, usize) {
    let tty = desk.open_kind(kind);
    wait_engine(&tty);
    let before = tty.count();
    tty.send(ENTER);
    tty.wait_text("1/1");
    tty.wait_bytes(before, begin);
    tty.settle(std::time::Duration::from_millis(500));
    (tty, before)
}

fn of_png(png: &Png) -> RgbImage {
    RgbImage::from_raw(png.width, png.height, png.rgb.clone()).unwrap()
}

/// The mean difference of two pictures' bytes, at the first one's size.
fn difference(shown: &RgbImage, saved: &RgbImage) -> f64 {
    let saved = image::imageops::resize(saved, shown.width(), shown.height(), FilterType::Triangle);
    let sum: u64 = shown
        .as_raw()
        .iter()
        .zip(saved.as_raw())
        .map(|(a, b)| u64::from(a.abs_diff(*b)))
        .sum();
    sum as f64 / shown.as_raw().len() as f64
}

#[test]
fn kitty_gets_the_picture_and_is_rid_of_it_in_the_end() {
    let desk = Desk::sized("fox", 2, [64; 2]);
    let (mut tty, from) = drawn(&desk, Kind::Kitty, b"\x1b_G");
    tty.look(|screen| assert!(screen.contents().contains('\u{10eeee}'), "{}", screen.contents()));
    let bytes = tty.bytes();
    let commands = decode::kitty(&bytes[from..]);
    let sent: Vec<_> = commands
        .iter()
        .filter(|command| command.keys.get("f").is_some_and(|f| f == "100"))
        .collect();
    let saved = of_png(&desk.picture());
    let shown: Vec<_> = sent
        .iter()
        .map(|command| image::load_from_memory(&command.payload).unwrap().into_rgb8())
        .collect();
    // A small picture is sent with a palette, so it is near the file and not the same.
    let apart = shown
        .iter()
        .map(|shown| difference(shown, &saved))
        .fold(f64::MAX, f64::min);
    assert!(apart < 10.0, "{apart} from {} pictures", shown.len());
    let other = image::imageops::rotate180(&saved);
    assert!(
        shown.iter().all(|shown| difference(shown, &other) > 2.0 * apart),
        "any picture would do"
    );
    let before = tty.count();
    quit(&mut tty);
    let left = tty.bytes().split_off(before);
    let left = decode::kitty(&left);
    for id in sent.iter().map(|command| &command.keys["i"]) {
        let deleted = |command: &decode::Command| {
            let is = |key: &str, value: &str| command.keys.get(key).is_some_and(|v| v == value);
            is("a", "d") && (is("d", "A") || is("d", "I") && is("i", id))
        };
        let all = decode::kitty(&tty.bytes()[from..]);
        assert!(
            left.iter().any(deleted) || all.iter().any(deleted),
            "picture {id} stays in the terminal"
        );
    }
}

#[test]
fn a_sixel_terminal_gets_a_whole_picture() {
    let desk = Desk::sized("fox", 2, [64; 2]);
    let (mut tty, from) = drawn(&desk, Kind::Sixel, b"\x1bP9;1;0q");
    let bytes = tty.bytes();
    let last = bytes.windows(3).rposition(|window| window == b"\x1bP9").unwrap();
    assert!(last >= from);
    let (shown, covered) = decode::sixel(&bytes[last..]);
    assert!(covered.iter().filter(|covered| **covered).count() > 1000);
    assert!(shown.width() > 60 && shown.height() > 60);
    assert_eq!(tty.look(half_blocks), 0);
    quit(&mut tty);
}

#[test]
fn iterm2_gets_a_whole_picture() {
    let desk = Desk::sized("fox", 2, [64; 2]);
    let (mut tty, from) = drawn(&desk, Kind::Iterm2, b"\x1b]1337;File=");
    let bytes = tty.bytes();
    let begin = b"\x1b]1337;File=";
    let last = bytes.windows(begin.len()).rposition(|window| window == begin).unwrap();
    assert!(last >= from);
    let command = decode::iterm2(&bytes[last..]);
    let shown = image::load_from_memory(&command.payload).unwrap().into_rgb8();
    let saved = of_png(&desk.picture());
    let apart = difference(&shown, &saved);
    assert!(apart < 10.0, "{apart}");
    assert_eq!(tty.look(half_blocks), 0);
    quit(&mut tty);
}

#[test]
fn a_terminal_that_answers_late_gets_a_better_picture_in_the_place_of_the_first() {
    let desk = Desk::sized("fox", 2, [64; 2]);
    let mut tty = Tty::open(&Setup {
        kind: Kind::Kitty,
        answers_late: true,
        ..desk.setup()
    });
    wait_engine(&tty);
    tty.send(ENTER);
    tty.wait_text("1/1");
    tty.wait("cells", |screen| half_blocks(screen) > 100);
    tty.answer();
    tty.wait("picture", |screen| {
        screen.contents().contains('\u{10eeee}') && half_blocks(screen) == 0
    });
    quit(&mut tty);
}
