//! Euler: straight steps (Karras et al. 2022, algorithm 2 without churn).

use burn::tensor::Tensor;

use super::{Denoiser, Noise, Plan, Sampler, SamplerKind, StepReport, Stop, euler_step};

/// k-diffusion's `sample_euler` with `s_churn` 0, which adds no noise.
#[derive(Clone, Copy, Debug)]
pub struct Euler;

impl Sampler for Euler {
    fn kind(&self) -> SamplerKind {
        SamplerKind::Euler
    }

    fn sample(
        &self,
        mut x: Tensor<4>,
        plan: &Plan,
        model: &mut dyn Denoiser,
        _: &mut dyn Noise,
        on_step: &mut dyn FnMut(StepReport<'_>) -> Result<(), Stop>,
    ) -> Result<Tensor<4>, Stop> {
        let of = plan.intervals().len();
        for (index, (sigma, next)) in plan.intervals().enumerate() {
            let denoised = model.denoise(x.clone(), sigma)?;
            on_step(StepReport {
                index,
                of,
                sigma,
                denoised: &denoised,
            })?;
            x = euler_step(x, denoised, sigma, next);
        }
        Ok(x)
    }
}
