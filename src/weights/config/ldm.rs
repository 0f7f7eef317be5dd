//! The architecture of a single file in the original layout: its shapes, and the yaml beside it where there is one.
//!
//! The yaml is LDM's (`v1-inference.yaml` and its kin). Three keys are danlu's own and complete what LDM hard-codes: `num_groups`
//! of the UNet and of the autoencoder's `ddconfig`, and the text encoder's `heads`; its width and depth are in the shapes.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use super::shapes::{self, Shapes};
use crate::weights::architecture::{Architecture, Betas, Diffusion, Prediction, TextEncoder, TextNaming, Unet, Vae};
use crate::weights::file::{Info, TensorFile};
use crate::weights::kind::{self, Kind, What};
use crate::weights::{Error, Layout, config};

/// Prefix of the UNet's tensors.
pub const UNET: &str = "model.diffusion_model.";
/// Prefix of the VAE's tensors.
pub const VAE: &str = "first_stage_model.";
/// CLIP's `<|endoftext|>`, which also fills a chunk.
pub(super) const END_OF_TEXT: u32 = 49407;

/// The prefixes of the text encoders that a file has, in the order in which their states are concatenated.
pub fn text_prefixes(has: impl Fn(&str) -> bool) -> Vec<(&'static str, TextNaming)> {
    const KNOWN: [(&str, TextNaming); 5] = [
        ("cond_stage_model.transformer.", TextNaming::Transformers),
        ("cond_stage_model.model.", TextNaming::OpenClip),
        ("conditioner.embedders.0.transformer.", TextNaming::Transformers),
        ("conditioner.embedders.0.model.", TextNaming::OpenClip),
        ("conditioner.embedders.1.model.", TextNaming::OpenClip),
    ];
    KNOWN.into_iter().filter(|(prefix, _)| has(prefix)).collect()
}

/// Reads the architecture of `file`, and whether anything there says what its UNet predicts; where nothing does, it is a guess.
///
/// # Errors
/// [`Error::NotStableDiffusion`] when a network is not there, [`Error::Config`] when the yaml beside the file cannot be understood.
pub fn architecture(file: &TensorFile) -> Result<(Architecture, bool), Error> {
    let not = |why: String| Error::NotStableDiffusion {
        path: file.path().to_owned(),
        why,
    };
    let tensors = file.tensors();
    if let Some(why) = unusable(tensors) {
        return Err(not(why));
    }
    let lacks = |part: &str, shapes: &Shapes<'_>| not(format!("its {part} has no tensor {}", shapes.missing()));
    let unet_shapes = Shapes::new(tensors, UNET);
    let has = |prefix: &str| {
        tensors
            .range(prefix.to_owned()..)
            .next()
            .is_some_and(|(n, _)| n.starts_with(prefix))
    };
    let unet = shapes::unet(&unet_shapes).ok_or_else(|| {
        if has(UNET) && kind::of(tensors).kind != Kind::Unknown {
            lacks("UNet", &unet_shapes)
        } else {
            not(guess(tensors))
        }
    })?;
    let vae_shapes = Shapes::new(tensors, VAE);
    let vae = shapes::vae(&vae_shapes, Layout::SingleFile).ok_or_else(|| {
        if has(VAE) {
            lacks("VAE", &vae_shapes)
        } else {
            not(format!("it has a UNet, but no VAE ({VAE}…)"))
        }
    })?;
    let mut text = Vec::new();
    for (prefix, naming) in text_prefixes(has) {
        let shapes = Shapes::new(tensors, prefix);
        text.push(shapes::text(&shapes, naming).ok_or_else(|| lacks("text encoder", &shapes))?);
    }
    if text.is_empty() {
        return Err(not(
            "it has a UNet, but no text encoder (cond_stage_model.… or conditioner.…)".to_owned(),
        ));
    }
    let mut architecture = Architecture {
        native_size: if unet.y.is_some() { [1024; 2] } else { [512; 2] },
        unet,
        vae,
        text,
        diffusion: Diffusion::default(),
    };
    conventions(&mut architecture);
    let mut is_said = apply_marks(file, &mut architecture);
    let mut is_sized = file.metadata().contains_key("modelspec.resolution");
    // The yaml comes last: it is what a user can correct.
    let yaml = file.path().with_extension("yaml");
    if yaml.is_file() {
        is_sized |= apply_yaml(&yaml, &mut architecture)?;
        is_said = true;
    }
    let may_be_v = is_sd2(&architecture) && architecture.unet.in_channels == architecture.vae.latent_channels;
    is_said |= !may_be_v;
    if !is_said {
        architecture.diffusion.prediction = likely_prediction(file);
    }
    if is_sd2(&architecture) && architecture.diffusion.prediction == Prediction::V && !is_sized {
        architecture.native_size = [768; 2];
    }
    let described = if yaml.is_file() { yaml } else { file.path().to_owned() };
    architecture
        .check()
        .map_err(|(_, why)| Error::Config { path: described, why })?;
    Ok((architecture, is_said))
}

/// What a file is that belongs to a family which is known, but cannot be drawn with from text.
fn unusable(tensors: &BTreeMap<String, Info>) -> Option<String> {
    let found = kind::of(tensors);
    match found.family {
        Some("sd2-unclip") => Some(format!("it is {}, which draws after a picture", found.what)),
        Some(_) if found.kind == Kind::Unknown => Some(format!("it is {}, which is known by name only", found.what)),
        _ => None,
    }
}

/// SD 2.x comes in two kinds, told apart by nothing in the tensors' shapes.
fn is_sd2(a: &Architecture) -> bool {
    a.unet.y.is_none() && a.text.iter().any(|t| t.naming == TextNaming::OpenClip)
}

/// What SD 2.x probably predicts, told by a tensor whose values spread more in the models that predict velocity (`ComfyUI`'s rule). The
/// UNet itself is asked when it is loaded; until then this serves for the size and the family's name.
fn likely_prediction(file: &TensorFile) -> Prediction {
    const TELLING: &str = "model.diffusion_model.output_blocks.11.1.transformer_blocks.0.norm1.bias";
    let values = file.view(TELLING).and_then(|view| view.to_f32()).unwrap_or_default();
    let mean = |values: &mut dyn Iterator<Item = f64>, n: usize| values.sum::<f64>() / n.max(1) as f64;
    let middle = mean(&mut values.iter().map(|v| f64::from(*v)), values.len());
    let variance = mean(
        &mut values.iter().map(|v| (f64::from(*v) - middle).powi(2)),
        values.len(),
    );
    if variance.sqrt() > 0.09 {
        Prediction::V
    } else {
        Prediction::Epsilon
    }
}
/// What shapes cannot tell apart: SDXL reads raw penultimate states and a pooled projection, the others normalised states alone.
fn conventions(a: &mut Architecture) {
    let xl = a.unet.y.is_some();
    if xl {
        a.vae.scale_factor = 0.13025;
    }
    for text in &mut a.text {
        if xl {
            (text.layer, text.skips, text.final_norm) = (2, false, false);
        } else {
            text.projection = None;
        }
    }
}

/// What trainers leave in the file: the empty tensors `v_pred` and `ztsnr`, and `modelspec.*` in the header. Whether they say what the
/// UNet predicts.
fn apply_marks(file: &TensorFile, a: &mut Architecture) -> bool {
    let metadata = file.metadata();
    let has = |mark: &str| file.tensors().contains_key(mark) || metadata.contains_key(mark);
    let mut is_said = has("v_pred");
    if is_said {
        a.diffusion.prediction = Prediction::V;
    }
    a.diffusion.zero_snr = has("ztsnr");
    if let Some(size) = metadata
        .get("modelspec.resolution")
        .and_then(|r| config::parse_resolution(r))
    {
        a.native_size = size;
    }
    match metadata.get("modelspec.prediction_type").map(String::as_str) {
        Some("v" | "v_prediction") => (a.diffusion.prediction, is_said) = (Prediction::V, true),
        Some("epsilon") if !is_said => (a.diffusion.prediction, is_said) = (Prediction::Epsilon, true),
        _ => {}
    }
    is_said
}

/// Says what a file without a UNet of this layout looks like instead.
fn guess(tensors: &BTreeMap<String, Info>) -> String {
    match kind::of(tensors) {
        What {
            kind: Kind::Unet, what, ..
        } => format!("it looks like {what}, in another layout than {UNET}…"),
        found => format!(
            "it looks like {}, with {} tensors and no UNet ({UNET}…)",
            found.what,
            tensors.len()
        ),
    }
}

#[derive(Deserialize)]
struct Document {
    model: Model,
}

#[derive(Deserialize)]
struct Model {
    params: Params,
}

#[derive(Deserialize)]
struct Params {
    linear_start: Option<f64>,
    linear_end: Option<f64>,
    timesteps: Option<usize>,
    parameterization: Option<String>,
    #[serde(alias = "zsnr", alias = "zero_terminal_snr", alias = "rescale_betas_zero_snr")]
    ztsnr: Option<bool>,
    image_size: Option<usize>,
    scale_factor: Option<f64>,
    denoiser_config: Option<Target>,
    network_config: Option<UnetConfig>,
    unet_config: Option<UnetConfig>,
    first_stage_config: Option<VaeConfig>,
    cond_stage_config: Option<TextConfig>,
    conditioner_config: Option<ConditionerConfig>,
}

#[derive(Deserialize)]
struct Target {
    params: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct UnetConfig {
    params: UnetParams,
}

#[derive(Deserialize)]
struct UnetParams {
    model_channels: usize,
    channel_mult: Vec<f64>,
    num_heads: Option<i64>,
    num_head_channels: Option<i64>,
    num_groups: Option<usize>,
}

#[derive(Deserialize)]
struct VaeConfig {
    params: VaeParams,
}

#[derive(Deserialize)]
struct VaeParams {
    ddconfig: DdConfig,
}

#[derive(Deserialize)]
struct DdConfig {
    #[serde(default)]
    attn_resolutions: Vec<usize>,
    num_groups: Option<usize>,
}

#[derive(Deserialize)]
struct TextConfig {
    params: Option<TextParams>,
}

/// SDXL's: the text encoders come first, then the embedders of sizes.
#[derive(Deserialize)]
struct ConditionerConfig {
    params: ConditionerParams,
}

#[derive(Deserialize)]
struct ConditionerParams {
    emb_models: Vec<TextConfig>,
}

#[derive(Deserialize)]
struct TextParams {
    heads: Option<usize>,
    layer: Option<String>,
}

/// Takes from the yaml what shapes cannot tell, and checks what they can. Whether it says a size of its own: the `image_size` of 64 that
/// every yaml of SD 1.x and 2.x has says nothing, not even in that of the model for 768 pixels.
fn apply_yaml(path: &Path, a: &mut Architecture) -> Result<bool, Error> {
    let fail = |why: String| Error::Config {
        path: path.to_owned(),
        why,
    };
    let bytes = std::fs::read(path).map_err(|source| Error::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let text = String::from_utf8(bytes).map_err(|e| fail(format!("it is not UTF-8: {e}")))?;
    let document: Document = serde_saphyr::from_str(&text).map_err(|e| fail(first_line(&e.to_string())))?;
    let params = document.model.params;
    if let Some(config) = params.unet_config.or(params.network_config) {
        apply_unet(&config.params, &mut a.unet).map_err(fail)?;
    }
    if let Some(config) = params.first_stage_config {
        apply_vae(&config.params.ddconfig, &mut a.vae).map_err(fail)?;
    }
    let encoders = params.conditioner_config.map(|c| c.params.emb_models);
    for (config, encoder) in encoders
        .unwrap_or_default()
        .iter()
        .chain(&params.cond_stage_config)
        .zip(&mut a.text)
    {
        apply_text(config, encoder);
    }
    if let Some(image_size) = params.image_size {
        a.native_size = [image_size.saturating_mul(a.vae.downscale()); 2];
    }
    let is_sized = params.image_size.is_some_and(|size| size != 64);
    a.vae.scale_factor = params.scale_factor.unwrap_or(a.vae.scale_factor);
    let d = &mut a.diffusion;
    d.beta_start = params.linear_start.unwrap_or(d.beta_start);
    d.beta_end = params.linear_end.unwrap_or(d.beta_end);
    d.timesteps = params.timesteps.unwrap_or(d.timesteps);
    d.betas = Betas::ScaledLinear;
    d.zero_snr = params.ztsnr.unwrap_or(d.zero_snr);
    let v_denoiser = params
        .denoiser_config
        .and_then(|t| t.params)
        .is_some_and(|p| p.to_string().contains("VScaling") || p.to_string().contains("VWeighting"));
    match params.parameterization.as_deref() {
        Some("v") => d.prediction = Prediction::V,
        None if v_denoiser => d.prediction = Prediction::V,
        // Noise is LDM's own default.
        Some("eps") | None => d.prediction = Prediction::Epsilon,
        Some(other) => {
            return Err(fail(format!(
                "parameterization is {other:?}, expected \"eps\" or \"v\""
            )));
        }
    }
    Ok(is_sized)
}

fn apply_unet(params: &UnetParams, unet: &mut Unet) -> Result<(), String> {
    let channels: Vec<usize> = params
        .channel_mult
        .iter()
        .map(|m| (m * params.model_channels as f64).round() as usize)
        .collect();
    if channels != unet.channels {
        return Err(format!(
            "its channel_mult and model_channels give levels of {channels:?}, the file's tensors have {:?}",
            unet.channels
        ));
    }
    let width = params.num_head_channels.filter(|&w| w > 0);
    let number = params.num_heads.filter(|&n| n > 0);
    unet.heads = match (width.map(usize::try_from), number.map(usize::try_from)) {
        (Some(Ok(width)), _) => channels.iter().map(|c| c / width).collect(),
        (None, Some(Ok(number))) => vec![number; channels.len()],
        _ => std::mem::take(&mut unet.heads),
    };
    unet.groups = params.num_groups.unwrap_or(unet.groups);
    Ok(())
}

fn apply_vae(params: &DdConfig, vae: &mut Vae) -> Result<(), String> {
    if !params.attn_resolutions.is_empty() {
        return Err(format!(
            "attn_resolutions {:?} of the autoencoder; only attention in its middle is known",
            params.attn_resolutions
        ));
    }
    vae.groups = params.num_groups.unwrap_or(vae.groups);
    Ok(())
}

fn apply_text(config: &TextConfig, encoder: &mut TextEncoder) {
    let Some(params) = &config.params else { return };
    encoder.heads = params.heads.unwrap_or(encoder.heads);
    match params.layer.as_deref() {
        Some("last") => encoder.layer = 1,
        Some("penultimate") => encoder.layer = 2,
        _ => {}
    }
}

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
