//! A picture with few colours.

use image::RgbImage;
use quantette::deps::palette::{Srgb, cast};
use quantette::dither::FloydSteinberg;
use quantette::{ImageRef, PaletteSize, Pipeline};

/// Pixels as places in a palette.
pub(super) struct Indexed {
    /// At most 255 colours.
    pub(super) palette: Vec<[u8; 3]>,
    /// One a pixel, row by row.
    pub(super) indices: Vec<u8>,
}

/// The picture in at most so many colours. `dither` from 0 to 1 hides the steps between them and costs bytes.
pub(super) fn quantise(picture: &RgbImage, colours: u8, dither: f32) -> Indexed {
    let pixels: &[Srgb<u8>] = cast::from_component_slice(picture.as_raw());
    let Ok(image) = ImageRef::new(picture.width(), picture.height(), pixels) else {
        return Indexed {
            palette: vec![[0; 3]],
            indices: vec![0; pixels.len()],
        };
    };
    let ditherer = FloydSteinberg::with_error_diffusion(dither).filter(|_| dither > 0.0);
    let indexed = Pipeline::new()
        .palette_size(PaletteSize::from_u8_clamped(colours))
        .ditherer(ditherer)
        .input_image(image)
        .output_srgb8_indexed_image();
    let palette = indexed.palette().iter().map(|c| [c.red, c.green, c.blue]);
    Indexed {
        palette: palette.collect(),
        indices: indexed.indices().to_vec(),
    }
}
