//! Small files of every kind, and a home for a library.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use danlu::library::{Card, Library, Places, Refreshed};
use serde_json::{Map, Value, json};
use tempfile::TempDir;

/// A folder with models below `models`, and the library's own files beside.
pub(super) struct Home(TempDir);

impl Home {
    pub(super) fn new() -> Self {
        let home = Self(tempfile::tempdir().unwrap());
        fs::create_dir(home.root()).unwrap();
        home
    }

    pub(super) fn root(&self) -> PathBuf {
        self.0.path().join("models")
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.root().join(name)
    }

    pub(super) fn places(&self) -> Places {
        Places {
            index: self.0.path().join("cache/models.sqlite3"),
            user: self.0.path().join("data/library.sqlite3"),
        }
    }

    pub(super) fn library(&self) -> Library {
        Library::open(&self.places(), &[self.root()])
    }

    /// A library that has looked at the folders.
    pub(super) fn refreshed(&self) -> Library {
        let library = self.library();
        refresh(&library);
        library
    }

    pub(super) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }
}

pub(super) fn refresh(library: &Library) -> Refreshed {
    library.refresh(&mut |_| {}, &AtomicBool::new(false)).unwrap()
}

pub(super) fn names(cards: &[Card]) -> Vec<&str> {
    cards.iter().map(|card| card.name.as_str()).collect()
}

/// A safetensors file of these tensors, all f16 and 0, with this metadata.
pub(super) fn safetensors(tensors: &[(&str, &[usize])], metadata: &[(&str, &str)]) -> Vec<u8> {
    let (mut header, mut end) = (Map::new(), 0);
    if !metadata.is_empty() {
        let pairs: Map<_, _> = metadata
            .iter()
            .map(|(key, value)| ((*key).to_owned(), json!(value)))
            .collect();
        header.insert("__metadata__".to_owned(), Value::from(pairs));
    }
    for (name, shape) in tensors {
        let begin = end;
        end += 2 * shape.iter().product::<usize>();
        header.insert(
            (*name).to_owned(),
            json!({"dtype": "F16", "shape": shape, "data_offsets": [begin, end]}),
        );
    }
    let header = Value::from(header).to_string();
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &vec![0; end]].concat()
}

/// A LoRA of one module for SD 1.
pub(super) fn lora(metadata: &[(&str, &str)]) -> Vec<u8> {
    const MODULE: &str = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k";
    let (down, up) = (format!("{MODULE}.lora_down.weight"), format!("{MODULE}.lora_up.weight"));
    safetensors(&[(&down, &[4, 768]), (&up, &[32, 4])], metadata)
}

pub(super) fn vae() -> Vec<u8> {
    safetensors(
        &[
            ("decoder.conv_in.weight", &[8, 4, 3, 3]),
            ("encoder.conv_in.weight", &[8, 3, 3, 3]),
        ],
        &[],
    )
}

pub(super) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/library")
        .join(name)
}
