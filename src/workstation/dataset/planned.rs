//! Plans of work on pictures as they are told, row by row.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::data::journal::Change;
use crate::data::picture::work::cull::cull as culled;
use crate::data::picture::work::order::{By, Pattern, rename as renamed};
use crate::data::picture::work::{Kept, Planned};
use crate::data::set::Set;
use crate::panes::dataset::views::work::{Plan, Row};
use crate::ui::lang::told::Sentence;
use crate::ui::lang::work as words;

/// That there is no face detector.
pub(super) fn no_faces(missing: &Path) -> Sentence {
    let missing = std::path::absolute(missing).unwrap_or_else(|_| missing.to_owned());
    Sentence::of(&words::NO_FACES, &[("path", &missing.display())])
}

/// That what is made in a folder cannot be taken back.
pub(super) fn uncovered(folder: &Path) -> Sentence {
    Sentence::of(&words::UNCOVERED, &[("path", &folder.display())])
}

/// New pictures made of old ones.
pub(super) fn made(set: &Set, planned: &[Planned], note: Option<Sentence>, what: String) -> Plan {
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
            plan.kept.push((name, Sentence::from(&trouble.fault)));
        } else if one.pieces.is_empty() {
            plan.kept
                .push((name, one.kept.as_ref().map(Sentence::from).unwrap_or_default()));
        } else {
            let told = told(set, one);
            plan.rows.push(row(one.picture, name, told, Vec::new()));
        }
    }
    plan
}

/// From which size to which, and into which files.
fn told(set: &Set, planned: &Planned) -> Sentence {
    let (width, height) = planned.size;
    let piece = |piece: &crate::data::picture::work::Piece| {
        let (width, height) = piece.cut.size();
        format!("{width}x{height} {}", set.relative(&piece.path))
    };
    let pieces: Vec<String> = planned.pieces.iter().map(piece).collect();
    let told = format!("{width}x{height} → {}", pieces.join(", "));
    let faces = planned.focus.as_ref().map_or(0, |focus| focus.faces.len());
    Sentence::both(|lang| match faces {
        0 => told.clone(),
        n => format!("{told} · {}", lang.fill(&words::FACES, &[("n", &n)])),
    })
}

/// Pictures with other names.
pub(super) fn rename(set: &Set, pictures: &[usize], pattern: &Pattern, first: u64, by: By, what: String) -> Plan {
    let renaming = renamed(set, pictures, pattern, first, by);
    let kept = renaming.taken.iter().map(|name| {
        let why = Sentence::from(&Kept::Taken);
        (set.relative(name).into_owned(), why)
    });
    let kept = kept.chain(anchored(set, pictures)).collect();
    moved(set, pictures, renaming.changes, kept, what)
}

/// Pictures in another folder.
pub(super) fn cull(set: &Set, pictures: &[usize], folder: &Path, what: String) -> Plan {
    let changes = culled(set, pictures, folder);
    moved(set, pictures, changes, anchored(set, pictures).collect(), what)
}

/// What stays because a metadata file names it.
fn anchored<'a>(set: &'a Set, pictures: &'a [usize]) -> impl Iterator<Item = (String, Sentence)> + 'a {
    pictures.iter().filter_map(|&picture| {
        let name = set.relative(&set.pictures[picture].path).into_owned();
        Some((name, Sentence::from(&set.anchor(picture)?)))
    })
}

/// Moves put together by picture; a caption that several share goes with the first.
fn moved(set: &Set, pictures: &[usize], changes: Vec<Change>, kept: Vec<(String, Sentence)>, what: String) -> Plan {
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
            rows.push(row(picture, name, Sentence::default(), Vec::new()));
            rows.len() - 1
        });
        if let Change::Move { from, to } = &change
            && *from == set.pictures[picture].path
        {
            rows[place].told = Sentence::plain(format!("→ {}", set.relative(to)));
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

fn row(picture: usize, name: String, told: Sentence, changes: Vec<Change>) -> Row {
    Row {
        picture,
        name,
        told,
        changes,
        left_out: false,
    }
}
