//! How many CLIP tokens captions have, fast enough for a hundred thousand of them.
//!
//! CLIP's tokens never reach over white space, so a caption has the tokens of its words, and words repeat.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use crate::prompt::tokenizer::Tokenizer;

/// Words are not remembered beyond this many, so that a set of nonsense does not fill the memory.
const MOST: usize = 1 << 20;

/// Counts tokens and remembers words. Several threads may count with one.
#[derive(Debug, Default)]
pub struct Counter {
    words: RwLock<HashMap<Box<str>, u32>>,
}

impl Counter {
    /// The tokens of a text as transformers' `CLIPTokenizer` counts them, without those for begin and end.
    pub fn count(&self, text: &str) -> usize {
        let mut missing = Vec::new();
        let mut count = {
            let words = self.words.read().unwrap_or_else(PoisonError::into_inner);
            let known = |word: &str| words.get(word).copied();
            let mut sum = 0_usize;
            for word in text.split_whitespace() {
                match known(word) {
                    Some(tokens) => sum += tokens as usize,
                    None => missing.push(word),
                }
            }
            sum
        };
        if !missing.is_empty() {
            let counted: Vec<_> = missing
                .iter()
                .map(|word| Tokenizer::clip().encode(word).len())
                .collect();
            count += counted.iter().sum::<usize>();
            let mut words = self.words.write().unwrap_or_else(PoisonError::into_inner);
            if words.len() < MOST {
                words.extend(
                    missing
                        .into_iter()
                        .map(Box::from)
                        .zip(counted.into_iter().map(|tokens| tokens as u32)),
                );
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::Counter;
    use crate::prompt::tokenizer::Tokenizer;

    #[test]
    fn words_have_together_the_tokens_of_the_whole() {
        let counter = Counter::default();
        let texts = [
            "",
            " , ,, ",
            "1girl, solo,\tlong hair, smile :), (masterpiece:1.2), \\(medium\\), don't",
            "水彩画, 一个女孩 and café, cafe\u{301}\u{3000}ＦＵＬＬ  width\r\nsecond line, 3.5<|endoftext|>x 👩‍🎨!",
        ];
        for text in texts.iter().chain(&texts) {
            assert_eq!(counter.count(text), Tokenizer::clip().encode(text).len(), "{text:?}");
        }
    }
}
