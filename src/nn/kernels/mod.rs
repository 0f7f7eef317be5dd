//! The operations that decide how long a picture takes.
//!
//! Each is written once in burn's own operations, for every device, and once more for f32 on the CPU ([`conv`], [`attention`](mod@attention), [`cpu`]), where burn's pay
//! dearly for scalar `exp` and for a convolution that rearranges its weights at every call.

mod attention;
mod conv;
mod cpu;
mod gemm;
mod simd;

use burn::backend::Flex;
use burn::backend::flex::FlexTensor;
use burn::tensor::ops::{AttentionModuleOptions, ConvOptions};
use burn::tensor::{DType, Tensor, activation, module};

/// Convolution with a bias: `x` `[batch, in, height, width]`, `weight` `[out, in, k, k]`, `bias` `[out]`.
pub fn conv2d(x: Tensor<4>, weight: Tensor<4>, bias: Tensor<1>, stride: usize, padding: usize) -> Tensor<4> {
    if let (Some(x), Some(weight), Some(bias)) = (on_cpu(&x), on_cpu(&weight), on_cpu(&bias)) {
        return conv::conv2d(&x, &weight, &bias, stride, padding);
    }
    let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
    module::conv2d(x, weight, Some(bias), options)
}

/// Group normalisation of `[batch, channels, height, width]`, with SiLU behind it where asked.
pub fn group_norm(
    x: Tensor<4>,
    weight: Tensor<1>,
    bias: Tensor<1>,
    groups: usize,
    epsilon: f64,
    silu: bool,
) -> Tensor<4> {
    if let (Some(x), Some(weight), Some(bias)) = (on_cpu(&x), on_cpu(&weight), on_cpu(&bias)) {
        return cpu::group_norm(&x, &weight, &bias, groups, epsilon, silu);
    }
    let [batch, channels, height, width] = x.dims();
    let x = x.reshape([batch, groups, channels / groups * height * width]);
    let centred = x.clone() - x.mean_dim(2);
    let variance = centred.clone().square().mean_dim(2);
    let x = (centred / (variance + epsilon).sqrt()).reshape([batch, channels, height, width]);
    let x = x * weight.reshape([1, channels, 1, 1]) + bias.reshape([1, channels, 1, 1]);
    if silu { activation::silu(x) } else { x }
}

/// The gated GELU: the first half of the last dimension times the GELU of the second.
pub fn geglu(x: Tensor<3>) -> Tensor<3> {
    if let Some(x) = on_cpu(&x) {
        return cpu::geglu(&x);
    }
    let [_, _, width] = x.dims();
    let gate = activation::gelu(x.clone().narrow(2, width / 2, width / 2));
    x.narrow(2, 0, width / 2) * gate
}

/// Softmax attention of `query` `[batch, tokens, width]` to `key` and `value` `[batch, context, width]`, whose width is so many
/// heads side by side. With `causal`, a token sees itself and those before it.
pub fn attention(query: Tensor<3>, key: Tensor<3>, value: Tensor<3>, heads: usize, causal: bool) -> Tensor<3> {
    if let (Some(query), Some(key), Some(value)) = (on_cpu(&query), on_cpu(&key), on_cpu(&value)) {
        return attention::attention(&query, &key, &value, heads, causal);
    }
    let split = |x: Tensor<3>| {
        let [batch, tokens, width] = x.dims();
        x.reshape([batch, tokens, heads, width / heads]).swap_dims(1, 2)
    };
    let [batch, tokens, width] = query.dims();
    let options = AttentionModuleOptions {
        is_causal: causal,
        ..Default::default()
    };
    let states = module::attention(split(query), split(key), split(value), None, None, options);
    states.swap_dims(1, 2).reshape([batch, tokens, width])
}

/// The tensor as contiguous f32 in host memory, when that is where it lives and no gradient is asked of it.
fn on_cpu<const D: usize>(x: &Tensor<D>) -> Option<FlexTensor> {
    if x.dtype() != DType::F32 {
        return None;
    }
    x.clone().try_into_primitive::<Flex>().ok().map(|x| x.to_contiguous())
}

#[cfg(test)]
mod tests {
    use burn::tensor::{Device, Distribution};

    use super::*;

    fn random<const D: usize>(shape: [usize; D]) -> Tensor<D> {
        Tensor::random(shape, Distribution::Normal(0.0, 1.0), &Device::flex())
    }

    fn assert_close<const D: usize>(a: Tensor<D>, b: Tensor<D>) {
        let off = (a - b).abs().max().into_scalar::<f32>();
        assert!(off < 2e-5, "off by {off}");
    }

    #[test]
    fn convolutions_are_burns() {
        for (input, output, kernel, stride, padding, height, width) in [
            (3, 8, 3, 1, 1, 9, 13),
            (8, 5, 1, 1, 0, 7, 7),
            (4, 6, 3, 2, 1, 9, 8),
            (6, 4, 3, 2, 0, 9, 11),
            (2, 3, 3, 1, 1, 70, 300),
            (40, 3, 3, 1, 1, 50, 30),
            (5, 7, 1, 1, 0, 40, 40),
            (3, 4, 3, 2, 1, 61, 64),
            (2, 2, 3, 1, 1, 1, 1),
            (2, 2, 5, 1, 2, 3, 2),
        ] {
            let x = random([2, input, height, width]);
            let w = random([output, input, kernel, kernel]) * (1.0 / (input * kernel * kernel) as f32).sqrt();
            let b = random([output]);
            let options = ConvOptions::new([stride; 2], [padding; 2], [1; 2], 1);
            let expected = module::conv2d(x.clone(), w.clone(), Some(b.clone()), options);
            assert_close(conv2d(x, w, b, stride, padding), expected);
        }
    }

    #[test]
    fn a_view_is_convolved_like_its_copy() {
        let (x, w, b) = (random([1, 5, 6, 4]), random([3, 4, 3, 3]), random([3]));
        let turned = x.swap_dims(1, 3);
        let options = ConvOptions::new([1; 2], [1; 2], [1; 2], 1);
        let expected = module::conv2d(turned.clone(), w.clone(), Some(b.clone()), options);
        assert_close(conv2d(turned, w, b, 1, 1), expected);
    }

    #[test]
    fn group_norm_is_its_definition() {
        let (x, w, b) = (random([2, 6, 5, 7]) * 3.0 + 20.0, random([6]), random([6]));
        let norm = |x: Tensor<4>| {
            let x = x.reshape([2, 3, 70]);
            let centred = x.clone() - x.mean_dim(2);
            (centred.clone() / (centred.square().mean_dim(2) + 1e-5).sqrt()).reshape([2, 6, 5, 7])
        };
        let expected = norm(x.clone()) * w.clone().reshape([1, 6, 1, 1]) + b.clone().reshape([1, 6, 1, 1]);
        assert_close(
            group_norm(x.clone(), w.clone(), b.clone(), 3, 1e-5, false),
            expected.clone(),
        );
        assert_close(group_norm(x, w, b, 3, 1e-5, true), activation::silu(expected));
    }

    #[test]
    fn attention_is_burns() {
        for (tokens, context, heads, head, causal) in [
            (7, 7, 2, 4, true),
            (77, 77, 3, 8, true),
            (40, 77, 2, 40, false),
            (1, 3, 1, 5, false),
            (300, 900, 1, 16, false),
        ] {
            let (q, k, v) = (
                random([2, tokens, heads * head]),
                random([2, context, heads * head]),
                random([2, context, heads * head]),
            );
            let split = |x: &Tensor<3>, n| x.clone().reshape([2, n, heads, head]).swap_dims(1, 2);
            let options = AttentionModuleOptions {
                is_causal: causal,
                ..Default::default()
            };
            let expected = module::attention(
                split(&q, tokens),
                split(&k, context),
                split(&v, context),
                None,
                None,
                options,
            );
            let expected = expected.swap_dims(1, 2).reshape([2, tokens, heads * head]);
            assert_close(attention(q, k, v, heads, causal), expected);
        }
    }

    #[test]
    fn geglu_is_its_definition() {
        let x = random([2, 5, 64]) * 4.0;
        let expected = x.clone().narrow(2, 0, 32) * activation::gelu(x.clone().narrow(2, 32, 32));
        assert_close(geglu(x), expected);
    }
}
