//! Noise for a batch of pictures, one generator a picture: A1111's `ImageRNG`.
//!
//! Each picture draws from its own seed, so a picture is the same alone and in a batch. The first draw is what a picture starts from; the
//! later ones are what samplers add between steps, and they may come from another seed: A1111's "eta noise seed delta" (ENSD).
//! Variation seeds and resized seeds are changes to the first draw alone; their place is [`ImageNoise::first`].

use super::{Generator, NoiseSource};

/// The noise of a batch of latents.
#[derive(Clone, Debug)]
pub struct ImageNoise {
    source: NoiseSource,
    seeds: Vec<u64>,
    ensd: i64,
    len: usize,
    generators: Vec<Generator>,
    fresh: bool,
}

impl ImageNoise {
    /// Noise for one picture a seed, of the given `[channels, height, width]`.
    ///
    /// Unless `ensd` is 0, all draws but the first come from the seed plus `ensd`, in the arithmetic of 64 bits: below seed 0 follows the
    /// largest, as it does for torch and numpy.
    pub fn new(source: NoiseSource, seeds: &[u64], shape: [usize; 3], ensd: i64) -> Self {
        Self {
            source,
            seeds: seeds.to_vec(),
            ensd,
            len: shape.iter().product(),
            generators: seeds.iter().map(|seed| Generator::new(source, *seed)).collect(),
            fresh: true,
        }
    }

    /// What the pictures start from, `[batch, channels, height, width]` in row-major order.
    pub fn first(&mut self) -> Vec<f32> {
        self.fresh = false;
        let values = self.draw();
        if self.ensd != 0 {
            let step_seeds = self.seeds.iter().map(|seed| seed.wrapping_add_signed(self.ensd));
            self.generators = step_seeds.map(|seed| Generator::new(self.source, seed)).collect();
        }
        values
    }

    /// The next draw, shaped as [`Self::first`], which is what it gives the first time.
    #[expect(clippy::should_implement_trait, reason = "the draws have no end")]
    pub fn next(&mut self) -> Vec<f32> {
        if self.fresh { self.first() } else { self.draw() }
    }

    fn draw(&mut self) -> Vec<f32> {
        self.generators
            .iter_mut()
            .flat_map(|generator| generator.normal(self.len))
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(seeds: &[u64], ensd: i64) -> ImageNoise {
        ImageNoise::new(NoiseSource::Nv, seeds, [1, 2, 2], ensd)
    }

    #[test]
    fn a_batch_is_its_members() {
        let (mut both, mut one, mut other) = (noise(&[7, 1], 0), noise(&[7], 0), noise(&[1], 0));
        for _ in 0..3 {
            assert_eq!(both.next(), [one.next(), other.next()].concat());
        }
    }

    #[test]
    fn the_delta_changes_later_draws_only() {
        let (mut plain, mut moved, mut target) = (noise(&[5], 0), noise(&[5], -6), noise(&[u64::MAX], 0));
        assert_eq!(plain.first(), moved.first());
        assert_eq!(moved.next(), target.first());
        assert_eq!(moved.next(), target.next());
        assert_ne!(plain.next(), moved.next());
    }
}
