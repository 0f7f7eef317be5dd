//! Reads what there is to tell of a file or folder, each format in its own way.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use safetensors::Dtype;

use super::{About, EmbeddingAbout, Format, Metadata, embedding, hypernetwork, network};
use crate::weights::checkpoint::Network;
use crate::weights::embedding::Embedding;
use crate::weights::kind::{self, Kind};
use crate::weights::{Checkpoint, Error, Layout, TensorFile, file};

/// The keyword of the text chunk that makes a PNG an embedding.
const EMBEDDING_CHUNK: &[u8] = b"sd-ti-embedding";
/// Chunks of a PNG that are looked at; text stands before or right behind the pixels.
const CHUNKS: usize = 4096;

/// The extensions of pictures that may carry an embedding.
pub const PICTURES: [&str; 2] = ["png", "webp"];

pub(super) fn of(path: &Path) -> (About, Metadata, bool) {
    if path.is_dir() {
        return of_folder(path);
    }
    if is_picture(path) {
        return of_picture(path);
    }
    match TensorFile::open(path) {
        Ok(file) => of_file(path, &file),
        Err(error) => {
            let sure = !matches!(error, Error::Unreadable { .. });
            let mut about = About::unknown("a file that cannot be read", length(path));
            about.trouble = Some(plain(&error));
            (about, Metadata::new(), sure)
        }
    }
}

fn length(path: &Path) -> u64 {
    path.metadata().map_or(0, |metadata| metadata.len())
}

/// An error as one sentence that leaves out nothing.
fn plain(error: &Error) -> String {
    error.to_string()
}

fn is_picture(path: &Path) -> bool {
    let extension = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
    PICTURES.contains(&extension.as_str())
}

fn of_file(path: &Path, file: &TensorFile) -> (About, Metadata, bool) {
    let tensors = file.tensors();
    let told = kind::of(tensors);
    let mut about = About::unknown(&told.what, file.len() as u64);
    about.kind = told.kind;
    about.family = told.family.map(str::to_owned);
    about.format = Some(match file.format() {
        file::Format::Safetensors => Format::Safetensors,
        file::Format::Pickle => Format::Ckpt,
    });
    about.tensors = tensors.len();
    about.dtype = dominant(tensors.values().map(|info| (info.dtype, info.bytes())));
    let metadata = file.metadata();
    match told.kind {
        Kind::Checkpoint => of_checkpoint(path, &mut about),
        Kind::Network => {
            let (network, family) = network::of(file, told.family);
            about.family = family.or(about.family);
            about.network = Some(network);
        }
        Kind::Embedding => {
            let (embedding, family) = embedding::of(tensors, metadata);
            about.family = family.map(str::to_owned).or(about.family);
            about.embedding = Some(embedding);
        }
        Kind::Hypernetwork => {
            let (hypernetwork, family) = hypernetwork::of(tensors, metadata);
            about.family = family.map(str::to_owned).or(about.family);
            about.hypernetwork = Some(hypernetwork);
        }
        Kind::Vae | Kind::Unet | Kind::Unknown => {}
    }
    if about.family.is_none() {
        about.family = network::spoken_family(metadata);
    }
    (about, metadata.clone(), true)
}

/// What only the whole architecture tells: the yaml beside the file, v prediction.
fn of_checkpoint(path: &Path, about: &mut About) {
    match Checkpoint::open(path) {
        Ok(checkpoint) => {
            about.family = Some(checkpoint.architecture().family());
            if let Some(dtype) = checkpoint.dtype() {
                about.dtype = Some(dtype_name(dtype));
            }
        }
        Err(error) => about.trouble = Some(plain(&error)),
    }
}

fn of_folder(path: &Path) -> (About, Metadata, bool) {
    let mut about = About::unknown("a folder in diffusers' layout", weights_below(path));
    about.format = Some(Format::Diffusers);
    let mut sure = true;
    match Checkpoint::open(path) {
        Ok(checkpoint) if checkpoint.layout() == Layout::Diffusers => {
            about.kind = Kind::Checkpoint;
            "a checkpoint".clone_into(&mut about.what);
            about.family = Some(checkpoint.architecture().family());
            about.dtype = checkpoint.dtype().map(dtype_name);
            let networks = [Network::Unet, Network::Vae, Network::Text(0), Network::Text(1)];
            about.tensors = networks
                .iter()
                .map(|&network| checkpoint.tensor_names(network).len())
                .sum();
        }
        Ok(_) => {}
        Err(error) => {
            sure = !matches!(error, Error::Unreadable { .. });
            about.trouble = Some(plain(&error));
        }
    }
    (about, Metadata::new(), sure)
}

/// Bytes of the weights of a diffusers folder.
fn weights_below(folder: &Path) -> u64 {
    let files = |folder: &Path| -> Vec<PathBuf> {
        let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
        entries.map(|entry| entry.path()).collect()
    };
    let is_weights = |path: &PathBuf| {
        let extension = path.extension().unwrap_or_default();
        ["safetensors", "bin", "pt", "ckpt"]
            .iter()
            .any(|known| extension == *known)
    };
    files(folder)
        .into_iter()
        .filter(|path| path.is_dir())
        .flat_map(|sub| files(&sub))
        .filter(is_weights)
        .map(|path| length(&path))
        .sum()
}

/// A picture is an embedding when a text chunk says so or its pixels hide one. Pixels are decoded only where no model has the picture's
/// name, since those beside models are previews.
fn of_picture(path: &Path) -> (About, Metadata, bool) {
    let mut about = About::unknown("a picture", length(path));
    about.format = Some(Format::Picture);
    let mut sure = true;
    let is_preview = ["pt", "safetensors", "bin", "ckpt"]
        .iter()
        .any(|model| path.with_extension(model).is_file());
    match carries_embedding(path) {
        Ok(true) => embedded(path, &mut about),
        Ok(false) if !is_preview => embedded(path, &mut about),
        Ok(false) => {}
        Err(error) => {
            sure = false;
            about.trouble = Some(format!("cannot read {}: {error}", path.display()));
        }
    }
    (about, Metadata::new(), sure)
}

fn embedded(path: &Path, about: &mut About) {
    match Embedding::open(path) {
        Ok(Some(named)) => {
            about.kind = Kind::Embedding;
            "an embedding in a picture".clone_into(&mut about.what);
            let (vectors, widths) = match &named.embedding {
                Embedding::One(vectors) => (vectors.count, vec![vectors.width]),
                Embedding::Pair { l, g } => (l.count, vec![l.width, g.width]),
            };
            about.family = embedding::family(&widths).map(str::to_owned);
            about.embedding = Some(EmbeddingAbout {
                vectors,
                widths,
                name: Some(named.name),
                ..EmbeddingAbout::default()
            });
        }
        Ok(None) => {}
        Err(error) => {
            about.kind = Kind::Embedding;
            about.trouble = Some(error.to_string());
        }
    }
}

/// Whether a PNG has the chunk, looking at the chunks' heads only.
fn carries_embedding(path: &Path) -> std::io::Result<bool> {
    let mut file = BufReader::new(File::open(path)?);
    let mut signature = [0; 8];
    if file.read_exact(&mut signature).is_err() || signature != *b"\x89PNG\r\n\x1a\n" {
        return Ok(false);
    }
    for _ in 0..CHUNKS {
        let mut head = [0; 8];
        if file.read_exact(&mut head).is_err() {
            break;
        }
        let length = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        let mut rest = length + 4;
        if matches!(&head[4..], b"tEXt" | b"iTXt" | b"zTXt") && length > EMBEDDING_CHUNK.len() as u64 {
            let mut keyword = [0; EMBEDDING_CHUNK.len() + 1];
            if file.read_exact(&mut keyword).is_err() {
                break;
            }
            if keyword.strip_suffix(&[0]) == Some(EMBEDDING_CHUNK) {
                return Ok(true);
            }
            rest -= keyword.len() as u64;
        }
        if &head[4..] == b"IEND" {
            break;
        }
        file.seek(SeekFrom::Current(rest as i64))?;
    }
    Ok(false)
}

/// The number type that most bytes have.
fn dominant(tensors: impl Iterator<Item = (Dtype, usize)>) -> Option<String> {
    let mut sizes: BTreeMap<Dtype, usize> = BTreeMap::new();
    for (dtype, bytes) in tensors {
        *sizes.entry(dtype).or_default() += bytes;
    }
    sizes
        .into_iter()
        .max_by_key(|&(_, bytes)| bytes)
        .map(|(dtype, _)| dtype_name(dtype))
}

fn dtype_name(dtype: Dtype) -> String {
    format!("{dtype:?}").to_lowercase()
}
