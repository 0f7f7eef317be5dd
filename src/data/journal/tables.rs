//! The journal's file: its tables, and the statements that read and change them.
//!
//! `SQLite` with its rollback journal: a set that is only read is not touched, and may lie where nothing can be written. What is
//! committed is on the disk (`synchronous=FULL`). Changes stand in packed blocks ([`super::pack`]); beside each block, apart from it
//! because it is rewritten, one letter for each change says how it stands ([`State`]).

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, Transaction, TransactionBehavior, params};
use sha2::{Digest, Sha256};

use super::mark::Mark;
use super::pack::{self, Block};
use super::{Change, Error, FOLDER};
use crate::store::atomic::WriteError;

/// How long another process that reads may make a writer wait.
const PATIENCE: Duration = Duration::from_secs(10);
const VERSION: i64 = 1;

const TABLES: &str = "
    CREATE TABLE batches (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        what TEXT NOT NULL,
        -- Milliseconds since 1970.
        time INTEGER NOT NULL,
        -- Whether it has more than texts, so that the order of its changes matters.
        mixed INTEGER NOT NULL,
        -- 1 while it is being done, 2 while it is being taken back: whoever finds that, compares with the files.
        working INTEGER NOT NULL,
        changes INTEGER NOT NULL,
        -- How many are in which state; see the letters in `blocks`.
        done INTEGER NOT NULL,
        undone INTEGER NOT NULL,
        alone INTEGER NOT NULL,
        held INTEGER NOT NULL
    );
    CREATE TABLE blocks (
        batch INTEGER NOT NULL,
        -- The number of its first change.
        first INTEGER NOT NULL,
        -- A letter for each change.
        states BLOB NOT NULL,
        PRIMARY KEY (batch, first)
    ) WITHOUT ROWID;
    CREATE TABLE contents (batch INTEGER NOT NULL, first INTEGER NOT NULL, packed BLOB NOT NULL, PRIMARY KEY (batch, first));
    -- Which blocks are about a path; it stands there as the first 8 bytes of its SHA-256.
    CREATE TABLE touched (
        path INTEGER NOT NULL,
        batch INTEGER NOT NULL,
        first INTEGER NOT NULL,
        PRIMARY KEY (path, batch, first)
    ) WITHOUT ROWID;
    -- Folders that a batch made, deepest last.
    CREATE TABLE folders (batch INTEGER NOT NULL, path BLOB NOT NULL);
    -- The inodes of files that change names with one another: which of them stands under a name nothing else tells.
    CREATE TABLE inodes (batch INTEGER NOT NULL, number INTEGER NOT NULL, inode INTEGER NOT NULL, PRIMARY KEY (batch, number))
        WITHOUT ROWID;
    CREATE TABLE snapshots (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, time INTEGER NOT NULL, files INTEGER NOT NULL);
    CREATE TABLE kept (snapshot INTEGER NOT NULL, first INTEGER NOT NULL, count INTEGER NOT NULL, packed BLOB NOT NULL,
        PRIMARY KEY (snapshot, first));
";

/// What files were that were made or thrown away: journals of before have no such table.
const MARKS: &str = "
    CREATE TABLE IF NOT EXISTS marks (
        batch INTEGER NOT NULL,
        number INTEGER NOT NULL,
        length INTEGER NOT NULL,
        -- Nanoseconds since 1970.
        modified INTEGER NOT NULL,
        digest BLOB NOT NULL,
        PRIMARY KEY (batch, number)
    ) WITHOUT ROWID;
";

/// How a change stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum State {
    /// It is done.
    Done = b'd',
    /// It is not, and redo will do it.
    Undone = b'u',
    /// It was taken back alone, and only alone it will be redone.
    Alone = b'a',
    /// It is done, and could not be taken back with its batch because of a conflict.
    Held = b'h',
    /// It is not done, and could not be because of a conflict.
    Barred = b'b',
    /// It is not done, and a later batch ended redo.
    Dropped = b'x',
}

impl State {
    pub(super) fn of(letter: u8) -> Option<Self> {
        [
            Self::Done,
            Self::Undone,
            Self::Alone,
            Self::Held,
            Self::Barred,
            Self::Dropped,
        ]
        .into_iter()
        .find(|state| *state as u8 == letter)
    }

    pub(super) fn is_done(self) -> bool {
        matches!(self, Self::Done | Self::Held)
    }
}

/// A batch as the file has it.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pub(super) id: u64,
    pub(super) what: String,
    pub(super) time: i64,
    pub(super) mixed: bool,
    pub(super) working: Working,
    pub(super) changes: usize,
    pub(super) done: usize,
    pub(super) undone: usize,
    pub(super) alone: usize,
    pub(super) held: usize,
}

/// Whether somebody is, or was when it ended, at work on a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Working {
    No = 0,
    Doing = 1,
    Undoing = 2,
}

/// The states of a block's changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct States {
    pub(super) first: usize,
    pub(super) states: Vec<State>,
}

/// The journal's file, open.
#[derive(Debug)]
pub(super) struct Tables {
    pub(super) connection: Connection,
    path: PathBuf,
}

pub(super) fn file(root: &Path) -> PathBuf {
    root.join(FOLDER).join("journal.sqlite3")
}

impl Tables {
    /// Opens the file of a set for writing, and makes it where it is not. The folder must be there.
    pub(super) fn open(root: &Path) -> Result<Self, Error> {
        let path = file(root);
        let tables = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE)?;
        let make = || -> rusqlite::Result<()> {
            // Answers with a row, which is of no interest.
            let _ = tables.connection.pragma_update(None, "journal_mode", "TRUNCATE");
            tables.connection.pragma_update(None, "synchronous", "FULL")?;
            if tables.version()? == 0 {
                let sql = format!("BEGIN EXCLUSIVE; {TABLES} PRAGMA user_version = {VERSION}; COMMIT;");
                tables.connection.execute_batch(&sql)?;
            }
            if !tables.has_marks()? {
                tables.connection.execute_batch(MARKS)?;
            }
            Ok(())
        };
        make().map_err(|error| tables.error(error))?;
        Ok(tables)
    }

    /// Opens it for reading; `None` where no journal was begun.
    pub(super) fn peek(root: &Path) -> Result<Option<Self>, Error> {
        let path = file(root);
        if !path.exists() {
            return Ok(None);
        }
        // Whoever may write can also take back what a killed writer left half done.
        let tables = Self::connect(path.clone(), OpenFlags::SQLITE_OPEN_READ_WRITE)
            .or_else(|_| Self::connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY))?;
        let version = tables.version().map_err(|error| tables.error(error))?;
        Ok((version != 0).then_some(tables))
    }

    fn connect(path: PathBuf, flags: OpenFlags) -> Result<Self, Error> {
        let connection = Connection::open_with_flags(&path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
            .map_err(|error| trouble(&path, error))?;
        let tables = Self { connection, path };
        let patience = tables.connection.busy_timeout(PATIENCE);
        let found = patience
            .and_then(|()| tables.version())
            .map_err(|error| tables.error(error))?;
        if found > VERSION {
            return Err(Error::Newer {
                path: tables.path,
                found,
                known: VERSION,
            });
        }
        Ok(tables)
    }

    fn version(&self) -> rusqlite::Result<i64> {
        self.connection
            .pragma_query_value(None, "user_version", |row| row.get(0))
    }

    pub(super) fn error(&self, error: rusqlite::Error) -> Error {
        trouble(&self.path, error)
    }

    pub(super) fn damaged(&self, why: &str) -> Error {
        Error::Damaged {
            path: self.path.clone(),
            why: why.to_owned(),
        }
    }

    /// Changes the file: all of it or nothing.
    pub(super) fn change<T>(&mut self, work: impl FnOnce(&Transaction<'_>) -> rusqlite::Result<T>) -> Result<T, Error> {
        let path = &self.path;
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate);
        let done = transaction.and_then(|transaction| {
            let done = work(&transaction)?;
            transaction.commit()?;
            Ok(done)
        });
        done.map_err(|error| trouble(path, error))
    }

    /// Reads the file.
    pub(super) fn read<T>(&self, work: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> Result<T, Error> {
        work(&self.connection).map_err(|error| self.error(error))
    }

    /// Batches by a condition, newest first.
    pub(super) fn heads(&self, condition: &str, limit: usize) -> Result<Vec<Head>, Error> {
        let sql = format!(
            "SELECT id, what, time, mixed, working, changes, done, undone, alone, held FROM batches
             WHERE {condition} ORDER BY id DESC LIMIT ?1"
        );
        self.read(|connection| {
            let mut statement = connection.prepare(&sql)?;
            let rows = statement.query_map([i64::try_from(limit).unwrap_or(i64::MAX)], head)?;
            rows.collect()
        })
    }

    /// One batch.
    pub(super) fn head(&self, id: u64) -> Result<Head, Error> {
        let found = self.heads(&format!("id = {id}"), 1)?.pop();
        found.ok_or_else(|| self.damaged(&format!("it has no batch {id}")))
    }

    /// The states of a batch, in order.
    pub(super) fn states(&self, batch: u64) -> Result<Vec<States>, Error> {
        let rows: Vec<(i64, Vec<u8>)> = self.read(|connection| {
            let mut statement =
                connection.prepare("SELECT first, states FROM blocks WHERE batch = ?1 ORDER BY first")?;
            let rows = statement.query_map([batch as i64], |row| Ok((row.get(0)?, row.get(1)?)))?;
            rows.collect()
        })?;
        let block = |(first, letters): (i64, Vec<u8>)| {
            let states: Option<Vec<State>> = letters.into_iter().map(State::of).collect();
            Some(States {
                first: usize::try_from(first).ok()?,
                states: states?,
            })
        };
        let states: Option<Vec<States>> = rows.into_iter().map(block).collect();
        states.ok_or_else(|| self.damaged("a change is in no known state"))
    }

    /// The changes of a block.
    pub(super) fn contents(&self, batch: u64, states: &States) -> Result<Vec<Change>, Error> {
        let packed: Option<Vec<u8>> = self.read(|connection| {
            let mut statement = connection.prepare("SELECT packed FROM contents WHERE batch = ?1 AND first = ?2")?;
            let found = statement.query_row([batch as i64, states.first as i64], |row| row.get(0));
            found.optional()
        })?;
        packed
            .and_then(|packed| pack::unpack(&packed, states.states.len()))
            .ok_or_else(|| self.damaged("a block of changes cannot be unpacked"))
    }

    /// The blocks that are about a path as the journal keeps it, oldest first; perhaps also some that are not.
    pub(super) fn about(&self, path: &Path) -> Result<Vec<(u64, usize)>, Error> {
        self.read(|connection| {
            let mut statement =
                connection.prepare("SELECT batch, first FROM touched WHERE path = ?1 ORDER BY batch, first")?;
            let rows = statement.query_map([number_of(path)], |row| {
                Ok((row.get::<_, i64>(0)? as u64, row.get::<_, i64>(1)? as usize))
            })?;
            rows.collect()
        })
    }

    /// The inodes of the files of some moves of a batch, by their numbers.
    pub(super) fn inodes(&self, batch: u64) -> Result<HashMap<usize, u64>, Error> {
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT number, inode FROM inodes WHERE batch = ?1")?;
            let rows = statement.query_map([batch as i64], |row| {
                Ok((row.get::<_, i64>(0)? as usize, row.get::<_, i64>(1)? as u64))
            })?;
            rows.collect()
        })
    }

    fn has_marks(&self) -> rusqlite::Result<bool> {
        let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'marks'";
        self.connection.query_row(sql, [], |row| row.get(0))
    }

    /// What the files were that a batch made or threw away, by the changes' numbers.
    pub(super) fn marks(&self, batch: u64) -> Result<HashMap<usize, Mark>, Error> {
        if !self.has_marks().map_err(|error| self.error(error))? {
            return Ok(HashMap::new());
        }
        self.read(|connection| {
            let mut statement =
                connection.prepare("SELECT number, length, modified, digest FROM marks WHERE batch = ?1")?;
            let rows = statement.query_map([batch as i64], |row| {
                let mark = Mark {
                    length: row.get::<_, i64>(1)? as u64,
                    modified: row.get(2)?,
                    digest: row.get(3)?,
                };
                Ok((row.get::<_, i64>(0)? as usize, mark))
            })?;
            rows.collect()
        })
    }

    /// The folders that a batch made, outermost first.
    pub(super) fn folders(&self, batch: u64) -> Result<Vec<PathBuf>, Error> {
        use std::os::unix::ffi::OsStringExt;
        self.read(|connection| {
            let mut statement = connection.prepare("SELECT path FROM folders WHERE batch = ?1 ORDER BY rowid")?;
            let rows = statement.query_map([batch as i64], |row| {
                Ok(PathBuf::from(std::ffi::OsString::from_vec(row.get(0)?)))
            })?;
            rows.collect()
        })
    }
}

/// Adds a batch without changes.
pub(super) fn insert_batch(to: &Transaction<'_>, what: &str, time: i64, mixed: bool) -> rusqlite::Result<u64> {
    let sql = "INSERT INTO batches (what, time, mixed, working, changes, done, undone, alone, held)
               VALUES (?1, ?2, ?3, 1, 0, 0, 0, 0, 0)";
    to.execute(sql, params![what, time, mixed])?;
    Ok(to.last_insert_rowid() as u64)
}

/// Adds a block of changes that are not done.
pub(super) fn insert_block(to: &Transaction<'_>, batch: u64, block: &Block) -> rusqlite::Result<()> {
    let packed = block
        .packed()
        .map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let key = (batch as i64, block.first as i64);
    to.prepare("INSERT INTO contents VALUES (?1, ?2, ?3)")?
        .execute(params![key.0, key.1, packed])?;
    to.prepare("INSERT INTO blocks VALUES (?1, ?2, ?3)")?.execute(params![
        key.0,
        key.1,
        vec![State::Undone as u8; block.count]
    ])?;
    to.prepare("UPDATE batches SET changes = changes + ?2, undone = undone + ?2 WHERE id = ?1")?
        .execute(params![key.0, block.count as i64])?;
    Ok(())
}

/// Says which blocks are about which paths, each path given by [`number_of`].
pub(super) fn insert_touched(
    to: &Transaction<'_>,
    batch: u64,
    touched: &mut Vec<(i64, usize)>,
) -> rusqlite::Result<()> {
    // In the order of the table, which is faster by far than as they come.
    touched.sort_unstable();
    touched.dedup();
    let mut insert = to.prepare("INSERT INTO touched VALUES (?1, ?2, ?3)")?;
    for (path, first) in touched.iter() {
        insert.execute(params![*path, batch as i64, *first as i64])?;
    }
    Ok(())
}

/// Writes the states of a batch, and counts them; with that nobody is at work on it.
pub(super) fn put_states(to: &Transaction<'_>, batch: u64, blocks: &[States]) -> rusqlite::Result<()> {
    let mut put = to.prepare("UPDATE blocks SET states = ?3 WHERE batch = ?1 AND first = ?2 AND states <> ?3")?;
    for block in blocks {
        let letters: Vec<u8> = block.states.iter().map(|state| *state as u8).collect();
        put.execute(params![batch as i64, block.first as i64, letters])?;
    }
    let count = |wanted: State| {
        let all = blocks.iter().flat_map(|block| &block.states);
        all.filter(|state| **state == wanted).count() as i64
    };
    let counts = [State::Done, State::Undone, State::Alone, State::Held].map(count);
    let [done, undone, alone, held] = counts;
    to.prepare("UPDATE batches SET working = 0, done = ?2, undone = ?3, alone = ?4, held = ?5 WHERE id = ?1")?
        .execute(params![batch as i64, done, undone, alone, held])?;
    Ok(())
}

/// Says which folders a batch makes, outermost first.
pub(super) fn insert_folders<'a>(
    to: &Transaction<'_>,
    batch: u64,
    folders: impl Iterator<Item = &'a Path>,
) -> rusqlite::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let mut insert = to.prepare("INSERT INTO folders VALUES (?1, ?2)")?;
    for folder in folders {
        insert.execute(params![batch as i64, folder.as_os_str().as_bytes()])?;
    }
    Ok(())
}

/// Keeps the inodes of the files of some moves of a batch, by their numbers.
pub(super) fn insert_inodes(to: &Transaction<'_>, batch: u64, inodes: &[(usize, u64)]) -> rusqlite::Result<()> {
    let mut insert = to.prepare("INSERT INTO inodes VALUES (?1, ?2, ?3)")?;
    for (number, inode) in inodes {
        insert.execute(params![batch as i64, *number as i64, *inode as i64])?;
    }
    Ok(())
}

/// Keeps what the files are that a batch makes or throws away, by the changes' numbers.
pub(super) fn insert_marks(to: &Transaction<'_>, batch: u64, marks: &[(usize, Mark)]) -> rusqlite::Result<()> {
    let mut insert = to.prepare("INSERT INTO marks VALUES (?1, ?2, ?3, ?4, ?5)")?;
    for (number, mark) in marks {
        insert.execute(params![
            batch as i64,
            *number as i64,
            mark.length as i64,
            mark.modified,
            mark.digest
        ])?;
    }
    Ok(())
}

/// Says that somebody is at work on a batch.
pub(super) fn put_working(to: &Transaction<'_>, batch: u64, working: Working) -> rusqlite::Result<()> {
    to.execute(
        "UPDATE batches SET working = ?2 WHERE id = ?1",
        params![batch as i64, working as i64],
    )?;
    Ok(())
}

/// What stands for a path in the index of paths.
pub(super) fn number_of(path: &Path) -> i64 {
    use std::os::unix::ffi::OsStrExt;
    let digest = Sha256::digest(path.as_os_str().as_bytes());
    digest.first_chunk().map_or(0, |bytes| i64::from_le_bytes(*bytes))
}

fn head(row: &Row<'_>) -> rusqlite::Result<Head> {
    let count = |index: usize| Ok::<_, rusqlite::Error>(row.get::<_, i64>(index)?.max(0) as usize);
    Ok(Head {
        id: row.get::<_, i64>(0)? as u64,
        what: row.get(1)?,
        time: row.get(2)?,
        mixed: row.get(3)?,
        working: match row.get::<_, i64>(4)? {
            0 => Working::No,
            2 => Working::Undoing,
            _ => Working::Doing,
        },
        changes: count(5)?,
        done: count(6)?,
        undone: count(7)?,
        alone: count(8)?,
        held: count(9)?,
    })
}

fn trouble(path: &Path, error: rusqlite::Error) -> Error {
    use std::io::ErrorKind::{PermissionDenied, StorageFull};
    let write = |kind: std::io::ErrorKind| Error::Write(WriteError::of(path, kind.into()));
    let path = path.to_owned();
    let why = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => write(StorageFull),
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => write(PermissionDenied),
        // `Unknown` is SQLite's word for tables and columns that are not there, and no code means a value of another type.
        None
        | Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown | ErrorCode::TypeMismatch) => {
            Error::Damaged { path, why }
        }
        Some(_) => Error::Database { path, why },
    }
}
