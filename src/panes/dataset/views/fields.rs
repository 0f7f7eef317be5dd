//! Fields of the forms of these views, in few words.

use crate::ui::lang::Text;
use crate::ui::widgets::form::{Field, Form, Value};

pub(super) fn field(id: &'static str, label: Text, help: Text, value: Value) -> Field {
    Field { id, label, help, value }
}

pub(super) fn written(id: &'static str, label: Text, help: Text, value: &str) -> Field {
    field(id, label, help, Value::Text(value.to_owned()))
}

pub(super) fn toggle(id: &'static str, label: Text, help: Text, on: bool) -> Field {
    field(id, label, help, Value::Toggle(on))
}

pub(super) fn choice(id: &'static str, label: Text, help: Text, options: Vec<String>, selected: usize) -> Field {
    field(id, label, help, Value::Choice { options, selected })
}

/// A whole number between the two bounds.
pub(super) fn whole(id: &'static str, label: Text, help: Text, value: i64, [min, max]: [i64; 2]) -> Field {
    stepped(id, label, help, value, [min, max], 1)
}

/// As [`whole`], of which a key press adds `step`.
pub(super) fn stepped(id: &'static str, label: Text, help: Text, value: i64, [min, max]: [i64; 2], step: i64) -> Field {
    let value = Value::Integer {
        value: value.clamp(min, max),
        min,
        max,
        step,
        big_step: step.saturating_mul(if step == 1 { 5 } else { 4 }),
    };
    field(id, label, help, value)
}

/// A number between the two bounds, to three digits.
pub(super) fn number(id: &'static str, label: Text, help: Text, value: f64, [min, max]: [f64; 2]) -> Field {
    let value = Value::Number {
        value: value.clamp(min, max),
        min,
        max,
        step: 0.05,
        big_step: 0.25,
        decimals: 3,
    };
    field(id, label, help, value)
}

/// Which option of a choice is chosen.
pub(super) fn picked(form: &Form, id: &str) -> usize {
    match form.value(id) {
        Some(Value::Choice { selected, .. }) => *selected,
        _ => 0,
    }
}
