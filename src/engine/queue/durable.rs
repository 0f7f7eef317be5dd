//! The queue with its file: every change is on disk before anybody hears of it.
//!
//! [`Queue`] decides what a request or an event of the worker means for the queue, writes that down and returns the events to pass on.
//! It runs no job and knows no client; [`super::super::service`] does. Where the disk does not take a change, the queue goes on in memory,
//! says so, and tries again; only a new job is refused then.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::stored;
use super::{Entry, Present, State};
use crate::engine::{Event, Failure, Job, JobId};
use crate::store::queue::{Change, QueueError, QueueFile};

/// How many ended jobs are remembered.
pub const ENDED_KEPT: usize = 500;
/// How many jobs may wait.
pub const WAITING_LIMIT: usize = 10_000;
/// How many bytes of JSON they may have, so that all of them fit into one message.
const WAITING_BYTES: usize = 32 << 20;

const WRITTEN_AGAIN: &str = "the queue's file is written again";

/// The queue's file in a data folder.
pub fn file(data_dir: &Path) -> PathBuf {
    data_dir.join("queue.sqlite3")
}

/// The queue, and its file.
#[derive(Debug)]
pub struct Queue {
    file: QueueFile,
    present: Present,
    /// Bytes of JSON of each job.
    sizes: HashMap<JobId, usize>,
    /// Changes that the disk has not taken yet.
    backlog: Vec<Change>,
    /// What is said of that.
    trouble: Option<String>,
}

impl Queue {
    /// Opens the queue, or begins one. A job that was running when the last engine ended is interrupted now.
    ///
    /// # Errors
    /// [`QueueError`]: a newer danlu's, or a disk that does not allow it. A damaged file is put aside with a warning.
    pub fn open(path: &Path) -> Result<Self, QueueError> {
        let (file, contents, aside) = QueueFile::open(path)?;
        let sizes = contents
            .rows
            .iter()
            .map(|row| (JobId(row.id as u64), row.job.len()))
            .collect();
        let (mut present, changes) = stored::present(contents, now());
        if let Some(aside) = aside {
            let message = format!(
                "the queue's file was damaged and is now {}; the queue is empty",
                aside.display()
            );
            present.apply(&Event::Warning { job: None, message });
        }
        let mut queue = Self {
            file,
            present,
            sizes,
            backlog: changes,
            trouble: None,
        };
        queue.flush();
        Ok(queue)
    }

    /// What a queue's file says, without an engine and without a change to it. `None` where there is no queue yet.
    ///
    /// # Errors
    /// [`QueueError`].
    pub fn peek(path: &Path) -> Result<Option<Present>, QueueError> {
        Ok(QueueFile::peek(path)?.map(|contents| stored::present(contents, now()).0))
    }

    /// All there is to know now.
    pub fn present(&self) -> &Present {
        &self.present
    }

    /// Puts a job at the end.
    ///
    /// # Errors
    /// It can never be done, the queue is full, or the disk does not take it.
    pub fn submit(&mut self, job: Job) -> Result<(JobId, Vec<Event>), Failure> {
        stored::check(&job)?;
        let text = serde_json::to_string(&job)
            .map_err(|e| Failure::new(format!("the job cannot be kept: {e}"), "use file names that are UTF-8"))?;
        let waiting: Vec<_> = self.present.waiting().map(|entry| self.sizes.get(&entry.id)).collect();
        let bytes = waiting.iter().copied().flatten().sum::<usize>() + text.len();
        if waiting.len() >= WAITING_LIMIT || bytes > WAITING_BYTES {
            let message = format!("the queue is full: {} jobs wait", waiting.len());
            return Err(Failure::new(message, "wait, or cancel some of them"));
        }
        let mut events = self.settle();
        let added = now();
        let id = self.file.insert(&text, State::Waiting.name(), added).map_err(refusal)?;
        let id = JobId(id as u64);
        self.sizes.insert(id, text.len());
        let entry = Entry {
            id,
            state: State::Waiting,
            job,
            added,
            started: None,
            ended: None,
            pictures: Vec::new(),
            made: 0,
            warnings: Vec::new(),
        };
        self.tell(&mut events, Event::Queued { entry: Box::new(entry) });
        self.tell_order(&mut events);
        Ok((id, events))
    }

    /// Drops a waiting job.
    ///
    /// # Errors
    /// It does not wait.
    pub fn cancel(&mut self, job: JobId) -> Result<Vec<Event>, Failure> {
        let entry = self.find(job)?;
        match entry.state {
            State::Waiting => {}
            State::Running => {
                return Err(Failure::new(
                    format!("job {job} is running"),
                    "the engine that runs it can stop it",
                ));
            }
            _ => return Err(ended(entry, "`danlu queue remove` forgets it")),
        }
        let mut events = Vec::new();
        self.stand(&mut events, job, State::Cancelled);
        self.tell(&mut events, Event::Cancelled { job });
        self.tell_order(&mut events);
        self.forget_oldest(&mut events);
        Ok(self.and_written(events))
    }

    /// Gives a waiting job another place, from 0.
    ///
    /// # Errors
    /// It does not wait.
    pub fn move_to(&mut self, job: JobId, to: usize) -> Result<Vec<Event>, Failure> {
        let entry = self.find(job)?;
        if entry.state != State::Waiting {
            let message = format!(
                "job {job} is {}, and has no place among those that wait",
                entry.state.name()
            );
            return Err(Failure::new(message, "`danlu queue list` shows which wait"));
        }
        let mut waiting: Vec<_> = self.present.waiting().map(|entry| entry.id).collect();
        waiting.retain(|other| *other != job);
        waiting.insert(to.min(waiting.len()), job);
        self.backlog
            .push(Change::Order(waiting.iter().map(|job| job.0 as i64).collect()));
        let mut events = Vec::new();
        self.tell(&mut events, Event::Order { waiting });
        Ok(self.and_written(events))
    }

    /// Lets an ended job wait again.
    ///
    /// # Errors
    /// It is done, or has not ended, or cannot be read.
    pub fn retry(&mut self, job: JobId) -> Result<Vec<Event>, Failure> {
        let entry = self.find(job)?;
        if !entry.state.can_retry() {
            let message = format!("job {job} is {}", entry.state.name());
            return Err(Failure::new(
                message,
                "only failed, cancelled and interrupted jobs are retried",
            ));
        }
        stored::check(&entry.job)?;
        let mut entry = entry.clone();
        entry.warnings.clear();
        (entry.started, entry.ended) = (None, None);
        let mut events = Vec::new();
        self.put(&mut events, entry, State::Waiting);
        let waiting = self.present.waiting().map(|entry| entry.id.0 as i64).collect();
        self.backlog.push(Change::Order(waiting));
        self.tell_order(&mut events);
        Ok(self.and_written(events))
    }

    /// Forgets an ended job.
    ///
    /// # Errors
    /// It has not ended.
    pub fn remove(&mut self, job: JobId) -> Result<Vec<Event>, Failure> {
        let entry = self.find(job)?;
        if !entry.state.is_ended() {
            let message = format!("job {job} is {}", entry.state.name());
            return Err(Failure::new(
                message,
                format!("cancel it first: danlu queue cancel {job}"),
            ));
        }
        let mut events = Vec::new();
        self.forget(&mut events, job);
        Ok(self.and_written(events))
    }

    /// Pauses the queue or lets it go on.
    pub fn pause(&mut self, paused: bool) -> Vec<Event> {
        self.backlog.push(Change::Paused(paused));
        let mut events = Vec::new();
        self.tell(&mut events, Event::Paused { paused });
        self.and_written(events)
    }

    /// Marks the next job as running, if one may start. On disk first, so that it is never run twice without anybody knowing.
    pub fn begin_next(&mut self) -> Option<(JobId, Job, Vec<Event>)> {
        if self.present.paused || self.present.running.is_some() {
            return None;
        }
        let mut entry = self.present.waiting().next()?.clone();
        let (id, job) = (entry.id, entry.job.clone());
        (entry.started, entry.ended) = (Some(now()), None);
        let mut events = Vec::new();
        self.put(&mut events, entry, State::Running);
        self.tell_order(&mut events);
        Some((id, job, self.and_written(events)))
    }

    /// What the worker says of the running job.
    pub fn happened(&mut self, event: Event) -> Vec<Event> {
        let mut events = Vec::new();
        let state = match &event {
            Event::Finished { .. } => Some(State::Done),
            Event::Cancelled { .. } => Some(State::Cancelled),
            Event::Failed { failure, .. } => Some(State::Failed(failure.clone())),
            _ => None,
        };
        if let (Some(job), Some(state)) = (event.job(), state) {
            self.stand(&mut events, job, state);
        }
        if let Event::Saved { job, picture } = &event
            && let Some(entry) = self.present.entry(*job)
            && let Ok(text) = serde_json::to_string(picture)
        {
            self.backlog.push(Change::Picture(job.0 as i64, entry.made, text));
        }
        self.tell(&mut events, event.clone());
        if let Event::Warning { job: Some(job), .. } = &event
            && let Some(entry) = self.present.entry(*job)
        {
            self.backlog.push(stored::stand(entry));
        }
        if event.ends_job() {
            self.forget_oldest(&mut events);
        }
        self.and_written(events)
    }

    /// The engine ends in the middle of the running job.
    pub fn interrupt(&mut self) -> Vec<Event> {
        let mut events = Vec::new();
        if let Some(running) = &self.present.running {
            let job = running.job;
            self.stand(&mut events, job, State::Interrupted);
        }
        self.and_written(events)
    }

    /// Whether the disk has yet to take changes.
    pub fn is_behind(&self) -> bool {
        !self.backlog.is_empty()
    }

    /// Tries again to write what the disk has not taken.
    pub fn settle(&mut self) -> Vec<Event> {
        self.and_written(Vec::new())
    }

    fn find(&self, job: JobId) -> Result<&Entry, Failure> {
        self.present.entry(job).ok_or_else(|| {
            Failure::new(
                format!("there is no job {job} in the queue"),
                "`danlu queue list` shows them",
            )
        })
    }

    /// A job stands otherwise from now on.
    fn stand(&mut self, events: &mut Vec<Event>, job: JobId, state: State) {
        if let Some(mut entry) = self.present.entry(job).cloned() {
            entry.ended = Some(now());
            self.put(events, entry, state);
        }
    }

    fn put(&mut self, events: &mut Vec<Event>, entry: Entry, state: State) {
        let entry = Entry { state, ..entry };
        self.backlog.push(stored::stand(&entry));
        self.tell(events, Event::Queued { entry: Box::new(entry) });
    }

    fn forget(&mut self, events: &mut Vec<Event>, job: JobId) {
        self.sizes.remove(&job);
        self.backlog.push(Change::Remove(job.0 as i64));
        self.tell(events, Event::Removed { job });
    }

    fn forget_oldest(&mut self, events: &mut Vec<Event>) {
        let ended = self.present.entries.iter().filter(|entry| entry.state.is_ended());
        let old: Vec<_> = ended.skip(ENDED_KEPT).map(|entry| entry.id).collect();
        for job in old {
            self.forget(events, job);
        }
    }

    fn tell(&mut self, events: &mut Vec<Event>, event: Event) {
        self.present.apply(&event);
        events.push(event);
    }

    fn tell_order(&mut self, events: &mut Vec<Event>) {
        let waiting = self.present.waiting().map(|entry| entry.id).collect();
        events.push(Event::Order { waiting });
    }

    /// Writes all changes, and adds to the events what is to be said about that.
    fn and_written(&mut self, mut events: Vec<Event>) -> Vec<Event> {
        if let Some(message) = self.flush() {
            self.tell(&mut events, Event::Warning { job: None, message });
            // Good news is for those who heard the bad.
            self.present.warnings.retain(|warning| warning != WRITTEN_AGAIN);
        }
        events
    }

    /// Writes all changes. Returns what is new to say about that.
    fn flush(&mut self) -> Option<String> {
        if self.backlog.is_empty() {
            return None;
        }
        match self.file.change(&self.backlog) {
            Ok(()) => {
                self.backlog.clear();
                let trouble = self.trouble.take()?;
                self.present.warnings.retain(|warning| *warning != trouble);
                Some(WRITTEN_AGAIN.to_owned())
            }
            Err(e) => {
                let trouble = format!("{e}; the queue goes on in memory, and writing is tried again");
                let is_new = self.trouble.as_ref() != Some(&trouble);
                self.trouble = Some(trouble.clone());
                is_new.then_some(trouble)
            }
        }
    }
}

fn ended(entry: &Entry, hint: &str) -> Failure {
    Failure::new(
        format!("job {} has ended already: it is {}", entry.id, entry.state.name()),
        hint,
    )
}

fn refusal(error: QueueError) -> Failure {
    Failure {
        message: error.to_string(),
        hint: error.hint(),
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    jiff::Timestamp::now().as_second()
}
