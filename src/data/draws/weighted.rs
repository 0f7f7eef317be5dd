//! Captions with weights: kohya's `--weighted_captions`.
//!
//! `(x)`, `[x]` and `(x:1.3)` weigh what they enclose, as in prompts but by an older grammar
//! ([`Grammar::Kohya`]): `BREAK` is a word. Each run of one weight is tokenised by itself, so that no token reaches over a bracket; chunks,
//! the cut and the padding are those of plain captions. What the encoder gives for a token is multiplied by its weight, and nothing is
//! done about the mean, unlike in A1111. The pipeline before it ([`super::Rules::apply`]) knows nothing of brackets: a comma in them is
//! one at which tags are shuffled and dropped.

use std::ops::Range;

use super::seen::{Limit, Padding, Seen, chunks, first_ids, places};
use crate::prompt::attention::{Grammar, traced};
use crate::prompt::chunks::LENGTH;

/// What of a weighted caption is seen.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Weighted {
    /// Its tokens, and where it is cut; places are those of the caption as it is written.
    pub seen: Seen,
    /// Its runs in order, brackets taken away.
    pub runs: Vec<Run>,
    /// Where each token begins that is seen, and the first that is not.
    pub places: Vec<usize>,
    /// Where the first weight stands that is no number, as `:1.2.3)`: kohya's trainers stop there. It is read as text here.
    pub fault: Option<Range<usize>>,
}

/// A stretch of a caption under one weight.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// The text.
    pub text: String,
    /// What the encoder's output is multiplied by.
    pub weight: f64,
    /// How many of its tokens are seen.
    pub tokens: usize,
}

/// A chunk as the encoder gets it, and by what its output is multiplied.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chunk {
    /// The ids.
    pub ids: [u32; LENGTH + 2],
    /// Of each, its weight; 1 of what begins, ends and fills.
    pub weights: [f32; LENGTH + 2],
}

/// Which part of a weighted caption an encoder sees.
pub fn seen(caption: &str, limit: Limit, padding: Padding) -> Weighted {
    let reading = traced(caption, Grammar::Kohya);
    let (mut tokens, mut begins) = (0, Vec::new());
    let mut runs = Vec::with_capacity(reading.runs.len());
    for traced in reading.runs {
        let room = limit.tokens() - begins.len().min(limit.tokens());
        let (own, places) = places(&traced.run.text, room, padding);
        if begins.len() <= limit.tokens() {
            begins.extend(traced.written(places.into_iter()));
        }
        tokens += own;
        runs.push(Run {
            text: traced.run.text,
            weight: traced.run.weight,
            tokens: own.min(room),
        });
    }
    Weighted {
        seen: Seen::of(tokens, &begins, limit),
        runs,
        places: begins,
        fault: reading.fault,
    }
}

/// The ids and weights of a caption as kohya gives them to the encoder: so many chunks as the limit has.
pub fn ids(caption: &str, limit: Limit, padding: Padding) -> Vec<Chunk> {
    let (mut line, mut weights) = (Vec::new(), Vec::new());
    for traced in traced(caption, Grammar::Kohya).runs {
        line.extend(first_ids(&traced.run.text, limit.tokens() - line.len(), padding));
        weights.resize(line.len(), traced.run.weight as f32);
    }
    weights.resize(limit.tokens(), 1.0);
    let weighed = |(ids, part): ([u32; LENGTH + 2], &[f32])| {
        let mut weights = [1.0; LENGTH + 2];
        weights[1..=LENGTH].copy_from_slice(part);
        Chunk { ids, weights }
    };
    chunks(line, limit, padding)
        .into_iter()
        .zip(weights.chunks_exact(LENGTH))
        .map(weighed)
        .collect()
}
