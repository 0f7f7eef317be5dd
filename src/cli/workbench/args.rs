//! The options of the workbench's commands.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use danlu::workbench::task;

/// The commands, which stand among those of `danlu models`.
#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Write a model in another format, precision or naming
    Convert(Convert),
    /// Make one checkpoint of two or three, as A1111's checkpoint merger
    Merge(Box<Merge>),
    /// Put LoRAs and their relatives into a checkpoint for good
    Bake(Bake),
    /// Make one LoRA of several, as kohya's `merge_lora.py` and `svd_merge_lora.py`
    Combine(Combine),
    /// Give a LoRA another rank, as kohya's `resize_lora.py`
    Resize(Resize),
    /// Make a LoRA of what one checkpoint has over another, as kohya's `extract_lora_from_models.py`
    Extract(Extract),
    /// Change the metadata of a safetensors file
    Edit(Edit),
}

/// What every command takes.
#[derive(Clone, Debug, Args)]
pub(super) struct Common {
    /// Replace what stands there already
    #[arg(long)]
    pub(super) overwrite: bool,
    /// Put it at the end of the queue and print the job's number, instead of working here and now
    #[arg(long)]
    pub(super) queue: bool,
    /// Print JSON: `{"path":…,"bytes":N,"tensors":N,"notes":[…],"resized":[…]}`, or with --queue `{"job":N}`
    #[arg(long)]
    pub(super) json: bool,
}

/// Where a result goes.
#[derive(Clone, Debug, Args)]
pub(super) struct Output {
    /// The result; its name says the format: .safetensors, .ckpt (or .pt, .pth, .bin), else a diffusers folder
    #[arg(short, long, value_name = "PATH")]
    pub(super) output: PathBuf,
    /// Write this format, whatever the name says
    #[arg(long, value_enum)]
    pub(super) format: Option<Format>,
    /// Store numbers in this type
    #[arg(long, value_enum, default_value = "keep")]
    pub(super) precision: Precision,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Format {
    Safetensors,
    #[value(alias = "pt")]
    Ckpt,
    Diffusers,
}

impl From<Format> for task::Container {
    fn from(format: Format) -> Self {
        match format {
            Format::Safetensors => Self::Safetensors,
            Format::Ckpt => Self::Pickle,
            Format::Diffusers => Self::Folder,
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Precision {
    Keep,
    #[value(alias = "fp32")]
    F32,
    #[value(alias = "fp16")]
    F16,
    Bf16,
    /// e4m3fn, in safetensors alone
    #[value(alias = "fp8")]
    F8,
}

impl From<Precision> for task::Precision {
    fn from(precision: Precision) -> Self {
        match precision {
            Precision::Keep => Self::Keep,
            Precision::F32 => Self::F32,
            Precision::F16 => Self::F16,
            Precision::Bf16 => Self::Bf16,
            Precision::F8 => Self::F8,
        }
    }
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Convert {
    /// The model, by name or path: a checkpoint, diffusers folder, VAE, LoRA or embedding
    #[arg(value_name = "NAME|PATH")]
    pub(super) model: String,
    /// Leave out what only training needs: running averages, the optimizer, losses
    #[arg(long)]
    pub(super) prune: bool,
    /// Prune, and take the UNet's weights from its running average
    #[arg(long)]
    pub(super) ema: bool,
    /// How the tensors of a VAE are named
    #[arg(long, value_enum)]
    pub(super) naming: Option<Naming>,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Naming {
    Original,
    Diffusers,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Merge {
    /// A, by name or path; the result has what A has
    #[arg(value_name = "A")]
    pub(super) a: String,
    /// B, which is merged into A
    #[arg(value_name = "B")]
    pub(super) b: Option<String>,
    /// C, which B was made from: A + (B - C) * M
    #[arg(value_name = "C")]
    pub(super) c: Option<String>,
    /// How they are merged [default: by how many there are]
    #[arg(long, value_enum)]
    pub(super) method: Option<Method>,
    /// The multiplier M
    #[arg(short, long, default_value_t = 0.3, allow_negative_numbers = true)]
    pub(super) multiplier: f64,
    /// A multiplier for each block, with commas: BASE, IN00-IN11, M00, OUT00-OUT11 (26); SDXL: BASE, IN00-IN08, M00, OUT00-OUT08 (20)
    #[arg(long, value_delimiter = ',', allow_hyphen_values = true, value_name = "M,M,…")]
    pub(super) blocks: Vec<f64>,
    /// Put in this VAE
    #[arg(long, value_name = "NAME|PATH")]
    pub(super) vae: Option<String>,
    /// Leave out tensors whose names this regular expression finds
    #[arg(long, value_name = "REGEX", default_value = "", hide_default_value = true)]
    pub(super) discard: String,
    /// Whose .yaml goes beside the result: the first that there is, B's, C's or none
    #[arg(long, value_enum, default_value = "any")]
    pub(super) yaml: Yaml,
    /// Leave the inputs' metadata out
    #[arg(long)]
    pub(super) no_metadata: bool,
    /// Do not record the recipe; the inputs need not be hashed then
    #[arg(long)]
    pub(super) no_recipe: bool,
    /// Set this metadata
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Method {
    /// A * (1 - M) + B * M
    #[value(alias = "weighted-sum")]
    Sum,
    /// A + (B - C) * M
    #[value(alias = "add-difference")]
    Difference,
    /// A alone
    None,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(super) enum Yaml {
    Any,
    B,
    C,
    None,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Bake {
    /// The checkpoint, by name or path
    #[arg(value_name = "NAME|PATH")]
    pub(super) model: String,
    /// A network with its strength, or those of the text encoder and the UNet; 1 where none is said
    #[arg(required = true, value_name = "NETWORK[:S[:UNET]]")]
    pub(super) networks: Vec<String>,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Combine {
    /// A LoRA with its ratio; 1 where none is said. Unless --rank is given a ratio acts by its square, as in kohya's script
    #[arg(required = true, value_name = "LORA[:RATIO]")]
    pub(super) networks: Vec<String>,
    /// Put the factors side by side: the ranks add up
    #[arg(long, conflicts_with = "rank")]
    pub(super) concat: bool,
    /// Add the products and factor them anew with this rank
    #[arg(long)]
    pub(super) rank: Option<usize>,
    /// The rank of convolutions larger than 1x1 [default: the same]
    #[arg(long, requires = "rank")]
    pub(super) conv_rank: Option<usize>,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Resize {
    /// The LoRA, by name or path
    #[arg(value_name = "NAME|PATH")]
    pub(super) model: String,
    /// The new rank; with a rule the greatest
    #[arg(long)]
    pub(super) rank: usize,
    /// The same for convolutions [default: the same]
    #[arg(long)]
    pub(super) conv_rank: Option<usize>,
    /// Keep the singular values above the greatest divided by this
    #[arg(long, value_name = "X", conflicts_with_all = ["sv_fro", "sv_cumulative"])]
    pub(super) sv_ratio: Option<f64>,
    /// Keep this part of the Frobenius norm
    #[arg(long, value_name = "PART", conflicts_with = "sv_cumulative")]
    pub(super) sv_fro: Option<f64>,
    /// Keep this part of the sum of the singular values
    #[arg(long, value_name = "PART")]
    pub(super) sv_cumulative: Option<f64>,
    /// Say of each module what was kept, on standard error
    #[arg(short, long)]
    pub(super) verbose: bool,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Extract {
    /// The checkpoint that the other was made from, by name or path
    #[arg(value_name = "ORIGINAL")]
    pub(super) original: String,
    /// The other
    #[arg(value_name = "TUNED")]
    pub(super) tuned: String,
    /// The LoRA's rank
    #[arg(long, default_value_t = 4)]
    pub(super) rank: usize,
    /// The rank of 3x3 convolutions [default: convolutions are left out]
    #[arg(long)]
    pub(super) conv_rank: Option<usize>,
    /// Cut values beyond this quantile
    #[arg(long, default_value_t = 0.99)]
    pub(super) clamp: f64,
    /// Leave the text encoders out when no weight differs by more
    #[arg(long, default_value_t = 0.01)]
    pub(super) least_difference: f64,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Edit {
    /// The safetensors file, by name or path
    #[arg(value_name = "NAME|PATH")]
    pub(super) model: String,
    /// Set this key
    #[arg(long, value_name = "KEY=VALUE")]
    pub(super) set: Vec<String>,
    /// Take this key out
    #[arg(long, value_name = "KEY")]
    pub(super) unset: Vec<String>,
    /// Compute kohya's hashes anew (`sshs_model_hash`, `sshs_legacy_hash`)
    #[arg(long)]
    pub(super) rehash: bool,
    /// Write the result here instead of over the file, for which --overwrite is needed
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    #[command(flatten)]
    pub(super) common: Common,
}
