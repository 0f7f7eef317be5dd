//! The queue: what runs, what waits, what ended.
//!
//! The state is the engine's own picture of its queue ([`Present`]), kept true by its events, and a cursor. Nothing here changes the
//! queue; that is asked of the engine. Read [`view`] next.

pub mod view;

use crate::engine::queue::{Entry, Present, Running, State as JobState};
use crate::engine::{Event, Failure, Job, JobId};
use crate::ui::widgets::list::{Go, ListState};

/// The queue as this screen knows it.
#[derive(Debug, Default)]
pub struct State {
    present: Present,
    /// The row under the cursor.
    pub list: ListState,
    /// How many rows were seen last.
    height: usize,
}

impl State {
    /// All jobs in the order of the rows: the running one, the waiting ones, the ended ones with the newest first.
    pub fn entries(&self) -> &[Entry] {
        &self.present.entries
    }

    /// What the running job is at.
    pub fn running(&self) -> Option<&Running> {
        self.present.running.as_ref()
    }

    /// The job that runs.
    pub fn running_entry(&self) -> Option<(&Entry, &Running)> {
        let running = self.running()?;
        Some((self.entry(running.job)?, running))
    }

    /// What the engine computes on, once a job has opened it.
    pub fn device(&self) -> Option<&str> {
        self.present.device.as_deref()
    }

    /// Whether no job starts until the queue is resumed.
    pub fn is_paused(&self) -> bool {
        self.present.paused
    }

    /// The row under the cursor.
    pub fn selected(&self) -> usize {
        self.list.selected(self.entries().len()).unwrap_or_default()
    }

    /// The job under the cursor.
    pub fn current(&self) -> Option<&Entry> {
        self.entries().get(self.selected())
    }

    /// The job of this number.
    pub fn entry(&self, job: JobId) -> Option<&Entry> {
        self.present.entry(job)
    }

    /// How many jobs wait.
    pub fn waiting(&self) -> usize {
        self.present.waiting().count()
    }

    /// The place of a waiting job among those that wait.
    pub fn place(&self, job: JobId) -> Option<usize> {
        self.present.waiting().position(|entry| entry.id == job)
    }

    /// Moves the cursor, in a window of `height` rows.
    pub fn go(&mut self, go: Go, height: usize) {
        self.height = height;
        self.list.go(go, self.present.entries.len(), height);
    }

    /// Follows an event of the engine. The cursor stays on its job wherever that goes, and at the top when it stood there.
    pub fn follow(&mut self, event: &Event) {
        let kept = self.current().map(|entry| entry.id).filter(|_| self.selected() > 0);
        self.present.apply(event);
        let found = kept.and_then(|id| self.entries().iter().position(|entry| entry.id == id));
        self.list.go(
            Go::To(found.unwrap_or(self.selected())),
            self.present.entries.len(),
            self.height,
        );
    }

    /// The engine is gone: as far as can be known nothing runs.
    pub fn lose(&mut self) {
        self.present.running = None;
    }
}

/// What a job would draw, in one line.
pub fn summary(job: &Job) -> String {
    match job {
        Job::Generate(job) => job.recipe.prompt.split_whitespace().collect::<Vec<_>>().join(" "),
        Job::Workbench(_) | Job::Tag(_) => job.title().into_owned(),
        Job::Unreadable(_) => String::new(),
    }
}

/// Why a job failed, where it did.
pub fn failure(entry: &Entry) -> Option<&Failure> {
    match &entry.state {
        JobState::Failed(failure) => Some(failure),
        _ => None,
    }
}
