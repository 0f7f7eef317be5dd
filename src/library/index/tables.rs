//! The tables of the index, and the statements that read and change them.

use std::collections::HashMap;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};

use super::database::Tables;
use crate::library::card::{Hashes, Stamp};
use crate::weights::about::{About, Metadata};

/// Where a list of roots that nobody asked for is forgotten, in seconds.
const FORGOTTEN: i64 = 90 * 24 * 3600;

/// How long a file that is in no list is kept, in seconds.
const RECENT: i64 = 3600;

/// The index. Hashes outlive its versions: they take hours to make again.
pub(in crate::library) const INDEX: Tables = Tables {
    version: 1,
    precious: false,
    make: "
    DROP TABLE IF EXISTS files;
    DROP TABLE IF EXISTS metadata;
    DROP TABLE IF EXISTS lists;
    DROP TABLE IF EXISTS entries;
    -- What a file is, by its absolute path and the stamp that it was read at. `beside` is the stamp of what lies beside it and says more
    -- of it (a yaml); `sure` is 0 where reading it again may tell something else.
    CREATE TABLE files (
        id INTEGER PRIMARY KEY,
        path BLOB NOT NULL UNIQUE,
        real BLOB NOT NULL,
        length INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        beside INTEGER NOT NULL,
        sure INTEGER NOT NULL,
        -- When it was read, in seconds since 1970.
        read INTEGER NOT NULL,
        about TEXT NOT NULL
    );
    -- Headers can be large and are seldom wanted: packed, and not among what a list reads.
    CREATE TABLE metadata (file INTEGER PRIMARY KEY, packed BLOB NOT NULL);
    -- What is found below some roots, in order.
    CREATE TABLE lists (id INTEGER PRIMARY KEY, roots BLOB NOT NULL UNIQUE, used INTEGER NOT NULL);
    CREATE TABLE entries (
        list INTEGER NOT NULL,
        position INTEGER NOT NULL,
        file INTEGER NOT NULL,
        root INTEGER NOT NULL,
        name TEXT NOT NULL,
        folder TEXT,
        PRIMARY KEY (list, position)
    ) WITHOUT ROWID;
    -- By real path, so that links to one file share them.
    CREATE TABLE IF NOT EXISTS hashes (
        path BLOB PRIMARY KEY,
        length INTEGER NOT NULL,
        modified INTEGER NOT NULL,
        inode INTEGER NOT NULL,
        sha256 TEXT,
        legacy TEXT,
        network TEXT
    ) WITHOUT ROWID;
    ",
};

/// An entry of a list with its file.
pub(super) struct Entry {
    pub(super) id: i64,
    pub(super) path: PathBuf,
    pub(super) stamp: Stamp,
    pub(super) about: String,
    pub(super) root: usize,
    pub(super) name: String,
    pub(super) folder: Option<String>,
    pub(super) hashes: Hashes,
}

/// What is remembered of a file without what it is.
pub(super) struct Known {
    pub(super) stamp: Stamp,
    pub(super) beside: i64,
    pub(super) sure: bool,
}

/// A file that was read.
pub(super) struct Read {
    pub(super) path: PathBuf,
    pub(super) real: PathBuf,
    pub(super) stamp: Stamp,
    pub(super) beside: i64,
    pub(super) sure: bool,
    pub(super) about: About,
    pub(super) metadata: Metadata,
    pub(super) legacy: Option<String>,
}

/// A place in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) path: PathBuf,
    pub(super) root: usize,
    pub(super) name: String,
    pub(super) folder: Option<String>,
}

pub(in crate::library) fn bytes(path: &Path) -> &[u8] {
    path.as_os_str().as_bytes()
}

pub(in crate::library) fn path(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(OsString::from_vec(bytes))
}

fn stamp(row: &Row<'_>, first: usize) -> rusqlite::Result<Stamp> {
    Ok(Stamp {
        length: row.get::<_, i64>(first)? as u64,
        modified_ns: row.get(first + 1)?,
        inode: row.get::<_, i64>(first + 2)? as u64,
    })
}

/// The entries of the list for these roots.
pub(super) fn entries(connection: &Connection, roots: &[u8]) -> rusqlite::Result<Vec<Entry>> {
    let sql = "SELECT f.id, f.path, f.length, f.modified, f.inode, f.about, e.root, e.name, e.folder, h.sha256, h.legacy, h.network
               FROM lists l JOIN entries e ON e.list = l.id JOIN files f ON f.id = e.file
               LEFT JOIN hashes h ON h.path = f.real AND h.length = f.length AND h.modified = f.modified AND h.inode = f.inode
               WHERE l.roots = ?1 ORDER BY e.position";
    let mut statement = connection.prepare(sql)?;
    let entries = statement.query_map([roots], |row| {
        Ok(Entry {
            id: row.get(0)?,
            path: path(row.get(1)?),
            stamp: stamp(row, 2)?,
            about: row.get(5)?,
            root: row.get::<_, i64>(6)? as usize,
            name: row.get(7)?,
            folder: row.get(8)?,
            hashes: Hashes {
                sha256: row.get(9)?,
                legacy: row.get(10)?,
                network: row.get(11)?,
            },
        })
    })?;
    entries.collect()
}

/// What is remembered of every file.
pub(super) fn known(connection: &Connection) -> rusqlite::Result<HashMap<PathBuf, Known>> {
    let mut statement = connection.prepare("SELECT path, length, modified, inode, beside, sure FROM files")?;
    let rows = statement.query_map([], |row| {
        let known = Known {
            stamp: stamp(row, 1)?,
            beside: row.get(4)?,
            sure: row.get(5)?,
        };
        Ok((path(row.get(0)?), known))
    })?;
    rows.collect()
}

/// Remembers a file that was read; its number stays while its path does.
pub(super) fn put(transaction: &Transaction<'_>, read: &Read, now: i64) -> rusqlite::Result<()> {
    let sql = "INSERT INTO files (path, real, length, modified, inode, beside, sure, about, read)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
               ON CONFLICT (path) DO UPDATE SET real = ?2, length = ?3, modified = ?4, inode = ?5, beside = ?6, sure = ?7, about = ?8,
               read = ?9 RETURNING id";
    let about = serde_json::to_string(&read.about).unwrap_or_default();
    let Stamp {
        length,
        modified_ns,
        inode,
    } = read.stamp;
    let id: i64 = transaction.prepare(sql)?.query_row(
        params![
            bytes(&read.path),
            bytes(&read.real),
            length as i64,
            modified_ns,
            inode as i64,
            read.beside,
            read.sure,
            about,
            now
        ],
        |row| row.get(0),
    )?;
    if read.metadata.is_empty() {
        transaction
            .prepare("DELETE FROM metadata WHERE file = ?1")?
            .execute([id])?;
    } else {
        transaction
            .prepare("INSERT OR REPLACE INTO metadata VALUES (?1, ?2)")?
            .execute(params![id, pack(&read.metadata)])?;
    }
    if read.legacy.is_some() {
        let hashes = Hashes {
            legacy: read.legacy.clone(),
            ..Hashes::default()
        };
        put_hashes(transaction, &read.real, read.stamp, &hashes)?;
    }
    Ok(())
}

fn pack(metadata: &Metadata) -> Vec<u8> {
    let json = serde_json::to_vec(metadata).unwrap_or_default();
    zstd::stream::encode_all(json.as_slice(), 1).unwrap_or_default()
}

fn unpack(packed: &[u8]) -> Option<String> {
    String::from_utf8(zstd::stream::decode_all(packed).ok()?).ok()
}

/// The metadata of a file.
pub(super) fn metadata(connection: &Connection, id: i64) -> rusqlite::Result<Option<Metadata>> {
    let packed: Option<Vec<u8>> = connection
        .prepare("SELECT packed FROM metadata WHERE file = ?1")?
        .query_row([id], |row| row.get(0))
        .optional()?;
    Ok(packed.and_then(|packed| serde_json::from_str(&unpack(&packed)?).ok()))
}

/// The metadata of all files of a list, packed.
pub(super) fn all_metadata(connection: &Connection, roots: &[u8]) -> rusqlite::Result<Vec<(i64, Vec<u8>)>> {
    let sql = "SELECT m.file, m.packed FROM lists l JOIN entries e ON e.list = l.id JOIN metadata m ON m.file = e.file
               WHERE l.roots = ?1 ORDER BY e.position";
    connection
        .prepare(sql)?
        .query_map([roots], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect()
}

/// Whether packed metadata holds a text, given in lower case.
pub(super) fn holds(packed: &[u8], text: &str) -> bool {
    let metadata: Metadata = unpack(packed)
        .and_then(|json| serde_json::from_str(&json).ok())
        .unwrap_or_default();
    metadata
        .iter()
        .any(|(key, value)| key.to_lowercase().contains(text) || value.to_lowercase().contains(text))
}

/// Makes the list for some roots these places and no others; forgets files that are in no list any more. Tells how many left the list.
pub(super) fn put_list(
    transaction: &Transaction<'_>,
    roots: &[u8],
    places: &[Place],
    now: i64,
) -> rusqlite::Result<usize> {
    let list: i64 = transaction.query_row(
        "INSERT INTO lists (roots, used) VALUES (?1, ?2) ON CONFLICT (roots) DO UPDATE SET used = ?2 RETURNING id",
        params![roots, now],
        |row| row.get(0),
    )?;
    let before = places_of(transaction, list)?;
    if before == places {
        return Ok(0);
    }
    transaction.execute("DELETE FROM entries WHERE list = ?1", [list])?;
    let sql = "INSERT INTO entries SELECT ?1, ?2, id, ?4, ?5, ?6 FROM files WHERE path = ?3";
    let mut insert = transaction.prepare(sql)?;
    for (position, place) in places.iter().enumerate() {
        insert.execute(params![
            list,
            position as i64,
            bytes(&place.path),
            place.root as i64,
            place.name,
            place.folder
        ])?;
    }
    transaction.execute(
        "DELETE FROM entries WHERE list IN (SELECT id FROM lists WHERE used < ?1)",
        [now - FORGOTTEN],
    )?;
    transaction.execute("DELETE FROM lists WHERE used < ?1", [now - FORGOTTEN])?;
    // What another process has just read may not be in its list yet.
    transaction.execute(
        "DELETE FROM files WHERE read < ?1 AND id NOT IN (SELECT file FROM entries)",
        [now - RECENT],
    )?;
    transaction.execute("DELETE FROM metadata WHERE file NOT IN (SELECT id FROM files)", [])?;
    let there: std::collections::HashSet<&Path> = places.iter().map(|place| place.path.as_path()).collect();
    Ok(before
        .iter()
        .filter(|place| !there.contains(place.path.as_path()))
        .count())
}

fn places_of(connection: &Connection, list: i64) -> rusqlite::Result<Vec<Place>> {
    let sql = "SELECT f.path, e.root, e.name, e.folder FROM entries e JOIN files f ON f.id = e.file
               WHERE e.list = ?1 ORDER BY e.position";
    connection
        .prepare(sql)?
        .query_map([list], |row| {
            Ok(Place {
                path: path(row.get(0)?),
                root: row.get::<_, i64>(1)? as usize,
                name: row.get(2)?,
                folder: row.get(3)?,
            })
        })?
        .collect()
}

/// The hashes of a file at a stamp.
pub(in crate::library) fn hashes(connection: &Connection, real: &Path, stamp: Stamp) -> rusqlite::Result<Hashes> {
    let sql =
        "SELECT sha256, legacy, network FROM hashes WHERE path = ?1 AND length = ?2 AND modified = ?3 AND inode = ?4";
    let Stamp {
        length,
        modified_ns,
        inode,
    } = stamp;
    let found = connection
        .prepare(sql)?
        .query_row(params![bytes(real), length as i64, modified_ns, inode as i64], |row| {
            Ok(Hashes {
                sha256: row.get(0)?,
                legacy: row.get(1)?,
                network: row.get(2)?,
            })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

/// Remembers hashes of a file at a stamp, beside those that are known of it at that stamp.
pub(in crate::library) fn put_hashes(
    connection: &Connection,
    real: &Path,
    stamp: Stamp,
    new: &Hashes,
) -> rusqlite::Result<()> {
    let known = hashes(connection, real, stamp)?;
    let Stamp {
        length,
        modified_ns,
        inode,
    } = stamp;
    connection
        .prepare("INSERT OR REPLACE INTO hashes VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
        .execute(params![
            bytes(real),
            length as i64,
            modified_ns,
            inode as i64,
            new.sha256.as_ref().or(known.sha256.as_ref()),
            new.legacy.as_ref().or(known.legacy.as_ref()),
            new.network.as_ref().or(known.network.as_ref())
        ])?;
    Ok(())
}
