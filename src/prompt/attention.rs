//! A1111's attention grammar: text to runs of text and weight.
//!
//! `(x)` multiplies the weight of what it encloses by 1.1, `[x]` divides by 1.1, `(x:1.3)` multiplies by 1.3. A
//! backslash makes a bracket literal; a bracket never closed reaches to the end; `BREAK` asks for a new chunk. What a
//! run means for tokens is [`super::chunks`]'s business, to be read next.
//!
//! The reading is `parse_prompt_attention` of A1111 1.10.1, run for run and bit for bit, with two exceptions:
//!
//! - A weight that is no number, such as `(a:1.2.3)`, makes A1111 fail with a Python error. Here its colon is text like
//!   any other.
//! - Brackets beyond [`MAX_DEPTH`] open at once change no weight, so that the time stays linear in the length of the
//!   text.
//!
//! White space, digits and words are Python's: U+001C to U+001F are space, digits of any script make a number, marks
//! are no letters.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::Regex;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// How many brackets open at once count. Whatever stands in more round or square ones has left the range of `f32`.
pub const MAX_DEPTH: usize = 1100;

const ROUND: f64 = 1.1;
const SQUARE: f64 = 1.0 / 1.1;
const BREAK: &str = "BREAK";

/// A stretch of text under one weight.
///
/// Serialised as `["text", 1.1]`, a break as `["BREAK", -1]`. JSON has no infinity: a weight that is not finite becomes
/// `null`, and `null` is read as NaN.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The text, without brackets, weights and escapes.
    pub text: String,
    /// What the text encoder's output is multiplied by; any number at all, since A1111 sets no bounds.
    pub weight: f64,
}

impl Run {
    /// Whether this ends the chunk instead of being text.
    ///
    /// A `BREAK` in brackets is none: its weight has been multiplied like any other, and A1111 then takes it for a
    /// word.
    #[expect(clippy::float_cmp, reason = "the marker is exactly -1")]
    pub fn is_break(&self) -> bool {
        self.text == BREAK && self.weight == -1.0
    }
}

impl Serialize for Run {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.is_break() {
            (&self.text, -1).serialize(serializer)
        } else {
            (&self.text, self.weight).serialize(serializer)
        }
    }
}

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (text, weight) = <(String, Option<f64>)>::deserialize(deserializer)?;
        Ok(Self {
            text,
            weight: weight.unwrap_or(f64::NAN),
        })
    }
}

/// Reads a prompt; never empty, as the empty prompt is one empty run of weight 1.
pub fn parse(text: &str) -> Vec<Run> {
    let mut parser = Parser::default();
    let mut rest = text;
    while let Some((token, length)) = next_token(rest) {
        parser.take(token);
        rest = &rest[length..];
    }
    parser.finish()
}

#[derive(Clone, Copy)]
enum Token<'a> {
    /// What a backslash made literal; nothing if it stood before something harmless.
    Escaped(&'a str),
    OpenRound,
    OpenSquare,
    /// `)` or `:1.3)`, as written and as a number.
    CloseRound(&'a str, f64),
    /// `]`, as written and as a number.
    CloseSquare(&'a str, f64),
    /// A stretch without special characters, or a colon.
    Text(&'a str),
}

/// The first token of a text and its length in bytes.
fn next_token(rest: &str) -> Option<(Token<'_>, usize)> {
    const SPECIAL: [char; 6] = ['\\', '(', ')', '[', ']', ':'];
    Some(match rest.chars().next()? {
        '\\' => {
            let escaped = usize::from(rest[1..].starts_with(['\\', '(', ')', '[', ']']));
            (Token::Escaped(&rest[1..=escaped]), 1 + escaped)
        }
        '(' => (Token::OpenRound, 1),
        '[' => (Token::OpenSquare, 1),
        ')' => (Token::CloseRound(&rest[..1], ROUND), 1),
        ']' => (Token::CloseSquare(&rest[..1], SQUARE), 1),
        ':' => match weight(rest) {
            Some((number, length)) => (Token::CloseRound(&rest[..length], number), length),
            None => (Token::Text(&rest[..1]), 1),
        },
        _ => {
            let length = rest.find(SPECIAL).unwrap_or(rest.len());
            (Token::Text(&rest[..length]), length)
        }
    })
}

/// The number of a `: 1.3 )` that a text begins with, and the length of it all.
fn weight(text: &str) -> Option<(f64, usize)> {
    let number = text.strip_prefix(':')?.trim_start_matches(is_space);
    let unsigned = number.strip_prefix(['+', '-']).unwrap_or(number);
    let rest = unsigned.trim_start_matches(|c| c == '.' || decimal(c).is_some());
    let number = &number[..number.len() - rest.len()];
    let after = rest.trim_start_matches(is_space).strip_prefix(')')?;
    Some((ascii_digits(number).parse().ok()?, text.len() - after.len()))
}

#[derive(Default)]
struct Parser<'a> {
    texts: Vec<&'a str>,
    /// One for each of `texts`; apart from them because a closing bracket multiplies long stretches.
    weights: Vec<f64>,
    /// Where each open bracket begins, as an index into `texts`.
    round: Vec<usize>,
    square: Vec<usize>,
}

impl<'a> Parser<'a> {
    fn take(&mut self, token: Token<'a>) {
        match token {
            Token::Escaped(text) => self.push(text, 1.0),
            Token::OpenRound => self.round.push(self.here()),
            Token::OpenSquare => self.square.push(self.here()),
            Token::CloseRound(text, factor) => match self.round.pop() {
                Some(start) => self.multiply(start, factor),
                None => self.push(text, 1.0),
            },
            Token::CloseSquare(text, factor) => match self.square.pop() {
                Some(start) => self.multiply(start, factor),
                None => self.push(text, 1.0),
            },
            Token::Text(text) => self.push_split(text),
        }
    }

    /// Where a bracket opened now begins: behind everything if it is too deep to count.
    fn here(&self) -> usize {
        if self.round.len() + self.square.len() < MAX_DEPTH {
            self.texts.len()
        } else {
            usize::MAX
        }
    }

    fn push(&mut self, text: &'a str, weight: f64) {
        self.texts.push(text);
        self.weights.push(weight);
    }

    /// Pushes a text cut at every `BREAK` that is a word of its own; the white space around goes with it.
    fn push_split(&mut self, text: &'a str) {
        let mut from = 0;
        for (at, _) in text.match_indices(BREAK) {
            let after = &text[at + BREAK.len()..];
            if text[..at].ends_with(is_word) || after.starts_with(is_word) {
                continue;
            }
            self.push(text[from..at].trim_end_matches(is_space), 1.0);
            self.push(BREAK, -1.0);
            from = text.len() - after.trim_start_matches(is_space).len();
        }
        self.push(&text[from..], 1.0);
    }

    fn multiply(&mut self, start: usize, factor: f64) {
        for weight in self.weights.get_mut(start..).unwrap_or_default() {
            *weight *= factor;
        }
    }

    /// Closes what is open (round before square, outermost first) and joins neighbours of the same weight.
    #[expect(clippy::float_cmp, reason = "A1111 joins only what is exactly equal")]
    fn finish(mut self) -> Vec<Run> {
        for start in std::mem::take(&mut self.round) {
            self.multiply(start, ROUND);
        }
        for start in std::mem::take(&mut self.square) {
            self.multiply(start, SQUARE);
        }
        if self.texts.is_empty() {
            self.push("", 1.0);
        }
        let mut runs: Vec<Run> = Vec::new();
        for (text, weight) in self.texts.into_iter().zip(self.weights) {
            match runs.last_mut() {
                Some(last) if last.weight == weight => last.text.push_str(text),
                _ => runs.push(Run {
                    text: text.to_owned(),
                    weight,
                }),
            }
        }
        runs
    }
}

/// Python's `\s`.
fn is_space(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\x1C'..='\x1F')
}

/// Python's `\w`: unlike Rust's it has every number and no marks.
fn is_word(c: char) -> bool {
    static WORD: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"^[\p{L}\p{N}_]").expect("the pattern is valid"));
    if c.is_ascii() {
        c.is_ascii_alphanumeric() || c == '_'
    } else {
        WORD.is_match(c.encode_utf8(&mut [0; 4]))
    }
}

/// The value of a decimal digit of any script: Python's `\d`, which its `float` reads too.
fn decimal(c: char) -> Option<u8> {
    if c.is_ascii() {
        return c.is_ascii_digit().then(|| c as u8 - b'0');
    }
    let block = ZEROS.partition_point(|&zero| zero <= c as u32).checked_sub(1)?;
    u8::try_from(c as u32 - ZEROS[block]).ok().filter(|&digit| digit < 10)
}

/// The same number in ASCII.
fn ascii_digits(number: &str) -> Cow<'_, str> {
    if number.is_ascii() {
        return number.into();
    }
    number
        .chars()
        .map(|c| decimal(c).map_or(c, |digit| char::from(b'0' + digit)))
        .collect()
}

/// The zeros of Unicode 14; each script's digits follow its zero.
#[rustfmt::skip]
const ZEROS: [u32; 66] = [
    0x30, 0x660, 0x6F0, 0x7C0, 0x966, 0x9E6, 0xA66, 0xAE6, 0xB66, 0xBE6, 0xC66, 0xCE6, 0xD66, 0xDE6, 0xE50, 0xED0,
    0xF20, 0x1040, 0x1090, 0x17E0, 0x1810, 0x1946, 0x19D0, 0x1A80, 0x1A90, 0x1B50, 0x1BB0, 0x1C40, 0x1C50, 0xA620,
    0xA8D0, 0xA900, 0xA9D0, 0xA9F0, 0xAA50, 0xABF0, 0xFF10, 0x1_04A0, 0x1_0D30, 0x1_1066, 0x1_10F0, 0x1_1136,
    0x1_11D0, 0x1_12F0, 0x1_1450, 0x1_14D0, 0x1_1650, 0x1_16C0, 0x1_1730, 0x1_18E0, 0x1_1950, 0x1_1C50, 0x1_1D50,
    0x1_1DA0, 0x1_6A60, 0x1_6AC0, 0x1_6B50, 0x1_D7CE, 0x1_D7D8, 0x1_D7E2, 0x1_D7EC, 0x1_D7F6, 0x1_E140, 0x1_E2F0,
    0x1_E950, 0x1_FBF0,
];

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::float_cmp)]
    use super::*;

    fn json(text: &str) -> String {
        serde_json::to_string(&parse(text)).unwrap()
    }

    #[test]
    fn weights_multiply_and_equal_neighbours_join() {
        assert_eq!(
            json("an (important) word"),
            r#"[["an ",1.0],["important",1.1],[" word",1.0]]"#
        );
        assert_eq!(json("(unnecessary)(parens)"), r#"[["unnecessaryparens",1.1]]"#);
        assert_eq!(json("((a:2) b: 1.5 )"), r#"[["a",3.0],[" b",1.5]]"#);
        assert_eq!(json(r"\(literal\]"), r#"[["(literal]",1.0]]"#);
        assert_eq!(json(""), r#"[["",1.0]]"#);
    }

    #[test]
    fn a_break_is_a_word_of_its_own_outside_brackets() {
        assert_eq!(json("a \n BREAK b"), r#"[["a",1.0],["BREAK",-1],["b",1.0]]"#);
        assert_eq!(json("aBREAK 断BREAK"), r#"[["aBREAK 断BREAK",1.0]]"#);
        assert!(!parse("(BREAK)").iter().any(Run::is_break));
    }

    #[test]
    fn a_weight_that_is_no_number_is_text() {
        assert_eq!(json("(a:1.2.3)"), r#"[["a:1.2.3",1.1]]"#);
        assert_eq!(json("(a:.) (b:+)"), r#"[["a:.",1.1],[" ",1.0],["b:+",1.1]]"#);
    }

    #[test]
    fn digits_and_spaces_are_pythons() {
        assert_eq!(json("(a:\u{1F}\u{A0}\u{FF12}.\u{665})"), r#"[["a",2.5]]"#);
        assert_eq!(decimal('\u{1D7FF}'), Some(9));
        assert_eq!((decimal('²'), decimal('a'), decimal('\u{FF1A}')), (None, None, None));
    }

    #[test]
    fn a_weight_without_bounds_is_kept() {
        let text = format!("(a:{})", "9".repeat(400));
        assert_eq!(parse(&text)[0].weight, f64::INFINITY);
        assert_eq!(json(&text), r#"[["a",null]]"#);
        let back: Vec<Run> = serde_json::from_str(&json(&text)).unwrap();
        assert!(back[0].weight.is_nan());
    }

    #[test]
    fn brackets_too_deep_to_count_have_left_f32_already() {
        let deepest = |bracket: &str| parse(&(bracket.repeat(MAX_DEPTH) + "a"))[0].weight;
        assert_eq!((deepest("(") as f32, deepest("[") as f32), (f32::INFINITY, 0.0));
        assert_eq!(parse(&("(".repeat(2 * MAX_DEPTH) + "a"))[0].weight, deepest("("));
    }
}
