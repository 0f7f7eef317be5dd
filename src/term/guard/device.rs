//! The terminal as a file: its line discipline, and writes that do not wait for ever.

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::OpenOptionsExt;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::getpgrp;
use rustix::termios::{
    OptionalActions, QueueSelector, Termios, isatty, tcflush, tcgetattr, tcgetpgrp, tcsetattr, ttyname,
};

/// A terminal that is left may not read: stopped output, a dead link.
const PATIENCE: Duration = Duration::from_millis(300);
/// What a terminal takes at once when it says that it takes something.
const PIECE: usize = 256;

#[derive(Debug)]
pub(super) struct Device {
    terminal: OwnedFd,
    /// Opened anew, so that not waiting does not become a habit of the shell's own descriptor.
    output: OwnedFd,
    cooked: Termios,
}

impl Device {
    /// Standard output and input, or the controlling terminal when one of them is something else.
    pub(super) fn open() -> io::Result<Self> {
        let (stdin, stdout) = (io::stdin(), io::stdout());
        if isatty(&stdin) && isatty(&stdout) {
            return Self::new(stdout.as_fd().try_clone_to_owned()?);
        }
        let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
        Self::new(terminal.into())
    }

    pub(super) fn new(terminal: OwnedFd) -> io::Result<Self> {
        let cooked = tcgetattr(&terminal)?;
        let output = reopen(&terminal).or_else(|_| terminal.try_clone())?;
        Ok(Self {
            terminal,
            output,
            cooked,
        })
    }

    /// A descriptor for a thread that may wait.
    pub(super) fn patient(&self) -> io::Result<OwnedFd> {
        self.terminal.try_clone()
    }

    pub(super) fn raw(&self) -> io::Result<()> {
        let mut raw = self.cooked.clone();
        raw.make_raw();
        Ok(tcsetattr(&self.terminal, OptionalActions::Now, &raw)?)
    }

    /// The modes of before, and answers that nobody reads any more are not typed into the shell. Only in the foreground: in the
    /// background the terminal is another's, and touching it would stop this process.
    pub(super) fn cooked(&self) {
        if tcgetpgrp(&self.terminal).is_ok_and(|group| group != getpgrp()) {
            return;
        }
        // Nothing can be done when the terminal is gone.
        let _ = tcflush(&self.terminal, QueueSelector::IFlush);
        let _ = tcsetattr(&self.terminal, OptionalActions::Now, &self.cooked);
    }

    /// Writes as much as the terminal takes in time.
    pub(super) fn write(&self, mut bytes: &[u8]) -> io::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !bytes.is_empty() {
            let left = deadline.saturating_duration_since(Instant::now());
            if !self.wait(left)? {
                return Err(io::ErrorKind::TimedOut.into());
            }
            match rustix::io::write(&self.output, &bytes[..bytes.len().min(PIECE)]) {
                Ok(count) => bytes = &bytes[count..],
                Err(Errno::INTR | Errno::AGAIN) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until the terminal takes bytes; false when it does not in time.
    fn wait(&self, patience: Duration) -> io::Result<bool> {
        let timeout = Timespec::try_from(patience).unwrap_or_default();
        match poll(&mut [PollFd::new(&self.output, PollFlags::OUT)], Some(&timeout)) {
            Ok(count) => Ok(count > 0),
            Err(Errno::INTR) => Ok(!patience.is_zero()),
            Err(error) => Err(error.into()),
        }
    }
}

fn reopen(terminal: &OwnedFd) -> io::Result<OwnedFd> {
    let name = ttyname(terminal, Vec::new())?;
    let flags = OFlags::NOCTTY | OFlags::NONBLOCK;
    let file = OpenOptions::new()
        .write(true)
        .custom_flags(flags.bits().cast_signed())
        .open(OsStr::from_bytes(name.as_bytes()))?;
    Ok(file.into())
}
