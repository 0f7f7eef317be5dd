//! The workbench against kohya's scripts, A1111's merger and diffusers' layout, and what it refuses.
//!
//! Fixtures come from `tests/reference/workbench.py`, or are the small models of `tests/reference/networks.py`; inputs are made here by
//! the rule of `tests/reference/weights.py`. 1e-3 of a tensor's norm is allowed where matrices are factored: the singular vectors of
//! torch and of ours agree to f32's rounding over the distance between neighbouring singular values.
#![allow(missing_docs, clippy::unwrap_used)]

mod baking;
mod checkpoints;
mod conversion;
mod extraction;
mod networks;
mod refusals;
#[path = "../support/mod.rs"]
mod support;

use std::path::{Path, PathBuf};

use danlu::weights::TensorFile;
use danlu::workbench::task::{Convert, Naming, Prune, Target};
use danlu::workbench::{self, Done, Error, Task};
use support::{Tensors, weights};

fn fixtures() -> PathBuf {
    support::fixtures().join("workbench")
}

/// Does a task to its end.
fn run(task: &Task) -> Result<Done, Error> {
    workbench::run(task, &mut |_| Ok(()))
}

/// A conversion with nothing said but where from and where to.
fn convert(input: &Path, output: &Path) -> Convert {
    Convert {
        input: input.to_owned(),
        prune: Prune::Nothing,
        naming: Naming::Usual,
        output: Target::new(output),
    }
}

/// Names, types, shapes and bytes of a file.
fn contents(path: &Path) -> Vec<(String, String, Vec<usize>, Vec<u8>)> {
    let file = TensorFile::open(path).unwrap();
    let names = file.tensors().keys();
    names
        .map(|name| {
            let view = file.view(name).unwrap();
            (
                name.clone(),
                view.dtype.to_string(),
                view.shape.to_vec(),
                view.bytes.to_vec(),
            )
        })
        .collect()
}

/// A tensor by the rule of names, to be written.
fn entry(name: &str, from: &str, shape: &[usize]) -> (String, (Vec<usize>, Vec<f32>)) {
    (name.to_owned(), (shape.to_vec(), weights(from, shape)))
}

/// A tensor's values.
fn values(file: &TensorFile, name: &str) -> Vec<f32> {
    let view = file.view(name).unwrap_or_else(|| panic!("no {name}"));
    view.to_f32().unwrap()
}

/// Asserts that two lists of numbers differ by no more than that part of the second's norm.
#[track_caller]
fn close(found: &[f32], expected: &[f32], part: f64, what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    let norm = |values: &mut dyn Iterator<Item = f64>| values.map(|v| v * v).sum::<f64>().sqrt();
    let size = norm(&mut expected.iter().map(|&v| f64::from(v)));
    let distance = norm(&mut found.iter().zip(expected).map(|(&a, &b)| f64::from(a) - f64::from(b)));
    assert!(distance <= part * size.max(1e-6), "{what}: off by {distance} of {size}");
}

/// Writes a file of f32 with metadata.
fn write_with(path: &Path, tensors: &Tensors, metadata: &[(&str, &str)]) {
    let plain = path.with_extension("plain");
    support::write_safetensors(&plain, tensors);
    let task = workbench::task::Edit {
        input: plain.clone(),
        set: metadata.iter().map(|&(k, v)| (k.to_owned(), v.to_owned())).collect(),
        unset: Vec::new(),
        rehash: false,
        output: path.to_owned(),
        overwrite: false,
    };
    run(&Task::Edit(task)).unwrap();
    std::fs::remove_file(plain).unwrap();
}
