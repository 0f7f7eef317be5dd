//! Which files of a diffusers folder hold a network's weights: one file, or the shards that an index names.
//!
//! Names are those of diffusers and transformers. Safetensors come before pickles, full precision before its variants.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::diffusers::read_json;
use crate::weights::Error;

/// What may stand before the extension, as people publish them.
const VARIANTS: [&str; 4] = ["", ".fp16", ".bf16", ".non_ema"];

/// The names of a network's files without extension, by extension.
fn stems(network: &str) -> [(&'static str, &'static str); 2] {
    if network.starts_with("text_encoder") {
        [("model", "safetensors"), ("pytorch_model", "bin")]
    } else {
        [
            ("diffusion_pytorch_model", "safetensors"),
            ("diffusion_pytorch_model", "bin"),
        ]
    }
}

/// The files that hold the weights of a network.
///
/// # Errors
/// [`Error::NotStableDiffusion`] when there are none, [`Error::Config`] for an index that cannot be followed.
pub(super) fn files(model: &Path, network: &str) -> Result<Vec<PathBuf>, Error> {
    let folder = model.join(network);
    for (stem, extension) in stems(network) {
        for variant in VARIANTS {
            let whole = folder.join(format!("{stem}{variant}.{extension}"));
            if whole.is_file() {
                return Ok(vec![whole]);
            }
            let index = folder.join(format!("{stem}.{extension}.index{variant}.json"));
            if index.is_file() {
                return shards(&folder, &index);
            }
        }
    }
    let (stem, extension) = stems(network)[0];
    Err(Error::NotStableDiffusion {
        path: model.to_owned(),
        why: format!("{network}/{stem}.{extension} is not there"),
    })
}

/// The shards that an index names, once each. A name may not lead out of the folder.
fn shards(folder: &Path, index: &Path) -> Result<Vec<PathBuf>, Error> {
    #[derive(Deserialize)]
    struct Index {
        weight_map: BTreeMap<String, String>,
    }
    let files: BTreeSet<_> = read_json::<Index>(index)?.weight_map.into_values().collect();
    for file in &files {
        if file.contains(['/', '\\']) || Path::new(file).file_name().is_none() {
            return Err(Error::Config {
                path: index.to_owned(),
                why: format!("the shard {file:?} is no plain file name"),
            });
        }
    }
    if files.is_empty() {
        return Err(Error::Config {
            path: index.to_owned(),
            why: "its weight_map names no shard".to_owned(),
        });
    }
    Ok(files.into_iter().map(|file| folder.join(file)).collect())
}
