//! The token count that stands beside a prompt, as A1111 shows it: `17/75`.
//!
//! Counting takes too long for a keystroke when the text is long. So it is asked for here ([`Counter::ask`]), done elsewhere
//! ([`Tokens::count`]) and answered here again; one count is under way at a time, and a late answer never replaces a newer one.

use super::buffer::Extent;
use crate::prompt::chunks::{COMMA_BACKTRACK, LENGTH};
use crate::prompt::inversions::Inversions;
use crate::prompt::{Tokenizer, borders, reading};

/// A count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tokens {
    /// The tokens of the prompt; every chunk but the last counts in full.
    pub count: usize,
    /// What the chunks that they fill can hold.
    pub limit: usize,
    /// Where the second and later chunks begin, in bytes.
    pub borders: Vec<usize>,
}

impl Tokens {
    /// Counts the tokens of a text, in which inversions count for their vectors. Takes milliseconds for a page of text, and longer
    /// the first time.
    pub fn count(text: &str, inversions: &Inversions) -> Self {
        let reading = reading::read(text, 1, None, COMMA_BACKTRACK, Tokenizer::clip(), inversions);
        let schedules = reading.subprompts.iter().flat_map(|subprompt| &subprompt.schedule);
        let count = schedules.map(|scheduled| scheduled.tokens).max().unwrap_or_default();
        Self {
            count,
            limit: count.max(1).div_ceil(LENGTH) * LENGTH,
            borders: if count > LENGTH {
                borders::of(text, Tokenizer::clip(), COMMA_BACKTRACK, inversions)
            } else {
                Vec::new()
            },
        }
    }
}

impl Tokens {
    fn follow(&mut self, edit: Extent) {
        self.borders.retain_mut(|border| {
            let moves = *border >= edit.at + edit.removed;
            if moves {
                *border = *border - edit.removed + edit.inserted;
            }
            moves || *border < edit.at
        });
    }
}

/// What is known about a text that goes on changing.
#[derive(Clone, Debug, Default)]
pub struct Counter {
    known: Option<(u64, Tokens)>,
    asked: Option<u64>,
    /// The edits since then.
    edits: Vec<Extent>,
}

impl Counter {
    /// Whether to count now: true if the count of this revision is not known and none is under way. The caller then has to count.
    pub fn ask(&mut self, revision: u64) -> bool {
        let wanted = self.asked.is_none() && !self.is_current(revision);
        if wanted {
            self.asked = Some(revision);
            self.edits.clear();
        }
        wanted
    }

    /// Takes an answer. If it was counted for an older text than the newest, ask again.
    pub fn answer(&mut self, revision: u64, mut tokens: Tokens) {
        if self.asked == Some(revision) {
            self.asked = None;
            for edit in self.edits.drain(..) {
                tokens.follow(edit);
            }
        }
        if self.known.as_ref().is_none_or(|(known, _)| *known <= revision) {
            self.known = Some((revision, tokens));
        }
    }

    /// Whether the last count is of this revision.
    pub fn is_current(&self, revision: u64) -> bool {
        self.known.as_ref().is_some_and(|(known, _)| *known == revision)
    }

    /// The newest count, which may be of an older text.
    pub fn tokens(&self) -> Option<&Tokens> {
        self.known.as_ref().map(|(_, tokens)| tokens)
    }

    /// Moves the borders of chunks with the text that is edited, until they are known anew.
    pub fn follow(&mut self, edit: Extent) {
        if self.asked.is_some() {
            self.edits.push(edit);
        }
        if let Some((_, tokens)) = &mut self.known {
            tokens.follow(edit);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_what_a1111_shows() {
        for (text, count, limit) in [
            ("", 0, 75),
            ("a (fox:1.5)", 2, 75),
            (&"fox ".repeat(75), 75, 75),
            (&"fox ".repeat(76), 76, 150),
            ("a BREAK b", 76, 150),
            ("a BREAK", 75, 75),
        ] {
            let tokens = Tokens::count(text, &Inversions::default());
            assert_eq!((tokens.count, tokens.limit), (count, limit), "{text}");
        }
    }

    #[test]
    fn a_late_answer_is_dropped_and_one_count_is_under_way() {
        let of = |count| Tokens {
            count,
            limit: 75,
            borders: Vec::new(),
        };
        let mut counter = Counter::default();
        assert!(counter.ask(1) && !counter.ask(1) && !counter.ask(2));
        counter.answer(1, of(1));
        assert_eq!((counter.tokens().cloned(), counter.is_current(2)), (Some(of(1)), false));
        assert!(counter.ask(2));
        counter.answer(2, of(2));
        counter.answer(1, of(1));
        assert_eq!(counter.tokens(), Some(&of(2)));
        assert!(!counter.ask(2));
    }

    #[test]
    fn borders_move_with_the_text_until_they_are_counted_anew() {
        let of = |borders: &[usize]| Tokens {
            count: 160,
            limit: 225,
            borders: borders.to_vec(),
        };
        let borders = |counter: &Counter| counter.tokens().map(|tokens| tokens.borders.clone());
        let edit = |at, removed, inserted| Extent { at, removed, inserted };
        let mut counter = Counter::default();
        assert!(counter.ask(1));
        counter.follow(edit(0, 0, 5));
        counter.answer(1, of(&[5, 15, 25]));
        assert_eq!(borders(&counter), Some(vec![10, 20, 30]));
        counter.follow(edit(12, 10, 3));
        assert_eq!(borders(&counter), Some(vec![10, 23]));
        assert!(counter.ask(3));
        counter.answer(3, of(&[9, 22]));
        assert_eq!(borders(&counter), Some(vec![9, 22]));
    }
}
