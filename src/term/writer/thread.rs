//! What the writing thread does.

use std::collections::VecDeque;
use std::fmt;
use std::io::{self, Write};
use std::mem;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::rate::Rate;
use super::units;
use super::{Frame, Written};

const SYNC_BEGIN: &[u8] = b"\x1b[?2026h";
const SYNC_END: &[u8] = b"\x1b[?2026l";
/// What is written at once, so that a frame that is left (see `guard::Output`) soon stops.
const PIECE: usize = 4 << 10;
/// The longest that the text of a frame may be held back until the pictures within the same update are there.
const HELD_BACK: Duration = Duration::from_millis(100);

/// What the writer and its thread share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    state: Mutex<State>,
    pub(super) changed: Condvar,
}

/// Where the work stands.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools)]
pub(super) struct State {
    pub(super) slot: Option<Frame>,
    /// Pictures that wait, each not to be interrupted.
    waiting: VecDeque<Vec<u8>>,
    /// Text, or pictures that let nothing pass, are being written.
    busy: bool,
    /// A picture that lets a newer frame pass after it is being written.
    in_picture: bool,
    pub(super) stopping: bool,
    pub(super) ended: bool,
    pub(super) broken: bool,
    pub(super) sync: bool,
    pub(super) rate: Rate,
    pub(super) written: Written,
    pub(super) notify: Option<Arc<dyn Fn() + Send + Sync>>,
    /// The newest frame brought pictures while others still waited: no further frame until they are written.
    crowded: bool,
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("busy", &self.busy)
            .field("waiting", &self.waiting.len())
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

impl State {
    pub(super) fn is_free(&self) -> bool {
        self.slot.is_none() && !self.busy && !self.crowded && !self.stopping
    }

    pub(super) fn is_idle(&self) -> bool {
        self.slot.is_none() && !self.busy && !self.in_picture && self.waiting.is_empty()
    }
}

impl Shared {
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for work; `None` when there will be none.
    fn next(&self) -> Option<Work> {
        let mut state = self.lock();
        loop {
            if let Some(frame) = state.slot.take() {
                state.busy = true;
                return Some(Work::Frame(frame));
            }
            if state.stopping {
                return None;
            }
            if let Some(picture) = state.waiting.pop_front() {
                state.in_picture = true;
                return Some(Work::Picture(picture));
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Changes the state, and tells whoever waits that the writer has become free.
    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.lock();
        let was_free = state.is_free();
        change(&mut state);
        state.crowded &= !state.waiting.is_empty() || state.in_picture;
        let notify = (!was_free && state.is_free()).then(|| state.notify.clone()).flatten();
        self.changed.notify_all();
        drop(state);
        if let Some(notify) = notify {
            notify();
        }
    }
}

enum Work {
    Frame(Frame),
    Picture(Vec<u8>),
}

/// Writes frames until it is told to stop. A panic of `out` or of who is notified counts as an end.
pub(super) fn run(shared: &Shared, out: impl Write) {
    let _end = End(shared);
    let mut sink = Sink { out, broken: false };
    while let Some(work) = shared.next() {
        match work {
            Work::Frame(frame) => write_frame(shared, &mut sink, frame),
            Work::Picture(picture) => write_picture(shared, &mut sink, &picture),
        }
    }
}

struct End<'a>(&'a Shared);

impl Drop for End<'_> {
    fn drop(&mut self) {
        let mut state = self.0.lock();
        state.ended = true;
        state.busy = false;
        state.broken |= thread::panicking();
        drop(state);
        self.0.changed.notify_all();
    }
}

/// The text, and the pictures with it or after it.
fn write_frame(shared: &Shared, sink: &mut Sink<impl Write>, frame: Frame) {
    let Frame { mut text, pictures } = frame;
    let passable = units::is_interruptible(&pictures);
    let (sync, together) = {
        let state = shared.lock();
        let soon = state.rate.estimate(pictures.len()) <= HELD_BACK;
        (state.sync, state.sync && soon && !passable)
    };
    // Without text, pictures that let others pass need no update around nothing.
    let sync = sync && !(text.is_empty() && passable);
    if sync {
        text.splice(..0, SYNC_BEGIN.iter().copied());
        if !together {
            text.extend_from_slice(SYNC_END);
        }
    }
    let begin = Instant::now();
    sink.write(&text);
    let mut bytes = text.len();
    let mut units = Vec::new();
    let mut drawn = 0;
    if passable {
        units = units::cut(pictures);
    } else {
        drawn = pictures.len();
        sink.write(&pictures);
        bytes += drawn;
        if together {
            sink.write(SYNC_END);
            bytes += SYNC_END.len();
        }
    }
    let took = begin.elapsed();
    shared.change(|state| {
        state.busy = false;
        state.written.frames += 1;
        state.written.text += (bytes - drawn) as u64;
        state.written.pictures += drawn as u64;
        state.crowded |= !units.is_empty() && !state.waiting.is_empty();
        state.waiting.extend(mem::take(&mut units));
        state.rate.add(bytes, took);
        state.broken = sink.broken;
    });
}

fn write_picture(shared: &Shared, sink: &mut Sink<impl Write>, picture: &[u8]) {
    let begin = Instant::now();
    sink.write(picture);
    let took = begin.elapsed();
    shared.change(|state| {
        state.in_picture = false;
        state.written.pictures += picture.len() as u64;
        state.rate.add(picture.len(), took);
        state.broken = sink.broken;
    });
}

/// Writes all of something or nothing more at all.
struct Sink<W> {
    out: W,
    broken: bool,
}

impl<W: Write> Sink<W> {
    fn write(&mut self, bytes: &[u8]) {
        for piece in bytes.chunks(PIECE) {
            if !self.broken {
                self.broken = self.piece(piece).is_err();
            }
        }
        if !self.broken && !bytes.is_empty() {
            self.broken = self.out.flush().is_err();
        }
    }

    fn piece(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        while !bytes.is_empty() {
            match self.out.write(bytes) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => bytes = &bytes[count..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // Somebody else made the terminal's file one that does not wait.
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::sleep(Duration::from_millis(5)),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}
