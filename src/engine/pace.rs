//! How fast a job goes and when it will be done.
//!
//! The rate is that of the last few steps, by their median: a first step that compiles kernels, or one during which the machine did
//! something else, does not count for long. What a batch takes beside its steps is added once one was seen.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// How many steps the rate is taken from.
const WINDOW: usize = 15;
/// No step is thought to be faster, so that a rate is always a number.
const FASTEST: Duration = Duration::from_micros(1);

/// The pace of one job.
#[derive(Debug)]
pub struct Pace {
    steps: VecDeque<Duration>,
    /// What decoding and writing a batch took.
    rest: Option<Duration>,
    last: Instant,
}

impl Pace {
    /// Begins now, before the first step.
    pub fn begin() -> Self {
        Self::begin_at(Instant::now())
    }

    fn begin_at(now: Instant) -> Self {
        Self {
            steps: VecDeque::with_capacity(WINDOW),
            rest: None,
            last: now,
        }
    }

    /// A step is done.
    pub fn step(&mut self) {
        self.step_at(Instant::now());
    }

    fn step_at(&mut self, now: Instant) {
        if self.steps.len() == WINDOW {
            self.steps.pop_front();
        }
        self.steps.push_back(now.duration_since(self.last).max(FASTEST));
        self.last = now;
    }

    /// A batch is on disk.
    pub fn batch(&mut self) {
        self.batch_at(Instant::now());
    }

    fn batch_at(&mut self, now: Instant) {
        self.rest = Some(now.duration_since(self.last));
        self.last = now;
    }

    /// Steps in a second.
    pub fn per_second(&self) -> f64 {
        1.0 / self.step_seconds()
    }

    /// Seconds until the job is done: so many steps of this batch, its decoding, and so many whole batches of `of` steps.
    pub fn left(&self, steps: usize, of: usize, batches: usize) -> f64 {
        let rest = self.rest.map_or(0.0, |rest| rest.as_secs_f64());
        (steps + batches * of) as f64 * self.step_seconds() + (batches + 1) as f64 * rest
    }

    fn step_seconds(&self) -> f64 {
        let mut sorted: Vec<_> = self.steps.iter().copied().collect();
        sorted.sort();
        sorted.get(sorted.len() / 2).copied().unwrap_or(FASTEST).as_secs_f64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9 * b.abs().max(1.0)
    }

    #[test]
    fn a_slow_first_step_is_soon_forgotten_and_decoding_counts_once_known() {
        let start = Instant::now();
        let mut pace = Pace::begin_at(start);
        let mut now = start + Duration::from_secs(30);
        pace.step_at(now);
        assert!(near(pace.left(3, 4, 1), 7.0 * 30.0));
        for _ in 0..3 {
            now += Duration::from_millis(500);
            pace.step_at(now);
        }
        assert!(near(pace.per_second(), 2.0));
        assert!(near(pace.left(0, 4, 1), 2.0));
        now += Duration::from_secs(1);
        pace.batch_at(now);
        now += Duration::from_millis(500);
        pace.step_at(now);
        assert!(near(pace.left(3, 4, 0), 2.5));
    }

    #[test]
    fn figures_are_numbers_even_where_no_time_passes() {
        let start = Instant::now();
        let mut pace = Pace::begin_at(start);
        assert!(pace.per_second().is_finite() && pace.left(5, 5, 9).is_finite());
        pace.step_at(start);
        assert!(pace.per_second().is_finite() && pace.left(5, 5, 9) >= 0.0);
    }
}
