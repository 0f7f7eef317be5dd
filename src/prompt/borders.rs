//! Where in a prompt its chunks begin, so that a screen can show it.
//!
//! Counts with [`super::chunks`] and looks the places up; what a chunk is, is not decided here.

use super::attention::{self, Grammar};
use super::chunks;
use super::inversions::Inversions;
use super::networks;
use super::tokenizer::Tokenizer;

/// The bytes at which the chunks of a prompt begin, all but the first one's, in order and each once.
///
/// A chunk that begins inside a character begins at that character.
pub fn of(text: &str, tokenizer: &Tokenizer, comma_backtrack: usize, inversions: &Inversions) -> Vec<usize> {
    let extracted = networks::extract(text);
    let borders = of_plain(&extracted.text, tokenizer, comma_backtrack, inversions).into_iter();
    borders.map(|at| extracted.written(at)).collect()
}

/// The same of a text without calls.
fn of_plain(text: &str, tokenizer: &Tokenizer, comma_backtrack: usize, inversions: &Inversions) -> Vec<usize> {
    let reading = attention::traced(text, Grammar::A1111).runs;
    let runs: Vec<_> = reading.iter().map(|traced| traced.run.clone()).collect();
    let mut firsts = chunks::chunk(&runs, tokenizer, comma_backtrack, inversions).firsts;
    firsts.dedup();
    firsts.retain(|&first| first > 0);
    if firsts.is_empty() {
        return firsts;
    }
    // Where each token begins in the text as it is written.
    let mut places = Vec::new();
    for traced in reading.iter().filter(|traced| !traced.run.is_break()) {
        places.extend(traced.written(tokenizer.places(&traced.run.text).into_iter()));
    }
    let mut borders: Vec<_> = firsts
        .into_iter()
        .filter_map(|first| places.get(first).copied())
        .collect();
    borders.dedup();
    borders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let mut inversions = Inversions::default();
        inversions.add("six seven", 4, Tokenizer::clip());
        inversions.add("thirty", 30, Tokenizer::clip());
        let borders = of(text, Tokenizer::clip(), chunks::COMMA_BACKTRACK, &inversions);
        let begun: Vec<_> = borders.into_iter().map(|at| text[at..].split(' ').next()).collect();
        let expected: Vec<_> = expected.iter().copied().map(Some).collect();
        assert_eq!(begun, expected, "{text:?}");
    }

    #[test]
    fn chunks_begin_where_they_are_cut() {
        check("", &[]);
        check("a fox", &[]);
        check("a BREAK", &[]);
        check("BREAK a", &[]);
        check("a BREAK b BREAK BREAK (c:1.2)", &["b", "c:1.2)"]);
        let seventy = "fox ".repeat(70);
        check(&format!("{seventy}one two three four five eight nine"), &["eight"]);
        check(&format!("{seventy}(one:1.5) \\(two) three four five"), &["four"]);
        check(&format!("{seventy}one, two three four five six"), &["two"]);
        check(
            &format!("<lora:a:1>{seventy}one two three <lora:(b:0.5> four five six"),
            &["six"],
        );
        check(&format!("{seventy}one two six seven eight nine"), &["six"]);
        check("thirty thirty thirty thirty five", &["thirty"]);
        // Three bytes, three tokens: the third begins the chunk.
        check(&format!("{seventy}one two three 狐狸"), &["狐狸"]);
    }

    #[test]
    fn every_token_has_a_place() {
        for text in [
            "Fox  É e\u{301} 🦊 狐狸 <|endoftext|> 's ﬁ",
            "",
            " ",
            "\u{1F3F4}\u{E0067}",
        ] {
            let places = Tokenizer::clip().places(text);
            assert_eq!(places.len(), Tokenizer::clip().encode(text).len(), "{text:?}");
            assert!(
                places.is_sorted() && places.iter().all(|&at| text.is_char_boundary(at)),
                "{text:?} {places:?}"
            );
        }
    }
}
