//! `danlu queue`: shows and changes the queue, through the engine where one runs, else in its file.
//!
//! Only what asks for work starts an engine: adding, retrying, resuming. The rest must not begin to draw as a side effect.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use danlu::engine::client::{self, ConnectError, Connection, Events, Requests};
use danlu::engine::queue::durable::{self, Queue};
use danlu::engine::seat::{Lock, SeatError};
use danlu::engine::{Entry, Event, Generate, Job, JobId, Output, Present, Request, Stage, State};
use danlu::ui::text::safe;
use serde_json::{Value, json};

use super::args::{self, Drawing};
use super::context::Context;
use super::failure::Failure;
use super::{engine, generate, table};

/// How long an engine that is just starting or ending may keep the queue's file.
const BUSY: Duration = Duration::from_secs(10);

pub(super) fn run(context: &Context, command: args::Queue) -> Result<(), Failure> {
    let each = |jobs: Vec<u64>, request: fn(JobId) -> Request| jobs.into_iter().map(JobId).map(request).collect();
    match command {
        args::Queue::List { json } => list(context, json),
        args::Queue::Add(options) => add(context, &options.drawing, options.json),
        args::Queue::Cancel { jobs } => quietly(context, each(jobs, |job| Request::Cancel { job })),
        args::Queue::Remove { jobs } => quietly(context, each(jobs, |job| Request::Remove { job })),
        args::Queue::Pause => quietly(context, vec![Request::Pause]),
        args::Queue::Move { position: 0, .. } => {
            Err(Failure::usage("position is 0, expected 1 or more").hint("1 is the next to run"))
        }
        args::Queue::Move { job, position } => {
            let (job, to) = (JobId(job), position - 1);
            quietly(context, vec![Request::Move { job, to }])
        }
        args::Queue::Resume => online(start(context)?, vec![Request::Resume]),
        args::Queue::Retry { jobs } => online(start(context)?, each(jobs, |job| Request::Retry { job })),
    }
}

fn start(context: &Context) -> Result<Connection, Failure> {
    Ok(client::connect_or_start(&context.launch()?)?)
}

/// Puts what the options ask for at the end of the queue and prints its number.
pub(super) fn add(context: &Context, drawing: &Drawing, json: bool) -> Result<(), Failure> {
    let mut work = generate::job(context, drawing)?;
    work.preview = true;
    make_absolute(&mut work)?;
    submit(context, Job::Generate(Box::new(work)), json)
}

/// Puts a job at the end of the queue and prints its number.
pub(super) fn submit(context: &Context, job: Job, json: bool) -> Result<(), Failure> {
    let (requests, mut events) = start(context)?.split()?;
    let ticket = 1;
    requests.send(&Request::Submit { ticket, job })?;
    loop {
        match events.next()? {
            Event::Accepted { ticket: 1, job } if json => return super::print_json(&json!({ "job": job })),
            Event::Accepted { ticket: 1, job } => return super::print(job.to_string()),
            Event::Refused { failure, .. } => return Err(failure.into()),
            _ => {}
        }
    }
}

/// The engine does not stand where this process stands.
fn make_absolute(work: &mut Generate) -> Result<(), Failure> {
    let absolute = |path: &mut PathBuf| -> Result<(), Failure> {
        *path = std::path::absolute(&*path)
            .map_err(|e| Failure::failed(format!("{:?} has no whole path: {e}", path.display().to_string())))?;
        Ok(())
    };
    absolute(&mut work.recipe.model)?;
    work.recipe.vae.as_mut().map_or(Ok(()), absolute)?;
    work.hash_cache.as_mut().map_or(Ok(()), absolute)?;
    work.roots.iter_mut().try_for_each(absolute)?;
    match &mut work.output {
        Output::Numbered { folder, .. } => absolute(folder),
        Output::File(file) => absolute(file),
    }
}

/// Makes changes that start no work: through the engine if one runs, else in the file.
fn quietly(context: &Context, requests: Vec<Request>) -> Result<(), Failure> {
    let deadline = Instant::now() + BUSY;
    loop {
        match client::connect(&context.paths.engine_socket()) {
            Err(ConnectError::NoEngine(_)) => {}
            connection => return online(connection?, requests),
        }
        match Lock::take(&context.paths.data_dir) {
            Ok(_lock) => return offline(&durable::file(&context.paths.data_dir), requests),
            // It is just starting or ending.
            Err(SeatError::Taken(_)) if Instant::now() < deadline => std::thread::sleep(Duration::from_millis(10)),
            Err(e) => return Err(e.into()),
        }
    }
}

fn online(connection: Connection, asked: Vec<Request>) -> Result<(), Failure> {
    let (requests, mut events) = connection.split()?;
    engine::present(&mut events)?;
    asked
        .iter()
        .try_for_each(|request| ask(&requests, &mut events, request))
}

/// Sends a request and waits until it is done or refused.
fn ask(requests: &Requests, events: &mut Events, request: &Request) -> Result<(), Failure> {
    requests.send(request)?;
    loop {
        match events.next()? {
            Event::Refused { ticket: None, failure } => return Err(failure.into()),
            event if answers(&event, request) => return Ok(()),
            _ => {}
        }
    }
}

fn answers(event: &Event, request: &Request) -> bool {
    match (request, event) {
        (Request::Cancel { job }, event) => event.ends_job() && event.job() == Some(*job),
        (Request::Retry { job }, Event::Queued { entry }) => entry.id == *job && !entry.state.is_ended(),
        (Request::Remove { job }, Event::Removed { job: removed }) => job == removed,
        (Request::Move { .. }, Event::Order { .. }) => true,
        (Request::Pause, Event::Paused { paused }) => *paused,
        (Request::Resume, Event::Paused { paused }) => !paused,
        _ => false,
    }
}

fn offline(file: &Path, requests: Vec<Request>) -> Result<(), Failure> {
    let mut queue = Queue::open(file)?;
    for request in requests {
        match request {
            Request::Cancel { job } => queue.cancel(job)?,
            Request::Remove { job } => queue.remove(job)?,
            Request::Move { job, to } => queue.move_to(job, to)?,
            Request::Pause => queue.pause(true),
            _ => Vec::new(),
        };
    }
    match queue.present().warnings.last() {
        Some(warning) if queue.is_behind() => Err(Failure::failed(warning)),
        _ => Ok(()),
    }
}

fn list(context: &Context, json: bool) -> Result<(), Failure> {
    let (present, has_engine) = match client::connect(&context.paths.engine_socket()) {
        Err(ConnectError::NoEngine(_)) => {
            let present = Queue::peek(&durable::file(&context.paths.data_dir))?;
            (present.unwrap_or_default(), false)
        }
        connection => {
            let (_requests, mut events) = connection?.split()?;
            (engine::present(&mut events)?, true)
        }
    };
    if json {
        return super::print_json(&json!({
            "engine": has_engine.then(|| json!({ "version": present.version, "pid": present.pid })),
            "paused": present.paused,
            "warnings": present.warnings,
            "jobs": present.entries.iter().map(|entry| described(&present, entry)).collect::<Vec<_>>(),
        }));
    }
    let mut text = String::new();
    for warning in &present.warnings {
        text += &format!("! {}\n", safe(warning));
    }
    if present.entries.is_empty() {
        text += "the queue is empty; `danlu queue add -p \"fox\"` adds a job\n";
    } else {
        text += &table::queue(&present, table::width());
    }
    if present.paused {
        text += "the queue is paused; `danlu queue resume` lets it go on\n";
    } else if !has_engine && present.waiting().next().is_some() {
        text += "no engine is running; `danlu queue resume` starts one\n";
    }
    super::print(text)
}

/// A job for scripts. Keys are added, never changed.
fn described(present: &Present, entry: &Entry) -> Value {
    let progress = match &present.running {
        Some(running) if running.job == entry.id => progress(&running.stage),
        _ => Value::Null,
    };
    let failure = match &entry.state {
        State::Failed(failure) => json!(failure),
        _ => Value::Null,
    };
    let mut described = json!({
        "job": entry.id,
        "state": entry.state.name(),
        "added": entry.added,
        "started": entry.started,
        "ended": entry.ended,
        "progress": progress,
        "failure": failure,
        "warnings": entry.warnings,
        "made": entry.made,
        "pictures": entry.pictures,
    });
    if let Job::Generate(work) = &entry.job {
        let recipe = &work.recipe;
        described["asked"] = json!({
            "prompt": recipe.prompt,
            "negative_prompt": recipe.negative_prompt,
            "model": recipe.model.to_string_lossy(),
            "vae": recipe.vae.as_ref().map(|vae| vae.to_string_lossy()),
            "sampler": recipe.sampler.name(),
            "schedule": recipe.schedule.label(),
            "steps": recipe.steps,
            "cfg": recipe.cfg_scale,
            "width": recipe.width,
            "height": recipe.height,
            "seed": recipe.seed,
            "batch": recipe.batch_size,
            "count": recipe.batch_count,
        });
    }
    described
}

fn progress(stage: &Stage) -> Value {
    match stage {
        Stage::Starting => json!({ "stage": "starting" }),
        Stage::Loading(network) => json!({ "stage": "loading", "network": network }),
        Stage::Step {
            picture,
            step,
            of,
            per_second,
            left,
        } => json!({
            "stage": "step", "picture": picture, "step": step, "of": of, "per_second": per_second, "left": left,
        }),
        Stage::Decoding => json!({ "stage": "decoding" }),
    }
}
