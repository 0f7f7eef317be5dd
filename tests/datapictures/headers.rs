//! Headers and decoding, against Pillow.

use danlu::data::picture::{Colour, Format, Limits, facts, open, uses_alpha};

use crate::{CASES, fixture, pair};

#[test]
fn headers_say_what_pillow_says() {
    for (name, case) in CASES["headers"].as_object().unwrap() {
        let path = fixture("headers").join(name);
        let facts = facts(&path).unwrap();
        assert_eq!(facts.size(), pair(&case["size"]), "{name}");
        assert_eq!(
            u64::from(facts.orientation),
            case["orientation"].as_u64().unwrap(),
            "{name}"
        );
        assert_eq!(facts.alpha, case["alpha"].as_bool().unwrap(), "{name}");
        assert_eq!(facts.animated, case["frames"].as_u64().unwrap() > 1, "{name}");
        assert_eq!(
            facts.format.name().to_lowercase(),
            case["format"].as_str().unwrap(),
            "{name}"
        );
        assert_eq!(Some(facts.format), Format::of_name(&path), "{name}");
        let colour = match case["mode"].as_str().unwrap() {
            "1" | "L" | "LA" | "I;16" if facts.format == Format::Bmp => Colour::Indexed,
            "1" | "L" | "LA" | "I;16" => Colour::Gray,
            "P" => Colour::Indexed,
            "CMYK" => Colour::Cmyk,
            _ => Colour::Rgb,
        };
        assert_eq!(facts.colour, colour, "{name}");
        assert_eq!(facts.depth == 16, name.contains("16.png"), "{name}: {}", facts.depth);
        let (width, height) = facts.upright();
        assert_eq!((width, height) != facts.size(), facts.orientation >= 5, "{name}");
    }
}

/// Decoders differ by a few levels where JPEG and WebP round; what Pillow makes of sixteen bits is its own affair.
#[test]
fn pixels_are_pillows() {
    for (name, case) in CASES["headers"].as_object().unwrap() {
        let path = fixture("headers").join(name);
        let picture = open(&path, &Limits::default()).unwrap();
        assert_eq!((picture.width(), picture.height()), pair(&case["size"]), "{name}");
        if name.contains("gray16") {
            continue;
        }
        let allowed = match facts(&path).unwrap().format {
            Format::Jpeg => 6,
            Format::WebP if !name.contains("lossless") => 6,
            _ => 0,
        };
        let pixels = picture.to_rgb8();
        for (ours, theirs) in pixels.as_raw().iter().zip(case["rgb"].as_array().unwrap()) {
            let theirs = theirs.as_u64().unwrap();
            // Fully transparent pixels of WebP have whatever colour.
            if !name.contains("alpha") {
                assert!(
                    u64::from(*ours).abs_diff(theirs) <= allowed,
                    "{name}: {ours} for {theirs}"
                );
            }
        }
    }
}

#[test]
fn alpha_that_is_used_is_told_from_alpha_that_is_there() {
    let open = |name: &str| open(&fixture("headers").join(name), &Limits::default()).unwrap();
    assert!(uses_alpha(&open("png-rgba.png")));
    assert!(uses_alpha(&open("webp-alpha.webp")));
    assert!(!uses_alpha(&open("png-rgb.png")));
    let opaque = image::RgbaImage::from_pixel(3, 3, image::Rgba([1, 2, 3, 255]));
    assert!(!uses_alpha(&opaque.into()));
}
