//! A real pseudo terminal: what it is sent, how it is left, and what the reading thread makes of it.
//!
//! What has to happen to a whole process happens to this very program, started again within the terminal to run one ignored test.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use crossterm::event::{KeyCode, KeyModifiers};
use danlu::term::guard::{Guard, GuardOptions, leave_bytes};
use danlu::term::input::{self, Input};
use portable_pty::{CommandBuilder, PtySize, native_pty_system};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, tcgetattr};

use super::keys::key;

const LONG: Duration = Duration::from_secs(20);

/// Both ends of a new pseudo terminal.
fn pair() -> (File, OwnedFd) {
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = ptsname(&master, Vec::new()).unwrap();
    let slave = rustix::fs::open(
        &name,
        rustix::fs::OFlags::RDWR | rustix::fs::OFlags::NOCTTY,
        rustix::fs::Mode::empty(),
    );
    (master.into(), slave.unwrap())
}

fn modes(terminal: &OwnedFd) -> LocalModes {
    let termios: Termios = tcgetattr(terminal).unwrap();
    termios.local_modes
}

/// What comes out of the terminal, on a thread of its own.
fn collect(mut from: impl Read + Send + 'static) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut buffer = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if sender.send(buffer[..count].to_vec()).is_err() {
                return;
            }
        }
    });
    receiver
}

/// All that comes until `end` has come.
fn until(output: &Receiver<Vec<u8>>, end: &str) -> String {
    let mut all = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&all).into_owned();
        if text.contains(end) {
            return text;
        }
        match output.recv_timeout(LONG) {
            Ok(bytes) => all.extend(bytes),
            Err(error) => panic!("{error}, no {end:?} in {text:?}"),
        }
    }
}

fn leave() -> &'static str {
    std::str::from_utf8(leave_bytes()).unwrap()
}

#[test]
fn the_terminal_is_entered_and_left_whole() {
    let (master, slave) = pair();
    let output = collect(master.try_clone().unwrap());
    let cooked = modes(&slave);
    assert!(cooked.contains(LocalModes::ICANON));
    let mut guard = Guard::enter_on(slave.try_clone().unwrap(), GuardOptions { mouse: true }).unwrap();
    let entered = until(&output, "\x1b[?1006h");
    for mode in [
        "\x1b[?1049h",
        "\x1b[?2004h",
        "\x1b[?1004h",
        "\x1b[?1000h",
        "\x1b[?1002h",
    ] {
        assert!(entered.contains(mode), "{mode:?} in {entered:?}");
    }
    assert!(!entered.contains("1003") && !entered.contains("\x1b[>1u"));
    assert!(!modes(&slave).intersects(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG));

    assert_eq!(guard.keyboard(true), b"\x1b[>1u");
    assert_eq!(guard.keyboard(true), b"");
    assert_eq!(guard.mouse(true), b"");
    guard.on_leaving(b"\x1b_Ga=d,d=A\x1b\\".to_vec());
    let mut out = guard.output().unwrap();
    out.write_all(b"frame").unwrap();
    assert_eq!(until(&output, "frame"), "frame");

    guard.suspend();
    guard.suspend();
    let left = until(&output, "\x1b[?1049l");
    assert_eq!(left, format!("\x1b\\\x1b_Ga=d,d=A\x1b\\{}", leave()));
    assert_eq!(modes(&slave), cooked);
    out.write_all(b"late").unwrap();
    guard.resume().unwrap();
    let resumed = until(&output, "\x1b[>1u");
    assert!(
        !resumed.contains("late") && resumed.contains("\x1b[?1006h"),
        "{resumed:?}"
    );
    drop(guard);
    until(&output, leave());
    assert_eq!(modes(&slave), cooked);
    drop((slave, out));
    drop(master);
    assert!(matches!(output.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected)));
}

#[test]
fn every_mode_that_is_entered_is_left() {
    let (master, slave) = pair();
    let output = collect(master);
    let mut guard = Guard::enter_on(slave, GuardOptions { mouse: true }).unwrap();
    let mut entered = until(&output, "\x1b[?1006h");
    entered += std::str::from_utf8(guard.keyboard(true)).unwrap();
    for mode in entered.split("\x1b[?").skip(1).filter_map(|part| part.split_once('h')) {
        assert!(leave().contains(&format!("\x1b[?{}l", mode.0)), "{mode:?}");
    }
    for end in ["\x1b[?2026l", "\x1b[<u", "\x1b[?25h", "\x1b[0 q", "\x1b[0m"] {
        assert!(leave().contains(end), "{end:?}");
    }
    assert!(leave().starts_with("\x1b\\") && leave().ends_with("\x1b[?1049l"));
}

#[test]
fn a_terminal_that_is_gone_or_does_not_read_is_left_in_time() {
    let (master, slave) = pair();
    let mut guard = Guard::enter_on(slave.try_clone().unwrap(), GuardOptions::default()).unwrap();
    drop(master);
    guard.suspend();
    assert!(guard.resume().is_err());
    drop(guard);

    let (master, slave) = pair();
    let guard = Guard::enter_on(slave, GuardOptions::default()).unwrap();
    let mut out = guard.output().unwrap();
    // Nobody reads: this thread stays stuck until the other end is closed.
    let stuck = std::thread::spawn(move || out.write_all(&vec![b'x'; 1 << 20]));
    let (sender, left) = channel();
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(50));
        drop(guard);
        sender.send(()).unwrap();
    });
    left.recv_timeout(Duration::from_secs(5)).unwrap();
    drop(master);
    // What is left of the frame went nowhere.
    stuck.join().unwrap().unwrap();
}

#[test]
fn the_reader_turns_bytes_into_inputs_and_silence_into_the_esc_key() {
    let (mut master, slave) = pair();
    let guard = Guard::enter_on(slave.try_clone().unwrap(), GuardOptions::default()).unwrap();
    let _output = collect(master.try_clone().unwrap());
    let (sender, inputs) = channel();
    let reader = input::spawn_on(slave, move |input| sender.send(input).unwrap_or(())).unwrap();
    reader.set_silence(Duration::from_millis(10));
    master.write_all(b"a\x1b[A\x1b").unwrap();
    let next = || inputs.recv_timeout(LONG).unwrap();
    assert_eq!(next(), key(KeyCode::Char('a'), KeyModifiers::NONE));
    assert_eq!(next(), key(KeyCode::Up, KeyModifiers::NONE));
    assert_eq!(next(), key(KeyCode::Esc, KeyModifiers::NONE));
    let text = "a line of a paste\r\n".repeat(2000);
    let mut paste = master.try_clone().unwrap();
    let bytes = format!("\x1b[200~{text}\x1b[201~");
    let types = std::thread::spawn(move || paste.write_all(bytes.as_bytes()).unwrap());
    assert_eq!(next(), Input::Paste(text.replace("\r\n", "\n")));
    types.join().unwrap();
    drop(guard);
    // Dropping the reader ends its thread, and with that the sender.
    drop(reader);
    assert_eq!(inputs.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn a_hangup_is_told_once_and_last() {
    let (master, slave) = pair();
    let (sender, inputs) = channel();
    let _reader = input::spawn_on(slave, move |input| sender.send(input).unwrap_or(())).unwrap();
    drop(master);
    assert_eq!(inputs.recv_timeout(LONG), Ok(Input::Closed));
    assert_eq!(inputs.recv_timeout(LONG), Err(RecvTimeoutError::Disconnected));
}

type Played = (
    Box<dyn portable_pty::MasterPty + Send>,
    Receiver<Vec<u8>>,
    Box<dyn portable_pty::Child + Send + Sync>,
);

/// This program within a terminal, running one of the ignored tests below.
fn played(name: &str, shell: bool) -> Played {
    let pair = native_pty_system()
        .openpty(PtySize {
            rows: 24,
            cols: 80,
            ..PtySize::default()
        })
        .unwrap();
    let program = std::env::current_exe().unwrap();
    let arguments = ["--exact", name, "--ignored", "--nocapture", "--test-threads=1"];
    let mut command = if shell {
        let mut command = CommandBuilder::new("bash");
        command.args(["--norc", "--noprofile", "-ic"]);
        let line = format!(
            "'{}' {} ; echo back $?; fg >/dev/null; echo ended",
            program.display(),
            arguments.join(" ")
        );
        command.arg(line);
        command
    } else {
        let mut command = CommandBuilder::new(program);
        command.args(arguments);
        command
    };
    command.env("RUST_BACKTRACE", "0");
    let child = pair.slave.spawn_command(command).unwrap();
    drop(pair.slave);
    let output = collect(pair.master.try_clone_reader().unwrap());
    (pair.master, output, child)
}

#[test]
#[ignore = "is played within a terminal by another test"]
fn plays_a_panic() {
    let _guard = Guard::enter(GuardOptions { mouse: true }).unwrap();
    std::thread::spawn(|| panic!("on another thread")).join().unwrap_err();
    panic!("the screen is on fire");
}

#[test]
fn a_panic_leaves_the_terminal_before_its_message() {
    let (_master, output, mut child) = played("screen::plays_a_panic", false);
    let all = until(&output, "the screen is on fire");
    let other = all.find("on another thread").unwrap();
    let left = all.find(leave()).unwrap();
    assert!(all.find("\x1b[?1049h").unwrap() < other && other < left);
    assert!(left < all.find("the screen is on fire").unwrap());
    assert_eq!(all.matches(leave()).count(), 1);
    assert!(!child.wait().unwrap().success());
    let rest: Vec<u8> = output.iter().flatten().collect();
    assert!(!String::from_utf8_lossy(&rest).contains("\x1b["), "left twice");
}

#[test]
#[ignore = "is played within a terminal by another test"]
fn plays_a_suspension() {
    let mut guard = Guard::enter(GuardOptions::default()).unwrap();
    assert!(guard.stop().unwrap());
    drop(guard);
    assert!(
        modes(
            &std::os::fd::AsFd::as_fd(&std::io::stdin())
                .try_clone_to_owned()
                .unwrap()
        )
        .contains(LocalModes::ICANON)
    );
}

#[test]
fn the_shell_gets_the_terminal_while_the_job_is_stopped_and_the_screen_comes_back_with_it() {
    let (_master, output, mut child) = played("screen::plays_a_suspension", true);
    let all = until(&output, "ended");
    let [enters, leaves] = ["\x1b[?1049h", leave()].map(|mark| all.matches(mark).count());
    assert_eq!((enters, leaves), (2, 2), "{all:?}");
    let back = all.find("back").unwrap();
    assert!(
        all.find(leave()).unwrap() < back && back < all.rfind("\x1b[?1049h").unwrap(),
        "{all:?}"
    );
    assert!(all.contains("1 passed"), "{all:?}");
    child.wait().unwrap();
}

#[test]
#[ignore = "is played within a terminal by another test"]
fn plays_a_suspension_that_nobody_would_end() {
    let mut guard = Guard::enter(GuardOptions::default()).unwrap();
    assert!(!guard.stop().unwrap());
}

#[test]
fn a_program_without_a_shell_is_not_stopped() {
    let (_master, output, mut child) = played("screen::plays_a_suspension_that_nobody_would_end", false);
    until(&output, "1 passed");
    assert!(child.wait().unwrap().success());
}
