//! Files that get another name, and the flush after thousands of writes.

use std::fs::{self, File};
use std::io::{self, BufReader, Read};
use std::path::Path;

use super::{How, WriteError, persist_new, sync_folder, written};

/// Gives a file another name, which must not be taken. Across file systems it is copied, whole before it has the name.
///
/// # Errors
/// As [`create_new_atomic`]; the system's words where `from` is not there. Both places are as they were then.
pub fn rename_new(from: &Path, to: &Path) -> Result<(), WriteError> {
    let fail = |error| WriteError::new(to, error);
    match rename_exclusive(from, to) {
        Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
            // A copy that was made before a crash took the original away.
            if !same_contents(from, to) {
                let how = How {
                    flush: true,
                    is_new: true,
                    temporary: None,
                };
                let mut source = File::open(from).map_err(fail)?;
                let kept = source.metadata().map_err(fail)?;
                let temporary = written(to, Some(&kept), how, |out| io::copy(&mut source, out).map(|_| ()))?;
                persist_new(temporary, to).map_err(|(error, _)| fail(error))?;
                sync_folder(to);
            }
            fs::remove_file(from).map_err(|error| WriteError::new(from, error))
        }
        done => done.map_err(fail),
    }
}

fn rename_exclusive(from: &Path, to: &Path) -> io::Result<()> {
    #[cfg(target_os = "linux")]
    {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        use rustix::io::Errno;
        match renameat_with(CWD, from, CWD, to, RenameFlags::NOREPLACE) {
            // Some file systems do not know an exclusive rename.
            Err(Errno::INVAL | Errno::NOSYS | Errno::NOTSUP) => {}
            done => return done.map_err(io::Error::from),
        }
    }
    if fs::symlink_metadata(to).is_ok() {
        return Err(io::ErrorKind::AlreadyExists.into());
    }
    fs::rename(from, to)
}

fn same_contents(one: &Path, other: &Path) -> bool {
    let length = |path: &Path| {
        fs::symlink_metadata(path)
            .ok()
            .filter(fs::Metadata::is_file)
            .map(|m| m.len())
    };
    if length(one).is_none() || length(one) != length(other) {
        return false;
    }
    let read = |path: &Path| File::open(path).map(|file| BufReader::with_capacity(1 << 16, file).bytes());
    match (read(one), read(other)) {
        (Ok(one), Ok(other)) => one.zip(other).all(|pair| matches!(pair, (Ok(a), Ok(b)) if a == b)),
        _ => false,
    }
}

/// Asks the disk to keep everything that was written to the file system that holds `folder`.
///
/// # Errors
/// The disk reports a failure.
pub fn flush_file_system(folder: &Path) -> Result<(), WriteError> {
    #[cfg(target_os = "linux")]
    let flushed = File::open(folder).and_then(|folder| rustix::fs::syncfs(folder).map_err(io::Error::from));
    #[cfg(all(unix, not(target_os = "linux")))]
    let flushed: io::Result<()> = {
        rustix::fs::sync();
        Ok(())
    };
    #[cfg(not(unix))]
    let flushed: io::Result<()> = Ok(());
    flushed.map_err(|error| WriteError::new(folder, error))
}
