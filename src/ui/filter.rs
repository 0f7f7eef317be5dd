//! Narrowing a list by a few letters, as helix does it: letters in order, best matches first.

use nucleo_matcher::pattern::{CaseMatching, Normalization, Pattern};
use nucleo_matcher::{Config, Matcher, Utf32Str, Utf32String};

/// Characters of a query that count.
const LONGEST: usize = 128;

/// What was typed, ready to be compared with many names.
#[derive(Debug)]
pub struct Filter {
    pattern: Pattern,
    matcher: Matcher,
    letters: Vec<char>,
}

/// A name made ready to be compared again and again: taking a name that is not ASCII apart costs more than comparing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ready(Utf32String);

impl Ready {
    /// Takes a name apart.
    pub fn new(name: &str) -> Self {
        Self(Utf32String::from(name))
    }
}

impl Filter {
    /// A filter for a query. Words apart by spaces all have to match; a lower-case letter also finds its upper case.
    pub fn new(query: &str) -> Self {
        let query: String = query.chars().take(LONGEST).collect();
        Self {
            pattern: Pattern::parse(&query, CaseMatching::Smart, Normalization::Smart),
            matcher: Matcher::new(Config::DEFAULT.match_paths()),
            letters: Vec::new(),
        }
    }

    /// How well a name matches, more is better; `None` if it does not.
    pub fn score(&mut self, name: &str) -> Option<u32> {
        let name = Utf32Str::new(name, &mut self.letters);
        self.pattern.score(name, &mut self.matcher)
    }

    /// As [`Filter::rank`], for names that are ready.
    pub fn rank_ready<'n>(&mut self, names: impl IntoIterator<Item = &'n Ready>) -> Vec<usize> {
        let (pattern, matcher) = (&self.pattern, &mut self.matcher);
        let scored = names.into_iter().enumerate();
        let scored = scored.filter_map(|(i, name)| Some((pattern.score(name.0.slice(..), matcher)?, i)));
        best_first(scored.collect())
    }

    /// The indices of the names that match, best first; equally good ones in their order. All of them for an empty query.
    pub fn rank<'n>(&mut self, names: impl IntoIterator<Item = &'n str>) -> Vec<usize> {
        let scored = names.into_iter().enumerate();
        best_first(scored.filter_map(|(i, name)| Some((self.score(name)?, i))).collect())
    }

    /// Which graphemes of a name matched, in rising order.
    pub fn positions(&mut self, name: &str) -> Vec<usize> {
        let mut found = Vec::new();
        let name = Utf32Str::new(name, &mut self.letters);
        if self.pattern.indices(name, &mut self.matcher, &mut found).is_none() {
            return Vec::new();
        }
        found.sort_unstable();
        found.dedup();
        found.into_iter().map(|i| i as usize).collect()
    }
}

fn best_first(mut found: Vec<(u32, usize)>) -> Vec<usize> {
    found.sort_by_key(|(score, i)| (std::cmp::Reverse(*score), *i));
    found.into_iter().map(|(_, i)| i).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

    #[test]
    fn the_best_match_comes_first_and_its_letters_are_told() {
        let names = ["DPM++ 2M", "Euler a", "Euler", "UniPC", "DPM++ 2M SDE"];
        assert_eq!(Filter::new("eul").rank(names), [1, 2]);
        assert_eq!(Filter::new("2m sde").rank(names), [4]);
        assert_eq!(Filter::new("").rank(names), [0, 1, 2, 3, 4]);
        assert_eq!(Filter::new("2m sde").rank_ready(&names.map(Ready::new)), [4]);
        assert_eq!(Filter::new("xyz").rank(names), [0_usize; 0]);
        assert_eq!(Filter::new("upc").positions("UniPC"), [0, 3, 4]);
        assert_eq!(Filter::new("狸").positions("红狐狸.safetensors"), [2]);
    }

    #[test]
    fn hostile_queries_and_names_match_or_do_not() {
        let names = ["a\u{301}\u{301}b", "👩‍👩‍👧", "\u{1b}[31m", "", "^$!'\\"];
        for query in ["^", "!", "'", "$", "\\", "!a", "^a$", "\u{301}", &"a".repeat(100_000)] {
            let mut filter = Filter::new(query);
            for i in filter.rank(names) {
                assert!(filter.positions(names[i]).len() <= names[i].chars().count());
            }
        }
        assert_eq!(Filter::new("a").rank(["a".repeat(100_000).as_str()]), [0]);
    }

    #[test]
    fn ten_thousand_names_are_ranked_while_typing() {
        let names: Vec<_> = (0..10_000)
            .map(|i| format!("anime/styles/model_{i:05}_pruned-fp16_狐狸.safetensors"))
            .collect();
        let took = (0..5)
            .map(|_| {
                let begin = Instant::now();
                let found = Filter::new("an99fp").rank(names.iter().map(String::as_str));
                assert!(!found.is_empty() && found.len() < 2000, "{}", found.len());
                begin.elapsed()
            })
            .min();
        // The budget is 20 ms; a busy machine gets some more.
        assert!(took.is_some_and(|took| took.as_millis() < 60), "{took:?}");
    }
}
