//! Entries to the rows of the queue's file, and back.

use std::path::{Path, PathBuf};

use super::{Entry, Present, State};
use crate::engine::{Failure, Job, JobId, Output};
use crate::store::queue::{Change, Contents, Row, Standing};

/// How an entry stands, for the file.
pub(super) fn stand(entry: &Entry) -> Change {
    let failure = match &entry.state {
        State::Failed(failure) => serde_json::to_string(failure).ok(),
        _ => None,
    };
    let standing = Standing {
        state: entry.state.name().to_owned(),
        failure,
        warnings: serde_json::to_string(&entry.warnings).unwrap_or_else(|_| "[]".to_owned()),
        started: entry.started,
        ended: entry.ended,
    };
    Change::Stand(entry.id.0 as i64, standing)
}

/// A file's contents as the queue, and what has to be written down about it: what was running has been interrupted, and what cannot be
/// read has failed.
pub(super) fn present(contents: Contents, now: i64) -> (Present, Vec<Change>) {
    let mut changes = Vec::new();
    let mut entries: Vec<Entry> = contents
        .rows
        .into_iter()
        .map(|row| {
            let state = row.standing.state.clone();
            let mut entry = entry(row);
            if entry.state == State::Running {
                entry.state = State::Interrupted;
            }
            if entry.state.name() != state {
                entry.ended = entry.ended.or(Some(now));
                changes.push(stand(&entry));
            }
            entry
        })
        .collect();
    // Rows with a place come in their order; a stable sort keeps it.
    let newest_first = |entry: &Entry| {
        (
            entry.state.is_ended(),
            entry
                .state
                .is_ended()
                .then_some((-entry.ended.unwrap_or_default(), -(entry.id.0 as i64))),
        )
    };
    entries.sort_by_key(newest_first);
    let present = Present {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        paused: contents.paused,
        entries,
        ..Present::default()
    };
    (present, changes)
}

fn entry(row: Row) -> Entry {
    let Standing {
        state,
        failure,
        warnings,
        started,
        ended,
    } = row.standing;
    let failure = failure.and_then(|text| serde_json::from_str(&text).ok());
    let unknown = || Failure::new("why it failed was not written down", "retry it");
    let state = match state.as_str() {
        "waiting" => State::Waiting,
        "running" => State::Running,
        "done" => State::Done,
        "cancelled" => State::Cancelled,
        "interrupted" => State::Interrupted,
        "failed" => State::Failed(failure.unwrap_or_else(unknown)),
        other => State::Failed(Failure::new(
            format!("its state is {other:?}, which this danlu does not know"),
            "use the danlu that wrote it",
        )),
    };
    let job: Option<Job> = serde_json::from_str(&row.job).ok();
    let state = match (&job, state) {
        (None, State::Waiting | State::Running) => State::Failed(unreadable()),
        (_, state) => state,
    };
    Entry {
        id: JobId(row.id as u64),
        state,
        job: job.unwrap_or(Job::Unreadable(row.job)),
        added: row.added,
        started,
        ended,
        pictures: row
            .pictures
            .iter()
            .filter_map(|text| serde_json::from_str(text).ok())
            .collect(),
        made: row.made,
        warnings: serde_json::from_str(&warnings).unwrap_or_default(),
    }
}

fn unreadable() -> Failure {
    Failure::new(
        "the job was written by another version of danlu, and this one cannot read it",
        "retry it with the danlu that added it",
    )
}

/// Refuses a job that can never be done.
pub(super) fn check(job: &Job) -> Result<(), Failure> {
    let job = match job {
        Job::Generate(job) => job,
        Job::Workbench(task) => return check_paths(task.inputs().into_iter().chain([task.output()])),
        Job::Tag(job) => {
            let paths = [Some(&job.set), Some(&job.model), job.results.as_ref()];
            return check_paths(paths.into_iter().flatten().map(PathBuf::as_path));
        }
        Job::Unreadable(_) => return Err(unreadable()),
    };
    if let Some(wrong) = job.recipe.check().into_iter().next() {
        return Err(Failure {
            message: wrong.to_string(),
            hint: wrong.hint(),
        });
    }
    let output = match &job.output {
        Output::Numbered { folder, .. } => folder,
        Output::File(file) => file,
    };
    let paths = [Some(&job.recipe.model), job.recipe.vae.as_ref(), Some(output)];
    check_paths(paths.into_iter().flatten().map(PathBuf::as_path))
}

/// The engine does not stand where the client stood.
fn check_paths<'a>(mut paths: impl Iterator<Item = &'a Path>) -> Result<(), Failure> {
    match paths.find(|path| !path.is_absolute()) {
        Some(path) => Err(Failure::new(
            format!(
                "{:?} is a path relative to a folder that the engine does not know",
                path.display().to_string()
            ),
            "give the whole path",
        )),
        None => Ok(()),
    }
}
