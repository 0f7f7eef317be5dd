//! The queue's file: jobs as opaque text, with what became of them, in `SQLite`.
//!
//! It keeps and gives back; what a job means, and which change is right, is the engine's to know. Every change is on the disk before the
//! function returns: the file is in WAL mode with `synchronous=FULL`, since a job that was promised, or reported done, must not come back
//! otherwise after a power cut, and one flush to the disk is nothing beside a picture. Where the file system knows no shared memory
//! (some network ones), `SQLite` stays with its rollback journal, which keeps the same promise. Read [`schema`] for the tables.

mod schema;

use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, params};

use super::atomic::WriteError;

/// How long another process that reads may make a writer wait.
const PATIENCE: Duration = Duration::from_secs(5);

/// A queue's file, open for writing. One process at a time should have it so; see the engine's lock.
#[derive(Debug)]
pub struct QueueFile {
    connection: Connection,
    path: PathBuf,
}

/// Why the queue's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// A newer danlu wrote it.
    #[error("{} has version {found}; this danlu knows versions up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest that is understood.
        known: i64,
    },
    /// It holds something else than a queue.
    #[error("{} is damaged: {why}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What `SQLite` says.
        why: String,
    },
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Anything else.
    #[error("{} cannot be used: {why}", path.display())]
    Other {
        /// The file.
        path: PathBuf,
        /// What `SQLite` says.
        why: String,
    },
}

impl QueueError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Newer { .. } => {
                Some("use the newer danlu, or move the file away to begin with an empty queue".to_owned())
            }
            Self::Damaged { .. } => Some("the next engine puts it aside and begins with an empty queue".to_owned()),
            Self::Write(e) => e.hint(),
            Self::Other { .. } => {
                Some("see that the disk is well and that no other program has the file open".to_owned())
            }
        }
    }

    fn of(path: &Path, error: rusqlite::Error) -> Self {
        use ErrorKind::{IsADirectory, PermissionDenied, StorageFull};
        let write = |kind: ErrorKind| Self::Write(WriteError::of(path, kind.into()));
        let path = path.to_owned();
        let why = error.to_string();
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => write(StorageFull),
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) if is_full(&path) => write(StorageFull),
            Some(ErrorCode::CannotOpen) if path.is_dir() => write(IsADirectory),
            Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => write(PermissionDenied),
            // `Unknown` is SQLite's word for tables and columns that are not there, and no code means a value of another type.
            None
            | Some(
                ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown | ErrorCode::TypeMismatch,
            ) => Self::Damaged { path, why },
            Some(_) => Self::Other { path, why },
        }
    }
}

/// A job as the file knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// Its number, never given twice.
    pub id: i64,
    /// What it asks for.
    pub job: String,
    /// What became of it.
    pub standing: Standing,
    /// When it was added, in seconds since 1970.
    pub added: i64,
    /// Its newest pictures, oldest first.
    pub pictures: Vec<String>,
    /// How many pictures it made.
    pub made: usize,
}

/// What became of a job.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// The state's name.
    pub state: String,
    /// Why it failed.
    pub failure: Option<String>,
    /// What its user should know.
    pub warnings: String,
    /// When it was last started, in seconds since 1970.
    pub started: Option<i64>,
    /// When it ended.
    pub ended: Option<i64>,
}

/// All that a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contents {
    /// The jobs; those with a place in the order come first, in their order, then the others by number.
    pub rows: Vec<Row>,
    /// Whether the queue is paused.
    pub paused: bool,
}

/// A change to the file. Made twice, it is as if made once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A job stands so now.
    Stand(i64, Standing),
    /// A job made a picture, its so-manieth from 0.
    Picture(i64, usize, String),
    /// These jobs have places in the order, all others none.
    Order(Vec<i64>),
    /// A job is forgotten.
    Remove(i64),
    /// The queue is paused or not.
    Paused(bool),
}

impl QueueFile {
    /// Opens a file, or begins one where there is none, and reads it. A damaged one is put aside first; then its new name comes too.
    ///
    /// # Errors
    /// A newer danlu wrote it, or the disk does not allow it.
    pub fn open(path: &Path) -> Result<(Self, Contents, Option<PathBuf>), QueueError> {
        match Self::try_open(path) {
            Err(QueueError::Damaged { .. }) => {
                let aside = set_aside(path)?;
                let (file, contents) = Self::try_open(path)?;
                Ok((file, contents, Some(aside)))
            }
            opened => opened.map(|(file, contents)| (file, contents, None)),
        }
    }

    fn try_open(path: &Path) -> Result<(Self, Contents), QueueError> {
        let fail = |e| QueueError::of(path, e);
        let connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )
        .map_err(fail)?;
        connection.busy_timeout(PATIENCE).map_err(fail)?;
        connection
            .pragma_update(None, "journal_mode", "WAL")
            .or_else(ignore_rows)
            .map_err(fail)?;
        connection.pragma_update(None, "synchronous", "FULL").map_err(fail)?;
        check_version(&connection, path)?;
        schema::migrate(&connection).map_err(fail)?;
        check(&connection, path)?;
        let contents = schema::contents(&connection).map_err(fail)?;
        let path = path.to_owned();
        Ok((Self { connection, path }, contents))
    }

    /// Reads a file without changing it; `None` where there is none.
    ///
    /// # Errors
    /// It is damaged, of a newer danlu, or cannot be read.
    pub fn peek(path: &Path) -> Result<Option<Contents>, QueueError> {
        if !path.exists() {
            return Ok(None);
        }
        let read = |name: &Path, flags: OpenFlags| {
            let fail = |e| QueueError::of(path, e);
            let connection =
                Connection::open_with_flags(name, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX).map_err(fail)?;
            connection.busy_timeout(PATIENCE).map_err(fail)?;
            match check_version(&connection, path)? {
                // Begun, and nothing written yet.
                0 => Ok(Contents::default()),
                _ => schema::contents(&connection).map_err(fail),
            }
        };
        match read(path, OpenFlags::SQLITE_OPEN_READ_WRITE) {
            // Where nothing can be written, SQLite reads such a file only when told that nobody else writes either.
            Err(QueueError::Write(_) | QueueError::Other { .. }) => {
                let name = format!("file:{}?immutable=1", uri(path));
                let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI;
                read(Path::new(&name), flags).map(Some)
            }
            contents => contents.map(Some),
        }
    }

    /// Adds a job at the end of the order and returns its number.
    ///
    /// # Errors
    /// The disk does not take it; nothing has changed then.
    pub fn insert(&mut self, job: &str, state: &str, added: i64) -> Result<i64, QueueError> {
        let sql = "INSERT INTO jobs (job, state, added, warnings, position)
                   VALUES (?1, ?2, ?3, '[]', (SELECT coalesce(max(position) + 1, 0) FROM jobs))";
        self.connection
            .execute(sql, params![job, state, added])
            .map_err(|e| QueueError::of(&self.path, e))?;
        Ok(self.connection.last_insert_rowid())
    }

    /// Makes all these changes, or none.
    ///
    /// # Errors
    /// The disk does not take them.
    pub fn change(&mut self, changes: &[Change]) -> Result<(), QueueError> {
        let mut make = || {
            let transaction = self.connection.transaction()?;
            for change in changes {
                schema::make(&transaction, change)?;
            }
            transaction.commit()
        };
        make().map_err(|e| QueueError::of(&self.path, e))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// Setting the journal's mode answers with a row, which `pragma_update` takes for a mistake.
fn ignore_rows(error: rusqlite::Error) -> rusqlite::Result<()> {
    match error {
        rusqlite::Error::ExecuteReturnedResults => Ok(()),
        error => Err(error),
    }
}

fn check_version(connection: &Connection, path: &Path) -> Result<i64, QueueError> {
    let found = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|e| QueueError::of(path, e))?;
    if found > schema::VERSION {
        return Err(QueueError::Newer {
            path: path.to_owned(),
            found,
            known: schema::VERSION,
        });
    }
    Ok(found)
}

/// Looks through the whole file for damage, which else might show in the middle of a job.
fn check(connection: &Connection, path: &Path) -> Result<(), QueueError> {
    let said: Option<String> = connection
        .query_row("PRAGMA quick_check(1)", [], |row| row.get(0))
        .optional()
        .map_err(|e| QueueError::of(path, e))?;
    match said {
        Some(said) if said != "ok" => Err(QueueError::Damaged {
            path: path.to_owned(),
            why: said,
        }),
        _ => Ok(()),
    }
}

/// Gives a damaged file, and the journal that belongs to it, a name of its own, which is returned.
fn set_aside(path: &Path) -> Result<PathBuf, QueueError> {
    let beside = |name: &Path, suffix: &str| {
        let mut name = name.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let free = |n: &u32| !path.with_extension(format!("damaged-{n}.sqlite3")).exists();
    let n = (1..u32::MAX).find(free).unwrap_or(1);
    let aside = path.with_extension(format!("damaged-{n}.sqlite3"));
    std::fs::rename(path, &aside).map_err(|e| WriteError::of(&aside, e))?;
    for suffix in ["-wal", "-shm"] {
        // A journal of another file must not be played into the new one.
        let _ = std::fs::rename(beside(path, suffix), beside(&aside, suffix));
    }
    Ok(aside)
}

/// Whether there is no room beside a file. `SQLite` does not say so of everything that it writes.
fn is_full(path: &Path) -> bool {
    let folder = path.parent().unwrap_or(Path::new("."));
    let written = tempfile::tempfile_in(folder).and_then(|mut file| file.write_all(&vec![0; 1 << 16]));
    written.is_err_and(|e| matches!(e.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded))
}

/// A path as `SQLite`'s URIs have it.
fn uri(path: &Path) -> String {
    let path = path.to_string_lossy();
    path.replace('%', "%25").replace('?', "%3f").replace('#', "%23")
}
