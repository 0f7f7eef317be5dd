use danlu::prompt::networks::extract;
use serde::Deserialize;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    text: String,
    left: String,
    calls: Vec<Call>,
}

#[derive(Deserialize)]
struct Call {
    kind: String,
    items: Vec<String>,
    #[serde(default)]
    fails: bool,
    name: Option<String>,
    te: Option<f64>,
    unet: Option<f64>,
    #[serde(rename = "dyn")]
    dyn_dim: Option<usize>,
}

/// Where A1111's activation raises an error, the call is skipped and said.
#[test]
fn calls_are_taken_out_and_read_as_by_a1111() {
    let Cases { cases } = super::json("calls.json");
    assert!(cases.len() > 50);
    for case in cases {
        let read = extract(&case.text);
        let text = &case.text;
        assert_eq!(read.text, case.left, "{text:?}");
        let expected: Vec<_> = case.calls.iter().filter(|call| !call.fails).collect();
        assert_eq!(read.calls.len(), expected.len(), "{text:?} {:?}", read.calls);
        for (found, expected) in read.calls.iter().zip(expected) {
            assert_eq!(found.kind, expected.kind, "{text:?}");
            let Some(name) = &expected.name else {
                assert_eq!(found.name, expected.items[0], "{text:?}");
                continue;
            };
            let strengths = (Some(found.te), Some(found.unet), found.dyn_dim);
            assert_eq!(strengths, (expected.te, expected.unet, expected.dyn_dim), "{text:?}");
            assert_eq!(found.name, *name, "{text:?}");
        }
        let said = case
            .calls
            .iter()
            .filter(|call| call.fails || call.name.is_none())
            .count();
        assert_eq!(read.faults.len(), said, "{text:?} {:?}", read.faults);
    }
}
