//! The tables of the queue's file, and the statements that read and change them.

use std::collections::HashMap;

use rusqlite::{Connection, Transaction, params};

use super::{Change, Contents, Row, Standing};

/// The version of the tables, kept in the file as `user_version`. A new one needs a step in [`migrate`].
pub(super) const VERSION: i64 = 1;
/// How many pictures of a job are read back; the rest are counted.
const PICTURES_READ: i64 = 64;

const TABLES: &str = "
    -- AUTOINCREMENT: a number is never given twice, even when the newest job is forgotten.
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        job TEXT NOT NULL,
        state TEXT NOT NULL,
        position INTEGER,
        failure TEXT,
        warnings TEXT NOT NULL,
        added INTEGER NOT NULL,
        started INTEGER,
        ended INTEGER
    );
    CREATE TABLE pictures (
        job INTEGER NOT NULL,
        number INTEGER NOT NULL,
        picture TEXT NOT NULL,
        PRIMARY KEY (job, number)
    ) WITHOUT ROWID;
    CREATE TABLE queue (paused INTEGER NOT NULL);
    INSERT INTO queue VALUES (0);
";

/// Brings the tables to [`VERSION`].
pub(super) fn migrate(connection: &Connection) -> rusqlite::Result<()> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version < 1 {
        connection.execute_batch(&format!("BEGIN IMMEDIATE; {TABLES} PRAGMA user_version = 1; COMMIT;"))?;
    }
    Ok(())
}

/// Reads everything.
pub(super) fn contents(connection: &Connection) -> rusqlite::Result<Contents> {
    let paused = connection.query_row("SELECT paused FROM queue", [], |row| row.get(0))?;
    let made: HashMap<i64, i64> = connection
        .prepare("SELECT job, max(number) + 1 FROM pictures GROUP BY job")?
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut pictures =
        connection.prepare("SELECT picture FROM pictures WHERE job = ?1 AND number >= ?2 ORDER BY number")?;
    let mut rows: Vec<Row> = connection
        .prepare(
            "SELECT id, job, state, failure, warnings, added, started, ended FROM jobs ORDER BY position IS NULL, position, id",
        )?
        .query_map([], row)?
        .collect::<rusqlite::Result<_>>()?;
    for row in &mut rows {
        if let Some(made) = made.get(&row.id) {
            row.made = usize::try_from(*made).unwrap_or_default();
            row.pictures = pictures
                .query_map([row.id, made - PICTURES_READ], |row| row.get(0))?
                .collect::<rusqlite::Result<_>>()?;
        }
    }
    Ok(Contents { rows, paused })
}

fn row(row: &rusqlite::Row<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        id: row.get(0)?,
        job: row.get(1)?,
        standing: Standing {
            state: row.get(2)?,
            failure: row.get(3)?,
            warnings: row.get(4)?,
            started: row.get(6)?,
            ended: row.get(7)?,
        },
        added: row.get(5)?,
        pictures: Vec::new(),
        made: 0,
    })
}

/// Makes one change.
pub(super) fn make(transaction: &Transaction<'_>, change: &Change) -> rusqlite::Result<()> {
    match change {
        Change::Stand(id, standing) => {
            let sql = "UPDATE jobs SET state = ?2, failure = ?3, warnings = ?4, started = ?5, ended = ?6 WHERE id = ?1";
            let Standing {
                state,
                failure,
                warnings,
                started,
                ended,
            } = standing;
            transaction.execute(sql, params![id, state, failure, warnings, started, ended])?;
        }
        Change::Picture(job, number, picture) => {
            let sql = "INSERT OR REPLACE INTO pictures VALUES (?1, ?2, ?3)";
            transaction.execute(sql, params![job, *number as i64, picture])?;
        }
        Change::Order(jobs) => {
            transaction.execute("UPDATE jobs SET position = NULL WHERE position IS NOT NULL", [])?;
            let mut place = transaction.prepare("UPDATE jobs SET position = ?2 WHERE id = ?1")?;
            for (position, job) in jobs.iter().enumerate() {
                place.execute(params![job, position as i64])?;
            }
        }
        Change::Remove(job) => {
            transaction.execute("DELETE FROM pictures WHERE job = ?1", [job])?;
            transaction.execute("DELETE FROM jobs WHERE id = ?1", [job])?;
        }
        Change::Paused(paused) => {
            transaction.execute("UPDATE queue SET paused = ?1", [paused])?;
        }
    }
    Ok(())
}
