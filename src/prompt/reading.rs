//! How a prompt is read, whole: what `danlu prompt --json` prints.
//!
//! A prompt is a weighted sum of subprompts (`AND`), each with the extra networks it calls (`<lora:…>`) and the texts
//! it stands for over the steps (`[from:to:when]`). The types have a place for each; [`read`] takes the whole text as
//! one subprompt in force at every step. Calls, attention and chunks are [`super::networks`]', [`super::attention`]'s and
//! [`super::chunks`]'.

use serde::{Deserialize, Serialize};

use super::attention::{self, Run, Span};
use super::chunks;
use super::inversions::Inversions;
use super::networks::{self, NetworkCall};
use super::tokenizer::Tokenizer;

/// A prompt as it is understood.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// One or more; each is denoised for itself and added by weight.
    pub subprompts: Vec<Subprompt>,
}

/// A part of a prompt with a prediction of its own.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Subprompt {
    /// What its prediction is multiplied by.
    pub weight: f64,
    /// The part without the calls in it.
    pub text: String,
    /// The extra networks it calls, in order, known or not; what could not be read is left out.
    pub networks: Vec<NetworkCall>,
    /// Its texts in order of their steps; the last one's `until` is the number of steps.
    pub schedule: Vec<Scheduled>,
}

/// A text and the steps it is in force.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scheduled {
    /// The last step, counted from 1.
    pub until: usize,
    /// The text, attention marks and all.
    pub text: String,
    /// The text in runs of one weight.
    pub attention: Vec<Run>,
    /// The number A1111 shows beside the prompt.
    pub tokens: usize,
    /// How many chunks of 75 tokens it takes.
    pub chunks: usize,
}

/// Reads a prompt for so many steps; with `hires_steps` the schedule is that of the hires pass. The inversions change how many
/// tokens it has, nothing else.
pub fn read(
    text: &str,
    steps: usize,
    hires_steps: Option<usize>,
    comma_backtrack: usize,
    tokenizer: &Tokenizer,
    inversions: &Inversions,
) -> Reading {
    let extracted = networks::extract(text);
    let schedule = vec![scheduled(
        &extracted.text,
        hires_steps.unwrap_or(steps),
        comma_backtrack,
        tokenizer,
        inversions,
    )];
    Reading {
        subprompts: vec![Subprompt {
            weight: 1.0,
            text: extracted.text.into_owned(),
            networks: extracted.calls,
            schedule,
        }],
    }
}

/// The same reading by place, for a screen: covers the text as written without gaps, in order; network calls are syntax.
pub fn spans(text: &str) -> Vec<Span> {
    let extracted = networks::extract(text);
    let read = attention::spans(&extracted.text).into_iter().flat_map(|span| {
        let pieces = extracted.pieces(span.range).into_iter();
        pieces.map(move |range| Span { range, kind: span.kind })
    });
    let calls = extracted.gaps().iter().map(|range| Span {
        range: range.clone(),
        kind: attention::Kind::Syntax,
    });
    let mut spans: Vec<_> = read.chain(calls).collect();
    spans.sort_by_key(|span| span.range.start);
    spans
}

fn scheduled(
    text: &str,
    until: usize,
    comma_backtrack: usize,
    tokenizer: &Tokenizer,
    inversions: &Inversions,
) -> Scheduled {
    let attention = attention::parse(text);
    let chunked = chunks::chunk(&attention, tokenizer, comma_backtrack, inversions);
    Scheduled {
        until,
        text: text.to_owned(),
        attention,
        tokens: chunked.tokens,
        chunks: chunked.chunks.len(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::attention::Kind::{Syntax, Text, Unclosed};
    use super::*;

    #[test]
    fn a_reading_is_written_as_documented() {
        let reading = read(
            "a (fox:1.5)",
            20,
            None,
            chunks::COMMA_BACKTRACK,
            Tokenizer::clip(),
            &Inversions::default(),
        );
        let json = serde_json::to_string(&reading).unwrap();
        let expected = r#"{"subprompts":[{"weight":1.0,"text":"a (fox:1.5)","networks":[],"schedule":[{"until":20,"#
            .to_owned()
            + r#""text":"a (fox:1.5)","attention":[["a ",1.0],["fox",1.5]],"tokens":2,"chunks":1}]}]}"#;
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_str::<Reading>(&json).unwrap(), reading);
    }

    #[test]
    fn the_hires_pass_has_its_own_steps() {
        assert_eq!(
            read(
                "a",
                20,
                Some(7),
                chunks::COMMA_BACKTRACK,
                Tokenizer::clip(),
                &Inversions::default()
            )
            .subprompts[0]
                .schedule[0]
                .until,
            7
        );
    }

    #[test]
    fn network_calls_are_listed_and_leave_the_text() {
        let text = "a <lora:ink (old):1:0.5>(fox:1.5)<hypernet:b:0.3><lora:c:1:1:dyn=4>";
        let reading = read(
            text,
            20,
            None,
            chunks::COMMA_BACKTRACK,
            Tokenizer::clip(),
            &Inversions::default(),
        );
        let json = serde_json::to_string(&reading).unwrap();
        let expected = r#"{"subprompts":[{"weight":1.0,"text":"a (fox:1.5)","networks":["#.to_owned()
            + r#"{"kind":"lora","name":"ink (old)","te":1.0,"unet":0.5},{"kind":"hypernet","name":"b","te":0.3,"unet":0.3},"#
            + r#"{"kind":"lora","name":"c","te":1.0,"unet":1.0,"dyn":4}],"schedule":[{"until":20,"text":"a (fox:1.5)","#
            + r#""attention":[["a ",1.0],["fox",1.5]],"tokens":2,"chunks":1}]}]}"#;
        assert_eq!(json, expected);
        assert_eq!(serde_json::from_str::<Reading>(&json).unwrap(), reading);
    }

    #[test]
    fn spans_cover_the_text_as_written() {
        let text = "(a <lora:b(:1>c) [d";
        let kinds: Vec<_> = spans(text).into_iter().map(|s| (&text[s.range], s.kind)).collect();
        let square = 1.0 / 1.1;
        assert_eq!(
            kinds,
            [
                ("(", Syntax),
                ("a ", Text(1.1)),
                ("<lora:b(:1>", Syntax),
                ("c", Text(1.1)),
                (")", Syntax),
                (" ", Text(1.0)),
                ("[", Unclosed),
                ("d", Text(square))
            ]
        );
    }
}
