//! Runs to chunks: the 77 ids and weights that a text encoder takes at once.
//!
//! A1111 cuts a prompt of any length into chunks of 75 tokens, each encoded by itself between BOS and EOS. `Builder`
//! alone decides where a chunk ends; whatever is not to be split, such as the vectors of a textual inversion, has to be
//! placed there. It knows no grammar ([`super::attention`]) and no tensors.

use super::attention::Run;
use super::tokenizer::Tokenizer;

/// Tokens of the prompt in a chunk, BOS and EOS not counted.
pub const LENGTH: usize = 75;

/// A1111's default for how many tokens may follow the last comma of a full chunk into the next one.
pub const COMMA_BACKTRACK: usize = 20;

/// What a text encoder takes at once.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunk {
    /// 77 ids: BOS, 75 of the prompt, EOS; a short prompt is filled up with EOS.
    pub tokens: Vec<u32>,
    /// The weight of each id; 1 for what is not of the prompt.
    pub weights: Vec<f32>,
}

impl Chunk {
    /// The chunk of an empty prompt.
    pub fn empty() -> Self {
        Self::enclose(Vec::new(), Vec::new())
    }

    /// The ids with everything after the first EOS replaced by `pad`: SD 2.x and `OpenCLIP` pad with 0, SD 1.x with
    /// EOS.
    pub fn ids(&self, pad: u32) -> Vec<u32> {
        let mut ids = self.tokens.clone();
        if let Some(end) = ids.iter().position(|&id| id == Tokenizer::EOS) {
            ids[end + 1..].fill(pad);
        }
        ids
    }

    /// At most [`LENGTH`] tokens between BOS and EOS.
    fn enclose(mut tokens: Vec<u32>, mut weights: Vec<f32>) -> Self {
        tokens.insert(0, Tokenizer::BOS);
        tokens.resize(LENGTH + 2, Tokenizer::EOS);
        weights.insert(0, 1.0);
        weights.resize(LENGTH + 2, 1.0);
        Self { tokens, weights }
    }
}

/// A whole prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunked {
    /// One or more.
    pub chunks: Vec<Chunk>,
    /// How many tokens of the prompt each chunk has.
    pub lengths: Vec<usize>,
    /// The count that A1111 shows: every chunk but the last counts in full, and the last without its padding.
    pub tokens: usize,
}

/// Cuts a prompt into chunks (A1111's `tokenize_line`).
///
/// When a chunk is full and a comma stands at most `comma_backtrack` tokens back, what follows the comma moves to the
/// next chunk; 0 turns that off.
pub fn chunk(runs: &[Run], tokenizer: &Tokenizer, comma_backtrack: usize) -> Chunked {
    let mut builder = Builder {
        comma: tokenizer.comma(),
        comma_backtrack,
        ..Builder::default()
    };
    for run in runs {
        if run.is_break() {
            builder.close(LENGTH);
            continue;
        }
        for token in tokenizer.encode(&run.text) {
            builder.push(token, run.weight as f32);
        }
    }
    builder.finish()
}

/// The chunk being filled and those done.
#[derive(Default)]
struct Builder {
    comma: u32,
    comma_backtrack: usize,
    done: Vec<Chunk>,
    lengths: Vec<usize>,
    counted: usize,
    tokens: Vec<u32>,
    weights: Vec<f32>,
    last_comma: Option<usize>,
}

impl Builder {
    fn push(&mut self, token: u32, weight: f32) {
        let full = self.tokens.len() == LENGTH;
        if full && token != self.comma {
            self.break_at_comma();
        }
        if self.tokens.len() == LENGTH {
            self.close(LENGTH);
        }
        // A comma that begins a chunk because the last one was full is no place to break at.
        if token == self.comma && !full {
            self.last_comma = Some(self.tokens.len());
        }
        self.tokens.push(token);
        self.weights.push(weight);
    }

    /// Ends a full chunk after its last comma, if that is near, and moves the rest to the next.
    fn break_at_comma(&mut self) {
        let Some(comma) = self.last_comma.filter(|comma| LENGTH - comma <= self.comma_backtrack) else {
            return;
        };
        let tokens = self.tokens.split_off(comma + 1);
        let weights = self.weights.split_off(comma + 1);
        self.close(LENGTH);
        (self.tokens, self.weights) = (tokens, weights);
    }

    /// Ends the chunk, which then counts for so many tokens.
    fn close(&mut self, counted: usize) {
        self.counted += counted;
        self.last_comma = None;
        self.lengths.push(self.tokens.len());
        self.done.push(Chunk::enclose(
            std::mem::take(&mut self.tokens),
            std::mem::take(&mut self.weights),
        ));
    }

    fn finish(mut self) -> Chunked {
        if !self.tokens.is_empty() || self.done.is_empty() {
            self.close(self.tokens.len());
        }
        Chunked {
            chunks: self.done,
            lengths: self.lengths,
            tokens: self.counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::attention::parse;

    fn chunked(text: &str) -> Chunked {
        chunk(&parse(text), Tokenizer::clip(), COMMA_BACKTRACK)
    }

    #[test]
    fn an_empty_prompt_is_one_empty_chunk() {
        assert_eq!(
            chunked(""),
            Chunked {
                chunks: vec![Chunk::empty()],
                lengths: vec![0],
                tokens: 0
            }
        );
        assert_eq!(
            Chunk::empty().tokens[..3],
            [Tokenizer::BOS, Tokenizer::EOS, Tokenizer::EOS]
        );
    }

    #[test]
    fn padding_begins_behind_the_first_end_of_text() {
        let ids = chunked("(fox:1.5)").chunks[0].ids(0);
        assert_eq!(ids[..4], [Tokenizer::BOS, 3240, Tokenizer::EOS, 0]);
        assert_eq!(ids.len(), 77);
    }

    #[test]
    fn what_follows_a_near_comma_moves_to_the_next_chunk() {
        let far = format!("{}, {}", "a ".repeat(54), "b ".repeat(21));
        assert_eq!(chunked(&far).tokens, 76);
        let near = format!("{}, {}", "a ".repeat(55), "b ".repeat(20));
        let chunked = chunked(&near);
        assert_eq!((chunked.tokens, chunked.chunks.len()), (75 + 20, 2));
        assert_eq!(
            chunked.chunks[0].tokens[56..58],
            [Tokenizer::clip().comma(), Tokenizer::EOS]
        );
    }

    #[test]
    fn a_break_at_the_end_opens_no_chunk() {
        assert_eq!(chunked("a BREAK").chunks.len(), 1);
        assert_eq!(chunked("a BREAK").tokens, 75);
        assert_eq!(chunked("BREAK BREAK a").chunks.len(), 3);
    }
}
