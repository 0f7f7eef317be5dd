//! The thread of the views beside the captions: reads headers and pictures, plans, and never writes.
//!
//! It stands beside the keeper, so that reading the headers of a hundred thousand pictures holds up no edit.

use std::collections::{HashSet, VecDeque};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use rayon::prelude::*;

use super::super::Inbox;
use super::reports::Reports;
use super::{Home, planned};
use crate::app::Msg;
use crate::data::buckets::Size;
use crate::data::buckets::hand::{self, Hand, Hands};
use crate::data::config::{self, Arguments, Config};
use crate::data::health;
use crate::data::journal::{Change, Journal};
use crate::data::picture;
use crate::data::picture::focus::Faces;
use crate::data::picture::twins::choice::groups;
use crate::data::picture::twins::pairs::pairs;
use crate::data::picture::twins::{self, prints};
use crate::data::picture::work::{Made, Operation, Place, Task, Watch, crops};
use crate::data::set::Set;
use crate::data::unread::Unread;
use crate::panes::dataset::book::Book;
use crate::panes::dataset::talk::{self, Stage, Work};
use crate::panes::dataset::views::options::Options;
use crate::panes::dataset::views::proposals::Taggers;
use crate::panes::dataset::views::talk::{Ask, News};
use crate::panes::dataset::views::twins::Found;
use crate::panes::dataset::views::twins::form::Settings;
use crate::panes::dataset::views::work::Errand;
use crate::ui::lang::told::{Sentence, Trouble};
use crate::ui::lang::truth as words;
use crate::vision::faces::YuNet;
use crate::vision::{places, results};

/// Headers that are read between two reports.
const AT_ONCE: usize = 1024;

/// The thread. Dropping it ends it.
#[derive(Debug)]
pub(super) struct Views {
    asks: Sender<Ask>,
    stop: Arc<AtomicBool>,
}

impl Views {
    /// Starts the thread, which does nothing until it is asked.
    pub(super) fn start(home: Home, inbox: Inbox) -> io::Result<Self> {
        let (asks, waiting) = mpsc::channel();
        let stop = Arc::new(AtomicBool::new(false));
        let looker = Looker {
            inbox,
            stop: Arc::clone(&stop),
            home,
            planned: None,
            made: None,
        };
        thread::Builder::new()
            .name("views".to_owned())
            .spawn(move || looker.run(&waiting))?;
        Ok(Self { asks, stop })
    }

    /// Has it do what the screen asks for.
    pub(super) fn ask(&self, ask: Ask) {
        if ask == Ask::Stop {
            self.stop.store(true, Ordering::Relaxed);
        } else {
            // The thread has ended only when the screen is being left.
            let _ = self.asks.send(ask);
        }
    }
}

impl Drop for Views {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// What the thread has.
struct Looker {
    inbox: Inbox,
    /// Set to end a long piece of work early.
    stop: Arc<AtomicBool>,
    /// Where the face detector is, and prints are remembered.
    home: Home,
    /// The last plan that makes files.
    planned: Option<Planned>,
    /// Files that wait for the journal to name them; dropped, they go.
    made: Option<Made>,
}

/// A plan that makes files.
struct Planned {
    book: Arc<Book>,
    task: Task,
    pictures: Vec<picture::work::Planned>,
}

impl Looker {
    fn run(mut self, asks: &Receiver<Ask>) {
        let mut waiting = VecDeque::new();
        while let Some(ask) = waiting.pop_front().or_else(|| asks.recv().ok()) {
            waiting.extend(asks.try_iter());
            self.stop.store(false, Ordering::Relaxed);
            self.answer(ask);
        }
    }

    fn say(&self, news: News) {
        self.inbox.tell(Msg::Dataset(talk::News::View(news)));
    }

    fn answer(&mut self, ask: Ask) {
        match ask {
            Ask::Sizes(book) => self.sizes(&book),
            Ask::Hands(root) => {
                let hands = hands(&root);
                self.say(News::Hands { root, hands });
            }
            Ask::Options { book, file } => self.options(&book, file),
            Ask::Hand {
                root,
                picture,
                hand,
                what,
            } => match set_hand(&root, &picture, hand) {
                Ok(change) => self.say(News::Ready {
                    what,
                    changes: [change].into(),
                }),
                Err(trouble) => self.say(News::Failed(trouble)),
            },
            Ask::Plan {
                book,
                pictures,
                errand,
                what,
            } => self.plan(&book, &pictures, errand, what),
            Ask::Make { without, what } => self.make(&without, what),
            Ask::Twins {
                book,
                pictures,
                settings,
            } => {
                let found = self.twins(&book, &pictures, settings).map(Box::new);
                self.say(News::Twins { book, found });
            }
            Ask::Health {
                book,
                mut options,
                file,
            } => {
                // What is wrong with the file itself is told where it is opened.
                options.config = file.and_then(|file| config(&file).ok().map(|config| (file, config)));
                let checked = self.watched(Stage::Checking, |watch| health::check(&book.set, &options, watch));
                self.say(News::Health {
                    root: book.set.root.clone(),
                    report: checked.ok().map(Arc::new),
                    whole: options.decode,
                });
            }
            Ask::Taggers { opened } => self.taggers(&opened),
            Ask::Named => self.made = None,
            Ask::Stop => {}
        }
    }

    fn sizes(&self, book: &Book) {
        let pictures = &book.set.pictures;
        let mut sizes: Vec<Result<Size, Sentence>> = Vec::with_capacity(pictures.len());
        let mut reports = Reports::new(|work| self.say(News::Work(work)));
        for (first, part) in (0..).step_by(AT_ONCE).zip(pictures.chunks(AT_ONCE)) {
            if self.stop.load(Ordering::Relaxed) {
                break;
            }
            let size = |(number, picture): (usize, &crate::data::set::Picture)| match book.set.said_size(first + number)
            {
                Some(size) => Ok(size),
                None => match picture::facts(&picture.path) {
                    Ok(facts) => Ok([facts.width, facts.height]),
                    // Whose it is, the row says.
                    Err(error) => Err(Sentence::from(&error.fault)),
                },
            };
            sizes.par_extend(part.par_iter().enumerate().map(size));
            reports.hear(Stage::Sizes, sizes.len(), pictures.len());
        }
        reports.end();
        sizes.resize(pictures.len(), Err(Sentence::of(&words::SIZES_STOPPED, &[])));
        let root = book.set.root.clone();
        let hands = hands(&root);
        self.say(News::Sizes {
            root,
            sizes: sizes.into(),
            hands,
        });
    }

    fn options(&self, book: &Book, file: PathBuf) {
        let real = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
        let options = match config(&file) {
            Ok(config) => Ok(Arc::new(Options::of_config(&book.set, &file, &config, real))),
            Err(error) => Err(Trouble::from(&error)),
        };
        self.say(News::Options {
            file,
            root: book.set.root.clone(),
            options,
        });
    }

    fn plan(&mut self, book: &Arc<Book>, pictures: &[usize], errand: Errand, what: String) {
        let task = match errand {
            Errand::Make(task) => task,
            Errand::Rename { pattern, first, by } => {
                return self.say(News::Planned(planned::rename(
                    &book.set, pictures, &pattern, first, by, what,
                )));
            }
            Errand::Cull(folder) => return self.say(News::Planned(planned::cull(&book.set, pictures, &folder, what))),
        };
        let mut note = None;
        let mut faces = None;
        if let Operation::Focus { .. } = task.operation {
            match places::faces(&self.home.roots).map(|file| YuNet::open(&file)) {
                Ok(Ok(net)) => faces = Some(net),
                Ok(Err(error)) => note = Some(Sentence::from(&error)),
                Err(missing) => note = Some(planned::no_faces(&missing)),
            }
        }
        let detector = faces.as_mut().map(|net| Mutex::new(net as &mut (dyn Faces + Send)));
        let made = self.watched(Stage::Planning, |watch| {
            picture::work::plan(&book.set, pictures, &task, detector.as_ref(), watch)
        });
        if let Some(folder) = outside(&book.set, &task) {
            note = Some(planned::uncovered(folder));
        }
        // Who stopped it wants no more of it.
        let Ok(pictures) = made else { return };
        self.say(News::Planned(planned::made(&book.set, &pictures, note, what)));
        self.planned = Some(Planned {
            book: Arc::clone(book),
            task,
            pictures,
        });
    }

    fn make(&mut self, without: &[usize], what: String) {
        let Some(Planned {
            book,
            task,
            mut pictures,
        }) = self.planned.take()
        else {
            return;
        };
        pictures.retain(|planned| !without.contains(&planned.picture));
        // Those of before that nobody has named go first.
        self.made = None;
        picture::work::sweep(&book.set, &pictures);
        let made = self.watched(Stage::Making, |watch| {
            picture::work::make(&book.set, &pictures, &task, watch)
        });
        match made {
            Ok(mut made) => {
                for trouble in &made.troubles {
                    self.say(News::Failed(Trouble::from(trouble)));
                }
                if outside(&book.set, &task).is_some() {
                    return self.settle(made);
                }
                let crops = crops(&book.set.root, &made.changes, Some(&task.operation));
                made.changes.extend(crops);
                let changes: Arc<[Change]> = made.changes.clone().into();
                self.made = Some(made);
                if !changes.is_empty() {
                    self.say(News::Ready { what, changes });
                }
            }
            Err(error) => self.say(News::Failed(Trouble::from(&error))),
        }
    }

    /// Gives new files their names in a folder outside of the set, where no journal is kept.
    fn settle(&self, made: Made) {
        if let Err(error) = self.watched(Stage::Writing, |watch| made.settle(watch)) {
            self.say(News::Failed(Trouble::from(&error)));
        }
    }

    fn taggers(&self, opened: &Path) {
        let found = places::all(&self.home.roots);
        let root = self.home.roots.first().map_or(Path::new("models"), PathBuf::as_path);
        let root = std::path::absolute(root).unwrap_or_else(|_| root.to_owned());
        let results = results::place(&self.home.data, opened);
        // Nothing was proposed yet where there is no such file.
        let proposals = results::read(&results).map(|left| left.proposals).unwrap_or_default();
        self.say(News::Taggers {
            taggers: Taggers {
                found: found.into_iter().map(|found| (found.name, found.path)).collect(),
                place: root.join("taggers").join("NAME"),
                results,
            },
            proposals,
        });
    }

    /// The near-duplicates among these pictures; none where it was stopped.
    fn twins(&self, book: &Book, pictures: &[usize], settings: Settings) -> Option<Found> {
        let set = &book.set;
        let prints = self
            .watched(Stage::Comparing, |watch| {
                prints(set, pictures, Some(&twins::place(&self.home.cache, set)), watch)
            })
            .ok()?;
        let pairs = self
            .watched(Stage::Comparing, |watch| {
                pairs(&prints.prints, settings.nearness, watch)
            })
            .ok()?;
        let pairs: Vec<_> = pairs
            .into_iter()
            .filter(|pair| settings.mirrored || !pair.mirrored)
            .collect();
        let near: HashSet<usize> = pairs.iter().flat_map(|pair| [pair.first, pair.second]).collect();
        let look = |(place, picture): (usize, &usize)| {
            let wanted = near
                .contains(&place)
                .then(|| picture::facts(&set.pictures[*picture].path).ok());
            wanted.flatten()
        };
        let facts: Vec<_> = pictures.iter().enumerate().map(look).collect();
        Some(Found {
            groups: groups(set, pictures, &facts, &pairs),
            facts: pictures
                .iter()
                .zip(&facts)
                .filter_map(|(picture, facts)| Some((*picture, (*facts)?)))
                .collect(),
            looked: pictures.len(),
            unread: prints.troubles.len(),
        })
    }

    fn watched<T>(&self, stage: Stage, work: impl FnOnce(Watch<'_>) -> T) -> T {
        watched(|work| self.say(News::Work(work)), &self.stop, stage, work)
    }
}

/// Does something on all processors, telling how far it is, until it is to stop.
pub(super) fn watched<T>(
    tell: impl FnMut(Option<Work>) + Send,
    stop: &AtomicBool,
    stage: Stage,
    work: impl FnOnce(Watch<'_>) -> T,
) -> T {
    let reports = Mutex::new(Reports::new(tell));
    let lock = || reports.lock().unwrap_or_else(PoisonError::into_inner);
    let tell = |done, of| lock().hear(stage, done, of);
    let done = work(Watch { tell: &tell, stop });
    lock().end();
    done
}

/// The folder that new pictures go into, where no undo would cover them.
fn outside<'a>(set: &Set, task: &'a Task) -> Option<&'a Path> {
    let Place::Into(folder) = &task.place else { return None };
    let folders = set.subsets.iter().map(|subset| subset.folder.clone());
    let journal = Journal::at(&set.root).with_folders(folders);
    (!journal.holds(&folder.join("picture"))).then_some(folder.as_path())
}

/// A dataset TOML, at 512x512 where it says no resolution: what the form of the buckets begins with.
pub(super) fn config(file: &Path) -> Result<Config, config::Error> {
    let arguments = Arguments {
        has_resolution: true,
        ..Arguments::default()
    };
    Config::read(file, &arguments)
}

fn hands(root: &Path) -> Result<Arc<Hands>, Trouble> {
    Hands::read(root).map(Arc::new).map_err(|error| Trouble::from(&error))
}

/// What the file of crops becomes.
fn set_hand(root: &Path, picture: &Path, hand: Option<Hand>) -> Result<Change, Trouble> {
    let path = Hands::path(root);
    let before = match std::fs::read(&path) {
        Ok(bytes) => Some(bytes),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => {
            let why = Unread::from(error).into();
            return Err(Trouble::from(&hand::Error { path, why }));
        }
    };
    let mut hands = Hands::read(root).map_err(|error| Trouble::from(&error))?;
    if !hands.set(root, picture, hand) {
        return Err(Trouble {
            message: Sentence::of(&words::NOT_UTF8, &[("name", &picture.display())]),
            hint: Some(Sentence::of(&words::NOT_UTF8_HINT, &[])),
        });
    }
    let after = Some(hands.text()).filter(|text| !text.trim().is_empty());
    Ok(Change::Write {
        path,
        before,
        after: after.map(String::into_bytes),
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_crop_set_and_given_back_leaves_no_file() {
        let folder = tempfile::tempdir().unwrap();
        let picture = folder.path().join("10_fox/a.png");
        let set = set_hand(folder.path(), &picture, Some(Hand::Focus([0.5, 0.25]))).unwrap();
        let Change::Write { path, before, after } = set else {
            panic!("it is written")
        };
        assert_eq!(before, None);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, after.unwrap()).unwrap();
        let hands = hands(folder.path()).unwrap();
        assert_eq!(hands.of(folder.path(), &picture), Some(Hand::Focus([0.5, 0.25])));
        let back = set_hand(folder.path(), &picture, None).unwrap();
        assert!(matches!(
            back,
            Change::Write {
                before: Some(_),
                after: None,
                ..
            }
        ));
        std::fs::write(&path, "not = toml = at all").unwrap();
        assert!(set_hand(folder.path(), &picture, None).is_err());
    }
}
