//! `danlu tags undo|redo|log|snapshot`: what was done to a dataset, taken back, done again, compared.
//!
//! [`travel`] undoes and redoes, [`snapshot`] keeps states by name, [`show`] tells of changes and conflicts.

pub(super) mod show;
mod snapshot;
pub(in crate::cli) mod travel;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};
use danlu::data::journal::{Batch, Change, Entry, Error, Journal, Standing};
use danlu::data::set::{self, Set};
use danlu::ui::text::safe;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Value, json};

use self::show::{name, text};
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::{print, print_bytes, print_json};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Take the last batches of changes back, byte for byte
    Undo(travel::Options),
    /// Do batches again that were taken back, or the rest of one that was interrupted
    Redo(travel::Options),
    /// List the batches of changes, newest first
    Log(Log),
    /// Keep states of all captions by name, compare and restore them
    #[command(subcommand)]
    Snapshot(snapshot::Command),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Log {
    /// The dataset: a folder or a dataset TOML
    dir: PathBuf,
    /// At most so many
    #[arg(long, default_value_t = 20, value_name = "N", allow_negative_numbers = true)]
    limit: usize,
    /// What was done to this file
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let hint = error.hint();
        let sentence = error.to_string();
        let made = match error {
            Error::Stopped => Self::interrupted(sentence),
            _ => Self::failed(safe(&sentence)),
        };
        made.maybe_hint(hint)
    }
}

pub(in crate::cli) fn run(_context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Undo(options) => travel::run(&options, travel::Direction::Undo),
        Command::Redo(options) => travel::run(&options, travel::Direction::Redo),
        Command::Log(options) => log(&options),
        Command::Snapshot(command) => snapshot::run(command),
    }
}

/// The journal of a dataset, and the dataset's folder.
fn journal(dir: &Path) -> Result<(Journal, PathBuf), Failure> {
    if dir.is_dir() {
        return Ok((Journal::at(dir), dir.to_owned()));
    }
    let set = open(dir, &set::Options::default())?;
    Ok((of_set(&set), set.root))
}

/// The journal of a set, which may have folders outside its own.
pub(in crate::cli) fn of_set(set: &Set) -> Journal {
    let folders = set.subsets.iter().map(|subset| subset.folder.clone());
    Journal::at(&set.root).with_folders(folders)
}

fn open(dir: &Path, options: &set::Options) -> Result<Set, Failure> {
    Set::open(dir, options).map_err(|error| Failure::failed(error.to_string()).maybe_hint(error.hint()))
}

fn log(options: &Log) -> Result<(), Failure> {
    let (journal, root) = journal(&options.dir)?;
    if let Some(file) = &options.file {
        let mut entries = journal.history(&below(&root, file))?;
        entries.reverse();
        entries.truncate(options.limit);
        return if options.json {
            print_json(&entries.iter().map(|entry| entry_json(&root, entry)).collect::<Vec<_>>())
        } else {
            print_lines(entries.iter().map(|entry| entry_line(&root, entry)))
        };
    }
    let batches = journal.log(options.limit)?;
    if options.json {
        return print_json(&batches.iter().map(batch_json).collect::<Vec<_>>());
    }
    print_lines(batches.iter().map(batch_line))
}

fn print_lines(lines: impl Iterator<Item = String>) -> Result<(), Failure> {
    let lines: Vec<String> = lines.collect();
    if lines.is_empty() {
        print_bytes(b"")
    } else {
        print(lines.join("\n"))
    }
}

/// A file of the dataset, named from its folder or from where the user is.
fn below(root: &Path, file: &Path) -> PathBuf {
    let inside = root.join(file);
    if !inside.exists() && (file.exists() || file.starts_with(root)) {
        file.to_owned()
    } else {
        inside
    }
}

fn standing(batch: &Batch) -> &'static str {
    match batch.standing {
        _ if batch.interrupted => "interrupted",
        Standing::Done => "done",
        Standing::Partly => "partly",
        Standing::Undone => "undone",
        Standing::Dropped => "dropped",
    }
}

fn batch_line(batch: &Batch) -> String {
    let files = match (batch.done, batch.changes) {
        (done, all) if batch.standing == Standing::Partly => format!("{done} of {all} files"),
        (_, 1) => "1 file".to_owned(),
        (_, all) => format!("{all} files"),
    };
    let (id, time, standing, what) = (batch.id, time(batch.time), standing(batch), safe(&batch.what));
    format!("{id:>5}  {time}  {standing:<11}  {files:<12}  {what}")
}

fn batch_json(batch: &Batch) -> Value {
    json!({
        "id": batch.id,
        "what": batch.what,
        "time": stamp(batch.time),
        "standing": standing(batch),
        "changes": batch.changes,
        "done": batch.done,
        "undone": batch.undone,
    })
}

fn entry_line(root: &Path, entry: &Entry) -> String {
    let did = match &entry.change {
        Change::Write { after: None, .. } => "taken away".to_owned(),
        Change::Write { before: None, .. } | Change::Create { .. } => "made".to_owned(),
        Change::Write { .. } => "edited".to_owned(),
        Change::Move { from, to } => format!("{} -> {}", safe(&name(root, from)), safe(&name(root, to))),
        Change::Trash { .. } => "put into the trash".to_owned(),
    };
    let standing = if entry.is_done { "done" } else { "undone" };
    format!(
        "{:>5}  {}  {standing:<11}  {did}: {}",
        entry.batch,
        time(entry.time),
        safe(&entry.what)
    )
}

fn entry_json(root: &Path, entry: &Entry) -> Value {
    let mut value = json!({
        "id": entry.batch,
        "what": entry.what,
        "time": stamp(entry.time),
        "standing": if entry.is_done { "done" } else { "undone" },
    });
    let (kind, more) = match &entry.change {
        Change::Write { before, after, .. } => (
            "write",
            json!({"before": text(before.as_deref()), "after": text(after.as_deref())}),
        ),
        Change::Move { from, to } => ("move", json!({"from": name(root, from), "to": name(root, to)})),
        Change::Create { path, .. } => ("create", json!({"file": name(root, path)})),
        Change::Trash { path } => ("trash", json!({"file": name(root, path)})),
    };
    value["kind"] = kind.into();
    if let (Value::Object(value), Value::Object(more)) = (&mut value, more) {
        value.extend(more);
    }
    value
}

/// Milliseconds since 1970 in the user's time.
fn time(milliseconds: i64) -> String {
    match Timestamp::from_millisecond(milliseconds) {
        Ok(time) => time
            .to_zoned(TimeZone::system())
            .strftime("%Y-%m-%d %H:%M:%S")
            .to_string(),
        Err(_) => "?".to_owned(),
    }
}

/// The same for scripts: RFC 3339 in UTC.
fn stamp(milliseconds: i64) -> Option<String> {
    Timestamp::from_millisecond(milliseconds)
        .ok()
        .map(|time| time.to_string())
}
