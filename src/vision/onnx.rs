//! ONNX graphs, read as they are published and run by rten.
//!
//! Owns reading a graph from a file that nobody vouches for ([`super::envelope`] looks at it first): what cannot be read or run is
//! one
//! sentence, a panic within rten included. It knows nothing of pictures or words; [`super::tagger`] and [`super::faces`] do.

use std::fmt;
use std::fs::File;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use rten::{Dimension, Model, NodeId, Value};
use rten_tensor::prelude::*;
use rten_tensor::{NdTensorView, Tensor};

use super::envelope;

/// No published graph is larger; protocol buffers end at 2 GiB.
const LARGEST: u64 = 2 << 30;

/// Why a graph cannot be read or run.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The file cannot be read.
    #[error("{} cannot be read: {reason}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        reason: std::io::Error,
    },
    /// It is no graph, or a damaged one.
    #[error("{} is no ONNX model that can be run: {reason}", path.display())]
    Load {
        /// The file.
        path: PathBuf,
        /// rten's words for it.
        reason: String,
    },
    /// It has other inputs or outputs than its kind.
    #[error("{} {what}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// What it has instead.
        what: String,
    },
    /// It failed while running.
    #[error("{} fails on a picture: {reason}", path.display())]
    Run {
        /// The file.
        path: PathBuf,
        /// rten's words for it.
        reason: String,
    },
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => None,
            Self::Load { .. } => Some("download the file again; a pointer of Git LFS is no model".to_owned()),
            Self::Form { .. } => Some("it may be another kind of model".to_owned()),
            Self::Run { .. } => Some("the file may be damaged; download it again".to_owned()),
        }
    }
}

/// A size along one axis of an input.
pub type Size = Option<usize>;

/// A graph in memory.
pub struct Graph {
    path: PathBuf,
    model: Model,
    input: NodeId,
    shape: Vec<Size>,
    outputs: Vec<(String, NodeId)>,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph")
            .field("path", &self.path)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}

/// One output: its shape, and its numbers in a row.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    /// Sizes, outermost first.
    pub shape: Vec<usize>,
    /// Row-major.
    pub values: Vec<f32>,
}

impl Graph {
    /// Reads a graph with one input.
    ///
    /// # Errors
    /// When the file cannot be read, is no graph, or has several inputs.
    pub fn open(path: &Path) -> Result<Self, Error> {
        let bytes = read(path)?;
        let failed = |reason: String| Error::Load {
            path: path.to_owned(),
            reason,
        };
        envelope::check(&bytes).map_err(failed)?;
        let model = catch_unwind(|| Model::load(bytes))
            .map_err(|panic| failed(panic_text(panic.as_ref())))?
            .map_err(|e| failed(one_line(&e.to_string())))?;
        let form = |what: String| Error::Form {
            path: path.to_owned(),
            what,
        };
        let &[input] = model.input_ids() else {
            return Err(form(format!(
                "has {} inputs, where a picture is one",
                model.input_ids().len()
            )));
        };
        let sizes = model.node_info(input).and_then(|info| info.shape());
        let shape = sizes.ok_or_else(|| form("does not say what it takes".to_owned()))?;
        let shape = shape.iter().map(|size| match size {
            Dimension::Fixed(size) => Some(*size),
            Dimension::Symbolic(_) => None,
        });
        let shape = shape.collect();
        let name = |id: NodeId| {
            let info = model.node_info(id);
            info.and_then(|info| info.name().map(str::to_owned)).unwrap_or_default()
        };
        let outputs = model.output_ids().iter().map(|&id| (name(id), id)).collect();
        Ok(Self {
            path: path.to_owned(),
            shape,
            outputs,
            input,
            model,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The input's shape; `None` is any size.
    pub fn shape(&self) -> &[Size] {
        &self.shape
    }

    /// The outputs' names.
    pub fn outputs(&self) -> impl Iterator<Item = &str> {
        self.outputs.iter().map(|(name, _)| name.as_str())
    }

    /// An error about what the file is.
    pub fn misfit(&self, what: impl Into<String>) -> Error {
        Error::Form {
            path: self.path.clone(),
            what: what.into(),
        }
    }

    /// Runs it on one picture's numbers, row-major, and gives the outputs of these names.
    ///
    /// # Errors
    /// When it has no such output, or fails, or gives something that is no `f32`.
    pub fn run(&self, shape: [usize; 4], values: &[f32], outputs: &[&str]) -> Result<Vec<Output>, Error> {
        let failed = |reason: String| Error::Run {
            path: self.path.clone(),
            reason,
        };
        let ids = outputs.iter().map(|wanted| {
            let found = self.outputs.iter().find(|(name, _)| name == wanted);
            found
                .map(|(_, id)| *id)
                .ok_or_else(|| self.misfit(format!("has no output {wanted}")))
        });
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let input = NdTensorView::try_from_data(shape, values).map_err(|e| failed(e.to_string()))?;
        let run = || self.model.run(vec![(self.input, input.into())], &ids, None);
        let found = catch_unwind(AssertUnwindSafe(run))
            .map_err(|panic| failed(panic_text(panic.as_ref())))?
            .map_err(|e| failed(one_line(&e.to_string())))?;
        let take = |value: Value| {
            let tensor: Tensor<f32> = value
                .try_into()
                .map_err(|_| self.misfit("gives something else than numbers of 32 bits"))?;
            Ok(Output {
                shape: tensor.shape().to_vec(),
                values: tensor.to_vec(),
            })
        };
        found.into_iter().map(take).collect()
    }
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let failed = |reason| Error::Read {
        path: path.to_owned(),
        reason,
    };
    if !std::fs::metadata(path).map_err(failed)?.is_file() {
        return Err(failed(std::io::Error::from(std::io::ErrorKind::InvalidInput)));
    }
    let file = File::open(path).map_err(failed)?;
    let mut bytes = Vec::new();
    file.take(LARGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > LARGEST {
        let reason = "it is larger than the 2 GiB that such a file can have".to_owned();
        let path = path.to_owned();
        return Err(Error::Load { path, reason });
    }
    Ok(bytes)
}

/// The first line of somebody else's words, cut at 300 characters.
fn one_line(text: &str) -> String {
    text.lines().next().unwrap_or_default().chars().take(300).collect()
}

fn panic_text(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied());
    one_line(text.unwrap_or("it breaks off"))
}
