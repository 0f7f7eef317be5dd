//! What the commands on pictures share: the set, the choice, a bar with rate and time left, Ctrl-C, the journal.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use danlu::data::journal::{Change, Progress, Stop};
use danlu::data::picture::work::{Stopped, Watch};
use danlu::data::set::{self, Set};
use danlu::data::tags::Index;
use danlu::ui::text::safe;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde_json::json;

use crate::cli::choice;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::tags::edits::args::Files;
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
        let set = open(&self.dir, &self.files.options())?;
        let index = Index::of(&set);
        let pictures = choice::pictures(context, &set, &index, self.query.as_deref())?;
        Ok((set, pictures))
    }
}

/// Opens a dataset.
pub(super) fn open(dir: &Path, options: &set::Options) -> Result<Set, Failure> {
    Set::open(dir, options).map_err(|error| Failure::failed(safe(&error.to_string())).maybe_hint(error.hint()))
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
        changes: Vec<Change>,
        elsewhere: Option<&Path>,
        quiet: bool,
    ) -> Result<(), Failure> {
        let journal = of_set(set).with_folders(elsewhere.map(Path::to_owned));
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
