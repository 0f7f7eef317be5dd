//! danlu (丹炉): a terminal workstation for Stable Diffusion.
//!
//! The library holds everything but the argument parsing. Each layer knows only those below it; `tests/layers.rs` holds them to it:
//!
//! - [`workstation`]: runs the screen: connects app, terminal, engine and files
//! - [`app`]: the Elm core of the screen: a message changes the state and gives effects
//! - [`panes`], [`overlay`]: what stands on the screen and what opens above it
//! - [`ui`], [`keys`]: theme, text, catalogue, widgets; the table of actions and the keymap
//! - [`term`]: the terminal: input, questions to it, pictures, the one writer
//! - [`engine`]: the background worker; jobs in, events out
//! - [`workbench`]: model files made of model files: converted, merged, resized, extracted
//! - [`diffusion`]: samplers, schedules, noise, guidance, the txt2img pipeline
//! - [`vision`]: taggers, captioners, face detection
//! - [`nn`]: CLIP text encoders, UNet, VAE as burn modules
//! - [`library`]: what model files there are: found, described, hashed, remembered
//! - [`weights`]: files to tensors, and the architecture they were made for
//! - [`data`]: datasets: pictures, captions, edits that can be taken back, buckets, batches
//! - [`prompt`]: tokens, attention grammar, chunks
//! - [`infotext`]: generation parameters as A1111 writes and embeds them
//! - [`store`]: paths, settings, model folders, output names
//!
//! To follow a picture from the prompt to the file, begin with [`engine::worker`] and read on in [`diffusion::txt2img`].

pub mod app;
pub mod data;
pub mod diffusion;
pub mod engine;
pub mod infotext;
pub mod keys;
pub mod library;
pub mod nn;
pub mod overlay;
pub mod panes;
pub mod prompt;
pub mod store;
pub mod term;
pub mod ui;
pub mod vision;
pub mod weights;
pub mod workbench;
pub mod workstation;
