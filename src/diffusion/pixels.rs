//! Decoded tensors to pictures.

use burn::tensor::{DType, Tensor};

/// A picture in memory: 8-bit RGB, row by row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// Width in pixels.
    pub width: usize,
    /// Height in pixels.
    pub height: usize,
    /// `3 * width * height` bytes.
    pub rgb: Vec<u8>,
}

/// Why a tensor is no picture.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The UNet gave values that are no numbers.
    #[error("the UNet gave NaN for {count} of {of} values of the picture's latent")]
    Unet {
        /// How many.
        count: usize,
        /// Of how many.
        of: usize,
    },
    /// The decoder gave values that are no numbers.
    #[error("the VAE decoded {count} of {of} values to NaN")]
    NotANumber {
        /// How many.
        count: usize,
        /// Of how many.
        of: usize,
    },
    /// The device could not deliver the values.
    #[error("the device failed while drawing: {0}")]
    Device(String),
}

impl Error {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(
            match self {
                Self::Unet { .. } => {
                    "the checkpoint is damaged, or its precision does not bear it: try another copy of it, or leave out networks with high weights"
                }
                Self::NotANumber { .. } => {
                    "use another VAE with --vae; for SDXL there is one that bears half precision, sdxl-vae-fp16-fix"
                }
                Self::Device(_) => "try again with a smaller picture, or on another --device",
            }
            .to_owned(),
        )
    }
}

impl Picture {
    /// Whether it shows one colour and nothing else, as pictures from a VAE without weights do.
    pub fn is_flat(&self) -> bool {
        const NOISE: u8 = 2;
        let spread = |c: usize| {
            let channel = || self.rgb.iter().skip(c).step_by(3);
            channel().max().unwrap_or(&0) - channel().min().unwrap_or(&0)
        };
        self.rgb.len() > 3 && (0..3).all(|c| spread(c) <= NOISE)
    }
}

/// Checks that a UNet gave numbers.
///
/// # Errors
/// [`Error::Unet`] where it did not.
pub fn check_latents(latents: Tensor<4>) -> Result<(), Error> {
    let values = values(latents)?;
    match values.iter().filter(|v| v.is_nan()).count() {
        0 => Ok(()),
        count => Err(Error::Unet {
            count,
            of: values.len(),
        }),
    }
}

fn values(tensor: Tensor<4>) -> Result<Vec<f32>, Error> {
    let data = tensor
        .cast(DType::F32)
        .try_into_data()
        .map_err(|e| Error::Device(format!("{e:?}")))?;
    data.try_into_vec::<f32>().map_err(|e| Error::Device(format!("{e:?}")))
}

/// Turns `[batch, 3, height, width]` in -1..1 into pictures, cutting off the fraction of a byte as A1111 does.
///
/// # Errors
/// [`Error`] when the values are no colours or did not come back from the device.
pub fn pictures(decoded: Tensor<4>) -> Result<Vec<Picture>, Error> {
    let [batch, channels, height, width] = decoded.dims();
    let values = values(decoded)?;
    let count = values.iter().filter(|v| v.is_nan()).count();
    if count > 0 {
        return Err(Error::NotANumber {
            count,
            of: values.len(),
        });
    }
    let area = width * height;
    let picture = |b: usize| {
        let planes = &values[b * channels * area..(b + 1) * channels * area];
        let rgb = (0..area)
            .flat_map(|i| [0, 1, 2].map(|c| byte(planes[c * area + i])))
            .collect();
        Picture { width, height, rgb }
    };
    Ok((0..batch).map(picture).collect())
}

fn byte(value: f32) -> u8 {
    (value.midpoint(1.0).clamp(0.0, 1.0) * 255.0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_colour_is_no_picture() {
        let picture = |rgb: &[u8]| Picture {
            width: rgb.len() / 3,
            height: 1,
            rgb: rgb.to_vec(),
        };
        assert!(picture(&[127, 3, 9, 128, 4, 7]).is_flat());
        assert!(!picture(&[127, 3, 9, 120, 4, 7]).is_flat());
        assert!(!picture(&[127, 3, 9]).is_flat());
    }

    #[test]
    fn fractions_are_cut_off() {
        assert_eq!(byte(-1.5), 0);
        assert_eq!(byte(1.0), 255);
        assert_eq!(byte(0.999), 254);
        assert_eq!(byte(0.0), 127);
    }
}
