//! The UNet as samplers see it: "denoise this at that sigma", guided by a prompt and a negative prompt.
//!
//! Owns the preconditioning (k-diffusion's `CompVisDenoiser` and `CompVisVDenoiser`), classifier-free guidance (Ho and Salimans 2022),
//! what models for inpainting read beside the latent, and the moment at which a refiner takes over.

use burn::tensor::Tensor;

use super::conditioning::Conditioning;
use super::model::{Model, Texts};
use super::sampler::{Denoiser, Stop};
use super::sigmas::ModelSigmas;
use crate::nn::unet::Unet;
use crate::weights::architecture::Prediction;

/// A UNet under guidance.
#[derive(Debug)]
pub struct Guided<'a> {
    /// The network.
    pub unet: &'a Unet,
    /// What it predicts.
    pub prediction: Prediction,
    /// Its noise levels.
    pub sigmas: ModelSigmas,
    /// The prompt.
    pub cond: &'a Conditioning,
    /// The negative prompt.
    pub uncond: &'a Conditioning,
    /// How far to go from the one to the other.
    pub cfg_scale: f64,
    /// What a model for inpainting reads beside the latent: mask and masked picture, `[1, 5, h, w]`.
    pub beside: Option<Tensor<4>>,
    /// The model that takes over, until it has.
    pub refiner: Option<Takeover<'a>>,
}

/// A model that is to take over from another.
#[derive(Clone, Copy, Debug)]
pub struct Takeover<'a> {
    /// The model.
    pub model: &'a Model,
    /// The recipe's texts as that model encodes them.
    pub texts: &'a Texts,
    /// After which share of training's timesteps, 0 to 1, counted from the noisiest.
    pub switch_at: f64,
}

impl<'a> Guided<'a> {
    /// A model's UNet under the guidance of a recipe's texts. `beside` is given just to models for inpainting.
    pub fn new(model: &'a Model, texts: &'a Texts, cfg_scale: f64, beside: Option<Tensor<4>>) -> Self {
        Self {
            unet: &model.unet,
            prediction: model.architecture().diffusion.prediction,
            sigmas: model.sigmas().clone(),
            cond: &texts.cond,
            uncond: &texts.uncond,
            cfg_scale,
            beside,
            refiner: None,
        }
    }

    /// Lets the refiner take over once its share of the timesteps is done: A1111's `apply_refiner`. The levels that are still to be
    /// visited stay the first model's.
    fn switch(&mut self, sigma: f32, shape: [usize; 4]) {
        let done = completed(&self.sigmas, sigma);
        if let Some(next) = self.refiner.take_if(|next| done >= next.switch_at as f32) {
            let beside = next.model.beside(shape);
            *self = Self::new(next.model, next.texts, self.cfg_scale, beside);
        }
    }
}

/// The share of the timesteps that lies above a noise level, by the trained level nearest to it.
pub fn completed(sigmas: &ModelSigmas, sigma: f32) -> f32 {
    let distance = |level: &f32| (level - sigma).abs();
    let nearest = sigmas.sigmas().iter().enumerate();
    let nearest = nearest.min_by(|a, b| distance(a.1).total_cmp(&distance(b.1)));
    let last = sigmas.sigmas().len() - 1;
    (last - nearest.map_or(0, |(t, _)| t)) as f32 / (last + 1) as f32
}

impl Denoiser for Guided<'_> {
    fn denoise(&mut self, x: Tensor<4>, sigma: f32) -> Result<Tensor<4>, Stop> {
        self.switch(sigma, x.dims());
        // Without guidance the negative prompt has no say.
        if (self.cfg_scale - 1.0).abs() < f64::EPSILON {
            return Ok(self.predict(x, sigma, &[self.cond]));
        }
        let [batch, ..] = x.dims();
        let (cond, uncond) = if self.cond.context.dims() == self.uncond.context.dims() {
            let both = self.predict(x, sigma, &[self.cond, self.uncond]);
            (both.clone().narrow(0, 0, batch), both.narrow(0, batch, batch))
        } else {
            (
                self.predict(x.clone(), sigma, &[self.cond]),
                self.predict(x, sigma, &[self.uncond]),
            )
        };
        Ok(uncond.clone() + (cond - uncond) * self.cfg_scale)
    }
}

impl Guided<'_> {
    /// The denoised latents of `x` `[batch, 4, h, w]` under each conditioning, one below the other `[conds * batch, 4, h, w]`.
    fn predict(&self, x: Tensor<4>, sigma: f32, conds: &[&Conditioning]) -> Tensor<4> {
        let [batch, ..] = x.dims();
        let rows = batch * conds.len();
        let x = x.repeat_dim(0, conds.len());
        let context = Tensor::cat(
            conds.iter().map(|c| c.context.clone().repeat_dim(0, batch)).collect(),
            0,
        );
        let y: Option<Vec<_>> = conds
            .iter()
            .map(|c| c.y.as_ref().map(|y| y.clone().repeat_dim(0, batch)))
            .collect();
        let timesteps = vec![self.sigmas.sigma_to_t(sigma); rows];
        let mut scaled = x.clone() * (1.0 / (sigma * sigma + 1.0).sqrt());
        if let Some(beside) = &self.beside {
            scaled = Tensor::cat(vec![scaled, beside.clone().repeat_dim(0, rows)], 1);
        }
        let prediction = self
            .unet
            .forward(scaled, &timesteps, &context, y.map(|y| Tensor::cat(y, 0)));
        denoised(self.prediction, x, prediction, sigma)
    }
}

/// The picture that a prediction for `x` at `sigma` stands for.
fn denoised(kind: Prediction, x: Tensor<4>, prediction: Tensor<4>, sigma: f32) -> Tensor<4> {
    match kind {
        Prediction::Epsilon => x - prediction * sigma,
        Prediction::V => {
            let variance = sigma * sigma + 1.0;
            x * (1.0 / variance) - prediction * (sigma / variance.sqrt())
        }
    }
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    /// A network that predicts perfectly gives the picture back, whatever it predicts.
    #[test]
    fn perfect_predictions_give_the_picture() {
        let random = || Tensor::<4>::random([1, 4, 3, 5], Distribution::Normal(0.0, 1.0), &Device::flex());
        let (picture, noise) = (random(), random());
        for sigma in [0.03_f32, 1.0, 14.6] {
            let x = picture.clone() + noise.clone() * sigma;
            // Salimans and Ho: v = alpha noise - sigma picture, where alpha^2 + sigma^2 = 1.
            let alpha = 1.0 / (sigma * sigma + 1.0).sqrt();
            let velocity = noise.clone() * alpha - picture.clone() * (alpha * sigma);
            for (kind, prediction) in [(Prediction::Epsilon, noise.clone()), (Prediction::V, velocity)] {
                let found = denoised(kind, x.clone(), prediction, sigma);
                let off = (found - picture.clone()).abs().max().into_scalar::<f32>();
                assert!(off < 1e-5, "{kind:?} at {sigma}: off by {off}");
            }
        }
    }
}
