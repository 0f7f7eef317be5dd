//! BLIP (Li et al. 2022), which puts a picture into words: a vision transformer, and BERT with attention to what it saw.
//!
//! Owns both networks, with tensors named as transformers names them. Words are numbers here: `vision::caption` knows the
//! vocabulary and
//! how the likeliest sentence is searched for. Read [`text`] next, where one token follows another.

mod config;
mod text;
mod vision;

use burn::tensor::Tensor;

pub use self::config::{Config, Invalid, Text, Vision};
pub use self::text::{Decoder, Memory};
pub use self::vision::Encoder;
use crate::weights::{Error, Scope};

/// The whole captioner.
#[derive(Debug)]
pub struct Blip {
    encoder: Encoder,
    decoder: Decoder,
}

impl Blip {
    /// Loads both networks.
    ///
    /// # Errors
    /// When a tensor is missing or misshapen.
    pub fn load(scope: &Scope<'_>, config: &Config) -> Result<Self, Error> {
        Ok(Self {
            encoder: Encoder::load(&scope.at("vision_model"), &config.vision)?,
            decoder: Decoder::load(&scope.at("text_decoder"), &config.text, config.vision.width)?,
        })
    }

    /// Looks at a picture: `pixels` are normalised, `[3, side, side]` row-major. Gives `[1, patches + 1, width]`.
    pub fn look(&self, pixels: &[f32]) -> Tensor<3> {
        self.encoder.forward(pixels)
    }

    /// What the decoder remembers before the first token, for so many sentences about one picture.
    pub fn remember(&self, seen: &Tensor<3>, sentences: usize) -> Memory {
        self.decoder.remember(seen, sentences)
    }

    /// Takes one more token of each sentence and gives the next one's logits, `[sentences, vocabulary]`, row-major. `parents` says
    /// which of the
    /// remembered sentences each goes on.
    pub fn next(&self, memory: &mut Memory, parents: &[usize], tokens: &[u32]) -> Vec<f32> {
        self.decoder.next(memory, parents, tokens)
    }
}
