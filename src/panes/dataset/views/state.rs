//! The views beside the caption as a part of the dataset's state: what they need is asked for, what comes is taken in, and what is set in
//! their forms.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::View;
use super::crops::Crops;
use super::health::Health;
use super::options::{Folder, Options};
use super::proposals::Proposals;
use super::talk::{Ask, News};
use super::truth::{Matter, Truth};
use super::twins::Twins;
use super::work;
use crate::panes::dataset::State;
use crate::panes::dataset::above::{self, Above};
use crate::panes::dataset::book::Book;
use crate::panes::dataset::caption::Closed;
use crate::panes::dataset::talk;
use crate::panes::preview::{self, Finished};
use crate::ui::lang::told::{Sentence, Trouble};
use crate::ui::lang::work as words;
use crate::ui::widgets::list::{Go, Rows};
use crate::vision::TagJob;

/// The views that have a state of their own.
#[derive(Debug, Default)]
pub struct Views {
    /// What training sees of the caption.
    pub truth: Truth,
    /// What training sees of the pictures.
    pub crops: Crops,
    /// What is wrong with the set.
    pub health: Health,
    /// Near-duplicates.
    pub twins: Twins,
    /// What taggers propose.
    pub proposals: Proposals,
    /// Jobs for the engine.
    pub(super) jobs: Vec<TagJob>,
    /// The second of two pictures side by side.
    pub beside: preview::State,
    /// A long piece of work.
    pub work: Option<talk::Work>,
    /// The dataset TOML that options come from.
    pub(super) file: Option<PathBuf>,
    pub(super) options: Option<Arc<Options>>,
    /// Steps in an epoch.
    pub(super) steps: u64,
    /// What was made and waits for its names, in the words of the log.
    pub(super) made: Option<String>,
    /// What was asked for and is not here yet.
    pub(super) asked: Asked,
}

/// What was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Asked {
    sizes: bool,
    taggers: bool,
    pub(super) options: bool,
}

impl Views {
    /// The dataset TOML that options come from.
    pub fn file(&self) -> Option<&Path> {
        self.file.as_deref()
    }

    /// What training would do with each folder.
    pub fn options(&self) -> Option<&Arc<Options>> {
        self.options.as_ref()
    }

    /// Another dataset is open, or its pictures are others.
    pub fn forget(&mut self, opened: &Path, anew: bool) {
        if anew {
            let is_file = opened
                .extension()
                .is_some_and(|end| end.eq_ignore_ascii_case("toml") || end.eq_ignore_ascii_case("json"));
            self.file = is_file.then(|| opened.to_owned());
            self.twins.forget();
            self.proposals.forget();
            self.beside.forget(|_| true);
        }
        self.options = None;
        self.asked = Asked::default();
        self.crops.forget();
        self.health.forget();
    }

    /// The options, found out where they are not known.
    fn see_options(&mut self, book: &Arc<Book>, asks: &mut Vec<Ask>) -> Arc<Options> {
        if let Some(options) = &self.options {
            return Arc::clone(options);
        }
        if let (Some(file), false) = (&self.file, self.asked.options) {
            self.asked.options = true;
            asks.push(Ask::Options {
                book: Arc::clone(book),
                file: file.clone(),
            });
        }
        let options = Arc::new(Options::of_folders(&book.set));
        self.put_options(Arc::clone(&options), &book.set);
        options
    }

    fn put_options(&mut self, options: Arc<Options>, set: &crate::data::set::Set) {
        self.steps = options.steps(set);
        self.options = Some(options);
    }
}

impl State {
    /// Brings the view that is shown up to date with the picture under the cursor.
    pub fn see(&mut self) {
        let Some(book) = self.book().cloned() else { return };
        let mut asks = Vec::new();
        match self.view {
            View::Truth => self.see_truth(&book, &mut asks),
            View::Crops => self.see_crops(&book, &mut asks),
            View::Proposals => {
                if self.views.proposals.taggers.is_none() && !std::mem::replace(&mut self.views.asked.taggers, true) {
                    let opened = self.kept.open.clone().unwrap_or_else(|| book.set.root.clone());
                    asks.push(Ask::Taggers { opened });
                }
            }
            View::Health if self.views.health.is_missing() => self.check(false),
            View::Health | View::Twins | View::Caption | View::History => {}
        }
        for ask in asks {
            self.ask(talk::Ask::View(ask));
        }
    }

    fn see_truth(&mut self, book: &Arc<Book>, asks: &mut Vec<Ask>) {
        let options = self.views.see_options(book, asks);
        let Some(caption) = self
            .caption
            .as_ref()
            .filter(|caption| caption.closed() != Some(Closed::Size))
        else {
            return self.views.truth.look(None);
        };
        // As it is changed, also before it is written; kohya takes a byte order mark for a part of the text.
        let mark = caption
            .base()
            .is_some_and(|base| base.starts_with("\u{feff}".as_bytes()));
        let text = format!("{}{}", if mark { "\u{feff}" } else { "" }, caption.text());
        let there = caption.base().is_some() || !caption.text().is_empty();
        let folder = options.of(&book.set, caption.picture);
        let steps = self.views.steps;
        self.views.truth.look(folder.map(|folder| {
            Matter {
                text: there.then_some(text.as_str()),
                entry: book
                    .set
                    .pictures
                    .get(caption.picture)
                    .and_then(|picture| picture.entry.as_deref()),
                folder,
                steps,
            }
        }));
    }

    fn see_crops(&mut self, book: &Arc<Book>, asks: &mut Vec<Ask>) {
        let options = self.views.see_options(book, asks);
        if self.views.crops.wants_sizes() && !std::mem::replace(&mut self.views.asked.sizes, true) {
            asks.push(Ask::Sizes(Arc::clone(book)));
        }
        let picture = self.picture();
        let sight = picture.and_then(|picture| match self.sight.finished(book.path(picture)) {
            Some(Finished::Here(numbered)) => Some(numbered.clone()),
            _ => None,
        });
        let shown = self.shown.clone();
        let crops = &mut self.views.crops;
        if crops.moving().is_some_and(|moving| Some(moving.picture) != picture) {
            crops.end();
        }
        crops.look(book, &options, shown.as_ref());
        if let Some(picture) = picture {
            crops.frame(book, &options, picture, sight.as_ref());
        }
    }

    /// Takes news of these views' thread; gives what has gone wrong.
    pub(in crate::panes::dataset) fn hear_views(&mut self, news: News) -> Option<Trouble> {
        let root = self.book().map(|book| book.set.root.clone());
        let ours = |of: &PathBuf| root.as_ref() == Some(of);
        match news {
            News::Work(work) => self.views.work = work,
            News::Sizes { root, sizes, hands } if ours(&root) => {
                self.views.crops.put(sizes, hands);
                if !self.views.asked.sizes {
                    // Pictures became others while they were read.
                    self.views.crops.read_again();
                }
            }
            News::Hands { root, hands } if ours(&root) => self.views.crops.put_hands(hands),
            News::Options { file, root, options } if ours(&root) && self.views.file.as_ref() == Some(&file) => {
                match options {
                    Ok(options) => {
                        if let Some(book) = self.book().cloned() {
                            self.views.put_options(options, &book.set);
                        }
                    }
                    Err(trouble) => {
                        self.views.file = None;
                        return Some(trouble);
                    }
                }
            }
            News::Ready { what, changes } => self.ask(talk::Ask::Commit { what, changes }),
            News::Health { root, report, whole } if ours(&root) => self.views.health.put(report, whole),
            News::Taggers { taggers, proposals } => {
                self.views.proposals.taggers = Some(taggers);
                for proposal in proposals {
                    self.hear_proposal(proposal);
                }
            }
            News::Twins { book, found } => {
                self.views.twins.put(found.map(|found| *found), &book);
                if let Some(now) = self.book().filter(|now| !Arc::ptr_eq(now, &book)).cloned() {
                    self.views.twins.follow(&book, &now);
                }
            }
            News::Planned(plan) if plan.rows.is_empty() => return Some(nothing(&plan)),
            News::Planned(plan) => self.above = Some(Above::Plan(above::Plan::new(plan))),
            News::Failed(trouble) => return Some(trouble),
            News::Health { .. } | News::Sizes { .. } | News::Hands { .. } | News::Options { .. } => {}
        }
        None
    }

    /// Pictures have other contents under the names they had, `None` for all: what is known of their files is found out again.
    pub(in crate::panes::dataset) fn look_at_pictures_again(&mut self, paths: Option<&[PathBuf]>) {
        let paths: Option<HashSet<&Path>> = paths.map(|paths| paths.iter().map(PathBuf::as_path).collect());
        let gone = |path: &Path| paths.as_ref().is_none_or(|paths| paths.contains(path));
        self.sight.forget(gone);
        self.views.beside.forget(gone);
        self.tiles.forget(gone);
        self.views.crops.read_again();
        self.views.asked.sizes = false;
        self.views.health.forget();
        self.views.twins.change();
    }

    /// Files of the set were written: what of them lies beside the captions is read again.
    pub(in crate::panes::dataset) fn written_beside(&mut self, deed: &talk::Deed) {
        if matches!(deed, talk::Deed::Did(what) if self.views.made.as_ref() == Some(what)) {
            self.views.made = None;
            self.ask(talk::Ask::View(Ask::Named));
        }
        if let (Some(book), false) = (self.book().cloned(), self.views.crops.wants_sizes()) {
            self.ask(talk::Ask::View(Ask::Hands(book.set.root.clone())));
        }
    }

    /// Moves in the view that is shown, of which these rows are seen. Whether it is one that moves.
    pub fn go_in_view(&mut self, go: Go, rows: &Rows) -> bool {
        let height = rows.height().max(1);
        match self.view {
            View::Truth => self.views.truth.go(go, rows.width(), height),
            View::Crops => self.go_in_crops(go, height),
            View::Twins => self.views.twins.go(go, height),
            View::Health => self.views.health.go(go, height),
            View::Proposals => {
                let count = self.proposed().len();
                self.views.proposals.go(go, count, height);
            }
            View::Caption | View::History => return false,
        }
        true
    }

    fn go_in_crops(&mut self, go: Go, height: usize) {
        let rows = self.views.crops.rows();
        let now = self
            .picture()
            .and_then(|picture| self.views.crops.row_of(picture))
            .unwrap_or_default();
        let page = height.saturating_sub(1).max(1);
        let wanted = match go {
            Go::Up => now.saturating_sub(1),
            Go::Down => now + 1,
            Go::PageUp => now.saturating_sub(page),
            Go::PageDown => now + page,
            Go::Top => 0,
            Go::Bottom => usize::MAX,
            Go::To(row) => row,
        };
        if let Some(row) = rows.get(wanted.min(rows.len().saturating_sub(1))) {
            self.go_to_picture(row.picture);
        }
    }

    /// The options of the folder of the picture under the cursor.
    pub(super) fn folder(&self) -> Option<&Folder> {
        self.views.options.as_ref()?.of(&self.book()?.set, self.picture()?)
    }
}

/// That a plan comes to nothing, and why.
fn nothing(plan: &work::Plan) -> Trouble {
    let what = &plan.what;
    match plan.kept.first() {
        Some((name, why)) => Sentence::both(|lang| {
            let why = why.tell(lang);
            lang.fill(&words::NOTHING_WHY, &[("what", what), ("name", name), ("why", &why)])
        }),
        None => Sentence::of(&words::NOTHING, &[("what", what)]),
    }
    .into()
}
