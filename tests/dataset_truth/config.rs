//! Configurations against kohya's `BlueprintGenerator`.

use std::collections::BTreeSet;
use std::path::Path;

use danlu::data::config::{Arguments, Config, Dataset, Error, Kind, Subset};
use serde_json::{Value, json};

use super::fixture;

/// The command line of the fixtures' second half.
fn given() -> Arguments {
    let mut arguments = Arguments {
        has_resolution: true,
        ..Arguments::default()
    };
    let dataset = &mut arguments.dataset;
    dataset.buckets.resolution = [640, 512];
    dataset.buckets.enable = true;
    dataset.buckets.min = 128;
    dataset.batch_size = 4;
    dataset.validation_split = 0.25;
    dataset.prior_loss_weight = 0.7;
    let subset = &mut arguments.subset;
    subset.caption_extension = "txt".into();
    subset.face_crop_aug_range = Some([1.5, 3.0]);
    subset.alpha_mask = true;
    subset.random_crop = true;
    subset.captions.shuffle = true;
    subset.captions.keep_tokens = 3;
    subset.captions.warmup_step = 0.5;
    subset.captions.prefix = Some("p".into());
    arguments
}

/// No options; a resolution, as without one nothing begins.
fn none() -> Arguments {
    Arguments {
        has_resolution: true,
        ..Arguments::default()
    }
}

/// Keys that only danlu refuses at this point, because kohya's datasets would stop at them a moment later.
const LATER: [&str; 13] = [
    "resolution",
    "batch_size",
    "min_bucket_reso",
    "max_bucket_reso",
    "bucket_reso_steps",
    "validation_split",
    "resize_interpolation",
    "caption_separator",
    "face_crop_aug_range",
    "datasets",
    "num_repeats",
    "enable_bucket",
    "bucket_no_upscale",
];

#[test]
fn configurations_are_read_as_kohya_reads_them() {
    let (mut read, mut refused) = (0, 0);
    for (number, (format, text, options, expected)) in
        fixture::<Vec<(String, String, usize, Value)>>("configurations.json.gz")
            .into_iter()
            .enumerate()
    {
        let arguments = [none(), given()][options].clone();
        let parsed = if format == "toml" {
            Config::of_toml(&text, &arguments)
        } else {
            Config::of_json(&text, &arguments)
        };
        if let Some(errors) = expected["errors"].as_array() {
            let problems = parsed.err().unwrap_or_else(|| panic!("{number}: kohya refuses {text}"));
            let told: BTreeSet<&str> = problems.iter().map(|problem| problem.at.as_str()).collect();
            for error in errors {
                let at = error.as_str().unwrap();
                assert!(
                    told.iter().any(|told| same_place(told, at)),
                    "{number}: {at} is not among {problems:?} of {text}"
                );
            }
            refused += 1;
            continue;
        }
        match parsed {
            Ok(config) => {
                compare(&config, &expected, &format!("{number}: {text}"));
                read += 1;
            }
            Err(problems) => {
                for problem in problems {
                    let key = problem.at.rsplit('.').next().unwrap();
                    assert!(LATER.contains(&key), "{number}: {problem} in {text}");
                }
            }
        }
    }
    assert!(read > 300 && refused > 500, "{read} read, {refused} refused");
}

/// kohya's path of a wrong item in a list is longer than ours, which names the key.
fn same_place(ours: &str, kohyas: &str) -> bool {
    ours == kohyas || kohyas.strip_prefix(ours).is_some_and(|rest| rest.starts_with('['))
}

fn compare(config: &Config, expected: &Value, at: &str) {
    let datasets = expected["datasets"].as_array().unwrap();
    assert_eq!(config.datasets.len(), datasets.len(), "{at}");
    for (ours, kohyas) in config.datasets.iter().zip(datasets) {
        if !ours.subsets.is_empty() {
            let kind = match (
                kohyas["controlnet"].as_bool().unwrap(),
                kohyas["dreambooth"].as_bool().unwrap(),
            ) {
                (true, _) => Kind::ControlNet,
                (_, true) => Kind::DreamBooth,
                _ => Kind::FineTuning,
            };
            assert_eq!(ours.kind, kind, "{at}");
        }
        same(&of_dataset(ours), &kohyas["params"], at);
        assert_eq!(ours.subsets.len(), kohyas["subsets"].as_array().unwrap().len());
        for (ours, kohyas) in ours.subsets.iter().zip(kohyas["subsets"].as_array().unwrap()) {
            same(&of_subset(ours), kohyas, at);
        }
    }
}

/// Every key that kohya has is the same here; numbers as numbers, true and false as 1 and 0 where kohya takes them for numbers.
fn same(ours: &Value, kohyas: &Value, at: &str) {
    let plain = |value: &Value, like: &Value| match (value, like) {
        (Value::Bool(value), Value::Number(_)) => json!(f64::from(u8::from(*value))),
        (Value::Number(number), _) => json!(number.as_f64()),
        (Value::Array(list), _) => list
            .iter()
            .map(|side| match side {
                Value::Bool(value) => json!(f64::from(u8::from(*value))),
                side => json!(side.as_f64()),
            })
            .collect(),
        (value, _) => value.clone(),
    };
    for (key, kohyas) in kohyas.as_object().unwrap() {
        let Some(ours) = ours.get(key) else {
            assert!(
                ["debug_dataset", "validation_seed", "validation_split"].contains(&key.as_str()),
                "{key} of {at}"
            );
            continue;
        };
        // kohya adds the dot when it makes the subset of this.
        let kohyas = match (key.as_str(), kohyas) {
            ("caption_extension", Value::String(text)) if !text.is_empty() && !text.starts_with('.') => {
                json!(format!(".{text}"))
            }
            // An empty text and none are the same to everything that asks.
            ("resolution", Value::Null) => json!([512, 512]),
            ("keep_tokens_separator", Value::String(text)) if text.is_empty() && ours.is_null() => Value::Null,
            _ => kohyas.clone(),
        };
        assert_eq!(plain(ours, &kohyas), plain(&kohyas, ours), "{key} of {at}");
    }
}

fn of_dataset(dataset: &Dataset) -> Value {
    let buckets = &dataset.buckets;
    json!({
        "resolution": buckets.resolution, "enable_bucket": buckets.enable, "min_bucket_reso": buckets.min,
        "max_bucket_reso": buckets.max, "bucket_reso_steps": buckets.step, "bucket_no_upscale": buckets.no_upscale,
        "batch_size": dataset.batch_size, "network_multiplier": dataset.network_multiplier,
        "validation_seed": dataset.validation_seed, "validation_split": dataset.validation_split,
        "resize_interpolation": dataset.resize_interpolation, "prior_loss_weight": dataset.prior_loss_weight,
    })
}

fn of_subset(subset: &Subset) -> Value {
    let captions = &subset.captions;
    json!({
        "image_dir": subset.image_dir, "metadata_file": subset.metadata_file, "conditioning_data_dir": subset.conditioning_data_dir,
        "num_repeats": subset.num_repeats, "is_reg": subset.is_reg, "class_tokens": subset.class_tokens,
        "caption_extension": subset.caption_extension, "cache_info": subset.cache_info, "alpha_mask": subset.alpha_mask,
        "color_aug": subset.color_aug, "flip_aug": subset.flip_aug, "face_crop_aug_range": subset.face_crop_aug_range,
        "random_crop": subset.random_crop, "resize_interpolation": subset.resize_interpolation,
        "custom_attributes": subset.custom_attributes, "caption_prefix": captions.prefix, "caption_suffix": captions.suffix,
        "caption_separator": captions.separator, "secondary_separator": captions.secondary_separator,
        "keep_tokens": captions.keep_tokens, "keep_tokens_separator": captions.keep_tokens_separator,
        "shuffle_caption": captions.shuffle, "enable_wildcard": captions.wildcard, "caption_dropout_rate": captions.dropout_rate,
        "caption_dropout_every_n_epochs": captions.dropout_every_n_epochs, "caption_tag_dropout_rate": captions.tag_dropout_rate,
        "token_warmup_min": captions.warmup_min, "token_warmup_step": captions.warmup_step,
    })
}

const WRONG: &str = "\
[general]
shuffle_captions = true
resolution = 512

[[datasets]]
batch_size = 0
min_bucket_reso = 640
enable_bucket = true

[[datasets.subsets]]
num_repeats = \"ten\"
keep_tokens = 2.5

[[datasets.subsets]]
image_dir = \"x\"
batch_size = 2
resize_interpolation = \"sharp\"
";

#[test]
fn everything_that_is_wrong_is_said_at_once_with_its_line() {
    let problems = Config::of_toml(WRONG, &Arguments::default()).unwrap_err();
    let told: Vec<_> = problems
        .iter()
        .map(|problem| (problem.line.unwrap(), problem.at.as_str()))
        .collect();
    assert_eq!(
        told,
        [
            (2, "general.shuffle_captions"),
            (6, "datasets[0].batch_size"),
            (7, "datasets[0].min_bucket_reso"),
            (10, "datasets[0].subsets[0].image_dir"),
            (11, "datasets[0].subsets[0].num_repeats"),
            (12, "datasets[0].subsets[0].keep_tokens"),
            (16, "datasets[0].subsets[1].batch_size"),
            (17, "datasets[0].subsets[1].resize_interpolation"),
        ]
    );
    assert_eq!(
        problems[0].wrong.hint().as_deref(),
        Some("did you mean shuffle_caption?")
    );
    assert_eq!(
        problems[4].to_string(),
        "line 11, datasets[0].subsets[0].num_repeats: is \"ten\", not a whole number"
    );
    assert_eq!(
        problems[6].wrong.hint().as_deref(),
        Some("it belongs into [[datasets]] or [general]")
    );
}

#[test]
fn syntax_is_judged_with_its_line_and_nothing_panics() {
    let problems = Config::of_toml("[general]\na = \n[[datasets]\n", &Arguments::default()).unwrap_err();
    let lines: BTreeSet<_> = problems.iter().map(|problem| problem.line.unwrap()).collect();
    assert!(lines.contains(&2) && lines.contains(&3), "{problems:?}");
    assert_eq!(
        Config::of_json("{\n\"general\": }", &Arguments::default()).unwrap_err()[0].line,
        Some(2)
    );
    for text in ["[]", "3", "null", ""] {
        assert!(Config::of_json(text, &Arguments::default()).is_err());
    }
    for text in [
        "",
        "\u{feff}",
        "datasets = 3",
        "general = []",
        "[[datasets]]\nsubsets = [1, 2]",
        "x = 1979-05-27",
    ] {
        assert!(Config::of_toml(text, &none()).is_err(), "{text}");
    }
    let marked = "\u{feff}[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nimage_dir = 'a'";
    assert!(Config::of_toml(marked, &Arguments::default()).is_ok());
}

#[test]
fn files_are_read_by_their_ending() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("set.JSON");
    std::fs::write(
        &path,
        r#"{"datasets": [{"resolution": [768, 512], "subsets": [{"image_dir": "a"}]}]}"#,
    )
    .unwrap();
    assert_eq!(
        Config::read(&path, &Arguments::default()).unwrap().datasets[0]
            .buckets
            .resolution,
        [768, 512]
    );
    let error = Config::read(folder.path(), &Arguments::default()).unwrap_err();
    assert!(matches!(error, Error::Read { .. }) && error.to_string().contains("no file"));
    let error = Config::read(Path::new("/nowhere.toml"), &Arguments::default()).unwrap_err();
    assert!(error.hint().is_some());
}
