//! Self-attention with one head over all pixels of a latent.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::nn::kernels;
use crate::nn::linear::Linear;
use crate::nn::norm::GroupNorm;
use crate::weights::{Error, Scope};

#[derive(Module, Debug)]
pub(super) struct Attention {
    group_norm: GroupNorm,
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    to_out: Linear,
}

impl Attention {
    pub(super) fn load(scope: &Scope<'_>, channels: usize, groups: usize) -> Result<Self, Error> {
        let linear = |scope: Scope<'_>| Linear::load(&scope, channels, channels);
        Ok(Self {
            group_norm: GroupNorm::load(&scope.at("group_norm"), groups, channels, 1e-6)?,
            to_q: linear(scope.at("to_q"))?,
            to_k: linear(scope.at("to_k"))?,
            to_v: linear(scope.at("to_v"))?,
            to_out: linear(scope.nth("to_out", 0))?,
        })
    }

    /// `[batch, channels, height, width]` to the same.
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        let pixels = self
            .group_norm
            .forward(x.clone())
            .reshape([batch, channels, height * width])
            .swap_dims(1, 2);
        let (q, k, v) = (
            self.to_q.forward(pixels.clone()),
            self.to_k.forward(pixels.clone()),
            self.to_v.forward(pixels),
        );
        let y = self.to_out.forward(kernels::attention(q, k, v, 1, false));
        x + y.swap_dims(1, 2).reshape([batch, channels, height, width])
    }
}
