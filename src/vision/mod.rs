//! Models that look at pictures: taggers, captioners, face detection.
//!
//! Owns running ONNX graphs as they are published ([`onnx`]), BLIP from a Hugging Face folder ([`caption`]), and what their
//! numbers mean
//! in words ([`choose`]). It never writes a caption: what it finds are proposals ([`crate::data::edit::propose`]). Read [`job`]
//! next, which
//! is what it can be asked to do, then [`looker`].

pub mod caption;
pub mod choose;
mod envelope;
pub mod faces;
pub mod job;
pub mod looker;
pub mod narrow;
pub mod onnx;
pub mod picture;
pub mod places;
pub mod results;
pub mod tagger;
pub mod vocabulary;
pub mod words;

pub use crate::data::edit::propose::{Conflict, Kind, Label, Proposal};
pub use faces::YuNet;
pub use job::{Captioning, Settings, TagJob, Tagging, Use};
pub use looker::Looker;
