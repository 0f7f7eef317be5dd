//! Where the engine process listens, and who may: the runtime folder, the data folder's lock, the peer's user.

use std::fs::{self, DirBuilder, File, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use crate::store::atomic::{self, WriteError};

/// Why this process cannot be the engine.
#[derive(Debug, thiserror::Error)]
pub enum SeatError {
    /// Another engine has the data folder.
    #[error("an engine is already running{}", .0.map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    Taken(Option<u32>),
    /// Another engine, with other data, listens at the same place.
    #[error("an engine of other data already listens at {}", .0.display())]
    OtherData(PathBuf),
    /// The data folder cannot be written to.
    #[error(transparent)]
    Data(#[from] WriteError),
    /// The runtime folder is not this user's alone.
    #[error("{} is not safe to listen in: {why}", folder.display())]
    Unsafe {
        /// The folder.
        folder: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// The system does not let it listen.
    #[error("cannot listen at {}: {why}", socket.display())]
    Listen {
        /// The socket.
        socket: PathBuf,
        /// The system's reason.
        why: String,
    },
}

impl SeatError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Taken(_) => Some("`danlu engine status` says what it does, `danlu engine stop` ends it".to_owned()),
            Self::OtherData(_) => Some(
                "end it with `danlu engine stop`, or set XDG_RUNTIME_DIR to another folder for one of them".to_owned(),
            ),
            Self::Data(e) => e.hint(),
            Self::Unsafe { .. } | Self::Listen { .. } => {
                Some("set XDG_RUNTIME_DIR to a folder of your own with a short path".to_owned())
            }
        }
    }
}

/// The right to the data folder's queue. The system takes it back when the process ends, however that happens.
#[derive(Debug)]
pub struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock of a data folder, which is made where it is missing.
    ///
    /// # Errors
    /// [`SeatError::Taken`], or the folder cannot be written to.
    pub fn take(data_dir: &Path) -> Result<Self, SeatError> {
        atomic::create_folder(data_dir)?;
        let path = data_dir.join("engine.lock");
        let unwritable = |error: io::Error| SeatError::Data(WriteError::of(&path, error));
        let mut file = File::options()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(&path)
            .map_err(unwritable)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut pid = String::new();
                let _ = (&file).take(16).read_to_string(&mut pid);
                return Err(SeatError::Taken(pid.trim().parse().ok()));
            }
            Err(TryLockError::Error(e)) => return Err(unwritable(e)),
        }
        // Only for people: who has the lock is the system's to know.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(Self { _file: file })
    }
}

/// Listens at `socket`, in a folder for this user alone. A socket that nobody listens at any more is replaced; hold the [`Lock`].
///
/// # Errors
/// The folder is not safe, somebody else listens there, or the system refuses.
pub fn listen(socket: &Path, _lock: &Lock) -> Result<UnixListener, SeatError> {
    let fail = |e: io::Error| SeatError::Listen {
        socket: socket.to_owned(),
        why: e.to_string(),
    };
    guard(socket.parent().unwrap_or(Path::new("/")))?;
    match UnixStream::connect(socket) {
        Ok(_) => return Err(SeatError::OtherData(socket.to_owned())),
        Err(e) if e.kind() == ErrorKind::NotFound => {}
        Err(_) if is_socket(socket) => fs::remove_file(socket).map_err(fail)?,
        Err(e) => return Err(fail(e)),
    }
    let listener = UnixListener::bind(socket).map_err(fail)?;
    fs::set_permissions(socket, Permissions::from_mode(0o600)).map_err(fail)?;
    Ok(listener)
}

fn is_socket(path: &Path) -> bool {
    path.symlink_metadata().is_ok_and(|file| file.file_type().is_socket())
}

/// Makes the runtime folder, or makes sure that it is this user's alone.
fn guard(folder: &Path) -> Result<(), SeatError> {
    let refuse = |why: String| SeatError::Unsafe {
        folder: folder.to_owned(),
        why,
    };
    if let Err(e) = DirBuilder::new().recursive(true).mode(0o700).create(folder) {
        return Err(refuse(e.to_string()));
    }
    let found = folder.symlink_metadata().map_err(|e| refuse(e.to_string()))?;
    let us = rustix::process::geteuid().as_raw();
    if !found.is_dir() {
        return Err(refuse("it is no folder but a link".to_owned()));
    }
    if found.uid() != us {
        return Err(refuse(format!(
            "it belongs to user {}, and this is user {us}",
            found.uid()
        )));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(|e| refuse(e.to_string()))?;
    }
    Ok(())
}

/// Who is at the other end of a socket.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    /// Whether it runs as the same user.
    pub is_us: bool,
    /// Its process, where the system says.
    pub pid: Option<u32>,
}

/// Asks the system who is at the other end.
///
/// # Errors
/// The system does not say.
#[cfg(target_os = "linux")]
pub fn peer(stream: &impl AsFd) -> io::Result<Peer> {
    let peer = rustix::net::sockopt::socket_peercred(stream)?;
    Ok(Peer {
        is_us: peer.uid == rustix::process::geteuid(),
        pid: u32::try_from(peer.pid.as_raw_nonzero().get()).ok(),
    })
}

/// Asks the system who is at the other end. Elsewhere than on Linux the folder, which nobody else may enter, answers for it.
///
/// # Errors
/// None here.
#[cfg(not(target_os = "linux"))]
pub fn peer(_: &impl AsFd) -> io::Result<Peer> {
    Ok(Peer { is_us: true, pid: None })
}
