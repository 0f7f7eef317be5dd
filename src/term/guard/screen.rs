//! Whether the screen is entered, and what leaving it takes.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::device::Device;
use super::sequences;

/// What the guard, the panic hook and the writer share.
#[derive(Debug)]
pub(super) struct Screen {
    device: Device,
    /// The thread that entered.
    owner: ThreadId,
    entered: AtomicBool,
    modes: Mutex<Modes>,
}

#[derive(Debug, Default)]
struct Modes {
    mouse: bool,
    keyboard: bool,
    on_leaving: Vec<u8>,
}

impl Screen {
    pub(super) fn new(device: Device, mouse: bool) -> Self {
        Self {
            device,
            owner: thread::current().id(),
            entered: AtomicBool::new(false),
            modes: Mutex::new(Modes {
                mouse,
                ..Modes::default()
            }),
        }
    }

    pub(super) fn enter(&self) -> io::Result<()> {
        if self.entered.swap(true, Ordering::SeqCst) {
            return Ok(());
        }
        let bytes = {
            let modes = self.lock();
            sequences::enter(modes.mouse, modes.keyboard)
        };
        let entered = self.device.raw().and_then(|()| self.device.write(&bytes));
        if entered.is_err() {
            self.leave();
        }
        entered
    }

    /// Does nothing when the screen is left already.
    pub(super) fn leave(&self) {
        if !self.entered.swap(false, Ordering::SeqCst) {
            return;
        }
        // A terminal that does not read this cannot be helped.
        let _ = self.device.write(&sequences::leave(&self.last_bytes()));
        self.device.cooked();
    }

    /// Never waits long: a panic may come while the modes are locked.
    fn last_bytes(&self) -> Vec<u8> {
        for _ in 0..20 {
            match self.modes.try_lock() {
                Ok(modes) => return modes.on_leaving.clone(),
                Err(TryLockError::Poisoned(modes)) => return modes.into_inner().on_leaving.clone(),
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            }
        }
        Vec::new()
    }

    pub(super) fn is_own_thread(&self) -> bool {
        self.owner == thread::current().id()
    }

    pub(super) fn mouse(&self, on: bool) -> &'static [u8] {
        let mut modes = self.lock();
        let changed = std::mem::replace(&mut modes.mouse, on) != on;
        if changed { sequences::mouse(on) } else { b"" }
    }

    pub(super) fn keyboard(&self, on: bool) -> &'static [u8] {
        let mut modes = self.lock();
        let changed = std::mem::replace(&mut modes.keyboard, on) != on;
        if changed { sequences::keyboard(on) } else { b"" }
    }

    pub(super) fn on_leaving(&self, bytes: Vec<u8>) {
        self.lock().on_leaving = bytes;
    }

    fn lock(&self) -> MutexGuard<'_, Modes> {
        self.modes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes to the terminal while the screen is entered, and to nowhere while it is not.
#[derive(Debug)]
pub struct Output {
    screen: Arc<Screen>,
    terminal: OwnedFd,
}

impl Output {
    pub(super) fn new(screen: Arc<Screen>) -> io::Result<Self> {
        let terminal = screen.device.patient()?;
        Ok(Self { screen, terminal })
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if !self.screen.entered.load(Ordering::SeqCst) {
            return Ok(bytes.len());
        }
        Ok(rustix::io::write(&self.terminal, bytes)?)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
