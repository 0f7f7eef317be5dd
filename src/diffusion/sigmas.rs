//! The noise levels that a model was trained on.
//!
//! A level has two names: sigma, the standard deviation of the noise on a latent of unit scale, and t, the timestep that the network is told.
//! Owns the way from one to the other, k-diffusion's `DiscreteSchedule` without quantisation, so that t has a fraction. Which levels a
//! picture visits is [`super::schedule`]'s business, to be read next.

use thiserror::Error;

/// Training's noise levels, one a timestep, rising.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelSigmas {
    alphas_cumprod: Vec<f32>,
    sigmas: Vec<f32>,
    log_sigmas: Vec<f32>,
}

/// Numbers that are no noise levels.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum Error {
    /// There is nothing to interpolate between.
    #[error("alphas_cumprod has {0} values, expected at least 2")]
    TooFew(usize),
    /// The noise does not rise from step to step.
    #[error("alphas_cumprod[{index}] is {value}, expected a number above 0 and below the {before} before it")]
    NotFalling {
        /// The first position at fault.
        index: usize,
        /// The value there.
        value: f32,
        /// The value before it, 1 at the beginning.
        before: f32,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some("the noise schedule in the checkpoint is damaged; use another copy of the file".to_owned())
    }
}

impl ModelSigmas {
    /// Betas whose square roots lie evenly between those of the first and the last: LDM's `linear`, diffusers' `scaled_linear`.
    ///
    /// For 0 < `first` < `last` < 1; fewer than two `timesteps` are taken for two.
    pub fn scaled_linear(first: f64, last: f64, timesteps: usize) -> Self {
        Self::from_betas(evenly(first.sqrt(), last.sqrt(), timesteps).map(|root| root * root))
    }

    /// Betas that lie evenly between the first and the last: DDPM's and diffusers' `linear`, LDM's `sqrt_linear`.
    ///
    /// For 0 < `first` < `last` < 1; fewer than two `timesteps` are taken for two.
    pub fn linear(first: f64, last: f64, timesteps: usize) -> Self {
        Self::from_betas(evenly(first, last, timesteps))
    }

    /// From the share of the picture's variance that is left at each timestep.
    ///
    /// # Errors
    /// When there are fewer than two, or they do not fall within 1 to 0.
    pub fn from_alphas_cumprod(alphas_cumprod: Vec<f32>) -> Result<Self, Error> {
        if alphas_cumprod.len() < 2 {
            return Err(Error::TooFew(alphas_cumprod.len()));
        }
        let mut before = 1.0;
        for (index, &value) in alphas_cumprod.iter().enumerate() {
            if !(value > 0.0 && value < before) {
                return Err(Error::NotFalling { index, value, before });
            }
            before = value;
        }
        Ok(Self::new(alphas_cumprod))
    }

    /// LDM multiplies in f64 and keeps f32.
    fn from_betas(betas: impl Iterator<Item = f64>) -> Self {
        let products = betas.scan(1.0, |product, beta| {
            *product *= 1.0 - beta;
            Some(*product as f32)
        });
        Self::new(products.collect())
    }

    fn new(alphas_cumprod: Vec<f32>) -> Self {
        let sigmas: Vec<f32> = alphas_cumprod
            .iter()
            .map(|alpha| ((1.0 - alpha) / alpha).sqrt())
            .collect();
        let log_sigmas = sigmas.iter().map(|sigma| sigma.ln()).collect();
        Self {
            alphas_cumprod,
            sigmas,
            log_sigmas,
        }
    }

    /// The same levels rescaled so that (nearly) nothing of the picture is left at the last timestep (Lin et al. 2024, algorithm 1), with
    /// A1111's value for the last, which is not quite 0.
    #[must_use]
    pub fn zero_terminal_snr(&self) -> Self {
        const LAST: f32 = 4.897_345_3e-8;
        let roots: Vec<f32> = self.alphas_cumprod.iter().map(|alpha| alpha.sqrt()).collect();
        let (first, last) = (roots[0], roots[self.last()]);
        let scale = first / (first - last);
        let mut alphas: Vec<f32> = roots.iter().map(|root| ((root - last) * scale).powi(2)).collect();
        alphas[self.last()] = LAST;
        Self::new(alphas)
    }

    /// The share of the picture's variance that is left at each timestep, falling.
    pub fn alphas_cumprod(&self) -> &[f32] {
        &self.alphas_cumprod
    }

    /// The noise level of each timestep, rising: `sqrt((1 - alpha) / alpha)`.
    pub fn sigmas(&self) -> &[f32] {
        &self.sigmas
    }

    /// The lowest level.
    pub fn sigma_min(&self) -> f32 {
        self.sigmas[0]
    }

    /// The highest level.
    pub fn sigma_max(&self) -> f32 {
        self.sigmas[self.last()]
    }

    /// The highest timestep.
    pub(super) fn last(&self) -> usize {
        self.sigmas.len() - 1
    }

    /// The timestep of a noise level, with a fraction where it lies between two; straight in the level's logarithm.
    ///
    /// Levels beyond the trained ones have the first or the last timestep.
    pub fn sigma_to_t(&self, sigma: f32) -> f32 {
        let log_sigma = sigma.ln();
        let not_above = self.log_sigmas.partition_point(|level| *level <= log_sigma);
        let low = not_above.saturating_sub(1).min(self.last() - 1);
        let (below, above) = (self.log_sigmas[low], self.log_sigmas[low + 1]);
        let w = ((below - log_sigma) / (below - above)).clamp(0.0, 1.0);
        (1.0 - w) * low as f32 + w * (low + 1) as f32
    }

    /// The noise level of a timestep, which may have a fraction; the inverse of [`Self::sigma_to_t`].
    ///
    /// Timesteps beyond the trained ones are taken for the first or the last.
    pub fn t_to_sigma(&self, t: f32) -> f32 {
        let t = t.clamp(0.0, self.last() as f32);
        let w = t.fract();
        let (below, above) = (self.log_sigmas[t.floor() as usize], self.log_sigmas[t.ceil() as usize]);
        ((1.0 - w) * below + w * above).exp()
    }
}

/// `count` numbers from `first` to `last`, at least these two.
fn evenly(first: f64, last: f64, count: usize) -> impl Iterator<Item = f64> {
    let gaps = count.max(2) - 1;
    (0..=gaps).map(move |i| first + (last - first) * i as f64 / gaps as f64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]
    use super::*;

    #[test]
    fn stable_diffusion_has_its_known_range() {
        let model = ModelSigmas::scaled_linear(0.00085, 0.012, 1000);
        assert!((model.sigma_min() - 0.029_167_55).abs() < 1e-7 && (model.sigma_max() - 14.614_64).abs() < 1e-4);
    }

    #[test]
    fn timesteps_survive_the_way_there_and_back() {
        let model = ModelSigmas::linear(0.0001, 0.02, 1000);
        for (t, sigma) in model.sigmas().iter().enumerate() {
            assert_eq!(model.sigma_to_t(*sigma), t as f32);
        }
        assert!((model.sigma_to_t(model.t_to_sigma(500.25)) - 500.25).abs() < 1e-3);
    }

    #[test]
    fn levels_outside_are_held() {
        let model = ModelSigmas::scaled_linear(0.00085, 0.012, 10);
        for (sigma, t) in [(0.0, 0.0), (-1.0, 0.0), (1e-6, 0.0), (1e6, 9.0), (f32::INFINITY, 9.0)] {
            assert_eq!(model.sigma_to_t(sigma).max(0.0), t, "{sigma}");
        }
        assert_eq!(model.t_to_sigma(f32::MAX), model.t_to_sigma(9.0));
        assert!(model.t_to_sigma(f32::NAN).is_nan());
    }

    #[test]
    fn what_is_no_schedule_is_named() {
        let error = |alphas: &[f32]| {
            ModelSigmas::from_alphas_cumprod(alphas.to_vec())
                .unwrap_err()
                .to_string()
        };
        assert_eq!(error(&[0.5]), "alphas_cumprod has 1 values, expected at least 2");
        assert_eq!(
            error(&[0.9, 0.9]),
            "alphas_cumprod[1] is 0.9, expected a number above 0 and below the 0.9 before it"
        );
        assert_eq!(
            error(&[0.9, f32::NAN]),
            "alphas_cumprod[1] is NaN, expected a number above 0 and below the 0.9 before it"
        );
        let whole = ModelSigmas::scaled_linear(0.00085, 0.012, 1000);
        assert_eq!(
            ModelSigmas::from_alphas_cumprod(whole.alphas_cumprod().to_vec()),
            Ok(whole)
        );
    }
}
