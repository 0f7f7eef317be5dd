//! DDIM (Song et al. 2021) over the model's timesteps, as A1111 has it.
//!
//! Written for latents of constant variance, `sqrt(a) * picture + sqrt(1 - a) * noise`. Divided by `sqrt(a)` these are latents as other
//! samplers have them with sigma `sqrt((1 - a) / a)`, and a DDIM step becomes an ancestral Euler step, plain Euler at eta 0: nothing is
//! left of DDIM but its levels and the scaling at both ends.

use burn::tensor::Tensor;

use super::euler_ancestral::EulerAncestral;
use super::{Denoiser, Noise, Plan, Sampler, SamplerKind, StepReport, Stop};

/// A1111's `ddim`.
///
/// Its last step ends at the lowest timestep instead of 0, and what it returns still has that little noise. At one step there is nothing
/// between the first timestep and the last, and the noise comes back as it was.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ddim {
    /// How much of the noise is fresh, 0 (none) to 1. At 0 no noise is drawn.
    pub eta: f32,
}

impl Sampler for Ddim {
    fn kind(&self) -> SamplerKind {
        SamplerKind::Ddim
    }

    fn start(&self, noise: Tensor<4>, plan: &Plan) -> Tensor<4> {
        noise * one_by_sqrt_alpha(plan.first())
    }

    fn sample(
        &self,
        x: Tensor<4>,
        plan: &Plan,
        model: &mut dyn Denoiser,
        noise: &mut dyn Noise,
        on_step: &mut dyn FnMut(StepReport<'_>) -> Result<(), Stop>,
    ) -> Result<Tensor<4>, Stop> {
        let x = EulerAncestral { eta: self.eta }.sample(x, plan, model, noise, on_step)?;
        Ok(x / one_by_sqrt_alpha(plan.last()))
    }
}

fn one_by_sqrt_alpha(sigma: f32) -> f32 {
    (1.0 + sigma * sigma).sqrt()
}
