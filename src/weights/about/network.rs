//! What a network of the LoRA family is made of: types, ranks, alphas, the parts of the model that it changes, its family.
//!
//! Modules are told apart by [`crate::weights::adapter`]. Alphas are the only values that are read, one of each block, size and rank.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::blocks::{self, Place};
use super::{Block, Metadata, NetworkAbout};
use crate::weights::TensorFile;
use crate::weights::adapter::{self, Outline};

/// A network, and its family: `told` by names and shapes, else by factors or by the trainer.
pub(super) fn of(file: &TensorFile, told: Option<&str>) -> (NetworkAbout, Option<String>) {
    let outlines = adapter::outline(file);
    let metadata = file.metadata();
    let modules: Vec<Told<'_>> = looked_at(file, &outlines.modules);
    let mut network = NetworkAbout {
        types: types(&outlines.modules),
        modules: modules.len(),
        text_encoder: modules.iter().any(|module| module.place.is_text()),
        unet: modules.iter().any(|module| !module.place.is_text()),
        dora: outlines.modules.iter().any(|module| module.dora),
        bundled: outlines.embeddings,
        alias: spoken(metadata, "ss_output_name"),
        trained_on: spoken(metadata, "ss_sd_model_name"),
        hash: metadata
            .get("sshs_model_hash")
            .filter(|hash| is_hash(hash))
            .map(|hash| hash.to_lowercase()),
        ..NetworkAbout::default()
    };
    ranks(&mut network, &modules);
    if network.dim.is_none() {
        // Full matrices (LoKr, IA3) have no rank of their own; what the trainer was told says how they were meant.
        network.dim = metadata.get("ss_network_dim").and_then(|dim| dim.trim().parse().ok());
        network.alpha = network.alpha.or_else(|| number(metadata.get("ss_network_alpha")?));
    }
    (network, family(file, told, metadata))
}

/// A module with what is read of it.
struct Told<'a> {
    outline: &'a Outline,
    place: Place,
    wide: bool,
    alpha: Option<f64>,
}

fn looked_at<'a>(file: &TensorFile, modules: &'a [Outline]) -> Vec<Told<'a>> {
    let mut read: HashMap<(String, bool, Option<usize>), Option<f64>> = HashMap::new();
    modules
        .iter()
        .map(|outline| {
            let (place, wide) = (blocks::place(&outline.name), is_wide(file, &outline.name));
            let alpha = *read
                .entry((place.label().to_owned(), wide, outline.dim))
                .or_insert_with(|| alpha(file, &outline.name));
            Told {
                outline,
                place,
                wide,
                alpha,
            }
        })
        .collect()
}

fn alpha(file: &TensorFile, module: &str) -> Option<f64> {
    let view = file.view(&format!("{module}.alpha"))?;
    let values = (view.bytes.len() <= 8).then(|| view.to_f32())??;
    values
        .first()
        .map(|value| f64::from(*value))
        .filter(|value| value.is_finite())
}

/// Whether a module is for a convolution wider than 1x1: by its kernel, else, where factors are flat (`LoHa`, `LoKr`), by its name.
fn is_wide(file: &TensorFile, module: &str) -> bool {
    const KERNELS: [&str; 5] = ["lora_mid.weight", "hada_t1", "lokr_t2", "lora_down.weight", "diff"];
    let shape = |part: &&str| Some(file.tensors().get(&format!("{module}.{part}"))?.shape.as_slice());
    match KERNELS.iter().find_map(shape) {
        Some([_, _, height, width]) => *height > 1 || *width > 1,
        Some(_) => false,
        None => ["conv", "_in_layers_2", "_out_layers_3", "_0_op", "samplers_0"]
            .iter()
            .any(|part| module.contains(part) && !module.contains("conv_shortcut")),
    }
}

/// The names of the types, most frequent first.
fn types(modules: &[Outline]) -> Vec<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for module in modules {
        *counts.entry(module.kind.name()).or_default() += 1;
    }
    let mut types: Vec<_> = counts.into_iter().collect();
    types.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    types.into_iter().map(|(name, _)| name.to_owned()).collect()
}

/// Fills in ranks and alphas: those of most modules, those of wide convolutions when they are others, and all blocks when they differ.
fn ranks(network: &mut NetworkAbout, modules: &[Told<'_>]) {
    let most = |wide: bool| {
        let mut counts: Vec<((usize, Option<f64>), usize)> = Vec::new();
        let of_size = modules.iter().filter(|module| module.wide == wide);
        for rank in of_size.filter_map(|module| Some((module.outline.dim?, module.alpha))) {
            match counts.iter_mut().find(|(known, _)| *known == rank) {
                Some((_, count)) => *count += 1,
                None => counts.push((rank, 1)),
            }
        }
        counts.into_iter().max_by_key(|&(_, count)| count).map(|(rank, _)| rank)
    };
    let (narrow, wide) = (most(false), most(true));
    if let Some((dim, alpha)) = narrow.or(wide) {
        (network.dim, network.alpha) = (Some(dim), alpha);
    }
    if let (Some(narrow), Some(wide)) = (narrow, wide)
        && narrow != wide
    {
        (network.conv_dim, network.conv_alpha) = (Some(wide.0), wide.1);
    }
    let expected = |module: &Told<'_>| {
        let rank = module.outline.dim.map(|dim| (dim, module.alpha));
        rank.is_none() || rank == if module.wide { wide } else { narrow }
    };
    if !modules.iter().all(expected) {
        network.blocks = blocks_of(modules);
    }
}

fn blocks_of(modules: &[Told<'_>]) -> Vec<Block> {
    let mut blocks: BTreeMap<&Place, (BTreeSet<usize>, Vec<f64>)> = BTreeMap::new();
    for module in modules {
        let (dims, alphas) = blocks.entry(&module.place).or_default();
        dims.extend(module.outline.dim);
        alphas.extend(module.alpha);
    }
    blocks
        .into_iter()
        .filter(|(_, (dims, _))| !dims.is_empty())
        .map(|(place, (dims, mut alphas))| {
            alphas.sort_by(f64::total_cmp);
            alphas.dedup();
            Block {
                name: place.label().to_owned(),
                dims: dims.into_iter().collect(),
                alphas,
            }
        })
        .collect()
}

/// What shapes say that names alone do not, then what the trainer says; a v-prediction model's network is told by the trainer only.
fn family(file: &TensorFile, told: Option<&str>, metadata: &Metadata) -> Option<String> {
    let found = told
        .map(str::to_owned)
        .or_else(|| kronecker(file))
        .or_else(|| spoken_family(metadata))?;
    let spoken = metadata.get("ss_base_model_version").map(String::as_str);
    let is_v = matches!(spoken, Some("sd_v2_v")) || spoken_family(metadata).as_deref() == Some("sd2-v");
    Some(if found == "sd2" && is_v {
        "sd2-v".to_owned()
    } else {
        found
    })
}

/// The family of a `LoKr` or `GLoRA`, by the width of the text that its cross attention reads: a Kronecker product is as wide as the
/// widths of its factors together.
fn kronecker(file: &TensorFile) -> Option<String> {
    let columns = |name: String| file.tensors().get(&name)?.shape.get(1).copied();
    let modules = file.tensors().keys().filter_map(|key| {
        let (module, part) = key.rsplit_once('.')?;
        let reads_text = module.contains("attn2") && (module.contains("to_k") || module.contains("to_v"));
        (reads_text && (part.starts_with("lokr_w2") || key.ends_with(".a2.weight"))).then_some(module)
    });
    let width = modules.into_iter().find_map(|module| {
        let factor =
            |n: u8| columns(format!("{module}.lokr_w{n}")).or_else(|| columns(format!("{module}.lokr_w{n}_b")));
        factor(1)
            .zip(factor(2))
            .and_then(|(a, b)| a.checked_mul(b))
            .or_else(|| columns(format!("{module}.weight")))
    });
    by_width(width?)
}

fn by_width(width: usize) -> Option<String> {
    let family = match width {
        768 => "sd1",
        1024 => "sd2",
        2048 => "sdxl",
        1280 => "sdxl-refiner",
        _ => return None,
    };
    Some(family.to_owned())
}

/// The family that the trainer names: `ss_base_model_version`, `ss_v2`, `modelspec.architecture`.
pub(super) fn spoken_family(metadata: &Metadata) -> Option<String> {
    const VERSIONS: [(&str, &str); 8] = [
        ("sdxl", "sdxl"),
        ("sd_v2_v", "sd2-v"),
        ("sd_v2", "sd2"),
        ("sd_v1", "sd1"),
        ("sd3", "sd3"),
        ("flux", "flux"),
        ("lumina", "lumina2"),
        ("chroma", "chroma"),
    ];
    const ARCHITECTURES: [(&str, &str); 9] = [
        ("stable-diffusion-xl-v1-refiner", "sdxl-refiner"),
        ("stable-diffusion-xl", "sdxl"),
        ("stable-diffusion-v2-768-v", "sd2-v"),
        ("stable-diffusion-v2", "sd2"),
        ("stable-diffusion-v1", "sd1"),
        ("stable-diffusion-3", "sd3"),
        ("stable-diffusion-v3", "sd3"),
        ("flux", "flux"),
        ("chroma", "chroma"),
    ];
    let text = |key: &str| metadata.get(key).map(|value| value.trim().to_lowercase());
    let version = text("ss_base_model_version").unwrap_or_default();
    if let Some((_, family)) = VERSIONS.iter().find(|(begin, _)| version.starts_with(begin)) {
        return Some((*family).to_owned());
    }
    if text("ss_v2").as_deref() == Some("true") {
        return Some("sd2".to_owned());
    }
    let architecture = text("modelspec.architecture")?;
    let found = ARCHITECTURES
        .iter()
        .find(|(begin, _)| architecture.starts_with(begin))?;
    Some(found.1.to_owned())
}

/// A value that says something; kohya writes `None` for what was not given.
pub(super) fn spoken(metadata: &Metadata, key: &str) -> Option<String> {
    let value = metadata.get(key)?.trim();
    (!value.is_empty() && value != "None").then(|| value.to_owned())
}

fn number(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

fn is_hash(text: &str) -> bool {
    (12..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}
