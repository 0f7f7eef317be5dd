//! The configurations of a diffusers folder, from an architecture: what `UNet2DConditionModel`, `AutoencoderKL`, `CLIPTextModel`, the
//! scheduler and the tokenizer are built by.

use serde_json::{Value, json};

use crate::prompt::tokenizer::Tokenizer;
use crate::weights::architecture::{Activation, Betas, Prediction, TextEncoder};
use crate::weights::config::ldm;
use crate::weights::{Architecture, architecture};
use crate::workbench::source::{text_folder, text_layers};
use crate::workbench::tensor::Map;

/// The version of diffusers whose keys these are.
const VERSION: &str = "0.30.0";

/// Whether the transformers are entered by a linear layer (SD 2.x, SDXL) rather than a 1x1 convolution.
pub(super) fn projects_linearly(tensors: &Map<'_>) -> bool {
    tensors
        .get(&format!("{}middle_block.1.proj_in.weight", ldm::UNET))
        .is_some_and(|tensor| tensor.shape.len() == 2)
}

/// Every file but the weights, by its path in the folder.
pub(super) fn files(a: &Architecture, linear: bool) -> Vec<(String, String)> {
    let mut files = vec![
        ("model_index.json".to_owned(), pretty(&index(a))),
        ("unet/config.json".to_owned(), pretty(&unet(a, linear))),
        ("vae/config.json".to_owned(), pretty(&vae(a))),
        ("scheduler/scheduler_config.json".to_owned(), pretty(&scheduler(a))),
    ];
    let (vocabulary, merges) = Tokenizer::files();
    for (i, encoder) in a.text.iter().enumerate() {
        let folder = text_folder(a, i);
        files.push((format!("{folder}/config.json"), pretty(&text(a, i))));
        let tokenizer = folder.replace("text_encoder", "tokenizer");
        let [settings, special] = tokens(encoder);
        files.extend([
            (format!("{tokenizer}/vocab.json"), vocabulary.clone()),
            (format!("{tokenizer}/merges.txt"), merges.to_owned()),
            (format!("{tokenizer}/tokenizer_config.json"), pretty(&settings)),
            (format!("{tokenizer}/special_tokens_map.json"), pretty(&special)),
        ]);
    }
    files
}

fn pretty(value: &Value) -> String {
    format!("{value:#}\n")
}

fn index(a: &Architecture) -> Value {
    let is_refiner = a.text.len() == 1 && a.unet.y.is_some();
    let class = match (a.unet.in_channels, a.unet.y) {
        (9, Some(_)) => "StableDiffusionXLInpaintPipeline",
        (9, None) => "StableDiffusionInpaintPipeline",
        (8, Some(_)) => "StableDiffusionXLInstructPix2PixPipeline",
        (8, None) => "StableDiffusionInstructPix2PixPipeline",
        (_, Some(_)) if is_refiner => "StableDiffusionXLImg2ImgPipeline",
        (_, Some(_)) => "StableDiffusionXLPipeline",
        _ => "StableDiffusionPipeline",
    };
    let scheduler = scheduler(a);
    let mut index = json!({
        "_class_name": class,
        "_diffusers_version": VERSION,
        "scheduler": ["diffusers", scheduler["_class_name"]],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
    });
    let known = if a.unet.y.is_some() {
        &["text_encoder", "text_encoder_2"][..]
    } else {
        index["safety_checker"] = json!([null, null]);
        index["feature_extractor"] = json!([null, null]);
        index["requires_safety_checker"] = json!(false);
        &["text_encoder"]
    };
    for folder in known {
        let encoder = (0..a.text.len()).find(|&i| text_folder(a, i) == *folder);
        let tokenizer = folder.replace("text_encoder", "tokenizer");
        index[*folder] = encoder.map_or(json!([null, null]), |i| json!(["transformers", text_class(a, i)]));
        index[tokenizer] = encoder.map_or(json!([null, null]), |_| json!(["transformers", "CLIPTokenizer"]));
    }
    if a.unet.y.is_some() {
        index["force_zeros_for_empty_prompt"] = json!(!is_refiner);
        if is_refiner {
            index["requires_aesthetics_score"] = json!(true);
        }
    }
    index
}

fn text_class(a: &Architecture, index: usize) -> &'static str {
    if text_folder(a, index) == "text_encoder_2" {
        "CLIPTextModelWithProjection"
    } else {
        "CLIPTextModel"
    }
}

fn unet(a: &Architecture, linear: bool) -> Value {
    let u = &a.unet;
    let block = |attends: bool, with: &str, without: &str| if attends { with.to_owned() } else { without.to_owned() };
    let down: Vec<_> = u
        .depth
        .iter()
        .map(|&d| block(d > 0, "CrossAttnDownBlock2D", "DownBlock2D"))
        .collect();
    let up: Vec<_> = u
        .depth
        .iter()
        .rev()
        .map(|&d| block(d > 0, "CrossAttnUpBlock2D", "UpBlock2D"))
        .collect();
    // The middle's depth is the last level's there, whether that level attends or not.
    let mut depth: Vec<_> = u.depth.iter().map(|&d| d.max(1)).collect();
    if let Some(last) = depth.last_mut() {
        *last = u.mid_depth.max(1);
    }
    let mut config = json!({
        "_class_name": "UNet2DConditionModel",
        "_diffusers_version": VERSION,
        "act_fn": "silu",
        "attention_head_dim": u.heads,
        "block_out_channels": u.channels,
        "center_input_sample": false,
        "cross_attention_dim": u.context,
        "down_block_types": down,
        "downsample_padding": 1,
        "flip_sin_to_cos": true,
        "freq_shift": 0,
        "in_channels": u.in_channels,
        "layers_per_block": u.resnets,
        "mid_block_scale_factor": 1,
        "norm_eps": 1e-5,
        "norm_num_groups": u.groups,
        "out_channels": u.out_channels,
        "sample_size": a.native_size[0] / a.vae.downscale(),
        "transformer_layers_per_block": depth,
        "up_block_types": up,
        "use_linear_projection": linear,
    });
    if let Some(y) = u.y {
        config["addition_embed_type"] = json!("text_time");
        config["addition_time_embed_dim"] = json!(256);
        config["projection_class_embeddings_input_dim"] = json!(y);
    }
    config
}

fn vae(a: &Architecture) -> Value {
    let v = &a.vae;
    let levels = v.channels.len();
    json!({
        "_class_name": "AutoencoderKL",
        "_diffusers_version": VERSION,
        "act_fn": "silu",
        "block_out_channels": v.channels,
        "down_block_types": vec!["DownEncoderBlock2D"; levels],
        "force_upcast": true,
        "in_channels": v.in_channels,
        "latent_channels": v.latent_channels,
        "layers_per_block": v.resnets,
        "norm_num_groups": v.groups,
        "out_channels": v.in_channels,
        "sample_size": a.native_size[0],
        "scaling_factor": v.scale_factor,
        "up_block_types": vec!["UpDecoderBlock2D"; levels],
    })
}

fn text(a: &Architecture, index: usize) -> Value {
    let t = &a.text[index];
    let activation = match t.activation {
        Activation::QuickGelu => "quick_gelu",
        Activation::Gelu => "gelu",
    };
    json!({
        "architectures": [text_class(a, index)],
        "attention_dropout": 0.0,
        "bos_token_id": Tokenizer::BOS,
        "dropout": 0.0,
        "eos_token_id": Tokenizer::EOS,
        "hidden_act": activation,
        "hidden_size": t.width,
        "initializer_factor": 1.0,
        "initializer_range": 0.02,
        "intermediate_size": t.feed_forward,
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": t.positions,
        "model_type": "clip_text_model",
        "num_attention_heads": t.heads,
        "num_hidden_layers": text_layers(a, index),
        "pad_token_id": 1,
        "projection_dim": t.projection.unwrap_or(t.width),
        "vocab_size": t.vocabulary,
    })
}

fn tokens(encoder: &TextEncoder) -> [Value; 2] {
    let pad = match encoder.activation {
        Activation::QuickGelu => "<|endoftext|>",
        Activation::Gelu => "!",
    };
    let token = |content: &str, normalized: bool| json!({ "content": content, "lstrip": false, "normalized": normalized, "rstrip": false, "single_word": false });
    let special = json!({
        "bos_token": token("<|startoftext|>", true),
        "eos_token": token("<|endoftext|>", true),
        "pad_token": pad,
        "unk_token": token("<|endoftext|>", true),
    });
    let mut settings = json!({
        "add_prefix_space": false,
        "do_lower_case": true,
        "errors": "replace",
        "model_max_length": encoder.positions,
        "tokenizer_class": "CLIPTokenizer",
    });
    for (key, value) in special.as_object().into_iter().flatten() {
        settings[key] = value.clone();
    }
    [settings, special]
}

fn scheduler(a: &Architecture) -> Value {
    let d: &architecture::Diffusion = &a.diffusion;
    let class = if a.unet.y.is_some() {
        "EulerDiscreteScheduler"
    } else {
        "DDIMScheduler"
    };
    let mut config = json!({
        "_class_name": class,
        "_diffusers_version": VERSION,
        "beta_end": d.beta_end,
        "beta_schedule": match d.betas { Betas::Linear => "linear", Betas::ScaledLinear => "scaled_linear" },
        "beta_start": d.beta_start,
        "num_train_timesteps": d.timesteps,
        "prediction_type": match d.prediction { Prediction::Epsilon => "epsilon", Prediction::V => "v_prediction" },
        "steps_offset": 1,
        "timestep_spacing": "leading",
    });
    if d.zero_snr {
        config["rescale_betas_zero_snr"] = json!(true);
    }
    if a.unet.y.is_none() {
        config["clip_sample"] = json!(false);
        config["set_alpha_to_one"] = json!(false);
    }
    config
}
