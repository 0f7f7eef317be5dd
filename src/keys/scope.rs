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
    pub const ALL: [Self; 16] = [
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
        Self::Dialog,
        Self::Input,
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
            Self::Editor | Self::Notes | Self::Dialog | Self::Input | Self::Picker | Self::Palette
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
