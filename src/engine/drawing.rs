//! A job's pictures: drawn batch by batch under the eye of the cancel token, each written with its parameters.
//!
//! Everything is loaded when this begins. [`crate::diffusion::txt2img`] draws, [`super::output`] writes.

use std::time::Instant;

use burn::tensor::Tensor;

use super::device::Opened;
use super::error::Error;
use super::event::{Event, JobId, Saved};
use super::extras::Extras;
use super::hashing::Hashing;
use super::job::Generate;
use super::needed::Needed;
use super::output::{self, ModelTag};
use super::pace::Pace;
use super::{CancelToken, Outlet, Preview};
use crate::diffusion::Model;
use crate::diffusion::guidance::Takeover;
use crate::diffusion::pixels::{self, Picture};
use crate::diffusion::sampler::Stop;
use crate::diffusion::txt2img::{self, Helpers, Progress};
use crate::nn::taesd::Taesd;
use crate::weights;

/// A job whose models are loaded.
pub(super) struct Drawing<'a> {
    pub(super) id: JobId,
    pub(super) job: &'a Generate,
    pub(super) needed: &'a [Needed],
    pub(super) extras: &'a Extras,
    pub(super) device: &'a Opened,
    pub(super) cancel: &'a CancelToken,
    pub(super) outlet: &'a Outlet,
}

impl Drawing<'_> {
    /// Draws and writes all pictures with the recipe's model, and behind it in `models` its refiner.
    pub(super) fn run(&self, models: &[&Model], hashing: Hashing) -> Result<(), Error> {
        let (job, recipe) = (self.job, &self.job.recipe);
        let [model, refiner @ ..] = models else {
            return Err(Error::Cancelled);
        };
        let texts_of = |model: &Model, at: usize| model.texts(recipe, &self.extras.inversions[at].embeddings);
        let refiner = refiner.first().map(|refiner| (*refiner, texts_of(refiner, 1)));
        let takeover = refiner.as_ref().zip(recipe.refiner.as_ref());
        let taesd = match &recipe.taesd {
            Some(file) => Some(Taesd::load(file, &self.device.device, self.device.dtype)?),
            None => None,
        };
        let helpers = Helpers {
            refiner: takeover.map(|((model, texts), refiner)| Takeover {
                model,
                texts,
                switch_at: refiner.switch_at,
            }),
            taesd: taesd.as_ref(),
        };
        let texts = texts_of(model, 0);
        let mut tag = ModelTag {
            name: self.needed[0].checkpoint.name(),
            embedding_hashes: self.extras.inversions[0].infotext(recipe, job.hash_cache.as_deref()),
            ..ModelTag::default()
        };
        let mut watch = self.watch(model);
        let mut hashing = Some(hashing);
        let mut refiner_hash = None;
        for first in (0..recipe.pictures()).step_by(recipe.batch_size) {
            let begun = Instant::now();
            let mut report = |progress: Progress<'_>| watch.report(first, progress);
            let pictures = txt2img::draw_with(model, recipe, &texts, helpers, first, &mut report);
            let pictures = pictures.map_err(|stop| self.explain(stop))?;
            if let Some(hashing) = hashing.take() {
                let hashes = hashing.wait(self.cancel).ok_or(Error::Cancelled)?;
                [tag.hash, tag.vae_hash, refiner_hash, tag.lora_hashes] = hashes;
            }
            // A1111 writes the refiner down once it took over, not where it was merely asked for.
            if watch.refined
                && let Some(refiner) = self.needed.get(1)
            {
                tag.refiner = Some((refiner.checkpoint.name(), refiner_hash.clone()));
            }
            self.save(&tag, first, &pictures, begun)?;
            watch.pace.batch();
        }
        Ok(())
    }

    /// Writes a batch that began with picture `first` at `begun`.
    fn save(&self, tag: &ModelTag, first: usize, pictures: &[Picture], begun: Instant) -> Result<(), Error> {
        for (picture, index) in pictures.iter().zip(first..) {
            let infotext = output::infotext(&self.job.recipe, tag, index);
            let path = output::save(self.job, tag, index, picture, &infotext)?;
            let seconds = begun.elapsed().as_secs_f64();
            let (width, height) = (picture.width, picture.height);
            let picture = Saved {
                path,
                seed: self.job.recipe.seed_of(index),
                width,
                height,
                seconds,
                infotext,
            };
            let job = self.id;
            self.outlet.post(Event::Saved { job, picture });
        }
        Ok(())
    }

    /// Where a picture came to nothing but NaN, the file that brought it is looked for.
    fn explain(&self, stop: Stop) -> Error {
        if let Stop::Failed(error) = &stop
            && error.is::<pixels::Error>()
            && let Some(found) = self.needed.iter().find_map(|one| one.checkpoint.check_finite().err())
        {
            return found.into();
        }
        stop.into()
    }

    fn watch<'a>(&'a self, model: &'a Model) -> Watch<'a> {
        // A preview may fail; then the linear map shows it.
        let taesd = || {
            let is_xl = model.architecture().unet.y.is_some();
            let file = weights::vae::tiny(&self.job.recipe.model, is_xl, &self.job.roots)?;
            Taesd::load(&file, &self.device.device, self.device.dtype).ok()
        };
        Watch {
            taesd: if self.job.preview { taesd() } else { None },
            id: self.id,
            job: self.job,
            model,
            cancel: self.cancel,
            outlet: self.outlet,
            pace: Pace::begin(),
            refined: false,
        }
    }
}

/// Follows a job while it is drawn.
struct Watch<'a> {
    id: JobId,
    job: &'a Generate,
    model: &'a Model,
    /// Decodes the previews, where it lies near the model.
    taesd: Option<Taesd>,
    cancel: &'a CancelToken,
    outlet: &'a Outlet,
    pace: Pace,
    /// Whether the refiner took over.
    refined: bool,
}

impl Watch<'_> {
    /// What the first of the latents will look like.
    fn preview(&self, denoised: &Tensor<4>) -> Option<Picture> {
        let decode = |taesd: &Taesd| {
            pixels::pictures(taesd.forward(denoised.clone().narrow(0, 0, 1)))
                .ok()?
                .pop()
        };
        let decoded = self.taesd.as_ref().and_then(decode);
        decoded.or_else(|| self.model.preview().picture(denoised))
    }

    /// Posts the progress of the batch that begins with picture `first`; ends the work when the job is cancelled.
    fn report(&mut self, first: usize, progress: Progress<'_>) -> Result<(), Stop> {
        if self.cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        let job = self.id;
        match progress {
            Progress::Step { step, of, denoised } => {
                self.pace.step();
                let batches = self.job.recipe.batch_count - first / self.job.recipe.batch_size - 1;
                self.outlet.post(Event::Step {
                    job,
                    picture: first,
                    step,
                    of,
                    per_second: self.pace.per_second(),
                    left: self.pace.left(of - step, of, batches),
                });
                if self.job.preview
                    && let Some(Picture { width, height, rgb }) = self.preview(denoised)
                {
                    let preview = Preview { width, height, rgb };
                    self.outlet.post(Event::Preview { job, preview });
                }
            }
            Progress::Decoding => self.outlet.post(Event::Decoding { job }),
            Progress::Refining => self.refined = true,
            Progress::Remark(remark) => self.outlet.post(Event::Warning {
                job: Some(job),
                message: remark.to_owned(),
            }),
        }
        Ok(())
    }
}
