//! Latents to pictures, and what can go wrong there: half precision that overflows, and a VAE that shows nothing.

use burn::module::{Module, ModuleMapper, Param};
use burn::tensor::{DType, Tensor};

use super::Model;
use super::pixels::{self, Error, Picture};
use crate::nn::taesd::Taesd;
use crate::nn::vae::Decoder;

/// Said when a VAE's half precision was too narrow.
const WIDENED: &str = "the VAE gave NaN in half precision and now runs in 32 bits; a VAE made for half precision, such as \
                       sdxl-vae-fp16-fix, is faster";
/// Said when a picture shows one colour.
const FLAT: &str =
    "the picture is one flat colour; the checkpoint's VAE may be missing or broken, so add a VAE with --vae";

/// Decodes sampled latents `[1, 4, height/8, width/8]`, by the tiny autoencoder where there is one, and says what the user should know.
///
/// A VAE that gives NaN in half precision is tried again in f32, as A1111 does, and stays so.
///
/// # Errors
/// [`Error`] when the VAE gives no numbers in f32 either, or the device fails.
pub fn decode(
    model: &Model,
    taesd: Option<&Taesd>,
    latents: Tensor<4>,
) -> Result<(Vec<Picture>, Option<&'static str>), Error> {
    let (pictures, remark) = match taesd {
        Some(taesd) => (pixels::pictures(taesd.forward(latents))?, None),
        None if model.decodes_wide() => (pixels::pictures(model.decode_wide(latents))?, None),
        None => match pixels::pictures(model.decode(latents.clone())) {
            Err(Error::NotANumber { .. }) if model.dtype() != DType::F32 => {
                (pixels::pictures(model.decode_wide(latents))?, Some(WIDENED))
            }
            decoded => (decoded?, None),
        },
    };
    let is_flat = pictures.iter().any(Picture::is_flat);
    Ok((pictures, remark.or(is_flat.then_some(FLAT))))
}

/// The decoder in f32.
pub(super) fn widened(decoder: Decoder) -> Decoder {
    struct Widen;
    impl ModuleMapper for Widen {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            param.map(|tensor| tensor.cast(DType::F32))
        }
    }
    decoder.map(&mut Widen)
}
