//! The engine's thread: takes a job, keeps the model that it loaded, says what happens.
//!
//! This is where the Generate walk comes together: open the checkpoint, predict the memory, load, draw each batch under the eye of the
//! cancel token, write each picture. [`crate::diffusion::txt2img`] draws, [`super::output`] writes.

use std::panic::AssertUnwindSafe;
use std::path::{Path, PathBuf};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::cache::Cache;
use super::device::{self, Opened};
use super::event::{Event, Failure, JobId, Saved};
use super::job::{Generate, Job};
use super::output::{self, ModelTag};
use super::pace::Pace;
use super::{CancelToken, Outlet, Preview};
use crate::diffusion::pixels::Picture;
use crate::diffusion::sampler::Stop;
use crate::diffusion::txt2img::{self, Progress};
use crate::diffusion::{Model, Recipe, memory, recipe};
use crate::store::atomic::WriteError;
use crate::store::hashes::HashCache;
use crate::weights::checkpoint::{Layout, Network};
use crate::weights::{self, Checkpoint, hash};

/// The engine's state between jobs.
#[derive(Debug)]
pub(super) struct Worker<'a> {
    device: Option<Opened>,
    models: Cache<Identity, Model>,
    outlet: &'a Outlet,
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

    /// Whether the other one is of the same files as they were at another time.
    fn is_outdated_by(&self, other: &Self) -> bool {
        let paths = |identity: &Self| identity.0.iter().map(|(path, _)| path.clone()).collect::<Vec<_>>();
        self != other && paths(self) == paths(other)
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
    #[error("the job was written by another version of danlu, and this one cannot read it")]
    Unreadable,
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
            Self::Unreadable => Some("retry it with the danlu that added it".to_owned()),
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
    pub(super) fn new(outlet: &'a Outlet) -> Self {
        Self {
            device: None,
            models: Cache::default(),
            outlet,
        }
    }

    /// Does a job and posts how it ended. A panic within it ends the job, not the engine.
    pub(super) fn run(&mut self, id: JobId, job: Job, cancel: &CancelToken) {
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| match &job {
            Job::Generate(job) => self.generate(id, job, cancel),
            Job::Unreadable(_) => Err(Error::Unreadable),
        }));
        let done = done.unwrap_or_else(|panic| {
            self.models = Cache::default();
            Err(Error::Panic(panic_text(panic.as_ref())))
        });
        self.outlet.post(match done {
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
        self.outlet.post(Event::Started {
            job: id,
            pictures: recipe.pictures(),
            device: device.name.clone(),
        });
        let mut checkpoint = Checkpoint::open(&recipe.model)?;
        if let Some(vae) = &recipe.vae {
            checkpoint.replace_vae(vae)?;
        }
        let identity = Identity::of(&checkpoint);
        self.models.retain(|kept| !kept.is_outdated_by(&identity));
        let is_loaded = self.models.touch(&identity);
        self.make_room(&checkpoint, recipe, &device, is_loaded)?;
        output::prepare(&job.output)?;
        for doubt in checkpoint.doubts() {
            self.outlet.post(Event::Warning {
                job: Some(id),
                message: doubt.clone(),
            });
        }

        let mut hashing = Some(Hashing::start(&checkpoint, job));
        if !is_loaded {
            let model = self.load(id, &checkpoint, &device, cancel)?;
            self.models.insert(identity, weight_bytes(&checkpoint, &device), model);
        }
        let Some(model) = self.models.newest() else {
            return Err(Error::Cancelled);
        };
        let texts = model.texts(recipe);
        let mut tag = ModelTag {
            name: checkpoint.name(),
            ..ModelTag::default()
        };
        let mut watch = Watch {
            id,
            job,
            model,
            cancel,
            outlet: self.outlet,
            pace: Pace::begin(),
        };
        for first in (0..recipe.pictures()).step_by(recipe.batch_size) {
            let begun = Instant::now();
            let pictures = txt2img::draw(model, recipe, &texts, first, &mut |progress| {
                watch.report(first, progress)
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
                self.outlet.post(Event::Saved { job: id, picture });
            }
            watch.pace.batch();
        }
        Ok(())
    }

    fn device(&mut self) -> Result<Opened, Error> {
        if self.device.is_none() {
            self.device = Some(self.outlet.setup.device.open()?);
        }
        self.device.clone().ok_or(Error::Cancelled)
    }

    /// Loads the checkpoint.
    fn load(&self, id: JobId, checkpoint: &Checkpoint, device: &Opened, cancel: &CancelToken) -> Result<Model, Error> {
        let announce = |network: &str| {
            self.outlet.post(Event::Loading {
                job: id,
                network: network.to_owned(),
            });
        };
        Ok(Model::load(
            checkpoint,
            &device.device,
            device.dtype,
            announce,
            &|| cancel.is_cancelled(),
        )?)
    }

    /// Lets kept models go for the one that is needed now and for drawing with it; refuses what will not fit even so, before anything
    /// is loaded.
    fn make_room(
        &mut self,
        checkpoint: &Checkpoint,
        recipe: &Recipe,
        device: &Opened,
        is_loaded: bool,
    ) -> Result<(), Error> {
        let weights = if is_loaded {
            0
        } else {
            let weights = weight_bytes(checkpoint, device);
            // Before loading: two at once do not fit everywhere.
            self.models.make_room(weights, self.bound(device));
            weights
        };
        if !device.is_cpu {
            return Ok(());
        }
        let needed = weights + memory::peak(checkpoint.architecture(), recipe, device.dtype);
        let used = if is_loaded { self.models.newest_bytes() } else { 0 };
        let evictable = self.models.bytes() - used;
        let mut free = device::free_memory();
        if needed <= free.saturating_add(evictable) {
            let last = usize::from(is_loaded);
            while needed > free && self.models.len() > last && self.models.evict() {
                free = device::free_memory();
            }
        }
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

    /// Bytes of models that may be kept. Where nothing was said, a third of the machine's memory, and on a GPU, whose memory nobody
    /// tells, one model.
    fn bound(&self, device: &Opened) -> u64 {
        let automatic = || if device.is_cpu { device::total_memory() / 3 } else { 0 };
        self.outlet.setup.model_cache.unwrap_or_else(automatic)
    }
}

/// Follows a job while it is drawn.
struct Watch<'a> {
    id: JobId,
    job: &'a Generate,
    model: &'a Model,
    cancel: &'a CancelToken,
    outlet: &'a Outlet,
    pace: Pace,
}

impl Watch<'_> {
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
                    && let Some(Picture { width, height, rgb }) = self.model.preview().picture(denoised)
                {
                    let preview = Preview { width, height, rgb };
                    self.outlet.post(Event::Preview { job, preview });
                }
            }
            Progress::Decoding => self.outlet.post(Event::Decoding { job }),
        }
        Ok(())
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
