//! Taggers of the WD14 family and those that came after, as their ONNX files are published.
//!
//! Every architecture is read alike: one picture in, one number a tag out. Whether a file takes pixels or channels is told by its
//! input's shape.

use std::path::{Path, PathBuf};

use image::DynamicImage;

use super::choose::{Chosen, choose};
use super::job::Tagging;
use super::onnx::{self, Graph};
use super::picture::{Layout, for_tagger};
use super::vocabulary::{self, Vocabulary};

/// The names that a tagger's graph goes by, the likeliest first.
pub const GRAPHS: [&str; 2] = ["model.onnx", "model_optimized.onnx"];
/// The side that all published taggers want, for graphs that take any.
const SIDE: usize = 448;
/// No tagger wants a larger picture.
const LARGEST: usize = 2048;

/// Why a tagger cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The graph.
    #[error(transparent)]
    Graph(#[from] onnx::Error),
    /// The list of tags.
    #[error(transparent)]
    Words(#[from] vocabulary::Error),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Graph(e) => e.hint(),
            Self::Words(e) => e.hint(),
        }
    }
}

/// A tagger in memory.
#[derive(Debug)]
pub struct Tagger {
    graph: Graph,
    vocabulary: Vocabulary,
    layout: Layout,
    side: usize,
    output: String,
}

/// The graph in a folder, if it holds one.
pub fn graph_in(folder: &Path) -> Option<PathBuf> {
    GRAPHS.iter().map(|name| folder.join(name)).find(|path| path.is_file())
}

impl Tagger {
    /// Reads a graph and the list of tags beside it.
    ///
    /// # Errors
    /// When one of them cannot be read, or they do not fit.
    pub fn open(graph: &Path) -> Result<Self, Error> {
        let vocabulary = Vocabulary::beside(graph.parent().unwrap_or(Path::new(".")))?;
        let graph = Graph::open(graph)?;
        let (layout, side) = form(graph.shape()).map_err(|what| graph.misfit(what))?;
        let outputs: Vec<String> = graph.outputs().map(str::to_owned).collect();
        let [output] = outputs.as_slice() else {
            return Err(graph
                .misfit(format!("is no tagger: it has {} outputs", outputs.len()))
                .into());
        };
        Ok(Self {
            output: output.clone(),
            vocabulary,
            layout,
            side,
            graph,
        })
    }

    /// How sure it is of each word, or its logit where [`Vocabulary::logits`] says so.
    ///
    /// # Errors
    /// When the graph fails, or its output does not fit the list of tags.
    pub fn scores(&self, picture: &DynamicImage) -> Result<Vec<f32>, Error> {
        let side = self.side;
        let shape = match self.layout {
            Layout::Pixels => [1, side, side, 3],
            Layout::Channels => [1, 3, side, side],
        };
        let input = for_tagger(picture, side as u32, self.layout);
        let output = self.graph.run(shape, &input, &[&self.output])?;
        let scores = output
            .into_iter()
            .next()
            .map(|output| output.values)
            .unwrap_or_default();
        let words = self.vocabulary.words.len();
        // A JSON need not name the last outputs.
        if scores.len() < words || (scores.len() > words && !self.vocabulary.logits) {
            let given = scores.len();
            return Err(self
                .graph
                .misfit(format!("gives {given} numbers, but its list has {words} tags"))
                .into());
        }
        let sound = |score: &f32| score.is_finite() && (self.vocabulary.logits || (0.0..=1.0).contains(score));
        if let Some(wrong) = scores.iter().find(|score| !sound(score)) {
            return Err(self
                .graph
                .misfit(format!("gives {wrong} for a tag, which is no confidence"))
                .into());
        }
        Ok(scores)
    }

    /// The tags of a picture.
    ///
    /// # Errors
    /// As [`Tagger::scores`].
    pub fn tag(&self, picture: &DynamicImage, rules: &Tagging) -> Result<Chosen, Error> {
        Ok(choose(&self.vocabulary, &self.scores(picture)?, rules))
    }

    /// The words of its outputs.
    pub fn vocabulary(&self) -> &Vocabulary {
        &self.vocabulary
    }
}

fn form(shape: &[onnx::Size]) -> Result<(Layout, usize), String> {
    let shown = |size: &onnx::Size| size.map_or_else(|| "any".to_owned(), |size| size.to_string());
    let misfit = || {
        let sizes: Vec<_> = shape.iter().map(shown).collect();
        format!("takes [{}], which is no picture of a tagger", sizes.join(", "))
    };
    let (layout, sides) = match *shape {
        [None | Some(1), a, b, Some(3)] => (Layout::Pixels, [a, b]),
        [None | Some(1), Some(3), a, b] => (Layout::Channels, [a, b]),
        _ => return Err(misfit()),
    };
    let [width, height] = sides.map(|side| side.unwrap_or(SIDE));
    if width == height && (1..=LARGEST).contains(&width) {
        Ok((layout, width))
    } else {
        Err(misfit())
    }
}
