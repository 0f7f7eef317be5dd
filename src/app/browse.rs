//! The browser of models: what its actions do, what comes of using a model, and when its details are asked for.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;
use ratatui::layout::Position;

use super::act::named;
use super::dialogs::work_of;
use super::effect::Ask;
use super::msg::News;
use super::{App, Effect, Grade, Pane, Side, Tab};
use crate::keys::{Action, Chord, Group, Scope};
use crate::overlay::{Overlay, Reader};
use crate::panes::browser::class::Class;
use crate::panes::browser::entry::Entry;
use crate::panes::browser::insert::{self, Use, Why};
use crate::panes::browser::order::Row;
use crate::panes::browser::view::Keys;
use crate::panes::prompt::{self, Motion};
use crate::ui::lang::{browser, generate};
use crate::ui::text;
use crate::ui::widgets::input::Edit;
use crate::ui::widgets::list::Go;

/// How long the cursor stays on a model before that is told of.
const REST: Duration = Duration::from_millis(120);

/// Actions that show or change what lies behind a model's row.
const OF_DETAILS: [Action; 4] = [
    Action::EditModel,
    Action::EditNotes,
    Action::EditMetadata,
    Action::ReadMetadata,
];

impl App {
    /// Actions of the browser, where it is shown.
    pub(super) fn act_in_browser(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        if self.tab() != Tab::Models {
            return false;
        }
        if self.browser.notes().is_some() && self.focus == Pane::Details {
            return self.act_in_notes(action, effects);
        }
        if self.browser.is_filtering() && self.focus == Pane::Models && self.act_in_filter(action, effects) {
            return true;
        }
        if OF_DETAILS.contains(&action) && self.awaits_details(action, effects) {
            return true;
        }
        match action {
            Action::SelectUp
            | Action::SelectDown
            | Action::PageUp
            | Action::PageDown
            | Action::Top
            | Action::Bottom => self.move_in_browser(action),
            Action::UseModel => self.use_models(true, effects),
            Action::InsertModel => self.use_models(false, effects),
            Action::FilterModels => {
                self.go_to(Pane::Models);
                self.browser.filter(true);
            }
            Action::NextKind => self.browser.turn(1),
            Action::PreviousKind => self.browser.turn(-1),
            Action::SortModels => self.browser.want(|wish| wish.sort = wish.sort.next()),
            Action::ReverseModels => self.browser.want(|wish| wish.reversed = !wish.reversed),
            Action::TreeOfModels => self.browser.want(|wish| wish.tree = !wish.tree),
            Action::OnlyFavourites => self.browser.want(|wish| wish.favourites = !wish.favourites),
            Action::Duplicates => self.browser.want(|wish| wish.duplicates = !wish.duplicates),
            Action::Unfold if self.focus == Pane::Models => {
                if !self.browser.fold(true) && self.browser.current().is_some() {
                    self.go_to(Pane::Details);
                }
            }
            Action::Fold if self.focus == Pane::Details => self.go_to(Pane::Models),
            Action::Fold => _ = self.browser.fold(false),
            Action::Favourite => self.favour(effects),
            Action::MarkModel => {
                self.browser.mark();
                self.browser.go(Go::Down, self.browser_height());
            }
            Action::EditNotes => {
                self.browser.write_notes();
                if self.browser.notes().is_some() {
                    self.go_to(Pane::Details);
                }
            }
            Action::ReadMetadata => self.read_metadata(),
            action if work_of(action).is_some() => {
                if let Some(work) = work_of(action) {
                    self.open_dialog(work);
                }
            }
            Action::HashModel => {
                let paths: Vec<PathBuf> = self
                    .browser
                    .at_hand()
                    .iter()
                    .map(|entry| entry.card.path.clone())
                    .collect();
                if !paths.is_empty() {
                    effects.push(Effect::Library(Ask::Hash(paths)));
                }
            }
            Action::HashAll => effects.push(Effect::Library(Ask::Hash(Vec::new()))),
            Action::StopHashing => effects.push(Effect::Library(Ask::StopHashing)),
            Action::CopyPath => self.copy_model_path(effects),
            Action::Dismiss => return self.step_back(),
            _ => return false,
        }
        true
    }

    /// Whether an action has to wait for the details of the model under the cursor, which are asked for then.
    fn awaits_details(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        let Some(card) = self.browser.current().map(|entry| Arc::clone(&entry.card)) else {
            return false;
        };
        self.browser.show();
        if self.browser.details_of(&card.path).is_some() {
            return false;
        }
        effects.push(Effect::Library(Ask::Describe(card)));
        self.awaiting = Some(action);
        true
    }

    /// Whether an action of the browser would do something now.
    pub(super) fn offers_in_browser(&self, action: Action) -> bool {
        match action {
            Action::ShowGenerate => true,
            // What belongs to drawing can be done here too, but does not crowd the hints.
            _ if action.info().group != Group::Models => false,
            Action::StopHashing => self.browser.is_hashing(),
            Action::Unfold => self.focus == Pane::Models && !self.browser.rows().is_empty(),
            Action::FilterModels
            | Action::NextKind
            | Action::PreviousKind
            | Action::SortModels
            | Action::ReverseModels
            | Action::TreeOfModels
            | Action::OnlyFavourites
            | Action::Duplicates
            | Action::HashAll => !self.browser.entries().is_empty(),
            _ => self.browser.current().is_some(),
        }
    }

    /// Takes the last thing back that hides models or was opened: the filter, the marks, the details.
    fn step_back(&mut self) -> bool {
        if self.focus == Pane::Details {
            self.go_to(Pane::Models);
        } else if !self.browser.query().text().is_empty() {
            self.browser.type_filter(Edit::Clear);
        } else if self.browser.marked() > 0 {
            self.browser.unmark();
        } else if self.browser.rows().is_empty() {
            self.browser.want(|wish| {
                wish.class = None;
                wish.favourites = false;
                wish.duplicates = false;
            });
        } else {
            return false;
        }
        true
    }

    fn act_in_filter(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        match action {
            Action::Accept => self.browser.filter(false),
            Action::Dismiss => {
                self.browser.filter(false);
                self.browser.type_filter(Edit::Clear);
            }
            Action::Clear => self.type_filter(Edit::Clear, effects),
            Action::Paste => {
                let register = self.register.clone();
                self.type_filter(Edit::Insert(register), effects);
            }
            _ => return false,
        }
        true
    }

    fn act_in_notes(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        match action {
            Action::Submit => self.keep_notes(effects),
            Action::Dismiss => _ = self.browser.end_notes(),
            Action::Paste => {
                let register = self.register.clone();
                self.write_in_notes(prompt::Edit::Paste(register));
            }
            action => match prompt::keys::of_action(action) {
                Some(edit) => {
                    if let Some(text) = self.write_in_notes(edit) {
                        self.register.clone_from(&text);
                        effects.push(Effect::Copy(text));
                    }
                }
                None => return false,
            },
        }
        true
    }

    fn write_in_notes(&mut self, edit: prompt::Edit) -> Option<String> {
        let size = self.seen.inside(Pane::Details).as_size();
        self.browser.notes_mut()?.editor.act(edit, size).copied
    }

    fn keep_notes(&mut self, effects: &mut Vec<Effect>) {
        let Some(notes) = self.browser.end_notes() else { return };
        let Some(card) = self.browser.at(&notes.path).map(|entry| Arc::clone(&entry.card)) else {
            return;
        };
        let edit = crate::library::sidecar::Edit {
            notes: Some(notes.editor.text().to_owned()),
            ..Default::default()
        };
        effects.push(Effect::Library(Ask::Edit {
            card,
            edit: Box::new(edit),
            tags: None,
        }));
    }

    /// A key that is no action.
    pub(super) fn type_in_browser(&mut self, key: &KeyEvent, chord: Chord, effects: &mut Vec<Effect>) {
        match self.focus {
            Pane::Models if self.browser.is_filtering() => {
                if let Some(edit) = Edit::of(key) {
                    self.type_filter(edit, effects);
                }
            }
            Pane::Details => {
                if let (Some(edit), true) = (prompt::keys::of_key(chord), self.browser.notes().is_some()) {
                    self.write_in_notes(edit);
                }
            }
            _ => {}
        }
    }

    /// A text that was pasted.
    pub(super) fn paste_in_browser(&mut self, text: &str, effects: &mut Vec<Effect>) {
        if self.focus == Pane::Models && self.browser.is_filtering() {
            self.type_filter(Edit::Insert(text.to_owned()), effects);
        } else if self.focus == Pane::Details {
            self.write_in_notes(prompt::Edit::Paste(text.to_owned()));
        }
    }

    fn type_filter(&mut self, edit: Edit, effects: &mut Vec<Effect>) {
        if let Some(words) = self.browser.type_filter(edit) {
            effects.push(Effect::Library(Ask::Search(words)));
        }
    }

    fn browser_height(&self) -> usize {
        self.seen.models.list.rows.height().max(1)
    }

    fn move_in_browser(&mut self, action: Action) {
        if self.focus == Pane::Details {
            let page = self.seen.models.details.page.max(2) - 1;
            let by = match action {
                Action::SelectUp => -1,
                Action::SelectDown => 1,
                Action::PageUp => -(page as isize),
                Action::PageDown => page as isize,
                Action::Top => isize::MIN,
                _ => isize::MAX,
            };
            return self.scroll_details(by);
        }
        let go = match action {
            Action::SelectUp => Go::Up,
            Action::SelectDown => Go::Down,
            Action::PageUp => Go::PageUp,
            Action::PageDown => Go::PageDown,
            Action::Top => Go::Top,
            _ => Go::Bottom,
        };
        self.browser.go(go, self.browser_height());
    }

    fn scroll_details(&mut self, by: isize) {
        let most = self.seen.models.details.most;
        let now = self.browser.scroll.min(most);
        self.browser.scroll = now.saturating_add_signed(by).min(most);
    }

    /// Does what using each model at hand means, and goes back to drawing if that was asked for and there is something to see.
    pub(super) fn use_models(&mut self, leave: bool, effects: &mut Vec<Effect>) {
        if let Some(Row::Folder { open, .. }) = self.browser.row()
            && self.browser.marked() == 0
        {
            let open = !*open;
            self.browser.fold(open);
            return;
        }
        let entries: Vec<Entry> = self.browser.at_hand().into_iter().cloned().collect();
        let unknown = entries.iter().find(|entry| self.lacks_details(entry));
        if let Some(entry) = unknown {
            // The preferred weight lies beside the file; using goes on when it is here.
            effects.push(Effect::Library(Ask::Describe(Arc::clone(&entry.card))));
            self.using = Some(leave);
            return;
        }
        self.using = None;
        let mut used = false;
        for entry in &entries {
            let details = self
                .described
                .get(entry.path())
                .or(self.browser.details_of(entry.path()));
            let using = insert::of(entry, details);
            used |= self.carry_into(entry, using, effects);
        }
        self.described.clear();
        if used {
            self.browser.unmark();
            if leave {
                self.show(Tab::Generate);
            }
        }
    }

    fn lacks_details(&self, entry: &Entry) -> bool {
        let path = entry.path();
        insert::needs_details(entry) && !self.described.contains_key(path) && self.browser.details_of(path).is_none()
    }

    /// Does what using a model means; whether anything was done.
    fn carry_into(&mut self, entry: &Entry, using: Use, effects: &mut Vec<Effect>) -> bool {
        let name = text::safe(entry.name()).into_owned();
        let told = match using {
            Use::Nothing(why) => {
                let sentence = match why {
                    Why::Told(sentence) => self.lang.fill(&sentence, &[("name", &name)]),
                    Why::Trouble(why) => self.lang.fill(&browser::TROUBLED, &[("name", &name), ("why", &why)]),
                };
                self.notice(Grade::Warning, sentence, None);
                return false;
            }
            Use::Call { words, negative } => {
                self.write(Side::Prompt, &words);
                if let Some(negative) = negative {
                    self.write(Side::Negative, &negative);
                }
                self.lang.fill(&browser::CALLED, &[("words", &text::safe(&words))])
            }
            Use::Word(word) => {
                let side = self.last_side;
                self.write(side, &word);
                let title = match side {
                    Side::Prompt => generate::PROMPT,
                    Side::Negative => generate::NEGATIVE_PROMPT,
                };
                let side = self.lang.say(&title).to_lowercase();
                self.lang.fill(&browser::WRITTEN, &[("words", &word), ("side", &side)])
            }
            Use::Checkpoint => {
                let model = named(entry.path(), &self.models.checkpoints);
                effects.push(Effect::Inspect(model.path.clone()));
                self.parameters.set_model(model);
                self.lang.fill(&browser::CHECKPOINT_TAKEN, &[("name", &name)])
            }
            Use::Vae => {
                self.parameters.set_vae(Some(named(entry.path(), &self.models.vaes)));
                self.lang.fill(&browser::VAE_TAKEN, &[("name", &name)])
            }
        };
        self.notice(Grade::Info, told, None);
        true
    }

    /// Puts words into a prompt at its cursor, or behind the word or the selection that the cursor is in.
    fn write(&mut self, side: Side, words: &str) {
        let state = self.editor(side);
        let (cursor, selection) = (state.cursor(), state.selection());
        let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let before = inside(state.text()[..cursor].chars().next_back());
        let behind = inside(state.text()[cursor..].chars().next());
        if !selection.is_empty() {
            let select = false;
            let motion = Motion::Right;
            self.edit(side, prompt::Edit::Move { motion, select });
        } else if before && behind {
            let select = false;
            let motion = Motion::WordRight;
            self.edit(side, prompt::Edit::Move { motion, select });
        }
        let state = self.editor(side);
        let words = insert::spaced(state.text(), state.cursor(), words);
        self.edit(side, prompt::Edit::Paste(words));
    }

    fn favour(&mut self, effects: &mut Vec<Effect>) {
        let entries = self.browser.at_hand();
        // All become favourites unless all are.
        let on = !entries.iter().all(|entry| entry.favourite());
        let changed = entries.into_iter().filter(|entry| entry.favourite() != on);
        let changed: Vec<Entry> = changed
            .map(|entry| {
                let mut card = (*entry.card).clone();
                card.favourite = on;
                Entry::new(Arc::new(card))
            })
            .collect();
        effects.extend(changed.iter().map(|entry| {
            let path = entry.card.path.clone();
            Effect::Library(Ask::Favourite { path, on })
        }));
        self.browser.change(changed, &[]);
    }

    fn read_metadata(&mut self) {
        let Some(entry) = self.browser.shown() else { return };
        let name = text::safe(entry.name()).into_owned();
        let metadata = self.browser.details().map(|details| &details.metadata);
        let Some(metadata) = metadata.filter(|metadata| !metadata.is_empty()) else {
            let none = self.lang.fill(&browser::NO_METADATA, &[("name", &name)]);
            return self.notice(Grade::Info, none, None);
        };
        let pretty = |value: &str| {
            let parsed = value
                .starts_with(['{', '['])
                .then(|| serde_json::from_str::<serde_json::Value>(value).ok());
            let parsed = parsed
                .flatten()
                .and_then(|value| serde_json::to_string_pretty(&value).ok());
            parsed.unwrap_or_else(|| value.to_owned())
        };
        let all: Vec<String> = metadata
            .iter()
            .map(|(key, value)| format!("{key}: {}", pretty(value)))
            .collect();
        let reader = Reader::new(
            format!("{} · {name}", self.lang.say(&browser::METADATA)),
            all.join("\n"),
        );
        self.overlays.push(Overlay::Reader(reader));
    }

    fn copy_model_path(&mut self, effects: &mut Vec<Effect>) {
        let Some(entry) = self.browser.current() else { return };
        let path = entry.path().display().to_string();
        let told = self
            .lang
            .fill(&crate::ui::lang::pictures::COPIED_PATH, &[("path", &text::safe(&path))]);
        effects.push(Effect::Copy(path));
        self.notice(Grade::Info, told, None);
    }

    /// What the library tells.
    pub(super) fn hear_of_models(&mut self, news: News, effects: &mut Vec<Effect>) {
        match news {
            News::Changed { models, gone } => self.browser.change(models, &gone),
            News::Work(work) => self.browser.works(work),
            News::Hashed(0) => {
                self.browser.works(None);
                self.notice(Grade::Info, self.lang.say(&browser::NOTHING_TO_HASH).to_owned(), None);
            }
            News::Hashed(count) => {
                self.browser.works(None);
                let told = text::count(self.lang, count as u64, &browser::HASHED_ONE, &browser::HASHED);
                self.notice(Grade::Info, told, None);
            }
            News::Described { path, details } => {
                if let Some(leave) = self.using {
                    self.described.insert(path.clone(), (*details).clone());
                    self.browser.describe(&path, *details);
                    self.use_models(leave, effects);
                } else {
                    self.browser.describe(&path, *details);
                }
                if let Some(action) = self.awaiting.take().filter(|_| self.overlays.is_empty()) {
                    self.act_in_browser(action, effects);
                }
            }
            News::Found { words, numbers } => self.browser.found(&words, &numbers),
            News::Edited { path } => {
                let name = self
                    .browser
                    .at(&path)
                    .map(|entry| text::safe(entry.name()).into_owned());
                let told = self.lang.fill(&browser::SAVED, &[("name", &name.unwrap_or_default())]);
                self.notice(Grade::Info, told, None);
            }
        }
    }

    /// Asks for what is not in the list once the cursor has stayed on a model for a moment.
    pub(super) fn rest(&mut self, effects: &mut Vec<Effect>) {
        let wanted = match self.browser.to_show() {
            Some(card) if self.tab() == Tab::Models => Arc::clone(card),
            _ => {
                self.resting = None;
                return;
            }
        };
        let since = match &self.resting {
            Some((path, since)) if *path == wanted.path => *since,
            _ => self.now,
        };
        if self.browser.tells_nothing() || self.now.saturating_duration_since(since) >= REST {
            self.resting = None;
            self.browser.show();
            effects.push(Effect::Library(Ask::Describe(wanted)));
        } else {
            self.resting = Some((wanted.path.clone(), since));
        }
    }

    /// When the cursor has stayed long enough.
    pub(super) fn rests_until(&self) -> Option<Instant> {
        self.resting.as_ref().map(|(_, since)| *since + REST)
    }

    /// The keys that the browser names.
    pub(super) fn browser_keys(&self) -> Keys {
        let key = |action| {
            let keys = self.keymap.keys_of(action, Scope::Models.chain());
            keys.into_iter().next().unwrap_or_default()
        };
        Keys {
            filter: key(Action::FilterModels),
            back: key(Action::Dismiss),
            hash: key(Action::HashModel),
            hash_all: key(Action::HashAll),
            metadata: key(Action::ReadMetadata),
        }
    }

    /// A click into the browser; a second one on the same row uses its model.
    pub(super) fn click_in_browser(&mut self, pane: Pane, position: Position, again: bool, effects: &mut Vec<Effect>) {
        if pane == Pane::Details {
            if self.browser.notes().is_some() {
                let inside = self.seen.inside(pane);
                let at = super::pointer::point(inside, position);
                self.write_in_notes(prompt::Edit::Click { at, select: false });
            }
            return;
        }
        let drawn = &self.seen.models.list;
        if let Some(kind) = drawn.kinds.iter().position(|place| place.contains(position)) {
            let class: Option<Class> = Class::TABS[kind];
            return self.browser.want(|wish| wish.class = class);
        }
        if drawn.filter.contains(position) {
            return self.browser.filter(true);
        }
        let Some(row) = drawn.rows.at(position) else { return };
        let height = drawn.rows.height();
        self.browser.filter(false);
        let same = again && self.browser.is_at(row);
        self.browser.go(Go::To(row), height);
        if self.clicks(position) == 2 && same {
            self.use_models(true, effects);
        }
    }

    /// The wheel over the browser.
    pub(super) fn wheel_in_browser(&mut self, pane: Pane, rows: i32) {
        if pane == Pane::Models {
            let height = self.browser_height();
            for _ in 0..rows.unsigned_abs() {
                self.browser.go(if rows < 0 { Go::Up } else { Go::Down }, height);
            }
        } else if self.browser.notes().is_some() {
            self.write_in_notes(prompt::Edit::Scroll(rows));
        } else {
            self.scroll_details(rows as isize);
        }
    }
}
