//! Where events wait to be read.
//!
//! Events about a job's life are kept in order and never lost. The step count and the preview have one slot each, which the newest
//! overwrites, so that a slow reader costs neither memory nor time. Posting never waits; a mailbox with a limit is given up when its
//! reader lets too much lie.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Event;

/// What can be posted: an event, or one ready for the wire.
pub trait Letter {
    /// Where it waits.
    fn slot(&self) -> Slot;

    /// What it counts towards a mailbox's limit.
    fn weight(&self) -> usize {
        1
    }
}

/// Where a letter waits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    /// The newest step overwrites the last.
    Step,
    /// The newest preview overwrites the last.
    Preview,
    /// In the row with all others.
    Life {
        /// Whether what a preview shows is past with it.
        ends_preview: bool,
    },
}

impl Letter for Event {
    fn slot(&self) -> Slot {
        match self {
            Self::Step { .. } => Slot::Step,
            Self::Preview { .. } => Slot::Preview,
            _ => Slot::Life {
                ends_preview: self.ends_job() || matches!(self, Self::Saved { .. }),
            },
        }
    }
}

/// Letters on their way to one reader.
#[derive(Debug)]
pub struct Mailbox<L = Event> {
    state: Mutex<State<L>>,
    arrived: Condvar,
    limit: usize,
}

#[derive(Debug)]
struct State<L> {
    kept: VecDeque<L>,
    /// The weight of those kept.
    weight: usize,
    step: Option<L>,
    preview: Option<L>,
    closed: bool,
    given_up: bool,
}

impl<L: Letter> Default for Mailbox<L> {
    fn default() -> Self {
        Self::with_limit(usize::MAX)
    }
}

impl<L: Letter> Mailbox<L> {
    /// A mailbox that is given up when letters of more than this weight lie in it.
    pub fn with_limit(limit: usize) -> Self {
        let state = State {
            kept: VecDeque::new(),
            weight: 0,
            step: None,
            preview: None,
            closed: false,
            given_up: false,
        };
        Self {
            state: Mutex::new(state),
            arrived: Condvar::new(),
            limit,
        }
    }

    /// Leaves a letter. Never waits for a reader. Whether there is still one to be expected.
    pub fn post(&self, letter: L) -> bool {
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        match letter.slot() {
            Slot::Step => state.step = Some(letter),
            Slot::Preview => state.preview = Some(letter),
            Slot::Life { ends_preview } => {
                // What a step or preview showed is past once its job goes on to something else.
                if ends_preview {
                    state.preview = None;
                }
                if let Some(step) = state.step.take() {
                    state.keep(step);
                }
                state.keep(letter);
            }
        }
        if state.weight > self.limit {
            state.kept.clear();
            state.weight = 0;
            state.closed = true;
            state.given_up = true;
        }
        let open = !state.closed;
        drop(state);
        self.arrived.notify_one();
        open
    }

    /// Takes the next letter; waits up to `patience` for one.
    pub fn take(&self, patience: Duration) -> Option<L> {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if let Some(letter) = state.next() {
                return Some(letter);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || state.closed {
                return None;
            }
            state = self
                .arrived
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    /// Takes no further letter. Those that lie there can still be taken.
    pub fn close(&self) {
        self.lock().closed = true;
        self.arrived.notify_one();
    }

    /// Whether its reader has let too much lie.
    pub fn is_given_up(&self) -> bool {
        self.lock().given_up
    }

    /// Whether no further letter will come.
    pub fn is_closed(&self) -> bool {
        self.lock().closed
    }

    fn lock(&self) -> MutexGuard<'_, State<L>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<L: Letter> State<L> {
    fn keep(&mut self, letter: L) {
        self.weight += letter.weight();
        self.kept.push_back(letter);
    }

    fn next(&mut self) -> Option<L> {
        if let Some(letter) = self.kept.pop_front() {
            self.weight -= letter.weight();
            return Some(letter);
        }
        self.step.take().or_else(|| self.preview.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{JobId, Preview};

    const JOB: JobId = JobId(1);

    fn step(step: usize) -> Event {
        Event::Step {
            job: JOB,
            picture: 0,
            step,
            of: 9,
            per_second: 1.0,
            left: 1.0,
        }
    }

    #[test]
    fn steps_overwrite_each_other_and_life_events_stay_in_order() {
        let mailbox = Mailbox::default();
        for event in [
            step(1),
            step(2),
            Event::Decoding { job: JOB },
            step(3),
            Event::Finished { job: JOB },
        ] {
            mailbox.post(event);
        }
        let read: Vec<_> = std::iter::from_fn(|| mailbox.take(Duration::ZERO)).collect();
        assert_eq!(
            read,
            [
                step(2),
                Event::Decoding { job: JOB },
                step(3),
                Event::Finished { job: JOB }
            ]
        );
    }

    #[test]
    fn a_preview_does_not_outlive_its_picture() {
        let mailbox = Mailbox::default();
        mailbox.post(Event::Preview {
            job: JOB,
            preview: Preview {
                width: 1,
                height: 1,
                rgb: vec![0; 3],
            },
        });
        mailbox.post(Event::Finished { job: JOB });
        assert_eq!(mailbox.take(Duration::ZERO), Some(Event::Finished { job: JOB }));
        assert_eq!(mailbox.take(Duration::ZERO), None);
    }

    #[test]
    fn a_reader_who_lets_too_much_lie_is_given_up() {
        let mailbox = Mailbox::with_limit(2);
        assert!((1..9).all(|n| mailbox.post(step(n))), "steps take one place");
        let events = [Event::Decoding { job: JOB }, Event::Stopping];
        assert_eq!(events.map(|event| mailbox.post(event)), [true, false]);
        assert!(mailbox.is_closed() && !mailbox.post(Event::Stopping));
        assert_eq!(mailbox.take(Duration::from_mins(1)), None);
    }

    #[test]
    fn what_lies_in_a_closed_mailbox_can_still_be_taken() {
        let mailbox = Mailbox::default();
        mailbox.post(Event::Stopping);
        mailbox.close();
        assert!(!mailbox.post(Event::Finished { job: JOB }));
        assert_eq!(mailbox.take(Duration::ZERO), Some(Event::Stopping));
        assert_eq!(mailbox.take(Duration::from_mins(1)), None);
    }
}
