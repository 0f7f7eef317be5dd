//! An `SQLite` file that must never stand in the way: made where it is not, mended where it is damaged, done without where it cannot be
//! written.
//!
//! The index can be made again, so a damaged one is deleted; what the user said cannot, so a damaged file of that is put aside.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags};

use super::LibraryError;
use crate::store::atomic;

/// How long another process that writes may make this one wait.
const PATIENCE: Duration = Duration::from_secs(10);

/// What a database holds.
#[derive(Debug)]
pub(in crate::library) struct Tables {
    /// Kept in the file as `user_version`.
    pub(in crate::library) version: i64,
    /// The statements that make the tables. Run on a file of any other version that may be forgotten.
    pub(in crate::library) make: &'static str,
    /// Whether it holds what cannot be made again.
    pub(in crate::library) precious: bool,
}

/// A database that is open.
#[derive(Debug)]
pub(in crate::library) struct Database {
    path: PathBuf,
    tables: &'static Tables,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// None where not even memory could be had.
    connection: Option<Connection>,
    warnings: Vec<String>,
    /// Why nothing is kept beyond this process.
    lost: Option<String>,
}

/// Why a database cannot be opened.
enum Trouble {
    Damaged(String),
    Other(String),
}

impl Database {
    /// Opens a file, or begins one where there is none. Where neither can be done, one in memory stands in.
    pub(in crate::library) fn open(path: &Path, tables: &'static Tables) -> Self {
        let mut warnings = Vec::new();
        let opened = match try_open(path, tables) {
            Err(Trouble::Damaged(why)) => {
                warnings.extend(mend(path, tables, &why));
                try_open(path, tables)
            }
            opened => opened,
        };
        let (connection, lost) = match opened {
            Ok(connection) => (Some(connection), None),
            Err(Trouble::Damaged(why) | Trouble::Other(why)) => {
                warnings.push(format!(
                    "{} cannot be used, so what it would keep is forgotten: {why}",
                    path.display()
                ));
                let stand_in = Connection::open_in_memory().ok();
                (
                    stand_in.filter(|stand_in| stand_in.execute_batch(tables.make).is_ok()),
                    Some(why),
                )
            }
        };
        let state = State {
            connection,
            warnings,
            lost,
        };
        Self {
            path: path.to_owned(),
            tables,
            state: Mutex::new(state),
        }
    }

    /// What the user should know about the file.
    pub(in crate::library) fn warnings(&self) -> Vec<String> {
        self.lock().warnings.clone()
    }

    /// Works with the database. Where it proves to be damaged it is mended and the work done once more.
    pub(in crate::library) fn with<T>(
        &self,
        mut work: impl FnMut(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LibraryError> {
        let mut state = self.lock();
        let Some(mut connection) = state.connection.take() else {
            return Err(self.error(state.lost.clone().unwrap_or_else(|| "it is lost".to_owned())));
        };
        let mut done = work(&mut connection);
        if let Err(error) = &done
            && is_damage(error)
            && state.lost.is_none()
        {
            drop(connection);
            let said = mend(&self.path, self.tables, &error.to_string());
            state.warnings.extend(said);
            connection = try_open(&self.path, self.tables).map_err(|trouble| match trouble {
                Trouble::Damaged(why) | Trouble::Other(why) => {
                    state.lost = Some(why.clone());
                    self.error(why)
                }
            })?;
            done = work(&mut connection);
        }
        state.connection = Some(connection);
        done.map_err(|error| self.error(error.to_string()))
    }

    /// The same for what must be kept: it fails where nothing is.
    pub(in crate::library) fn keep<T>(
        &self,
        work: impl FnMut(&mut Connection) -> rusqlite::Result<T>,
    ) -> Result<T, LibraryError> {
        if let Some(why) = self.lock().lost.clone() {
            return Err(self.error(why));
        }
        self.with(work)
    }

    fn error(&self, why: String) -> LibraryError {
        LibraryError::Database {
            path: self.path.clone(),
            why,
        }
    }

    /// A thread that panicked cannot have left half a change: `SQLite` takes those back.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn try_open(path: &Path, tables: &Tables) -> Result<Connection, Trouble> {
    if let Some(folder) = path.parent() {
        atomic::create_folder(folder).map_err(|error| Trouble::Other(error.to_string()))?;
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || -> rusqlite::Result<Result<Connection, String>> {
        let mut connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(PATIENCE)?;
        // The mode is answered with a row, which is of no interest; where it cannot be set the old journal does.
        let _ = connection.pragma_update(None, "journal_mode", "WAL");
        connection.pragma_update(None, "synchronous", if tables.precious { "FULL" } else { "NORMAL" })?;
        Ok(make(&mut connection, tables)?.map(|()| connection))
    };
    match open() {
        Ok(opened) => opened.map_err(Trouble::Other),
        Err(error) if is_damage(&error) => Err(Trouble::Damaged(error.to_string())),
        Err(error) => Err(Trouble::Other(error.to_string())),
    }
}

/// Brings the tables to their version, or says why they are left alone. Two processes may try at once.
fn make(connection: &mut Connection, tables: &Tables) -> rusqlite::Result<Result<(), String>> {
    let version = |connection: &Connection| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, "user_version", |row| row.get(0))
    };
    if version(connection)? == tables.version {
        return Ok(Ok(()));
    }
    let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let found = version(&transaction)?;
    if found > tables.version && tables.precious {
        let known = tables.version;
        return Ok(Err(format!(
            "it has version {found}, and this danlu knows versions up to {known}"
        )));
    }
    if found != tables.version {
        transaction.execute_batch(tables.make)?;
        transaction.pragma_update(None, "user_version", tables.version)?;
    }
    transaction.commit()?;
    Ok(Ok(()))
}

/// Whether the file itself is at fault. `Unknown` is `SQLite`'s word for tables and columns that are not there, and no code means a
/// value of another type.
fn is_damage(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        None | Some(
            ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown | ErrorCode::TypeMismatch
        )
    )
}

/// Takes a damaged file out of the way, with the journal that belongs to it; says so where that matters.
fn mend(path: &Path, tables: &Tables, why: &str) -> Option<String> {
    let with = |name: &Path, suffix: &str| {
        let mut name = name.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    if !tables.precious {
        for suffix in ["", "-wal", "-shm"] {
            // What cannot be deleted cannot be opened anew either, which is then said.
            let _ = std::fs::remove_file(with(path, suffix));
        }
        return None;
    }
    let free = |n: &u32| !path.with_extension(format!("damaged-{n}.sqlite3")).exists();
    let aside = path.with_extension(format!("damaged-{}.sqlite3", (1..u32::MAX).find(free).unwrap_or(1)));
    match std::fs::rename(path, &aside) {
        Ok(()) => {
            for suffix in ["-wal", "-shm"] {
                let _ = std::fs::rename(with(path, suffix), with(&aside, suffix));
            }
            Some(format!(
                "{} was damaged ({why}) and is kept as {}",
                path.display(),
                aside.display()
            ))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(error) => Some(format!(
            "{} is damaged ({why}) and cannot be moved away: {error}",
            path.display()
        )),
    }
}
