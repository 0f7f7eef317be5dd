//! A recipe to pictures: draw noise, denoise it step by step under the texts, decode.

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::decoding;
use super::guidance::{Guided, Takeover};
use super::model::Texts;
use super::noise::ImageNoise;
use super::pixels::{self, Picture};
use super::sampler::{Noise, Stop};
use super::{Model, Recipe};
use crate::nn::taesd::Taesd;

/// What happens while a batch is drawn.
#[derive(Debug)]
pub enum Progress<'a> {
    /// A step is done.
    Step {
        /// Steps done, from 1.
        step: usize,
        /// Steps in all.
        of: usize,
        /// The picture as the model imagines it now, `[batch, 4, height/8, width/8]`.
        denoised: &'a Tensor<4>,
    },
    /// The refiner has taken over.
    Refining,
    /// All steps are done; the VAE draws the next picture of the batch.
    Decoding,
    /// Something that the user should know of the pictures.
    Remark(&'static str),
}

/// What may help a model to draw.
#[derive(Clone, Copy, Debug, Default)]
pub struct Helpers<'a> {
    /// The model that takes over before the end.
    pub refiner: Option<Takeover<'a>>,
    /// The autoencoder that decodes instead of the VAE.
    pub taesd: Option<&'a Taesd>,
}

/// Draws the batch of a recipe that begins with picture `first`; `texts` are the recipe's, from [`Model::texts`].
///
/// `watch` hears of every step and may stop the work by an error.
///
/// # Errors
/// [`Stop::Cancelled`] when `watch` says so, [`Stop::Failed`] when the device or the networks give no picture.
pub fn draw(
    model: &Model,
    recipe: &Recipe,
    texts: &Texts,
    first: usize,
    watch: &mut dyn FnMut(Progress<'_>) -> Result<(), Stop>,
) -> Result<Vec<Picture>, Stop> {
    draw_with(model, recipe, texts, Helpers::default(), first, watch)
}

/// [`draw`] with helpers. Where a refiner took over its VAE decodes, as in A1111.
///
/// # Errors
/// As [`draw`].
pub fn draw_with(
    model: &Model,
    recipe: &Recipe,
    texts: &Texts,
    helpers: Helpers<'_>,
    first: usize,
    watch: &mut dyn FnMut(Progress<'_>) -> Result<(), Stop>,
) -> Result<Vec<Picture>, Stop> {
    let seeds: Vec<u64> = (first..first + recipe.batch_size).map(|i| recipe.seed_of(i)).collect();
    let vae = &model.architecture().vae;
    let side = vae.downscale();
    let shape = [vae.latent_channels, recipe.height / side, recipe.width / side];
    let mut noise = LatentNoise {
        generators: ImageNoise::new(recipe.rng, &seeds, shape, recipe.ensd),
        shape: [seeds.len(), shape[0], shape[1], shape[2]],
        device: model.device(),
        dtype: model.dtype(),
    };

    let sampler = recipe.sampler.sampler();
    let schedule = recipe.schedule;
    let mut guided = Guided::new(model, texts, recipe.cfg_scale, model.beside(noise.shape));
    guided.refiner = helpers.refiner;
    if recipe.zero_snr && !model.architecture().diffusion.zero_snr {
        guided.sigmas = guided.sigmas.zero_terminal_snr();
    }
    let plan = sampler.plan(schedule, recipe.steps, &guided.sigmas);
    let x = sampler.start(noise.first(), &plan);
    let latents = sampler.sample(x, &plan, &mut guided, &mut noise, &mut |report| {
        if report.index == 0 {
            // Damaged weights show at once; the other steps need not be waited for.
            pixels::check_latents(report.denoised.clone()).map_err(Stop::failed)?;
        }
        watch(Progress::Step {
            step: report.index + 1,
            of: report.of,
            denoised: report.denoised,
        })
    })?;
    pixels::check_latents(latents.clone()).map_err(Stop::failed)?;
    let last = match helpers.refiner {
        Some(refiner) if guided.refiner.is_none() => {
            watch(Progress::Refining)?;
            refiner.model
        }
        _ => model,
    };

    // One at a time: the decoder needs far more memory than all that went before.
    let mut pictures = Vec::with_capacity(seeds.len());
    for i in 0..seeds.len() {
        watch(Progress::Decoding)?;
        let latent = latents.clone().narrow(0, i, 1);
        let (picture, remark) = decoding::decode(last, helpers.taesd, latent).map_err(Stop::failed)?;
        if let Some(remark) = remark {
            watch(Progress::Remark(remark))?;
        }
        pictures.extend(picture);
    }
    Ok(pictures)
}

/// The noise of a batch, made on the host so that every device draws the same picture.
struct LatentNoise<'a> {
    generators: ImageNoise,
    shape: [usize; 4],
    device: &'a Device,
    dtype: DType,
}

impl LatentNoise<'_> {
    fn first(&mut self) -> Tensor<4> {
        let values = self.generators.first();
        self.upload(values)
    }

    fn upload(&self, values: Vec<f32>) -> Tensor<4> {
        Tensor::<4>::from_data(TensorData::new(values, self.shape), (self.device, DType::F32)).cast(self.dtype)
    }
}

impl Noise for LatentNoise<'_> {
    fn next(&mut self) -> Tensor<4> {
        let values = self.generators.next();
        self.upload(values)
    }
}
