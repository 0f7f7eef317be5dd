//! What torch saves is read as torch reads it: fixtures of `tests/reference/formats.py`, each with a safetensors twin.

use std::path::PathBuf;

use danlu::weights::file::Format;
use danlu::weights::{Error, TensorFile};

use super::says;
use super::support::fixtures;

fn fixture(name: &str) -> PathBuf {
    fixtures().join("formats").join(name)
}

/// Asserts that two files hold the same tensors, bit for bit, and the same text.
#[track_caller]
fn equal(file: &TensorFile, twin: &TensorFile) {
    let path = file.path().display();
    let names = |file: &TensorFile| file.tensors().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(file), names(twin), "{path}");
    for (name, info) in twin.tensors() {
        let (found, expected) = (file.view(name).unwrap(), twin.view(name).unwrap());
        assert_eq!(
            (found.dtype, found.shape),
            (expected.dtype, expected.shape),
            "{name} of {path}"
        );
        assert_eq!(found.bytes, expected.bytes, "{name} of {path}");
        assert_eq!(file.tensors()[name].bytes(), info.bytes(), "{name} of {path}");
    }
    assert_eq!(file.metadata(), twin.metadata(), "{path}");
}

/// Both containers, all protocols that torch can be asked for.
#[test]
fn pickles_hold_what_their_twins_hold() {
    for what in ["numbers", "embedding", "hypernetwork", "lightning"] {
        let twin = TensorFile::open(&fixture(&format!("{what}.safetensors"))).unwrap();
        assert_eq!(twin.format(), Format::Safetensors);
        for container in ["zip", "old"] {
            for protocol in 2..=5 {
                let file = TensorFile::open(&fixture(&format!("{what}-{container}-{protocol}.pt")));
                let file = file.unwrap_or_else(|error| panic!("{what} {container} {protocol}: {error}"));
                assert_eq!(file.format(), Format::Pickle);
                equal(&file, &twin);
            }
        }
    }
}

#[test]
fn a_module_saved_whole_is_refused_by_its_class() {
    for container in ["zip", "old"] {
        let path = fixture(&format!("module-{container}-2.pt"));
        let error = TensorFile::open(&path).unwrap_err();
        assert!(matches!(error, Error::Pickle { .. }), "{error:?}");
        says(&error, &path, &["torch.nn.modules.linear.Linear"]);
    }
}
