//! `danlu dataset`: what is wrong with a dataset, and work on its pictures.
//!
//! [`check`] tells what is wrong, [`pictures`] has the commands that make new pictures, rename and remove, [`work`] what they share.

mod check;
mod pictures;
pub(super) mod work;

use std::path::PathBuf;

use clap::Subcommand;

use super::args::Global;
use super::context::Context;
use super::failure::Failure;
use super::workstation;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Say what is wrong with a dataset, or will surprise in training
    Check(check::Options),
    /// Open the workstation with a dataset: a folder of pictures, a kohya tree or a dataset TOML
    Open {
        /// The dataset
        dir: PathBuf,
    },
    #[command(flatten)]
    Pictures(pictures::Command),
}

pub(super) fn run(global: Global, command: Command) -> Result<(), Failure> {
    match command {
        Command::Open { dir } => workstation::run(global, Some(dir)),
        Command::Check(options) => check::run(&Context::load(global)?, &options),
        Command::Pictures(command) => pictures::run(&Context::load(global)?, command),
    }
}
