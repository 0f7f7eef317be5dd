//! Two versions of a caption, tag by tag: what stays, what goes, what comes.

use similar::{ChangeTag, DiffOp, TextDiff};

use super::sheet::{Fate, Piece};
use crate::data::document::Document;

/// Tags beyond which two versions are not compared to the last one; nobody reads so many.
const MOST: usize = 4000;

/// The pieces of two versions in their order. `None` is a file that is not there. Where only one long piece was changed into another
/// (a sentence), its words are told apart.
pub fn of(before: Option<&[u8]>, after: Option<&[u8]>, separator: &str) -> Vec<Piece> {
    let [before, after] = [before, after].map(|bytes| tags(bytes, separator));
    let [old, new] = [&before, &after].map(|tags| tags.iter().map(String::as_str).collect::<Vec<_>>());
    let piece = |fate, text: &str| Piece {
        fate,
        text: text.to_owned(),
    };
    let diff = TextDiff::configure().diff_slices(&old, &new);
    let mut pieces = Vec::new();
    for op in diff.ops() {
        match *op {
            DiffOp::Replace {
                old_index,
                old_len: 1,
                new_index,
                new_len: 1,
            } if is_sentence(old[old_index]) && is_sentence(new[new_index]) => {
                by_words(old[old_index], new[new_index], &mut pieces);
            }
            op => pieces.extend(diff.iter_changes(&op).map(|change| {
                let fate = match change.tag() {
                    ChangeTag::Equal => Fate::Stays,
                    ChangeTag::Delete => Fate::Goes,
                    ChangeTag::Insert => Fate::Comes,
                };
                piece(fate, change.value())
            })),
        }
    }
    if pieces.iter().all(|piece| piece.fate == Fate::Stays) && old.len() < MOST {
        // Spaces or line ends only.
        pieces.push(piece(Fate::Goes, "␣"));
        pieces.push(piece(Fate::Comes, "␣"));
    }
    pieces
}

fn tags(bytes: Option<&[u8]>, separator: &str) -> Vec<String> {
    let document = Document::new(bytes.unwrap_or_default().to_vec());
    let tags = document.tags(separator).take(MOST);
    tags.map(|tag| tag.text.into_owned()).collect()
}

fn is_sentence(text: &str) -> bool {
    text.split_whitespace().nth(4).is_some()
}

fn by_words(old: &str, new: &str, pieces: &mut Vec<Piece>) {
    let diff = TextDiff::from_words(old, new);
    for change in diff
        .iter_all_changes()
        .filter(|change| !change.value().trim().is_empty())
    {
        let fate = match change.tag() {
            ChangeTag::Equal => Fate::Stays,
            ChangeTag::Delete => Fate::Goes,
            ChangeTag::Insert => Fate::Comes,
        };
        match pieces.last_mut() {
            Some(last) if last.fate == fate => {
                last.text.push(' ');
                last.text.push_str(change.value());
            }
            _ => pieces.push(Piece {
                fate,
                text: change.value().to_owned(),
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(before: &str, after: &str) -> String {
        let sign = |piece: Piece| match piece.fate {
            Fate::Stays => piece.text,
            Fate::Goes => format!("-{}", piece.text),
            Fate::Comes => format!("+{}", piece.text),
        };
        let pieces = of(Some(before.as_bytes()), Some(after.as_bytes()), ",")
            .into_iter()
            .map(sign);
        pieces.collect::<Vec<_>>().join("|")
    }

    #[test]
    fn tags_that_go_and_come_are_told_and_of_sentences_their_words() {
        assert_eq!(told("a, b, c", "smith, a, c"), "+smith|a|-b|c");
        assert_eq!(
            told("a fox sits in the snow", "a red fox sits in snow"),
            "a|+red|fox sits in|-the|snow"
        );
        assert_eq!(told("a,b", "a, b"), "a|b|-␣|+␣");
        assert_eq!(of(None, Some(b"a"), ",").len(), 1);
    }
}
