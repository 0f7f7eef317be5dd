//! The residual block that takes the time embedding.

use burn::module::Module;
use burn::tensor::Tensor;

use crate::nn::conv::Conv2d;
use crate::nn::linear::Linear;
use crate::nn::norm::GroupNorm;
use crate::weights::{Error, Scope};

#[derive(Module, Debug)]
pub(super) struct Resnet {
    norm1: GroupNorm,
    conv1: Conv2d,
    time_emb_proj: Linear,
    norm2: GroupNorm,
    conv2: Conv2d,
    conv_shortcut: Option<Conv2d>,
}

impl Resnet {
    pub(super) fn load(
        scope: &Scope<'_>,
        inputs: usize,
        outputs: usize,
        embedding: usize,
        groups: usize,
    ) -> Result<Self, Error> {
        Ok(Self {
            norm1: GroupNorm::load(&scope.at("norm1"), groups, inputs, 1e-5)?,
            conv1: Conv2d::load(&scope.at("conv1"), inputs, outputs, 3)?,
            time_emb_proj: Linear::load(&scope.at("time_emb_proj"), embedding, outputs)?,
            norm2: GroupNorm::load(&scope.at("norm2"), groups, outputs, 1e-5)?,
            conv2: Conv2d::load(&scope.at("conv2"), outputs, outputs, 3)?,
            conv_shortcut: if inputs == outputs {
                None
            } else {
                Some(Conv2d::load(&scope.at("conv_shortcut"), inputs, outputs, 1)?)
            },
        })
    }

    /// `[batch, inputs, height, width]` and the activated time embedding `[batch, embedding]` to `[batch, outputs, height, width]`.
    pub(super) fn forward(&self, x: Tensor<4>, embedding: &Tensor<2>) -> Tensor<4> {
        let [batch, ..] = x.dims();
        let time = self.time_emb_proj.forward(embedding.clone());
        let [_, outputs] = time.dims();
        let y = self.conv1.forward(self.norm1.forward_silu(x.clone())) + time.reshape([batch, outputs, 1, 1]);
        let y = self.conv2.forward(self.norm2.forward_silu(y));
        let x = match &self.conv_shortcut {
            Some(conv) => conv.forward(x),
            None => x,
        };
        x + y
    }
}
