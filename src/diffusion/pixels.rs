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

/// Why a decoded tensor is no picture.
#[derive(Debug, thiserror::Error)]
pub enum Error {
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

/// Turns `[batch, 3, height, width]` in -1..1 into pictures, cutting off the fraction of a byte as A1111 does.
///
/// # Errors
/// [`Error`] when the values are no colours or did not come back from the device.
pub fn pictures(decoded: Tensor<4>) -> Result<Vec<Picture>, Error> {
    let [batch, channels, height, width] = decoded.dims();
    let data = decoded
        .cast(DType::F32)
        .try_into_data()
        .map_err(|e| Error::Device(format!("{e:?}")))?;
    let values = data.as_slice::<f32>().map_err(|e| Error::Device(format!("{e:?}")))?;
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
    fn fractions_are_cut_off() {
        assert_eq!(byte(-1.5), 0);
        assert_eq!(byte(1.0), 255);
        assert_eq!(byte(0.999), 254);
        assert_eq!(byte(0.0), 127);
    }
}
