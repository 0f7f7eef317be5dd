//! Pictures that look nearly the same, two side by side: which is the better one and why, and a key that keeps it.
//!
//! The thread of these views finds them ([`Found`]); what goes to the trash goes by the journal. [`form`] says how near is near, [`view`]
//! draws.

pub mod form;
mod view;

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::work;
use crate::data::journal::Change;
use crate::data::picture::Facts;
use crate::data::picture::twins::choice::{Group, Twin, changes};
use crate::data::set::Set;
use crate::panes::dataset::book::Book;
use crate::ui::lang::told::Sentence;
use crate::ui::lang::{Lang, twins as words};
use crate::ui::widgets::list::{Go, ListState};

pub use view::Scene;

/// What was found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The groups, by the picture that is kept.
    pub groups: Vec<Group>,
    /// What the headers of their pictures say.
    pub facts: HashMap<usize, Facts>,
    /// How many pictures were looked at.
    pub looked: usize,
    /// How many of them cannot be read.
    pub unread: usize,
}

/// The near-duplicates of a set.
#[derive(Debug, Default)]
pub struct Twins {
    /// As they were found, by the numbers that pictures had then, with the files of those: what was taken back is there again.
    origin: Option<(Found, HashMap<usize, PathBuf>)>,
    /// Those whose pictures are there, by the numbers they have now.
    found: Option<Found>,
    /// Group and place in it, of each pair.
    pairs: Vec<(usize, usize)>,
    list: ListState,
    /// What is looked for.
    pub settings: form::Settings,
    /// Whether the search runs.
    pub searching: bool,
    /// How often pictures came or became others; that number when the search began, and when that began which has found these.
    changes: u64,
    began: u64,
    knows: u64,
}

impl Twins {
    /// The search begins.
    pub fn begin(&mut self, settings: form::Settings) {
        self.settings = settings;
        self.searching = true;
        self.began = self.changes;
    }

    /// They were found in this set, or the search was stopped.
    pub fn put(&mut self, found: Option<Found>, book: &Book) {
        self.searching = false;
        if let Some(found) = found {
            let of_group = |group: &Group| {
                let others = group.others.iter().map(|twin| twin.picture);
                others.chain([group.keep]).collect::<Vec<_>>()
            };
            let paths = found.groups.iter().flat_map(of_group);
            let paths = paths.map(|picture| (picture, book.path(picture).to_owned())).collect();
            self.origin = Some((found.clone(), paths));
            self.knows = self.began;
            self.found = Some(found);
            self.list = ListState::default();
            self.pair();
        }
    }

    /// Pictures are others than when they were compared.
    pub fn change(&mut self) {
        self.changes += 1;
    }

    /// Whether pictures came or became others since they were compared.
    pub fn is_outdated(&self) -> bool {
        self.found.is_some() && self.knows != self.changes
    }

    fn pair(&mut self) {
        let groups = self.found.iter().flat_map(|found| found.groups.iter().enumerate());
        self.pairs = groups
            .flat_map(|(group, of)| (0..of.others.len()).map(move |other| (group, other)))
            .collect();
    }

    /// Forgets them, as another set is open.
    pub fn forget(&mut self) {
        self.origin = None;
        self.found = None;
        self.pairs.clear();
        self.searching = false;
    }

    /// Pictures came or went: the groups are what is there of those that were found, under the pictures' new numbers.
    pub fn follow(&mut self, before: &Book, book: &Book) {
        let Some((found, paths)) = &self.origin else { return };
        let pictures = book.set.pictures.iter().zip(0_usize..);
        let places: HashMap<&Path, usize> = pictures.map(|(picture, at)| (picture.path.as_path(), at)).collect();
        let there = before.set.pictures.iter().map(|picture| &picture.path);
        let known: HashSet<&Path> = there.chain(paths.values()).map(PathBuf::as_path).collect();
        if places.keys().any(|path| !known.contains(path)) {
            self.changes += 1;
        }
        let now = |picture: usize| places.get(paths.get(&picture)?.as_path()).copied();
        let mut found = found.clone();
        found.groups.retain_mut(|group| {
            group
                .others
                .retain_mut(|twin| now(twin.picture).map(|at| twin.picture = at).is_some());
            now(group.keep).map(|at| group.keep = at).is_some() && !group.others.is_empty()
        });
        found.facts = found
            .facts
            .drain()
            .filter_map(|(picture, facts)| Some((now(picture)?, facts)))
            .collect();
        self.found = Some(found);
        self.pair();
    }

    /// What was found.
    pub fn found(&self) -> Option<&Found> {
        self.found.as_ref()
    }

    /// How many pairs there are.
    pub fn count(&self) -> usize {
        self.pairs.len()
    }

    /// The pair in a row: the picture that is better, and the other.
    pub fn pair_at(&self, row: usize) -> Option<(usize, &Twin)> {
        let (group, other) = *self.pairs.get(row)?;
        let group = self.found.as_ref()?.groups.get(group)?;
        Some((group.keep, group.others.get(other)?))
    }

    /// The pair under the cursor.
    pub fn current(&self) -> Option<(usize, &Twin)> {
        self.pair_at(self.list.selected(self.count())?)
    }

    /// Moves the cursor.
    pub fn go(&mut self, go: Go, height: usize) {
        self.list.go(go, self.count(), height);
    }

    /// What puts one of the pair under the cursor into the trash: the worse, or the one that is called better.
    pub fn trash(&self, set: &Set, worse: bool) -> Option<Arc<[Change]>> {
        let (keep, twin) = self.current()?;
        let (keep, gone) = if worse {
            (keep, twin.picture)
        } else {
            (twin.picture, keep)
        };
        let group = Group {
            keep,
            others: vec![Twin {
                picture: gone,
                ..twin.clone()
            }],
        };
        Some(changes(set, &[group], true).into())
    }
}

/// What goes to the trash if the best of every group is kept. Mirrored copies stay unless `mirrored` says otherwise.
pub fn plan(book: &Book, found: &Found, mirrored: bool) -> work::Plan {
    let name = |picture: usize| book.name(picture).into_owned();
    let row = |group: &Group| {
        let gone: Vec<String> = group
            .others
            .iter()
            .filter(|twin| mirrored || !twin.mirrored)
            .map(|twin| name(twin.picture))
            .collect();
        (!gone.is_empty()).then(|| work::Row {
            picture: group.keep,
            name: name(group.keep),
            told: Sentence::plain(format!("- {}", gone.join(", "))),
            changes: changes(&book.set, std::slice::from_ref(group), mirrored),
            left_out: false,
        })
    };
    work::Plan {
        what: Lang::En.say(&words::KEPT_ALL).to_owned(),
        rows: found.groups.iter().filter_map(row).collect(),
        kept: Vec::new(),
        makes: false,
        note: None,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::picture::twins::choice::Because;
    use crate::data::set::Options;
    use crate::data::tags::Index;

    fn book(folder: &Path) -> Book {
        let set = Set::open(folder, &Options::default()).unwrap();
        let index = Index::of(&set);
        Book { set, index }
    }

    fn twin(picture: usize) -> Twin {
        Twin {
            picture,
            distance: 3,
            likeness: 0.98,
            mirrored: false,
            because: Because::Equal,
        }
    }

    #[test]
    fn pairs_stay_with_their_pictures_when_one_goes_to_the_trash() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["a.png", "b.png", "c.png", "d.png", "b.txt"] {
            std::fs::write(path(name), name).unwrap();
        }
        let before = book(folder.path());
        let mut twins = Twins::default();
        let groups = vec![Group {
            keep: 2,
            others: vec![twin(1), twin(3)],
        }];
        let found = Found {
            groups,
            looked: 4,
            ..Found::default()
        };
        twins.put(Some(found), &before);
        assert_eq!(twins.count(), 2);
        let gone = twins.trash(&before.set, true).unwrap();
        assert!(gone.contains(&Change::Trash { path: path("b.png") }), "{gone:?}");
        let other = twins.trash(&before.set, false).unwrap();
        assert!(other.contains(&Change::Trash { path: path("c.png") }), "{other:?}");
        std::fs::remove_file(path("b.png")).unwrap();
        let after = book(folder.path());
        twins.follow(&before, &after);
        let (keep, twin) = twins.current().unwrap();
        assert_eq!(
            (after.path(keep), after.path(twin.picture)),
            (path("c.png").as_path(), path("d.png").as_path())
        );
        // Taken back, it is there again, and nothing has to be compared for that.
        std::fs::write(path("b.png"), "b.png").unwrap();
        let back = book(folder.path());
        twins.follow(&after, &back);
        assert_eq!((twins.count(), twins.is_outdated()), (2, false));
        // One that nobody has compared.
        std::fs::write(path("a2.png"), "").unwrap();
        let more = book(folder.path());
        twins.follow(&back, &more);
        assert_eq!((twins.count(), twins.is_outdated()), (2, true));
        twins.begin(form::Settings::default());
        assert!(twins.is_outdated());
        twins.put(Some(Found::default()), &more);
        assert!(!twins.is_outdated());
    }
}
