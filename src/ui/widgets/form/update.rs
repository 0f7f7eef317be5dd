//! How a form changes.

use super::{Form, Value};
use crate::ui::lang::Lang;
use crate::ui::widgets::input::{Edit, InputState};

/// What happens to a form.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// Selects the field above.
    Up,
    /// Selects the field below.
    Down,
    /// Selects the first field.
    Top,
    /// Selects the last field.
    Bottom,
    /// Adds a step to the selected value, or a big one.
    Increase {
        /// A big one.
        much: bool,
    },
    /// Takes a step from the selected value, or a big one.
    Decrease {
        /// A big one.
        much: bool,
    },
    /// Begins to edit the selected value, switches it, or asks for its picker.
    Edit,
    /// Types. Where nothing is being edited, a text begins to edit the selected value anew.
    Type(Edit),
    /// Inserts a pasted text; begins to edit where nothing is.
    Paste(String),
    /// Takes what was typed.
    Accept,
    /// Leaves the edit; the old value stays.
    Dismiss,
    /// A click on a field: selects it, or edits it if it is selected.
    Click(usize),
    /// The wheel: selects the field above or below.
    Wheel {
        /// Towards the top.
        up: bool,
    },
}

/// What a message led to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing that anybody else has to know.
    Nothing,
    /// This field has a new value.
    Changed(&'static str),
    /// This field wants its picker.
    Pick(&'static str),
}

impl Form {
    /// Changes the form.
    ///
    /// # Errors
    /// A sentence that refuses what was typed; the old value stays, and the edit goes on.
    pub fn update(&mut self, message: Message, lang: Lang) -> Result<Outcome, String> {
        match message {
            Message::Up | Message::Wheel { up: true } => self.select(self.selected.saturating_sub(1), lang),
            Message::Down | Message::Wheel { up: false } => self.select(self.selected.saturating_add(1), lang),
            Message::Top => self.select(0, lang),
            Message::Bottom => self.select(usize::MAX, lang),
            Message::Increase { much } => Ok(self.step(true, much)),
            Message::Decrease { much } => Ok(self.step(false, much)),
            Message::Type(edit) => Ok(self.type_in(edit)),
            Message::Paste(text) => Ok(self.type_in(Edit::Insert(text))),
            Message::Accept => self.accept(lang),
            Message::Dismiss => {
                self.editing = None;
                Ok(Outcome::Nothing)
            }
            Message::Click(field) if field >= self.fields.len() => Ok(Outcome::Nothing),
            Message::Click(field) if field != self.selected => self.select(field, lang),
            Message::Click(_) if self.editing.is_some() => Ok(Outcome::Nothing),
            Message::Click(_) | Message::Edit => Ok(self.edit()),
        }
    }

    /// Gives a field a value as if it had been typed.
    ///
    /// # Errors
    /// A sentence that refuses it; the old value stays.
    pub fn assign(&mut self, id: &str, typed: &str, lang: Lang) -> Result<(), String> {
        match self.fields.iter_mut().find(|field| field.id == id) {
            Some(field) => field.value.take(typed, &field.label, lang),
            None => Ok(()),
        }
    }

    /// Selects another field. What is being typed is taken first, and keeps the field where it is refused.
    fn select(&mut self, field: usize, lang: Lang) -> Result<Outcome, String> {
        let outcome = self.accept(lang)?;
        self.selected = field.min(self.fields.len().saturating_sub(1));
        Ok(outcome)
    }

    fn step(&mut self, up: bool, much: bool) -> Outcome {
        if self.editing.is_some() {
            return Outcome::Nothing;
        }
        let Some(field) = self.fields.get_mut(self.selected) else {
            return Outcome::Nothing;
        };
        if field.value.step(up, much) {
            Outcome::Changed(field.id)
        } else {
            Outcome::Nothing
        }
    }

    fn edit(&mut self) -> Outcome {
        let Some(field) = self.fields.get_mut(self.selected) else {
            return Outcome::Nothing;
        };
        match &mut field.value {
            Value::Choice { .. } | Value::Pick { .. } => Outcome::Pick(field.id),
            Value::Toggle(on) => {
                *on = !*on;
                Outcome::Changed(field.id)
            }
            value => {
                self.editing.get_or_insert_with(|| InputState::new(&value.editable()));
                Outcome::Nothing
            }
        }
    }

    fn type_in(&mut self, edit: Edit) -> Outcome {
        if let Some(input) = &mut self.editing {
            input.apply(edit);
            return Outcome::Nothing;
        }
        let (Some(field), Edit::Insert(text)) = (self.fields.get(self.selected), edit) else {
            return Outcome::Nothing;
        };
        match field.value {
            Value::Choice { .. } | Value::Pick { .. } => Outcome::Pick(field.id),
            Value::Toggle(_) => Outcome::Nothing,
            _ => {
                self.editing = Some(InputState::new(&text));
                Outcome::Nothing
            }
        }
    }

    fn accept(&mut self, lang: Lang) -> Result<Outcome, String> {
        let (Some(input), Some(field)) = (&self.editing, self.fields.get_mut(self.selected)) else {
            return Ok(Outcome::Nothing);
        };
        let before = field.value.clone();
        field.value.take(input.text(), &field.label, lang)?;
        self.editing = None;
        let changed = self.fields[self.selected].value != before;
        let id = self.fields[self.selected].id;
        Ok(if changed {
            Outcome::Changed(id)
        } else {
            Outcome::Nothing
        })
    }
}
