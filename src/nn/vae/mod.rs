//! The autoencoder between pictures and latents (`AutoencoderKL`, Rombach et al. 2022).
//!
//! [`Encoder`] and [`Decoder`] are loaded apart: making a picture from a prompt needs the decoder alone.

mod attention;
mod decoder;
mod encoder;
mod resnet;

pub use decoder::Decoder;
pub use encoder::{Encoder, Moments};
