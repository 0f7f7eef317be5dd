//! Files to tensors.
//!
//! Owns the reading of checkpoints: files of tensors ([`file`]), what model they hold ([`architecture`], read by [`config`]), which of
//! their tensors is which part of it ([`names`]), and handing each to a device ([`scope`]). Never runs a network. Read
//! [`checkpoint`] next: it puts these together.

pub mod about;
pub mod adapter;
pub mod architecture;
pub mod checkpoint;
pub mod config;
pub mod element;
pub mod embedding;
mod error;
pub mod file;
pub mod hash;
pub mod hypernetwork;
pub mod kind;
mod mapped;
pub mod names;
pub mod scope;
pub mod vae;

pub use architecture::Architecture;
pub use checkpoint::{Checkpoint, Layout};
pub use error::Error;
pub use file::TensorFile;
pub use scope::Scope;
