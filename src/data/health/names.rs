//! Names that clash, names that trainers do not see, files without a partner.

use std::collections::BTreeMap;

use super::{Found, What};
use crate::data::set::Ignored;

/// The endings that kohya's scripts look for; others in mixed case are not found.
const SEEN: [&str; 10] = ["png", "jpg", "jpeg", "webp", "bmp", "PNG", "JPG", "JPEG", "WEBP", "BMP"];

pub(super) fn check(found: &mut Found<'_>) {
    let set = found.set;
    let ending = |picture: usize| {
        set.pictures[picture]
            .path
            .extension()
            .unwrap_or_default()
            .to_string_lossy()
    };
    let unseen: Vec<usize> = (0..set.pictures.len())
        // What a metadata file names is found by any name.
        .filter(|&picture| set.pictures[picture].entry.is_none() && !SEEN.contains(&&*ending(picture)))
        .collect();
    found.of_pictures(What::Ending, &unseen);
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut by_stem: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (number, picture) in set.pictures.iter().enumerate() {
        let named = by_name
            .entry(picture.path.to_string_lossy().to_lowercase())
            .or_default();
        // Two metadata files may have the same picture.
        if !named.iter().any(|&other| set.pictures[other].path == picture.path) {
            named.push(number);
        }
        if picture.entry.is_none() {
            by_stem.entry(picture.path.with_extension("")).or_default().push(number);
        }
    }
    let clashes =
        |groups: Vec<Vec<usize>>| -> Vec<usize> { groups.into_iter().filter(|of| of.len() > 1).flatten().collect() };
    let case = clashes(by_name.into_values().collect());
    found.of_pictures(What::Case, &case);
    let stems = clashes(by_stem.into_values().collect());
    found.of_pictures(What::Stem, &stems);
    let strays: Vec<String> = set.strays.iter().map(|path| set.relative(path).into_owned()).collect();
    found.add(What::Stray, strays);
    let mut ignored: BTreeMap<&Ignored, Vec<String>> = BTreeMap::new();
    for (path, why) in &set.ignored {
        ignored.entry(why).or_default().push(set.relative(path).into_owned());
    }
    for (why, files) in ignored {
        found.add(What::Ignored(why.clone()), files);
    }
}
