//! Noise, schedules and samplers against torch, A1111 and k-diffusion; `tests/reference/{noise,samplers}.py` made the fixtures.

#![allow(clippy::unwrap_used, clippy::float_cmp)]

use burn::tensor::{Device, Tensor, TensorData};
use danlu::diffusion::noise::{Generator, ImageNoise, NoiseSource};
use danlu::diffusion::sampler::ddim::Ddim;
use danlu::diffusion::sampler::euler_ancestral::EulerAncestral;
use danlu::diffusion::sampler::{Denoiser, Noise, Plan, Sampler, SamplerKind, Stop};
use danlu::diffusion::schedule::Schedule;
use danlu::diffusion::sigmas::ModelSigmas;
use safetensors::SafeTensors;
use serde::Deserialize;

fn read(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json<T: for<'de> Deserialize<'de>>(name: &str) -> T {
    serde_json::from_slice(&read(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Equal up to the rounding of a few f32 operations.
#[track_caller]
fn near(ours: f32, theirs: f64, what: &str) {
    assert!(
        (f64::from(ours) - theirs).abs() <= 1e-6 * theirs.abs().max(1e-3),
        "{what}: {ours} is not {theirs}"
    );
}

#[derive(Deserialize)]
struct NoiseFixture {
    streams: Vec<Stream>,
    batches: Vec<Batch>,
}

#[derive(Deserialize)]
struct Stream {
    source: String,
    seed: String,
    draws: Vec<Draw>,
}

#[derive(Deserialize)]
struct Batch {
    source: String,
    seeds: Vec<u64>,
    shape: [usize; 3],
    ensd: i64,
    draws: Vec<Draw>,
}

#[derive(Deserialize)]
struct Draw {
    len: usize,
    values: Vec<(usize, f64)>,
    sum: f64,
}

impl Draw {
    /// Bit for bit: the values listed are equal, and the sum of all of them is.
    #[track_caller]
    fn check(&self, ours: &[f32], what: &str) {
        assert_eq!(ours.len(), self.len, "{what}");
        for (i, value) in &self.values {
            assert_eq!(ours[*i], *value as f32, "{what}, value {i} of {}", self.len);
        }
        let sum: f64 = ours.iter().copied().map(f64::from).sum();
        assert!(
            (sum - self.sum).abs() < 1e-10,
            "{what}, sum of {}: {sum} is not {}",
            self.len,
            self.sum
        );
    }
}

#[test]
fn noise_is_that_of_torch_and_of_a1111() {
    let fixture: NoiseFixture = json("noise.json");
    assert!(fixture.streams.len() >= 42);
    for stream in &fixture.streams {
        let source: NoiseSource = stream.source.parse().unwrap();
        let mut generator = Generator::new(source, stream.seed.parse().unwrap());
        for (i, draw) in stream.draws.iter().enumerate() {
            draw.check(
                &generator.normal(draw.len),
                &format!("{source} seed {}, draw {i}", stream.seed),
            );
        }
    }
}

#[test]
fn batches_draw_as_a1111_does() {
    let fixture: NoiseFixture = json("noise.json");
    assert!(fixture.batches.len() >= 7);
    for batch in &fixture.batches {
        let source: NoiseSource = batch.source.parse().unwrap();
        let mut noise = ImageNoise::new(source, &batch.seeds, batch.shape, batch.ensd);
        for (i, draw) in batch.draws.iter().enumerate() {
            draw.check(
                &noise.next(),
                &format!("{source} seeds {:?} ensd {}, draw {i}", batch.seeds, batch.ensd),
            );
        }
    }
}

#[derive(Deserialize)]
struct ScheduleFixture {
    models: Vec<ModelRow>,
    schedules: Vec<ScheduleRow>,
    timesteps: Vec<TimestepRow>,
}

#[derive(Deserialize)]
struct ModelRow {
    betas: String,
    first: f64,
    last: f64,
    timesteps: usize,
    levels: Vec<(usize, f64, f64)>,
    to_t: Vec<(f32, f64)>,
    to_sigma: Vec<(f32, f64)>,
}

#[derive(Deserialize)]
struct ScheduleRow {
    label: String,
    steps: usize,
    len: usize,
    sigmas: Vec<(usize, f64)>,
}

#[derive(Deserialize)]
struct TimestepRow {
    steps: usize,
    timesteps: Vec<usize>,
}

fn stable_diffusion() -> ModelSigmas {
    ModelSigmas::scaled_linear(0.00085, 0.012, 1000)
}

#[test]
fn levels_are_those_of_k_diffusion() {
    for row in json::<ScheduleFixture>("schedules.json").models {
        let make = if row.betas == "linear" {
            ModelSigmas::linear
        } else {
            ModelSigmas::scaled_linear
        };
        let model = make(row.first, row.last, row.timesteps);
        assert_eq!(model.sigmas().len(), row.timesteps);
        for (t, alpha, sigma) in row.levels {
            near(model.alphas_cumprod()[t], alpha, "alphas_cumprod");
            near(model.sigmas()[t], sigma, "sigma");
        }
        for (sigma, t) in row.to_t {
            near(model.sigma_to_t(sigma), t, "t");
        }
        for (t, sigma) in row.to_sigma {
            near(model.t_to_sigma(t), sigma, "sigma");
        }
    }
}

#[test]
fn schedules_are_those_of_a1111() {
    let (fixture, model): (ScheduleFixture, _) = (json("schedules.json"), stable_diffusion());
    assert!(fixture.schedules.len() >= 88);
    for row in fixture.schedules {
        let ours = row.label.parse::<Schedule>().unwrap().sigmas(row.steps, &model);
        assert_eq!(ours.len(), row.len, "{} {}", row.label, row.steps);
        for (i, sigma) in row.sigmas {
            near(ours[i], sigma, &format!("{} {} sigma {i}", row.label, row.steps));
        }
    }
}

#[test]
fn ddim_visits_the_timesteps_of_a1111() {
    let (fixture, model): (ScheduleFixture, _) = (json("schedules.json"), stable_diffusion());
    for row in fixture.timesteps {
        let plan = SamplerKind::Ddim.sampler().plan(Schedule::Karras, row.steps, &model);
        let ours: Vec<f32> = plan.sigmas().iter().map(|sigma| model.sigma_to_t(*sigma)).collect();
        let theirs: Vec<f32> = row.timesteps.iter().map(|t| *t as f32).collect();
        assert_eq!(ours, theirs, "{} steps", row.steps);
    }
}

const SHAPE: [usize; 3] = [4, 8, 8];
const EVERY: usize = 13;

/// The denoiser of `samplers.py`, which remembers every 13th value of what it is given and of what it answers.
struct Toy {
    bias: Tensor<4>,
    given: Vec<Vec<f32>>,
    answered: Vec<Vec<f32>>,
}

impl Toy {
    fn new() -> Self {
        Self {
            bias: latents(ImageNoise::new(NoiseSource::Nv, &[98, 99], SHAPE, 0).next()),
            given: vec![],
            answered: vec![],
        }
    }
}

impl Denoiser for Toy {
    fn denoise(&mut self, x: Tensor<4>, sigma: f32) -> Result<Tensor<4>, Stop> {
        let c = 1.0 / (1.0 + sigma * sigma).sqrt();
        let denoised = x.clone() * (c * c) + (x.clone() * c + self.bias.clone()).tanh() * (sigma * c);
        self.given.push(thin(x));
        self.answered.push(thin(denoised.clone()));
        Ok(denoised)
    }
}

struct Latents(ImageNoise);

impl Noise for Latents {
    fn next(&mut self) -> Tensor<4> {
        latents(self.0.next())
    }
}

fn latents(values: Vec<f32>) -> Tensor<4> {
    Tensor::from_data(
        TensorData::new(values, [2, SHAPE[0], SHAPE[1], SHAPE[2]]),
        &Device::flex(),
    )
}

fn thin(latents: Tensor<4>) -> Vec<f32> {
    latents
        .into_data()
        .try_to_vec::<f32>()
        .unwrap()
        .into_iter()
        .step_by(EVERY)
        .collect()
}

#[test]
fn trajectories_are_those_of_k_diffusion_and_a1111() {
    let (bytes, model) = (read("samplers.safetensors"), stable_diffusion());
    let fixture = SafeTensors::deserialize(&bytes).unwrap();
    let cases: Vec<&str> = fixture
        .names()
        .into_iter()
        .filter_map(|name| name.strip_suffix("/end"))
        .collect();
    assert!(cases.len() >= 44);
    for case in cases {
        let [name, schedule, steps, eta @ ..] = &case.split('/').collect::<Vec<_>>()[..] else {
            panic!("{case}")
        };
        let sampler: Box<dyn Sampler> = match (name.parse().unwrap(), eta.first()) {
            (SamplerKind::EulerAncestral, Some(eta)) => Box::new(EulerAncestral {
                eta: eta.parse().unwrap(),
            }),
            (SamplerKind::Ddim, Some(eta)) => Box::new(Ddim {
                eta: eta.parse().unwrap(),
            }),
            (kind, _) => kind.sampler(),
        };
        let plan = sampler.plan(schedule.parse().unwrap(), steps.parse().unwrap(), &model);
        let (mut toy, mut noise) = (Toy::new(), Latents(ImageNoise::new(NoiseSource::Nv, &[1, 2], SHAPE, 0)));
        let mut reports = 0;
        let x = sampler.start(noise.next(), &plan);
        let end = sampler
            .sample(x, &plan, &mut toy, &mut noise, &mut |report| {
                assert_eq!(
                    (report.index, report.sigma),
                    (reports, plan.sigmas()[reports]),
                    "{case}"
                );
                reports += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!((toy.given.len(), reports), (calls(&plan), calls(&plan)), "{case}");
        for (what, ours) in [
            ("x", toy.given.concat()),
            ("denoised", toy.answered.concat()),
            ("end", thin(end)),
        ] {
            let tensor = fixture.tensor(&format!("{case}/{what}")).unwrap();
            let theirs: Vec<f32> = bytemuck::pod_collect_to_vec(tensor.data());
            assert_eq!(ours.len(), theirs.len(), "{case} {what}");
            // Not the largest difference, which would leave out what is no number.
            for (i, (a, b)) in ours.iter().zip(&theirs).enumerate() {
                assert!((a - b).abs() <= 1e-4, "{case}: value {i} of {what} is {a}, not {b}");
            }
        }
    }
}

fn calls(plan: &Plan) -> usize {
    plan.intervals().len()
}
