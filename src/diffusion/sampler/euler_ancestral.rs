//! Euler a: straight steps below the next noise level, and fresh noise to come back up to it.

use burn::tensor::Tensor;

use super::{Denoiser, Noise, Plan, Sampler, SamplerKind, StepReport, Stop, euler_step};

/// k-diffusion's `sample_euler_ancestral`.
#[derive(Clone, Copy, Debug)]
pub struct EulerAncestral {
    /// How much of the noise is fresh, 0 (none, Euler) to 1.
    pub eta: f32,
}

impl Default for EulerAncestral {
    fn default() -> Self {
        Self { eta: 1.0 }
    }
}

impl Sampler for EulerAncestral {
    fn kind(&self) -> SamplerKind {
        SamplerKind::EulerAncestral
    }

    fn sample(
        &self,
        mut x: Tensor<4>,
        plan: &Plan,
        model: &mut dyn Denoiser,
        noise: &mut dyn Noise,
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
            let (down, up) = ancestral_step(sigma, next, self.eta);
            x = euler_step(x, denoised, sigma, down);
            // k-diffusion draws for eta 0 too and multiplies by 0.
            if next > 0.0 && self.eta != 0.0 {
                x = x + noise.next() * up;
            }
        }
        Ok(x)
    }
}

/// The level to step down to, and how much noise leads from there to the next level: k-diffusion's `get_ancestral_step`.
fn ancestral_step(from: f32, to: f32, eta: f32) -> (f32, f32) {
    if eta == 0.0 {
        return (to, 0.0);
    }
    let (from, to) = (from * from, to * to);
    let up = to.sqrt().min(eta * (to * (from - to) / from).sqrt());
    ((to - up * up).sqrt(), up)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_two_parts_make_the_level() {
        for (from, to, eta) in [
            (14.6, 9.7, 1.0),
            (1.0, 0.5, 0.5),
            (0.5, 0.0, 1.0),
            (2.0, 1.0, 5.0),
            (2.0, 1.0, 0.0),
        ] {
            let (down, up) = ancestral_step(from, to, eta);
            assert!(
                (down.hypot(up) - to).abs() < 1e-6 && up <= to,
                "{from} {to} {eta}: {down} {up}"
            );
        }
    }
}
