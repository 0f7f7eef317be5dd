//! What the layers below have to say of a dataset, in both languages: what is wrong, why a file is left alone, why something failed.
//!
//! Those layers speak English: each of their types is a sentence, or a clause of one, by its `Display`. Here the same types get their
//! Chinese, by matches in which no variant can be missing; [`Tell`] is what they have in common. What has to be kept until it is shown
//! is a [`Sentence`] or a [`Trouble`].

mod buckets;
mod config;
mod edit;
mod health;
mod journal;
mod picture;
mod query;
mod set;
mod store;
#[cfg(test)]
mod tests;
mod vision;

use std::fmt::Display;

use super::{Lang, Text};

/// Something with a sentence in both languages; the English one is its `Display`.
pub trait Tell: Display {
    /// The Chinese sentence, and what to do about it.
    fn chinese(&self) -> Chinese;

    /// What to do about it, in English.
    fn english_hint(&self) -> Option<String> {
        None
    }

    /// The sentence.
    fn tell(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Zh => self.chinese().sentence,
        }
    }

    /// What to do about it.
    fn advise(&self, lang: Lang) -> Option<String> {
        match lang {
            Lang::En => self.english_hint(),
            Lang::Zh => self.chinese().hint,
        }
    }
}

/// A Chinese sentence, and what to do about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chinese {
    sentence: String,
    hint: Option<String>,
}

/// A sentence to which nothing need be added.
fn says(sentence: impl Into<String>) -> Chinese {
    Chinese {
        sentence: sentence.into(),
        hint: None,
    }
}

impl Chinese {
    /// The same with what to do about it.
    fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }
}

/// A sentence in both languages, of whatever made it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sentence {
    /// English.
    en: String,
    /// 简体中文.
    zh: String,
}

impl Sentence {
    /// A text of the catalogue with its places filled.
    pub fn of(text: &Text, values: &[(&str, &dyn Display)]) -> Self {
        Self::both(|lang| lang.fill(text, values))
    }

    /// Names and numbers, which are the same in every language.
    pub fn plain(names: impl Into<String>) -> Self {
        let names = names.into();
        Self {
            en: names.clone(),
            zh: names,
        }
    }

    /// What is told in each of the languages.
    pub fn both(mut tell: impl FnMut(Lang) -> String) -> Self {
        Self {
            en: tell(Lang::En),
            zh: tell(Lang::Zh),
        }
    }

    /// The sentence.
    pub fn tell(&self, lang: Lang) -> &str {
        match lang {
            Lang::En => &self.en,
            Lang::Zh => &self.zh,
        }
    }
}

impl<T: Tell + ?Sized> From<&T> for Sentence {
    fn from(told: &T) -> Self {
        Self::both(|lang| told.tell(lang))
    }
}

/// Why something could not be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// One sentence.
    pub message: Sentence,
    /// What to do about it.
    pub hint: Option<Sentence>,
}

impl Trouble {
    /// Sentence and hint in one line.
    pub fn tell(&self, lang: Lang) -> String {
        let message = self.message.tell(lang);
        match &self.hint {
            Some(hint) => format!("{message} · {}", hint.tell(lang)),
            None => message.to_owned(),
        }
    }
}

impl From<Sentence> for Trouble {
    fn from(message: Sentence) -> Self {
        Self { message, hint: None }
    }
}

impl<T: Tell + ?Sized> From<&T> for Trouble {
    fn from(told: &T) -> Self {
        let Chinese { sentence, hint } = told.chinese();
        let message = Sentence {
            en: told.to_string(),
            zh: sentence,
        };
        let hint = told.english_hint().zip(hint).map(|(en, zh)| Sentence { en, zh });
        Self { message, hint }
    }
}
