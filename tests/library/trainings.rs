//! What trainers wrote, well and badly.

use danlu::weights::about::training::thumbnail;
use danlu::weights::about::{Metadata, Training};

fn training(pairs: &[(&str, &str)]) -> Option<Training> {
    let metadata: Metadata = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
    Training::of(&metadata)
}

#[test]
fn what_kohya_writes_is_read() {
    let said = training(&[
        ("ss_output_name", "fox_style"),
        ("ss_sd_model_name", "base.safetensors"),
        ("ss_sd_model_hash", "8226116b"),
        ("ss_new_sd_model_hash", &"ab".repeat(32)),
        ("ss_num_train_images", "520"),
        ("ss_num_reg_images", "0"),
        ("ss_dataset_dirs", r#"{"10_fox": {"n_repeats": 10, "img_count": 50}, "2_den": {"n_repeats": 2, "img_count": 10}}"#),
        ("ss_reg_dataset_dirs", r#"{"1_animal": {"n_repeats": 1, "img_count": 60}}"#),
        (
            "ss_tag_frequency",
            r#"{"10_fox": {"zkx fox": 49, "solo": 50, "snow": 20}, "2_den": {"zkx fox": 10, "den": 10, "snow": 9}}"#,
        ),
        (
            "ss_bucket_info",
            r#"{"buckets": {"0": {"resolution": [512, 768], "count": 100}, "1": {"resolution": [768, 512], "count": 420}}, "mean_img_ar_error": NaN}"#,
        ),
        ("ss_resolution", "(512, 768)"),
        ("ss_epoch", "8"),
        ("ss_num_epochs", "10"),
        ("ss_steps", "2080"),
        ("ss_max_train_steps", "2600"),
        ("ss_total_batch_size", "2"),
        ("ss_optimizer", "bitsandbytes.optim.adamw.AdamW8bit(weight_decay=0.1)"),
        ("ss_learning_rate", "0.0001"),
        ("ss_unet_lr", "None"),
        ("ss_network_module", "lycoris.kohya"),
        ("ss_network_args", r#"{"algo": "lora", "conv_dim": 8, "preset": "full"}"#),
        ("ss_clip_skip", "2"),
        ("ss_training_started_at", "1700000000.5"),
        ("ss_training_finished_at", "1700003600.5"),
        ("ss_training_comment", "狐狸"),
    ])
    .unwrap();
    assert_eq!(
        said.tags,
        [("zkx fox", 59), ("solo", 50), ("snow", 29), ("den", 10)].map(|(t, n)| (t.to_owned(), n))
    );
    // Of nearly every picture of a folder, without what every picture of one subject has.
    assert_eq!(said.words, ["zkx fox", "den", "snow"]);
    assert_eq!((said.pictures, said.regularisation), (Some(60), Some(60)));
    let folders: Vec<_> = said
        .folders
        .iter()
        .map(|f| (f.name.as_str(), f.pictures, f.repeats, f.regularisation))
        .collect();
    assert_eq!(
        folders,
        [
            ("10_fox", 50, 10, false),
            ("2_den", 10, 2, false),
            ("1_animal", 60, 1, true)
        ]
    );
    assert_eq!(said.resolution, Some((512, 768)));
    let buckets: Vec<_> = said.buckets.iter().map(|b| (b.width, b.height, b.pictures)).collect();
    assert_eq!(buckets, [(768, 512, 420), (512, 768, 100)]);
    assert_eq!(
        (said.epochs, said.steps),
        (Some((8, Some(10))), Some((2080, Some(2600))))
    );
    assert_eq!(
        (said.batch, said.clip_skip, said.seconds),
        (Some(2), Some(2), Some(3600.0))
    );
    assert_eq!(said.date.as_deref(), Some("2023-11-14T23:13:20Z"));
    assert_eq!(said.rates, [("all".to_owned(), "0.0001".to_owned())]);
    assert_eq!(said.arguments[1], ("conv_dim".to_owned(), "8".to_owned()));
    assert_eq!(said.comment.as_deref(), Some("狐狸"));
    let base = said.base.unwrap();
    assert_eq!(
        (base.name.as_deref(), base.legacy.as_deref()),
        (Some("base.safetensors"), Some("8226116b"))
    );
    assert_eq!(base.sha256.unwrap().len(), 64);
}

#[test]
fn several_sets_of_pictures_are_one_training() {
    let sets = r#"[
        {"resolution": [1024, 1024], "batch_size_per_device": 4, "bucket_info": {"buckets": {"3": {"resolution": [1024, 1024], "count": 30}}},
         "subsets": [{"img_count": 30, "num_repeats": 5, "image_dir": "fox", "is_reg": false}]},
        {"resolution": [512, 512], "bucket_info": {"buckets": {"0": {"resolution": [512, 512], "count": 12}, "x": 7}},
         "subsets": [{"img_count": 30, "num_repeats": 5, "image_dir": "fox", "is_reg": false}, {"img_count": 7, "image_dir": "reg", "is_reg": true}]},
        "no set", {"subsets": 3}
    ]"#;
    let said = training(&[("ss_datasets", sets)]).unwrap();
    assert_eq!(
        (said.pictures, said.regularisation, said.batch),
        (Some(30), Some(7), Some(4))
    );
    assert_eq!((said.resolution, said.buckets.len()), (Some((1024, 1024)), 2));
}

#[test]
fn trained_words_are_what_the_author_says_they_are() {
    let tags = ("ss_tag_frequency", r#"{"fox": {"solo": 3, "1girl": 3}}"#);
    assert_eq!(
        training(&[tags, ("modelspec.trigger_phrase", "zkx")]).unwrap().words,
        ["zkx"]
    );
    // General tags stand where there is nothing else.
    assert_eq!(training(&[tags]).unwrap().words, ["solo", "1girl"]);
    let named = ("ss_tag_frequency", r#"{"fox": {"blue": 3, "my fox": 3}}"#);
    assert_eq!(
        training(&[named, ("ss_output_name", "my_fox")]).unwrap().words,
        ["my fox", "blue"]
    );
    // Captions that are sentences have no tag in common; their words are counted.
    let sentences = r#"{"fox": {"a photo of a red fox in the snow": 2, "a photo of a fox asleep under a tree": 1}}"#;
    let said = training(&[("ss_tag_frequency", sentences)]).unwrap();
    assert_eq!(said.words, [""; 0]);
    assert_eq!(said.tags[0], ("photo".to_owned(), 3));
    assert!(said.tags.contains(&("snow".to_owned(), 2)));
}

#[test]
fn broken_metadata_hurts_nothing() {
    assert_eq!(training(&[]), None);
    assert_eq!(training(&[("format", "pt")]), None);
    let deep = "[".repeat(100_000);
    for value in [
        "",
        "None",
        "null",
        "{",
        "[]",
        "{\"a\"",
        "{\"a\": 1}",
        "{\"a\": {\"b\": \"c\"}}",
        "NaN",
        "-1",
        "1e999",
        &deep,
    ] {
        let keys = [
            "ss_tag_frequency",
            "ss_dataset_dirs",
            "ss_reg_dataset_dirs",
            "ss_datasets",
            "ss_bucket_info",
            "ss_network_args",
            "ss_resolution",
            "ss_epoch",
            "ss_steps",
            "ss_training_started_at",
            "ss_training_finished_at",
            "ss_num_train_images",
            "ss_sd_model_hash",
            "ss_new_sd_model_hash",
            "modelspec.thumbnail",
            "ssmd_cover_images",
        ];
        let mut pairs: Vec<(&str, &str)> = keys.iter().map(|key| (*key, value)).collect();
        pairs.push(("ss_output_name", "still there"));
        let said = training(&pairs).unwrap();
        assert_eq!(said.output_name.as_deref(), Some("still there"), "{value:.20}");
        assert_eq!(said.base, None, "{value:.20}");
    }
    let huge = training(&[(
        "ss_tag_frequency",
        r#"{"a": {"x": 18446744073709551615}, "b": {"x": 5, "y": -3, "z": "7"}}"#,
    )]);
    assert_eq!(huge.unwrap().tags, [("x".to_owned(), u64::MAX), ("z".to_owned(), 7)]);
}

#[test]
fn a_picture_in_the_header_is_the_last_preview() {
    let metadata = |key: &str, value: &str| Metadata::from([(key.to_owned(), value.to_owned())]);
    assert_eq!(
        thumbnail(&metadata("modelspec.thumbnail", "data:image/png;base64,Zm94")).unwrap(),
        b"fox"
    );
    assert_eq!(
        thumbnail(&metadata("ssmd_cover_images", r#"["", null, "Zm94"]"#)).unwrap(),
        b"fox"
    );
    for bad in [
        "data:image/png;base64,!",
        "data:image/png,fox",
        "https://x/y.png",
        "data:",
        "{}",
    ] {
        assert_eq!(thumbnail(&metadata("modelspec.thumbnail", bad)), None);
        assert_eq!(thumbnail(&metadata("ssmd_cover_images", bad)), None);
    }
}
