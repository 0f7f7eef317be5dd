//! Python's `random`, to the bit: the order of batches and of captions follows from it.
//!
//! Only what kohya's data code calls, each method consuming the same words as `CPython`'s (3.9 and later). [`twister`] makes the words.

pub mod twister;

use std::collections::HashSet;

use twister::Twister;

/// Python's `random.Random`.
#[derive(Clone, Debug)]
pub struct Python {
    twister: Twister,
}

impl Python {
    /// `random.seed(seed)` with an integer; the sign does not count, as in Python.
    pub fn new(seed: i64) -> Self {
        let size = seed.unsigned_abs();
        let (low, high) = (size as u32, (size >> 32) as u32);
        let key: &[u32] = if high == 0 { &[low] } else { &[low, high] };
        Self {
            twister: Twister::of_key(key),
        }
    }

    /// `random()`: 53 bits in 0..1.
    pub fn random(&mut self) -> f64 {
        let (high, low) = (self.twister.word() >> 5, self.twister.word() >> 6);
        (f64::from(high) * 67_108_864.0 + f64::from(low)) / 9_007_199_254_740_992.0
    }

    /// `getrandbits(bits)` for up to 64 bits.
    pub fn bits(&mut self, bits: u32) -> u64 {
        match bits {
            0 => 0,
            1..=32 => u64::from(self.twister.word() >> (32 - bits)),
            _ => {
                let low = u64::from(self.twister.word());
                low | self.bits(bits.min(64) - 32) << 32
            }
        }
    }

    /// `randrange(limit)`: 0 up to below the limit. A limit of 0, which Python refuses, gives 0.
    pub fn below(&mut self, limit: u64) -> u64 {
        let bits = u64::BITS - limit.leading_zeros();
        loop {
            let drawn = self.bits(bits);
            if drawn < limit.max(1) {
                return drawn;
            }
        }
    }

    /// `randint(low, high)`: both ends included. `high` must not lie below `low`; if it does, `low` comes back.
    pub fn randint(&mut self, low: i64, high: i64) -> i64 {
        match high.abs_diff(low).checked_add(1) {
            Some(width) if high >= low => low.wrapping_add_unsigned(self.below(width)),
            Some(_) => low,
            None => low.wrapping_add_unsigned(self.bits(64)),
        }
    }

    /// `uniform(low, high)`.
    pub fn uniform(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.random()
    }

    /// `choice(items)`; nothing of nothing, which Python refuses.
    pub fn choice<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        if items.is_empty() {
            return None;
        }
        items.get(self.below(items.len() as u64) as usize)
    }

    /// `shuffle(items)`.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last as u64 + 1) as usize);
        }
    }

    /// `sample(range(len), count)`: different numbers below `len`. More than there are, which Python refuses, are cut.
    pub fn sample(&mut self, len: usize, count: usize) -> Vec<usize> {
        let count = count.min(len);
        let mut set_size = 21;
        if count > 5 {
            set_size += 4_f64.powf(((count * 3) as f64).log(4.0).ceil()) as usize;
        }
        if len > set_size {
            return self.sample_by_set(len, count);
        }
        let mut pool: Vec<usize> = (0..len).collect();
        (0..count)
            .map(|i| pool.swap_remove(self.below((len - i) as u64) as usize))
            .collect()
    }

    fn sample_by_set(&mut self, len: usize, count: usize) -> Vec<usize> {
        let mut seen = HashSet::with_capacity(count);
        let mut drawn = Vec::with_capacity(count);
        while drawn.len() < count {
            let at = self.below(len as u64) as usize;
            if seen.insert(at) {
                drawn.push(at);
            }
        }
        drawn
    }
}
