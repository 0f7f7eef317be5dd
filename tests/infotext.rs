//! Infotext against A1111's own functions and against Pillow; see tests/reference/infotext.py for how the fixtures were made.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use danlu::infotext::carrier::{self, Error, embed_png};
use danlu::infotext::write::{GenerationFields, fields};
use danlu::infotext::{Infotext, parse};
use serde_json::{Value, json};

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/infotext")
        .join(name)
}

fn cases(name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(fixture(name)).unwrap()).unwrap()
}

#[test]
fn texts_are_read_as_a1111_reads_them() {
    let cases = cases("parse.json");
    assert!(cases.as_array().unwrap().len() >= 30);
    for case in cases.as_array().unwrap() {
        let text = case["text"].as_str().unwrap();
        let read = serde_json::to_value(Infotext::parse(text)).unwrap();
        for part in ["prompt", "negative_prompt", "fields"] {
            assert_eq!(read[part], case[part], "{part} of {text:?}");
        }
        // A map compares without its order.
        let keys = |value: &Value| value["fields"].as_object().unwrap().keys().cloned().collect::<Vec<_>>();
        assert_eq!(keys(&read), keys(case), "order of {text:?}");
    }
}

fn made(case: &Value) -> GenerationFields {
    let text = |key: &str| case[key].as_str().map(str::to_owned);
    let pairs = case["extra"].as_array().unwrap().iter();
    GenerationFields {
        steps: case["steps"].as_u64().unwrap().try_into().unwrap(),
        sampler: text("sampler").unwrap(),
        schedule: text("schedule").unwrap(),
        cfg_scale: case["cfg_scale"].as_f64().unwrap(),
        seed: case["seed"].as_u64().unwrap(),
        width: case["width"].as_u64().unwrap().try_into().unwrap(),
        height: case["height"].as_u64().unwrap().try_into().unwrap(),
        model_hash: text("model_hash"),
        model: text("model"),
        vae_hash: text("vae_hash"),
        vae: text("vae"),
        clip_skip: case["clip_skip"].as_u64().unwrap().try_into().unwrap(),
        ensd: case["ensd"].as_i64().unwrap(),
        sampler_uses_ensd: case["sampler_uses_ensd"].as_bool().unwrap(),
        rng: text("rng").unwrap(),
        extra: pairs
            .map(|pair| (pair[0].as_str().unwrap().into(), pair[1].as_str().unwrap().into()))
            .collect(),
        version: text("version").unwrap(),
    }
}

#[test]
fn texts_are_written_as_a1111_writes_them() {
    let cases = cases("write.json");
    assert!(cases.as_array().unwrap().len() >= 10);
    for case in cases.as_array().unwrap() {
        let info = Infotext {
            prompt: case["prompt"].as_str().unwrap().to_owned(),
            negative_prompt: case["negative_prompt"].as_str().unwrap().to_owned(),
            fields: fields(&made(case)),
        };
        assert_eq!(info.to_string(), case["text"].as_str().unwrap());
        // What a key alone says cannot be read back, in A1111 neither.
        let written: Vec<_> = info.fields.iter().filter(|(key, value)| key != value).collect();
        assert_eq!(
            Infotext::parse(&info.to_string()).fields.iter().collect::<Vec<_>>(),
            written
        );
    }
}

#[test]
fn writing_what_was_read_changes_nothing() {
    for case in cases("write.json").as_array().unwrap() {
        let read = Infotext::parse(case["text"].as_str().unwrap());
        assert_eq!(Infotext::parse(&read.to_string()), read);
    }
}

#[test]
fn pictures_are_read_as_a1111_reads_them() {
    let pictures = cases("pictures.json");
    assert!(pictures.as_object().unwrap().len() >= 15);
    for (name, text) in pictures.as_object().unwrap() {
        assert_eq!(
            carrier::read(&fixture(name)).unwrap().as_deref(),
            text.as_str(),
            "{name}"
        );
    }
}

/// The 8x8 picture of the fixtures, and the two texts: one that fits Latin-1 and one that does not.
fn picture() -> Vec<u8> {
    (0..64u8).flat_map(|at| [at % 8 * 30, at / 8 * 30, 77]).collect()
}

fn ours() -> [(&'static str, String); 2] {
    let pictures = cases("pictures.json");
    ["ours-latin1.png", "ours-cjk.png"].map(|name| (name, pictures[name].as_str().unwrap().to_owned()))
}

/// The chunks before the pixels, which are what Pillow was shown; the pixels' compression may change with the `png` crate.
fn before_pixels(png: &[u8]) -> &[u8] {
    &png[..png.windows(4).position(|four| four == b"IDAT").unwrap() - 4]
}

#[test]
fn pictures_are_still_the_ones_that_pillow_read() {
    for (name, text) in ours() {
        let mut png = Vec::new();
        embed_png(&picture(), 8, 8, &text, &mut png).unwrap();
        assert_eq!(
            before_pixels(&png),
            before_pixels(&fs::read(fixture(name)).unwrap()),
            "{name}"
        );
        let mut decoder = png::Decoder::new(Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; decoder.output_buffer_size().unwrap()];
        decoder.next_frame(&mut pixels).unwrap();
        assert_eq!(pixels, picture());
    }
}

#[test]
#[ignore = "writes the pictures that tests/reference/infotext.py shows to Pillow"]
fn write_pictures_for_pillow() {
    let texts = [
        ("ours-latin1.png", "a café, red fox\nNegative prompt: text\n"),
        ("ours-cjk.png", "狐狸 🦊, red\nNegative prompt: 低质量\n"),
    ];
    let line = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 965400086, Size: 512x512, Model hash: 45dee52b";
    for (name, text) in texts {
        let file = fs::File::create(fixture(name)).unwrap();
        embed_png(&picture(), 8, 8, &format!("{text}{line}"), file).unwrap();
    }
}

#[test]
fn every_cut_of_a_picture_is_read_or_refused() {
    let pictures = cases("pictures.json");
    for (name, text) in pictures.as_object().unwrap() {
        let whole = fs::read(fixture(name)).unwrap();
        for length in 0..whole.len() {
            match carrier::read_from(Cursor::new(&whole[..length]), Path::new(name)) {
                Ok(Some(read)) => assert_eq!(Some(read.as_str()), text.as_str(), "{name} cut at {length}"),
                Ok(None) => {}
                Err(error) => assert!(error.to_string().contains(name.as_str()), "{error}"),
            }
        }
    }
}

#[test]
fn every_flipped_bit_is_survived() {
    for name in [
        "pillow-cjk.png",
        "pillow-itxt-zip.png",
        "novelai.png",
        "a1111.jpg",
        "a1111.webp",
        "a1111.avif",
    ] {
        let whole = fs::read(fixture(name)).unwrap();
        for at in 0..whole.len() {
            let mut damaged = whole.clone();
            damaged[at] ^= 1 << (at % 8);
            let read = carrier::read_from(Cursor::new(damaged), Path::new(name));
            // A changed byte inside PNG's text is always noticed.
            if let (Ok(Some(text)), "pillow-cjk.png") = (&read, name) {
                assert_eq!(Some(text.as_str()), cases("pictures.json")[name].as_str(), "byte {at}");
            }
        }
    }
}

#[test]
fn a_picture_without_a_text_is_no_error_and_a_text_is_no_picture() {
    assert!(carrier::read(&fixture("none.jpg")).unwrap().is_none());
    let error = carrier::read(&fixture("parse.json")).unwrap_err();
    assert!(matches!(error, Error::NotAnImage { .. }));
    let bytes = fs::read(fixture("parse.json")).unwrap();
    assert!(!carrier::is_image(&bytes) && parse::decode(&bytes).is_some());
}

#[test]
fn a_megabyte_is_read_in_linear_time() {
    // Each of these sends A1111's own pattern, or a careless one, through the text once for every character.
    let texts = [
        "a ",
        "ab: ",
        "ab: \"",
        "ab: \"\\",
        "\n",
        "Negative prompt:\n",
        "ab:x,",
        "- ",
        "\\\"",
        "   \t",
        "ab: ,",
    ];
    for unit in texts {
        let small = timed(&unit.repeat((1 << 17) / unit.len()));
        let large = timed(&unit.repeat((1 << 20) / unit.len()));
        // Eight times the text; sixty-four times the time would be quadratic.
        assert!(
            large < small * 32 + Duration::from_millis(250),
            "{unit:?}: {small:?}, then {large:?}"
        );
    }
}

fn timed(text: &str) -> Duration {
    let start = Instant::now();
    let read = Infotext::parse(text);
    assert!(read.prompt.len() + read.negative_prompt.len() <= text.len());
    start.elapsed()
}

#[test]
fn danlus_own_version_is_no_old_a1111() {
    // Python's packaging: a number, then `+` and a local name, is at least that number.
    let (public, local) = danlu::infotext::write::VERSION.split_once('+').unwrap();
    assert_eq!(public, "v1.10.1");
    assert!(
        local.starts_with("danlu.")
            && local
                .split(['.', '-'])
                .all(|part| part.chars().all(char::is_alphanumeric))
    );
    assert_eq!(
        json!(Infotext::default()).to_string(),
        r#"{"prompt":"","negative_prompt":"","fields":{}}"#
    );
}
