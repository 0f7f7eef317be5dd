//! What a Stable Diffusion model looks like: the numbers that tell SD 1.x, 2.x and XL, and anything between, apart.
//!
//! Plain data, read from a configuration file or the tensors' shapes by [`super::config`] and built into networks by [`crate::nn`].

use serde::{Deserialize, Serialize};

/// Everything needed to build the networks of one checkpoint and to sample with them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Architecture {
    /// The denoising network.
    pub unet: Unet,
    /// The autoencoder between pictures and latents.
    pub vae: Vae,
    /// The text encoders: one, or two for SDXL. Their states are concatenated along the width.
    pub text: Vec<TextEncoder>,
    /// How the noise of training was laid out.
    pub diffusion: Diffusion,
    /// Width and height in pixels that the model was trained at.
    pub native_size: [usize; 2],
}

/// The UNet of `openaimodel.UNetModel` (LDM) and `UNet2DConditionModel` (diffusers).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unet {
    /// Channels of the latent that comes in: 4, or 9 for inpainting models.
    pub in_channels: usize,
    /// Channels of the prediction: 4.
    pub out_channels: usize,
    /// Channels of each level, from the full latent downward.
    pub channels: Vec<usize>,
    /// Resnets of each level on the way down; one more on the way up.
    pub resnets: usize,
    /// Transformer blocks behind each resnet of a level; 0 where a level has no attention.
    pub depth: Vec<usize>,
    /// Transformer blocks in the middle.
    pub mid_depth: usize,
    /// Attention heads of each level; the middle has the last level's.
    pub heads: Vec<usize>,
    /// Width of the text states that cross attention reads.
    pub context: usize,
    /// Groups of the group norms.
    pub groups: usize,
    /// Width of the vector `y` (pooled text and sizes, SDXL) that is added to the time embedding.
    pub y: Option<usize>,
}

/// `AutoencoderKL`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Vae {
    /// Channels of the picture: 3.
    pub in_channels: usize,
    /// Channels of the latent: 4.
    pub latent_channels: usize,
    /// Channels of each level, from the full picture downward; each but the last halves the picture.
    pub channels: Vec<usize>,
    /// Resnets of each level of the encoder; the decoder has one more.
    pub resnets: usize,
    /// Groups of the group norms.
    pub groups: usize,
    /// What the encoder's latents are multiplied with to have unit variance.
    pub scale_factor: f64,
}

impl Vae {
    /// How many pixels a latent's side stands for: 8 for every Stable Diffusion.
    pub fn downscale(&self) -> usize {
        1 << (self.channels.len() - 1)
    }
}

/// A CLIP text model, OpenAI's or OpenCLIP's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TextEncoder {
    /// How the file names its tensors.
    pub naming: TextNaming,
    /// Number of tokens.
    pub vocabulary: usize,
    /// Number of positions: 77.
    pub positions: usize,
    /// Width of a state.
    pub width: usize,
    /// Width of the feed-forward layer: 4 times the width.
    pub feed_forward: usize,
    /// Number of transformer layers.
    pub layers: usize,
    /// Number of attention heads.
    pub heads: usize,
    /// The feed-forward activation.
    pub activation: Activation,
    /// Width of the pooled, projected state, where the model uses it (SDXL's second encoder).
    pub projection: Option<usize>,
    /// Which layer's states go to the UNet, counted from the end: 1 is the last, 2 the penultimate.
    pub layer: usize,
    /// Whether the final layer norm is applied to states of that layer (SD 1.x, 2.x) or not (SDXL).
    pub final_norm: bool,
    /// The token that fills a chunk behind the first end token.
    pub padding: u32,
}

/// How a file names the tensors of a text encoder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum TextNaming {
    /// `text_model.encoder.layers.0.self_attn.q_proj.weight` (transformers).
    Transformers,
    /// `transformer.resblocks.0.attn.in_proj_weight` (`OpenCLIP`).
    OpenClip,
}

/// The activation of a text encoder's feed-forward layer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Activation {
    /// `x * sigmoid(1.702 x)`, OpenAI's CLIP.
    QuickGelu,
    /// The exact GELU, `OpenCLIP`.
    Gelu,
}

/// The noise of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Diffusion {
    /// Number of timesteps: 1000.
    pub timesteps: usize,
    /// First beta.
    pub beta_start: f64,
    /// Last beta.
    pub beta_end: f64,
    /// How the betas lie between the two.
    pub betas: Betas,
    /// What the UNet predicts.
    pub prediction: Prediction,
}

impl Default for Diffusion {
    /// Stable Diffusion 1.x's.
    fn default() -> Self {
        Self {
            timesteps: 1000,
            beta_start: 0.00085,
            beta_end: 0.012,
            betas: Betas::ScaledLinear,
            prediction: Prediction::Epsilon,
        }
    }
}

/// How betas lie between the first and the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Betas {
    /// Evenly.
    Linear,
    /// Their square roots evenly: LDM's "linear", diffusers' `scaled_linear`.
    ScaledLinear,
}

/// What a UNet predicts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Prediction {
    /// The noise.
    Epsilon,
    /// The velocity `alpha * noise - sigma * x0` (Salimans and Ho 2022, appendix D).
    V,
}

impl Architecture {
    /// The family's short name: `sd1`, `sd2`, `sd2-v`, `sdxl`, `sdxl-refiner`, with `-inpaint` behind it for nine channels.
    pub fn family(&self) -> String {
        let base = match (self.text.as_slice(), self.unet.y, self.diffusion.prediction) {
            ([_, _], ..) => "sdxl",
            ([_], Some(_), _) => "sdxl-refiner",
            ([text], None, Prediction::V) if text.naming == TextNaming::OpenClip || self.unet.context == 1024 => {
                "sd2-v"
            }
            ([text], None, _) if text.naming == TextNaming::OpenClip || self.unet.context == 1024 => "sd2",
            (_, _, Prediction::V) => "sd1-v",
            _ => "sd1",
        };
        if self.unet.in_channels == 9 {
            format!("{base}-inpaint")
        } else {
            base.to_owned()
        }
    }
}
