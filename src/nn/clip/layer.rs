//! One layer of CLIP's transformer: causal self-attention and a feed-forward network, each behind a layer norm.

use burn::module::Module;
use burn::tensor::{Tensor, activation};

use crate::nn::kernels;
use crate::nn::linear::Linear;
use crate::nn::norm::LayerNorm;
use crate::weights::architecture::{Activation, TextEncoder};
use crate::weights::{Error, Scope};

#[derive(Module, Debug)]
pub(super) struct Layer {
    layer_norm1: LayerNorm,
    q_proj: Linear,
    k_proj: Linear,
    v_proj: Linear,
    out_proj: Linear,
    layer_norm2: LayerNorm,
    fc1: Linear,
    fc2: Linear,
    heads: usize,
    quick_gelu: bool,
}

impl Layer {
    pub(super) fn load(scope: &Scope<'_>, config: &TextEncoder) -> Result<Self, Error> {
        let (width, inner) = (config.width, config.feed_forward);
        let attention = scope.at("self_attn");
        Ok(Self {
            layer_norm1: LayerNorm::load(&scope.at("layer_norm1"), width)?,
            q_proj: Linear::load(&attention.at("q_proj"), width, width)?,
            k_proj: Linear::load(&attention.at("k_proj"), width, width)?,
            v_proj: Linear::load(&attention.at("v_proj"), width, width)?,
            out_proj: Linear::load(&attention.at("out_proj"), width, width)?,
            layer_norm2: LayerNorm::load(&scope.at("layer_norm2"), width)?,
            fc1: Linear::load(&scope.at("mlp.fc1"), width, inner)?,
            fc2: Linear::load(&scope.at("mlp.fc2"), inner, width)?,
            heads: config.heads,
            quick_gelu: config.activation == Activation::QuickGelu,
        })
    }

    /// `[batch, tokens, width]` to the same.
    pub(super) fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let y = self.layer_norm1.forward(x.clone());
        let (q, k, v) = (
            self.q_proj.forward(y.clone()),
            self.k_proj.forward(y.clone()),
            self.v_proj.forward(y),
        );
        let x = x + self.out_proj.forward(kernels::attention(q, k, v, self.heads, true));
        let y = self.fc1.forward(self.layer_norm2.forward(x.clone()));
        let y = if self.quick_gelu {
            y.clone() * activation::sigmoid(y * 1.702)
        } else {
            activation::gelu(y)
        };
        x + self.fc2.forward(y)
    }
}
