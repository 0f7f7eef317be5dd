//! What can be wrong with settings, in one sentence each.

use std::io;
use std::path::PathBuf;

use super::keys::{KEYS, Key, near};

/// Why settings could not be read.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file is there and cannot be read, or was asked for and is not there.
    #[error("the settings file {} cannot be read: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// The file is no TOML.
    #[error("line {line}, column {column} of {} is not valid TOML: {reason}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// In characters, counted from 1.
        column: usize,
        /// What the parser says.
        reason: String,
    },
    /// A key that is no setting.
    #[error("line {line} of {} sets {key:?}, which is no setting{}", path.display(), near(key))]
    UnknownKey {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// The key.
        key: String,
    },
    /// A value that its key does not take.
    #[error("{place} sets {key} to {value}, which is not {expected}")]
    BadValue {
        /// The line and file, the variable or the option.
        place: String,
        /// The key.
        key: &'static str,
        /// The value as written.
        value: String,
        /// What the key takes.
        expected: String,
    },
}

impl SettingsError {
    /// Whether the command line, and no file or variable, is at fault.
    pub fn is_usage(&self) -> bool {
        matches!(self, Self::BadValue { place, .. } if place.starts_with("--"))
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Unreadable { .. } => {
                Some("check the path and its permissions, or name another with --config".to_owned())
            }
            Self::Syntax { .. } => Some("a setting is written as: device = \"cpu\"".to_owned()),
            Self::UnknownKey { .. } => Some(format!(
                "the settings are {}",
                KEYS.iter().map(|key| key.name).collect::<Vec<_>>().join(", ")
            )),
            Self::BadValue { key, .. } => Key::named(key).map(|key| format!("{}: {}", key.name, key.doc)),
        }
    }
}
