//! Where events wait to be read.
//!
//! Events about a job's life are kept in order and never lost. The step count and the preview have one slot each, which the newest
//! overwrites, so that a slow reader costs neither memory nor time.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::Event;

/// The events of one engine.
#[derive(Debug, Default)]
pub struct Mailbox {
    state: Mutex<State>,
    arrived: Condvar,
}

#[derive(Debug, Default)]
struct State {
    kept: VecDeque<Event>,
    step: Option<Event>,
    preview: Option<Event>,
}

impl Mailbox {
    /// Leaves an event. Never waits for a reader.
    pub fn post(&self, event: Event) {
        let mut state = self.lock();
        match event {
            Event::Step { .. } => state.step = Some(event),
            Event::Preview { .. } => state.preview = Some(event),
            _ => {
                // What a step or preview showed is past once its job goes on to something else.
                if event.ends_job() || matches!(event, Event::Saved { .. }) {
                    state.preview = None;
                }
                if let Some(step) = state.step.take() {
                    state.kept.push_back(step);
                }
                state.kept.push_back(event);
            }
        }
        self.arrived.notify_one();
    }

    /// Takes the next event; waits up to `patience` for one.
    pub fn take(&self, patience: Duration) -> Option<Event> {
        let deadline = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if let Some(event) = state.next() {
                return Some(event);
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return None;
            }
            state = self
                .arrived
                .wait_timeout(state, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn next(&mut self) -> Option<Event> {
        self.kept
            .pop_front()
            .or_else(|| self.step.take())
            .or_else(|| self.preview.take())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::JobId;

    const JOB: JobId = JobId(1);

    fn step(step: usize) -> Event {
        Event::Step {
            job: JOB,
            picture: 0,
            step,
            of: 9,
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
            width: 1,
            height: 1,
            rgb: vec![0; 3],
        });
        mailbox.post(Event::Finished { job: JOB });
        assert_eq!(mailbox.take(Duration::ZERO), Some(Event::Finished { job: JOB }));
        assert_eq!(mailbox.take(Duration::ZERO), None);
    }
}
