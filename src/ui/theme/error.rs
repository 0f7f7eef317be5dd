//! What can be wrong with a theme, in one sentence each.

use std::path::PathBuf;

use crate::ui::document::{DocumentError, Place};

/// Why a theme cannot be had.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ThemeError {
    /// No theme has this name.
    #[error("there is no theme {name:?}{near}")]
    NotFound {
        /// The name.
        name: String,
        /// `; did you mean …`
        near: String,
    },
    /// Something that is no name but a path.
    #[error("{name:?} cannot be a theme's name: it has more than letters, digits, - and _")]
    Name {
        /// As given.
        name: String,
    },
    /// The file is there and cannot be read.
    #[error("the theme {} cannot be read: {reason}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        reason: String,
    },
    /// The file is no TOML.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// `inherits` names a theme that is not there.
    #[error("{place} inherits {name:?}, which is no theme{near}")]
    NoParent {
        /// Where.
        place: Place,
        /// The name.
        name: String,
        /// `; did you mean …`
        near: String,
    },
    /// Themes that inherit each other.
    #[error("the theme inherits itself: {}", chain.join(" inherits "))]
    Cycle {
        /// From the first to itself.
        chain: Vec<String>,
    },
    /// Too many themes inherit each other.
    #[error("the theme {name:?} inherits through more than {most} themes")]
    Deep {
        /// The theme asked for.
        name: String,
        /// How many are allowed.
        most: usize,
    },
    /// A key that means nothing.
    #[error("{place} sets {key:?}, which is nothing in {table}{near}")]
    Unknown {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// The part of the file.
        table: &'static str,
        /// `; did you mean …`
        near: String,
    },
    /// A value that its key does not take.
    #[error("{place} sets {key:?} to {value}, which is not {expected}")]
    Value {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// As written.
        value: String,
        /// What the key takes.
        expected: &'static str,
    },
    /// A colour that is neither written out nor in the palette.
    #[error("{place} colours {key:?} with {value:?}, which is no colour{near}")]
    Colour {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// As written.
        value: String,
        /// `; did you mean …`
        near: String,
    },
}

impl ThemeError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::NotFound { .. } | Self::NoParent { .. } => "the themes are the files of themes/ beside keys.toml, and the built-in ones",
                Self::Name { .. } => "put the file into themes/ beside keys.toml and give its name without .toml",
                Self::Unreadable { .. } => "check that it is a file and its permissions",
                Self::Document(_) => "docs/THEMES.md shows a theme",
                Self::Cycle { .. } | Self::Deep { .. } => "take one inherits away",
                Self::Unknown { .. } => "docs/THEMES.md lists every key; names with dots are quoted: \"border.focus\"",
                Self::Value { .. } => return None,
                Self::Colour { .. } => {
                    "a colour is #rrggbb, #rgb, a number up to 255, default, an ANSI name such as light-red, or a name of [palette]"
                }
            }
            .to_owned(),
        )
    }
}
