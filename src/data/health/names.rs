//! Names that clash, names that trainers do not see, files without a partner.

use std::collections::BTreeMap;

use super::{Found, Level, count};

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
        .filter(|&picture| !SEEN.contains(&&*ending(picture)))
        .collect();
    let what = |number: &str| {
        format!("{number} whose ending is neither in small nor in capital letters: kohya's scripts do not find them")
    };
    found.of_pictures(
        Level::Error,
        "ending",
        &unseen,
        what,
        "`danlu dataset convert --to png`, or rename them",
    );
    let mut by_name: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut by_stem: BTreeMap<_, Vec<usize>> = BTreeMap::new();
    for (number, picture) in set.pictures.iter().enumerate() {
        by_name
            .entry(picture.path.to_string_lossy().to_lowercase())
            .or_default()
            .push(number);
        by_stem.entry(picture.path.with_extension("")).or_default().push(number);
    }
    let clashes =
        |groups: Vec<Vec<usize>>| -> Vec<usize> { groups.into_iter().filter(|of| of.len() > 1).flatten().collect() };
    let case = clashes(by_name.into_values().collect());
    let what = |number: &str| format!("{number} whose names differ in capitals only: one is lost on Windows and macOS");
    found.of_pictures(
        Level::Warning,
        "case",
        &case,
        what,
        "`danlu dataset rename` gives them numbers",
    );
    let stems = clashes(by_stem.into_values().collect());
    let what =
        |number: &str| format!("{number} that differ in the ending only: they share one caption, and cached latents");
    found.of_pictures(
        Level::Error,
        "stem",
        &stems,
        what,
        "`danlu dataset dedup` where they are the same picture, else rename one",
    );
    let strays: Vec<String> = set.strays.iter().map(|path| set.relative(path).into_owned()).collect();
    let what = |files| format!("{} without a picture", count(files, "caption"));
    found.add(
        Level::Warning,
        "stray",
        strays,
        what,
        "the picture may have been renamed or removed",
    );
    let mut ignored: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for (path, why) in &set.ignored {
        ignored.entry(why).or_default().push(set.relative(path).into_owned());
    }
    for (why, files) in ignored {
        found.add(
            Level::Warning,
            "ignored",
            files,
            |files| format!("{} left out: {why}", count(files, "place")),
            "",
        );
    }
}
