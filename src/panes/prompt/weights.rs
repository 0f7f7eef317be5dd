//! What colour each stretch of a prompt has: its weight as [`crate::prompt::reading`] reads it, and marks for what the eye looks for.
//!
//! Knows no colours, only the theme's [`Role`]s.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::prompt::attention::Kind;
use crate::prompt::reading;
use crate::ui::theme::Role;

/// The roles of a whole text.
#[derive(Clone, Debug, Default)]
pub struct Roles {
    /// Without gaps, in order.
    spans: Vec<(Range<usize>, Role)>,
    /// In order; what is in none of them has the role of its span.
    marks: Vec<(Range<usize>, Role)>,
}

impl Roles {
    /// Reads a text.
    pub fn read(text: &str) -> Self {
        let spans = reading::spans(text).into_iter().map(|span| {
            let role = match span.kind {
                Kind::Text(weight) => Role::of_weight(weight),
                Kind::Stray(_) | Kind::Unclosed => Role::Error,
                Kind::Escape | Kind::Syntax => Role::WeightSyntax,
                Kind::Break => Role::Accent,
            };
            (span.range, role)
        });
        Self {
            spans: spans.collect(),
            marks: marks(text),
        }
    }

    /// The role at a byte.
    pub fn at(&self, at: usize) -> Role {
        find(&self.marks, at)
            .or_else(|| find(&self.spans, at))
            .unwrap_or(Role::Text)
    }
}

fn find(spans: &[(Range<usize>, Role)], at: usize) -> Option<Role> {
    let (range, role) = spans.get(spans.partition_point(|(range, _)| range.end <= at))?;
    range.contains(&at).then_some(*role)
}

fn marks(text: &str) -> Vec<(Range<usize>, Role)> {
    // Without `\b`, which makes the search slow in texts that are not ASCII.
    static MARKS: LazyLock<Regex> = LazyLock::new(|| {
        let pattern = r"<\w+:[^>]+>|AND|__[\w./*-]+?__";
        Regex::new(pattern).unwrap_or_else(|error| unreachable!("the pattern is valid: {error}"))
    });
    let is_word = |c: char| c == '_' || c.is_alphanumeric();
    let marks = MARKS.find_iter(text).filter_map(|found| {
        let role = match found.as_str().as_bytes()[0] {
            b'<' | b'_' => Role::Network,
            _ if text[..found.start()].ends_with(is_word) || text[found.end()..].starts_with(is_word) => return None,
            _ => Role::Accent,
        };
        Some((found.range(), role))
    });
    marks.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn roles(text: &str, expected: &[(&str, Role)]) {
        let roles = Roles::read(text);
        for &(word, role) in expected {
            let start = text.find(word).unwrap_or(usize::MAX);
            for at in start..start + word.len() {
                assert_eq!(roles.at(at), role, "{word:?} in {text:?} at {at}");
            }
        }
    }

    #[test]
    fn weights_have_the_strength_that_the_reader_gives_them() {
        let text = "plain (one), ((two)), (three:1.5), [less], [[much less]], (least:0.2), (below:-1), (a [b]:1.1)";
        roles(
            text,
            &[
                ("plain ", Role::Text),
                ("one", Role::WeightUp1),
                ("two", Role::WeightUp2),
                ("three", Role::WeightUp3),
                (":1.5)", Role::WeightSyntax),
                ("less", Role::WeightDown1),
                ("much less", Role::WeightDown2),
                ("least", Role::WeightDown3),
                ("below", Role::WeightDown3),
                ("a ", Role::WeightUp1),
            ],
        );
    }

    #[test]
    fn marks_and_faults_are_seen() {
        roles(
            r"a) \(b\) BREAK <lora:ink (old):0.8> AND LAND __colors/warm__ (c",
            &[
                (")", Role::Error),
                ("\\", Role::WeightSyntax),
                ("BREAK", Role::Accent),
                ("<lora:ink (old):0.8>", Role::Network),
                ("AND", Role::Accent),
                ("LAND", Role::Text),
                ("__colors/warm__", Role::Network),
            ],
        );
    }
}
