//! danlu (丹炉): a terminal workstation for Stable Diffusion.
//!
//! The library holds everything but the argument parsing. Each layer knows only those below it; `tests/layers.rs` holds them to it:
//!
//! - [`engine`]: the background worker; jobs in, events out
//! - [`diffusion`]: samplers, schedules, noise, guidance, the txt2img pipeline
//! - [`nn`]: CLIP text encoders, UNet, VAE as burn modules
//! - [`weights`]: files to tensors, and the architecture they were made for
//! - [`prompt`]: tokens, attention grammar, chunks
//! - [`infotext`]: generation parameters as A1111 writes and embeds them
//! - [`store`]: paths, settings, model folders, output names
//!
//! To follow a picture from the prompt to the file, begin with [`engine::worker`] and read on in [`diffusion::txt2img`].

pub mod diffusion;
pub mod engine;
pub mod infotext;
pub mod nn;
pub mod prompt;
pub mod store;
pub mod weights;
