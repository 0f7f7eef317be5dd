//! A keeper of datasets on the test's own thread: it reads the real files of the shipped set and answers at once, but writes nothing.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use std::path::PathBuf;
use std::sync::{Arc, OnceLock};

use danlu::app::{Effect, Msg};
use danlu::data::edit::{self, Choices};
use danlu::data::query::{Facts, Ground, Query};
use danlu::data::set::{Options, Set};
use danlu::data::tags::{Index, Order};
use danlu::data::tokens::Counter;
use danlu::panes::dataset::book::Book;
use danlu::panes::dataset::sheet::{Leaf, Sheet};
use danlu::panes::dataset::tags::Row;
use danlu::panes::dataset::talk::{Ask, News};
use danlu::ui::lang::told::Trouble;

use super::Desk;

/// The set that comes with danlu.
pub fn shipped() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("datasets/fluent")
}

/// The same, read once.
pub fn shipped_book() -> Arc<Book> {
    static BOOK: OnceLock<Arc<Book>> = OnceLock::new();
    Arc::clone(BOOK.get_or_init(|| book(&shipped())))
}

/// A set that nobody would make: names and captions with control characters, no UTF-8, no end.
pub fn hostile() -> Arc<Book> {
    let mut set: Set = shipped_book().set.clone();
    let [long, many] = ["x".repeat(100_000), ",".repeat(5000)];
    let bytes: [&[u8]; 7] = [
        b"",
        b"\xff\xfe,\xff",
        b"a\0b, \x1b[2J, c\r\n,,d\n\n",
        "\u{feff}狐狸,\u{202e}gnp, e\u{301}\u{301}".as_bytes(),
        b" , , ,\n",
        long.as_bytes(),
        many.as_bytes(),
    ];
    for (at, picture) in set.pictures.iter_mut().enumerate() {
        if let Some(caption) = &mut picture.caption {
            caption.document.bytes = bytes[at % bytes.len()].into();
        }
        if at % 3 == 0 {
            picture.path = format!("/sets/a\nb\u{1b}[2J{}/狐{at}.png", "长".repeat(at)).into();
        }
        if at % 11 == 0 {
            picture.caption = None;
        }
    }
    let index = Index::of(&set);
    Arc::new(Book { set, index })
}

pub fn book(path: &std::path::Path) -> Arc<Book> {
    let set = Set::open(path, &Options::default()).unwrap();
    let index = Index::of(&set);
    Arc::new(Book { set, index })
}

struct Marked<'a>(&'a std::collections::BTreeSet<usize>);

impl Facts for Marked<'_> {
    fn marked(&self, picture: usize) -> bool {
        self.0.contains(&picture)
    }
}

pub fn asks(effects: &[Effect]) -> Vec<Ask> {
    let ask = |effect: &Effect| match effect {
        Effect::Dataset(ask) => Some(ask.clone()),
        _ => None,
    };
    effects.iter().filter_map(ask).collect()
}

impl Desk {
    /// Shows the dataset with the shipped set open.
    pub fn open_shipped(&mut self) {
        self.press("f12 o");
        self.paste(shipped().to_str().unwrap());
        let effects = self.press("enter");
        self.keep(effects);
    }

    /// Presses keys, and answers what they ask of the keeper and of the disk.
    pub fn work(&mut self, keys: &str) -> Vec<Ask> {
        let effects = self.press(keys);
        self.keep(effects)
    }

    /// Types a text, likewise.
    pub fn type_in(&mut self, text: &str) -> Vec<Ask> {
        let effects = self.write(text);
        self.keep(effects)
    }

    /// Answers what was asked of the keeper and of the disk, and what comes of that. Gives all that was asked.
    pub fn keep(&mut self, effects: Vec<Effect>) -> Vec<Ask> {
        let mut all = Vec::new();
        let mut waiting = effects;
        while !waiting.is_empty() {
            self.load(&waiting);
            let asked = asks(&waiting);
            waiting = Vec::new();
            for ask in asked {
                if let Some(news) = news_of(&ask, shipped_book()) {
                    waiting.extend(self.tell(Msg::Dataset(news)));
                }
                all.push(ask);
            }
        }
        all
    }
}

/// The answer to an ask, as far as it needs no journal.
pub fn news_of(ask: &Ask, book: Arc<Book>) -> Option<News> {
    Some(match ask {
        Ask::Open { path, .. } => News::Opened {
            path: path.clone(),
            book,
            interrupted: None,
        },
        Ask::Filter { ticket, query, marked } => News::Filtered {
            ticket: *ticket,
            found: match Query::parse(query) {
                Ok(query) if query.is_empty() => Ok(None),
                Ok(query) => Ok(Some(
                    query
                        .select(&Ground {
                            set: &book.set,
                            index: &book.index,
                            tokens: &Counter::default(),
                            facts: &Marked(marked),
                        })
                        .into(),
                )),
                Err(error) => Err(Trouble::from(&error)),
            },
        },
        Ask::Tags { ticket, order, among } => {
            if among.iter().any(|among| among.iter().any(|at| *at >= book.len())) {
                return None;
            }
            let counts = book.index.counts(among.as_deref());
            let surprises = book.index.surprises(among.as_deref());
            let surprise = |tag| surprises.iter().find(|one| one.tag == tag).copied();
            let rows = book.index.sorted(*order, among.as_deref()).into_iter().map(|tag| Row {
                tag,
                count: counts.occurrences[tag.0 as usize],
                captions: counts.captions[tag.0 as usize],
                surprise: (*order == Order::Surprise).then(|| surprise(tag)).flatten(),
            });
            News::Tags {
                ticket: *ticket,
                rows: rows.collect(),
                of: counts.captioned as usize,
            }
        }
        Ask::Plan { edit, pictures, .. } => {
            let pictures: Vec<usize> = pictures.iter().copied().filter(|at| *at < book.len()).collect();
            let plan = edit::plan(&book.set, &book.index, edit, &pictures, &Choices::default()).ok()?;
            News::Planned(Arc::new(Sheet {
                command: Some(format!("danlu tags {} datasets/fluent --write", plan.edit)),
                what: plan.edit,
                separator: ",".to_owned(),
                root: book.set.root.clone(),
                refused: Sheet::refused(plan.refused),
                leaves: plan
                    .changes
                    .into_iter()
                    .map(|change| Leaf {
                        path: change.path,
                        before: change.before,
                        after: change.after,
                        left_out: false,
                    })
                    .collect(),
                ..Sheet::default()
            }))
        }
        _ => return None,
    })
}
