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
//!
//! kohya's trainers read weighted captions by an older form of this grammar: [`Grammar::Kohya`], by [`traced`].

use std::ops::Range;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::python::{ascii_digits, decimal, is_space, is_word};

/// How many brackets open at once count. Whatever stands in more round or square ones has left the range of `f32`.
pub const MAX_DEPTH: usize = 1100;

const ROUND: f64 = 1.1;
const SQUARE: f64 = 1.0 / 1.1;
const BREAK: &str = "BREAK";

/// Whose reading it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grammar {
    /// A1111's.
    A1111,
    /// That of kohya's trainers: `BREAK` is a word like any other, and no white space stands around a weight's number.
    Kohya,
}

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
    let reading = traced(text, Grammar::A1111);
    reading.runs.into_iter().map(|traced| traced.run).collect()
}

/// A run, and where its text stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    /// The run.
    pub run: Run,
    /// The stretches of the written text that its text is put together of, in bytes.
    pub pieces: Vec<Range<usize>>,
}

impl Traced {
    /// Where these bytes of the run's text, in order, stand in the written text.
    pub fn written(&self, places: impl Iterator<Item = usize>) -> impl Iterator<Item = usize> {
        let mut pieces = self.pieces.iter().peekable();
        let mut read = 0;
        places.map(move |place| {
            while let Some(piece) = pieces.next_if(|piece| place >= read + piece.len()) {
                read += piece.len();
                if pieces.peek().is_none() {
                    return piece.end;
                }
            }
            pieces
                .peek()
                .map_or(0, |piece| piece.start + place.saturating_sub(read))
        })
    }
}

/// A text read by one of the grammars.
#[derive(Clone, Debug, PartialEq)]
pub struct Reading {
    /// The runs; never empty.
    pub runs: Vec<Traced>,
    /// The first weight that is no number, `:1.2.3)`: the reference fails there, and here its colon is text.
    pub fault: Option<Range<usize>>,
}

/// Reads a text as [`parse`] does, by either grammar, and says where everything stands.
#[expect(clippy::float_cmp, reason = "only what is exactly equal is joined")]
pub fn traced(text: &str, grammar: Grammar) -> Reading {
    let parser = Parser::read(text, grammar);
    let fault = parser.fault.clone();
    let mut runs: Vec<Traced> = Vec::new();
    for (piece, weight) in parser.weighed() {
        let written = &text[piece.range.clone()];
        match runs.last_mut() {
            Some(last) if last.run.weight == weight => {
                last.run.text.push_str(written);
                last.pieces.push(piece.range);
            }
            _ => runs.push(Traced {
                run: Run {
                    text: written.to_owned(),
                    weight,
                },
                pieces: vec![piece.range],
            }),
        }
    }
    if runs.is_empty() {
        let run = Run {
            text: String::new(),
            weight: 1.0,
        };
        let pieces = Vec::new();
        runs.push(Traced { run, pieces });
    }
    Reading { runs, fault }
}

/// A stretch of a prompt as it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Span {
    /// Where it stands, in bytes; never empty.
    pub range: Range<usize>,
    /// What the reader makes of it.
    pub kind: Kind,
}

/// What a stretch of a written prompt is to the reader.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Kind {
    /// Text under this weight.
    Text(f64),
    /// A closing bracket that closes nothing: text under this weight.
    Stray(f64),
    /// An opening bracket that nothing closes: it weighs everything up to the end.
    Unclosed,
    /// The backslash before a literal bracket, or before something that needs none.
    Escape,
    /// Brackets, weights and the white space around a break: not read as text.
    Syntax,
    /// The end of a chunk.
    Break,
}

/// The same reading by place: covers the text without gaps, in order. Its texts and breaks, put together, are the runs
/// of [`parse`].
pub fn spans(text: &str) -> Vec<Span> {
    let parser = Parser::read(text, Grammar::A1111);
    let unclosed = parser.unclosed();
    let mut spans = Vec::new();
    let mut unclosed = unclosed.into_iter().peekable();
    let mut at = 0;
    for (piece, weight) in parser.weighed() {
        syntax(text, at..piece.range.start, &mut unclosed, &mut spans);
        at = piece.range.end;
        let kind = match piece.origin {
            #[expect(clippy::float_cmp, reason = "the marker is exactly -1")]
            Origin::Break if weight == -1.0 => Kind::Break,
            Origin::Stray => Kind::Stray(weight),
            _ => Kind::Text(weight),
        };
        push_span(&mut spans, piece.range, kind);
    }
    syntax(text, at..text.len(), &mut unclosed, &mut spans);
    spans
}

/// What stands between two pieces of text.
fn syntax(
    text: &str,
    range: Range<usize>,
    unclosed: &mut std::iter::Peekable<impl Iterator<Item = usize>>,
    spans: &mut Vec<Span>,
) {
    let mut at = range.start;
    while at < range.end {
        let (end, kind) = if text[at..].starts_with('\\') {
            (at + 1, Kind::Escape)
        } else if unclosed.next_if_eq(&at).is_some() {
            (at + 1, Kind::Unclosed)
        } else {
            let escape = text[at..range.end].find('\\').map_or(range.end, |i| at + i);
            (unclosed.peek().map_or(escape, |&next| escape.min(next)), Kind::Syntax)
        };
        push_span(spans, at..end, kind);
        at = end;
    }
}

fn push_span(spans: &mut Vec<Span>, range: Range<usize>, kind: Kind) {
    match spans.last_mut() {
        _ if range.is_empty() => {}
        Some(last) if last.kind == kind => last.range.end = range.end,
        _ => spans.push(Span { range, kind }),
    }
}

#[derive(Clone, Copy)]
enum Token<'a> {
    /// What a backslash made literal; nothing if it stood before something harmless.
    Escaped(&'a str),
    OpenRound,
    OpenSquare,
    /// `)` or `:1.3)`, as a number.
    CloseRound(f64),
    CloseSquare,
    /// A stretch without special characters, or a colon.
    Text(&'a str),
    /// The colon of a `:1.2.3)` of that length, which is no number.
    NoNumber(usize),
}

/// The first token of a text and its length in bytes.
fn next_token(rest: &str, grammar: Grammar) -> Option<(Token<'_>, usize)> {
    const SPECIAL: &[u8] = br"\()[]:";
    Some(match rest.chars().next()? {
        '\\' => {
            let escaped = usize::from(rest[1..].starts_with(['\\', '(', ')', '[', ']']));
            (Token::Escaped(&rest[1..=escaped]), 1 + escaped)
        }
        '(' => (Token::OpenRound, 1),
        '[' => (Token::OpenSquare, 1),
        ')' => (Token::CloseRound(ROUND), 1),
        ']' => (Token::CloseSquare, 1),
        ':' => match weight(rest, grammar) {
            Some((Some(number), length)) => (Token::CloseRound(number), length),
            Some((None, length)) => (Token::NoNumber(length), 1),
            None => (Token::Text(&rest[..1]), 1),
        },
        _ => {
            // By bytes, which is many times faster than by characters.
            let end = rest.bytes().position(|byte| SPECIAL.contains(&byte));
            let length = end.unwrap_or(rest.len());
            (Token::Text(&rest[..length]), length)
        }
    })
}

/// The number of a `: 1.3 )` that a text begins with, where it is one, and the length of it all.
fn weight(text: &str, grammar: Grammar) -> Option<(Option<f64>, usize)> {
    let is_space = |c| grammar == Grammar::A1111 && is_space(c);
    let number = text.strip_prefix(':')?.trim_start_matches(is_space);
    let unsigned = number.strip_prefix(['+', '-']).unwrap_or(number);
    let rest = unsigned.trim_start_matches(|c| c == '.' || decimal(c).is_some());
    if rest.len() == unsigned.len() {
        return None;
    }
    let number = &number[..number.len() - rest.len()];
    let after = rest.trim_start_matches(is_space).strip_prefix(')')?;
    Some((ascii_digits(number).parse().ok(), text.len() - after.len()))
}

/// A stretch of text that is read, and how it came to be.
struct Piece {
    range: Range<usize>,
    origin: Origin,
}

#[derive(Clone, Copy)]
enum Origin {
    Plain,
    Stray,
    Break,
}

/// An open bracket.
struct Open {
    /// Where it stands in the text.
    at: usize,
    /// The first of the pieces that it weighs.
    piece: usize,
}

#[derive(Default)]
struct Parser {
    pieces: Vec<Piece>,
    /// One for each of `pieces`; apart from them because a closing bracket multiplies long stretches.
    weights: Vec<f64>,
    round: Vec<Open>,
    square: Vec<Open>,
    /// The first weight of an open bracket that is no number.
    fault: Option<Range<usize>>,
}

impl Parser {
    fn read(text: &str, grammar: Grammar) -> Self {
        let mut parser = Self::default();
        let mut at = 0;
        while let Some((token, length)) = next_token(&text[at..], grammar) {
            match token {
                Token::Text(text) if grammar == Grammar::A1111 => parser.push_split(text, at),
                token => parser.take(token, at..at + length),
            }
            at += length;
        }
        parser
    }

    fn take(&mut self, token: Token<'_>, range: Range<usize>) {
        match token {
            Token::Escaped(text) => self.push(range.end - text.len()..range.end, Origin::Plain, 1.0),
            Token::OpenRound => self.round.push(self.open(range.start)),
            Token::OpenSquare => self.square.push(self.open(range.start)),
            Token::CloseRound(factor) => match self.round.pop() {
                Some(open) => self.multiply(open.piece, factor),
                None => self.push(range, Origin::Stray, 1.0),
            },
            Token::CloseSquare => match self.square.pop() {
                Some(open) => self.multiply(open.piece, SQUARE),
                None => self.push(range, Origin::Stray, 1.0),
            },
            Token::Text(_) => self.push(range, Origin::Plain, 1.0),
            Token::NoNumber(length) => {
                if !self.round.is_empty() {
                    self.fault.get_or_insert(range.start..range.start + length);
                }
                self.push(range, Origin::Plain, 1.0);
            }
        }
    }

    /// A bracket opened now: it weighs nothing if it is too deep to count.
    fn open(&self, at: usize) -> Open {
        let counts = self.round.len() + self.square.len() < MAX_DEPTH;
        Open {
            at,
            piece: if counts { self.pieces.len() } else { usize::MAX },
        }
    }

    fn push(&mut self, range: Range<usize>, origin: Origin, weight: f64) {
        self.pieces.push(Piece { range, origin });
        self.weights.push(weight);
    }

    /// Pushes a text cut at every `BREAK` that is a word of its own; the white space around goes with it.
    fn push_split(&mut self, text: &str, start: usize) {
        let mut from = 0;
        // Most texts have no break, and one letter is found faster than a word.
        let breaks = text.contains('B').then(|| text.match_indices(BREAK));
        for (at, _) in breaks.into_iter().flatten() {
            let end = at + BREAK.len();
            let after = &text[end..];
            if text[..at].ends_with(is_word) || after.starts_with(is_word) {
                continue;
            }
            let before = text[from..at].trim_end_matches(is_space).len();
            self.push(start + from..start + from + before, Origin::Plain, 1.0);
            self.push(start + at..start + end, Origin::Break, -1.0);
            from = text.len() - after.trim_start_matches(is_space).len();
        }
        self.push(start + from..start + text.len(), Origin::Plain, 1.0);
    }

    fn multiply(&mut self, start: usize, factor: f64) {
        for weight in self.weights.get_mut(start..).unwrap_or_default() {
            *weight *= factor;
        }
    }

    /// Where brackets stand that nothing has closed.
    fn unclosed(&self) -> Vec<usize> {
        let mut places: Vec<_> = self.round.iter().chain(&self.square).map(|open| open.at).collect();
        places.sort_unstable();
        places
    }

    /// The pieces with their weights, after closing what is open: round before square, outermost first.
    fn weighed(mut self) -> impl Iterator<Item = (Piece, f64)> {
        for open in std::mem::take(&mut self.round) {
            self.multiply(open.piece, ROUND);
        }
        for open in std::mem::take(&mut self.square) {
            self.multiply(open.piece, SQUARE);
        }
        self.pieces.into_iter().zip(self.weights)
    }
}

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
    fn spans_say_what_every_byte_is() {
        let written = r"((a\)\b BREAK (c:1.2) ) :";
        let spans = spans(written);
        let read: Vec<_> = spans
            .iter()
            .map(|span| (&written[span.range.clone()], span.kind))
            .collect();
        let inner = ROUND * ROUND;
        assert_eq!(
            read,
            [
                ("(", Kind::Unclosed),
                ("(", Kind::Syntax),
                ("a", Kind::Text(inner)),
                ("\\", Kind::Escape),
                (")", Kind::Text(inner)),
                ("\\", Kind::Escape),
                ("b", Kind::Text(inner)),
                (" ", Kind::Syntax),
                ("BREAK", Kind::Text(-inner)),
                (" (", Kind::Syntax),
                ("c", Kind::Text(1.2 * inner)),
                (":1.2)", Kind::Syntax),
                (" ", Kind::Text(inner)),
                (")", Kind::Syntax),
                (" :", Kind::Text(ROUND)),
            ]
        );
        assert_eq!(spans_of("a) BREAK b]"), ["a", ")", " ", "BREAK", " ", "b", "]"]);
    }

    fn spans_of(text: &str) -> Vec<&str> {
        spans(text).into_iter().map(|span| &text[span.range]).collect()
    }

    #[test]
    fn brackets_too_deep_to_count_have_left_f32_already() {
        let deepest = |bracket: &str| parse(&(bracket.repeat(MAX_DEPTH) + "a"))[0].weight;
        assert_eq!((deepest("(") as f32, deepest("[") as f32), (f32::INFINITY, 0.0));
        assert_eq!(parse(&("(".repeat(2 * MAX_DEPTH) + "a"))[0].weight, deepest("("));
    }
}
