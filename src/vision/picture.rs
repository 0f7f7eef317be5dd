//! Pictures as taggers and captioners want them, to the pixel as the reference scripts prepare them.
//!
//! Taggers get what kohya's `tag_images_by_wd14_tagger.py` makes: transparency over white, white margins up to a square, kohya's
//! choice
//! of resampling, blue before red, from 0 to 255. BLIP gets what transformers' `BlipImageProcessorPil` makes. EXIF's orientation
//! is left
//! alone, as training leaves it.

use image::{DynamicImage, Rgb, RgbImage};

use crate::data::picture::resample::{Filter, Window, convolve, fit};

/// CLIP's mean of red, green and blue.
const MEAN: [f32; 3] = [0.481_454_66, 0.457_827_5, 0.408_210_73];
/// CLIP's deviation of red, green and blue.
const DEVIATION: [f32; 3] = [0.268_629_54, 0.261_302_6, 0.275_777_1];

/// The longest side that gets its margins as it is.
const LONGEST: u32 = 8192;

/// In which order a tagger takes its numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// Pixel by pixel, from 0 to 255: the taggers with a csv.
    Pixels,
    /// Channel by channel, from -1 to 1: the taggers with a JSON.
    Channels,
}

/// The picture over white, in eight bits.
pub fn over_white(picture: &DynamicImage) -> RgbImage {
    let alpha = picture.color().has_alpha();
    let picture = eight_bits(picture);
    if !alpha {
        return picture.into_rgb8();
    }
    let picture = picture.into_rgba8();
    RgbImage::from_fn(picture.width(), picture.height(), |x, y| {
        let [r, g, b, a] = picture.get_pixel(x, y).0;
        Rgb([r, g, b].map(|level| blend(level, a)))
    })
}

/// Pillow's `paste` over 255 with a mask.
fn blend(level: u8, alpha: u8) -> u8 {
    let sum = u32::from(level) * u32::from(alpha) + 255 * (255 - u32::from(alpha)) + 128;
    (((sum >> 8) + sum) >> 8) as u8
}

/// Sixteen bits lose their lower eight, as Pillow reads them.
fn eight_bits(picture: &DynamicImage) -> DynamicImage {
    fn high<P: image::Pixel<Subpixel = u16>>(samples: &image::ImageBuffer<P, Vec<u16>>) -> Vec<u8> {
        samples.as_raw().iter().map(|sample| (sample >> 8) as u8).collect()
    }
    let (width, height) = (picture.width(), picture.height());
    let made = match picture {
        DynamicImage::ImageLuma16(p) => image::GrayImage::from_raw(width, height, high(p)).map(Into::into),
        DynamicImage::ImageLumaA16(p) => image::GrayAlphaImage::from_raw(width, height, high(p)).map(Into::into),
        DynamicImage::ImageRgb16(p) => RgbImage::from_raw(width, height, high(p)).map(Into::into),
        DynamicImage::ImageRgba16(p) => image::RgbaImage::from_raw(width, height, high(p)).map(Into::into),
        other => Some(other.clone()),
    };
    made.unwrap_or_else(|| picture.clone())
}

/// The picture in the middle of a white square as large as its longer side; odd margins are larger on the right and below.
pub fn square(picture: RgbImage) -> RgbImage {
    let (width, height) = picture.dimensions();
    if width == height {
        return picture;
    }
    let side = width.max(height);
    let mut padded = RgbImage::from_pixel(side, side, Rgb([255; 3]));
    image::imageops::replace(
        &mut padded,
        &picture,
        i64::from((side - width) / 2),
        i64::from((side - height) / 2),
    );
    padded
}

/// A picture whose longer side is beyond [`LONGEST`] is shrunk to it first: a square around it would be out of all proportion.
fn bounded(picture: RgbImage) -> RgbImage {
    let longer = picture.width().max(picture.height());
    if longer <= LONGEST {
        return picture;
    }
    let side = |side: u32| (u64::from(side) * u64::from(LONGEST) / u64::from(longer)).max(1) as u32;
    let (width, height) = (side(picture.width()), side(picture.height()));
    fit(&picture.into(), width, height).into_rgb8()
}

/// A tagger's input for a side of so many pixels, in a row.
pub fn for_tagger(picture: &DynamicImage, side: u32, layout: Layout) -> Vec<f32> {
    let padded = square(bounded(over_white(picture))).into();
    let small = fit(&padded, side, side).into_rgb8();
    match layout {
        Layout::Pixels => {
            let blue_first = small.pixels().flat_map(|Rgb([r, g, b])| [*b, *g, *r]);
            blue_first.map(f32::from).collect()
        }
        Layout::Channels => {
            let channel = |i: usize| small.pixels().map(move |pixel| f32::from(pixel.0[i]) / 127.5 - 1.0);
            [2, 1, 0].into_iter().flat_map(channel).collect()
        }
    }
}

/// BLIP's input, `[3, side, side]`: the whole picture squeezed into the square, by Pillow's bicubic filter.
pub fn for_captioner(picture: &DynamicImage, side: u32) -> Vec<f32> {
    let picture: DynamicImage = eight_bits(picture).into_rgb8().into();
    let whole = Window::whole(picture.width(), picture.height());
    let small = convolve(&picture, whole, side, side, Filter::Bicubic).into_rgb8();
    let channel = |i: usize| {
        let normal = move |level: u8| (f32::from(level) / 255.0 - MEAN[i]) / DEVIATION[i];
        small.pixels().map(move |pixel| normal(pixel.0[i]))
    };
    (0..3).flat_map(channel).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn transparency_shows_white_and_margins_are_white() {
        let picture = image::RgbaImage::from_fn(2, 1, |x, _| image::Rgba([10, 20, 30, if x == 0 { 0 } else { 255 }]));
        let flat = over_white(&picture.into());
        assert_eq!(flat.as_raw(), &[255, 255, 255, 10, 20, 30]);
        let padded = square(RgbImage::from_pixel(2, 5, Rgb([0; 3])));
        assert_eq!(padded.dimensions(), (5, 5));
        let row: Vec<u8> = (0..5).map(|x| padded.get_pixel(x, 0).0[0]).collect();
        assert_eq!(row, [255, 0, 0, 255, 255]);
    }

    #[test]
    fn half_transparent_colours_are_mixed_as_pillow_does() {
        // PIL: Image.new("RGB", size, 255).paste(image, mask=alpha)
        for (level, alpha, expected) in [(0, 128, 127), (100, 1, 254), (7, 254, 8), (200, 77, 238)] {
            assert_eq!(blend(level, alpha), expected, "{level} {alpha}");
        }
    }

    #[test]
    fn a_very_long_picture_makes_no_very_large_square() {
        let strip: DynamicImage = RgbImage::from_pixel(100_000, 3, Rgb([0; 3])).into();
        let input = for_tagger(&strip, 448, Layout::Pixels);
        let dark = input.iter().filter(|level| **level < 250.0).count();
        assert!(input.len() == 448 * 448 * 3 && dark <= 448 * 3 * 2, "{dark}");
    }

    #[test]
    fn taggers_see_blue_first() {
        let picture: DynamicImage = RgbImage::from_pixel(4, 4, Rgb([255, 102, 0])).into();
        assert_eq!(for_tagger(&picture, 2, Layout::Pixels)[..3], [0.0, 102.0, 255.0]);
        let channels = for_tagger(&picture, 2, Layout::Channels);
        assert_eq!((channels[0], channels[11]), (-1.0, 1.0));
    }
}
