//! `danlu` alone: opens the workstation.

use std::path::PathBuf;

use danlu::store::settings::{Loaded, Origin};
use danlu::store::{Environment, Settings};
use danlu::workstation::{self, Options};

use super::args::Global;
use super::context::{self, Context};
use super::failure::Failure;

pub(super) fn run(global: Global, dataset: Option<PathBuf>) -> Result<(), Failure> {
    let environment = Environment::of_process()?;
    let overrides = context::overrides(global.clone());
    let Loaded {
        settings,
        config_file,
        origins,
        ..
    } = Settings::load(&environment, &overrides)?;
    let context = Context::load(global)?;
    let named_here = origins.get("theme") == Some(&Origin::CommandLine);
    let options = Options {
        environment,
        overrides,
        settings,
        origins,
        config_file,
        roots: context.own_roots(),
        launch: context.launch()?,
        dataset: dataset.map(|path| std::path::absolute(&path).unwrap_or(path)),
    };
    // A bad word on the command line is said before a missing terminal.
    match options.check_theme() {
        Err(error) if named_here => Err(Failure::usage(error.to_string()).maybe_hint(error.hint())),
        Err(error) => Err(error.into()),
        Ok(()) => Ok(workstation::run(options)?),
    }
}
