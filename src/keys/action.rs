//! What there is to do: every action with its name, its words, its group and its default keys.
//!
//! The rows are in `table`; this file says what a row is. An action is only a name here: the app carries it out.

use super::Scope;
pub use super::table::{ACTIONS, Action};
use crate::ui::lang::{Text, groups};

/// Everything about an action.
#[derive(Debug)]
pub struct Info {
    /// The action.
    pub action: Action,
    /// Its name in `keys.toml` and in the palette; stable.
    pub name: &'static str,
    /// A few words for hints and menus.
    pub title: Text,
    /// A sentence for help.
    pub doc: Text,
    /// Where help and the palette list it.
    pub group: Group,
    /// Whether it asks before it acts.
    pub dangerous: bool,
    /// How much it deserves a place in the hint bar; 0 for none.
    pub priority: u8,
    /// Where it can be done; [`Scope::Global`] for everywhere.
    pub scopes: &'static [Scope],
    /// Its default keys, each with the scope that it is bound in; the most usual first.
    pub keys: &'static [(Scope, &'static str)],
}

/// What an action belongs to, in the order of help.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Group {
    /// Generating pictures.
    Drawing,
    /// Writing prompts.
    Writing,
    /// The form of parameters.
    Parameters,
    /// The queue of jobs.
    Queue,
    /// Pictures made so far.
    Pictures,
    /// The model files.
    Models,
    /// The pictures and captions of a dataset.
    Dataset,
    /// Changing many captions at once.
    Captions,
    /// Choosing models, samplers, looks.
    Choosing,
    /// Going from pane to pane.
    Panes,
    /// Going through rows.
    Lists,
    /// The workstation itself.
    Workstation,
}

impl Group {
    /// Every group, in the order of help.
    pub const ALL: [Self; 12] = [
        Self::Drawing,
        Self::Writing,
        Self::Parameters,
        Self::Queue,
        Self::Pictures,
        Self::Models,
        Self::Dataset,
        Self::Captions,
        Self::Choosing,
        Self::Panes,
        Self::Lists,
        Self::Workstation,
    ];

    /// What a person calls it.
    pub const fn title(self) -> Text {
        match self {
            Self::Drawing => groups::DRAWING,
            Self::Writing => groups::WRITING,
            Self::Parameters => groups::PARAMETERS,
            Self::Queue => groups::QUEUE,
            Self::Pictures => groups::PICTURES,
            Self::Models => groups::MODELS,
            Self::Dataset => groups::DATASET,
            Self::Captions => groups::CAPTIONS,
            Self::Choosing => groups::CHOOSING,
            Self::Panes => groups::PANES,
            Self::Lists => groups::LISTS,
            Self::Workstation => groups::WORKSTATION,
        }
    }
}

impl Action {
    /// Its row of the table.
    pub fn info(self) -> &'static Info {
        &ACTIONS[self as usize]
    }

    /// Its stable name.
    pub fn name(self) -> &'static str {
        self.info().name
    }

    /// The action of that name.
    pub fn named(name: &str) -> Option<Self> {
        ACTIONS.iter().find(|info| info.name == name).map(|info| info.action)
    }

    /// Whether it can be done where `scopes` count.
    pub fn is_for(self, scopes: &[Scope]) -> bool {
        let own = self.info().scopes;
        own.contains(&Scope::Global) || own.iter().any(|scope| scopes.contains(scope))
    }
}
