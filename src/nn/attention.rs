//! Attention with several heads, as every transformer here uses it.

use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Tensor, module};

/// Softmax attention of `query` `[batch, tokens, width]` to `key` and `value` `[batch, context, width]`.
///
/// The width is split into `heads`; scores are scaled by the root of a head's width. With `causal`, a token sees itself and the
/// tokens before it.
pub fn attend(query: Tensor<3>, key: Tensor<3>, value: Tensor<3>, heads: usize, causal: bool) -> Tensor<3> {
    let [batch, tokens, width] = query.dims();
    let options = AttentionModuleOptions {
        is_causal: causal,
        ..Default::default()
    };
    let states = module::attention(
        split(query, heads),
        split(key, heads),
        split(value, heads),
        None,
        None,
        options,
    );
    states.swap_dims(1, 2).reshape([batch, tokens, width])
}

/// `[batch, tokens, width]` to `[batch, heads, tokens, width/heads]`.
fn split(x: Tensor<3>, heads: usize) -> Tensor<4> {
    let [batch, tokens, width] = x.dims();
    x.reshape([batch, tokens, heads, width / heads]).swap_dims(1, 2)
}
