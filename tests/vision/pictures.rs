//! Prepared pictures against Pillow and `OpenCV`.

use std::collections::BTreeMap;

use danlu::data::picture::{Limits, open};
use danlu::vision::picture::{Layout, for_captioner, for_tagger};
use serde::Deserialize;

use crate::support::{fixture, json};

#[derive(Deserialize)]
struct Case {
    tagger: Tagger,
    captioner: Vec<(usize, usize, f32, f32, f32)>,
}

#[derive(Deserialize)]
struct Tagger {
    sum: f64,
    at: Vec<(usize, usize, i32, i32, i32)>,
}

/// One level of 255 is what resampling in another order of sums may cost.
#[test]
fn pixels_are_those_of_the_reference_scripts() {
    let cases: BTreeMap<String, Case> = json("pictures.json");
    assert_eq!(cases.len(), 6);
    for (file, case) in &cases {
        let picture = open(&fixture("pictures").join(file), &Limits::default()).unwrap();
        let found = for_tagger(&picture, 448, Layout::Pixels);
        let mean = found.iter().map(|level| f64::from(*level)).sum::<f64>() / found.len() as f64;
        let expected = case.tagger.sum / found.len() as f64;
        assert!((mean - expected).abs() < 0.01, "{file}: {mean} {expected}");
        for &(y, x, b, g, r) in &case.tagger.at {
            let pixel: Vec<i32> = found[(y * 448 + x) * 3..][..3]
                .iter()
                .map(|level| *level as i32)
                .collect();
            let off = pixel.iter().zip([b, g, r]).map(|(a, b)| (a - b).abs()).max().unwrap();
            assert!(off <= 1, "{file} at {x},{y}: {pixel:?}, expected {:?}", [b, g, r]);
        }
        let found = for_captioner(&picture, 384);
        for &(y, x, r, g, b) in &case.captioner {
            for (channel, expected) in [r, g, b].into_iter().enumerate() {
                let value = found[(channel * 384 + y) * 384 + x];
                // One level, over the smallest deviation.
                assert!(
                    (value - expected).abs() < 0.0155,
                    "{file} at {x},{y}: {value}, expected {expected}"
                );
            }
        }
    }
}
