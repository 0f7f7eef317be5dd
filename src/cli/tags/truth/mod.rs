//! `danlu tags buckets` and `danlu tags preview`: what training makes of pictures and of captions.
//!
//! [`ground`] opens the set and its configuration, [`options`] are kohya's options as the shell takes them.

mod buckets;
mod ground;
mod options;
mod preview;

use std::io::Write;

use clap::Subcommand;
use danlu::ui::text::safe;

use crate::cli::context::Context;
use crate::cli::failure::Failure;

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum Command {
    /// Show which bucket each picture goes to, and what is cut away
    Buckets(buckets::Options),
    /// Show captions exactly as the text encoder will see them, draw by draw
    Preview(Box<preview::Options>),
}

pub(in crate::cli) fn run(_context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Buckets(options) => buckets::run(&options),
        Command::Preview(options) => preview::run(&options),
    }
}

/// Says on standard error what does not stop the work.
fn warn(sentence: &str) {
    // Nobody is left to tell when this fails.
    let _ = writeln!(std::io::stderr().lock(), "warning: {}", safe(sentence));
}
