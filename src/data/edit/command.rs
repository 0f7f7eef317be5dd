//! An edit as the words of the shell.

use std::borrow::Cow;

use super::apply::read_tags;
use super::{At, By, Edit, Named, Strike, Which};

impl Edit {
    /// The words behind `danlu tags` that do this edit, without the folder; quoted as a shell needs it. The journal keeps it as the
    /// edit's name.
    pub fn command(&self) -> String {
        let mut words = Words(Vec::new());
        match self {
            Self::Remove { tags } => words.begin("remove").which(tags),
            Self::Keep { tags } => words.begin("keep").which(tags),
            Self::Add { tags, at } => words.begin("add").each("--tag", tags).flag("--front", *at == At::Front),
            Self::Replace { from, to } => words.begin("replace").option("--from", from).option("--to", to),
            Self::Merge { from, to, any } => words
                .begin("merge")
                .each("--from", from)
                .option("--to", to)
                .flag("--any", *any),
            Self::First { tags } => words.begin("first").each("--tag", tags),
            Self::Sort { by, keep } => {
                let words = words.begin("sort").option("--by", by.name());
                if *keep > 0 {
                    words.option("--keep", &keep.to_string())
                } else {
                    words
                }
            }
            Self::Dedup => words.begin("dedup"),
            Self::ReplaceText { find, regex, with } => {
                let words = words.begin("text").option("--find", find).option("--with", with);
                words.flag("--regex", *regex)
            }
            Self::SetText { text } => words.begin("set").option("--text", text),
            Self::Clean { underscores } => words.begin("clean").flag("--keep-underscores", !underscores),
            Self::Trigger { trigger, strike } => {
                let words = words.begin("trigger").option("--word", trigger);
                match strike {
                    Strike::Nothing => words,
                    Strike::These(which) => words.which(which),
                    Strike::AllBut(kept) => words.flag("--strike-all", true).each("--but", kept),
                }
            }
        };
        words.0.join(" ")
    }
}

impl Edit {
    /// The tags that are looked for in captions by their text; those that are put in are not among them.
    pub fn looked_for(&self, separator: &str) -> Vec<String> {
        let texts = match self {
            Self::Remove { tags }
            | Self::Keep { tags }
            | Self::Trigger {
                strike: Strike::These(tags),
                ..
            } => &tags.tags[..],
            Self::Replace { from, .. } => std::slice::from_ref(from),
            Self::Merge { from, .. } => from,
            Self::First { tags }
            | Self::Trigger {
                strike: Strike::AllBut(tags),
                ..
            } => tags,
            _ => &[],
        };
        let read = texts
            .iter()
            .flat_map(|text| read_tags(text, separator, Named::Choice).unwrap_or_default());
        read.collect()
    }
}

impl By {
    /// Its name in commands and files.
    pub fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Count => "count",
            Self::Length => "length",
            Self::Reverse => "reverse",
        }
    }
}

struct Words(Vec<String>);

impl Words {
    fn begin(&mut self, name: &str) -> &mut Self {
        self.0.push(name.to_owned());
        self
    }

    fn option(&mut self, name: &str, value: &str) -> &mut Self {
        // In one word, so that a value may begin with a dash.
        let joined = if value.starts_with('-') {
            format!("{name}={}", quoted(value))
        } else {
            format!("{name} {}", quoted(value))
        };
        self.0.push(joined);
        self
    }

    fn each(&mut self, name: &str, values: &[String]) -> &mut Self {
        for value in values {
            self.option(name, value);
        }
        self
    }

    fn flag(&mut self, name: &str, is_set: bool) -> &mut Self {
        if is_set {
            self.0.push(name.to_owned());
        }
        self
    }

    fn which(&mut self, which: &Which) -> &mut Self {
        self.each("--tag", &which.tags);
        if let Some(pattern) = &which.regex {
            self.option("--regex", pattern);
        }
        for category in &which.categories {
            self.option("--category", category.name());
        }
        if let Some(least) = which.at_least {
            self.option("--at-least", &least.to_string());
        }
        if let Some(most) = which.at_most {
            self.option("--at-most", &most.to_string());
        }
        self
    }
}

/// A word as a shell reads it back.
pub fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_alphanumeric() || "-_./:%+@=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return Cow::Borrowed(word);
    }
    Cow::Owned(format!("'{}'", word.replace('\'', r"'\''")))
}
