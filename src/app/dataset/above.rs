//! What is open above the dataset: its keys, and what comes of it.

use crossterm::event::{KeyEvent, MouseEventKind};
use ratatui::layout::Position;

use super::super::{App, Effect, Grade};
use crate::keys::{Action, Scope};
use crate::overlay::Overlay;
use crate::panes::dataset::above::conflicts::{Keep, Settled};
use crate::panes::dataset::above::{Above, Conflicts, Keys, Opener, way};
use crate::panes::dataset::talk::Ask;
use crate::ui::lang::dataset as words;
use crate::ui::widgets::input::Edit;
use crate::ui::widgets::list::Go;

impl App {
    /// Opens something above the dataset.
    pub(super) fn put_above(&mut self, above: Above) {
        let scope = above.scope();
        self.dataset.above = Some(above);
        self.overlays.retain(|overlay| !matches!(overlay, Overlay::Own(_)));
        self.overlays.push(Overlay::Own(scope));
    }

    /// Closes it.
    fn close_above(&mut self) -> Option<Above> {
        self.overlays.retain(|overlay| !matches!(overlay, Overlay::Own(_)));
        self.dataset.above.take()
    }

    /// Asks which dataset to open.
    pub(in crate::app) fn open_opener(&mut self) {
        let opener = Opener::new(self.dataset.recent().to_vec());
        self.put_above(Above::Opener(opener));
    }

    /// Shows the captions that two have changed.
    pub(super) fn open_conflicts(&mut self) {
        let Some(book) = self.dataset.book() else { return };
        let (separator, root) = (book.set.options.separator.clone(), book.set.root.clone());
        let conflicts = self.dataset.take_conflicts();
        if conflicts.is_empty() {
            return self.notice(Grade::Info, self.lang.say(&words::ALL_SETTLED).to_owned(), None);
        }
        self.put_above(Above::Conflicts(Conflicts::new(conflicts, &separator, &root)));
    }

    fn is_above(&self) -> bool {
        matches!(self.overlays.last(), Some(Overlay::Own(_)))
    }

    /// Actions there. Those that quit or draw anew go through.
    pub(in crate::app) fn act_above_dataset(&mut self, action: Action, effects: &mut Vec<Effect>) -> bool {
        if !self.is_above() {
            return false;
        }
        let height = self.seen.rows.height().max(1);
        match self.dataset.above.as_mut() {
            Some(Above::Review(review)) => match action {
                Action::LeaveOut => {
                    review.leave_out();
                    review.go(Go::Down, height);
                }
                Action::CopyCommand => {
                    let command = review.command().map(str::to_owned);
                    let (grade, told) = match command {
                        Some(command) => {
                            effects.push(Effect::Copy(command));
                            (Grade::Info, words::COPIED_COMMAND)
                        }
                        None => (Grade::Warning, words::NO_COMMAND),
                    };
                    self.notice(grade, self.lang.say(&told).to_owned(), None);
                }
                Action::WriteChanges => {
                    if let Some(Above::Review(review)) = self.close_above() {
                        self.dataset.ask(Ask::Write(review.into_sheet()));
                    }
                }
                _ => {
                    if let Some(go) = way(action) {
                        review.go(go, height);
                    }
                }
            },
            Some(Above::Plan(plan)) => match action {
                Action::LeaveOut => {
                    plan.leave_out();
                    plan.go(Go::Down, height);
                }
                Action::WriteChanges => {
                    if let Some(Above::Plan(plan)) = self.close_above() {
                        self.dataset.carry_out(plan.into_plan());
                    }
                }
                _ => {
                    if let Some(go) = way(action) {
                        plan.go(go, height);
                    }
                }
            },
            Some(Above::Conflicts(conflicts)) => match (action, way(action)) {
                (_, Some(go)) => conflicts.go(go, height),
                (Action::TakeOurs, _) => self.settle(Keep::Ours),
                (Action::TakeTheirs, _) => self.settle(Keep::Theirs),
                (Action::TakeBoth, _) => self.settle(Keep::Both),
                _ => {}
            },
            Some(Above::Trigger(trigger)) => {
                if action == Action::Submit {
                    if let Some((word, struck)) = trigger.take() {
                        self.close_above();
                        self.take_trigger(word, struck);
                    }
                } else {
                    trigger.act(action, height);
                }
            }
            Some(Above::Opener(_)) => self.act_in_opener(action),
            None => _ = self.close_above(),
        }
        if action == Action::Dismiss {
            self.dismiss_above();
        }
        !matches!(action, Action::Quit | Action::Redraw | Action::Suspend)
    }

    fn dismiss_above(&mut self) {
        if let Some(Above::Conflicts(conflicts)) = self.close_above() {
            // They wait until somebody has time for them.
            self.dataset.keep_conflicts(conflicts.all().to_vec());
        }
    }

    fn settle(&mut self, keep: Keep) {
        let Some(Above::Conflicts(conflicts)) = &mut self.dataset.above else {
            return;
        };
        let settled = conflicts.settle(keep);
        let left = conflicts.all().len();
        match settled {
            Settled::AsItIs => {}
            Settled::Impossible => self.notice(Grade::Warning, self.lang.say(&words::CONTRADICT).to_owned(), None),
            Settled::Write { path, before, after } => self.dataset.ask(Ask::Caption { path, before, after }),
        }
        if left == 0 {
            self.close_above();
            self.notice(Grade::Info, self.lang.say(&words::ALL_SETTLED).to_owned(), None);
        }
    }

    fn act_in_opener(&mut self, action: Action) {
        let Some(Above::Opener(opener)) = &mut self.dataset.above else {
            return;
        };
        let changed = match action {
            Action::SelectDown | Action::SelectUp => {
                opener.line.step(action == Action::SelectDown);
                false
            }
            Action::NextPane => opener.line.complete(),
            Action::Clear => opener.line.apply(Edit::Clear),
            Action::Paste => opener.line.apply(Edit::Insert(self.register.clone())),
            Action::Accept => {
                if let Some(path) = opener.chosen() {
                    self.close_above();
                    // Before the screen is shown, which would open what was open last time.
                    self.dataset.open(path);
                    self.show(super::Tab::Dataset);
                }
                return;
            }
            _ => false,
        };
        if changed {
            self.ask_paths();
        }
    }

    fn edit_path(&mut self, edit: Edit) {
        if let Some(Above::Opener(opener)) = &mut self.dataset.above
            && opener.line.apply(edit)
        {
            self.ask_paths();
        }
    }

    /// Asks what the path that is typed may be completed to.
    fn ask_paths(&mut self) {
        if let Some(Above::Opener(opener)) = &mut self.dataset.above {
            let typed = opener.line.text().to_owned();
            opener.offer(&[]);
            if !typed.is_empty() {
                self.dataset.ask(Ask::Paths { typed });
            }
        }
    }

    /// A key that is no action. Whether it was for what is open above the dataset.
    pub(in crate::app) fn type_above_dataset(&mut self, key: &KeyEvent) -> bool {
        if !self.is_above() {
            return false;
        }
        match &mut self.dataset.above {
            Some(Above::Trigger(trigger)) => trigger.key(key),
            Some(Above::Opener(_)) => {
                if let Some(edit) = Edit::of(key) {
                    self.edit_path(edit);
                }
            }
            _ => {}
        }
        true
    }

    /// A text that was pasted. Whether it was for what is open above the dataset.
    pub(in crate::app) fn paste_above_dataset(&mut self, text: &str) -> bool {
        if !self.is_above() {
            return false;
        }
        match &mut self.dataset.above {
            Some(Above::Trigger(trigger)) => trigger.insert(text),
            Some(Above::Opener(_)) => self.edit_path(Edit::Insert(text.trim().to_owned())),
            _ => {}
        }
        true
    }

    /// The mouse over what is open above the dataset.
    pub(in crate::app) fn mouse_above_dataset(&mut self, kind: MouseEventKind, position: Position) -> bool {
        if !self.is_above() {
            return false;
        }
        let (rows, covered) = (self.seen.rows, self.seen.covers(position));
        let wheel = match kind {
            MouseEventKind::ScrollUp => Some(Go::Up),
            MouseEventKind::ScrollDown => Some(Go::Down),
            MouseEventKind::Down(_) => rows.at(position).map(Go::To),
            _ => None,
        };
        match (&mut self.dataset.above, wheel) {
            (Some(Above::Review(review)), Some(go)) => review.go(go, rows.height()),
            (Some(Above::Plan(plan)), Some(go)) => plan.go(go, rows.height()),
            (Some(Above::Conflicts(conflicts)), Some(go)) => conflicts.go(go, rows.height()),
            (Some(Above::Opener(_)), None) if matches!(kind, MouseEventKind::Down(_)) && !covered => {
                self.dismiss_above();
            }
            _ => {}
        }
        true
    }

    /// Whether an action would do something in what is open above the dataset.
    pub(in crate::app) fn offers_above_dataset(&self, action: Action) -> bool {
        let own: &[Action] = match &self.dataset.above {
            Some(Above::Review(review)) if review.command().is_none() => &[Action::WriteChanges, Action::LeaveOut],
            Some(Above::Review(_)) => &[Action::WriteChanges, Action::LeaveOut, Action::CopyCommand],
            Some(Above::Plan(_)) => &[Action::WriteChanges, Action::LeaveOut],
            Some(Above::Conflicts(_)) => &[Action::TakeOurs, Action::TakeTheirs, Action::TakeBoth],
            Some(Above::Trigger(_)) => &[Action::Submit, Action::Accept],
            Some(Above::Opener(_)) => &[Action::Accept],
            None => &[],
        };
        own.contains(&action) || action == Action::Dismiss
    }

    /// The keys that it names.
    pub(in crate::app) fn keys_above_dataset(&self) -> Keys {
        let key = |action, scope: Scope| {
            let keys = self.keymap.keys_of(action, scope.chain());
            keys.into_iter().next().unwrap_or_default()
        };
        let scope = self.dataset.above.as_ref().map_or(Scope::Review, Above::scope);
        let write = if scope == Scope::Trigger {
            Action::Submit
        } else {
            Action::WriteChanges
        };
        Keys {
            write: key(write, scope),
            skip: key(Action::LeaveOut, Scope::Review),
            back: key(Action::Dismiss, scope),
            ours: key(Action::TakeOurs, Scope::Conflicts),
            theirs: key(Action::TakeTheirs, Scope::Conflicts),
            both: key(Action::TakeBoth, Scope::Conflicts),
        }
    }
}
