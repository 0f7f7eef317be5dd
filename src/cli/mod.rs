//! The shell: every action as a command.
//!
//! [`args`] is the one table of commands and options; help, completions and the man page are made from it. A command's own file holds
//! what it does. What all share is here: settings, model folders, printing, errors.

mod args;
mod bench;
mod choice;
mod companions;
mod context;
mod dataset;
mod doctor;
mod engine;
mod failure;
mod generate;
mod models;
mod params;
mod progress;
mod prompt;
mod queue;
mod recipe;
mod show;
mod table;
mod tags;
mod workbench;
mod workstation;

use std::io::Write;
use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{CommandFactory, Parser};

use self::args::{Cli, Command};
use self::context::Context;
use self::failure::Failure;

/// Runs the program.
pub(super) fn main() -> ExitCode {
    let done = match Cli::try_parse() {
        Ok(cli) => run(cli),
        Err(error) => refuse(&error),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            failure.report();
            ExitCode::from(failure.code)
        }
    }
}

fn run(cli: Cli) -> Result<(), Failure> {
    if cli.global.graphics == Some(None) && !matches!(cli.command, Some(Command::Doctor)) {
        return Err(Failure::usage("--graphics says no way to show pictures")
            .hint("use auto, kitty, kitty-direct, iterm2, sixel, halfblocks or none; `danlu doctor --graphics` shows them all"));
    }
    let Some(command) = cli.command else {
        return workstation::run(cli.global, cli.dataset);
    };
    if cli.dataset.is_some() {
        return Err(
            Failure::usage("--dataset opens the workstation and goes with no command")
                .hint("name the folder behind the command, as in `danlu tags stats DIR`"),
        );
    }
    match command {
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "danlu", &mut script);
            print_bytes(&script)
        }
        Command::Man => print_bytes(&manual().map_err(|e| Failure::failed(e.to_string()))?),
        Command::Prompt(options) => prompt::run(&Context::load(cli.global)?, &options),
        Command::Params(options) => params::run(&options),
        Command::Generate(options) => generate::run(&Context::load(cli.global)?, *options),
        Command::Models(command) => models::run(&Context::load(cli.global)?, command),
        Command::Tags(command) => {
            let mut global = cli.global;
            if command.reads_config() {
                global.config = None;
            }
            tags::run(&Context::load(global)?, command)
        }
        Command::Dataset(command) => dataset::run(cli.global, command),
        Command::Queue(command) => queue::run(&Context::load(cli.global)?, command),
        Command::Engine(options) => engine::run(&Context::load(cli.global)?, &options),
        Command::Doctor => doctor::run(cli.global),
        Command::Bench(options) => bench::run(&Context::load(cli.global)?, &options),
    }
}

/// The manual page: the program, then each command with its options.
fn manual() -> std::io::Result<Vec<u8>> {
    let mut command = Cli::command();
    command.build();
    let mut page = Vec::new();
    clap_mangen::Man::new(command.clone()).render(&mut page)?;
    for command in command.get_subcommands() {
        section(&mut page, command)?;
    }
    Ok(page)
}

/// A command's part of the manual, and its own commands' behind it.
fn section(page: &mut Vec<u8>, command: &clap::Command) -> std::io::Result<()> {
    let name = command.get_bin_name().unwrap_or(command.get_name()).to_uppercase();
    writeln!(page, ".SH {name}")?;
    let man = clap_mangen::Man::new(command.clone());
    man.render_description_section(page)?;
    man.render_options_section(page)?;
    command.get_subcommands().try_for_each(|command| section(page, command))
}

/// Prints help and version; turns clap's paragraph about bad usage into a sentence and a hint.
fn refuse(error: &clap::Error) -> Result<(), Failure> {
    if matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion) {
        // clap knows whether to colour. A reader that has gone away has seen enough.
        let _ = error.print();
        return Ok(());
    }
    if error.kind() == ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
        return Err(Failure::usage("a command is missing").hint("add `--help` to see which there are"));
    }
    let text = error.render().to_string();
    let number = if text.contains("invalid value '-") {
        "use a whole number, 0 or more"
    } else {
        "use a whole number"
    };
    // The standard library's words, which say little.
    let text = text.replace("invalid digit found in string", number);
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    let first = lines
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ")
        .trim_end_matches(':');
    let missing: Vec<_> = lines
        .clone()
        .take_while(|line| line.starts_with('-') || line.starts_with('<'))
        .collect();
    let sentence = if missing.is_empty() {
        first.to_owned()
    } else {
        format!("{first}: {}", missing.join(" "))
    };
    let tip = lines
        .find_map(|line| line.strip_prefix("tip: "))
        .map_or("run `danlu --help`", |tip| tip);
    Err(Failure::usage(sentence).hint(tip))
}

/// Writes to standard output. A reader that has gone away has seen enough; that is no failure.
fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Err(e) if e.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::failed(format!("cannot write to standard output: {e}")))
        }
        _ => Ok(()),
    }
}

/// Writes lines to standard output.
fn print(text: impl AsRef<str>) -> Result<(), Failure> {
    print_bytes(format!("{}\n", text.as_ref().trim_end_matches('\n')).as_bytes())
}

/// Writes a value as one line of JSON.
fn print_json(value: &impl serde::Serialize) -> Result<(), Failure> {
    print(serde_json::to_string(value).map_err(|e| Failure::failed(e.to_string()))?)
}
