//! `danlu models`: what files there are and what they hold.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use danlu::store::hashes::HashCache;
use danlu::store::{Folder, Library, shipped};
use danlu::weights::checkpoint::Layout;
use danlu::weights::kind::{self, Kind};
use danlu::weights::mapped::MappedFile;
use danlu::weights::{Checkpoint, hash};
use serde::Serialize;

use super::args::Models;
use super::context::Context;
use super::failure::Failure;

pub(super) fn run(context: &Context, command: Models) -> Result<(), Failure> {
    match command {
        Models::List { json } => list(context, json),
        Models::Show { model, json } => show(context, &model, json),
        Models::Hash { path, json } => hashes(&path, json),
    }
}

/// A model file as scripts see it; what does not apply is left out.
#[derive(Debug, Serialize)]
struct Description {
    path: PathBuf,
    kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    family: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dtype: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sha256: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    legacy_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<BTreeMap<String, String>>,
}

impl Description {
    /// What the file's header says; `folder` decides for files whose content cannot be read.
    fn of(path: &Path, folder: Option<Folder>) -> Self {
        let mut found = Self {
            path: path.to_owned(),
            kind: by_folder(folder),
            family: None,
            format: format(path),
            dtype: None,
            sha256: None,
            hash: None,
            legacy_hash: None,
            metadata: None,
        };
        match Checkpoint::open(path) {
            Ok(checkpoint) => {
                found.kind = Kind::Checkpoint;
                found.family = Some(checkpoint.architecture().family());
                found.dtype = checkpoint.dtype().map(|t| format!("{t:?}").to_lowercase());
                if checkpoint.layout() == Layout::SingleFile {
                    found.metadata = Some(checkpoint.metadata().into_iter().collect());
                }
            }
            Err(_) => {
                if let Ok(file) = MappedFile::open(path) {
                    let tensors = file.tensors();
                    found.kind = kind::of(&tensors.keys().map(String::as_str).collect::<Vec<_>>()).0;
                    let largest = tensors.values().max_by_key(|t| t.data_offsets.1 - t.data_offsets.0);
                    found.dtype = largest.map(|t| format!("{:?}", t.dtype).to_lowercase());
                    found.metadata = Some(file.metadata().into_iter().collect());
                }
            }
        }
        found
    }

    fn add_hashes(&mut self, cache: &HashCache) -> std::io::Result<()> {
        if self.path.is_file() {
            let sha256 = cache.sha256(&self.path, hash::sha256)?;
            self.hash = Some(hash::short(&sha256).to_owned());
            self.sha256 = Some(sha256);
            self.legacy_hash = Some(hash::legacy(&self.path)?);
        }
        Ok(())
    }
}

fn by_folder(folder: Option<Folder>) -> Kind {
    match folder {
        Some(Folder::Checkpoint) => Kind::Checkpoint,
        Some(Folder::Vae) => Kind::Vae,
        Some(Folder::Network) => Kind::Network,
        Some(Folder::Embedding) => Kind::Embedding,
        Some(Folder::Hypernetwork) => Kind::Hypernetwork,
        Some(Folder::Unet) => Kind::Unet,
        _ => Kind::Unknown,
    }
}

fn format(path: &Path) -> Option<&'static str> {
    if path.is_dir() {
        return Some("diffusers");
    }
    let extension = path.extension()?.to_string_lossy().to_lowercase();
    Some(match extension.as_str() {
        "safetensors" => "safetensors",
        "ckpt" | "pt" | "pth" | "bin" => "ckpt",
        _ => return None,
    })
}

fn list(context: &Context, json: bool) -> Result<(), Failure> {
    shipped::unpack(&context.paths.cache_dir)?;
    let library = Library::scan(&context.model_roots());
    let described: Vec<_> = library
        .models
        .iter()
        .map(|found| Description::of(&found.path, found.folder))
        .collect();
    if json {
        let cache = HashCache::new(context.hash_cache());
        let described: Vec<_> = described
            .into_iter()
            .map(|d| {
                // What is remembered; a list does not read whole files.
                let sha256 = cache.known(&d.path);
                let hash = sha256.as_deref().map(|sum| hash::short(sum).to_owned());
                Description {
                    sha256,
                    hash,
                    metadata: None,
                    ..d
                }
            })
            .collect();
        return super::print_json(&described);
    }
    let kind = |d: &Description| {
        d.family
            .clone()
            .unwrap_or_else(|| format!("{:?}", d.kind).to_lowercase())
    };
    let widest = described.iter().map(|d| kind(d).len()).max().unwrap_or_default();
    let names = library.models.iter().zip(&described);
    let lines: Vec<_> = names
        .map(|(found, d)| format!("{:widest$}  {}", kind(d), found.name))
        .collect();
    super::print(lines.join("\n"))
}

fn show(context: &Context, wanted: &str, json: bool) -> Result<(), Failure> {
    shipped::unpack(&context.paths.cache_dir)?;
    let path = context.find(wanted, None)?;
    let mut found = Description::of(&path, None);
    if found.kind == Kind::Unknown && path.extension().is_some_and(|e| e == "safetensors") {
        // A damaged file should say what is wrong with it.
        MappedFile::open(&path)?;
    }
    found
        .add_hashes(&HashCache::new(context.hash_cache()))
        .map_err(|e| Failure::failed(format!("cannot read {}: {e}", path.display())))?;
    if json {
        return super::print_json(&found);
    }
    let value = serde_json::to_value(&found).map_err(|e| Failure::failed(e.to_string()))?;
    let mut lines = Vec::new();
    for (key, value) in value.as_object().into_iter().flatten() {
        match value {
            serde_json::Value::Object(map) => {
                lines.extend(
                    map.iter()
                        .map(|(k, v)| format!("{k}: {}", v.as_str().unwrap_or_default())),
                );
            }
            serde_json::Value::String(text) => lines.push(format!("{key}: {text}")),
            other => lines.push(format!("{key}: {other}")),
        }
    }
    super::print(lines.join("\n"))
}

fn hashes(path: &Path, json: bool) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Hashes {
        path: PathBuf,
        sha256: String,
        hash: String,
        legacy_hash: String,
    }
    let cannot = |e: std::io::Error| {
        Failure::failed(format!("cannot read {}: {e}", path.display())).hint("give the path of a file")
    };
    let sha256 = hash::sha256(path).map_err(cannot)?;
    let legacy_hash = hash::legacy(path).map_err(cannot)?;
    let hashes = Hashes {
        path: path.to_owned(),
        hash: hash::short(&sha256).to_owned(),
        sha256,
        legacy_hash,
    };
    if json {
        return super::print_json(&hashes);
    }
    super::print(format!(
        "sha256: {}\nhash: {}\nlegacy_hash: {}",
        hashes.sha256, hashes.hash, hashes.legacy_hash
    ))
}
