//! What the engine says of its work.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A job's number, unique while an engine lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct JobId(pub u64);

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Event {
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
    },
    /// What the picture looks like by now. Newer ones overwrite older ones that nobody has read.
    Preview {
        /// The job.
        job: JobId,
        /// Width in pixels, an eighth of the picture's.
        width: usize,
        /// Height in pixels.
        height: usize,
        /// 8-bit RGB.
        rgb: Vec<u8>,
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
    /// Something that the user should know, and that stops nothing.
    Warning {
        /// The job.
        job: JobId,
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

/// Why a job failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// One sentence with the value at fault.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

impl Event {
    /// The job that it is about.
    pub fn job(&self) -> JobId {
        match self {
            Self::Started { job, .. }
            | Self::Loading { job, .. }
            | Self::Step { job, .. }
            | Self::Preview { job, .. }
            | Self::Decoding { job }
            | Self::Saved { job, .. }
            | Self::Warning { job, .. }
            | Self::Finished { job }
            | Self::Cancelled { job }
            | Self::Failed { job, .. } => *job,
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
