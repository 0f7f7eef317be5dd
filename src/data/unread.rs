//! Why a file that is there cannot be read, so that it can be kept, compared and told in any language.

use std::io;

/// Why a caption, a picture or a folder cannot be read; a clause of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unread {
    /// The system does not let it be.
    #[error("{words}")]
    System {
        /// What kind of refusal it is.
        kind: io::ErrorKind,
        /// The system's own words.
        words: String,
    },
    /// A folder, a pipe, a device.
    #[error("it is no file")]
    NoFile,
    /// A link to nothing.
    #[error("it is a link to a file that is not there")]
    DeadLink,
    /// The metadata file that it stood in cannot be used any more.
    #[error("{0}")]
    Metadata(String),
    /// The metadata file that it stood in does not have it any more.
    #[error("its entry is gone from the metadata file")]
    NoEntry,
    /// So many bytes are no caption.
    #[error("a caption of {} MiB is none", .0 >> 20)]
    TooLarge(u64),
}

impl From<io::Error> for Unread {
    fn from(error: io::Error) -> Self {
        Self::System {
            kind: error.kind(),
            words: error.to_string(),
        }
    }
}
