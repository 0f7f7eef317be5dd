//! Commands that make new pictures: shown as sizes and names, or run.

use std::sync::Mutex;

use danlu::data::picture::focus::Faces;
use danlu::data::picture::work::{Detector, MakeError, Operation, Place, Planned, Task, make, plan, sweep};
use danlu::data::set::Set;
use danlu::ui::text::safe;
use danlu::vision::{YuNet, places};
use serde_json::{Value, json};

use super::super::work::{Common, Work, absolute, lines};
use super::Output;
use crate::cli::context::Context;
use crate::cli::failure::Failure;
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
    if !common.write {
        return show(common, &set, &planned);
    }
    sweep(&set);
    let mut made = work.watch("making pictures", |watch| make(&set, &planned, &task, watch))?;
    let broken = planned
        .iter()
        .filter_map(|planned| planned.trouble.as_ref())
        .chain(&made.troubles);
    let broken: Vec<String> = broken.map(|trouble| safe(&trouble.to_string()).into_owned()).collect();
    if !common.json {
        print(lines(common.all, broken.clone()))?;
    }
    let changes = std::mem::take(&mut made.changes);
    let what = format!("dataset {}", task.operation.name());
    let elsewhere = match &task.place {
        Place::Into(folder) => Some(folder.as_path()),
        _ => None,
    };
    work.commit(&set, &what, changes, elsewhere, common.json)?;
    if broken.is_empty() {
        return Ok(());
    }
    Err(
        Failure::failed(format!("{} pictures could not be read; the rest is done", broken.len()))
            .hint("`danlu dataset check` says what is wrong with them"),
    )
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

fn show(common: &Common, set: &Set, planned: &[Planned]) -> Result<(), Failure> {
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
    let kept = planned.iter().filter(|planned| planned.kept.is_some()).count();
    if !told.is_empty() {
        print(lines(common.all, told))?;
    }
    let reason = planned.iter().find_map(|planned| planned.kept.as_deref());
    let reason = reason.map_or(String::new(), |reason| format!(" (the first: {})", safe(reason)));
    print(format!(
        "{pieces} pictures would be made, {kept} stay as they are{reason}; --write does it"
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
        told["unchanged"] = json!(kept);
    }
    if let Some(trouble) = &planned.trouble {
        told["error"] = json!(trouble.fault.to_string());
    }
    told
}
