//! Pictures to latents.

use burn::module::Module;
use burn::tensor::Tensor;

use super::resnet::{Middle, Resnet};
use crate::nn::conv::Conv2d;
use crate::nn::norm::GroupNorm;
use crate::weights::{Error, Scope, architecture};

/// The half of the autoencoder that img2img and training need.
#[derive(Module, Debug)]
pub struct Encoder {
    conv_in: Conv2d,
    down: Vec<Level>,
    middle: Middle,
    conv_norm_out: GroupNorm,
    conv_out: Conv2d,
    quant_conv: Conv2d,
}

#[derive(Module, Debug)]
struct Level {
    resnets: Vec<Resnet>,
    downsample: Option<Conv2d>,
}

/// The normal distribution that a picture's latent is drawn from.
#[derive(Debug)]
pub struct Moments {
    /// `[batch, 4, height/8, width/8]`.
    pub mean: Tensor<4>,
    /// The logarithm of the variance, bounded to -30..20 as LDM does; same shape.
    pub log_variance: Tensor<4>,
}

impl Encoder {
    /// Loads the encoder from the VAE's root.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load(scope: &Scope<'_>, config: &architecture::Vae) -> Result<Self, Error> {
        let quant_conv = Conv2d::load(
            &scope.at("quant_conv"),
            2 * config.latent_channels,
            2 * config.latent_channels,
            1,
        )?;
        let scope = scope.at("encoder");
        let (channels, groups) = (&config.channels, config.groups);
        let deepest = channels[channels.len() - 1];
        let level = |i: usize| -> Result<Level, Error> {
            let scope = scope.nth("down_blocks", i);
            let inputs = |j| {
                if j == 0 {
                    channels[i.saturating_sub(1)]
                } else {
                    channels[i]
                }
            };
            Ok(Level {
                resnets: (0..config.resnets)
                    .map(|j| Resnet::load(&scope.nth("resnets", j), inputs(j), channels[i], groups))
                    .collect::<Result<_, _>>()?,
                downsample: if i + 1 < channels.len() {
                    let scope = scope.nth("downsamplers", 0).at("conv");
                    Some(Conv2d::load_strided(&scope, channels[i], channels[i], 3, 2, 0)?)
                } else {
                    None
                },
            })
        };
        Ok(Self {
            conv_in: Conv2d::load(&scope.at("conv_in"), config.in_channels, channels[0], 3)?,
            down: (0..channels.len()).map(level).collect::<Result<_, _>>()?,
            middle: Middle::load(&scope.at("mid_block"), deepest, groups)?,
            conv_norm_out: GroupNorm::load(&scope.at("conv_norm_out"), groups, deepest, 1e-6)?,
            conv_out: Conv2d::load(&scope.at("conv_out"), deepest, 2 * config.latent_channels, 3)?,
            quant_conv,
        })
    }

    /// Encodes `[batch, 3, height, width]` in -1..1, sides divisible by 8. The mean is not yet scaled by the scale factor.
    pub fn forward(&self, x: Tensor<4>) -> Moments {
        let mut x = self.conv_in.forward(x);
        for level in &self.down {
            for resnet in &level.resnets {
                x = resnet.forward(x);
            }
            if let Some(conv) = &level.downsample {
                // The stride counts from the first pixel: LDM pads right and below only.
                x = conv.forward(x.pad((0, 1, 0, 1), burn::tensor::ops::PadMode::Constant(0.0)));
            }
        }
        let x = self
            .conv_out
            .forward(self.conv_norm_out.forward_silu(self.middle.forward(x)));
        let moments = self.quant_conv.forward(x);
        let [_, channels, ..] = moments.dims();
        let mean = moments.clone().narrow(1, 0, channels / 2);
        Moments {
            mean,
            log_variance: moments.narrow(1, channels / 2, channels / 2).clamp(-30.0, 20.0),
        }
    }
}
