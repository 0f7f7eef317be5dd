//! The LoRA family: file, names, change, model, picture, infotext.
//!
//! Numbers are those of LyCORIS, PEFT and A1111, see `tests/reference/adapters.py`.
#![allow(missing_docs, clippy::unwrap_used)]

mod jobs;
mod model;
mod names;
mod types;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use safetensors::SafeTensors;
use safetensors::tensor::TensorView;

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/adapters")
        .join(name)
}

pub(crate) fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/danlu-emoji.safetensors")
}

/// Writes those tensors of a file whose names begin so, without the beginning, as a file of their own.
pub(crate) fn extract(file: &SafeTensors<'_>, beginning: &str, to: &Path) {
    let tensors: Vec<(String, TensorView<'_>)> = file
        .tensors()
        .into_iter()
        .filter_map(|(name, view)| Some((name.strip_prefix(beginning)?.to_owned(), view)))
        .collect();
    safetensors::serialize_to_file(tensors, None, to).unwrap();
}

/// Writes tensors of f32.
pub(crate) fn write(tensors: &[(&str, &[usize], Vec<f32>)], metadata: &[(&str, &str)], to: &Path) {
    let bytes: Vec<Vec<u8>> = tensors
        .iter()
        .map(|(_, _, values)| values.iter().flat_map(|v| v.to_le_bytes()).collect())
        .collect();
    let views: BTreeMap<&str, TensorView<'_>> = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, shape, _), bytes)| {
            let view = TensorView::new(safetensors::Dtype::F32, shape.to_vec(), bytes).unwrap();
            (*name, view)
        })
        .collect();
    let metadata = metadata
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    safetensors::serialize_to_file(views, Some(metadata), to).unwrap();
}
