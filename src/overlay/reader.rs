//! A text to read: why a job failed, all that a picture says of its making.

use super::Answer;
use crate::keys::Action;

/// The text and how far it is scrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reader {
    /// The title.
    pub title: String,
    /// The text; its lines are wrapped when they are drawn.
    pub text: String,
    /// Rows above the first one shown. The view shows the last page when this is beyond it.
    pub scroll: usize,
}

impl Reader {
    /// A text from its beginning.
    pub fn new(title: String, text: String) -> Self {
        Self { title, text, scroll: 0 }
    }

    pub(super) fn act(&mut self, action: Action, page: usize) -> Option<Answer> {
        match action {
            Action::Dismiss | Action::Accept => return Some(Answer::Dismissed),
            Action::SelectUp => self.scroll = self.scroll.saturating_sub(1),
            Action::SelectDown => self.scroll += 1,
            Action::PageUp => self.scroll = self.scroll.saturating_sub(page.max(1)),
            Action::PageDown => self.scroll += page.max(1),
            Action::Top => self.scroll = 0,
            Action::Bottom => self.scroll = usize::MAX / 2,
            _ => return None,
        }
        // What no text can reach is not counted on, so that the way back is short.
        self.scroll = self.scroll.min(self.text.len());
        Some(Answer::Open)
    }
}
