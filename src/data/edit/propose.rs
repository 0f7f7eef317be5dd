//! What a tagger or captioner proposes for a picture, and what that would make of its caption.
//!
//! Owns the form of proposals and the rule by which they meet a caption that is there already. It runs no model (`vision` does) and
//! writes nothing: [`plan`] says what would become of each file.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::apply::{encoding, in_the_way};
use super::slots::{Slots, glue};
use super::{Choices, Plan, Planned};
use crate::data::document::Document;
use crate::data::set::Set;

/// What kind of tag it is, by the categories of the boards that taggers learned from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// What is to be seen.
    #[default]
    General,
    /// Somebody with a name.
    Character,
    /// How much is shown: `general`, `sensitive`, `questionable`, `explicit`.
    Rating,
    /// The series it comes from.
    Copyright,
    /// Who made it.
    Artist,
    /// About the file, not the picture.
    Meta,
    /// The model that drew it.
    Model,
    /// How good it is.
    Quality,
}

/// A tag and how sure the tagger is of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Label {
    /// As it would be written into the caption.
    pub text: String,
    /// From 0 to 1.
    pub confidence: f32,
    /// What kind of tag.
    pub kind: Kind,
}

/// What is proposed for one picture.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// The picture, as it was asked for.
    #[serde(with = "path")]
    pub picture: PathBuf,
    /// A tagger's tags that are sure enough, in the order in which they would be written; a rating and quality only where they were
    /// asked for.
    pub tags: Vec<Label>,
    /// A captioner's sentence.
    pub caption: Option<String>,
    /// The likeliest rating, whether or not it is to be written.
    pub rating: Option<Label>,
}

/// What becomes of a caption that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Conflict {
    /// It stays as it is; the picture is not even looked at.
    #[default]
    Ignore,
    /// What is new is put before it.
    Prepend,
    /// What is new is put behind it.
    Append,
    /// It gives way.
    Overwrite,
}

/// A path in JSON: text where it is UTF-8, else its bytes as an array, so that no name is lost.
pub mod path {
    use std::os::unix::ffi::{OsStrExt, OsStringExt};
    use std::path::{Path, PathBuf};

    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(untagged)]
    enum Form {
        Text(String),
        Bytes(Vec<u8>),
    }

    /// Writes a path.
    ///
    /// # Errors
    /// The serializer's.
    pub fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        match path.to_str() {
            Some(text) => serializer.serialize_str(text),
            None => path.as_os_str().as_bytes().serialize(serializer),
        }
    }

    /// Reads a path.
    ///
    /// # Errors
    /// When it is neither text nor bytes.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PathBuf, D::Error> {
        Ok(match Form::deserialize(deserializer)? {
            Form::Text(text) => text.into(),
            Form::Bytes(bytes) => std::ffi::OsString::from_vec(bytes).into(),
        })
    }
}

/// What the proposals make of a set's captions.
///
/// Each picture's tags, or its sentence, meet the caption as `conflict` says; tags that are there already are not put in again.
/// What stays
/// keeps its bytes. Proposals for pictures that are not in the set, and empty ones, do nothing. Of two pictures that share a
/// caption the
/// first one's proposal counts.
pub fn plan(set: &Set, proposals: &[Proposal], conflict: Conflict, choices: &Choices) -> Plan {
    let places: HashMap<&Path, usize> = set
        .pictures
        .iter()
        .zip(0..)
        .map(|(p, i)| (p.path.as_path(), i))
        .collect();
    let mut seen = HashSet::new();
    let mut plan = Plan {
        edit: "auto".to_owned(),
        ..Plan::default()
    };
    for proposal in proposals {
        let Some(&picture) = places.get(proposal.picture.as_path()) else {
            continue;
        };
        let path = set.caption_path(picture);
        if !seen.insert(path.clone()) {
            continue;
        }
        let empty = Document::default();
        let caption = set.pictures[picture].caption.as_ref();
        let document = caption.map_or(&empty, |caption| &caption.document);
        if let Some(why) = set.refusal(picture) {
            plan.refused.push((path, why.into()));
            continue;
        }
        let Some(after) = met(document, proposal, set.separator(picture), conflict) else {
            continue;
        };
        let folder = || in_the_way(&path).filter(|_| caption.is_none());
        if let Some(why) = encoding(document, *choices).or_else(folder) {
            plan.refused.push((path, why));
            continue;
        }
        let before = caption.map(|caption| caption.document.bytes.to_vec());
        if before.as_ref() != Some(&after) {
            let after = Some(after);
            plan.changes.push(Planned {
                picture,
                path,
                before,
                after,
            });
        }
    }
    plan
}

/// Whether a caption has nothing to say yet, so that there is no conflict.
pub fn is_blank(set: &Set, picture: usize) -> bool {
    let caption = set.pictures[picture].caption.as_ref();
    set.refusal(picture).is_none() && caption.is_none_or(|caption| caption.document.text().trim().is_empty())
}

/// The caption's bytes when the proposal has met it; none where it stays.
fn met(document: &Document, proposal: &Proposal, separator: &str, conflict: Conflict) -> Option<Vec<u8>> {
    let sentence = proposal
        .caption
        .as_deref()
        .map(str::trim)
        .filter(|sentence| !sentence.is_empty());
    let texts: Vec<&str> = proposal
        .tags
        .iter()
        .map(|label| label.text.as_str())
        .chain(sentence)
        .collect();
    let is_blank = document.text().trim().is_empty();
    if texts.is_empty() || (conflict == Conflict::Ignore && !is_blank) {
        return None;
    }
    let glue = glue(separator);
    let mut slots = Slots::new(document, separator, &glue);
    if is_blank || conflict == Conflict::Overwrite {
        slots.retain(|_| false);
        slots.insert(0, texts);
        return Some(slots.bytes());
    }
    let whole = document.text();
    let mut bytes = Vec::with_capacity(document.bytes.len());
    // Each line is a caption of its own.
    for (mut line, end) in slots.into_lines() {
        let known: HashSet<&[u8]> = line.tags().iter().copied().collect();
        // A sentence with separators in it is several tags of the caption.
        let is_there =
            |text: &&str| known.contains(text.as_bytes()) || (Some(*text) == sentence && whole.contains(*text));
        let new: Vec<&str> = texts.iter().copied().filter(|text| !is_there(text)).collect();
        let place = if conflict == Conflict::Prepend { 0 } else { line.len() };
        line.insert(place, new);
        bytes.extend(line.bytes());
        bytes.extend_from_slice(end);
    }
    (*bytes != *document.bytes).then_some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proposal(tags: &[&str], caption: Option<&str>) -> Proposal {
        let label = |text: &&str| Label {
            text: (*text).to_owned(),
            confidence: 0.5,
            kind: Kind::General,
        };
        Proposal {
            tags: tags.iter().map(label).collect(),
            caption: caption.map(str::to_owned),
            ..Proposal::default()
        }
    }

    fn after(caption: &str, tags: &[&str], conflict: Conflict) -> Option<String> {
        let document = Document::new(caption.as_bytes().to_vec());
        let bytes = met(&document, &proposal(tags, None), ",", conflict);
        bytes.map(|bytes| String::from_utf8(bytes).unwrap())
    }

    #[test]
    fn proposals_meet_a_caption_as_asked_and_leave_its_bytes() {
        let caption = "a,  b\r\n";
        let found = |conflict| after(caption, &["b", "c"], conflict);
        assert_eq!(found(Conflict::Ignore), None);
        assert_eq!(found(Conflict::Append).as_deref(), Some("a,  b,  c\r\n"));
        assert_eq!(found(Conflict::Prepend).as_deref(), Some("c,  a,  b\r\n"));
        assert_eq!(found(Conflict::Overwrite).as_deref(), Some("b,  c\r\n"));
        assert_eq!(after(caption, &["b"], Conflict::Append), None);
        assert_eq!(after(caption, &[], Conflict::Overwrite), None);
    }

    #[test]
    fn each_line_is_met_for_itself() {
        let found = |conflict| after("a, b\r\nb, c\r\n", &["c", "d"], conflict);
        assert_eq!(found(Conflict::Append).as_deref(), Some("a, b, c, d\r\nb, c, d\r\n"));
        assert_eq!(found(Conflict::Prepend).as_deref(), Some("c, d, a, b\r\nd, b, c\r\n"));
    }

    #[test]
    fn a_caption_that_says_nothing_is_no_conflict() {
        for blank in ["", " \n", "\u{feff}"] {
            let found = after(blank, &["a", "b"], Conflict::Ignore).unwrap();
            assert_eq!(found.trim_start_matches('\u{feff}').trim_end(), "a, b", "{blank:?}");
            assert_eq!(found.starts_with('\u{feff}'), blank.starts_with('\u{feff}'));
        }
    }

    #[test]
    fn a_sentence_is_put_in_once() {
        let document = Document::new(b"a fox, in the snow, red".to_vec());
        let again = proposal(&[], Some("a fox, in the snow"));
        assert_eq!(met(&document, &again, ",", Conflict::Append), None);
        let other = met(&document, &proposal(&[], Some("a dog")), ",", Conflict::Prepend);
        assert_eq!(other.as_deref(), Some(&b"a dog, a fox, in the snow, red"[..]));
    }

    #[test]
    fn a_name_that_is_no_text_survives_json() {
        use std::os::unix::ffi::OsStringExt;
        let name = std::ffi::OsString::from_vec(b"a\xff\n.png".to_vec());
        let picture = PathBuf::from(name);
        let one = Proposal {
            picture,
            ..Proposal::default()
        };
        let text = serde_json::to_string(&one).unwrap();
        assert_eq!(serde_json::from_str::<Proposal>(&text).unwrap(), one);
    }
}
