//! A finished picture to a file: its infotext, its name, its bytes.

use std::path::{Path, PathBuf};

use super::job::{Generate, Output};
use crate::diffusion::Recipe;
use crate::diffusion::pixels::Picture;
use crate::diffusion::schedule::Schedule;
use crate::infotext::write::{GenerationFields, VERSION, fields};
use crate::infotext::{Infotext, carrier};
use crate::store::atomic::{self, WriteError};
use crate::store::names::{self, NameFields};

/// What a picture's parameters say of the checkpoint.
#[derive(Clone, Debug, Default)]
pub struct ModelTag {
    /// The file's name without extension.
    pub name: String,
    /// The first ten digits of its SHA-256, where it is one file.
    pub hash: Option<String>,
    /// The same of a VAE file that took the place of the checkpoint's.
    pub vae_hash: Option<String>,
    /// Name and hash of the refiner, where one took over.
    pub refiner: Option<(String, Option<String>)>,
    /// The networks of the LoRA family that were used, as infotext names them: `name: 12 digits, …`.
    pub lora_hashes: Option<String>,
    /// The embeddings that stand in the prompts, in the same form.
    pub embedding_hashes: Option<String>,
}

/// The parameters of the `index`th picture of a recipe, as A1111 writes them.
pub fn infotext(recipe: &Recipe, model: &ModelTag, index: usize) -> String {
    let made = GenerationFields {
        steps: recipe.steps as u32,
        sampler: recipe.sampler.name().to_owned(),
        schedule: recipe.schedule.label().to_owned(),
        cfg_scale: recipe.cfg_scale,
        seed: recipe.seed_of(index),
        width: recipe.width as u32,
        height: recipe.height as u32,
        model_hash: model.hash.clone(),
        model: Some(model.name.clone()),
        vae_hash: model.vae_hash.clone(),
        vae: recipe
            .vae
            .as_ref()
            .and_then(|v| v.file_name())
            .map(|n| n.to_string_lossy().into_owned()),
        clip_skip: recipe.clip_skip as u32,
        ensd: recipe.ensd,
        sampler_uses_ensd: recipe.sampler.info().uses_ensd,
        rng: recipe.rng.infotext().to_owned(),
        extra: extra(recipe, model),
        version: VERSION.to_owned(),
    };
    Infotext {
        prompt: recipe.prompt.clone(),
        negative_prompt: recipe.negative_prompt.clone(),
        fields: fields(&made),
    }
    .to_string()
}

/// What A1111 writes behind the common fields, in its order.
fn extra(recipe: &Recipe, model: &ModelTag) -> Vec<(String, String)> {
    let mut fields = Vec::new();
    if recipe.zero_snr {
        fields.push(("Noise Schedule".to_owned(), "Zero Terminal SNR".to_owned()));
    }
    if let Some(((name, hash), refiner)) = model.refiner.as_ref().zip(recipe.refiner.as_ref()) {
        let title = hash
            .as_ref()
            .map_or_else(|| name.clone(), |hash| format!("{name} [{hash}]"));
        fields.push(("Refiner".to_owned(), title));
        fields.push(("Refiner switch at".to_owned(), refiner.switch_at.to_string()));
    }
    if recipe.taesd.is_some() {
        fields.push(("VAE Decoder".to_owned(), "TAESD".to_owned()));
    }
    let hashes = [
        ("Lora hashes", &model.lora_hashes),
        ("TI hashes", &model.embedding_hashes),
    ];
    fields.extend(
        hashes
            .into_iter()
            .filter_map(|(key, hashes)| Some((key.to_owned(), hashes.clone()?))),
    );
    fields
}

/// Checks that pictures can be written before any is drawn.
///
/// # Errors
/// When the folder cannot be made or written to; nothing is made yet.
pub fn prepare(output: &Output) -> Result<(), WriteError> {
    match output {
        Output::Numbered { folder, .. } => atomic::check_writable(folder),
        Output::File(path) => atomic::check_writable(parent(path)),
    }
}

/// Writes a picture with its parameters and returns where it went.
///
/// # Errors
/// When the folder or the disk does not take it; nothing is left behind then.
pub fn save(
    job: &Generate,
    model: &ModelTag,
    index: usize,
    picture: &Picture,
    parameters: &str,
) -> Result<PathBuf, WriteError> {
    let (width, height) = (picture.width as u32, picture.height as u32);
    let write = |file: &mut dyn std::io::Write| -> std::io::Result<()> {
        Ok(carrier::embed_png(&picture.rgb, width, height, parameters, file)?)
    };
    match &job.output {
        Output::File(path) if index == 0 => atomic::write_atomic(path, write).map(|()| path.clone()),
        Output::File(path) => {
            let path = with_number(path, index);
            atomic::write_atomic(&path, write).map(|()| path)
        }
        Output::Numbered {
            folder,
            directory_pattern,
            filename_pattern,
        } => {
            let fields = name_fields(&job.recipe, model, index);
            names::save_picture(folder, directory_pattern, filename_pattern, &fields, write)
        }
    }
}

/// `fox.png` for the first picture, `fox-2.png` for the second.
fn with_number(path: &Path, index: usize) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let extension = path
        .extension()
        .map_or_else(String::new, |e| format!(".{}", e.to_string_lossy()));
    path.with_file_name(format!("{stem}-{}{extension}", index + 1))
}

fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

fn name_fields<'a>(recipe: &'a Recipe, model: &'a ModelTag, index: usize) -> NameFields<'a> {
    let first = index / recipe.batch_size * recipe.batch_size;
    let seed = |i| recipe.seed_of(i);
    NameFields {
        prompt: &recipe.prompt,
        negative_prompt: &recipe.negative_prompt,
        seed: seed(index),
        batch_seeds: (seed(first), seed(first + recipe.batch_size - 1)),
        steps: recipe.steps as u32,
        cfg_scale: recipe.cfg_scale,
        width: recipe.width as u32,
        height: recipe.height as u32,
        sampler: recipe.sampler.name(),
        schedule: recipe
            .sampler
            .schedule(recipe.schedule)
            .unwrap_or(Schedule::Automatic)
            .label(),
        model_name: &model.name,
        model_hash: model.hash.as_deref(),
        clip_skip: recipe.clip_skip as u32,
        batch_size: recipe.batch_size as u32,
        batch_index: (index - first) as u32,
        batch_count: recipe.batch_count as u32,
        iteration: (index / recipe.batch_size) as u32,
        now: jiff::Zoned::now(),
    }
}
