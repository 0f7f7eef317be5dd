//! Latents to pictures.

use burn::module::Module;
use burn::tensor::Tensor;
use burn::tensor::module::interpolate;
use burn::tensor::ops::{InterpolateMode, InterpolateOptions};

use super::resnet::{Middle, Resnet};
use crate::nn::conv::Conv2d;
use crate::nn::norm::GroupNorm;
use crate::weights::{Error, Scope, architecture};

/// The half of the autoencoder that draws.
#[derive(Module, Debug)]
pub struct Decoder {
    post_quant_conv: Conv2d,
    conv_in: Conv2d,
    middle: Middle,
    up: Vec<Level>,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
}

#[derive(Module, Debug)]
struct Level {
    resnets: Vec<Resnet>,
    upsample: Option<Conv2d>,
}

impl Decoder {
    /// Loads the decoder from the VAE's root.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load(scope: &Scope<'_>, config: &architecture::Vae) -> Result<Self, Error> {
        let post_quant_conv = Conv2d::load(
            &scope.at("post_quant_conv"),
            config.latent_channels,
            config.latent_channels,
            1,
        )?;
        let scope = scope.at("decoder");
        let groups = config.groups;
        let channels: Vec<usize> = config.channels.iter().rev().copied().collect();
        let level = |i: usize| -> Result<Level, Error> {
            let scope = scope.nth("up_blocks", i);
            let inputs = |j| {
                if j == 0 {
                    channels[i.saturating_sub(1)]
                } else {
                    channels[i]
                }
            };
            Ok(Level {
                resnets: (0..=config.resnets)
                    .map(|j| Resnet::load(&scope.nth("resnets", j), inputs(j), channels[i], groups))
                    .collect::<Result<_, _>>()?,
                upsample: if i + 1 < channels.len() {
                    Some(Conv2d::load(
                        &scope.nth("upsamplers", 0).at("conv"),
                        channels[i],
                        channels[i],
                        3,
                    )?)
                } else {
                    None
                },
            })
        };
        let widest = channels[channels.len() - 1];
        Ok(Self {
            post_quant_conv,
            conv_in: Conv2d::load(&scope.at("conv_in"), config.latent_channels, channels[0], 3)?,
            middle: Middle::load(&scope.at("mid_block"), channels[0], groups)?,
            up: (0..channels.len()).map(level).collect::<Result<_, _>>()?,
            conv_norm_out: GroupNorm::load(&scope.at("conv_norm_out"), groups, widest, 1e-6)?,
            conv_out: Conv2d::load(&scope.at("conv_out"), widest, config.in_channels, 3)?,
        })
    }

    /// Decodes latents `[batch, 4, height/8, width/8]`, already divided by the scale factor, to `[batch, 3, height, width]` in about
    /// -1..1.
    pub fn forward(&self, z: Tensor<4>) -> Tensor<4> {
        let mut x = self
            .middle
            .forward(self.conv_in.forward(self.post_quant_conv.forward(z)));
        for level in &self.up {
            for resnet in &level.resnets {
                x = resnet.forward(x);
            }
            if let Some(conv) = &level.upsample {
                let [_, _, height, width] = x.dims();
                let options =
                    InterpolateOptions::new(InterpolateMode::Nearest).with_output_size([2 * height, 2 * width]);
                x = conv.forward(interpolate(x, options));
            }
        }
        self.conv_out.forward(self.conv_norm_out.forward_silu(x))
    }
}
