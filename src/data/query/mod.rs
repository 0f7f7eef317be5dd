//! The language that chooses pictures: `tag:fox -tag:solo tokens:>75 (w:<512 OR ar:>1.5)`.
//!
//! Owns its grammar ([`parse`]), what a term means ([`term`], [`select`]), what may be typed next ([`complete`]) and the queries that were
//! given names ([`saved`]). It asks for pictures' sizes and the like through [`Facts`] and opens no picture itself. Words stand for
//! what the tag editors' users know: keys and operators are taggui's, with more keys.

mod complete;
mod files;
mod glob;
mod parse;
pub mod saved;
mod select;
mod term;
#[cfg(test)]
mod tests;
mod wrong;

use std::fmt;

pub use complete::{Completions, Vocabulary, complete, tag};
pub use files::{Files, Needs, Sizes};
pub use select::{Facts, Ground, Nothing, Placed};
use term::Term;
pub use wrong::{Example, Wrong};

/// A choice of pictures.
///
/// Terms that follow each other must all hold; `OR` binds less than that, `NOT` (or `-`) more; parentheses group.
#[derive(Clone, Debug, Default)]
pub struct Query {
    root: Option<Node>,
}

/// A query as a tree.
#[derive(Clone, Debug)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Term(Term),
}

/// Why a text is no query.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The byte of the text where it goes wrong.
    pub at: usize,
    /// What is wrong there.
    pub wrong: Wrong,
}

impl Error {
    fn new(at: usize, wrong: Wrong) -> Self {
        Self { at, wrong }
    }

    /// What to write instead.
    pub fn hint(&self) -> String {
        self.wrong.hint()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.wrong.fmt(f)
    }
}

impl std::error::Error for Error {}

impl Query {
    /// Reads a query; an empty one chooses every picture.
    ///
    /// # Errors
    /// A parenthesis or quote without its partner, an operator without its operand, a key that there is not, a value that the key does
    /// not take, a regular expression that is none.
    pub fn parse(text: &str) -> Result<Self, Error> {
        Ok(Self {
            root: parse::parse(text)?,
        })
    }

    /// Whether it chooses every picture because it says nothing.
    pub fn is_empty(&self) -> bool {
        self.root.is_none()
    }
}
