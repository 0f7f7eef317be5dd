//! All that is known of the queue at one moment, and how an event changes it.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::{Entry, State, WARNINGS_KEPT};
use crate::engine::{Event, JobId, Preview};

/// All there is to know at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Present {
    /// The engine's version.
    pub version: String,
    /// The engine's process.
    pub pid: u32,
    /// The device in words, once a job has opened it.
    pub device: Option<String>,
    /// Whether no further job is started.
    pub paused: bool,
    /// The running job, then the waiting ones in their order, then the ended ones, newest first.
    pub entries: Vec<Entry>,
    /// What is being done.
    pub running: Option<Running>,
    /// What the user should know about the queue itself.
    pub warnings: Vec<String>,
}

/// A job being done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Running {
    /// The job.
    pub job: JobId,
    /// How far it is.
    pub stage: Stage,
    /// What its picture looks like by now.
    pub preview: Option<Preview>,
}

/// How far a running job is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// It has begun, and nothing is known yet.
    Starting,
    /// This network is being loaded.
    Loading(String),
    /// Steps are done; see [`Event::Step`].
    Step {
        /// Index of the batch's first picture, from 0.
        picture: usize,
        /// Steps done in this batch.
        step: usize,
        /// Steps of a batch.
        of: usize,
        /// Steps in a second.
        per_second: f64,
        /// Seconds until the whole job is done.
        left: f64,
    },
    /// The VAE draws.
    Decoding,
}

impl Present {
    /// The entry of that number.
    pub fn entry(&self, job: JobId) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.id == job)
    }

    /// The waiting jobs in their order.
    pub fn waiting(&self) -> impl Iterator<Item = &Entry> {
        self.entries.iter().filter(|entry| entry.state == State::Waiting)
    }

    /// Brings all this up to date with an event.
    pub fn apply(&mut self, event: &Event) {
        match event {
            _ if self.is_late(event) => {}
            Event::Present(present) => self.clone_from(present),
            Event::Queued { entry } => self.put(entry.as_ref().clone()),
            Event::Order { waiting } => self.order(waiting),
            Event::Removed { job } => self.entries.retain(|entry| entry.id != *job),
            Event::Paused { paused } => self.paused = *paused,
            Event::Started { job, device, .. } => {
                self.device = Some(device.clone());
                self.run(*job);
            }
            Event::Loading { job, network } => self.run(*job).stage = Stage::Loading(network.clone()),
            Event::Step {
                job,
                picture,
                step,
                of,
                per_second,
                left,
            } => {
                self.run(*job).stage = Stage::Step {
                    picture: *picture,
                    step: *step,
                    of: *of,
                    per_second: *per_second,
                    left: *left,
                };
            }
            Event::Preview { job, preview } => self.run(*job).preview = Some(preview.clone()),
            Event::Decoding { job } => self.run(*job).stage = Stage::Decoding,
            Event::Saved { job, picture } => {
                self.run(*job).preview = None;
                if let Some(entry) = self.entry_mut(*job) {
                    entry.add_picture(picture.clone());
                }
            }
            Event::Warning { job: None, message } => self.warn(message),
            Event::Warning {
                job: Some(job),
                message,
            } => {
                if let Some(entry) = self.entry_mut(*job) {
                    entry.add_warning(message);
                }
            }
            Event::Finished { job } | Event::Cancelled { job } | Event::Failed { job, .. } => self.rest(*job),
            Event::Tagged { .. } | Event::Accepted { .. } | Event::Refused { .. } | Event::Stopping => {}
        }
    }

    /// Whether an event tells of the progress of a job that has ended: a preview may be overtaken.
    fn is_late(&self, event: &Event) -> bool {
        let (Event::Started { job, .. }
        | Event::Loading { job, .. }
        | Event::Step { job, .. }
        | Event::Preview { job, .. }
        | Event::Decoding { job }) = event
        else {
            return false;
        };
        self.entry(*job).is_some_and(|entry| entry.state.is_ended())
    }

    /// Puts an entry where its state belongs.
    fn put(&mut self, entry: Entry) {
        let rank = entry.state.rank();
        if rank > 0 {
            self.rest(entry.id);
        } else {
            self.run(entry.id);
        }
        if let Some(at) = self.entries.iter().position(|old| old.id == entry.id) {
            if self.entries[at].state.rank() == rank {
                self.entries[at] = entry;
                return;
            }
            self.entries.remove(at);
        }
        let after = |rank| self.entries.partition_point(|entry| entry.state.rank() <= rank);
        // A job waits at the end; it has ended before all that ended.
        let at = if rank == 0 { 0 } else { after(1) };
        self.entries.insert(at, entry);
    }

    fn order(&mut self, waiting: &[JobId]) {
        let places: HashMap<_, _> = waiting.iter().zip(0..).collect();
        let place = |entry: &Entry| places.get(&entry.id).copied().unwrap_or(usize::MAX);
        let begin = self.entries.partition_point(|entry| entry.state.rank() < 1);
        let end = self.entries.partition_point(|entry| entry.state.rank() <= 1);
        self.entries[begin..end].sort_by_cached_key(place);
    }

    /// What is known of the running job, which is `job` from now on.
    fn run(&mut self, job: JobId) -> &mut Running {
        if self.running.as_ref().is_some_and(|running| running.job != job) {
            self.running = None;
        }
        self.running.get_or_insert(Running {
            job,
            stage: Stage::Starting,
            preview: None,
        })
    }

    fn rest(&mut self, job: JobId) {
        if self.running.as_ref().is_some_and(|running| running.job == job) {
            self.running = None;
        }
    }

    fn entry_mut(&mut self, job: JobId) -> Option<&mut Entry> {
        self.entries.iter_mut().find(|entry| entry.id == job)
    }

    fn warn(&mut self, message: &str) {
        if self.warnings.iter().all(|old| old != message) && self.warnings.len() < WARNINGS_KEPT {
            self.warnings.push(message.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Job;

    fn entry(id: u64, state: State) -> Event {
        let entry = Entry {
            id: JobId(id),
            state,
            job: Job::Unreadable(String::new()),
            added: 0,
            started: None,
            ended: None,
            pictures: Vec::new(),
            made: 0,
            warnings: Vec::new(),
        };
        Event::Queued { entry: Box::new(entry) }
    }

    fn ids(present: &Present) -> Vec<u64> {
        present.entries.iter().map(|entry| entry.id.0).collect()
    }

    #[test]
    fn entries_stand_where_their_state_belongs() {
        let mut present = Present::default();
        for id in 1..=5 {
            present.apply(&entry(id, State::Waiting));
        }
        let waiting = [4, 5, 3, 2, 1].map(JobId).to_vec();
        present.apply(&Event::Order { waiting });
        assert_eq!(ids(&present), [4, 5, 3, 2, 1]);
        for (id, state) in [(3, State::Done), (2, State::Running), (5, State::Cancelled)] {
            present.apply(&entry(id, state));
        }
        assert_eq!(ids(&present), [2, 4, 1, 5, 3]);
        present.apply(&entry(3, State::Waiting));
        assert_eq!(ids(&present), [2, 4, 1, 3, 5]);
        present.apply(&Event::Removed { job: JobId(5) });
        assert_eq!((ids(&present), present.waiting().count()), (vec![2, 4, 1, 3], 3));
    }

    #[test]
    fn what_comes_late_does_not_bring_an_ended_job_back() {
        let mut present = Present::default();
        present.apply(&entry(1, State::Running));
        let preview = Preview {
            width: 1,
            height: 1,
            rgb: vec![0; 3],
        };
        let preview = Event::Preview { job: JobId(1), preview };
        present.apply(&preview);
        assert!(
            present
                .running
                .as_ref()
                .is_some_and(|running| running.preview.is_some())
        );
        present.apply(&entry(1, State::Interrupted));
        present.apply(&preview);
        assert_eq!(present.running, None);
    }
}
