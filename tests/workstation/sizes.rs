//! Screens that are small, large, and never the same for long.

use std::time::Duration;

use crate::desk::{Desk, SIZE, quit};
use crate::tty::{Setup, Tty};

const QUIET: Duration = Duration::from_millis(400);

#[test]
fn a_tiny_screen_says_so_and_a_larger_one_is_used() {
    let desk = Desk::new("", 1);
    let mut tty = Tty::open(&Setup {
        size: [20, 5],
        ..desk.setup()
    });
    tty.wait("words", |screen| {
        screen.contents().replace('\n', " ").contains("too small")
    });
    tty.resize(SIZE);
    tty.wait_text("Negative prompt");
    tty.send("fox");
    tty.wait_text("fox");
    tty.resize([20, 5]);
    tty.wait("words", |screen| {
        screen.contents().replace('\n', " ").contains("too small")
    });
    tty.resize([1, 1]);
    tty.resize([60, 20]);
    tty.wait_text("fox");
    quit(&mut tty);
}

#[test]
fn a_storm_of_sizes_ends_with_the_right_screen() {
    let desk = Desk::new("", 1);
    let mut tty = desk.open();
    tty.wait_text("engine ready");
    for step in 0..200_u16 {
        let size = [1 + step * 37 % 180, 1 + step * 23 % 60];
        tty.resize(size);
        if step % 20 == 0 {
            tty.send("x");
        }
    }
    tty.resize(SIZE);
    tty.wait_text("xxxxxxxxxx");
    tty.wait_text("Queue");
    tty.settle(QUIET);
    let grown = tty.screen();
    // ctrl+l draws everything anew: what grew piece by piece has to be the same.
    let before = tty.count();
    tty.send("\x0c");
    tty.wait_bytes(before, b"\x1b[");
    tty.settle(QUIET);
    assert_eq!(tty.screen(), grown);
    quit(&mut tty);
}
