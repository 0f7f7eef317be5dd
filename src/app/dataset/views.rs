//! The views beside the caption: what their actions do.

use super::super::{App, Effect, Grade, Pane};
use crate::engine::Job;
use crate::keys::{Action, Scope};
use crate::overlay::Overlay;
use crate::panes::dataset::forms::Deed;
use crate::panes::dataset::views::proposals::form;
use crate::panes::dataset::views::{self, View, crops};
use crate::ui::lang::{proposals, truth as words};
use crate::ui::text;
use crate::ui::widgets::list::Go;

impl App {
    /// Where keys are looked up in the view that is shown, if it has keys of its own.
    pub(super) fn scope_in_view(&self) -> Option<Scope> {
        if self.dataset.view == View::Crops && self.dataset.views.crops.moving().is_some() {
            return Some(Scope::Moving);
        }
        self.dataset.view.scope()
    }

    /// Actions of the views.
    pub(super) fn act_in_view(&mut self, action: Action) -> bool {
        match action {
            Action::SeeCaption => self.see_view(View::Caption),
            Action::SeeHistory => self.see_view(View::History),
            Action::SeeDraws => self.see_view(View::Truth),
            Action::SeeCrops => self.see_view(View::Crops),
            Action::DrawAgain => self.dataset.views.truth.again(),
            Action::ShowTokens => {
                let truth = &mut self.dataset.views.truth;
                truth.with_tokens = !truth.with_tokens;
            }
            Action::MoveRectangle => self.dataset.begin_crop(false),
            Action::MoveFocus => self.dataset.begin_crop(true),
            Action::CentreCrop => {
                if !self.dataset.centre_crop() {
                    self.notice(Grade::Info, self.lang.say(&words::NO_HAND).to_owned(), None);
                }
            }
            Action::BucketTable => {
                let crops = &mut self.dataset.views.crops;
                crops.table = !crops.table;
            }
            Action::SeeHealth => self.see_view(View::Health),
            Action::CheckWhole => self.dataset.check(true),
            Action::ShowFinding => {
                if self.dataset.show_finding() {
                    self.go_to(Pane::Pictures);
                }
            }
            Action::SeeProposals => self.see_view(View::Proposals),
            Action::AcceptPicture => self.dataset.accept_proposal(),
            Action::NextProposal => self.dataset.next_proposal(),
            Action::LeaveTagOut => {
                let height = self.seen.dataset.caption.rows.height().max(1);
                self.dataset.leave_proposed_out(height);
            }
            Action::SeeTwins => self.see_view(View::Twins),
            Action::KeepBetter => self.dataset.keep_twin(true),
            Action::KeepOther => self.dataset.keep_twin(false),
            Action::KeepAllBetter => {
                if self.dataset.plan_twins() {
                    self.open_above();
                }
            }
            Action::KeepCrop => self.dataset.keep_crop(),
            _ => return self.move_crop(action),
        }
        true
    }

    fn move_crop(&mut self, action: Action) -> bool {
        let Some(moving) = self.dataset.views.crops.moving_mut() else {
            return false;
        };
        match action {
            Action::CropLeft => moving.go(-1, 0),
            Action::CropRight => moving.go(1, 0),
            Action::CropUp => moving.go(0, -1),
            Action::CropDown => moving.go(0, 1),
            Action::CropNarrower => moving.grow(-1, 0),
            Action::CropWider => moving.grow(1, 0),
            Action::CropLower => moving.grow(0, -1),
            Action::CropHigher => moving.grow(0, 1),
            Action::CropFine => moving.fine = !moving.fine,
            _ => return false,
        }
        true
    }

    /// Leaves the crop that is being moved as it was. Whether there was one.
    pub(super) fn leave_crop(&mut self) -> bool {
        self.dataset.views.crops.end().is_some()
    }

    /// Gives the jobs that the dataset has for the engine to it.
    pub(in crate::app) fn queue_tagging(&mut self, effects: &mut Vec<Effect>) {
        for job in self.dataset.take_jobs() {
            let n = job
                .pictures
                .as_ref()
                .map_or_else(|| self.dataset.book().map_or(0, |book| book.len()), Vec::len);
            let n = text::count(self.lang, n as u64, &words::ONE_PICTURE, &words::PICTURES);
            let model = job.name();
            self.queue_up(Job::Tag(Box::new(job)), effects);
            let told = self
                .lang
                .fill(&proposals::QUEUED, &[("model", &text::safe(&model)), ("pictures", &n)]);
            self.notice(Grade::Info, told, None);
        }
    }

    /// Says at once in the form of a tagger's job, which has just been opened, that none was found.
    pub(super) fn miss_a_tagger(&mut self, deed: Deed) {
        let taggers = self.dataset.views.proposals.taggers.as_ref();
        if let (Deed::View(views::Deed::Tagger), Some(taggers), Some(Overlay::Dialog(dialog))) =
            (deed, taggers, self.overlays.last_mut())
            && taggers.found.is_empty()
            && self.dataset.views.proposals.settings.model.is_none()
        {
            dialog.complaint = Some(form::missing(taggers, self.lang));
        }
    }

    /// Opens what the dataset has put above the panes.
    pub(super) fn open_above(&mut self) {
        if let Some(above) = self.dataset.above.take() {
            self.put_above(above);
        }
    }

    fn see_view(&mut self, view: View) {
        self.dataset.view = view;
        self.dataset.look();
        self.go_to(Pane::Caption);
    }

    /// Moves in the view that is shown. Whether it is one that moves.
    pub(super) fn move_in_view(&mut self, go: Go) -> bool {
        self.dataset.go_in_view(go, &self.seen.dataset.caption.rows)
    }

    /// Whether an action of a view would do something now; none for actions of others.
    pub(super) fn offers_in_view(&self, action: Action) -> Option<bool> {
        let crops = &self.dataset.views.crops;
        let here = || self.dataset.book().zip(self.dataset.picture());
        Some(match action {
            Action::DrawOptions | Action::BucketSettings => self.dataset.views.options().is_some(),
            Action::DrawAgain => !self.dataset.views.truth.is_steady() && !self.dataset.views.truth.draws().is_empty(),
            Action::ShowTokens => !self.dataset.views.truth.draws().is_empty(),
            Action::MoveRectangle | Action::MoveFocus => here().is_some_and(|(_, picture)| {
                crops
                    .row_of(picture)
                    .is_some_and(|row| crops.rows()[row].placement.is_ok())
            }),
            Action::CentreCrop => here().is_some_and(|(book, picture)| crops.hand(book, picture).is_some()),
            Action::CheckWhole => !self.dataset.views.health.looking,
            Action::ShowFinding => self
                .dataset
                .views
                .health
                .current()
                .is_some_and(|finding| !finding.files.is_empty()),
            Action::AskTagger => self.dataset.views.proposals.taggers.is_some(),
            Action::AcceptPicture | Action::LeaveTagOut => !self.dataset.proposed().is_empty(),
            Action::NextProposal | Action::AcceptAll => !self.dataset.views.proposals.is_empty(),
            Action::SearchTwins => !self.dataset.views.twins.searching,
            Action::KeepBetter | Action::KeepOther | Action::KeepAllBetter => self.dataset.views.twins.count() > 0,
            Action::BucketTable => !crops.rows().is_empty(),
            _ => return None,
        })
    }

    /// The keys that the views name.
    pub(super) fn keys_of_views(&self) -> ([String; 3], [String; 3], [String; 2], crops::Keys) {
        let key = |action, scope: Scope| {
            let keys = self.keymap.keys_of(action, scope.chain());
            keys.into_iter().next().unwrap_or_default()
        };
        let four = |actions: [Action; 4]| actions.map(|action| key(action, Scope::Moving)).join(" ");
        let keys = crops::Keys {
            arrows: four([Action::CropLeft, Action::CropDown, Action::CropUp, Action::CropRight]),
            sizes: four([
                Action::CropNarrower,
                Action::CropLower,
                Action::CropHigher,
                Action::CropWider,
            ]),
            keep: key(Action::KeepCrop, Scope::Moving),
            back: key(Action::Dismiss, Scope::Moving),
        };
        let named = [
            key(Action::DrawOptions, Scope::Draws),
            key(Action::SearchTwins, Scope::Twins),
            key(Action::KeepBetter, Scope::Twins),
        ];
        let proposals = [Action::AskTagger, Action::AcceptPicture, Action::NextProposal]
            .map(|action| key(action, Scope::Proposals));
        let health = [Action::CheckWhole, Action::ShowFinding].map(|action| key(action, Scope::Health));
        (named, proposals, health, keys)
    }
}
