//! Enters the screen and leaves the terminal whole.
//!
//! Leaving is one write that is right in any state of the terminal, and it happens at most once however many ask for it: a dropped
//! [`Guard`], a panic, a suspension. It neither panics nor waits long for a terminal that is gone or does not read. Signals are not
//! caught here; whoever gets one calls [`Guard::stop`] or drops the guard. Read [`sequences`] next, then [`Device`].

mod device;
mod hook;
mod inline;
mod screen;
mod sequences;

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use rustix::process::{Signal, getpgrp, getsid, kill_current_process_group};

use device::Device;
pub use inline::Inline;
pub use screen::Output;
use screen::Screen;
pub use sequences::leave_bytes;

/// Until a stop has reached all threads.
const STOPPING: Duration = Duration::from_millis(50);

/// What to ask of the terminal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GuardOptions {
    /// Report clicks, drags and the wheel; never mere movement, which costs bytes for nothing.
    pub mouse: bool,
}

/// Holds the terminal in the screen's modes; dropping it leaves them.
#[derive(Debug)]
pub struct Guard {
    screen: Arc<Screen>,
}

impl Guard {
    /// Takes over the terminal: raw mode, alternate screen, bracketed paste, focus events. A panic on this thread will leave it again
    /// before its message is printed.
    ///
    /// # Errors
    /// There is no terminal, or it cannot be set.
    pub fn enter(options: GuardOptions) -> io::Result<Self> {
        Self::enter_device(Device::open()?, options)
    }

    /// Like [`Guard::enter`], with this terminal.
    ///
    /// # Errors
    /// It is no terminal, or it cannot be set.
    pub fn enter_on(terminal: OwnedFd, options: GuardOptions) -> io::Result<Self> {
        Self::enter_device(Device::new(terminal)?, options)
    }

    fn enter_device(device: Device, options: GuardOptions) -> io::Result<Self> {
        let screen = Arc::new(Screen::new(device, options.mouse));
        hook::watch(&screen);
        screen.enter()?;
        Ok(Self { screen })
    }

    /// Where to write frames to. What is written while the screen is left goes nowhere, so that a late frame does not land in the
    /// shell.
    ///
    /// # Errors
    /// No file descriptor is to be had.
    pub fn output(&self) -> io::Result<Output> {
        Output::new(Arc::clone(&self.screen))
    }

    /// Turns the kitty keyboard protocol on or off, for a terminal that has answered that it knows it. Gives the bytes to write with
    /// the next frame; none when nothing changes.
    #[must_use = "the terminal does not know of it until the bytes are written"]
    pub fn keyboard(&mut self, on: bool) -> &'static [u8] {
        self.screen.keyboard(on)
    }

    /// Turns reports of the mouse on or off. Gives the bytes to write with the next frame; none when nothing changes.
    #[must_use = "the terminal does not know of it until the bytes are written"]
    pub fn mouse(&mut self, on: bool) -> &'static [u8] {
        self.screen.mouse(on)
    }

    /// Has these bytes sent on leaving, before all others: what erases the pictures that were drawn. They replace earlier ones.
    pub fn on_leaving(&mut self, bytes: Vec<u8>) {
        self.screen.on_leaving(bytes);
    }

    /// Leaves the terminal to somebody else until [`Guard::resume`].
    pub fn suspend(&mut self) {
        self.screen.leave();
    }

    /// Takes the terminal over again. Nothing is left of what was drawn.
    ///
    /// # Errors
    /// The terminal cannot be set any more.
    pub fn resume(&mut self) -> io::Result<()> {
        self.screen.enter()
    }

    /// Ctrl+Z: leaves the terminal, stops this process and all others of its job, and takes the terminal over again when they are
    /// continued. For SIGTSTP too.
    ///
    /// False, and nothing happens, when nobody could continue the job: it was not started by a shell with job control.
    ///
    /// # Errors
    /// The terminal cannot be set any more.
    pub fn stop(&mut self) -> io::Result<bool> {
        // The leader of a session has its parent outside of it, and with that all of its group has.
        if getsid(None).is_ok_and(|session| session == getpgrp()) {
            return Ok(false);
        }
        self.suspend();
        // A shell waits for the job, not for one process: a `cargo run` that goes on would keep the shell waiting.
        let stopped = kill_current_process_group(Signal::STOP);
        if stopped.is_ok() {
            // The kernel hands the signal to the main thread first; another one goes on for a moment, and must not take the terminal
            // back in it. The time that the job is stopped counts.
            thread::sleep(STOPPING);
        }
        self.resume()?;
        Ok(stopped.is_ok())
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.screen.leave();
    }
}
