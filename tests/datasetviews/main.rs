//! The views beside the captions of a dataset: what is asked of their thread, what becomes of its answers, and how they look.
//!
//! `cargo test --test datasetviews` compares what is drawn with snapshots; see `tests/screens.rs`.
#![allow(missing_docs, clippy::unwrap_used, clippy::missing_panics_doc)]

mod crops;
#[path = "../support/app.rs"]
mod desk;
mod draws;
mod others;

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use danlu::app::effect::Role;
use danlu::app::{Effect, Msg};
use danlu::data::buckets::hand::Hands;
use danlu::data::config::{Arguments, Config};
use danlu::data::health;
use danlu::data::picture;
use danlu::data::picture::twins::choice::{Because, Group, Twin};
use danlu::data::set::{Options, Set};
use danlu::data::tags::Index;
use danlu::engine::Request;
use danlu::panes::dataset::book::Book;
use danlu::panes::dataset::talk::{self, News};
use danlu::panes::dataset::views;
use danlu::panes::dataset::views::proposals::Taggers;
use danlu::panes::dataset::views::talk::Ask;
use danlu::panes::dataset::views::twins::Found;
use danlu::term::graphics::Picture;
use danlu::ui::lang::Lang;
use danlu::ui::lang::told::{Sentence, Trouble};
use image::{Rgb, RgbImage};
use ratatui::layout::Size;
use tempfile::TempDir;

use desk::{Desk, start};

/// A workstation with a small dataset open, and the thread of the views made up.
pub struct Shop {
    pub desk: Desk,
    pub folder: TempDir,
    pub book: Arc<Book>,
    /// What was asked of the keeper itself.
    pub asked: Vec<talk::Ask>,
    /// What was asked of the thread and has no answer here.
    pub unanswered: RefCell<Vec<Ask>>,
    /// What was sent to the engine.
    pub sent: Vec<Request>,
    /// The taggers that are there.
    pub taggers: Taggers,
}

/// Pictures by name and size, with their captions.
const PICTURES: [(&str, [u32; 2], &str); 5] = [
    ("10_fox/long", [900, 300], "fox, snow, wide view"),
    ("10_fox/square", [512, 512], "fox, sitting, snow, 1girl, red scarf"),
    ("10_fox/small", [200, 260], "fox"),
    ("10_fox/tall", [400, 700], "fox, standing"),
    ("1_reg/other", [640, 480], "a photo of an owl"),
];

/// A picture in which one sees what was cut away: a disc on stripes.
fn disc([width, height]: [u32; 2]) -> RgbImage {
    let middle = [width / 3, height / 3].map(f64::from);
    let radius = f64::from(width.min(height)) / 4.0;
    RgbImage::from_fn(width, height, |x, y| {
        let away = (f64::from(x) - middle[0]).hypot(f64::from(y) - middle[1]);
        let stripe = (x / 40 + y / 40) % 2 == 0;
        match (away < radius, stripe) {
            (true, _) => Rgb([230, 90, 40]),
            (false, true) => Rgb([120, 170, 210]),
            (false, false) => Rgb([150, 200, 150]),
        }
    })
}

/// The book of a folder.
fn book(folder: &Path) -> Arc<Book> {
    let set = Set::open(folder, &Options::default()).unwrap();
    let index = Index::of(&set);
    Arc::new(Book { set, index })
}

impl Shop {
    pub fn open(width: u16, height: u16, lang: Lang) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("foxes");
        for (name, size, caption) in PICTURES {
            let path = root.join(name).with_extension("png");
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            disc(size).save(&path).unwrap();
            std::fs::write(path.with_extension("txt"), caption).unwrap();
        }
        let mut begin = start(Size::new(width, height));
        begin.lang = lang;
        let mut shop = Self {
            desk: Desk::of(begin),
            book: book(&root),
            folder,
            asked: Vec::new(),
            unanswered: RefCell::default(),
            sent: Vec::new(),
            taggers: Taggers {
                place: "/models/taggers/NAME".into(),
                ..Taggers::default()
            },
        };
        shop.press("f12");
        let news = News::Opened {
            path: root,
            book: Arc::clone(&shop.book),
            interrupted: None,
        };
        shop.tell(Msg::Dataset(news));
        shop
    }

    /// Presses keys; what is asked of the thread of the views is answered at once.
    pub fn press(&mut self, keys: &str) {
        let effects = self.desk.press(keys);
        self.work(effects);
    }

    pub fn tell(&mut self, msg: Msg) {
        let effects = self.desk.tell(msg);
        self.work(effects);
    }

    fn work(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                Effect::Dataset(talk::Ask::View(ask)) => {
                    if let Some(news) = self.answer(ask) {
                        self.tell(Msg::Dataset(News::View(news)));
                    }
                }
                Effect::Dataset(ask) => self.asked.push(ask),
                Effect::Send(request) => self.sent.push(request),
                Effect::Load(load) if [Role::Sight, Role::Beside].contains(&load.role) => {
                    let read = image::open(&load.path).map(image::DynamicImage::into_rgb8);
                    let picture = read.map(|read| Picture {
                        width: read.width(),
                        height: read.height(),
                        rgb: read.into_raw().into(),
                    });
                    let picture = picture.map_err(|_| Sentence::plain("is broken"));
                    self.tell(Msg::Loaded { load, picture });
                }
                _ => {}
            }
        }
    }

    fn answer(&self, ask: Ask) -> Option<views::talk::News> {
        use views::talk::News;
        let root = self.book.set.root.clone();
        let hands = || Ok(Arc::new(Hands::read(&root).unwrap()));
        Some(match ask {
            Ask::Sizes(book) => {
                let size = |picture: &danlu::data::set::Picture| {
                    let facts = picture::facts(&picture.path).map_err(|error| Sentence::from(&error.fault))?;
                    Ok([facts.width, facts.height])
                };
                News::Sizes {
                    hands: hands(),
                    sizes: book.set.pictures.iter().map(size).collect(),
                    root,
                }
            }
            Ask::Hands(_) => News::Hands { hands: hands(), root },
            Ask::Options { book, file } => {
                let options = Config::read(&file, &Arguments::default()).map(|config| {
                    Arc::new(views::options::Options::of_config(
                        &book.set,
                        &file,
                        &config,
                        Path::to_owned,
                    ))
                });
                News::Options {
                    options: options.map_err(|error| Trouble::from(&error)),
                    file,
                    root,
                }
            }
            Ask::Health { book, options, .. } => {
                let stop = AtomicBool::new(false);
                let watch = picture::work::Watch {
                    tell: &|_, _| {},
                    stop: &stop,
                };
                News::Health {
                    report: health::check(&book.set, &options, watch).ok().map(Arc::new),
                    whole: options.decode,
                    root,
                }
            }
            Ask::Twins { book, pictures, .. } => {
                let twin = Twin {
                    picture: 1,
                    distance: 4,
                    likeness: 0.987,
                    mirrored: false,
                    because: Because::Pixels(280_000, 50_000),
                };
                let facts = |at: usize| Some((at, picture::facts(book.path(at)).ok()?));
                let found = Found {
                    groups: vec![Group {
                        keep: 3,
                        others: vec![twin],
                    }],
                    facts: [1, 3].into_iter().filter_map(facts).collect(),
                    looked: pictures.len(),
                    unread: 0,
                };
                News::Twins {
                    found: Some(Box::new(found)),
                    book,
                }
            }
            Ask::Taggers { .. } => News::Taggers {
                taggers: self.taggers.clone(),
                proposals: Vec::new(),
            },
            other => {
                self.unanswered.borrow_mut().push(other);
                return None;
            }
        })
    }

    /// The set is read again, after pictures came or went.
    pub fn follow(&mut self) {
        self.book = book(&self.book.set.root);
        let news = News::Changed {
            book: Arc::clone(&self.book),
            captions: None,
            outside: false,
        };
        self.tell(Msg::Dataset(news));
    }

    /// A picture of the set.
    pub fn path(&self, name: &str) -> PathBuf {
        self.book.set.root.join(name)
    }

    /// The screen as text.
    pub fn text(&mut self) -> String {
        desk::text(&self.desk.drawn())
    }
}

/// A view in both languages.
pub fn in_both(width: u16, height: u16, then: impl Fn(&mut Shop)) -> String {
    let draw = |lang| {
        let mut shop = Shop::open(width, height, lang);
        then(&mut shop);
        shop.text()
    };
    format!("{}\n{}", draw(Lang::En), draw(Lang::Zh))
}
