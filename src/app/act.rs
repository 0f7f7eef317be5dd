//! What each action of the keymap does.

use std::path::Path;

use super::effect::Ask;
use super::msg::Complaint;
use super::{App, Effect, Grade, Link, Pane, Side, Tab};
use crate::engine::job::Generate;
use crate::engine::queue::Entry;
use crate::engine::wire::Request;
use crate::engine::{Job, JobId};
use crate::keys::{Action, Scope};
use crate::overlay::{Overlay, Purpose};
use crate::panes::parameters::{Model, fields};
use crate::panes::prompt::{self, Edit};
use crate::panes::{history, queue};
use crate::ui::lang::{dataset, pictures, screen};
use crate::ui::widgets::form::{Message, Outcome};
use crate::ui::widgets::list::Go;

impl App {
    /// Does an action, wherever it came from: a key, the palette, the mouse.
    pub(super) fn act(&mut self, action: Action, effects: &mut Vec<Effect>) {
        if self.act_in_overlay(action, effects) {
            return;
        }
        if action.info().dangerous {
            return self.overlays.push(Overlay::Confirm(action, String::new()));
        }
        self.act_surely(action, effects);
    }

    fn quit(&mut self, effects: &mut Vec<Effect>) {
        if self.is_writing() {
            self.notice(Grade::Info, self.lang.say(&dataset::FINISHING).to_owned(), None);
        }
        effects.extend(self.leave().into_iter().chain([Effect::Quit]));
    }

    /// Does an action without asking.
    pub(super) fn act_surely(&mut self, action: Action, effects: &mut Vec<Effect>) {
        if self.act_in_editor(action, effects)
            || self.act_in_form(action)
            || self.act_in_browser(action, effects)
            || self.act_in_dataset(action, effects)
        {
            return;
        }
        match action {
            Action::Quit => self.quit(effects),
            Action::Suspend => effects.push(Effect::Suspend),
            Action::Redraw => effects.push(Effect::Redraw),
            Action::Reload => self.reload(effects),
            Action::StopEngine => effects.push(Effect::Send(Request::Stop)),
            Action::NextPane => self.turn(1),
            Action::PreviousPane => self.turn(-1),
            Action::ShowGenerate => self.show(Tab::Generate),
            Action::ShowModels => self.show(Tab::Models),
            Action::ShowDataset => self.show(Tab::Dataset),
            Action::OpenSet => self.open_opener(),
            Action::NextTab => self.turn_tab(1),
            Action::PreviousTab => self.turn_tab(-1),
            Action::FocusPrompt => self.go_to(Pane::Prompt),
            Action::FocusNegative => self.go_to(Pane::Negative),
            Action::FocusParameters => self.go_to(Pane::Parameters),
            Action::FocusPreview => self.go_to(Pane::Preview),
            Action::FocusHistory => self.go_to(Pane::History),
            Action::FocusQueue => self.go_to(Pane::Queue),
            Action::ZoomPane => self.zoomed = !self.zoomed,
            Action::GrowPane => self.grow(1),
            Action::ShrinkPane => self.grow(-1),
            Action::Help => self.open_help(),
            Action::Palette => self.open_palette(),
            Action::ChooseModel => self.open_picker(Purpose::Model),
            Action::ChooseVae => self.open_picker(Purpose::Vae),
            Action::ChooseSampler => self.open_picker(Purpose::Sampler),
            Action::ChooseSchedule => self.open_picker(Purpose::Schedule),
            Action::ChooseTheme => self.open_picker(Purpose::Theme),
            Action::ChooseLanguage => self.open_picker(Purpose::Language),
            Action::ShowError => self.open_failure(),
            Action::Generate => self.generate(effects),
            Action::GenerateForever => {
                self.forever = !self.forever;
                if self.forever {
                    self.generate(effects);
                }
            }
            Action::CancelCurrent => self.cancel(self.queue.running().map(|running| running.job), effects),
            Action::CancelJob => self.cancel(
                self.queue
                    .current()
                    .filter(|entry| !entry.state.is_ended())
                    .map(|entry| entry.id),
                effects,
            ),
            Action::PauseQueue => {
                let request = if self.queue.is_paused() {
                    Request::Resume
                } else {
                    Request::Pause
                };
                effects.push(Effect::Send(request));
            }
            Action::RetryJob => self.on_job(
                |entry| entry.state.can_retry().then_some(Request::Retry { job: entry.id }),
                effects,
            ),
            Action::RemoveJob => self.on_job(
                |entry| entry.state.is_ended().then_some(Request::Remove { job: entry.id }),
                effects,
            ),
            Action::JobUp => self.move_job(-1, effects),
            Action::JobDown => self.move_job(1, effects),
            Action::TogglePreview => self.preview.live = !self.preview.live,
            Action::PreviousPicture => self.walk(-1),
            Action::NextPicture => self.walk(1),
            Action::FirstPicture => self.walk(isize::MIN),
            Action::LastPicture => self.walk(isize::MAX),
            Action::UseParameters if self.focus == Pane::Queue => self.use_job(),
            Action::UseParameters => self.use_parameters(),
            Action::UseSeed => self.use_seed(),
            Action::RandomSeed => self.parameters.set_seed(None),
            Action::ReuseLastSeed => self.use_last_seed(),
            Action::SwapSize => self.parameters.swap_size(),
            Action::CopyInfotext => self.copy_infotext(effects),
            Action::CopyPath => self.copy_path(effects),
            Action::SelectUp
            | Action::SelectDown
            | Action::PageUp
            | Action::PageDown
            | Action::Top
            | Action::Bottom => {
                self.select(action);
            }
            Action::Filter => self.open_picker(Purpose::Picture),
            Action::Dismiss => {
                self.notices.clear();
                self.zoomed = false;
            }
            _ => {}
        }
    }

    /// Whether an action would do something now, so that its key is worth showing.
    pub(super) fn offers(&self, action: Action) -> bool {
        if action == Action::ForgetItem {
            return self.forgettable().is_some();
        }
        if let Some(overlay) = self.overlays.last() {
            return match overlay {
                Overlay::Dialog(_) => {
                    [Action::Submit, Action::EditValue, Action::Accept, Action::Dismiss].contains(&action)
                }
                Overlay::Reader(reader) if reader.query().is_none() => {
                    [Action::Filter, Action::Dismiss].contains(&action)
                }
                Overlay::Own(_) => self.offers_above_dataset(action),
                _ => [Action::Accept, Action::Dismiss].contains(&action),
            };
        }
        let job = self.queue.current();
        match action {
            _ if self.tab() == Tab::Models && action.is_for(&[Scope::Models]) => self.offers_in_browser(action),
            _ if self.tab() == Tab::Dataset => self.offers_in_dataset(action),
            Action::PauseQueue => self.queue.is_paused() || self.queue.waiting() > 0,
            Action::CancelCurrent => self.queue.running().is_some(),
            Action::CancelJob => job.is_some_and(|entry| !entry.state.is_ended()),
            Action::RetryJob => job.is_some_and(|entry| entry.state.can_retry()),
            Action::RemoveJob => job.is_some_and(|entry| entry.state.is_ended()),
            Action::ShowError => job.is_some_and(|entry| queue::failure(entry).is_some()),
            Action::JobUp | Action::JobDown => job.is_some_and(|entry| self.queue.place(entry.id).is_some()),
            Action::UseParameters if self.focus == Pane::Queue => job.is_some(),
            Action::UseParameters
            | Action::UseSeed
            | Action::CopyInfotext
            | Action::CopyPath
            | Action::ReuseLastSeed
            | Action::Filter => self.history.current().is_some(),
            Action::PreviousPicture => self.history.selected() > 0,
            Action::NextPicture => !self.history.is_at_newest(),
            Action::RandomSeed => self.parameters.seed().is_some(),
            Action::ShowGenerate | Action::OpenSet => false,
            Action::Dismiss => self.zoomed || self.parameters.is_typing(),
            _ => true,
        }
    }

    /// Actions of a prompt editor.
    fn act_in_editor(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        if action == Action::Paste && self.focused_side().is_some() {
            let register = self.register.clone();
            self.paste(&register, effects);
            return true;
        }
        let (Some(side), Some(edit)) = (self.focused_side(), prompt::keys::of_action(action)) else {
            return false;
        };
        if let Some(text) = self.edit(side, edit) {
            effects.push(Effect::Copy(text));
        }
        true
    }

    /// Actions of the form, where it has the focus.
    fn act_in_form(&mut self, action: Action) -> bool {
        if self.focus != Pane::Parameters {
            return false;
        }
        let Some(message) = self.parameters.message_of(action) else {
            return false;
        };
        self.change_form(message);
        true
    }

    /// Changes the form, and does what it cannot do by itself.
    pub(super) fn change_form(&mut self, message: Message) {
        match self.parameters.update(message, self.lang) {
            Ok(Outcome::Nothing | Outcome::Changed(_)) => {}
            Ok(Outcome::Pick(field)) => match field {
                fields::MODEL => self.open_picker(Purpose::Model),
                fields::VAE => self.open_picker(Purpose::Vae),
                fields::SAMPLER => self.open_picker(Purpose::Sampler),
                fields::SCHEDULE => self.open_picker(Purpose::Schedule),
                _ => self.parameters.next_rng(),
            },
            Err(refusal) => self.notice(Grade::Error, refusal, None),
        }
    }

    fn grow(&mut self, by: i16) {
        match self.focus {
            Pane::Preview | Pane::History | Pane::Queue => {
                self.shift.wider = (self.shift.wider - 2 * by).clamp(-400, 400);
            }
            Pane::Parameters => self.shift.wider = (self.shift.wider + 2 * by).clamp(-400, 400),
            Pane::Prompt | Pane::Negative => self.shift.taller = (self.shift.taller + by).clamp(-400, 400),
            Pane::Models => self.shift.list = (self.shift.list + 2 * by).clamp(-400, 400),
            Pane::Details => self.shift.list = (self.shift.list - 2 * by).clamp(-400, 400),
            Pane::Pictures => self.shift.pictures = (self.shift.pictures + 2 * by).clamp(-400, 400),
            Pane::Caption | Pane::Tags => self.shift.pictures = (self.shift.pictures - 2 * by).clamp(-400, 400),
        }
    }

    fn turn(&mut self, by: isize) {
        let panes = self.tab().panes();
        self.go_to(beside(panes, self.focus, by));
    }

    fn turn_tab(&mut self, by: isize) {
        self.show(beside(&Tab::ALL, self.tab(), by));
    }

    fn reload(&mut self, effects: &mut Vec<Effect>) {
        self.reconnect(effects);
        effects.extend([Effect::Reload, Effect::FindModels, Effect::Library(Ask::Models)]);
    }

    pub(super) fn reconnect(&mut self, effects: &mut Vec<Effect>) {
        if matches!(self.link, Link::Lost(_)) {
            self.link = Link::Opening;
            effects.push(Effect::Connect);
        }
    }

    /// Sends the form and the prompts as a job. What cannot be drawn is not tried forever.
    pub(super) fn generate(&mut self, effects: &mut Vec<Effect>) {
        if let Err(complaint) = self.submit(effects) {
            self.forever = false;
            self.complain(Grade::Error, complaint);
        }
    }

    fn submit(&mut self, effects: &mut Vec<Effect>) -> Result<(), Complaint> {
        let refused = |message| Complaint { message, hint: None };
        self.parameters.update(Message::Accept, self.lang).map_err(refused)?;
        let seed = self.parameters.seed().unwrap_or_else(self.workshop.seed);
        let mut recipe = self.parameters.recipe(self.prompt.text(), self.negative.text(), seed);
        recipe.comma_backtrack = self.workshop.comma_backtrack;
        if let Some(wrong) = recipe.check().into_iter().next() {
            return Err(Complaint {
                message: wrong.to_string(),
                hint: wrong.hint(),
            });
        }
        self.following = true;
        let job = Generate {
            recipe,
            output: self.workshop.output.clone(),
            hash_cache: self.workshop.hash_cache.clone(),
            preview: true,
            roots: Vec::new(),
            strict: false,
        };
        self.queue_up(Job::Generate(Box::new(job)), effects);
        Ok(())
    }

    fn cancel(&mut self, job: Option<JobId>, effects: &mut Vec<Effect>) {
        self.forever = false;
        match job {
            Some(job) => effects.push(Effect::Send(Request::Cancel { job })),
            None => self.notice(Grade::Info, self.lang.say(&screen::NOTHING_TO_CANCEL).to_owned(), None),
        }
    }

    fn on_job(&mut self, request: impl FnOnce(&Entry) -> Option<Request>, effects: &mut Vec<Effect>) {
        match self.queue.current().and_then(request) {
            Some(request) => effects.push(Effect::Send(request)),
            None => self.notice(Grade::Info, self.lang.say(&screen::NOT_FOR_THIS_JOB).to_owned(), None),
        }
    }

    fn move_job(&mut self, by: isize, effects: &mut Vec<Effect>) {
        let Some(job) = self.queue.current().map(|entry| entry.id) else {
            return;
        };
        let Some(to) = self.queue.place(job).and_then(|place| place.checked_add_signed(by)) else {
            return;
        };
        if to < self.queue.waiting() {
            effects.push(Effect::Send(Request::Move { job, to }));
        }
    }

    pub(super) fn walk(&mut self, by: isize) {
        self.history.select_by(by);
        self.looked();
    }

    /// Another picture is looked at. The growing one is shown again from the newest on.
    pub(super) fn looked(&mut self) {
        self.following = self.history.is_at_newest();
        self.preview.live = self.following;
    }

    fn select(&mut self, action: Action) {
        let area = self
            .layout()
            .and_then(|layout| layout.area(self.focus))
            .unwrap_or_default();
        let page = isize::try_from(area.height).unwrap_or(3).saturating_sub(3).max(1);
        let (go, by) = match action {
            Action::SelectUp => (Go::Up, -1),
            Action::SelectDown => (Go::Down, 1),
            Action::PageUp => (Go::PageUp, -page),
            Action::PageDown => (Go::PageDown, page),
            Action::Top => (Go::Top, isize::MIN),
            _ => (Go::Bottom, isize::MAX),
        };
        match self.focus {
            Pane::Queue => self.queue.go(go, page as usize + 1),
            Pane::History | Pane::Preview => self.walk(by),
            _ => {}
        }
    }

    /// Goes to the last picture of the job under the cursor.
    pub(super) fn look_at_job(&mut self) {
        let path = self
            .queue
            .current()
            .and_then(|entry| entry.pictures.last())
            .map(|picture| picture.path.clone());
        let found = path.and_then(|path| {
            self.history
                .pictures()
                .iter()
                .position(|made| made.picture.path == path)
        });
        match found {
            Some(index) => {
                self.history.select(index);
                self.looked();
            }
            None if self
                .queue
                .current()
                .is_some_and(|entry| queue::failure(entry).is_some()) =>
            {
                self.open_failure();
            }
            None => {}
        }
    }

    /// Puts the parameters of the picture that is looked at back into form and prompts.
    pub(super) fn use_parameters(&mut self) {
        let Some(made) = self.history.current() else { return };
        let (seed, job) = (made.picture.seed, made.job);
        let Some(Job::Generate(job)) = self.queue.entry(job).map(|entry| entry.job.clone()) else {
            return;
        };
        let name = history::view::name(made);
        self.put_recipe(&job.recipe, Some(seed));
        self.notice(
            Grade::Info,
            self.lang.fill(&pictures::PARAMETERS_TAKEN, &[("name", &name)]),
            None,
        );
    }

    /// Puts the parameters of the job under the cursor back into form and prompts, and looks at what it made.
    fn use_job(&mut self) {
        let Some(entry) = self.queue.current() else { return };
        let Job::Generate(job) = entry.job.clone() else { return };
        let seed = job.recipe.seed;
        let name = format!("#{}", entry.id.0);
        self.look_at_job();
        self.put_recipe(&job.recipe, Some(seed));
        self.notice(
            Grade::Info,
            self.lang.fill(&pictures::PARAMETERS_TAKEN, &[("name", &name)]),
            None,
        );
    }

    fn use_seed(&mut self) {
        let Some(seed) = self.history.current().map(|made| made.picture.seed) else {
            return;
        };
        self.parameters.set_seed(Some(seed));
        self.notice(
            Grade::Info,
            self.lang.fill(&pictures::SEED_TAKEN, &[("seed", &seed)]),
            None,
        );
    }

    fn use_last_seed(&mut self) {
        let Some(seed) = self.history.pictures().last().map(|made| made.picture.seed) else {
            return;
        };
        self.parameters.set_seed(Some(seed));
    }

    fn copy_infotext(&mut self, effects: &mut Vec<Effect>) {
        let Some(made) = self.history.current() else { return };
        effects.push(Effect::Copy(made.picture.infotext.clone()));
        self.notice(Grade::Info, self.lang.say(&pictures::COPIED_INFOTEXT).to_owned(), None);
    }

    fn copy_path(&mut self, effects: &mut Vec<Effect>) {
        let Some(made) = self.history.current() else { return };
        let path = made.picture.path.display().to_string();
        effects.push(Effect::Copy(path.clone()));
        self.notice(
            Grade::Info,
            self.lang.fill(&pictures::COPIED_PATH, &[("path", &path)]),
            None,
        );
    }

    /// Puts a recipe into form and prompts; each prompt can be undone.
    pub(super) fn put_recipe(&mut self, recipe: &crate::diffusion::Recipe, seed: Option<u64>) {
        for (side, text) in [
            (Side::Prompt, &recipe.prompt),
            (Side::Negative, &recipe.negative_prompt),
        ] {
            if self.editor(side).text() != *text {
                self.edit(side, Edit::SelectAll);
                self.edit(side, Edit::Paste(text.clone()));
            }
        }
        let model = named(&recipe.model, &self.models.checkpoints);
        let vae = recipe.vae.as_deref().map(|vae| named(vae, &self.models.vaes));
        self.parameters.put(recipe, seed, model, vae);
    }
}

/// The one so many places before or behind one of `all`, round and round.
fn beside<T: Copy + PartialEq>(all: &[T], one: T, by: isize) -> T {
    let at = all.iter().position(|other| *other == one).unwrap_or_default();
    all[(at as isize + by).rem_euclid(all.len() as isize) as usize]
}

/// The model at a path by the name that people see.
pub(super) fn named(path: &Path, models: &[Model]) -> Model {
    let stem = || {
        path.file_stem()
            .map(|stem| stem.to_string_lossy().into_owned())
            .unwrap_or_default()
    };
    let name = models
        .iter()
        .find(|model| model.path == path)
        .map_or_else(stem, |model| model.name.clone());
    Model {
        name,
        path: path.to_owned(),
    }
}
