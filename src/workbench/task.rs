//! What the workbench can be asked to do: plain data that crosses the socket and stands in the queue.
//!
//! Every task is complete: it names its inputs, where the result goes, and every choice. Nothing here touches a file; [`super::run`]
//! does.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// A piece of work on model files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Task {
    /// Write a model in another format, precision or naming.
    Convert(Convert),
    /// Make one checkpoint of two or three, as A1111's checkpoint merger.
    Merge(Merge),
    /// Put networks of the LoRA family into a checkpoint for good.
    Bake(Bake),
    /// Make one LoRA of several, as kohya's `merge_lora.py` and `svd_merge_lora.py`.
    Combine(Combine),
    /// Give a LoRA another rank, as kohya's `resize_lora.py`.
    Resize(Resize),
    /// Make a LoRA of what one checkpoint has over another, as kohya's `extract_lora_from_models.py`.
    Extract(Extract),
    /// Change the text in a safetensors file's header.
    Edit(Edit),
}

/// Where a result goes and how it is written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The file, or the folder for a checkpoint in diffusers' layout.
    pub path: PathBuf,
    /// How it is written; `None` goes by the name: `.safetensors`, `.ckpt`, `.pt`, `.pth` or `.bin`, else a folder.
    pub container: Option<Container>,
    /// The type that numbers are stored in.
    pub precision: Precision,
    /// Whether what stands there already may be replaced.
    pub overwrite: bool,
}

impl Target {
    /// A target in the precision of the inputs that replaces nothing.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into(),
            container: None,
            precision: Precision::Keep,
            overwrite: false,
        }
    }

    /// How it is written, by what was asked for or the name.
    pub fn container(&self) -> Container {
        self.container.unwrap_or_else(|| Container::of(&self.path))
    }
}

/// How a model is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Container {
    /// One safetensors file.
    Safetensors,
    /// One `PyTorch` pickle in a zip archive: `.ckpt`, `.pt`, `.bin`.
    Pickle,
    /// A diffusers folder; only for whole checkpoints.
    Folder,
}

impl Container {
    /// The container that a name stands for.
    pub fn of(path: &Path) -> Self {
        let extension = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("safetensors") => Self::Safetensors,
            Some("ckpt" | "pt" | "pth" | "bin") => Self::Pickle,
            _ => Self::Folder,
        }
    }
}

/// The type that floating-point numbers are stored in. Whole numbers stay what they are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    /// As in the input; what is computed from several gets the widest of theirs.
    #[default]
    Keep,
    /// 32 bits.
    F32,
    /// 16 bits, IEEE; numbers beyond 65504 become infinite, which is counted and said.
    F16,
    /// 16 bits with the range of f32.
    Bf16,
    /// Eight bits, `e4m3fn`: numbers beyond 448 are cut to it, which is counted and said. Only in safetensors.
    F8,
}

/// Which tensors of a checkpoint are left out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Prune {
    /// None.
    #[default]
    Nothing,
    /// What drawing does not need: running averages (`model_ema.…`), the optimizer, the VAE's `loss.…`.
    Training,
    /// The same, and the UNet's weights are taken from its running average.
    TakeAverage,
}

/// How tensors are named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Naming {
    /// As the container wants it: diffusers' names in a folder, the original ones in a file of a checkpoint; others as they are.
    #[default]
    Usual,
    /// The original (LDM) names: for a VAE by itself.
    Original,
    /// diffusers' names: for a VAE by itself.
    Diffusers,
}

/// Writes a model in another format, precision or naming.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Convert {
    /// A checkpoint, diffusers folder, VAE, LoRA or embedding.
    pub input: PathBuf,
    /// What is left out.
    pub prune: Prune,
    /// How tensors are named.
    pub naming: Naming,
    /// Where the result goes.
    pub output: Target,
}

/// How checkpoints are merged.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// `A * (1 - M) + B * M`.
    #[default]
    WeightedSum,
    /// `A + (B - C) * M`.
    AddDifference,
    /// A as it is: to bake in a VAE, to halve, to discard.
    Nothing,
}

impl Method {
    /// A1111's name of it, which its recipes carry.
    pub fn label(self) -> &'static str {
        match self {
            Self::WeightedSum => "Weighted sum",
            Self::AddDifference => "Add difference",
            Self::Nothing => "No interpolation",
        }
    }
}

/// Whose yaml goes beside the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ConfigSource {
    /// The first of A, B and C that has one.
    #[default]
    Any,
    /// B's.
    B,
    /// C's.
    C,
    /// None.
    Nobody,
}

/// Makes one checkpoint of two or three.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Merge {
    /// The checkpoint that the result begins from; only what it has is in the result.
    pub a: PathBuf,
    /// The second one; not for [`Method::Nothing`].
    pub b: Option<PathBuf>,
    /// The one that B's difference is taken to; only for [`Method::AddDifference`].
    pub c: Option<PathBuf>,
    /// How they are merged.
    pub method: Method,
    /// A1111's multiplier M.
    pub multiplier: f64,
    /// A multiplier for each block of the UNet instead of M: BASE, IN00 to IN11, M00, OUT00 to OUT11 (26), or for SDXL BASE, IN00 to
    /// IN08, M00, OUT00 to OUT08 (20). BASE is for all that is not the UNet. Empty for none.
    pub blocks: Vec<f64>,
    /// A VAE to put in.
    pub vae: Option<PathBuf>,
    /// Tensors whose names this regular expression finds are left out; empty for none.
    pub discard: String,
    /// Whose yaml goes beside the result.
    pub config: ConfigSource,
    /// Whether the inputs' metadata is copied, A's first, later ones over it.
    pub copy_metadata: bool,
    /// Whether the recipe is recorded as A1111 does (`sd_merge_recipe`, `sd_merge_models`).
    pub record: bool,
    /// Further metadata.
    pub metadata: BTreeMap<String, String>,
    /// Where the result goes. [`Precision::F16`] is A1111's "Save as float16".
    pub output: Target,
}

/// A network and how strongly it acts on a checkpoint.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Strength {
    /// The network's file.
    pub path: PathBuf,
    /// On the text encoders.
    pub te: f64,
    /// On the UNet.
    pub unet: f64,
}

/// Puts networks into a checkpoint, one after the other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bake {
    /// The checkpoint.
    pub model: PathBuf,
    /// The networks.
    pub networks: Vec<Strength>,
    /// Where the result goes.
    pub output: Target,
}

/// A LoRA and its share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Share {
    /// The LoRA's file.
    pub path: PathBuf,
    /// Its ratio.
    pub ratio: f64,
}

/// How several are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Joining {
    /// The factors are added; the dims must be the same. As in kohya's script both factors are multiplied with the ratio, so that it
    /// acts by its square.
    Sum,
    /// The factors are put side by side, so that the dim becomes the sum of the dims; the ratio as above.
    Concat,
    /// The products are added and factored anew.
    Svd {
        /// The new dim.
        rank: usize,
        /// The new dim of convolutions larger than 1x1; the same where none is said.
        conv_rank: Option<usize>,
    },
}

/// Makes one LoRA of several.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Combine {
    /// The networks.
    pub networks: Vec<Share>,
    /// How they are put together.
    pub joining: Joining,
    /// Where the result goes.
    pub output: Target,
}

/// How a new rank is chosen from a module's singular values S, which are sorted. The task's rank is the upper bound of all.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// The same for all modules.
    #[default]
    Fixed,
    /// All of S that is greater than the first divided by this.
    SvRatio(f64),
    /// So many that their Frobenius norm is this part of the whole's.
    SvFro(f64),
    /// So many that their sum is this part of the whole's.
    SvCumulative(f64),
}

/// Gives a LoRA another rank.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resize {
    /// The LoRA.
    pub input: PathBuf,
    /// The new rank, or the greatest.
    pub rank: usize,
    /// The same for convolutions; `rank` where none is said.
    pub conv_rank: Option<usize>,
    /// How the rank is chosen.
    pub rule: Rule,
    /// Where the result goes.
    pub output: Target,
}

/// Makes a LoRA of what one checkpoint has over another.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Extract {
    /// The checkpoint that the other was made from.
    pub original: PathBuf,
    /// The other.
    pub tuned: PathBuf,
    /// The LoRA's rank.
    pub rank: usize,
    /// The rank of 3x3 convolutions; none leaves convolution blocks out.
    pub conv_rank: Option<usize>,
    /// The factors' values are cut to this quantile of them, 0.99 by default.
    pub clamp: f64,
    /// The text encoders are left out when no weight differs by more than this, 0.01 by default.
    pub least_difference: f64,
    /// Where the result goes.
    pub output: Target,
}

/// Changes the text in a safetensors file's header.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Edit {
    /// The file.
    pub input: PathBuf,
    /// What is set.
    pub set: BTreeMap<String, String>,
    /// What is taken out.
    pub unset: Vec<String>,
    /// Whether kohya's hashes (`sshs_model_hash`, `sshs_legacy_hash`) are computed anew.
    pub rehash: bool,
    /// The result's file; may be the input, where `overwrite` is set. Format and precision stay.
    pub output: PathBuf,
    /// Whether what stands there already may be replaced.
    pub overwrite: bool,
}

impl Task {
    /// A word for the work and the name of the file it makes: `merge: both.safetensors`.
    pub fn title(&self) -> String {
        let word = match self {
            Self::Convert(_) => "convert",
            Self::Merge(_) => "merge",
            Self::Bake(_) => "bake",
            Self::Combine(_) => "combine",
            Self::Resize(_) => "resize",
            Self::Extract(_) => "extract",
            Self::Edit(_) => "edit",
        };
        let output = self.output();
        let name = output.file_name().unwrap_or(output.as_os_str());
        format!("{word}: {}", name.to_string_lossy())
    }

    /// The file or folder that is written.
    pub fn output(&self) -> &Path {
        match self {
            Self::Convert(task) => &task.output.path,
            Self::Merge(task) => &task.output.path,
            Self::Bake(task) => &task.output.path,
            Self::Combine(task) => &task.output.path,
            Self::Resize(task) => &task.output.path,
            Self::Extract(task) => &task.output.path,
            Self::Edit(task) => &task.output,
        }
    }

    /// Every path in it, the inputs and the output: to make them whole, or to see whether they are.
    pub fn paths_mut(&mut self) -> Vec<&mut PathBuf> {
        match self {
            Self::Convert(task) => vec![&mut task.input, &mut task.output.path],
            Self::Merge(Merge {
                a, b, c, vae, output, ..
            }) => [Some(a), b.as_mut(), c.as_mut(), vae.as_mut(), Some(&mut output.path)]
                .into_iter()
                .flatten()
                .collect(),
            Self::Bake(task) => {
                let networks = task.networks.iter_mut().map(|network| &mut network.path);
                networks.chain([&mut task.model, &mut task.output.path]).collect()
            }
            Self::Combine(task) => {
                let networks = task.networks.iter_mut().map(|network| &mut network.path);
                networks.chain([&mut task.output.path]).collect()
            }
            Self::Resize(task) => vec![&mut task.input, &mut task.output.path],
            Self::Extract(task) => vec![&mut task.original, &mut task.tuned, &mut task.output.path],
            Self::Edit(task) => vec![&mut task.input, &mut task.output],
        }
    }

    /// The files and folders that it reads.
    pub fn inputs(&self) -> Vec<&Path> {
        match self {
            Self::Convert(task) => vec![&task.input],
            Self::Merge(task) => [Some(&task.a), task.b.as_ref(), task.c.as_ref(), task.vae.as_ref()]
                .into_iter()
                .flatten()
                .map(PathBuf::as_path)
                .collect(),
            Self::Bake(task) => {
                let networks = task.networks.iter().map(|network| network.path.as_path());
                networks.chain([task.model.as_path()]).collect()
            }
            Self::Combine(task) => task.networks.iter().map(|network| network.path.as_path()).collect(),
            Self::Resize(task) => vec![&task.input],
            Self::Extract(task) => vec![&task.original, &task.tuned],
            Self::Edit(task) => vec![&task.input],
        }
    }
}
