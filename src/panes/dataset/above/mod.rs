//! What opens above the dataset: changes to look at before they are written, conflicts, the dialog of the trigger word, the choice of a
//! dataset.
//!
//! Each has its state, takes a small set of actions and draws itself; the app acts on what comes of them.

pub mod conflicts;
pub mod opener;
pub mod plan;
pub mod review;
pub mod trigger;

use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect};

pub use conflicts::Conflicts;
pub use opener::Opener;
pub use plan::Plan;
pub use review::Review;
pub use trigger::Trigger;

use crate::keys::{Action, Scope};
use crate::ui::lang::Lang;
use crate::ui::theme::Theme;
use crate::ui::widgets::list::{Go, Rows};

/// What is open above the dataset.
#[derive(Debug)]
pub enum Above {
    /// Changes before they are written.
    Review(Review),
    /// Work on pictures before it is done.
    Plan(Plan),
    /// Captions that two have changed.
    Conflicts(Conflicts),
    /// The trigger word.
    Trigger(Trigger),
    /// Which dataset to open.
    Opener(Opener),
}

/// What was drawn where.
#[derive(Clone, Debug, Default)]
pub struct Drawn {
    /// All of it.
    pub area: Rect,
    /// Where the cursor stands.
    pub cursor: Option<Position>,
    /// The rows of its list.
    pub rows: Rows,
}

/// The keys that are named, as written.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    /// Writes the changes, or goes on.
    pub write: String,
    /// Leaves one out.
    pub skip: String,
    /// Leaves without a change.
    pub back: String,
    /// Takes ours.
    pub ours: String,
    /// Takes theirs.
    pub theirs: String,
    /// Takes both.
    pub both: String,
}

impl Above {
    /// Where its keys are looked up.
    pub fn scope(&self) -> Scope {
        match self {
            Self::Review(_) | Self::Plan(_) => Scope::Review,
            Self::Conflicts(_) => Scope::Conflicts,
            Self::Trigger(_) => Scope::Trigger,
            Self::Opener(_) => Scope::Completing,
        }
    }

    /// Draws it above what fills `within`.
    pub fn draw(&self, keys: &Keys, theme: &Theme, lang: Lang, within: Rect, buffer: &mut Buffer) -> Drawn {
        match self {
            Self::Review(review) => review.draw(keys, theme, lang, within, buffer),
            Self::Plan(plan) => plan.draw(keys, theme, lang, within, buffer),
            Self::Conflicts(conflicts) => conflicts.draw(keys, theme, lang, within, buffer),
            Self::Trigger(trigger) => trigger.draw(keys, theme, lang, within, buffer),
            Self::Opener(opener) => opener.draw(theme, lang, within, buffer),
        }
    }
}

/// The way through a list that an action is.
pub fn way(action: Action) -> Option<Go> {
    Some(match action {
        Action::SelectUp => Go::Up,
        Action::SelectDown => Go::Down,
        Action::PageUp => Go::PageUp,
        Action::PageDown => Go::PageDown,
        Action::Top => Go::Top,
        Action::Bottom => Go::Bottom,
        _ => return None,
    })
}

/// An area in the middle that is as large as something to be read wants to be.
fn large(within: Rect) -> Rect {
    let width = within.width.saturating_sub(if within.width > 100 { 10 } else { 2 });
    let height = within.height.saturating_sub(if within.height > 30 { 4 } else { 2 });
    crate::ui::widgets::popup::centred(ratatui::layout::Size::new(width.min(150), height), within)
}
