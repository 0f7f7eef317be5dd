//! Asking a UNet of SD 2.x what it predicts, where nothing else says it.
//!
//! A1111's test (`is_using_v_parameterization_for_sd2`): at the last timestep a model of noise gives back what it was given, nearly, one
//! of velocity something far below.

use burn::tensor::{DType, Device, Tensor};

use crate::nn::unet::Unet;
use crate::weights::architecture::{self, Prediction};

/// What the UNet predicts, by one run on a latent of 8x8 where everything is one half.
pub fn prediction(unet: &Unet, config: &architecture::Unet, device: &Device, dtype: DType) -> Prediction {
    let half = |x: Tensor<4>| x * 0.5;
    let x = half(Tensor::<4>::ones([1, config.in_channels, 8, 8], (device, dtype)));
    let context = half(Tensor::<4>::ones([1, 1, 2, config.context], (device, dtype))).squeeze_dim::<3>(1);
    let out = unet.forward(x.clone(), &[999.0], &context, None);
    let distance = (out.cast(DType::F32) - x.cast(DType::F32)).mean().into_scalar::<f32>();
    if distance < -1.0 {
        Prediction::V
    } else {
        Prediction::Epsilon
    }
}
