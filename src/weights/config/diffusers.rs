//! The architecture of a diffusers folder: `model_index.json` and a `config.json` for each network.
//!
//! `attention_head_dim` of a UNet's configuration is, by diffusers' own account, misnamed: it holds the number of heads.

use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::DeserializeOwned;

use super::stored;
use crate::weights::Error;
use crate::weights::architecture::{
    Activation, Architecture, Betas, Checked, Diffusion, Prediction, TextEncoder, TextNaming, Unet, Vae,
};

/// The configurations that a folder may have.
pub const CONFIGS: [&str; 6] = [
    "model_index.json",
    "unet/config.json",
    "vae/config.json",
    "text_encoder/config.json",
    "text_encoder_2/config.json",
    "scheduler/scheduler_config.json",
];

/// A diffusers folder.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    index: serde_json::Map<String, serde_json::Value>,
}

impl Folder {
    /// Opens the folder by its `model_index.json`.
    ///
    /// # Errors
    /// [`Error::NotStableDiffusion`] without that file or when its pipeline is another model's, [`Error::Config`] when it is no JSON.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let index = path.join("model_index.json");
        if !index.is_file() {
            return Err(Error::NotStableDiffusion {
                path: path.to_owned(),
                why: "the folder has no model_index.json".to_owned(),
            });
        }
        let index: serde_json::Map<_, _> = read_json(&index)?;
        let pipeline = index.get("_class_name").and_then(|c| c.as_str()).unwrap_or("(unnamed)");
        if !pipeline.starts_with("StableDiffusion") || pipeline.starts_with("StableDiffusion3") {
            let why = format!("its model_index.json names the pipeline {pipeline}");
            return Err(Error::NotStableDiffusion {
                path: path.to_owned(),
                why,
            });
        }
        Ok(Self {
            path: path.to_owned(),
            index,
        })
    }

    /// The folders of its text encoders: the first, both (SDXL), or the second alone (SDXL's refiner).
    pub fn text_encoders(&self) -> Vec<&'static str> {
        let has = |part: &str| {
            self.index
                .get(part)
                .and_then(|v| v.get(1))
                .is_some_and(serde_json::Value::is_string)
        };
        match (has("text_encoder"), has("text_encoder_2")) {
            (false, true) => vec!["text_encoder_2"],
            (_, true) => vec!["text_encoder", "text_encoder_2"],
            (_, false) => vec!["text_encoder"],
        }
    }

    /// The files that hold the weights of a network, one or the shards of an index: safetensors before pickles, full precision before
    /// `fp16` and other variants.
    ///
    /// # Errors
    /// [`Error::NotStableDiffusion`] when there are none, [`Error::Config`] for an index that cannot be followed.
    pub fn weights(&self, network: &str) -> Result<Vec<PathBuf>, Error> {
        stored::files(&self.path, network)
    }

    /// Reads the networks' configurations.
    ///
    /// # Errors
    /// [`Error::Config`] with the key at fault.
    pub fn architecture(&self) -> Result<Architecture, Error> {
        let config = |network: &str| self.path.join(network).join("config.json");
        let checked = |path: PathBuf, why: String| Error::Config { path, why };
        let unet: UnetConfig = read_json(&config("unet"))?;
        let sample_size = unet.sample_size.unwrap_or(64);
        let unet = unet.resolve().map_err(|why| checked(config("unet"), why))?;
        let vae = read_json::<VaeConfig>(&config("vae"))?.resolve();
        let xl = unet.y.is_some();
        let mut text = Vec::new();
        let encoders = self.text_encoders();
        for &network in &encoders {
            let encoder = read_json::<TextConfig>(&config(network))?.resolve(xl);
            text.push(encoder.map_err(|why| checked(config(network), why))?);
        }
        let scheduler = self.path.join("scheduler").join("scheduler_config.json");
        let diffusion = if scheduler.is_file() {
            read_json::<SchedulerConfig>(&scheduler)?
                .resolve()
                .map_err(|why| checked(scheduler, why))?
        } else {
            Diffusion::default()
        };
        let native_size = [sample_size.saturating_mul(vae.downscale()); 2];
        let architecture = Architecture {
            unet,
            vae,
            text,
            diffusion,
            native_size,
        };
        architecture.check().map_err(|(network, why)| {
            let file = match network {
                Checked::Unet => "unet/config.json".to_owned(),
                Checked::Vae => "vae/config.json".to_owned(),
                Checked::Text(i) => format!("{}/config.json", encoders.get(i).unwrap_or(&"text_encoder")),
                Checked::Diffusion => "scheduler/scheduler_config.json".to_owned(),
            };
            checked(self.path.join(file), why)
        })?;
        Ok(architecture)
    }
}

pub(super) fn read_json<T: DeserializeOwned>(path: &Path) -> Result<T, Error> {
    let unreadable = |source| Error::Unreadable {
        path: path.to_owned(),
        source,
    };
    // Reading a pipe would wait for its other end.
    if path.metadata().map_err(unreadable)?.file_type().is_fifo() {
        return Err(unreadable(std::io::Error::other("it is a pipe")));
    }
    let bytes = std::fs::read(path).map_err(unreadable)?;
    let wrong = |why: String| Error::Config {
        path: path.to_owned(),
        why,
    };
    let text = str::from_utf8(&bytes).map_err(|e| wrong(format!("it is not UTF-8: {e}")))?;
    serde_path_to_error::deserialize(&mut serde_json::Deserializer::from_str(text)).map_err(|e| wrong(e.to_string()))
}

/// A value for all levels or one for each.
#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a whole number, or one for each level")]
enum PerLevel {
    All(usize),
    Each(Vec<usize>),
}

impl PerLevel {
    fn expand(self, key: &str, levels: usize) -> Result<Vec<usize>, String> {
        match self {
            Self::All(value) => Ok(vec![value; levels]),
            Self::Each(values) if values.len() == levels => Ok(values),
            Self::Each(values) => Err(format!("{key} has {} entries for {levels} levels", values.len())),
        }
    }
}

#[derive(Deserialize)]
struct UnetConfig {
    in_channels: usize,
    out_channels: usize,
    block_out_channels: Vec<usize>,
    down_block_types: Vec<String>,
    layers_per_block: PerLevel,
    transformer_layers_per_block: Option<PerLevel>,
    attention_head_dim: PerLevel,
    num_attention_heads: Option<PerLevel>,
    cross_attention_dim: usize,
    norm_num_groups: usize,
    projection_class_embeddings_input_dim: Option<usize>,
    addition_embed_type: Option<String>,
    class_embed_type: Option<String>,
    sample_size: Option<usize>,
}

impl UnetConfig {
    fn resolve(self) -> Result<Unet, String> {
        let levels = self.block_out_channels.len();
        if levels == 0 || self.down_block_types.len() != levels {
            return Err(format!(
                "block_out_channels has {levels} levels and down_block_types {}",
                self.down_block_types.len()
            ));
        }
        let attends = self
            .down_block_types
            .iter()
            .map(|kind| match kind.as_str() {
                "CrossAttnDownBlock2D" => Ok(true),
                "DownBlock2D" => Ok(false),
                other => Err(format!("down_block_types has {other:?}, which no Stable Diffusion has")),
            })
            .collect::<Result<Vec<_>, _>>()?;
        if let Some(other) = self.addition_embed_type.as_deref().filter(|kind| *kind != "text_time") {
            return Err(format!(
                "addition_embed_type is {other:?}, expected \"text_time\" or none"
            ));
        }
        if let Some(other) = &self.class_embed_type {
            return Err(format!("class_embed_type is {other:?}, which no Stable Diffusion has"));
        }
        let resnets = self.layers_per_block.expand("layers_per_block", levels)?;
        if resnets.iter().any(|&n| n != resnets[0]) {
            return Err(format!("layers_per_block {resnets:?} differs between levels"));
        }
        let blocks = self
            .transformer_layers_per_block
            .unwrap_or(PerLevel::All(1))
            .expand("transformer_layers_per_block", levels)?;
        let heads = self
            .num_attention_heads
            .unwrap_or(self.attention_head_dim)
            .expand("attention_head_dim", levels)?;
        let channels = self.block_out_channels;
        Ok(Unet {
            in_channels: self.in_channels,
            out_channels: self.out_channels,
            resnets: resnets[0],
            depth: attends
                .iter()
                .zip(&blocks)
                .map(|(&a, &n)| if a { n } else { 0 })
                .collect(),
            mid_depth: blocks[levels - 1],
            heads,
            context: self.cross_attention_dim,
            groups: self.norm_num_groups,
            y: self.addition_embed_type.and(self.projection_class_embeddings_input_dim),
            channels,
        })
    }
}

#[derive(Deserialize)]
struct VaeConfig {
    in_channels: usize,
    latent_channels: usize,
    block_out_channels: Vec<usize>,
    layers_per_block: usize,
    norm_num_groups: usize,
    #[serde(default = "sd_scale_factor")]
    scaling_factor: f64,
}

fn sd_scale_factor() -> f64 {
    0.18215
}

impl VaeConfig {
    fn resolve(self) -> Vae {
        Vae {
            in_channels: self.in_channels,
            latent_channels: self.latent_channels,
            channels: self.block_out_channels,
            resnets: self.layers_per_block,
            groups: self.norm_num_groups,
            scale_factor: self.scaling_factor,
        }
    }
}

#[derive(Deserialize)]
struct TextConfig {
    #[serde(default)]
    architectures: Vec<String>,
    vocab_size: usize,
    max_position_embeddings: usize,
    hidden_size: usize,
    intermediate_size: usize,
    num_hidden_layers: usize,
    num_attention_heads: usize,
    hidden_act: String,
    projection_dim: Option<usize>,
}

impl TextConfig {
    fn resolve(self, xl: bool) -> Result<TextEncoder, String> {
        let activation = match self.hidden_act.as_str() {
            "quick_gelu" => Activation::QuickGelu,
            "gelu" => Activation::Gelu,
            other => return Err(format!("hidden_act is {other:?}, expected \"quick_gelu\" or \"gelu\"")),
        };
        let projects = self.architectures.iter().any(|a| a == "CLIPTextModelWithProjection");
        Ok(TextEncoder {
            naming: TextNaming::Transformers,
            vocabulary: self.vocab_size,
            positions: self.max_position_embeddings,
            width: self.hidden_size,
            feed_forward: self.intermediate_size,
            layers: self.num_hidden_layers,
            heads: self.num_attention_heads,
            activation,
            projection: self.projection_dim.filter(|_| projects),
            // SD 2.x's folder has already lost the last layer: its last is OpenCLIP's penultimate.
            layer: if xl { 2 } else { 1 },
            skips: !xl && activation == Activation::QuickGelu,
            final_norm: !xl,
            padding: if activation == Activation::Gelu {
                0
            } else {
                super::ldm::END_OF_TEXT
            },
        })
    }
}

#[derive(Deserialize)]
struct SchedulerConfig {
    beta_start: f64,
    beta_end: f64,
    beta_schedule: String,
    num_train_timesteps: usize,
    prediction_type: Option<String>,
    #[serde(default)]
    rescale_betas_zero_snr: bool,
    trained_betas: Option<serde_json::Value>,
}

impl SchedulerConfig {
    fn resolve(self) -> Result<Diffusion, String> {
        if self.trained_betas.is_some_and(|betas| !betas.is_null()) {
            return Err("trained_betas is set; noise levels of a model's own are not known".to_owned());
        }
        let betas = match self.beta_schedule.as_str() {
            "linear" => Betas::Linear,
            "scaled_linear" => Betas::ScaledLinear,
            other => {
                return Err(format!(
                    "beta_schedule is {other:?}, expected \"linear\" or \"scaled_linear\""
                ));
            }
        };
        Ok(Diffusion {
            timesteps: self.num_train_timesteps,
            zero_snr: self.rescale_betas_zero_snr,
            beta_start: self.beta_start,
            beta_end: self.beta_end,
            betas,
            prediction: match self.prediction_type.as_deref() {
                None | Some("epsilon") => Prediction::Epsilon,
                Some("v_prediction") => Prediction::V,
                Some(other) => {
                    return Err(format!(
                        "prediction_type is {other:?}, expected \"epsilon\" or \"v_prediction\""
                    ));
                }
            },
        })
    }
}
