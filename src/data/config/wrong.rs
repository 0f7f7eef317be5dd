//! What may be wrong with a configuration, and what to do about it.

use std::fmt;

use super::{INTERPOLATIONS, Kind, Place, Takes};
use crate::data::buckets;

/// What is wrong with a value; follows its key in a sentence.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Wrong {
    /// A key does not take it.
    #[error("is {found}, not {takes}")]
    NotTaken {
        /// What is there.
        found: Found,
        /// What the key takes.
        takes: Takes,
    },
    /// Something else than a table.
    #[error("is {0}, not a table")]
    NoTable(Found),
    /// Something else than tables.
    #[error("is {found}, not a list of tables")]
    NoTables {
        /// What is there.
        found: Found,
        /// How they are written.
        written: &'static str,
    },
    /// JSON that is something else than a table.
    #[error("begins with {0}, not with a table")]
    NoFile(Found),
    /// Neither TOML nor JSON, in the words of whoever reads it.
    #[error("{0}")]
    Syntax(String),
    /// A key of the whole file that there is not.
    #[error("is no part of a dataset configuration")]
    NoPart,
    /// A key that there is not, or not there.
    #[error("is no key that {table} has")]
    NoKey {
        /// The table.
        table: &'static str,
        /// Where it belongs, or what may be meant.
        place: Option<Place>,
    },
    /// Captions from a metadata file and from elsewhere.
    #[error("has subsets with a metadata_file and subsets without")]
    Mixed,
    /// No folder of pictures.
    #[error("is missing")]
    NoFolder,
    /// No resolution.
    #[error("is missing")]
    NoResolution,
    /// Nothing to learn from.
    #[error("there is no subset, and so no picture")]
    NoSubset,
    /// Batches of no picture.
    #[error("is 0; a batch has at least 1 picture")]
    NoBatch,
    /// A share that is none.
    #[error("is {0}, which is no share of the pictures")]
    NoShare(f64),
    /// Settings of buckets that come to none.
    #[error(transparent)]
    Buckets(#[from] buckets::Error),
    /// Crops around faces that are none.
    #[error("is {0} to {1} times the face's size")]
    FaceRange(f64, f64),
    /// Tags are to be shuffled and there are none.
    #[error("is empty, so that captions cannot be split into tags")]
    NoSeparator,
    /// A way of resizing that there is not.
    #[error("is {0:?}, which is no way of resizing")]
    Interpolation(String),
    /// A number that no integer holds.
    #[error("is {0}, a number of more than 64 bits")]
    TooLong(i128),
    /// A number that is negative or too large.
    #[error("is {0}, not from 0 to {max}", max = u32::MAX)]
    TooLarge(i128),
    /// Sides that are.
    #[error("is {0}x{1}, which is no size")]
    NoSize(i128, i128),
}

/// What stands in the place of something else.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Found {
    /// A short value, as it is written.
    #[error("{0}")]
    Written(String),
    /// A text of so many letters.
    #[error("a text of {0} letters")]
    Text(usize),
    /// A list of so many values.
    #[error("a list of {0}")]
    List(usize),
    /// A table.
    #[error("a table")]
    Table,
}

impl Wrong {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::NotTaken { .. }
            | Self::NoTable(_)
            | Self::NoFile(_)
            | Self::Syntax(_)
            | Self::NoBatch
            | Self::TooLong(_)
            | Self::TooLarge(_)
            | Self::NoSize(..) => return None,
            Self::NoTables { written, .. } => return Some(format!("write {written}, with two brackets")),
            Self::NoPart => "a dataset configuration has [general] and [[datasets]]",
            Self::NoKey { place, .. } => return place.as_ref().map(ToString::to_string),
            Self::Mixed => "make two datasets of them",
            Self::NoFolder => "name the folder with the pictures",
            Self::NoResolution => "write resolution = 512, or what the model learns on",
            Self::NoSubset => "add [[datasets]] and below it [[datasets.subsets]] with an image_dir",
            Self::NoShare(_) => "use a number from 0.0 to 1.0",
            Self::Buckets(error) => return error.hint(),
            Self::FaceRange(..) => "both numbers must be above 0",
            Self::NoSeparator => "write what stands between tags, such as \",\"",
            Self::Interpolation(_) => return Some(format!("use one of {}", INTERPOLATIONS.join(", "))),
        };
        Some(hint.to_owned())
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Near(name) => write!(f, "did you mean {name}?"),
            Self::Kinds(kinds) => {
                let sort = |kind: &Kind| match kind {
                    Kind::DreamBooth => "with captions beside the pictures",
                    Kind::FineTuning => "with a metadata_file",
                    Kind::ControlNet => "with a conditioning_data_dir",
                };
                let sorts: Vec<_> = kinds.iter().map(sort).collect();
                write!(f, "only for subsets {}", sorts.join(" or "))
            }
            Self::Subsets => f.write_str("it belongs into [[datasets.subsets]]"),
            Self::Datasets => f.write_str("it belongs into [[datasets]] or [general]"),
            Self::NotHere => f.write_str("not where captions come from a metadata file or class words mean nothing"),
        }
    }
}
