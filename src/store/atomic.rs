//! Writing files so that a crash, a kill or a full disk leaves either the old file or the new one, whole.
//!
//! A file is written to a hidden temporary name beside its target (`.danlu-….tmp`), flushed to the disk, and renamed. Whoever writes
//! thousands flushes once, at the end ([`How`], [`flush_file_system`]). Nothing here chooses names (see [`super::names`]) or contents.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

mod moves;

pub use moves::{flush_file_system, rename_new};

/// A file or folder that could not be written, and why.
#[derive(Debug, thiserror::Error)]
#[error("{} cannot be written: {reason}", path.display())]
pub struct WriteError {
    /// What was to be written.
    pub path: PathBuf,
    /// Why it could not be.
    pub reason: Reason,
}

/// Why something could not be written.
#[derive(Debug, thiserror::Error)]
pub enum Reason {
    /// Permissions or a read-only file system forbid it.
    #[error("writing is not allowed in {}", .0.display())]
    NotAllowed(PathBuf),
    /// The disk, or the user's share of it, is full.
    #[error("the disk is full")]
    DiskFull,
    /// The folder is not there.
    #[error("there is no folder {}", .0.display())]
    NoFolder(PathBuf),
    /// A file stands where a folder should be.
    #[error("{} is a file, not a folder", .0.display())]
    FolderIsFile(PathBuf),
    /// A folder stands where the file should be.
    #[error("it is a folder")]
    IsFolder,
    /// The file is already there and was not to be replaced.
    #[error("it exists already")]
    Exists,
    /// A name is longer than the file system takes.
    #[error("the name is too long")]
    NameTooLong,
    /// Anything else.
    #[error("{0}")]
    Other(io::Error),
}

impl WriteError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match &self.reason {
            Reason::NotAllowed(_) => Some("choose another folder, or allow writing to this one with chmod".to_owned()),
            Reason::DiskFull => Some("make room, or choose a folder on another disk".to_owned()),
            Reason::NoFolder(folder) => Some(format!("make it with mkdir -p {}", folder.display())),
            Reason::FolderIsFile(_) | Reason::IsFolder | Reason::Exists => Some("choose another name".to_owned()),
            Reason::NameTooLong => Some("use a shorter file name or pattern".to_owned()),
            Reason::Other(_) => None,
        }
    }

    /// An error while the contents were written: only what says something about the disk says something about `path`.
    fn by_writer(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::new(path, error),
            _ => Self {
                path: path.to_owned(),
                reason: Reason::Other(error),
            },
        }
    }

    /// Why the system did not let `path` be written, in words.
    pub fn of(path: &Path, error: io::Error) -> Self {
        Self::new(path, error)
    }

    fn new(path: &Path, error: io::Error) -> Self {
        let folder = folder_of(path);
        let first_file = || {
            path.ancestors()
                .skip(1)
                .find(|folder| folder.is_file())
                .map(Path::to_owned)
        };
        let reason = match error.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => Reason::NotAllowed(folder),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Reason::DiskFull,
            io::ErrorKind::NotFound => Reason::NoFolder(folder),
            io::ErrorKind::NotADirectory => Reason::FolderIsFile(first_file().unwrap_or(folder)),
            io::ErrorKind::AlreadyExists => first_file().map_or(Reason::Exists, Reason::FolderIsFile),
            io::ErrorKind::IsADirectory => Reason::IsFolder,
            io::ErrorKind::InvalidFilename => Reason::NameTooLong,
            _ => Reason::Other(error),
        };
        Self {
            path: path.to_owned(),
            reason,
        }
    }
}

/// How a file is written, beyond what it is.
#[derive(Clone, Copy, Debug)]
pub struct How<'a> {
    /// Whether the disk has it when the function returns. One that writes thousands of files asks once for all of them, by
    /// [`flush_file_system`]; until then a power cut, but no crash of the program, may leave neither old nor new.
    pub flush: bool,
    /// Whether the file must not be there yet.
    pub is_new: bool,
    /// The temporary file's name, for one that wants to find it again after a crash; no two processes may use one name at once.
    pub temporary: Option<&'a str>,
}

/// Writes or replaces a file. Where the target exists its permissions, owner and group stay, the last two as far as this user may give
/// files away; a link is followed, so that the file behind it is replaced and the link stands; a device or pipe is written to directly,
/// for there is nothing to keep whole. Of a file with several names (hard links) the others keep the old contents.
///
/// # Errors
/// The folder or the disk does not allow it, or `write` failed. What stood before stands as it was.
pub fn write_atomic(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), WriteError> {
    let how = How {
        flush: true,
        is_new: false,
        temporary: None,
    };
    replace(path, how, write)
}

/// As [`write_atomic`], in the way that is asked for.
///
/// # Errors
/// As [`write_atomic`]; [`Reason::Exists`] where a new file was wanted.
pub fn replace(
    path: &Path,
    how: How<'_>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), WriteError> {
    let is_link = fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink());
    let target = if is_link {
        fs::canonicalize(path).unwrap_or_else(|_| path.to_owned())
    } else {
        path.to_owned()
    };
    let fail = |error| WriteError::new(path, error);
    let old = fs::metadata(&target).ok();
    match &old {
        Some(old) if old.is_dir() => return Err(fail(io::ErrorKind::IsADirectory.into())),
        Some(_) if how.is_new => return Err(fail(io::ErrorKind::AlreadyExists.into())),
        Some(old) if !old.is_file() => {
            let mut file = BufWriter::new(File::options().write(true).open(&target).map_err(fail)?);
            return write(&mut file)
                .and_then(|()| file.flush())
                .map_err(|error| WriteError::by_writer(path, error));
        }
        _ => {}
    }
    let temporary = written(&target, old.as_ref(), how, write).map_err(|error| WriteError {
        path: path.to_owned(),
        ..error
    })?;
    if how.is_new {
        persist_new(temporary, &target).map_err(|(error, _)| fail(error))?;
    } else {
        temporary.persist(&target).map_err(|failed| fail(failed.error))?;
    }
    if how.flush {
        sync_folder(&target);
    }
    Ok(())
}

/// Writes a file that must not be there yet; of two processes that try at once, one fails with [`Reason::Exists`].
///
/// # Errors
/// As [`write_atomic`], and if the file exists.
pub fn create_new_atomic(path: &Path, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), WriteError> {
    create_first_free([path.to_owned()], write).map(|_| ())
}

/// Writes a file once and gives it the first of the `paths` (all in one folder) that is not taken. Returns that path.
///
/// # Errors
/// As [`create_new_atomic`]; [`Reason::Exists`] if all are taken.
pub fn create_first_free(
    paths: impl IntoIterator<Item = PathBuf>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<PathBuf, WriteError> {
    let mut paths = paths.into_iter();
    let Some(mut path) = paths.next() else {
        return Err(WriteError::new(Path::new(""), io::ErrorKind::InvalidInput.into()));
    };
    let how = How {
        flush: true,
        is_new: true,
        temporary: None,
    };
    let mut temporary = written(&path, None, how, write)?;
    loop {
        let (error, back) = match persist_new(temporary, &path) {
            Ok(()) => {
                sync_folder(&path);
                return Ok(path);
            }
            Err(failed) => failed,
        };
        temporary = back;
        path = match paths.next() {
            Some(next) if error.kind() == io::ErrorKind::AlreadyExists => next,
            _ => return Err(WriteError::new(&path, error)),
        };
    }
}

/// Makes a folder and those above it; one that is there already is fine.
///
/// # Errors
/// A file is in the way, or the place does not allow it.
pub fn create_folder(folder: &Path) -> Result<(), WriteError> {
    fs::create_dir_all(folder).map_err(|error| {
        if folder.is_file() {
            return WriteError {
                path: folder.to_owned(),
                reason: Reason::FolderIsFile(folder.to_owned()),
            };
        }
        let existing = folder.ancestors().skip(1).find(|above| above.is_dir());
        let mut failed = WriteError::new(folder, error);
        if let (Reason::NotAllowed(place), Some(existing)) = (&mut failed.reason, existing) {
            existing.clone_into(place);
        }
        failed
    })
}

/// Whether files can be made in a folder, or the folder itself where it is not there yet: for telling before the work is done. Makes
/// and removes one empty temporary file, and no folder.
///
/// # Errors
/// What [`create_folder`] or [`create_new_atomic`] would fail with.
pub fn check_writable(folder: &Path) -> Result<(), WriteError> {
    // A slash at its end would make a file look like nothing at all.
    let place: PathBuf = folder.components().collect();
    probe(&place).map_err(|error| WriteError {
        path: folder.to_owned(),
        ..error
    })
}

fn probe(folder: &Path) -> Result<(), WriteError> {
    let existing = folder
        .ancestors()
        .find(|above| above.exists())
        .unwrap_or(Path::new("."));
    // Without a name where the system can do that, so that a kill leaves nothing.
    let probe = if existing.is_dir() {
        tempfile::tempfile_in(existing).map(|_| ())
    } else {
        Err(io::ErrorKind::NotADirectory.into())
    };
    probe.map_err(|error| WriteError {
        path: folder.to_owned(),
        ..WriteError::new(&existing.join("file"), error)
    })
}

/// A temporary file beside `target`, written.
fn written(
    target: &Path,
    old: Option<&Metadata>,
    how: How<'_>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<NamedTempFile, WriteError> {
    let temporary = begun(&folder_of(target), how.temporary).map_err(|error| WriteError::new(target, error))?;
    let fill = || {
        let mut buffer = BufWriter::with_capacity(1 << 16, temporary.as_file());
        write(&mut buffer)?;
        buffer.flush()?;
        if let Some(old) = old {
            keep_attributes(temporary.as_file(), old)?;
        }
        if how.flush {
            temporary.as_file().sync_all()
        } else {
            Ok(())
        }
    };
    fill().map_err(|error| WriteError::by_writer(target, error))?;
    Ok(temporary)
}

fn begun(folder: &Path, name: Option<&str>) -> io::Result<NamedTempFile> {
    let mut builder = Builder::new();
    // As `File::create` would: everything that the umask leaves.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let Some(name) = name else {
        return builder.prefix(".danlu-").suffix(".tmp").tempfile_in(folder);
    };
    let builder = builder.prefix(name).suffix("").rand_bytes(0);
    match builder.tempfile_in(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            fs::remove_file(folder.join(name))?;
            builder.tempfile_in(folder)
        }
        begun => begun,
    }
}

/// Gives a file the permissions, owner and group of another.
fn keep_attributes(file: &File, old: &Metadata) -> io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::{MetadataExt, fchown};
        let new = file.metadata()?;
        let is_ours = (new.uid(), new.gid()) == (old.uid(), old.gid());
        if !is_ours {
            // Only root may give a file away; the group can often be kept all the same.
            let _ = fchown(file, Some(old.uid()), Some(old.gid())).or_else(|_| fchown(file, None, Some(old.gid())));
        }
        if is_ours && new.mode() == old.mode() {
            return Ok(());
        }
    }
    file.set_permissions(old.permissions())
}

/// Gives a temporary file its name unless that is taken; hands it back if it fails.
fn persist_new(temporary: NamedTempFile, path: &Path) -> Result<(), (io::Error, NamedTempFile)> {
    let Err(failed) = temporary.persist_noclobber(path) else {
        return Ok(());
    };
    let (error, temporary) = (failed.error, failed.file);
    if !matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::Unsupported
    ) {
        return Err((error, temporary));
    }
    // Some file systems (exFAT, some network ones) know neither an exclusive rename nor links: take the name with an empty file first.
    if let Err(error) = File::create_new(path) {
        return Err((error, temporary));
    }
    temporary.persist(path).map(|_| ()).map_err(|failed| {
        let _ = fs::remove_file(path);
        (failed.error, failed.file)
    })
}

/// A rename is only sure to last once the folder is on the disk too. Not every file system can do this, and none needs to be asked
/// twice: the file itself is whole either way.
fn sync_folder(path: &Path) {
    if cfg!(unix) {
        let _ = File::open(folder_of(path)).and_then(|folder| folder.sync_all());
    }
}

fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if folder.as_os_str().is_empty() => PathBuf::from("."),
        Some(folder) => folder.to_owned(),
        None => path.to_owned(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn put(text: &'static str) -> impl FnOnce(&mut dyn Write) -> io::Result<()> {
        move |out| out.write_all(text.as_bytes())
    }

    fn fail(kind: io::ErrorKind) -> impl FnOnce(&mut dyn Write) -> io::Result<()> {
        move |out| out.write_all(b"half").and_then(|()| Err(kind.into()))
    }

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.txt");
        write_atomic(&path, put("old")).unwrap();
        let error = write_atomic(&path, fail(io::ErrorKind::StorageFull)).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{} cannot be written: the disk is full", path.display())
        );
        assert!(error.hint().unwrap().starts_with("make room"));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_atomic(&path, put("new")).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn a_new_file_never_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a", "b"].map(|name| folder.path().join(name));
        assert_eq!(create_first_free(paths.clone(), put("1")).unwrap(), paths[0]);
        assert_eq!(create_first_free(paths.clone(), put("2")).unwrap(), paths[1]);
        assert!(matches!(
            create_first_free(paths.clone(), put("3")).unwrap_err().reason,
            Reason::Exists
        ));
        assert!(matches!(
            create_new_atomic(&paths[0], put("4")).unwrap_err().reason,
            Reason::Exists
        ));
        assert_eq!(paths.map(|path| fs::read_to_string(path).unwrap()), ["1", "2"]);
    }

    #[test]
    fn what_is_wrong_with_the_folder_is_said() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        write_atomic(&file, put("x")).unwrap();
        let reason = |path: PathBuf| write_atomic(&path, put("x")).unwrap_err().reason;
        assert!(matches!(reason(folder.path().join("none/a")), Reason::NoFolder(none) if none.ends_with("none")));
        assert!(matches!(reason(file.join("a")), Reason::FolderIsFile(at) if at == file));
        assert!(matches!(reason(folder.path().to_owned()), Reason::IsFolder));
        assert!(matches!(
            reason(folder.path().join("狐".repeat(100))),
            Reason::NameTooLong
        ));
        assert!(matches!(create_folder(&file.join("a/b")).unwrap_err().reason, Reason::FolderIsFile(at) if at == file));
        assert!(matches!(create_folder(&file).unwrap_err().reason, Reason::FolderIsFile(at) if at == file));
        assert!(matches!(check_writable(&file.join("a")).unwrap_err().reason, Reason::FolderIsFile(at) if at == file));
        check_writable(&folder.path().join("not/there/yet")).unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_stay() {
        use std::fs::Permissions;
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("link"));
        write_atomic(&path, put("old")).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        File::create(&link).unwrap();
        assert_eq!(mode(&path), mode(&link), "a new file has what the umask leaves");
        fs::remove_file(&link).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        write_atomic(&link, put("new")).unwrap();
        assert_eq!(mode(&path), 0o640);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }
}
