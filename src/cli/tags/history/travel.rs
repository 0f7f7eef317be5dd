//! `danlu tags undo` and `redo`.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;

use clap::Args;
use danlu::data::journal::{Action, Conflict, Done, Halt, Journal, Progress, Stop};
use danlu::ui::text::safe;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::{Value, json};

use super::{batch_json, batch_line, below, journal, show};
use crate::cli::failure::Failure;
use crate::cli::{generate, print, print_json};

/// How many files a dry run shows.
const SHOWN: usize = 20;

#[derive(Debug, Args)]
pub(in crate::cli) struct Options {
    /// The dataset: a folder or a dataset TOML
    dir: PathBuf,
    /// How many batches
    #[arg(long, default_value_t = 1, value_name = "N", value_parser = clap::builder::RangedU64ValueParser::<usize>::new().range(1..), allow_negative_numbers = true)]
    steps: usize,
    /// Only the last change of this file
    #[arg(long, value_name = "FILE", conflicts_with = "steps")]
    file: Option<PathBuf>,
    /// Do it; without this it is only shown
    #[arg(long)]
    write: bool,
    /// Show every file
    #[arg(long)]
    all: bool,
    /// What stands between tags
    #[arg(long, default_value = ",", value_name = "TEXT", allow_hyphen_values = true)]
    separator: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Undo,
    Redo,
}

pub(super) fn run(options: &Options, direction: Direction) -> Result<(), Failure> {
    let (journal, root) = journal(&options.dir)?;
    let file = options.file.as_deref().map(|file| below(&root, file));
    let action = match (direction, file) {
        (Direction::Undo, None) => Action::Undo(options.steps),
        (Direction::Redo, None) => Action::Redo(options.steps),
        (Direction::Undo, Some(file)) => Action::UndoFile(file),
        (Direction::Redo, Some(file)) => Action::RedoFile(file),
    };
    if !options.write {
        return preview(&journal, &root, &action, options);
    }
    let done = watched(|watch| journal.perform(&action, watch))?;
    if options.json {
        print_json(&done_json(&root, &done, &options.separator))?;
    }
    let left = match direction {
        Direction::Undo => {
            "what is left is still done: put the text back that danlu wrote and undo again, or a single file with --file"
        }
        Direction::Redo => "edit what is left by hand, or redo a single file with --file",
    };
    tell(&root, &done, &options.separator, options.json, left)
}

/// Does something that writes, under a bar, until Ctrl-C.
pub(in crate::cli::tags) fn watched(
    work: impl FnOnce(&mut danlu::data::journal::Watch<'_>) -> Result<Done, danlu::data::journal::Error>,
) -> Result<Done, Failure> {
    let interrupted = generate::interrupt_flag()?;
    let is_seen = std::io::stderr().is_terminal();
    let target = if is_seen {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
    };
    let style =
        ProgressStyle::with_template("{msg} {pos}/{len} {bar:24}").unwrap_or_else(|_| ProgressStyle::default_bar());
    let bar = ProgressBar::with_draw_target(None, target).with_style(style);
    let done = work(&mut |progress| {
        match progress {
            Progress::Waiting => bar.set_message("another danlu is writing"),
            Progress::Recording => bar.set_message("journal"),
            Progress::Flushing => bar.set_message("flushing"),
            Progress::Files { done, of } => {
                bar.set_message("files");
                bar.set_length(of as u64);
                bar.set_position(done as u64);
            }
        }
        if interrupted.load(Ordering::Relaxed) {
            Err(Stop)
        } else {
            Ok(())
        }
    });
    bar.finish_and_clear();
    Ok(done?)
}

/// Says what was done; fails where not all of it could be.
pub(in crate::cli) fn report(root: &Path, done: &Done, separator: &str, quiet: bool) -> Result<(), Failure> {
    tell(root, done, separator, quiet, "edit what is left by hand")
}

/// The same; `left` says what to do about files that were left alone.
fn tell(root: &Path, done: &Done, separator: &str, quiet: bool, left: &str) -> Result<(), Failure> {
    if !quiet {
        for conflict in done.conflicts.iter().take(SHOWN) {
            print(show::conflict(root, conflict, separator))?;
        }
        print(format!("{} changed", show::files(done.changed.len())))?;
    }
    let after_failure = |error: &danlu::data::journal::Error| {
        let (sentence, hint) = match (done.taken_back, done.changed.len()) {
            (true, 0) => (
                format!("{error}; of {} nothing was changed", show::files(done.left)),
                "then repeat it",
            ),
            (true, changed) => (
                format!(
                    "{error}; {} are changed, and {} that belong together are as before",
                    show::files(changed),
                    done.left
                ),
                "then repeat it",
            ),
            (false, changed) => (
                format!("{error}; {changed} of {} are written", show::files(changed + done.left)),
                "then `danlu tags undo --write` takes back what is done, and `danlu tags redo --write` does the rest",
            ),
        };
        let hint = match error.hint() {
            Some(first) => format!("{first}, {hint}"),
            None => hint.to_owned(),
        };
        Failure::failed(safe(&sentence)).hint(hint)
    };
    let rest = |why: &str| {
        format!(
            "{} of {} are not written: {why}",
            done.left,
            done.left + done.changed.len()
        )
    };
    match &done.halted {
        Some(Halt::Stopped) => Err(Failure::interrupted(rest("it was stopped"))),
        Some(Halt::Failed(error)) => Err(after_failure(error)),
        None if done.conflicts.is_empty() => Ok(()),
        None => Err(Failure::failed(format!(
            "{} left alone, because others changed {} meanwhile",
            show::files(done.conflicts.len()),
            if done.conflicts.len() == 1 { "it" } else { "them" }
        ))
        .hint(format!("{left}; all else is done"))),
    }
}

fn preview(journal: &Journal, root: &Path, action: &Action, options: &Options) -> Result<(), Failure> {
    let preview = journal.preview(action)?;
    if options.json {
        let texts = preview.texts.iter().map(|planned| {
            json!({
                "file": show::name(root, &planned.path),
                "before": show::text(planned.before.as_deref()),
                "after": show::text(planned.after.as_deref()),
            })
        });
        let moves = preview.moves.iter();
        let moves = moves.map(|(from, to)| json!({"from": show::name(root, from), "to": show::name(root, to)}));
        return print_json(&json!({
            "written": false,
            "batches": preview.batches.iter().map(batch_json).collect::<Vec<_>>(),
            "files": texts.collect::<Vec<_>>(),
            "moves": moves.collect::<Vec<_>>(),
            "conflicts": conflicts_json(root, &preview.conflicts, &options.separator),
        }));
    }
    let most = if options.all { usize::MAX } else { SHOWN };
    let mut shown: Vec<String> = preview.batches.iter().map(batch_line).collect();
    let texts = preview.texts.iter().map(|planned| {
        let file = show::name(root, &planned.path);
        show::change(
            &file,
            planned.before.as_deref(),
            planned.after.as_deref(),
            &options.separator,
        )
    });
    let moves = preview.moves.iter().map(|(from, to)| {
        let (from, to) = (show::name(root, from), show::name(root, to));
        format!("{} -> {}", safe(&from), safe(&to))
    });
    shown.extend(texts.chain(moves).take(most).map(|change| change.trim_end().to_owned()));
    let conflicts = preview.conflicts.iter();
    shown.extend(
        conflicts
            .take(most)
            .map(|conflict| show::conflict(root, conflict, &options.separator)),
    );
    let count = preview.texts.len() + preview.moves.len();
    if count > most {
        shown.push(format!(
            "… and {} more; add --all to see them",
            show::files(count - most)
        ));
    }
    let alone = match preview.conflicts.len() {
        0 => String::new(),
        count => format!(", {} would be left alone", show::files(count)),
    };
    shown.push(format!(
        "{} would change{alone}; add --write to do it",
        show::files(count)
    ));
    print(shown.iter().map(|part| part.trim_end()).collect::<Vec<_>>().join("\n"))
}

/// What was done, for scripts. Of a move both ends are among the files.
pub(super) fn done_json(root: &Path, done: &Done, separator: &str) -> Value {
    json!({
        "written": true,
        "batch": done.batch,
        "steps": done.steps,
        "files": done.changed.iter().map(|path| show::name(root, path)).collect::<Vec<_>>(),
        "conflicts": conflicts_json(root, &done.conflicts, separator),
        "left": done.left,
    })
}

fn conflicts_json(root: &Path, conflicts: &[Conflict], separator: &str) -> Vec<Value> {
    conflicts
        .iter()
        .map(|conflict| show::conflict_json(root, conflict, separator))
        .collect()
}
