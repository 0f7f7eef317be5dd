//! The `danlu` program: parses arguments, runs a command, maps errors to exit codes.
//!
//! Everything else is in the library. Read [`cli`] next.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    quiet_engine_panics();
    cli::main()
}

/// A panic of the engine, on its thread or on one that computes for it, is reported as a failed job in one sentence; a backtrace would
/// only bury that.
fn quiet_engine_panics() {
    let default = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if std::thread::current().name() == Some("main") {
            default(info);
        }
    }));
}
