//! Which words the pictures had: `ss_tag_frequency`, a table of tags and counts for each folder.

use std::collections::HashMap;

use serde_json::Value;

use super::super::Metadata;
use super::{PictureFolder, lenient};

/// The share of a folder's pictures that have its trained word; a caption or two is always forgotten.
const NEARLY_ALL: f64 = 0.9;
/// The most trained words that are told.
const WORDS: usize = 12;
/// The mean length from which captions are sentences rather than tags, as A1111 has it.
const SENTENCE: usize = 16;
/// Tags of nearly every picture of a person or drawn by anybody, which call up nothing in particular.
const GENERAL: [&str; 15] = [
    "1girl",
    "1boy",
    "solo",
    "2girls",
    "multiple girls",
    "looking at viewer",
    "masterpiece",
    "best quality",
    "high quality",
    "highres",
    "absurdres",
    "simple background",
    "white background",
    "realistic",
    "photo",
];

/// Tags and their counts, by folder, in the order of the file.
#[derive(Default)]
pub(super) struct Frequency(Vec<(String, Vec<(String, u64)>)>);

impl Frequency {
    pub(super) fn of(metadata: &Metadata) -> Self {
        let folders = metadata
            .get("ss_tag_frequency")
            .and_then(|text| lenient::object(text))
            .unwrap_or_default();
        let tags = |value: Value| match value {
            Value::Object(tags) => tags
                .into_iter()
                .filter_map(|(tag, count)| Some((tag.trim().to_owned(), lenient::count(&count)?)))
                .filter(|(tag, _)| !tag.is_empty())
                .collect(),
            _ => Vec::new(),
        };
        Self(folders.into_iter().map(|(folder, said)| (folder, tags(said))).collect())
    }

    /// All tags with their counts over all folders, most frequent first; sentences are taken apart into words, as in A1111.
    pub(super) fn tags(&self) -> Vec<(String, u64)> {
        let tags = summed(
            self.0
                .iter()
                .flat_map(|(_, tags)| tags.iter().map(|(tag, count)| (tag.as_str(), *count))),
        );
        if tags.is_empty() || !sentences(&tags) {
            return tags;
        }
        let words = tags
            .iter()
            .flat_map(|(tag, count)| words(tag).map(|word| (word, *count)));
        summed(words)
    }

    /// The tags that nearly every picture of a folder has, general ones left out where others are left; a tag that is the file's own
    /// name comes first.
    pub(super) fn shared(&self, folders: &[PictureFolder], name: Option<&str>) -> Vec<String> {
        let mut words: Vec<String> = Vec::new();
        for (folder, tags) in &self.0 {
            let said: Vec<_> = folders.iter().filter(|said| said.name == *folder).collect();
            if said.iter().any(|said| said.regularisation) || sentences(tags) {
                continue;
            }
            // Without a count the most frequent tag stands for it.
            let pictures = said.first().map(|said| said.pictures).filter(|&pictures| pictures > 0);
            let pictures = pictures
                .or_else(|| tags.iter().map(|(_, count)| *count).max())
                .unwrap_or_default();
            let enough = pictures as f64 * NEARLY_ALL;
            let shared = tags.iter().filter(|(_, count)| *count as f64 >= enough);
            for (tag, _) in shared {
                if !words.contains(tag) {
                    words.push(tag.clone());
                }
            }
        }
        let special = |word: &String| !GENERAL.contains(&word.as_str());
        if words.iter().any(special) {
            words.retain(special);
        }
        let is_name = |word: &String| name.is_some_and(|name| same_name(word, name));
        words.sort_by_key(|word| !is_name(word));
        words.truncate(WORDS);
        words
    }
}

/// `my_fox` and `my fox` are one name.
fn same_name(a: &str, b: &str) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['_', '-'], " ");
    plain(a) == plain(b)
}

fn sentences(tags: &[(String, u64)]) -> bool {
    let length: usize = tags.iter().map(|(tag, _)| tag.chars().count()).sum();
    !tags.is_empty() && length >= SENTENCE * tags.len()
}

/// The words of a sentence that are three letters long at least.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let is_letter = |sign: char| sign.is_alphanumeric() || matches!(sign, '-' | '_' | '\'');
    text.split(move |sign| !is_letter(sign))
        .filter(|word| word.chars().count() >= 3)
}

/// Counts of the same text together, most frequent first, else in the order they came.
fn summed<'a>(counts: impl Iterator<Item = (&'a str, u64)>) -> Vec<(String, u64)> {
    let mut places: HashMap<&str, usize> = HashMap::new();
    let mut sums: Vec<(String, u64)> = Vec::new();
    for (text, count) in counts {
        let place = *places.entry(text).or_insert_with(|| {
            sums.push((text.to_owned(), 0));
            sums.len() - 1
        });
        sums[place].1 = sums[place].1.saturating_add(count);
    }
    sums.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    sums
}
