//! The history: every picture that the queue still knows, oldest first, walked one by one.
//!
//! It holds what the engine said of the pictures, not their pixels. Read [`view`] next.

pub mod thumbnails;
pub mod view;

use std::path::Path;

use crate::engine::JobId;
use crate::engine::event::Saved;
use crate::engine::queue::Entry;

/// A picture and the job that made it.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// The job.
    pub job: JobId,
    /// The picture.
    pub picture: Saved,
}

/// The pictures and the one that is looked at.
#[derive(Debug, Default)]
pub struct State {
    pictures: Vec<Made>,
    /// Index of the one that is looked at.
    selected: usize,
}

impl State {
    /// All of them, oldest first.
    pub fn pictures(&self) -> &[Made] {
        &self.pictures
    }

    /// Index of the one that is looked at.
    pub fn selected(&self) -> usize {
        self.selected
    }

    /// The one that is looked at.
    pub fn current(&self) -> Option<&Made> {
        self.pictures.get(self.selected)
    }

    /// Takes the pictures of all jobs; stays with the one that was looked at, else goes to the newest.
    pub fn replace(&mut self, entries: &[Entry]) {
        let kept = self.current().map(|made| made.picture.path.clone());
        let mut jobs: Vec<&Entry> = entries.iter().collect();
        jobs.sort_by_key(|entry| (entry.started, entry.id));
        let of_job = |entry: &&Entry| {
            let job = entry.id;
            entry
                .pictures
                .iter()
                .map(move |picture| Made {
                    job,
                    picture: picture.clone(),
                })
                .collect::<Vec<_>>()
        };
        self.pictures = jobs.iter().flat_map(of_job).collect();
        let found = kept.and_then(|path| self.find(&path));
        self.selected = found.unwrap_or(self.pictures.len().saturating_sub(1));
    }

    /// Adds a new picture; the cursor goes with it when it stood on the newest.
    pub fn add(&mut self, job: JobId, picture: Saved, follow: bool) {
        let was_newest = self.selected + 1 >= self.pictures.len();
        self.pictures.push(Made { job, picture });
        if follow || was_newest {
            self.selected = self.pictures.len() - 1;
        }
    }

    /// Forgets the pictures of a job that the queue has forgotten.
    pub fn forget(&mut self, job: JobId) {
        let kept = self.current().map(|made| made.picture.path.clone());
        self.pictures.retain(|made| made.job != job);
        let found = kept.and_then(|path| self.find(&path));
        self.selected = found
            .unwrap_or(self.selected)
            .min(self.pictures.len().saturating_sub(1));
    }

    /// Goes to the picture of that index, or to the last.
    pub fn select(&mut self, index: usize) {
        self.selected = index.min(self.pictures.len().saturating_sub(1));
    }

    /// Goes so many pictures forward or back, and stops at the ends.
    pub fn select_by(&mut self, by: isize) {
        self.select(self.selected.saturating_add_signed(by));
    }

    /// Whether the newest is looked at.
    pub fn is_at_newest(&self) -> bool {
        self.selected + 1 >= self.pictures.len()
    }

    fn find(&self, path: &Path) -> Option<usize> {
        self.pictures.iter().position(|made| made.picture.path == path)
    }
}
