//! A picture's parameters back into a recipe.

use thiserror::Error;

use super::Recipe;
use super::noise::{NoiseSource, UnknownSource};
use super::sampler::{SamplerKind, UnknownSampler, parse_sampler};
use super::schedule::UnknownSchedule;
use crate::infotext::{FieldError, Infotext};

/// A parameter that no recipe can have.
#[derive(Clone, Debug, PartialEq, Error)]
pub enum ParameterError {
    /// It is not written as it should be.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// It names a sampler that is not known.
    #[error(transparent)]
    Sampler(#[from] UnknownSampler),
    /// It names a schedule that is not known.
    #[error(transparent)]
    Schedule(#[from] UnknownSchedule),
    /// It names a source of noise that is not known.
    #[error(transparent)]
    Rng(#[from] UnknownSource),
}

impl ParameterError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Field(error) => error.hint(),
            Self::Sampler(error) => error.hint(),
            Self::Schedule(error) => error.hint(),
            Self::Rng(error) => error.hint(),
        }
    }
}

/// Takes what an infotext says into a recipe, but for seed, checkpoint and VAE. Fields that `wanted` turns down are not even read, so
/// that whoever sets one by other means is not stopped by a value that cannot be used. Names are those of the command line.
///
/// # Errors
/// When a value cannot be read; the recipe has then taken those before it.
pub fn apply(recipe: &mut Recipe, infotext: &Infotext, wanted: impl Fn(&str) -> bool) -> Result<(), ParameterError> {
    recipe.prompt.clone_from(&infotext.prompt);
    // Before a prompt could call hypernetworks, the one in use was a field.
    if let Some(name) = infotext.get("Hypernet") {
        let strength = infotext.get("Hypernet strength").unwrap_or("1.0");
        recipe.prompt.push_str(&format!("<hypernet:{name}:{strength}>"));
    }
    recipe.negative_prompt.clone_from(&infotext.negative_prompt);
    if let Some(sampler) = infotext.sampler().filter(|_| wanted("sampler")) {
        set_sampler(recipe, sampler)?;
    }
    if let Some(schedule) = infotext.schedule().filter(|_| wanted("schedule")) {
        recipe.schedule = recipe.sampler.recorded(schedule.parse()?);
    }
    if wanted("size")
        && let Some((width, height)) = infotext.size()?
    {
        (recipe.width, recipe.height) = (width as usize, height as usize);
    }
    if wanted("steps") {
        recipe.steps = infotext.steps()?.map_or(recipe.steps, |steps| steps as usize);
    }
    if wanted("cfg") {
        recipe.cfg_scale = infotext.cfg_scale()?.unwrap_or(recipe.cfg_scale);
    }
    if wanted("clip-skip") {
        recipe.clip_skip = infotext.clip_skip()?.map_or(recipe.clip_skip, |skip| skip as usize);
    }
    if wanted("ensd") {
        recipe.ensd = infotext.ensd()?.unwrap_or_default();
    }
    if wanted("noise-schedule") {
        recipe.zero_snr = infotext.get("Noise Schedule") == Some("Zero Terminal SNR");
    }
    if wanted("rng") {
        // A1111 writes nothing for its default, the GPU's generator, which `nv` is.
        recipe.rng = infotext.rng().map_or(Ok(NoiseSource::Nv), str::parse)?;
    }
    Ok(())
}

/// Sets the sampler by its name, and the schedule where an old name has one in it.
///
/// # Errors
/// When there is no such sampler.
pub fn set_sampler(recipe: &mut Recipe, name: &str) -> Result<(), UnknownSampler> {
    let (sampler, schedule): (SamplerKind, _) = parse_sampler(name)?;
    recipe.sampler = sampler;
    recipe.schedule = schedule.unwrap_or(recipe.schedule);
    Ok(())
}
