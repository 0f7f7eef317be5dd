//! Proposals on disk, so that they outlive whoever asked for them: one JSON object a line, the job first.
//!
//! A job that was broken off and is begun again goes on where it ended: the pictures that are there already are not looked at
//! again.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::job::TagJob;
use crate::data::edit::propose::Proposal;

/// The longest line that is read; a proposal has a few kilobytes, a job that names 100,000 pictures some megabytes.
const LONGEST: u64 = 16 << 20;

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Line<'a> {
    Job(&'a TagJob),
    Proposal(&'a Proposal),
    Done,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum OwnedLine {
    Job(Box<TagJob>),
    Proposal(Box<Proposal>),
    Done,
}

/// Where the proposals for a set are kept: one file a set, in the data folder.
pub fn place(data_dir: &Path, set: &Path) -> PathBuf {
    use std::os::unix::ffi::OsStrExt;
    let set = std::fs::canonicalize(set).unwrap_or_else(|_| set.to_owned());
    let digest = Sha256::digest(set.as_os_str().as_bytes());
    let number = digest
        .iter()
        .take(8)
        .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
    data_dir.join("proposals").join(format!("{number:016x}.jsonl"))
}

/// What a job left.
#[derive(Clone, Debug, PartialEq)]
pub struct Left {
    /// The job.
    pub job: TagJob,
    /// What it found.
    pub proposals: Vec<Proposal>,
    /// Whether it looked at all its pictures.
    pub is_done: bool,
}

/// Reads what a job left. A last line that was cut off is left out.
///
/// # Errors
/// When the file cannot be read or does not begin with a job.
pub fn read(path: &Path) -> io::Result<Left> {
    let mut reader = BufReader::new(File::open(path)?);
    let mut next = || -> io::Result<Option<OwnedLine>> {
        let mut line = Vec::new();
        (&mut reader).take(LONGEST).read_until(b'\n', &mut line)?;
        Ok(serde_json::from_slice(&line).ok())
    };
    let Some(OwnedLine::Job(job)) = next()? else {
        let what = format!("{} holds no proposals", path.display());
        return Err(io::Error::new(io::ErrorKind::InvalidData, what));
    };
    let mut left = Left {
        job: *job,
        proposals: Vec::new(),
        is_done: false,
    };
    loop {
        match next()? {
            Some(OwnedLine::Proposal(proposal)) => left.proposals.push(*proposal),
            end => {
                left.is_done = matches!(end, Some(OwnedLine::Done));
                return Ok(left);
            }
        }
    }
}

/// A file that proposals are written to as they come.
#[derive(Debug)]
pub struct Writer {
    path: PathBuf,
    file: File,
}

impl Writer {
    /// Goes on with what the same job has left when it was broken off, which is given back, or begins anew.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn begin(path: &Path, job: &TagJob) -> io::Result<(Self, Vec<Proposal>)> {
        let done = match read(path) {
            Ok(left) if left.job == *job && !left.is_done => left.proposals,
            _ => Vec::new(),
        };
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        // Anew, and not behind what is there: its last line may be cut off.
        let path = path.to_owned();
        let file = OpenOptions::new().write(true).create(true).truncate(true).open(&path)?;
        let mut writer = Self { path, file };
        writer.line(&Line::Job(job))?;
        for proposal in &done {
            writer.put(proposal)?;
        }
        Ok((writer, done))
    }

    /// Adds a proposal.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn put(&mut self, proposal: &Proposal) -> io::Result<()> {
        self.line(&Line::Proposal(proposal))
    }

    /// Marks the end: all pictures were looked at.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.line(&Line::Done)
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn line(&mut self, line: &Line<'_>) -> io::Result<()> {
        let mut bytes = serde_json::to_vec(line)?;
        bytes.push(b'\n');
        self.file.write_all(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_goes_on_where_it_was_cut_off_and_another_begins_anew() {
        let folder = tempfile::tempdir().unwrap();
        let path = place(folder.path(), folder.path());
        let job = TagJob::new("set", "model");
        let one = |name: &str| Proposal {
            picture: name.into(),
            ..Proposal::default()
        };
        let (mut writer, done) = Writer::begin(&path, &job).unwrap();
        assert_eq!(done, []);
        writer.put(&one("a")).unwrap();
        writer.put(&one("b")).unwrap();
        let whole = std::fs::read(&path).unwrap();
        std::fs::write(&path, &whole[..whole.len() - 5]).unwrap();
        let (_, done) = Writer::begin(&path, &job).unwrap();
        assert_eq!(done, [one("a")]);
        let left = Left {
            job: job.clone(),
            proposals: vec![one("a")],
            is_done: false,
        };
        assert_eq!(read(&path).unwrap(), left);
        let (mut writer, _) = Writer::begin(&path, &job).unwrap();
        writer.finish().unwrap();
        assert!(read(&path).unwrap().is_done);
        assert_eq!(Writer::begin(&path, &job).unwrap().1, []);
        let other = TagJob::new("set", "other");
        assert_eq!(Writer::begin(&path, &other).unwrap().1, []);
        std::fs::write(&path, "nonsense\n").unwrap();
        assert!(read(&path).is_err());
    }
}
