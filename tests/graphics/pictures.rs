//! Pictures to encode: real ones, and the worst that can be.

use std::path::Path;

use danlu::term::graphics::Picture;
use image::RgbImage;
use image::imageops::{self, FilterType};

/// Numbers that look random and are the same every time.
pub(crate) struct Dice(pub u64);

impl Dice {
    pub(crate) fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

pub(crate) fn picture(image: &RgbImage) -> Picture {
    Picture {
        width: image.width(),
        height: image.height(),
        rgb: image.as_raw().clone().into(),
    }
}

pub(crate) fn image(picture: &Picture) -> RgbImage {
    RgbImage::from_raw(picture.width, picture.height, picture.rgb.to_vec()).unwrap()
}

pub(crate) fn fixture(name: &str) -> RgbImage {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/pictures");
    image::open(folder.join(name)).unwrap().to_rgb8()
}

/// A drawn picture in any size, with the grain that enlarging takes away.
pub(crate) fn drawn(width: u32, height: u32) -> RgbImage {
    let mut image = imageops::resize(&fixture("wide.png"), width, height, FilterType::CatmullRom);
    let mut dice = Dice(7);
    for channel in image.iter_mut() {
        *channel = channel.saturating_add(dice.roll(9) as u8).saturating_sub(4);
    }
    image
}

/// No two pixels alike: nothing compresses it.
pub(crate) fn noise(width: u32, height: u32) -> RgbImage {
    let mut dice = Dice(42);
    RgbImage::from_fn(width, height, |_, _| image::Rgb([(); 3].map(|()| dice.roll(256) as u8)))
}
