//! Plans of work on pictures as they are told, row by row.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::data::journal::Change;
use crate::data::picture::work::cull::cull as culled;
use crate::data::picture::work::order::{By, Pattern, rename as renamed};
use crate::data::picture::work::{Planned, Task};
use crate::data::set::Set;
use crate::panes::dataset::views::work::{Plan, Row};

/// That there is no face detector.
pub(super) fn no_faces(missing: &Path) -> String {
    format!(
        "no face detector is there, so that entropy and edges decide; for faces, put the file {} there",
        missing.display()
    )
}

/// New pictures made of old ones.
pub(super) fn made(set: &Set, task: &Task, planned: &[Planned], note: Option<String>, what: String) -> Plan {
    let mut plan = Plan {
        what,
        rows: Vec::new(),
        kept: Vec::new(),
        makes: true,
        note,
    };
    for one in planned {
        let name = set.relative(&set.pictures[one.picture].path).into_owned();
        if let Some(trouble) = &one.trouble {
            plan.kept.push((name, trouble.fault.to_string()));
        } else if one.pieces.is_empty() {
            plan.kept.push((name, one.kept.clone().unwrap_or_default()));
        } else {
            let told = told(set, task, one);
            plan.rows.push(row(one.picture, name, told, Vec::new()));
        }
    }
    plan
}

/// From which size to which, and into which files.
fn told(set: &Set, task: &Task, planned: &Planned) -> String {
    let (width, height) = planned.size;
    let piece = |piece: &crate::data::picture::work::Piece| {
        let (width, height) = piece.cut.size();
        format!("{width}x{height} {}", set.relative(&piece.path))
    };
    let pieces: Vec<String> = planned.pieces.iter().map(piece).collect();
    let mut told = format!("{} {width}x{height} → {}", task.operation.name(), pieces.join(", "));
    if let Some(focus) = planned.focus.as_ref().filter(|focus| !focus.faces.is_empty()) {
        told.push_str(&format!(" · faces: {}", focus.faces.len()));
    }
    told
}

/// Pictures with other names.
pub(super) fn rename(set: &Set, pictures: &[usize], pattern: &Pattern, first: u64, by: By, what: String) -> Plan {
    let renaming = renamed(set, pictures, pattern, first, by);
    let kept = renaming.taken.iter().map(|name| {
        let why = "a file that stays has this name already".to_owned();
        (set.relative(name).into_owned(), why)
    });
    let kept = kept.collect();
    moved(set, pictures, renaming.changes, kept, what)
}

/// Pictures in another folder.
pub(super) fn cull(set: &Set, pictures: &[usize], folder: &Path, what: String) -> Plan {
    let changes = culled(set, pictures, folder);
    moved(set, pictures, changes, Vec::new(), what)
}

/// Moves put together by picture; a caption that several share goes with the first.
fn moved(set: &Set, pictures: &[usize], changes: Vec<Change>, kept: Vec<(String, String)>, what: String) -> Plan {
    let mut owners: HashMap<PathBuf, usize> = HashMap::new();
    for &picture in pictures {
        owners.insert(set.pictures[picture].path.clone(), picture);
        owners.entry(set.caption_path(picture)).or_insert(picture);
    }
    let mut rows: Vec<Row> = Vec::new();
    let mut places: HashMap<usize, usize> = HashMap::new();
    let mut last = None;
    for change in changes {
        // A caption that is copied has no owner by name; it follows its picture.
        let owner = match &change {
            Change::Move { from, .. } => owners.get(from).copied(),
            _ => None,
        };
        let Some(picture) = owner.or(last) else { continue };
        last = Some(picture);
        let place = *places.entry(picture).or_insert_with(|| {
            let name = set.relative(&set.pictures[picture].path).into_owned();
            rows.push(row(picture, name, String::new(), Vec::new()));
            rows.len() - 1
        });
        if let Change::Move { from, to } = &change
            && *from == set.pictures[picture].path
        {
            rows[place].told = format!("→ {}", set.relative(to));
        }
        rows[place].changes.push(change);
    }
    Plan {
        what,
        rows,
        kept,
        makes: false,
        note: None,
    }
}

fn row(picture: usize, name: String, told: String, changes: Vec<Change>) -> Row {
    Row {
        picture,
        name,
        told,
        changes,
        left_out: false,
    }
}
