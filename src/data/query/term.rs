//! One term of a query: a key and what is asked of it.

use regex::Regex;

use super::glob::{Reach, Value};
use super::{Error, Example, Wrong};

/// What is asked of a picture.
#[derive(Clone, Debug)]
pub(super) enum Term {
    /// A text that must match.
    Text(Text, Regex),
    /// A number that must lie between two others.
    Number(Number, Range),
    /// The bucket that training would put it into.
    Bucket(u32, u32),
    /// A property that it has or has not.
    Is(Property),
}

/// Texts of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Text {
    /// One of its tags, whole.
    Tag,
    /// Its caption, any part.
    Caption,
    /// Its file name, with or without the ending, whole.
    Name,
    /// Its path below the set's folder, any part.
    Path,
    /// Its folder's name, whole.
    Folder,
}

/// Numbers of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// How many tags it has.
    Tags,
    /// Characters of its caption.
    Chars,
    /// CLIP tokens of its caption, without those for begin and end.
    Tokens,
    /// Width in pixels.
    Width,
    /// Height in pixels.
    Height,
    /// Width by height.
    Ratio,
    /// Width times height in millions.
    Megapixels,
    /// Per cent of the picture that the crop to its bucket takes away.
    Crop,
    /// By how much it is scaled for its bucket.
    Scale,
    /// How often an epoch shows it.
    Repeats,
}

/// Properties of a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Property {
    /// Another picture looks nearly the same.
    Duplicate,
    /// No caption, or an empty one.
    Untagged,
    /// Its caption was changed by an edit that can be taken back, or from outside.
    Changed,
    /// It is marked.
    Marked,
    /// It is a regularization picture.
    Regularization,
    /// Its caption has a tag twice.
    Repeated,
}

/// Numbers from one to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Range {
    low: f64,
    high: f64,
    /// Whether the ends belong to it.
    closed: (bool, bool),
    /// Whether what lies outside is meant.
    outside: bool,
}

impl Range {
    pub(super) fn holds(self, value: f64) -> bool {
        let above = if self.closed.0 {
            value >= self.low
        } else {
            value > self.low
        };
        let below = if self.closed.1 {
            value <= self.high
        } else {
            value < self.high
        };
        (above && below) != self.outside
    }
}

/// Keys as they are written, in the order of completion.
pub(super) const KEYS: [(&str, Key); 22] = [
    ("tag", Key::Text(Text::Tag)),
    ("caption", Key::Text(Text::Caption)),
    ("name", Key::Text(Text::Name)),
    ("path", Key::Text(Text::Path)),
    ("folder", Key::Text(Text::Folder)),
    ("tags", Key::Number(Number::Tags)),
    ("chars", Key::Number(Number::Chars)),
    ("tokens", Key::Number(Number::Tokens)),
    ("w", Key::Number(Number::Width)),
    ("h", Key::Number(Number::Height)),
    ("ar", Key::Number(Number::Ratio)),
    ("mp", Key::Number(Number::Megapixels)),
    ("bucket", Key::Bucket),
    ("crop", Key::Number(Number::Crop)),
    ("scale", Key::Number(Number::Scale)),
    ("repeats", Key::Number(Number::Repeats)),
    ("dup", Key::Property(Property::Duplicate)),
    ("untagged", Key::Property(Property::Untagged)),
    ("changed", Key::Property(Property::Changed)),
    ("marked", Key::Property(Property::Marked)),
    ("reg", Key::Property(Property::Regularization)),
    ("repeated", Key::Property(Property::Repeated)),
];

/// What a key asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Text(Text),
    Number(Number),
    Bucket,
    Property(Property),
}

/// The key of this name, in any case; `height` and `width` are as good as `h` and `w`.
pub(super) fn key(name: &str) -> Option<Key> {
    let name = match name.to_ascii_lowercase().as_str() {
        "width" => "w".to_owned(),
        "height" => "h".to_owned(),
        name => name.to_owned(),
    };
    KEYS.iter().find(|(key, _)| *key == name).map(|&(_, key)| key)
}

impl Term {
    /// A term of its key and value; `at` is where the value begins.
    pub(super) fn new(key: Key, value: &Value, at: usize) -> Result<Self, Error> {
        let written = match value {
            Value::Glob(text) | Value::Regex(text) => text.trim(),
        };
        match key {
            Key::Text(text) => {
                if written.is_empty() {
                    return Err(Error::new(at, Wrong::NoText));
                }
                let reach = match text {
                    Text::Tag | Text::Name | Text::Folder => Reach::Whole,
                    Text::Caption | Text::Path => Reach::Part,
                };
                Ok(Self::Text(text, compile(value, reach, at)?))
            }
            Key::Number(number) => match range(written, number) {
                Some(range) if range.low > range.high => Err(Error::new(at, Wrong::Empty(written.to_owned()))),
                Some(range) => Ok(Self::Number(number, range)),
                None => {
                    let example = match number {
                        Number::Crop => Example::Percent,
                        Number::Ratio => Example::Ratio,
                        _ => Example::Number,
                    };
                    let written = written.to_owned();
                    Err(Error::new(at, Wrong::NoNumber { written, example }))
                }
            },
            Key::Bucket => size(written)
                .map(|(w, h)| Self::Bucket(w, h))
                .ok_or_else(|| Error::new(at, Wrong::NoSize(written.to_owned()))),
            Key::Property(property) if written.is_empty() => Ok(Self::Is(property)),
            Key::Property(_) => Err(Error::new(at, Wrong::Behind(written.to_owned()))),
        }
    }

    /// Words that stand alone: part of a caption.
    pub(super) fn words(value: &Value, at: usize) -> Result<Self, Error> {
        Ok(Self::Text(Text::Caption, compile(value, Reach::Part, at)?))
    }
}

fn compile(value: &Value, reach: Reach, at: usize) -> Result<Regex, Error> {
    value.compile(reach).map_err(|error| {
        let error = error.to_string();
        let what = error.lines().last().unwrap_or_default().trim_start_matches("error: ");
        Error::new(at, Wrong::Regex(what.to_owned()))
    })
}

/// `>5`, `<=5`, `=5`, `5`, `!=5`, `5..10`.
fn range(text: &str, number: Number) -> Option<Range> {
    let all = (f64::NEG_INFINITY, f64::INFINITY);
    let of = |low, high, closed| {
        Some(Range {
            low,
            high,
            closed,
            outside: false,
        })
    };
    if let Some((low, high)) = text.split_once("..") {
        return of(value(low, number)?, value(high, number)?, (true, true));
    }
    let operators = [">=", "<=", "!=", "==", ">", "<", "="];
    let operator = operators.into_iter().find(|operator| text.starts_with(operator));
    let value = value(text.strip_prefix(operator.unwrap_or("")).unwrap_or(text), number)?;
    match operator {
        Some(">=") => of(value, all.1, (true, true)),
        Some(">") => of(value, all.1, (false, true)),
        Some("<=") => of(all.0, value, (true, true)),
        Some("<") => of(all.0, value, (true, false)),
        operator => {
            // Nobody writes a ratio to its last digit.
            let near = if number == Number::Ratio { 0.005 } else { 0.0 };
            Some(Range {
                low: value - near,
                high: value + near,
                closed: (true, true),
                outside: operator == Some("!="),
            })
        }
    }
}

fn value(text: &str, number: Number) -> Option<f64> {
    let text = text.trim();
    let finite = |text: &str| text.parse::<f64>().ok().filter(|value| value.is_finite());
    match number {
        Number::Crop => finite(text.strip_suffix('%').unwrap_or(text).trim()),
        Number::Ratio => match text.split_once([':', '/']) {
            Some((w, h)) => finite(w).zip(finite(h)).filter(|&(_, h)| h > 0.0).map(|(w, h)| w / h),
            None => finite(text),
        },
        _ => finite(text),
    }
}

fn size(text: &str) -> Option<(u32, u32)> {
    let (w, h) = text.split_once(['x', 'X', '×'])?;
    Some((w.trim().parse().ok()?, h.trim().parse().ok()?))
}

/// Every key, for a sentence.
pub(super) fn names() -> String {
    let names: Vec<String> = KEYS.iter().map(|(key, _)| format!("{key}:")).collect();
    names.join(" ")
}
