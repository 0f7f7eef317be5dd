//! How far a long piece of work is, told not too often, and not at all of what is done in a moment.

use std::time::{Duration, Instant};

use crate::panes::dataset::talk::{Stage, Work};

/// How often.
const OFTEN: Duration = Duration::from_millis(250);

/// Tells of one piece of work.
pub(super) struct Reports<F: FnMut(Option<Work>)> {
    tell: F,
    begun: Instant,
    last: Option<Instant>,
}

impl<F: FnMut(Option<Work>)> Reports<F> {
    pub(super) fn new(tell: F) -> Self {
        Self {
            tell,
            begun: Instant::now(),
            last: None,
        }
    }

    /// So many files of so many are done; 0 where that is not known.
    pub(super) fn hear(&mut self, stage: Stage, done: usize, of: usize) {
        if self.last.unwrap_or(self.begun).elapsed() < OFTEN {
            return;
        }
        self.last = Some(Instant::now());
        let rate = done as f64 / self.begun.elapsed().as_secs_f64().max(1e-3);
        let left = (of > done && rate > 0.0).then(|| (of - done) as f64 / rate);
        (self.tell)(Some(Work {
            stage,
            done,
            of,
            rate,
            left,
        }));
    }

    /// What took no time at all is not counted in the rate.
    pub(super) fn begin(&mut self) {
        self.begun = Instant::now();
    }

    pub(super) fn end(&mut self) {
        if self.last.take().is_some() {
            (self.tell)(None);
        }
    }
}
