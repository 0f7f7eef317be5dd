//! `danlu tags buckets` and `danlu tags preview` as they are run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

/// The program, where this test is built with it.
const PROGRAM: Option<&str> = option_env!("CARGO_BIN_EXE_danlu");

/// A folder of kohya's shape with three pictures; one has no caption.
fn set() -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("set");
    std::fs::create_dir_all(dir.join("3_red fox")).unwrap();
    for (name, width, height, caption) in [
        ("a", 900, 600, Some("fox, snow, tree")),
        ("b", 300, 300, None),
        ("c", 512, 512, Some("den\nnight")),
    ] {
        let path = dir.join("3_red fox").join(name);
        image::RgbImage::new(width, height)
            .save(path.with_extension("png"))
            .unwrap();
        if let Some(caption) = caption {
            std::fs::write(path.with_extension("txt"), caption).unwrap();
        }
    }
    std::fs::write(dir.join("3_red fox/broken.png"), b"no picture").unwrap();
    (home, dir)
}

fn danlu(program: &str, home: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(program);
    command.env_clear().env("HOME", home).current_dir(home);
    command.args(["tags"]).args(arguments).output().unwrap()
}

fn json_of(output: &Output) -> Value {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{told}");
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn buckets_are_told_as_json_and_as_a_table() {
    let Some(program) = PROGRAM else { return };
    let (home, dir) = set();
    let dir = dir.to_str().unwrap();
    let options = [
        "--resolution",
        "512x512",
        "--min-bucket",
        "256",
        "--max-bucket",
        "1024",
        "--bucket-step",
        "64",
    ];
    let output = danlu(
        program,
        home.path(),
        &[&["buckets", dir][..], &options, &["--json"]].concat(),
    );
    let expected = json!([
        {"file": "3_red fox/a.png", "size": [900, 600], "bucket": [640, 384], "resized": [640, 427], "crop": [0, 21, 640, 384]},
        {"file": "3_red fox/b.png", "size": [300, 300], "bucket": [512, 512], "resized": [512, 512], "crop": [0, 0, 512, 512]},
        {"file": "3_red fox/c.png", "size": [512, 512], "bucket": [512, 512], "resized": [512, 512], "crop": [0, 0, 512, 512]},
    ]);
    assert_eq!(json_of(&output), expected);
    assert!(String::from_utf8_lossy(&output.stderr).contains("broken.png"));

    let shrunk = json_of(&danlu(
        program,
        home.path(),
        &["buckets", dir, "--no-upscale", "--json"],
    ));
    assert_eq!(shrunk[1]["bucket"], json!([256, 256]));

    let table = danlu(program, home.path(), &["buckets", dir]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert!(
        table.contains("640x384") && table.contains("10.1%") && table.contains("1.707"),
        "{table}"
    );

    let wrong = danlu(program, home.path(), &["buckets", dir, "--min-bucket", "640", "--json"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&wrong.stderr).contains("640"));
}

#[test]
fn captions_are_told_draw_by_draw() {
    let Some(program) = PROGRAM else { return };
    let (home, dir) = set();
    let dir = dir.to_str().unwrap();
    let plain = json_of(&danlu(
        program,
        home.path(),
        &["preview", dir, "--draws", "4", "--json"],
    ));
    assert_eq!(plain[0]["file"], "3_red fox/a.png");
    let of = |file: &str| {
        plain
            .as_array()
            .unwrap()
            .iter()
            .find(|entry| entry["file"] == format!("3_red fox/{file}.png"))
            .unwrap()
            .clone()
    };
    assert_eq!(
        (&of("b")["source"], &of("b")["caption"]),
        (&json!("class_tokens"), &json!("red fox"))
    );
    let draws = of("c")["draws"].as_array().unwrap().clone();
    assert_eq!(draws.len(), 4);
    // Nine batches make an epoch; the picture has three of them.
    let steps: Vec<_> = draws.iter().map(|draw| draw["step"].as_i64().unwrap()).collect();
    assert!(
        steps.is_sorted_by(|a, b| a < b) && steps[2] < 9 && (9..18).contains(&steps[3]),
        "{steps:?}"
    );
    assert_eq!(
        draws[3],
        json!({"epoch": 2, "step": steps[3], "caption": "den", "tokens": 1, "chunks": ["den"], "lost": null})
    );

    let config = home.path().join("set.toml");
    let text = "[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nimage_dir = 'set/3_red fox'\ncaption_extension = '.txt'\nenable_wildcard = true\ncaption_prefix = 'x'\n";
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let arguments = [
        "preview", dir, "--config", config, "--draws", "8", "--seed", "3", "--json",
    ];
    let drawn = json_of(&danlu(program, home.path(), &arguments));
    let entry = drawn
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["file"] == "3_red fox/c.png")
        .unwrap();
    let lines: Vec<_> = entry["draws"]
        .as_array()
        .unwrap()
        .iter()
        .map(|draw| draw["caption"].as_str().unwrap())
        .collect();
    assert!(lines.contains(&"x den") && lines.contains(&"night"), "{drawn}");
    assert_eq!(drawn, json_of(&danlu(program, home.path(), &arguments)));

    std::fs::write(config, text.replace("resolution", "resolutoin")).unwrap();
    let wrong = danlu(program, home.path(), &arguments);
    let told = String::from_utf8_lossy(&wrong.stderr);
    assert!(
        !wrong.status.success() && told.contains("line 2") && told.contains("did you mean resolution?"),
        "{told}"
    );
}

#[test]
fn pictures_that_training_leaves_and_crops_by_hand_are_marked() {
    let Some(program) = PROGRAM else { return };
    let home = tempfile::tempdir().unwrap();
    for (folder, count) in [("1_fox", 2), ("reg/1_animal", 4)] {
        let folder = home.path().join("set").join(folder);
        std::fs::create_dir_all(&folder).unwrap();
        for number in 0..count {
            let path = folder.join(format!("{number}.png"));
            image::RgbImage::new(600, 512).save(path).unwrap();
        }
    }
    let crops = "[\"1_fox/0.png\"]\nrectangle = [40, 0, 450, 512]\n[\"1_fox/1.png\"]\nfocus = [0.5, 0.25]\n";
    std::fs::create_dir(home.path().join("set/.danlu")).unwrap();
    std::fs::write(home.path().join("set/.danlu/crops.toml"), crops).unwrap();
    let placed = json_of(&danlu(program, home.path(), &["buckets", "set", "--json"]));
    let of = |key: &str| {
        placed
            .as_array()
            .unwrap()
            .iter()
            .map(|row| row[key].clone())
            .collect::<Vec<_>>()
    };
    let [none, no] = [Value::Null, json!(false)];
    assert_eq!(
        of("used"),
        [none.clone(), none.clone(), none.clone(), none.clone(), no.clone(), no]
    );
    assert_eq!(
        of("hand")[..3],
        [
            json!({"rectangle": [40, 0, 450, 512]}),
            json!({"focus": [0.5, 0.25]}),
            none
        ]
    );
    let drawn = json_of(&danlu(program, home.path(), &["preview", "set", "--json"]));
    for (number, row) in drawn.as_array().unwrap().iter().enumerate() {
        assert_eq!(
            (row["used"] == json!(false), row["draws"] == json!([])),
            (number > 3, number > 3),
            "{drawn}"
        );
    }
    let table = danlu(program, home.path(), &["buckets", "set"]);
    let table = String::from_utf8(table.stdout).unwrap();
    assert_eq!(table.matches("not used").count(), 2, "{table}");
}

#[test]
fn a_configuration_that_says_no_extension_is_warned_of() {
    let Some(program) = PROGRAM else { return };
    let (home, _) = set();
    let text = "[[datasets]]\nresolution = 512\n[[datasets.subsets]]\nimage_dir = 'set/3_red fox'\n";
    std::fs::write(home.path().join("set.toml"), text).unwrap();
    for command in [
        &["stats", "set.toml"][..],
        &["preview", "set.toml"],
        &["preview", "set", "--config", "set.toml"],
    ] {
        let told = danlu(program, home.path(), command);
        let told = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(
            told.contains("2 pictures have a .txt file") && told.contains("caption_extension = \".txt\""),
            "{told}"
        );
    }
    let asked = danlu(
        program,
        home.path(),
        &["stats", "set.toml", "--extension", ".txt", "--json"],
    );
    assert_eq!((json_of(&asked)["captions"].clone(), asked.stderr.len()), (json!(2), 0));
    // The query goes by the buckets of the file, not by those of 512x512.
    let wide = ["stats", "set.toml", "--where", "bucket:640x384", "--json"];
    assert_eq!(json_of(&danlu(program, home.path(), &wide))["images"], 0);
    std::fs::write(
        home.path().join("set.toml"),
        format!("general = {{ enable_bucket = true }}\n{text}"),
    )
    .unwrap();
    assert_eq!(json_of(&danlu(program, home.path(), &wide))["images"], 1);
}

#[test]
fn weights_are_told_where_brackets_weigh() {
    let Some(program) = PROGRAM else { return };
    let (home, dir) = set();
    std::fs::write(dir.join("3_red fox/a.txt"), "a (fox:1.3), [snow] BREAK").unwrap();
    std::fs::write(dir.join("3_red fox/c.txt"), "(den:1.2.3)").unwrap();
    let dir = dir.to_str().unwrap();
    let plain = json_of(&danlu(
        program,
        home.path(),
        &["preview", dir, "--draws", "1", "--json"],
    ));
    let arguments = ["preview", dir, "--draws", "1", "--weighted-captions", "--json"];
    let output = danlu(program, home.path(), &arguments);
    let mut weighted = json_of(&output);
    let mut weights = weighted[0]["draws"][0]
        .as_object_mut()
        .unwrap()
        .remove("weights")
        .unwrap();
    // What is read of JSON may miss the last bit.
    let snow = weights[3]["weight"].take().as_f64().unwrap();
    assert!((snow - 1.0 / 1.1).abs() < 1e-12);
    let expected = json!([
        {"text": "a ", "weight": 1.0, "tokens": 1}, {"text": "fox", "weight": 1.3, "tokens": 1},
        {"text": ", ", "weight": 1.0, "tokens": 1}, {"text": "snow", "weight": null, "tokens": 1},
        {"text": " BREAK", "weight": 1.0, "tokens": 1},
    ]);
    assert_eq!(weights, expected);
    let [plain, weighted] = [&plain[0]["draws"][0], &weighted[0]["draws"][0]];
    assert_eq!((&weighted["tokens"], &plain["tokens"]), (&json!(5), &json!(12)));
    assert_eq!(weighted["chunks"], plain["chunks"]);
    let keys = |draw: &Value| draw.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(keys(weighted), keys(plain), "nothing else is added or gone");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(
        told.contains("c.png") && told.contains("`1.2.3` is no number"),
        "{told}"
    );
    let people = danlu(program, home.path(), &arguments[..5]);
    let people = String::from_utf8(people.stdout).unwrap();
    assert!(people.contains("weights: fox x 1.3 · snow x 0.9091"), "{people}");
}

#[test]
fn a_metadata_file_is_used_and_not_written() {
    let Some(program) = PROGRAM else { return };
    let (home, dir) = set();
    let metadata =
        r#"{"a.png": {"caption": "a fox", "tags": "snow", "image_size": [600, 600]}, "c.png": {"tags": "den, night"}}"#;
    std::fs::write(dir.join("meta.json"), metadata).unwrap();
    let text = "[[datasets]]\nresolution = 512\nenable_bucket = true\n[[datasets.subsets]]\nimage_dir = '3_red fox'\nmetadata_file = 'meta.json'\n";
    let config = dir.join("set.toml");
    std::fs::write(&config, text).unwrap();
    let config = config.to_str().unwrap();
    let seen = json_of(&danlu(
        program,
        home.path(),
        &["preview", config, "--draws", "1", "--json"],
    ));
    let told: Vec<_> = seen
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["source"], &entry["caption"]))
        .collect();
    let source = json!("metadata");
    assert_eq!(told, [(&source, &json!("a fox,snow")), (&source, &json!("den, night"))]);
    let placed = json_of(&danlu(program, home.path(), &["buckets", config, "--json"]));
    assert_eq!(
        (&placed[0]["size"], &placed[0]["bucket"]),
        (&json!([600, 600]), &json!([512, 512]))
    );
    let counted = json_of(&danlu(program, home.path(), &["stats", config, "--json"]));
    assert_eq!((&counted["images"], &counted["captions"]), (&json!(2), &json!(2)));
    let refused = danlu(program, home.path(), &["remove", config, "--tag", "snow", "--write"]);
    let told = String::from_utf8_lossy(&refused.stderr);
    assert!(
        !refused.status.success() && told.contains("meta.json") && told.contains("not written to"),
        "{told}"
    );
    assert_eq!(std::fs::read_to_string(dir.join("meta.json")).unwrap(), metadata);
    // Whole paths may lead out of the configuration's folder.
    let elsewhere = home.path().join("elsewhere.png");
    std::fs::copy(dir.join("3_red fox/a.png"), &elsewhere).unwrap();
    std::fs::write(
        dir.join("meta.json"),
        json!({elsewhere.to_str().unwrap(): {"caption": "away"}}).to_string(),
    )
    .unwrap();
    let seen = json_of(&danlu(
        program,
        home.path(),
        &["preview", config, "--draws", "1", "--json"],
    ));
    assert_eq!(
        (&seen[0]["file"], &seen[0]["caption"]),
        (&json!(elsewhere), &json!("away"))
    );
    std::fs::write(dir.join("meta.json"), "{\"a.png\": {\"tags\": [\"fox\"]}}").unwrap();
    let wrong = danlu(program, home.path(), &["stats", config]);
    let told = String::from_utf8_lossy(&wrong.stderr);
    assert!(
        !wrong.status.success() && told.contains("tags is a list of 1, not a text"),
        "{told}"
    );
}
