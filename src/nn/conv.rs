//! Two-dimensional convolution.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use super::kernels;
use crate::weights::{Error, Scope};

/// A convolution with a square kernel of odd size.
#[derive(Module, Debug)]
pub struct Conv2d {
    /// `[out, in, kernel, kernel]`.
    pub weight: Param<Tensor<4>>,
    /// `[out]`.
    pub bias: Param<Tensor<1>>,
    stride: usize,
    padding: usize,
}

impl Conv2d {
    /// Loads a convolution that keeps height and width.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load(scope: &Scope<'_>, inputs: usize, outputs: usize, kernel: usize) -> Result<Self, Error> {
        Self::load_strided(scope, inputs, outputs, kernel, 1, kernel / 2)
    }

    /// Loads a convolution with the given stride and padding.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load_strided(
        scope: &Scope<'_>,
        inputs: usize,
        outputs: usize,
        kernel: usize,
        stride: usize,
        padding: usize,
    ) -> Result<Self, Error> {
        Ok(Self {
            weight: Param::from_tensor(scope.tensor("weight", [outputs, inputs, kernel, kernel])?),
            bias: Param::from_tensor(scope.tensor("bias", [outputs])?),
            stride,
            padding,
        })
    }

    /// `[batch, in, height, width]` to `[batch, out, height/stride, width/stride]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        kernels::conv2d(x, self.weight.val(), self.bias.val(), self.stride, self.padding)
    }
}
