//! How a prompt is read, whole: what `danlu prompt --json` prints.
//!
//! A prompt is a weighted sum of subprompts (`AND`), each with the extra networks it calls (`<lora:…>`) and the texts
//! it stands for over the steps (`[from:to:when]`). The types have a place for each; [`read`] takes the whole text as
//! one subprompt in force at every step. Attention and chunks are [`super::attention`]'s and [`super::chunks`]'s.

use serde::{Deserialize, Serialize};

use super::attention::{self, Run};
use super::chunks;
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
    /// The part as written.
    pub text: String,
    /// The extra networks it calls, in order.
    pub networks: Vec<NetworkCall>,
    /// Its texts in order of their steps; the last one's `until` is the number of steps.
    pub schedule: Vec<Scheduled>,
}

/// A call of an extra network, `<kind:name:te:unet>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NetworkCall {
    /// As written: `lora`, `hypernet` …
    pub kind: String,
    /// The network's name or alias.
    pub name: String,
    /// Its strength in the text encoder.
    pub te: f64,
    /// Its strength in the `UNet`.
    pub unet: f64,
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

/// Reads a prompt for so many steps; with `hires_steps` the schedule is that of the hires pass.
pub fn read(
    text: &str,
    steps: usize,
    hires_steps: Option<usize>,
    comma_backtrack: usize,
    tokenizer: &Tokenizer,
) -> Reading {
    let schedule = vec![scheduled(
        text,
        hires_steps.unwrap_or(steps),
        comma_backtrack,
        tokenizer,
    )];
    Reading {
        subprompts: vec![Subprompt {
            weight: 1.0,
            text: text.to_owned(),
            networks: Vec::new(),
            schedule,
        }],
    }
}

fn scheduled(text: &str, until: usize, comma_backtrack: usize, tokenizer: &Tokenizer) -> Scheduled {
    let attention = attention::parse(text);
    let chunked = chunks::chunk(&attention, tokenizer, comma_backtrack);
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
    use super::*;

    #[test]
    fn a_reading_is_written_as_documented() {
        let reading = read("a (fox:1.5)", 20, None, chunks::COMMA_BACKTRACK, Tokenizer::clip());
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
            read("a", 20, Some(7), chunks::COMMA_BACKTRACK, Tokenizer::clip()).subprompts[0].schedule[0].until,
            7
        );
    }

    #[test]
    fn a_network_call_is_written_as_documented() {
        let call = NetworkCall {
            kind: "lora".into(),
            name: "ink".into(),
            te: 1.0,
            unet: 0.5,
        };
        assert_eq!(
            serde_json::to_string(&call).unwrap(),
            r#"{"kind":"lora","name":"ink","te":1.0,"unet":0.5}"#
        );
    }
}
