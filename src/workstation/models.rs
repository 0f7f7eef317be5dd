//! The library of models at work: what the browser asks for is done here, on threads of its own, and answered through the inbox.
//!
//! One thread keeps the list in step with the folders, one hashes, one does the small errands. Whatever they find out about the list goes
//! through [`Shelf::publish`], which tells only what is another than before.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use std::{io, thread};

use super::Inbox;
use super::latest::Latest;
use crate::app::Msg;
use crate::app::effect::Ask;
use crate::app::msg::{Complaint, News};
use crate::library::watch::Watch;
use crate::library::{Card, Library, Places, Progress};
use crate::panes::browser::entry::Entry;

/// How often a long piece of work says how far it is.
const OFTEN: Duration = Duration::from_millis(250);
/// How often hashes that were computed are shown in the list.
const SELDOM: Duration = Duration::from_secs(2);

/// The threads of the library. Dropping them ends their work.
#[derive(Debug)]
pub(super) struct Models {
    shelf: Arc<Shelf>,
    /// Paths that have changed; none to look at everything.
    changes: Sender<Vec<PathBuf>>,
    hashing: Sender<Order>,
    /// What ends each piece of hashing that was ordered.
    stops: Vec<Arc<AtomicBool>>,
    errands: Latest<Errand, Ask>,
    orders: u64,
}

/// What is asked of the thread for errands: the newest of its kind counts.
#[derive(Debug, PartialEq)]
enum Errand {
    Describe,
    Search,
    Favourite(PathBuf),
    Edit(u64),
}

/// Files to hash, all that have no hash where there are none; and what stops that.
#[derive(Debug)]
struct Order {
    paths: Vec<PathBuf>,
    stop: Arc<AtomicBool>,
}

/// What the threads share.
#[derive(Debug)]
struct Shelf {
    places: Places,
    roots: Vec<PathBuf>,
    library: OnceLock<Library>,
    /// What the app was told of.
    told: Mutex<HashMap<PathBuf, Arc<Card>>>,
    inbox: Inbox,
    closed: AtomicBool,
}

impl Models {
    /// Starts the threads. The library is opened by the first that needs it, so that the first frame does not wait for it.
    pub(super) fn start(places: Places, roots: Vec<PathBuf>, inbox: Inbox) -> io::Result<Self> {
        Self::go_on(places, roots, inbox, HashMap::new())
    }

    /// Starts anew with other folders. The app is told what is another then.
    pub(super) fn with_roots(&self, roots: Vec<PathBuf>) -> io::Result<Self> {
        let told = self.shelf.told.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Self::go_on(self.shelf.places.clone(), roots, self.shelf.inbox.clone(), told)
    }

    fn go_on(places: Places, roots: Vec<PathBuf>, inbox: Inbox, told: HashMap<PathBuf, Arc<Card>>) -> io::Result<Self> {
        let shelf = Arc::new(Shelf {
            places,
            roots,
            library: OnceLock::new(),
            told: Mutex::new(told),
            inbox,
            closed: AtomicBool::new(false),
        });
        let (changes, changed) = mpsc::channel();
        let (theirs, tell) = (Arc::clone(&shelf), changes.clone());
        spawn("library", move || theirs.keep_up(tell, &changed))?;
        let (hashing, orders) = mpsc::channel();
        let theirs = Arc::clone(&shelf);
        spawn("hashes", move || theirs.hash(&orders))?;
        let theirs = Arc::clone(&shelf);
        let errands = Latest::start("errands", move |ask| theirs.run(ask))?;
        Ok(Self {
            shelf,
            changes,
            hashing,
            stops: Vec::new(),
            errands,
            orders: 0,
        })
    }

    /// Has it done what the app asks for.
    pub(super) fn ask(&mut self, ask: Ask) {
        let errand = match &ask {
            // The thread has ended only when the screen is being left.
            Ask::Models => return self.changes.send(Vec::new()).unwrap_or_default(),
            Ask::Hash(paths) => return self.order(paths.clone()),
            Ask::StopHashing => return self.stop(),
            Ask::Describe(_) => Errand::Describe,
            Ask::Search(_) => Errand::Search,
            Ask::Favourite { path, .. } => Errand::Favourite(path.clone()),
            Ask::Edit { .. } => {
                self.orders += 1;
                Errand::Edit(self.orders)
            }
        };
        self.errands.order(errand, ask);
    }

    fn order(&mut self, paths: Vec<PathBuf>) {
        self.stops.retain(|stop| Arc::strong_count(stop) > 1);
        let stop = Arc::new(AtomicBool::new(false));
        self.stops.push(Arc::clone(&stop));
        // As above.
        let _ = self.hashing.send(Order { paths, stop });
    }

    fn stop(&self) {
        for stop in &self.stops {
            stop.store(true, Ordering::Relaxed);
        }
    }
}

impl Drop for Models {
    fn drop(&mut self) {
        self.shelf.closed.store(true, Ordering::Relaxed);
        self.stop();
        let _ = self.changes.send(Vec::new());
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

impl Shelf {
    fn library(&self) -> &Library {
        self.library.get_or_init(|| {
            let library = Library::open(&self.places, &self.roots);
            for message in library.warnings() {
                self.complain(message, None);
            }
            library
        })
    }

    fn tell(&self, news: News) {
        if !self.closed.load(Ordering::Relaxed) {
            self.inbox.tell(Msg::Library(news));
        }
    }

    fn complain(&self, message: String, hint: Option<String>) {
        self.inbox.tell(Msg::Complain(Complaint { message, hint }));
    }

    /// Tells what is another in the list than what was told last; at first everything.
    fn publish(&self) {
        let models = self.library().models();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = HashMap::with_capacity(models.len());
        let mut changed = Vec::new();
        for card in models {
            let same = told.remove(&card.path).filter(|other| **other == card);
            let card = same.unwrap_or_else(|| {
                let card = Arc::new(card);
                changed.push(Entry::new(Arc::clone(&card)));
                card
            });
            known.insert(card.path.clone(), card);
        }
        // What is left was not found again, or is another now and among the new ones.
        let gone = told
            .drain()
            .map(|(path, _)| path)
            .filter(|path| !known.contains_key(path));
        let gone = gone.collect();
        *told = known;
        self.tell(News::Changed { models: changed, gone });
    }

    /// Keeps the list in step with the folders until the screen is left.
    fn keep_up(&self, changes: Sender<Vec<PathBuf>>, changed: &Receiver<Vec<PathBuf>>) {
        self.publish();
        let mut watch = None;
        loop {
            // What came until now is looked at by the same walk.
            while changed.try_recv().is_ok() {}
            self.refresh();
            if self.closed.load(Ordering::Relaxed) {
                return;
            }
            // Begun after the first walk, whose answer is awaited more.
            watch.get_or_insert_with(|| Watch::begin(&self.roots, changes.clone()));
            if changed.recv().is_err() {
                return;
            }
        }
    }

    fn refresh(&self) {
        let mut reports = Reports::new(self);
        let mut shown = Instant::now();
        let mut hear = |progress: &Progress| {
            reports.hear(progress);
            // The first walk over many files takes a while; what is read already can be looked at.
            if shown.elapsed() >= SELDOM {
                shown = Instant::now();
                self.publish();
            }
        };
        let refreshed = self.library().refresh(&mut hear, &self.closed);
        reports.end();
        match refreshed {
            Ok(refreshed) => {
                self.publish();
                if let Some((folder, why)) = refreshed.unreadable.first() {
                    self.complain(format!("{} cannot be walked: {why}", folder.display()), None);
                }
            }
            Err(error) => self.complain(error.to_string(), None),
        }
    }

    fn hash(&self, orders: &Receiver<Order>) {
        while let Ok(order) = orders.recv() {
            if order.stop.load(Ordering::Relaxed) {
                continue;
            }
            let mut reports = Reports::new(self);
            reports.begun -= OFTEN;
            let done = if order.paths.is_empty() {
                self.hash_all(&order, &mut reports)
            } else {
                Some(self.hash_some(&order, &mut reports))
            };
            reports.end();
            self.publish();
            if order.stop.load(Ordering::Relaxed) {
                self.tell(News::Work(None));
            } else if let Some(done) = done {
                self.tell(News::Hashed(done));
            }
        }
    }

    fn hash_all(&self, order: &Order, reports: &mut Reports<'_>) -> Option<usize> {
        let mut shown = Instant::now();
        let mut hear = |progress: &Progress| {
            reports.hear(progress);
            if shown.elapsed() >= SELDOM {
                shown = Instant::now();
                self.publish();
            }
        };
        match self.library().hash_all(&mut hear, &order.stop) {
            Ok(done) => Some(done),
            Err(error) => {
                self.complain(error.to_string(), None);
                None
            }
        }
    }

    fn hash_some(&self, order: &Order, reports: &mut Reports<'_>) -> usize {
        let sizes: Vec<u64> = order.paths.iter().map(|path| self.size(path)).collect();
        let of_bytes: u64 = sizes.iter().sum();
        let (mut done, mut before) = (0, 0);
        for (files, (path, size)) in order.paths.iter().zip(sizes).enumerate() {
            let mut hear = |own: &Progress| {
                let left = of_bytes.saturating_sub(before + own.bytes) as f64 / own.rate.max(1.0);
                reports.hear(&Progress {
                    files,
                    of: order.paths.len(),
                    bytes: before + own.bytes,
                    of_bytes,
                    left: Some(left),
                    ..own.clone()
                });
            };
            match self.library().hash_watched(path, &mut hear, &order.stop) {
                Ok(_) => done += 1,
                Err(_) if order.stop.load(Ordering::Relaxed) => break,
                Err(error) => self.complain(format!("{} cannot be hashed: {error}", path.display()), None),
            }
            before += size;
        }
        done
    }

    fn size(&self, path: &Path) -> u64 {
        let told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        told.get(path).map_or(0, |card| card.about.bytes)
    }

    fn run(&self, ask: Ask) {
        match ask {
            Ask::Describe(card) => self.describe(&card),
            Ask::Search(words) => {
                let numbers = self.library().search(&words);
                self.tell(News::Found { words, numbers });
            }
            Ask::Favourite { path, on } => {
                if let Err(error) = self.library().set_favourite(&path, on) {
                    self.complain(error.to_string(), None);
                }
                self.publish();
            }
            Ask::Edit { card, edit, tags } => {
                let kept = self.library().edit(&card.path, &edit).and_then(|_| match &tags {
                    Some(tags) => self.library().set_tags(&card.path, tags),
                    None => Ok(()),
                });
                match kept {
                    Ok(()) => self.tell(News::Edited {
                        path: card.path.clone(),
                    }),
                    Err(error) => self.complain(error.to_string(), None),
                }
                self.publish();
                self.describe(&card);
            }
            Ask::Models | Ask::Hash(_) | Ask::StopHashing => {}
        }
    }

    fn describe(&self, card: &Card) {
        let details = Box::new(self.library().details(card));
        let path = card.path.clone();
        self.tell(News::Described { path, details });
    }
}

/// Says how far something is, not too often, and not at all of what is done in a moment.
struct Reports<'a> {
    shelf: &'a Shelf,
    begun: Instant,
    last: Option<Instant>,
}

impl<'a> Reports<'a> {
    fn new(shelf: &'a Shelf) -> Self {
        Self {
            shelf,
            begun: Instant::now(),
            last: None,
        }
    }

    fn hear(&mut self, progress: &Progress) {
        let since = self.last.unwrap_or(self.begun);
        if since.elapsed() >= OFTEN {
            self.last = Some(Instant::now());
            self.shelf.tell(News::Work(Some(progress.clone())));
        }
    }

    fn end(&self) {
        if self.last.is_some() {
            self.shelf.tell(News::Work(None));
        }
    }
}
