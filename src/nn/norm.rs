//! Group and layer normalisation.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, module};

use super::kernels;
use crate::weights::{Error, Scope};

/// Normalises groups of channels of one picture (Wu and He 2018), here with the activation that mostly follows.
#[derive(Module, Debug)]
pub struct GroupNorm {
    /// `[channels]`.
    pub weight: Param<Tensor<1>>,
    /// `[channels]`.
    pub bias: Param<Tensor<1>>,
    groups: usize,
    epsilon: f64,
}

impl GroupNorm {
    /// Loads `weight` and `bias`.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load(scope: &Scope<'_>, groups: usize, channels: usize, epsilon: f64) -> Result<Self, Error> {
        Ok(Self {
            weight: Param::from_tensor(scope.tensor("weight", [channels])?),
            bias: Param::from_tensor(scope.tensor("bias", [channels])?),
            groups,
            epsilon,
        })
    }

    /// Normalises `[batch, channels, height, width]`.
    pub fn forward(&self, x: Tensor<4>) -> Tensor<4> {
        kernels::group_norm(x, self.weight.val(), self.bias.val(), self.groups, self.epsilon, false)
    }

    /// Normalises `[batch, channels, height, width]` and applies SiLU.
    pub fn forward_silu(&self, x: Tensor<4>) -> Tensor<4> {
        kernels::group_norm(x, self.weight.val(), self.bias.val(), self.groups, self.epsilon, true)
    }
}

/// Normalises the last dimension (Ba et al. 2016).
#[derive(Module, Debug)]
pub struct LayerNorm {
    /// `[width]`.
    pub weight: Param<Tensor<1>>,
    /// `[width]`.
    pub bias: Param<Tensor<1>>,
    epsilon: f64,
}

impl LayerNorm {
    /// Loads `weight` and `bias`; the variance gets 1e-5, as in CLIP and the UNet.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load(scope: &Scope<'_>, width: usize) -> Result<Self, Error> {
        Self::load_with(scope, width, 1e-5)
    }

    /// As [`load`](Self::load); `epsilon` is added to the variance.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load_with(scope: &Scope<'_>, width: usize, epsilon: f64) -> Result<Self, Error> {
        Ok(Self {
            weight: Param::from_tensor(scope.tensor("weight", [width])?),
            bias: Param::from_tensor(scope.tensor("bias", [width])?),
            epsilon,
        })
    }

    /// Normalises `[…, width]`.
    pub fn forward<const D: usize>(&self, x: Tensor<D>) -> Tensor<D> {
        module::layer_norm(x, self.weight.val(), Some(self.bias.val()), self.epsilon)
    }
}
