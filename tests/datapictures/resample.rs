//! Sizes changed as kohya and the web UI change them, pixel by pixel.

use danlu::data::picture::resample::{Filter, Window, convolve, fit};
use image::DynamicImage;

use crate::{CASES, fixture, pair, source};

/// Averages are equal. Convolutions round their weights to other fixed points: one level in each direction, in few samples.
#[test]
fn resized_pictures_are_opencvs_and_pillows() {
    for case in CASES["resized"].as_array().unwrap() {
        let picture = source(case["source"].as_str().unwrap());
        let (width, height) = pair(&case["size"]);
        let made = if case["by"] == "kohya" {
            fit(&picture, width, height)
        } else {
            let whole = Window::whole(picture.width(), picture.height());
            convolve(&picture, whole, width, height, Filter::Bicubic)
        };
        let file = case["file"].as_str().unwrap();
        let expected = image::open(fixture("resized").join(file)).unwrap();
        let (apart, share) = compare(&made, &expected);
        let is_average = case["by"] == "kohya" && width <= picture.width() && height <= picture.height();
        // Under alpha Pillow rounds down where we round to the nearest.
        let often = if picture.color().has_alpha() { 0.5 } else { 0.01 };
        let (allowed, often) = if is_average { (0, 0.0) } else { (2, often) };
        assert!(apart <= allowed && share <= often, "{file}: {apart} levels in {share}");
    }
}

/// The greatest difference in levels, and the share of samples with any. What nobody sees through alpha does not count.
pub(crate) fn compare(made: &DynamicImage, expected: &DynamicImage) -> (u8, f64) {
    assert_eq!((made.width(), made.height()), (expected.width(), expected.height()));
    assert_eq!(made.color(), expected.color());
    let (made, expected) = (made.to_rgba8(), expected.to_rgba8());
    let mut apart = Vec::new();
    for (made, expected) in made.pixels().zip(expected.pixels()) {
        apart.push(made[3].abs_diff(expected[3]));
        let seen = |pixel: &image::Rgba<u8>, i: usize| (u32::from(pixel[i]) * u32::from(pixel[3]) / 255) as u8;
        apart.extend((0..3).map(|i| seen(made, i).abs_diff(seen(expected, i))));
    }
    let off = apart.iter().filter(|&&apart| apart > 0).count();
    (apart.iter().copied().max().unwrap(), off as f64 / apart.len() as f64)
}
