//! Bake: networks of the LoRA family put into a checkpoint for good.
//!
//! A layer is changed as when it is drawn with ([`crate::weights::adapter`]): in f32, network by network in their order, and rounded
//! once. Where the original naming stacks layers (`OpenCLIP`'s projections), each is changed in its rows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use burn::tensor::Device;

use super::beside::{self, Yaml};
use super::convert::write_checkpoint;
use super::pace::Watch;
use super::source::Source;
use super::task::{Bake, Precision};
use super::tensor::{Losses, Map, Tensor, encode};
use super::write::{Plan, target_is_free};
use super::{Done, Error};
use crate::weights::adapter::{Adapter, Kind, Layer};
use crate::weights::architecture::TextNaming;
use crate::weights::checkpoint::Network;
use crate::weights::config::ldm;
use crate::weights::names::{self, Place};
use crate::weights::{Architecture, adapter};

/// One module's change to a layer.
#[derive(Clone)]
struct Step {
    adapter: Arc<Adapter>,
    module: usize,
    strength: f64,
}

impl Step {
    /// Whether it may change the layer's bias too.
    fn reaches_bias(&self) -> bool {
        matches!(self.adapter.modules()[self.module].kind(), Kind::Full | Kind::Norm)
    }
}

/// A layer within a tensor of the checkpoint.
#[derive(Clone)]
struct Part {
    /// The `part`th of so many blocks of rows; all of it where there is none.
    rows: Option<(usize, usize)>,
    transposed: bool,
    /// The layer's shape as networks know it.
    shape: Vec<usize>,
    steps: Vec<Step>,
}

/// Does the task.
pub(super) fn run(task: &Bake, watch: &mut Watch<'_>) -> Result<Done, Error> {
    let mut inputs = vec![task.model.as_path()];
    inputs.extend(task.networks.iter().map(|network| network.path.as_path()));
    check(task)?;
    target_is_free(&task.output, &inputs)?;
    let yaml = Yaml::planned(beside::yaml_of(&task.model), &task.output)?;
    let source = Source::open(&task.model)?;
    let architecture = source.architecture()?;
    let mut tensors = source.tensors();
    let (layers, mut notes) = layers(task, &architecture)?;
    let changed = change(&mut tensors, layers, &architecture, task.output.precision);
    if changed == 0 {
        return Err(Error::Input {
            path: task.model.clone(),
            why: "would not change at all by these networks".to_owned(),
            hint: "they may be of another family, or their strengths are 0",
        });
    }
    let plan = Plan {
        tensors,
        metadata: metadata(task, &source),
        is_checkpoint: true,
    };
    let mut done = write_checkpoint(plan, || Ok(architecture), &task.output, &inputs, watch)?;
    yaml.copy(&mut done)?;
    notes.append(&mut done.notes);
    Ok(Done { notes, ..done })
}

fn check(task: &Bake) -> Result<(), Error> {
    let wrong = |what: String, hint| Err(Error::Task { what, hint });
    if task.networks.is_empty() {
        return wrong("there is no network to bake in".to_owned(), "name one or more");
    }
    match task.networks.iter().find(|n| !(n.te.is_finite() && n.unet.is_finite())) {
        Some(n) => wrong(
            format!("the strength of {} is not finite", n.path.display()),
            "1 is usual",
        ),
        None => Ok(()),
    }
}

type Layers = BTreeMap<(String, String), (adapter::Target, Vec<Step>)>;

/// The layers that the networks change, and what is to be said of them.
fn layers(task: &Bake, architecture: &Architecture) -> Result<(Layers, Vec<String>), Error> {
    let mut layers = Layers::new();
    let mut notes = Vec::new();
    for network in &task.networks {
        let adapter = Arc::new(Adapter::open(&network.path)?);
        let placed = adapter.place(architecture);
        if let Some(why) = placed.refusal {
            return Err(Error::Mismatch {
                a: task.model.clone(),
                b: network.path.clone(),
                why,
            });
        }
        let name = network.path.display();
        notes.extend(placed.remarks().into_iter().map(|what| format!("of {name}, {what}")));
        if !adapter.bundled_embeddings().is_empty() {
            notes.push(format!("the embeddings in {name} cannot be baked into a checkpoint"));
        }
        for (module, target) in placed.places {
            let strength = match target.network {
                Network::Text(_) => network.te,
                _ => network.unet,
            };
            if strength != 0.0 {
                let key = (format!("{:?}", target.network), target.name.clone());
                let step = Step {
                    adapter: Arc::clone(&adapter),
                    module,
                    strength,
                };
                layers.entry(key).or_insert_with(|| (target, Vec::new())).1.push(step);
            }
        }
    }
    Ok((layers, notes))
}

/// Puts the changed layers into the map; gives how many tensors changed.
fn change(tensors: &mut Map<'_>, layers: Layers, architecture: &Architecture, precision: Precision) -> usize {
    let prefixes = ldm::text_prefixes(|prefix| tensors.keys().any(|name| name.starts_with(prefix)));
    let mut weights: BTreeMap<String, Vec<Part>> = BTreeMap::new();
    let mut biases: BTreeMap<String, Vec<(Part, String)>> = BTreeMap::new();
    for (target, steps) in layers.into_values() {
        let find = |kind: &str| {
            let name = format!("{}.{kind}", target.name);
            let places = places(target.network, &name, architecture, &prefixes);
            places.into_iter().find(|place| tensors.contains_key(&place.name))
        };
        let Some(weight) = find("weight") else { continue };
        let part = |place: &Place| Part {
            rows: place.rows,
            transposed: place.transposed,
            shape: target.shape.clone(),
            steps: steps.clone(),
        };
        if steps.iter().any(Step::reaches_bias)
            && let Some(bias) = find("bias")
        {
            biases
                .entry(bias.name.clone())
                .or_default()
                .push((part(&weight), weight.name.clone()));
        }
        weights.entry(weight.name.clone()).or_default().push(part(&weight));
    }
    let count = weights.len() + biases.len();
    // Both from the checkpoint's own: a bias's change reads the weight.
    let base = tensors.clone();
    for (name, parts) in weights {
        if let Some(tensor) = base.get(&name) {
            tensors.insert(name, changed_weight(tensor.clone(), parts, precision));
        }
    }
    for (name, parts) in biases {
        if let Some(tensor) = base.get(&name) {
            let parts: Vec<_> = parts
                .into_iter()
                .filter_map(|(part, weight)| Some((part, base.get(&weight)?.clone())))
                .collect();
            tensors.insert(name, changed_bias(tensor.clone(), parts, precision));
        }
    }
    count
}

/// The places that a tensor may have in a file with the original names.
fn places(network: Network, name: &str, architecture: &Architecture, prefixes: &[(&str, TextNaming)]) -> Vec<Place> {
    let (prefix, places) = match network {
        Network::Unet => {
            let place = names::ldm_unet(name, &architecture.unet).map(Place::whole);
            (ldm::UNET, place.into_iter().collect())
        }
        Network::Vae => {
            let place = names::ldm_vae(name, architecture.vae.channels.len()).map(Place::whole);
            (ldm::VAE, place.into_iter().collect())
        }
        Network::Text(index) => match prefixes.get(index) {
            Some((prefix, TextNaming::Transformers)) => (*prefix, names::transformers_text(name)),
            Some((prefix, TextNaming::OpenClip)) => (*prefix, names::open_clip_text(name).into_iter().collect()),
            None => return Vec::new(),
        },
    };
    let whole = |place: Place| Place {
        name: format!("{prefix}{}", place.name),
        ..place
    };
    places.into_iter().map(whole).collect()
}

/// The type of a changed tensor: f32 where it is rounded to another type when it is written, so that it is rounded once.
fn dtype_of(tensor: &Tensor<'_>, precision: Precision) -> safetensors::Dtype {
    match precision {
        Precision::Keep => tensor.dtype,
        _ => safetensors::Dtype::F32,
    }
}

fn changed_weight(tensor: Tensor<'_>, parts: Vec<Part>, precision: Precision) -> Tensor<'_> {
    let dtype = dtype_of(&tensor, precision);
    Tensor::new(dtype, tensor.shape.clone(), move || {
        let mut values = tensor.to_f32()?;
        for part in &parts {
            let range = range(part, values.len());
            let own = turned(&values[range.clone()], part);
            let (weight, _) = part.applied(own, None)?;
            values[range].copy_from_slice(&turned_back(&weight, part));
        }
        Ok(Cow::Owned(encode(dtype, &values, &Losses::default())))
    })
}

fn changed_bias<'a>(tensor: Tensor<'a>, parts: Vec<(Part, Tensor<'a>)>, precision: Precision) -> Tensor<'a> {
    let dtype = dtype_of(&tensor, precision);
    Tensor::new(dtype, tensor.shape.clone(), move || {
        let mut values = tensor.to_f32()?;
        for (part, weight) in &parts {
            let weight = weight.to_f32()?;
            let own = turned(&weight[range(part, weight.len())], part);
            let range = range(part, values.len());
            if let (_, Some(bias)) = part.applied(own, Some(values[range.clone()].to_vec()))? {
                values[range].copy_from_slice(&bias);
            }
        }
        Ok(Cow::Owned(encode(dtype, &values, &Losses::default())))
    })
}

/// The elements of a part among so many.
fn range(part: &Part, all: usize) -> std::ops::Range<usize> {
    let (index, of) = part.rows.unwrap_or((0, 1));
    let length = all / of;
    index * length..(index + 1) * length
}

/// A matrix as networks know it, where the file has its transpose.
fn turned(values: &[f32], part: &Part) -> Vec<f32> {
    match (part.transposed, &part.shape[..]) {
        (true, &[rows, columns]) => transpose(values, columns, rows),
        _ => values.to_vec(),
    }
}

fn turned_back(values: &[f32], part: &Part) -> Vec<f32> {
    match (part.transposed, &part.shape[..]) {
        (true, &[rows, columns]) => transpose(values, rows, columns),
        _ => values.to_vec(),
    }
}

/// The transpose of a matrix of `rows` by `columns`.
fn transpose(values: &[f32], rows: usize, columns: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(values.len());
    for column in 0..columns {
        out.extend((0..rows).map(|row| values[row * columns + column]));
    }
    out
}

impl Part {
    /// Weight and bias after all steps.
    fn applied(&self, weight: Vec<f32>, bias: Option<Vec<f32>>) -> Result<(Vec<f32>, Option<Vec<f32>>), Error> {
        let fail = |why: String| Error::Input {
            path: self.steps[0].adapter.path().to_owned(),
            why,
            hint: "the network may be of another family than the checkpoint",
        };
        let mut layer = Layer::from_f32(weight, &self.shape, bias, &Device::flex()).ok_or_else(|| {
            fail(format!(
                "changes a weight of {:?}, and the checkpoint's has another size",
                self.shape
            ))
        })?;
        for step in &self.steps {
            let module = &step.adapter.modules()[step.module];
            layer = module
                .apply(layer, step.strength, None)
                .map_err(|misfit| fail(format!("does not fit in module {}: {misfit}", module.name())))?;
        }
        layer
            .to_f32()
            .map_err(|error| fail(format!("gave no numbers: {error:?}")))
    }
}

/// The checkpoint's metadata, and what was baked in.
fn metadata(task: &Bake, source: &Source) -> BTreeMap<String, String> {
    let mut metadata = source.metadata();
    let baked = task.networks.iter().map(|network| {
        let name = network
            .path
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        serde_json::json!({ "name": name, "te": network.te, "unet": network.unet })
    });
    let baked = serde_json::Value::Array(baked.collect());
    metadata.insert("danlu_baked_networks".to_owned(), super::python::json(&baked));
    metadata.insert("format".to_owned(), "pt".to_owned());
    // Neither is the checkpoint's any longer.
    metadata.remove("modelspec.hash_sha256");
    metadata
}
