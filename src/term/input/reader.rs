//! The thread that reads the terminal.
//!
//! It sleeps in `poll` until there are bytes; only while a sequence is incomplete does it wake by itself. Dropping [`Reader`] closes a
//! pipe that it polls too.

use std::fs::OpenOptions;
use std::io::{self, PipeReader, PipeWriter};
use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, read};
use rustix::termios::isatty;

use super::{Input, Parser};

/// Silence after which ESC is the Esc key.
const SILENCE: Duration = Duration::from_millis(25);

/// Holds the reading thread; dropping it ends the thread, without waiting for that.
#[derive(Debug)]
pub struct Reader {
    silence: Arc<AtomicU64>,
    _wake: PipeWriter,
}

impl Reader {
    /// How long nothing has to come until ESC is the Esc key: more over slow links, which tear sequences apart.
    pub fn set_silence(&self, silence: Duration) {
        let milliseconds = u64::try_from(silence.as_millis()).unwrap_or(u64::MAX);
        self.silence.store(milliseconds.clamp(1, 1000), Ordering::Relaxed);
    }
}

/// Reads the terminal: standard input, or `/dev/tty` when that is something else.
///
/// `sender` is called on the reading thread, and last of all with [`Input::Closed`] if the terminal goes away.
///
/// # Errors
/// There is no terminal, or no thread to be had.
pub fn spawn(sender: impl Fn(Input) + Send + 'static) -> io::Result<Reader> {
    let stdin = io::stdin();
    let terminal = if isatty(&stdin) {
        stdin.as_fd().try_clone_to_owned()?
    } else {
        OpenOptions::new().read(true).open("/dev/tty")?.into()
    };
    spawn_on(terminal, sender)
}

/// Reads this terminal.
///
/// # Errors
/// No pipe or thread is to be had.
pub fn spawn_on(terminal: OwnedFd, sender: impl Fn(Input) + Send + 'static) -> io::Result<Reader> {
    let (sleeper, wake) = io::pipe()?;
    let silence = Arc::new(AtomicU64::new(SILENCE.as_millis() as u64));
    let shared = Arc::clone(&silence);
    let run = move || run(&terminal, &sleeper, &shared, sender);
    thread::Builder::new().name("terminal input".to_owned()).spawn(run)?;
    Ok(Reader { silence, _wake: wake })
}

/// What there is to do after waiting.
enum Event {
    Bytes,
    Silence,
    Stop,
    Again,
}

fn run(terminal: &OwnedFd, sleeper: &PipeReader, silence: &AtomicU64, sender: impl Fn(Input)) {
    let mut parser = Parser::default();
    let mut buffer = [0; 4096];
    loop {
        let patience = parser
            .is_pending()
            .then(|| Duration::from_millis(silence.load(Ordering::Relaxed)));
        let inputs = match wait(terminal, sleeper, patience) {
            Event::Stop => return,
            Event::Again => continue,
            Event::Silence => parser.flush(),
            Event::Bytes => match read(terminal, &mut buffer[..]) {
                Err(Errno::INTR | Errno::AGAIN) => continue,
                Ok(0) | Err(_) => {
                    parser.flush().into_iter().for_each(&sender);
                    return sender(Input::Closed);
                }
                Ok(count) => parser.feed(&buffer[..count]),
            },
        };
        inputs.into_iter().for_each(&sender);
    }
}

fn wait(terminal: &OwnedFd, sleeper: &PipeReader, patience: Option<Duration>) -> Event {
    let mut sources = [
        PollFd::new(terminal, PollFlags::IN),
        PollFd::new(sleeper, PollFlags::IN),
    ];
    let timeout = patience.and_then(|patience| Timespec::try_from(patience).ok());
    match poll(&mut sources, timeout.as_ref()) {
        // A stopped and continued process gets here too.
        Err(Errno::INTR | Errno::AGAIN) => Event::Again,
        Ok(0) => Event::Silence,
        Ok(_) if !sources[1].revents().is_empty() => Event::Stop,
        // After an error, the read says what is wrong.
        Err(_) | Ok(_) => Event::Bytes,
    }
}
