//! A line that is typed with help: what it can be completed to stands below it.

use std::ops::Range;

use crate::ui::widgets::input::{Edit, InputState};

/// What a line can be completed to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Choice {
    /// The bytes of the line that it takes the place of.
    pub range: Range<usize>,
    /// What stands there then.
    pub text: String,
    /// A few words about it.
    pub note: String,
}

/// The line and its choices.
#[derive(Clone, Debug, Default)]
pub struct Line {
    input: InputState,
    choices: Vec<Choice>,
    /// Which choice the cursor is on; none while it is in the line.
    picked: Option<usize>,
}

impl Line {
    /// A line with a text, its cursor behind it.
    pub fn new(text: &str) -> Self {
        Self {
            input: InputState::new(text),
            ..Self::default()
        }
    }

    /// What is typed.
    pub fn text(&self) -> &str {
        self.input.text()
    }

    /// The line as it is drawn.
    pub fn input(&self) -> &InputState {
        &self.input
    }

    /// The cursor, in bytes.
    pub fn cursor(&self) -> usize {
        self.input.cursor()
    }

    /// What it can be completed to.
    pub fn choices(&self) -> &[Choice] {
        &self.choices
    }

    /// The choice under the cursor.
    pub fn picked(&self) -> Option<usize> {
        self.picked.filter(|picked| *picked < self.choices.len())
    }

    /// Offers other choices.
    pub fn offer(&mut self, choices: Vec<Choice>) {
        self.choices = choices;
        self.picked = None;
    }

    /// Does an edit. Returns whether the text changed.
    pub fn apply(&mut self, edit: Edit) -> bool {
        let changed = self.input.apply(edit);
        if changed {
            self.picked = None;
        }
        changed
    }

    /// Goes through the choices; above the first one is the line.
    pub fn step(&mut self, down: bool) {
        let last = self.choices.len().checked_sub(1);
        self.picked = match (self.picked(), down) {
            (None, true) => last.map(|_| 0),
            (None, false) => None,
            (Some(at), true) => last.map(|last| (at + 1).min(last)),
            (Some(at), false) => at.checked_sub(1),
        };
    }

    /// Takes the choice under the cursor, or the first one. Returns whether the text changed.
    pub fn complete(&mut self) -> bool {
        let picked = self.picked().unwrap_or_default();
        let Some(choice) = self.choices.get(picked).cloned() else {
            return false;
        };
        let before = self.input.text().to_owned();
        self.input.replace(choice.range, &choice.text);
        self.picked = None;
        self.input.text() != before
    }

    /// Takes the choice that the cursor was put on, if it was. Returns whether there was one.
    pub fn take_picked(&mut self) -> bool {
        self.picked().is_some() && {
            self.complete();
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_choice_takes_the_place_of_what_it_completes() {
        let mut line = Line::new("tag:blu w:>9");
        for _ in 0..5 {
            line.apply(Edit::Left);
        }
        let choice = |text: &str| Choice {
            range: 4..7,
            text: text.to_owned(),
            note: String::new(),
        };
        line.offer(vec![choice("blue"), choice("blush")]);
        line.step(true);
        line.step(true);
        line.step(true);
        assert_eq!(line.picked(), Some(1));
        assert!(line.complete());
        assert_eq!((line.text(), line.cursor()), ("tag:blush w:>9", 9));
        line.step(false);
        assert_eq!(line.picked(), None);
        assert!(!line.take_picked());
    }
}
