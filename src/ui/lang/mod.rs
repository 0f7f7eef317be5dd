//! The catalogue: every text a person reads on the screen, in English and in Simplified Chinese.
//!
//! A topic is a file of constants made by `catalogue!`, so a text cannot exist in one language only. `{name}` in a text is a place
//! for [`Lang::fill`]. To add a text, add a line to its topic; to add a topic, add its file and its row in [`TOPICS`]. Nothing here
//! knows where a text is shown.

use std::fmt::Display;

/// Declares the texts of a topic, and `ALL` to go through them.
macro_rules! catalogue {
    ($($name:ident: $en:literal, $zh:literal;)*) => {
        $(
            #[doc = $en]
            #[allow(clippy::doc_markdown, reason = "the text is a person's, with the names that people write")]
            pub const $name: $crate::ui::lang::Text = $crate::ui::lang::text($en, $zh);
        )*
        /// Every text of this topic with its name.
        pub const ALL: &[(&str, $crate::ui::lang::Text)] = &[$((stringify!($name), $name)),*];
    };
}

pub mod actions;
pub mod browser;
pub mod dataset;
pub mod form;
pub mod generate;
pub mod groups;
pub mod health;
pub mod jobs;
pub mod parameters;
pub mod pictures;
pub mod proposals;
pub mod roles;
pub mod screen;
pub mod time;
pub mod told;
pub mod trigger;
pub mod trouble;
pub mod truth;
pub mod twins;
pub mod words;
pub mod work;
pub mod workbench;

/// One text in both languages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text {
    /// English.
    pub en: &'static str,
    /// 简体中文.
    pub zh: &'static str,
}

/// A text in both languages.
pub const fn text(en: &'static str, zh: &'static str) -> Text {
    Text { en, zh }
}

/// A language that danlu speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// 简体中文.
    Zh,
}

/// A topic's name and its texts.
pub type Topic = (&'static str, &'static [(&'static str, Text)]);

/// Every topic of the catalogue.
pub const TOPICS: &[Topic] = &[
    ("actions", actions::ALL),
    ("browser", browser::ALL),
    ("dataset", dataset::ALL),
    ("form", form::ALL),
    ("generate", generate::ALL),
    ("groups", groups::ALL),
    ("health", health::ALL),
    ("jobs", jobs::ALL),
    ("parameters", parameters::ALL),
    ("pictures", pictures::ALL),
    ("proposals", proposals::ALL),
    ("roles", roles::ALL),
    ("screen", screen::ALL),
    ("time", time::ALL),
    ("trigger", trigger::ALL),
    ("trouble", trouble::ALL),
    ("truth", truth::ALL),
    ("twins", twins::ALL),
    ("words", words::ALL),
    ("work", work::ALL),
    ("workbench", workbench::ALL),
];

impl Lang {
    /// The language of a setting (`en`, `zh`, `auto`). `auto` follows `locale`, the first of `LC_ALL`, `LC_MESSAGES` and `LANG` that
    /// is not empty; every Chinese locale is answered in Simplified Chinese.
    pub fn of(setting: &str, locale: Option<&str>) -> Self {
        let name = match setting.trim().to_ascii_lowercase().as_str() {
            "en" => return Self::En,
            "zh" => return Self::Zh,
            _ => locale.unwrap_or_default().trim().to_ascii_lowercase(),
        };
        let language = name.split(['_', '-', '.', '@']).next().unwrap_or_default();
        if language == "zh" { Self::Zh } else { Self::En }
    }

    /// A text in this language.
    pub const fn say(self, text: &Text) -> &'static str {
        match self {
            Self::En => text.en,
            Self::Zh => text.zh,
        }
    }

    /// A text in this language with its `{places}` filled. A place without a value stays as it is; a value is never looked into.
    pub fn fill(self, text: &Text, values: &[(&str, &dyn Display)]) -> String {
        let mut rest = self.say(text);
        let mut filled = String::with_capacity(rest.len() + 16);
        while let Some(open) = rest.find('{') {
            let Some(length) = rest[open..].find('}') else {
                break;
            };
            let name = &rest[open + 1..open + length];
            filled.push_str(&rest[..open]);
            match values.iter().find(|(known, _)| *known == name) {
                Some((_, value)) => filled.push_str(&value.to_string()),
                None => filled.push_str(&rest[open..=open + length]),
            }
            rest = &rest[open + length + 1..];
        }
        filled.push_str(rest);
        filled
    }

    /// Every language.
    pub const ALL: [Self; 2] = [Self::En, Self::Zh];

    /// Its code in the settings.
    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }

    /// The name of this language in itself.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En => "English",
            Self::Zh => "简体中文",
        }
    }

    /// The other language.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::En => Self::Zh,
            Self::Zh => Self::En,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn places(text: &str) -> BTreeSet<&str> {
        let parts = text.split('{').skip(1);
        parts.map(|part| part.split_once('}').unwrap().0).collect()
    }

    #[test]
    fn no_text_is_missing_a_half_or_a_place() {
        let mut count = 0;
        for (topic, texts) in TOPICS {
            for (name, text) in *texts {
                count += 1;
                assert!(
                    !text.en.trim().is_empty() && !text.zh.trim().is_empty(),
                    "{topic}::{name}"
                );
                assert_eq!(places(text.en), places(text.zh), "{topic}::{name}");
                let english = !text
                    .en
                    .replace("简体中文", "")
                    .chars()
                    .any(|c| ('\u{3000}'..'\u{FFEF}').contains(&c));
                assert!(english, "{topic}::{name} has Chinese in its English half");
                let control = |half: &str| half.chars().any(char::is_control);
                assert!(!control(text.en) && !control(text.zh), "{topic}::{name}");
            }
        }
        assert!(count > 200, "{count} texts");
    }

    #[test]
    fn every_topic_has_its_row() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/ui/lang");
        let mut files: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter_map(|name| name.strip_suffix(".rs").map(str::to_owned))
            .filter(|name| name != "mod")
            .collect();
        files.sort();
        let mut rows: Vec<_> = TOPICS.iter().map(|(topic, _)| (*topic).to_owned()).collect();
        rows.sort();
        assert_eq!(files, rows);
    }

    #[test]
    fn the_locale_decides_only_where_the_setting_leaves_it() {
        for (setting, locale, expected) in [
            ("auto", Some("zh_CN.UTF-8"), Lang::Zh),
            ("auto", Some("zh_TW"), Lang::Zh),
            ("auto", Some("zh-Hans"), Lang::Zh),
            ("auto", Some("ZH"), Lang::Zh),
            ("auto", Some("zha_CN"), Lang::En),
            ("auto", Some("C"), Lang::En),
            ("auto", None, Lang::En),
            ("en", Some("zh_CN"), Lang::En),
            ("zh", Some("de_DE"), Lang::Zh),
        ] {
            assert_eq!(Lang::of(setting, locale), expected, "{setting} {locale:?}");
        }
    }

    #[test]
    fn values_fill_their_places_and_are_not_looked_into() {
        let greeting = text("{a} and {b}, {c}", "{b}和{a},{c}");
        let values: [(&str, &dyn Display); 2] = [("a", &"{b}"), ("b", &2)];
        assert_eq!(Lang::En.fill(&greeting, &values), "{b} and 2, {c}");
        assert_eq!(Lang::Zh.fill(&greeting, &values), "2和{b},{c}");
        assert_eq!(Lang::En.fill(&text("a { b", "x"), &values), "a { b");
    }
}
