//! A checkpoint's networks, loaded onto a device.

use std::cell::OnceCell;

use burn::tensor::{DType, Device, Tensor};

use super::adapted::{Adapted, Plan};
use super::conditioning::{self, Conditioning};
use super::inversions::Embeddings;
use super::preview::LatentPreview;
use super::recipe::Recipe;
use super::sigmas::ModelSigmas;
use super::{decoding, probe};
use crate::nn::clip::Clip;
use crate::nn::hypernetwork::Hypernetwork;
use crate::nn::unet::Unet;
use crate::nn::vae::{Decoder, Encoder};
use crate::prompt::networks;
use crate::weights::architecture::{Architecture, Betas};
use crate::weights::checkpoint::Network;
use crate::weights::scope::Loader;
use crate::weights::{Checkpoint, Error, Scope};

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
    adapted: Adapted,
    decoder: Decoder,
    /// In f32, once half precision has failed.
    wide_decoder: OnceCell<Decoder>,
    /// Where the UNet reads a masked picture.
    encoder: Option<Encoder>,
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
        let mut architecture = checkpoint.architecture().clone();
        let misfit = |why| Error::NotStableDiffusion {
            path: checkpoint.path().to_owned(),
            why,
        };
        architecture.check_fit().map_err(misfit)?;
        let loader = |network| Loader::new(checkpoint, network, device, dtype).stopping(stop);

        let mut adapted = Adapted::new(device, dtype);
        on_network("text encoder");
        let mut text = Vec::new();
        for (i, config) in architecture.text.iter().enumerate() {
            let loader = loader(Network::Text(i));
            text.push(Clip::load(&loader.root(), config)?);
            loader.finish()?;
            adapted.keep(Network::Text(i), loader.into_kept());
        }
        on_network("UNet");
        let unet_loader = loader(Network::Unet);
        let unet = Unet::load(&unet_loader.root(), &architecture.unet)?;
        unet_loader.finish()?;
        if !checkpoint.prediction_is_said() {
            architecture.diffusion.prediction = probe::prediction(&unet, &architecture.unet, device, dtype);
        }
        adapted.keep(Network::Unet, unet_loader.into_kept());
        on_network("VAE");
        let vae_loader = loader(Network::Vae);
        let decoder = Decoder::load(&vae_loader.root(), &architecture.vae)?;
        let encoder = if architecture.inpaints() {
            Some(Encoder::load(&vae_loader.root(), &architecture.vae)?)
        } else {
            None
        };
        vae_loader.finish_without(&["encoder.", "quant_conv."])?;

        let diffusion = &architecture.diffusion;
        let betas = match diffusion.betas {
            Betas::ScaledLinear => ModelSigmas::scaled_linear,
            Betas::Linear => ModelSigmas::linear,
        };
        let mut sigmas = betas(diffusion.beta_start, diffusion.beta_end, diffusion.timesteps);
        if diffusion.zero_snr {
            sigmas = sigmas.zero_terminal_snr();
        }
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
            adapted,
            decoder,
            wide_decoder: OnceCell::new(),
            encoder,
            architecture,
            device: device.clone(),
            dtype,
        })
    }

    /// Puts the model under the planned networks of the LoRA family and under no others; what it is under already costs nothing.
    ///
    /// # Errors
    /// [`Error::Stopped`] when `stop` says so; the model is as before then.
    pub fn adapt(&mut self, plan: Plan, stop: &dyn Fn() -> bool) -> Result<(), Error> {
        for network in self.adapted.change(plan, stop)? {
            let source = self.adapted.source(network);
            let scope = Scope::of(&source);
            match network {
                Network::Unet => self.unet = Unet::load(&scope, &self.architecture.unet)?,
                Network::Text(i) => self.text[i] = Clip::load(&scope, &self.architecture.text[i])?,
                Network::Vae => {}
            }
        }
        Ok(())
    }

    /// Bytes of the layers that networks have changed; the checkpoint's own are kept beside them.
    pub fn adapted_bytes(&self) -> u64 {
        self.adapted.bytes()
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

    /// Encodes the prompt and the negative prompt of a recipe, in which embeddings may be named. Network calls are taken out of the
    /// prompt; in the negative prompt they are text, as in A1111.
    pub fn texts(&self, recipe: &Recipe, embeddings: &Embeddings) -> Texts {
        let prompt = networks::extract(&recipe.prompt);
        let cond = self.condition(&prompt.text, recipe, false, embeddings);
        let uncond = self.condition(&recipe.negative_prompt, recipe, true, embeddings);
        let emptied = self
            .architecture
            .numbers()
            .filter(|_| recipe.negative_prompt.is_empty());
        Texts {
            cond,
            uncond: match emptied {
                Some(numbers) => conditioning::without_text(&uncond, numbers),
                None => uncond,
            },
        }
    }

    /// Encodes one text, which has no network calls, for a recipe; SDXL's refiner reads what is to be avoided with another score.
    pub fn condition(&self, text: &str, recipe: &Recipe, is_negative: bool, embeddings: &Embeddings) -> Conditioning {
        let numbers = conditioning::numbers(&self.architecture, recipe, is_negative);
        let (skip, back) = (recipe.clip_skip, recipe.comma_backtrack);
        conditioning::encode(
            &self.text,
            &self.architecture.text,
            text,
            skip,
            back,
            numbers.as_deref(),
            embeddings,
        )
    }

    /// What a model for inpainting reads beside the latents `[batch, 4, height, width]` when all is to be drawn, `[1, 5, height,
    /// width]`: a mask of ones and an evenly grey picture, encoded. `None` for other models.
    ///
    /// A1111 draws the encoded grey from the VAE's distribution by a generator of no seed; its mean is taken here.
    pub(super) fn beside(&self, [_, _, height, width]: [usize; 4]) -> Option<Tensor<4>> {
        let vae = &self.architecture.vae;
        let side = vae.downscale();
        let at = (&self.device, self.dtype);
        let grey = Tensor::<4>::zeros([1, vae.in_channels, height * side, width * side], at);
        let latent = self.encoder.as_ref()?.forward(grey).mean * vae.scale_factor;
        Some(Tensor::cat(vec![Tensor::ones([1, 1, height, width], at), latent], 1))
    }

    /// Has the UNet's attention read through these hypernetworks, in order, from now on; none by default. Loading a UNet anew
    /// forgets them.
    pub fn set_hypernetworks(&mut self, networks: Vec<Hypernetwork>) {
        self.unet.set_hypernetworks(networks);
    }

    /// Decodes sampled latents `[batch, 4, height/8, width/8]` to `[batch, 3, height, width]` in about -1..1.
    pub fn decode(&self, latents: Tensor<4>) -> Tensor<4> {
        self.decoder
            .forward(latents * (1.0 / self.architecture.vae.scale_factor))
    }

    /// [`decode`](Self::decode) in f32, for VAEs that half precision is too narrow for. The widened decoder is kept.
    pub fn decode_wide(&self, latents: Tensor<4>) -> Tensor<4> {
        let decoder = self
            .wide_decoder
            .get_or_init(|| decoding::widened(self.decoder.clone()));
        decoder.forward(latents.cast(DType::F32) * (1.0 / self.architecture.vae.scale_factor))
    }

    /// Whether [`decode_wide`](Self::decode_wide) was needed before.
    pub fn decodes_wide(&self) -> bool {
        self.wide_decoder.get().is_some()
    }
}
