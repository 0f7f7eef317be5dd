//! DPM++ 2M: the multistep method of the second order of Lu et al. 2022 (DPM-Solver++, algorithm 2).

use burn::tensor::Tensor;

use super::{Denoiser, Noise, Plan, Sampler, SamplerKind, StepReport, Stop};

/// k-diffusion's `sample_dpmpp_2m`.
#[derive(Clone, Copy, Debug)]
pub struct Dpmpp2M;

impl Sampler for Dpmpp2M {
    fn kind(&self) -> SamplerKind {
        SamplerKind::Dpmpp2M
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
        // The step before: how long it was in log sigma, and what the denoiser said.
        let mut before: Option<(f32, Tensor<4>)> = None;
        for (index, (sigma, next)) in plan.intervals().enumerate() {
            let denoised = model.denoise(x.clone(), sigma)?;
            on_step(StepReport {
                index,
                of,
                sigma,
                denoised: &denoised,
            })?;
            let (t, t_next) = (-sigma.ln(), -next.ln());
            let h = t_next - t;
            let target = match before {
                Some((h_last, old)) if next > 0.0 => {
                    let ahead = 1.0 / (2.0 * (h_last / h));
                    denoised.clone() * (1.0 + ahead) - old * ahead
                }
                _ => denoised.clone(),
            };
            x = x * ((-t_next).exp() / (-t).exp()) - target * (-h).exp_m1();
            before = Some((h, denoised));
        }
        Ok(x)
    }
}
