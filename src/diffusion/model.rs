//! A checkpoint's networks, loaded onto a device.

use burn::tensor::{DType, Device, Tensor};

use super::conditioning::{self, Conditioning};
use super::preview::LatentPreview;
use super::recipe::Recipe;
use super::sigmas::ModelSigmas;
use crate::nn::clip::Clip;
use crate::nn::unet::Unet;
use crate::nn::vae::Decoder;
use crate::weights::architecture::{Architecture, Betas};
use crate::weights::checkpoint::Network;
use crate::weights::scope::Loader;
use crate::weights::{Checkpoint, Error};

/// The texts of a recipe as the UNet takes them.
#[derive(Clone, Debug)]
pub struct Texts {
    /// The prompt.
    pub cond: Conditioning,
    /// The negative prompt.
    pub uncond: Conditioning,
}

/// What drawing needs of a checkpoint.
#[derive(Debug)]
pub struct Model {
    architecture: Architecture,
    text: Vec<Clip>,
    pub(super) unet: Unet,
    decoder: Decoder,
    pub(super) sigmas: ModelSigmas,
    preview: LatentPreview,
    device: Device,
    dtype: DType,
}

impl Model {
    /// Loads the networks. `on_network` hears the name of each before it is read; `stop` is asked before each tensor.
    ///
    /// # Errors
    /// When a tensor is missing, left over or misshapen, or [`Error::Stopped`].
    pub fn load(
        checkpoint: &Checkpoint,
        device: &Device,
        dtype: DType,
        mut on_network: impl FnMut(&'static str),
        stop: &dyn Fn() -> bool,
    ) -> Result<Self, Error> {
        let architecture = checkpoint.architecture().clone();
        let misfit = |why| Error::NotStableDiffusion {
            path: checkpoint.path().to_owned(),
            why,
        };
        architecture.check_fit().map_err(misfit)?;
        let loader = |network| Loader::new(checkpoint, network, device, dtype).stopping(stop);

        on_network("text encoder");
        let mut text = Vec::new();
        for (i, config) in architecture.text.iter().enumerate() {
            let loader = loader(Network::Text(i));
            text.push(Clip::load(&loader.root(), config)?);
            loader.finish()?;
        }
        on_network("UNet");
        let unet_loader = loader(Network::Unet);
        let unet = Unet::load(&unet_loader.root(), &architecture.unet)?;
        unet_loader.finish()?;
        on_network("VAE");
        let vae_loader = loader(Network::Vae);
        let decoder = Decoder::load(&vae_loader.root(), &architecture.vae)?;
        vae_loader.finish_without(&["encoder.", "quant_conv."])?;

        let diffusion = &architecture.diffusion;
        let betas = match diffusion.betas {
            Betas::ScaledLinear => ModelSigmas::scaled_linear,
            Betas::Linear => ModelSigmas::linear,
        };
        let sigmas = betas(diffusion.beta_start, diffusion.beta_end, diffusion.timesteps);
        if !(sigmas.sigma_min() > 0.0 && sigmas.sigma_max().is_finite()) {
            let why = format!(
                "its noise levels go from {} to {}",
                sigmas.sigma_min(),
                sigmas.sigma_max()
            );
            return Err(misfit(why));
        }
        Ok(Self {
            sigmas,
            preview: LatentPreview::of(&architecture.vae),
            text,
            unet,
            decoder,
            architecture,
            device: device.clone(),
            dtype,
        })
    }

    /// What the networks look like.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The device that the networks are on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The number type that the networks compute in.
    pub fn dtype(&self) -> DType {
        self.dtype
    }

    /// The noise levels that the UNet was trained on.
    pub fn sigmas(&self) -> &ModelSigmas {
        &self.sigmas
    }

    /// The map from latents to small pictures.
    pub fn preview(&self) -> &LatentPreview {
        &self.preview
    }

    /// Encodes the prompt and the negative prompt of a recipe.
    pub fn texts(&self, recipe: &Recipe) -> Texts {
        let cond = self.condition(&recipe.prompt, recipe);
        let uncond = self.condition(&recipe.negative_prompt, recipe);
        let empty = recipe.negative_prompt.is_empty() && self.architecture.unet.y.is_some();
        Texts {
            cond,
            uncond: if empty {
                conditioning::without_text(&uncond)
            } else {
                uncond
            },
        }
    }

    /// Encodes one text for a recipe.
    pub fn condition(&self, text: &str, recipe: &Recipe) -> Conditioning {
        let size = self.architecture.unet.y.map(|_| [recipe.width, recipe.height]);
        let (skip, back) = (recipe.clip_skip, recipe.comma_backtrack);
        conditioning::encode(&self.text, &self.architecture.text, text, skip, back, size)
    }

    /// Decodes sampled latents `[batch, 4, height/8, width/8]` to `[batch, 3, height, width]` in about -1..1.
    pub fn decode(&self, latents: Tensor<4>) -> Tensor<4> {
        self.decoder
            .forward(latents * (1.0 / self.architecture.vae.scale_factor))
    }
}
