//! A narrow `YuNet` with random weights against `OpenCV`'s `FaceDetectorYN`.

use std::collections::BTreeMap;

use danlu::data::picture::focus::Faces;
use danlu::data::picture::resample::area;
use danlu::data::picture::{Limits, open};
use danlu::vision::faces::YuNet;

use crate::support::{fixture, json};

/// Both compute in f32, in another order of sums.
#[test]
fn faces_are_where_opencv_sees_them() {
    let cases: BTreeMap<String, Vec<[f32; 5]>> = json("faces.json");
    assert_eq!(cases.len(), 12);
    for (name, expected) in &cases {
        let [graph, file, score] = name.split(' ').collect::<Vec<_>>().try_into().unwrap();
        let detector = YuNet::open(&fixture(&format!("yunet_{graph}.onnx"))).unwrap();
        let picture = open(&fixture("pictures").join(file), &Limits::default())
            .unwrap()
            .into_rgb8();
        let found = detector.detect(&picture, score.parse().unwrap()).unwrap();
        assert_eq!(found.len(), expected.len(), "{name}: {found:?}");
        for (face, expected) in found.iter().zip(expected) {
            let numbers = [face.x, face.y, face.width, face.height, face.score];
            let off = numbers
                .iter()
                .zip(expected)
                .map(|(a, b)| (a - b).abs())
                .fold(0.0, f32::max);
            assert!(
                off < 0.05 && (face.score - expected[4]).abs() < 1e-4,
                "{name}: {numbers:?}, expected {expected:?}"
            );
        }
    }
}

#[test]
fn a_picture_that_is_too_large_for_the_graph_is_shrunk_and_boxes_grow_back() {
    let mut detector = YuNet::open(&fixture("yunet_fixed.onnx")).unwrap();
    let small = open(&fixture("pictures/small.png"), &Limits::default())
        .unwrap()
        .into_rgb8();
    let large = image::imageops::resize(&small, 400, 560, image::imageops::FilterType::Nearest);
    assert!(detector.find(&large).is_ok());
    let found = detector.detect(&large, 0.3).unwrap();
    let shrunk = area(&large.into(), 69, 96).into_rgb8();
    let seen = detector.detect(&shrunk, 0.3).unwrap();
    assert!(!found.is_empty() && found.len() == seen.len());
    for (face, seen) in found.iter().zip(&seen) {
        let off = (face.x - seen.x * 400.0 / 69.0).abs() + (face.height - seen.height * 560.0 / 96.0).abs();
        assert!(off < 1e-2 && face.score > 0.3, "{face:?} {seen:?}");
    }
    assert!(detector.find(&image::RgbImage::new(0, 0)).unwrap().is_empty());
}

#[test]
fn another_model_is_no_detector() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.onnx");
    std::fs::write(&path, crate::support::unpacked("taggers/v3_convnext.onnx.gz")).unwrap();
    assert!(YuNet::open(&path).unwrap_err().to_string().contains("no YuNet"));
}
