//! What a Stable Diffusion model looks like: the numbers that tell SD 1.x, 2.x and XL, and anything between, apart.
//!
//! Plain data, read from a configuration file or the tensors' shapes by [`super::config`] and built into networks by [`crate::nn`].

use serde::{Deserialize, Serialize};

/// Tokens of CLIP's vocabulary.
const CLIP_VOCABULARY: usize = 49_408;
/// Tokens of a chunk with its begin and end.
const CHUNK: usize = 77;
/// Width of each number (a size, a corner, a score) that stands behind the pooled text in SDXL's `y`.
pub const NUMBER_WIDTH: usize = 256;
/// The most channels, states or tokens that a network may claim; none comes near.
const WIDEST: usize = 1 << 17;

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

/// The part of an architecture that a number belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Checked {
    /// The UNet.
    Unet,
    /// The VAE.
    Vae,
    /// A text encoder, by its place.
    Text(usize),
    /// The noise schedule.
    Diffusion,
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

impl Unet {
    fn check(&self) -> Result<(), String> {
        check_levels("the UNet", &self.channels, self.groups)?;
        if !(1..=16).contains(&self.resnets) || self.depth.iter().any(|&d| d > 64) || self.mid_depth > 64 {
            return Err(format!(
                "the UNet has {} resnets a level and transformers {:?} deep",
                self.resnets, self.depth
            ));
        }
        let widths = [self.in_channels, self.out_channels, self.context, self.y.unwrap_or(1)];
        if widths.iter().any(|w| !(1..=WIDEST).contains(w)) {
            return Err(format!(
                "the UNet has {} channels in, {} out and context {}",
                self.in_channels, self.out_channels, self.context
            ));
        }
        let last = self.channels.len() - 1;
        let attends = (0..=last).filter(|&i| i == last || self.depth[i] > 0);
        match attends
            .map(|i| (self.channels[i], self.heads[i]))
            .find(|(c, h)| *h == 0 || c % h != 0)
        {
            Some((channels, heads)) => Err(format!(
                "{heads} attention heads do not divide {channels} channels of the UNet"
            )),
            None => Ok(()),
        }
    }
}

impl Vae {
    fn check(&self) -> Result<(), String> {
        check_levels("the VAE", &self.channels, self.groups)?;
        if !(1..=16).contains(&self.resnets) || !(1..=64).contains(&self.latent_channels) || self.in_channels == 0 {
            return Err(format!(
                "the VAE has {} resnets a level and latents of {} channels",
                self.resnets, self.latent_channels
            ));
        }
        if self.scale_factor.is_finite() && self.scale_factor > 0.0 {
            Ok(())
        } else {
            Err(format!("the VAE's scale factor is {}", self.scale_factor))
        }
    }

    /// How many pixels a latent's side stands for: 8 for every Stable Diffusion.
    pub fn downscale(&self) -> usize {
        1 << self.channels.len().saturating_sub(1).min(16)
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
    /// Whether clip skip moves that layer: A1111 lets it for SD 1.x alone.
    pub skips: bool,
    /// Whether the final layer norm is applied to states of that layer (SD 1.x, 2.x) or not (SDXL).
    pub final_norm: bool,
    /// The token that fills a chunk behind the first end token.
    pub padding: u32,
}

impl TextEncoder {
    fn check(&self) -> Result<(), String> {
        if self.heads == 0 || self.width == 0 || !self.width.is_multiple_of(self.heads) {
            return Err(format!(
                "{} attention heads do not divide the text encoder's width {}",
                self.heads, self.width
            ));
        }
        let widths = [self.vocabulary, self.positions, self.feed_forward, self.width];
        if (1..=256).contains(&self.layers) && widths.iter().all(|w| (1..=WIDEST).contains(w)) {
            return Ok(());
        }
        Err(format!(
            "the text encoder has {} layers, {} tokens, {} positions and a feed-forward width of {}",
            self.layers, self.vocabulary, self.positions, self.feed_forward
        ))
    }
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
    /// Whether the levels are rescaled so that nothing of the picture is left at the last timestep (Lin et al. 2024).
    #[serde(default)]
    pub zero_snr: bool,
}

impl Diffusion {
    fn check(&self) -> Result<(), String> {
        let ordered = self.beta_start > 0.0 && self.beta_end > self.beta_start && self.beta_end < 1.0;
        if ordered && (2..=100_000).contains(&self.timesteps) {
            return Ok(());
        }
        Err(format!(
            "betas from {} to {} over {} timesteps are no noise schedule",
            self.beta_start, self.beta_end, self.timesteps
        ))
    }
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
            zero_snr: false,
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
    /// Checks that networks can be built from these numbers.
    ///
    /// # Errors
    /// The first number at fault, as a clause, and whose it is.
    pub fn check(&self) -> Result<(), (Checked, String)> {
        self.unet.check().map_err(|why| (Checked::Unet, why))?;
        self.vae.check().map_err(|why| (Checked::Vae, why))?;
        for (i, text) in self.text.iter().enumerate() {
            text.check().map_err(|why| (Checked::Text(i), why))?;
        }
        self.diffusion.check().map_err(|why| (Checked::Diffusion, why))?;
        match self
            .native_size
            .iter()
            .find(|s| !(8..=1 << 14).contains(*s) || *s % 8 != 0)
        {
            Some(side) => Err((
                Checked::Unet,
                format!("the size it was trained at has a side of {side} pixels"),
            )),
            None => Ok(()),
        }
    }

    /// Checks that the networks fit each other, as they must to draw.
    ///
    /// # Errors
    /// The first two numbers that disagree.
    pub fn check_fit(&self) -> Result<(), String> {
        let width: usize = self.text.iter().map(|t| t.width).sum();
        if width != self.unet.context {
            return Err(format!(
                "its text encoders give states {width} wide, its UNet reads {}",
                self.unet.context
            ));
        }
        for text in &self.text {
            if text.vocabulary < CLIP_VOCABULARY || text.positions < CHUNK {
                return Err(format!(
                    "its text encoder has {} tokens and {} positions, CLIP has {CLIP_VOCABULARY} and {CHUNK}",
                    text.vocabulary, text.positions
                ));
            }
        }
        if self.vae.downscale() != 8 {
            return Err(format!(
                "its VAE makes latents {} times smaller than the picture, not 8",
                self.vae.downscale()
            ));
        }
        let latent = self.vae.latent_channels;
        let known = self.unet.in_channels == latent || self.inpaints();
        if let Some(what) = self.draws_after().filter(|_| !known) {
            return Err(format!(
                "its UNet takes {} channels, as {what}, and so draws nothing from text alone",
                self.unet.in_channels
            ));
        }
        if !known || self.unet.out_channels != latent || self.vae.in_channels != 3 {
            return Err(format!(
                "its UNet takes {} and gives {} channels where its VAE's latents have {latent} and its pictures {}",
                self.unet.in_channels, self.unet.out_channels, self.vae.in_channels
            ));
        }
        match self.unet.y {
            Some(y) if self.numbers().is_none_or(|n| n != 5 && n != 6) => Err(format!(
                "its UNet takes a vector y {y} wide, which its text encoders and five or six numbers of width {NUMBER_WIDTH} do not make"
            )),
            _ => Ok(()),
        }
    }

    /// Whether the UNet also reads a mask and a masked picture, as models for inpainting do: 9 channels instead of 4.
    pub fn inpaints(&self) -> bool {
        self.unet.in_channels == 2 * self.vae.latent_channels + 1
    }

    /// How many numbers stand behind the pooled text in `y`: six sizes for SDXL, four and a score for its refiner. `None` without `y`, and
    /// where its width is no such sum.
    pub fn numbers(&self) -> Option<usize> {
        let pooled = self.text.iter().rev().find_map(|t| t.projection)?;
        let rest = self.unet.y?.checked_sub(pooled)?;
        rest.is_multiple_of(NUMBER_WIDTH).then_some(rest / NUMBER_WIDTH)
    }

    /// What the UNet needs beside text, told by its channels.
    fn draws_after(&self) -> Option<&'static str> {
        let latent = self.vae.latent_channels;
        match self.unet.in_channels {
            n if n == 2 * latent => Some("InstructPix2Pix, which changes a picture"),
            n if n == latent + 1 => Some("the model with depth, which needs a map of distances"),
            n if n == latent + 3 => Some("the upscaler, which enlarges a picture"),
            _ => None,
        }
    }

    /// The family's short name: `sd1`, `sd2`, `sd2-v`, `sdxl`, `sdxl-v`, `sdxl-refiner`, with `-inpaint`, `-ip2p` or `-depth` behind it
    /// for nine, eight or five channels.
    pub fn family(&self) -> String {
        let base = match (self.text.as_slice(), self.unet.y, self.diffusion.prediction) {
            ([_, _], _, Prediction::V) => "sdxl-v",
            ([_, _], ..) => "sdxl",
            ([_], Some(_), _) => "sdxl-refiner",
            ([text], None, Prediction::V) if text.naming == TextNaming::OpenClip || self.unet.context == 1024 => {
                "sd2-v"
            }
            ([text], None, _) if text.naming == TextNaming::OpenClip || self.unet.context == 1024 => "sd2",
            (_, _, Prediction::V) => "sd1-v",
            _ => "sd1",
        };
        match self.unet.in_channels {
            9 => format!("{base}-inpaint"),
            8 => format!("{base}-ip2p"),
            5 => format!("{base}-depth"),
            _ => base.to_owned(),
        }
    }
}

/// Levels of channels that norms of so many groups divide.
fn check_levels(network: &str, channels: &[usize], groups: usize) -> Result<(), String> {
    if !(1..=8).contains(&channels.len()) {
        return Err(format!("{network} has {} levels", channels.len()));
    }
    match channels
        .iter()
        .find(|&&c| groups == 0 || !(2..=WIDEST).contains(&c) || c % 2 != 0 || c % groups != 0)
    {
        Some(c) => Err(format!("{groups} norm groups do not divide {c} channels of {network}")),
        None => Ok(()),
    }
}
