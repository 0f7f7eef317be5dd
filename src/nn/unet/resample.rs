//! Halving and doubling between levels.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};

use crate::nn::conv::Conv2d;
use crate::weights::{Error, Scope};

/// Halves height and width (rounding up) by a strided convolution.
#[derive(Module, Debug)]
pub(super) struct Downsample {
    conv: Conv2d,
}

impl Downsample {
    pub(super) fn load(scope: &Scope<'_>, channels: usize) -> Result<Self, Error> {
        Ok(Self {
            conv: Conv2d::load_strided(&scope.at("conv"), channels, channels, 3, 2, 1)?,
        })
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        self.conv.forward(x)
    }
}

/// Doubles height and width by repeating pixels, then convolves.
#[derive(Module, Debug)]
pub(super) struct Upsample {
    conv: Conv2d,
}

impl Upsample {
    pub(super) fn load(scope: &Scope<'_>, channels: usize) -> Result<Self, Error> {
        Ok(Self {
            conv: Conv2d::load(&scope.at("conv"), channels, channels, 3)?,
        })
    }

    pub(super) fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        let [_, _, height, width] = x.dims();
        self.conv.forward(resize_nearest(x, [2 * height, 2 * width]))
    }
}

/// Resizes `[batch, channels, height, width]` to `size` by repeating or leaving out pixels; free when it has that size.
pub(super) fn resize_nearest(x: Tensor<4>, size: [usize; 2]) -> Tensor<4> {
    let [_, _, height, width] = x.dims();
    if [height, width] == size {
        return x;
    }
    interpolate(
        x,
        InterpolateOptions::new(InterpolateMode::Nearest).with_output_size(size),
    )
}
