//! Options and parameters to a [`Recipe`]: what is said here goes before what an infotext says, and that before the defaults.

use std::fmt::Display;
use std::path::PathBuf;
use std::str::FromStr;

use danlu::diffusion::Recipe;
use danlu::diffusion::noise::NoiseSource;
use danlu::diffusion::sampler::{SamplerKind, parse_sampler};
use danlu::diffusion::schedule::Schedule;
use danlu::infotext::Infotext;
use danlu::store::hashes::HashCache;
use danlu::store::{Folder, library};
use danlu::weights::{Checkpoint, hash};

use super::args::Generate;
use super::context::Context;
use super::failure::Failure;

/// Fields of an infotext that decide pixels and are understood, or that decide none.
const UNDERSTOOD: [&str; 19] = [
    "Steps",
    "Sampler",
    "Schedule type",
    "CFG scale",
    "Seed",
    "Size",
    "Model hash",
    "VAE",
    "VAE hash",
    "Model",
    "Clip skip",
    "ENSD",
    "RNG",
    "Version",
    "User",
    "Size-1",
    "Size-2",
    "Emphasis",
    "Batch size",
];

/// A recipe, and what the user should know about how it came about.
pub(super) struct Resolved {
    pub(super) recipe: Recipe,
    pub(super) notes: Vec<String>,
}

/// Completes the options to a recipe.
pub(super) fn resolve(context: &Context, options: &Generate, params: Option<&Infotext>) -> Result<Resolved, Failure> {
    let mut notes = Vec::new();
    if let Some(params) = params {
        let ignored: Vec<_> = params
            .fields
            .iter()
            .map(|(k, _)| k.as_str())
            .filter(|k| !UNDERSTOOD.contains(k))
            .collect();
        if !ignored.is_empty() {
            notes.push(format!("not used from the parameters: {}", ignored.join(", ")));
        }
    }
    let model = model(context, options, params, &mut notes)?;
    let mut checkpoint = Checkpoint::open(&model)?;
    let vae = vae(context, options, params)?;
    if let Some(vae) = &vae {
        checkpoint.replace_vae(vae)?;
    }
    let size = match &options.size {
        Some(text) => size(text)?,
        None => match params.map(Infotext::size).transpose()?.flatten() {
            Some((width, height)) => [width as usize, height as usize],
            None => checkpoint.architecture().native_size,
        },
    };
    let mut recipe = Recipe {
        vae,
        ..Recipe::new(model, size)
    };
    apply_settings(context, &mut recipe)?;
    if let Some(params) = params {
        apply_params(&mut recipe, params)?;
    }
    let seed = apply_options(&mut recipe, options)?.or(params.map(Infotext::seed).transpose()?.flatten());
    recipe.seed = match seed {
        None | Some(-1) => u64::from(rand_seed()),
        Some(seed) => seed.cast_unsigned(),
    };
    match recipe.check().into_iter().next() {
        Some(wrong) => Err(wrong.into()),
        None => Ok(Resolved { recipe, notes }),
    }
}

/// The checkpoint that the options or the parameters name. Says so when it is not the file that the parameters were made with.
fn model(
    context: &Context,
    options: &Generate,
    params: Option<&Infotext>,
    notes: &mut Vec<String>,
) -> Result<PathBuf, Failure> {
    if let Some(wanted) = &options.model {
        return context.checkpoint(Some(wanted));
    }
    let Some(params) = params else {
        return context.checkpoint(None);
    };
    let path = context.checkpoint(params.model())?;
    if let Some(expected) = params.model_hash().filter(|_| path.is_file()) {
        let found = HashCache::new(context.hash_cache())
            .sha256(&path, hash::sha256)
            .unwrap_or_default();
        if hash::short(&found) != expected {
            notes.push(format!(
                "the parameters were made with a checkpoint of hash {expected}; {} has {}",
                path.display(),
                hash::short(&found)
            ));
        }
    }
    Ok(path)
}

/// The VAE file that the options or the parameters name; A1111 writes `None` and `Automatic` where there is none.
fn vae(context: &Context, options: &Generate, params: Option<&Infotext>) -> Result<Option<PathBuf>, Failure> {
    let wanted = options.vae.as_deref().or(params.and_then(Infotext::vae));
    let wanted = wanted.filter(|name| !["", "None", "Automatic"].contains(name));
    wanted
        .map(|name| Ok(library::find(&context.model_roots(), name, Some(Folder::Vae))?))
        .transpose()
}

fn apply_settings(context: &Context, recipe: &mut Recipe) -> Result<(), Failure> {
    recipe.rng = context.settings.rng.parse()?;
    recipe.comma_backtrack = context.settings.comma_padding_backtrack as usize;
    Ok(())
}

fn apply_params(recipe: &mut Recipe, params: &Infotext) -> Result<(), Failure> {
    recipe.prompt.clone_from(&params.prompt);
    recipe.negative_prompt.clone_from(&params.negative_prompt);
    if let Some(sampler) = params.sampler() {
        set_sampler(recipe, sampler)?;
    }
    if let Some(schedule) = params.schedule() {
        recipe.schedule = recipe.sampler.recorded(schedule.parse()?);
    }
    if let Some(steps) = params.steps()? {
        recipe.steps = steps as usize;
    }
    if let Some(cfg) = params.cfg_scale()? {
        recipe.cfg_scale = cfg;
    }
    if let Some(skip) = params.clip_skip()? {
        recipe.clip_skip = skip as usize;
    }
    recipe.ensd = params.ensd()?.unwrap_or_default();
    // A1111 writes nothing for its default, the GPU's generator, which `nv` is.
    recipe.rng = params.rng().map_or(Ok(NoiseSource::Nv), str::parse)?;
    Ok(())
}

/// Applies the options and returns the seed asked for.
fn apply_options(recipe: &mut Recipe, options: &Generate) -> Result<Option<i64>, Failure> {
    if let Some(prompt) = &options.prompt {
        recipe.prompt.clone_from(prompt);
    }
    if let Some(negative) = &options.negative {
        recipe.negative_prompt.clone_from(negative);
    }
    if let Some(sampler) = &options.sampler {
        set_sampler(recipe, sampler)?;
    }
    if let Some(schedule) = &options.schedule {
        recipe.schedule = schedule.parse::<Schedule>()?;
    }
    set(&mut recipe.steps, "steps", options.steps.as_ref(), "a whole number")?;
    set(&mut recipe.cfg_scale, "cfg", options.cfg.as_ref(), "a number")?;
    set(
        &mut recipe.batch_size,
        "batch",
        options.batch.as_ref(),
        "a whole number",
    )?;
    set(
        &mut recipe.batch_count,
        "count",
        options.count.as_ref(),
        "a whole number",
    )?;
    set(
        &mut recipe.clip_skip,
        "clip-skip",
        options.clip_skip.as_ref(),
        "a whole number",
    )?;
    set(&mut recipe.ensd, "ensd", options.ensd.as_ref(), "a whole number")?;
    if let Some(rng) = &options.rng {
        recipe.rng = rng.parse::<NoiseSource>()?;
    }
    options.seed.as_deref().map(seed).transpose()
}

fn set_sampler(recipe: &mut Recipe, text: &str) -> Result<(), Failure> {
    let (sampler, schedule): (SamplerKind, _) = parse_sampler(text)?;
    recipe.sampler = sampler;
    recipe.schedule = schedule.unwrap_or(Schedule::Automatic);
    Ok(())
}

fn set<T: FromStr>(field: &mut T, name: &str, text: Option<&String>, expected: &str) -> Result<(), Failure> {
    if let Some(text) = text {
        *field = text.trim().parse().map_err(|_| wrong(name, text, expected))?;
    }
    Ok(())
}

fn wrong(name: &str, value: impl Display, expected: &str) -> Failure {
    Failure::usage(format!(
        "{name} is {value:?}, expected {expected}",
        value = value.to_string()
    ))
}

/// Reads `512x768`; a `×` will do.
fn size(text: &str) -> Result<[usize; 2], Failure> {
    let parts = text.split_once(['x', 'X', '×', '*']);
    let read = |side: &str| side.trim().parse().ok();
    parts
        .and_then(|(width, height)| Some([read(width)?, read(height)?]))
        .ok_or_else(|| wrong("size", text, "width and height like 512x768"))
}

/// Seeds go from 0 to 2^64 - 1, as torch takes them; -1 asks for a random one.
fn seed(text: &str) -> Result<i64, Failure> {
    let number: i128 = text
        .trim()
        .parse()
        .map_err(|_| wrong("seed", text, "a whole number, or -1 for a random one"))?;
    match number {
        -1 => Ok(-1),
        n => match u64::try_from(n) {
            // The last one would be mistaken for -1.
            Ok(n) if n < u64::MAX => Ok(n.cast_signed()),
            _ => Err(wrong("seed", text, "-1 or 0 to 18446744073709551614")),
        },
    }
}

/// A random seed of A1111's range.
fn rand_seed() -> u32 {
    use std::hash::{BuildHasher, Hasher};
    // The standard library's hasher is seeded by the system's randomness.
    std::hash::RandomState::new().build_hasher().finish() as u32
}
