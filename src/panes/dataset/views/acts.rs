//! What is done in these views: work carried out, proposals taken, near-duplicates sorted out, crops moved.

use std::sync::Arc;

use super::options::Options;
use super::proposals::{self, view};
use super::talk::Ask;
use super::{View, twins, work};
use crate::data::buckets::hand::Hand;
use crate::data::health;
use crate::panes::dataset::State;
use crate::panes::dataset::above::{self, Above};
use crate::panes::dataset::talk;
use crate::ui::lang::{Lang, truth as words};
use crate::ui::widgets::list::Go;
use crate::vision::job::Name;
use crate::vision::{Proposal, TagJob};

impl State {
    /// Does what was planned, but for what is left out.
    pub fn carry_out(&mut self, plan: work::Plan) {
        if plan.count() == 0 {
            return;
        }
        self.write_caption();
        let ask = if plan.makes {
            self.views.made = Some(plan.what.clone());
            talk::Ask::View(Ask::Make {
                without: plan.without(),
                what: plan.what,
            })
        } else {
            talk::Ask::Commit {
                changes: plan.changes(),
                what: plan.what,
            }
        };
        self.ask(ask);
    }

    /// A tagger proposes something for a picture of this set.
    pub fn hear_proposal(&mut self, proposal: Proposal) {
        let ours = self
            .book()
            .is_some_and(|book| proposal.picture.starts_with(&book.set.root));
        if ours {
            self.views.proposals.put(proposal);
        }
    }

    /// Jobs that are to be given to the engine.
    pub fn take_jobs(&mut self) -> Vec<TagJob> {
        std::mem::take(&mut self.views.jobs)
    }

    pub(super) fn begin_job(&mut self, settings: proposals::form::Settings, pictures: &[usize]) {
        let (Some(book), Some(model)) = (self.book().cloned(), settings.model.clone()) else {
            return;
        };
        self.write_caption();
        let opened = self.kept.open.clone().unwrap_or_else(|| book.set.root.clone());
        let mut job = TagJob::new(opened, model);
        job.extension.clone_from(&book.set.options.extension);
        job.separator.clone_from(&book.set.options.separator);
        job.settings.tagging = settings.tagging.clone();
        job.settings.captioning = settings.captioning.clone();
        job.conflict = settings.job_conflict;
        let taggers = self.views.proposals.taggers.as_ref();
        job.results = taggers
            .map(|taggers| taggers.results.clone())
            .filter(|results| !results.as_os_str().is_empty());
        if pictures.len() < book.len() {
            job.pictures = Some(
                pictures
                    .iter()
                    .map(|picture| Name(book.path(*picture).to_owned()))
                    .collect(),
            );
        }
        self.views.proposals.settings = settings;
        self.views.jobs.push(job);
    }

    /// What is proposed for the picture under the cursor.
    pub fn proposed(&self) -> Vec<proposals::Row> {
        let (Some(book), Some(picture)) = (self.book(), self.picture()) else {
            return Vec::new();
        };
        let tags = view::tags_of(book, picture);
        self.views.proposals.rows(book.path(picture), &tags)
    }

    /// Leaves the proposed tag under the cursor out, or takes it in again.
    pub fn leave_proposed_out(&mut self, height: usize) {
        let (Some(book), Some(picture)) = (self.book().cloned(), self.picture()) else {
            return;
        };
        let rows = self.proposed();
        self.views.proposals.leave_out(book.path(picture), &rows);
        self.views.proposals.go(Go::Down, rows.len(), height);
    }

    /// Writes what is wanted of the picture's proposal, and goes on to the next.
    pub fn accept_proposal(&mut self) {
        let (Some(book), Some(picture)) = (self.book().cloned(), self.picture()) else {
            return;
        };
        let path = book.path(picture);
        if self.views.proposals.has(path) {
            self.write_caption();
            let what = format!("auto {}", book.name(picture));
            let sheet = self.views.proposals.sheet(&book.set, Some(path), what);
            if !sheet.leaves.is_empty() {
                self.ask(talk::Ask::Write(Arc::new(sheet)));
            }
            self.views.proposals.drop(path);
        }
        self.next_proposal();
    }

    /// Goes to the next shown picture that something is proposed for.
    pub fn next_proposal(&mut self) {
        let Some(book) = self.book().cloned() else { return };
        let (count, now) = (self.count(), self.row().unwrap_or_default());
        let has = |row: &usize| {
            self.picture_at(*row)
                .is_some_and(|picture| self.views.proposals.has(book.path(picture)))
        };
        let next = (1..=count).map(|step| (now + step) % count.max(1)).find(has);
        if let Some(picture) = next.and_then(|row| self.picture_at(row)) {
            self.go_to_picture(picture);
            self.views.proposals.begin();
        }
    }

    /// Asks what is wrong with the set; with `whole`, every picture is read.
    pub fn check(&mut self, whole: bool) {
        let Some(book) = self.book().cloned() else { return };
        let dataset = self.folder().map_or(0, |folder| folder.dataset);
        let options = self
            .views
            .options
            .clone()
            .unwrap_or_else(|| Arc::new(Options::of_folders(&book.set)));
        let options = health::Options {
            buckets: self.views.crops.settings(&options, dataset),
            tokens: self.views.truth.settings().limit,
            decode: whole,
            ..health::Options::default()
        };
        self.views.health.looking = true;
        let file = self.views.file.clone();
        self.ask(talk::Ask::View(Ask::Health { book, options, file }));
    }

    /// Marks the pictures of the finding under the cursor and shows only them. Whether it is about any.
    pub fn show_finding(&mut self) -> bool {
        let Some(book) = self.book().cloned() else { return false };
        let pictures = self.views.health.pictures(&book);
        if pictures.is_empty() {
            return false;
        }
        self.marked = pictures;
        self.set_query("marked:");
        true
    }

    /// Puts one of the near-duplicates under the cursor into the trash: the worse, or the one that is called better.
    pub fn keep_twin(&mut self, better: bool) {
        let Some(book) = self.book().cloned() else { return };
        if let Some(changes) = self.views.twins.trash(&book.set, better) {
            let what = if better {
                &crate::ui::lang::twins::KEPT
            } else {
                &crate::ui::lang::twins::KEPT_OTHER
            };
            self.ask(talk::Ask::Commit {
                what: Lang::En.say(what).to_owned(),
                changes,
            });
        }
    }

    /// Shows what would go to the trash if all better ones were kept.
    pub fn plan_twins(&mut self) -> bool {
        let (Some(book), Some(found)) = (self.book().cloned(), self.views.twins.found()) else {
            return false;
        };
        let plan = twins::plan(&book, found, self.views.twins.settings.mirrored);
        if plan.rows.is_empty() {
            return false;
        }
        self.above = Some(Above::Plan(above::Plan::new(plan)));
        true
    }

    /// The pictures that the view shows, of which the second stands beside the first.
    pub fn sights(&self) -> [Option<usize>; 2] {
        match self.view {
            View::Caption | View::Crops | View::Proposals => [self.caption().map(|caption| caption.picture), None],
            View::Twins => match self.views.twins.current() {
                Some((keep, twin)) => [Some(keep), Some(twin.picture)],
                None => [None, None],
            },
            View::History | View::Truth | View::Health => [None, None],
        }
    }

    /// Begins to move the rectangle, or the focal point, of the picture under the cursor.
    pub fn begin_crop(&mut self, focus: bool) {
        if let (Some(book), Some(options), Some(picture)) =
            (self.book().cloned(), self.views.options.clone(), self.picture())
        {
            self.views.crops.begin(&book, &options, picture, focus);
        }
    }

    /// Asks for the crop that was moved to be written.
    pub fn keep_crop(&mut self) {
        if let Some(moving) = self.views.crops.end() {
            self.set_hand(moving.picture, Some(moving.hand), &words::CROP_OF);
        }
    }

    /// Gives the picture under the cursor back to the crop around its centre. Whether it had another.
    pub fn centre_crop(&mut self) -> bool {
        let (Some(book), Some(picture)) = (self.book().cloned(), self.picture()) else {
            return false;
        };
        if self.views.crops.hand(&book, picture).is_none() {
            return false;
        }
        self.set_hand(picture, None, &words::CROP_GIVEN_BACK);
        true
    }

    fn set_hand(&mut self, picture: usize, hand: Option<Hand>, what: &crate::ui::lang::Text) {
        let Some(book) = self.book() else { return };
        let what = Lang::En.fill(what, &[("name", &book.name(picture))]);
        let ask = Ask::Hand {
            root: book.set.root.clone(),
            picture: book.path(picture).to_owned(),
            hand,
            what,
        };
        self.ask(talk::Ask::View(ask));
    }
}
