//! `danlu tags auto`: a tagger or captioner proposes captions; they are shown, written, or left to the engine.

mod args;
mod show;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(in crate::cli) use self::args::Options;
use crate::cli::choice;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::generate::interrupt_flag;
use crate::cli::progress::Progress;
use crate::cli::queue;
use danlu::data::edit::{Choices, propose};
use danlu::data::journal::{Halt, Journal};
use danlu::data::set::{self, Set};
use danlu::data::tags::Index;
use danlu::engine::{Engine, Event, Job, Setup};
use danlu::vision::job::Name;
use danlu::vision::results::Left;
use danlu::vision::{Conflict, Proposal, TagJob, places, results};

pub(in crate::cli) fn run(context: &Context, options: &Options) -> Result<(), Failure> {
    let settings = options.settings().map_err(|e| Failure::usage(e.to_string()))?;
    let dir = std::path::absolute(&options.dir).map_err(|e| Failure::failed(e.to_string()))?;
    let place = results::place(&context.paths.data_dir, &dir);
    if options.take {
        return take(
            context,
            options,
            &dir,
            results::read(&place).map_err(|e| nothing(&dir, &e))?,
        );
    }
    let wanted = options.model.as_deref().unwrap_or_default();
    let model = places::find(&context.tagger_roots(), wanted).map_err(|e| {
        let hint = e.hint();
        Failure::failed(e.to_string()).maybe_hint(hint)
    })?;
    let mut job = TagJob::new(&dir, std::path::absolute(&model).unwrap_or(model));
    options.reads(&mut job);
    job.settings = settings;
    job.conflict = options.on_conflict.map(Conflict::from).unwrap_or_default();
    let set = open(&dir, &job.options())?;
    if let Some(query) = &options.query {
        job.pictures = Some(chosen(context, &options.dir, &set, query)?);
    }
    if options.queue {
        job.results = Some(place);
        job.write = options.write;
        return queue::submit(context, Job::Tag(Box::new(job)), options.json);
    }
    let proposals = propose(context, job.clone())?;
    let unseen = unseen(&set, &job, &proposals);
    finish(options, &job, set, proposals, &unseen)
}

/// Shows or writes what a job has left, narrowed as far as it can still be.
fn take(context: &Context, options: &Options, dir: &Path, left: Left) -> Result<(), Failure> {
    let (mut job, mut proposals) = (left.job, left.proposals);
    if let Some(option) = options.too_late() {
        let sentence = format!("{option} is the model's, and the proposals to take are made");
        return Err(Failure::usage(sentence).hint("give it to a new job, with --queue in the place of --take"));
    }
    if let Some(wanted) = options.model.as_deref().filter(|wanted| !is_of(context, &job, wanted)) {
        let sentence = format!("the proposals are of the model {:?}, not of {wanted:?}", job.name());
        return Err(Failure::failed(sentence).hint("leave --model out to take them, or begin a job with --queue"));
    }
    let narrowing = options.narrowing();
    if !narrowing.is_empty() && proposals.iter().any(|proposal| proposal.caption.is_some()) {
        let sentence = "the proposals are a captioner's sentences, which have no tags and no confidences";
        return Err(Failure::usage(sentence).hint("choose pictures with --where"));
    }
    narrowing
        .narrow(&job.settings.tagging, &mut proposals)
        .map_err(|e| Failure::usage(e.to_string()).hint("for more, begin a job anew with --queue"))?;
    options.reads(&mut job);
    let set = open(dir, &job.options())?;
    if let Some(query) = &options.query {
        let chosen: HashSet<_> = chosen(context, &options.dir, &set, query)?
            .into_iter()
            .map(|name| name.0)
            .collect();
        proposals.retain(|proposal| chosen.contains(&proposal.picture));
    }
    if !left.is_done {
        show::remark("the job has not looked at all its pictures yet");
    }
    finish(options, &job, set, proposals, &[])
}

/// Whether a job ran the model that is meant.
fn is_of(context: &Context, job: &TagJob, wanted: &str) -> bool {
    match places::find(&context.tagger_roots(), wanted) {
        Ok(found) => std::path::absolute(found).is_ok_and(|found| found == job.model),
        // It may have been moved or deleted since.
        Err(_) => Path::new(wanted)
            .file_name()
            .is_some_and(|name| name.eq_ignore_ascii_case(job.name())),
    }
}

/// The pictures that were to be looked at and could not be.
fn unseen(set: &Set, job: &TagJob, proposals: &[Proposal]) -> Vec<PathBuf> {
    let seen: HashSet<&Path> = proposals.iter().map(|proposal| proposal.picture.as_path()).collect();
    let chosen: Option<HashSet<&Path>> = job
        .pictures
        .as_ref()
        .map(|names| names.iter().map(|name| name.0.as_path()).collect());
    let asks = |picture: usize| job.conflict != Conflict::Ignore || propose::is_blank(set, picture);
    let paths = set.pictures.iter().map(|picture| &picture.path).enumerate();
    let wanted = paths.filter(|(picture, path)| {
        chosen.as_ref().is_none_or(|chosen| chosen.contains(path.as_path())) && asks(*picture)
    });
    let paths = wanted
        .map(|(_, path)| path)
        .filter(|path| !seen.contains(path.as_path()));
    paths.cloned().collect()
}

fn open(dir: &Path, options: &set::Options) -> Result<Set, Failure> {
    Set::open(dir, options).map_err(|e| {
        let hint = e.hint();
        Failure::failed(e.to_string()).maybe_hint(hint)
    })
}

fn nothing(dir: &Path, error: &std::io::Error) -> Failure {
    let dir = dir.display().to_string();
    if error.kind() == std::io::ErrorKind::NotFound {
        Failure::failed(format!("no job has looked at {dir:?} yet"))
            .hint("begin one with `danlu tags auto DIR --model NAME --queue`")
    } else {
        Failure::failed(format!("the proposals for {dir:?} cannot be read: {error}"))
    }
}

/// The pictures that a query chooses.
fn chosen(context: &Context, dir: &Path, set: &Set, query: &str) -> Result<Vec<Name>, Failure> {
    let chosen = choice::pictures(context, dir, set, &Index::of(set), Some(query))?;
    Ok(chosen.into_iter().map(|i| Name(set.pictures[i].path.clone())).collect())
}

/// Runs the job in this process.
fn propose(context: &Context, job: TagJob) -> Result<Vec<Proposal>, Failure> {
    let interrupted = interrupt_flag()?;
    let setup = Setup {
        device: context.device,
        ..Setup::default()
    };
    let engine = Engine::start_with(setup).map_err(|e| Failure::failed(format!("cannot start the engine: {e}")))?;
    let name = job.name();
    let id = engine.submit(Job::Tag(Box::new(job)));
    let mut progress = Progress::new();
    let mut proposals = Vec::new();
    loop {
        if interrupted.load(Ordering::Relaxed) {
            engine.cancel(id);
        }
        match engine.next_event(Duration::from_millis(50)) {
            None if !engine.is_running() => {
                return Err(Failure::failed("the engine has stopped").hint("start danlu again"));
            }
            Some(Event::Loading { network, .. }) => progress.loading(&network),
            Some(Event::Step { step, of, left, .. }) => progress.tensors(&name, step, of, left),
            Some(Event::Tagged { proposal, .. }) => proposals.push(*proposal),
            Some(Event::Warning { message, .. }) => progress.suspend(|| show::remark(&message)),
            Some(Event::Finished { .. }) => return Ok(proposals),
            Some(Event::Failed { failure, .. }) => return Err(failure.into()),
            Some(Event::Cancelled { .. }) => {
                drop(progress);
                return Err(Failure::interrupted("interrupted; nothing was written"));
            }
            _ => {}
        }
    }
}

/// Shows what the proposals come to, and writes it where that was asked for.
fn finish(
    options: &Options,
    job: &TagJob,
    set: Set,
    proposals: Vec<Proposal>,
    unseen: &[PathBuf],
) -> Result<(), Failure> {
    let conflict = options.on_conflict.map_or(job.conflict, Conflict::from);
    let plan = propose::plan(&set, &proposals, conflict, &Choices::default());
    let (refused, count) = (plan.refused.clone(), plan.changes.len());
    if options.json {
        // Before anything is written: what cannot be told must not be done either.
        crate::cli::print_json(&show::json(&set, job, &proposals, &plan, unseen, options.write))?;
    } else {
        crate::cli::print(show::text(&set, &proposals, &plan))?;
    }
    for (path, why) in &refused {
        show::remark(&format!("{} is left alone: {why}", show::name(&set, path)));
    }
    if !options.write {
        if count > 0 && !options.json {
            show::remark(&format!(
                "nothing was written; --write writes {}",
                show::captions(count)
            ));
        }
        return Ok(());
    }
    if count == 0 {
        return Ok(());
    }
    let folders: Vec<PathBuf> = set.subsets.iter().map(|subset| subset.folder.clone()).collect();
    let journal = Journal::at(&set.root).with_folders(folders);
    let what = format!("auto --model {}", job.name());
    let done = journal.commit(&what, plan.into_changes(), &mut |_| Ok(()));
    let done = done.map_err(|e| {
        let hint = e.hint();
        Failure::failed(e.to_string()).maybe_hint(hint)
    })?;
    for conflict in &done.conflicts {
        let name = show::name(&set, &conflict.path);
        show::remark(&format!(
            "{name} was changed by somebody else meanwhile and is left alone"
        ));
    }
    if let Some(Halt::Failed(e)) = done.halted {
        let written = show::captions(done.changed.len());
        let hint = format!(
            "{written} are written, {} are not; `danlu tags undo` takes them back",
            done.left
        );
        return Err(Failure::failed(e.to_string()).hint(hint));
    }
    let written = show::captions(done.changed.len());
    show::remark(&format!("{written} written; `danlu tags undo` takes them back"));
    Ok(())
}
