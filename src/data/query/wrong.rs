//! What may be wrong with a query, and what to write instead.

/// What is wrong with a query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Wrong {
    /// `)` without `(`.
    #[error("a closing parenthesis has no opening one")]
    Unopened,
    /// `(` without `)`.
    #[error("a parenthesis is not closed")]
    Unclosed,
    /// An operator at the end.
    #[error("something is missing at the end")]
    Unfinished,
    /// Deeper than anybody means.
    #[error("there are too many parentheses within each other")]
    TooDeep,
    /// An operator where a term should be.
    #[error("a word or key is missing here")]
    NoTerm,
    /// A text that does not end.
    #[error("a quote is not closed")]
    Quote,
    /// An expression that does not end.
    #[error("a regular expression is not closed")]
    Slash,
    /// An expression that is none, in the words of its compiler.
    #[error("the regular expression is not valid: {0}")]
    Regex(String),
    /// A key that there is not.
    #[error("there is no key {name}:")]
    Key {
        /// What was written.
        name: String,
        /// The key that it is most like.
        near: Option<&'static str>,
        /// Every key.
        known: String,
    },
    /// A key and a value without a colon between them.
    #[error("{name}{value} has no colon")]
    NoColon {
        /// The key.
        name: String,
        /// The value, with its sign.
        value: String,
    },
    /// A range that holds nothing.
    #[error("{0:?} is a range from a number to a smaller one")]
    Empty(String),
    /// A key of texts without one.
    #[error("a text is missing behind the colon")]
    NoText,
    /// A key of numbers with something else.
    #[error("{written:?} is no number or range")]
    NoNumber {
        /// What was written.
        written: String,
        /// What the key takes.
        example: Example,
    },
    /// The bucket of no size.
    #[error("{0:?} is no size")]
    NoSize(String),
    /// A key that takes nothing with something behind it.
    #[error("nothing can stand here, and {0:?} does")]
    Behind(String),
    /// A name that nothing was saved under.
    #[error("there is no saved query @{name}")]
    NotSaved {
        /// The name.
        name: String,
        /// Those that there are, each with its `@`.
        known: String,
    },
    /// A name that leads to itself.
    #[error("@{0} stands for itself")]
    Circle(String),
}

/// What a key of numbers takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Example {
    /// Per cent.
    Percent,
    /// A ratio.
    Ratio,
    /// Any number.
    Number,
}

impl Wrong {
    pub(super) fn hint(&self) -> String {
        let hint = match self {
            Self::Unopened => "remove it, or put ( where the group begins",
            Self::Unclosed => "put ) where the group ends",
            Self::Unfinished => "write what follows AND, OR, NOT or (, or remove it",
            Self::TooDeep => "write it with fewer",
            Self::NoTerm => "AND and OR stand between two, parentheses hold at least one",
            Self::Quote => "put \" at the end of the text, and \\\" for one within it",
            Self::Slash => "put / at its end, and \\/ for one within it; or quote a path",
            Self::Regex(_) => "put a backslash before a bracket or star that stands for itself",
            Self::Key { near: Some(near), .. } => {
                return format!("perhaps {near}: is meant; put words in quotes to look for them in captions");
            }
            Self::Key { known, .. } => {
                return format!("keys are {known}; put words in quotes to look for them in captions");
            }
            Self::NoColon { name, value } => {
                let value = value.trim_start_matches('=');
                return format!("write {name}:{value}; put it in quotes to look for it in captions");
            }
            Self::Empty(_) => "write the smaller number first, as in tags:2..5",
            Self::NoText => "write for example tag:fox or name:*cat*",
            Self::NoNumber { example, .. } => match example {
                Example::Percent => "write for example crop:>10%",
                Example::Ratio => "write for example ar:>1.5 or ar:3:2",
                Example::Number => "write for example tags:<5, tokens:>=75 or w:512..1024",
            },
            Self::NoSize(_) => "write width and height, as in bucket:512x768",
            Self::Behind(_) => "write the word and its colon alone, as in untagged: or dup:",
            Self::NotSaved { known, .. } if known.is_empty() => {
                "no query is saved yet; put the word in quotes to look for it in captions"
            }
            Self::NotSaved { known, .. } => {
                return format!("saved are {known}; put the word in quotes to look for it in captions");
            }
            Self::Circle(_) => "save one of the queries under another name",
        };
        hint.to_owned()
    }
}
