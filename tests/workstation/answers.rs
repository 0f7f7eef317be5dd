//! What terminals answer, and when, and what else comes in with the keys.

use std::time::Duration;

use crate::desk::{Desk, QUIT, quit};
use crate::tty::{Kind, Setup, Tty};

/// Opens a kitty that holds its answers back until they have all been asked for.
fn late(desk: &Desk) -> Tty {
    let tty = Tty::open(&Setup {
        kind: Kind::Kitty,
        answers_late: true,
        ..desk.setup()
    });
    tty.wait_text("Prompt");
    tty.wait_bytes(0, b"\x1b[c");
    tty
}

#[test]
fn answers_that_come_late_twice_and_in_pieces_are_not_typed() {
    let desk = Desk::new("", 1);
    let mut tty = late(&desk);
    tty.send("a fox");
    tty.wait_text("a fox");
    let answers = tty.held();
    assert!(answers.ends_with(b"c") && answers.starts_with(b"\x1bP>|kitty"));
    tty.answer();
    tty.send(" at dawn");
    tty.wait_text("a fox at dawn");
    tty.send_bytes(&answers);
    tty.send(",");
    for byte in &answers {
        tty.send_bytes(&[*byte]);
    }
    tty.send(" misty");
    tty.wait_text("a fox at dawn, misty");
    tty.settle(Duration::from_millis(300));
    quit(&mut tty);
    assert_eq!(desk.kept(), "a fox at dawn, misty");
}

#[test]
fn junk_between_keys_is_not_typed() {
    let desk = Desk::new("", 1);
    let mut tty = desk.open();
    tty.wait_text("Prompt");
    let junk = [
        "\x1bPnonsense\x1b\\",
        "\x1b_Gi=99;EBADF: nothing\x1b\\",
        "\x1b]52;c;Zm94\x07",
        "\x1b]4;1;rgb:ffff/0000/0000\x1b\\",
        "\x1b]11;rgb:zzzz\x1b\\",
        "\x1b^private\x1b\\",
        "\x1bXstring\x1b\\",
        "\x1b[?2026;2$y",
        "\x1b[?62;4c",
        "\x1b[>1;4000;29c",
        "\x1b[4;512;800t",
        "\x1b[?997;1n",
        "\x1b[I\x1b[O",
    ];
    for (index, junk) in junk.iter().enumerate() {
        tty.send(&format!("w{index} "));
        tty.send(junk);
    }
    tty.send("end");
    tty.wait_text("end");
    tty.send(QUIT);
    tty.wait_exit();
    let words: Vec<_> = (0..junk.len()).map(|index| format!("w{index}")).collect();
    assert_eq!(desk.kept(), words.join(" ") + " end");
}

#[test]
fn a_string_of_the_terminal_that_never_ends_does_not_swallow_the_keyboard() {
    let desk = Desk::new("", 1);
    let mut tty = desk.open();
    tty.wait_text("Prompt");
    tty.send("\x1b]0;never ended");
    // Esc alone ends whatever was open.
    tty.settle(Duration::from_millis(700));
    tty.send("\x1b");
    tty.settle(Duration::from_millis(300));
    tty.send("fox");
    tty.wait("prompt with the fox", |screen| screen.contents().contains("fox"));
    quit(&mut tty);
    assert!(desk.kept().ends_with("fox"), "{:?}", desk.kept());
}

#[test]
fn two_thousand_pasted_lines_arrive_in_full() {
    let desk = Desk::new("", 1);
    let mut tty = desk.open();
    tty.wait_text("Prompt");
    let lines: Vec<_> = (0..2000)
        .map(|line| format!("line {line} of a long text, 丹炉"))
        .collect();
    let text = lines.join("\r");
    tty.send("\x1b[200~");
    for piece in text.as_bytes().chunks(777) {
        tty.send_bytes(piece);
    }
    tty.send("\x1b[201~");
    tty.wait_text("line 1999 of");
    tty.send("!");
    tty.wait_text("!");
    quit(&mut tty);
    assert_eq!(desk.kept(), lines.join("\n") + "!");
}
