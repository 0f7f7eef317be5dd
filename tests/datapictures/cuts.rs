//! Sizes and places of crops, against the web UI's own functions; whole crops pixel by pixel.

use danlu::data::picture::cut::{Aim, AutoSize, By, Cut, Resize, Split, around, cover, hand, ratio};
use danlu::data::picture::focus::{Weights, find};
use serde_json::{Value, json};

use crate::resample::compare;
use crate::{CASES, fixture, pair, source};

#[test]
fn auto_sized_crops_are_the_web_uis() {
    for case in CASES["autosized"].as_array().unwrap() {
        let options = &case["options"];
        let number = |i: usize| options[i].as_u64().unwrap();
        let auto = AutoSize {
            min_side: number(0) as u32,
            max_side: number(1) as u32,
            min_area: number(2),
            max_area: number(3),
            by_error: options[4] == "Minimize error",
            threshold: options[5].as_f64().unwrap(),
        };
        let made = auto.cut(pair(&case["size"]));
        let Some(cut) = made else {
            assert!(case["made"].is_null(), "{case}");
            continue;
        };
        assert_eq!(json!(cut.size()), case["made"][0], "{case}");
        let Cut { from, .. } = cut;
        let edges = [from.x, from.y, from.x + from.width, from.y + from.height];
        for (ours, theirs) in edges.iter().zip(case["made"][1].as_array().unwrap()) {
            assert!((ours - theirs.as_f64().unwrap()).abs() < 1e-9, "{edges:?} {case}");
        }
    }
}

#[test]
fn pieces_are_the_web_uis() {
    for case in CASES["split"].as_array().unwrap() {
        let Value::Array(pieces) = &case["made"] else { continue };
        let overlap = case["overlap"].as_f64().unwrap();
        let ratio = case["ratio"].as_f64().unwrap();
        let split = |threshold| {
            Split {
                to: pair(&case["to"]),
                threshold,
                overlap,
            }
            .cuts(pair(&case["size"]))
        };
        let cuts: Vec<_> = split(1.0)
            .iter()
            .map(|cut| {
                let [x, y, width, height] = cut.keep;
                json!([cut.to, [x, y, x + width, y + height]])
            })
            .collect();
        assert_eq!(&cuts, pieces, "{case}");
        assert!(split(ratio - 1e-9).is_empty(), "{case}");
    }
    let square = Split {
        to: (512, 512),
        threshold: 1.0,
        overlap: 0.2,
    };
    assert!(square.cuts((512, 512)).is_empty() && square.cuts((513, 513)).is_empty());
}

/// The web UI's crop of a portrait that is wider than the picture's ratio has black borders; ours never leaves the picture.
#[test]
fn focal_crops_are_the_web_uis() {
    for case in CASES["cropped"].as_array().unwrap() {
        let picture = source(case["source"].as_str().unwrap());
        let size = (picture.width(), picture.height());
        let crop = pair(&case["size"]);
        let scaled = cover(size, crop);
        let whole = around(size, crop, (0, 0));
        let focus = find(
            &Cut {
                keep: [0, 0, scaled.0, scaled.1],
                ..whole
            }
            .make(&picture)
            .to_rgb8(),
            crop,
            &Weights::default(),
            None,
        );
        let made = around(size, crop, focus.unwrap().point).make(&picture);
        let (apart, share) = compare(
            &made,
            &image::open(fixture("resized").join(case["file"].as_str().unwrap())).unwrap(),
        );
        assert!(apart <= 2 && share < 0.02, "{case}: {apart} {share}");
    }
}

#[test]
fn hand_and_ratio_stay_in_the_picture() {
    assert_eq!(hand((100, 50), [90, 10, 20, 100]).unwrap().size(), (10, 40));
    assert_eq!(hand((100, 50), [100, 10, 20, 100]), None);
    assert_eq!(hand((100, 50), [200, 10, 20, 100]), None);
    assert_eq!(
        ratio((100, 50), (1.0, 1.0), (0.5, 0.5)).kept(),
        hand((100, 50), [25, 0, 50, 50]).unwrap().kept()
    );
    assert!((ratio((100, 50), (1.0, 1.0), (1.0, 0.5)).from.x - 50.0).abs() < 1e-9);
    assert_eq!(ratio((100, 50), (4.0, 1.0), (0.5, 0.0)).size(), (100, 25));
    assert_eq!(ratio((3, 1), (1.0, 10_000.0), (0.5, 0.5)).size(), (1, 1));
}

#[test]
fn resizing_keeps_what_is_small_unless_told() {
    let resize = |aim, enlarge, multiple| Resize { aim, enlarge, multiple };
    let size = |resize: Resize, from| resize.cut(from).map(|cut| cut.size());
    assert_eq!(size(resize(Aim::Longest(512), false, 1), (1024, 768)), Some((512, 384)));
    assert_eq!(size(resize(Aim::Longest(512), false, 1), (400, 300)), None);
    assert_eq!(size(resize(Aim::Longest(512), true, 1), (400, 300)), Some((512, 384)));
    assert_eq!(
        size(resize(Aim::Shortest(512), false, 64), (1500, 1000)),
        Some((768, 512))
    );
    assert_eq!(
        size(resize(Aim::Cover((512, 768)), false, 1), (2000, 2000)),
        Some((512, 768))
    );
    assert_eq!(size(resize(Aim::Scale(0.5), false, 1), (3, 1)), Some((2, 1)));
    assert_eq!(size(resize(Aim::Longest(512), false, 64), (400, 300)), Some((384, 256)));
    // int(1500 * sqrt(512 * 512 / 1500000)) = 627, int(1000 * …) = 418.
    let area = resize(Aim::Area((512, 512)), false, 1).cut((1500, 1000)).unwrap();
    assert_eq!((area.size(), area.by), ((627, 418), By::Fit));
    assert_eq!(
        size(resize(Aim::Area((512, 512)), false, 8), (1500, 1000)),
        Some((624, 416))
    );
}
