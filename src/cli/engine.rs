//! `danlu engine`: runs the engine process, says how it is, ends it.

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use danlu::engine::client::{self, ConnectError, Events};
use danlu::engine::seat::{Lock, SeatError};
use danlu::engine::server::{Host, HostError};
use danlu::engine::service::{Config, Log, Stopper};
use danlu::engine::{Event, Present};
use danlu::ui::text::safe;
use rustix::process::{Pid, Signal, kill_process, setsid};
use serde::Serialize;
use tokio::signal::unix::{SignalKind, signal};

use super::args::{Engine, EngineCommand};
use super::context::Context;
use super::failure::Failure;
use super::table;

/// How long an engine may take to end: its own patience with the running step, and some.
const ENDING: Duration = Duration::from_secs(20);
/// How much one engine may write into its log.
const LOG_BYTES: usize = 1 << 20;

pub(super) fn run(context: &Context, options: &Engine) -> Result<(), Failure> {
    match options.command {
        None | Some(EngineCommand::Run) => serve(context, options.detached),
        Some(EngineCommand::Status { json }) => status(context, json),
        Some(EngineCommand::Stop) => stop(context),
    }
}

fn serve(context: &Context, detached: bool) -> Result<(), Failure> {
    if detached {
        // A session of its own, so that nothing done to the terminal reaches it. The leader of a group cannot, and need not.
        let _ = setsid();
    }
    let paths = &context.paths;
    let host = match Host::open(&paths.data_dir, &paths.engine_socket()) {
        // Whoever wanted an engine has one.
        Err(HostError::Seat(SeatError::Taken(_))) if detached => return Ok(()),
        host => host?,
    };
    // No folder is kept from being unmounted.
    let _ = std::env::set_current_dir("/");
    listen_for_signals(host.stopper())?;
    let log = log();
    let panics = Arc::clone(&log);
    std::panic::set_hook(Box::new(move |info| panics(&format!("broke off: {info}"))));
    let socket = paths.engine_socket();
    log(&format!(
        "danlu {} listens at {}",
        env!("CARGO_PKG_VERSION"),
        socket.display()
    ));
    let idle = u64::from(context.settings.engine_idle);
    host.serve(Config {
        device: context.device,
        model_cache: context.model_cache(),
        idle: (idle > 0).then(|| Duration::from_secs(idle)),
        log,
    })?;
    Ok(())
}

/// Ends the engine cleanly on SIGTERM and Ctrl-C. A terminal that goes away is none of its business.
fn listen_for_signals(stopper: Stopper) -> Result<(), Failure> {
    let fail = |e: std::io::Error| Failure::failed(format!("cannot listen for signals: {e}"));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(fail)?;
    let inside = runtime.enter();
    let mut terminate = signal(SignalKind::terminate()).map_err(fail)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(fail)?;
    let mut hangup = signal(SignalKind::hangup()).map_err(fail)?;
    drop(inside);
    let listening = async move {
        loop {
            tokio::select! {
                _ = terminate.recv() => stopper.stop("SIGTERM"),
                _ = interrupt.recv() => stopper.stop("SIGINT"),
                _ = hangup.recv() => {}
            }
        }
    };
    std::thread::Builder::new()
        .name("signals".to_owned())
        .spawn(move || runtime.block_on(listening))
        .map_err(fail)?;
    Ok(())
}

/// Lines on standard error, each with its time and process; not for ever, since nobody may look for months.
fn log() -> Log {
    let written = AtomicUsize::new(0);
    Arc::new(move |text: &str| {
        let now = jiff::Timestamp::now().strftime("%FT%TZ");
        let line = format!("{now} engine {}: {}\n", std::process::id(), safe(text));
        if written.fetch_add(line.len(), Ordering::Relaxed) < LOG_BYTES {
            // Nobody is left to tell when this fails.
            let _ = std::io::stderr().lock().write_all(line.as_bytes());
        }
    })
}

/// What `status --json` prints, where an engine runs.
#[derive(Serialize)]
struct Status<'a> {
    running: bool,
    version: &'a str,
    pid: u32,
    socket: String,
    device: Option<&'a str>,
    paused: bool,
    waiting: usize,
    job: Option<u64>,
    warnings: &'a [String],
}

fn status(context: &Context, json: bool) -> Result<(), Failure> {
    let socket = context.paths.engine_socket();
    let connection = match client::connect(&socket) {
        Err(ConnectError::NoEngine(_)) if json => return super::print(r#"{"running":false}"#),
        Err(ConnectError::NoEngine(_)) => return super::print("no engine is running; it is started when it is needed"),
        connection => connection?,
    };
    let (_requests, mut events) = connection.split()?;
    let present = present(&mut events)?;
    let status = Status {
        running: true,
        version: &present.version,
        pid: present.pid,
        socket: socket.display().to_string(),
        device: present.device.as_deref(),
        paused: present.paused,
        waiting: present.waiting().count(),
        job: present.running.as_ref().map(|running| running.job.0),
        warnings: &present.warnings,
    };
    if json {
        return super::print_json(&status);
    }
    let doing = match &present.running {
        Some(running) => format!("job {}: {}", running.job, table::stage(&running.stage)),
        None if status.paused => "nothing, the queue is paused".to_owned(),
        None => "nothing".to_owned(),
    };
    let mut text = format!(
        "danlu {}, process {}\nlistens at  {}\ndevice      {}\ndoes        {doing}\nwaiting     {}{}\n",
        status.version,
        status.pid,
        status.socket,
        status.device.unwrap_or("not opened yet"),
        status.waiting,
        if status.paused { " (paused)" } else { "" },
    );
    for warning in status.warnings {
        text += &format!("! {}\n", safe(warning));
    }
    super::print(text)
}

/// What the engine says first: all there is to know.
pub(super) fn present(events: &mut Events) -> Result<Present, Failure> {
    match events.next()? {
        Event::Present(present) => Ok(*present),
        event => Err(Failure::failed(format!(
            "the engine said something else than expected: {event:?}"
        ))),
    }
}

fn stop(context: &Context) -> Result<(), Failure> {
    let socket = context.paths.engine_socket();
    // By a signal, which an engine of another version understands too.
    let Some(pid) = client::listener(&socket)? else {
        return super::print("no engine is running");
    };
    let process = Pid::from_raw(pid as i32).ok_or_else(|| Failure::failed(format!("{pid} is no process")))?;
    match kill_process(process, Signal::TERM) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(e) => return Err(Failure::failed(format!("cannot end process {pid}: {e}"))),
    }
    let deadline = Instant::now() + ENDING;
    loop {
        match Lock::take(&context.paths.data_dir) {
            Ok(_) => return Ok(()),
            Err(SeatError::Taken(Some(other))) if other != pid => return Ok(()),
            Err(SeatError::Taken(_)) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(5)),
            Err(SeatError::Taken(_)) => {
                return Err(Failure::failed(format!("process {pid} does not end")).hint(format!(
                    "it may be in the middle of a long step; `kill -9 {pid}` ends it at once"
                )));
            }
            Err(e) => return Err(e.into()),
        }
    }
}
