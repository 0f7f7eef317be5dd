use std::io::Read;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

pub(crate) fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/vision")
        .join(name)
}

pub(crate) fn json<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_slice(&std::fs::read(fixture(name)).unwrap()).unwrap()
}

pub(crate) fn unpacked(name: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let packed = std::fs::File::open(fixture(name)).unwrap();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).unwrap();
    bytes
}

/// A tagger's folder with a list of as many tags as it has outputs: four ratings, then general ones, then two characters.
pub(crate) fn tagger_folder(graph: &[u8], tags: usize) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("model.onnx"), graph).unwrap();
    let mut list = "tag_id,name,category,count\n".to_owned();
    for i in 0..tags {
        let category = match i {
            0..4 => 9,
            _ if i + 2 < tags => 0,
            _ => 4,
        };
        list.push_str(&format!("{i},tag_{i},{category},1\n"));
    }
    std::fs::write(folder.path().join("selected_tags.csv"), list).unwrap();
    folder
}
