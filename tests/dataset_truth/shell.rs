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
    assert_eq!(
        draws[3],
        json!({"epoch": 2, "step": 0, "caption": "den", "tokens": 1, "chunks": ["den"], "lost": null})
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
