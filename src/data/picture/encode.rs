//! Pictures to files: PNG, JPEG and lossless WebP, in eight bits.

use std::io::{Error, Write};

use image::codecs::jpeg::JpegEncoder;
use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::codecs::webp::WebPEncoder;
use image::{DynamicImage, ExtendedColorType, ImageEncoder, Rgb, RgbImage};

use super::facts::Format;
use super::resample::plain;

/// What kind of file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Coding {
    /// PNG, JPEG or WebP; BMP is written as PNG.
    pub format: Format,
    /// JPEG's quality, 1 to 100. WebP is lossless.
    pub quality: u8,
    /// What shows through where a picture is transparent. JPEG has no alpha and takes white where none is given.
    pub background: Option<[u8; 3]>,
}

impl Coding {
    /// The format that is written in the end.
    pub fn written(&self) -> Format {
        match self.format {
            Format::Bmp => Format::Png,
            format => format,
        }
    }

    /// Writes a picture.
    ///
    /// # Errors
    /// The disk's; and a side longer than the format can say (65,535 in JPEG, 16,383 in WebP).
    pub fn write(&self, picture: &DynamicImage, out: &mut dyn Write) -> std::io::Result<()> {
        let picture = plain(picture);
        let needs_ground = picture.color().has_alpha() && (self.background.is_some() || self.written() == Format::Jpeg);
        let (width, height) = (picture.width(), picture.height());
        let flat = needs_ground.then(|| flatten(&picture, self.background.unwrap_or([255; 3])));
        let (bytes, colour) = match &flat {
            Some(flat) => (flat.as_raw().as_slice(), ExtendedColorType::Rgb8),
            None => (picture.as_bytes(), picture.color().into()),
        };
        let done = match self.written() {
            Format::Jpeg => {
                JpegEncoder::new_with_quality(out, self.quality.clamp(1, 100)).write_image(bytes, width, height, colour)
            }
            Format::WebP => WebPEncoder::new_lossless(out).write_image(bytes, width, height, colour),
            Format::Png | Format::Bmp => {
                PngEncoder::new_with_quality(out, CompressionType::Default, FilterType::Adaptive)
                    .write_image(bytes, width, height, colour)
            }
        };
        done.map_err(|error| match error {
            image::ImageError::IoError(error) => error,
            other => Error::other(other.to_string()),
        })
    }
}

/// The picture over one colour.
fn flatten(picture: &DynamicImage, ground: [u8; 3]) -> RgbImage {
    let picture = picture.to_rgba8();
    let mut flat = RgbImage::new(picture.width(), picture.height());
    for (to, from) in flat.pixels_mut().zip(picture.pixels()) {
        let alpha = u32::from(from[3]);
        let mix = |i: usize| ((u32::from(from[i]) * alpha + u32::from(ground[i]) * (255 - alpha) + 127) / 255) as u8;
        *to = Rgb([mix(0), mix(1), mix(2)]);
    }
    flat
}
