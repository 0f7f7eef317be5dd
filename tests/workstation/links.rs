//! Slow links, silence, and how soon the first screen is there.

use std::time::{Duration, Instant};

use crate::desk::{DANLU, Desk, ENTER, half_blocks, quit, wait_engine};
use crate::tty::{Pace, Setup, Tty};

/// What 56 kbit/s carry in a second.
const MODEM: usize = 7_000;

#[test]
fn over_a_modem_keys_are_echoed_while_a_picture_grows() {
    let desk = Desk::sized("", 1000, [64; 2]);
    let mut tty = Tty::open(&Setup {
        pace: Pace::Slow(MODEM),
        ..desk.setup()
    });
    wait_engine(&tty);
    tty.send("fox");
    tty.wait_text("fox");
    tty.send(ENTER);
    tty.wait_text("it/s");
    tty.wait("growing picture", |screen| half_blocks(screen) > 0);
    let mut most = 0;
    for word in [" one", " two", " three", " four", " five"] {
        // The picture goes on growing all the while.
        let shown = tty.screen();
        tty.wait("change", |screen| screen.contents() != shown);
        let before = tty.count();
        tty.send(word);
        tty.wait_text(word);
        most = most.max(tty.count() - before);
    }
    assert!(most < 40 << 10, "{most} bytes before the echo");
    let asked = Instant::now();
    tty.pace(Pace::Fast);
    quit(&mut tty);
    assert!(asked.elapsed() < Duration::from_secs(5));
}

#[test]
fn a_terminal_that_reads_again_shows_what_was_typed_meanwhile() {
    let desk = Desk::sized("", 1000, [64; 2]);
    let mut tty = desk.open();
    wait_engine(&tty);
    tty.send("fox");
    tty.send(ENTER);
    tty.wait("growing picture", |screen| half_blocks(screen) > 0);
    tty.pace(Pace::Stopped);
    let before = tty.count();
    for letter in " in the snow".chars() {
        tty.send(&letter.to_string());
    }
    // The job goes on without anybody who looks: the engine is not held up by a screen that cannot draw.
    let step = || {
        let list = desk.home.shell.run("queue list --json").json();
        list["jobs"][0]["progress"]["step"].as_u64()
    };
    let first = step();
    crate::home::until(|| (step() > first).then_some(()));
    tty.pace(Pace::Fast);
    tty.wait_text("fox in the snow");
    // What is caught up on is the present, not the past.
    let caught_up = tty.count() - before;
    assert!(caught_up < 256 << 10, "{caught_up} bytes");
    tty.send("\x1bx");
    tty.wait_text("cancelled");
    quit(&mut tty);
}

/// The CPU time that a process has used, in ticks.
fn ticks(pid: u32) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
    let fields: Vec<_> = stat.rsplit_once(')').unwrap().1.split_whitespace().collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}

#[test]
fn nothing_is_written_and_nothing_computed_while_nothing_happens() {
    let desk = Desk::new("fox", 1);
    let mut tty = desk.open();
    wait_engine(&tty);
    tty.send(ENTER);
    tty.wait_text("1/1");
    tty.settle(Duration::from_secs(1));
    let (written, used) = (tty.count(), ticks(tty.pid()));
    let begun = Instant::now();
    tty.settle(Duration::from_millis(1500));
    assert_eq!(
        tty.count(),
        written,
        "written: {:?}",
        String::from_utf8_lossy(&tty.bytes()[written..])
    );
    assert!(begun.elapsed() < Duration::from_secs(3));
    let used = ticks(tty.pid()) - used;
    assert!(used <= 1, "{used} ticks");
    quit(&mut tty);
}

#[test]
#[allow(clippy::print_stdout)]
fn the_first_screen_does_not_wait_for_a_thousand_models() {
    let desk = Desk::new("", 1);
    for number in 0..1000 {
        desk.home.shell.write(
            &format!("models/{:02}/model {number}.safetensors", number % 40),
            b"empty",
        );
    }
    let folder = desk.home.shell.text("models");
    let mut took = [Duration::ZERO; 3];
    for took in &mut took {
        let begun = Instant::now();
        let mut tty = Tty::open(&Setup {
            program: DANLU,
            arguments: &["--models-dir", &folder],
            ..desk.setup()
        });
        tty.wait_text("Prompt");
        *took = begun.elapsed();
        quit(&mut tty);
    }
    took.sort_unstable();
    println!("first screens after {took:?}");
    assert!(took[1] < Duration::from_secs(1), "{took:?}");
}
