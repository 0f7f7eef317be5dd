//! Text to CLIP token ids.
//!
//! Owns the vocabulary that every Stable Diffusion 1.x, 2.x and XL text encoder shares, and agrees id for id with
//! transformers' `CLIPTokenizer`. It never adds BOS or EOS, pads or truncates: that is [`super::chunks`], to be read
//! next.

use std::fmt;
use std::sync::OnceLock;

use tokenizers::models::bpe::{BPE, Merges, Vocab};
use tokenizers::normalizers::{Lowercase, NFC, Replace, Sequence as Normalizers, replace::ReplacePattern};
use tokenizers::pre_tokenizers::{
    byte_level::ByteLevel, sequence::Sequence as Splits, split::Split, split::SplitPattern,
};
use tokenizers::{AddedToken, SplitDelimiterBehavior};

/// CLIP's merges in order of rank, one pair a line after the version line. The whole vocabulary follows from them.
const MERGES: &str = include_str!("merges.txt");

/// Marks a token that ends a word.
const END_OF_WORD: &str = "</w>";

/// The words that byte-pair encoding works on: contractions, runs of letters, single digits, runs of anything else but
/// space.
const WORDS: &str = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

/// CLIP's byte-pair encoder.
///
/// Get the shared one with [`Tokenizer::clip`]; it is built on first use.
pub struct Tokenizer {
    inner: tokenizers::Tokenizer,
    comma: u32,
}

impl Tokenizer {
    /// Begin of text, the first token of every chunk.
    pub const BOS: u32 = 49406;
    /// End of text; also what SD 1.x pads with.
    pub const EOS: u32 = 49407;

    /// The tokenizer of CLIP ViT-L/14 and `OpenCLIP`.
    pub fn clip() -> &'static Self {
        static CLIP: OnceLock<Tokenizer> = OnceLock::new();
        CLIP.get_or_init(|| {
            Self::build().unwrap_or_else(|error| unreachable!("the embedded merges make a tokenizer: {error}"))
        })
    }

    /// The ids of a text: without BOS and EOS, of any length.
    ///
    /// `<|startoftext|>` and `<|endoftext|>` written in lower case stand for their tokens, as in transformers.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let encoding = self.inner.encode_fast(text, false);
        encoding
            .unwrap_or_else(|error| unreachable!("every byte is in the vocabulary: {error}"))
            .get_ids()
            .to_vec()
    }

    /// The tokens of [`encode`](Self::encode), each as the byte of the text where it begins. Slower than counting ids.
    pub fn places(&self, text: &str) -> Vec<usize> {
        let encoding = self.inner.encode(text, false);
        let encoding = encoding.unwrap_or_else(|error| unreachable!("every byte is in the vocabulary: {error}"));
        encoding.get_offsets().iter().map(|&(begin, _)| begin).collect()
    }

    /// The id of a comma that ends a word (`,</w>`), which is where a full chunk may be broken.
    pub fn comma(&self) -> u32 {
        self.comma
    }

    /// The vocabulary as transformers' `vocab.json` and `merges.txt` have it, for folders that other programs read.
    pub fn files() -> (String, &'static str) {
        let mut tokens: Vec<_> = vocabulary(&read_merges()).into_iter().collect();
        tokens.sort_by_key(|&(_, id)| id);
        let tokens: serde_json::Map<_, _> = tokens.into_iter().map(|(token, id)| (token, id.into())).collect();
        (serde_json::Value::Object(tokens).to_string(), MERGES)
    }

    fn build() -> tokenizers::Result<Self> {
        let merges = read_merges();
        let vocabulary = vocabulary(&merges);
        let comma = vocabulary
            .get(&format!(",{END_OF_WORD}"))
            .copied()
            .ok_or("no comma in the vocabulary")?;
        let specials: Vec<String> = [Self::BOS, Self::EOS].map(special).into();
        let model = BPE::builder()
            .vocab_and_merges(vocabulary, merges)
            .unk_token(special(Self::EOS))
            .continuing_subword_prefix(String::new())
            .end_of_word_suffix(END_OF_WORD.to_owned())
            .build()?;
        let mut inner = tokenizers::Tokenizer::new(model);
        let spaces = Replace::new(ReplacePattern::Regex(r"\s+".to_owned()), " ")?;
        inner.with_normalizer(Some(Normalizers::new(vec![
            NFC.into(),
            spaces.into(),
            Lowercase.into(),
        ])))?;
        let words = Split::new(
            SplitPattern::Regex(WORDS.to_owned()),
            SplitDelimiterBehavior::Removed,
            true,
        )?;
        // `ByteLevel` splits once more with GPT-2's pattern; transformers leaves that on, so it is part of what CLIP's
        // ids are.
        inner.with_pre_tokenizer(Some(Splits::new(vec![
            words.into(),
            ByteLevel::new(false, true, true).into(),
        ])));
        inner.add_special_tokens(specials.into_iter().map(|token| AddedToken::from(token, true)))?;
        Ok(Self { inner, comma })
    }
}

impl fmt::Debug for Tokenizer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tokenizer")
            .field("comma", &self.comma)
            .finish_non_exhaustive()
    }
}

/// The merges as pairs, in order of rank.
fn read_merges() -> Merges {
    let pairs = MERGES.lines().skip(1).filter_map(|line| line.split_once(' '));
    pairs.map(|(left, right)| (left.to_owned(), right.to_owned())).collect()
}

/// Every token and its id: the bytes, the bytes that end a word, what each merge makes, the two special tokens.
///
/// Bytes stand as the characters that GPT-2 gave them: printable Latin-1 as itself, the other 68 from U+0100 on.
fn vocabulary(merges: &Merges) -> Vocab {
    let bytes = || {
        ('!'..='~')
            .chain('¡'..='¬')
            .chain('®'..='ÿ')
            .chain('\u{100}'..='\u{143}')
    };
    let letters = bytes().map(String::from);
    let endings = bytes().map(|byte| format!("{byte}{END_OF_WORD}"));
    let joined = merges.iter().map(|(left, right)| [left.as_str(), right].concat());
    letters
        .chain(endings)
        .chain(joined)
        .chain([Tokenizer::BOS, Tokenizer::EOS].map(special))
        .zip(0..)
        .collect()
}

/// How a special token is written.
fn special(id: u32) -> String {
    (if id == Tokenizer::BOS {
        "<|startoftext|>"
    } else {
        "<|endoftext|>"
    })
    .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_has_clips_size_and_ends_in_the_special_tokens() {
        let vocabulary = vocabulary(&read_merges());
        assert_eq!(vocabulary.len(), 49408);
        assert_eq!(vocabulary["<|startoftext|>"], Tokenizer::BOS);
        assert_eq!(vocabulary["<|endoftext|>"], Tokenizer::EOS);
    }

    #[test]
    fn a_comma_is_one_token() {
        let clip = Tokenizer::clip();
        assert_eq!(clip.encode("fox, noto"), [3240, clip.comma(), 578, 531]);
    }
}
