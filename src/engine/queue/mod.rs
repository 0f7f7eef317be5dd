//! The queue as the rest of danlu sees it: its entries, and all that is known at one moment.
//!
//! A client keeps a [`Present`] and brings it up to date with [`Present::apply`]; the engine process does the very same, so that both
//! always mean the same thing. Nothing here is written to disk: [`durable`] does that.

pub mod durable;
mod present;
mod stored;

use serde::{Deserialize, Serialize};

use super::Job;
use super::event::{Failure, JobId, Saved};
pub use present::{Present, Running, Stage};

/// How many of a job's pictures an entry keeps at hand; the older ones stand in the queue's file and on disk.
pub const PICTURES_KEPT: usize = 64;
/// How many bytes of parameters those may have.
const PICTURE_BYTES_KEPT: usize = 1 << 20;
/// How many warnings of one job, or of the queue, are kept.
pub const WARNINGS_KEPT: usize = 64;

/// A job in the queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its number.
    pub id: JobId,
    /// What has become of it.
    pub state: State,
    /// What it asks for.
    pub job: Job,
    /// When it was added, in seconds since 1970.
    pub added: i64,
    /// When it was last started.
    pub started: Option<i64>,
    /// When it ended.
    pub ended: Option<i64>,
    /// Its newest pictures, oldest first; see [`PICTURES_KEPT`].
    pub pictures: Vec<Saved>,
    /// How many pictures it has made in all.
    pub made: usize,
    /// What its user should know.
    pub warnings: Vec<String>,
}

/// What has become of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Its turn has not come.
    Waiting,
    /// It is being done.
    Running,
    /// All its pictures are on disk.
    Done,
    /// The user cancelled it.
    Cancelled,
    /// The engine ended in the middle of it.
    Interrupted,
    /// It could not be done.
    Failed(Failure),
}

impl State {
    /// Whether nothing more will come of the job by itself.
    pub fn is_ended(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }

    /// Whether the job can be made to wait again.
    pub fn can_retry(&self) -> bool {
        matches!(self, Self::Cancelled | Self::Interrupted | Self::Failed(_))
    }

    /// Its name in the queue's file and in JSON for scripts.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
            Self::Failed(_) => "failed",
        }
    }

    /// Running jobs come first, then waiting, then ended ones.
    fn rank(&self) -> u8 {
        match self {
            Self::Running => 0,
            Self::Waiting => 1,
            _ => 2,
        }
    }
}

impl Entry {
    /// Notes a picture; one of the same name was replaced on disk.
    pub fn add_picture(&mut self, picture: Saved) {
        self.pictures.retain(|old| old.path != picture.path);
        self.pictures.push(picture);
        self.made += 1;
        let mut bytes = 0;
        let kept = self.pictures.iter().rev().take(PICTURES_KEPT).take_while(|picture| {
            bytes += picture.infotext.len();
            bytes <= PICTURE_BYTES_KEPT
        });
        // The newest stays whatever its size.
        let kept = kept.count().max(1);
        self.pictures.drain(..self.pictures.len() - kept);
    }

    fn add_warning(&mut self, message: &str) {
        if self.warnings.len() < WARNINGS_KEPT {
            self.warnings.push(message.to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn picture(name: &str, bytes: usize) -> Saved {
        Saved {
            path: name.into(),
            seed: 1,
            width: 8,
            height: 8,
            seconds: 1.0,
            infotext: "x".repeat(bytes),
        }
    }

    #[test]
    fn an_entry_keeps_its_newest_pictures_within_bounds() {
        let mut entry = Entry {
            id: JobId(1),
            state: State::Running,
            job: Job::Unreadable(String::new()),
            added: 0,
            started: None,
            ended: None,
            pictures: Vec::new(),
            made: 0,
            warnings: Vec::new(),
        };
        for n in 0..100 {
            entry.add_picture(picture(&n.to_string(), 10));
        }
        assert_eq!((entry.made, entry.pictures.len()), (100, PICTURES_KEPT));
        entry.add_picture(picture("99", 20));
        assert_eq!(
            (entry.made, entry.pictures.len()),
            (101, PICTURES_KEPT),
            "the file was replaced"
        );
        entry.add_picture(picture("large", PICTURE_BYTES_KEPT + 1));
        assert_eq!(
            (entry.pictures.len(), entry.pictures[0].path.to_str()),
            (1, Some("large"))
        );
    }
}
