//! Extract: what one checkpoint has over another as a LoRA, by kohya's rules (`networks/extract_lora_from_models.py`).
//!
//! The layers are those that kohya trains, under kohya's names: of SDXL the original ones, else diffusers'.

use std::collections::BTreeMap;
use std::sync::Arc;

use safetensors::Dtype;

use super::modelspec::{self, Base};
use super::pace::Watch;
use super::source::{Networks, Source, networks};
use super::svd::Svd;
use super::task::Extract;
use super::tensor::{Map, Tensor};
use super::write::{self, Plan, safetensors::add_hashes};
use super::{Done, Error, lora, python};
use crate::weights::architecture::Prediction;
use crate::weights::{Architecture, names};

/// A layer of both checkpoints.
struct Layer<'a> {
    name: String,
    original: Tensor<'a>,
    tuned: Tensor<'a>,
}

/// Does the task.
pub(super) fn run(task: &Extract, watch: &mut Watch<'_>) -> Result<Done, Error> {
    check(task)?;
    let inputs = [task.original.as_path(), task.tuned.as_path()];
    write::free(&task.output.path, &inputs, task.output.overwrite)?;
    let (original, tuned) = (Source::open(inputs[0])?, Source::open(inputs[1])?);
    let architecture = original.architecture()?;
    let other = tuned.architecture()?;
    let mismatch = |why: String| Error::Mismatch {
        a: task.original.clone(),
        b: task.tuned.clone(),
        why,
    };
    let (family, others) = (architecture.family(), other.family());
    if architecture.text.len() != other.text.len() || architecture.unet.context != other.unet.context {
        return Err(mismatch(format!("the one is {family}, the other {others}")));
    }
    let (mut texts, unet) = layers(
        networks(original.tensors(), &architecture),
        &networks(tuned.tensors(), &other),
        &architecture,
        task.conv_rank.is_some(),
    )
    .map_err(mismatch)?;
    let mut notes = Vec::new();
    if !differ(&texts, task.least_difference, watch)? {
        notes.push(format!(
            "the text encoders differ by no more than {}, so the LoRA is of the UNet alone",
            task.least_difference
        ));
        texts.clear();
    }
    texts.extend(unet);
    let weight = |layer: &Layer<'_>| {
        let rows = layer.original.shape[0];
        let columns = layer.original.elements() / rows.max(1);
        layer.original.elements() as f64 * rows.min(columns) as f64
    };
    let made = lora::each(&texts, weight, watch, |layer| factored(layer, task))?;
    let tensors: Map<'_> = made.into_iter().flatten().collect();
    let losses = Arc::default();
    let base = Base {
        v2: architecture.unet.y.is_none() && family.starts_with("sd2"),
        v_prediction: architecture.diffusion.prediction == Prediction::V,
        xl: architecture.unet.y.is_some(),
    };
    let mut plan = Plan {
        tensors: write::cast(tensors, task.output.precision, &losses),
        metadata: metadata(task, base),
        is_checkpoint: false,
    };
    add_hashes(&mut plan)?;
    let mut done = write::file(plan, &task.output, &inputs, watch)?;
    notes.append(&mut done.notes);
    notes.extend(losses.notes());
    Ok(Done { notes, ..done })
}

fn check(task: &Extract) -> Result<(), Error> {
    let wrong = |what: String, hint| Err(Error::Task { what, hint });
    if task.rank == 0 || task.conv_rank == Some(0) {
        return wrong("the rank is 0".to_owned(), "give a rank of 1 or more");
    }
    if !(0.0..=1.0).contains(&task.clamp) {
        return wrong(
            format!("the quantile is {}, expected a number from 0 to 1", task.clamp),
            "0.99 is usual",
        );
    }
    if task.least_difference.is_nan() || task.least_difference < 0.0 {
        return wrong(
            format!("the least difference is {}", task.least_difference),
            "0.01 is usual",
        );
    }
    Ok(())
}

type Both<'a> = (Vec<Layer<'a>>, Vec<Layer<'a>>);

/// The layers of the text encoders and of the UNet that a LoRA changes.
fn layers<'a>(
    original: Networks<'a>,
    tuned: &Networks<'a>,
    architecture: &Architecture,
    with_conv: bool,
) -> Result<Both<'a>, String> {
    let (mut texts, mut unet) = (Vec::new(), Vec::new());
    let two = architecture.unet.y.is_some();
    for (folder, tensors) in original.folders {
        let others = tuned.folders.get(folder);
        for (name, original) in tensors {
            let Some(layer) = name.strip_suffix(".weight").filter(|_| is_matrix(&original.shape)) else {
                continue;
            };
            let lora = match folder {
                "unet" => unet_name(layer, architecture, with_conv),
                "vae" => None,
                _ => text_name(layer, folder, two),
            };
            let Some(lora) = lora else { continue };
            let tuned = others.and_then(|others| others.get(&name)).cloned();
            let tuned = tuned.ok_or_else(|| format!("the second has no {folder} tensor {name}"))?;
            if tuned.shape != original.shape {
                return Err(format!(
                    "{folder} tensor {name} has shape {:?} in one and {:?} in the other",
                    original.shape, tuned.shape
                ));
            }
            let layer = Layer {
                name: lora,
                original,
                tuned,
            };
            if folder == "unet" {
                unet.push(layer);
            } else {
                texts.push(layer);
            }
        }
    }
    Ok((texts, unet))
}

/// Whether a weight is a matrix or a convolution, and has elements.
fn is_matrix(shape: &[usize]) -> bool {
    matches!(shape.len(), 2 | 4) && !shape.contains(&0)
}

/// Kohya's name for a layer of the UNet: all within transformers, and with convolutions all within resnets and samplers.
fn unet_name(layer: &str, architecture: &Architecture, with_conv: bool) -> Option<String> {
    let in_transformer = layer.contains(".attentions.");
    let in_conv = [".resnets.", ".downsamplers.", ".upsamplers."]
        .iter()
        .any(|part| layer.contains(part));
    let wanted = in_transformer || (with_conv && in_conv);
    if !wanted {
        return None;
    }
    let name = if architecture.unet.y.is_some() {
        let weight = names::ldm_unet(&format!("{layer}.weight"), &architecture.unet)?;
        weight.strip_suffix(".weight")?.to_owned()
    } else {
        layer.to_owned()
    };
    Some(format!("lora_unet_{}", name.replace('.', "_")))
}

fn text_name(layer: &str, folder: &str, two: bool) -> Option<String> {
    if !layer.contains(".self_attn.") && !layer.contains(".mlp.") {
        return None;
    }
    let prefix = match (two, folder) {
        (false, _) => "lora_te",
        (true, "text_encoder_2") => "lora_te2",
        (true, _) => "lora_te1",
    };
    Some(format!("{prefix}_{}", layer.replace('.', "_")))
}

/// Whether any weight of the text encoders differs by more than that.
fn differ(texts: &[Layer<'_>], least: f64, watch: &mut Watch<'_>) -> Result<bool, Error> {
    let weight = |layer: &Layer<'_>| layer.original.len() as f64;
    let greatest = lora::each(texts, weight, watch, |layer| {
        Ok(layer.difference()?.into_iter().fold(0.0_f32, |m, v| m.max(v.abs())))
    })?;
    Ok(greatest.into_iter().any(|difference| f64::from(difference) > least))
}

impl Layer<'_> {
    fn difference(&self) -> Result<Vec<f32>, Error> {
        let (original, tuned) = (self.original.to_f32()?, self.tuned.to_f32()?);
        Ok(tuned.into_iter().zip(original).map(|(t, o)| t - o).collect())
    }
}

fn factored<'a>(layer: &Layer<'a>, task: &Extract) -> Result<[(String, Tensor<'a>); 3], Error> {
    let shape = &layer.original.shape;
    let is_large = shape.len() == 4 && shape[2..] != [1, 1];
    let wanted = match task.conv_rank {
        Some(rank) if is_large => rank,
        _ => task.rank,
    };
    let rank = wanted.min(shape[0]).min(shape[1]);
    let svd = Svd::of_matrix(&layer.difference()?, shape[0], shape[1..].iter().product())
        .ok_or_else(|| lora::not_finite(&task.tuned, &layer.name))?;
    let factors = svd.clamped_factors(rank, task.clamp);
    let [down, up] = lora::tensors(&factors, shape, rank, Dtype::F32);
    let [down_name, up_name] = lora::kohya_names(&layer.name);
    let alpha = lora::number(Dtype::F32, rank as f64);
    Ok([
        (down_name, down),
        (up_name, up),
        (format!("{}.alpha", layer.name), alpha),
    ])
}

fn metadata(task: &Extract, base: Base) -> BTreeMap<String, String> {
    let version = match (base.xl, base.v2, base.v_prediction) {
        (true, ..) => "sdxl_base_v1-0",
        (_, true, true) => "sd_v2_v",
        (_, true, false) => "sd_v2",
        (_, _, true) => "sd_v1_v",
        _ => "sd_v1",
    };
    let arguments = match task.conv_rank {
        Some(rank) => serde_json::json!({
            "conv_dim": rank.to_string(),
            "conv_alpha": python::float(rank as f64),
        }),
        None => serde_json::json!({}),
    };
    let mut metadata = modelspec::lora(base, &task.output.path, None);
    let keys = [
        ("ss_v2", if base.v2 { "True" } else { "False" }.to_owned()),
        ("ss_base_model_version", version.to_owned()),
        ("ss_network_module", "networks.lora".to_owned()),
        ("ss_network_dim", task.rank.to_string()),
        ("ss_network_alpha", python::float(task.rank as f64)),
        ("ss_network_args", python::json(&arguments)),
    ];
    metadata.extend(keys.into_iter().map(|(key, value)| (key.to_owned(), value)));
    metadata
}
