//! Options and parameters to a [`Recipe`]: what is said here goes before what an infotext says, and that before the defaults.

use std::fmt::Display;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use danlu::diffusion::Recipe;
use danlu::diffusion::noise::NoiseSource;
use danlu::diffusion::parameters::{self, set_sampler};
use danlu::diffusion::recipe::random_seed;
use danlu::diffusion::schedule::Schedule;
use danlu::infotext::Infotext;
use danlu::library::{HashCache, Trees};
use danlu::weights::{Checkpoint, hash};

use super::args::Drawing;
use super::context::Context;
use super::failure::Failure;

/// Fields of an infotext that decide pixels and are understood, or that decide none.
const UNDERSTOOD: [&str; 28] = [
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
    "Hypernet",
    "Hypernet strength",
    "Lora hashes",
    "TI hashes",
    "ENSD",
    "RNG",
    "Version",
    "User",
    "Size-1",
    "Size-2",
    "Batch size",
    "Refiner",
    "Refiner switch at",
    "VAE Decoder",
    "Noise Schedule",
    "Lora hashes",
    "TI hashes",
];

/// A recipe, and what the user should know about how it came about.
pub(super) struct Resolved {
    pub(super) recipe: Recipe,
    pub(super) notes: Vec<String>,
}

/// Completes the options to a recipe.
pub(super) fn resolve(context: &Context, options: &Drawing, params: Option<&Infotext>) -> Result<Resolved, Failure> {
    let mut notes = Vec::new();
    if let Some(params) = params {
        let ignored: Vec<_> = params
            .fields
            .iter()
            .map(|(k, _)| k.as_str())
            .filter(|k| !UNDERSTOOD.contains(k) && (*k != "Emphasis" || params.get(k) != Some("Original")))
            .collect();
        if !ignored.is_empty() {
            notes.push(format!("not used from the parameters: {}", ignored.join(", ")));
        }
    }
    let model = model(context, options, params, &mut notes)?;
    let base = match &options.base {
        Some(name) => Some(context.checkpoint(Some(name))?),
        None => None,
    };
    let others = || match &base {
        Some(base) => vec![base.clone()],
        None => Trees::scan(&context.model_roots()).checkpoints(),
    };
    let (mut checkpoint, _) = Checkpoint::open_among(&model, others)?;
    let models = super::companions::Companions {
        context,
        options,
        params,
        model: &model,
    };
    let (vae, own_vae) = models.vae(&mut checkpoint, &mut notes)?;
    let refiner = models.refiner(&mut notes)?;
    let is_xl = checkpoint.architecture().unet.y.is_some();
    let taesd = models.taesd(is_xl, &mut notes)?;
    let size = match &options.size {
        Some(text) => size(text)?,
        None => match params.map(Infotext::size).transpose()?.flatten() {
            Some((width, height)) => [width as usize, height as usize],
            None => checkpoint.architecture().native_size,
        },
    };
    let mut recipe = Recipe {
        base,
        vae,
        own_vae,
        refiner,
        taesd,
        ..Recipe::new(model, size)
    };
    apply_settings(context, &mut recipe)?;
    if let Some(params) = params {
        apply_params(&mut recipe, params, options).map_err(Failure::of_a_file)?;
    }
    apply_options(&mut recipe, options)?;
    let seed = match &options.seed {
        Some(text) => seed(text)?,
        None => params.map(Infotext::seed).transpose()?.flatten(),
    };
    recipe.seed = seed.unwrap_or_else(random_seed);
    match recipe.check().into_iter().next() {
        None => Ok(Resolved { recipe, notes }),
        Some(wrong) if params.is_some() && !is_given(options, wrong.field) => Err(Failure::from(wrong).of_a_file()),
        Some(wrong) => Err(wrong.into()),
    }
}

/// Whether a field was given as an option.
fn is_given(options: &Drawing, field: &str) -> bool {
    let option = match field {
        "steps" => &options.steps,
        "batch" => &options.batch,
        "count" => &options.count,
        "clip-skip" => &options.clip_skip,
        "size" => &options.size,
        "cfg" => &options.cfg,
        "refiner-switch-at" => &options.refiner_switch_at,
        _ => return false,
    };
    option.is_some()
}

/// The checkpoint that the options or the parameters name. Says so when it is not the file that the parameters were made with.
fn model(
    context: &Context,
    options: &Drawing,
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
    notes.extend(
        params
            .model_hash()
            .and_then(|expected| other_hash(context, &path, expected)),
    );
    Ok(path)
}

/// What to say when a file is not the one of that hash: today's ten digits, or the eight of 2022.
pub(super) fn other_hash(context: &Context, path: &Path, expected: &str) -> Option<String> {
    if !path.is_file() {
        return None;
    }
    let found = match expected.len() {
        8 => hash::legacy(path).ok()?,
        _ => hash::short(&HashCache::new(context.hash_cache()).sha256(path, hash::sha256).ok()?).to_owned(),
    };
    (found != expected).then(|| {
        format!(
            "the parameters name a file of hash {expected}; {} has {found}",
            path.display()
        )
    })
}

fn apply_settings(context: &Context, recipe: &mut Recipe) -> Result<(), Failure> {
    recipe.rng = context.settings.rng.parse()?;
    recipe.comma_backtrack = context.settings.comma_padding_backtrack as usize;
    Ok(())
}

/// Applies what the parameters say and no option does, so that an option also mends a value that cannot be used.
fn apply_params(recipe: &mut Recipe, params: &Infotext, options: &Drawing) -> Result<(), Failure> {
    let wanted = |field: &str| match field {
        "sampler" => options.sampler.is_none(),
        "schedule" => options.schedule.is_none(),
        "ensd" => options.ensd.is_none(),
        "rng" => options.rng.is_none(),
        "noise-schedule" => options.noise_schedule.is_none(),
        // Read before the checkpoint's own size was taken.
        "size" => false,
        _ => !is_given(options, field),
    };
    Ok(parameters::apply(recipe, params, wanted)?)
}

fn apply_options(recipe: &mut Recipe, options: &Drawing) -> Result<(), Failure> {
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
    if let Some(name) = &options.noise_schedule {
        recipe.zero_snr = match name.trim().to_ascii_lowercase().as_str() {
            "default" => false,
            "zero terminal snr" | "zero-terminal-snr" | "ztsnr" => true,
            _ => return Err(wrong("noise-schedule", name, "Default or Zero Terminal SNR")),
        };
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
    Ok(())
}

fn set<T: FromStr>(field: &mut T, name: &str, text: Option<&String>, expected: &str) -> Result<(), Failure> {
    if let Some(text) = text {
        *field = text.trim().parse().map_err(|_| wrong(name, text, expected))?;
    }
    Ok(())
}

pub(super) fn wrong(name: &str, value: impl Display, expected: &str) -> Failure {
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

/// Reads a seed, 0 to 2^64 - 1 as torch takes them; -1 asks for a random one.
fn seed(text: &str) -> Result<Option<u64>, Failure> {
    match text.trim() {
        "-1" => Ok(None),
        number => number
            .parse()
            .map(Some)
            .map_err(|_| wrong("seed", text, "0 to 18446744073709551615, or -1 for a random one")),
    }
}
