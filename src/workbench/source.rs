//! The inputs of a task: any file of tensors, or a diffusers folder that is seen as if it were one file with the original names.
//!
//! So every task works on one naming; [`networks`] cuts the result up again when it goes into a folder.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::Dtype;

use super::Error;
use super::naming;
use super::tensor::{Map, Tensor};
use crate::weights::architecture::{Activation, Architecture, Prediction, TextNaming};
use crate::weights::config::{diffusers, ldm};
use crate::weights::{Checkpoint, TensorFile, names};

/// The prefix of a text encoder that a diffusers folder is given in one file.
const SD1_TEXT: &str = "cond_stage_model.transformer.";
const SD2_TEXT: &str = "cond_stage_model.model.";
const XL_TEXT: [&str; 2] = ["conditioner.embedders.0.transformer.", "conditioner.embedders.1.model."];
const REFINER_TEXT: &str = "conditioner.embedders.0.model.";

/// An opened input.
pub(super) struct Source {
    pub(super) path: PathBuf,
    files: Vec<(&'static str, TensorFile)>,
    folder: Option<Architecture>,
}

impl Source {
    /// Opens a file or a diffusers folder. What it is a model of is not looked at yet.
    ///
    /// # Errors
    /// [`Error::Weights`].
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        if !path.is_dir() {
            return Ok(Self {
                path: path.to_owned(),
                files: vec![("", TensorFile::open(path)?)],
                folder: None,
            });
        }
        let architecture = Checkpoint::open(path)?.architecture().clone();
        let folder = diffusers::Folder::open(path)?;
        let mut files = Vec::new();
        for network in ["unet", "vae"].into_iter().chain(folder.text_encoders()) {
            for file in folder.weights(network)? {
                files.push((network, TensorFile::open(&file)?));
            }
        }
        Ok(Self {
            path: path.to_owned(),
            files,
            folder: Some(architecture),
        })
    }

    /// All tensors; of a folder under the original names, of a file under its own.
    pub(super) fn tensors(&self) -> Map<'_> {
        let Some(architecture) = &self.folder else {
            let file = &self.files[0].1;
            let names = file.tensors().keys();
            return names
                .filter_map(|name| Some((name.clone(), Tensor::of_file(file, name)?)))
                .collect();
        };
        let mut tensors = Map::new();
        for (network, file) in &self.files {
            for name in file.tensors().keys() {
                if let Some(tensor) = Tensor::of_file(file, name) {
                    place(network, name, tensor, architecture, &mut tensors);
                }
            }
        }
        join_projections(&mut tensors);
        complete_sd2(&mut tensors, architecture);
        mark(&mut tensors, architecture);
        tensors
    }

    /// The header's text; none for a folder.
    pub(super) fn metadata(&self) -> BTreeMap<String, String> {
        match self.folder {
            Some(_) => BTreeMap::new(),
            None => self.files[0].1.metadata().clone(),
        }
    }

    /// Whether it has the UNet of a checkpoint.
    pub(super) fn is_checkpoint(&self) -> bool {
        self.folder.is_some() || self.files[0].1.tensors().keys().any(|name| name.starts_with(ldm::UNET))
    }

    /// Whether it is a diffusers folder.
    pub(super) fn is_folder(&self) -> bool {
        self.folder.is_some()
    }

    /// The file itself, where it is one.
    pub(super) fn file(&self) -> Option<&TensorFile> {
        self.folder.is_none().then(|| &self.files[0].1)
    }

    /// What the networks look like.
    ///
    /// # Errors
    /// [`Error::Weights`] when it is no whole checkpoint.
    pub(super) fn architecture(&self) -> Result<Architecture, Error> {
        match &self.folder {
            Some(architecture) => Ok(architecture.clone()),
            None => Ok(Checkpoint::open(&self.path)?.architecture().clone()),
        }
    }

    /// The family's short name, or what can be said in its place.
    pub(super) fn family(&self) -> String {
        self.architecture()
            .map_or_else(|_| "of another kind".to_owned(), |architecture| architecture.family())
    }
}

/// Puts a tensor of a folder where the original naming has it.
fn place<'a>(network: &str, name: &str, tensor: Tensor<'a>, architecture: &Architecture, tensors: &mut Map<'a>) {
    let mut put = |name: String, tensor| tensors.insert(name, tensor);
    match network {
        "unet" => {
            if let Some(name) = names::ldm_unet(name, &architecture.unet) {
                put(format!("{}{name}", ldm::UNET), tensor);
            }
        }
        "vae" => {
            if let Some((name, tensor)) = vae_to_original(name, tensor, architecture.vae.channels.len()) {
                put(format!("{}{name}", ldm::VAE), tensor);
            }
        }
        _ => {
            let index = usize::from(network == "text_encoder_2" && architecture.text.len() > 1);
            let prefix = text_prefix(architecture, index);
            let name = if name.starts_with("text_model.") || name.starts_with("text_projection") {
                name.to_owned()
            } else {
                format!("text_model.{name}")
            };
            if prefix.ends_with("transformer.") {
                // CLIP's own projection is in no original checkpoint.
                if name != "text_projection.weight" {
                    put(format!("{prefix}{name}"), tensor);
                }
                return;
            }
            let bare = name.strip_prefix("text_model.").unwrap_or(&name);
            if let Some(place) = names::open_clip_text(bare) {
                let part = place.rows.map_or(String::new(), |(part, _)| format!("#{part}"));
                let tensor = if place.transposed { tensor.transposed() } else { tensor };
                put(format!("{prefix}{}{part}", place.name), tensor);
            }
        }
    }
}

/// A VAE tensor under the original name, and a 1x1 convolution again where diffusers has a linear layer.
pub(super) fn vae_to_original<'a>(name: &str, tensor: Tensor<'a>, levels: usize) -> Option<(String, Tensor<'a>)> {
    let name = names::ldm_vae(&naming::vae_today(name), levels)?;
    let is_projection = name.contains(".attn_1.") && name.ends_with("weight");
    let shape = tensor.shape.clone();
    Some(match shape[..] {
        [out, into] if is_projection => (name, tensor.reshaped(vec![out, into, 1, 1])),
        _ => (name, tensor),
    })
}

/// A VAE tensor under diffusers' name, and a linear layer where the original has a 1x1 convolution.
pub(super) fn vae_to_diffusers<'a>(name: &str, tensor: Tensor<'a>, levels: usize) -> Option<(String, Tensor<'a>)> {
    let name = naming::vae(name, levels)?;
    let shape = tensor.shape.clone();
    Some(match shape[..] {
        [out, into, 1, 1] if name.contains(".attentions.") => (name, tensor.reshaped(vec![out, into])),
        _ => (name, tensor),
    })
}

/// `OpenCLIP` stacks the projections of q, k and v.
fn join_projections(tensors: &mut Map<'_>) {
    let names: Vec<String> = tensors
        .keys()
        .filter_map(|name| Some(name.strip_suffix("#0")?.to_owned()))
        .collect();
    for name in names {
        let parts: Option<Vec<_>> = (0..3).map(|part| tensors.remove(&format!("{name}#{part}"))).collect();
        if let Some(joined) = parts.and_then(Tensor::joined) {
            tensors.insert(name, joined);
        }
    }
    tensors.retain(|name, _| !name.contains('#'));
}

/// SD 2.x's folder lacks `OpenCLIP`'s last layer and projection, which nothing reads but the original code wants. As kohya: the layer
/// before it once more, and ones.
fn complete_sd2(tensors: &mut Map<'_>, architecture: &Architecture) {
    let [text] = &architecture.text[..] else { return };
    if text_prefix(architecture, 0) != SD2_TEXT || text.layer != 1 {
        return;
    }
    let block = |layer: usize| format!("{SD2_TEXT}transformer.resblocks.{layer}.");
    let last = block(text.layers - 1);
    let copies: Vec<_> = tensors
        .iter()
        .filter_map(|(name, tensor)| Some((block(text.layers) + name.strip_prefix(&last)?, tensor.clone())))
        .collect();
    tensors.extend(copies);
    let dtype = tensors
        .get(&format!("{SD2_TEXT}token_embedding.weight"))
        .map_or(Dtype::F32, |tensor| tensor.dtype);
    let width = text.width;
    let ones = Tensor::of_values(dtype, vec![width, width], &vec![1.0; width * width]);
    tensors.entry(format!("{SD2_TEXT}text_projection")).or_insert(ones);
}

/// What a folder's scheduler says stands in a file as empty tensors.
fn mark(tensors: &mut Map<'_>, architecture: &Architecture) {
    let diffusion = &architecture.diffusion;
    for (name, is_so) in [
        (MARKS[0], diffusion.prediction == Prediction::V),
        (MARKS[1], diffusion.zero_snr),
    ] {
        if is_so {
            tensors.insert(name.to_owned(), Tensor::of_values(Dtype::F32, vec![0], &[]));
        }
    }
}

/// The empty tensors by which a file says that its UNet predicts velocities, and that its noise has zero terminal SNR.
const MARKS: [&str; 2] = ["v_pred", "ztsnr"];

fn text_prefix(architecture: &Architecture, index: usize) -> &'static str {
    let text = &architecture.text[index];
    let open_clip = text.naming == TextNaming::OpenClip || text.activation == Activation::Gelu;
    match (architecture.text.len(), open_clip) {
        (2.., _) => XL_TEXT[index.min(1)],
        (_, false) => SD1_TEXT,
        (_, true) if architecture.unet.y.is_some() => REFINER_TEXT,
        (_, true) => SD2_TEXT,
    }
}

/// A checkpoint's tensors in the folders of diffusers' layout, under its names there.
#[derive(Default)]
pub(super) struct Networks<'a> {
    /// By folder.
    pub(super) folders: BTreeMap<&'static str, Map<'a>>,
    /// The names of what has no place there.
    pub(super) left_out: Vec<String>,
}

/// Cuts a checkpoint with the original names up into networks.
pub(super) fn networks<'a>(tensors: Map<'a>, architecture: &Architecture) -> Networks<'a> {
    let mut networks = Networks::default();
    let prefixes = ldm::text_prefixes(|prefix| tensors.keys().any(|name| name.starts_with(prefix)));
    for (name, tensor) in tensors {
        let placed = if let Some(rest) = name.strip_prefix(ldm::UNET) {
            naming::unet(rest, architecture.unet.resnets).map(|name| ("unet", vec![(name, tensor)]))
        } else if let Some(rest) = name.strip_prefix(ldm::VAE) {
            vae_to_diffusers(rest, tensor, architecture.vae.channels.len()).map(|placed| ("vae", vec![placed]))
        } else {
            let find = |(i, (prefix, naming)): (usize, &(&str, TextNaming))| {
                Some((i, *naming, name.strip_prefix(prefix)?.to_owned()))
            };
            prefixes.iter().enumerate().find_map(find).map(|(i, naming, rest)| {
                let folder = text_folder(architecture, i);
                (folder, text_to_diffusers(&rest, tensor, naming, architecture, i))
            })
        };
        match placed {
            Some((folder, pieces)) if !pieces.is_empty() => {
                networks.folders.entry(folder).or_default().extend(pieces);
            }
            // A folder says it in its scheduler's configuration.
            _ if MARKS.contains(&name.as_str()) => {}
            _ => networks.left_out.push(name),
        }
    }
    networks
}

/// The folder of a text encoder. The refiner's only one is diffusers' second.
pub(super) fn text_folder(architecture: &Architecture, index: usize) -> &'static str {
    let is_refiner = architecture.text.len() == 1 && architecture.unet.y.is_some();
    if index == 1 || is_refiner {
        "text_encoder_2"
    } else {
        "text_encoder"
    }
}

/// How many layers a text encoder has in diffusers: SD 2.x's loses its last, which it does not read.
pub(super) fn text_layers(architecture: &Architecture, index: usize) -> usize {
    let text = &architecture.text[index];
    let drops = text.naming == TextNaming::OpenClip && architecture.unet.y.is_none() && text.layer == 2;
    text.layers.saturating_sub(usize::from(drops))
}

fn text_to_diffusers<'a>(
    name: &str,
    tensor: Tensor<'a>,
    naming: TextNaming,
    architecture: &Architecture,
    index: usize,
) -> Vec<(String, Tensor<'a>)> {
    if naming == TextNaming::Transformers {
        let name = if name.starts_with("text_model.") || name.starts_with("text_projection") {
            name.to_owned()
        } else {
            format!("text_model.{name}")
        };
        return vec![(name, tensor)];
    }
    let beyond = format!("text_model.encoder.layers.{}.", text_layers(architecture, index));
    let projects = architecture.unet.y.is_some();
    naming::open_clip(name)
        .into_iter()
        .filter(|piece| !piece.name.starts_with(&beyond) && (projects || piece.name != "text_projection.weight"))
        .filter(|piece| piece.third.is_none() || tensor.shape.first().is_some_and(|rows| rows % 3 == 0))
        .map(|piece| {
            let tensor = match piece.third {
                Some(third) => tensor.clone().rows(third, 3),
                None => tensor.clone(),
            };
            let tensor = if piece.transposed { tensor.transposed() } else { tensor };
            (piece.name, tensor)
        })
        .collect()
}
