//! Every family of Stable Diffusion, and the VAEs that go with them.
#![allow(missing_docs, clippy::unwrap_used)]

mod engine;
mod pictures;
#[path = "../support/mod.rs"]
mod support;
mod vae;
