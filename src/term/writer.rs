//! The one thread that writes to the terminal.
//!
//! The screen draws only when the thread is free, so that the frame rate follows the link and what is drawn is never old. A frame's
//! text is sent before its pictures, and pictures that may be interrupted let a newer frame pass between them, so that a keystroke
//! waits behind one picture at most. A terminal that stops reading blocks this thread and nobody else. Read [`Canvas`] next, which
//! makes the text, then [`units`], which says where pictures may be interrupted.

mod canvas;
mod rate;
mod thread;
mod units;
mod wide;

use std::io::{self, Write};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

pub use canvas::Canvas;
use thread::Shared;

/// What is drawn at once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Sent first.
    pub text: Vec<u8>,
    /// Complete sequences of the picture protocols, and what places them.
    pub pictures: Vec<u8>,
}

/// What was sent in all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Written {
    /// Frames with anything in them.
    pub frames: u64,
    /// Bytes of text, with what brackets the frames.
    pub text: u64,
    /// Bytes of pictures.
    pub pictures: u64,
}

/// Hands frames to the thread that writes them.
#[derive(Debug)]
pub struct Writer {
    shared: Arc<Shared>,
}

impl Writer {
    /// Starts the thread; it ends with [`Writer::finish`] or when this is dropped.
    ///
    /// # Errors
    /// No thread is to be had.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let theirs = Arc::clone(&shared);
        std::thread::Builder::new()
            .name("terminal output".to_owned())
            .spawn(move || thread::run(&theirs, out))?;
        Ok(Self { shared })
    }

    /// A frame would be sent at once.
    pub fn is_free(&self) -> bool {
        self.shared.lock().is_free()
    }

    /// Hands over a frame.
    ///
    /// # Errors
    /// The frame comes back when the writer is not free.
    pub fn submit(&self, frame: Frame) -> Result<(), Frame> {
        let mut state = self.shared.lock();
        if !state.is_free() {
            return Err(frame);
        }
        if !(frame.text.is_empty() && frame.pictures.is_empty()) {
            state.slot = Some(frame);
            self.shared.changed.notify_all();
        }
        Ok(())
    }

    /// Has this called, on the writing thread, each time when the writer becomes free. It replaces an earlier one and must not wait.
    pub fn on_free(&self, notify: impl Fn() + Send + Sync + 'static) {
        self.shared.lock().notify = Some(Arc::new(notify));
    }

    /// The terminal has answered that it knows synchronised updates: frames are shown as a whole.
    pub fn set_sync(&self, sync: bool) {
        self.shared.lock().sync = sync;
    }

    /// How long the terminal takes to answer.
    pub fn set_round_trip(&self, round_trip: Option<Duration>) {
        self.shared.lock().rate.round_trip = round_trip;
    }

    /// How much the terminal takes, measured by what it has taken; `None` while too little has been sent to tell.
    pub fn bytes_per_second(&self) -> Option<f64> {
        self.shared.lock().rate.bytes_per_second()
    }

    /// The link is slow: less than 1 Mbit/s, or answers take longer than 150 ms.
    pub fn is_slow(&self) -> bool {
        self.shared.lock().rate.is_slow()
    }

    /// What was sent so far.
    pub fn written(&self) -> Written {
        self.shared.lock().written
    }

    /// The terminal is gone: nothing is sent any more, and frames are taken and dropped.
    pub fn is_broken(&self) -> bool {
        self.shared.lock().broken
    }

    /// Waits until all is sent, before the terminal is left to somebody else; false when it takes longer than that.
    pub fn settle(&self, patience: Duration) -> bool {
        self.wait(patience, |state| state.is_idle() || state.ended)
    }

    /// Ends the thread: what it is in the middle of is completed, if the terminal takes it within `patience`; pictures that wait are
    /// dropped. False when the thread is stuck, and left behind.
    pub fn finish(self, patience: Duration) -> bool {
        self.stop();
        self.wait(patience, |state| state.ended)
    }

    fn stop(&self) {
        self.shared.lock().stopping = true;
        self.shared.changed.notify_all();
    }

    fn wait(&self, patience: Duration, until: impl Fn(&thread::State) -> bool) -> bool {
        let deadline = Instant::now() + patience;
        let mut state = self.shared.lock();
        loop {
            if until(&state) {
                return true;
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            let waited = self.shared.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.stop();
    }
}
