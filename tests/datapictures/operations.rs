//! Operations on a set in a folder: planned, made, written by the journal, taken back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use danlu::data::buckets::hand::{Hand, Hands};
use danlu::data::journal::{Change, Done, Journal};
use danlu::data::picture::cut::{Aim, Resize, Split};
use danlu::data::picture::focus::Weights;
use danlu::data::picture::work::order::{By, Pattern, rename};
use danlu::data::picture::work::{
    Mirror, Operation, Place, Planned, Stopped, Task, Watch, crops, cull::cull, make, plan, sweep,
};
use danlu::data::picture::{Format, facts};
use danlu::data::set::{Options, Set};
use image::{DynamicImage, RgbImage};
use tempfile::TempDir;

use crate::{fixture, source};

/// A folder `3_fox` with these pictures, each with a caption of its own name.
pub(crate) fn set_of(names: &[&str]) -> (TempDir, Set) {
    let root = TempDir::new().unwrap();
    let folder = root.path().join("3_fox");
    std::fs::create_dir(&folder).unwrap();
    for (number, name) in names.iter().enumerate() {
        let shade = (number * 37 % 256) as u8;
        let mut picture = RgbImage::from_pixel(40, 30, image::Rgb([shade, 80, 160]));
        picture.put_pixel(0, 0, image::Rgb([255, 0, 0]));
        picture.save(folder.join(name)).unwrap();
        std::fs::write(
            folder.join(name).with_extension("txt"),
            format!("fox, {}", Path::new(name).file_stem().unwrap().display()),
        )
        .unwrap();
    }
    let set = Set::open(root.path(), &Options::default()).unwrap();
    (root, set)
}

pub(crate) fn files(root: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if !path.to_string_lossy().contains("journal") && !path.ends_with(".danlu/lock") {
                found.insert(
                    path.strip_prefix(root).unwrap().to_owned(),
                    std::fs::read(&path).unwrap(),
                );
            }
        }
    }
    found
}

fn names(root: &Path) -> Vec<String> {
    let visible = |path: &PathBuf| !path.starts_with(".danlu/trash") && !path.starts_with(".danlu/lock");
    files(root)
        .into_keys()
        .filter(visible)
        .map(|path| path.display().to_string())
        .collect()
}

fn task(operation: Operation, place: Place) -> Task {
    Task {
        operation,
        place,
        format: None,
        quality: 95,
        background: None,
    }
}

fn planned(set: &Set, task: &Task) -> Vec<Planned> {
    let all: Vec<usize> = (0..set.pictures.len()).collect();
    let stop = AtomicBool::new(false);
    plan(
        set,
        &all,
        task,
        None,
        Watch {
            tell: &|_, _| {},
            stop: &stop,
        },
    )
    .unwrap()
}

fn run(set: &Set, task: &Task) -> Done {
    let planned = planned(set, task);
    let stop = AtomicBool::new(false);
    let mut made = make(
        set,
        &planned,
        task,
        Watch {
            tell: &|_, _| {},
            stop: &stop,
        },
    )
    .unwrap();
    commit(set, std::mem::take(&mut made.changes))
}

fn commit(set: &Set, changes: Vec<Change>) -> Done {
    let done = Journal::at(&set.root).commit("work", changes, &mut |_| Ok(())).unwrap();
    assert!(done.conflicts.is_empty() && done.halted.is_none(), "{done:?}");
    done
}

fn undo(set: &Set) {
    let done = Journal::at(&set.root).undo(1, &mut |_| Ok(())).unwrap();
    assert!(done.conflicts.is_empty() && done.halted.is_none(), "{done:?}");
}

#[test]
fn a_resized_picture_takes_the_name_and_the_original_is_kept() {
    let (root, set) = set_of(&["a.png", "b.jpg"]);
    let before = files(root.path());
    let resize = Resize {
        aim: Aim::Longest(20),
        enlarge: false,
        multiple: 1,
    };
    run(&set, &task(Operation::Resize(resize), Place::Instead));
    assert_eq!(
        names(root.path()),
        [
            ".danlu/originals/3_fox/a.png",
            ".danlu/originals/3_fox/b.jpg",
            "3_fox/a.png",
            "3_fox/a.txt",
            "3_fox/b.jpg",
            "3_fox/b.txt"
        ]
    );
    for name in ["a.png", "b.jpg"] {
        assert_eq!(facts(&root.path().join("3_fox").join(name)).unwrap().size(), (20, 15));
        let original = Path::new(".danlu/originals/3_fox").join(name);
        assert_eq!(files(root.path())[&original], before[&Path::new("3_fox").join(name)]);
    }
    undo(&set);
    let after = files(root.path());
    assert!(
        before.iter().all(|(path, bytes)| after[path] == *bytes),
        "every byte is back"
    );
    assert_eq!(names(root.path()).len(), before.len());
}

#[test]
fn mirrored_copies_stand_beside_with_captions_and_are_made_once() {
    let (root, set) = set_of(&["a.png", "狐 狸.png"]);
    let task = task(Operation::Mirror(Mirror::Across), Place::Beside);
    run(&set, &task);
    let folder = root.path().join("3_fox");
    let mirrored = image::open(folder.join("狐 狸-mirror.png")).unwrap().to_rgb8();
    assert_eq!(mirrored.get_pixel(39, 0).0, [255, 0, 0]);
    assert_eq!(
        std::fs::read_to_string(folder.join("狐 狸-mirror.txt")).unwrap(),
        "fox, 狐 狸"
    );
    let again = planned(&set, &task);
    assert!(
        again
            .iter()
            .all(|planned| planned.pieces.is_empty() && planned.kept.is_some())
    );
}

#[test]
fn pieces_of_a_long_picture_take_captions_and_leave_no_original() {
    let (root, set) = set_of(&["a.png"]);
    let long = DynamicImage::from(RgbImage::from_fn(40, 160, |_, y| image::Rgb([y as u8, 0, 0])));
    long.save(root.path().join("3_fox/a.png")).unwrap();
    let split = Split {
        to: (32, 32),
        threshold: 0.5,
        overlap: 0.2,
    };
    run(&set, &task(Operation::Split(split), Place::Instead));
    let names = names(root.path());
    assert_eq!(names.iter().filter(|name| name.starts_with("3_fox/a-")).count(), 10);
    assert!(names.contains(&".danlu/originals/3_fox/a.txt".to_owned()) && !names.contains(&"3_fox/a.txt".to_owned()));
    let set = Set::open(root.path(), &Options::default()).unwrap();
    assert!(set.pictures.len() == 5 && set.pictures.iter().all(|picture| picture.caption.is_some()));
}

#[test]
fn orientation_is_applied_where_there_is_one() {
    let (root, set) = set_of(&["a.jpg", "b.jpg"]);
    std::fs::copy(fixture("headers/jpeg-exif6.jpg"), root.path().join("3_fox/a.jpg")).unwrap();
    run(&set, &task(Operation::Upright, Place::Instead));
    let turned = facts(&root.path().join("3_fox/a.jpg")).unwrap();
    assert_eq!((turned.size(), turned.orientation), ((7, 13), 1));
    assert!(!root.path().join(".danlu/originals/3_fox/b.jpg").exists());
}

#[test]
fn conversion_changes_the_ending_and_keeps_the_caption() {
    let (root, set) = set_of(&["a.png", "b.jpg", "c.PNG"]);
    let mut task = task(Operation::Convert, Place::Instead);
    task.format = Some(Format::Jpeg);
    run(&set, &task);
    assert_eq!(
        names(root.path())[2..],
        [
            "3_fox/a.jpg",
            "3_fox/a.txt",
            "3_fox/b.jpg",
            "3_fox/b.txt",
            "3_fox/c.jpg",
            "3_fox/c.txt"
        ]
    );
}

#[test]
fn transparency_is_laid_on_the_ground_that_was_asked_for() {
    let (root, set) = set_of(&["a.png"]);
    image::RgbaImage::from_pixel(4, 4, image::Rgba([0, 0, 0, 0]))
        .save(root.path().join("3_fox/a.png"))
        .unwrap();
    let mut task = task(Operation::Convert, Place::Instead);
    task.background = Some([10, 200, 30]);
    run(&set, &task);
    let flat = image::open(root.path().join("3_fox/a.png")).unwrap();
    assert!(!flat.color().has_alpha() && flat.to_rgb8().get_pixel(1, 1).0 == [10, 200, 30]);
}

#[test]
fn broken_pictures_are_told_and_the_rest_is_made() {
    let (root, set) = set_of(&["a.png", "b.png", "c.jpg"]);
    let folder = root.path().join("3_fox");
    let whole = std::fs::read(folder.join("a.png")).unwrap();
    std::fs::write(folder.join("a.png"), &whole[..whole.len() / 2]).unwrap();
    std::fs::write(folder.join("c.jpg"), "not a picture").unwrap();
    let task = task(Operation::Mirror(Mirror::Across), Place::Beside);
    let planned = planned(&set, &task);
    assert!(planned[2].trouble.is_some());
    let stop = AtomicBool::new(false);
    let made = make(
        &set,
        &planned,
        &task,
        Watch {
            tell: &|_, _| {},
            stop: &stop,
        },
    )
    .unwrap();
    assert_eq!(made.troubles.len(), 1, "{:?}", made.troubles);
    drop(made);
    assert!(
        files(root.path())
            .keys()
            .all(|path| !path.to_string_lossy().contains(".tmp")),
        "temporary files are gone"
    );
}

#[test]
fn stopped_work_leaves_nothing() {
    let names: Vec<String> = (0..20).map(|n| format!("{n}.png")).collect();
    let (root, set) = set_of(&names.iter().map(String::as_str).collect::<Vec<_>>());
    let before = files(root.path());
    let task = task(Operation::Mirror(Mirror::Both), Place::Beside);
    let planned = planned(&set, &task);
    let stop = AtomicBool::new(false);
    let tell = |done: usize, _: usize| stop.store(done >= 5, Ordering::Relaxed);
    let error = make(
        &set,
        &planned,
        &task,
        Watch {
            tell: &tell,
            stop: &stop,
        },
    )
    .unwrap_err();
    assert_eq!(error.to_string(), Stopped.to_string());
    assert_eq!(files(root.path()), before);
}

#[test]
fn a_focal_crop_says_what_it_found() {
    let (root, set) = set_of(&["a.png"]);
    source("wide").save(root.path().join("3_fox/a.png")).unwrap();
    let crop = Operation::Focus {
        size: (96, 96),
        weights: Weights::default(),
    };
    let made = planned(&set, &task(crop.clone(), Place::Into(root.path().join("out"))));
    assert!(
        made[0]
            .focus
            .as_ref()
            .is_some_and(|focus| !focus.corners.is_empty() && focus.faces.is_empty())
    );
    run(&set, &task(crop, Place::Into(root.path().join("out"))));
    assert_eq!(facts(&root.path().join("out/3_fox/a.png")).unwrap().size(), (96, 96));
    assert!(root.path().join("out/3_fox/a.txt").exists());
}

#[test]
fn names_are_numbered_as_people_count() {
    let (root, set) = set_of(&["10.png", "2.png", "1.png", "x.jpg"]);
    std::fs::copy(root.path().join("3_fox/2.png"), root.path().join("3_fox/2.webp")).unwrap();
    let set = Set::open(&set.root, &Options::default()).unwrap();
    let all: Vec<usize> = (0..set.pictures.len()).collect();
    let before = files(root.path());
    let renaming = rename(&set, &all, &Pattern::parse("{n}").unwrap(), 2, By::Name);
    assert!(renaming.taken.is_empty());
    commit(&set, renaming.changes);
    let after = files(root.path());
    let moved = |from: &str, to: &str| assert_eq!(before[Path::new(from)], after[Path::new(to)], "{from} {to}");
    for (from, to) in [
        ("1.png", "2.png"),
        ("2.png", "3.png"),
        ("2.webp", "3.webp"),
        ("2.txt", "3.txt"),
        ("10.txt", "4.txt"),
        ("x.jpg", "5.jpg"),
    ] {
        moved(&format!("3_fox/{from}"), &format!("3_fox/{to}"));
    }
    undo(&set);
    assert_eq!(files(root.path()), before);
}

#[test]
fn culled_pictures_take_captions_that_nobody_else_needs() {
    let (root, set) = set_of(&["a.png", "b.png", "c.png"]);
    std::fs::copy(root.path().join("3_fox/c.png"), root.path().join("3_fox/c.jpg")).unwrap();
    let set = Set::open(&set.root, &Options::default()).unwrap();
    let named = |name: &str| {
        set.pictures
            .iter()
            .position(|picture| picture.path.ends_with(name))
            .unwrap()
    };
    commit(
        &set,
        cull(&set, &[named("a.png"), named("c.png")], &root.path().join("culled")),
    );
    assert_eq!(
        names(root.path()),
        [
            "3_fox/b.png",
            "3_fox/b.txt",
            "3_fox/c.jpg",
            "3_fox/c.txt",
            "culled/3_fox/a.png",
            "culled/3_fox/a.txt",
            "culled/3_fox/c.png",
            "culled/3_fox/c.txt"
        ]
    );
}

#[test]
fn patterns_without_a_number_are_refused() {
    for pattern in ["photo", "{n", "{n:4}", "{n:0999}", "a/{n}", "{x}", "{n}{n}"] {
        assert!(Pattern::parse(pattern).is_err(), "{pattern}");
    }
}

/// A set of four pictures with crops set by hand for the first three.
fn with_crops() -> (TempDir, Set) {
    let (root, set) = set_of(&["a.png", "b.png", "c.png", "d.png"]);
    std::fs::create_dir(root.path().join(".danlu")).unwrap();
    let text = "# mine\n[\"3_fox/a.png\"]\nfocus = [0.5, 0.25]\n\n[\"3_fox/b.png\"]\nrectangle = [1, 2, 3, 4]\n\n\
                [\"3_fox/c.png\"]\nfocus = [0, 1]\n";
    std::fs::write(Hands::path(root.path()), text).unwrap();
    (root, set)
}

fn hands(root: &Path, names: &[&str]) -> Vec<Option<Hand>> {
    let hands = Hands::read(root).unwrap();
    names
        .iter()
        .map(|name| hands.of(root, &root.join("3_fox").join(name)))
        .collect()
}

#[test]
fn crops_follow_pictures_to_their_names_and_back() {
    let (root, set) = with_crops();
    let before = files(root.path());
    let path = |name: &str| root.path().join("3_fox").join(name);
    let moved = |from: &str, to: &str| Change::Move {
        from: path(from),
        to: path(to),
    };
    let mut changes = vec![
        moved("a.png", "b.png"),
        moved("b.png", "a.png"),
        Change::Trash { path: path("c.png") },
    ];
    changes.extend(crops(root.path(), &changes, None));
    assert_eq!(changes.len(), 4);
    commit(&set, changes);
    let (focus, rectangle) = (Hand::Focus([0.5, 0.25]), Hand::Rectangle([1, 2, 3, 4]));
    assert_eq!(
        hands(root.path(), &["a.png", "b.png", "c.png"]),
        [Some(rectangle), Some(focus), None]
    );
    undo(&set);
    assert_eq!(files(root.path()), before);
    assert_eq!(crops(root.path(), &[moved("d.png", "e.png")], None), None);
}

#[test]
fn crops_stay_with_pictures_only_as_far_as_their_pixels_do() {
    let half = Resize {
        aim: Aim::Scale(0.5),
        enlarge: false,
        multiple: 1,
    };
    let (focus, rectangle, corner) = (
        Some(Hand::Focus([0.5, 0.25])),
        Some(Hand::Rectangle([1, 2, 3, 4])),
        Some(Hand::Focus([0.0, 1.0])),
    );
    for (operation, format, names, expected) in [
        (
            Operation::Resize(half),
            None,
            ["a.png", "b.png", "c.png"],
            [focus, None, corner],
        ),
        (
            Operation::Rectangle([0, 0, 9, 9]),
            None,
            ["a.png", "b.png", "c.png"],
            [None; 3],
        ),
        (
            Operation::Convert,
            Some(Format::WebP),
            ["a.webp", "b.webp", "c.webp"],
            [focus, rectangle, corner],
        ),
    ] {
        let (root, set) = with_crops();
        let task = Task {
            format,
            ..task(operation, Place::Instead)
        };
        let planned = planned(&set, &task);
        let stop = AtomicBool::new(false);
        let watch = Watch {
            tell: &|_, _| {},
            stop: &stop,
        };
        let mut made = make(&set, &planned, &task, watch).unwrap();
        let mut changes = std::mem::take(&mut made.changes);
        changes.extend(crops(root.path(), &changes, Some(&task.operation)));
        commit(&set, changes);
        assert_eq!(hands(root.path(), &names), expected, "{:?}", task.operation);
    }
}

#[test]
fn outside_of_the_set_whole_files_are_made_or_none() {
    let (root, set) = set_of(&["a.png", "b.png"]);
    let elsewhere = TempDir::new().unwrap();
    let before = files(root.path());
    let task = task(
        Operation::Mirror(Mirror::Across),
        Place::Into(elsewhere.path().to_owned()),
    );
    let stop = AtomicBool::new(false);
    let watch = Watch {
        tell: &|_, _| {},
        stop: &stop,
    };
    let make = || make(&set, &planned(&set, &task), &task, watch).unwrap();
    let made = make();
    // Somebody takes a name meanwhile: their file stays, and ours go.
    let theirs = elsewhere.path().join("3_fox/b-mirror.txt");
    std::fs::write(&theirs, "theirs").unwrap();
    assert!(made.settle(watch).is_err());
    assert_eq!(
        files(elsewhere.path()),
        [("3_fox/b-mirror.txt".into(), b"theirs".to_vec())].into()
    );
    std::fs::remove_file(&theirs).unwrap();
    let made = make();
    stop.store(true, Ordering::Relaxed);
    assert!(made.settle(watch).is_err());
    assert!(files(elsewhere.path()).is_empty());
    stop.store(false, Ordering::Relaxed);
    assert_eq!(make().settle(watch).unwrap().len(), 4);
    let expected = ["a-mirror.png", "a-mirror.txt", "b-mirror.png", "b-mirror.txt"].map(|name| format!("3_fox/{name}"));
    assert_eq!(names(elsewhere.path()), expected);
    assert_eq!(files(root.path()), before, "the set is as it was, without a journal");
}

#[test]
fn what_a_killed_danlu_left_is_removed_and_what_a_living_one_makes_is_not() {
    let (root, set) = set_of(&["a.png"]);
    let folder = root.path().join("3_fox");
    let mut child = std::process::Command::new("true").spawn().unwrap();
    child.wait().unwrap();
    let left = format!(".danlu-picture-{}-0.tmp", child.id());
    let living = format!(".danlu-picture-{}-0.tmp", std::process::id());
    let others = [living.as_str(), ".danlu-picture-x-0.tmp", ".danlu-picture-1.png"];
    for name in [left.as_str()].into_iter().chain(others) {
        std::fs::write(folder.join(name), "half").unwrap();
    }
    assert_eq!(sweep(&set, &[]), 1);
    assert!(!folder.join(left).exists() && others.iter().all(|name| folder.join(name).exists()));
}
