//! A client as the service sees it: a mailbox of frames, and a way to hang up.

use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::engine::mailbox::{Letter, Mailbox, Slot};
use crate::engine::wire::{self, EVENT_LIMIT, HELLO_LIMIT, Hello};
use crate::engine::{Event, Present};

/// How many bytes may lie unread. Above the longest message, so that the present state always gets through.
pub(in crate::engine) const UNREAD_LIMIT: usize = EVENT_LIMIT + (32 << 20);
/// How many bytes of ended jobs a client is told of at first.
const ENDED_BYTES: usize = 16 << 20;

pub(in crate::engine) type Outbox = Mailbox<Frame>;

/// Somebody who watches.
#[derive(Debug)]
pub(in crate::engine) struct Client {
    pub(in crate::engine) id: u64,
    pub(in crate::engine) outbox: Arc<Outbox>,
    /// To hang up.
    pub(in crate::engine) stream: UnixStream,
    pub(in crate::engine) writer: JoinHandle<()>,
}

impl Client {
    /// Waits until everything is sent, or the time is over.
    pub(super) fn wait_until(self, deadline: Instant) {
        while !self.writer.is_finished() && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        // One that was told to go still gets its last letter: then its writer hangs up.
        if !self.outbox.is_closed() || self.outbox.is_given_up() {
            self.outbox.close();
            let _ = self.stream.shutdown(Shutdown::Both);
        }
    }
}

/// An event as it goes over the wire.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Frame {
    slot: Slot,
    pub(in crate::engine) bytes: Arc<[u8]>,
}

impl Frame {
    /// An event's frame; `None` where it is longer than any may be.
    pub(super) fn of(event: &Event) -> Option<Self> {
        let bytes = wire::frame(event, EVENT_LIMIT).ok()?.into();
        Some(Self {
            slot: event.slot(),
            bytes,
        })
    }

    pub(super) fn hello(hello: &Hello) -> Option<Self> {
        let bytes = wire::frame(hello, HELLO_LIMIT).ok()?.into();
        let slot = Slot::Life { ends_preview: false };
        Some(Self { slot, bytes })
    }
}

impl Letter for Frame {
    fn slot(&self) -> Slot {
        self.slot
    }

    fn weight(&self) -> usize {
        self.bytes.len()
    }
}

/// The present state, cut so that it fits into one message: the oldest of the ended jobs are left out where all are too much.
pub(super) fn within_a_message(present: &Present) -> Present {
    let mut left = ENDED_BYTES;
    let mut fits = |bytes: usize| {
        let fits = bytes <= left;
        left = left.saturating_sub(bytes);
        fits
    };
    let entries = present
        .entries
        .iter()
        .filter(|entry| !entry.state.is_ended() || fits(length(entry)))
        .cloned()
        .collect();
    Present {
        version: present.version.clone(),
        pid: present.pid,
        device: present.device.clone(),
        paused: present.paused,
        entries,
        running: present.running.clone(),
        warnings: present.warnings.clone(),
    }
}

/// How many bytes a value has in JSON.
fn length(value: &impl serde::Serialize) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).map_or(usize::MAX, |()| count.0)
}
