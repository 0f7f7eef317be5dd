//! The rows of the form: labels, help, bounds and A1111's defaults.

use crate::diffusion::Recipe;
use crate::diffusion::noise::NoiseSource;
use crate::diffusion::sampler::SAMPLERS;
use crate::diffusion::schedule::SCHEDULES;
use crate::ui::lang::{Text, generate, parameters};
use crate::ui::widgets::form::{Field, Value};

/// The checkpoint.
pub const MODEL: &str = "model";
/// The VAE.
pub const VAE: &str = "vae";
/// The sampler.
pub const SAMPLER: &str = "sampler";
/// The schedule.
pub const SCHEDULE: &str = "schedule";
/// Steps.
pub const STEPS: &str = "steps";
/// CFG scale.
pub const CFG: &str = "cfg";
/// Width in pixels.
pub const WIDTH: &str = "width";
/// Height in pixels.
pub const HEIGHT: &str = "height";
/// The seed.
pub const SEED: &str = "seed";
/// Batches.
pub const BATCH_COUNT: &str = "count";
/// Pictures of a batch.
pub const BATCH_SIZE: &str = "batch";
/// CLIP skip.
pub const CLIP_SKIP: &str = "clip-skip";
/// Where noise comes from.
pub const RNG: &str = "rng";
/// Eta noise seed delta.
pub const ENSD: &str = "ensd";

/// The size before a checkpoint's own is known.
pub const FIRST_SIZE: [usize; 2] = [512, 512];
/// What is shown for the checkpoint's own VAE, in A1111's word as the samplers' names are.
pub const OWN_VAE: &str = "Automatic";
/// Where noise may come from, by the words that A1111 has for it.
pub const NOISE: [(NoiseSource, &str); 2] = [(NoiseSource::Nv, "NV"), (NoiseSource::Cpu, "CPU")];

/// All rows with their defaults.
pub fn all(model: &str) -> Vec<Field> {
    let field = |id, label: Text, help: Text, value| Field { id, label, help, value };
    let whole = |value, min, max, step, big_step| Value::Integer {
        value,
        min,
        max,
        step,
        big_step,
    };
    let side = |value: usize| whole(value as i64, 8, Recipe::MAX_SIDE as i64, 8, 64);
    let choice = |options: Vec<String>| Value::Choice { options, selected: 0 };
    let samplers = SAMPLERS.iter().map(|info| info.name.to_owned()).collect();
    let schedules = SCHEDULES.iter().map(|info| info.label.to_owned()).collect();
    let noise = NOISE.iter().map(|(_, name)| (*name).to_owned()).collect();
    let cfg = Value::Number {
        value: 7.0,
        min: -100.0,
        max: 1000.0,
        step: 0.5,
        big_step: 2.0,
        decimals: 2,
    };
    let [width, height] = FIRST_SIZE;
    vec![
        field(
            MODEL,
            generate::MODEL,
            parameters::MODEL,
            Value::Pick {
                shown: model.to_owned(),
            },
        ),
        field(
            VAE,
            generate::VAE,
            parameters::VAE,
            Value::Pick {
                shown: OWN_VAE.to_owned(),
            },
        ),
        field(SAMPLER, generate::SAMPLER, parameters::SAMPLER, choice(samplers)),
        field(SCHEDULE, generate::SCHEDULE, parameters::SCHEDULE, choice(schedules)),
        field(STEPS, generate::STEPS, parameters::STEPS, whole(20, 1, 1000, 1, 10)),
        field(CFG, generate::CFG, parameters::CFG, cfg),
        field(WIDTH, generate::WIDTH, parameters::WIDTH, side(width)),
        field(HEIGHT, generate::HEIGHT, parameters::HEIGHT, side(height)),
        field(SEED, generate::SEED, parameters::SEED, Value::Seed(None)),
        field(
            BATCH_COUNT,
            generate::BATCH_COUNT,
            parameters::BATCH_COUNT,
            whole(1, 1, 100_000, 1, 10),
        ),
        field(
            BATCH_SIZE,
            generate::BATCH_SIZE,
            parameters::BATCH_SIZE,
            whole(1, 1, 64, 1, 4),
        ),
        field(
            CLIP_SKIP,
            generate::CLIP_SKIP,
            parameters::CLIP_SKIP,
            whole(1, 1, 12, 1, 2),
        ),
        field(RNG, generate::RNG, parameters::RNG, choice(noise)),
        field(
            ENSD,
            generate::ENSD,
            parameters::ENSD,
            whole(0, i64::MIN, i64::MAX, 1, 1000),
        ),
    ]
}
