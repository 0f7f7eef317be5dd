//! The thread itself: what it has, in which order it does what it is asked for, and how a dataset is read.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};
use std::thread;
use std::time::SystemTime;

use super::reports::Reports;
use super::{Flags, Home, Inbox, Order};
use crate::app::Msg;
use crate::data::buckets::Settings;
use crate::data::health::{Finding, What};
use crate::data::journal::{FOLDER, Journal};
use crate::data::query::Files;
use crate::data::query::saved::Saved;
use crate::data::set::{Options, Set, is_picture};
use crate::data::tags::Index;
use crate::data::tokens::Counter;
use crate::library::watch::Watch;
use crate::panes::dataset::book::Book;
use crate::panes::dataset::talk::{Ask, News, Stage};
use crate::ui::lang::dataset as words;
use crate::ui::lang::told::{Sentence, Trouble};

/// What the thread keeps.
pub(super) struct Keeper {
    pub(super) home: Home,
    pub(super) inbox: Inbox,
    pub(super) tell: Sender<Order>,
    pub(super) flags: Arc<Flags>,
    pub(super) open: Option<Opened>,
    pub(super) saved: Saved,
    pub(super) counter: Counter,
    pub(super) readings: u64,
    /// The book before the newest, so that whoever forgets it last is not the screen, which has better things to do.
    retired: Option<Arc<Book>>,
}

/// A dataset that is open.
pub(super) struct Opened {
    /// What was asked for.
    pub(super) path: PathBuf,
    options: Options,
    pub(super) book: Arc<Book>,
    pub(super) journal: Journal,
    /// The buckets of each folder, where they were chosen on the screen.
    pub(super) buckets: Option<Arc<[Option<Settings>]>>,
    /// What of its files was found out until now.
    pub(super) files: Files,
    /// Whether that has what the journal says of changes.
    pub(super) knows_changes: bool,
    /// Whether it has near-duplicates, or they are looked for.
    pub(super) seeks_duplicates: bool,
    /// The last filter, to be asked again when more is known.
    pub(super) filter: Option<(u64, String, Arc<BTreeSet<usize>>)>,
    pub(super) reading: u64,
    /// Pictures that were written here, as they were then: what the watch tells of these is known already.
    own: HashMap<PathBuf, Stamp>,
    _watch: Watch,
}

/// By which a file is known to be what it was: its length, and when it was changed.
type Stamp = (u64, SystemTime);

fn stamp(path: &Path) -> Option<Stamp> {
    let about = path.metadata().ok()?;
    Some((about.len(), about.modified().ok()?))
}

impl Keeper {
    pub(super) fn new(home: Home, inbox: Inbox, tell: Sender<Order>, flags: Arc<Flags>) -> Self {
        Self {
            home,
            inbox,
            tell,
            flags,
            open: None,
            saved: Saved::default(),
            counter: Counter::default(),
            readings: 0,
            retired: None,
        }
    }

    /// Works until the screen is left.
    pub(super) fn run(mut self, orders: &Receiver<Order>) {
        let mut waiting = VecDeque::new();
        loop {
            if waiting.is_empty() {
                match orders.recv() {
                    Ok(order) => waiting.push_back(order),
                    Err(_) => return,
                }
            }
            while let Ok(order) = orders.try_recv() {
                waiting.retain(|older| !overtakes(&order, older));
                waiting.push_back(order);
            }
            match waiting.pop_front() {
                Some(Order::Ask(Ask::End)) => return,
                Some(order) => {
                    self.flags.stop.store(false, Ordering::Relaxed);
                    self.flags.enough.store(false, Ordering::Relaxed);
                    if !self.flags.closing.load(Ordering::Relaxed) || writes(&order) {
                        self.take(order);
                    }
                }
                None => {}
            }
        }
    }

    fn take(&mut self, order: Order) {
        match order {
            Order::Ask(Ask::Open { path, options }) => self.open(&path, options),
            Order::Ask(ask) => self.answer(ask),
            Order::Changed(paths) => self.look_again(&paths),
            Order::Learned { reading, learned } => self.learn(reading, learned),
        }
    }

    pub(super) fn say(&self, news: News) {
        self.inbox.tell(Msg::Dataset(news));
    }

    pub(super) fn fail(&self, trouble: impl Into<Trouble>) {
        self.say(News::Failed {
            trouble: trouble.into(),
            opening: false,
        });
    }

    /// Reads a dataset. The one that is open stays when this one cannot be read.
    fn open(&mut self, path: &Path, options: Options) {
        let wanted = if path.starts_with("~") {
            self.home.home.join(path.strip_prefix("~").unwrap_or(path))
        } else {
            path.to_owned()
        };
        let wanted = std::path::absolute(&wanted).unwrap_or(wanted);
        let book = match self.read(&wanted, &options) {
            Ok(book) => book,
            Err(trouble) => return self.say(News::Failed { trouble, opening: true }),
        };
        self.take_in(&wanted, options, Arc::clone(&book));
        let interrupted = self.interrupted();
        self.load_queries();
        let unread = unread(&book, &wanted);
        self.say(News::Opened {
            path: wanted,
            book,
            interrupted,
        });
        if let Some(finding) = unread {
            self.fail(&finding);
        }
    }

    fn read(&self, path: &Path, options: &Options) -> Result<Arc<Book>, Trouble> {
        let mut reports = Reports::new(|work| self.say(News::Work(work)));
        let mut progress = |done| reports.hear(Stage::Reading, done, 0);
        let set = Set::open_with(path, options, &mut progress, &self.flags.enough);
        reports.end();
        let set = set.map_err(|error| Trouble::from(&error))?;
        let index = Index::of(&set);
        Ok(Arc::new(Book { set, index }))
    }

    fn take_in(&mut self, path: &Path, options: Options, book: Arc<Book>) {
        self.readings += 1;
        let root = book.set.root.clone();
        let folders = book.set.subsets.iter().map(|subset| subset.folder.clone());
        let outside: Vec<PathBuf> = folders.filter(|folder| !folder.starts_with(&root)).collect();
        let journal = Journal::at(&root).with_folders(outside.clone());
        let (changes, changed) = std::sync::mpsc::channel();
        let tell = self.tell.clone();
        let roots: Vec<PathBuf> = [root].into_iter().chain(outside).collect();
        let watch = Watch::begin(&roots, changes);
        // Ends with the watch.
        let forward = move || {
            for paths in changed {
                if tell.send(Order::Changed(paths)).is_err() {
                    return;
                }
            }
        };
        let started = thread::Builder::new().name("dataset-watch".to_owned()).spawn(forward);
        if let Err(error) = started {
            self.fail(Sentence::of(&words::NO_WATCH, &[("why", &error)]));
        }
        self.open = Some(Opened {
            path: path.to_owned(),
            options,
            book: Arc::clone(&book),
            journal,
            buckets: None,
            files: Files::default(),
            knows_changes: false,
            seeks_duplicates: false,
            filter: None,
            reading: self.readings,
            own: HashMap::new(),
            _watch: watch,
        });
        self.read_sizes();
    }

    /// A batch that was interrupted.
    fn interrupted(&self) -> Option<Sentence> {
        let journal = &self.open.as_ref()?.journal;
        match journal.recover() {
            Ok(found) => found.map(|found| {
                let batch = found.batch;
                let text = if found.undoing {
                    words::INTERRUPTED_BACK
                } else {
                    words::INTERRUPTED
                };
                let values: [(&str, &dyn Display); 3] =
                    [("what", &batch.what), ("done", &batch.done), ("of", &batch.changes)];
                Sentence::of(&text, &values)
            }),
            Err(error) => Some(Sentence::from(&error)),
        }
    }

    fn load_queries(&mut self) {
        match Saved::open(&self.home.queries) {
            Ok(saved) => self.saved = saved,
            Err(error) => self.fail(&error),
        }
        self.say_queries();
    }

    pub(super) fn say_queries(&self) {
        let all = self
            .saved
            .all()
            .map(|(name, query)| (name.to_owned(), query.to_owned()));
        self.say(News::Queries(all.collect()));
    }

    /// Files are others than they were: captions are read again, and where pictures came or went, everything is.
    fn look_again(&mut self, paths: &[PathBuf]) {
        let Some(open) = &mut self.open else { return };
        let own = open.book.set.root.join(FOLDER);
        let by_us = |path: &&PathBuf| {
            let written = open.own.get(*path);
            written.is_some() && written.copied() == stamp(path)
        };
        let seen: Vec<PathBuf> = paths
            .iter()
            .filter(|path| !path.starts_with(&own) && !by_us(path))
            .cloned()
            .collect();
        if seen.is_empty() && !paths.is_empty() {
            return;
        }
        let set = &open.book.set;
        let known: HashSet<&Path> = set.pictures.iter().map(|picture| picture.path.as_path()).collect();
        // A folder may have come or gone with all that is in it.
        let moves = |path: &PathBuf| {
            let folder = path.is_dir() || set.subsets.iter().any(|subset| subset.folder == *path);
            // Entries come and go with a metadata file's content.
            let metadata = set.subsets.iter().filter_map(|subset| subset.metadata.as_ref());
            (is_picture(path) && known.contains(path.as_path()) != path.exists())
                || folder && !path.exists()
                || metadata.into_iter().any(|metadata| metadata.path == *path)
        };
        let new_folder =
            |path: &PathBuf| path.is_dir() && !set.subsets.iter().any(|subset| subset.folder.starts_with(path));
        let pictures: Vec<PathBuf> = seen
            .iter()
            .filter(|path| known.contains(path.as_path()))
            .cloned()
            .collect();
        if seen.is_empty() || seen.iter().any(|path| moves(path) || new_folder(path)) {
            // Another folder may have come in the place of one, with pictures of the same names.
            let all = seen.is_empty() || seen.iter().any(|path| path.is_dir());
            return self.read_anew((!all).then_some(pictures));
        }
        if !pictures.is_empty() {
            self.look_at_files_again();
            self.say(News::Pictures(Some(pictures)));
        }
        self.reread(&seen, true);
    }

    /// Reads these captions again, and tells of those that are others.
    pub(super) fn reread(&mut self, paths: &[PathBuf], outside: bool) {
        let Some(open) = &mut self.open else { return };
        let mut set = open.book.set.clone();
        let captions = set.reread(paths);
        if captions.is_empty() {
            return;
        }
        let mut index = open.book.index.clone();
        index.update(&set, &captions);
        open.knows_changes = false;
        let book = Arc::new(Book { set, index });
        self.retired = Some(std::mem::replace(&mut open.book, Arc::clone(&book)));
        self.say(News::Changed {
            book,
            captions: Some(captions),
            outside,
        });
    }

    /// These pictures were written here; those among them that had their names before have other contents.
    pub(super) fn read_own(&mut self, pictures: Vec<PathBuf>) {
        let written = pictures.iter().filter_map(|path| Some((path.clone(), stamp(path)?)));
        let written: Vec<_> = written.collect();
        self.read_anew(Some(pictures));
        if let Some(open) = &mut self.open {
            open.own.extend(written);
        }
    }

    /// Pictures came or went, or these have other contents; `None` for any.
    fn read_anew(&mut self, others: Option<Vec<PathBuf>>) {
        let Some(open) = &self.open else { return };
        let (path, options) = (open.path.clone(), open.options.clone());
        let (before, buckets) = (Arc::clone(&open.book), open.buckets.clone());
        match self.read(&path, &options) {
            Ok(book) => {
                if book.set.pictures == before.set.pictures {
                    self.look_at_files_again();
                } else {
                    self.take_in(&path, options, Arc::clone(&book));
                    if let Some(buckets) = buckets.filter(|buckets| buckets.len() == book.set.subsets.len()) {
                        self.place_by(buckets);
                    }
                    self.say(News::Changed {
                        book,
                        captions: None,
                        outside: true,
                    });
                }
                let others = others.map(|mut others| {
                    let were: HashSet<&PathBuf> = before.set.pictures.iter().map(|picture| &picture.path).collect();
                    others.retain(|path| were.contains(path) && path.exists());
                    others
                });
                if others.as_ref().is_none_or(|others| !others.is_empty()) {
                    self.say(News::Pictures(others));
                }
            }
            Err(trouble) => self.fail(trouble),
        }
    }
}

/// That captions lie there which a dataset TOML leaves unread by saying nothing of them.
fn unread(book: &Book, file: &Path) -> Option<Finding> {
    let pictures = book.set.unread(file).into_iter();
    let files: Vec<String> = pictures.map(|picture| book.name(picture).into_owned()).collect();
    let config = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    (!files.is_empty()).then(|| Finding::new(What::Extension { config }, files))
}

/// Whether an order changes files.
fn writes(order: &Order) -> bool {
    matches!(
        order,
        Order::Ask(
            Ask::Caption { .. }
                | Ask::Write(_)
                | Ask::Commit { .. }
                | Ask::Perform(_)
                | Ask::Snapshot(_)
                | Ask::Forget(_)
                | Ask::KeepQuery { .. }
        )
    )
}

/// Whether an order makes an older one of its kind needless.
fn overtakes(order: &Order, older: &Order) -> bool {
    matches!(
        (order, older),
        (Order::Ask(Ask::Filter { .. }), Order::Ask(Ask::Filter { .. }))
            | (Order::Ask(Ask::Tags { .. }), Order::Ask(Ask::Tags { .. }))
            | (Order::Ask(Ask::Paths { .. }), Order::Ask(Ask::Paths { .. }))
            | (Order::Ask(Ask::History(_)), Order::Ask(Ask::History(_)))
    )
}
