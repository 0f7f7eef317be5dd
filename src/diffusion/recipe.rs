//! Everything that decides the pixels of a picture, and the rules that its values obey.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::noise::NoiseSource;
use super::sampler::SamplerKind;
use super::schedule::Schedule;
use crate::prompt::chunks::COMMA_BACKTRACK;

/// A request for pictures, as complete as the file that it makes: the same recipe gives the same pixels.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// What to draw.
    pub prompt: String,
    /// What to avoid.
    pub negative_prompt: String,
    /// The checkpoint, a file or a diffusers folder.
    pub model: PathBuf,
    /// The checkpoint that lends text encoders and VAE where `model` is a UNet by itself; where it is not said, any that fits.
    #[serde(default)]
    pub base: Option<PathBuf>,
    /// A VAE file that takes the place of the checkpoint's. Where none is given, the engine takes the one that is named like the
    /// checkpoint (A1111's "Automatic"), if there is one.
    pub vae: Option<PathBuf>,
    /// The checkpoint's own VAE is wanted, whatever files there are.
    #[serde(default)]
    pub own_vae: bool,
    /// The decoder file of a tiny autoencoder (TAESD) that draws instead of the VAE.
    #[serde(default)]
    pub taesd: Option<PathBuf>,
    /// A second checkpoint that does the last steps.
    #[serde(default)]
    pub refiner: Option<Refiner>,
    /// The method of denoising.
    pub sampler: SamplerKind,
    /// How noise levels are spaced.
    pub schedule: Schedule,
    /// A1111's noise schedule "Zero Terminal SNR": the model's noise levels rescaled until nothing of the picture is left at the first.
    #[serde(default)]
    pub zero_snr: bool,
    /// Number of steps.
    pub steps: usize,
    /// How far guidance pushes from the negative prompt to the prompt; 1 is none.
    pub cfg_scale: f64,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// Seed of the first picture; the others count up from it.
    pub seed: u64,
    /// Pictures drawn at once.
    pub batch_size: usize,
    /// How many batches.
    pub batch_count: usize,
    /// 1 uses the text encoder as it was trained, 2 leaves out its last layer, …
    pub clip_skip: usize,
    /// The generator that noise comes from.
    pub rng: NoiseSource,
    /// A1111's eta noise seed delta, added to the seed for the noise of ancestral steps.
    pub ensd: i64,
    /// How many tokens back a comma may be for a chunk to end at it.
    pub comma_backtrack: usize,
}

/// A checkpoint that takes over from another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refiner {
    /// The checkpoint, a file or a diffusers folder.
    pub model: PathBuf,
    /// After which share of training's timesteps it takes over, 0 to 1; 0.8 leaves the last fifth to it, 1 nothing.
    pub switch_at: f64,
}

/// A value that no picture can be made with.
#[derive(Clone, Debug, PartialEq, Error)]
#[error("{field} is {value}, expected {expected}")]
pub struct Invalid {
    /// The field's name as on the command line.
    pub field: &'static str,
    /// The value given.
    pub value: String,
    /// What it may be.
    pub expected: String,
}

impl Invalid {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        (self.field == "size")
            .then(|| "latents are an eighth of the picture, so both sides are multiples of 8".to_owned())
    }
}

/// A random seed of A1111's range, 0 to 2^32 - 1.
pub fn random_seed() -> u64 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library's hasher is seeded by the system's randomness.
    std::hash::RandomState::new().build_hasher().finish() >> 32
}

impl Recipe {
    /// The largest side in pixels.
    pub const MAX_SIDE: usize = 16_384;

    /// A recipe with A1111's defaults for the given checkpoint and size.
    pub fn new(model: PathBuf, [width, height]: [usize; 2]) -> Self {
        Self {
            prompt: String::new(),
            negative_prompt: String::new(),
            model,
            base: None,
            vae: None,
            own_vae: false,
            taesd: None,
            refiner: None,
            zero_snr: false,
            sampler: SamplerKind::default(),
            schedule: Schedule::Automatic,
            steps: 20,
            cfg_scale: 7.0,
            width,
            height,
            seed: 0,
            batch_size: 1,
            batch_count: 1,
            clip_skip: 1,
            rng: NoiseSource::Nv,
            ensd: 0,
            comma_backtrack: COMMA_BACKTRACK,
        }
    }

    /// Checks every field and returns all that is wrong.
    pub fn check(&self) -> Vec<Invalid> {
        let mut wrong = Vec::new();
        let mut within = |field, value: usize, range: std::ops::RangeInclusive<usize>| {
            if !range.contains(&value) {
                let expected = format!("{} to {}", range.start(), range.end());
                wrong.push(Invalid {
                    field,
                    value: value.to_string(),
                    expected,
                });
            }
        };
        within("steps", self.steps, 1..=1000);
        within("batch", self.batch_size, 1..=64);
        within("count", self.batch_count, 1..=100_000);
        within("clip-skip", self.clip_skip, 1..=12);
        if [self.width, self.height]
            .iter()
            .any(|s| *s == 0 || s % 8 != 0 || *s > Self::MAX_SIDE)
        {
            wrong.push(Invalid {
                field: "size",
                value: format!("{}x{}", self.width, self.height),
                expected: format!("multiples of 8 up to {}", Self::MAX_SIDE),
            });
        }
        let switch_at = self.refiner.as_ref().map_or(0.0, |refiner| refiner.switch_at);
        if !(0.0..=1.0).contains(&switch_at) {
            wrong.push(Invalid {
                field: "refiner-switch-at",
                value: switch_at.to_string(),
                expected: "a number from 0 to 1".to_owned(),
            });
        }
        if !(self.cfg_scale.is_finite() && (-100.0..=1000.0).contains(&self.cfg_scale)) {
            wrong.push(Invalid {
                field: "cfg",
                value: self.cfg_scale.to_string(),
                expected: "a number from -100 to 1000".to_owned(),
            });
        }
        wrong
    }

    /// How many pictures it makes.
    pub fn pictures(&self) -> usize {
        self.batch_size * self.batch_count
    }

    /// The seed of the `index`th picture.
    pub fn seed_of(&self, index: usize) -> u64 {
        self.seed.wrapping_add(index as u64)
    }
}
