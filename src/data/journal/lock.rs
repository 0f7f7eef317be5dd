//! One writer at a time: a lock on a file, which the system gives back even when its holder is killed.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::{Error, FOLDER, Progress, Watch};
use crate::store::atomic::{self, WriteError};

/// How long another danlu may write before it is said that it does.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(20);

/// The right to write to a set and its journal, until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes it, and makes the folder where it is not there yet. Waits for another danlu, as long as `watch` wants to.
    pub(super) fn take(root: &Path, watch: &mut Watch<'_>) -> Result<Self, Error> {
        let folder = root.join(FOLDER);
        if !root.is_dir() {
            let missing = io::ErrorKind::NotFound.into();
            return Err(WriteError::of(&folder, missing).into());
        }
        atomic::create_folder(&folder)?;
        let path = folder.join("lock");
        let file = File::options().create(true).truncate(false).write(true).open(&path);
        let file = file.map_err(|error| WriteError::of(&path, error))?;
        let begun = Instant::now();
        loop {
            match flock(&file, FlockOperation::NonBlockingLockExclusive) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(Errno::WOULDBLOCK | Errno::INTR) => {}
                Err(error) => return Err(WriteError::of(&path, error.into()).into()),
            }
            watch(Progress::Waiting).map_err(|_| Error::Stopped)?;
            if begun.elapsed() > PATIENCE {
                return Err(Error::Busy(root.to_owned()));
            }
            std::thread::sleep(PAUSE);
        }
    }

    /// Whether nobody holds it. Makes nothing.
    pub(super) fn is_free(root: &Path) -> bool {
        let path: PathBuf = root.join(FOLDER).join("lock");
        File::open(path).map_or(true, |file| flock(&file, FlockOperation::NonBlockingLockShared).is_ok())
    }
}
