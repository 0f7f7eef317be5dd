//! Captioners: BLIP from a Hugging Face folder.
//!
//! Owns a folder's files and the way from a picture to a sentence. The networks are [`crate::nn::blip`]; [`search`] finds the
//! sentence,
//! [`wordpiece`] spells it.

pub mod search;
mod source;
pub mod wordpiece;

use std::path::{Path, PathBuf};

use burn::tensor::Device;
use image::DynamicImage;

use self::source::Files;
use self::wordpiece::Words;
use super::job::Captioning;
use super::picture::for_captioner;
use crate::nn::blip::{Blip, Config};
use crate::weights::{self, Scope, file::TensorFile};

/// What makes a folder a captioner.
pub const CONFIG: &str = "config.json";
/// The names that weights go by, the likeliest first.
pub const WEIGHTS: [&str; 2] = ["model.safetensors", "pytorch_model.bin"];
/// Ones with this in `config.json` are read.
const KIND: &str = "blip";

/// Why a captioner cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Somebody asked to stop.
    #[error("captioning was stopped")]
    Stopped,
    /// `config.json` is another one.
    #[error("{} describes no captioner: {what}", path.display())]
    Config {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// No weights lie in the folder.
    #[error("{} has neither {} nor {}", path.display(), WEIGHTS[0], WEIGHTS[1])]
    NoWeights {
        /// The folder.
        path: PathBuf,
    },
    /// The weights.
    #[error(transparent)]
    Weights(weights::Error),
    /// The vocabulary.
    #[error(transparent)]
    Words(#[from] wordpiece::Error),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Stopped => None,
            Self::Config { .. } => {
                Some("BLIP for captions is read, base and large, in Hugging Face's layout".to_owned())
            }
            Self::NoWeights { .. } => Some(format!("put {} there", WEIGHTS[0])),
            Self::Weights(e) => e.hint(),
            Self::Words(_) => Some(format!("put the model's own {} there", wordpiece::LIST)),
        }
    }
}

impl From<weights::Error> for Error {
    fn from(error: weights::Error) -> Self {
        match error {
            weights::Error::Stopped => Self::Stopped,
            error => Self::Weights(error),
        }
    }
}

/// A captioner in memory.
#[derive(Debug)]
pub struct Captioner {
    blip: Blip,
    config: Config,
    words: Words,
}

impl Captioner {
    /// Reads a folder with `config.json`, weights and vocabulary onto a device, in 32 bits. `stop` is asked before each tensor.
    ///
    /// # Errors
    /// When a file is missing, damaged or another model's.
    pub fn open(folder: &Path, device: &Device, stop: &dyn Fn() -> bool) -> Result<Self, Error> {
        let path = folder.join(CONFIG);
        let config = read_config(&path)?;
        let words = Words::open(folder)?;
        let weights = WEIGHTS.iter().map(|name| folder.join(name)).find(|path| path.is_file());
        let weights = weights.ok_or_else(|| Error::NoWeights {
            path: folder.to_owned(),
        })?;
        let file = TensorFile::open(&weights)?;
        let files = Files::new(&file, device, stop);
        let blip = Blip::load(&Scope::of(&files), &config)?;
        Ok(Self { blip, config, words })
    }

    /// A picture in words, without those that it was told to begin with. `stop` is asked before each word.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub fn caption(
        &self,
        picture: &DynamicImage,
        rules: &Captioning,
        stop: &dyn Fn() -> bool,
    ) -> Result<String, Error> {
        let begin = self.begin(&rules.prompt);
        let tokens = self.tokens(picture, &begin, rules, stop)?;
        let sentence = self.words.decode(&tokens[begin.len().min(tokens.len())..]);
        Ok(sentence.trim().to_owned())
    }

    /// The tokens that a sentence begins with: BLIP's own, then the prompt's.
    pub fn begin(&self, prompt: &str) -> Vec<u32> {
        [self.config.text.begin]
            .into_iter()
            .chain(self.words.encode(prompt))
            .collect()
    }

    /// The networks and their sizes.
    pub fn into_parts(self) -> (Blip, Config) {
        (self.blip, self.config)
    }

    /// The sentence's tokens, from the one that begins it.
    ///
    /// # Errors
    /// [`Error::Stopped`].
    pub fn tokens(
        &self,
        picture: &DynamicImage,
        begin: &[u32],
        rules: &Captioning,
        stop: &dyn Fn() -> bool,
    ) -> Result<Vec<u32>, Error> {
        let config = &self.config;
        let rules = Captioning {
            longest: rules.longest.min(config.text.positions),
            beams: rules.beams.clamp(1, 64),
            ..rules.clone()
        };
        let begin = &begin[..begin.len().min(config.text.positions - 1)];
        let seen = self.blip.look(&for_captioner(picture, config.vision.side as u32));
        let mut memory = self.blip.remember(&seen, rules.beams);
        search::search(begin, config.text.end, &rules, &mut |parents, tokens| {
            if stop() {
                return Err(Error::Stopped);
            }
            Ok(self.blip.next(&mut memory, parents, tokens))
        })
    }
}

/// Whether a folder says that it holds a captioner.
pub fn is_captioner(folder: &Path) -> bool {
    folder.join(CONFIG).is_file()
}

fn read_config(path: &Path) -> Result<Config, Error> {
    #[derive(serde::Deserialize)]
    struct Kind {
        #[serde(default)]
        model_type: String,
        #[serde(default)]
        architectures: Vec<String>,
    }
    let failed = |what: String| Error::Config {
        path: path.to_owned(),
        what,
    };
    let text = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
    let kind: Kind = serde_json::from_slice(&text).map_err(|e| failed(e.to_string()))?;
    let speaks = |name: &String| name == "BlipForConditionalGeneration";
    if kind.model_type != KIND || !(kind.architectures.is_empty() || kind.architectures.iter().any(speaks)) {
        let architecture = kind.architectures.into_iter().next();
        let named = architecture
            .filter(|_| kind.model_type == KIND)
            .unwrap_or(kind.model_type);
        let named: String = named.chars().take(60).collect();
        return Err(failed(format!("it is for {named:?}")));
    }
    let config: Config = serde_json::from_slice(&text).map_err(|e| failed(e.to_string()))?;
    config.check().map_err(|e| failed(e.to_string()))?;
    Ok(config)
}
