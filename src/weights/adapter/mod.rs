//! Networks of the LoRA family: a file of small tensors that changes the layers of a checkpoint.
//!
//! Owns reading such a file, grouping its tensors into modules ([`keys`]), telling each module's type ([`module`]), finding the layer
//! that it is meant for and changing that layer's weight as A1111 does ([`apply`]). Never keeps a changed weight: that is
//! [`crate::diffusion::adapted`]'s. Read [`Adapter`] next.

mod apply;
mod change;
mod hash;
mod keys;
mod layers;
mod module;
mod place;
mod rotation;
mod value;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub use apply::{Layer, Misfit};
pub use hash::hash;
pub use layers::{Names, Target, all as layers};
pub use module::{Kind, LoraParts, Module, Outline};
pub use place::Placed;
pub use value::Value;

use super::{Error, TensorFile};

/// What a network file holds, by the names and shapes of its tensors.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outlines {
    /// The modules whose type is known, by name.
    pub modules: Vec<Outline>,
    /// Tensors that make no module of a known type.
    pub strange: Vec<String>,
    /// Names of the embeddings that lie in the file.
    pub embeddings: Vec<String>,
}

/// A network file in memory.
#[derive(Debug)]
pub struct Adapter {
    path: PathBuf,
    metadata: BTreeMap<String, String>,
    modules: Vec<Module>,
    strange: Vec<String>,
    embeddings: BTreeMap<String, BTreeMap<String, Value>>,
}

/// Sorts a file's tensors into modules. Reads no tensor.
pub fn outline(file: &TensorFile) -> Outlines {
    let mut found = Outlines::default();
    let mut groups: BTreeMap<&str, BTreeMap<&'static str, String>> = BTreeMap::new();
    for key in file.tensors().keys() {
        if let Some((name, _)) = keys::bundled(key) {
            if found.embeddings.last().is_none_or(|last| last != name) {
                found.embeddings.push(name.to_owned());
            }
        } else if let Some((module, part)) = keys::split(key) {
            groups
                .entry(module)
                .or_default()
                .entry(part)
                .or_insert_with(|| key.clone());
        } else {
            found.strange.push(key.clone());
        }
    }
    for (name, parts) in groups {
        let shape = |part: &str| file.tensors().get(parts.get(part)?).map(|info| info.shape.as_slice());
        let rank = shape("oft_blocks").map(<[usize]>::len);
        match module::kind_of(&|part| parts.contains_key(part), rank) {
            Some(kind) => found.modules.push(Outline {
                name: name.to_owned(),
                kind,
                dora: parts.contains_key("dora_scale") || parts.contains_key(keys::MAGNITUDE),
                dim: module::dim_of(kind, &shape),
                parts,
            }),
            None => found.strange.extend(parts.into_values()),
        }
    }
    found.embeddings.dedup();
    found
}

impl Adapter {
    /// Reads a network file of any format that [`TensorFile`] opens, all of it.
    ///
    /// # Errors
    /// Whatever opening gives, or [`Error::NotNetwork`] when no module of a known type is in it.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let file = TensorFile::open(path)?;
        let Outlines {
            modules,
            strange,
            embeddings: names,
        } = outline(&file);
        if modules.is_empty() && names.is_empty() {
            return Err(Error::NotNetwork {
                path: path.to_owned(),
                why: format!("it looks like {}", super::kind::of(file.tensors()).what),
            });
        }
        let value = |key: &String| file.view(key).map(Value::of);
        let modules = modules
            .into_iter()
            .map(|outline| {
                let values = outline
                    .parts
                    .iter()
                    .filter_map(|(part, key)| Some((*part, value(key)?)));
                let values = values.collect();
                Module::new(outline, values)
            })
            .collect();
        let mut embeddings: BTreeMap<String, BTreeMap<String, Value>> = BTreeMap::new();
        for key in file.tensors().keys() {
            if let (Some((name, inner)), Some(value)) = (keys::bundled(key), value(key)) {
                embeddings
                    .entry(name.to_owned())
                    .or_default()
                    .insert(inner.to_owned(), value);
            }
        }
        Ok(Self {
            path: path.to_owned(),
            metadata: file.metadata().clone(),
            modules,
            strange,
            embeddings,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What its trainer wrote about it (`ss_*`, `modelspec.*`, …).
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The name that its trainer gave it, by which a prompt may call it too.
    pub fn alias(&self) -> Option<&str> {
        self.metadata.get("ss_output_name").map(String::as_str)
    }

    /// Its modules, by name.
    pub fn modules(&self) -> &[Module] {
        &self.modules
    }

    /// Tensors that make no module of a known type.
    pub fn strange(&self) -> &[String] {
        &self.strange
    }

    /// The embeddings that lie in the file (`bundle_emb.<name>.<key>`), each with its tensors by their inner keys, such as `emb_params`,
    /// `string_to_param.*` or `clip_g`.
    pub fn bundled_embeddings(&self) -> &BTreeMap<String, BTreeMap<String, Value>> {
        &self.embeddings
    }
}
