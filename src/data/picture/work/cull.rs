//! Pictures taken out of a set, with their captions, into another folder.

use std::path::Path;

use super::names::{Taken, captions_along, free, mirrored};
use crate::data::journal::Change;
use crate::data::set::Set;

/// Moves these pictures and their captions into a folder, as the set's own folders lie; where a name is taken, both get a number. A
/// caption that a picture which stays needs as well is copied. Those that [`Set::anchor`] holds stay.
pub fn cull(set: &Set, pictures: &[usize], folder: &Path) -> Vec<Change> {
    let mut taken = Taken::default();
    let mut captions = Vec::new();
    let mut changes = Vec::new();
    for &picture in pictures.iter().filter(|&&picture| set.anchor(picture).is_none()) {
        let path = &set.pictures[picture].path;
        let has_caption = set.pictures[picture].caption.is_some();
        let ending = set.caption_path(picture).extension().unwrap_or_default().to_owned();
        let caption = |name: &Path| has_caption.then(|| name.with_extension(&ending));
        let is_taken = |name: &Path| taken.holds(name) || caption(name).is_some_and(|caption| taken.holds(&caption));
        let to = free(&mirrored(set, path, folder), is_taken);
        if let Some(caption) = caption(&to) {
            taken.give(&caption);
            captions.push((picture, caption));
        }
        taken.give(&to);
        changes.push(Change::Move { from: path.clone(), to });
    }
    changes.extend(captions_along(set, &captions));
    changes
}
