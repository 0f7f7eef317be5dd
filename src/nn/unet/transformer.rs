//! Attention over the pixels of a level and from them to the text.

use burn::module::Module;
use burn::tensor::Tensor;

use super::Context;
use super::feed_forward::FeedForward;
use crate::nn::hypernetwork::Hypernetwork;
use crate::nn::linear::Linear;
use crate::nn::norm::{GroupNorm, LayerNorm};
use crate::nn::{hypernetwork, kernels};
use crate::weights::{Error, Scope, architecture};

/// LDM's `SpatialTransformer`.
///
/// Its projections are 1x1 convolutions in SD 1.x and linear layers later; on a row of pixels the two are the same.
#[derive(Module, Debug)]
pub(super) struct Transformer {
    norm: GroupNorm,
    proj_in: Linear,
    transformer_blocks: Vec<Block>,
    proj_out: Linear,
}

#[derive(Module, Debug)]
struct Block {
    norm1: LayerNorm,
    attn1: Attention,
    norm2: LayerNorm,
    attn2: Attention,
    norm3: LayerNorm,
    ff: FeedForward,
}

#[derive(Module, Debug)]
struct Attention {
    to_q: Linear,
    to_k: Linear,
    to_v: Linear,
    to_out: Linear,
    heads: usize,
}

impl Transformer {
    pub(super) fn load(
        scope: &Scope<'_>,
        config: &architecture::Unet,
        level: usize,
        depth: usize,
    ) -> Result<Self, Error> {
        let (width, heads) = (config.channels[level], config.heads[level]);
        Ok(Self {
            norm: GroupNorm::load(&scope.at("norm"), config.groups, width, 1e-6)?,
            proj_in: Linear::load(&scope.at("proj_in"), width, width)?,
            transformer_blocks: (0..depth)
                .map(|i| Block::load(&scope.nth("transformer_blocks", i), width, config.context, heads))
                .collect::<Result<_, _>>()?,
            proj_out: Linear::load(&scope.at("proj_out"), width, width)?,
        })
    }

    /// `[batch, channels, height, width]` to the same.
    pub(super) fn forward(&self, x: Tensor<4>, context: Context<'_>) -> Tensor<4> {
        let [batch, channels, height, width] = x.dims();
        let pixels = self
            .norm
            .forward(x.clone())
            .reshape([batch, channels, height * width])
            .swap_dims(1, 2);
        let mut y = self.proj_in.forward(pixels);
        for block in &self.transformer_blocks {
            y = block.forward(y, context);
        }
        let y = self
            .proj_out
            .forward(y)
            .swap_dims(1, 2)
            .reshape([batch, channels, height, width]);
        x + y
    }
}

impl Block {
    fn load(scope: &Scope<'_>, width: usize, context: usize, heads: usize) -> Result<Self, Error> {
        Ok(Self {
            norm1: LayerNorm::load(&scope.at("norm1"), width)?,
            attn1: Attention::load(&scope.at("attn1"), width, width, heads)?,
            norm2: LayerNorm::load(&scope.at("norm2"), width)?,
            attn2: Attention::load(&scope.at("attn2"), width, context, heads)?,
            norm3: LayerNorm::load(&scope.at("norm3"), width)?,
            ff: FeedForward::load(&scope.at("ff"), width)?,
        })
    }

    /// `[batch, pixels, width]` to the same.
    fn forward(&self, x: Tensor<3>, context: Context<'_>) -> Tensor<3> {
        let y = self.norm1.forward(x.clone());
        let networks = context.hypernetworks;
        let x = x + self.attn1.forward(y.clone(), y, networks);
        let text = context.states.clone();
        let x = x.clone() + self.attn2.forward(self.norm2.forward(x), text, networks);
        x.clone() + self.ff.forward(self.norm3.forward(x))
    }
}

impl Attention {
    fn load(scope: &Scope<'_>, width: usize, context: usize, heads: usize) -> Result<Self, Error> {
        Ok(Self {
            to_q: Linear::load_unbiased(&scope.at("to_q"), width, width)?,
            to_k: Linear::load_unbiased(&scope.at("to_k"), context, width)?,
            to_v: Linear::load_unbiased(&scope.at("to_v"), context, width)?,
            to_out: Linear::load(&scope.nth("to_out", 0), width, width)?,
            heads,
        })
    }

    /// `x` `[batch, pixels, width]` attends to `context` `[batch, tokens, context width]`, through the hypernetworks.
    fn forward(&self, x: Tensor<3>, context: Tensor<3>, networks: &[Hypernetwork]) -> Tensor<3> {
        let [for_k, for_v] = hypernetwork::apply(networks, context);
        let (q, k, v) = (self.to_q.forward(x), self.to_k.forward(for_k), self.to_v.forward(for_v));
        self.to_out.forward(kernels::attention(q, k, v, self.heads, false))
    }
}
