//! `danlu generate`: a job for the engine, watched until it ends.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use danlu::engine::event::Saved;
use danlu::engine::{Engine, Event, Generate as Work, Job, Output, Setup};

use super::args::{Drawing, Generate};
use super::context::Context;
use super::failure::Failure;
use super::progress::Progress;
use super::{params, queue, recipe, show};

pub(super) fn run(context: &Context, options: Generate) -> Result<(), Failure> {
    if options.queue {
        return queue::add(context, &options.drawing, options.json);
    }
    // First of all: from here on nothing is cut off in the middle of a file.
    let interrupted = interrupt_flag()?;
    let job = job(context, &options.drawing)?;
    let setup = Setup {
        device: context.device,
        model_cache: context.model_cache(),
        bell: None,
    };
    let engine = Engine::start_with(setup).map_err(|e| Failure::failed(format!("cannot start the engine: {e}")))?;
    watch(&engine, Job::Generate(Box::new(job)), &options, &interrupted)
}

/// What the options ask for, complete. What the user should know of it is said on standard error.
pub(super) fn job(context: &Context, drawing: &Drawing) -> Result<Work, Failure> {
    let params = drawing.params.as_deref().map(params::read).transpose()?;
    if drawing.prompt.is_none() && params.is_none() {
        return Err(Failure::usage("there is nothing to draw")
            .hint("say what with --prompt, or take it from a picture with --params"));
    }
    let output = output(context, drawing.output.as_deref())?;
    let recipe::Resolved { recipe, notes } = recipe::resolve(context, drawing, params.as_ref())?;
    for note in notes {
        remark(&note);
    }
    Ok(Work {
        recipe,
        output,
        hash_cache: Some(context.hash_cache()),
        preview: false,
        roots: context.model_roots(),
        strict: drawing.strict,
    })
}

/// Submits the job and follows its events to the end.
fn watch(engine: &Engine, job: Job, options: &Generate, interrupted: &AtomicBool) -> Result<(), Failure> {
    let id = engine.submit(job);
    let mut progress = Progress::new();
    let mut saved = 0;
    let mut stopping = None;
    loop {
        if interrupted.load(Ordering::Relaxed) && stopping.is_none() {
            stopping = Some(Failure::interrupted(String::new()));
            engine.cancel(id);
        }
        match engine.next_event(Duration::from_millis(50)) {
            None if !engine.is_running() => {
                return Err(Failure::failed("the engine has stopped").hint("start danlu again"));
            }
            Some(Event::Started { pictures, .. }) => progress.start(pictures),
            Some(Event::Loading { network, .. }) => progress.loading(&network),
            Some(Event::Step { picture, step, of, .. }) => progress.step(picture, step, of),
            Some(Event::Decoding { .. }) => progress.decoding(),
            Some(Event::Warning { message, .. }) => progress.suspend(|| remark(&message)),
            Some(Event::Saved { picture, .. }) => {
                saved += 1;
                if let Err(failure) = progress.suspend(|| announce(&picture, options)) {
                    engine.cancel(id);
                    stopping.get_or_insert(failure);
                }
            }
            // Whoever interrupts the very last moment gets what was asked for.
            Some(Event::Finished { .. }) => return stopping.filter(|f| f.code != 130).map_or(Ok(()), Err),
            Some(Event::Failed { failure, .. }) => return Err(failure.into()),
            Some(Event::Cancelled { .. }) => {
                drop(progress);
                return Err(match stopping {
                    Some(failure) if failure.code != 130 => failure,
                    _ => Failure::interrupted(match saved {
                        0 => "interrupted; no picture was finished".to_owned(),
                        1 => "interrupted; the finished picture is kept".to_owned(),
                        n => format!("interrupted; the {n} finished pictures are kept"),
                    }),
                });
            }
            // Nothing yet; or a preview, which was not asked for, or the news of a queue, which an engine of one's own does not have.
            _ => {}
        }
    }
}

/// Says where a picture went: JSON or the path on standard output, the rest on standard error.
fn announce(picture: &Saved, options: &Generate) -> Result<(), Failure> {
    let line = if options.json {
        serde_json::to_string(picture).map_err(|e| Failure::failed(e.to_string()))?
    } else {
        picture.path.display().to_string()
    };
    writeln!(std::io::stdout().lock(), "{line}").map_err(|e| {
        Failure::failed(format!("cannot write to standard output: {e}"))
            .hint("no more pictures are drawn; those on disk are kept")
    })?;
    if !options.json && std::io::stderr().is_terminal() {
        remark(&format!("seed {}, {:.1} s", picture.seed, picture.seconds));
    }
    if options.show
        && let Err(failure) = show::picture(&picture.path)
    {
        failure.report();
    }
    Ok(())
}

/// A line for people, on standard error.
fn remark(text: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}

/// Becomes true with the first Ctrl-C, SIGTERM or SIGHUP; a second one ends the program at once.
pub(super) fn interrupt_flag() -> Result<Arc<AtomicBool>, Failure> {
    let flag = Arc::new(AtomicBool::new(false));
    let seen = Arc::clone(&flag);
    ctrlc::set_handler(move || {
        if seen.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
    })
    .map_err(|e| Failure::failed(format!("cannot listen for Ctrl-C: {e}")))?;
    Ok(flag)
}

/// Where pictures go: the option's file or folder, or numbered files below the settings' folder.
fn output(context: &Context, wanted: Option<&Path>) -> Result<Output, Failure> {
    let settings = &context.settings;
    let numbered = |folder: PathBuf, directory_pattern: &str, filename_pattern: &str| Output::Numbered {
        folder,
        directory_pattern: directory_pattern.to_owned(),
        filename_pattern: filename_pattern.to_owned(),
    };
    let Some(path) = wanted else {
        return Ok(numbered(
            settings.txt2img_dir(&context.paths),
            &settings.directory_pattern,
            &settings.filename_pattern,
        ));
    };
    if path.is_dir() || path.to_string_lossy().ends_with('/') {
        let name = if settings.filename_pattern.is_empty() {
            "[seed]"
        } else {
            &settings.filename_pattern
        };
        return Ok(numbered(path.to_owned(), "", name));
    }
    if !path.extension().is_some_and(|e| e.eq_ignore_ascii_case("png")) {
        return Err(Failure::usage(format!(
            "output is {:?}, expected a name that ends in .png, or a folder",
            path.display().to_string()
        ))
        .hint("a folder that does not exist yet is written with a / at its end"));
    }
    Ok(Output::File(path.to_owned()))
}
