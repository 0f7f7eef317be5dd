//! What crosses the engine's socket: frames, the handshake and the requests.
//!
//! A frame is a length (32 bits, little-endian) and so many bytes of JSON. The client says [`Hello`], the engine
//! answers with its own, whose form stays the same in every version; then the client sends [`Request`]s and the engine [`super::Event`]s. Nothing here opens a socket; see
//! [`super::server`] and [`super::client`].

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};

use super::{Job, JobId};

/// Counts up whenever requests or events change, so that two versions never misunderstand each other.
pub const PROTOCOL: u32 = 2;
/// The longest request in bytes.
pub const REQUEST_LIMIT: usize = 4 << 20;
/// The longest event in bytes.
pub const EVENT_LIMIT: usize = 64 << 20;
/// The longest hello in bytes.
pub const HELLO_LIMIT: usize = 4 << 10;

/// What a client can ask of the engine process.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Put a job at the queue's end. Answered by `Event::Accepted` or `Event::Refused` with the same ticket.
    Submit {
        /// The client's own number for this request.
        ticket: u64,
        /// The job.
        job: Job,
    },
    /// Drop a waiting job, or stop the running one within a step.
    Cancel {
        /// The job.
        job: JobId,
    },
    /// Give a waiting job another place.
    Move {
        /// The job.
        job: JobId,
        /// Its place among those that wait, from 0; the last if there are not so many.
        to: usize,
    },
    /// Let a failed, cancelled or interrupted job wait again, at the end.
    Retry {
        /// The job.
        job: JobId,
    },
    /// Forget an ended job. Its pictures stand.
    Remove {
        /// The job.
        job: JobId,
    },
    /// Start no further job; the running one goes on. Holds until `Resume`, for later engines too.
    Pause,
    /// Start jobs again.
    Resume,
    /// End the engine process. The running job becomes interrupted, the waiting ones wait for the next engine.
    Stop,
}

/// What both sides say first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// The version of danlu.
    pub danlu: String,
    /// The version of requests and events.
    pub protocol: u32,
    /// The process.
    pub pid: u32,
    /// Why the engine takes no client now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

impl Hello {
    /// This process's.
    pub fn ours() -> Self {
        Self {
            danlu: env!("CARGO_PKG_VERSION").to_owned(),
            protocol: PROTOCOL,
            pid: std::process::id(),
            refused: None,
        }
    }

    /// Whether the two can talk.
    pub fn speaks_with(&self, other: &Self) -> bool {
        (&self.danlu, self.protocol) == (&other.danlu, other.protocol)
    }
}

/// Why a frame cannot be read or made.
#[derive(Debug, thiserror::Error)]
pub enum WireError {
    /// The other side has ended in the middle of a frame, or the system says so.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The frame is longer than agreed.
    #[error("a message of {length} bytes is longer than the {limit} that can be sent")]
    TooLong {
        /// Its length.
        length: usize,
        /// The longest.
        limit: usize,
    },
    /// The frame holds something else.
    #[error("a message cannot be understood: {0}")]
    Meaning(serde_json::Error),
    /// The value cannot be written as JSON, as a path that is no text.
    #[error("a message cannot be sent: {0}")]
    Unsendable(serde_json::Error),
}

/// A value as a frame.
///
/// # Errors
/// It has no JSON, or is longer than `limit`.
pub fn frame(value: &impl Serialize, limit: usize) -> Result<Vec<u8>, WireError> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, value).map_err(WireError::Unsendable)?;
    let length = bytes.len() - 4;
    match u32::try_from(length) {
        Ok(short) if length <= limit => {
            bytes[..4].copy_from_slice(&short.to_le_bytes());
            Ok(bytes)
        }
        _ => Err(WireError::TooLong { length, limit }),
    }
}

/// Writes a value as a frame.
///
/// # Errors
/// As [`frame`], and when the other side is gone.
pub fn write(out: &mut impl Write, value: &impl Serialize, limit: usize) -> Result<(), WireError> {
    Ok(out.write_all(&frame(value, limit)?)?)
}

/// Reads a frame's bytes; `None` when the other side has ended between two.
///
/// # Errors
/// The frame is cut off, or longer than `limit`.
pub fn read(from: &mut impl Read, limit: usize) -> Result<Option<Vec<u8>>, WireError> {
    let mut head = Vec::with_capacity(4);
    from.by_ref().take(4).read_to_end(&mut head)?;
    if head.is_empty() {
        return Ok(None);
    }
    let head: [u8; 4] = head.try_into().map_err(|_| cut_off())?;
    let length = length_of(head, limit)?;
    // Grows with what comes: a length alone is no reason to take memory.
    let mut body = Vec::new();
    from.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(cut_off().into());
    }
    Ok(Some(body))
}

/// The length that a frame begins with.
///
/// # Errors
/// It is above `limit`.
pub fn length_of(head: [u8; 4], limit: usize) -> Result<usize, WireError> {
    let length = u32::from_le_bytes(head) as usize;
    if length > limit {
        return Err(WireError::TooLong { length, limit });
    }
    Ok(length)
}

/// The value in a frame's bytes.
///
/// # Errors
/// The bytes are no such value.
pub fn meaning<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, WireError> {
    serde_json::from_slice(body).map_err(WireError::Meaning)
}

fn cut_off() -> io::Error {
    io::ErrorKind::UnexpectedEof.into()
}
