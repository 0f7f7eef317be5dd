//! Runs to chunks: the 77 ids and weights that a text encoder takes at once.
//!
//! A1111 cuts a prompt of any length into chunks of 75 tokens, each encoded by itself between BOS and EOS. `Builder`
//! alone decides where a chunk ends, and gives textual inversions their places. It knows no grammar ([`super::attention`]) and no
//! tensors.

use super::attention::Run;
use super::inversions::{Inversions, Match};
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
    /// The textual inversions in it, in order. Where their vectors stand, the ids are 0.
    pub fixes: Vec<Fix>,
}

/// The place of a textual inversion's vectors in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fix {
    /// The first of the 77 ids that the vectors stand for.
    pub at: usize,
    /// How many they are; they never reach the chunk's last id.
    pub vectors: usize,
    /// The number of the name in [`Inversions`].
    pub inversion: usize,
}

impl Chunk {
    /// The chunk of an empty prompt.
    pub fn empty() -> Self {
        Self::enclose(Vec::new(), Vec::new(), Vec::new())
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
    fn enclose(mut tokens: Vec<u32>, mut weights: Vec<f32>, fixes: Vec<Fix>) -> Self {
        tokens.insert(0, Tokenizer::BOS);
        tokens.resize(LENGTH + 2, Tokenizer::EOS);
        weights.insert(0, 1.0);
        weights.resize(LENGTH + 2, 1.0);
        Self { tokens, weights, fixes }
    }
}

/// A whole prompt.
#[derive(Clone, Debug, PartialEq)]
pub struct Chunked {
    /// One or more.
    pub chunks: Vec<Chunk>,
    /// How many slots each chunk has for the prompt: a token takes one, an inversion one for each vector.
    pub lengths: Vec<usize>,
    /// With which of the prompt's tokens each chunk begins, those of all runs counted from 0.
    pub firsts: Vec<usize>,
    /// The count that A1111 shows: every chunk but the last counts in full, and the last without its padding.
    pub tokens: usize,
}

impl Chunked {
    /// The numbers of the textual inversions in the prompt, each once, in order.
    pub fn used(&self) -> Vec<usize> {
        let mut used = Vec::new();
        for fix in self.chunks.iter().flat_map(|chunk| &chunk.fixes) {
            if !used.contains(&fix.inversion) {
                used.push(fix.inversion);
            }
        }
        used
    }
}

/// Cuts a prompt into chunks (A1111's `tokenize_line`).
///
/// When a chunk is full and a comma stands at most `comma_backtrack` tokens back, what follows the comma moves to the
/// next chunk; 0 turns that off. An inversion that does not fit into what is left of a chunk goes to the next one whole. When it is
/// moved with the rest behind a comma, A1111 moves its slots without its vectors, which stay in the first chunk's padding; so does
/// this, as the picture is to be the same.
pub fn chunk(runs: &[Run], tokenizer: &Tokenizer, comma_backtrack: usize, inversions: &Inversions) -> Chunked {
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
        let (tokens, weight) = (tokenizer.encode(&run.text), run.weight as f32);
        let mut at = 0;
        while let Some(&token) = tokens.get(at) {
            builder.make_room(token);
            if let Some(found) = inversions.at(&tokens, at) {
                builder.place(found, weight);
                at += found.ids;
            } else {
                builder.push(token, weight, 1);
                at += 1;
            }
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
    firsts: Vec<usize>,
    counted: usize,
    /// How many of the prompt's tokens have been read.
    read: usize,
    tokens: Vec<u32>,
    weights: Vec<f32>,
    /// For each slot, the number of the prompt's token that it came from.
    origins: Vec<usize>,
    fixes: Vec<Fix>,
    last_comma: Option<usize>,
}

impl Builder {
    /// Ends the chunk if it is full, before what begins with this token; remembers where commas are.
    fn make_room(&mut self, token: u32) {
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
    }

    /// Puts an id into the next slot; it stands for so many of the prompt's tokens.
    fn push(&mut self, id: u32, weight: f32, read: usize) {
        self.tokens.push(id);
        self.weights.push(weight);
        self.origins.push(self.read);
        self.read += read;
    }

    /// Puts an inversion into the next slots, all of one chunk.
    fn place(&mut self, found: Match, weight: f32) {
        if self.tokens.len() + found.vectors > LENGTH {
            self.close(LENGTH);
        }
        self.fixes.push(Fix {
            at: 1 + self.tokens.len(),
            vectors: found.vectors,
            inversion: found.inversion,
        });
        for _ in 1..found.vectors {
            self.push(0, weight, 0);
        }
        self.push(0, weight, found.ids);
    }

    /// Ends a full chunk after its last comma, if that is near, and moves the rest to the next.
    fn break_at_comma(&mut self) {
        let Some(comma) = self.last_comma.filter(|comma| LENGTH - comma <= self.comma_backtrack) else {
            return;
        };
        let tokens = self.tokens.split_off(comma + 1);
        let weights = self.weights.split_off(comma + 1);
        let origins = self.origins.split_off(comma + 1);
        self.close(LENGTH);
        (self.tokens, self.weights, self.origins) = (tokens, weights, origins);
    }

    /// Ends the chunk, which then counts for so many tokens.
    fn close(&mut self, counted: usize) {
        self.counted += counted;
        self.last_comma = None;
        self.lengths.push(self.tokens.len());
        self.firsts.push(self.origins.first().copied().unwrap_or(self.read));
        self.origins.clear();
        self.done.push(Chunk::enclose(
            std::mem::take(&mut self.tokens),
            std::mem::take(&mut self.weights),
            std::mem::take(&mut self.fixes),
        ));
    }

    fn finish(mut self) -> Chunked {
        if !self.tokens.is_empty() || self.done.is_empty() {
            self.close(self.tokens.len());
        }
        Chunked {
            chunks: self.done,
            lengths: self.lengths,
            firsts: self.firsts,
            tokens: self.counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prompt::attention::parse;

    fn chunked(text: &str) -> Chunked {
        with(text, &[])
    }

    fn with(text: &str, names: &[(&str, usize)]) -> Chunked {
        let mut inversions = Inversions::default();
        for (name, vectors) in names {
            inversions.add(name, *vectors, Tokenizer::clip());
        }
        chunk(&parse(text), Tokenizer::clip(), COMMA_BACKTRACK, &inversions)
    }

    #[test]
    fn an_empty_prompt_is_one_empty_chunk() {
        assert_eq!(
            chunked(""),
            Chunked {
                chunks: vec![Chunk::empty()],
                lengths: vec![0],
                firsts: vec![0],
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
    #[test]
    fn vectors_stand_in_slots_of_one_chunk() {
        let names = [("style", 5), ("den", 75)];
        let fix = |at, vectors, inversion| Fix { at, vectors, inversion };
        let short = with("a (style:1.5) b", &names);
        assert_eq!((short.tokens, &short.chunks[0].fixes[..]), (7, &[fix(2, 5, 0)][..]));
        assert_eq!(short.chunks[0].tokens[1..9], [320, 0, 0, 0, 0, 0, 321, Tokenizer::EOS]);
        assert_eq!(short.chunks[0].weights[1..8], [1.0, 1.5, 1.5, 1.5, 1.5, 1.5, 1.0]);

        let long = with(&format!("{}style b", "a ".repeat(71)), &names);
        assert_eq!(
            (long.tokens, &long.lengths[..], &long.firsts[..]),
            (75 + 6, &[71, 6][..], &[0, 71][..])
        );
        assert!(long.chunks[0].fixes.is_empty());
        assert_eq!(long.chunks[1].fixes, [fix(1, 5, 0)]);

        let whole = with("a den style den", &names);
        assert_eq!((whole.tokens, whole.used()), (3 * 75 + 75, vec![1, 0]));
        assert_eq!(whole.lengths, [1, 75, 5, 75]);
    }

    #[test]
    fn vectors_behind_the_comma_stay_in_the_first_chunk_as_in_a1111() {
        let text = format!("{}, style b c", "a ".repeat(70));
        let chunked = with(&text, &[("style", 3)]);
        assert_eq!((chunked.tokens, &chunked.lengths[..]), (75 + 5, &[71, 5][..]));
        assert_eq!(chunked.chunks[0].fixes[0].at, 72);
        assert_eq!(chunked.chunks[1].tokens[1..4], [0, 0, 0]);
        assert!(chunked.chunks[1].fixes.is_empty());
    }
}
