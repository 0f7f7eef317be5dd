//! `danlu models convert|merge|bake|combine|resize|extract|edit`: the workbench from the shell.

mod args;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use danlu::engine::Job;
use danlu::library::Folder;
use danlu::workbench::task::{self, Joining, Method, Naming, Prune, Rule, Share, Strength, Target};
use danlu::workbench::{self, Done, Error, Phase, Stop, Task};

pub(super) use self::args::Command;
use self::args::{Common, Output};
use super::context::Context;
use super::failure::Failure;
use super::progress::Progress;
use super::{generate, queue};

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let (hint, text) = (error.hint(), error.to_string());
        match error {
            Error::Stopped => Self::interrupted(text),
            Error::Task { .. } => Self::usage(text),
            _ => Self::failed(text),
        }
        .maybe_hint(hint)
    }
}

pub(super) fn run(context: &Context, command: Command) -> Result<(), Failure> {
    let verbose = matches!(&command, Command::Resize(options) if options.verbose);
    let (task, common) = task(context, command)?;
    if common.queue {
        return enqueue(context, task, common.json);
    }
    let interrupted = generate::interrupt_flag()?;
    let mut progress = Progress::new();
    let done = workbench::run(&task, &mut |now| {
        if interrupted.load(Ordering::Relaxed) {
            return Err(Stop);
        }
        let what = match now.phase {
            Phase::Hashing => "hashing",
            Phase::Computing => "computing",
            Phase::Writing => "writing",
        };
        progress.tensors(what, now.done, now.of, now.left);
        Ok(())
    });
    drop(progress);
    tell(&done?, verbose, common.json)
}

/// Says what was made: the path or JSON on standard output, the rest on standard error.
fn tell(done: &Done, verbose: bool, json: bool) -> Result<(), Failure> {
    let mut remarks = String::new();
    if verbose {
        for module in &done.resized {
            let ratio = module
                .max_ratio
                .map_or(String::new(), |ratio| format!(", greatest over least {ratio:.1}"));
            remarks += &format!(
                "{:75} rank {:4}, alpha {}, sum kept {:.1} %, norm kept {:.1} %{ratio}\n",
                module.module,
                module.rank,
                module.alpha,
                module.sum_retained * 100.0,
                module.fro_retained * 100.0
            );
        }
    }
    if !json {
        for note in &done.notes {
            remarks += &format!("{note}\n");
        }
    }
    // Nobody is left to tell when this fails.
    let _ = std::io::stderr().lock().write_all(remarks.as_bytes());
    if json {
        return super::print_json(done);
    }
    super::print(done.path.display().to_string())
}

/// Sends the task to the engine, which does not stand where this process stands.
fn enqueue(context: &Context, mut task: Task, json: bool) -> Result<(), Failure> {
    for path in task.paths_mut() {
        *path = std::path::absolute(&*path)
            .map_err(|e| Failure::failed(format!("{:?} has no whole path: {e}", path.display().to_string())))?;
    }
    queue::submit(context, Job::Workbench(Box::new(task)), json)
}

/// The task that a command asks for, and how it is to be done.
fn task(context: &Context, command: Command) -> Result<(Task, Common), Failure> {
    let network = |name: &str| Ok::<_, Failure>(context.find(name, Some(Folder::Network))?);
    let checkpoint = |name: &str| context.checkpoint(Some(name));
    Ok(match command {
        Command::Convert(options) => {
            let prune = match (options.ema, options.prune) {
                (true, _) => Prune::TakeAverage,
                (_, true) => Prune::Training,
                _ => Prune::Nothing,
            };
            let naming = match options.naming {
                None => Naming::Usual,
                Some(args::Naming::Original) => Naming::Original,
                Some(args::Naming::Diffusers) => Naming::Diffusers,
            };
            let task = task::Convert {
                input: any(context, &options.model)?,
                prune,
                naming,
                output: target(&options.output),
            };
            (Task::Convert(task), options.output.common)
        }
        Command::Merge(options) => merge(context, *options)?,
        Command::Bake(options) => {
            let networks = options.networks.iter().map(|text| {
                let (name, numbers) = numbered(text, 2);
                let te = numbers.first().copied().unwrap_or(1.0);
                Ok::<_, Failure>(Strength {
                    path: network(name)?,
                    te,
                    unet: numbers.get(1).copied().unwrap_or(te),
                })
            });
            let task = task::Bake {
                model: checkpoint(&options.model)?,
                networks: networks.collect::<Result<_, _>>()?,
                output: target(&options.output),
            };
            (Task::Bake(task), options.output.common)
        }
        Command::Combine(options) => combine(context, options)?,
        Command::Resize(options) => {
            let rule = match (options.sv_ratio, options.sv_fro, options.sv_cumulative) {
                (Some(ratio), ..) => Rule::SvRatio(ratio),
                (_, Some(part), _) => Rule::SvFro(part),
                (_, _, Some(part)) => Rule::SvCumulative(part),
                _ => Rule::Fixed,
            };
            let task = task::Resize {
                input: network(&options.model)?,
                rank: options.rank,
                conv_rank: options.conv_rank,
                rule,
                output: target(&options.output),
            };
            (Task::Resize(task), options.output.common)
        }
        Command::Extract(options) => {
            let task = task::Extract {
                original: checkpoint(&options.original)?,
                tuned: checkpoint(&options.tuned)?,
                rank: options.rank,
                conv_rank: options.conv_rank,
                clamp: options.clamp,
                least_difference: options.least_difference,
                output: target(&options.output),
            };
            (Task::Extract(task), options.output.common)
        }
        Command::Edit(options) => {
            let input = any(context, &options.model)?;
            let task = task::Edit {
                output: options.output.clone().unwrap_or_else(|| input.clone()),
                input,
                set: pairs(&options.set)?,
                unset: options.unset,
                rehash: options.rehash,
                overwrite: options.common.overwrite,
            };
            (Task::Edit(task), options.common)
        }
    })
}

fn combine(context: &Context, options: args::Combine) -> Result<(Task, Common), Failure> {
    let networks = options.networks.iter().map(|text| {
        let (name, numbers) = numbered(text, 1);
        Ok::<_, Failure>(Share {
            path: context.find(name, Some(Folder::Network))?,
            ratio: numbers.first().copied().unwrap_or(1.0),
        })
    });
    let joining = match (options.rank, options.concat) {
        (Some(rank), _) => Joining::Svd {
            rank,
            conv_rank: options.conv_rank,
        },
        (None, true) => Joining::Concat,
        (None, false) => Joining::Sum,
    };
    let task = task::Combine {
        networks: networks.collect::<Result<_, _>>()?,
        joining,
        output: target(&options.output),
    };
    Ok((Task::Combine(task), options.output.common))
}

fn merge(context: &Context, options: args::Merge) -> Result<(Task, Common), Failure> {
    let checkpoint = |name: &Option<String>| name.as_ref().map(|name| context.checkpoint(Some(name))).transpose();
    let method = match options.method {
        Some(args::Method::Sum) => Method::WeightedSum,
        Some(args::Method::Difference) => Method::AddDifference,
        None if options.c.is_some() => Method::AddDifference,
        None if options.b.is_some() => Method::WeightedSum,
        Some(args::Method::None) | None => Method::Nothing,
    };
    let vae = options.vae.as_ref().map(|name| context.find(name, Some(Folder::Vae)));
    let task = task::Merge {
        a: context.checkpoint(Some(&options.a))?,
        b: checkpoint(&options.b)?,
        c: checkpoint(&options.c)?,
        method,
        multiplier: options.multiplier,
        blocks: options.blocks,
        vae: vae.transpose()?,
        discard: options.discard,
        config: match options.yaml {
            args::Yaml::Any => task::ConfigSource::Any,
            args::Yaml::B => task::ConfigSource::B,
            args::Yaml::C => task::ConfigSource::C,
            args::Yaml::None => task::ConfigSource::Nobody,
        },
        copy_metadata: !options.no_metadata,
        record: !options.no_recipe,
        metadata: pairs(&options.set)?,
        output: target(&options.output),
    };
    Ok((Task::Merge(task), options.output.common))
}

/// A model of any kind, by name or path.
fn any(context: &Context, name: &str) -> Result<PathBuf, Failure> {
    danlu::store::shipped::unpack(&context.paths.cache_dir)?;
    Ok(context.find(name, None)?)
}

fn target(output: &Output) -> Target {
    Target {
        path: output.output.clone(),
        container: output.format.map(Into::into),
        precision: output.precision.into(),
        overwrite: output.common.overwrite,
    }
}

/// A name and up to so many numbers behind it, each behind a colon. A file of just that name is meant without numbers.
fn numbered(text: &str, most: usize) -> (&str, Vec<f64>) {
    let (mut name, mut numbers) = (text, Vec::new());
    while numbers.len() < most
        && !std::path::Path::new(name).exists()
        && let Some((before, number)) = name.rsplit_once(':')
        && let Ok(number) = number.parse()
    {
        name = before;
        numbers.insert(0, number);
    }
    (name, numbers)
}

/// `KEY=VALUE` texts as a map.
fn pairs(texts: &[String]) -> Result<BTreeMap<String, String>, Failure> {
    let pair = |text: &String| {
        let (key, value) = text.split_once('=').filter(|(key, _)| !key.is_empty()).ok_or_else(|| {
            Failure::usage(format!("{text:?} is no KEY=VALUE")).hint("write the key, =, and the value, in one word")
        })?;
        Ok((key.to_owned(), value.to_owned()))
    };
    texts.iter().map(pair).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_behind_colons() {
        assert_eq!(numbered("a", 2), ("a", vec![]));
        assert_eq!(numbered("a:0.5", 2), ("a", vec![0.5]));
        assert_eq!(numbered("a:b:0.5:-1", 2), ("a:b", vec![0.5, -1.0]));
        assert_eq!(numbered("a:1:2", 1), ("a:1", vec![2.0]));
        assert_eq!(numbered("a:b", 2), ("a:b", vec![]));
    }
}
