//! What a file of weights is, told by its content alone: kind, family, number type, what a network or an embedding is made of.
//!
//! Names and folders decide nothing here. [`training`] reads what trainers wrote about their work into the header; the kinds
//! themselves are told apart in [`super::kind`]. Only headers are read, never weights, so thousands of files take a second.

mod blocks;
mod embedding;
mod hypernetwork;
mod network;
mod read;
pub mod training;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::kind::Kind;
pub use read::PICTURES;
pub use training::Training;

/// A header's free-form text pairs (`ss_*`, `modelspec.*`, …).
pub type Metadata = BTreeMap<String, String>;

/// What a file is. It is small; the header's metadata comes beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct About {
    /// What it is for.
    pub kind: Kind,
    /// `sd1`, `sd2`, `sd2-v`, `sdxl`, `sdxl-refiner`, `…-inpaint`, or the name of a family that is only known by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// One English clause, such as `a LoRA` or `a ControlNet`.
    pub what: String,
    /// How it is written; none when that could not be told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
    /// The number type that most of its bytes have: `f32`, `f16`, `bf16`, `f8_e4m3`, ….
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtype: Option<String>,
    /// Bytes on disk, of a folder those of its weights.
    pub bytes: u64,
    /// How many tensors it has.
    #[serde(default)]
    pub tensors: usize,
    /// Of a network.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub network: Option<NetworkAbout>,
    /// Of an embedding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub embedding: Option<EmbeddingAbout>,
    /// Of a hypernetwork.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hypernetwork: Option<HypernetworkAbout>,
    /// Why it cannot be used, in one sentence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// How a model is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// A header in JSON and the bytes behind it.
    Safetensors,
    /// `PyTorch`'s pickle, whatever its extension.
    Ckpt,
    /// A folder in diffusers' layout.
    Diffusers,
    /// A picture that carries an embedding.
    Picture,
}

impl Format {
    /// Its name in JSON and on the screen.
    pub fn name(self) -> &'static str {
        match self {
            Self::Safetensors => "safetensors",
            Self::Ckpt => "ckpt",
            Self::Diffusers => "diffusers",
            Self::Picture => "picture",
        }
    }
}

/// What a network of the LoRA family is made of.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NetworkAbout {
    /// The kinds of its modules, most frequent first: `lora`, `loha`, `lokr`, `ia3`, `full`, `norm`, `glora`, `oft`, `boft`.
    pub types: Vec<String>,
    /// The rank that most modules have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dim: Option<usize>,
    /// The alpha of those modules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alpha: Option<f64>,
    /// The rank of convolutions wider than 1x1, when it differs from `dim`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conv_dim: Option<usize>,
    /// The alpha of those convolutions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conv_alpha: Option<f64>,
    /// Rank and alpha of each block, in the order of the network, only when blocks differ.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<Block>,
    /// How many modules it has.
    pub modules: usize,
    /// Whether it changes a text encoder.
    pub text_encoder: bool,
    /// Whether it changes the UNet.
    pub unet: bool,
    /// Whether it carries `dora_scale`.
    #[serde(default)]
    pub dora: bool,
    /// Names of the embeddings bundled in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub bundled: Vec<String>,
    /// A1111's alias: what the trainer called it (`ss_output_name`).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// The name of the checkpoint that it was trained on, as the trainer wrote it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_on: Option<String>,
    /// Its hash as the trainer wrote it (`sshs_model_hash`), which A1111 takes before one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
}

/// Rank and alpha of a block of a network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Block {
    /// `te`, `te1`, `te2`, `IN00`…`IN11`, `MID`, `OUT00`…`OUT11`, or the name's own words.
    pub name: String,
    /// The ranks in it, ascending.
    pub dims: Vec<usize>,
    /// The alphas in it, ascending.
    pub alphas: Vec<f64>,
}

/// What an embedding holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EmbeddingAbout {
    /// Tokens that it takes.
    pub vectors: usize,
    /// Numbers a vector has for each text encoder: 768, 1024, or 768 and 1280.
    pub widths: Vec<usize>,
    /// The name written into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Steps that it was trained for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// The name of the checkpoint that it was trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_on: Option<String>,
}

/// What a hypernetwork holds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HypernetworkAbout {
    /// The widths of contexts that it changes, ascending.
    pub widths: Vec<usize>,
    /// The widths of its layers, as multiples of the context's, such as 1, 2, 1.
    pub layers: Vec<f64>,
    /// The name written into it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Steps that it was trained for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<u64>,
    /// The name of the checkpoint that it was trained on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trained_on: Option<String>,
}

impl About {
    /// Reads a file's header, or a diffusers folder's. It never fails: what is wrong with a file, [`About::trouble`] says.
    pub fn of(path: &Path) -> (Self, Metadata) {
        let (about, metadata, _) = read::of(path);
        (about, metadata)
    }

    /// The same, and whether the file will tell the same until it changes; a refusal of the system may end without that.
    pub fn of_file(path: &Path) -> (Self, Metadata, bool) {
        read::of(path)
    }

    fn unknown(what: &str, bytes: u64) -> Self {
        Self {
            kind: Kind::Unknown,
            family: None,
            what: what.to_owned(),
            format: None,
            dtype: None,
            bytes,
            tensors: 0,
            network: None,
            embedding: None,
            hypernetwork: None,
            trouble: None,
        }
    }
}
