//! A terminal that a command talks to among its own lines, without a screen of its own.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::process::getpgrp;
use rustix::termios::tcgetpgrp;

use super::device::Device;

/// Ends what a picture cut short leaves open, and shows what a failed command may have hidden.
const LEAVE: &[u8] = b"\x1b\\\x1b[0m\x1b[?25h";

/// Holds the terminal raw: keys come at once and unseen, and so do answers. Dropping it makes it whole.
#[derive(Debug)]
pub struct Inline {
    device: Device,
    on_leaving: Vec<u8>,
}

impl Inline {
    /// Takes over the terminal of standard output. What was written before stays where it is.
    ///
    /// # Errors
    /// There is no terminal, it cannot be set, or it is another's at the moment: this process runs in the background.
    pub fn enter() -> io::Result<Self> {
        let device = Device::open()?;
        if tcgetpgrp(io::stdout().as_fd()).is_ok_and(|group| group != getpgrp()) {
            return Err(io::Error::other("the command runs in the background"));
        }
        device.raw()?;
        Ok(Self {
            device,
            on_leaving: Vec::new(),
        })
    }

    /// Where to write to, for a thread that may wait.
    ///
    /// # Errors
    /// No file descriptor is to be had.
    pub fn output(&self) -> io::Result<OwnedFd> {
        self.device.patient()
    }

    /// Has these bytes sent on leaving too: what erases a picture.
    pub fn on_leaving(&mut self, bytes: &[u8]) {
        self.on_leaving.extend_from_slice(bytes);
    }
}

impl Drop for Inline {
    fn drop(&mut self) {
        // The end of a control string comes first: what erases must not be read as part of it.
        let bytes = [&LEAVE[..2], &self.on_leaving, LEAVE].concat();
        // A terminal that does not read this cannot be helped.
        let _ = self.device.write(&bytes);
        self.device.cooked();
    }
}
