//! From text and noise to pictures.
//!
//! Owns samplers, schedules, noise, guidance and the pipeline that joins them with the networks. Knows nothing of jobs, screens or
//! files. [`txt2img`] is the whole walk in one function; what a picture is made from stands in [`recipe`].

pub mod adapted;
pub mod conditioning;
pub mod decoding;
pub mod guidance;
pub mod inversions;
pub mod memory;
pub mod model;
pub mod noise;
pub mod parameters;
pub mod pixels;
pub mod preview;
pub mod probe;
pub mod recipe;
pub mod sampler;
pub mod schedule;
pub mod sigmas;
pub mod txt2img;

pub use model::Model;
pub use recipe::Recipe;
