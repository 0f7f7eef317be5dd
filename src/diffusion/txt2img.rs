//! A recipe to pictures: draw noise, denoise it step by step under the texts, decode.

use burn::tensor::{DType, Device, Tensor, TensorData};

use super::guidance::Guided;
use super::model::Texts;
use super::noise::ImageNoise;
use super::pixels::{self, Picture};
use super::sampler::{Noise, Stop};
use super::{Model, Recipe};

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
    /// All steps are done; the VAE draws the next picture of the batch.
    Decoding,
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
    let plan = sampler.plan(schedule, recipe.steps, model.sigmas());
    let x = sampler.start(noise.first(), &plan);
    let mut guided = Guided {
        unet: &model.unet,
        prediction: model.architecture().diffusion.prediction,
        sigmas: &model.sigmas,
        cond: &texts.cond,
        uncond: &texts.uncond,
        cfg_scale: recipe.cfg_scale,
    };
    let latents = sampler.sample(x, &plan, &mut guided, &mut noise, &mut |report| {
        watch(Progress::Step {
            step: report.index + 1,
            of: report.of,
            denoised: report.denoised,
        })
    })?;

    // One at a time: the decoder needs far more memory than all that went before.
    let mut pictures = Vec::with_capacity(seeds.len());
    for i in 0..seeds.len() {
        watch(Progress::Decoding)?;
        let decoded = model.decode(latents.clone().narrow(0, i, 1));
        pictures.extend(pixels::pictures(decoded).map_err(Stop::failed)?);
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
