//! A model as the list needs it: what is compared and shown again and again is worked out once.

use std::path::Path;
use std::sync::Arc;

use super::class::Class;
use super::order::natural;
use crate::library::Card;
use crate::ui::filter::Ready;

/// A card of the library, ready to be listed.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The card.
    pub card: Arc<Card>,
    /// The kind of model.
    pub class: Class,
    /// Its name as it is sorted.
    pub key: String,
    /// The name of its folder below that of its kind and its own, without the extension.
    name: String,
    /// What short words say of it, in lower case.
    words: String,
    /// Its name, ready to be compared with what is typed.
    pub ready: Ready,
    /// Dim and alpha, vectors, or the number type.
    pub measure: String,
}

impl Entry {
    /// Takes a card.
    pub fn new(card: Arc<Card>) -> Self {
        let about = &card.about;
        let class = if about.trouble.is_some() && about.format.is_none() {
            Class::Other
        } else {
            Class::of(about.kind)
        };
        let name = name(&card);
        let words = words(&card);
        Self {
            class,
            key: natural(&name),
            ready: Ready::new(&name),
            name,
            words,
            measure: measure(&card),
            card,
        }
    }

    /// What it is called: the path below the folder of its kind, without the extension. It may hold control characters.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The last part of its name, for a list in folders.
    pub fn stem(&self) -> &str {
        self.card.stem()
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.card.path
    }

    /// Its family as it is shown; empty where it is not known.
    pub fn family(&self) -> &str {
        self.card.about.family.as_deref().map_or("", family)
    }

    /// Its size.
    pub fn bytes(&self) -> u64 {
        self.card.about.bytes
    }

    /// When it was written, in nanoseconds since 1970.
    pub fn modified(&self) -> i64 {
        self.card.stamp.modified_ns
    }

    /// Whether the user likes it.
    pub fn favourite(&self) -> bool {
        self.card.favourite
    }

    /// The hash of the whole file, once it is known.
    pub fn sha256(&self) -> Option<&str> {
        self.card.hashes.sha256.as_deref()
    }

    /// Whether its short words hold a text, which is in lower case.
    pub fn says(&self, text: &str) -> bool {
        self.words.contains(text)
    }

    /// Why it cannot be used.
    pub fn trouble(&self) -> Option<&str> {
        self.card.about.trouble.as_deref()
    }
}

fn name(card: &Card) -> String {
    let stem = card.stem();
    match card.name.rsplit_once('/') {
        Some((folder, _)) => format!("{folder}/{stem}"),
        None => stem.to_owned(),
    }
}

/// A family in the words of people.
pub fn family(code: &str) -> &str {
    match code {
        "sd1" => "SD 1.x",
        "sd1-inpaint" => "SD 1.x inpaint",
        "sd2" => "SD 2.x",
        "sd2-v" => "SD 2.x v",
        "sd2-inpaint" => "SD 2.x inpaint",
        "sdxl" => "SDXL",
        "sdxl-refiner" => "SDXL refiner",
        "sdxl-inpaint" => "SDXL inpaint",
        other => other,
    }
}

/// Tags, hashes, and the names that trainers gave.
fn words(card: &Card) -> String {
    let about = &card.about;
    let network = about.network.as_ref();
    let embedding = about.embedding.as_ref();
    let hypernetwork = about.hypernetwork.as_ref();
    let names = [
        network.and_then(|network| network.alias.as_ref()),
        network.and_then(|network| network.trained_on.as_ref()),
        embedding.and_then(|embedding| embedding.name.as_ref()),
        embedding.and_then(|embedding| embedding.trained_on.as_ref()),
        hypernetwork.and_then(|hypernetwork| hypernetwork.name.as_ref()),
        card.hashes.sha256.as_ref(),
        card.hashes.legacy.as_ref(),
        card.hashes.network.as_ref(),
        about.family.as_ref(),
    ];
    let types = network.map(|network| network.types.as_slice()).unwrap_or_default();
    let all = names.into_iter().flatten().chain(&card.tags).chain(types);
    all.map(|word| word.to_lowercase()).collect::<Vec<_>>().join("\n")
}

fn measure(card: &Card) -> String {
    let about = &card.about;
    if let Some(network) = &about.network {
        return match (network.dim, network.alpha) {
            (Some(dim), Some(alpha)) => format!("{dim}/{}", short(alpha)),
            (Some(dim), None) => dim.to_string(),
            (None, _) => network.types.first().cloned().unwrap_or_default(),
        };
    }
    if let Some(embedding) = &about.embedding {
        return format!("{} v", embedding.vectors);
    }
    about.dtype.clone().unwrap_or_default()
}

/// A number without zeros that say nothing.
pub fn short(value: f64) -> String {
    let rounded = (value * 1000.0).round() / 1000.0;
    format!("{rounded}")
}

/// A size in the units that file managers use: `4.0 GB`, `144 MB`, `12 KB`.
pub fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    if unit > 0 && value < 9.95 {
        format!("{value:.1} {}", UNITS[unit])
    } else {
        format!("{value:.0} {}", UNITS[unit])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_short_and_never_four_digits() {
        let told = [
            0,
            999,
            1000,
            12_345,
            999_499,
            999_500,
            143_000_000,
            4_265_380_512,
            u64::MAX,
        ]
        .map(size);
        assert_eq!(
            told,
            [
                "0 B",
                "999 B",
                "1.0 KB",
                "12 KB",
                "999 KB",
                "1.0 MB",
                "143 MB",
                "4.3 GB",
                "18446744 TB"
            ]
        );
        assert_eq!(
            (short(8.0), short(0.75), short(1.0 / 3.0)),
            ("8".into(), "0.75".into(), "0.333".into())
        );
    }
}
