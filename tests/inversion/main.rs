//! Textual inversion, hypernetworks and network calls against A1111's own code: fixtures of `tests/reference/inversion.py`.
#![allow(missing_docs, clippy::unwrap_used)]

mod calls;
mod containers;
mod drawing;
mod hostile;
mod hypernetworks;
mod placements;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use danlu::weights::TensorFile;
use serde::de::DeserializeOwned;

/// A file of this topic's fixtures.
fn fixture(name: &str) -> PathBuf {
    support::fixtures().join("inversion").join(name)
}

fn json<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_slice(&std::fs::read(fixture(name)).unwrap()).unwrap()
}

/// A tensor of a file as numbers.
fn values(file: &TensorFile, name: &str) -> Vec<f32> {
    file.view(name).unwrap_or_else(|| panic!("no {name}")).to_f32().unwrap()
}

/// The largest difference of two rows of numbers.
fn off(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

/// The names of the fixtures that are embeddings, previews not among them.
fn containers() -> Vec<String> {
    let files = std::fs::read_dir(fixture("")).unwrap();
    let mut names: Vec<String> = files
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    let others = ["hyper_", "unet_", "expected", "clip_inserts", "picture"];
    names.retain(|name| {
        !others.iter().any(|other| name.starts_with(other)) && Path::new(name).extension() != Some("json".as_ref())
    });
    names.sort();
    names
}
