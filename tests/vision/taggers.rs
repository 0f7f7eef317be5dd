//! Narrow taggers with random weights, of every architecture that is published, against onnxruntime.

use std::collections::BTreeMap;

use danlu::data::picture::{Limits, open};
use danlu::vision::onnx::Graph;
use danlu::vision::tagger::Tagger;
use serde::Deserialize;

use crate::support::{fixture, json, tagger_folder, unpacked};

#[derive(Deserialize)]
struct Case {
    side: usize,
    input: String,
    formula: Vec<f32>,
    pictures: BTreeMap<String, Vec<f32>>,
}

fn worst(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    let distances = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
    distances.fold(0.0, f32::max)
}

/// Both run in f32; sums in another order differ by less than a millionth here. The bound is a thousandth.
#[test]
fn every_published_architecture_gives_the_numbers_of_onnxruntime() {
    let cases: BTreeMap<String, Case> = json("taggers.json");
    assert_eq!(cases.len(), 9);
    for (name, case) in &cases {
        let folder = tagger_folder(&unpacked(&format!("taggers/{name}.onnx.gz")), case.formula.len());
        let graph = Graph::open(&folder.path().join("model.onnx")).unwrap();
        assert_eq!(
            graph.shape(),
            [None, Some(case.side), Some(case.side), Some(3)],
            "{name} {}",
            case.input
        );
        let input: Vec<f32> = (0..case.side * case.side * 3)
            .map(|i| (i * 7919 % 256) as f32)
            .collect();
        let output = graph.outputs().next().unwrap().to_owned();
        let found = graph.run([1, case.side, case.side, 3], &input, &[&output]).unwrap();
        let distance = worst(&found[0].values, &case.formula);
        assert!(distance < 1e-5, "{name}: {distance}");
    }
}

/// From the file of a picture to confidences. Resampling may differ by one level of 255 in a few pixels.
#[test]
fn pictures_give_the_confidences_of_kohyas_script() {
    let cases: BTreeMap<String, Case> = json("taggers.json");
    for (name, case) in &cases {
        let folder = tagger_folder(&unpacked(&format!("taggers/{name}.onnx.gz")), case.formula.len());
        let tagger = Tagger::open(&folder.path().join("model.onnx")).unwrap();
        for (file, expected) in &case.pictures {
            let picture = open(&fixture("pictures").join(file), &Limits::default()).unwrap();
            let distance = worst(&tagger.scores(&picture).unwrap(), expected);
            assert!(distance < 1e-3, "{name}, {file}: {distance}");
        }
    }
}
