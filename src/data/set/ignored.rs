//! Why a folder or a file is left out of a set, and why what is in it stays as it is.

use crate::data::unread::Unread;

/// Why a folder or a file is left out; a clause of its own.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Ignored {
    /// A link to a picture that is not there.
    #[error("a link that leads nowhere")]
    DeadLink,
    /// A link to a folder of the set.
    #[error("a link to a folder that is looked into already")]
    KnownLink,
    /// A folder beside those that say how often their pictures are shown.
    #[error("{} not in a folder whose name begins with a number of repeats", if *.several { "pictures" } else { "a picture" })]
    Unnumbered {
        /// Whether it holds more than one picture.
        several: bool,
    },
    /// A picture of a kind that is not read: its ending.
    #[error("{0} pictures are not read")]
    Format(String),
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] Unread),
    /// A configuration says that it is shown so often.
    #[error("it has {0} repeats")]
    Repeats(i64),
    /// A configuration names it twice.
    #[error("it is named twice")]
    Twice,
    /// A metadata file that names nothing.
    #[error("a metadata file without a picture")]
    NoEntries,
}

/// Why a caption is not edited; a clause of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Closed {
    /// It is there and cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(Unread),
    /// It stands in this metadata file.
    #[error(
        "{0} has the captions of many pictures and is not written to: change it there, or write captions beside the pictures and take \
         metadata_file out of the TOML"
    )]
    Metadata(String),
}

/// That a picture is not changed, renamed or moved, since this metadata file names it; a clause of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} names it by its path and is not written to: take metadata_file out of the TOML first")]
pub struct Anchored(pub String);
