//! How fast the link is.

use std::time::Duration;

/// A megabit per second.
const SLOW: f64 = 125_000.0;
const SLOW_ROUND_TRIP: Duration = Duration::from_millis(150);
/// Writes below this end in some buffer and say nothing about the link.
const TELLING: usize = 2 << 10;
/// How much of what was known each new write leaves.
const KEPT: f64 = 0.8;

/// Bytes and seconds, the newest counting most.
#[derive(Debug, Default)]
pub(super) struct Rate {
    bytes: f64,
    seconds: f64,
    pub(super) round_trip: Option<Duration>,
}

impl Rate {
    /// So many bytes took so long.
    pub(super) fn add(&mut self, bytes: usize, took: Duration) {
        if bytes < TELLING {
            return;
        }
        self.bytes = self.bytes * KEPT + bytes as f64;
        self.seconds = self.seconds * KEPT + took.as_secs_f64().max(1e-6);
    }

    pub(super) fn bytes_per_second(&self) -> Option<f64> {
        (self.seconds > 0.0).then(|| self.bytes / self.seconds)
    }

    pub(super) fn is_slow(&self) -> bool {
        self.bytes_per_second().is_some_and(|rate| rate < SLOW)
            || self.round_trip.is_some_and(|round_trip| round_trip > SLOW_ROUND_TRIP)
    }

    /// How long so many bytes will take.
    pub(super) fn estimate(&self, bytes: usize) -> Duration {
        let seconds = self.bytes_per_second().map_or(0.0, |rate| bytes as f64 / rate);
        Duration::from_secs_f64(seconds.min(3600.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_follows_the_link_and_small_writes_say_nothing() {
        let mut rate = Rate::default();
        rate.add(100, Duration::from_secs(9));
        assert_eq!((rate.bytes_per_second(), rate.is_slow()), (None, false));
        rate.add(100_000, Duration::from_millis(1));
        assert!(!rate.is_slow());
        (0..20).for_each(|_| rate.add(10_000, Duration::from_secs(1)));
        assert!(rate.is_slow());
        assert!((rate.estimate(10_000).as_secs_f64() - 1.0).abs() < 0.2);
        (0..40).for_each(|_| rate.add(1_000_000, Duration::from_secs(1)));
        assert!(!rate.is_slow());
        rate.round_trip = Some(Duration::from_millis(151));
        assert!(rate.is_slow());
    }
}
