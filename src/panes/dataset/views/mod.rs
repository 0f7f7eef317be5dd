//! What the middle part can show of the picture under the cursor, or of the whole set.
//!
//! To add a view: a variant of [`View`] with its title, its state beside [`history`]'s in `dataset::State` or in [`Views`], what it asks
//! for in `State::look` or in [`state`], its keys as a [`Scope`] and its drawing in `view::caption`. [`truth`] is what training sees of
//! a caption, [`crops`] of the pictures; [`work`] changes pictures. What these ask of a thread of their own is in [`talk`].

mod acts;
pub mod crops;
mod draw;
mod fields;
mod forms;
pub mod health;
pub mod history;
pub mod options;
pub mod proposals;
pub mod state;
pub mod talk;
pub mod truth;
pub mod twins;
pub mod work;

use ratatui::layout::Rect;

pub use forms::{Deed, Taken};
pub use state::Views;

use crate::keys::Scope;
use crate::panes::preview::Numbered;
use crate::ui::lang::{Text, dataset as words, health as unwell, proposals as proposed, truth as seen, twins as twin};
use crate::ui::widgets::list::Rows;

/// A view of the middle part.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The picture and its caption.
    #[default]
    Caption,
    /// What was changed in the caption.
    History,
    /// What training sees of the caption.
    Truth,
    /// What training sees of the pictures.
    Crops,
    /// What is wrong with the set.
    Health,
    /// Pictures that look nearly the same.
    Twins,
    /// What taggers propose.
    Proposals,
}

/// What a view has drawn where.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Its picture and that's place.
    pub picture: Option<(Numbered, Rect)>,
    /// A second picture beside it.
    pub beside: Option<(Numbered, Rect)>,
    /// The rows of its list.
    pub rows: Rows,
}

impl View {
    /// All of them, in their order.
    pub const ALL: [Self; 7] = [
        Self::Caption,
        Self::History,
        Self::Truth,
        Self::Crops,
        Self::Health,
        Self::Twins,
        Self::Proposals,
    ];

    /// What a person calls it.
    pub const fn title(self) -> Text {
        match self {
            Self::Caption => words::VIEW_CAPTION,
            Self::History => words::VIEW_HISTORY,
            Self::Truth => seen::VIEW_CAPTIONS,
            Self::Crops => seen::VIEW_CROPS,
            Self::Health => unwell::VIEW,
            Self::Twins => twin::VIEW,
            Self::Proposals => proposed::VIEW,
        }
    }

    /// Where its keys are looked up, where it has keys of its own.
    pub const fn scope(self) -> Option<Scope> {
        match self {
            Self::Caption | Self::History => None,
            Self::Truth => Some(Scope::Draws),
            Self::Crops => Some(Scope::Crops),
            Self::Health => Some(Scope::Health),
            Self::Twins => Some(Scope::Twins),
            Self::Proposals => Some(Scope::Proposals),
        }
    }

    /// The view so many further on, round and round.
    #[must_use]
    pub fn turned(self, by: isize) -> Self {
        let at = Self::ALL.iter().position(|view| *view == self).unwrap_or_default();
        Self::ALL[(at as isize + by).rem_euclid(Self::ALL.len() as isize) as usize]
    }
}
