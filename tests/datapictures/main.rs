//! Pictures of datasets: headers, decoding, operations, near-duplicates, and what is wrong with a set.
//!
//! `cases.json` and the pictures beside it are of `tests/reference/dataset_pictures.py`: Pillow, `OpenCV` and the web UI made them.
#![allow(missing_docs, clippy::unwrap_used)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use image::DynamicImage;
use serde_json::Value;

mod cuts;
mod focus;
mod headers;
mod health;
mod operations;
mod resample;
mod twins;

static CASES: LazyLock<Value> =
    LazyLock::new(|| serde_json::from_slice(&std::fs::read(fixture("cases.json")).unwrap()).unwrap());

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/datapictures")
        .join(name)
}

fn source(name: &str) -> DynamicImage {
    image::open(fixture(&format!("sources/{name}.png"))).unwrap()
}

fn pair(value: &Value) -> (u32, u32) {
    (value[0].as_u64().unwrap() as u32, value[1].as_u64().unwrap() as u32)
}
