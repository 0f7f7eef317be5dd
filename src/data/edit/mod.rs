//! Changes to captions, planned: what each file would become, before anything is written.
//!
//! An [`Edit`] says what is wanted, [`plan()`] what it does to each file: a [`Plan`], which can be shown ([`diff`]) and becomes
//! [`Change`]s for the [`journal`](super::journal). Tags are taken out of a caption as a whole; to all else each of its
//! lines is a caption of its own, since kohya's scripts read the first or draw one of them. [`slots`] takes tags out, puts them in and
//! moves them in a file's bytes; [`apply`] says what each edit does to a list, [`text`] what to a text; [`which`] chooses tags. Nothing here
//! reads or writes files; it is only looked whether a folder has a new caption's name.

mod apply;
mod command;
pub mod diff;
pub mod merge;
pub mod propose;
mod slots;
mod text;
mod trigger;
mod which;

use std::collections::HashSet;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

pub use self::command::quoted;
pub use self::trigger::{Belonging, Strike, belonging};
pub use self::which::{Threshold, Which};
use super::journal::Change;
use super::set::{Closed, Set};
use super::tags::Index;
use super::unread::Unread;

/// What is to become of captions. Tags that are named are read as a caption is: `a, b` is two.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Edit {
    /// Tags are taken out.
    Remove {
        /// Which.
        tags: Which,
    },
    /// All tags but these are taken out.
    Keep {
        /// Which stay.
        tags: Which,
    },
    /// Tags are put into each line. One that is there is not put in twice; at the front it is moved there. Pictures without a caption get
    /// one.
    Add {
        /// The tags, in their order.
        tags: Vec<String>,
        /// Where.
        at: At,
    },
    /// A tag gets another name. Where the new one stands already, the first of the two places is kept.
    Replace {
        /// The tag.
        from: String,
        /// What it becomes; several tags where separators stand in it.
        to: String,
    },
    /// Several tags become one, as `1boy` and `facial hair` become `smith`: it stands where the first of them stood.
    Merge {
        /// The tags.
        from: Vec<String>,
        /// What they become.
        to: String,
        /// Whether lines with only some of them are changed as well; otherwise those stay as they are.
        any: bool,
    },
    /// These tags, where they stand in a line, come first in it, in this order.
    First {
        /// The tags.
        tags: Vec<String>,
    },
    /// The tags of each line are sorted.
    Sort {
        /// How.
        by: By,
        /// So many tags at the beginning stay where they are, as for kohya's `keep_tokens`.
        keep: usize,
    },
    /// Of tags that stand twice in a line, the first stays.
    Dedup,
    /// Text is replaced in the whole caption, tags or not.
    ReplaceText {
        /// What is looked for.
        find: String,
        /// Whether that is a regular expression (of the crate `regex`); `$1` is then a group in `with`.
        regex: bool,
        /// What stands there instead.
        with: String,
    },
    /// The whole caption becomes this text. Byte order mark and line ends stay what they are in the file.
    SetText {
        /// The text.
        text: String,
    },
    /// White space and separators become regular: tags without empty ones between, `, ` between two, single spaces in them.
    Clean {
        /// Whether underscores in tags become spaces ([`spaced`](super::tags::spaced)).
        underscores: bool,
    },
    /// The guides' way to teach a subject or a style: a trigger word in front, and what it shall take up is struck.
    Trigger {
        /// The trigger word, or several tags.
        trigger: String,
        /// What is struck.
        strike: Strike,
    },
}

/// Where tags are put in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum At {
    /// Before all others.
    Front,
    /// Behind all others.
    #[default]
    End,
}

/// How tags of a caption are sorted. What is equal stays in its order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum By {
    /// By Unicode's code points, as Python sorts.
    #[default]
    Name,
    /// The most frequent of the whole set first.
    Count,
    /// The longest first.
    Length,
    /// The other way round.
    Reverse,
}

/// How careful a plan is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choices {
    /// Whether captions that are not UTF-8 are edited: the bytes that are not stay as they are.
    pub force_encoding: bool,
}

/// What an edit does to each file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Plan {
    /// The edit as the shell's words behind `danlu tags`, without the folder.
    pub edit: String,
    /// The files that change, in the order of their pictures; no others.
    pub changes: Vec<Planned>,
    /// Captions that would change and are not touched, and why.
    pub refused: Vec<(PathBuf, Refusal)>,
}

/// What becomes of one caption.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Planned {
    /// The picture whose caption it is: the first, where several share one.
    pub picture: usize,
    /// The caption's file.
    pub path: PathBuf,
    /// What is in it; none where there is no file yet.
    pub before: Option<Vec<u8>>,
    /// What will be in it; none where the file goes.
    pub after: Option<Vec<u8>>,
}

/// Why a caption is not touched; a clause of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// It is there and cannot be read.
    #[error("it cannot be read: {0}")]
    Unreadable(Unread),
    /// It stands in this metadata file.
    #[error("{}", Closed::Metadata(.0.clone()))]
    Metadata(String),
    /// The set knows a newer text than the index.
    #[error("it was read again and its tags were not")]
    Stale,
    /// A folder has the name that its caption would get.
    #[error("a folder has the name of its caption")]
    Folder,
    /// A choice of kohya's, `{a, b|c}`, holds separators, and the edit moves tags.
    #[error("it has a choice {{…|…}} with separators in it, which would be torn apart")]
    Torn,
    /// UTF-16, which is never edited.
    #[error("it is UTF-16 text; save it as UTF-8")]
    Utf16,
    /// It is not UTF-8, and nobody said that it may be edited all the same.
    #[error("it is not UTF-8: byte {byte:#04x} at {at}")]
    NotUtf8 {
        /// The first byte that is not.
        byte: u8,
        /// Where that stands.
        at: usize,
    },
}

impl From<Closed> for Refusal {
    fn from(closed: Closed) -> Self {
        match closed {
            Closed::Unreadable(why) => Self::Unreadable(why),
            Closed::Metadata(file) => Self::Metadata(file),
        }
    }
}

/// An edit that makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Nothing is named where a tag should be.
    #[error("{0} names no tag")]
    NoTag(Named),
    /// A regular expression that is none.
    #[error("`{pattern}` is no regular expression: {reason}")]
    Regex {
        /// The pattern.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A replacement that names a group which the regular expression has not.
    #[error("the regular expression has no group `{0}`")]
    Group(String),
    /// A threshold that is none.
    #[error("`{0}` is no threshold")]
    Threshold(String),
    /// Nothing is chosen to be taken out or kept.
    #[error("nothing says which tags")]
    NoChoice,
    /// Nothing is looked for.
    #[error("the text to look for is empty")]
    NoText,
}

/// Where an edit names tags.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[allow(missing_docs, reason = "the words say what they are")]
pub enum Named {
    #[error("the choice")]
    Choice,
    #[error("what is to be added")]
    Added,
    #[error("the old name")]
    OldName,
    #[error("the new name")]
    NewName,
    #[error("what is to be merged")]
    Merged,
    #[error("what is to come first")]
    First,
    #[error("the trigger word")]
    Trigger,
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::Group(name) => match name.find(|c: char| !c.is_ascii_digit()) {
                    Some(end) if end > 0 => {
                        let (group, text) = name.split_at(end);
                        return Some(format!(
                            "for group {group} and `{text}` behind it write ${{{group}}}{text}"
                        ));
                    }
                    _ => "a group is `(…)` or `(?<name>…)`; `$$` is a plain dollar sign",
                },
                Self::NoTag(Named::NewName) => "to take a tag out, use `remove`",
                Self::NoTag(_) => "write the tag as it stands in captions",
                Self::Regex { .. } => "put a backslash before signs that mean themselves, as in `\\(`",
                Self::Threshold(_) => "write a share of the captions such as 80%, or a number of captions such as 20",
                Self::NoChoice => "name tags, or a pattern, a category or a threshold",
                Self::NoText => "to write a whole caption anew, set its text",
            }
            .to_owned(),
        )
    }
}

impl Plan {
    /// The plan as changes for the journal.
    pub fn into_changes(self) -> Vec<Change> {
        let write = |planned: Planned| Change::Write {
            path: planned.path,
            before: planned.before,
            after: planned.after,
        };
        self.changes.into_iter().map(write).collect()
    }

    /// How many captions would be made anew.
    pub fn new_files(&self) -> usize {
        self.changes.iter().filter(|change| change.before.is_none()).count()
    }

    /// How many captions would have nothing but white space in them; kohya's scripts stop at an empty file.
    pub fn emptied(&self) -> usize {
        let is_empty = |bytes: &Option<Vec<u8>>| {
            let document = super::document::Document::new(bytes.clone().unwrap_or_default());
            document.text().trim().is_empty()
        };
        let emptied = |change: &&Planned| is_empty(&change.after) && !is_empty(&change.before);
        self.changes.iter().filter(emptied).count()
    }
}

/// What an edit does to the captions of some pictures. Shares of [`Which`] are shares among them.
///
/// On all processors; 100,000 captions take less than 300 ms.
///
/// # Errors
/// Where the edit itself makes no sense. Captions that cannot be edited are in [`Plan::refused`].
pub fn plan(set: &Set, index: &Index, edit: &Edit, pictures: &[usize], choices: &Choices) -> Result<Plan, Error> {
    let edited = apply::Prepared::new(set, index, edit, pictures)?;
    let outcomes: Vec<_> = pictures
        .par_iter()
        .filter_map(|&picture| edited.outcome(picture, *choices))
        .collect();
    let mut plan = Plan {
        edit: edit.command(),
        ..Plan::default()
    };
    // Pictures of one stem share a caption.
    let is_first: Vec<bool> = {
        let mut seen = HashSet::with_capacity(outcomes.len());
        let paths = outcomes.iter().map(|outcome| match outcome {
            Ok(change) => &change.path,
            Err((path, _)) => path,
        });
        // Comparing paths part by part costs more than planning.
        paths.map(|path| seen.insert(path.as_os_str().as_bytes())).collect()
    };
    for (outcome, _) in outcomes.into_iter().zip(is_first).filter(|(_, is_first)| *is_first) {
        match outcome {
            Ok(change) => plan.changes.push(change),
            Err(refused) => plan.refused.push(refused),
        }
    }
    Ok(plan)
}
