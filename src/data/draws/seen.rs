//! Which tokens of a caption reach the text encoder, and in which of its chunks.

use crate::prompt::Tokenizer;
use crate::prompt::chunks::LENGTH;

/// How many tokens of a caption training takes: kohya's `max_token_length`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// 75, one chunk.
    #[default]
    One,
    /// 150, two chunks.
    Two,
    /// 225, three chunks.
    Three,
}

impl Limit {
    /// The tokens, BOS and EOS not counted.
    pub fn tokens(self) -> usize {
        LENGTH * self.chunks()
    }

    /// The chunks of 77 ids.
    pub fn chunks(self) -> usize {
        match self {
            Self::One => 1,
            Self::Two => 2,
            Self::Three => 3,
        }
    }

    /// The limit of 75, 150 or 225 tokens.
    pub fn of_tokens(tokens: usize) -> Option<Self> {
        [Self::One, Self::Two, Self::Three]
            .into_iter()
            .find(|limit| limit.tokens() == tokens)
    }
}

/// What fills up a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Padding {
    /// SD 1.x and SDXL's first encoder: end of text.
    End,
    /// SD 2.x and SDXL's second encoder: 0. As 0 is the token `!`, transformers takes every `!` of a caption for that padding token,
    /// whatever it touches.
    Zero,
}

/// The longest word that is read as one, in bytes.
const LONGEST_WORD: usize = 1 << 16;

/// What is token 0 wherever it stands, with [`Padding::Zero`].
const ZERO: char = '!';

/// What of a caption is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// How many tokens the whole caption has.
    pub tokens: usize,
    /// The byte where each chunk that is seen begins; one or more.
    pub chunks: Vec<usize>,
    /// The byte where the tail begins that no encoder sees.
    pub lost: Option<usize>,
}

impl Seen {
    /// The caption in pieces, none of which splits a letter: each with the number of its chunk, and last the lost tail with none.
    pub fn parts<'a>(&'a self, caption: &'a str) -> impl Iterator<Item = (Option<usize>, &'a str)> {
        let begins = self
            .chunks
            .iter()
            .enumerate()
            .map(|(chunk, &at)| (Some(chunk), if chunk == 0 { 0 } else { at }));
        let begins: Vec<_> = begins.chain(self.lost.map(|at| (None, at))).collect();
        let ends = begins
            .iter()
            .skip(1)
            .map(|&(_, at)| at)
            .chain([caption.len()])
            .collect::<Vec<_>>();
        let piece = move |((chunk, from), to)| {
            let [from, to] = [from, to].map(|at| caption.floor_char_boundary(at));
            (chunk, caption.get(from..to).unwrap_or_default())
        };
        begins.into_iter().zip(ends).map(piece)
    }
}

/// Which part of a caption the encoder of SD 1.x sees, which is SDXL's first. Unlike generation, training cuts after 75 tokens wherever
/// that is.
pub fn seen(caption: &str, limit: Limit) -> Seen {
    seen_by(caption, limit, Padding::End)
}

/// Which part of a caption an encoder sees that is padded so.
pub fn seen_by(caption: &str, limit: Limit, padding: Padding) -> Seen {
    let (tokens, places) = places(caption, limit.tokens(), padding);
    Seen::of(tokens, &places, limit)
}

impl Seen {
    /// What is seen of so many tokens, of which those that are seen, and the first that is not, begin at these bytes.
    pub(super) fn of(tokens: usize, places: &[usize], limit: Limit) -> Self {
        let chunks: Vec<_> = places.iter().copied().take(limit.tokens()).step_by(LENGTH).collect();
        Self {
            tokens,
            chunks: if chunks.is_empty() { vec![0] } else { chunks },
            lost: places.get(limit.tokens()).copied(),
        }
    }
}

/// How many tokens a text has, and where the first `most` and one more of them begin.
pub(super) fn places(text: &str, most: usize, padding: Padding) -> (usize, Vec<usize>) {
    let mut tokens = 0;
    let mut places = Vec::new();
    for (begin, bit) in padding.bits(text) {
        let before = places.len();
        match bit {
            None => places.push(begin),
            Some(text) if before <= most => {
                places.extend(Tokenizer::clip().places(text).into_iter().map(|at| begin + at));
            }
            Some(text) => tokens += Tokenizer::clip().encode(text).len(),
        }
        tokens += places.len() - before;
        // All behind the first lost one are only counted.
        places.truncate(most + 1);
    }
    (tokens, places)
}

/// The ids of a caption as kohya gives them to the encoder: so many chunks of 77 as the limit has, also where the caption is short.
pub fn ids(caption: &str, limit: Limit, padding: Padding) -> Vec<[u32; LENGTH + 2]> {
    chunks(first_ids(caption, limit.tokens(), padding), limit, padding)
}

/// The first ids of a text.
pub(super) fn first_ids(text: &str, most: usize, padding: Padding) -> Vec<u32> {
    let mut line = Vec::new();
    for (_, bit) in padding.bits(text) {
        match bit {
            None => line.push(0),
            Some(text) => line.extend(Tokenizer::clip().encode(text)),
        }
        if line.len() >= most {
            break;
        }
    }
    line.truncate(most);
    line
}

/// Ids in chunks, with what begins, ends and fills them; no more of them than the limit has.
pub(super) fn chunks(mut line: Vec<u32>, limit: Limit, padding: Padding) -> Vec<[u32; LENGTH + 2]> {
    let pad = padding.id();
    line.truncate(limit.tokens());
    line.push(Tokenizer::EOS);
    line.resize(limit.tokens() + 1, pad);
    let last = line[limit.tokens()];
    let chunk = |part: &[u32]| {
        let mut ids = [pad; LENGTH + 2];
        ids[0] = Tokenizer::BOS;
        ids[1..=LENGTH].copy_from_slice(part);
        ids[LENGTH + 1] = last;
        if limit != Limit::One {
            if ![Tokenizer::EOS, pad].contains(&ids[LENGTH]) {
                ids[LENGTH + 1] = Tokenizer::EOS;
            }
            if ids[1] == pad {
                ids[1] = Tokenizer::EOS;
            }
        }
        ids
    };
    line[..limit.tokens()].chunks_exact(LENGTH).map(chunk).collect()
}

impl Padding {
    fn id(self) -> u32 {
        match self {
            Self::End => Tokenizer::EOS,
            Self::Zero => 0,
        }
    }

    /// The words of a caption with the bytes where they begin, as no token reaches over white space; `None` is the token 0.
    fn bits(self, caption: &str) -> impl Iterator<Item = (usize, Option<&str>)> {
        words(caption).flat_map(move |(begin, word)| {
            let mut at = begin;
            let parts = word.split(move |c| self == Self::Zero && c == ZERO);
            parts.enumerate().flat_map(move |(number, part)| {
                let zero = (number > 0).then_some((at.saturating_sub(1), None));
                let text = (at, Some(part));
                at += part.len() + 1;
                zero.into_iter().chain([text])
            })
        })
    }
}

/// What stands between white space, and where. Longer runs than any language has are cut, so that merging their letters
/// stays within time and memory.
fn words(caption: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut rest = caption;
    std::iter::from_fn(move || {
        rest = rest.trim_start();
        let begin = caption.len() - rest.len();
        let bound = rest.floor_char_boundary(LONGEST_WORD);
        let end = rest[..bound].find(char::is_whitespace).unwrap_or(bound);
        let (word, behind) = rest.split_at(end);
        rest = behind;
        (!word.is_empty()).then_some((begin, word))
    })
}
