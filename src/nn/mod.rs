//! The networks of Stable Diffusion, and the captioner BLIP, as burn modules.
//!
//! Each module is built from the tensors of a [`Scope`](crate::weights::Scope) under the names that diffusers and transformers give
//! them, and computes in whatever number type those tensors have. Nothing here knows of prompts, steps or files. One layer a file;
//! the networks are [`clip`], [`unet`], [`vae`] and [`blip`].

pub mod blip;
pub mod clip;
pub mod conv;
pub mod hypernetwork;
pub mod kernels;
pub mod linear;
pub mod norm;
pub mod taesd;
pub mod timestep;
pub mod unet;
pub mod vae;
