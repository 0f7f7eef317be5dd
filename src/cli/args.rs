//! Commands and options: the table from which parsing, help, completions and the man page come.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// 丹炉: Stable Diffusion in the terminal. Without a command it opens the workstation.
#[derive(Debug, Parser)]
#[command(name = "danlu", version, about, disable_help_subcommand = true)]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// Open the workstation with this dataset: a folder of pictures, a kohya tree or a dataset TOML
    #[arg(long, value_name = "DIR")]
    pub(super) dataset: Option<PathBuf>,
    #[command(flatten)]
    pub(super) global: Global,
}

/// Options that every command takes.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Everywhere")]
pub(super) struct Global {
    /// Also look for models in this tree: an A1111 or Forge folder, a ComfyUI `models`, or any folder
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) models_dir: Vec<PathBuf>,
    /// Write pictures below this folder instead of the data directory
    #[arg(long, global = true, value_name = "DIR")]
    pub(super) output_dir: Option<PathBuf>,
    /// Read settings from this file
    #[arg(long, global = true, value_name = "FILE")]
    pub(super) config: Option<PathBuf>,
    /// Compute on `cpu`, on `cuda:0`, or on a GPU where there is one (`auto`)
    #[arg(long, global = true)]
    pub(super) device: Option<String>,
    /// Language of messages: `auto`, `en` or `zh`
    #[arg(long, global = true)]
    pub(super) lang: Option<String>,
    /// Colour theme
    #[arg(long, global = true)]
    pub(super) theme: Option<String>,
    /// How to show pictures: `auto`, `kitty`, `kitty-direct`, `iterm2`, `sixel`, `halfblocks` or `none`
    #[arg(long, global = true, value_name = "NAME")]
    #[expect(clippy::option_option, reason = "without a value it asks the doctor for test cards")]
    pub(super) graphics: Option<Option<String>>,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Draw pictures from a prompt
    Generate(Box<Generate>),
    /// Show how a prompt is read: weights, tokens, chunks
    Prompt(Prompt),
    /// Show what an image or an infotext says about its making
    Params(Params),
    /// List and describe model files
    #[command(subcommand)]
    Models(Models),
    /// Count and change the tags of a dataset; nothing is written without `--write`
    #[command(subcommand)]
    Tags(super::tags::Command),
    /// Check a dataset and work on its pictures; nothing is written without `--write`
    #[command(subcommand)]
    Dataset(super::dataset::Command),
    /// Show and change the queue of the engine process
    #[command(subcommand)]
    Queue(Queue),
    /// The engine process, which draws what is in the queue; it is started by itself when it is needed
    Engine(Engine),
    /// Report devices, terminal, paths and model folders, and what to do about each trouble; with `--graphics` alone, draw a test card
    /// in every way and remember the one that looks right
    Doctor,
    /// Measure the parts of drawing on this machine
    Bench(Bench),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual page
    Man,
}

#[derive(Clone, Debug, Default, Args)]
#[command(args_override_self = true)]
pub(super) struct Generate {
    #[command(flatten)]
    pub(super) drawing: Drawing,
    /// Put it at the end of the queue and print the job's number, instead of drawing here and now
    #[arg(long, conflicts_with = "show")]
    pub(super) queue: bool,
    /// Show finished pictures in the terminal
    #[arg(long)]
    pub(super) show: bool,
    /// Print one line of JSON for each picture, or for the job
    #[arg(long, conflicts_with = "show")]
    pub(super) json: bool,
}

/// What to draw and how. What is left out comes from `--params`, then from the checkpoint, then from A1111's defaults.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct Drawing {
    /// What to draw
    #[arg(short, long, allow_hyphen_values = true)]
    pub(super) prompt: Option<String>,
    /// What to avoid
    #[arg(short, long, visible_alias = "negative-prompt", allow_hyphen_values = true)]
    pub(super) negative: Option<String>,
    /// The checkpoint, by name or path [default: the one that danlu carries]
    #[arg(long, value_name = "NAME|PATH")]
    pub(super) model: Option<String>,
    /// A VAE to use instead of the checkpoint's, by name or path; `none` for the checkpoint's own, `auto` for a file named like the
    /// checkpoint, beside it or in a VAE folder [default: auto]
    #[arg(long, value_name = "NAME|PATH")]
    pub(super) vae: Option<String>,
    /// The checkpoint whose text encoders and VAE a UNet file is drawn with [default: the first that it fits]
    #[arg(long, value_name = "NAME|PATH")]
    pub(super) base: Option<String>,
    /// Decode with the VAE (`full`) or with the tiny autoencoder of a vae-approx folder (`taesd`) [default: full]
    #[arg(long, value_name = "full|taesd")]
    pub(super) vae_decoder: Option<String>,
    /// A second checkpoint that does the last steps, by name or path; `none` for none
    #[arg(long, value_name = "NAME|PATH")]
    pub(super) refiner: Option<String>,
    /// After which share of the noise levels the refiner takes over, 0 to 1 [default: 0.8]
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true)]
    pub(super) refiner_switch_at: Option<String>,
    /// `Default` or `Zero Terminal SNR` [default: Default]
    #[arg(long, value_name = "NAME")]
    pub(super) noise_schedule: Option<String>,
    /// `Euler`, `Euler a`, `DPM++ 2M` or `DDIM`; old names like `DPM++ 2M Karras` too [default: DPM++ 2M]
    #[arg(long)]
    pub(super) sampler: Option<String>,
    /// `Automatic`, `Uniform`, `Karras` or `SGM Uniform` [default: Automatic]
    #[arg(long, visible_alias = "schedule-type")]
    pub(super) schedule: Option<String>,
    /// Number of steps [default: 20]
    #[arg(long, allow_negative_numbers = true)]
    pub(super) steps: Option<String>,
    /// CFG scale, how closely to follow the prompt [default: 7]
    #[arg(long, visible_alias = "cfg-scale", allow_negative_numbers = true)]
    pub(super) cfg: Option<String>,
    /// Width and height in pixels, multiples of 8 [default: the checkpoint's own]
    #[arg(long, value_name = "WxH", allow_negative_numbers = true)]
    pub(super) size: Option<String>,
    /// Seed of the first picture; -1 draws one [default: -1]
    #[arg(long, allow_negative_numbers = true)]
    pub(super) seed: Option<String>,
    /// Pictures drawn at once [default: 1]
    #[arg(long, visible_alias = "batch-size", allow_negative_numbers = true)]
    pub(super) batch: Option<String>,
    /// How many batches [default: 1]
    #[arg(long, visible_alias = "batch-count", allow_negative_numbers = true)]
    pub(super) count: Option<String>,
    /// Use the text encoder's states of so many layers from its end [default: 1]
    #[arg(long, allow_negative_numbers = true)]
    pub(super) clip_skip: Option<String>,
    /// Where noise comes from: `nv` (as A1111's GPU) or `cpu` [default: nv]
    #[arg(long)]
    pub(super) rng: Option<String>,
    /// Eta noise seed delta [default: 0]
    #[arg(long, allow_negative_numbers = true)]
    pub(super) ensd: Option<String>,
    /// Take parameters from this image or text (`-` for standard input); options here go before them
    #[arg(long, value_name = "FILE|-")]
    pub(super) params: Option<String>,
    /// Refuse to draw when the prompt names a network or embedding that cannot be used, instead of drawing without it
    #[arg(long)]
    pub(super) strict: bool,
    /// Write to this .png, or into this folder
    #[arg(short, long, value_name = "FILE|DIR")]
    pub(super) output: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(super) struct Prompt {
    /// Steps that the prompt is read for
    #[arg(long, default_value_t = 20)]
    pub(super) steps: usize,
    /// Read it for a hires pass of so many steps
    #[arg(long)]
    pub(super) hires_steps: Option<usize>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
    /// The prompt; `-` reads standard input
    #[arg(required = true, value_name = "TEXT", allow_hyphen_values = true)]
    pub(super) text: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct Params {
    /// An image, a text file, an infotext, or `-` for standard input
    #[arg(value_name = "IMAGE|TEXT|-", allow_hyphen_values = true)]
    pub(super) source: String,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Models {
    /// List model files: kind, family, size, rank and alpha, name
    List(super::models::List),
    /// Describe a model: what it is, how it was trained, what lies beside it
    Show {
        /// Name, path, hash, or the name that its trainer gave it
        #[arg(value_name = "NAME|PATH")]
        model: String,
        /// Print JSON
        #[arg(long)]
        json: bool,
    },
    /// Print a file's hashes, or hash all models that have none yet
    Hash(super::models::Hash),
    /// Mark a model as a favourite
    Favourite {
        /// Names or paths
        #[arg(required = true, value_name = "NAME|PATH")]
        models: Vec<String>,
        /// Take the mark away
        #[arg(long)]
        remove: bool,
    },
    /// Give a model tags; without any, list those that it has
    Tag {
        /// Name or path
        #[arg(value_name = "NAME|PATH")]
        model: String,
        /// Tags
        tags: Vec<String>,
        /// Take these tags away, without any all
        #[arg(long)]
        remove: bool,
    },
    /// Write notes beside a model, where A1111 reads them too; without any, print them
    Note(super::models::Note),
    #[command(flatten)]
    Workbench(super::workbench::Command),
}

#[derive(Debug, Subcommand)]
pub(super) enum Queue {
    /// List what runs, what waits in its order, and what has ended
    List {
        /// Print JSON: `{"engine":{"version":…,"pid":…}|null,"paused":…,"warnings":[…],"jobs":[…]}`
        #[arg(long)]
        json: bool,
    },
    /// Put a job at the end, with the options of `danlu generate`; prints its number
    Add(Box<Add>),
    /// Drop waiting jobs; stop the running one within a step
    Cancel {
        /// Numbers of jobs
        #[arg(required = true, value_name = "JOB")]
        jobs: Vec<u64>,
    },
    /// Give a waiting job another place
    Move {
        /// The job's number
        job: u64,
        /// Its new place; 1 is the next to run
        position: usize,
    },
    /// Start no further job; the running one goes on
    Pause,
    /// Start jobs again
    Resume,
    /// Let failed, cancelled and interrupted jobs wait again, at the end
    Retry {
        /// Numbers of jobs
        #[arg(required = true, value_name = "JOB")]
        jobs: Vec<u64>,
    },
    /// Forget ended jobs; their pictures stay
    Remove {
        /// Numbers of jobs
        #[arg(required = true, value_name = "JOB")]
        jobs: Vec<u64>,
    },
}

#[derive(Clone, Debug, Default, Args)]
#[command(args_override_self = true)]
pub(super) struct Add {
    #[command(flatten)]
    pub(super) drawing: Drawing,
    /// Print JSON: `{"job":N}`
    #[arg(long)]
    pub(super) json: bool,
}

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Engine {
    #[command(subcommand)]
    pub(super) command: Option<EngineCommand>,
    /// Leave the terminal; end well where there is an engine already
    #[arg(long, hide = true)]
    pub(super) detached: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum EngineCommand {
    /// Run it here, until it is stopped or has been idle for `engine_idle` seconds; as `danlu engine` does
    Run,
    /// Say whether it runs and what it does
    Status {
        /// Print JSON: `{"running":true,"version":…,"pid":…,"device":…,"paused":…,"waiting":N,"job":N,…}`
        #[arg(long)]
        json: bool,
    },
    /// End it; the running job becomes interrupted, waiting ones wait for the next engine
    Stop,
}

/// A model to measure at its published shape.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub(super) enum FullModel {
    /// SD 1.5 at 512x512
    Sd1,
    /// SD 2.1 at 768x768
    Sd2,
    /// SDXL at 1024x1024
    Sdxl,
}

impl FullModel {
    /// What it is called.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Sd1 => "SD 1.5",
            Self::Sd2 => "SD 2.1",
            Self::Sdxl => "SDXL",
        }
    }
}

#[derive(Debug, Args)]
pub(super) struct Bench {
    /// Instead, load and run a model of zeros once, at its true shape and size: memory, load time, seconds a step
    #[arg(long, value_name = "MODEL")]
    pub(super) full: Option<FullModel>,
    /// Print JSON
    #[arg(long)]
    pub(super) json: bool,
}
