//! How the workstation ends, or steps aside, and what it leaves of the terminal.
//!
//! That a panic leaves the terminal whole is shown in `tests/terminal/screen.rs`: nothing here can make the program panic.

use std::time::{Duration, Instant};

use crate::desk::{DANLU, Desk, ENTER, QUIT, quit, wait_engine};
use crate::tty::{Pace, Setup, Tty};

#[test]
fn a_signal_to_end_leaves_the_terminal_whole_and_keeps_the_draft() {
    for name in ["TERM", "HUP", "INT"] {
        let desk = Desk::new("", 1);
        let mut tty = desk.open();
        tty.wait_text("Prompt");
        tty.send("a fox");
        tty.wait_text("a fox");
        tty.signal(name);
        let status = tty.wait_exit();
        assert_eq!(status.code(), Some(0), "{name}");
        tty.wait_closed();
        tty.assert_whole();
        assert_eq!(desk.kept(), "a fox");
    }
}

/// A shell with job control, and with a prompt that is told from everything else.
fn shell(desk: &Desk) -> Tty {
    let tty = Tty::open(&Setup {
        program: "bash",
        arguments: &["--norc", "--noprofile", "--noediting", "-i"],
        variables: &[("PS1", "ready> "), ("DANLU_ENGINE_IDLE", "10")],
        ..desk.setup()
    });
    tty.wait_text("ready>");
    tty
}

#[test]
fn ctrl_z_gives_the_terminal_to_the_shell_and_fg_takes_it_back() {
    let desk = Desk::new("", 1);
    let mut tty = shell(&desk);
    tty.send(&format!("{DANLU}\r"));
    tty.wait_text("Prompt");
    tty.send("a fox");
    tty.wait_text("a fox");
    // In an editor ctrl+z undoes; alt+z steps aside everywhere, ctrl+z outside of editors.
    for (round, keys) in ["\x1bz", "\x1b5\x1a"].into_iter().enumerate() {
        tty.send(keys);
        tty.wait("shell", |screen| {
            !screen.alternate_screen() && screen.contents().matches("Stopped").count() == round + 1
        });
        tty.wait("prompt of the shell", |screen| {
            screen.contents().trim_end().ends_with("ready>")
        });
        tty.assert_left();
        assert!(tty.is_cooked());
        // The window may change while nobody draws in it.
        let columns = 110 + 10 * round as u16;
        tty.resize([columns, 34]);
        tty.send("fg\r");
        tty.wait("workstation", |screen| {
            let mut rows = screen.rows(columns - 1, 1);
            screen.alternate_screen() && rows.nth(1).is_some_and(|corner| corner == "╮")
        });
        tty.wait_text("a fox");
    }
    tty.send("\x1b1 again");
    tty.wait_text("a fox again");
    tty.send(QUIT);
    tty.wait("shell", |screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("ready>")
    });
    tty.assert_left();
    assert!(tty.is_cooked());
    tty.send("exit\r");
    tty.wait_exit();
    assert_eq!(desk.kept(), "a fox again");
}

#[test]
fn a_stop_signal_is_the_same_as_the_key() {
    let desk = Desk::new("", 1);
    let mut tty = shell(&desk);
    tty.send(&format!("{DANLU}\r"));
    tty.wait_text("Prompt");
    // bash knows its job by number, whatever its process id is.
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", tty.pid())).unwrap();
    let pid: u32 = children.trim().parse().unwrap();
    crate::tty::kill(pid, "TSTP");
    tty.wait("shell", |screen| {
        !screen.alternate_screen() && screen.contents().contains("Stopped")
    });
    assert!(tty.is_cooked());
    // A process that is continued without the terminal waits for it; `fg` gives it.
    tty.send("fg\r");
    tty.wait("workstation", |screen| {
        screen.alternate_screen() && screen.contents().contains("Negative prompt")
    });
    tty.send(QUIT);
    tty.wait("shell", |screen| {
        !screen.alternate_screen() && screen.contents().trim_end().ends_with("ready>")
    });
    tty.send("exit\r");
    tty.wait_exit();
}

#[test]
fn a_terminal_that_stopped_reading_can_be_left_at_once() {
    let desk = Desk::sized("fox", 1000, [64; 2]);
    let mut tty = desk.open();
    wait_engine(&tty);
    tty.send(ENTER);
    tty.wait_text("it/s");
    tty.pace(Pace::Stopped);
    let asked = Instant::now();
    tty.send("typed blindly");
    tty.send(QUIT);
    let status = tty.wait_exit();
    let took = asked.elapsed();
    assert!(took < Duration::from_secs(3), "{took:?}");
    assert_eq!(status.code(), Some(0));
    assert!(tty.is_cooked(), "the modes are set, whatever the terminal reads");
    assert_eq!(desk.kept(), "foxtyped blindly");
}

#[test]
fn without_a_terminal_there_is_a_sentence_and_a_hint() {
    let desk = Desk::new("", 1);
    let ran = desk.home.shell.run("");
    let (sentence, hint) = ran.failed(1);
    assert!(
        sentence.contains("needs a terminal") && sentence.contains("standard input"),
        "{sentence}"
    );
    assert!(hint.contains("danlu generate"), "{hint}");
    assert!(ran.stdout.is_empty());

    let mut tty = desk.open_with(&[], &[("TERM", "dumb")]);
    let status = tty.wait_exit();
    tty.wait_closed();
    assert_eq!(status.code(), Some(1));
    let screen = tty.screen();
    assert!(screen.contains("dumb") && screen.contains("hint: "), "{screen}");
    assert!(!tty.bytes().contains(&0x1b), "{:?}", tty.bytes());
    tty.assert_whole();

    // Output into a pipe, as in `danlu | less`.
    let mut tty = Tty::open(&Setup {
        program: "sh",
        arguments: &["-c", &format!("{DANLU} | cat")],
        ..desk.setup()
    });
    tty.wait_exit();
    tty.wait_closed();
    assert!(tty.screen().contains("standard output is none"), "{}", tty.screen());
    tty.assert_whole();
    assert_eq!(desk.home.pid(), None, "no engine was started for it");
}

#[test]
fn quitting_while_a_job_runs_leaves_the_terminal_whole() {
    let desk = Desk::new("fox", 1000);
    let mut tty = desk.open();
    wait_engine(&tty);
    tty.send(ENTER);
    tty.wait_text("it/s");
    quit(&mut tty);
    assert!(desk.home.pid().is_some(), "the engine goes on");
}
