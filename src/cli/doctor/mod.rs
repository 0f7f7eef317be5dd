//! `danlu doctor`: what danlu found around it, and what to do about each trouble.
//!
//! [`terminal`] asks the terminal through a [`talk`]; [`graphics`] is the test cards of `danlu doctor --graphics`.

mod graphics;
mod talk;
mod terminal;

use std::path::Path;

use danlu::engine::client::{self, ConnectError};
use danlu::engine::device::{self, DeviceChoice};
use danlu::engine::queue::durable::{self, Queue};
use danlu::library::Trees;
use danlu::store::settings::Loaded;
use danlu::store::{Environment, Paths, Settings, atomic, shipped};

use super::args::Global;
use super::context::{self, Context};
use super::failure::Failure;

/// Lines about one thing, and its troubles.
#[derive(Default)]
struct Report {
    text: String,
    troubles: usize,
}

impl Report {
    fn heading(&mut self, name: &str) {
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        self.text += &format!("{name}\n");
    }

    fn line(&mut self, key: &str, value: impl std::fmt::Display) {
        self.text += &format!("  {key:<14}{value}\n");
    }

    fn trouble(&mut self, what: impl std::fmt::Display, remedy: Option<String>) {
        self.troubles += 1;
        self.text += &format!("  ! {what}\n");
        if let Some(remedy) = remedy {
            self.text += &format!("    {remedy}\n");
        }
    }
}

pub(super) fn run(global: Global) -> Result<(), Failure> {
    if global.graphics == Some(None) {
        return graphics::run(global);
    }
    let mut report = Report::default();
    let environment = Environment::of_process()?;
    report.heading(&format!("danlu {}", env!("CARGO_PKG_VERSION")));
    let loaded = Settings::load(&environment, &context::overrides(global.clone()));
    let settings = settings(&mut report, &environment.paths, loaded);
    devices(&mut report, &settings);
    terminal::section(&mut report, &environment.paths, &settings)?;
    let context = Context {
        device: DeviceChoice::Auto,
        paths: environment.paths,
        settings,
        global,
    };
    engine(&mut report, &context);
    folders(&mut report, &context);
    models(&mut report, &context);
    report.text += &match report.troubles {
        0 => "\nno trouble found".to_owned(),
        1 => "\n1 trouble, marked ! above".to_owned(),
        n => format!("\n{n} troubles, marked ! above"),
    };
    super::print(report.text)
}

/// Reports the settings; with errors in them, the defaults serve for the rest of the report.
fn settings(report: &mut Report, paths: &Paths, loaded: Result<Loaded, danlu::store::SettingsError>) -> Settings {
    match loaded {
        Ok(loaded) => {
            let state = if loaded.config_file.exists() {
                ""
            } else {
                " (not there, defaults are used)"
            };
            report.line("settings", format!("{}{state}", loaded.config_file.display()));
            for name in loaded.unknown_variables {
                report.trouble(
                    format!("{name} is set, but is no setting"),
                    Some("unset it, or correct its name".to_owned()),
                );
            }
            loaded.settings
        }
        Err(e) => {
            report.line("settings", paths.config_file.display());
            report.trouble(&e, e.hint());
            Settings::default()
        }
    }
}

fn devices(report: &mut Report, settings: &Settings) {
    report.heading("devices");
    let built = if cfg!(feature = "cuda") {
        "built in"
    } else {
        "not built in (cargo build --release --features cuda)"
    };
    report.line("CUDA", built);
    if cfg!(feature = "cuda") {
        match device::cuda_count() {
            0 => report.trouble(
                "no CUDA device answers",
                Some(
                    "the NVIDIA driver must be loaded and libcuda.so.1 be found; until then the CPU is used".to_owned(),
                ),
            ),
            n => report.line("CUDA devices", n),
        }
    }
    match settings.device.parse::<DeviceChoice>().and_then(DeviceChoice::open) {
        Ok(opened) => report.line("in use", format!("{} (device = {})", opened.name, settings.device)),
        Err(e) => report.trouble(&e, e.hint()),
    }
    report.line("free memory", device::gibibytes(device::free_memory()));
}

/// The engine process and its queue. None is started for this.
fn engine(report: &mut Report, context: &Context) {
    report.heading("engine");
    match client::connect(&context.paths.engine_socket()) {
        Ok(connection) => report.line(
            "process",
            format!("{}, danlu {}", connection.peer().pid, connection.peer().danlu),
        ),
        Err(ConnectError::NoEngine(_)) => report.line("process", "none now; it is started when it is needed"),
        Err(e) => report.trouble(&e, e.hint()),
    }
    let file = durable::file(&context.paths.data_dir);
    match Queue::peek(&file) {
        Ok(None) => report.line("queue", format!("{} (not there yet)", file.display())),
        Ok(Some(present)) => {
            let (waiting, all) = (present.waiting().count(), present.entries.len());
            let paused = if present.paused { ", paused" } else { "" };
            report.line(
                "queue",
                format!("{}: {all} jobs, {waiting} waiting{paused}", file.display()),
            );
        }
        Err(e) => report.trouble(&e, e.hint()),
    }
    report.line("log", context.paths.engine_log().display());
}

fn folders(report: &mut Report, context: &Context) {
    report.heading("folders");
    let outputs = context.settings.txt2img_dir(&context.paths);
    for (name, folder) in [
        ("pictures", &outputs),
        ("data", &context.paths.data_dir),
        ("cache", &context.paths.cache_dir),
    ] {
        report.line(name, folder.display());
        if let Err(e) = writable(folder) {
            report.trouble(&e, e.hint());
        }
    }
}

/// Whether the folder, or the nearest that exists above it, can be written to; nothing is made.
fn writable(folder: &Path) -> Result<(), atomic::WriteError> {
    let existing = folder.ancestors().find(|f| f.exists()).unwrap_or(folder);
    atomic::check_writable(existing)
}

fn models(report: &mut Report, context: &Context) {
    report.heading("models");
    match shipped::unpack(&context.paths.cache_dir) {
        Ok(path) => report.line(shipped::NAME, path.display()),
        Err(e) => report.trouble(&e, e.hint()),
    }
    for root in &context.settings.model_roots() {
        if !root.is_dir() {
            report.trouble(
                format!("the model folder {} is not there", root.display()),
                Some("create it, or correct models_dir".to_owned()),
            );
        }
    }
    for root in context.model_roots() {
        let library = Trees::scan(std::slice::from_ref(&root));
        report.line(
            "looked in",
            format!("{}: {} models", root.display(), library.models.len()),
        );
        for unreadable in library.unreadable {
            report.trouble(
                format!("cannot read {}: {}", unreadable.path.display(), unreadable.reason),
                Some("check its permissions".to_owned()),
            );
        }
    }
}
