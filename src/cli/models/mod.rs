//! `danlu models`: what files there are, what they hold, what the user says of them.
//!
//! [`list`] and [`show`] write for people, [`describe`] for scripts, [`mark`] changes favourites, tags and notes.

mod describe;
mod list;
mod mark;
mod show;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use clap::Args;
use danlu::library::{Card, FindError, Library, Places, Progress};
use danlu::store::shipped;
use danlu::ui::text::safe;
use indicatif::{HumanBytes, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;

pub(super) use list::List;
pub(super) use mark::Note;

use super::args::Models;
use super::context::Context;
use super::failure::Failure;

/// How often the bar turns.
const TICK: Duration = Duration::from_millis(120);

#[derive(Debug, Args)]
pub(super) struct Hash {
    /// The file
    #[arg(required_unless_present = "all", conflicts_with = "all")]
    pub(super) path: Option<PathBuf>,
    /// Hash every model that has no hash yet
    #[arg(long)]
    pub(super) all: bool,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

pub(super) fn run(context: &Context, command: Models) -> Result<(), Failure> {
    match command {
        Models::List(options) => list::run(context, &options),
        Models::Show { model, json } => show::run(context, &model, json),
        Models::Hash(Hash {
            path: Some(path), json, ..
        }) => hashes(context, &path, json),
        Models::Hash(Hash { json, .. }) => hash_all(context, json),
        Models::Favourite { models, remove } => mark::favourite(context, &models, !remove),
        Models::Tag { model, tags, remove } => mark::tag(context, &model, &tags, remove),
        Models::Note(options) => mark::note(context, &options),
        Models::Workbench(command) => super::workbench::run(context, command),
    }
}

/// The library, as the index has it.
fn open(context: &Context) -> Result<Library, Failure> {
    shipped::unpack(&context.paths.cache_dir)?;
    let library = Library::open(&Places::of(&context.paths), &context.model_roots());
    warn(library.warnings());
    Ok(library)
}

/// The library, compared with the folders.
fn refreshed(context: &Context) -> Result<Library, Failure> {
    let library = open(context)?;
    let bar = Bar::new();
    let found = library.refresh(&mut |progress| bar.show(progress), &AtomicBool::new(false));
    bar.end();
    let unreadable = found?.unreadable.into_iter();
    warn(unreadable.map(|(folder, why)| format!("cannot read {}: {why}", folder.display())));
    Ok(library)
}

/// The model of a name, a path, a network's alias or a hash.
fn find(context: &Context, library: &Library, wanted: &str) -> Result<Card, Failure> {
    match context.find(wanted, None) {
        Ok(path) => Ok(library.describe(&path)),
        Err(error @ FindError::NotFound { .. }) => {
            let by_hash = || match library.by_hash(wanted).as_slice() {
                [] => None,
                // The same bytes in several places are one model.
                [first, rest @ ..] => {
                    let same = rest.iter().all(|card| card.hashes.sha256 == first.hashes.sha256);
                    same.then(|| first.clone())
                }
            };
            library
                .find_network(wanted)
                .ok()
                .or_else(by_hash)
                .ok_or_else(|| error.into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Says on standard error what does not stop the work.
fn warn(sentences: impl IntoIterator<Item = String>) {
    use std::io::Write;
    for sentence in sentences {
        // Nobody is left to tell when this fails.
        let _ = writeln!(std::io::stderr().lock(), "warning: {}", safe(&sentence));
    }
}

fn hashes(context: &Context, path: &Path, json: bool) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Hashes {
        path: PathBuf,
        sha256: String,
        hash: String,
        legacy_hash: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        network_hash: Option<String>,
    }
    let cannot = |e: std::io::Error| {
        Failure::failed(format!("cannot read {}: {e}", path.display())).hint("give the path of a file")
    };
    if path.is_dir() {
        return Err(cannot(std::io::ErrorKind::IsADirectory.into()));
    }
    let library = Library::open(&Places::of(&context.paths), &[]);
    let bar = Bar::new();
    let found = library.hash_watched(path, &mut |progress| bar.show(progress), &AtomicBool::new(false));
    bar.end();
    let found = found.map_err(cannot)?;
    let network_hash = found.network_short().map(str::to_owned);
    let hash = found.short().unwrap_or_default().to_owned();
    let hashes = Hashes {
        path: path.to_owned(),
        sha256: found.sha256.unwrap_or_default(),
        hash,
        legacy_hash: found.legacy.unwrap_or_default(),
        network_hash,
    };
    if json {
        return super::print_json(&hashes);
    }
    let mut text = format!(
        "sha256: {}\nhash: {}\nlegacy_hash: {}",
        hashes.sha256, hashes.hash, hashes.legacy_hash
    );
    if let Some(hash) = hashes.network_hash {
        text += &format!("\nnetwork_hash: {hash}");
    }
    super::print(text)
}

fn hash_all(context: &Context, json: bool) -> Result<(), Failure> {
    let library = refreshed(context)?;
    let bar = Bar::new();
    let hashed = library.hash_all(&mut |progress| bar.show(progress), &AtomicBool::new(false));
    bar.end();
    let (hashed, left) = (hashed?, library.unhashed());
    warn(
        left.iter()
            .map(|card| format!("{} could not be hashed", card.path.display())),
    );
    if json {
        return super::print_json(&serde_json::json!({"hashed": hashed, "left": left.len()}));
    }
    super::print(match hashed {
        1 => "1 model was hashed".to_owned(),
        hashed => format!("{hashed} models were hashed"),
    })
}

/// Bytes as people write them: `3.97 GiB`.
fn size(bytes: u64) -> String {
    HumanBytes(bytes).to_string()
}

/// A bar on standard error, none where that is no terminal.
struct Bar(ProgressBar);

impl Bar {
    fn new() -> Self {
        use std::io::IsTerminal;
        let target = if std::io::stderr().is_terminal() {
            ProgressDrawTarget::stderr()
        } else {
            ProgressDrawTarget::hidden()
        };
        let style =
            ProgressStyle::with_template("{spinner} {wide_msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = ProgressBar::with_draw_target(None, target).with_style(style);
        bar.enable_steady_tick(TICK);
        Self(bar)
    }

    fn show(&self, progress: &Progress) {
        let Progress {
            stage,
            files,
            of,
            bytes,
            of_bytes,
            rate,
            left,
            file,
        } = progress;
        let mut text = match *stage {
            "walking" => format!("looking for models: {files}"),
            "hashing" => format!(
                "hashing {}/{of}, {} of {}, {}/s",
                files + 1,
                size(*bytes),
                size(*of_bytes),
                size(*rate as u64)
            ),
            _ => format!("reading {files}/{of}, {rate:.0}/s"),
        };
        if let Some(left) = left {
            let left = Duration::from_secs_f64(left.clamp(0.0, 1e9));
            text += &format!(", {} left", indicatif::HumanDuration(left));
        }
        if let Some(name) = file.as_deref().and_then(Path::file_name) {
            text += &format!("  {}", safe(&name.to_string_lossy()));
        }
        self.0.set_message(text);
    }

    fn end(self) {
        self.0.finish_and_clear();
    }
}
