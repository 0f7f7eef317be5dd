//! The feed-forward network of a transformer block, with a gated GELU (Shazeer 2020).

use burn::module::Module;
use burn::tensor::Tensor;

use crate::nn::kernels;
use crate::nn::linear::Linear;
use crate::weights::{Error, Scope};

#[derive(Module, Debug)]
pub(super) struct FeedForward {
    proj: Linear,
    out: Linear,
}

impl FeedForward {
    pub(super) fn load(scope: &Scope<'_>, width: usize) -> Result<Self, Error> {
        let inner = 4 * width;
        Ok(Self {
            proj: Linear::load(&scope.nth("net", 0).at("proj"), width, 2 * inner)?,
            out: Linear::load(&scope.nth("net", 2), inner, width)?,
        })
    }

    /// `[batch, pixels, width]` to the same.
    pub(super) fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        self.out.forward(kernels::geglu(self.proj.forward(x)))
    }
}
