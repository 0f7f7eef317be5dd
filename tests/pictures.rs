//! Whole pictures from the shipped checkpoint against diffusers and k-diffusion.
//!
//! `tests/reference/pictures.py` draws them with A1111's noise, emphasis, chunks and rounding. The bar is 45 dB; both sides
//! compute in f32 and differ by rounding alone, so no byte may be off by more than 2, and few by any (measured: 1).
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use burn::tensor::{DType, Device};
use danlu::diffusion::inversions::Embeddings;
use danlu::diffusion::pixels::Picture;
use danlu::diffusion::sampler::parse_sampler;
use danlu::diffusion::txt2img::draw;
use danlu::diffusion::{Model, Recipe};
use danlu::weights::Checkpoint;
use serde::Deserialize;
use support::{fixtures, shipped};

#[derive(Deserialize)]
struct Case {
    file: String,
    prompt: String,
    negative_prompt: String,
    sampler: String,
    schedule: String,
    steps: usize,
    cfg: f64,
    width: usize,
    height: usize,
    seed: u64,
    rng: String,
    ensd: i64,
    clip_skip: usize,
}

impl Case {
    fn recipe(&self) -> Recipe {
        Recipe {
            prompt: self.prompt.clone(),
            negative_prompt: self.negative_prompt.clone(),
            sampler: parse_sampler(&self.sampler).unwrap().0,
            schedule: self.schedule.parse().unwrap(),
            steps: self.steps,
            cfg_scale: self.cfg,
            seed: self.seed,
            rng: self.rng.parse().unwrap(),
            ensd: self.ensd,
            clip_skip: self.clip_skip,
            ..Recipe::new(shipped(), [self.width, self.height])
        }
    }
}

fn model() -> Model {
    Model::load(
        &Checkpoint::open(&shipped()).unwrap(),
        &Device::flex(),
        DType::F32,
        |_| {},
        &|| false,
    )
    .unwrap()
}

/// Peak signal-to-noise ratio in dB, and the largest difference of a byte.
fn compare(found: &Picture, expected: &image::RgbImage) -> (f64, u8) {
    assert_eq!(
        (found.width, found.height),
        (expected.width() as usize, expected.height() as usize)
    );
    let differences = || found.rgb.iter().zip(expected.as_raw()).map(|(a, b)| a.abs_diff(*b));
    let squares: f64 = differences().map(|d| f64::from(d).powi(2)).sum();
    let psnr = 10.0 * (255.0_f64.powi(2) * found.rgb.len() as f64 / squares).log10();
    (psnr, differences().max().unwrap())
}

#[test]
fn pictures_are_the_references() {
    let folder = fixtures().join("pictures");
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(folder.join("cases.json")).unwrap()).unwrap();
    assert!(cases.len() >= 10);
    let model = model();
    let mut report = String::new();
    let mut good = true;
    for case in &cases {
        let found = draw(
            &model,
            &case.recipe(),
            &model.texts(&case.recipe(), &Embeddings::default()),
            0,
            &mut |_| Ok(()),
        )
        .unwrap();
        let expected = image::open(folder.join(&case.file)).unwrap().to_rgb8();
        let (psnr, largest) = compare(&found[0], &expected);
        good &= psnr > 45.0 && largest <= 2;
        report += &format!("{}: {psnr:.1} dB, largest difference {largest}\n", case.file);
    }
    assert!(good, "\n{report}");
}

/// A picture does not depend on the batch that it was drawn in.
#[test]
fn a_batch_draws_what_its_pictures_draw_alone() {
    let model = model();
    let mut recipe = Recipe::new(shipped(), [128, 64]);
    recipe.prompt = "owl, twemoji, pink background".to_owned();
    recipe.sampler = parse_sampler("Euler a").unwrap().0;
    (recipe.steps, recipe.seed, recipe.batch_size) = (6, 5, 3);
    let batch = draw(
        &model,
        &recipe,
        &model.texts(&recipe, &Embeddings::default()),
        0,
        &mut |_| Ok(()),
    )
    .unwrap();
    recipe.batch_size = 1;
    for (i, together) in batch.iter().enumerate() {
        let alone = &draw(
            &model,
            &recipe,
            &model.texts(&recipe, &Embeddings::default()),
            i,
            &mut |_| Ok(()),
        )
        .unwrap()[0];
        let largest = together
            .rgb
            .iter()
            .zip(&alone.rgb)
            .map(|(a, b)| a.abs_diff(*b))
            .max()
            .unwrap();
        assert!(largest <= 1, "picture {i} differs by {largest}");
    }
    assert_ne!(batch[0], batch[1]);
}
