//! The real program in a terminal of its own: keys go in, and what the terminal would show can be asked for.
//!
//! Nothing here waits for a time to pass: every wait is for something to be seen, and fails with the screen when it does not come. The
//! one exception is a terminal that is slow on purpose.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use std::io::{PipeReader, PipeWriter};
use std::num::NonZeroU16;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Termios, Winsize, tcgetattr, tcsetwinsize};

/// How long something may take to be seen. Tests run beside each other on two slow cores.
pub const PATIENCE: Duration = Duration::from_secs(40);

/// What a terminal answers when it is asked what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Nothing, ever.
    Silent,
    /// An xterm with sixel.
    Sixel,
    /// kitty.
    Kitty,
    /// iTerm2.
    Iterm2,
}

impl Kind {
    /// Questions and answers.
    fn knows(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Silent => &[],
            Self::Sixel => &[
                ("\x1b[>q", "\x1bP>|XTerm(390)\x1b\\"),
                ("\x1b[16t", "\x1b[6;16;8t"),
                ("\x1b[c", "\x1b[?64;1;2;4;6;9;15;18;21;22c"),
            ],
            Self::Kitty => &[
                ("\x1b[>q", "\x1bP>|kitty(0.43.1)\x1b\\"),
                ("\x1b_Gi=31,", "\x1b_Gi=31;OK\x1b\\"),
                ("\x1b[16t", "\x1b[6;16;8t"),
                ("\x1b[?2026$p", "\x1b[?2026;2$y"),
                ("\x1b[?u", "\x1b[?0u"),
                ("\x1b]11;?\x1b\\", "\x1b]11;rgb:1010/1010/1818\x1b\\"),
                ("\x1b[c", "\x1b[?62;c"),
            ],
            Self::Iterm2 => &[
                ("\x1b[>q", "\x1bP>|iTerm2 3.5.10\x1b\\"),
                ("\x1b[16t", "\x1b[6;16;8t"),
                ("\x1b[c", "\x1b[?62;4c"),
            ],
        }
    }

    /// The answers to the questions that end behind `from`, in the order of the questions.
    fn answers(self, output: &[u8], from: usize) -> Vec<u8> {
        let mut found = Vec::new();
        for (question, answer) in self.knows() {
            let begin = (from + 1).saturating_sub(question.len());
            let windows = output[begin..].windows(question.len());
            found.extend(
                windows
                    .enumerate()
                    .filter(|(_, window)| *window == question.as_bytes())
                    .map(|(at, _)| (begin + at, *answer)),
            );
        }
        found.sort_unstable();
        found.iter().flat_map(|(_, answer)| answer.bytes()).collect()
    }
}

/// How much a terminal reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// All there is.
    Fast,
    /// So many bytes in a second.
    Slow(usize),
    /// Nothing, as after Ctrl+S.
    Stopped,
}

struct Seen {
    parser: vt100::Parser,
    bytes: Vec<u8>,
    closed: bool,
    pace: Pace,
    /// Answers that are held back; `None` when they go out at once.
    held: Option<Vec<u8>>,
}

type Shared = Arc<(Mutex<Seen>, Condvar)>;

/// What is run in a terminal, and what the terminal is like.
pub struct Setup<'a> {
    pub program: &'a str,
    pub arguments: &'a [&'a str],
    pub home: &'a Path,
    pub kind: Kind,
    /// Columns and rows.
    pub size: [u16; 2],
    pub variables: &'a [(&'a str, &'a str)],
    /// Whether answers wait for [`Tty::answer`].
    pub answers_late: bool,
    pub pace: Pace,
}

impl<'a> Setup<'a> {
    /// The program by itself in a silent, fast terminal.
    pub fn new(program: &'a str, home: &'a Path) -> Self {
        Self {
            program,
            arguments: &[],
            home,
            kind: Kind::Silent,
            size: [120, 40],
            variables: &[],
            answers_late: false,
            pace: Pace::Fast,
        }
    }
}

/// A terminal with a program in it. Dropping it closes the terminal, as a lost link does, and ends the program.
pub struct Tty {
    /// `None` once it is closed.
    master: Option<Arc<OwnedFd>>,
    child: Child,
    seen: Shared,
    wake: Option<PipeWriter>,
    watcher: Option<JoinHandle<()>>,
    before: Termios,
}

impl Tty {
    pub fn open(setup: &Setup<'_>) -> Self {
        let [columns, rows] = setup.size;
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        tcsetwinsize(&master, winsize(setup.size)).unwrap();
        let name = ptsname(&master, Vec::new()).unwrap();
        let mut slave = std::fs::OpenOptions::new();
        slave
            .read(true)
            .write(true)
            .custom_flags(rustix::fs::OFlags::NOCTTY.bits().cast_signed());
        let slave = slave.open(name.to_str().unwrap()).unwrap();
        let before = tcgetattr(&slave).unwrap();
        // The program gets a session whose terminal this is; `setsid` becomes it, under one process id.
        let mut command = Command::new("setsid");
        command
            .arg("--ctty")
            .arg(setup.program)
            .args(setup.arguments)
            .current_dir(setup.home)
            .env_clear();
        for name in ["PATH", "LD_LIBRARY_PATH"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command
            .env("HOME", setup.home)
            .env("TERM", "xterm-256color")
            .env("TZ", "UTC")
            .env("LANG", "C.UTF-8");
        command.envs(setup.variables.iter().copied());
        command
            .stdin(slave.try_clone().unwrap())
            .stdout(slave.try_clone().unwrap())
            .stderr(slave);
        let child = command.spawn().unwrap();
        drop(command);
        let parser = vt100::Parser::new(NonZeroU16::new(rows).unwrap(), NonZeroU16::new(columns).unwrap(), 0);
        let held = setup.answers_late.then(Vec::new);
        let seen = Seen {
            parser,
            bytes: Vec::new(),
            closed: false,
            pace: setup.pace,
            held,
        };
        let seen: Shared = Arc::new((Mutex::new(seen), Condvar::new()));
        let master = Arc::new(master);
        let (woken, wake) = std::io::pipe().unwrap();
        let (theirs, ours, kind) = (Arc::clone(&seen), Arc::clone(&master), setup.kind);
        let watcher = std::thread::spawn(move || watch(&ours, &woken, &theirs, kind));
        Self {
            master: Some(master),
            child,
            seen,
            wake: Some(wake),
            watcher: Some(watcher),
            before,
        }
    }

    fn state(&self) -> MutexGuard<'_, Seen> {
        self.seen.0.lock().unwrap()
    }

    fn master(&self) -> &OwnedFd {
        self.master.as_ref().unwrap()
    }

    /// Types. What is much goes in pieces, as the terminal takes it.
    pub fn send(&self, keys: &str) {
        self.send_bytes(keys.as_bytes());
    }

    pub fn send_bytes(&self, bytes: &[u8]) {
        // A program that has ended reads nothing more.
        let _ = write_all(self.master(), bytes);
    }

    /// Gives the answers that were held back, and all further ones at once.
    pub fn answer(&self) {
        let held = self.state().held.take();
        self.send_bytes(&held.expect("no answers were held back"));
    }

    /// The answers that are held back so far.
    pub fn held(&self) -> Vec<u8> {
        self.state().held.clone().unwrap_or_default()
    }

    /// Reads more or less from now on.
    pub fn pace(&self, pace: Pace) {
        self.state().pace = pace;
        self.seen.1.notify_all();
    }

    /// What the terminal shows, line by line.
    pub fn screen(&self) -> String {
        self.state().parser.screen().contents()
    }

    /// Looks at what the terminal shows.
    pub fn look<T>(&self, at: impl FnOnce(&vt100::Screen) -> T) -> T {
        at(self.state().parser.screen())
    }

    /// Everything the program has written.
    pub fn bytes(&self) -> Vec<u8> {
        self.state().bytes.clone()
    }

    pub fn count(&self) -> usize {
        self.state().bytes.len()
    }

    /// Waits until what the terminal shows is so.
    #[track_caller]
    pub fn wait(&self, what: &str, so: impl Fn(&vt100::Screen) -> bool) {
        self.wait_seen(what, |seen| so(seen.parser.screen()));
    }

    #[track_caller]
    pub fn wait_text(&self, text: &str) {
        self.wait(text, |screen| screen.contents().contains(text));
    }

    #[track_caller]
    pub fn wait_gone(&self, text: &str) {
        self.wait(&format!("screen without {text}"), |screen| {
            !screen.contents().contains(text)
        });
    }

    /// Waits until the program has written something, behind the first `from` bytes.
    #[track_caller]
    pub fn wait_bytes(&self, from: usize, what: &[u8]) {
        let name = String::from_utf8_lossy(what).escape_debug().to_string();
        self.wait_seen(&name, |seen| {
            seen.bytes[from..].windows(what.len()).any(|window| window == what)
        });
    }

    #[track_caller]
    fn wait_seen(&self, what: &str, so: impl Fn(&Seen) -> bool) {
        let deadline = Instant::now() + PATIENCE;
        let mut seen = self.state();
        while !so(&seen) {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || seen.closed {
                let (closed, shown) = (seen.closed, seen.parser.screen().contents());
                drop(seen);
                panic!("no {what} on the screen (closed: {closed}):\n{shown}");
            }
            seen = self.seen.1.wait_timeout(seen, left).unwrap().0;
        }
    }

    /// Waits until nothing was written for a while, and gives how much was written by then.
    #[track_caller]
    pub fn settle(&self, quiet: Duration) -> usize {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let before = self.count();
            let seen = self.state();
            let waited = self
                .seen
                .1
                .wait_timeout_while(seen, quiet, |seen| seen.bytes.len() == before)
                .unwrap();
            if waited.1.timed_out() {
                return before;
            }
            drop(waited);
            assert!(Instant::now() < deadline, "never quiet:\n{}", self.screen());
        }
    }

    pub fn resize(&self, size: [u16; 2]) {
        let [columns, rows] = size.map(|side| NonZeroU16::new(side).unwrap());
        self.state().parser.screen_mut().set_size(rows, columns);
        tcsetwinsize(self.master(), winsize(size)).unwrap();
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends the program a signal by its short name.
    pub fn signal(&self, name: &str) {
        kill(self.pid(), name);
    }

    /// Waits for the program to end.
    #[track_caller]
    pub fn wait_exit(&mut self) -> ExitStatus {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < deadline, "still running:\n{}", self.screen());
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until all that the program wrote has been read.
    #[track_caller]
    pub fn wait_closed(&self) {
        let seen = self.state();
        let waited = self
            .seen
            .1
            .wait_timeout_while(seen, PATIENCE, |seen| !seen.closed)
            .unwrap();
        assert!(!waited.1.timed_out(), "somebody still holds the terminal");
    }

    /// Closes the terminal's window: the program gets a hangup, and its output goes nowhere.
    pub fn close(&mut self) {
        self.wake = None;
        if let Some(watcher) = self.watcher.take() {
            self.seen.0.lock().unwrap().pace = Pace::Fast;
            self.seen.1.notify_all();
            watcher.join().unwrap();
        }
        self.master = None;
    }

    /// Whether the terminal's own line discipline is as a shell wants it: echoing, line by line.
    pub fn is_cooked(&self) -> bool {
        let modes = tcgetattr(self.master()).unwrap().local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Asserts that nothing the program has set is left on the terminal.
    #[track_caller]
    pub fn assert_whole(&self) {
        self.assert_left();
        let now = tcgetattr(self.master()).unwrap();
        let modes = |termios: &Termios| {
            (
                termios.input_modes,
                termios.output_modes,
                termios.control_modes,
                termios.local_modes,
            )
        };
        assert_eq!(
            modes(&now),
            modes(&self.before),
            "the terminal's modes are not what they were"
        );
    }

    /// Asserts that the screen and its modes are left; what a shell does with the line discipline is its own affair.
    #[track_caller]
    pub fn assert_left(&self) {
        let seen = self.state();
        let screen = seen.parser.screen();
        let left = [
            ("the alternate screen", screen.alternate_screen()),
            ("a hidden cursor", screen.hide_cursor()),
            ("bracketed paste", screen.bracketed_paste()),
            ("application cursor keys", screen.application_cursor()),
            (
                "the mouse",
                screen.mouse_protocol_mode() != vt100::MouseProtocolMode::None,
            ),
            ("focus events", last_mode(&seen.bytes, "1004")),
            ("a synchronised update", last_mode(&seen.bytes, "2026")),
        ];
        let pushed = count(&seen.bytes, b"\x1b[>1u");
        let popped = count(&seen.bytes, b"\x1b[<u") + count(&seen.bytes, b"\x1b[<1u");
        drop(seen);
        for (what, on) in left {
            assert!(!on, "{what} is left on");
        }
        assert!(pushed <= popped, "the keyboard protocol is left on");
    }
}

impl Drop for Tty {
    fn drop(&mut self) {
        // A test that has failed leaves no program behind.
        let _ = self.child.kill();
        let _ = self.child.wait();
        self.close();
    }
}

pub fn kill(pid: u32, signal: &str) {
    let sent = Command::new("kill")
        .args([format!("-{signal}"), pid.to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// How often some bytes occur.
pub fn count(bytes: &[u8], what: &[u8]) -> usize {
    bytes.windows(what.len()).filter(|window| *window == what).count()
}

/// Whether a private mode was last set rather than reset.
fn last_mode(bytes: &[u8], mode: &str) -> bool {
    let last = |end: char| {
        let sequence = format!("\x1b[?{mode}{end}").into_bytes();
        bytes.windows(sequence.len()).rposition(|window| window == sequence)
    };
    last('h') > last('l')
}

fn winsize([columns, rows]: [u16; 2]) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

fn write_all(terminal: &OwnedFd, mut bytes: &[u8]) -> rustix::io::Result<()> {
    while !bytes.is_empty() {
        let written = rustix::io::write(terminal, bytes)?;
        bytes = &bytes[written..];
    }
    Ok(())
}

fn watch(master: &OwnedFd, woken: &PipeReader, shared: &Shared, kind: Kind) {
    let (lock, changed) = &**shared;
    let mut piece = vec![0; 1 << 16];
    loop {
        let state = lock.lock().unwrap();
        let state = changed.wait_while(state, |seen| seen.pace == Pace::Stopped).unwrap();
        let most = match state.pace {
            Pace::Slow(rate) => (rate / 50).max(1),
            _ => piece.len(),
        };
        drop(state);
        let mut ready = [
            PollFd::new(master, PollFlags::IN),
            PollFd::from_borrowed_fd(woken.as_fd(), PollFlags::IN),
        ];
        poll(&mut ready, None).unwrap();
        if !ready[1].revents().is_empty() {
            return;
        }
        let read = rustix::io::read(master, &mut piece[..most]).unwrap_or_default();
        let mut state = lock.lock().unwrap();
        if read == 0 {
            state.closed = true;
            changed.notify_all();
            return;
        }
        let before = state.bytes.len();
        state.parser.process(&piece[..read]);
        state.bytes.extend(&piece[..read]);
        let answers = kind.answers(&state.bytes, before);
        let answers = match &mut state.held {
            Some(held) => {
                held.extend(answers);
                Vec::new()
            }
            None => answers,
        };
        let slow = matches!(state.pace, Pace::Slow(_));
        drop(state);
        changed.notify_all();
        let _ = write_all(master, &answers);
        if slow {
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}
