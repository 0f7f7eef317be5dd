//! What the commands on pictures share: the set, the choice, a bar with rate and time left, Ctrl-C, the journal.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use danlu::data::journal::{Change, Progress, Stop};
use danlu::data::picture::work::{Operation, Stopped, Watch, crops};
use danlu::data::set::Set;
use danlu::data::tags::Index;
use danlu::ui::text::safe;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::cli::choice;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::tags::edits::args::Files;
use crate::cli::tags::edits::open_any;
use crate::cli::tags::history::{of_set, travel};
use crate::cli::{generate, print, print_json};

/// Which pictures, and whether it is done or only shown.
#[derive(Debug, Args)]
pub(in crate::cli) struct Common {
    /// The dataset: a folder or a dataset TOML
    pub(super) dir: PathBuf,
    /// Only pictures that this query chooses, such as `w:>2048 -tag:fox`
    #[arg(long = "where", value_name = "QUERY", allow_hyphen_values = true)]
    query: Option<String>,
    #[command(flatten)]
    files: Files,
    /// Do it; without this it is only shown
    #[arg(long)]
    pub(super) write: bool,
    /// Show every picture
    #[arg(long)]
    pub(super) all: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

impl Common {
    /// Opens the set and chooses its pictures.
    pub(super) fn open(&self, context: &Context) -> Result<(Set, Vec<usize>), Failure> {
        let set = open_any(&self.dir, &self.files.options())?;
        let index = Index::of(&set);
        let pictures = choice::pictures(context, &self.dir, &set, &index, self.query.as_deref())?;
        Ok((set, pictures))
    }

    /// The same of pictures that may move. Where a metadata file holds some, that is said; where it holds all, nothing is done.
    pub(super) fn open_to_move(&self, context: &Context) -> Result<(Set, Vec<usize>), Failure> {
        let (set, mut pictures) = self.open(context)?;
        let of = pictures.len();
        let first = pictures.iter().find_map(|&picture| set.anchor(picture));
        pictures.retain(|&picture| set.anchor(picture).is_none());
        let Some(why) = first else {
            return Ok((set, pictures));
        };
        let sentence = format!(
            "{} of {of} pictures stay as they are; of the first, {why}",
            of - pictures.len()
        );
        if pictures.is_empty() {
            return Err(Failure::failed(safe(&sentence)));
        }
        if !self.json {
            print(safe(&sentence))?;
        }
        Ok((set, pictures))
    }
}

/// Ctrl-C, and a bar on standard error.
pub(in crate::cli) struct Work {
    interrupted: Arc<AtomicBool>,
    bar: ProgressBar,
}

impl Work {
    pub(in crate::cli) fn begin() -> Result<Self, Failure> {
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let style = ProgressStyle::with_template("{msg} {pos}/{len} {bar:24} {per_sec} {eta} left")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        Ok(Self {
            interrupted: generate::interrupt_flag()?,
            bar: ProgressBar::with_draw_target(None, target).with_style(style),
        })
    }

    /// Does something on all processors under the bar.
    pub(in crate::cli) fn watch<T, E>(
        &self,
        what: &str,
        work: impl FnOnce(Watch<'_>) -> Result<T, E>,
    ) -> Result<T, Failure>
    where
        Failure: From<E>,
    {
        self.bar.reset();
        self.bar.set_message(what.to_owned());
        let tell = |done: usize, of: usize| {
            self.bar.set_length(of as u64);
            self.bar.set_position(done as u64);
        };
        let done = work(Watch {
            tell: &tell,
            stop: &self.interrupted,
        });
        self.bar.finish_and_clear();
        Ok(done?)
    }

    /// Hands changes to the journal and says what became of them.
    pub(super) fn commit(
        &self,
        set: &Set,
        what: &str,
        mut changes: Vec<Change>,
        operation: Option<&Operation>,
        quiet: bool,
    ) -> Result<(), Failure> {
        changes.extend(crops(&set.root, &changes, operation));
        let journal = of_set(set);
        let done = journal.commit(what, changes, &mut |progress| {
            if let Progress::Files { done, of } = progress {
                self.bar.set_message("files");
                self.bar.set_length(of as u64);
                self.bar.set_position(done as u64);
            }
            if self.interrupted.load(Ordering::Relaxed) {
                Err(Stop)
            } else {
                Ok(())
            }
        });
        self.bar.finish_and_clear();
        let done = done?;
        if quiet {
            let changed: Vec<_> = done.changed.iter().map(|path| set.relative(path)).collect();
            print_json(
                &json!({"written": true, "batch": done.batch, "files": changed, "conflicts": done.conflicts.len(), "left": done.left}),
            )?;
        } else if !done.changed.is_empty() {
            print("`danlu tags undo` takes it back")?;
        }
        travel::report(&set.root, &done, ",", quiet)
    }
}

impl From<Stopped> for Failure {
    fn from(stopped: Stopped) -> Self {
        Self::interrupted(stopped.to_string())
    }
}

/// An absolute form of a folder that may not be there yet; the journal compares paths.
pub(super) fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// `1 file`, `2 files`.
pub(super) fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The first lines of a list, and how many more there are.
pub(super) fn lines(all: bool, lines: Vec<String>) -> String {
    const SHOWN: usize = 20;
    let more = if all { 0 } else { lines.len().saturating_sub(SHOWN) };
    let mut text = lines[..lines.len() - more].join("\n");
    if more > 0 {
        text += &format!("\n… {more} more; --all shows them");
    }
    text
}
