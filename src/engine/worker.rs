//! The engine's thread: takes a job, keeps the model that it loaded, says what happens.
//!
//! This is where the Generate walk comes together: open the checkpoint, predict the memory, load, draw each batch under the eye of the
//! cancel token, write each picture. [`crate::diffusion::txt2img`] draws, [`super::output`] writes.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::device::{self, DeviceChoice, Opened};
use super::event::{Event, Failure, JobId, Saved};
use super::job::{Generate, Job};
use super::output::{self, ModelTag};
use super::{CancelToken, Mailbox};
use crate::diffusion::sampler::Stop;
use crate::diffusion::txt2img::{self, Progress};
use crate::diffusion::{Model, Recipe, memory, recipe};
use crate::store::atomic::WriteError;
use crate::store::hashes::HashCache;
use crate::weights::checkpoint::{Layout, Network};
use crate::weights::{self, Checkpoint, hash};

/// The engine's state between jobs.
#[derive(Debug)]
pub struct Worker<'a> {
    choice: DeviceChoice,
    device: Option<Opened>,
    loaded: Option<Loaded>,
    mailbox: &'a Mailbox,
}

/// A model in memory, and the file it is a copy of.
#[derive(Debug)]
struct Loaded {
    identity: Identity,
    model: Model,
}

/// The files that a model was loaded from, with length and time of change.
#[derive(Debug, PartialEq)]
struct Identity(Vec<(PathBuf, Option<(u64, SystemTime)>)>);

impl Identity {
    fn of(checkpoint: &Checkpoint) -> Self {
        let stamp = |path: PathBuf| {
            let stamp = path.metadata().ok().and_then(|m| Some((m.len(), m.modified().ok()?)));
            (path, stamp)
        };
        Self(checkpoint.sources().into_iter().map(stamp).collect())
    }
}

/// Why a job ended without being done.
#[derive(Debug, thiserror::Error)]
enum Error {
    #[error("cancelled")]
    Cancelled,
    #[error(transparent)]
    Device(#[from] device::Error),
    #[error(transparent)]
    Recipe(recipe::Invalid),
    #[error(transparent)]
    Weights(weights::Error),
    #[error("{width}x{height} in batches of {batch} needs about {needed} of memory, {free} are free")]
    Memory {
        width: usize,
        height: usize,
        batch: usize,
        needed: String,
        free: String,
    },
    #[error(transparent)]
    Write(#[from] WriteError),
    #[error("{0}")]
    Sampling(String),
    #[error("the engine broke off: {0}")]
    Panic(String),
}

impl Error {
    fn hint(&self) -> Option<String> {
        match self {
            Self::Device(e) => e.hint(),
            Self::Recipe(e) => e.hint(),
            Self::Weights(e) => e.hint(),
            Self::Write(e) => e.hint(),
            Self::Memory { .. } => Some("draw a smaller picture or a smaller batch, or end other programs".to_owned()),
            Self::Sampling(_) => Some("another VAE or another size may help; the checkpoint may be damaged".to_owned()),
            Self::Panic(_) => {
                Some("this is a fault of danlu's; please report it with the command that you ran".to_owned())
            }
            Self::Cancelled => None,
        }
    }
}

impl From<weights::Error> for Error {
    fn from(error: weights::Error) -> Self {
        match error {
            weights::Error::Stopped => Self::Cancelled,
            error => Self::Weights(error),
        }
    }
}

impl From<Stop> for Error {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Cancelled => Self::Cancelled,
            Stop::Failed(error) => Self::Sampling(error.to_string()),
        }
    }
}

impl<'a> Worker<'a> {
    /// A worker that has loaded nothing yet.
    pub fn new(choice: DeviceChoice, mailbox: &'a Mailbox) -> Self {
        Self {
            choice,
            device: None,
            loaded: None,
            mailbox,
        }
    }

    /// Does a job and posts how it ended. A panic within it ends the job, not the engine.
    pub fn run(&mut self, id: JobId, job: Job, cancel: &CancelToken) {
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| match &job {
            Job::Generate(job) => self.generate(id, job, cancel),
        }));
        let done = done.unwrap_or_else(|panic| {
            self.loaded = None;
            Err(Error::Panic(panic_text(panic.as_ref())))
        });
        self.mailbox.post(match done {
            Ok(()) => Event::Finished { job: id },
            Err(Error::Cancelled) => Event::Cancelled { job: id },
            Err(e) => Event::Failed {
                job: id,
                failure: Failure {
                    message: e.to_string(),
                    hint: e.hint(),
                },
            },
        });
    }

    fn generate(&mut self, id: JobId, job: &Generate, cancel: &CancelToken) -> Result<(), Error> {
        if cancel.is_cancelled() {
            return Err(Error::Cancelled);
        }
        let recipe = &job.recipe;
        if let Some(wrong) = recipe.check().into_iter().next() {
            return Err(Error::Recipe(wrong));
        }
        let device = self.device()?;
        self.mailbox.post(Event::Started {
            job: id,
            pictures: recipe.pictures(),
            device: device.name.clone(),
        });
        let mut checkpoint = Checkpoint::open(&recipe.model)?;
        if let Some(vae) = &recipe.vae {
            checkpoint.replace_vae(vae)?;
        }
        let identity = Identity::of(&checkpoint);
        if self.loaded.as_ref().is_some_and(|loaded| loaded.identity != identity) {
            // The old one goes first: two do not fit everywhere.
            self.loaded = None;
        }
        self.check_memory(&checkpoint, recipe, &device)?;
        output::prepare(&job.output)?;
        for doubt in checkpoint.doubts() {
            self.mailbox.post(Event::Warning {
                job: id,
                message: doubt.clone(),
            });
        }

        let mut hashing = Some(Hashing::start(&checkpoint, job));
        self.load(id, &checkpoint, &device, identity, cancel)?;
        let Some(Loaded { model, .. }) = &self.loaded else {
            return Err(Error::Cancelled);
        };
        let texts = model.texts(recipe);
        let mut tag = ModelTag {
            name: checkpoint.name(),
            ..ModelTag::default()
        };
        for first in (0..recipe.pictures()).step_by(recipe.batch_size) {
            let begun = Instant::now();
            let pictures = txt2img::draw(model, recipe, &texts, first, &mut |progress| {
                self.report(id, job, model, first, cancel, progress)
            })?;
            if let Some(hashing) = hashing.take() {
                (tag.hash, tag.vae_hash) = hashing.wait(cancel)?;
            }
            for (picture, index) in pictures.iter().zip(first..) {
                let infotext = output::infotext(recipe, &tag, index);
                let path = output::save(job, &tag, index, picture, &infotext)?;
                let seconds = begun.elapsed().as_secs_f64();
                let (width, height) = (picture.width, picture.height);
                let picture = Saved {
                    path,
                    seed: recipe.seed_of(index),
                    width,
                    height,
                    seconds,
                    infotext,
                };
                self.mailbox.post(Event::Saved { job: id, picture });
            }
        }
        Ok(())
    }

    /// Posts progress; ends the work when the job is cancelled.
    fn report(
        &self,
        id: JobId,
        job: &Generate,
        model: &Model,
        picture: usize,
        cancel: &CancelToken,
        progress: Progress<'_>,
    ) -> Result<(), Stop> {
        if cancel.is_cancelled() {
            return Err(Stop::Cancelled);
        }
        match progress {
            Progress::Step { step, of, denoised } => {
                self.mailbox.post(Event::Step {
                    job: id,
                    picture,
                    step,
                    of,
                });
                if job.preview
                    && let Some(small) = model.preview().picture(denoised)
                {
                    self.mailbox.post(Event::Preview {
                        job: id,
                        width: small.width,
                        height: small.height,
                        rgb: small.rgb,
                    });
                }
            }
            Progress::Decoding => self.mailbox.post(Event::Decoding { job: id }),
        }
        Ok(())
    }

    fn device(&mut self) -> Result<Opened, Error> {
        if self.device.is_none() {
            self.device = Some(self.choice.open()?);
        }
        self.device.clone().ok_or(Error::Cancelled)
    }

    /// Loads the checkpoint unless it is in memory already.
    fn load(
        &mut self,
        id: JobId,
        checkpoint: &Checkpoint,
        device: &Opened,
        identity: Identity,
        cancel: &CancelToken,
    ) -> Result<(), Error> {
        if self.loaded.is_some() {
            return Ok(());
        }
        let announce = |network: &str| {
            self.mailbox.post(Event::Loading {
                job: id,
                network: network.to_owned(),
            });
        };
        let model = Model::load(checkpoint, &device.device, device.dtype, announce, &|| {
            cancel.is_cancelled()
        })?;
        self.loaded = Some(Loaded { identity, model });
        Ok(())
    }

    /// Refuses what will not fit, before anything is loaded.
    fn check_memory(&self, checkpoint: &Checkpoint, recipe: &Recipe, device: &Opened) -> Result<(), Error> {
        if !device.is_cpu {
            return Ok(());
        }
        let weights = if self.loaded.is_some() {
            0
        } else {
            weight_bytes(checkpoint, device)
        };
        let needed = weights + memory::peak(checkpoint.architecture(), recipe, device.dtype);
        let free = device::free_memory();
        if needed <= free {
            return Ok(());
        }
        Err(Error::Memory {
            width: recipe.width,
            height: recipe.height,
            batch: recipe.batch_size,
            needed: device::gibibytes(needed),
            free: device::gibibytes(free),
        })
    }
}

/// The weights' size in memory: their bytes on disk, widened to the type that is computed in.
fn weight_bytes(checkpoint: &Checkpoint, device: &Opened) -> u64 {
    let stored = checkpoint.dtype().map_or(32, |t| t.bitsize()) as u64;
    let texts = (0..checkpoint.architecture().text.len()).map(Network::Text);
    let bytes: usize = texts
        .chain([Network::Unet, Network::Vae])
        .map(|n| checkpoint.bytes_of(n))
        .sum();
    bytes as u64 * 8 * device.dtype.size() as u64 / stored.max(1)
}

/// The files' hashes, computed while the pictures are drawn: they read whole files.
struct Hashing(JoinHandle<[Option<String>; 2]>);

impl Hashing {
    /// Starts with the checkpoint, where it is one file, and the VAE of its own, where there is one.
    fn start(checkpoint: &Checkpoint, job: &Generate) -> Self {
        let is_file = checkpoint.layout() == Layout::SingleFile;
        let files = [is_file.then(|| checkpoint.path().to_owned()), job.recipe.vae.clone()];
        let cache = job.hash_cache.clone();
        Self(std::thread::spawn(move || {
            files.map(|file| short_hash(&file?, cache.as_deref()))
        }))
    }

    /// The short hashes of checkpoint and VAE. Cancelling leaves the thread to finish for the cache.
    fn wait(self, cancel: &CancelToken) -> Result<(Option<String>, Option<String>), Error> {
        while !self.0.is_finished() {
            if cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        let [checkpoint, vae] = self.0.join().unwrap_or_default();
        Ok((checkpoint, vae))
    }
}

fn short_hash(file: &Path, cache: Option<&Path>) -> Option<String> {
    let sum = match cache {
        Some(cache) => HashCache::new(cache.to_owned()).sha256(file, hash::sha256),
        None => hash::sha256(file),
    };
    sum.ok().map(|sum| hash::short(&sum).to_owned())
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no reason given").to_owned()
}
