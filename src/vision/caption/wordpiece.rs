//! BERT's vocabulary: words of a prompt to numbers, and numbers back to a sentence.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tokenizers::models::bpe::Vocab;
use tokenizers::models::wordpiece::WordPiece;
use tokenizers::normalizers::BertNormalizer;
use tokenizers::pre_tokenizers::bert::BertPreTokenizer;
use tokenizers::{Decoder, Tokenizer, decoders};

/// One token a line, the number of a line being the token's.
pub const LIST: &str = "vocab.txt";
/// The same within a larger file.
pub const JSON: &str = "tokenizer.json";
/// Stands for what has no token.
const UNKNOWN: &str = "[UNK]";
/// Tokens that are no words. The last two begin BLIP's sentences.
const SPECIAL: [&str; 7] = ["[PAD]", UNKNOWN, "[CLS]", "[SEP]", "[MASK]", "[DEC]", "[ENC]"];
/// The largest file that is read; published ones have under a megabyte.
const LARGEST: u64 = 64 << 20;

/// Why there is no vocabulary.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{} cannot be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// It is another file.
    #[error("{} is no vocabulary of BERT: {what}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// A vocabulary in memory.
#[derive(Debug)]
pub struct Words {
    tokenizer: Tokenizer,
    words: Vec<String>,
}

impl Words {
    /// Reads the vocabulary of a Hugging Face folder.
    ///
    /// # Errors
    /// When there is none that can be read.
    pub fn open(folder: &Path) -> Result<Self, Error> {
        let list = folder.join(LIST);
        let json = folder.join(JSON);
        let (path, words) = if list.is_file() || !json.is_file() {
            let text = read(&list)?;
            (list, text.lines().map(|line| line.trim_end().to_owned()).collect())
        } else {
            let text = read(&json)?;
            let words = of_json(&text).map_err(|what| Error::Form {
                path: json.clone(),
                what,
            })?;
            (json, words)
        };
        Self::new(words).map_err(|what| Error::Form { path, what })
    }

    fn new(words: Vec<String>) -> Result<Self, String> {
        if !words.iter().any(|word| word == UNKNOWN) {
            return Err(format!("it has no {UNKNOWN}"));
        }
        let numbers: Vocab = words.iter().cloned().zip(0..).collect();
        let model = WordPiece::builder()
            .vocab(numbers)
            .unk_token(UNKNOWN.to_owned())
            .build();
        let mut tokenizer = Tokenizer::new(model.map_err(|e| e.to_string())?);
        tokenizer
            .with_normalizer(Some(BertNormalizer::default()))
            .map_err(|e| e.to_string())?;
        tokenizer.with_pre_tokenizer(Some(BertPreTokenizer));
        Ok(Self { tokenizer, words })
    }

    /// How many tokens there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// The tokens of a text, without any that begin or end it.
    pub fn encode(&self, text: &str) -> Vec<u32> {
        let encoded = self.tokenizer.encode(text, false);
        encoded.map(|encoded| encoded.get_ids().to_vec()).unwrap_or_default()
    }

    /// The sentence of these tokens, without those that are no words, spaced as BERT's tokenizer does.
    pub fn decode(&self, tokens: &[u32]) -> String {
        let word = |token: &u32| {
            self.words
                .get(*token as usize)
                .filter(|word| !SPECIAL.contains(&word.as_str()))
                .cloned()
        };
        let words: Vec<String> = tokens.iter().filter_map(word).collect();
        let decoder = decoders::wordpiece::WordPiece::default();
        decoder.decode(words).unwrap_or_default()
    }
}

fn of_json(text: &str) -> Result<Vec<String>, String> {
    #[derive(Deserialize)]
    struct File {
        model: Model,
        #[serde(default)]
        added_tokens: Vec<Added>,
    }
    #[derive(Deserialize)]
    struct Model {
        vocab: HashMap<String, usize>,
    }
    #[derive(Deserialize)]
    struct Added {
        id: usize,
        content: String,
    }
    let file: File = serde_json::from_str(text).map_err(|e| e.to_string())?;
    let added = file.added_tokens.into_iter().map(|added| (added.content, added.id));
    let all: Vec<(String, usize)> = file.model.vocab.into_iter().chain(added).collect();
    let count = all.iter().map(|(_, id)| id + 1).max().unwrap_or_default();
    if count > 2 * all.len() {
        return Err(format!("it numbers {} tokens up to {}", all.len(), count - 1));
    }
    let mut words = vec![String::new(); count];
    for (word, id) in all {
        words[id] = word;
    }
    Ok(words)
}

fn read(path: &Path) -> Result<String, Error> {
    let failed = |reason| Error::Read {
        path: path.to_owned(),
        reason,
    };
    let mut text = Vec::new();
    let file = std::fs::File::open(path).map_err(failed)?;
    file.take(LARGEST + 1).read_to_end(&mut text).map_err(failed)?;
    let form = |what: &str| Error::Form {
        path: path.to_owned(),
        what: what.to_owned(),
    };
    if text.len() as u64 > LARGEST {
        return Err(form("it is larger than 64 MiB"));
    }
    String::from_utf8(text).map_err(|_| form("it is no UTF-8 text"))
}
