//! Files to tensors.
//!
//! Owns the reading of checkpoints: mapped files ([`mapped`]), what model they hold ([`architecture`], read by [`config`]), which of
//! their tensors is which part of it ([`names`]), and handing each to a device ([`scope`]). Never runs a network. Read
//! [`checkpoint`] next: it puts these together.

pub mod architecture;
pub mod checkpoint;
pub mod config;
mod error;
pub mod hash;
pub mod kind;
pub mod mapped;
pub mod names;
pub mod scope;

pub use architecture::Architecture;
pub use checkpoint::{Checkpoint, Layout};
pub use error::Error;
pub use scope::Scope;
