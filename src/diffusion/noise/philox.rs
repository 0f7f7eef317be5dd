//! torch's CUDA generator: Philox 4x32-10 (Salmon et al. 2011) with Box and Muller's transform, as A1111's `NV` source has it.
//!
//! A counter of four words and a key of two become four random words. The counter is (draw, 0, index of the value, 0), the key is the
//! seed, and each value takes the first two words of its block. On a GPU that is one thread a value, which torch does for all sizes of
//! latents in use; for larger tensors a GPU's threads take turns and A1111 departs from it, as does this.

/// The generator's state: its key, and how often it was drawn from.
#[derive(Clone, Debug)]
pub(super) struct Philox {
    seed: u64,
    draws: u32,
}

impl Philox {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, draws: 0 }
    }

    pub(super) fn normal(&mut self, len: usize) -> Vec<f32> {
        let draw = self.draws;
        self.draws = draw.wrapping_add(1);
        (0..len)
            .map(|i| box_muller(block([draw, 0, i as u32, 0], self.seed)))
            .collect()
    }
}

/// The four words of a counter under a key.
fn block(mut counter: [u32; 4], key: u64) -> [u32; 4] {
    let mut key = [key as u32, (key >> 32) as u32];
    for _ in 0..10 {
        let [a, b, c, d] = counter;
        let (left, right) = (u64::from(a) * 0xD251_1F53, u64::from(c) * 0xCD9E_8D57);
        counter = [
            (right >> 32) as u32 ^ b ^ key[0],
            right as u32,
            (left >> 32) as u32 ^ d ^ key[1],
            left as u32,
        ];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    counter
}

/// One normal number from the first two words.
///
/// The constants are curand's, rounded to f32; the arithmetic is f64, as numpy's is for A1111. The logarithm sees no 0.
fn box_muller([x, y, ..]: [u32; 4]) -> f32 {
    const SCALE: f32 = 2.328_306_4e-10;
    const TURN: f32 = (2.328_306_4e-10_f64 * 6.283_185_5_f64) as f32;
    let u = f64::from(x) * f64::from(SCALE) + f64::from(SCALE / 2.0);
    let v = f64::from(y) * f64::from(TURN) + f64::from(TURN / 2.0);
    ((-2.0 * u.ln()).sqrt() * v.sin()) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The check vectors of Random123 (`kat_vectors`, philox4x32 10).
    #[test]
    fn words_are_philox() {
        assert_eq!(block([0; 4], 0), [0x6627_E8D5, 0xE169_C58D, 0xBC57_AC4C, 0x9B00_DBD8]);
        assert_eq!(
            block([u32::MAX; 4], u64::MAX),
            [0x408F_276D, 0x41C8_3B0E, 0xA20B_C7C6, 0x6D54_51FD]
        );
    }

    /// The check vector of A1111's imitation, which are a GPU's values; the GPU's sine is good to about 2e-7.
    #[test]
    fn values_are_those_of_a_gpu() {
        let gpu = [
            -0.924_662_6,
            -0.425_344_15,
            -2.643_845_8,
            0.145_183_88,
            -0.120_866_47,
            -0.579_725_6,
            -0.622_851_2,
            -0.328_387_1,
        ];
        for (ours, gpu) in Philox::new(0).normal(12).iter().zip(gpu) {
            assert!((ours - gpu).abs() < 5e-7, "{ours} {gpu}");
        }
    }
}
