//! The table of all settings.
//!
//! Everything that is said about a setting anywhere (its line in the documentation, its variable, its refusal) comes from here.

use std::path::PathBuf;

use super::Settings;
use crate::store::paths::PREFIX;

/// A setting: its name, what it takes and what it does.
#[derive(Debug)]
pub struct Key {
    /// Its name in the settings file.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What it does, in one line.
    pub doc: &'static str,
    pub(super) place: fn(&mut Settings) -> Place<'_>,
}

impl Key {
    /// Its environment variable, such as `DANLU_MODELS_DIR`.
    pub fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.to_ascii_uppercase())
    }

    /// Its value in `settings`, as a person would write it; empty where there is none.
    pub fn value(&self, settings: &Settings) -> String {
        match (self.place)(&mut settings.clone()) {
            Place::Text(text) => text.clone(),
            Place::Number(number) => number.to_string(),
            Place::Folder(folder) => folder
                .as_ref()
                .map(|folder| folder.display().to_string())
                .unwrap_or_default(),
            Place::Folders(folders) => folders
                .iter()
                .map(|folder| folder.display().to_string())
                .collect::<Vec<_>>()
                .join(":"),
        }
    }

    /// The setting of that name.
    pub fn named(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A text.
    Text,
    /// One of a few words, in any case.
    Choice(&'static [&'static str]),
    /// `auto`, `cpu`, `cuda` or `cuda:N`.
    Device,
    /// A whole number from 0 up to this.
    Number(u32),
    /// A folder.
    Folder,
    /// A list of folders; in a variable separated by the platform's sign, a colon on Unix.
    Folders,
}

impl Kind {
    /// What it takes, in words, with an article.
    pub fn expected(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
            Self::Device => "auto, cpu, cuda or cuda:N".to_owned(),
            Self::Number(most) => format!("a whole number from 0 to {most}"),
            Self::Folder => "a folder".to_owned(),
            Self::Folders => "a list of folders".to_owned(),
        }
    }
}

/// Where a setting's value lies.
pub(super) enum Place<'a> {
    Text(&'a mut String),
    Number(&'a mut u32),
    Folder(&'a mut Option<PathBuf>),
    Folders(&'a mut Vec<PathBuf>),
}

/// Every setting, in the order of the documentation.
pub static KEYS: [Key; 14] = [
    Key {
        name: "models_dir",
        kind: Kind::Folders,
        doc: "trees to look for models in, besides danlu's own: an A1111 or Forge folder, a ComfyUI models folder, or a plain one",
        place: |settings| Place::Folders(&mut settings.models_dir),
    },
    Key {
        name: "webui_dir",
        kind: Kind::Folder,
        doc: "an A1111 or Forge folder: its models are found, and pictures go to its outputs",
        place: |settings| Place::Folder(&mut settings.webui_dir),
    },
    Key {
        name: "output_dir",
        kind: Kind::Folder,
        doc: "where pictures go, into txt2img-images; else to outputs in the A1111 folder or in danlu's data folder",
        place: |settings| Place::Folder(&mut settings.output_dir),
    },
    Key {
        name: "filename_pattern",
        kind: Kind::Text,
        doc: "what stands behind the number in a picture's name, in A1111's patterns; empty for [seed]",
        place: |settings| Place::Text(&mut settings.filename_pattern),
    },
    Key {
        name: "directory_pattern",
        kind: Kind::Text,
        doc: "the folder below txt2img-images, in A1111's patterns; empty for none",
        place: |settings| Place::Text(&mut settings.directory_pattern),
    },
    Key {
        name: "device",
        kind: Kind::Device,
        doc: "what computes: auto takes the GPU if the build knows it and a driver answers, else the CPU",
        place: |settings| Place::Text(&mut settings.device),
    },
    Key {
        name: "lang",
        kind: Kind::Choice(&["auto", "en", "zh"]),
        doc: "the language of messages; auto follows the locale",
        place: |settings| Place::Text(&mut settings.lang),
    },
    Key {
        name: "theme",
        kind: Kind::Text,
        doc: "the theme's name; auto suits the terminal",
        place: |settings| Place::Text(&mut settings.theme),
    },
    Key {
        name: "graphics",
        kind: Kind::Choice(&["auto", "kitty", "kitty-direct", "iterm2", "sixel", "halfblocks", "none"]),
        doc: "how pictures are shown in the terminal; auto asks it",
        place: |settings| Place::Text(&mut settings.graphics),
    },
    Key {
        name: "mouse",
        kind: Kind::Choice(&["on", "off"]),
        doc: "whether the workstation takes the mouse; off leaves selecting to the terminal",
        place: |settings| Place::Text(&mut settings.mouse),
    },
    Key {
        name: "rng",
        kind: Kind::Choice(&["nv", "cpu"]),
        doc: "where noise comes from: nv makes A1111's pictures on NVIDIA cards, cpu those with RNG: CPU",
        place: |settings| Place::Text(&mut settings.rng),
    },
    Key {
        name: "comma_padding_backtrack",
        kind: Kind::Number(74),
        doc: "how many tokens a full chunk of 75 looks back for a comma to break at; 0 never does",
        place: |settings| Place::Number(&mut settings.comma_padding_backtrack),
    },
    Key {
        name: "model_cache",
        kind: Kind::Number(4096),
        doc: "how many GiB of models stay loaded between jobs; 0 takes a third of the memory, or on a GPU one model",
        place: |settings| Place::Number(&mut settings.model_cache),
    },
    Key {
        name: "engine_idle",
        kind: Kind::Number(604_800),
        doc: "after how many seconds without work and without a screen the engine process ends; 0 never",
        place: |settings| Place::Number(&mut settings.engine_idle),
    },
];

/// A text as its kind keeps it; `None` if it is none of the kind's.
pub(super) fn word(kind: Kind, text: &str) -> Option<String> {
    let lower = text.trim().to_ascii_lowercase();
    match kind {
        Kind::Choice(words) => words.contains(&lower.as_str()).then_some(lower),
        Kind::Device => {
            let number = lower.strip_prefix("cuda:").map(|number| number.parse::<u32>().is_ok());
            number
                .unwrap_or(["auto", "cpu", "cuda"].contains(&lower.as_str()))
                .then_some(lower)
        }
        _ => Some(text.to_owned()),
    }
}

/// A number that its kind takes.
pub(super) fn number_up_to(kind: Kind, number: u32) -> Option<u32> {
    match kind {
        Kind::Number(most) if number > most => None,
        _ => Some(number),
    }
}

/// `; did you mean "…"?` for a key near a setting's name.
pub(super) fn near(key: &str) -> String {
    let key = key.to_ascii_lowercase().replace('-', "_");
    let score = |name: &str| strsim::normalized_damerau_levenshtein(&key, name);
    let best = KEYS
        .iter()
        .map(|known| known.name)
        .max_by(|a, b| score(a).total_cmp(&score(b)));
    best.filter(|name| score(name) >= 0.5)
        .map(|name| format!("; did you mean {name:?}?"))
        .unwrap_or_default()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_a_field_and_has_a_variable() {
        let default = Settings::default();
        for key in &KEYS {
            assert!(key.variable().starts_with("DANLU_") && !key.doc.is_empty());
            let value = key.value(&default);
            assert!(
                value.is_empty() || word(key.kind, &value).is_some(),
                "{}: {value}",
                key.name
            );
        }
        assert_eq!(Key::named("models_dir").unwrap().variable(), "DANLU_MODELS_DIR");
    }
}
