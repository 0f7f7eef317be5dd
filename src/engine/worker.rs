//! The engine's thread: takes a job, keeps the model that it loaded, says what happens.
//!
//! This is where the Generate walk comes together: open the checkpoints, find what the prompt calls, predict the memory, load, draw.
//! [`super::drawing`] makes the pictures; read it next.

use std::panic::AssertUnwindSafe;

use super::cache::Cache;
use super::device::{self, Opened};
use super::drawing::Drawing;
use super::error::Error;
use super::event::{Event, Failure, JobId};
use super::extras::Extras;
use super::hashing::Hashing;
use super::inversions::Shelf;
use super::job::{Generate, Job};
use super::needed::{self, Identity, Needed};
use super::networks::Networks;
use super::tagging::{Kept, Tagging};
use super::{CancelToken, Outlet, output};
use crate::diffusion::{Model, Recipe, memory};
use crate::library::Trees;
use crate::vision::TagJob;
use crate::weights::Checkpoint;
use crate::workbench::{self, Task};

/// The engine's state between jobs.
#[derive(Debug)]
pub(super) struct Worker<'a> {
    device: Option<Opened>,
    models: Cache<Identity, Model>,
    networks: Networks,
    shelf: Shelf,
    /// The last tagger or captioner; let go when something else is done.
    looker: Option<Kept>,
    outlet: &'a Outlet,
}

impl<'a> Worker<'a> {
    /// A worker that has loaded nothing yet.
    pub(super) fn new(outlet: &'a Outlet) -> Self {
        Self {
            device: None,
            models: Cache::default(),
            networks: Networks::default(),
            shelf: Shelf::default(),
            looker: None,
            outlet,
        }
    }

    /// Does a job and posts how it ended. A panic within it ends the job, not the engine.
    pub(super) fn run(&mut self, id: JobId, job: Job, cancel: &CancelToken) {
        if !matches!(job, Job::Tag(_)) {
            self.looker = None;
        }
        let done = std::panic::catch_unwind(AssertUnwindSafe(|| match &job {
            Job::Generate(job) => self.generate(id, job, cancel),
            Job::Workbench(task) => self.make(id, task, cancel),
            Job::Tag(job) => self.tag(id, job, cancel),
            Job::Unreadable(_) => Err(Error::Unreadable),
        }));
        let done = done.unwrap_or_else(|panic| {
            self.models = Cache::default();
            self.looker = None;
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
        let mut job = job.clone();
        let trees = Trees::scan(&job.roots);
        let vae_chosen = needed::choose_vae(&mut job.recipe, &trees);
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
        let mut needed = Needed::of(recipe, &trees, &device)?;
        for one in needed.iter_mut().rev() {
            self.models.retain(|kept| !kept.is_outdated_by(&one.identity));
            one.is_loaded = self.models.touch(&one.identity);
        }
        let mut extras = Extras::of(&job, &needed, &trees, &mut self.networks, &mut self.shelf, &device)?;
        self.make_room(&needed, recipe, &device, extras.changed_bytes(&device))?;
        output::prepare(&job.output)?;
        let lent = needed.iter().filter_map(|one| {
            let (unet, lender) = (one.checkpoint.path().display(), one.lender.as_ref()?.display());
            Some(format!(
                "{unet} is a UNet by itself; text encoders and VAE are those of {lender}"
            ))
        });
        for message in vae_chosen.into_iter().chain(lent).chain(extras.said.drain(..)) {
            self.outlet.post(Event::Warning { job: Some(id), message });
        }
        let hashing = Hashing::start(&needed, &job, std::mem::take(&mut extras.named));
        self.load_all(id, &needed, &mut extras, &device, cancel)?;
        let drawing = Drawing {
            id,
            job: &job,
            needed: &needed,
            extras: &extras,
            device: &device,
            cancel,
            outlet: self.outlet,
        };
        let models = needed.iter().map(|one| self.models.get(&one.identity));
        let models: Vec<&Model> = models.collect::<Option<_>>().ok_or(Error::Cancelled)?;
        drawing.run(&models, hashing)
    }

    /// Loads what is not in memory, and puts all under the networks that the prompt calls.
    fn load_all(
        &mut self,
        id: JobId,
        needed: &[Needed],
        extras: &mut Extras,
        device: &Opened,
        cancel: &CancelToken,
    ) -> Result<(), Error> {
        // The recipe's own model last, so that it is the most recently used one.
        for one in needed.iter().rev() {
            if !one.is_loaded {
                let model = self.load(id, &one.checkpoint, device, cancel)?;
                self.models.insert(one.identity.clone(), one.bytes, model);
            }
            self.models.touch(&one.identity);
        }
        if extras.calls_networks {
            self.outlet.post(Event::Loading {
                job: id,
                network: "networks".to_owned(),
            });
        }
        for (one, plan) in needed.iter().zip(extras.plans.drain(..)) {
            let model = self.models.get_mut(&one.identity).ok_or(Error::Cancelled)?;
            model.adapt(plan, &|| cancel.is_cancelled())?;
            model.set_hypernetworks(extras.hypernetworks.clone());
        }
        Ok(())
    }

    /// Makes a model file. Its tensors are told as steps, what is to be known of it as warnings.
    fn make(&self, id: JobId, task: &Task, cancel: &CancelToken) -> Result<(), Error> {
        self.outlet.post(Event::Started {
            job: id,
            pictures: 0,
            device: "CPU".to_owned(),
        });
        let done = workbench::run(task, &mut |progress| {
            if cancel.is_cancelled() {
                return Err(workbench::Stop);
            }
            self.outlet.post(Event::Step {
                job: id,
                picture: 0,
                step: progress.done,
                of: progress.of,
                per_second: progress.per_second,
                left: progress.left,
            });
            Ok(())
        })?;
        for message in done.notes {
            self.outlet.post(Event::Warning { job: Some(id), message });
        }
        Ok(())
    }

    /// Proposes captions. A captioner gets the memory that kept models have.
    fn tag(&mut self, id: JobId, job: &TagJob, cancel: &CancelToken) -> Result<(), Error> {
        let device = self.device()?;
        self.models = Cache::default();
        let tagging = Tagging {
            id,
            job,
            cancel,
            outlet: self.outlet,
        };
        tagging.run(&mut self.looker, &device.device, &device.name)
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

    /// Lets kept models go for those that are needed now, for `changed` bytes of them under networks and for drawing with it; refuses
    /// what will not fit even so, before anything is loaded.
    fn make_room(&mut self, models: &[Needed], recipe: &Recipe, device: &Opened, changed: u64) -> Result<(), Error> {
        let bytes = |is_loaded| {
            models
                .iter()
                .filter(move |one| one.is_loaded == is_loaded)
                .map(|one| one.bytes)
                .sum::<u64>()
        };
        let (weights, used) = (bytes(false), bytes(true));
        if weights > 0 {
            // Before loading: more at once do not fit everywhere. Those that are needed together stay together.
            self.models.make_room(weights, self.bound(device).max(weights + used));
        }
        if !device.is_cpu {
            return Ok(());
        }
        let peaks = models
            .iter()
            .map(|one| memory::peak(one.checkpoint.architecture(), recipe, device.dtype));
        let has: u64 = models
            .iter()
            .filter_map(|one| self.models.get(&one.identity))
            .map(Model::adapted_bytes)
            .sum();
        let needed = weights + changed.saturating_sub(has) + peaks.max().unwrap_or_default();
        let evictable = self.models.bytes().saturating_sub(used);
        let mut free = device::free_memory();
        if needed <= free.saturating_add(evictable) {
            let last = models.iter().filter(|one| one.is_loaded).count();
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

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    text.unwrap_or("no reason given").to_owned()
}
