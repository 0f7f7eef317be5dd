//! A list of named values to change: numbers, choices, switches, a seed.
//!
//! [`Form::update`] takes a small message and either changes the form or refuses with a sentence that names the bounds; a value
//! outside its bounds never gets in, from wherever it comes. `view` draws it. What a value means, and what a picker offers, is its
//! owner's.

#[cfg(test)]
mod tests;
mod update;
mod value;
mod view;

use crate::ui::lang::Text;
use crate::ui::widgets::input::InputState;

pub use update::{Message, Outcome};
pub use value::Value;
pub use view::Drawn;

/// A value with its name.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// What the owner calls it.
    pub id: &'static str,
    /// What a person calls it.
    pub label: Text,
    /// A sentence about it.
    pub help: Text,
    /// The value.
    pub value: Value,
}

/// Fields, of which one is selected and may be being edited.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Form {
    fields: Vec<Field>,
    selected: usize,
    editing: Option<InputState>,
}

impl Form {
    /// A form with its first field selected.
    pub fn new(fields: Vec<Field>) -> Self {
        Self {
            fields,
            selected: 0,
            editing: None,
        }
    }

    /// All fields in their order.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Changes a field's value in place.
    pub fn change(&mut self, id: &str, change: impl FnOnce(&mut Value)) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.id == id) {
            change(&mut field.value);
        }
    }

    /// The field of that id.
    pub fn field(&self, id: &str) -> Option<&Field> {
        self.fields.iter().find(|field| field.id == id)
    }

    /// The selected field; `None` in an empty form.
    pub fn selected(&self) -> Option<&Field> {
        self.fields.get(self.selected)
    }

    /// The line being typed, if one is.
    pub fn editing(&self) -> Option<&InputState> {
        self.editing.as_ref()
    }

    /// A field's value. `None` if there is no such field.
    pub fn value(&self, id: &str) -> Option<&Value> {
        self.field(id).map(|field| &field.value)
    }

    /// A field's number, whole or not.
    pub fn number(&self, id: &str) -> Option<f64> {
        match self.value(id)? {
            Value::Number { value, .. } => Some(*value),
            Value::Integer { value, .. } => Some(*value as f64),
            _ => None,
        }
    }

    /// A field's whole number.
    pub fn integer(&self, id: &str) -> Option<i64> {
        match self.value(id)? {
            Value::Integer { value, .. } => Some(*value),
            _ => None,
        }
    }

    /// The text of a choice, a text or a pick.
    pub fn text(&self, id: &str) -> Option<&str> {
        match self.value(id)? {
            Value::Choice { options, selected } => options.get(*selected).map(String::as_str),
            Value::Text(text) => Some(text),
            Value::Pick { shown } => Some(shown),
            _ => None,
        }
    }

    /// Whether a switch is on.
    pub fn toggle(&self, id: &str) -> Option<bool> {
        match self.value(id)? {
            Value::Toggle(on) => Some(*on),
            _ => None,
        }
    }

    /// A field's seed; the inner `None` is a random one.
    pub fn seed(&self, id: &str) -> Option<Option<u64>> {
        match self.value(id)? {
            Value::Seed(seed) => Some(*seed),
            _ => None,
        }
    }

    /// Puts a whole value into a field, as its owner knows it to be right: new options of a choice, what a picker chose.
    pub fn put(&mut self, id: &str, value: Value) {
        if let Some(field) = self.fields.iter_mut().find(|field| field.id == id) {
            field.value = value;
        }
    }
}
