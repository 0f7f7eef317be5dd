//! The dataset: what its actions do, what its keys type, and when a picture is looked at.
//!
//! Read [`edits`] for what is done to many captions, [`above`] for what opens above the panes, [`news`] for what the keeper tells.

mod above;
mod edits;
mod mouse;
mod news;
mod views;

use std::time::{Duration, Instant};

use crossterm::event::KeyEvent;

use super::effect::{Load, Role};
use super::{App, Effect, Grade, Layout, Pane, Tab, layout};
use crate::keys::{Action, Chord, Group, Scope};
use crate::panes::dataset::above::way;
use crate::panes::dataset::caption::{At, Caption};
use crate::panes::dataset::forms::deed_of;
use crate::panes::dataset::view::{Keys, grid, why_closed};
use crate::panes::dataset::views::View;
use crate::panes::prompt;
use crate::ui::lang::dataset as words;
use crate::ui::text;
use crate::ui::widgets::input::Edit;
use crate::ui::widgets::list::Go;

/// How long the cursor stays on a picture before that is shown.
const REST: Duration = Duration::from_millis(100);

impl App {
    /// The dataset's screen is shown: what was open last time is opened.
    pub(super) fn enter_dataset(&mut self) {
        if self.tab() == Tab::Dataset {
            self.dataset.begin();
        }
    }

    /// The dataset's screen is left.
    pub(super) fn leave_dataset(&mut self) {
        if self.tab() == Tab::Dataset {
            self.dataset.write_caption();
        }
    }

    /// What has to be done before the screen is closed: what is not written is written.
    pub fn leave(&mut self) -> Vec<Effect> {
        self.dataset.write_caption();
        let asks = self.dataset.take_asks().into_iter().map(Effect::Dataset);
        let mut effects: Vec<Effect> = asks.collect();
        effects.extend(self.keep_now());
        effects
    }

    /// Where keys are looked up in the pane in focus.
    pub(super) fn scope_in_dataset(&self) -> Scope {
        match self.focus {
            Pane::Pictures if self.dataset.is_filtering() => Scope::Completing,
            Pane::Pictures => Scope::Pictures,
            Pane::Caption if self.dataset.typing().is_some() => Scope::Completing,
            Pane::Caption if self.dataset.caption().is_some_and(|caption| caption.editor().is_some()) => Scope::Notes,
            Pane::Caption => self.scope_in_view().unwrap_or(Scope::Chips),
            _ if self.dataset.tags.is_searching() => Scope::Picker,
            _ => Scope::Tags,
        }
    }

    /// Actions of the dataset, where it is shown.
    pub(super) fn act_in_dataset(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        if self.tab() != Tab::Dataset {
            return false;
        }
        let typed = match self.scope_in_dataset() {
            Scope::Notes => self.act_in_caption_text(action, effects),
            Scope::Completing | Scope::Picker => self.act_in_line(action),
            _ => false,
        };
        if typed {
            return true;
        }
        if let Some(go) = way(action) {
            self.move_in_dataset(go);
            return true;
        }
        if let Some(deed) = deed_of(action) {
            self.open_deed(deed);
            self.miss_a_tagger(deed);
            return true;
        }
        match action {
            Action::NextPicture => self.walk_pictures(1),
            Action::PreviousPicture => self.walk_pictures(-1),
            Action::FirstPicture => self.walk_pictures(isize::MIN),
            Action::LastPicture => self.walk_pictures(isize::MAX),
            Action::FilterSet if self.focus == Pane::Tags => self.dataset.tags.type_search(true),
            Action::FilterSet => {
                self.go_to(Pane::Pictures);
                self.dataset.filter(true);
            }
            Action::MarkInSet => self.mark_in_dataset(),
            Action::MarkShown => match (self.focus, self.dataset.book().cloned()) {
                (Pane::Tags, Some(book)) => self.dataset.tags.mark_shown(&book),
                _ => self.dataset.mark_shown(),
            },
            Action::SortTags => self.dataset.sort_tags(),
            Action::ReverseTags => self.dataset.tags.reverse(),
            Action::ThumbnailGrid => {
                let kept = self.dataset.kept_mut();
                kept.grid = !kept.grid;
                self.go_to(Pane::Pictures);
            }
            Action::GoLeft => self.go_beside(false),
            Action::GoRight => self.go_beside(true),
            Action::EditPicture => self.go_to(Pane::Caption),
            Action::WithTag => self.narrow_to_tag(false),
            Action::WithoutTag => self.narrow_to_tag(true),
            Action::NextView => self.turn_view(1),
            Action::PreviousView => self.turn_view(-1),
            Action::CopyPath => self.copy_picture_path(effects),
            Action::Dismiss => return self.step_back_in_dataset(),
            _ => return self.act_in_view(action) || self.act_on_caption(action, effects) || self.act_on_set(action),
        }
        true
    }

    /// Why the caption that is looked at cannot be changed by itself.
    fn why_closed(&self) -> Option<String> {
        let caption = self.dataset.caption()?;
        let book = self.dataset.book()?;
        Some(why_closed(caption.closed()?, book, caption.picture, self.lang))
    }

    /// Actions on the caption under the cursor.
    fn act_on_caption(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        let types = [
            Action::EditChip,
            Action::InsertChip,
            Action::AppendChip,
            Action::AddChip,
            Action::PasteChip,
        ];
        if let Some(why) = self.why_closed().filter(|_| types.contains(&action)) {
            self.notice(Grade::Info, why, None);
            return true;
        }
        match action {
            Action::EditChip => self.dataset.type_tag(None),
            Action::InsertChip => self.dataset.type_tag(Some(At::Before)),
            Action::AppendChip => self.dataset.type_tag(Some(At::Behind)),
            Action::AddChip => self.dataset.type_tag(Some(At::End)),
            Action::RemoveChip => self.dataset.delete_tag(),
            Action::ChipLeft | Action::ChipRight => {
                if let Some(caption) = self.dataset.caption_mut() {
                    caption.shift(action == Action::ChipRight);
                }
            }
            Action::CopyChip => {
                if let Some(tag) = self.dataset.copy_tag() {
                    let told = self.lang.fill(&words::COPIED_TAG, &[("tag", &text::safe(&tag))]);
                    self.register.clone_from(&tag);
                    effects.push(Effect::Copy(tag));
                    self.notice(Grade::Info, told, None);
                }
            }
            Action::PasteChip => self.dataset.paste_tags(),
            Action::EditText => {
                self.dataset.look();
                self.dataset.view = View::Caption;
                let opened = self.dataset.caption_mut().map(Caption::open_editor);
                self.go_to(Pane::Caption);
                if opened == Some(false) {
                    self.notice(Grade::Info, self.lang.say(&words::NO_EDITOR).to_owned(), None);
                }
            }
            Action::WriteCaption => _ = self.dataset.write_caption(),
            Action::UndoPicture => self.dataset.undo_here(false),
            Action::RedoPicture => self.dataset.undo_here(true),
            _ => return false,
        }
        true
    }

    /// Whether an action would do something now, so that its key is worth showing.
    pub(super) fn offers_in_dataset(&self, action: Action) -> bool {
        let open = self.dataset.book().is_some();
        let caption = self.dataset.caption();
        match action {
            Action::ShowGenerate => true,
            Action::OpenSet => !open,
            _ if self.scope_in_dataset() == Scope::Notes => [Action::Submit, Action::Dismiss].contains(&action),
            Action::Accept | Action::Dismiss if self.scope_in_dataset().types() => true,
            _ if !matches!(action.info().group, Group::Dataset | Group::Captions) => false,
            _ if !open => false,
            Action::WriteCaption => caption.is_some_and(Caption::is_changed),
            Action::ShowConflicts => !self.dataset.conflicts().is_empty(),
            Action::StopSetWork => self.dataset.work().is_some(),
            _ if self.offers_in_view(action).is_some() => self.offers_in_view(action) == Some(true),
            Action::EditChip | Action::RemoveChip | Action::ChipLeft | Action::ChipRight => {
                caption.is_some_and(|caption| caption.count() > 0 && caption.closed().is_none())
            }
            Action::AddChip | Action::AppendChip | Action::InsertChip | Action::PasteChip | Action::EditText => {
                caption.is_some_and(|caption| caption.closed().is_none())
            }
            // A view's own keys come first.
            _ if action.info().group == Group::Captions && self.dataset.view.scope().is_some() => {
                self.focus != Pane::Caption
            }
            Action::AddTags | Action::EditPicture => !self.dataset.book().is_some_and(|book| book.is_empty()),
            _ => true,
        }
    }

    /// What is typed into a line: the filter, a tag, the search for tags.
    fn act_in_line(&mut self, action: Action) -> bool {
        let step = match action {
            Action::SelectDown => Some(true),
            Action::SelectUp => Some(false),
            _ => None,
        };
        let complete = matches!(action, Action::SelectDown | Action::SelectUp | Action::NextPane);
        match (self.focus, action) {
            (_, Action::Paste) => {
                let register = self.register.clone();
                self.edit_line(Edit::Insert(register));
            }
            (_, Action::Clear) => self.edit_line(Edit::Clear),
            (Pane::Pictures, _) if complete => self.dataset.complete_query(step),
            (Pane::Pictures, Action::Accept) => self.dataset.take_query(),
            (Pane::Pictures, Action::Submit) => self.keep_query(),
            (Pane::Pictures, Action::Dismiss) => {
                self.dataset.filter(false);
                self.dataset.set_query("");
            }
            (Pane::Caption, _) if complete => self.dataset.complete_tag(step),
            (Pane::Caption, Action::Accept) => self.dataset.take_tag(),
            (Pane::Caption, Action::Submit) => {
                self.dataset.take_tag();
                self.dataset.drop_tag();
                self.dataset.write_caption();
            }
            (Pane::Caption, Action::Dismiss) => self.dataset.drop_tag(),
            (Pane::Tags, Action::Accept) => self.dataset.tags.type_search(false),
            (Pane::Tags, Action::Dismiss) => {
                self.edit_line(Edit::Clear);
                self.dataset.tags.type_search(false);
            }
            _ => return false,
        }
        true
    }

    fn edit_line(&mut self, edit: Edit) {
        match self.focus {
            Pane::Pictures => self.dataset.edit_query(edit),
            Pane::Caption => self.dataset.edit_tag(edit),
            _ => {
                if let Some(book) = self.dataset.book().cloned() {
                    self.dataset.tags.edit(edit, &book);
                }
            }
        }
    }

    /// The caption as a text.
    fn act_in_caption_text(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        match action {
            Action::Submit => {
                self.dataset.write_caption();
            }
            Action::Dismiss => {
                if let Some(caption) = self.dataset.caption_mut() {
                    caption.close_editor();
                }
            }
            Action::Paste => {
                let register = self.register.clone();
                self.write_in_caption(prompt::Edit::Paste(register));
            }
            action => match prompt::keys::of_action(action) {
                Some(edit) => {
                    if let Some(text) = self.write_in_caption(edit) {
                        self.register.clone_from(&text);
                        effects.push(Effect::Copy(text));
                    }
                }
                None => return false,
            },
        }
        true
    }

    fn write_in_caption(&mut self, edit: prompt::Edit) -> Option<String> {
        let size = self.seen.dataset.caption.editor.as_size();
        let caption = self.dataset.caption_mut()?;
        let copied = caption.editor_mut()?.act(edit, size).copied;
        caption.follow_editor();
        copied
    }

    /// A key that is no action.
    pub(super) fn type_in_dataset(&mut self, key: &KeyEvent, chord: Chord) {
        match self.scope_in_dataset() {
            Scope::Notes => {
                if let Some(edit) = prompt::keys::of_key(chord) {
                    self.write_in_caption(edit);
                }
            }
            Scope::Completing | Scope::Picker => {
                if let Some(edit) = Edit::of(key) {
                    self.edit_line(edit);
                }
            }
            _ => {}
        }
    }

    /// A text that was pasted.
    pub(super) fn paste_in_dataset(&mut self, text: &str) {
        match self.scope_in_dataset() {
            Scope::Notes => _ = self.write_in_caption(prompt::Edit::Paste(text.to_owned())),
            Scope::Completing | Scope::Picker => self.edit_line(Edit::Insert(text.to_owned())),
            _ => {}
        }
    }

    /// Rows of the list of pictures that are seen; of a grid, its thumbnails.
    fn pictures_height(&self) -> usize {
        let drawn = &self.seen.dataset.pictures;
        let grid = drawn.grid.filter(|_| self.dataset.is_grid());
        grid.map_or(drawn.rows.height(), |grid| grid.count()).max(1)
    }

    fn move_in_dataset(&mut self, go: Go) {
        let height = self.pictures_height();
        let grid = self.seen.dataset.pictures.grid.filter(|_| self.dataset.is_grid());
        match (self.focus, grid, go) {
            (Pane::Pictures, Some(grid), Go::Up | Go::Down) => {
                let by = grid.columns as isize;
                self.dataset.step(if go == Go::Up { -by } else { by }, height);
            }
            (Pane::Pictures, ..) => self.dataset.go(go, height),
            (Pane::Caption, ..) => self.move_in_caption(go),
            _ => {
                let height = self.seen.dataset.tags.rows.height().max(1);
                self.dataset.tags.go(go, height);
            }
        }
    }

    fn move_in_caption(&mut self, go: Go) {
        if self.move_in_view(go) {
            return;
        }
        let drawn = &self.seen.dataset.caption;
        let page = drawn.area.height.max(2) as isize - 1;
        let rows = match go {
            Go::Up => -1,
            Go::Down => 1,
            Go::PageUp => -page,
            Go::PageDown => page,
            Go::Top => isize::MIN,
            _ => isize::MAX,
        };
        let chips = drawn.chips.clone();
        if let Some(caption) = self.dataset.caption_mut()
            && let Some(place) = caption.cursor()
        {
            let to = match go {
                Go::Top => 0,
                Go::Bottom => usize::MAX,
                _ => chips.beside(place, rows),
            };
            caption.go(to);
        }
    }

    fn go_beside(&mut self, right: bool) {
        let by = if right { 1 } else { -1 };
        match self.focus {
            Pane::Pictures if self.dataset.is_grid() => {
                let height = self.pictures_height();
                self.dataset.step(by, height);
            }
            Pane::Pictures if right => self.go_to(Pane::Caption),
            Pane::Caption => {
                let at = self.dataset.caption().and_then(Caption::cursor);
                let last = self
                    .dataset
                    .caption()
                    .map_or(0, |caption| caption.count().saturating_sub(1));
                match at {
                    // Beyond the ends lie the other parts.
                    Some(0) | None if !right => self.go_to(Pane::Pictures),
                    Some(at) if at < last || !right => {
                        if let Some(caption) = self.dataset.caption_mut() {
                            caption.step(by);
                        }
                    }
                    _ => self.go_to(Pane::Tags),
                }
            }
            Pane::Tags if !right => self.go_to(Pane::Caption),
            _ => {}
        }
    }

    /// Goes to a picture so many further on, wherever the focus is.
    fn walk_pictures(&mut self, by: isize) {
        let height = self.pictures_height();
        self.dataset.step(by, height);
    }

    fn mark_in_dataset(&mut self) {
        if let (Pane::Tags, Some(book)) = (self.focus, self.dataset.book().cloned()) {
            self.dataset.tags.mark(&book);
            let height = self.seen.dataset.tags.rows.height().max(1);
            return self.dataset.tags.go(Go::Down, height);
        }
        self.dataset.mark();
        self.walk_pictures(1);
    }

    fn turn_view(&mut self, by: isize) {
        self.dataset.view = self.dataset.view.turned(by);
        self.dataset.look();
    }

    /// Takes the last thing back that hides pictures or was opened.
    fn step_back_in_dataset(&mut self) -> bool {
        if self.focus == Pane::Caption && self.leave_crop() {
            return true;
        }
        match self.focus {
            Pane::Tags if !self.dataset.tags.query().text().is_empty() => self.edit_line(Edit::Clear),
            Pane::Tags if !self.dataset.tags.marked().is_empty() => self.dataset.tags.unmark(),
            Pane::Caption if self.dataset.view != View::Caption => self.dataset.view = View::Caption,
            Pane::Tags | Pane::Caption => self.go_to(Pane::Pictures),
            _ if !self.dataset.query().text().is_empty() => self.dataset.set_query(""),
            _ if !self.dataset.marked().is_empty() => self.dataset.unmark(),
            _ => return false,
        }
        true
    }

    fn copy_picture_path(&mut self, effects: &mut Vec<Effect>) {
        let (Some(book), Some(picture)) = (self.dataset.book(), self.dataset.picture()) else {
            return;
        };
        let path = book.path(picture).display().to_string();
        let told = self
            .lang
            .fill(&crate::ui::lang::pictures::COPIED_PATH, &[("path", &text::safe(&path))]);
        effects.push(Effect::Copy(path));
        self.notice(Grade::Info, told, None);
    }

    /// Looks at the picture under the cursor once the cursor has stayed there for a moment, or at once where its caption has the keys.
    pub(super) fn gaze(&mut self) {
        if self.tab() != Tab::Dataset || !self.dataset.is_elsewhere() {
            self.gaze = None;
            return;
        }
        let picture = self.dataset.picture();
        let since = match self.gaze {
            Some((known, since)) if known == picture => since,
            _ => self.now,
        };
        let at_once = self.focus != Pane::Pictures || self.dataset.caption().is_none();
        if at_once || self.now.saturating_duration_since(since) >= REST {
            self.gaze = None;
            self.dataset.look();
        } else {
            self.gaze = Some((picture, since));
        }
    }

    /// When the cursor has stayed long enough.
    pub(super) fn gazes_until(&self) -> Option<Instant> {
        self.gaze.map(|(_, since)| since + REST)
    }

    /// Asks for the pictures of the dataset that are shown and not here yet.
    pub(super) fn want_pictures_of_dataset(&mut self, layout: &Layout, effects: &mut Vec<Effect>) {
        let Some(book) = self.dataset.book().cloned() else {
            return;
        };
        if self.tab() == Tab::Dataset {
            self.dataset.see();
        }
        if layout.area(Pane::Caption).is_some() {
            let [first, second] = self.dataset.sights();
            let dataset = &mut self.dataset;
            for (picture, role) in [(first, Role::Sight), (second, Role::Beside)] {
                let Some(path) = picture.map(|picture| book.path(picture).to_owned()) else {
                    continue;
                };
                let sight = if role == Role::Sight {
                    &mut dataset.sight
                } else {
                    &mut dataset.views.beside
                };
                if sight.missing(&path) {
                    effects.push(Effect::Load(Load { path, role }));
                }
            }
        }
        let Some(grid) = layout
            .area(Pane::Pictures)
            .and_then(|area| grid(&self.dataset, layout::inner(area)))
        else {
            return;
        };
        for at in 0..grid.count() {
            let Some(picture) = self.dataset.picture_at(grid.first + at) else {
                break;
            };
            let path = book.path(picture);
            if self.dataset.tiles.missing(at as u8, path) {
                effects.push(Effect::Load(Load {
                    path: path.to_owned(),
                    role: Role::Tile(at as u8),
                }));
            }
        }
    }

    /// What stands behind the title of the caption.
    pub(super) fn caption_tail(&self) -> String {
        let caption = self.dataset.caption();
        let changed = caption.is_some_and(Caption::is_changed);
        // That of the picture that is shown, which follows the cursor when that rests.
        let row = caption.and_then(|caption| self.dataset.row_of(caption.picture));
        let place = row.map(|row| {
            format!(
                "{}/{}",
                text::number(row as u64 + 1),
                text::number(self.dataset.count() as u64)
            )
        });
        let changed = changed.then(|| self.lang.say(&words::UNWRITTEN_MARK).to_owned());
        changed.into_iter().chain(place).collect::<Vec<_>>().join(" · ")
    }

    /// The keys that the dataset names.
    pub(super) fn keys_of_dataset(&self) -> Keys {
        let key = |action, scope: Scope| {
            let keys = self.keymap.keys_of(action, scope.chain());
            keys.into_iter().next().unwrap_or_default()
        };
        let ([form, search, keep], proposals, health, crops) = self.keys_of_views();
        Keys {
            form,
            search,
            keep,
            proposals,
            health,
            crops,
            open: key(Action::OpenSet, Scope::Dataset),
            filter: key(Action::FilterSet, Scope::Dataset),
            back: key(Action::Dismiss, Scope::Dataset),
            write: key(Action::WriteCaption, Scope::Dataset),
            undo: key(Action::UndoSet, Scope::Dataset),
            add: key(Action::AppendChip, Scope::Chips),
        }
    }
}
