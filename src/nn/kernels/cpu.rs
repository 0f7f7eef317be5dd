//! Norm and activation in f32 on the CPU: one pass each, on all cores. Convolution is in [`super::conv`].

use burn::backend::Flex;
use burn::backend::flex::{FlexTensor, Layout};
use burn::tensor::{DType, Tensor};
use rayon::prelude::*;

use super::simd;

pub(super) fn group_norm(
    x: &FlexTensor,
    weight: &FlexTensor,
    bias: &FlexTensor,
    groups: usize,
    epsilon: f64,
    silu: bool,
) -> Tensor<4> {
    let shape: [usize; 4] = dims(x);
    let [_, channels, height, width] = shape;
    let (area, per_group) = (height * width, channels / groups);
    let (pixels, weight, bias) = (x.storage::<f32>(), weight.storage::<f32>(), bias.storage::<f32>());
    let mut out = vec![0.0; pixels.len()];
    let group = per_group * area;
    out.par_chunks_mut(group)
        .zip(pixels.par_chunks(group))
        .enumerate()
        .for_each(|(i, (out, x))| {
            let (mean, variance) = simd::moments(x);
            let scale = 1.0 / (variance + epsilon).sqrt();
            let first = i % groups * per_group;
            for (c, (out, x)) in out.chunks_mut(area).zip(x.chunks(area)).enumerate() {
                let scale = f64::from(weight[first + c]) * scale;
                let shift = f64::from(bias[first + c]) - mean * scale;
                simd::scale_shift(x, out, scale as f32, shift as f32, silu);
            }
        });
    tensor(out, shape)
}

pub(super) fn geglu(x: &FlexTensor) -> Tensor<3> {
    let [batch, rows, width] = dims(x);
    let half = width / 2;
    let mut out = vec![0.0; batch * rows * half];
    out.par_chunks_mut(half)
        .zip(x.storage::<f32>().par_chunks(width))
        .for_each(|(out, row)| {
            let (value, gate) = row.split_at(half);
            simd::gated_gelu(value, gate, out);
        });
    tensor(out, [batch, rows, half])
}

pub(super) fn dims<const D: usize>(x: &FlexTensor) -> [usize; D] {
    let shape = x.layout().shape();
    std::array::from_fn(|i| shape[i])
}

pub(super) fn tensor<const D: usize>(values: Vec<f32>, shape: [usize; D]) -> Tensor<D> {
    let bytes = burn::tensor::Bytes::from_elems(values);
    Tensor::from_primitive::<Flex>(FlexTensor::new(bytes, Layout::contiguous(shape.into()), DType::F32))
}
