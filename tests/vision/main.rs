//! Models that look at pictures, against onnxruntime, `OpenCV` and transformers, and in the face of damaged files.
#![allow(missing_docs, clippy::unwrap_used)]

mod blip;
mod damage;
mod faces;
mod jobs;
mod pictures;
mod support;
mod taggers;
