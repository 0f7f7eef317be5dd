//! What only looks: filters, counts, plans, the log, snapshots.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::keeper::{Keeper, Opened};
use super::paths;
use crate::data::edit::{self, Choices, Edit};
use crate::data::journal::{Action, Since, Standing};
use crate::data::query::{Facts, Files, Ground, Placed};
use crate::data::tags::Order;
use crate::panes::dataset::sheet::{Leaf, Sheet, Way};
use crate::panes::dataset::tags::Row;
use crate::panes::dataset::talk::{Ask, Deed, News};
use crate::ui::lang::told::{Sentence, Trouble};

/// How many batches the log shows.
const BATCHES: usize = 1000;

impl Keeper {
    /// Does what the screen asks for.
    pub(super) fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Filter { ticket, query, marked } => self.filter(ticket, &query, marked),
            Ask::Buckets(folders) => self.place_by(folders),
            Ask::Tags { ticket, order, among } => self.tags(ticket, order, among.as_deref()),
            Ask::Plan {
                edit,
                pictures,
                query,
                by_hand,
                force,
            } => self.plan(&edit, &pictures, &query, by_hand, force),
            Ask::Write(sheet) => self.write(sheet),
            Ask::Caption { path, before, after } => self.write_caption(path, before, after),
            Ask::Perform(action) => self.perform(&action),
            Ask::Log => self.log(),
            Ask::LookBack { batch } => self.look_back(batch),
            Ask::History(path) => self.with_journal(|open| {
                let entries = open.journal.history(&path)?;
                Ok(News::History { path, entries })
            }),
            Ask::Snapshots => self.with_journal(|open| {
                let snapshots = open.journal.snapshots()?;
                Ok(News::Snapshots { snapshots, now: now() })
            }),
            Ask::Snapshot(name) => self.with_journal(|open| {
                let snapshot = open.journal.snapshot(&name, &captions(open))?;
                Ok(News::Kept(snapshot))
            }),
            Ask::Compare(name) => self.compare(&name),
            Ask::Forget(name) => self.with_journal(|open| {
                open.journal.forget(&name)?;
                Ok(News::Forgotten(name))
            }),
            Ask::Paths { typed } => {
                let found = paths::complete(&typed, &self.home.home);
                self.say(News::Paths { typed, found });
            }
            Ask::KeepQuery { name, query } => {
                if let Err(error) = self.saved.keep(&name, &query) {
                    self.fail(&error);
                }
                self.say_queries();
            }
            Ask::Commit { what, changes } => self.commit(&what, changes.to_vec(), Deed::Did(what.clone())),
            Ask::Open { .. } | Ask::View(_) | Ask::Stop | Ask::End => {}
        }
    }

    fn with_journal(&self, look: impl FnOnce(&Opened) -> Result<News, crate::data::journal::Error>) {
        let Some(open) = &self.open else { return };
        match look(open) {
            Ok(news) => self.say(news),
            Err(error) => self.fail(&error),
        }
    }

    /// The pictures that a query finds.
    pub(super) fn filter(&mut self, ticket: u64, query: &str, marked: Arc<BTreeSet<usize>>) {
        let parsed = self.saved.parse(query);
        if let Ok(parsed) = &parsed {
            self.find_out(parsed.needs());
        }
        let Some(open) = &mut self.open else { return };
        open.filter = Some((ticket, query.to_owned(), Arc::clone(&marked)));
        let found = match parsed {
            Ok(parsed) if parsed.is_empty() => Ok(None),
            Ok(parsed) => {
                let known = Known {
                    files: &open.files,
                    marked: &marked,
                };
                let ground = Ground {
                    set: &open.book.set,
                    index: &open.book.index,
                    tokens: &self.counter,
                    facts: &known,
                };
                Ok(Some(parsed.select(&ground).into()))
            }
            Err(error) => Err(Trouble::from(&error)),
        };
        self.say(News::Filtered { ticket, found });
    }

    fn tags(&self, ticket: u64, order: Order, among: Option<&[usize]>) {
        let Some(open) = &self.open else { return };
        let index = &open.book.index;
        let counts = index.counts(among);
        let row = |tag: crate::data::tags::TagId, surprise| Row {
            tag,
            count: counts.occurrences[tag.0 as usize],
            captions: counts.captions[tag.0 as usize],
            surprise,
        };
        let rows: Vec<Row> = if order == Order::Surprise {
            let surprises = index.surprises(among);
            surprises.iter().map(|one| row(one.tag, Some(*one))).collect()
        } else {
            let sorted = index.sorted_by(order, &counts);
            sorted.into_iter().map(|tag| row(tag, None)).collect()
        };
        self.say(News::Tags {
            ticket,
            rows: rows.into(),
            of: counts.captioned as usize,
        });
    }

    fn plan(&self, edit: &Edit, pictures: &[usize], query: &str, by_hand: bool, force: bool) {
        let Some(open) = &self.open else { return };
        let set = &open.book.set;
        let choices = Choices { force_encoding: force };
        let plan = match edit::plan(set, &open.book.index, edit, pictures, &choices) {
            Ok(plan) => plan,
            Err(error) => return self.fail(&error),
        };
        let sheet = Sheet {
            command: (!by_hand).then(|| command(open, &plan.edit, query, force)),
            what: if query.is_empty() {
                plan.edit.clone()
            } else {
                format!("{} --where {}", plan.edit, quoted(query))
            },
            refused: Sheet::refused(plan.refused),
            leaves: plan
                .changes
                .into_iter()
                .map(|planned| leaf(planned.path, planned.before, planned.after))
                .collect(),
            ..sheet(open)
        };
        self.say(News::Planned(Arc::new(sheet)));
    }

    fn log(&self) {
        self.with_journal(|open| {
            let batches = open.journal.log(BATCHES)?;
            Ok(News::Log { batches, now: now() })
        });
    }

    /// What going back to before a batch would change; of one that was taken back, what going on to behind it would.
    fn look_back(&self, batch: u64) {
        self.with_journal(|open| {
            let log = open.journal.log(usize::MAX)?;
            let is_done = |standing| matches!(standing, Standing::Done | Standing::Partly);
            let undone = log
                .iter()
                .any(|one| one.id == batch && one.standing == Standing::Undone);
            let (way, action) = if undone {
                let steps = log
                    .iter()
                    .filter(|one| one.id <= batch && one.standing == Standing::Undone)
                    .count();
                (Way::Redo(steps), Action::Redo(steps))
            } else {
                let steps = log
                    .iter()
                    .filter(|one| one.id >= batch && is_done(one.standing))
                    .count();
                (Way::Undo(steps), Action::Undo(steps))
            };
            let preview = open.journal.preview(&action)?;
            let names = preview.batches.iter().map(|one| one.what.as_str()).collect::<Vec<_>>();
            let sheet = Sheet {
                what: names.join(" · "),
                way,
                moves: preview.moves,
                refused: preview
                    .conflicts
                    .into_iter()
                    .map(|conflict| (conflict.path, Sentence::from(&conflict.why)))
                    .collect(),
                leaves: preview
                    .texts
                    .into_iter()
                    .map(|text| leaf(text.path, text.before, text.after))
                    .collect(),
                ..sheet(open)
            };
            Ok(News::Planned(Arc::new(sheet)))
        });
    }

    /// What restoring a snapshot would change.
    fn compare(&self, name: &str) {
        self.with_journal(|open| {
            let differences = open.journal.compare(name, &captions(open))?;
            let known = differences
                .into_iter()
                .filter(|difference| difference.since == Since::Changed);
            let sheet = Sheet {
                what: format!("snapshot restore {}", quoted(name)),
                leaves: known
                    .map(|difference| leaf(difference.path, difference.now, difference.then))
                    .collect(),
                ..sheet(open)
            };
            Ok(News::Planned(Arc::new(sheet)))
        });
    }
}

fn sheet(open: &Opened) -> Sheet {
    Sheet {
        separator: open.book.set.options.separator.clone(),
        root: open.book.set.root.clone(),
        ..Sheet::default()
    }
}

fn leaf(path: PathBuf, before: Option<Vec<u8>>, after: Option<Vec<u8>>) -> Leaf {
    Leaf {
        path,
        before,
        after,
        left_out: false,
    }
}

/// All captions as they are known, each file once.
fn captions(open: &Opened) -> Vec<(PathBuf, Option<&[u8]>)> {
    let book = &open.book;
    let mut all: HashMap<PathBuf, Option<&[u8]>> = HashMap::with_capacity(book.len());
    for picture in 0..book.len() {
        if book.set.refusal(picture).is_none() {
            all.insert(book.set.caption_path(picture), book.bytes(picture));
        }
    }
    let mut all: Vec<_> = all.into_iter().collect();
    all.sort();
    all
}

/// The command line that does the same.
fn command(open: &Opened, words: &str, query: &str, force: bool) -> String {
    let usual = crate::data::set::Options::default();
    let options = &open.book.set.options;
    let mut command = format!("danlu tags {words} {}", quoted(&open.path.to_string_lossy()));
    let mut option = |name: &str, value: &str| {
        command.push_str(&format!(" {name} {}", quoted(value)));
    };
    if !query.is_empty() {
        option("--where", query);
    }
    if options.extension != usual.extension {
        option("--extension", &options.extension);
    }
    if options.separator != usual.separator {
        option("--separator", &options.separator);
    }
    if force {
        command.push_str(" --force-encoding");
    }
    command.push_str(" --write");
    command
}

/// A word as a shell takes it.
fn quoted(word: &str) -> Cow<'_, str> {
    let plain = |c: char| c.is_alphanumeric() || "_-./:=,+%@".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
    }
}

/// Seconds since 1970.
fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or(i64::MAX)
}

/// What queries may ask for beside the captions.
struct Known<'a> {
    files: &'a Files,
    marked: &'a BTreeSet<usize>,
}

impl Facts for Known<'_> {
    fn size(&self, picture: usize) -> Option<(u32, u32)> {
        self.files.size(picture)
    }

    fn placed(&self, picture: usize) -> Option<Placed> {
        self.files.placed(picture)
    }

    fn duplicate(&self, picture: usize) -> Option<bool> {
        self.files.duplicate(picture)
    }

    fn changed(&self, picture: usize) -> bool {
        self.files.changed(picture)
    }

    fn marked(&self, picture: usize) -> bool {
        self.marked.contains(&picture)
    }
}
