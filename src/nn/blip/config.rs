//! BLIP's sizes, as `config.json` of a Hugging Face folder has them.

use serde::Deserialize;

/// A size of the configuration that cannot be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Invalid(pub String);

/// Both networks' sizes.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Config {
    /// Of the network that looks.
    #[serde(rename = "vision_config", default)]
    pub vision: Vision,
    /// Of the network that speaks.
    #[serde(rename = "text_config", default)]
    pub text: Text,
}

/// The vision transformer. Defaults are those of transformers' `BlipVisionConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Vision {
    /// Numbers of a patch.
    #[serde(rename = "hidden_size")]
    pub width: usize,
    /// Numbers within the feed-forward network.
    #[serde(rename = "intermediate_size")]
    pub inner: usize,
    /// Layers.
    #[serde(rename = "num_hidden_layers")]
    pub layers: usize,
    /// Heads of attention.
    #[serde(rename = "num_attention_heads")]
    pub heads: usize,
    /// The picture's side in pixels.
    #[serde(rename = "image_size")]
    pub side: usize,
    /// A patch's side in pixels.
    #[serde(rename = "patch_size")]
    pub patch: usize,
    /// The activation; only `gelu` is known.
    #[serde(rename = "hidden_act")]
    pub activation: String,
    /// Added to variances.
    #[serde(rename = "layer_norm_eps")]
    pub epsilon: f64,
}

impl Default for Vision {
    fn default() -> Self {
        Self {
            width: 768,
            inner: 3072,
            layers: 12,
            heads: 12,
            side: 384,
            patch: 16,
            activation: "gelu".to_owned(),
            epsilon: 1e-5,
        }
    }
}

/// The decoder. Defaults are those of transformers' `BlipTextConfig`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(default)]
pub struct Text {
    /// Numbers of a token.
    #[serde(rename = "hidden_size")]
    pub width: usize,
    /// Numbers within the feed-forward network.
    #[serde(rename = "intermediate_size")]
    pub inner: usize,
    /// Layers.
    #[serde(rename = "num_hidden_layers")]
    pub layers: usize,
    /// Heads of attention.
    #[serde(rename = "num_attention_heads")]
    pub heads: usize,
    /// Tokens that there are.
    #[serde(rename = "vocab_size")]
    pub vocabulary: usize,
    /// Tokens that a sentence can have.
    #[serde(rename = "max_position_embeddings")]
    pub positions: usize,
    /// The activation; only `gelu` is known.
    #[serde(rename = "hidden_act")]
    pub activation: String,
    /// Added to variances.
    #[serde(rename = "layer_norm_eps")]
    pub epsilon: f64,
    /// The token that begins a sentence.
    #[serde(rename = "bos_token_id")]
    pub begin: u32,
    /// The token that ends one.
    #[serde(rename = "sep_token_id")]
    pub end: u32,
}

impl Default for Text {
    fn default() -> Self {
        Self {
            width: 768,
            inner: 3072,
            layers: 12,
            heads: 8,
            vocabulary: 30524,
            positions: 512,
            activation: "gelu".to_owned(),
            epsilon: 1e-12,
            begin: 30522,
            end: 102,
        }
    }
}

impl Config {
    /// Checks that the sizes fit each other and none is absurd, before anything is made of them.
    ///
    /// # Errors
    /// With the first value that cannot be.
    pub fn check(&self) -> Result<(), Invalid> {
        let Self { vision, text } = self;
        let sizes = [
            ("vision_config.hidden_size", vision.width, 1 << 14),
            ("vision_config.intermediate_size", vision.inner, 1 << 16),
            ("vision_config.num_hidden_layers", vision.layers, 256),
            ("vision_config.num_attention_heads", vision.heads, 256),
            ("vision_config.image_size", vision.side, 2048),
            ("vision_config.patch_size", vision.patch, 256),
            ("text_config.hidden_size", text.width, 1 << 14),
            ("text_config.intermediate_size", text.inner, 1 << 16),
            ("text_config.num_hidden_layers", text.layers, 256),
            ("text_config.num_attention_heads", text.heads, 256),
            ("text_config.vocab_size", text.vocabulary, 1 << 20),
            ("text_config.max_position_embeddings", text.positions, 1 << 16),
        ];
        for (name, size, most) in sizes {
            if size == 0 || size > most {
                return Err(Invalid(format!("{name} is {size}, expected 1 to {most}")));
            }
        }
        for (name, width, heads) in [("vision", vision.width, vision.heads), ("text", text.width, text.heads)] {
            if width % heads != 0 {
                return Err(Invalid(format!(
                    "{name}_config: {heads} heads do not divide a hidden_size of {width}"
                )));
            }
        }
        if vision.side % vision.patch != 0 {
            let Vision { side, patch, .. } = vision;
            return Err(Invalid(format!(
                "vision_config: patches of {patch} do not divide an image_size of {side}"
            )));
        }
        for (name, activation) in [("vision", &vision.activation), ("text", &text.activation)] {
            if activation != "gelu" {
                let shown: String = activation.chars().take(40).collect();
                return Err(Invalid(format!(
                    "{name}_config.hidden_act is {shown:?}, expected \"gelu\""
                )));
            }
        }
        for (name, token) in [("bos", text.begin), ("sep", text.end)] {
            if token as usize >= text.vocabulary {
                let words = text.vocabulary;
                return Err(Invalid(format!(
                    "text_config.{name}_token_id is {token} of {words} tokens"
                )));
            }
        }
        let epsilons = [("vision", vision.epsilon), ("text", text.epsilon)];
        for (name, epsilon) in epsilons {
            if !(epsilon.is_finite() && epsilon >= 0.0) {
                return Err(Invalid(format!("{name}_config.layer_norm_eps is {epsilon}")));
            }
        }
        Ok(())
    }
}
