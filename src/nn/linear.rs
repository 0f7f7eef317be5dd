//! The fully connected layer.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, module};

use crate::weights::{Error, Scope};

/// `y = x W + b` over the last dimension.
#[derive(Module, Debug)]
pub struct Linear {
    /// `[in, out]`: a transposed view of the file's `[out, in]`.
    pub weight: Param<Tensor<2>>,
    /// `[out]`.
    pub bias: Option<Param<Tensor<1>>>,
}

impl Linear {
    /// Loads `weight` `[out, in]` and `bias` `[out]`.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load(scope: &Scope<'_>, inputs: usize, outputs: usize) -> Result<Self, Error> {
        let bias = Param::from_tensor(scope.tensor("bias", [outputs])?);
        Ok(Self {
            bias: Some(bias),
            ..Self::load_unbiased(scope, inputs, outputs)?
        })
    }

    /// Loads `weight` `[out, in]` alone. A bias comes just from a network of the LoRA family that brings one.
    ///
    /// # Errors
    /// When it is missing or misshapen.
    pub fn load_unbiased(scope: &Scope<'_>, inputs: usize, outputs: usize) -> Result<Self, Error> {
        let weight: Tensor<2> = scope.tensor("weight", [outputs, inputs])?;
        Ok(Self {
            weight: Param::from_tensor(weight.transpose()),
            bias: scope.added("bias", [outputs]).map(Param::from_tensor),
        })
    }

    /// `[…, in]` to `[…, out]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        module::linear(x, self.weight.val(), self.bias.as_ref().map(Param::val))
    }
}
