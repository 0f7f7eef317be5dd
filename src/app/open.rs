//! Opening overlays, and what is done with what was chosen in them. Also what is kept and taken up: drafts and pasted parameters.

use super::act::named;
use super::draft::Draft;
use super::{App, Effect, Grade, Tab};
use crate::diffusion::parameters;
use crate::diffusion::sampler::SAMPLERS;
use crate::diffusion::schedule::SCHEDULES;
use crate::infotext::Infotext;
use crate::keys::{ACTIONS, Action, Group, Scope};
use ratatui::layout::Rect;

use crate::overlay::chooser::Item;
use crate::overlay::view::rows_of;
use crate::overlay::{Answer, Chooser, Overlay, Purpose, Reader};
use crate::panes::history::{self, Made};
use crate::panes::parameters::Model;
use crate::panes::parameters::fields::OWN_VAE;
use crate::ui::lang::{Lang, generate, screen};

/// The prompt that a first start begins with; the shipped checkpoint knows it.
const FIRST_PROMPT: &str = "fox, noto, blue background";

impl App {
    pub(super) fn open_palette(&mut self) {
        let scopes = self.scopes();
        let usable = |action: Action| action.is_for(scopes) && action != Action::Palette;
        let actions = ACTIONS
            .iter()
            .filter(|info| usable(info.action))
            .map(|info| info.action)
            .collect();
        self.open_actions(Purpose::Palette, actions);
    }

    pub(super) fn open_help(&mut self) {
        let of_group = |group: Group| {
            ACTIONS
                .iter()
                .filter(move |info| info.group == group)
                .map(|info| info.action)
        };
        // What is done here stands first.
        let here: &[Group] = match self.tab() {
            Tab::Dataset => &[Group::Dataset, Group::Captions],
            Tab::Models => &[Group::Models],
            Tab::Generate => &[],
        };
        let others = Group::ALL.into_iter().filter(|group| !here.contains(group));
        let groups = here.iter().copied().chain(others);
        self.open_actions(Purpose::Help, groups.flat_map(of_group).collect());
    }

    fn open_actions(&mut self, purpose: Purpose, actions: Vec<Action>) {
        let mut items = Vec::new();
        self.listed = Vec::new();
        let mut group = None;
        for action in actions {
            let info = action.info();
            if purpose == Purpose::Help && group != Some(info.group) {
                group = Some(info.group);
                items.push(Item {
                    name: self.lang.say(&info.group.title()).to_owned(),
                    heading: true,
                    ..Item::default()
                });
                self.listed.push(None);
            }
            items.push(Item {
                name: self.lang.say(&info.title).to_owned(),
                detail: self.lang.say(&info.doc).to_owned(),
                tail: self.keys_of(action),
                words: format!("{} {} {}", info.name, info.title.en, info.title.zh),
                heading: false,
            });
            self.listed.push(Some(action));
        }
        let title = match purpose {
            Purpose::Help => screen::HELP,
            _ => screen::PALETTE,
        };
        let title = self.lang.say(&title).to_owned();
        self.overlays
            .push(Overlay::Chooser(Chooser::new(purpose, title, items, 0)));
    }

    pub(super) fn open_picker(&mut self, purpose: Purpose) {
        let lang = self.lang;
        let plain = |name: &str| Item {
            name: name.to_owned(),
            ..Item::default()
        };
        let model = |model: &Model| Item {
            name: model.name.clone(),
            detail: model
                .path
                .parent()
                .map(|folder| folder.display().to_string())
                .unwrap_or_default(),
            ..Item::default()
        };
        let (title, items, current): (_, Vec<Item>, String) = match purpose {
            Purpose::Model => {
                let items = self.models.checkpoints.iter().map(model).collect();
                (generate::MODEL, items, self.parameters.model().name.clone())
            }
            Purpose::Vae => {
                let none = plain(OWN_VAE);
                let current = self.parameters.vae().map_or(none.name.clone(), |vae| vae.name.clone());
                let vaes = self.models.vaes.iter().map(model);
                (generate::VAE, [none].into_iter().chain(vaes).collect(), current)
            }
            Purpose::Sampler => {
                let items = SAMPLERS.iter().map(|info| plain(info.name)).collect();
                (generate::SAMPLER, items, self.parameters.sampler().name().to_owned())
            }
            Purpose::Schedule => {
                let items = SCHEDULES.iter().map(|info| plain(info.label)).collect();
                (generate::SCHEDULE, items, self.parameters.schedule().label().to_owned())
            }
            Purpose::Theme => {
                let items = self.themes.iter().map(|name| plain(name)).collect();
                (screen::THEME, items, self.theme.name().to_owned())
            }
            Purpose::Language => {
                let items = Lang::ALL.iter().map(|lang| plain(lang.name())).collect();
                (screen::LANGUAGE, items, lang.name().to_owned())
            }
            Purpose::Batch | Purpose::Snapshot | Purpose::Query => return,
            Purpose::Palette => return self.open_palette(),
            Purpose::Help => return self.open_help(),
            Purpose::Picture => {
                let of = |made: &Made| Item {
                    name: history::view::name(made),
                    detail: made.picture.infotext.lines().next().unwrap_or_default().to_owned(),
                    words: made.picture.infotext.replace('\n', " "),
                    ..Item::default()
                };
                let items = self.history.pictures().iter().map(of).collect();
                let current = self.history.current().map(history::view::name).unwrap_or_default();
                (generate::HISTORY, items, current)
            }
        };
        let current = items.iter().position(|item| item.name == current).unwrap_or_default();
        let chooser = Chooser::new(purpose, lang.say(&title).to_owned(), items, current);
        self.before_choice = self.theme.name().to_owned();
        self.overlays.push(Overlay::Chooser(chooser));
    }

    pub(super) fn open_failure(&mut self) {
        let Some((job, complaint)) = self.failure_at_hand() else {
            let nothing = self.lang.say(&screen::NO_FAILURE).to_owned();
            return self.notice(Grade::Info, nothing, None);
        };
        let title = self.lang.fill(&screen::FAILURE_OF, &[("job", &job.0)]);
        let text = [complaint.message]
            .into_iter()
            .chain(complaint.hint)
            .collect::<Vec<_>>()
            .join("\n\n");
        self.overlays.push(Overlay::Reader(Reader::new(title, text)));
    }

    /// Every key of an action, wherever it counts.
    fn keys_of(&self, action: Action) -> String {
        let mut keys: Vec<String> = Vec::new();
        for scope in action.info().scopes.iter().chain(&[Scope::Normal, Scope::Editor]) {
            for key in self.keymap.keys_of(action, scope.chain()) {
                if !keys.contains(&key) {
                    keys.push(key);
                }
            }
        }
        keys.truncate(3);
        keys.join("  ")
    }

    /// Actions while an overlay is open. The outer ones (quit, redraw) go through.
    pub(super) fn act_in_overlay(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        let screen = Rect::from(self.screen);
        if self.act_above_dataset(action, effects) {
            return true;
        }
        if let (Action::ForgetItem, Some(name)) = (action, self.forgettable()) {
            self.overlays.push(Overlay::Confirm(action, name));
            return true;
        }
        let Some(overlay) = self.overlays.last_mut() else {
            return false;
        };
        let page = match overlay {
            Overlay::Chooser(chooser) => rows_of(chooser, screen),
            Overlay::Reader(_) | Overlay::Dialog(_) | Overlay::Confirm(..) | Overlay::Own(_) => {
                usize::from(screen.height / 2)
            }
        };
        match overlay.act(action, page) {
            None => return !matches!(action, Action::Quit | Action::Redraw | Action::Suspend),
            Some(answer) => self.answer(answer, effects),
        }
        true
    }

    /// Acts on what came of the topmost overlay.
    pub(super) fn answer(&mut self, answer: Answer, effects: &mut Vec<Effect>) {
        let purpose = match self.overlays.last() {
            Some(Overlay::Chooser(chooser)) => Some(chooser.purpose),
            _ => None,
        };
        match answer {
            Answer::Open => {}
            Answer::Moved => {
                if purpose == Some(Purpose::Theme) {
                    effects.extend(
                        self.theme_under_cursor()
                            .map(|name| Effect::Theme { name, keep: false }),
                    );
                }
            }
            Answer::Dismissed => {
                self.overlays.pop();
                if purpose == Some(Purpose::Theme) {
                    effects.push(Effect::Theme {
                        name: self.before_choice.clone(),
                        keep: false,
                    });
                }
            }
            Answer::Chosen(index) => match self.overlays.pop() {
                Some(Overlay::Confirm(action, _)) => self.act_surely(action, effects),
                Some(Overlay::Chooser(chooser)) => self.choose(chooser.purpose, index, effects),
                Some(Overlay::Reader(_) | Overlay::Dialog(_) | Overlay::Own(_)) | None => {}
            },
            Answer::Submitted => self.take_dialog(effects),
        }
    }

    /// A list of themes that is open is made anew, for its rows are places in the list of names.
    pub(super) fn set_themes(&mut self, themes: Vec<String>) {
        if self.themes == themes {
            return;
        }
        self.themes = themes;
        let is_open =
            matches!(self.overlays.last(), Some(Overlay::Chooser(chooser)) if chooser.purpose == Purpose::Theme);
        if is_open {
            let before = self.before_choice.clone();
            self.overlays.pop();
            self.open_picker(Purpose::Theme);
            self.before_choice = before;
        }
    }

    fn theme_under_cursor(&self) -> Option<String> {
        let Some(Overlay::Chooser(chooser)) = self.overlays.last() else {
            return None;
        };
        self.themes.get(chooser.current()?).cloned()
    }

    fn choose(&mut self, purpose: Purpose, index: usize, effects: &mut Vec<Effect>) {
        match purpose {
            Purpose::Palette | Purpose::Help => {
                if let Some(Some(action)) = self.listed.get(index).copied() {
                    self.act(action, effects);
                }
            }
            Purpose::Model => {
                if let Some(model) = self.models.checkpoints.get(index).cloned() {
                    effects.push(Effect::Inspect(model.path.clone()));
                    self.parameters.set_model(model);
                }
            }
            Purpose::Vae => {
                let vae = index
                    .checked_sub(1)
                    .and_then(|index| self.models.vaes.get(index).cloned());
                self.parameters.set_vae(vae);
            }
            Purpose::Sampler => self.parameters.set_sampler(SAMPLERS[index].kind),
            Purpose::Schedule => self.parameters.set_schedule(SCHEDULES[index].schedule),
            Purpose::Theme => {
                let name = self.themes.get(index).cloned();
                effects.extend(name.map(|name| Effect::Theme { name, keep: true }));
            }
            Purpose::Language => {
                self.lang = Lang::ALL[index];
                let value = self.lang.code().to_owned();
                effects.push(Effect::Set { key: "lang", value });
            }
            Purpose::Batch | Purpose::Snapshot | Purpose::Query => self.choose_in_dataset(purpose, index),
            Purpose::Picture => {
                self.history.select(index);
                self.looked();
            }
        }
    }

    /// What is being worked on.
    pub(super) fn draft(&self) -> Draft {
        Draft {
            recipe: Some(self.parameters.recipe(self.prompt.text(), self.negative.text(), 0)),
            seed: self.parameters.seed(),
            wider: self.shift.wider,
            taller: self.shift.taller,
            list: self.shift.list,
            pictures: self.shift.pictures,
            dataset: self.dataset.kept(),
        }
    }

    /// Takes up what was worked on, or what there is to try at first.
    pub(super) fn take_up(&mut self, draft: Draft) {
        self.dataset.take_up(draft.dataset);
        match draft.recipe.filter(|recipe| recipe.check().is_empty()) {
            Some(recipe) => {
                self.prompt.set_text(&recipe.prompt);
                self.negative.set_text(&recipe.negative_prompt);
                let model = named(&recipe.model, std::slice::from_ref(self.parameters.model()));
                let vae = recipe.vae.as_deref().map(|vae| named(vae, &[]));
                self.parameters.put(&recipe, draft.seed, model, vae);
            }
            None => self.prompt.set_text(FIRST_PROMPT),
        }
    }

    /// Whether a pasted text was a picture's parameters; then they go into the form, as A1111 does with its arrow button.
    pub(super) fn paste_parameters(&mut self, text: &str) -> bool {
        let text = text.replace("\r\n", "\n");
        if !text.contains("\nSteps: ") && !text.starts_with("Steps: ") {
            return false;
        }
        let infotext = Infotext::parse(text.trim_end());
        let mut recipe = self.parameters.recipe(self.prompt.text(), self.negative.text(), 0);
        let Ok(seed) = infotext.seed() else { return false };
        if parameters::apply(&mut recipe, &infotext, |_| true).is_err() || !recipe.check().is_empty() {
            return false;
        }
        self.put_recipe(&recipe, seed);
        self.notice(Grade::Info, self.lang.say(&screen::PARAMETERS_PASTED).to_owned(), None);
        true
    }
}
