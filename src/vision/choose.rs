//! From a tagger's confidences to the tags of a proposal: thresholds, categories, lists, order.
//!
//! The rules are those of kohya's `tag_images_by_wd14_tagger.py`. Where it puts several characters or several tags that are to
//! stand
//! first in the reverse of their order, here they keep it; and its replacement list, which a slip in the script leaves without
//! effect,
//! has one.

use std::collections::HashSet;

use super::job::{Tagging, Use};
use super::vocabulary::Vocabulary;
use super::words::{escaped, expanded, plain, spaced};
use crate::data::edit::propose::{Kind, Label};

/// What is said of one picture.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Chosen {
    /// As they would be written.
    pub tags: Vec<Label>,
    /// The likeliest rating, whether or not it is among the tags.
    pub rating: Option<Label>,
}

/// Chooses from `scores`, one for each word of the vocabulary.
pub fn choose(vocabulary: &Vocabulary, scores: &[f32], rules: &Tagging) -> Chosen {
    let lists = Lists::of(rules);
    let mut found = Vec::new();
    let (mut rating, mut quality) = (None, None);
    for (word, score) in vocabulary.words.iter().zip(scores) {
        let Some(word) = word else { continue };
        let confidence = if vocabulary.logits {
            1.0 / (1.0 + (-score).exp())
        } else {
            *score
        };
        let one = |name: &str| Label {
            text: name.to_owned(),
            confidence,
            kind: word.kind,
        };
        match word.kind {
            Kind::Rating => keep_surest(&mut rating, one(&word.name)),
            Kind::Quality => keep_surest(&mut quality, one(&word.name)),
            kind if confidence >= threshold(rules, kind) => match expanded(&word.name) {
                Some((name, series)) if kind == Kind::Character && rules.expand_characters => {
                    found.push(one(name));
                    found.push(Label {
                        kind: Kind::Copyright,
                        ..one(series)
                    });
                }
                _ => found.push(one(&word.name)),
            },
            _ => {}
        }
    }
    if rules.by_confidence || vocabulary.logits {
        found.sort_by(|a, b| b.confidence.total_cmp(&a.confidence));
    }
    if rules.most > 0 && found.len() > rules.most {
        let mut sure: Vec<f32> = found.iter().map(|label| label.confidence).collect();
        sure.sort_by(|a, b| b.total_cmp(a));
        let least = sure[rules.most - 1];
        found.retain(|label| label.confidence >= least);
        found.truncate(rules.most);
    }
    if rules.characters_first {
        found.sort_by_key(|label| label.kind != Kind::Character);
    }
    put(&mut found, rules.quality, quality);
    put(
        &mut found,
        rules.rating,
        rating
            .clone()
            .filter(|label| label.confidence >= rules.rating_threshold),
    );
    let written = found
        .into_iter()
        .filter_map(|label| lists.written(label, rules))
        .collect();
    Chosen {
        tags: lists.arranged(written),
        rating: rating.map(|label| Label {
            text: written_form(&label.text, rules),
            ..label
        }),
    }
}

fn threshold(rules: &Tagging, kind: Kind) -> f32 {
    let own = match kind {
        Kind::Character => rules.character,
        Kind::Copyright => rules.copyright,
        Kind::Artist => rules.artist,
        Kind::Meta => rules.meta,
        Kind::Model => rules.model,
        Kind::General | Kind::Rating | Kind::Quality => None,
    };
    own.unwrap_or(rules.threshold)
}

/// The first of the surest ones stays, as numpy's `argmax` has it.
fn keep_surest(kept: &mut Option<Label>, label: Label) {
    if kept.as_ref().is_none_or(|kept| label.confidence > kept.confidence) {
        *kept = Some(label);
    }
}

fn put(tags: &mut Vec<Label>, place: Use, label: Option<Label>) {
    match (place, label) {
        (Use::First, Some(label)) => tags.insert(0, label),
        (Use::Last, Some(label)) => tags.push(label),
        (Use::Leave, _) | (_, None) => {}
    }
}

fn written_form(name: &str, rules: &Tagging) -> String {
    let name = if rules.underscores {
        name.to_owned()
    } else {
        spaced(name)
    };
    if rules.escape { escaped(&name) } else { name }
}

/// The user's lists, in the form in which tags are compared.
struct Lists<'a> {
    exclude: HashSet<String>,
    first: Vec<String>,
    add: &'a [String],
    replace: Vec<(String, &'a str)>,
}

impl<'a> Lists<'a> {
    fn of(rules: &'a Tagging) -> Self {
        Self {
            exclude: rules.exclude.iter().map(|tag| plain(tag)).collect(),
            first: rules.first.iter().map(|tag| plain(tag)).collect(),
            add: &rules.add,
            replace: rules
                .replace
                .iter()
                .map(|(from, to)| (plain(from), to.as_str()))
                .collect(),
        }
    }

    /// The label as it is written, unless it is left out.
    fn written(&self, label: Label, rules: &Tagging) -> Option<Label> {
        let name = plain(&label.text);
        let to = self.replace.iter().find(|(from, _)| *from == name).map(|(_, to)| *to);
        let text = to.map_or_else(|| written_form(&label.text, rules), str::to_owned);
        let excluded = self.exclude.contains(&name) || self.exclude.contains(&plain(&text));
        (!text.is_empty() && !excluded).then_some(Label { text, ..label })
    }

    /// Each tag once, those that are added first, then those that stand first where they are found.
    fn arranged(&self, found: Vec<Label>) -> Vec<Label> {
        let added = self.add.iter().map(|text| Label {
            text: text.trim().to_owned(),
            confidence: 1.0,
            kind: Kind::General,
        });
        let place = |label: &Label| {
            let name = plain(&label.text);
            self.first
                .iter()
                .position(|first| *first == name)
                .unwrap_or(self.first.len())
        };
        let mut found = found;
        found.sort_by_key(place);
        let mut seen = HashSet::new();
        let all = added.filter(|label| !label.text.is_empty()).chain(found);
        all.filter(|label| seen.insert(label.text.clone())).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::vocabulary::Word;
    use super::*;

    fn vocabulary(words: &[(&str, Kind)]) -> Vocabulary {
        let word = |(name, kind): &(&str, Kind)| {
            Some(Word {
                name: (*name).to_owned(),
                kind: *kind,
            })
        };
        Vocabulary {
            words: words.iter().map(word).collect(),
            logits: false,
        }
    }

    fn tags(rules: &Tagging) -> Vec<String> {
        let words = vocabulary(&[
            ("general", Kind::Rating),
            ("explicit", Kind::Rating),
            ("1girl", Kind::General),
            ("long_hair", Kind::General),
            ("^_^", Kind::General),
            ("fox_(animal)", Kind::General),
            ("saber_(fate)", Kind::Character),
            ("rin_(fate)", Kind::Character),
        ]);
        let chosen = choose(&words, &[0.9, 0.2, 0.5, 0.8, 0.35, 0.36, 0.7, 0.95], rules);
        assert_eq!(chosen.rating.map(|label| label.text).as_deref(), Some("general"));
        chosen.tags.into_iter().map(|label| label.text).collect()
    }

    fn with(change: impl FnOnce(&mut Tagging)) -> Vec<String> {
        let mut rules = Tagging::default();
        change(&mut rules);
        tags(&rules)
    }

    fn list(texts: &[&str]) -> Vec<String> {
        texts.iter().map(|text| (*text).to_owned()).collect()
    }

    #[test]
    fn tags_at_the_threshold_are_taken_in_the_models_order() {
        let all = [
            "1girl",
            "long hair",
            "^_^",
            "fox (animal)",
            "saber (fate)",
            "rin (fate)",
        ];
        assert_eq!(tags(&Tagging::default()), all);
        assert_eq!(with(|r| r.threshold = 0.7), ["long hair", "saber (fate)", "rin (fate)"]);
        assert_eq!(
            with(|r| r.character = Some(0.85)),
            ["1girl", "long hair", "^_^", "fox (animal)", "rin (fate)"]
        );
        assert_eq!(with(|r| r.most = 2), ["long hair", "rin (fate)"]);
        assert_eq!(
            with(|r| (r.by_confidence, r.threshold) = (true, 0.7)),
            ["rin (fate)", "long hair", "saber (fate)"]
        );
    }

    #[test]
    fn words_are_written_as_asked() {
        assert_eq!(with(|r| (r.escape, r.threshold) = (true, 0.9)), [r"rin \(fate\)"]);
        assert_eq!(
            with(|r| (r.underscores, r.threshold) = (true, 0.75)),
            ["long_hair", "rin_(fate)"]
        );
        assert_eq!(
            with(|r| (r.expand_characters, r.threshold) = (true, 0.6)),
            ["long hair", "saber", "fate", "rin"]
        );
    }

    #[test]
    fn lists_leave_out_rename_and_order() {
        assert_eq!(
            with(|r| {
                r.exclude = list(&["long_hair", r"fox \(animal\)", "^_^"]);
                r.replace = vec![
                    ("1girl".to_owned(), "woman".to_owned()),
                    ("rin (fate)".to_owned(), String::new()),
                ];
                r.first = list(&["saber_(fate)"]);
                r.add = list(&["sks", "woman"]);
                r.rating = Use::First;
            }),
            ["sks", "woman", "saber (fate)", "general"]
        );
        assert_eq!(
            with(|r| (r.characters_first, r.threshold, r.rating) = (true, 0.5, Use::Last)),
            ["saber (fate)", "rin (fate)", "1girl", "long hair", "general"]
        );
        assert_eq!(
            with(|r| (r.threshold, r.rating, r.rating_threshold) = (2.0, Use::First, 0.95)),
            list(&[])
        );
    }
}
