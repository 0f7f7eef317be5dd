//! How far a phase of the work is, told to whoever watches: tensors done, rate, time left.

use std::time::Instant;

use super::{Error, Phase, Progress, Stop};

/// Who is told, and may ask to stop.
pub(super) type Watch<'w> = &'w mut dyn FnMut(Progress) -> Result<(), Stop>;

/// The pace of one phase. The time left goes by weight (bytes, or what a factoring costs), for tensors are of very different size.
pub(super) struct Pace<'w, 'a> {
    watch: &'a mut Watch<'w>,
    phase: Phase,
    of: usize,
    weight: f64,
    begun: Instant,
}

impl<'w, 'a> Pace<'w, 'a> {
    /// A phase of so many tensors that weigh so much in all.
    pub(super) fn begin(watch: &'a mut Watch<'w>, phase: Phase, of: usize, weight: f64) -> Self {
        Self {
            watch,
            phase,
            of,
            weight,
            begun: Instant::now(),
        }
    }

    /// Tells that so many are done, which weigh so much; gives [`Error::Stopped`] when the work is to end.
    pub(super) fn tell(&mut self, done: usize, weight: f64) -> Result<(), Error> {
        let seconds = self.begun.elapsed().as_secs_f64();
        let per_second = if seconds > 0.0 { done as f64 / seconds } else { 0.0 };
        let left = if weight > 0.0 {
            seconds * (self.weight - weight).max(0.0) / weight
        } else {
            0.0
        };
        (self.watch)(Progress {
            phase: self.phase,
            done,
            of: self.of,
            per_second,
            left,
        })?;
        Ok(())
    }
}
