//! What taggers and captioners propose: a diff for each picture with confidences, taken tag by tag, picture by picture or by threshold.
//!
//! Proposals come from the engine while a job runs, or from what an earlier job left on the disk. Nothing is written before it is taken, and
//! then by the journal. [`form`] begins a job, [`view`] draws.

pub mod form;
pub(super) mod view;

use std::collections::{BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use crate::data::edit::Choices;
use crate::data::edit::propose::{self, Conflict, Proposal};
use crate::data::set::Set;
use crate::panes::dataset::sheet::{Leaf, Sheet};
use crate::ui::widgets::list::{Go, ListState};

pub use view::Scene;

/// What there is of taggers on this machine.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Taggers {
    /// Their names and folders.
    pub found: Vec<(String, PathBuf)>,
    /// Where one is to be put, where there is none.
    pub place: PathBuf,
    /// Where proposals for the set are kept.
    pub results: PathBuf,
}

/// The proposals for a set.
#[derive(Debug, Default)]
pub struct Proposals {
    by: HashMap<PathBuf, Entry>,
    list: ListState,
    /// Taggers that are there; none while that is not known.
    pub taggers: Option<Taggers>,
    /// What the forms begin with.
    pub settings: form::Settings,
}

#[derive(Debug)]
struct Entry {
    proposal: Proposal,
    /// Tags that are not wanted.
    out: BTreeSet<String>,
}

/// A proposed tag, or a sentence.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// It.
    pub text: String,
    /// How sure the tagger is; none of a sentence.
    pub confidence: Option<f32>,
    /// Whether the caption has it already.
    pub there: bool,
    /// Whether it is not wanted.
    pub out: bool,
}

impl Proposals {
    /// Another set is open.
    pub fn forget(&mut self) {
        self.by.clear();
        self.taggers = None;
    }

    /// A proposal came. A newer one takes an older one's place.
    pub fn put(&mut self, proposal: Proposal) {
        let entry = Entry {
            out: BTreeSet::new(),
            proposal,
        };
        self.by.insert(entry.proposal.picture.clone(), entry);
    }

    /// For how many pictures something is proposed.
    pub fn len(&self) -> usize {
        self.by.len()
    }

    /// Whether nothing is proposed.
    pub fn is_empty(&self) -> bool {
        self.by.is_empty()
    }

    /// Whether something is proposed for a picture.
    pub fn has(&self, picture: &Path) -> bool {
        self.by.contains_key(picture)
    }

    /// What is proposed for a picture, against the tags of its caption.
    pub fn rows(&self, picture: &Path, tags: &BTreeSet<&str>) -> Vec<Row> {
        let Some(entry) = self.by.get(picture) else {
            return Vec::new();
        };
        let row = |text: &str, confidence: Option<f32>| Row {
            text: text.to_owned(),
            confidence,
            there: tags.contains(text),
            out: entry.out.contains(text) || confidence.is_some_and(|sure| sure < self.settings.accept),
        };
        let labels = entry
            .proposal
            .tags
            .iter()
            .map(|label| row(&label.text, Some(label.confidence)));
        let sentence = entry.proposal.caption.iter().map(|sentence| row(sentence, None));
        labels.chain(sentence).collect()
    }

    /// Moves the cursor among so many rows.
    pub fn go(&mut self, go: Go, count: usize, height: usize) {
        self.list.go(go, count, height);
    }

    /// Leaves the tag under the cursor out, or takes it in again.
    pub fn leave_out(&mut self, picture: &Path, rows: &[Row]) {
        let row = self.list.selected(rows.len()).and_then(|at| rows.get(at));
        if let (Some(row), Some(entry)) = (row, self.by.get_mut(picture))
            && !entry.out.remove(&row.text)
        {
            entry.out.insert(row.text.clone());
        }
    }

    /// The cursor goes to the first row, as another picture is looked at.
    pub fn begin(&mut self) {
        self.list = ListState::default();
    }

    /// What of a proposal is wanted.
    fn wanted(&self, entry: &Entry) -> Proposal {
        let mut proposal = entry.proposal.clone();
        proposal
            .tags
            .retain(|label| !entry.out.contains(&label.text) && label.confidence >= self.settings.accept);
        proposal.caption = proposal.caption.filter(|sentence| !entry.out.contains(sentence));
        proposal
    }

    /// The captions with what is wanted: of one picture, or of all.
    pub fn sheet(&self, set: &Set, picture: Option<&Path>, what: String) -> Sheet {
        let of = |entry: &&Entry| picture.is_none_or(|picture| entry.proposal.picture == picture);
        let wanted: Vec<Proposal> = self.by.values().filter(of).map(|entry| self.wanted(entry)).collect();
        let mut plan = propose::plan(set, &wanted, self.settings.conflict(), &Choices::default());
        plan.changes.sort_by_key(|planned| planned.picture);
        let leaf = |planned: crate::data::edit::Planned| Leaf {
            path: planned.path,
            before: planned.before,
            after: planned.after,
            left_out: false,
        };
        Sheet {
            what,
            separator: set.options.separator.clone(),
            root: set.root.clone(),
            leaves: plan.changes.into_iter().map(leaf).collect(),
            refused: Sheet::refused(plan.refused),
            ..Sheet::default()
        }
    }

    /// The proposal of a picture was taken or is not wanted.
    pub fn drop(&mut self, picture: &Path) {
        self.by.remove(picture);
        self.begin();
    }
}

impl form::Settings {
    /// What becomes of captions that are there. What is looked at one by one is meant to come in, so that leaving them alone is no choice.
    fn conflict(&self) -> Conflict {
        if self.job_conflict == Conflict::Ignore {
            Conflict::Append
        } else {
            self.job_conflict
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::edit::propose::{Kind, Label};
    use crate::data::set::Options;

    #[test]
    fn only_what_is_wanted_comes_into_the_caption() {
        let folder = tempfile::tempdir().unwrap();
        let picture = folder.path().join("a.png");
        std::fs::write(&picture, "").unwrap();
        std::fs::write(folder.path().join("a.txt"), "fox, snow").unwrap();
        let set = Set::open(folder.path(), &Options::default()).unwrap();
        let label = |(text, confidence): (&str, f32)| Label {
            text: text.to_owned(),
            confidence,
            kind: Kind::General,
        };
        let mut proposals = Proposals::default();
        proposals.put(Proposal {
            picture: picture.clone(),
            tags: [("snow", 0.9), ("sitting", 0.8), ("scarf", 0.7), ("hat", 0.4)]
                .map(label)
                .to_vec(),
            ..Proposal::default()
        });
        let tags = BTreeSet::from(["fox", "snow"]);
        let rows = proposals.rows(&picture, &tags);
        assert_eq!(
            rows.iter().map(|row| row.there).collect::<Vec<_>>(),
            [true, false, false, false]
        );
        proposals.go(Go::To(2), rows.len(), 10);
        proposals.leave_out(&picture, &rows);
        proposals.settings.accept = 0.5;
        let sheet = proposals.sheet(&set, None, String::new());
        assert_eq!(sheet.leaves[0].after.as_deref(), Some(b"fox, snow, sitting".as_slice()));
        proposals.drop(&picture);
        assert!(proposals.sheet(&set, None, String::new()).leaves.is_empty());
    }
}
