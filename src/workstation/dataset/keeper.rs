//! The thread itself: what it has, in which order it does what it is asked for, and how a dataset is read.

use std::collections::{BTreeSet, HashSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, Sender};
use std::thread;

use super::reports::Reports;
use super::{Flags, Home, Inbox, Order};
use crate::app::Msg;
use crate::data::buckets::hand::Hands;
use crate::data::buckets::{Buckets, Settings};
use crate::data::journal::{FOLDER, Journal};
use crate::data::query::Files;
use crate::data::query::saved::Saved;
use crate::data::set::{Options, Set, is_picture};
use crate::data::tags::Index;
use crate::data::tokens::Counter;
use crate::library::watch::Watch;
use crate::panes::dataset::book::Book;
use crate::panes::dataset::talk::{Ask, News, Stage};

/// What the thread keeps.
pub(super) struct Keeper {
    pub(super) home: Home,
    inbox: Inbox,
    tell: Sender<Order>,
    pub(super) flags: Arc<Flags>,
    pub(super) open: Option<Opened>,
    pub(super) saved: Saved,
    pub(super) counter: Counter,
    readings: u64,
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
    /// Headers, as far as they are read.
    pub(super) files: Option<Files>,
    /// Captions that are others than when the dataset was read.
    pub(super) touched: HashSet<PathBuf>,
    /// The last filter, to be asked again when more is known.
    pub(super) filter: Option<(u64, String, Arc<BTreeSet<usize>>)>,
    reading: u64,
    _watch: Watch,
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
            Order::Headers { reading, files } => {
                let Some(open) = self.open.as_mut().filter(|open| open.reading == reading) else {
                    return;
                };
                open.files = Some(*files);
                if let Some((ticket, query, marked)) = open.filter.clone() {
                    self.filter(ticket, &query, marked);
                }
            }
        }
    }

    pub(super) fn say(&self, news: News) {
        self.inbox.tell(Msg::Dataset(news));
    }

    pub(super) fn fail(&self, message: impl ToString, hint: Option<String>) {
        self.say(News::Failed {
            message: message.to_string(),
            hint,
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
            Err((message, hint)) => {
                return self.say(News::Failed {
                    message,
                    hint,
                    opening: true,
                });
            }
        };
        self.take_in(&wanted, options, Arc::clone(&book));
        let interrupted = self.interrupted();
        self.load_queries();
        self.say(News::Opened {
            path: wanted,
            book,
            interrupted,
        });
    }

    fn read(&self, path: &Path, options: &Options) -> Result<Arc<Book>, (String, Option<String>)> {
        let mut reports = Reports::new(|work| self.say(News::Work(work)));
        let mut progress = |done| reports.hear(Stage::Reading, done, 0);
        let set = Set::open_with(path, options, &mut progress, &self.flags.enough);
        reports.end();
        let set = set.map_err(|error| (error.to_string(), error.hint()))?;
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
            self.fail(format!("changes from outside cannot be noticed: {error}"), None);
        }
        self.open = Some(Opened {
            path: path.to_owned(),
            options,
            book: Arc::clone(&book),
            journal,
            files: None,
            touched: HashSet::new(),
            filter: None,
            reading: self.readings,
            _watch: watch,
        });
        self.read_headers(book);
    }

    /// Reads the headers of all pictures behind everything else.
    fn read_headers(&self, book: Arc<Book>) {
        let (tell, reading) = (self.tell.clone(), self.readings);
        let work = move || {
            let Ok(buckets) = Buckets::new(&Settings::default()) else {
                return;
            };
            let hands = Hands::read(&book.set.root).unwrap_or_default();
            let files = Box::new(Files::default().with_sizes(&book.set, &buckets, &hands));
            // The thread has ended only when the screen is being left.
            let _ = tell.send(Order::Headers { reading, files });
        };
        let started = thread::Builder::new().name("dataset-headers".to_owned()).spawn(work);
        if let Err(error) = started {
            self.fail(format!("the pictures' sizes are not known: {error}"), None);
        }
    }

    /// A batch that was interrupted, in a sentence.
    fn interrupted(&self) -> Option<String> {
        let journal = &self.open.as_ref()?.journal;
        match journal.recover() {
            Ok(found) => found.map(|found| {
                let batch = found.batch;
                let doing = if found.undoing { "Taking back" } else { "Writing" };
                format!(
                    "{doing} \"{}\" was interrupted: {} of {} files are done; undo takes them back, redo does the rest",
                    batch.what, batch.done, batch.changes
                )
            }),
            Err(error) => Some(error.to_string()),
        }
    }

    fn load_queries(&mut self) {
        match Saved::open(&self.home.queries) {
            Ok(saved) => self.saved = saved,
            Err(error) => self.fail(error, None),
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
        let seen: Vec<PathBuf> = paths.iter().filter(|path| !path.starts_with(&own)).cloned().collect();
        if seen.is_empty() && !paths.is_empty() {
            return;
        }
        let set = &open.book.set;
        let known: HashSet<&Path> = set.pictures.iter().map(|picture| picture.path.as_path()).collect();
        // A folder may have come or gone with all that is in it.
        let moves = |path: &PathBuf| {
            let folder = path.is_dir() || set.subsets.iter().any(|subset| subset.folder == *path);
            (is_picture(path) && known.contains(path.as_path()) != path.exists()) || folder && !path.exists()
        };
        let new_folder =
            |path: &PathBuf| path.is_dir() && !set.subsets.iter().any(|subset| subset.folder.starts_with(path));
        if seen.is_empty() || seen.iter().any(|path| moves(path) || new_folder(path)) {
            return self.read_anew();
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
        open.touched
            .extend(captions.iter().map(|picture| set.caption_path(*picture)));
        let book = Arc::new(Book { set, index });
        self.retired = Some(std::mem::replace(&mut open.book, Arc::clone(&book)));
        self.say(News::Changed {
            book,
            captions: Some(captions),
            outside,
        });
    }

    /// Pictures came or went.
    pub(super) fn read_anew(&mut self) {
        let Some(open) = &self.open else { return };
        let (path, options) = (open.path.clone(), open.options.clone());
        let before = Arc::clone(&open.book);
        let touched = open.touched.clone();
        match self.read(&path, &options) {
            Ok(book) => {
                let same = book.set.pictures == before.set.pictures;
                if same {
                    return;
                }
                self.take_in(&path, options, Arc::clone(&book));
                if let Some(open) = &mut self.open {
                    open.touched = touched;
                }
                self.say(News::Changed {
                    book,
                    captions: None,
                    outside: true,
                });
            }
            Err((message, hint)) => self.fail(message, hint),
        }
    }
}

/// Whether an order changes files.
fn writes(order: &Order) -> bool {
    matches!(
        order,
        Order::Ask(Ask::Caption { .. } | Ask::Write(_) | Ask::Perform(_) | Ask::Snapshot(_) | Ask::KeepQuery { .. })
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
