//! What is wrong with what a person wrote: configurations, edits, queries, names.

use super::{denied, look, one_of_each, path, z};
use crate::data::buckets;
use crate::data::config::{self, Found, Kind, Place, Problem, Takes};
use crate::data::edit::{self, Named};
use crate::data::picture::work::order::PatternError;
use crate::data::query::saved::SavedError;
use crate::data::query::{self, Example, Wrong};
use crate::store::atomic::{Reason, WriteError};

#[test]
fn what_is_wrong_with_a_configuration_is_told() {
    use config::Wrong;
    let found = || Found::Text(60);
    let mut all = one_of_each!(Wrong:
        Wrong::NotTaken { .. } => Wrong::NotTaken { found: found(), takes: Takes::Bool },
        Wrong::NoTable(_) => Wrong::NoTable(found()),
        Wrong::NoTables { .. } => Wrong::NoTables { found: found(), written: "[[datasets]]" },
        Wrong::NoFile(_) => Wrong::NoFile(found()),
        Wrong::Syntax(_) => Wrong::Syntax(z()),
        Wrong::NoPart => Wrong::NoPart,
        Wrong::NoKey { .. } => Wrong::NoKey { table: "[general]", place: None },
        Wrong::Mixed => Wrong::Mixed,
        Wrong::NoFolder => Wrong::NoFolder,
        Wrong::NoResolution => Wrong::NoResolution,
        Wrong::NoSubset => Wrong::NoSubset,
        Wrong::NoBatch => Wrong::NoBatch,
        Wrong::NoShare(_) => Wrong::NoShare(1.5),
        Wrong::Buckets(_) => Wrong::Buckets(buckets::Error::Step(0)),
        Wrong::FaceRange(..) => Wrong::FaceRange(0.0, 1.0),
        Wrong::NoSeparator => Wrong::NoSeparator,
        Wrong::Interpolation(_) => Wrong::Interpolation(z()),
        Wrong::TooLong(_) => Wrong::TooLong(i128::MAX),
        Wrong::TooLarge(_) => Wrong::TooLarge(-1),
        Wrong::NoSize(..) => Wrong::NoSize(-1, 2),
    );
    let takes = one_of_each!(Takes:
        Takes::Bool => Takes::Bool,
        Takes::Int => Takes::Int,
        Takes::Float => Takes::Float,
        Takes::Number => Takes::Number,
        Takes::Text => Takes::Text,
        Takes::Floats => Takes::Floats,
        Takes::Size => Takes::Size,
        Takes::Table => Takes::Table,
    );
    let seen = one_of_each!(Found:
        Found::Written(_) => Found::Written(z()),
        Found::Text(_) => Found::Text(60),
        Found::List(_) => Found::List(3),
        Found::Table => Found::Table,
    );
    let places = one_of_each!(Place:
        Place::Near(_) => Place::Near("zz9"),
        Place::Kinds(_) => Place::Kinds(&[Kind::DreamBooth, Kind::FineTuning, Kind::ControlNet]),
        Place::Subsets => Place::Subsets,
        Place::Datasets => Place::Datasets,
        Place::NotHere => Place::NotHere,
    );
    all.extend(takes.into_iter().map(|takes| Wrong::NotTaken { found: found(), takes }));
    all.extend(seen.into_iter().map(Wrong::NoTable));
    all.extend(places.into_iter().map(|place| Wrong::NoKey {
        table: "[general]",
        place: Some(place),
    }));
    all.iter().for_each(look);
    let problem = |line, wrong| Problem { at: z(), line, wrong };
    let problems = vec![problem(Some(4), Wrong::NoFolder), problem(None, Wrong::Mixed)];
    look(&config::Error::Problems { path: path(), problems });
    let problems = all.into_iter().map(|wrong| problem(Some(2), wrong)).collect();
    look(&config::Error::Problems { path: path(), problems });
}

#[test]
fn what_is_wrong_with_edits_and_queries_is_told() {
    use edit::Error;
    let mut all = one_of_each!(Error:
        Error::NoTag(_) => Error::NoTag(Named::Choice),
        Error::Regex { .. } => Error::Regex { pattern: z(), reason: "zz4".to_owned() },
        Error::Threshold(_) => Error::Threshold(z()),
        Error::NoChoice => Error::NoChoice,
        Error::NoText => Error::NoText,
        Error::Group(_) => Error::Group("zz4".to_owned()),
    );
    let named = one_of_each!(Named:
        Named::Choice => Named::Choice,
        Named::Added => Named::Added,
        Named::OldName => Named::OldName,
        Named::NewName => Named::NewName,
        Named::Merged => Named::Merged,
        Named::First => Named::First,
        Named::Trigger => Named::Trigger,
    );
    all.extend(named.into_iter().map(Error::NoTag));
    all.iter().for_each(look);
    let mut all = one_of_each!(Wrong:
        Wrong::Unopened => Wrong::Unopened,
        Wrong::Unclosed => Wrong::Unclosed,
        Wrong::Unfinished => Wrong::Unfinished,
        Wrong::TooDeep => Wrong::TooDeep,
        Wrong::NoTerm => Wrong::NoTerm,
        Wrong::Quote => Wrong::Quote,
        Wrong::Slash => Wrong::Slash,
        Wrong::Regex(_) => Wrong::Regex(z()),
        Wrong::Key { .. } => Wrong::Key { name: z(), near: None, known: "zz4: zz5:".to_owned() },
        Wrong::NoText => Wrong::NoText,
        Wrong::NoNumber { .. } => Wrong::NoNumber { written: z(), example: Example::Percent },
        Wrong::NoSize(_) => Wrong::NoSize(z()),
        Wrong::NoColon { .. } => Wrong::NoColon { name: z(), value: z() },
        Wrong::Empty(_) => Wrong::Empty(z()),
        Wrong::Behind(_) => Wrong::Behind(z()),
        Wrong::NotSaved { .. } => Wrong::NotSaved { name: z(), known: "@zz4".to_owned() },
        Wrong::Circle(_) => Wrong::Circle(z()),
    );
    let known = String::new;
    all.push(Wrong::Key {
        name: z(),
        near: Some("zz6"),
        known: known(),
    });
    all.push(Wrong::NotSaved {
        name: z(),
        known: known(),
    });
    all.push(Wrong::NoNumber {
        written: z(),
        example: Example::Ratio,
    });
    all.push(Wrong::NoNumber {
        written: z(),
        example: Example::Number,
    });
    for wrong in all {
        look(&query::Error { at: 0, wrong });
    }
    let saved = one_of_each!(SavedError:
        SavedError::Unreadable { .. } => SavedError::Unreadable { path: path(), why: denied().into() },
        SavedError::Name(_) => SavedError::Name(z()),
        SavedError::Write(_) => SavedError::Write(WriteError { path: path(), reason: Reason::DiskFull }),
    );
    saved.iter().for_each(look);
    let patterns = one_of_each!(PatternError:
        PatternError::NoNumber(_) => PatternError::NoNumber(z()),
        PatternError::TwoNumbers(_) => PatternError::TwoNumbers(z()),
        PatternError::NoName(_) => PatternError::NoName(z()),
    );
    patterns.iter().for_each(look);
}
