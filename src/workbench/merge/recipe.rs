//! What a merged checkpoint says of its making, as A1111 1.10 writes it: `sd_merge_recipe` and `sd_merge_models`.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::Inputs;
use crate::weights::{self, hash};
use crate::workbench::pace::{Pace, Watch};
use crate::workbench::source::Source;
use crate::workbench::task::{ConfigSource, Merge, Precision};
use crate::workbench::{Error, Phase, python};

/// What was found out about the result while it was planned.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Marks {
    /// A has the nine channels of an inpainting model, B the usual four.
    pub(super) inpaints: bool,
    /// A has the eight channels of an instruct-pix2pix model.
    pub(super) instructs: bool,
}

/// The result's metadata: the inputs', the task's own, and the recipe.
pub(super) fn metadata(
    task: &Merge,
    inputs: &Inputs,
    marks: Marks,
    watch: &mut Watch<'_>,
) -> Result<BTreeMap<String, String>, Error> {
    let mut metadata = BTreeMap::new();
    if task.copy_metadata {
        inputs.all().for_each(|source| metadata.extend(source.metadata()));
    }
    metadata.extend(task.metadata.clone());
    metadata.insert("format".to_owned(), "pt".to_owned());
    if !task.record {
        return Ok(metadata);
    }
    let mut models = Map::new();
    let mut hashes = Vec::new();
    let files: Vec<_> = inputs.all().collect();
    let mut pace = Pace::begin(watch, Phase::Hashing, files.len(), files.len() as f64);
    for (i, source) in files.iter().enumerate() {
        pace.tell(i, i as f64)?;
        hashes.push(add_model(source, &mut models)?);
    }
    pace.tell(files.len(), files.len() as f64)?;
    let hash = |i: usize| hashes.get(i).cloned().flatten();
    let mut recipe = json!({
        "type": "webui",
        "primary_model_hash": hash(0),
        "secondary_model_hash": hash(1),
        "tertiary_model_hash": hash(2),
        "interp_method": task.method.label(),
        "multiplier": task.multiplier,
        "save_as_half": task.output.precision == Precision::F16,
        "custom_name": task.output.path.file_stem().unwrap_or_default().to_string_lossy(),
        "config_source": match task.config {
            ConfigSource::Any => 0,
            ConfigSource::B => 1,
            ConfigSource::C => 2,
            ConfigSource::Nobody => 3,
        },
        "bake_in_vae": task.vae.as_deref().map_or("None".to_owned(), name),
        "discard_weights": task.discard,
        "is_inpainting": marks.inpaints,
        "is_instruct_pix2pix": marks.instructs,
    });
    if !task.blocks.is_empty() {
        // A1111 has none; its readers pass over what they do not know.
        recipe["block_weights"] = json!(task.blocks);
    }
    metadata.insert("sd_merge_recipe".to_owned(), python::json(&recipe));
    metadata.insert("sd_merge_models".to_owned(), python::json(&Value::Object(models)));
    Ok(metadata)
}

/// Adds what is known of an input, and of what that was merged from, under its hash. A folder has none.
fn add_model(source: &Source, models: &mut Map<String, Value>) -> Result<Option<String>, Error> {
    if source.is_folder() {
        return Ok(None);
    }
    let unreadable = |error| weights::Error::Unreadable {
        path: source.path.clone(),
        source: error,
    };
    let sha256 = hash::sha256(&source.path).map_err(unreadable)?;
    let legacy = hash::legacy(&source.path).map_err(unreadable)?;
    let metadata = source.metadata();
    // As A1111 reads metadata: what looks like an object is one.
    let read = |key: &str| {
        metadata
            .get(key)
            .and_then(|text| serde_json::from_str::<Value>(text).ok())
    };
    let known = json!({
        "name": name(&source.path),
        "legacy_hash": legacy,
        "sd_merge_recipe": read("sd_merge_recipe"),
    });
    models.insert(sha256.clone(), known);
    if let Some(Value::Object(before)) = read("sd_merge_models") {
        models.extend(before);
    }
    Ok(Some(sha256))
}

fn name(path: &Path) -> String {
    path.file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned()
}
