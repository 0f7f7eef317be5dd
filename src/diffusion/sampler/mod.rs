//! Samplers: from noise to a latent, in steps.
//!
//! A [`Sampler`] sees three things only: a [`Plan`] of noise levels, a [`Denoiser`] that says what the picture is at a level, and a
//! [`Noise`] source. It knows no prompt, no network and no screen. Latents are in k-diffusion's scaling, picture plus sigma times noise,
//! also in samplers that their authors wrote over timesteps.
//!
//! [`kind`] is the table of samplers by A1111's names, [`plan`] how their levels are chosen; each method has a file of its own. Scalars
//! are computed on the host in f32, as k-diffusion's are, tensors on whatever device they are on.

pub mod ddim;
pub mod dpmpp_2m;
pub mod euler;
pub mod euler_ancestral;
pub mod kind;
pub mod plan;

use std::error::Error;
use std::fmt;

use burn::tensor::Tensor;
use thiserror::Error;

use super::schedule::Schedule;
use super::sigmas::ModelSigmas;
pub use kind::{SAMPLERS, SamplerInfo, SamplerKind, UnknownSampler, parse_sampler};
pub use plan::{Levels, Plan};

/// A model, guidance included.
pub trait Denoiser {
    /// The picture that the model sees in `x` `[batch, channels, height, width]`, which is a picture plus `sigma` times noise.
    ///
    /// # Errors
    /// When the work is to stop.
    fn denoise(&mut self, x: Tensor<4>, sigma: f32) -> Result<Tensor<4>, Stop>;
}

/// Where noise between steps comes from.
pub trait Noise {
    /// The next normal noise, shaped like the latents.
    fn next(&mut self) -> Tensor<4>;
}

/// What a sampler says after each call of the denoiser.
#[derive(Clone, Copy, Debug)]
pub struct StepReport<'a> {
    /// Which call it was, from 0.
    pub index: usize,
    /// How many calls there are, which is not always the number of steps asked for.
    pub of: usize,
    /// The noise level of the call.
    pub sigma: f32,
    /// What the denoiser answered.
    pub denoised: &'a Tensor<4>,
}

/// A method of getting from noise to a latent.
pub trait Sampler: fmt::Debug + Send + Sync {
    /// Its row of the table.
    fn kind(&self) -> SamplerKind;

    /// The levels that it visits for a number of steps, 1 to 1000.
    fn plan(&self, schedule: Schedule, steps: usize, model: &ModelSigmas) -> Plan {
        self.kind().info().levels.plan(schedule, steps, model)
    }

    /// Normal noise as the first step takes it.
    fn start(&self, noise: Tensor<4>, plan: &Plan) -> Tensor<4> {
        noise * plan.first()
    }

    /// Denoises `x` along the plan. `on_step` hears of every step and may end the work.
    ///
    /// # Errors
    /// What the denoiser or `on_step` stops with.
    fn sample(
        &self,
        x: Tensor<4>,
        plan: &Plan,
        model: &mut dyn Denoiser,
        noise: &mut dyn Noise,
        on_step: &mut dyn FnMut(StepReport<'_>) -> Result<(), Stop>,
    ) -> Result<Tensor<4>, Stop>;
}

/// Why sampling ended early.
#[derive(Debug, Error)]
pub enum Stop {
    /// Somebody asked for it.
    #[error("cancelled")]
    Cancelled,
    /// The model or the device failed.
    #[error(transparent)]
    Failed(Box<dyn Error + Send + Sync>),
}

impl Stop {
    /// Stops for an error.
    pub fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Failed(error.into())
    }
}

/// One Euler step: along the line from `x` through the denoised picture, from one noise level to another.
fn euler_step(x: Tensor<4>, denoised: Tensor<4>, from: f32, to: f32) -> Tensor<4> {
    let slope = (x.clone() - denoised) / from;
    x + slope * (to - from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use burn::tensor::Device;

    use super::*;

    struct Halve;

    impl Denoiser for Halve {
        fn denoise(&mut self, x: Tensor<4>, sigma: f32) -> Result<Tensor<4>, Stop> {
            if sigma < 0.2 {
                Err(Stop::failed("out of memory"))
            } else {
                Ok(x * 0.5)
            }
        }
    }

    struct Zeros;

    impl Noise for Zeros {
        fn next(&mut self) -> Tensor<4> {
            Tensor::zeros([1, 1, 2, 2], &Device::flex())
        }
    }

    #[test]
    fn every_sampler_reports_and_stops() {
        let model = ModelSigmas::scaled_linear(0.00085, 0.012, 1000);
        for row in &SAMPLERS {
            let sampler = row.kind.sampler();
            assert_eq!(sampler.kind(), row.kind);
            let plan = sampler.plan(Schedule::Automatic, 100, &model);
            let mut heard = Vec::new();
            let mut run = |last: usize| {
                let x = sampler.start(Zeros.next() + 1.0, &plan);
                sampler.sample(x, &plan, &mut Halve, &mut Zeros, &mut |report| {
                    heard.push((report.index, report.of));
                    if report.index == last {
                        Err(Stop::Cancelled)
                    } else {
                        Ok(())
                    }
                })
            };
            assert!(matches!(run(2).unwrap_err(), Stop::Cancelled), "{}", row.name);
            assert_eq!(
                run(usize::MAX).unwrap_err().to_string(),
                "out of memory",
                "{}",
                row.name
            );
            let of = plan.intervals().len();
            assert_eq!(heard[..4], [(0, of), (1, of), (2, of), (0, of)], "{}", row.name);
        }
    }
}
