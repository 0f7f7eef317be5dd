//! The kinds of values: how each is read, stepped and written.

use std::fmt::Display;

use crate::ui::lang::{Lang, Text, form};
use crate::ui::text;

/// A value with what it may be.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A number.
    Number {
        /// It.
        value: f64,
        /// The least.
        min: f64,
        /// The most.
        max: f64,
        /// What one key press adds.
        step: f64,
        /// What one with shift adds.
        big_step: f64,
        /// Digits behind the point.
        decimals: usize,
    },
    /// A whole number.
    Integer {
        /// It.
        value: i64,
        /// The least.
        min: i64,
        /// The most.
        max: i64,
        /// What one key press adds.
        step: i64,
        /// What one with shift adds.
        big_step: i64,
    },
    /// One of a few.
    Choice {
        /// What there is.
        options: Vec<String>,
        /// Which.
        selected: usize,
    },
    /// Any text.
    Text(String),
    /// Something that a picker chooses.
    Pick {
        /// Its name.
        shown: String,
    },
    /// On or off.
    Toggle(bool),
    /// A seed; `None` for a new one every time.
    Seed(Option<u64>),
}

/// Options that a big step passes.
const BIG_CHOICE: usize = 5;

impl Value {
    /// The value as it is written.
    pub fn shown(&self, lang: Lang) -> String {
        match self {
            Self::Number { value, decimals, .. } => number(*value, *decimals),
            Self::Integer { value, .. } => value.to_string(),
            Self::Choice { options, selected } => options.get(*selected).cloned().unwrap_or_default(),
            Self::Text(text) | Self::Pick { shown: text } => text.clone(),
            Self::Toggle(on) => lang
                .say(if *on {
                    &crate::ui::lang::words::ON
                } else {
                    &crate::ui::lang::words::OFF
                })
                .to_owned(),
            Self::Seed(None) => lang.say(&form::RANDOM).to_owned(),
            Self::Seed(Some(seed)) => seed.to_string(),
        }
    }

    /// The value as one begins to edit it.
    pub(super) fn editable(&self) -> String {
        match self {
            Self::Seed(None) | Self::Toggle(_) | Self::Choice { .. } | Self::Pick { .. } => String::new(),
            other => other.shown(Lang::En),
        }
    }

    /// What the value may be, in a sentence's part; empty where that says nothing.
    pub(super) fn bounds(&self, lang: Lang) -> String {
        match self {
            Self::Number {
                min,
                max,
                step,
                decimals,
                ..
            } => {
                let [min, max, step] = [min, max, step].map(|value| number(*value, *decimals));
                lang.fill(&form::BOUNDS, &[("min", &min), ("max", &max), ("step", &step)])
            }
            Self::Integer { min, max, step, .. } => {
                lang.fill(&form::BOUNDS, &[("min", min), ("max", max), ("step", step)])
            }
            Self::Choice { options, .. } if options.len() > 1 => lang.fill(&form::CHOICES, &[("n", &options.len())]),
            Self::Seed(_) => lang.fill(&form::SEED_BOUNDS, &[("max", &u64::MAX)]),
            _ => String::new(),
        }
    }

    /// Steps up or down, as far as the bounds. Returns whether it changed.
    pub(super) fn step(&mut self, up: bool, much: bool) -> bool {
        let before = self.clone();
        match self {
            Self::Number {
                value,
                min,
                max,
                step,
                big_step,
                decimals,
            } => {
                let step = if much { *big_step } else { *step };
                let next = round(next_number(*value, step, up), *decimals);
                *value = bounded(next, *min, *max, *value);
            }
            Self::Integer {
                value,
                min,
                max,
                step,
                big_step,
            } => {
                let step = if much { *big_step } else { *step };
                *value = next_integer(*value, step.max(1), up).min(*max).max(*min);
            }
            Self::Choice { options, selected } => {
                let far = if much { BIG_CHOICE } else { 1 };
                let last = options.len().saturating_sub(1);
                *selected = if up {
                    selected.saturating_add(far)
                } else {
                    selected.saturating_sub(far)
                }
                .min(last);
            }
            Self::Toggle(on) => *on = up,
            Self::Seed(Some(seed)) => {
                let far = if much { 10 } else { 1 };
                *seed = if up {
                    seed.saturating_add(far)
                } else {
                    seed.saturating_sub(far)
                };
            }
            Self::Text(_) | Self::Pick { .. } | Self::Seed(None) => {}
        }
        *self != before
    }

    /// The next option of a choice, the first behind the last one.
    pub fn next(&mut self) {
        if let Self::Choice { options, selected } = self {
            *selected = (*selected + 1) % options.len().max(1);
        }
    }

    /// Takes what was typed.
    ///
    /// # Errors
    /// The sentence that refuses it, with its bounds; the old value stays.
    pub(super) fn take(&mut self, typed: &str, label: &Text, lang: Lang) -> Result<(), String> {
        let old = self.shown(lang);
        let plain = narrowed(typed);
        let told = format!("\"{}\"", text::truncate(&text::safe(typed.trim()), 40));
        let refuse = |why: &Text, min: &dyn Display, max: &dyn Display| {
            let values: [(&str, &dyn Display); 5] = [
                ("label", &lang.say(label)),
                ("min", min),
                ("max", max),
                ("value", &told),
                ("old", &old),
            ];
            Err(lang.fill(why, &values))
        };
        match self {
            Self::Number {
                value,
                min,
                max,
                decimals,
                ..
            } => {
                let bounds = [&*min, &*max].map(|bound| number(*bound, *decimals));
                match plain.parse::<f64>() {
                    Ok(typed) if typed >= *min && typed <= *max => {
                        *value = bounded(round(typed, *decimals), *min, *max, typed);
                    }
                    Ok(typed) if typed.is_finite() => return refuse(&form::OUT_OF_RANGE, &bounds[0], &bounds[1]),
                    _ => return refuse(&form::NOT_A_NUMBER, &bounds[0], &bounds[1]),
                }
            }
            Self::Integer { value, min, max, .. } => match plain.parse::<i128>() {
                Ok(typed) if typed >= i128::from(*min) && typed <= i128::from(*max) => {
                    *value = i64::try_from(typed).unwrap_or(*value);
                }
                Ok(_) => return refuse(&form::OUT_OF_RANGE, min, max),
                Err(_) => return refuse(&form::NOT_WHOLE, min, max),
            },
            Self::Seed(seed) => match plain.as_str() {
                "" | "-1" => *seed = None,
                digits => match digits.parse() {
                    Ok(typed) => *seed = Some(typed),
                    Err(_) => return refuse(&form::NO_SEED, &0, &u64::MAX),
                },
            },
            Self::Choice { options, selected } => {
                let same = |option: &String| option.to_lowercase() == typed.trim().to_lowercase();
                match options.iter().position(same) {
                    Some(found) => *selected = found,
                    None => return refuse(&form::NOT_OFFERED, &0, &0),
                }
            }
            Self::Toggle(on) => match plain.to_lowercase().as_str() {
                "on" | "true" | "yes" | "1" | "开" | "是" => *on = true,
                "off" | "false" | "no" | "0" | "关" | "否" => *on = false,
                _ => return refuse(&form::NOT_OFFERED, &0, &0),
            },
            Self::Text(text) | Self::Pick { shown: text } => typed.clone_into(text),
        }
        Ok(())
    }
}

/// A number with its decimals, without a minus before zero.
fn number(value: f64, decimals: usize) -> String {
    let decimals = decimals.min(9);
    let value = round(value, decimals) + 0.0;
    format!("{value:.decimals$}")
}

fn round(value: f64, decimals: usize) -> f64 {
    let scale = 10_f64.powi(decimals.min(9) as i32);
    let rounded = (value * scale).round() / scale;
    if rounded.is_finite() { rounded } else { value }
}

/// A number between bounds, whatever the bounds are.
fn bounded(value: f64, min: f64, max: f64, old: f64) -> f64 {
    let value = value.min(max).max(min);
    if value.is_finite() { value } else { old }
}

/// The next multiple of a step above or below.
fn next_number(value: f64, step: f64, up: bool) -> f64 {
    if !(step.is_finite() && step > 0.0) {
        return value;
    }
    let steps = value / step;
    // A little of a step is what rounding left.
    let next = if up {
        (steps + 1e-6).floor() + 1.0
    } else {
        (steps - 1e-6).ceil() - 1.0
    };
    next * step
}

fn next_integer(value: i64, step: i64, up: bool) -> i64 {
    let below = value.div_euclid(step);
    let aligned = value.rem_euclid(step) == 0;
    let next = match (up, aligned) {
        (true, _) => below.saturating_add(1),
        (false, true) => below.saturating_sub(1),
        (false, false) => below,
    };
    next.saturating_mul(step)
}

/// What was typed without spaces, with full-width digits and signs as plain ones.
fn narrowed(typed: &str) -> String {
    let narrow = |c: char| match c {
        '!'..='~' => char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c),
        '。' => '.',
        '−' => '-',
        other => other,
    };
    typed.trim().chars().map(narrow).collect()
}
