//! The web UI's focal point.

use danlu::data::picture::focus::{Weights, find};
use serde_json::{Value, json};

use crate::{CASES, source};

#[test]
fn focal_points_are_the_web_uis() {
    for case in CASES["focused"].as_array().unwrap() {
        let picture = source(case["source"].as_str().unwrap()).to_rgb8();
        let crop = case["crop"].as_u64().unwrap() as u32;
        let weights = Weights {
            entropy: case["entropy"].as_f64().unwrap(),
            edges: case["edges"].as_f64().unwrap(),
            ..Weights::default()
        };
        let all = Weights {
            entropy: 1.0,
            edges: 1.0,
            ..weights
        };
        let every = find(&picture, (crop, crop), &all, None).unwrap();
        // Corners of equal strength, as in mirrored shapes, may change places by the last bit of a sum.
        let sorted = |corners: Value| {
            let mut corners: Vec<(u32, u32)> = serde_json::from_value(corners).unwrap();
            corners.sort_unstable();
            corners
        };
        assert_eq!(
            sorted(json!(every.corners)),
            sorted(case["corners"].clone()),
            "{}",
            case["source"]
        );
        assert_eq!(
            json!(every.busiest.into_iter().collect::<Vec<_>>()),
            case["busiest"],
            "{}",
            case["source"]
        );
        let focus = find(&picture, (crop, crop), &weights, None).unwrap();
        assert_eq!(json!(focus.point), case["point"], "{}", case["source"]);
    }
}
