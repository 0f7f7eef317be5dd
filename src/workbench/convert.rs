//! Convert: the same model in another format, precision or naming, with what only training needs left out where that is asked for.

use std::path::Path;

use super::beside::{self, Yaml};
use super::pace::Watch;
use super::source::{Source, vae_to_diffusers, vae_to_original};
use super::task::{Container, Convert, Naming, Prune, Target};
use super::tensor::Map;
use super::write::{self, Plan, folder};
use super::{Done, Error};
use crate::weights::Architecture;
use crate::weights::config::ldm;

/// The running average of the UNet's weights, as LDM's `LitEma` names it.
const AVERAGE: &str = "model_ema.";

/// Does the task.
pub(super) fn run(task: &Convert, watch: &mut Watch<'_>) -> Result<Done, Error> {
    let source = Source::open(&task.input)?;
    let mut tensors = source.tensors();
    let mut notes = Vec::new();
    if tensors.is_empty() {
        return Err(Error::Input {
            path: task.input.clone(),
            why: "has no tensors".to_owned(),
            hint: "only files of weights can be converted",
        });
    }
    if task.prune == Prune::TakeAverage {
        take_average(&mut tensors, &task.input)?;
    }
    if task.prune != Prune::Nothing {
        let before = tensors.len();
        tensors.retain(|name, _| !is_training(name));
        if tensors.is_empty() {
            return Err(Error::Input {
                path: task.input.clone(),
                why: "would lose all its tensors by that pruning".to_owned(),
                hint: "convert it without pruning",
            });
        }
        notes.push(format!("{} of {before} tensors are left out", before - tensors.len()));
    }
    if !source.is_checkpoint() {
        tensors = renamed(tensors, &task.input, task.naming, task.output.container())?;
    }
    let yaml = Yaml::planned(beside::yaml_of(&task.input), &task.output)?;
    let mut done = if task.output.container() == Container::Folder {
        if !source.is_checkpoint() {
            return Err(Error::Input {
                path: task.input.clone(),
                why: "is no checkpoint, so it cannot become a diffusers folder".to_owned(),
                hint: "end the result's name in .safetensors or .ckpt",
            });
        }
        notes.extend(lost_metadata(&source));
        folder::write(tensors, &source.architecture()?, &task.output, &[&task.input], watch)?
    } else {
        let mut metadata = source.metadata();
        if task.output.container() == Container::Safetensors && source.file().is_none_or(is_pickle) {
            // What `safetensors.torch` writes, and transformers asks for.
            metadata.insert("format".to_owned(), "pt".to_owned());
        }
        let plan = Plan {
            tensors,
            metadata,
            is_checkpoint: source.is_checkpoint(),
        };
        write::file(plan, &task.output, &[&task.input], watch)?
    };
    yaml.copy(&mut done)?;
    notes.append(&mut done.notes);
    Ok(Done { notes, ..done })
}

/// Writes a checkpoint with the original names as a file or a folder, whatever the target is.
pub(super) fn write_checkpoint(
    plan: Plan<'_>,
    architecture: impl FnOnce() -> Result<Architecture, Error>,
    target: &Target,
    inputs: &[&Path],
    watch: &mut Watch<'_>,
) -> Result<Done, Error> {
    match target.container() {
        Container::Folder => folder::write(plan.tensors, &architecture()?, target, inputs, watch),
        _ => write::file(plan, target, inputs, watch),
    }
}

fn is_pickle(file: &crate::weights::TensorFile) -> bool {
    file.format() != crate::weights::file::Format::Safetensors
}

fn lost_metadata(source: &Source) -> Option<String> {
    let texts = source.metadata().keys().filter(|key| *key != "format").count();
    (texts > 0).then(|| format!("{texts} texts of metadata are left out: a diffusers folder has no place for them"))
}

/// Whether drawing does not need the tensor: averages, the optimizer's state, the discriminator of the VAE's training.
fn is_training(name: &str) -> bool {
    const STARTS: [&str; 8] = [
        AVERAGE,
        "loss.",
        "first_stage_model.loss.",
        "optimizer_states.",
        "optimizer.",
        "lr_schedulers.",
        "callbacks.",
        "loops.",
    ];
    STARTS.iter().any(|start| name.starts_with(start))
}

/// Puts the running average in the place of the weights it is of.
fn take_average(tensors: &mut Map<'_>, path: &Path) -> Result<(), Error> {
    // LitEma takes the dots out of the names, from behind `model.`.
    let average_of = |name: &str| Some(format!("{AVERAGE}{}", name.strip_prefix("model.")?.replace('.', "")));
    let averages: Vec<_> = tensors
        .keys()
        .filter(|name| name.starts_with(ldm::UNET))
        .filter_map(|name| Some((name.clone(), tensors.get(&average_of(name)?)?.clone())))
        .collect();
    if averages.is_empty() {
        return Err(Error::Input {
            path: path.to_owned(),
            why: format!("has no running average ({AVERAGE}…)"),
            hint: "the weights that it has are all there is; prune it without taking the average",
        });
    }
    tensors.extend(averages);
    Ok(())
}

/// The tensors of what is no checkpoint under the names that were asked for.
fn renamed<'a>(mut tensors: Map<'a>, path: &Path, naming: Naming, container: Container) -> Result<Map<'a>, Error> {
    if container == Container::Safetensors
        && let Some(vectors) = tensors.remove("string_to_param.*")
    {
        // An embedding's name in its pickle and in safetensors.
        return Ok([("emb_params".to_owned(), vectors)].into());
    }
    if naming == Naming::Usual {
        return Ok(tensors);
    }
    let prefix = if tensors.keys().any(|name| name.starts_with(ldm::VAE)) {
        ldm::VAE
    } else {
        ""
    };
    let level = |pattern: &str| {
        let mut levels = 0;
        while tensors.contains_key(&format!("{prefix}{}", pattern.replace("{}", &levels.to_string()))) {
            levels += 1;
        }
        levels
    };
    let original = level("decoder.up.{}.block.0.conv1.weight");
    let diffusers = level("decoder.up_blocks.{}.resnets.0.conv1.weight");
    if original + diffusers == 0 {
        return Err(Error::Input {
            path: path.to_owned(),
            why: "is neither a checkpoint nor a VAE, so its names have no other form".to_owned(),
            hint: "leave the naming as it is",
        });
    }
    let each = |(name, tensor)| {
        let name: String = name;
        let bare = name.strip_prefix(prefix).unwrap_or(&name);
        match naming {
            Naming::Original if diffusers > 0 => vae_to_original(bare, tensor, diffusers),
            Naming::Diffusers if original > 0 => vae_to_diffusers(bare, tensor, original),
            _ => Some((bare.to_owned(), tensor)),
        }
    };
    Ok(tensors.into_iter().filter_map(each).collect())
}
