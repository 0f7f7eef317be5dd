//! Commands that make new pictures: shown as sizes and names, or run.

use std::path::Path;
use std::sync::Mutex;

use danlu::data::journal::Change;
use danlu::data::picture::focus::Faces;
use danlu::data::picture::work::{Detector, Made, MakeError, Operation, Place, Planned, Task, make, plan, sweep};
use danlu::data::set::Set;
use danlu::ui::text::safe;
use danlu::vision::{YuNet, places};
use serde_json::{Value, json};

use super::super::work::{Common, Work, absolute, count, lines};
use super::Output;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
use crate::cli::tags::history::of_set;
use crate::cli::{print, print_json};

pub(super) fn run(
    context: &Context,
    common: &Common,
    output: &Output,
    operation: Operation,
    usual: Place,
) -> Result<(), Failure> {
    let place = match (&output.into, output.beside) {
        (Some(folder), _) => Place::Into(absolute(folder)),
        (None, true) => Place::Beside,
        (None, false) => usual,
    };
    let task = Task {
        operation,
        place,
        format: output.to.map(super::Kind::format),
        quality: output.quality,
        background: output.background.map(|colour| colour.0),
    };
    let (set, pictures) = common.open(context)?;
    let mut yunet = detector(context, &task, common.json)?;
    let faces: Option<Detector<'_>> = yunet.as_mut().map(|yunet| Mutex::new(yunet as &mut (dyn Faces + Send)));
    let work = Work::begin()?;
    let planned = work.watch("looking at pictures", |watch| {
        plan(&set, &pictures, &task, faces.as_ref(), watch)
    })?;
    let outside = match &task.place {
        Place::Into(folder) if !is_inside(&set, folder) => Some(folder.as_path()),
        _ => None,
    };
    if !common.write {
        return show(common, &set, &planned, outside);
    }
    sweep(&set, &planned);
    let mut made = work.watch("making pictures", |watch| make(&set, &planned, &task, watch))?;
    let broken = planned
        .iter()
        .filter_map(|planned| planned.trouble.as_ref())
        .chain(&made.troubles);
    let broken: Vec<String> = broken.map(|trouble| safe(&trouble.to_string()).into_owned()).collect();
    if !common.json {
        print(lines(common.all, broken.clone()))?;
    }
    if !common.json {
        let pieces = made.changes.iter();
        let pieces = pieces.filter(|change| matches!(change, Change::Create { .. })).count();
        print(format!("{pieces} pictures are made{}", stayed(&planned)))?;
    }
    if let Some(folder) = outside {
        settle(&work, made, folder, common.json)?;
    } else {
        let changes = std::mem::take(&mut made.changes);
        let what = format!("dataset {}", task.operation.name());
        work.commit(&set, &what, changes, Some(&task.operation), common.json)?;
    }
    if broken.is_empty() {
        return Ok(());
    }
    Err(Failure::failed(format!(
        "{} could not be read; the rest is done",
        count(broken.len(), "picture")
    ))
    .hint("`danlu dataset check` says what is wrong with them"))
}

/// Whether undo covers what is made in a folder.
pub(super) fn is_inside(set: &Set, folder: &Path) -> bool {
    of_set(set).holds(&folder.join("picture"))
}

/// Gives new files their names in a folder outside of the set, where no journal is kept.
fn settle(work: &Work, made: Made, folder: &Path, json: bool) -> Result<(), Failure> {
    let files = work.watch("files", |watch| made.settle(watch))?;
    if json {
        let files: Vec<_> = files.iter().map(|path| path.to_string_lossy()).collect();
        return print_json(&json!({"written": true, "batch": null, "files": files, "conflicts": 0, "left": 0}));
    }
    print(format!("{} files made; {}", files.len(), uncovered(folder)))
}

fn uncovered(folder: &Path) -> String {
    let folder = folder.to_string_lossy();
    format!("{} lies outside of the dataset, and no undo covers it", safe(&folder))
}

/// How many pictures stay as they are, and why, for the end of a sentence.
fn stayed(planned: &[Planned]) -> String {
    const REASONS: usize = 3;
    let mut reasons: Vec<(String, usize)> = Vec::new();
    for kept in planned
        .iter()
        .filter_map(|planned| planned.kept.as_ref())
        .map(ToString::to_string)
    {
        match reasons.iter_mut().find(|(reason, _)| *reason == kept) {
            Some((_, count)) => *count += 1,
            None => reasons.push((kept, 1)),
        }
    }
    let all: usize = reasons.iter().map(|(_, count)| count).sum();
    if all == 0 {
        return String::new();
    }
    let first = reasons.iter().take(REASONS);
    let mut told: Vec<String> = first
        .map(|(reason, count)| format!("{count}: {}", safe(reason)))
        .collect();
    if reasons.len() > REASONS {
        told.push("…".to_owned());
    }
    format!(", {all} stay as they are ({})", told.join("; "))
}

impl From<MakeError> for Failure {
    fn from(error: MakeError) -> Self {
        let hint = error.hint();
        match error {
            MakeError::Stopped(stopped) => stopped.into(),
            write @ MakeError::Write(_) => Self::failed(safe(&write.to_string())).maybe_hint(hint),
        }
    }
}

/// The face detector, where a focal point is looked for and its file is there; where not, that is said.
fn detector(context: &Context, task: &Task, quiet: bool) -> Result<Option<YuNet>, Failure> {
    let Operation::Focus { weights, .. } = &task.operation else {
        return Ok(None);
    };
    if weights.face <= 0.0 {
        return Ok(None);
    }
    match places::faces(&context.tagger_roots()) {
        Ok(path) => Ok(Some(
            YuNet::open(&path).map_err(|error| Failure::failed(safe(&error.to_string())))?,
        )),
        Err(missing) => {
            if !quiet {
                let missing = missing.to_string_lossy();
                print(format!(
                    "faces are not looked for: there is no {}; entropy and edges decide",
                    safe(&missing)
                ))?;
            }
            Ok(None)
        }
    }
}

fn show(common: &Common, set: &Set, planned: &[Planned], outside: Option<&Path>) -> Result<(), Failure> {
    if common.json {
        let pictures: Vec<Value> = planned.iter().map(|planned| describe(set, planned)).collect();
        return print_json(&json!({"written": false, "pictures": pictures}));
    }
    let mut told = Vec::new();
    for planned in planned {
        let name = set.relative(&set.pictures[planned.picture].path);
        if let Some(trouble) = &planned.trouble {
            told.push(safe(&format!("{name} {}", trouble.fault)).into_owned());
        }
        for piece in &planned.pieces {
            let (from, to) = (planned.size, piece.cut.size());
            let kept = piece.cut.kept();
            let made = set.relative(&piece.path);
            told.push(
                safe(&format!(
                    "{name}  {}x{} -> {}x{}  {made}  (keeps {:.0},{:.0} {:.0}x{:.0})",
                    from.0, from.1, to.0, to.1, kept.x, kept.y, kept.width, kept.height
                ))
                .into_owned(),
            );
        }
    }
    let pieces: usize = planned.iter().map(|planned| planned.pieces.len()).sum();
    if !told.is_empty() {
        print(lines(common.all, told))?;
    }
    if let Some(folder) = outside {
        print(uncovered(folder))?;
    }
    print(format!(
        "{} would be made{}; --write does it",
        count(pieces, "picture"),
        stayed(planned)
    ))
}

fn describe(set: &Set, planned: &Planned) -> Value {
    let mut told = json!({
        "file": set.relative(&set.pictures[planned.picture].path),
        "size": planned.size,
        "made": planned.pieces.iter().map(|piece| {
            let kept = piece.cut.kept();
            json!({"file": set.relative(&piece.path), "size": piece.cut.size(), "kept": [kept.x, kept.y, kept.width, kept.height]})
        }).collect::<Vec<_>>(),
    });
    if let Some(focus) = &planned.focus {
        told["focus"] = json!({"point": focus.point, "faces": focus.faces, "entropy": focus.busiest, "corners": focus.corners.len()});
    }
    if let Some(kept) = &planned.kept {
        told["unchanged"] = json!(kept.to_string());
    }
    if let Some(trouble) = &planned.trouble {
        told["error"] = json!(trouble.fault.to_string());
    }
    told
}
