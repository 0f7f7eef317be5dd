//! The background worker that owns the device and the models, and the process that outlives the screen with it.
//!
//! The rest of danlu knows it as two serde enums: a [`Job`] goes in, [`Event`]s come out. It runs on a thread of its own and never
//! waits for whoever watches: previews and step counts overwrite one another, everything else is kept until it is read. Read
//! [`worker`] next; [`mailbox`] is where events wait.
//!
//! The same enums cross a socket: [`server`] is the engine process, [`service`] its owner of the [`queue`], [`client`] the way to it.

pub mod cache;
pub mod client;
pub mod device;
mod drawing;
mod error;
pub mod event;
mod extras;
mod hashing;
mod inversions;
pub mod job;
pub mod mailbox;
mod needed;
mod networks;
pub mod output;
pub mod pace;
pub mod queue;
pub mod seat;
pub mod server;
pub mod service;
mod tagging;
pub mod wire;
pub mod worker;

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

pub use device::DeviceChoice;
pub use event::{Event, Failure, JobId, Preview, Saved};
pub use job::{Generate, Job, Output};
pub use mailbox::Mailbox;
pub use queue::{Entry, Present, Running, Stage, State};
pub use wire::{Hello, Request};

/// Tells a job to stop. Clones share the wish.
#[derive(Clone, Debug, Default)]
pub struct CancelToken(Arc<AtomicBool>);

impl CancelToken {
    /// Asks the job to stop at the next step.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the job was asked to stop.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// How an engine is set up.
#[derive(Default)]
pub struct Setup {
    /// The device.
    pub device: DeviceChoice,
    /// Bytes of models that are kept in memory; `None` takes what suits the device.
    pub model_cache: Option<u64>,
    /// Rung after every event, for whoever waits for other things too.
    pub bell: Option<Box<dyn Fn() + Send + Sync>>,
}

impl fmt::Debug for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            device, model_cache, ..
        } = self;
        f.debug_struct("Setup")
            .field("device", device)
            .field("model_cache", model_cache)
            .finish_non_exhaustive()
    }
}

/// Where the worker leaves its events.
#[derive(Debug)]
struct Outlet {
    mailbox: Mailbox,
    setup: Setup,
}

impl Outlet {
    fn post(&self, event: Event) {
        self.mailbox.post(event);
        if let Some(bell) = &self.setup.bell {
            bell();
        }
    }
}

/// A running engine. Dropping it lets the current job finish its step and ends the thread.
#[derive(Debug)]
pub struct Engine {
    jobs: Option<mpsc::Sender<(JobId, Job, CancelToken)>>,
    tokens: Mutex<HashMap<JobId, CancelToken>>,
    outlet: Arc<Outlet>,
    next: AtomicU64,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Engine {
    /// Starts the engine on its own thread. The device is opened with the first job.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(device: DeviceChoice) -> std::io::Result<Self> {
        Self::start_with(Setup {
            device,
            ..Setup::default()
        })
    }

    /// As [`Engine::start`], with more to say.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start_with(setup: Setup) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let outlet = Arc::new(Outlet {
            mailbox: Mailbox::default(),
            setup,
        });
        let events = Arc::clone(&outlet);
        let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            let mut worker = worker::Worker::new(&events);
            for (id, job, cancel) in inbox {
                worker.run(id, job, &cancel);
            }
        })?;
        Ok(Self {
            jobs: Some(jobs),
            tokens: Mutex::default(),
            outlet,
            next: AtomicU64::new(1),
            thread: Some(thread),
        })
    }

    /// Puts a job behind those already waiting.
    pub fn submit(&self, job: Job) -> JobId {
        let id = JobId(self.next.fetch_add(1, Ordering::Relaxed));
        self.submit_as(id, job);
        id
    }

    /// Puts a job that has a number already behind those waiting. Numbers of one engine come from one place only.
    pub fn submit_as(&self, id: JobId, job: Job) {
        let token = CancelToken::default();
        self.tokens().insert(id, token.clone());
        let sent = self
            .jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send((id, job, token)).is_ok());
        if !sent {
            let failure = Failure::new("the engine has stopped", "start danlu again");
            self.outlet.post(Event::Failed { job: id, failure });
        }
    }

    /// Asks a job to stop within one step; waiting jobs are dropped when their turn comes.
    pub fn cancel(&self, job: JobId) {
        if let Some(token) = self.tokens().get(&job) {
            token.cancel();
        }
    }

    /// The next event, or `None` when nothing happened for `patience`.
    pub fn next_event(&self, patience: Duration) -> Option<Event> {
        let event = self.outlet.mailbox.take(patience)?;
        if event.ends_job()
            && let Some(job) = event.job()
        {
            self.tokens().remove(&job);
        }
        Some(event)
    }

    /// Whether the engine's thread is alive; when it is not, no event will come any more.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
    }

    /// Ends without waiting for the current job, whose next step finds it cancelled. For a process that is about to end.
    pub fn abandon(mut self) {
        drop(self.thread.take());
    }

    fn tokens(&self) -> std::sync::MutexGuard<'_, HashMap<JobId, CancelToken>> {
        self.tokens.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        for token in self.tokens().values() {
            token.cancel();
        }
        self.jobs = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the worker was reported as a failed job.
            let _ = thread.join();
        }
    }
}
