//! `danlu tags snapshot`: states of all captions by name.

use std::path::PathBuf;

use clap::{Args, Subcommand};
use danlu::data::journal::{Difference, Journal, Since, Snapshot, Text};
use danlu::data::set::{self, Set};
use danlu::ui::text::safe;
use serde_json::{Value, json};

use super::{of_set, open, print_lines, show, stamp, time, travel};
use crate::cli::failure::Failure;
use crate::cli::{print, print_json};

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Keep the captions as they are under a name
    Save(Named),
    /// List the snapshots, oldest first
    List {
        /// The dataset: a folder or a dataset TOML
        dir: PathBuf,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Show which captions are other now
    Compare(Named),
    /// Give the captions the texts that they had; a batch like any other, which undo takes back
    Restore {
        #[command(flatten)]
        named: Named,
        /// Do it; without this it is only shown
        #[arg(long)]
        write: bool,
    },
    /// Forget a snapshot; no caption changes
    Delete(Named),
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Named {
    /// The dataset: a folder or a dataset TOML
    dir: PathBuf,
    /// The snapshot
    name: String,
    /// What caption files end in; several, separated by commas, are tried in this order
    #[arg(long, default_value = ".txt,.caption", value_name = "EXT")]
    extension: String,
    /// What stands between tags
    #[arg(long, default_value = ",", value_name = "TEXT", allow_hyphen_values = true)]
    separator: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Named {
    fn open(&self) -> Result<Set, Failure> {
        let options = set::Options {
            extension: self.extension.clone(),
            separator: self.separator.clone(),
        };
        let set = open(&self.dir, &options)?;
        if let Some((picture, why)) = set.unreadable.iter().next() {
            let path = set.caption_path(*picture);
            let sentence = format!("{} cannot be read: {why}", path.display());
            return Err(Failure::failed(safe(&sentence)).hint("a snapshot has all captions or none"));
        }
        if !set.pictures.is_empty() && (0..set.pictures.len()).all(|picture| set.refusal(picture).is_some()) {
            let sentence = "all captions of this set are in a metadata file, which danlu does not write";
            return Err(Failure::failed(sentence).hint("copy that file; a snapshot has captions beside pictures"));
        }
        Ok(set)
    }
}

fn texts(set: &Set) -> Vec<Text<'_>> {
    let text = |number: usize| {
        let caption = set.pictures[number].caption.as_ref();
        (
            set.caption_path(number),
            caption.map(|caption| &*caption.document.bytes),
        )
    };
    let beside = (0..set.pictures.len()).filter(|&number| set.refusal(number).is_none());
    beside.map(text).collect()
}

pub(super) fn run(command: Command) -> Result<(), Failure> {
    match command {
        Command::Save(named) => {
            if named.name.trim().is_empty() {
                return Err(Failure::usage("a snapshot needs a name"));
            }
            let set = named.open()?;
            let made = of_set(&set).snapshot(&named.name, &texts(&set))?;
            if named.json {
                print_json(&snapshot_json(&made))
            } else {
                print(snapshot_line(&made))
            }
        }
        Command::List { dir, json } => {
            let snapshots = super::journal(&dir)?.0.snapshots()?;
            if json {
                return print_json(&snapshots.iter().map(snapshot_json).collect::<Vec<_>>());
            }
            print_lines(snapshots.iter().map(snapshot_line))
        }
        Command::Compare(named) => compare(&named, None),
        Command::Restore { named, write: false } => compare(&named, Some("add --write to restore them")),
        Command::Restore { named, write: true } => {
            let turn = Journal::at(&Set::root_of(&named.dir)).turn();
            let mut set = named.open()?;
            let journal = of_set(&set).hold(&mut |_| Ok(()))?;
            // Whoever wrote meanwhile was first.
            if journal.turn() != turn {
                set = named.open()?;
            }
            let done = travel::watched(|watch| journal.restore(&named.name, &texts(&set), watch))?;
            if named.json {
                print_json(&travel::done_json(&set.root, &done, &named.separator))?;
            }
            travel::report(&set.root, &done, &named.separator, named.json)
        }
        Command::Delete(named) => Ok(super::journal(&named.dir)?.0.forget(&named.name)?),
    }
}

fn compare(named: &Named, offer: Option<&str>) -> Result<(), Failure> {
    let set = named.open()?;
    let differences = of_set(&set).compare(&named.name, &texts(&set))?;
    if named.json {
        let one = |difference: &Difference| {
            json!({
                "file": show::name(&set.root, &difference.path),
                "since": since(difference.since),
                "then": show::text(difference.then.as_deref()),
                "now": show::text(difference.now.as_deref()),
            })
        };
        return print_json(&differences.iter().map(one).collect::<Vec<_>>());
    }
    let changed = differences
        .iter()
        .filter(|difference| difference.since == Since::Changed)
        .count();
    let mut shown = String::new();
    for difference in &differences {
        let file = show::name(&set.root, &difference.path);
        match difference.since {
            // Restoring goes the other way.
            Since::Changed if offer.is_some() => {
                let (then, now) = (difference.then.as_deref(), difference.now.as_deref());
                shown += &show::change(&file, now, then, &named.separator);
            }
            Since::Changed => {
                let (then, now) = (difference.then.as_deref(), difference.now.as_deref());
                shown += &show::change(&file, then, now, &named.separator);
            }
            Since::New => shown += &format!("{}: its picture came later\n", safe(&file)),
            Since::Gone => shown += &format!("{}: its picture is gone\n", safe(&file)),
        }
    }
    shown += &format!("{} other than in {}", show::files(changed), safe(&named.name));
    if let Some(offer) = offer.filter(|_| changed > 0) {
        shown += &format!("; {offer}");
    }
    print(shown)
}

fn since(since: Since) -> &'static str {
    match since {
        Since::Changed => "changed",
        Since::New => "new",
        Since::Gone => "gone",
    }
}

fn snapshot_line(snapshot: &Snapshot) -> String {
    format!(
        "{}  {:>6} pictures  {}",
        time(snapshot.time),
        snapshot.files,
        safe(&snapshot.name)
    )
}

fn snapshot_json(snapshot: &Snapshot) -> Value {
    json!({"name": snapshot.name, "time": stamp(snapshot.time), "pictures": snapshot.files})
}
