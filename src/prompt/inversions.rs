//! Textual inversions by name: which words of a prompt stand for vectors, and how many.
//!
//! A1111's `EmbeddingDatabase`: a name is a row of token ids, looked up by its first id, the longest first. It counts on tokens,
//! not on words, so `fox` is found in `(fox:1.2)` and, as the tokens happen to fall, within other names. The vectors themselves
//! belong to the layers above; [`super::chunks`] gives them their places.

use std::collections::{HashMap, HashSet};

use super::chunks::LENGTH;
use super::{Tokenizer, attention};

/// The most vectors that one name can stand for: a chunk's tokens. A1111 makes chunks that no encoder takes of more.
pub const MOST_VECTORS: usize = LENGTH;

/// The names that stand for vectors.
#[derive(Clone, Debug, Default)]
pub struct Inversions {
    known: Vec<Known>,
    /// By a name's first id: places in `known`, those of more ids first.
    by_first: HashMap<u32, Vec<usize>>,
}

#[derive(Clone, Debug)]
struct Known {
    name: String,
    ids: Vec<u32>,
    vectors: usize,
}

/// A name found among tokens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Match {
    /// Which name, as [`Inversions::add`] numbered it.
    pub inversion: usize,
    /// How many tokens the name takes up.
    pub ids: usize,
    /// How many slots its vectors take.
    pub vectors: usize,
}

impl Inversions {
    /// Takes in a name for so many vectors and returns its number, counted from 0. Of two with the same name the later counts; of
    /// two different names with the same tokens (`Fox`, `fox`) the earlier.
    ///
    /// `None`, and nothing is taken in, for a name without tokens or a count outside of 1 to [`MOST_VECTORS`].
    pub fn add(&mut self, name: &str, vectors: usize, tokenizer: &Tokenizer) -> Option<usize> {
        let ids = tokenizer.encode(name);
        let first = *ids.first().filter(|_| (1..=MOST_VECTORS).contains(&vectors))?;
        let known = &self.known;
        let alike = self.by_first.entry(first).or_default();
        alike.retain(|&other| known[other].name != name);
        let place = alike.partition_point(|&other| known[other].ids.len() >= ids.len());
        alike.insert(place, known.len());
        self.known.push(Known {
            name: name.to_owned(),
            ids,
            vectors,
        });
        Some(self.known.len() - 1)
    }

    /// The name that begins at this place of a run's tokens.
    pub fn at(&self, tokens: &[u32], place: usize) -> Option<Match> {
        let rest = tokens.get(place..)?;
        let alike = self.by_first.get(rest.first()?)?;
        alike.iter().find_map(|&inversion| {
            let known = &self.known[inversion];
            rest.starts_with(&known.ids).then_some(Match {
                inversion,
                ids: known.ids.len(),
                vectors: known.vectors,
            })
        })
    }

    /// The name of a number.
    pub fn name(&self, inversion: usize) -> Option<&str> {
        self.known.get(inversion).map(|known| known.name.as_str())
    }
}

/// Which of some names occur in texts, by their tokens; so that of a thousand files only those are opened that a prompt can mean. A
/// name within a longer one counts. The texts have no network calls any more.
pub fn mentioned(names: &[&str], texts: &[&str], tokenizer: &Tokenizer) -> Vec<usize> {
    let runs = texts.iter().flat_map(|text| attention::parse(text));
    let runs: Vec<Vec<u32>> = runs.map(|run| tokenizer.encode(&run.text)).collect();
    let firsts: HashSet<u32> = runs.iter().flatten().copied().collect();
    let is_mentioned = |name: &str| {
        let ids = tokenizer.encode(name);
        let begins = ids.first().is_some_and(|first| firsts.contains(first));
        begins
            && runs
                .iter()
                .any(|run| run.windows(ids.len()).any(|window| window == ids))
    };
    let mentioned = names.iter().enumerate().filter(|(_, name)| is_mentioned(name));
    mentioned.map(|(at, _)| at).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn known(names: &[(&str, usize)]) -> Inversions {
        let mut known = Inversions::default();
        for (name, vectors) in names {
            known.add(name, *vectors, Tokenizer::clip());
        }
        known
    }

    #[track_caller]
    fn check(known: &Inversions, text: &str, at: usize, expected: Option<(usize, usize, usize)>) {
        let found = known.at(&Tokenizer::clip().encode(text), at);
        assert_eq!(
            found.map(|f| (f.inversion, f.ids, f.vectors)),
            expected,
            "{text:?} at {at}"
        );
    }

    #[test]
    fn the_longest_name_counts() {
        let known = known(&[("red", 1), ("red fox", 4), ("red fox den", 2), ("RED", 3)]);
        check(&known, "red fox", 0, Some((1, 2, 4)));
        check(&known, "a red fox den", 1, Some((2, 3, 2)));
        check(&known, "red dog", 0, Some((0, 1, 1)));
        check(&known, "a red", 0, None);
        check(&known, "red", 1, None);
    }

    #[test]
    fn a_name_given_twice_means_the_later() {
        let known = known(&[("fox", 1), ("fox", 2)]);
        check(&known, "fox", 0, Some((1, 1, 2)));
        assert_eq!((known.name(1), known.name(2)), (Some("fox"), None));
    }

    #[test]
    fn what_cannot_stand_in_a_chunk_is_not_taken_in() {
        let known = known(&[("", 1), ("fox", 0), ("fox", 76), ("den", 75)]);
        check(&known, "fox", 0, None);
        check(&known, "den", 0, Some((0, 1, 75)));
    }

    #[test]
    fn names_in_a_text_are_found_by_their_tokens() {
        let names = ["Fox", "red fox", "foxes", "", "bad-hand_v2", "ink"];
        let found = |texts: &[&str]| mentioned(&names, texts, Tokenizer::clip());
        assert_eq!(found(&["a (red fox:1.2)", "INK"]), [0, 1, 5]);
        assert_eq!(found(&["red (fox), [bad-hand_v2]"]), [0, 4]);
        assert_eq!(found(&[""]), [] as [usize; 0]);
    }
}
