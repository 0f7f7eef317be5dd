//! Near-duplicates: copies of every usual kind are found, unlike pictures are not.

use std::io::Cursor;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use danlu::data::journal::{Change, Journal};
use danlu::data::picture::resample::fit;
use danlu::data::picture::twins::choice::{Because, changes, groups};
use danlu::data::picture::twins::pairs::{Nearness, Pair, pairs};
use danlu::data::picture::twins::{Print, print, prints};
use danlu::data::picture::work::Watch;
use danlu::data::picture::{facts, open};
use danlu::data::set::{Options, Set};
use image::codecs::jpeg::JpegEncoder;
use image::{DynamicImage, RgbImage};

use crate::operations::{files, set_of};

/// The shipped emoji: drawings with one layout, harder to tell apart than photographs.
fn drawings() -> Vec<DynamicImage> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/fluent/10_fluent");
    let mut paths: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    paths.retain(|path| path.extension().is_some_and(|ending| ending == "png"));
    paths.sort();
    paths
        .iter()
        .map(|path| fit(&image::open(path).unwrap(), 384, 384))
        .collect()
}

fn jpeg(picture: &DynamicImage, quality: u8) -> DynamicImage {
    let mut bytes = Vec::new();
    picture
        .to_rgb8()
        .write_with_encoder(JpegEncoder::new_with_quality(&mut bytes, quality))
        .unwrap();
    image::load(Cursor::new(bytes), image::ImageFormat::Jpeg).unwrap()
}

fn found(prints: Vec<Print>) -> Vec<Pair> {
    let prints: Vec<_> = prints.into_iter().map(Some).collect();
    let stop = AtomicBool::new(false);
    pairs(
        &prints,
        Nearness::default(),
        Watch {
            tell: &|_, _| {},
            stop: &stop,
        },
    )
    .unwrap()
}

#[test]
fn unlike_pictures_are_no_copies() {
    let drawings = drawings();
    let among = found(drawings.iter().map(print).collect());
    assert!(among.is_empty(), "{among:?}");
    let mut state = 1_u32;
    let noise = (0..1500).map(|_| {
        let levels = RgbImage::from_fn(32, 32, |_, _| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            image::Rgb([(state >> 24) as u8, (state >> 16) as u8, (state >> 8) as u8])
        });
        print(&levels.into())
    });
    assert!(found(noise.collect()).is_empty());
}

type Spoiled<'a> = &'a dyn Fn(&DynamicImage) -> DynamicImage;

#[test]
fn copies_are_found_and_mirrored_ones_told_apart() {
    let drawings = drawings();
    let crop = |picture: &DynamicImage, x: u32, y: u32, width: u32, height: u32| picture.crop_imm(x, y, width, height);
    // What share of copies must be found, in per cent. A crop takes the empty border of some drawings and little else.
    let kinds: [(&str, usize, Spoiled<'_>); 7] = [
        ("half the size", 99, &|picture| fit(picture, 192, 192)),
        ("jpeg 30", 97, &|picture| jpeg(picture, 30)),
        ("a third, jpeg 50", 97, &|picture| jpeg(&fit(picture, 128, 128), 50)),
        ("stretched", 97, &|picture| fit(picture, 384, 340)),
        ("brighter", 90, &|picture| picture.brighten(20)),
        ("cropped by 3 %", 95, &|picture| crop(picture, 11, 0, 373, 373)),
        ("cropped by 5 %", 85, &|picture| crop(picture, 19, 19, 365, 365)),
    ];
    for (kind, least, change) in kinds {
        for mirrored in [false, true] {
            let hit = drawings.iter().filter(|picture| {
                let copy = change(picture);
                let copy = if mirrored { copy.fliph() } else { copy };
                let found = found(vec![print(picture), print(&copy)]);
                // A drawing that is its own mirror image may be found either way.
                found.first().is_some_and(|pair| {
                    pair.mirrored == mirrored || print(picture).hash.distance(print(picture).mirrored) < 28
                })
            });
            let hit = hit.count() * 100 / drawings.len();
            assert!(hit >= least, "{kind}, mirrored {mirrored}: {hit} %");
        }
    }
}

#[test]
fn recoloured_and_plain_pictures_are_compared_by_colour() {
    let plain = |rgb| print(&RgbImage::from_pixel(50, 50, image::Rgb(rgb)).into());
    assert_eq!(found(vec![plain([200, 10, 10]), plain([198, 12, 10])]).len(), 1);
    assert!(found(vec![plain([200, 10, 10]), plain([10, 10, 200])]).is_empty());
    let heart = &drawings()[0];
    let mut green = heart.to_rgb8();
    green.pixels_mut().for_each(|pixel| pixel.0.rotate_right(1));
    green
        .pixels_mut()
        .for_each(|pixel| pixel.0 = [pixel[0] / 3, 255 - pixel[1] / 3, pixel[2] / 3]);
    assert!(found(vec![print(heart), print(&green.into())]).is_empty());
}

#[test]
fn the_better_copy_is_kept_and_the_rest_comes_back_by_undo() {
    let (root, set) = set_of(&["a.png", "b.png", "c.jpg", "d.png"]);
    let folder = root.path().join("3_fox");
    let drawings = drawings();
    drawings[3].save(folder.join("a.png")).unwrap();
    fit(&drawings[3], 200, 200).save(folder.join("b.png")).unwrap();
    jpeg(&drawings[3], 80).save(folder.join("c.jpg")).unwrap();
    drawings[3].fliph().save(folder.join("d.png")).unwrap();
    std::fs::remove_file(folder.join("a.txt")).unwrap();
    let set = Set::open(&set.root, &Options::default()).unwrap();
    let before = files(root.path());
    let all = [0, 1, 2, 3];
    let memory = root.path().join("cache/prints");
    let stop = AtomicBool::new(false);
    let watch = Watch {
        tell: &|_, _| {},
        stop: &stop,
    };
    let first = prints(&set, &all, Some(&memory), watch).unwrap();
    let again = prints(&set, &all, Some(&memory), watch).unwrap();
    assert_eq!(first.prints, again.prints, "what was remembered is the same");
    let pairs = pairs(&first.prints, Nearness::default(), watch).unwrap();
    let facts: Vec<_> = set.pictures.iter().map(|picture| facts(&picture.path).ok()).collect();
    let groups = groups(&set, &all, &facts, &pairs);
    assert_eq!(groups.len(), 1);
    // Of those of full size the ones with a caption come first, and of these the one without loss: the mirrored one.
    assert_eq!((groups[0].keep, groups[0].others.len()), (3, 3));
    assert!(
        groups[0]
            .others
            .iter()
            .all(|twin| twin.mirrored && twin.because != Because::Equal)
    );
    assert!(changes(&set, &groups, false).is_empty(), "mirrored copies stay");
    let changes = changes(&set, &groups, true);
    let trashed = changes
        .iter()
        .filter(|change| matches!(change, Change::Trash { .. }))
        .count();
    assert_eq!(trashed, 5);
    let journal = Journal::at(root.path());
    journal.commit("dedup", changes, &mut |_| Ok(())).unwrap();
    assert!(!folder.join("a.png").exists() && !folder.join("b.txt").exists() && folder.join("d.png").exists());
    journal.undo(1, &mut |_| Ok(())).unwrap();
    assert!(before.iter().all(|(path, bytes)| files(root.path())[path] == *bytes));
    assert!(open(&folder.join("a.png"), &danlu::data::picture::Limits::default()).is_ok());
}
