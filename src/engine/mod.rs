//! The background worker that owns the device and the models.
//!
//! The rest of danlu knows it as two serde enums: a [`Job`] goes in, [`Event`]s come out. It runs on a thread of its own and never
//! waits for whoever watches: previews and step counts overwrite one another, everything else is kept until it is read. Read
//! [`worker`] next; [`mailbox`] is where events wait.

pub mod device;
pub mod event;
pub mod job;
pub mod mailbox;
pub mod output;
pub mod worker;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::time::Duration;

pub use device::DeviceChoice;
pub use event::{Event, Failure, JobId};
pub use job::{Generate, Job, Output};
pub use mailbox::Mailbox;

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

/// A running engine. Dropping it lets the current job finish its step and ends the thread.
#[derive(Debug)]
pub struct Engine {
    jobs: Option<mpsc::Sender<(JobId, Job, CancelToken)>>,
    tokens: Mutex<HashMap<JobId, CancelToken>>,
    mailbox: Arc<Mailbox>,
    next: AtomicU64,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Engine {
    /// Starts the engine on its own thread. The device is opened with the first job.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub fn start(device: DeviceChoice) -> std::io::Result<Self> {
        let (jobs, inbox) = mpsc::channel();
        let mailbox = Arc::new(Mailbox::default());
        let events = Arc::clone(&mailbox);
        let thread = std::thread::Builder::new().name("engine".to_owned()).spawn(move || {
            let mut worker = worker::Worker::new(device, &events);
            for (id, job, cancel) in inbox {
                worker.run(id, job, &cancel);
            }
        })?;
        Ok(Self {
            jobs: Some(jobs),
            tokens: Mutex::default(),
            mailbox,
            next: AtomicU64::new(1),
            thread: Some(thread),
        })
    }

    /// Puts a job behind those already waiting.
    pub fn submit(&self, job: Job) -> JobId {
        let id = JobId(self.next.fetch_add(1, Ordering::Relaxed));
        let token = CancelToken::default();
        self.tokens().insert(id, token.clone());
        let sent = self
            .jobs
            .as_ref()
            .is_some_and(|jobs| jobs.send((id, job, token)).is_ok());
        if !sent {
            let failure = Failure {
                message: "the engine has stopped".to_owned(),
                hint: Some("start danlu again".to_owned()),
            };
            self.mailbox.post(Event::Failed { job: id, failure });
        }
        id
    }

    /// Asks a job to stop within one step; waiting jobs are dropped when their turn comes.
    pub fn cancel(&self, job: JobId) {
        if let Some(token) = self.tokens().get(&job) {
            token.cancel();
        }
    }

    /// The next event, or `None` when nothing happened for `patience`.
    pub fn next_event(&self, patience: Duration) -> Option<Event> {
        let event = self.mailbox.take(patience)?;
        if event.ends_job() {
            self.tokens().remove(&event.job());
        }
        Some(event)
    }

    /// Whether the engine's thread is alive; when it is not, no event will come any more.
    pub fn is_running(&self) -> bool {
        self.thread.as_ref().is_some_and(|thread| !thread.is_finished())
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
