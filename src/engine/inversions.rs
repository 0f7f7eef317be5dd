//! The embeddings and hypernetworks that a prompt names: which files they are, and the files in memory.
//!
//! An embedding is opened when its name's tokens occur in a prompt, so a folder of thousands costs what walking it costs; a picture
//! has to be opened to know its name, once. How names are found in tokens is [`crate::prompt::inversions`]', what files hold
//! [`crate::weights::embedding`]'s and [`crate::weights::hypernetwork`]'s.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use burn::tensor::Device;

use crate::diffusion::Recipe;
use crate::diffusion::inversions::Embeddings;
use crate::library::{Folder, Found, HashCache, Trees};
use crate::nn::hypernetwork::Hypernetwork;
use crate::prompt::chunks::chunk;
use crate::prompt::inversions::mentioned;
use crate::prompt::networks::{self, Family, NetworkCall};
use crate::prompt::{Tokenizer, attention};
use crate::weights::adapter::Adapter;
use crate::weights::architecture::Architecture;
use crate::weights::embedding::{Embedding, Named};
use crate::weights::{hash, hypernetwork};

/// What A1111 reads as an embedding; `.pth` is one more name for the same.
const EXTENSIONS: [&str; 4] = ["pt", "pth", "bin", "safetensors"];

/// Files in memory between jobs.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    embeddings: HashMap<PathBuf, (Stamp, Opened)>,
    hypernetworks: Vec<(PathBuf, Stamp, Hypernetwork)>,
}

/// Length and time of change.
type Stamp = Option<(u64, SystemTime)>;

/// A name and its embedding; `None` for a picture that is only a picture; or why it cannot be used.
type Opened = Result<Option<(String, Arc<Embedding>)>, String>;

/// What a job's texts name.
#[derive(Debug, Default)]
pub(super) struct Inversions {
    /// Those that fit the model.
    pub(super) embeddings: Embeddings,
    /// Their files, by their numbers; none for those that a LoRA brings with it.
    files: Vec<Option<PathBuf>>,
    /// Why others that are named cannot be used, a sentence each.
    pub(super) missing: Vec<String>,
}

/// Hypernetworks, in order, and why others cannot be used.
#[derive(Debug, Default)]
pub(super) struct Hypernetworks {
    pub(super) networks: Vec<Hypernetwork>,
    pub(super) missing: Vec<String>,
}

impl Shelf {
    /// Opens the embeddings that a recipe's texts name, of the folders' and of those that called networks bring with them. Of two
    /// files with one name the later in the walk counts; a folder's goes before a network's.
    pub(super) fn named(
        &mut self,
        recipe: &Recipe,
        architecture: &Architecture,
        trees: &Trees,
        adapters: &[Arc<Adapter>],
    ) -> Inversions {
        let mut candidates: Vec<(String, PathBuf)> = files(trees);
        candidates.extend(self.pictures(trees));
        let prompt = networks::extract(&recipe.prompt);
        let texts = [prompt.text.as_ref(), recipe.negative_prompt.as_str()];
        let names: Vec<&str> = candidates.iter().map(|(name, _)| name.as_str()).collect();
        let mut inversions = Inversions::default();
        let mut taken = HashSet::new();
        for at in mentioned(&names, &texts, Tokenizer::clip()) {
            let (name, path) = &candidates[at];
            match self.open(path) {
                Ok(None) => {}
                Ok(Some((_, embedding))) => {
                    if inversions.add(name, embedding, Some(path), architecture) {
                        taken.insert(name.clone());
                    }
                }
                Err(why) => inversions
                    .missing
                    .push(format!("the embedding {name:?} is not used: {why}")),
            }
        }
        for adapter in adapters {
            let (bundled, faults) = Embedding::bundled(adapter);
            inversions.missing.extend(faults);
            let names: Vec<&str> = bundled.iter().map(|named| named.name.as_str()).collect();
            for at in mentioned(&names, &texts, Tokenizer::clip()) {
                let Named { name, embedding } = &bundled[at];
                if !taken.contains(name) {
                    inversions.add(name, Arc::new(embedding.clone()), None, architecture);
                }
            }
        }
        inversions
    }

    /// The pictures that hold embeddings, by the names in them. One that cannot be read is not warned of: nobody has named it.
    fn pictures(&mut self, trees: &Trees) -> Vec<(String, PathBuf)> {
        let found = trees.pictures.iter().map(|found| &found.path).filter_map(|path| {
            let (name, _) = self.open(path).ok()??;
            Some((name, path.clone()))
        });
        found.collect()
    }

    fn open(&mut self, path: &Path) -> Opened {
        let now = stamp(path);
        if let Some((then, opened)) = self.embeddings.get(path)
            && *then == now
        {
            return opened.clone();
        }
        let opened = Embedding::open(path).map_err(|error| error.to_string());
        let opened = opened.map(|named| named.map(|Named { name, embedding }| (name, Arc::new(embedding))));
        self.embeddings.insert(path.to_owned(), (now, opened.clone()));
        opened
    }

    /// Opens the hypernetworks that are called, by their files' names without extension. Those that are not called any more are let
    /// go.
    pub(super) fn hypernetworks(&mut self, calls: &[NetworkCall], trees: &Trees, device: &Device) -> Hypernetworks {
        let mut found = Hypernetworks::default();
        let mut kept = Vec::new();
        for call in calls.iter().filter(|call| call.family() == Family::Hypernetwork) {
            match self.hypernetwork(call, trees, device) {
                Ok(entry) => {
                    found.networks.push(entry.2.with_strength(call.unet));
                    kept.push(entry);
                }
                Err(why) => {
                    let name = &call.name;
                    found
                        .missing
                        .push(format!("the hypernetwork {name:?} is not used: {why}"));
                }
            }
        }
        self.hypernetworks = kept;
        found
    }

    fn hypernetwork(
        &self,
        call: &NetworkCall,
        trees: &Trees,
        device: &Device,
    ) -> Result<(PathBuf, Stamp, Hypernetwork), String> {
        let all = trees
            .models
            .iter()
            .filter(|found| found.folder == Some(Folder::Hypernetwork));
        let all: Vec<&Found> = all.collect();
        let lower = call.name.to_lowercase();
        let exact = all.iter().find(|found| found.stem() == call.name);
        let found = exact.or_else(|| all.iter().find(|found| found.stem().to_lowercase() == lower));
        let path = &found.ok_or("no file in a hypernetworks folder has that name")?.path;
        let now = stamp(path);
        let known = self
            .hypernetworks
            .iter()
            .find(|(known, then, _)| known == path && *then == now);
        if let Some(known) = known {
            return Ok(known.clone());
        }
        let load = || {
            let file = hypernetwork::Hypernetwork::open(path)?;
            Hypernetwork::load(&file, 1.0, device)
        };
        let network = load().map_err(|error: hypernetwork::Error| error.to_string())?;
        Ok((path.clone(), now, network))
    }
}

impl Inversions {
    /// Takes an embedding in if it fits. Whether it does.
    fn add(
        &mut self,
        name: &str,
        embedding: Arc<Embedding>,
        path: Option<&PathBuf>,
        architecture: &Architecture,
    ) -> bool {
        if let Err(why) = embedding.fit(architecture) {
            self.missing.push(format!("the embedding {name:?} is not used: {why}"));
            return false;
        }
        let is_taken = self.embeddings.add(name, embedding).is_some();
        if is_taken {
            self.files.push(path.cloned());
        }
        is_taken
    }

    /// A1111's `TI hashes`: each embedding that stands in the texts with the first twelve digits of its file's SHA-256, those of
    /// the prompt before those of the negative prompt. Reads those files whole.
    pub(super) fn infotext(&self, recipe: &Recipe, cache: Option<&Path>) -> Option<String> {
        let prompt = networks::extract(&recipe.prompt);
        let texts = [prompt.text.as_ref(), recipe.negative_prompt.as_str()];
        let names = self.embeddings.names();
        let cut = |text: &str| {
            chunk(
                &attention::parse(text),
                Tokenizer::clip(),
                recipe.comma_backtrack,
                names,
            )
        };
        let mut pairs: Vec<String> = Vec::new();
        for used in texts.iter().flat_map(|text| cut(text).used()) {
            let (Some(name), Some(Some(path))) = (names.name(used), self.files.get(used)) else {
                continue;
            };
            let sum = match cache {
                Some(cache) => HashCache::new(cache.to_owned()).sha256(path, hash::sha256),
                None => hash::sha256(path),
            };
            let Some(short) = sum.ok().and_then(|sum| sum.get(..12).map(str::to_owned)) else {
                continue;
            };
            let pair = format!("{}: {short}", name.replace([':', ','], ""));
            if !pairs.contains(&pair) {
                pairs.push(pair);
            }
        }
        (!pairs.is_empty()).then(|| pairs.join(", "))
    }
}

/// The embedding files of the trees by their names, which are the files' without the last extension.
fn files(trees: &Trees) -> Vec<(String, PathBuf)> {
    let is_embedding = |found: &&Found| {
        let extension = found.path.extension().unwrap_or_default();
        found.folder == Some(Folder::Embedding) && EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
    };
    let named = |found: &Found| (found.stem().to_owned(), found.path.clone());
    trees.models.iter().filter(is_embedding).map(named).collect()
}

fn stamp(path: &Path) -> Stamp {
    path.metadata().ok().and_then(|m| Some((m.len(), m.modified().ok()?)))
}
