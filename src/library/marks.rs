//! What the user says of models: favourites, tags, and notes that could not be written beside the file.
//!
//! It lies in a file of its own in the data folder and is never deleted. A mark belongs to a path; it goes with the content when the file
//! is moved, once its hash is known.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::index::LibraryError;
use super::index::database::{Database, Tables};
use super::index::tables::{bytes, path};
use super::sidecar::Edit;

const TABLES: Tables = Tables {
    version: 1,
    precious: true,
    make: "
    CREATE TABLE marks (
        path BLOB PRIMARY KEY,
        sha256 TEXT,
        favourite INTEGER NOT NULL,
        -- JSON: a list of texts, and an edit.
        tags TEXT NOT NULL,
        note TEXT
    ) WITHOUT ROWID;
    ",
};

/// What the user said of a model.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Mark {
    pub(super) sha256: Option<String>,
    pub(super) favourite: bool,
    pub(super) tags: Vec<String>,
    pub(super) note: Option<Edit>,
}

impl Mark {
    fn says_nothing(&self) -> bool {
        !self.favourite && self.tags.is_empty() && self.note.is_none()
    }
}

/// All marks. The file is made when the first is.
#[derive(Debug)]
pub(super) struct Marks {
    file: PathBuf,
    database: OnceLock<Database>,
}

impl Marks {
    pub(super) fn open(file: &Path) -> Self {
        Self {
            file: file.to_owned(),
            database: OnceLock::new(),
        }
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        self.there().map(Database::warnings).unwrap_or_default()
    }

    pub(super) fn path(&self) -> &Path {
        &self.file
    }

    /// The database, where there is one.
    fn there(&self) -> Option<&Database> {
        self.database.get().or_else(|| self.file.exists().then(|| self.made()))
    }

    fn made(&self) -> &Database {
        self.database.get_or_init(|| Database::open(&self.file, &TABLES))
    }

    /// All marks by absolute path.
    pub(super) fn all(&self) -> Vec<(PathBuf, Mark)> {
        let all = |database: &Database| {
            let read = database.with(|connection| {
                connection
                    .prepare("SELECT path, sha256, favourite, tags, note FROM marks")?
                    .query_map([], |row| Ok((path(row.get(0)?), mark(row)?)))?
                    .collect()
            });
            read.unwrap_or_default()
        };
        self.there().map(all).unwrap_or_default()
    }

    /// The mark of a path.
    pub(super) fn of(&self, file: &Path) -> Option<Mark> {
        self.there()?.with(|connection| get(connection, file)).ok()?
    }

    /// Changes the mark of a path. One that belongs to the same content at a path where nothing lies any more is taken over.
    ///
    /// # Errors
    /// The file cannot be written.
    pub(super) fn change(
        &self,
        file: &Path,
        sha256: Option<&str>,
        change: &dyn Fn(&mut Mark),
    ) -> Result<(), LibraryError> {
        self.made().keep(|connection| {
            let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
            let mut mark = match get(&transaction, file)? {
                Some(mark) => mark,
                None => take_moved(&transaction, sha256)?.unwrap_or_default(),
            };
            mark.sha256 = sha256.map(str::to_owned).or(mark.sha256);
            change(&mut mark);
            mark.note = mark.note.filter(|note| *note != Edit::default());
            if mark.says_nothing() {
                transaction.execute("DELETE FROM marks WHERE path = ?1", [bytes(file)])?;
            } else {
                let json = |value: serde_json::Result<String>| value.unwrap_or_default();
                let tags = json(serde_json::to_string(&mark.tags));
                let note = mark.note.as_ref().map(|note| json(serde_json::to_string(note)));
                transaction.execute(
                    "INSERT OR REPLACE INTO marks VALUES (?1, ?2, ?3, ?4, ?5)",
                    params![bytes(file), mark.sha256, mark.favourite, tags, note],
                )?;
            }
            transaction.commit()
        })
    }

    /// Remembers what content a mark belongs to.
    pub(super) fn hashed(&self, file: &Path, sha256: &str) {
        let Some(database) = self.there() else { return };
        // Without it the mark stays with its path, which is where it was put.
        let _ = database.with(|connection| {
            connection.execute(
                "UPDATE marks SET sha256 = ?2 WHERE path = ?1 AND sha256 IS NOT ?2",
                params![bytes(file), sha256],
            )
        });
    }
}

fn get(connection: &Connection, file: &Path) -> rusqlite::Result<Option<Mark>> {
    connection
        .prepare("SELECT path, sha256, favourite, tags, note FROM marks WHERE path = ?1")?
        .query_row([bytes(file)], mark)
        .optional()
}

fn mark(row: &Row<'_>) -> rusqlite::Result<Mark> {
    let note: Option<String> = row.get(4)?;
    Ok(Mark {
        sha256: row.get(1)?,
        favourite: row.get(2)?,
        tags: serde_json::from_str(&row.get::<_, String>(3)?).unwrap_or_default(),
        note: note.and_then(|note| serde_json::from_str(&note).ok()),
    })
}

fn take_moved(connection: &Connection, sha256: Option<&str>) -> rusqlite::Result<Option<Mark>> {
    let Some(sha256) = sha256 else { return Ok(None) };
    let mut statement =
        connection.prepare("SELECT path, sha256, favourite, tags, note FROM marks WHERE sha256 = ?1")?;
    let found: Vec<(PathBuf, Mark)> = statement
        .query_map([sha256], |row| Ok((path(row.get(0)?), mark(row)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let Some((moved, mark)) = found.into_iter().find(|(path, _)| !path.exists()) else {
        return Ok(None);
    };
    connection.execute("DELETE FROM marks WHERE path = ?1", [bytes(&moved)])?;
    Ok(Some(mark))
}
