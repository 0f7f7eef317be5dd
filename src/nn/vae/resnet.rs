//! The autoencoder's residual block, and the middle that encoder and decoder share.

use burn::module::Module;
use burn::tensor::Tensor;

use super::attention::Attention;
use crate::nn::conv::Conv2d;
use crate::nn::norm::GroupNorm;
use crate::weights::{Error, Scope};

#[derive(Module, Debug)]
pub(super) struct Resnet {
    norm1: GroupNorm,
    conv1: Conv2d,
    norm2: GroupNorm,
    conv2: Conv2d,
    conv_shortcut: Option<Conv2d>,
}

impl Resnet {
    pub(super) fn load(scope: &Scope<'_>, inputs: usize, outputs: usize, groups: usize) -> Result<Self, Error> {
        Ok(Self {
            norm1: GroupNorm::load(&scope.at("norm1"), groups, inputs, 1e-6)?,
            conv1: Conv2d::load(&scope.at("conv1"), inputs, outputs, 3)?,
            norm2: GroupNorm::load(&scope.at("norm2"), groups, outputs, 1e-6)?,
            conv2: Conv2d::load(&scope.at("conv2"), outputs, outputs, 3)?,
            conv_shortcut: if inputs == outputs {
                None
            } else {
                Some(Conv2d::load(&scope.at("conv_shortcut"), inputs, outputs, 1)?)
            },
        })
    }

    /// `[batch, inputs, height, width]` to `[batch, outputs, height, width]`.
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let y = self.conv1.forward(self.norm1.forward_silu(x.clone()));
        let y = self.conv2.forward(self.norm2.forward_silu(y));
        let x = match &self.conv_shortcut {
            Some(conv) => conv.forward(x),
            None => x,
        };
        x + y
    }
}

#[derive(Module, Debug)]
pub(super) struct Middle {
    first: Resnet,
    attention: Attention,
    second: Resnet,
}

impl Middle {
    pub(super) fn load(scope: &Scope<'_>, channels: usize, groups: usize) -> Result<Self, Error> {
        Ok(Self {
            first: Resnet::load(&scope.nth("resnets", 0), channels, channels, groups)?,
            attention: Attention::load(&scope.nth("attentions", 0), channels, groups)?,
            second: Resnet::load(&scope.nth("resnets", 1), channels, channels, groups)?,
        })
    }

    /// `[batch, channels, height, width]` to the same.
    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.second.forward(self.attention.forward(self.first.forward(x)))
    }
}
