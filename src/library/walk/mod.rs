//! Model files: where they lie in A1111, Forge and ComfyUI trees and in plain folders, and which one a name means.
//!
//! Only names and folders are looked at, never a file's content, so a [`Folder`] is a hint: what a model is, its header says. Trees
//! are read in place; links to folders are followed and walked once.

mod find;
mod scan;

use std::path::{Path, PathBuf};

pub use find::{FindError, find, split_title};
pub(super) use scan::{parts, sort};

/// Extensions of model files, in any case.
pub const EXTENSIONS: [&str; 5] = ["safetensors", "ckpt", "pt", "pth", "bin"];

/// The file that makes a folder a model in diffusers' layout.
const DIFFUSERS_INDEX: &str = "model_index.json";

/// The kind of model that a folder is meant for, by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Folder {
    /// Whole checkpoints.
    Checkpoint,
    /// VAEs.
    Vae,
    /// Small approximate VAEs for previews.
    VaeApprox,
    /// LoRA and its relatives.
    Network,
    /// Textual inversion.
    Embedding,
    /// Hypernetworks.
    Hypernetwork,
    /// `ControlNet` and T2I adapters.
    ControlNet,
    /// Upscalers and face restorers.
    Upscaler,
    /// Text encoders by themselves, also CLIP vision.
    TextEncoder,
    /// UNets by themselves.
    Unet,
}

impl Folder {
    const KEYS: [(Self, &str); 10] = [
        (Self::Checkpoint, "checkpoint"),
        (Self::Vae, "vae"),
        (Self::VaeApprox, "vae-approx"),
        (Self::Network, "network"),
        (Self::Embedding, "embedding"),
        (Self::Hypernetwork, "hypernetwork"),
        (Self::ControlNet, "controlnet"),
        (Self::Upscaler, "upscaler"),
        (Self::TextEncoder, "text-encoder"),
        (Self::Unet, "unet"),
    ];

    /// A word for it, which [`Folder::keyed`] reads.
    pub fn key(self) -> &'static str {
        Self::KEYS
            .iter()
            .find(|(folder, _)| *folder == self)
            .map_or("", |(_, key)| key)
    }

    /// The folder that [`Folder::key`] gave this word for.
    pub fn keyed(key: &str) -> Option<Self> {
        Self::KEYS
            .iter()
            .find(|(_, known)| *known == key)
            .map(|(folder, _)| *folder)
    }

    /// The kind that a folder of this name holds in A1111, Forge or ComfyUI.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name.to_ascii_lowercase().as_str() {
            "stable-diffusion" | "checkpoints" | "checkpoint" | "diffusers" => Self::Checkpoint,
            "vae" => Self::Vae,
            "vae-approx" | "vae_approx" => Self::VaeApprox,
            "lora" | "loras" | "lycoris" => Self::Network,
            "embeddings" | "embedding" => Self::Embedding,
            "hypernetworks" => Self::Hypernetwork,
            "controlnet" | "t2i_adapter" => Self::ControlNet,
            "esrgan" | "realesrgan" | "swinir" | "dat" | "hat" | "scunet" | "ldsr" | "upscale_models" | "gfpgan"
            | "codeformer" => Self::Upscaler,
            "clip" | "clip_vision" | "text_encoder" | "text_encoders" => Self::TextEncoder,
            "unet" | "diffusion_models" => Self::Unet,
            _ => return None,
        })
    }
}

/// A model on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The file, or the folder in diffusers' layout.
    pub path: PathBuf,
    /// What its folder is meant for; `None` outside of any named one.
    pub folder: Option<Folder>,
    /// A1111's name for it: the path below the folder of its kind, with `/` and with the extension, such as
    /// `anime/fox.safetensors`.
    pub name: String,
    /// Whether it is a folder in diffusers' layout.
    pub diffusers: bool,
    /// Which of the roots it was found below.
    pub root: usize,
}

impl Found {
    /// Its file name without extension, which is what infotext calls `Model`.
    pub fn stem(&self) -> &str {
        let last = self.name.rsplit('/').next().unwrap_or_default();
        if self.diffusers { last } else { without_extension(last) }
    }
}

/// A folder that could not be walked, and why.
#[derive(Debug)]
pub struct Unreadable {
    /// The folder.
    pub path: PathBuf,
    /// The system's reason.
    pub reason: std::io::Error,
}

/// All models under some roots.
#[derive(Debug, Default)]
pub struct Trees {
    /// The models, sorted by name, numbers by value.
    pub models: Vec<Found>,
    /// Pictures in folders of embeddings, but for those beside an embedding of their name: they may be embeddings themselves.
    pub pictures: Vec<Found>,
    /// What could not be walked, missing roots among them.
    pub unreadable: Vec<Unreadable>,
}

impl Trees {
    /// The files and folders that may be whole checkpoints, by their places; those in a folder for checkpoints first.
    pub fn checkpoints(&self) -> Vec<PathBuf> {
        let of = |folder| self.models.iter().filter(move |found| found.folder == folder);
        let found = of(Some(Folder::Checkpoint)).chain(of(None));
        found.map(|found| found.path.clone()).collect()
    }

    /// Walks the roots. Of an A1111, Forge or ComfyUI folder only its `models` and `embeddings` are walked. Hidden folders are left
    /// out, and so are Python's own. A root may also be a single model.
    pub fn scan(roots: &[PathBuf]) -> Self {
        scan::scan(roots, &mut |_| true)
    }

    /// The same; `watch` hears how many models were found so far and ends the walk by `false`, which gives `None`.
    pub fn scan_watched(roots: &[PathBuf], watch: &mut dyn FnMut(usize) -> bool) -> Option<Self> {
        let mut stopped = false;
        let trees = scan::scan(roots, &mut |found| {
            stopped |= !watch(found);
            !stopped
        });
        (!stopped).then_some(trees)
    }
}

/// Whether a path is a model by its name: a model file's extension, or a folder in diffusers' layout.
pub fn is_model(path: &Path) -> bool {
    (path.is_file() && has_extension(&path.to_string_lossy())) || is_diffusers(path)
}

fn is_diffusers(path: &Path) -> bool {
    path.join(DIFFUSERS_INDEX).is_file()
}

fn has_extension(name: &str) -> bool {
    without_extension(name).len() < name.len()
}

/// A name without a model file's extension; anything else behind a dot belongs to the name (`v1.5`).
pub(super) fn without_extension(name: &str) -> &str {
    match name.rsplit_once('.') {
        Some((stem, extension)) if EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known)) => stem,
        _ => name,
    }
}
