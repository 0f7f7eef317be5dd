//! Merge: one checkpoint of two or three, tensor by tensor as A1111's checkpoint merger 1.10 computes it, in the types that it computes
//! in.
//!
//! Two things are left as they are in A where A1111 does otherwise: whole numbers (of SDXL's position ids it makes fractions), and what
//! is no part of a model. [`blocks`] knows the multiplier of each block, [`recipe`] what is recorded.

mod blocks;
mod recipe;

use std::borrow::Cow;
use std::path::PathBuf;

use half::{bf16, f16};
use regex::Regex;
use safetensors::Dtype;

use self::blocks::Multipliers;
use super::beside::{self, Yaml};
use super::convert::write_checkpoint;
use super::pace::Watch;
use super::source::{Source, vae_to_original};
use super::task::{ConfigSource, Merge, Method};
use super::tensor::{Losses, Map, Tensor, encode, promote};
use super::write::{Plan, target_is_free};
use super::{Done, Error};
use crate::weights::config::ldm;
use crate::weights::{Layout, config};

/// What A1111 never merges.
const POSITIONS: &str = "cond_stage_model.transformer.text_model.embeddings.position_ids";
/// What A1111 does not take from a VAE's file.
const VAE_IGNORED: [&str; 2] = ["model_ema.decay", "model_ema.num_updates"];

/// The three inputs, opened.
struct Inputs {
    a: Source,
    b: Option<Source>,
    c: Option<Source>,
}

/// Does the task.
pub(super) fn run(task: &Merge, watch: &mut Watch<'_>) -> Result<Done, Error> {
    let mut paths = vec![task.a.as_path()];
    paths.extend(
        [&task.b, &task.c, &task.vae]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path),
    );
    let discard = check(task)?;
    target_is_free(&task.output, &paths)?;
    let inputs = Inputs::open(task)?;
    let vae = task.vae.as_ref().map(|path| Source::open(path)).transpose()?;
    let multipliers = Multipliers::of(task)?;
    let mut marks = recipe::Marks::default();
    let mut tensors = merged(&inputs, task.method, &multipliers, &mut marks)?;
    if let Some(vae) = &vae {
        bake_vae(&mut tensors, vae)?;
    }
    if let Some(discard) = discard {
        tensors.retain(|name, _| !discard.is_match(name));
    }
    let yaml = Yaml::planned(config_of(task), &task.output)?;
    let metadata = recipe::metadata(task, &inputs, marks, watch)?;
    let plan = Plan {
        tensors,
        metadata,
        is_checkpoint: true,
    };
    let architecture = || inputs.a.architecture();
    let mut done = write_checkpoint(plan, architecture, &task.output, &paths, watch)?;
    yaml.copy(&mut done)?;
    Ok(done)
}

impl Inputs {
    fn open(task: &Merge) -> Result<Self, Error> {
        let open = |path: &PathBuf| {
            let source = Source::open(path)?;
            if source.is_checkpoint() {
                return Ok(source);
            }
            Err(Error::Input {
                path: path.clone(),
                why: "is no checkpoint: it has no UNet".to_owned(),
                hint: "only checkpoints are merged; a LoRA is baked in, a VAE is given with --vae",
            })
        };
        Ok(Self {
            a: open(&task.a)?,
            b: task.b.as_ref().map(open).transpose()?,
            c: task.c.as_ref().map(open).transpose()?,
        })
    }

    fn all(&self) -> impl Iterator<Item = &Source> {
        [Some(&self.a), self.b.as_ref(), self.c.as_ref()].into_iter().flatten()
    }
}

fn check(task: &Merge) -> Result<Option<Regex>, Error> {
    let wrong = |what: String, hint| Err(Error::Task { what, hint });
    let label = task.method.label();
    match (task.method, &task.b, &task.c) {
        (Method::WeightedSum | Method::AddDifference, None, _) => {
            return wrong(format!("{label:?} has no second model"), "name B");
        }
        (Method::AddDifference, _, None) => {
            return wrong(format!("{label:?} has no third model"), "name C, which B was made from");
        }
        (Method::WeightedSum, _, Some(_)) => {
            return wrong(
                format!("{label:?} takes no third model"),
                "leave C out, or add a difference",
            );
        }
        (Method::Nothing, Some(_), _) | (Method::Nothing, _, Some(_)) => {
            return wrong(format!("{label:?} takes one model alone"), "leave B and C out");
        }
        _ => {}
    }
    if !task.multiplier.is_finite() {
        return wrong(
            format!("the multiplier is {}", task.multiplier),
            "the usual ones are from 0 to 1",
        );
    }
    if task.discard.is_empty() {
        return Ok(None);
    }
    Regex::new(&task.discard).map(Some).or_else(|error| {
        let first = error.to_string();
        let why = first.lines().last().unwrap_or_default();
        wrong(
            format!("{:?} is no regular expression: {why}", task.discard),
            "`model_ema\\.` finds the running averages",
        )
    })
}

/// A tensor's name as A1111 reads it: some files of SD 1.x leave a part out.
fn today(tensors: Map<'_>) -> Map<'_> {
    const OLD: &str = "cond_stage_model.transformer.";
    let rename = |name: String| match name.strip_prefix(OLD) {
        Some(rest)
            if ["embeddings.", "encoder.", "final_layer_norm."]
                .iter()
                .any(|s| rest.starts_with(s)) =>
        {
            format!("{OLD}text_model.{rest}")
        }
        _ => name,
    };
    tensors
        .into_iter()
        .map(|(name, tensor)| (rename(name), tensor))
        .collect()
}

/// Merges A with B, or with what B has over C.
fn merged<'a>(
    inputs: &'a Inputs,
    method: Method,
    multipliers: &Multipliers,
    marks: &mut recipe::Marks,
) -> Result<Map<'a>, Error> {
    let mut result = today(inputs.a.tensors());
    let Some(b) = &inputs.b else { return Ok(result) };
    let mut others = today(b.tensors());
    if let (Method::AddDifference, Some(c)) = (method, &inputs.c) {
        let third = today(c.tensors());
        for (name, tensor) in &mut others {
            if name.contains("model") && name != POSITIONS && tensor.is_float() {
                *tensor = difference(tensor.clone(), third.get(name).cloned(), name, (b, c))?;
            }
        }
    }
    for (name, a) in &mut result {
        let Some(other) = others.get(name).filter(|_| name.contains("model") && name != POSITIONS) else {
            continue;
        };
        if !a.is_float() || !other.is_float() {
            continue;
        }
        let narrow = fit(name, a, other, (&inputs.a, b), marks)?;
        let multiplier = multipliers.of_tensor(name);
        *a = mixed(a.clone(), other.clone(), method, multiplier, narrow);
    }
    Ok(result)
}

/// Whether B has fewer of the first layer's channels than A, by A1111's rules.
fn fit(
    name: &str,
    a: &Tensor<'_>,
    b: &Tensor<'_>,
    (source_a, source_b): (&Source, &Source),
    marks: &mut recipe::Marks,
) -> Result<bool, Error> {
    if a.shape == b.shape {
        return Ok(false);
    }
    let mismatch = |why: String| {
        Err(Error::Mismatch {
            a: source_a.path.clone(),
            b: source_b.path.clone(),
            why,
        })
    };
    let convolve = a.shape.len() == 4 && b.shape.len() == 4 && !a.shape.contains(&0);
    let alike = convolve && a.shape[0] == b.shape[0] && a.shape[2..] == b.shape[2..];
    match (alike, a.shape.get(1), b.shape.get(1)) {
        (true, Some(8), Some(4)) => marks.instructs = true,
        (true, Some(9), Some(4)) => marks.inpaints = true,
        (true, Some(4), Some(9)) => {
            return mismatch(
                "the second is an inpainting model; when one is merged with another, it must be the first".to_owned(),
            );
        }
        (true, Some(4), Some(8)) => {
            return mismatch(
                "the second is an instruct-pix2pix model; when one is merged with another, it must be the first"
                    .to_owned(),
            );
        }
        _ => {
            let (family, other) = (source_a.family(), source_b.family());
            return mismatch(format!(
                "the one is {family}, the other {other} (tensor {name} has shape {:?} in one and {:?} in the other)",
                a.shape, b.shape
            ));
        }
    }
    Ok(true)
}

/// What B has over C. Where C has no such tensor there is no difference.
fn difference<'a>(
    b: Tensor<'a>,
    c: Option<Tensor<'a>>,
    name: &str,
    (source_b, source_c): (&Source, &Source),
) -> Result<Tensor<'a>, Error> {
    let Some(c) = c.filter(Tensor::is_float) else {
        let length = b.len();
        return Ok(Tensor::new(b.dtype, b.shape, move || Ok(Cow::Owned(vec![0; length]))));
    };
    if b.shape != c.shape {
        return Err(Error::Mismatch {
            a: source_b.path.clone(),
            b: source_c.path.clone(),
            why: format!(
                "tensor {name} has shape {:?} in one and {:?} in the other",
                b.shape, c.shape
            ),
        });
    }
    let dtype = promote(b.dtype, c.dtype);
    Ok(Tensor::new(dtype, b.shape.clone(), move || {
        let difference = b.to_f32()?.into_iter().zip(c.to_f32()?);
        let difference: Vec<f32> = difference.map(|(b, c)| b - c).collect();
        Ok(Cow::Owned(encode(dtype, &difference, &Losses::default())))
    }))
}

/// `A * (1 - M) + B * M` or `A + B * M`, each step rounded to the type that torch computes it in; `narrow` when B has the first four of
/// A's channels.
fn mixed<'a>(a: Tensor<'a>, b: Tensor<'a>, method: Method, multiplier: f64, narrow: bool) -> Tensor<'a> {
    let dtype = if narrow { a.dtype } else { promote(a.dtype, b.dtype) };
    let shape = a.shape.clone();
    Tensor::new(dtype, shape, move || {
        let mut values = a.to_f32()?;
        let kept = match method {
            Method::WeightedSum => (1.0 - multiplier) as f32,
            _ => 1.0,
        };
        let multiplier = multiplier as f32;
        let (round_a, round_b) = (rounding(a.dtype), rounding(b.dtype));
        let round = rounding(promote(a.dtype, b.dtype));
        let other = b.to_f32()?;
        let mix = |a: f32, b: f32| round(round_a(a * kept) + round_b(b * multiplier));
        if narrow {
            let (per_row, own) = (b.elements() / b.shape[0], a.elements() / a.shape[0]);
            for (row, others) in values.chunks_mut(own).zip(other.chunks(per_row)) {
                row.iter_mut().zip(others).for_each(|(a, &b)| *a = mix(*a, b));
            }
        } else {
            values.iter_mut().zip(other).for_each(|(a, b)| *a = mix(*a, b));
        }
        Ok(Cow::Owned(encode(dtype, &values, &Losses::default())))
    })
}

/// How torch rounds in a type.
fn rounding(dtype: Dtype) -> fn(f32) -> f32 {
    match dtype {
        Dtype::F16 | Dtype::F8_E4M3 | Dtype::F8_E5M2 => |v| f16::from_f32(v).to_f32(),
        Dtype::BF16 => |v| bf16::from_f32(v).to_f32(),
        _ => |v| v,
    }
}

/// Puts a VAE's tensors in the place of the checkpoint's own, those that it has.
fn bake_vae<'a>(tensors: &mut Map<'a>, vae: &'a Source) -> Result<(), Error> {
    let not = |why: String| Error::Input {
        path: vae.path.clone(),
        why,
        hint: "give a file that holds a VAE for models of the same family",
    };
    let file = vae
        .file()
        .ok_or_else(|| not("is a folder, not the file of a VAE".to_owned()))?;
    let own = crate::weights::architecture::Vae {
        in_channels: 3,
        latent_channels: 4,
        channels: Vec::new(),
        resnets: 2,
        groups: 32,
        scale_factor: 0.18215,
    };
    let (naming, prefix, found) = config::vae_file(file, &own)?;
    let mut replaced = 0;
    for (name, tensor) in vae.tensors() {
        let Some(name) = name.strip_prefix(prefix).filter(|name| !name.starts_with("loss")) else {
            continue;
        };
        if VAE_IGNORED.contains(&name) {
            continue;
        }
        let placed = match naming {
            Layout::SingleFile => Some((name.to_owned(), tensor)),
            Layout::Diffusers => vae_to_original(name, tensor, found.channels.len()),
        };
        let Some((name, tensor)) = placed else { continue };
        if let Some(old) = tensors.get_mut(&format!("{}{name}", ldm::VAE)) {
            if old.shape != tensor.shape {
                return Err(not(format!(
                    "is a VAE of another kind: {name} has shape {:?}, and the checkpoint's {:?}",
                    tensor.shape, old.shape
                )));
            }
            *old = tensor;
            replaced += 1;
        }
    }
    if replaced == 0 {
        return Err(not("has no tensor that the checkpoint's VAE has".to_owned()));
    }
    Ok(())
}

/// The yaml that is copied.
fn config_of(task: &Merge) -> Option<PathBuf> {
    let beside = |path: Option<&PathBuf>| path.and_then(|path| beside::yaml_of(path));
    let (b, c) = (task.b.as_ref(), task.c.as_ref());
    match task.config {
        ConfigSource::Any => beside(Some(&task.a)).or_else(|| beside(b)).or_else(|| beside(c)),
        ConfigSource::B => beside(b),
        ConfigSource::C => beside(c),
        ConfigSource::Nobody => None,
    }
}
