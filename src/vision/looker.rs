//! A tagger or a captioner, whichever a folder holds.

use std::path::Path;

use burn::tensor::Device;
use image::DynamicImage;

use super::caption::{self, Captioner};
use super::job::Settings;
use super::places::is_graph;
use super::tagger::{self, Tagger};
use crate::data::edit::propose::Proposal;

/// A model that proposes captions.
#[derive(Debug)]
pub enum Looker {
    /// Gives tags.
    Tagger(Box<Tagger>),
    /// Gives a sentence.
    Captioner(Box<Captioner>),
}

/// Why a model cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A tagger's reason.
    #[error(transparent)]
    Tagger(#[from] tagger::Error),
    /// A captioner's reason.
    #[error(transparent)]
    Captioner(#[from] caption::Error),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Tagger(e) => e.hint(),
            Self::Captioner(e) => e.hint(),
        }
    }

    /// Whether it only says that somebody asked to stop.
    pub fn is_stop(&self) -> bool {
        matches!(self, Self::Captioner(caption::Error::Stopped))
    }
}

impl Looker {
    /// Reads a model: an ONNX file or a folder with one is a tagger, which runs on the CPU, any other folder a captioner for
    /// `device`.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn open(path: &Path, device: &Device, stop: &dyn Fn() -> bool) -> Result<Self, Error> {
        let graph = if is_graph(path) {
            Some(path.to_owned())
        } else {
            tagger::graph_in(path)
        };
        Ok(match graph {
            Some(graph) => Self::Tagger(Box::new(Tagger::open(&graph)?)),
            None => Self::Captioner(Box::new(Captioner::open(path, device, stop)?)),
        })
    }

    /// What it proposes for a picture; `stop` is asked between words of a sentence.
    ///
    /// # Errors
    /// When the model fails, or somebody asked to stop.
    pub fn look(
        &self,
        picture: &DynamicImage,
        settings: &Settings,
        stop: &dyn Fn() -> bool,
    ) -> Result<Proposal, Error> {
        match self {
            Self::Tagger(tagger) => {
                let chosen = tagger.tag(picture, &settings.tagging)?;
                Ok(Proposal {
                    tags: chosen.tags,
                    rating: chosen.rating,
                    ..Proposal::default()
                })
            }
            Self::Captioner(captioner) => Ok(Proposal {
                caption: Some(captioner.caption(picture, &settings.captioning, stop)?),
                ..Proposal::default()
            }),
        }
    }
}
