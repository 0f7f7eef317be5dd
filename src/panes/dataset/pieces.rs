//! Two versions of a caption, tag by tag: what stays, what goes, what comes.

use similar::{ChangeTag, DiffOp, TextDiff};

use super::sheet::{Fate, Piece};
use crate::data::document::Document;

/// Tags beyond which two versions are not compared to the last one; nobody reads so many.
const MOST: usize = 4000;
/// Of longer files only what lies around the change is compared, in bytes.
const LONG: usize = 16 << 10;

/// The pieces of two versions in their order. `None` is a file that is not there. Where only one long piece was changed into another
/// (a sentence), its words are told apart.
pub fn of(before: Option<&[u8]>, after: Option<&[u8]>, separator: &str) -> Vec<Piece> {
    let (cut, [before, after]) = around(before.unwrap_or_default(), after.unwrap_or_default(), separator);
    let [before, after] = [before, after].map(|bytes| tags(bytes, separator));
    let [old, new] = [&before, &after].map(|tags| tags.iter().map(String::as_str).collect::<Vec<_>>());
    let piece = |fate, text: &str| Piece {
        fate,
        text: text.to_owned(),
    };
    let diff = TextDiff::configure().diff_slices(&old, &new);
    let mut pieces = Vec::new();
    if cut {
        pieces.push(piece(Fate::Stays, "…"));
    }
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

/// Of long versions what differs, from the beginning of a tag on; and whether something was left out in front.
fn around<'a>(before: &'a [u8], after: &'a [u8], separator: &str) -> (bool, [&'a [u8]; 2]) {
    if before.len().max(after.len()) <= LONG {
        return (false, [before, after]);
    }
    let same = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let mark = separator.as_bytes().last().copied().unwrap_or(b'\n');
    let is_end = |byte: &u8| *byte == mark || *byte == b'\n';
    let begin = before[..same].iter().rposition(is_end).map_or(0, |end| end + 1);
    let [before, after] = [&before[begin..], &after[begin..]];
    let same = before
        .iter()
        .rev()
        .zip(after.iter().rev())
        .take_while(|(a, b)| a == b)
        .count();
    let tail = before.len() - same.min(before.len().min(after.len()));
    let kept = before[tail..]
        .iter()
        .position(is_end)
        .map_or(before.len() - tail, |end| end);
    let [before, after] = [before, after].map(|bytes| {
        let end = (bytes.len() - same.min(bytes.len()) + kept).min(LONG).min(bytes.len());
        &bytes[..end]
    });
    (begin > 0, [before, after])
}

fn tags(bytes: &[u8], separator: &str) -> Vec<String> {
    let document = Document::new(bytes.to_vec());
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

    #[test]
    fn of_long_captions_what_lies_around_the_change_is_told() {
        let long = (0..100_000).map(|i| format!("tag {i}")).collect::<Vec<_>>().join(", ");
        assert_eq!(told(&long, &format!("{long}, smith")), "…|tag 99999|+smith");
        assert_eq!(told(&format!("smith, {long}"), &long), "-smith|tag 0");
        assert_eq!(
            told(&long, &long.replace("tag 50000,", "tag x, tag y,")),
            "…|-tag 50000|+tag x|+tag y"
        );
        let sentence = "word ".repeat(20_000);
        assert!(told(&sentence, "word").ends_with("|+word"));
    }
}
