//! A form above the panes: values to set, and then all of them taken at once.
//!
//! It knows nothing of what its values mean; whoever opened it reads them and may refuse them with a sentence.

use crossterm::event::KeyEvent;

use super::Answer;
use crate::keys::{Action, Scope};
use crate::ui::lang::Lang;
use crate::ui::widgets::form::{Form, Message, Outcome};
use crate::ui::widgets::input::Edit;

/// The form.
#[derive(Debug)]
pub struct Dialog {
    /// The title.
    pub title: String,
    /// The values.
    pub form: Form,
    /// Why they were not taken.
    pub complaint: Option<String>,
    lang: Lang,
}

impl Dialog {
    /// A form with its first field selected.
    pub fn new(title: String, form: Form, lang: Lang) -> Self {
        Self {
            title,
            form,
            complaint: None,
            lang,
        }
    }

    pub(super) fn scope(&self) -> Scope {
        if self.form.editing().is_some() {
            Scope::Input
        } else {
            Scope::Dialog
        }
    }

    pub(super) fn key(&mut self, key: &KeyEvent) {
        if let Some(edit) = Edit::of(key) {
            self.change(Message::Type(edit));
        }
    }

    pub(super) fn insert(&mut self, text: &str) {
        self.change(Message::Paste(text.to_owned()));
    }

    /// A field was clicked.
    pub fn click(&mut self, field: usize) {
        self.change(Message::Click(field));
    }

    pub(super) fn act(&mut self, action: Action) -> Option<Answer> {
        let message = match action {
            Action::SelectUp | Action::PreviousPane => Message::Up,
            Action::SelectDown | Action::NextPane => Message::Down,
            Action::Increase => Message::Increase { much: false },
            Action::Decrease => Message::Decrease { much: false },
            Action::IncreaseMuch => Message::Increase { much: true },
            Action::DecreaseMuch => Message::Decrease { much: true },
            Action::EditValue => Message::Edit,
            Action::Accept => Message::Accept,
            Action::Clear => Message::Type(Edit::Clear),
            Action::Dismiss if self.form.editing().is_some() => Message::Dismiss,
            Action::Dismiss => return Some(Answer::Dismissed),
            Action::Submit => {
                let taken = self.change(Message::Accept);
                return Some(if taken { Answer::Submitted } else { Answer::Open });
            }
            _ => return None,
        };
        self.change(message);
        Some(Answer::Open)
    }

    /// Changes the form; false where what was typed is refused.
    fn change(&mut self, message: Message) -> bool {
        match self.form.update(message, self.lang) {
            Ok(outcome) => {
                self.complaint = None;
                if let Outcome::Pick(field) = outcome {
                    self.form.change(field, crate::ui::widgets::form::Value::next);
                }
                true
            }
            Err(refusal) => {
                self.complaint = Some(refusal);
                false
            }
        }
    }
}
