//! `danlu tags`: the captions of a dataset, counted, changed, taken back, seen as training sees them.
//!
//! [`edits`] counts and changes, [`history`] takes back, [`truth`] shows buckets and draws, [`auto`] runs taggers.

mod auto;
pub(super) mod edits;
pub(super) mod history;
mod truth;

use clap::Subcommand;

use super::context::Context;
use super::failure::Failure;

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    #[command(flatten)]
    Edits(edits::Command),
    #[command(flatten)]
    History(history::Command),
    #[command(flatten)]
    Truth(truth::Command),
    /// Let a tagger or captioner propose captions
    Auto(auto::Options),
}

impl Command {
    /// Whether `--config` names a dataset's configuration here, as with kohya's scripts, and not danlu's settings.
    pub(super) fn reads_config(&self) -> bool {
        matches!(self, Self::Truth(_))
    }
}

pub(super) fn run(context: &Context, command: Command) -> Result<(), Failure> {
    match command {
        Command::Edits(command) => edits::run(context, command),
        Command::History(command) => history::run(context, command),
        Command::Truth(command) => truth::run(context, command),
        Command::Auto(options) => auto::run(context, &options),
    }
}
