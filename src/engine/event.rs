//! What the engine says of its work.
//!
//! One enum for both ways that an engine can be had: in the same process, where only the events of a job's life occur, and behind a
//! socket, where those of the queue come too. Read [`super::queue`] for what the queue's events carry.

use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::{Deserialize, Serialize};

use super::queue::{Entry, Present};
use crate::data::edit::propose::Proposal;

/// A job's number. The queue's numbers are durable and never given twice; an engine without a queue counts from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobId(pub u64);

impl std::fmt::Display for JobId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
    /// All there is to know now. The first event that a client of the engine process gets, and nothing is told twice behind it.
    Present(Box<Present>),
    /// A new or changed entry of the queue, whole. Comes before the event of the job's life that changed it.
    Queued {
        /// The entry.
        entry: Box<Entry>,
    },
    /// The order of the waiting jobs has changed.
    Order {
        /// All that wait, the next one first.
        waiting: Vec<JobId>,
    },
    /// The queue has forgotten an ended job. Its pictures stand.
    Removed {
        /// The job.
        job: JobId,
    },
    /// The queue was paused or goes on.
    Paused {
        /// Whether no further job is started.
        paused: bool,
    },
    /// Answers a client's `Submit`.
    Accepted {
        /// The client's own number for its request.
        ticket: u64,
        /// The job's number.
        job: JobId,
    },
    /// Answers a client's request that cannot be done.
    Refused {
        /// Which `Submit` it was; none for other requests.
        ticket: Option<u64>,
        /// Why.
        failure: Failure,
    },
    /// The engine process ends. Waiting jobs wait for the next one.
    Stopping,
    /// The job's turn has come.
    Started {
        /// The job.
        job: JobId,
        /// How many pictures it will make.
        pictures: usize,
        /// The device it runs on, in words.
        device: String,
    },
    /// A network is being loaded.
    Loading {
        /// The job.
        job: JobId,
        /// Which one.
        network: String,
    },
    /// A step is done. Newer ones overwrite older ones that nobody has read.
    Step {
        /// The job.
        job: JobId,
        /// Index of the batch's first picture, from 0.
        picture: usize,
        /// Steps done in this batch, from 1.
        step: usize,
        /// Steps of a batch.
        of: usize,
        /// Steps in a second, of late.
        per_second: f64,
        /// Seconds until the whole job is done, all its batches and their decoding.
        left: f64,
    },
    /// What the picture looks like by now. Newer ones overwrite older ones that nobody has read.
    Preview {
        /// The job.
        job: JobId,
        /// The small picture.
        preview: Preview,
    },
    /// The steps are done and the VAE draws.
    Decoding {
        /// The job.
        job: JobId,
    },
    /// A picture is on disk.
    Saved {
        /// The job.
        job: JobId,
        /// The picture.
        picture: Saved,
    },
    /// A tagger or captioner proposes this for a picture. What a job had found before it was broken off is not told again; the
    /// job's file
    /// of results has it.
    Tagged {
        /// The job.
        job: JobId,
        /// What it proposes.
        proposal: Box<Proposal>,
    },
    /// Something that the user should know, and that stops nothing.
    Warning {
        /// The job; none where it is about the queue itself.
        job: Option<JobId>,
        /// One sentence.
        message: String,
    },
    /// All pictures are on disk.
    Finished {
        /// The job.
        job: JobId,
    },
    /// The job was cancelled. What was saved stays.
    Cancelled {
        /// The job.
        job: JobId,
    },
    /// The job cannot be done. What was saved stays.
    Failed {
        /// The job.
        job: JobId,
        /// Why.
        failure: Failure,
    },
}

/// A latent as a small picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "PreviewText", into = "PreviewText")]
pub struct Preview {
    /// Width in pixels, an eighth of the picture's.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// 8-bit RGB, row by row; base64 in JSON.
    pub rgb: Vec<u8>,
}

#[derive(Serialize, Deserialize)]
struct PreviewText {
    width: usize,
    height: usize,
    rgb: String,
}

impl From<Preview> for PreviewText {
    fn from(Preview { width, height, rgb }: Preview) -> Self {
        let rgb = BASE64.encode(rgb);
        Self { width, height, rgb }
    }
}

impl TryFrom<PreviewText> for Preview {
    type Error = String;

    fn try_from(PreviewText { width, height, rgb }: PreviewText) -> Result<Self, String> {
        let rgb = BASE64.decode(rgb).map_err(|e| format!("a preview is no base64: {e}"))?;
        let expected = width.checked_mul(height).and_then(|area| area.checked_mul(3));
        if expected != Some(rgb.len()) {
            return Err(format!("a preview of {width}x{height} has {} bytes", rgb.len()));
        }
        Ok(Self { width, height, rgb })
    }
}

/// A finished picture.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Saved {
    /// The file.
    #[serde(serialize_with = "lossy")]
    pub path: PathBuf,
    /// Its seed.
    pub seed: u64,
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// How long it took, from the beginning of its batch to the file.
    pub seconds: f64,
    /// The parameters as written into the file.
    pub infotext: String,
}

/// Why a job failed, or a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// One sentence with the value at fault.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Failure {
    /// A failure with what to do about it.
    pub fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: Some(hint.into()),
        }
    }
}

impl Event {
    /// The job that it is about, if it is about one.
    pub fn job(&self) -> Option<JobId> {
        match self {
            Self::Queued { entry } => Some(entry.id),
            Self::Warning { job, .. } => *job,
            Self::Removed { job }
            | Self::Accepted { job, .. }
            | Self::Started { job, .. }
            | Self::Loading { job, .. }
            | Self::Step { job, .. }
            | Self::Preview { job, .. }
            | Self::Decoding { job }
            | Self::Saved { job, .. }
            | Self::Tagged { job, .. }
            | Self::Finished { job }
            | Self::Cancelled { job }
            | Self::Failed { job, .. } => Some(*job),
            Self::Present(_) | Self::Order { .. } | Self::Paused { .. } | Self::Refused { .. } | Self::Stopping => None,
        }
    }

    /// Whether nothing more will come of that job.
    pub fn ends_job(&self) -> bool {
        matches!(
            self,
            Self::Finished { .. } | Self::Cancelled { .. } | Self::Failed { .. }
        )
    }
}

/// A path as text; bytes that are none become replacement characters rather than an error.
fn lossy<S: serde::Serializer>(path: &std::path::Path, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path.to_string_lossy())
}
