//! Textual inversion: the vectors that a word of the prompt stands for, from every container that A1111 reads.
//!
//! A file of tensors holds them under a name or two ([`choose`]), a picture in a text or in its pixels ([`picture`]). What a name
//! means in a prompt is [`crate::prompt::inversions`]' business. Read `create_embedding_from_data` of A1111 1.10.1's
//! `textual_inversion.py` beside this.

mod json;
mod picture;

use std::path::{Path, PathBuf};

use safetensors::Dtype;
use thiserror::Error;

use super::adapter::Adapter;
use super::architecture::Architecture;
use super::error::{plain, shown};
use super::{TensorFile, element};
use crate::prompt::inversions::MOST_VECTORS;

/// The dictionary of A1111's own files.
const TERMS: &str = "string_to_param.";
/// The widest vectors that are read; no text encoder of Stable Diffusion comes near.
const WIDEST: usize = 1 << 14;

/// Why a file is no embedding that can be used.
#[derive(Debug, Error)]
pub enum Error {
    /// The file of tensors cannot be read.
    #[error(transparent)]
    Weights(#[from] super::Error),
    /// It can be read and holds something else.
    #[error("{} is no embedding: {}", shown(path), plain(why))]
    NotEmbedding {
        /// The file.
        path: PathBuf,
        /// What it has instead.
        why: String,
    },
    /// A picture says that it holds an embedding, and what it holds cannot be read.
    #[error("the embedding in the picture {} cannot be read: {}", shown(path), plain(why))]
    Picture {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        why: String,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Weights(error) => error.hint(),
            Self::NotEmbedding { .. } => {
                Some("an embedding is one tensor of vectors, or clip_l and clip_g for SDXL".to_owned())
            }
            Self::Picture { .. } => {
                Some("sites that pack pictures anew destroy it; download the original file".to_owned())
            }
        }
    }
}

/// Vectors of one width, below one another.
#[derive(Clone, Debug, PartialEq)]
pub struct Vectors {
    /// How many there are: 1 to [`MOST_VECTORS`].
    pub count: usize,
    /// How wide each is.
    pub width: usize,
    /// `[count, width]`, row-major; finite.
    pub values: Vec<f32>,
}

/// An embedding.
#[derive(Clone, Debug, PartialEq)]
pub enum Embedding {
    /// For a model with one text encoder.
    One(Vectors),
    /// For SDXL: as many vectors for CLIP-L as for OpenCLIP-G.
    Pair {
        /// `clip_l`.
        l: Vectors,
        /// `clip_g`.
        g: Vectors,
    },
}

/// An embedding and what its file calls it.
#[derive(Clone, Debug, PartialEq)]
pub struct Named {
    /// The name that a prompt calls it by: the file's name without its last extension, or the one that a picture has written in it.
    pub name: String,
    /// The vectors.
    pub embedding: Embedding,
}

impl Embedding {
    /// Reads a file of tensors, or a picture (told by its first bytes). `None` for a picture without an embedding in it, which is
    /// somebody's preview.
    ///
    /// # Errors
    /// When the file cannot be read, is damaged, or holds something else.
    pub fn open(path: &Path) -> Result<Option<Named>, Error> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if picture::is_picture(path)? {
            return picture::read(path, name);
        }
        let file = TensorFile::open(path)?;
        let names = file.tensors().keys().map(String::as_str);
        let embedding = choose(names, |name| vectors_of(&file, name)).map_err(|why| Error::NotEmbedding {
            path: path.to_owned(),
            why,
        })?;
        Ok(Some(Named { name, embedding }))
    }

    /// The embeddings that a network of the LoRA family brings with it, and one sentence for each that cannot be used.
    pub fn bundled(adapter: &Adapter) -> (Vec<Named>, Vec<String>) {
        let (mut found, mut faults) = (Vec::new(), Vec::new());
        for (name, tensors) in adapter.bundled_embeddings() {
            let read = |inner: &str| {
                let value = tensors.get(inner).ok_or("it cannot be read")?;
                let values = value.to_f32().ok_or_else(|| no_floats(inner, value.dtype()))?;
                vectors(inner, value.shape(), values)
            };
            match choose(tensors.keys().map(String::as_str), read) {
                Ok(embedding) => found.push(Named {
                    name: name.clone(),
                    embedding,
                }),
                Err(why) => faults.push(format!(
                    "the embedding {} in {} is left out: {}",
                    plain(name),
                    shown(adapter.path()),
                    plain(&why)
                )),
            }
        }
        (found, faults)
    }

    /// How many vectors, and so tokens of the prompt, it takes.
    pub fn count(&self) -> usize {
        match self {
            Self::One(vectors) | Self::Pair { l: vectors, .. } => vectors.count,
        }
    }

    /// The vectors for a model's `encoder`th text encoder.
    pub fn part(&self, encoder: usize) -> Option<&Vectors> {
        match (self, encoder) {
            (Self::One(vectors) | Self::Pair { l: vectors, .. }, 0) | (Self::Pair { g: vectors, .. }, 1) => {
                Some(vectors)
            }
            _ => None,
        }
    }

    /// The widths of its vectors, one for each text encoder.
    pub fn widths(&self) -> Vec<usize> {
        match self {
            Self::One(vectors) => vec![vectors.width],
            Self::Pair { l, g } => vec![l.width, g.width],
        }
    }

    /// Whether a model can read it; if not, why.
    ///
    /// # Errors
    /// The widths on both sides, in words that follow "it".
    pub fn fit(&self, architecture: &Architecture) -> Result<(), String> {
        let wanted: Vec<usize> = architecture.text.iter().map(|text| text.width).collect();
        let own = self.widths();
        if own == wanted {
            return Ok(());
        }
        Err(format!(
            "it is for {}, and this model is {}",
            widths(&own),
            widths(&wanted)
        ))
    }
}

/// Widths with the family that has them.
fn widths(widths: &[usize]) -> String {
    let family = match widths {
        [768] => "SD 1.x ",
        [1024] => "SD 2.x ",
        [768, 1280] => "SDXL ",
        [1280] => "SDXL's refiner ",
        _ => "",
    };
    let numbers: Vec<_> = widths.iter().map(ToString::to_string).collect();
    let wide = format!("{} wide", numbers.join(" and "));
    if family.is_empty() {
        wide
    } else {
        format!("{family}({wide})")
    }
}

/// Picks the embedding out of a file's tensors by A1111's rules: its own dictionary of one term, SDXL's pair, or a single tensor
/// under any name.
fn choose<'a>(
    names: impl Iterator<Item = &'a str>,
    read: impl Fn(&str) -> Result<Vectors, String>,
) -> Result<Embedding, String> {
    let names: Vec<&str> = names.collect();
    let terms: Vec<_> = names.iter().filter(|name| name.starts_with(TERMS)).collect();
    match (terms.as_slice(), names.as_slice()) {
        ([term], _) => Ok(Embedding::One(read(term)?)),
        ([first, second, ..], _) => Err(format!("it has several terms, {first:?} and {second:?} among them")),
        (_, names) if names.contains(&"clip_l") && names.contains(&"clip_g") => {
            let (l, g) = (read("clip_l")?, read("clip_g")?);
            if l.count != g.count {
                return Err(format!("clip_l has {} vectors and clip_g {}", l.count, g.count));
            }
            Ok(Embedding::Pair { l, g })
        }
        (_, [only]) => Ok(Embedding::One(read(only)?)),
        (_, []) => Err("it has no tensors".to_owned()),
        (_, [first, second, ..]) => Err(format!(
            "it has {} tensors, {first:?} and {second:?} among them",
            names.len()
        )),
    }
}

fn vectors_of(file: &TensorFile, name: &str) -> Result<Vectors, String> {
    let view = file.view(name).ok_or_else(|| format!("{name:?} cannot be read"))?;
    // Before anything is read: a checkpoint's single tensor may be of any size.
    check(name, view.shape)?;
    let values = element::to_f32(view.dtype, &view.bytes);
    let values = values.ok_or_else(|| no_floats(name, view.dtype))?;
    vectors(name, view.shape, values)
}

fn no_floats(name: &str, dtype: Dtype) -> String {
    format!("{name:?} has type {dtype:?}, which is no floating-point type")
}

/// Vectors of a tensor `[count, width]`, or of one vector alone `[width]`.
fn vectors(name: &str, shape: &[usize], values: Vec<f32>) -> Result<Vectors, String> {
    let (count, width) = check(name, shape)?;
    match values.iter().find(|value| !value.is_finite()) {
        _ if values.len() != count * width => Err(format!("{name:?} has {} numbers for shape {shape:?}", values.len())),
        Some(value) => Err(format!("{name:?} has the value {value} in it")),
        None => Ok(Vectors { count, width, values }),
    }
}

fn check(name: &str, shape: &[usize]) -> Result<(usize, usize), String> {
    match *shape {
        [width] if (1..=WIDEST).contains(&width) => Ok((1, width)),
        [count, width] if (1..=MOST_VECTORS).contains(&count) && (1..=WIDEST).contains(&width) => Ok((count, width)),
        [count, width] if count > MOST_VECTORS && (1..=WIDEST).contains(&width) => Err(format!(
            "{name:?} has {count} vectors, and a chunk of the prompt holds {MOST_VECTORS}"
        )),
        _ => Err(format!("{name:?} has shape {shape:?}, expected vectors [count, width]")),
    }
}
