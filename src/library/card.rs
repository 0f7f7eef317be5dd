//! One model as lists show it.

use std::path::PathBuf;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::walk::Folder;
use crate::weights::about::About;

/// A model that the library knows.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Its number in the index; it stays while the path does.
    pub id: i64,
    /// The file, or the folder in diffusers' layout.
    pub path: PathBuf,
    /// A1111's name for it: the path below the folder of its kind, with `/` and with the extension. It may hold control characters.
    pub name: String,
    /// What its folder is meant for: a hint only.
    pub folder: Option<Folder>,
    /// What changes when the file does.
    pub stamp: Stamp,
    /// What it is.
    pub about: Arc<About>,
    /// Its hashes, those that are known.
    pub hashes: Hashes,
    /// Whether the user marked it.
    pub favourite: bool,
    /// The user's tags, sorted.
    pub tags: Vec<String>,
}

impl Card {
    /// Its file name without extension, which is what infotext calls `Model` and A1111 a network's name.
    pub fn stem(&self) -> &str {
        let last = self.name.rsplit('/').next().unwrap_or_default();
        match self.about.format {
            Some(crate::weights::about::Format::Diffusers) => last,
            _ => super::walk::without_extension(last),
        }
    }
}

/// What changes when a file does. Of a diffusers folder it is made of all its files' stamps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stamp {
    /// Bytes.
    pub length: u64,
    /// When it was written, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// Its number in the file system.
    pub inode: u64,
}

/// The hashes by which the field names a file.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hashes {
    /// SHA-256 of the whole file, 64 digits.
    pub sha256: Option<String>,
    /// A1111's hash of before 2023, 8 digits.
    pub legacy: Option<String>,
    /// A network's, all digits: `sshs_model_hash`, else SHA-256 of what is behind a safetensors header, else of the whole file.
    pub network: Option<String>,
}

impl Hashes {
    /// A1111's model hash: the first ten digits of the SHA-256.
    pub fn short(&self) -> Option<&str> {
        self.sha256.as_deref().map(crate::weights::hash::short)
    }

    /// A network's hash as `Lora hashes` has it: twelve digits.
    pub fn network_short(&self) -> Option<&str> {
        self.network.as_deref().map(|hash| hash.get(..12).unwrap_or(hash))
    }
}
