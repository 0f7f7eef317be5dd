//! The Mersenne Twister (Matsumoto and Nishimura 1998): the words that Python's `random` and torch's CPU generator both begin with.

const WORDS: usize = 624;
const MIDDLE: usize = 397;

/// MT19937's state.
#[derive(Clone, Debug)]
pub struct Twister {
    words: [u32; WORDS],
    next: usize,
}

impl Twister {
    /// The state of one seed, as torch and C++ begin.
    pub fn new(seed: u32) -> Self {
        let mut words = [seed; WORDS];
        for i in 1..WORDS {
            let before = words[i - 1];
            words[i] = (before ^ (before >> 30))
                .wrapping_mul(1_812_433_253)
                .wrapping_add(i as u32);
        }
        Self { words, next: WORDS }
    }

    /// The state of a key of one or more words (`init_by_array`), as Python begins.
    pub fn of_key(key: &[u32]) -> Self {
        let mut twister = Self::new(19_650_218);
        let words = &mut twister.words;
        let mut at = 1;
        let mix = |words: &[u32; WORDS], at: usize, factor: u32| {
            let before = words[at - 1];
            words[at] ^ (before ^ before >> 30).wrapping_mul(factor)
        };
        let step = |words: &mut [u32; WORDS], at: &mut usize| {
            *at += 1;
            if *at == WORDS {
                words[0] = words[WORDS - 1];
                *at = 1;
            }
        };
        for i in 0..WORDS.max(key.len()) {
            let of_key = i % key.len();
            words[at] = mix(words, at, 1_664_525)
                .wrapping_add(key[of_key])
                .wrapping_add(of_key as u32);
            step(words, &mut at);
        }
        for _ in 1..WORDS {
            words[at] = mix(words, at, 1_566_083_941).wrapping_sub(at as u32);
            step(words, &mut at);
        }
        words[0] = 0x8000_0000;
        twister
    }

    /// The next 32 random bits.
    pub fn word(&mut self) -> u32 {
        if self.next == WORDS {
            self.twist();
        }
        let mut y = self.words[self.next];
        self.next += 1;
        y ^= y >> 11;
        y ^= y << 7 & 0x9D2C_5680;
        y ^= y << 15 & 0xEFC6_0000;
        y ^ y >> 18
    }

    fn twist(&mut self) {
        for i in 0..WORDS {
            let y = self.words[i] & 0x8000_0000 | self.words[(i + 1) % WORDS] & 0x7FFF_FFFF;
            let odd = if y & 1 == 1 { 0x9908_B0DF } else { 0 };
            self.words[i] = self.words[(i + MIDDLE) % WORDS] ^ y >> 1 ^ odd;
        }
        self.next = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The 10,000th word of seed 5489, by which the C++ standard checks `std::mt19937`.
    #[test]
    fn words_are_the_twister() {
        let mut twister = Twister::new(5489);
        assert_eq!((0..10_000).map(|_| twister.word()).last(), Some(4_123_659_995));
    }

    /// The first words of the authors' `mt19937ar.out`.
    #[test]
    fn a_key_of_words_begins_as_its_authors_say() {
        let mut twister = Twister::of_key(&[0x123, 0x234, 0x345, 0x456]);
        assert_eq!(
            [twister.word(), twister.word(), twister.word()],
            [1_067_595_299, 955_945_823, 477_289_528]
        );
    }
}
