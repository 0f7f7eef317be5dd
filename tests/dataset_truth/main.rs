//! Buckets, captions, batches and configurations against kohya's own functions, and Python's `random` against Python.
//!
//! The fixtures are `tests/reference/dataset.py`'s and `dataset_finetune.py`'s. Everything is equal, not near: there is no tolerance anywhere, floats included.
#![allow(missing_docs, clippy::unwrap_used, clippy::indexing_slicing, clippy::float_cmp)]

mod batches;
mod buckets;
mod captions;
mod config;
mod hands;
mod metadata;
mod random;
mod shell;
mod steps;
mod weighted;

use std::io::Read;
use std::path::Path;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A fixture of this topic.
fn fixture<T: DeserializeOwned>(name: &str) -> T {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/dataset")
        .join(name);
    let packed = std::fs::File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// A number of a fixture. Floats are kept as Python writes them, because `serde_json` may miss the last bit.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize)]
#[serde(try_from = "Value")]
struct Exact(f64);

impl TryFrom<Value> for Exact {
    type Error = String;

    fn try_from(value: Value) -> Result<Self, String> {
        let number = match &value {
            Value::String(text) => text.parse().ok(),
            Value::Number(whole) => whole.as_i64().map(|whole| whole as f64),
            _ => None,
        };
        number.map(Self).ok_or_else(|| format!("{value} is no number"))
    }
}
