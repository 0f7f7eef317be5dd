//! Where a key counts.
//!
//! A scope is a kind of place on the screen. What has the keys gives a chain of scopes, innermost first ([`Scope::chain`]); an inner
//! scope's keys come before an outer one's.

use crate::ui::lang::{Text, groups};

/// A kind of place that keys can be bound in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Scope {
    /// Everywhere.
    Global,
    /// Every pane where plain characters do not type.
    Normal,
    /// The prompt editors: plain characters type.
    Editor,
    /// The parameters.
    Form,
    /// The queue.
    Queue,
    /// The preview.
    Preview,
    /// The history.
    History,
    /// The list of models and what is told of one.
    Models,
    /// The notes on a model: plain characters type.
    Notes,
    /// The dataset: what holds in all of its parts.
    Dataset,
    /// The pictures of a dataset.
    Pictures,
    /// The tags of a caption, one by one.
    Chips,
    /// The tags of a whole dataset.
    Tags,
    /// What training draws of a caption.
    Draws,
    /// What training sees of the pictures.
    Crops,
    /// A crop that is being moved.
    Moving,
    /// What is wrong with a dataset.
    Health,
    /// Near-duplicates.
    Twins,
    /// What taggers propose.
    Proposals,
    /// One line that is being typed and can be completed.
    Completing,
    /// Changes to be looked at before they are written.
    Review,
    /// Captions that two have changed.
    Conflicts,
    /// The words and tags of a subject.
    Trigger,
    /// A form that is open above the panes: plain characters type into the selected field.
    Dialog,
    /// One line that is being typed: a value, a filter.
    Input,
    /// Rows to go up and down in, without typing.
    List,
    /// A list to choose from, narrowed by typing.
    Picker,
    /// The command palette.
    Palette,
    /// The help.
    Help,
    /// A question before something dangerous.
    Confirm,
}

impl Scope {
    /// Every scope, outermost first.
    pub const ALL: [Self; 30] = [
        Self::Global,
        Self::Normal,
        Self::List,
        Self::Editor,
        Self::Form,
        Self::Queue,
        Self::Preview,
        Self::History,
        Self::Models,
        Self::Notes,
        Self::Dataset,
        Self::Pictures,
        Self::Chips,
        Self::Tags,
        Self::Draws,
        Self::Crops,
        Self::Moving,
        Self::Health,
        Self::Twins,
        Self::Proposals,
        Self::Review,
        Self::Conflicts,
        Self::Trigger,
        Self::Dialog,
        Self::Input,
        Self::Completing,
        Self::Picker,
        Self::Palette,
        Self::Help,
        Self::Confirm,
    ];

    /// The scopes that count when this one has the keys, innermost first.
    pub const fn chain(self) -> &'static [Self] {
        match self {
            Self::Global => &[Self::Global],
            Self::Normal => &[Self::Normal, Self::Global],
            Self::Editor => &[Self::Editor, Self::Global],
            Self::Form => &[Self::Form, Self::List, Self::Normal, Self::Global],
            Self::Queue => &[Self::Queue, Self::List, Self::Normal, Self::Global],
            Self::Preview => &[Self::Preview, Self::List, Self::Normal, Self::Global],
            Self::History => &[Self::History, Self::List, Self::Normal, Self::Global],
            Self::Models => &[Self::Models, Self::List, Self::Normal, Self::Global],
            Self::Notes => &[Self::Notes, Self::Global],
            Self::Dataset => &[Self::Dataset, Self::List, Self::Normal, Self::Global],
            Self::Pictures => &[Self::Pictures, Self::Dataset, Self::List, Self::Normal, Self::Global],
            Self::Chips => &[Self::Chips, Self::Dataset, Self::List, Self::Normal, Self::Global],
            Self::Tags => &[Self::Tags, Self::Dataset, Self::List, Self::Normal, Self::Global],
            Self::Draws => &[Self::Draws, Self::Dataset, Self::List, Self::Normal, Self::Global],
            Self::Crops => &[Self::Crops, Self::Dataset, Self::List, Self::Normal, Self::Global],
            Self::Moving => &[Self::Moving, Self::Global],
            Self::Health => &[Self::Health, Self::Dataset, Self::List, Self::Normal, Self::Global],
            Self::Twins => &[Self::Twins, Self::Dataset, Self::List, Self::Normal, Self::Global],
            Self::Proposals => &[Self::Proposals, Self::Dataset, Self::List, Self::Normal, Self::Global],
            Self::Completing => &[Self::Completing, Self::Input, Self::Global],
            Self::Review => &[Self::Review, Self::List, Self::Global],
            Self::Conflicts => &[Self::Conflicts, Self::List, Self::Global],
            Self::Trigger => &[Self::Trigger, Self::Global],
            Self::Dialog => &[Self::Dialog, Self::Global],
            Self::Input => &[Self::Input, Self::Global],
            Self::List => &[Self::List, Self::Global],
            Self::Picker => &[Self::Picker, Self::Input, Self::Global],
            Self::Palette => &[Self::Palette, Self::Input, Self::Global],
            Self::Help => &[Self::Help, Self::List, Self::Global],
            Self::Confirm => &[Self::Confirm, Self::Global],
        }
    }

    /// Whether plain characters are text here, so that none may be bound.
    pub const fn types(self) -> bool {
        matches!(
            self,
            Self::Editor
                | Self::Notes
                | Self::Dialog
                | Self::Input
                | Self::Completing
                | Self::Trigger
                | Self::Picker
                | Self::Palette
        )
    }

    /// Its name in `keys.toml`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Normal => "normal",
            Self::Editor => "editor",
            Self::Form => "form",
            Self::Queue => "queue",
            Self::Preview => "preview",
            Self::History => "history",
            Self::Models => "models",
            Self::Notes => "notes",
            Self::Dataset => "dataset",
            Self::Pictures => "pictures",
            Self::Chips => "chips",
            Self::Tags => "tags",
            Self::Draws => "draws",
            Self::Crops => "crops",
            Self::Moving => "moving",
            Self::Health => "health",
            Self::Twins => "near-duplicates",
            Self::Proposals => "proposals",
            Self::Completing => "completing",
            Self::Review => "review",
            Self::Conflicts => "conflicts",
            Self::Trigger => "trigger",
            Self::Dialog => "dialog",
            Self::Input => "input",
            Self::List => "list",
            Self::Picker => "picker",
            Self::Palette => "palette",
            Self::Help => "help",
            Self::Confirm => "confirm",
        }
    }

    /// What a person calls it.
    pub const fn title(self) -> Text {
        match self {
            Self::Global => groups::SCOPE_GLOBAL,
            Self::Normal => groups::SCOPE_NORMAL,
            Self::Editor => groups::SCOPE_EDITOR,
            Self::Form => groups::SCOPE_FORM,
            Self::Queue => groups::SCOPE_QUEUE,
            Self::Preview => groups::SCOPE_PREVIEW,
            Self::History => groups::SCOPE_HISTORY,
            Self::Models => groups::SCOPE_MODELS,
            Self::Notes => groups::SCOPE_NOTES,
            Self::Dataset => groups::SCOPE_DATASET,
            Self::Pictures => groups::SCOPE_PICTURES,
            Self::Chips => groups::SCOPE_CHIPS,
            Self::Tags => groups::SCOPE_TAGS,
            Self::Draws => groups::SCOPE_DRAWS,
            Self::Crops => groups::SCOPE_CROPS,
            Self::Moving => groups::SCOPE_MOVING,
            Self::Health => groups::SCOPE_HEALTH,
            Self::Twins => groups::SCOPE_TWINS,
            Self::Proposals => groups::SCOPE_PROPOSALS,
            Self::Completing => groups::SCOPE_COMPLETING,
            Self::Review => groups::SCOPE_REVIEW,
            Self::Conflicts => groups::SCOPE_CONFLICTS,
            Self::Trigger => groups::SCOPE_TRIGGER,
            Self::Dialog => groups::SCOPE_DIALOG,
            Self::Input => groups::SCOPE_INPUT,
            Self::List => groups::SCOPE_LIST,
            Self::Picker => groups::SCOPE_PICKER,
            Self::Palette => groups::SCOPE_PALETTE,
            Self::Help => groups::SCOPE_HELP,
            Self::Confirm => groups::SCOPE_CONFIRM,
        }
    }

    /// The scope of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.name() == name)
    }
}
