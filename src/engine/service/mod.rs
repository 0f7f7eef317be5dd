//! The queue's owner: one thread that takes requests, runs jobs one after the other, and tells all clients what happens.
//!
//! It never waits for a client: each has a mailbox, and one that does not read is hung up on and gets the present state when it comes
//! again. What happens to a job is on disk before any client hears of it. Sockets are [`super::server`]'s; drawing is the
//! [`super::worker`]'s; what a request means for the queue is [`super::queue::durable`]'s.

mod client;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

use super::queue::durable::Queue;
use super::wire::Hello;
use super::{DeviceChoice, Engine, Event, Failure, JobId, Request, Setup};
use client::Frame;
pub(super) use client::{Client, Outbox, UNREAD_LIMIT};

/// How many requests may wait for the service; beyond that their senders wait.
const REQUESTS: usize = 256;
/// How long the running job may take to come to the end of its step when the engine ends.
const STOPPING: Duration = Duration::from_secs(5);
/// How long the last words may take to reach the clients.
const FAREWELL: Duration = Duration::from_secs(1);
/// How often a write that failed is tried again.
const RETRY: Duration = Duration::from_secs(3);

/// Takes lines for the log.
pub type Log = Arc<dyn Fn(&str) + Send + Sync>;

/// How the engine process behaves.
#[derive(Clone)]
pub struct Config {
    /// The device that it computes on.
    pub device: DeviceChoice,
    /// Bytes of models that are kept in memory; `None` takes what suits the device.
    pub model_cache: Option<u64>,
    /// How long it stays without a client and without work; `None` for ever.
    pub idle: Option<Duration>,
    /// Where its words go.
    pub log: Log,
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("device", &self.device)
            .field("model_cache", &self.model_cache)
            .field("idle", &self.idle)
            .finish_non_exhaustive()
    }
}

/// What the service hears.
#[derive(Debug)]
pub(super) enum Message {
    /// A client has shaken hands.
    Join(Client),
    /// A client is gone.
    Leave(u64),
    /// A client asks for something.
    Ask(u64, Request),
    /// A client said what cannot be understood. Whether it may go on.
    Misspoke(u64, Option<u64>, Failure, bool),
    /// The worker has said something.
    Bell,
    /// The process shall end, for this reason.
    Stop(&'static str),
}

/// Asks the service to end, from any thread.
#[derive(Clone, Debug)]
pub struct Stopper(SyncSender<Message>);

impl Stopper {
    /// Ends the engine process cleanly: the running job becomes interrupted.
    pub fn stop(&self, why: &'static str) {
        // A service that has ended already is what was wanted.
        let _ = self.0.send(Message::Stop(why));
    }
}

/// The way to the service, and what it reads there.
pub(super) fn channel() -> (SyncSender<Message>, Receiver<Message>) {
    sync_channel(REQUESTS)
}

pub(super) fn stopper(sender: &SyncSender<Message>) -> Stopper {
    Stopper(sender.clone())
}

/// The owner of queue and engine.
pub(super) struct Service {
    queue: Queue,
    engine: Engine,
    inbox: Receiver<Message>,
    clients: HashMap<u64, Client>,
    /// The running job, if its user has cancelled it.
    cancelled: Option<JobId>,
    /// Until when the running job may come to an end, once the engine is to stop.
    stopping: Option<Instant>,
    /// Since when there is nothing to do and nobody there.
    idle_since: Option<Instant>,
    last_retry: Instant,
    config: Config,
}

impl Service {
    /// Sets the service up; [`Service::run`] does the rest.
    ///
    /// # Errors
    /// When the system refuses a thread.
    pub(super) fn new(
        queue: Queue,
        config: Config,
        sender: SyncSender<Message>,
        inbox: Receiver<Message>,
    ) -> std::io::Result<Self> {
        // A full inbox is being read anyway, and the worker is listened to after every message.
        let bell = move || drop(sender.try_send(Message::Bell));
        let engine = Engine::start_with(Setup {
            device: config.device,
            model_cache: config.model_cache,
            bell: Some(Box::new(bell)),
        })?;
        Ok(Self {
            queue,
            engine,
            inbox,
            clients: HashMap::new(),
            cancelled: None,
            stopping: None,
            idle_since: None,
            last_retry: Instant::now(),
            config,
        })
    }

    /// Serves until it is told to stop or has been idle for long enough.
    pub(super) fn run(mut self) {
        self.start_next();
        while !self.is_over() {
            match self.inbox.recv_timeout(self.patience()) {
                Ok(message) => self.hear(message),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            while let Some(event) = self.engine.next_event(Duration::ZERO) {
                self.happened(event);
            }
            self.retry_writing();
            self.start_next();
        }
        self.finish();
    }

    fn hear(&mut self, message: Message) {
        match message {
            Message::Join(client) => self.join(client),
            Message::Leave(id) => {
                self.clients.remove(&id);
            }
            Message::Ask(id, request) => self.ask(id, request),
            Message::Misspoke(id, ticket, failure, may_stay) => {
                self.answer(id, &Event::Refused { ticket, failure });
                if !may_stay && let Some(client) = self.clients.remove(&id) {
                    client.outbox.close();
                }
            }
            Message::Bell => {}
            Message::Stop(why) => self.stop(why),
        }
    }

    /// Welcomes a client: first of all it gets all there is to know.
    fn join(&mut self, client: Client) {
        let present = client::within_a_message(self.queue.present());
        let frames = [
            Frame::hello(&Hello::ours()),
            Frame::of(&Event::Present(Box::new(present))),
        ];
        if frames.into_iter().flatten().all(|frame| client.outbox.post(frame)) {
            self.clients.insert(client.id, client);
        }
    }

    fn ask(&mut self, client: u64, request: Request) {
        let ticket = match &request {
            Request::Submit { ticket, .. } => Some(*ticket),
            _ => None,
        };
        let done = match request {
            Request::Submit { ticket, job } => self.queue.submit(job).map(|(job, events)| {
                self.broadcast(events);
                self.answer(client, &Event::Accepted { ticket, job });
                Vec::new()
            }),
            Request::Cancel { job } if self.is_running(job) => {
                self.cancelled = Some(job);
                self.engine.cancel(job);
                Ok(Vec::new())
            }
            Request::Cancel { job } => self.queue.cancel(job),
            Request::Move { job, to } => self.queue.move_to(job, to),
            Request::Retry { job } => self.queue.retry(job),
            Request::Remove { job } => self.queue.remove(job),
            Request::Pause => Ok(self.queue.pause(true)),
            Request::Resume => Ok(self.queue.pause(false)),
            Request::Stop => {
                self.stop("a client asked for it");
                Ok(Vec::new())
            }
        };
        match done {
            Ok(events) => self.broadcast(events),
            Err(failure) => self.answer(client, &Event::Refused { ticket, failure }),
        }
    }

    /// The worker has said something of the running job.
    fn happened(&mut self, event: Event) {
        let interrupted =
            self.stopping.is_some() && matches!(event, Event::Cancelled { .. }) && event.job() != self.cancelled;
        if let Event::Failed { job, failure } = &event {
            (self.config.log)(&format!("job {job} failed: {}", failure.message));
        }
        let events = if interrupted {
            self.queue.interrupt()
        } else {
            self.queue.happened(event)
        };
        self.broadcast(events);
    }

    /// Starts the next job, if none runs and one may.
    fn start_next(&mut self) {
        if self.stopping.is_some() {
            return;
        }
        if let Some((id, job, events)) = self.queue.begin_next() {
            self.cancelled = None;
            self.engine.submit_as(id, job);
            self.broadcast(events);
        }
    }

    fn stop(&mut self, why: &'static str) {
        if self.stopping.is_some() {
            return;
        }
        (self.config.log)(&format!("ending: {why}"));
        self.stopping = Some(Instant::now() + STOPPING);
        if let Some(running) = &self.queue.present().running {
            self.engine.cancel(running.job);
        }
        self.broadcast(vec![Event::Stopping]);
    }

    fn retry_writing(&mut self) {
        if self.queue.is_behind() && self.last_retry.elapsed() >= RETRY {
            self.last_retry = Instant::now();
            let events = self.queue.settle();
            self.broadcast(events);
        }
    }

    /// Tells all clients. Each event is put into JSON once, and only where somebody listens.
    fn broadcast(&mut self, events: Vec<Event>) {
        for event in events {
            if let Event::Warning { job: None, message } = &event {
                (self.config.log)(message);
            }
            if self.clients.is_empty() {
                continue;
            }
            let Some(frame) = Frame::of(&event) else {
                (self.config.log)("an event was too long to be told");
                continue;
            };
            self.clients.retain(|_, client| client.outbox.post(frame.clone()));
        }
    }

    fn answer(&mut self, id: u64, event: &Event) {
        if let (Some(client), Some(frame)) = (self.clients.get(&id), Frame::of(event))
            && !client.outbox.post(frame)
        {
            self.clients.remove(&id);
        }
    }

    fn is_running(&self, job: JobId) -> bool {
        self.queue
            .present()
            .running
            .as_ref()
            .is_some_and(|running| running.job == job)
    }

    /// Whether the process shall end now.
    fn is_over(&mut self) -> bool {
        let present = self.queue.present();
        if let Some(deadline) = self.stopping {
            return present.running.is_none() || Instant::now() >= deadline;
        }
        let has_work = present.running.is_some() || (!present.paused && present.waiting().next().is_some());
        if has_work || !self.clients.is_empty() {
            self.idle_since = None;
            return false;
        }
        let since = *self.idle_since.get_or_insert_with(Instant::now);
        let over = self.config.idle.is_some_and(|idle| since.elapsed() >= idle);
        if over {
            (self.config.log)("ending: nothing to do and nobody there");
        }
        over
    }

    /// How long there is nothing to do without a message.
    fn patience(&self) -> Duration {
        let now = Instant::now();
        let until_idle = self.idle_since.zip(self.config.idle).map(|(since, idle)| since + idle);
        let until_retry = self.queue.is_behind().then(|| self.last_retry + RETRY);
        let next = [self.stopping, until_idle, until_retry].into_iter().flatten().min();
        next.map_or(Duration::from_hours(1), |next| next.saturating_duration_since(now))
    }

    /// Writes down how things stand, and lets the last events reach the clients.
    fn finish(mut self) {
        let is_busy = self.queue.present().running.is_some();
        let events = self.queue.interrupt();
        self.broadcast(events);
        if self.queue.is_behind() {
            self.queue.settle();
        }
        let deadline = Instant::now() + FAREWELL;
        for client in self.clients.values() {
            client.outbox.close();
        }
        for client in self.clients.into_values() {
            client.wait_until(deadline);
        }
        if is_busy {
            self.engine.abandon();
        }
    }
}
