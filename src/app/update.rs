//! What each message does.

use std::time::Instant;

use crossterm::event::KeyEvent;
use ratatui::layout::Rect;

use super::msg::Complaint;
use super::{App, Effect, Grade, KEEP_AFTER, Link, Msg, Pane, Side, Tab, layout};
use crate::keys::{Chord, Hit, Scope};
use crate::overlay::Overlay;
use crate::overlay::view::text_width;
use crate::panes::prompt;
use crate::ui::widgets::form::Message;
use crate::ui::widgets::input::Edit;

impl App {
    /// Changes the state by a message that came at `now`, and says what is to be done outside.
    pub fn update(&mut self, msg: Msg, now: Instant) -> Vec<Effect> {
        self.now = now;
        self.notices.retain(|notice| notice.until > now);
        let mut effects = Vec::new();
        match msg {
            Msg::Key(key) => self.key(key, &mut effects),
            Msg::Mouse(mouse) => self.mouse(mouse, &mut effects),
            Msg::Paste(text) => self.paste(&text, &mut effects),
            Msg::Resize(size) => self.screen = size,
            Msg::Tick => {}
            Msg::EngineFound { version, pid } => self.link = Link::Open { version, pid },
            Msg::EngineLost { message, hint } => self.engine_lost(Complaint { message, hint }),
            Msg::Engine(event) => self.follow(event, &mut effects),
            Msg::Loaded { load, picture } => self.loaded(load, picture),
            Msg::Counted { side, revision, tokens } => self.editor(side).counted(revision, tokens),
            Msg::Models(models) => self.models = models,
            Msg::Library(news) => self.hear_of_models(news, &mut effects),
            Msg::Dataset(news) => self.hear_of_dataset(news),
            Msg::Inspected { path, native } => self.inspected(&path, native),
            Msg::Theme(Ok(theme)) => self.theme = *theme,
            Msg::Themes(themes) => self.set_themes(themes),
            Msg::Lang(lang) => self.lang = lang,
            Msg::Keymap(Ok(keymap)) => self.keymap = *keymap,
            Msg::Theme(Err(complaint)) | Msg::Keymap(Err(complaint)) => self.complain(Grade::Error, complaint),
            Msg::Complain(complaint) => self.complain(Grade::Warning, complaint),
            Msg::Terminal(terminal) => {
                self.dataset.slow = terminal.slow;
                self.terminal = Some(terminal);
            }
        }
        if let Some(Overlay::Reader(reader)) = self.overlays.last_mut() {
            reader.fit(text_width(Rect::from(self.screen)));
        }
        self.count_tokens(&mut effects);
        self.rest(&mut effects);
        self.gaze();
        self.want_pictures(&mut effects);
        self.queue_tagging(&mut effects);
        effects.extend(self.dataset.take_asks().into_iter().map(Effect::Dataset));
        self.keep_draft(&mut effects);
        effects
    }

    pub(super) fn complain(&mut self, grade: Grade, complaint: Complaint) {
        self.notice(grade, complaint.message, complaint.hint);
    }

    /// The editor of a side.
    pub(super) fn editor(&mut self, side: Side) -> &mut crate::panes::prompt::State {
        match side {
            Side::Prompt => &mut self.prompt,
            Side::Negative => &mut self.negative,
        }
    }

    /// The editor in focus.
    pub(super) fn focused_side(&self) -> Option<Side> {
        match self.focus {
            Pane::Prompt => Some(Side::Prompt),
            Pane::Negative => Some(Side::Negative),
            _ => None,
        }
    }

    /// The scopes that a key is looked up in, innermost first.
    pub(super) fn scopes(&self) -> &'static [Scope] {
        if let Some(overlay) = self.overlays.last() {
            return overlay.scope().chain();
        }
        let own = match self.focus {
            Pane::Prompt | Pane::Negative => Scope::Editor,
            Pane::Parameters if self.parameters.is_typing() => Scope::Input,
            Pane::Parameters => Scope::Form,
            Pane::Preview => Scope::Preview,
            Pane::History => Scope::History,
            Pane::Queue => Scope::Queue,
            Pane::Models if self.browser.is_filtering() => Scope::Picker,
            Pane::Details if self.browser.notes().is_some() => Scope::Notes,
            Pane::Models | Pane::Details => Scope::Models,
            Pane::Pictures | Pane::Caption | Pane::Tags => self.scope_in_dataset(),
        };
        own.chain()
    }

    fn key(&mut self, key: KeyEvent, effects: &mut Vec<Effect>) {
        let Some(chord) = Chord::of(&key) else { return };
        let scopes = self.scopes();
        match self.keymap.resolve(scopes, &self.pending, chord) {
            Hit::Action(action) => {
                self.pending.clear();
                self.act(action, effects);
            }
            Hit::Prefix(_) => self.pending.push(chord),
            Hit::Miss if !self.pending.is_empty() => self.pending.clear(),
            Hit::Miss => self.type_key(&key, chord, effects),
        }
    }

    /// A key that is no action: for whatever takes text.
    fn type_key(&mut self, key: &KeyEvent, chord: Chord, effects: &mut Vec<Effect>) {
        if self.type_above_dataset(key) {
            return;
        }
        if let Some(overlay) = self.overlays.last_mut() {
            let answer = overlay.key(key);
            self.answer(answer, effects);
        } else if let Some(side) = self.focused_side() {
            if let Some(edit) = prompt::keys::of_key(chord) {
                self.edit(side, edit);
            }
        } else if let (Pane::Parameters, Some(edit)) = (self.focus, Edit::of(key)) {
            self.change_form(Message::Type(edit));
        } else if self.tab() == Tab::Models {
            self.type_in_browser(key, chord, effects);
        } else if self.tab() == Tab::Dataset {
            self.type_in_dataset(key, chord);
        }
    }

    pub(super) fn paste(&mut self, text: &str, effects: &mut Vec<Effect>) {
        if self.paste_above_dataset(text) {
            return;
        }
        if let Some(overlay) = self.overlays.last_mut() {
            let answer = overlay.insert(text);
            self.answer(answer, effects);
        } else if let Some(side) = self.focused_side() {
            if !self.paste_parameters(text) {
                self.edit(side, prompt::Edit::Paste(text.to_owned()));
            }
        } else if self.focus == Pane::Parameters {
            self.change_form(Message::Paste(text.to_owned()));
        } else if self.tab() == Tab::Models {
            self.paste_in_browser(text, effects);
        } else if self.tab() == Tab::Dataset {
            self.paste_in_dataset(text);
        }
    }

    /// Changes a prompt, with the place that it has on the screen.
    pub(super) fn edit(&mut self, side: Side, edit: prompt::Edit) -> Option<String> {
        let pane = match side {
            Side::Prompt => Pane::Prompt,
            Side::Negative => Pane::Negative,
        };
        let area = self.layout().and_then(|layout| layout.area(pane)).unwrap_or_default();
        let copied = self.editor(side).act(edit, layout::inner(area).as_size()).copied;
        if let Some(text) = &copied {
            self.register.clone_from(text);
        }
        copied
    }

    /// Asks for a count of each prompt that has changed since it was counted.
    pub(super) fn count_tokens(&mut self, effects: &mut Vec<Effect>) {
        for side in [Side::Prompt, Side::Negative] {
            if let Some((revision, text)) = self.editor(side).ask_count() {
                effects.push(Effect::Count { side, revision, text });
            }
        }
    }

    /// Keeps the draft once typing has paused.
    fn keep_draft(&mut self, effects: &mut Vec<Effect>) {
        match self.keep_at {
            Some(at) if at <= self.now => {
                self.keep_at = None;
                effects.extend(self.keep_now());
            }
            Some(_) => {}
            None => self.keep_at = (self.draft() != self.kept).then(|| self.now + KEEP_AFTER),
        }
    }

    /// Keeps the draft at once, if it has changed.
    pub fn keep_now(&mut self) -> Option<Effect> {
        let draft = self.draft();
        (draft != self.kept).then(|| {
            self.kept = draft.clone();
            Effect::Keep(Box::new(draft))
        })
    }
}
