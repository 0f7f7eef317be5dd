//! Crops set by hand follow their pictures.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use super::Operation;
use super::names::ORIGINALS;
use crate::data::buckets::hand::{Hand, Hands};
use crate::data::journal::{Change, FOLDER};
use crate::data::picture::cut::{Aim, Resize};
use crate::data::picture::facts;
use crate::data::set::is_picture;

/// What the file of crops becomes when these changes are made, to be made with them: renamed pictures keep their crops, and those that
/// are thrown away or cut by `operation` lose them. A focal point stays with a picture that is only scaled, both kinds with one that
/// only is another kind of file. None where nothing changes, or where the file cannot be used as it is.
pub fn crops(root: &Path, changes: &[Change], operation: Option<&Operation>) -> Option<Change> {
    let path = Hands::path(root);
    if changes.iter().any(|change| change.path() == path) {
        return None;
    }
    let before = fs::read(&path).ok()?;
    let mut hands = Hands::read(root).ok()?;
    let originals = root.join(FOLDER).join(ORIGINALS);
    let mut made: HashMap<(&Path, &OsStr), &Path> = HashMap::new();
    for change in changes {
        if let Change::Create { path, .. } = change {
            made.insert((path.parent()?, path.file_stem()?), path);
        }
    }
    let mut gone = Vec::new();
    let mut given = Vec::new();
    for change in changes {
        let (from, to) = match change {
            Change::Move { from, to } if is_picture(from) => (from, Some(to)),
            Change::Trash { path } => (path, None),
            Change::Move { .. } | Change::Write { .. } | Change::Create { .. } => continue,
        };
        let Some(hand) = hands.of(root, from) else { continue };
        gone.push(from);
        match to {
            Some(to) if to.starts_with(&originals) => {
                let new = made.get(&(from.parent()?, from.file_stem()?));
                let is_kept = operation.is_some_and(|operation| outlives(hand, operation));
                // A picture that EXIF turns gets other pixels by whatever is done to it.
                let is_upright = || facts(from).is_ok_and(|facts| facts.orientation == 1);
                given.extend(new.filter(|_| is_kept && is_upright()).map(|new| (*new, hand)));
            }
            Some(to) => given.push((to, hand)),
            None => {}
        }
    }
    if gone.is_empty() {
        return None;
    }
    // Names may go round in a circle: all are taken away before any is given.
    for picture in gone {
        hands.set(root, picture, None);
    }
    for (picture, hand) in given {
        hands.set(root, picture, Some(hand));
    }
    let after = Some(hands.text()).filter(|text| !text.trim().is_empty());
    Some(Change::Write {
        path,
        before: Some(before),
        after: after.map(String::into_bytes),
    })
}

/// Whether what was set holds for the picture that is made in the place of the old one.
fn outlives(hand: Hand, operation: &Operation) -> bool {
    match (operation, hand) {
        (Operation::Convert, _) => true,
        (Operation::Resize(Resize { aim, .. }), Hand::Focus(_)) => !matches!(aim, Aim::Cover(_)),
        _ => false,
    }
}
