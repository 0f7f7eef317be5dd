//! Resize: a LoRA of another rank, by kohya's rules (`networks/resize_lora.py`).

use super::lora::{self, Lora, Pair};
use super::pace::Watch;
use super::source::Source;
use super::svd::Svd;
use super::task::{Resize, Rule};
use super::tensor::{Map, Tensor};
use super::write::{self, Plan, safetensors::add_hashes};
use super::{Done, Error, Resized, python};

/// A product whose greatest singular value is no more than this is zero.
const ZERO: f32 = 1e-6;

/// Does the task.
pub(super) fn run(task: &Resize, watch: &mut Watch<'_>) -> Result<Done, Error> {
    check(task)?;
    write::free(&task.output.path, &[&task.input], task.output.overwrite)?;
    let source = Source::open(&task.input)?;
    let lora = Lora::of(&source)?;
    let conv_rank = task.conv_rank.unwrap_or(task.rank);
    let modules: Vec<_> = lora.pairs.iter().collect();
    let done = lora::each(
        &modules,
        |(_, pair)| (pair.rank() * pair.shape().iter().sum::<usize>()) as f64,
        watch,
        |(module, pair)| {
            let rank = if pair.is_conv() { conv_rank } else { task.rank };
            one(module, pair, rank, task.rule)?.ok_or_else(|| lora::not_finite(&task.input, module))
        },
    )?;
    let mut tensors: Map<'_> = lora.others.clone();
    let mut resized = Vec::new();
    for (report, made) in done {
        resized.push(report);
        tensors.extend(made);
    }
    let (old, alpha) = (
        lora.pairs.values().map(Pair::rank).max().unwrap_or_default(),
        resized.last().map_or(0.0, |last| last.alpha),
    );
    let mut notes = Vec::new();
    if !lora.others.is_empty() {
        notes.push(format!(
            "{} tensors that are no LoRA pairs stay as they are",
            lora.others.len()
        ));
    }
    let losses = std::sync::Arc::default();
    let mut plan = Plan {
        tensors: write::cast(tensors, task.output.precision, &losses),
        metadata: lora.metadata,
        is_checkpoint: false,
    };
    describe(&mut plan, task, conv_rank, old, alpha);
    add_hashes(&mut plan)?;
    let mut done = write::file(plan, &task.output, &[&task.input], watch)?;
    notes.append(&mut done.notes);
    notes.extend(losses.notes());
    Ok(Done { notes, resized, ..done })
}

fn check(task: &Resize) -> Result<(), Error> {
    let wrong = |what: String, hint| Err(Error::Task { what, hint });
    if task.rank == 0 || task.conv_rank == Some(0) {
        return wrong("the new rank is 0".to_owned(), "give a rank of 1 or more");
    }
    match task.rule {
        Rule::SvRatio(ratio) if !(ratio.is_finite() && ratio > 0.0) => wrong(
            format!("sv_ratio is {ratio}, expected a number above 0"),
            "the usual ones are between 2 and 20",
        ),
        Rule::SvFro(part) | Rule::SvCumulative(part) if !(part > 0.0 && part <= 1.0) => wrong(
            format!("the part to keep is {part}, expected a number above 0 and up to 1"),
            "the usual ones are between 0.7 and 0.99",
        ),
        _ => Ok(()),
    }
}

/// What became of a module: what is said of it, and its tensors.
type Made<'a> = (Resized, Vec<(String, Tensor<'a>)>);

/// Resizes one module; `None` when it is not finite.
fn one<'a>(module: &str, pair: &Pair<'a>, most: usize, rule: Rule) -> Result<Option<Made<'a>>, Error> {
    let Some(svd) = pair.svd()? else { return Ok(None) };
    let rank = rank(&svd, most, rule);
    let alpha = f64::from(pair.scale() * rank as f32);
    let factors = svd.factors(rank);
    let dtype = pair.down.dtype;
    let shape = pair.shape();
    let names = pair.names(module);
    let mut tensors: Vec<_> = names
        .into_iter()
        .zip(lora::tensors(&factors, &shape, rank, dtype))
        .collect();
    tensors.push((format!("{module}.alpha"), lora::number(dtype, alpha)));
    Ok(Some((report(module, &svd.values, rank, alpha), tensors)))
}

fn report(module: &str, values: &[f32], rank: usize, alpha: f64) -> Resized {
    let kept = &values[..rank.min(values.len())];
    let sum = |values: &[f32]| values.iter().map(|&v| f64::from(v)).sum::<f64>();
    let fro = |values: &[f32]| values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    // All of nothing is kept.
    let part = |kept: f64, whole: f64| if whole > 0.0 { kept / whole } else { 1.0 };
    let (first, last) = (values.first(), values.get(rank - 1));
    Resized {
        module: module.to_owned(),
        rank,
        alpha,
        sum_retained: part(sum(kept), sum(values)),
        fro_retained: part(fro(kept), fro(values)),
        // Beyond the matrix's own rank the last value is zero.
        max_ratio: match (first, last) {
            (Some(&first), Some(&last)) if last > 0.0 => Some(f64::from(first / last)),
            _ => None,
        },
    }
}

/// The new rank. One more than the rule's index is kept, as kohya does.
fn rank(svd: &Svd, most: usize, rule: Rule) -> usize {
    let values = &svd.values;
    let count = svd.count();
    let Some(&first) = values.first() else { return 1 };
    if first <= ZERO {
        return 1;
    }
    let bounded = |index: usize| index.min(count - 1).max(1) + 1;
    let wanted = match rule {
        Rule::Fixed => most,
        Rule::SvRatio(ratio) => {
            let least = first / ratio as f32;
            bounded(values.iter().filter(|&&v| v > least).count())
        }
        Rule::SvCumulative(part) => bounded(reaches(values.iter().copied(), part as f32) + 1),
        Rule::SvFro(part) => bounded(reaches(values.iter().map(|v| v * v), (part * part) as f32) + 1),
    };
    wanted.min(most).min(count).max(1)
}

/// The first index at which the running sum is the given part of the whole.
fn reaches(values: impl Iterator<Item = f32> + Clone, part: f32) -> usize {
    let whole: f32 = values.clone().sum();
    let mut sum = 0.0;
    values
        .take_while(|value| {
            sum += value;
            sum / whole < part
        })
        .count()
}

/// Writes down what was done, in the words that kohya's script uses.
fn describe(plan: &mut Plan<'_>, task: &Resize, conv_rank: usize, old: usize, alpha: f64) {
    let metadata = &mut plan.metadata;
    let comment = metadata.get("ss_training_comment").cloned().unwrap_or_default();
    let (what, dim, alpha) = match task.rule {
        Rule::Fixed => {
            let conv = if conv_rank == task.rank {
                String::new()
            } else {
                format!(" (conv: {conv_rank})")
            };
            let what = format!("dimension is resized from {old} to {}{conv}; {comment}", task.rank);
            (what, task.rank.to_string(), python::float(alpha))
        }
        Rule::SvRatio(by) | Rule::SvFro(by) | Rule::SvCumulative(by) => {
            let rule = match task.rule {
                Rule::SvRatio(_) => "sv_ratio",
                Rule::SvFro(_) => "sv_fro",
                _ => "sv_cumulative",
            };
            let what = format!(
                "Dynamic resize with {rule}: {} from {old}; {comment}",
                python::float(by)
            );
            (what, "Dynamic".to_owned(), "Dynamic".to_owned())
        }
    };
    metadata.insert("ss_training_comment".to_owned(), what);
    metadata.insert("ss_network_dim".to_owned(), dim);
    metadata.insert("ss_network_alpha".to_owned(), alpha);
}
