//! States of all captions of a set, by name: kept, compared, given back.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

use rusqlite::{OptionalExtension, params};

use super::commit::now;
use super::lock::Lock;
use super::pack::{self, Block};
use super::tables::Tables;
use super::{Change, Difference, Done, Error, Journal, Since, Snapshot, Watch};

/// A caption as it is: its path and its bytes; `None` is a picture without a caption.
pub type Text<'a> = (PathBuf, Option<&'a [u8]>);

impl Journal {
    /// Keeps a state of captions under a name.
    ///
    /// # Errors
    /// The name is taken or empty, or the journal cannot be written.
    pub fn snapshot(&self, name: &str, now_there: &[Text<'_>]) -> Result<Snapshot, Error> {
        let mut blocks = vec![Block::default()];
        for (number, (path, text)) in now_there.iter().enumerate() {
            if blocks.last().is_some_and(Block::is_full) {
                blocks.push(Block::starting(number));
            }
            let change = Change::Write {
                path: self.kept(path)?,
                before: None,
                after: text.map(<[u8]>::to_vec),
            };
            if let Some(block) = blocks.last_mut() {
                block.push(&change);
            }
        }
        let _lock = Lock::take(&self.root, &mut |_| Ok(()))?;
        let mut tables = Tables::open(&self.root)?;
        if find(&tables, name)?.is_some() {
            return Err(Error::SnapshotExists(name.to_owned()));
        }
        let snapshot = Snapshot {
            name: name.to_owned(),
            time: now(),
            files: now_there.len(),
        };
        tables.change(|to| {
            let sql = "INSERT INTO snapshots (name, time, files) VALUES (?1, ?2, ?3)";
            to.execute(sql, params![snapshot.name, snapshot.time, snapshot.files as i64])?;
            let id = to.last_insert_rowid();
            let mut insert = to.prepare("INSERT INTO kept VALUES (?1, ?2, ?3, ?4)")?;
            for block in blocks {
                let packed = block
                    .packed()
                    .map_err(|e| rusqlite::Error::ToSqlConversionFailure(e.into()))?;
                insert.execute(params![id, block.first as i64, block.count as i64, packed])?;
            }
            Ok(())
        })?;
        Ok(snapshot)
    }

    /// The snapshots, oldest first.
    ///
    /// # Errors
    /// The journal cannot be read.
    pub fn snapshots(&self) -> Result<Vec<Snapshot>, Error> {
        match Tables::peek(&self.root)? {
            None => Ok(Vec::new()),
            Some(tables) => all(&tables),
        }
    }

    /// The captions that are other now than in a snapshot, by path.
    ///
    /// # Errors
    /// There is no such snapshot, or the journal cannot be read.
    pub fn compare(&self, name: &str, now_there: &[Text<'_>]) -> Result<Vec<Difference>, Error> {
        let none = || Error::NoSnapshot {
            name: name.to_owned(),
            known: Vec::new(),
        };
        let tables = Tables::peek(&self.root)?.ok_or_else(none)?;
        let mut then = texts_of(&tables, name)?;
        let mut differences = Vec::new();
        let mut seen = HashSet::new();
        for (path, text) in now_there {
            let kept = self.kept(path)?;
            // Two pictures of one stem have one caption.
            if !seen.insert(kept.clone()) {
                continue;
            }
            let text = text.map(<[u8]>::to_vec);
            let (since, before) = match then.remove(&kept) {
                Some(before) if before == text => continue,
                Some(before) => (Since::Changed, before),
                None => (Since::New, None),
            };
            differences.push(Difference {
                path: path.clone(),
                since,
                then: before,
                now: text,
            });
        }
        differences.extend(then.into_iter().map(|(path, text)| Difference {
            path: self.root.join(path),
            since: Since::Gone,
            then: text,
            now: None,
        }));
        differences.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(differences)
    }

    /// Gives captions the texts that they had, as a batch of its own. Those that the snapshot does not know stay, and those of pictures
    /// that are gone are not made again.
    ///
    /// # Errors
    /// As [`compare`](Self::compare) and [`commit`](Self::commit).
    pub fn restore(&self, name: &str, now_there: &[Text<'_>], watch: &mut Watch<'_>) -> Result<Done, Error> {
        let mut differences = self.compare(name, now_there)?;
        differences.retain(|difference| difference.since == Since::Changed);
        let change = |difference: Difference| Change::Write {
            path: difference.path,
            before: difference.now,
            after: difference.then,
        };
        let changes = differences.into_iter().map(change).collect();
        self.commit(&format!("snapshot restore {name}"), changes, watch)
    }

    /// Forgets a snapshot.
    ///
    /// # Errors
    /// There is no such snapshot, or the journal cannot be written.
    pub fn forget(&self, name: &str) -> Result<(), Error> {
        let none = || Error::NoSnapshot {
            name: name.to_owned(),
            known: Vec::new(),
        };
        Tables::peek(&self.root)?.ok_or_else(none)?;
        let _lock = Lock::take(&self.root, &mut |_| Ok(()))?;
        let mut tables = Tables::open(&self.root)?;
        let id = wanted(&tables, name)?;
        tables.change(|to| {
            to.execute("DELETE FROM kept WHERE snapshot = ?1", [id])?;
            to.execute("DELETE FROM snapshots WHERE id = ?1", [id])?;
            Ok(())
        })
    }
}

/// What a snapshot knows, by path as the journal keeps it.
fn texts_of(tables: &Tables, name: &str) -> Result<HashMap<PathBuf, Option<Vec<u8>>>, Error> {
    let id = wanted(tables, name)?;
    let blocks: Vec<(i64, Vec<u8>)> = tables.read(|connection| {
        let mut statement = connection.prepare("SELECT count, packed FROM kept WHERE snapshot = ?1")?;
        let rows = statement.query_map([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        rows.collect()
    })?;
    let mut texts = HashMap::new();
    for (count, packed) in blocks {
        let changes = usize::try_from(count)
            .ok()
            .and_then(|count| pack::unpack(&packed, count));
        for change in changes.ok_or_else(|| tables.damaged("a snapshot cannot be unpacked"))? {
            if let Change::Write { path, after, .. } = change {
                texts.insert(path, after);
            }
        }
    }
    Ok(texts)
}

fn all(tables: &Tables) -> Result<Vec<Snapshot>, Error> {
    tables.read(|connection| {
        let mut statement = connection.prepare("SELECT name, time, files FROM snapshots ORDER BY id")?;
        let rows = statement.query_map([], |row| {
            Ok(Snapshot {
                name: row.get(0)?,
                time: row.get(1)?,
                files: row.get::<_, i64>(2)?.max(0) as usize,
            })
        })?;
        rows.collect()
    })
}

fn find(tables: &Tables, name: &str) -> Result<Option<i64>, Error> {
    tables.read(|connection| {
        let found = connection.query_row("SELECT id FROM snapshots WHERE name = ?1", [name], |row| row.get(0));
        found.optional()
    })
}

fn wanted(tables: &Tables, name: &str) -> Result<i64, Error> {
    let missing = |known: Vec<Snapshot>| Error::NoSnapshot {
        name: name.to_owned(),
        known: known.into_iter().map(|snapshot| snapshot.name).collect(),
    };
    match find(tables, name)? {
        Some(id) => Ok(id),
        None => Err(missing(all(tables)?)),
    }
}
