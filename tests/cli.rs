//! The commands of the shell, run as a user runs them: arguments in, files and text out.
//!
//! Each test has a home of its own, and the real program. Refusals are in `refusals.rs`, and whether the pixels are right is
//! `pictures.rs`'s to say; here pictures are small, and only compared with each other.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used)]

#[path = "support/shell.rs"]
mod shell;
mod support;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use danlu::weights::{Checkpoint, names};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};
use shell::{Png, SHIPPED, SHIPPED_SHA256, Shell, files, sha256, signal};
use support::Fixture;

/// The end of every infotext here: the checkpoint, whatever `between`, and the version.
fn infotext(above: &str, between: &str) -> String {
    format!(
        "{above}, Model hash: {}, Model: danlu-emoji, {between}Version: v1.10.1+danlu.{}",
        &SHIPPED_SHA256[..10],
        env!("CARGO_PKG_VERSION")
    )
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn today() -> String {
    jiff::Zoned::now()
        .with_time_zone(jiff::tz::TimeZone::UTC)
        .strftime("%Y-%m-%d")
        .to_string()
}

// Pictures.

#[test]
fn the_first_pictures_of_a_fresh_home() {
    let shell = Shell::bare();
    let before = today();
    let draw = [
        "generate",
        "-p",
        "fox, noto, blue background",
        "--steps",
        "2",
        "--seed",
        "5",
    ];
    let printed = shell.run(&draw);
    let line = shell.run(&[&draw[..], &["--json"]].concat());

    let pictures = files(&shell.path(".local/share/danlu/outputs/txt2img-images"));
    let day = pictures[0].split('/').next().unwrap();
    assert!([before, today()].iter().any(|d| d == day), "{day}");
    let path = |n: u32| {
        shell.text(&format!(
            ".local/share/danlu/outputs/txt2img-images/{day}/0000{n}-5.png"
        ))
    };
    assert_eq!(printed.ok(), path(0) + "\n");
    let picture = Png::open(Path::new(&path(0)));
    let expected = infotext(
        "fox, noto, blue background\nSteps: 2, Sampler: DPM++ 2M, Schedule type: Automatic, CFG scale: 7, Seed: 5, Size: 128x128",
        "RNG: NV, ",
    );
    assert_eq!((picture.width, picture.height), (128, 128), "the checkpoint's own size");
    assert_eq!(picture.parameters, Some((expected.clone(), true)));
    assert_eq!(
        fs::read(path(0)).unwrap(),
        fs::read(path(1)).unwrap(),
        "the same seed is the same picture"
    );

    let line = line.json();
    assert_eq!(keys(&line), ["path", "seed", "width", "height", "seconds", "infotext"]);
    assert!(line["seconds"].as_f64().is_some_and(|s| s > 0.0 && s < 600.0), "{line}");
    let mut rest = line.clone();
    rest["seconds"] = Value::Null;
    assert_eq!(
        rest,
        json!({"path": path(1), "seed": 5, "width": 128, "height": 128, "seconds": null, "infotext": expected})
    );
    // The checkpoint that the program carries was unpacked, whole, once, and nothing was left lying about.
    let cache = [
        ".cache/danlu/hashes.json",
        ".cache/danlu/models/danlu-emoji.safetensors",
        ".cache/danlu/models/danlu-emoji.yaml",
    ];
    assert_eq!(files(&shell.path(".cache")), cache.map(|name| &name[".cache/".len()..]));
    assert_eq!(sha256(&fs::read(shell.path(cache[1])).unwrap()), *SHIPPED_SHA256);
    assert_eq!(shell.files().len(), 2);
}

/// A picture with everything that can be said about one.
const FULL: [&str; 28] = [
    "generate",
    "-p",
    "fox, (狐狸:1.2) \"noto\",\nblue background",
    "-n",
    "text, quality: low",
    "--sampler",
    "Euler a",
    "--schedule",
    "SGM Uniform",
    "--steps",
    "3",
    "--cfg",
    "5.5",
    "--size",
    "64x32",
    "--seed",
    "123",
    "--batch",
    "1",
    "--count",
    "1",
    "--clip-skip",
    "2",
    "--rng",
    "cpu",
    "--ensd",
    "31337",
    "--json",
];

#[test]
fn parameters_are_read_back_and_draw_the_same_picture() {
    let shell = Shell::new();
    let line = shell.run(&[&FULL[..], &["-o", "fox.png"]].concat()).json();
    let expected = infotext(
        "fox, (狐狸:1.2) \"noto\",\nblue background\nNegative prompt: text, quality: low\n\
         Steps: 3, Sampler: Euler a, Schedule type: SGM Uniform, CFG scale: 5.5, Seed: 123, Size: 64x32",
        "Clip skip: 2, ENSD: 31337, RNG: CPU, ",
    );
    assert_eq!(
        (&line["path"], &line["infotext"]),
        (&json!("fox.png"), &json!(expected))
    );
    let picture = fs::read(shell.path("fox.png")).unwrap();
    assert_eq!(
        Png::open(&shell.path("fox.png")).parameters,
        Some((expected.clone(), false))
    );

    let hash = &SHIPPED_SHA256[..10];
    let version = concat!("v1.10.1+danlu.", env!("CARGO_PKG_VERSION"));
    let json = json!({
        "prompt": "fox, (狐狸:1.2) \"noto\",\nblue background",
        "negative_prompt": "text, quality: low",
        "fields": {
            "Steps": "3", "Sampler": "Euler a", "Schedule type": "SGM Uniform", "CFG scale": "5.5", "Seed": "123", "Size": "64x32",
            "Model hash": hash, "Model": "danlu-emoji", "Clip skip": "2", "ENSD": "31337", "RNG": "CPU", "Version": version,
        }
    });
    let for_people = format!(
        "fox, (狐狸:1.2) \"noto\",\nblue background\nNegative prompt: text, quality: low\nSteps          3\nSampler        Euler a\n\
         Schedule type  SGM Uniform\nCFG scale      5.5\nSeed           123\nSize           64x32\nModel hash     {hash}\n\
         Model          danlu-emoji\nClip skip      2\nENSD           31337\nRNG            CPU\nVersion        {version}\n"
    );
    shell.write("fox.txt", &expected);
    assert_eq!(shell.run(&["params", "fox.png"]).ok(), for_people);
    for read in [
        shell.run(&["params", "fox.png", "--json"]),
        shell.run(&["params", "fox.txt", "--json"]),
        shell.run(&["params", &expected, "--json"]),
        shell.feed(&["params", "-", "--json"], &picture),
        shell.feed(&["params", "-", "--json"], &expected),
    ] {
        assert_eq!(read.ok(), format!("{json}\n"));
    }

    for (drawn, from) in [
        (
            shell.run(&["generate", "--params", "fox.png", "-o", "again.png"]),
            "the picture",
        ),
        (
            shell.run(&["generate", "--params", "fox.txt", "-o", "again.png"]),
            "a text file",
        ),
        (
            shell.feed(&["generate", "--params", "-", "-o", "again.png"], &picture),
            "the picture, piped",
        ),
        (
            shell.feed(&["generate", "--params", "-", "-o", "again.png"], &expected),
            "a text, piped",
        ),
    ] {
        assert_eq!(drawn.ok(), "again.png\n");
        assert!(
            fs::read(shell.path("again.png")).unwrap() == picture,
            "{from} drew another picture"
        );
        fs::remove_file(shell.path("again.png")).unwrap();
    }
}

#[test]
fn options_go_before_parameters() {
    let shell = Shell::new();
    let parameters = "a dog\nNegative prompt: text\nSteps: 3, Sampler: Euler a, Schedule type: SGM Uniform, CFG scale: 5.5, Seed: 123, \
                      Size: 16x8, Clip skip: 2, ENSD: 31337, RNG: CPU";
    let drawn = |options: &[&str]| {
        let line = shell.feed(
            &[&["generate", "--params", "-", "--json", "-o", "x.png"], options].concat(),
            parameters,
        );
        line.json()["infotext"].as_str().unwrap().to_owned()
    };
    let from_parameters =
        "Steps: 3, Sampler: Euler a, Schedule type: SGM Uniform, CFG scale: 5.5, Seed: 123, Size: 16x8";
    let rest = "Clip skip: 2, ENSD: 31337, RNG: CPU, ";
    assert_eq!(
        drawn(&["-p", "cat"]),
        infotext(&format!("cat\nNegative prompt: text\n{from_parameters}"), rest)
    );
    assert_eq!(drawn(&["-n", ""]), infotext(&format!("a dog\n{from_parameters}"), rest));
    assert_eq!(
        drawn(&["--steps", "1", "--cfg", "3", "--seed", "9", "--size", "8x8"]),
        infotext(
            "a dog\nNegative prompt: text\n\
             Steps: 1, Sampler: Euler a, Schedule type: SGM Uniform, CFG scale: 3, Seed: 9, Size: 8x8",
            rest
        )
    );
    assert_eq!(
        drawn(&[
            "--sampler",
            "DDIM",
            "--schedule",
            "Karras",
            "--clip-skip",
            "1",
            "--ensd",
            "0",
            "--rng",
            "nv"
        ]),
        infotext(
            "a dog\nNegative prompt: text\n\
             Steps: 3, Sampler: DDIM, Schedule type: Karras, CFG scale: 5.5, Seed: 123, Size: 16x8",
            "RNG: NV, "
        )
    );
    assert_ne!(
        drawn(&["--seed", "-1"]),
        drawn(&["--seed", "-1"]),
        "an explicit -1 draws a seed"
    );
}

/// Another sampler is no other schedule.
#[test]
fn a_sampler_leaves_the_schedule_of_the_parameters() {
    let shell = Shell::new();
    let parameters = "fox\nSteps: 1, Sampler: Euler a, Schedule type: SGM Uniform, Seed: 1, Size: 8x8";
    let line = shell
        .feed(
            &["generate", "--params", "-", "--sampler", "Euler", "--json"],
            parameters,
        )
        .json();
    let text = line["infotext"].as_str().unwrap();
    assert!(text.contains("Sampler: Euler, Schedule type: SGM Uniform, "), "{text}");
}

#[test]
fn samplers_go_by_their_old_names_too() {
    let shell = Shell::new();
    let drawn = |options: &[&str], name: &str| {
        let line = shell
            .fox(&[&["--seed", "3", "--steps", "4", "--json", "-o", name], options].concat())
            .json();
        let text = line["infotext"].as_str().unwrap().to_owned();
        (
            text.split(", ").skip(1).take(2).collect::<Vec<_>>().join(", "),
            Png::open(&shell.path(name)).rgb,
        )
    };
    let (label, automatic) = drawn(&[], "default.png");
    assert_eq!(label, "Sampler: DPM++ 2M, Schedule type: Automatic");
    let old = drawn(&["--sampler", "DPM++ 2M Karras"], "old.png");
    assert_eq!(
        old,
        (
            "Sampler: DPM++ 2M, Schedule type: Automatic".to_owned(),
            automatic.clone()
        )
    );
    let new = drawn(&["--sampler", "DPM++ 2M", "--schedule", "karras"], "new.png");
    assert_eq!(
        new,
        ("Sampler: DPM++ 2M, Schedule type: Karras".to_owned(), automatic.clone())
    );
    let (label, uniform) = drawn(&["--sampler", "k_dpmpp_2m", "--schedule", "Uniform"], "uniform.png");
    assert_eq!(label, "Sampler: DPM++ 2M, Schedule type: Uniform");
    assert!(uniform != automatic, "the schedule changes nothing");
    let (label, _) = drawn(&["--sampler", "euler a sgm uniform"], "euler.png");
    assert_eq!(label, "Sampler: Euler a, Schedule type: SGM Uniform");
}

#[test]
fn batches_count_seeds_and_names_up() {
    let shell = Shell::new();
    let four = ["--seed", "7", "--batch", "2", "--count", "2", "--json"];
    let names = ["fox.png", "fox-2.png", "fox-3.png", "fox-4.png"];
    let lines = shell.fox(&[&four[..], &["-o", "fox.png"]].concat()).jsons();
    let told: Vec<_> = lines
        .iter()
        .map(|l| (l["path"].as_str().unwrap(), l["seed"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, names.into_iter().zip(7..).collect::<Vec<_>>());
    for (line, name) in lines.iter().zip(names) {
        let text = line["infotext"].as_str().unwrap();
        assert!(text.contains(&format!("Seed: {}, ", line["seed"])), "{text}");
        assert_eq!(Png::open(&shell.path(name)).infotext(), text);
    }
    // Counted pictures are those that their seeds draw alone, to the byte.
    let alone = shell.fox(&["--seed", "8", "-o", "alone.png"]);
    assert_eq!(alone.ok(), "alone.png\n");
    shell.fox(&["--seed", "7", "--count", "2", "-o", "counted.png"]).ok();
    assert_eq!(
        fs::read(shell.path("alone.png")).unwrap(),
        fs::read(shell.path("counted-2.png")).unwrap()
    );

    // Into a folder that is to be made, and one that is there.
    let numbered = ["00000-7.png", "00001-8.png", "00002-9.png", "00003-10.png"];
    let lines = shell.fox(&[&four[..], &["-o", "new/folder/"]].concat()).jsons();
    assert_eq!(lines[3]["path"], "new/folder/00003-10.png");
    assert_eq!(files(&shell.path("new/folder")), numbered);
    assert_eq!(
        shell.fox(&["--seed", "1", "-o", "new/folder"]).ok(),
        "new/folder/00004-1.png\n"
    );
}

#[test]
fn a_file_is_replaced_and_not_written_over() {
    let shell = Shell::new();
    shell.write("fox.png", "an old picture");
    shell.link(&shell.path("fox.png"), "link.png");
    shell.fox(&["--seed", "1", "-o", "fox.png"]).ok();
    assert_eq!(fs::read(shell.path("link.png")).unwrap(), b"an old picture");
    assert_eq!(Png::open(&shell.path("fox.png")).width, 16);
    assert_eq!(shell.files(), ["fox.png", "link.png"]);
}

#[test]
fn seeds_are_drawn_and_kept() {
    let shell = Shell::new();
    let seed = |options: &[&str]| {
        shell.fox(&[&["--json", "-o", "out/"], options].concat()).json()["seed"]
            .as_u64()
            .unwrap()
    };
    let drawn = [seed(&[]), seed(&["--seed", "-1"]), seed(&[])];
    assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2], "{drawn:?}");
    assert!(
        drawn.iter().all(|&s| u32::try_from(s).is_ok()),
        "A1111 draws 32 bits: {drawn:?}"
    );
    assert_eq!(seed(&["--seed", "0"]), 0);
}

/// torch takes 64 bits without a sign, so A1111 does too, and writes them so.
#[test]
fn the_largest_seeds_are_written_as_they_were_given() {
    let shell = Shell::new();
    for seed in ["9223372036854775808", "18446744073709551614"] {
        let line = shell.fox(&["--seed", seed, "--json", "-o", "large/"]).json();
        let text = line["infotext"].as_str().unwrap();
        let path = line["path"].as_str().unwrap();
        assert!(text.contains(&format!("Seed: {seed}, ")), "{text}");
        assert!(path.ends_with(&format!("-{seed}.png")), "{path}");
        let again = shell.feed(&["generate", "--params", "-", "-o", "again.png"], text);
        assert_eq!(again.ok(), "again.png\n");
        assert_eq!(
            fs::read(shell.path("again.png")).unwrap(),
            fs::read(shell.path(path)).unwrap()
        );
    }
}

/// What is printed with `--json` is for scripts: a picture shown there as well must not come between the lines.
#[test]
fn showing_a_picture_leaves_the_json_alone() {
    let shell = Shell::new();
    let shown = shell.fox(&["-o", "fox.png", "--show"]);
    assert!(
        shown.stdout.starts_with("fox.png\n") && shown.stdout.contains('▄'),
        "{shown:#?}"
    );
    let both = shell.fox(&["-o", "fox.png", "--show", "--json"]);
    if both.status.success() {
        for line in both.stdout.lines() {
            assert!(serde_json::from_str::<Value>(line).is_ok(), "{line:?} is no JSON");
        }
    } else {
        both.failed(2);
    }
}

// Models.

#[test]
fn models_are_found_in_a_webuis_tree() {
    let shell = Shell::new();
    for extension in ["safetensors", "yaml"] {
        let original = Path::new(SHIPPED).with_extension(extension);
        shell.link(
            &original,
            &format!("webui/models/Stable-diffusion/sub/red fox.{extension}"),
        );
    }
    let title = format!("sub/red fox.safetensors [{}]", &SHIPPED_SHA256[..10]);
    let shipped = shell.fox(&["--seed", "1", "--json", "-o", "fox.png"]).json();
    for name in [
        "red fox",
        "sub/red fox",
        "red fox.safetensors",
        &title,
        "webui/models/Stable-diffusion/sub/red fox.safetensors",
    ] {
        let line = shell
            .fox(&[
                "--models-dir",
                "webui",
                "--model",
                name,
                "--seed",
                "1",
                "--json",
                "-o",
                "named.png",
            ])
            .json();
        let expected = shipped["infotext"]
            .as_str()
            .unwrap()
            .replace("Model: danlu-emoji", "Model: red fox");
        assert_eq!(line["infotext"], expected, "{name}");
    }
    assert_eq!(
        Png::open(&shell.path("fox.png")).rgb,
        Png::open(&shell.path("named.png")).rgb
    );

    let tree = "webui/models/Stable-diffusion/sub/red fox.safetensors";
    let list = shell
        .command(&["models", "list", "--json"])
        .env("DANLU_MODELS_DIR", "nowhere:webui")
        .output()
        .unwrap();
    let list: Value = serde_json::from_slice(&list.stdout).unwrap();
    let paths: Vec<_> = list
        .as_array()
        .unwrap()
        .iter()
        .map(|m| m["path"].as_str().unwrap())
        .collect();
    assert_eq!(
        paths,
        [&*shell.text(".cache/danlu/models/danlu-emoji.safetensors"), tree]
    );
    for model in list.as_array().unwrap() {
        assert_eq!(keys(model)[..5], ["path", "kind", "family", "format", "dtype"]);
        assert!(model.get("metadata").is_none());
        let said = ["kind", "family", "format", "dtype"].map(|key| model[key].as_str().unwrap());
        assert_eq!(said, ["checkpoint", "sd1", "safetensors", "f16"]);
    }
    let list = shell.run(&["models", "list", "--models-dir", "webui"]);
    assert_eq!(
        list.ok(),
        "sd1  danlu-emoji.safetensors\nsd1  sub/red fox.safetensors\n"
    );
}

#[test]
fn a_model_is_described() {
    let shell = Shell::new();
    let shown = shell.run(&["models", "show", "danlu-emoji", "--json"]).json();
    let legacy = &sha256(&fs::read(SHIPPED).unwrap()[0x10_0000..0x11_0000])[..8];
    let (sha, hash) = (&*SHIPPED_SHA256, &SHIPPED_SHA256[..10]);
    assert_eq!(
        keys(&shown),
        [
            "path",
            "kind",
            "family",
            "format",
            "dtype",
            "sha256",
            "hash",
            "legacy_hash",
            "metadata"
        ]
    );
    let mut described = shown.clone();
    assert_eq!(described["metadata"].take()["modelspec.title"], "danlu-emoji");
    let path = shell.text(".cache/danlu/models/danlu-emoji.safetensors");
    assert_eq!(
        described,
        json!({
            "path": path, "kind": "checkpoint", "family": "sd1", "format": "safetensors", "dtype": "f16",
            "sha256": sha, "hash": hash, "legacy_hash": legacy, "metadata": null,
        })
    );
    let text = shell.run(&["models", "show", "danlu-emoji"]);
    assert!(
        text.ok()
            .starts_with(&format!("path: {path}\nkind: checkpoint\nfamily: sd1\n")),
        "{text:#?}"
    );
    assert!(
        text.ok()
            .contains(&format!("\nsha256: {sha}\nhash: {hash}\nlegacy_hash: {legacy}\n")),
        "{text:#?}"
    );

    let hashes = shell.run(&["models", "hash", SHIPPED, "--json"]).json();
    assert_eq!(
        hashes,
        json!({"path": SHIPPED, "sha256": sha, "hash": hash, "legacy_hash": legacy})
    );
    let text = shell.run(&["models", "hash", SHIPPED]);
    assert_eq!(
        text.ok(),
        format!("sha256: {sha}\nhash: {hash}\nlegacy_hash: {legacy}\n")
    );
    // Any file has hashes; the old one is that of nothing where the file is short.
    shell.write("short.bin", "abc");
    let hashes = shell.run(&["models", "hash", "short.bin", "--json"]).json();
    assert_eq!(hashes["sha256"], sha256(b"abc"));
    assert_eq!(hashes["legacy_hash"], sha256(b"")[..8]);
}

/// A copy of the shipped checkpoint is the same model, wherever it lies: a name that means only such copies means one model.
#[test]
fn the_checkpoint_of_the_repository_is_the_one_carried() {
    let shell = Shell::new();
    let models = Path::new(SHIPPED).parent().unwrap().to_str().unwrap();
    shell.fox(&["--seed", "1", "-o", "fox.png"]).ok();
    let again = shell.run(&[
        "generate",
        "--models-dir",
        models,
        "--params",
        "fox.png",
        "-o",
        "again.png",
    ]);
    assert_eq!(again.ok(), "again.png\n");
    assert_eq!(
        fs::read(shell.path("again.png")).unwrap(),
        fs::read(shell.path("fox.png")).unwrap()
    );
}

/// Writes the shipped checkpoint as diffusers would.
fn write_diffusers(folder: &Path) {
    let bytes = fs::read(SHIPPED).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let checkpoint = Checkpoint::open(Path::new(SHIPPED)).unwrap();
    let architecture = checkpoint.architecture();
    let mut index = json!({"_class_name": "StableDiffusionPipeline"});
    for (part, fixture, stem) in [
        ("unet", "shipped_unet", "diffusion_pytorch_model"),
        ("vae", "shipped_vae", "diffusion_pytorch_model"),
        ("text_encoder", "shipped_text", "model"),
    ] {
        let fixture = Fixture::open(fixture);
        let tensors = fixture.json("shapes").into_iter().map(|(name, shape)| {
            let original = match part {
                "unet" => "model.diffusion_model.".to_owned() + &names::ldm_unet(&name, &architecture.unet).unwrap(),
                "vae" => {
                    "first_stage_model.".to_owned() + &names::ldm_vae(&name, architecture.vae.channels.len()).unwrap()
                }
                _ => format!("cond_stage_model.transformer.text_model.{name}"),
            };
            let tensor = file.tensor(&original).unwrap();
            let shape: Vec<usize> = serde_json::from_value(shape).unwrap();
            (name, TensorView::new(tensor.dtype(), shape, tensor.data()).unwrap())
        });
        let sub = folder.join(part);
        fs::create_dir_all(&sub).unwrap();
        fs::write(
            sub.join(format!("{stem}.safetensors")),
            safetensors::serialize(tensors, None).unwrap(),
        )
        .unwrap();
        fs::write(
            sub.join("config.json"),
            Value::Object(fixture.json("config")).to_string(),
        )
        .unwrap();
        index[part] = json!(["library", "Class"]);
    }
    fs::write(folder.join("model_index.json"), index.to_string()).unwrap();
}

#[test]
fn a_diffusers_folder_draws_the_same_picture() {
    let shell = Shell::new();
    write_diffusers(&shell.path("models/emoji-diffusers"));
    let draw = ["generate", "-p", "fox, noto", "--steps", "2", "--seed", "5", "-o"];
    shell.run(&[&draw[..], &["file.png"]].concat()).ok();
    shell
        .run(&[&draw[..], &["path.png", "--model", "models/emoji-diffusers"]].concat())
        .ok();
    shell
        .run(
            &[
                &draw[..],
                &["name.png", "--models-dir", "models", "--model", "emoji-diffusers"],
            ]
            .concat(),
        )
        .ok();
    let [file, path, name] = ["file.png", "path.png", "name.png"].map(|p| Png::open(&shell.path(p)));
    assert_eq!((path.width, path.height), (128, 128), "its own size");
    assert!(file.rgb == path.rgb && path == name, "another picture");
    let text = path.infotext();
    assert!(
        text.contains("Size: 128x128, Model: emoji-diffusers, "),
        "a folder has no hash: {text}"
    );
    let shown = shell
        .run(&["models", "show", "models/emoji-diffusers", "--json"])
        .json();
    let expected = json!({
        "path": "models/emoji-diffusers", "kind": "checkpoint", "family": "sd1", "format": "diffusers", "dtype": "f16"
    });
    assert_eq!(shown, expected);
}

// Prompts, reports, help.

#[test]
fn prompts_are_read() {
    let shell = Shell::new();
    let reading = |text: &str, until: usize, attention: Value, tokens: usize, chunks: usize| {
        let stage = json!({"until": until, "text": text, "attention": attention, "tokens": tokens, "chunks": chunks});
        let part = json!({"weight": 1.0, "text": text, "networks": [], "schedule": [stage]});
        format!("{}\n", json!({"subprompts": [part]}))
    };
    for (text, attention, tokens, chunks) in [
        ("", json!([["", 1.0]]), 0, 1),
        (
            "a (fox:1.5), [b]",
            json!([["a ", 1.0], ["fox", 1.5], [", ", 1.0], ["b", 1.0 / 1.1]]),
            4,
            1,
        ),
        ("a BREAK b", json!([["a", 1.0], ["BREAK", -1], ["b", 1.0]]), 76, 2),
        (r"\(狐\) --x", json!([["(狐) --x", 1.0]]), 6, 1),
    ] {
        let read = shell.run(&["prompt", "--json", "--", text]);
        assert_eq!(read.ok(), reading(text, 20, attention, tokens, chunks), "{text}");
    }
    // The shell's words are one text, standard input loses its last line's end, and the hires pass has steps of its own.
    let fox = |until| reading("red fox", until, json!([["red fox", 1.0]]), 2, 1);
    assert_eq!(shell.run(&["prompt", "--json", "red", "fox"]).ok(), fox(20));
    assert_eq!(
        shell
            .feed(&["prompt", "--json", "--steps", "9", "-"], "red fox\r\n")
            .ok(),
        fox(9)
    );
    assert_eq!(
        shell.run(&["prompt", "--json", "--hires-steps", "7", "red fox"]).ok(),
        fox(7)
    );
    let text = shell.run(&["prompt", "a (fox:1.5) BREAK b"]);
    assert!(
        text.ok()
            .starts_with("up to step 20: 76 tokens, 2 chunks\n    1.000  a \n    1.500  fox\n"),
        "{text:#?}"
    );
}

#[test]
fn doctor_names_the_folders_and_the_troubles() {
    let shell = Shell::new();
    let well = shell.run(&["doctor"]);
    for folder in [
        ".config/danlu/config.toml",
        ".local/share/danlu/outputs/txt2img-images",
        ".local/share/danlu\n",
        ".cache/danlu\n",
        ".cache/danlu/models/danlu-emoji.safetensors",
    ] {
        assert!(well.ok().contains(&shell.text(folder)), "{folder} in {well:#?}");
    }
    assert!(
        well.ok().contains("danlu 0.1.0\n")
            && well.ok().contains("CPU, ")
            && well.ok().ends_with("\nno trouble found\n"),
        "{well:#?}"
    );
    assert!(shell.files().is_empty(), "a report makes nothing");

    shell.write(".config/danlu/config.toml", "\nrng = 7\n");
    let ill = shell
        .command(&["doctor", "--models-dir", "nowhere"])
        .env("DANLU_FOX", "1")
        .output()
        .unwrap();
    let ill = shell::Ran::from(ill);
    assert!(ill.ok().contains("line 2 of "), "{ill:#?}");
    shell.write(".config/danlu/config.toml", "");
    let ill = shell
        .command(&["doctor", "--models-dir", "nowhere"])
        .env("DANLU_FOX", "1")
        .output()
        .unwrap();
    let ill = shell::Ran::from(ill);
    for trouble in [
        "! DANLU_FOX is set",
        "! the model folder nowhere is not there",
        "\n2 troubles, ",
    ] {
        assert!(ill.ok().contains(trouble), "{trouble:?} in {ill:#?}");
    }
}

#[test]
fn help_is_plain_and_completions_and_the_page_come_from_it() {
    let shell = Shell::bare();
    let version = shell.run(&["--version"]);
    assert_eq!(version.ok(), concat!("danlu ", env!("CARGO_PKG_VERSION"), "\n"));
    let commands = [
        "generate",
        "prompt",
        "params",
        "models",
        "doctor",
        "bench",
        "completions",
        "man",
    ];
    let help = shell.run(&["--help"]);
    for command in commands {
        assert!(help.ok().contains(&format!("\n  {command} ")), "{command} in {help:#?}");
        let own = shell
            .command(&[command, "--help"])
            .env("TERM", "xterm-256color")
            .output()
            .unwrap();
        let own = shell::Ran::from(own);
        assert!(
            own.ok().contains("Usage: danlu ") && !own.ok().contains('\x1b'),
            "{own:#?}"
        );
    }
    assert!(!help.ok().contains('\x1b'));
    for name in ["bash", "zsh", "fish"] {
        let script = shell.run(&["completions", name]);
        assert!(
            script.ok().contains("generate") && script.ok().contains("clip-skip"),
            "{name}: {script:#?}"
        );
    }
    let page = shell.run(&["man"]);
    assert!(
        page.ok().contains(".TH danlu") && page.ok().contains("generate"),
        "{page:#?}"
    );
    assert!(files(&shell.path("")).is_empty(), "nothing was unpacked or made");
}

// Settings.

#[test]
fn settings_variables_and_options_in_their_order() {
    let shell = Shell::new();
    let drawn = |variables: &[(&str, &str)], options: &[&str]| {
        let fox = [
            "generate", "-p", "fox", "--steps", "1", "--size", "8x8", "--seed", "1", "--json",
        ];
        let mut command = shell.command(&[&fox[..], options].concat());
        let line = shell::Ran::from(command.envs(variables.iter().copied()).output().unwrap()).json();
        let rng = if line["infotext"].as_str().unwrap().contains("RNG: CPU, ") {
            "cpu"
        } else {
            "nv"
        };
        (line["path"].as_str().unwrap().to_owned(), rng)
    };
    let settings =
        "output_dir = \"~/file\"\nrng = 'cpu'\ndirectory_pattern = ''\nfilename_pattern = '[seed]-[model_name]'\n";
    shell.write(".config/danlu/config.toml", settings);
    let below =
        |folder: &str, number: u32| shell.text(&format!("{folder}/txt2img-images/0000{number}-1-danlu-emoji.png"));
    assert_eq!(drawn(&[], &[]), (below("file", 0), "cpu"));
    let variables = [("DANLU_OUTPUT_DIR", "~/variable"), ("DANLU_RNG", "NV")];
    assert_eq!(drawn(&variables, &[]), (below("variable", 0), "nv"));
    let option = shell.text("option");
    assert_eq!(
        drawn(&variables, &["--output-dir", &option, "--rng", "cpu"]),
        (below("option", 0), "cpu")
    );
    shell.write(
        "other.toml",
        "webui_dir = 'webui'\ndirectory_pattern = ''\nfilename_pattern = '[seed]-[model_name]'",
    );
    assert_eq!(
        drawn(&[], &["--config", &shell.text("other.toml")]),
        (below("webui/outputs", 0), "nv")
    );
    assert_eq!(
        drawn(&[("DANLU_CONFIG", "~/other.toml")], &[]),
        (below("webui/outputs", 1), "nv")
    );
}

// Ends.

/// Ctrl-C and a shutdown: the job ends within a step, and what was finished stays.
#[test]
fn an_interrupted_job_ends_soon_and_keeps_what_it_made() {
    for name in ["INT", "TERM"] {
        let shell = Shell::new();
        fs::create_dir(shell.path("out")).unwrap();
        let long = ["generate", "-p", "fox", "--steps", "400", "-o", "out/fox.png"];
        let child = shell.command(&long).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(700));
        let (ran, seconds) = interrupt(child, name);
        assert!(seconds < 2.0, "SIG{name} took {seconds} s");
        assert_eq!(ran.failed(130).0, "interrupted; no picture was finished");
        assert_eq!((ran.stdout.as_str(), shell.files()), ("", vec![]));

        let many = [
            "generate", "-p", "fox", "--steps", "10", "--size", "16x16", "--count", "1000", "-o", "out/", "--json",
        ];
        let mut child = shell.command(&many).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut told: Vec<String> = lines.by_ref().take(2).map(Result::unwrap).collect();
        std::thread::sleep(Duration::from_millis(50));
        let (ran, seconds) = interrupt(child, name);
        told.extend(lines.map(Result::unwrap));
        assert!(seconds < 2.0, "SIG{name} took {seconds} s");
        let expected = format!("interrupted; the {} finished pictures are kept", told.len());
        assert_eq!(ran.failed(130).0, expected);
        let kept = shell.files();
        assert_eq!(kept.len(), told.len(), "{kept:?}");
        for line in told {
            let line: Value = serde_json::from_str(&line).unwrap();
            Png::open(&shell.path(line["path"].as_str().unwrap()));
        }
    }
}

/// Sends a signal and says how long the program took to end.
fn interrupt(child: std::process::Child, name: &str) -> (shell::Ran, f64) {
    let sent = Instant::now();
    signal(&child, name);
    let ran = child.wait_with_output().unwrap().into();
    (ran, sent.elapsed().as_secs_f64())
}

/// A killed program cannot clean up, but under a picture's name there is a whole picture or none.
#[test]
fn a_killed_job_leaves_whole_pictures_only() {
    let shell = Shell::new();
    let many = [
        "generate", "-p", "fox", "--steps", "1", "--cfg", "1", "--size", "64x64", "--count", "1000", "-o", "out/",
    ];
    for round in 0..20 {
        let mut child = shell.command(&many).stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(100 + round * 7919 % 400));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (pictures, rest): (Vec<_>, Vec<_>) = shell.files().into_iter().partition(|name| name.ends_with(".png"));
    assert!(pictures.len() >= 20, "only {} pictures in 20 rounds", pictures.len());
    for name in &pictures {
        assert!(
            Png::open(&shell.path(name)).infotext().starts_with("fox\nSteps: 1, "),
            "{name}"
        );
    }
    assert!(
        rest.iter()
            .all(|name| name.starts_with("out/.danlu-") && name.ends_with(".tmp")),
        "{rest:?}"
    );
    // The next job is not troubled by what lies there.
    let next = shell.fox(&["--seed", "1", "-o", "out/"]);
    assert_eq!(next.ok(), format!("out/{:05}-1.png\n", pictures.len()));
}

/// The same for the checkpoint that is unpacked when danlu first runs.
#[test]
fn a_killed_first_run_leaves_a_whole_checkpoint_or_none() {
    for round in 0..8 {
        let shell = Shell::bare();
        let mut child = shell.command(&["models", "list"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(5 + round * 7919 % 150));
        child.kill().unwrap();
        child.wait().unwrap();
        let checkpoint = shell.path(".cache/danlu/models/danlu-emoji.safetensors");
        if checkpoint.exists() {
            assert_eq!(
                checkpoint.metadata().unwrap().len(),
                Path::new(SHIPPED).metadata().unwrap().len()
            );
        }
        if round == 0 {
            assert_eq!(shell.run(&["models", "list"]).ok(), "sd1  danlu-emoji.safetensors\n");
        }
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_job_and_fails_no_report() {
    let shell = Shell::new();
    let many = [
        "generate", "-p", "fox", "--steps", "1", "--size", "16x16", "--count", "1000", "-o", "out/", "--json",
    ];
    let mut child = shell.command(&many).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let ran = shell::Ran::from(child.wait_with_output().unwrap());
    let (sentence, _) = ran.failed(1);
    assert!(sentence.starts_with("cannot write to standard output: "), "{sentence}");
    let kept = shell.files();
    assert!(
        (1..1000).contains(&kept.len()) && kept.iter().all(|name| name.ends_with(".png")),
        "{kept:?}"
    );

    shell.write("fox.txt", "fox\nSteps: 1, Sampler: Euler, Seed: 1");
    for report in [
        &["models", "list"][..],
        &["models", "list", "--json"],
        &["models", "show", "danlu-emoji", "--json"],
        &["prompt", "--json", "fox"],
        &["params", "fox.txt"],
        &["doctor"],
        &["completions", "bash"],
        &["man"],
        &["--help"],
        &["--version"],
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let ran = shell::Ran::from(shell.command(report).stdout(writer).output().unwrap());
        assert!(ran.status.success() && ran.stderr.is_empty(), "{report:?}: {ran:#?}");
    }
}

/// Output that is lost for another reason is a failure.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_told() {
    let shell = Shell::new();
    for report in [&["models", "list"][..], &["prompt", "fox"], &["man"], &["doctor"]] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ran = shell::Ran::from(shell.command(report).stdout(full).output().unwrap());
        let (sentence, _) = ran.failed(1);
        assert!(
            sentence.starts_with("cannot write to standard output: No space left on device"),
            "{sentence}"
        );
    }
}
