//! The commands of the shell, run as a user runs them: arguments in, files and text out.
//!
//! Each test has a home of its own, and the real program. Refusals are in `refusals.rs`, and whether the pixels are right is
//! `pictures.rs`'s to say; here pictures are small, and only compared with each other.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::case_sensitive_file_extension_comparisons)]

#[path = "support/shell.rs"]
mod shell;
mod support;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use danlu::weights::{Checkpoint, names};
use safetensors::SafeTensors;
use safetensors::tensor::TensorView;
use serde_json::{Value, json};
use shell::{Png, Ran, SHIPPED, SHIPPED_SHA256, Shell, files, sha256, signal};
use support::Fixture;

const VERSION: &str = concat!("v1.10.1+danlu.", env!("CARGO_PKG_VERSION"));

/// An infotext: what stands above the checkpoint's fields, and what between them and the version.
fn infotext(above: &str, between: &str) -> String {
    let hash = &SHIPPED_SHA256[..10];
    format!("{above}, Model hash: {hash}, Model: danlu-emoji, {between}Version: {VERSION}")
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap()
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

fn today() -> String {
    let now = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC);
    now.strftime("%Y-%m-%d").to_string()
}

// Pictures.

#[test]
fn the_first_pictures_of_a_fresh_home() {
    let shell = Shell::bare();
    let before = today();
    let draw = "generate -p 'fox, noto, blue background' --steps 2 --seed 5";
    let printed = shell.run(draw);
    let line = shell.run(&format!("{draw} --json")).json();

    let outputs = ".local/share/danlu/outputs/txt2img-images";
    let pictures = files(&shell.path(outputs));
    let day = pictures[0].split('/').next().unwrap();
    assert!(before == day || today() == day, "{day}");
    let path = |n: u32| shell.text(&format!("{outputs}/{day}/0000{n}-5.png"));
    assert_eq!(printed.ok(), path(0) + "\n");
    let picture = Png::open(path(0).as_ref());
    let expected = infotext(
        "fox, noto, blue background\n\
         Steps: 2, Sampler: DPM++ 2M, Schedule type: Automatic, CFG scale: 7, Seed: 5, Size: 128x128",
        "RNG: NV, ",
    );
    assert_eq!((picture.width, picture.height), (128, 128), "the checkpoint's own size");
    assert_eq!(picture.parameters, Some((expected.clone(), true)));
    let bytes = [0, 1].map(|n| fs::read(path(n)).unwrap());
    assert!(bytes[0] == bytes[1], "the same seed draws another picture");

    assert_eq!(keys(&line), ["path", "seed", "width", "height", "seconds", "infotext"]);
    let seconds = line["seconds"].as_f64().unwrap();
    assert!(seconds > 0.0 && seconds < 600.0, "{line}");
    let expected = json!({
        "path": path(1), "seed": 5, "width": 128, "height": 128, "seconds": seconds, "infotext": expected
    });
    assert_eq!(line, expected);
    // The checkpoint that the program carries was unpacked, whole, and nothing was left lying about.
    let unpacked = [
        "models.sqlite3",
        "models/danlu-emoji.safetensors",
        "models/danlu-emoji.yaml",
    ];
    assert_eq!(files(&shell.path(".cache/danlu")), unpacked);
    let unpacked = fs::read(shell.path(".cache/danlu/models/danlu-emoji.safetensors")).unwrap();
    assert_eq!(sha256(&unpacked), *SHIPPED_SHA256);
    assert_eq!(shell.files().len(), 2);
}

#[test]
fn parameters_are_read_back_and_draw_the_same_picture() {
    let shell = Shell::new();
    // Everything that can be said about a picture.
    let prompt = "fox, (狐狸:1.2) \"noto\",\nblue background";
    let line = shell.run(&format!(
        "generate -p '{prompt}' -n 'text, quality: low' --sampler 'Euler a' --schedule 'SGM Uniform' --steps 3 --cfg 5.5 --size 64x32 \
         --seed 123 --batch 1 --count 1 --clip-skip 2 --rng cpu --ensd 31337 --json -o fox.png"
    ));
    let expected = infotext(
        &format!(
            "{prompt}\nNegative prompt: text, quality: low\n\
             Steps: 3, Sampler: Euler a, Schedule type: SGM Uniform, CFG scale: 5.5, Seed: 123, Size: 64x32"
        ),
        "Clip skip: 2, ENSD: 31337, RNG: CPU, ",
    );
    let line = line.json();
    assert_eq!((text(&line, "path"), text(&line, "infotext")), ("fox.png", &*expected));
    let picture = Png::open(&shell.path("fox.png"));
    assert_eq!(picture.parameters, Some((expected.clone(), false)));

    let hash = &SHIPPED_SHA256[..10];
    let for_scripts = json!({
        "prompt": prompt,
        "negative_prompt": "text, quality: low",
        "fields": {
            "Steps": "3", "Sampler": "Euler a", "Schedule type": "SGM Uniform", "CFG scale": "5.5", "Seed": "123",
            "Size": "64x32", "Model hash": hash, "Model": "danlu-emoji", "Clip skip": "2", "ENSD": "31337", "RNG": "CPU",
            "Version": VERSION,
        }
    });
    let for_people = format!(
        "{prompt}\nNegative prompt: text, quality: low\nSteps          3\nSampler        Euler a\n\
         Schedule type  SGM Uniform\nCFG scale      5.5\nSeed           123\nSize           64x32\nModel hash     {hash}\n\
         Model          danlu-emoji\nClip skip      2\nENSD           31337\nRNG            CPU\nVersion        {VERSION}\n"
    );
    shell.write("fox.txt", &expected);
    let bytes = fs::read(shell.path("fox.png")).unwrap();
    assert_eq!(shell.run("params fox.png").ok(), for_people);
    for read in [
        shell.run("params fox.png --json"),
        shell.run("params fox.txt --json"),
        shell.run(&format!("params '{expected}' --json")),
        shell.feed("params - --json", &bytes),
        shell.feed("params - --json", &expected),
    ] {
        assert_eq!(read.ok(), format!("{for_scripts}\n"));
    }

    for (drawn, name) in [
        (shell.run("generate --params fox.png -o image.png"), "image.png"),
        (shell.run("generate --params fox.txt -o text.png"), "text.png"),
        (
            shell.feed("generate --params - -o piped-image.png", &bytes),
            "piped-image.png",
        ),
        (
            shell.feed("generate --params - -o piped-text.png", &expected),
            "piped-text.png",
        ),
    ] {
        assert_eq!(drawn.ok(), format!("{name}\n"));
        assert!(
            fs::read(shell.path(name)).unwrap() == bytes,
            "{name} is another picture"
        );
    }
}

#[test]
fn options_go_before_parameters() {
    let shell = Shell::new();
    let parameters = "a dog\nNegative prompt: text\n\
                      Steps: 3, Sampler: Euler a, Schedule type: SGM Uniform, CFG scale: 5.5, Seed: 123, Size: 16x8, \
                      Clip skip: 2, ENSD: 31337, RNG: CPU";
    let drawn = |options: &str| {
        let line = shell.feed(&format!("generate --params - --json -o x.png {options}"), parameters);
        text(&line.json(), "infotext").to_owned()
    };
    let texts = "a dog\nNegative prompt: text";
    let fields = "Steps: 3, Sampler: Euler a, Schedule type: SGM Uniform, CFG scale: 5.5, Seed: 123, Size: 16x8";
    let rest = "Clip skip: 2, ENSD: 31337, RNG: CPU, ";
    assert_eq!(
        drawn("-p cat"),
        infotext(&format!("cat\nNegative prompt: text\n{fields}"), rest)
    );
    assert_eq!(drawn("-n ''"), infotext(&format!("a dog\n{fields}"), rest));
    let fields = "Steps: 1, Sampler: Euler a, Schedule type: SGM Uniform, CFG scale: 3, Seed: 9, Size: 8x8";
    let few = drawn("--steps 1 --cfg 3 --seed 9 --size 8x8");
    assert_eq!(few, infotext(&format!("{texts}\n{fields}"), rest));
    let fields = "Steps: 3, Sampler: DDIM, Schedule type: Karras, CFG scale: 5.5, Seed: 123, Size: 16x8";
    let other = drawn("--sampler DDIM --schedule Karras --clip-skip 1 --ensd 0 --rng nv");
    assert_eq!(other, infotext(&format!("{texts}\n{fields}"), "RNG: NV, "));
    assert_ne!(drawn("--seed -1"), drawn("--seed -1"), "an explicit -1 draws a seed");
}

/// A picture of a sampler or a model that is not here can still be drawn with another one.
#[test]
fn options_replace_parameters_that_cannot_be_used() {
    let shell = Shell::new();
    let parameters = "fox\nSteps: many, Sampler: Nobody's, Schedule type: Strange, CFG scale: x, Seed: x, Size: wide, \
                      Model: nowhere, Clip skip: 99, ENSD: x, RNG: TPU";
    let options = "--steps 1 --sampler Euler --schedule Karras --cfg 7 --seed 1 --size 8x8 --model danlu-emoji --clip-skip 1 \
                   --ensd 0 --rng nv";
    let drawn = shell
        .feed(&format!("generate --params - {options} --json"), parameters)
        .json();
    let fields = "Steps: 1, Sampler: Euler, Schedule type: Karras, CFG scale: 7, Seed: 1, Size: 8x8";
    assert_eq!(
        text(&drawn, "infotext"),
        infotext(&format!("fox\n{fields}"), "RNG: NV, ")
    );
}

/// What cannot be done as the parameters say is told, and the rest is done.
#[test]
fn parameters_that_are_not_followed_are_told() {
    let shell = Shell::new();
    let parameters = "fox\nSteps: 1, Sampler: Euler, Seed: 1, Size: 8x8, Model hash: 0123456789, Model: danlu-emoji, \
                      VAE: nowhere.pt, Hires upscale: 2, Tiling: True";
    let ran = shell.feed("generate --params - -o fox.png", parameters);
    assert!(ran.status.success() && ran.stdout == "fox.png\n", "{ran:#?}");
    let mut told = ran.stderr.lines();
    let mut next = || told.next().unwrap();
    assert_eq!(next(), "not used from the parameters: Hires upscale, Tiling");
    let other = next();
    assert!(
        other.contains("0123456789") && other.ends_with(&SHIPPED_SHA256[..10]),
        "{other}"
    );
    assert!(next().contains("\"nowhere.pt\""), "{ran:#?}");
    assert_eq!(told.next(), None);
}

/// Another sampler is no other schedule.
#[test]
fn a_sampler_leaves_the_schedule_of_the_parameters() {
    let shell = Shell::new();
    let parameters = "fox\nSteps: 1, Sampler: Euler a, Schedule type: SGM Uniform, Seed: 1, Size: 8x8";
    let line = shell
        .feed("generate --params - --sampler Euler --json", parameters)
        .json();
    let written = text(&line, "infotext");
    assert!(
        written.contains("Sampler: Euler, Schedule type: SGM Uniform, "),
        "{written}"
    );
}

#[test]
fn samplers_go_by_their_old_names_too() {
    let shell = Shell::new();
    let drawn = |options: &str| {
        let fox = "generate -p fox --steps 4 --size 16x16 --seed 3 --json -o fox.png";
        let line = shell.run(&format!("{fox} {options}")).json();
        let fields: Vec<_> = text(&line, "infotext").split(", ").skip(1).take(2).collect();
        (fields.join(", "), Png::open(&shell.path("fox.png")).rgb)
    };
    let (label, automatic) = drawn("");
    assert_eq!(label, "Sampler: DPM++ 2M, Schedule type: Automatic");
    let (label, old) = drawn("--sampler 'DPM++ 2M Karras'");
    assert_eq!(label, "Sampler: DPM++ 2M, Schedule type: Automatic");
    let (label, new) = drawn("--sampler 'dpm++ 2m' --schedule karras");
    assert_eq!(label, "Sampler: DPM++ 2M, Schedule type: Karras");
    let (label, uniform) = drawn("--sampler k_dpmpp_2m --schedule Uniform");
    assert_eq!(label, "Sampler: DPM++ 2M, Schedule type: Uniform");
    assert!(automatic == old && old == new && new != uniform);
    assert_eq!(
        drawn("--sampler 'euler a sgm uniform'").0,
        "Sampler: Euler a, Schedule type: SGM Uniform"
    );
}

#[test]
fn batches_count_seeds_and_names_up() {
    let shell = Shell::new();
    let names = ["fox.png", "fox-2.png", "fox-3.png", "fox-4.png"];
    let lines = shell.fox("--seed 7 --batch 2 --count 2 --json -o fox.png").jsons();
    let told: Vec<_> = lines
        .iter()
        .map(|l| (text(l, "path"), l["seed"].as_u64().unwrap()))
        .collect();
    assert_eq!(told, names.into_iter().zip(7..).collect::<Vec<_>>());
    for (line, name) in lines.iter().zip(names) {
        let written = text(line, "infotext");
        assert!(written.contains(&format!("Seed: {}, ", line["seed"])), "{written}");
        assert_eq!(Png::open(&shell.path(name)).infotext(), written);
    }
    // Counted pictures are those that their seeds draw alone, to the byte.
    shell.fox("--seed 8 -o alone.png").ok();
    shell.fox("--seed 7 --count 2 -o counted.png").ok();
    let [alone, counted] = ["alone.png", "counted-2.png"].map(|name| fs::read(shell.path(name)).unwrap());
    assert!(alone == counted);

    // Into a folder that is to be made, and one that is there.
    let lines = shell.fox("--seed 7 --batch 2 --count 2 --json -o new/folder/").jsons();
    assert_eq!(text(&lines[3], "path"), "new/folder/00003-10.png");
    let numbered = ["00000-7.png", "00001-8.png", "00002-9.png", "00003-10.png"];
    assert_eq!(files(&shell.path("new/folder")), numbered);
    assert_eq!(shell.fox("--seed 1 -o new/folder").ok(), "new/folder/00004-1.png\n");
}

#[test]
fn a_file_is_replaced_and_not_written_over() {
    let shell = Shell::new();
    shell.write("fox.png", "an old picture");
    shell.link(&shell.path("fox.png"), "link.png");
    assert_eq!(shell.fox("--seed 1 -o fox.png").ok(), "fox.png\n");
    assert_eq!(fs::read(shell.path("link.png")).unwrap(), b"an old picture");
    assert_eq!(Png::open(&shell.path("fox.png")).width, 16);
    assert_eq!(shell.files(), ["fox.png", "link.png"]);
}

#[test]
fn seeds_are_drawn_where_none_is_given() {
    let shell = Shell::new();
    let seed = |options: &str| {
        shell.fox(&format!("--json -o out/ {options}")).json()["seed"]
            .as_u64()
            .unwrap()
    };
    let drawn = [seed(""), seed("--seed -1"), seed("")];
    assert!(drawn[0] != drawn[1] && drawn[1] != drawn[2], "{drawn:?}");
    assert!(
        drawn.iter().all(|&s| u32::try_from(s).is_ok()),
        "A1111 draws 32 bits: {drawn:?}"
    );
    assert_eq!(seed("--seed 0"), 0);
}

/// torch takes 64 bits without a sign, so A1111 does too, and writes them so.
#[test]
fn the_largest_seeds_are_written_as_they_were_given() {
    let shell = Shell::new();
    for seed in ["9223372036854775808", "18446744073709551614"] {
        let line = shell.fox(&format!("--seed {seed} --json -o large/")).json();
        let (path, written) = (text(&line, "path"), text(&line, "infotext"));
        assert!(written.contains(&format!("Seed: {seed}, ")), "{written}");
        assert!(path.ends_with(&format!("-{seed}.png")), "{path}");
        assert_eq!(
            shell.feed("generate --params - -o again.png", written).ok(),
            "again.png\n"
        );
        assert!(fs::read(shell.path("again.png")).unwrap() == fs::read(shell.path(path)).unwrap());
    }
}

/// What is printed with `--json` is for scripts: a picture shown as well must not come between the lines.
#[test]
fn showing_a_picture_leaves_the_json_alone() {
    let shell = Shell::new();
    let shown = shell.fox("-o fox.png --show");
    assert!(
        shown.ok().starts_with("fox.png\n") && shown.ok().contains('▄'),
        "{shown:#?}"
    );
    let both = shell.fox("-o fox.png --show --json");
    if both.status.success() {
        let is_json = |line| serde_json::from_str::<Value>(line).is_ok();
        assert!(both.stdout.lines().all(is_json), "{both:#?}");
    } else {
        both.failed(2);
    }
}

// Models.

#[test]
fn models_are_found_in_a_webuis_tree() {
    let shell = Shell::new();
    let file = "webui/models/Stable-diffusion/sub/red fox.safetensors";
    for extension in ["safetensors", "yaml"] {
        shell.link(
            &Path::new(SHIPPED).with_extension(extension),
            &file.replace("safetensors", extension),
        );
    }
    let title = format!("sub/red fox.safetensors [{}]", &SHIPPED_SHA256[..10]);
    let shipped = shell.fox("--seed 1 --json -o fox.png").json();
    let expected = text(&shipped, "infotext").replace("Model: danlu-emoji", "Model: red fox");
    for name in ["red fox", "sub/red fox", "red fox.safetensors", &title, file] {
        let line = shell.fox(&format!(
            "--models-dir webui --model '{name}' --seed 1 --json -o named.png"
        ));
        assert_eq!(text(&line.json(), "infotext"), expected, "{name}");
    }
    assert!(Png::open(&shell.path("fox.png")).rgb == Png::open(&shell.path("named.png")).rgb);

    let list = Ran::of(
        shell
            .command("models list --json")
            .env("DANLU_MODELS_DIR", "nowhere:webui"),
    )
    .json();
    let list = list.as_array().unwrap();
    let paths: Vec<_> = list.iter().map(|model| text(model, "path")).collect();
    assert_eq!(
        paths,
        [&*shell.text(".cache/danlu/models/danlu-emoji.safetensors"), file]
    );
    for model in list {
        assert_eq!(keys(model)[..5], ["path", "kind", "family", "format", "dtype"]);
        assert!(model.get("metadata").is_none());
        let said = ["kind", "family", "format", "dtype"].map(|key| text(model, key));
        assert_eq!(said, ["checkpoint", "sd1", "safetensors", "f16"]);
    }
    let list = shell.run("models list --models-dir webui");
    assert_eq!(
        list.ok(),
        "KIND        FAMILY       SIZE  NAME\n\
         checkpoint  sd1     40.02 MiB  danlu-emoji.safetensors\n\
         checkpoint  sd1     40.02 MiB  sub/red fox.safetensors\n"
    );
}

#[test]
fn a_model_is_described() {
    let shell = Shell::new();
    let path = shell.text(".cache/danlu/models/danlu-emoji.safetensors");
    let (sha, hash) = (&*SHIPPED_SHA256, &SHIPPED_SHA256[..10]);
    let legacy = &sha256(&fs::read(SHIPPED).unwrap()[0x10_0000..0x11_0000])[..8];
    let mut shown = shell.run("models show danlu-emoji --json").json();
    let named = [
        "path",
        "kind",
        "family",
        "format",
        "dtype",
        "sha256",
        "hash",
        "legacy_hash",
        "metadata",
    ];
    assert_eq!(keys(&shown), named);
    assert_eq!(shown["metadata"].take()["modelspec.title"], "danlu-emoji");
    let expected = json!({
        "path": path, "kind": "checkpoint", "family": "sd1", "format": "safetensors", "dtype": "f16", "sha256": sha, "hash": hash,
        "legacy_hash": legacy, "metadata": null,
    });
    assert_eq!(shown, expected);
    let for_people = shell.run("models show danlu-emoji");
    let expected =
        format!("path: {path}\nkind: checkpoint\nfamily: sd1\nformat: safetensors\ndtype: f16\nsha256: {sha}\n");
    assert!(for_people.ok().starts_with(&expected), "{for_people:#?}");

    let hashes = shell.run(&format!("models hash {SHIPPED} --json")).json();
    let expected = json!({"path": SHIPPED, "sha256": sha, "hash": hash, "legacy_hash": legacy});
    assert_eq!(hashes, expected);
    let for_people = shell.run(&format!("models hash {SHIPPED}"));
    assert_eq!(
        for_people.ok(),
        format!("sha256: {sha}\nhash: {hash}\nlegacy_hash: {legacy}\n")
    );
    // Any file has hashes; the old one is that of nothing where the file is short, as in A1111.
    shell.write("short.bin", "abc");
    let hashes = shell.run("models hash short.bin --json").json();
    assert_eq!(
        (text(&hashes, "sha256"), text(&hashes, "legacy_hash")),
        (&*sha256(b"abc"), &sha256(b"")[..8])
    );
}

/// A copy of the shipped checkpoint is the same model wherever it lies, so its name means one model.
#[test]
fn the_checkpoint_of_the_repository_is_the_one_carried() {
    let shell = Shell::new();
    let models = Path::new(SHIPPED).parent().unwrap().display();
    shell.fox("--seed 1 -o fox.png").ok();
    let again = shell.run(&format!("generate --models-dir {models} --params fox.png -o again.png"));
    assert_eq!(again.ok(), "again.png\n");
    assert!(fs::read(shell.path("again.png")).unwrap() == fs::read(shell.path("fox.png")).unwrap());
}

/// Writes the shipped checkpoint as diffusers would.
fn write_diffusers(folder: &Path) {
    let bytes = fs::read(SHIPPED).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let checkpoint = Checkpoint::open(SHIPPED.as_ref()).unwrap();
    let architecture = checkpoint.architecture();
    let levels = architecture.vae.channels.len();
    let mut index = json!({"_class_name": "StableDiffusionPipeline"});
    for (part, fixture, stem) in [
        ("unet", "shipped_unet", "diffusion_pytorch_model"),
        ("vae", "shipped_vae", "diffusion_pytorch_model"),
        ("text_encoder", "shipped_text", "model"),
    ] {
        let fixture = Fixture::open(fixture);
        let tensors = fixture.json("shapes").into_iter().map(|(name, shape)| {
            let original = match part {
                "unet" => format!(
                    "model.diffusion_model.{}",
                    names::ldm_unet(&name, &architecture.unet).unwrap()
                ),
                "vae" => format!("first_stage_model.{}", names::ldm_vae(&name, levels).unwrap()),
                _ => format!("cond_stage_model.transformer.text_model.{name}"),
            };
            let tensor = file.tensor(&original).unwrap();
            let shape = serde_json::from_value(shape).unwrap();
            (name, TensorView::new(tensor.dtype(), shape, tensor.data()).unwrap())
        });
        let sub = folder.join(part);
        fs::create_dir_all(&sub).unwrap();
        let weights = safetensors::serialize(tensors, None).unwrap();
        fs::write(sub.join(stem).with_extension("safetensors"), weights).unwrap();
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
    for (name, options) in [
        ("file.png", ""),
        ("path.png", "--model models/emoji-diffusers"),
        ("name.png", "--model emoji-diffusers --models-dir models"),
    ] {
        let drawn = shell.run(&format!(
            "generate -p 'fox, noto' --steps 2 --seed 5 -o {name} {options}"
        ));
        assert_eq!(drawn.ok(), format!("{name}\n"));
    }
    let [file, path, name] = ["file.png", "path.png", "name.png"].map(|name| Png::open(&shell.path(name)));
    assert_eq!((path.width, path.height), (128, 128), "its own size");
    assert!(file.rgb == path.rgb && path == name, "another picture");
    let written = path.infotext();
    assert!(
        written.contains("Size: 128x128, Model: emoji-diffusers, "),
        "a folder has no hash: {written}"
    );
    let shown = shell.run("models show models/emoji-diffusers --json").json();
    let expected = json!({
        "path": "models/emoji-diffusers", "kind": "checkpoint", "family": "sd1", "format": "diffusers", "dtype": "f16"
    });
    assert_eq!(shown, expected);
}

/// Writes the shipped checkpoint's VAE as a file of its own, the biases of its last layer replaced.
fn write_vae(path: &Path, bias: Option<[u8; 6]>) {
    let bytes = fs::read(SHIPPED).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors = BTreeMap::new();
    for (name, tensor) in file.tensors() {
        if let Some(name) = name.strip_prefix("first_stage_model.") {
            let replaced = bias.as_ref().filter(|_| name == "decoder.conv_out.bias");
            let data = replaced.map_or(tensor.data(), |bias| bias);
            let view = TensorView::new(tensor.dtype(), tensor.shape().to_vec(), data).unwrap();
            tensors.insert(name.to_owned(), view);
        }
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, safetensors::serialize(tensors, None).unwrap()).unwrap();
}

#[test]
fn a_vae_of_its_own_takes_the_checkpoints_place() {
    let shell = Shell::new();
    write_vae(&shell.path("webui/models/VAE/same.safetensors"), None);
    // 0x3c00 is 1 in half precision: the brightest red.
    write_vae(
        &shell.path("webui/models/VAE/red.vae.safetensors"),
        Some([0, 0x3c, 0, 0, 0, 0]),
    );
    fs::create_dir_all(shell.path("webui/models/Stable-diffusion")).unwrap();
    let drawn = |name: &str, options: &str| {
        shell
            .fox(&format!("--models-dir webui --seed 1 -o {name} {options}"))
            .ok();
        Png::open(&shell.path(name))
    };
    let own = drawn("own.png", "");
    let same = drawn("same.png", "--vae same");
    let red = drawn("red.png", "--vae red.vae.safetensors");
    assert!(own.rgb == same.rgb && red.rgb != own.rgb);
    assert!(!own.infotext().contains("VAE"));
    let sum = sha256(&fs::read(shell.path("webui/models/VAE/red.vae.safetensors")).unwrap());
    let expected = format!(
        "Model: danlu-emoji, VAE hash: {}, VAE: red.vae.safetensors, RNG: NV, ",
        &sum[..10]
    );
    assert!(red.infotext().contains(&expected), "{}", red.infotext());
    shell
        .run("generate --models-dir webui --params red.png -o again.png")
        .ok();
    assert!(fs::read(shell.path("again.png")).unwrap() == fs::read(shell.path("red.png")).unwrap());
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
        (r"--x \(狐\)", json!([["--x (狐)", 1.0]]), 7, 1),
    ] {
        let read = shell.run(&format!("prompt --json -- '{text}'"));
        assert_eq!(read.ok(), reading(text, 20, attention, tokens, chunks), "{text}");
    }
    // The words of a line are one text, standard input loses its last line's end, and a hires pass has steps of its own.
    let fox = |until| reading("red fox", until, json!([["red fox", 1.0]]), 2, 1);
    assert_eq!(shell.run("prompt --json red fox").ok(), fox(20));
    assert_eq!(shell.feed("prompt --json --steps 9 -", "red fox\r\n").ok(), fox(9));
    assert_eq!(shell.run("prompt --json --hires-steps 7 'red fox'").ok(), fox(7));
    let for_people = shell.run("prompt 'a (fox:1.5) BREAK b'");
    let expected = "up to step 20: 76 tokens, 2 chunks\n    1.000  a \n    1.500  fox\n";
    assert!(for_people.ok().starts_with(expected), "{for_people:#?}");
}

#[test]
fn doctor_names_the_folders_and_the_troubles() {
    let shell = Shell::new();
    let well = shell.run("doctor");
    for folder in [
        ".config/danlu/config.toml",
        ".local/share/danlu/outputs/txt2img-images\n",
        ".local/share/danlu\n",
        ".cache/danlu\n",
        ".cache/danlu/models/danlu-emoji.safetensors\n",
    ] {
        assert!(well.ok().contains(&shell.text(folder)), "{folder} in {well:#?}");
    }
    let version = concat!("danlu ", env!("CARGO_PKG_VERSION"), "\n");
    assert!(well.ok().starts_with(version) && well.ok().contains("CPU"), "{well:#?}");
    assert!(well.ok().ends_with("\nno trouble found\n"), "{well:#?}");
    assert!(shell.files().is_empty(), "a report makes nothing");

    let ill = Ran::of(shell.command("doctor --models-dir nowhere").env("DANLU_FOX", "1"));
    for trouble in [
        "! DANLU_FOX is set",
        "! the model folder nowhere is not there",
        "\n2 troubles, ",
    ] {
        assert!(ill.ok().contains(trouble), "{trouble:?} in {ill:#?}");
    }
    shell.write(".config/danlu/config.toml", "\nrng = 7\n");
    let ill = shell.run("doctor");
    let trouble = format!("! line 2 of {} sets rng to 7", shell.text(".config/danlu/config.toml"));
    assert!(
        ill.ok().contains(&trouble) && ill.ok().ends_with("\n1 trouble, marked ! above\n"),
        "{ill:#?}"
    );
}

#[test]
fn help_is_plain_and_completions_and_the_page_come_from_it() {
    let shell = Shell::bare();
    let version = concat!("danlu ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(shell.run("--version").ok(), version);
    let help = shell.run("--help");
    assert!(!help.ok().contains('\x1b'), "{help:#?}");
    for command in [
        "generate",
        "prompt",
        "params",
        "models",
        "doctor",
        "bench",
        "completions",
        "man",
    ] {
        assert!(help.ok().contains(&format!("\n  {command} ")), "{command} in {help:#?}");
        let own = Ran::of(
            shell
                .command(&format!("{command} --help"))
                .env("TERM", "xterm-256color"),
        );
        assert!(
            own.ok().contains("Usage: danlu ") && !own.ok().contains('\x1b'),
            "{own:#?}"
        );
    }
    for name in ["bash", "zsh", "fish"] {
        let script = shell.run(&format!("completions {name}"));
        assert!(
            script.ok().contains("generate") && script.ok().contains("clip-skip"),
            "{script:#?}"
        );
    }
    let page = shell.run("man");
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
    let drawn = |variables: &[(&str, &str)], options: &str| {
        let mut command = shell.command(&format!(
            "generate -p fox --steps 1 --size 8x8 --seed 1 --json {options}"
        ));
        let line = Ran::of(command.envs(variables.iter().copied())).json();
        let rng = text(&line, "infotext")
            .split(", ")
            .find(|field| field.starts_with("RNG: "));
        (text(&line, "path").to_owned(), rng.unwrap().to_owned())
    };
    let patterns = "directory_pattern = ''\nfilename_pattern = '[seed]-[model_name]'\n";
    shell.write(
        ".config/danlu/config.toml",
        format!("{patterns}output_dir = '~/file'\nrng = \"cpu\""),
    );
    shell.write("other.toml", format!("{patterns}webui_dir = 'webui'"));
    let expected = |folder: &str, number: u32, rng: &str| {
        let path = format!("{folder}/txt2img-images/0000{number}-1-danlu-emoji.png");
        (shell.text(&path), format!("RNG: {rng}"))
    };
    assert_eq!(drawn(&[], ""), expected("file", 0, "CPU"));
    let variables = [("DANLU_OUTPUT_DIR", "~/variable"), ("DANLU_RNG", "NV")];
    assert_eq!(drawn(&variables, ""), expected("variable", 0, "NV"));
    let options = format!("--output-dir {} --rng cpu", shell.text("option"));
    assert_eq!(drawn(&variables, &options), expected("option", 0, "CPU"));
    let options = format!("--config {}", shell.text("other.toml"));
    assert_eq!(drawn(&[], &options), expected("webui/outputs", 0, "NV"));
    assert_eq!(
        drawn(&[("DANLU_CONFIG", "~/other.toml")], ""),
        expected("webui/outputs", 1, "NV")
    );
}

// Ends.

/// Sends a signal and says how long the program took to end.
fn interrupt(child: Child, name: &str) -> (Ran, f64) {
    let sent = Instant::now();
    signal(&child, name);
    let ran = child.wait_with_output().unwrap().into();
    (ran, sent.elapsed().as_secs_f64())
}

/// Ctrl-C and a shutdown: the job ends within a step, and what was finished stays.
#[test]
fn an_interrupted_job_ends_soon_and_keeps_what_it_made() {
    for name in ["INT", "TERM"] {
        let shell = Shell::new();
        let child = shell.command("generate -p fox --steps 400 -o fox.png").spawn().unwrap();
        std::thread::sleep(Duration::from_millis(700));
        let (ran, seconds) = interrupt(child, name);
        assert!(seconds < 2.0, "SIG{name} took {seconds} s");
        assert_eq!(ran.failed(130).0, "interrupted; no picture was finished");
        assert!(ran.stdout.is_empty() && shell.files().is_empty(), "{ran:#?}");

        let many = "generate -p fox --steps 10 --size 16x16 --count 1000 -o out/ --json";
        let mut child = shell.command(many).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
        let mut told: Vec<_> = lines.by_ref().take(2).collect();
        std::thread::sleep(Duration::from_millis(50));
        let (ran, seconds) = interrupt(child, name);
        told.extend(lines);
        assert!(seconds < 2.0, "SIG{name} took {seconds} s");
        let expected = format!("interrupted; the {} finished pictures are kept", told.len());
        assert_eq!(ran.failed(130).0, expected);
        let told: Vec<Value> = told.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
        assert_eq!(
            shell.files(),
            told.iter().map(|line| text(line, "path")).collect::<Vec<_>>()
        );
        for name in shell.files() {
            assert_eq!(Png::open(&shell.path(&name)).width, 16);
        }
    }
}

/// Neither is there anything left of the checkpoint that a first run was unpacking.
#[test]
fn an_interrupted_first_run_leaves_nothing_half_done() {
    for name in ["INT", "TERM"] {
        let shell = Shell::bare();
        let child = shell.command("generate -p fox --steps 400").spawn().unwrap();
        let cache = shell.path(".cache/danlu/models");
        let begun = Instant::now();
        while !cache.join("danlu-emoji.yaml").exists() {
            assert!(begun.elapsed().as_secs() < 30, "nothing is unpacked");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_millis(10));
        let (ran, seconds) = interrupt(child, name);
        assert!(seconds < 2.0, "SIG{name} took {seconds} s");
        let half: Vec<_> = files(&cache)
            .into_iter()
            .filter(|name| name.ends_with(".tmp"))
            .collect();
        assert!(half.is_empty(), "{half:?}");
        ran.failed(130);
    }
}

/// A killed program cannot clean up, but under a picture's name there is a whole picture or none.
#[test]
fn a_killed_job_leaves_whole_pictures_only() {
    let shell = Shell::new();
    let many = "generate -p fox --steps 1 --cfg 1 --size 64x64 --count 1000 -o out/";
    for round in 0..20 {
        let mut child = shell.command(many).spawn().unwrap();
        // Once it writes, it is killed at any moment of the next pictures.
        let mut first = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut first)
            .unwrap();
        std::thread::sleep(Duration::from_micros(round * 7919 % 97 * 1000));
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let (pictures, rest): (Vec<_>, Vec<_>) = shell.files().into_iter().partition(|name| name.ends_with(".png"));
    assert!(pictures.len() >= 20, "{pictures:?}");
    for name in &pictures {
        let written = Png::open(&shell.path(name));
        assert!(written.infotext().starts_with("fox\nSteps: 1, "), "{name}");
    }
    let is_temporary = |name: &String| name.starts_with("out/.danlu-") && name.ends_with(".tmp");
    assert!(rest.iter().all(is_temporary), "{rest:?}");
    // The next job is not troubled by what lies there.
    let next = shell.fox("--seed 1 -o out/");
    assert_eq!(next.ok(), format!("out/{:05}-1.png\n", pictures.len()));
}

/// The same for the checkpoint that is unpacked when danlu first runs.
#[test]
fn a_killed_first_run_leaves_a_whole_checkpoint_or_none() {
    let length = Path::new(SHIPPED).metadata().unwrap().len();
    for round in 0..8 {
        let shell = Shell::bare();
        let mut child = shell.command("models list").stdout(Stdio::null()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(5 + round * 7919 % 150));
        child.kill().unwrap();
        child.wait().unwrap();
        let found = shell.path(".cache/danlu/models/danlu-emoji.safetensors").metadata();
        assert!(found.is_err() || found.unwrap().len() == length);
        if round == 0 {
            let list = shell.run("models list");
            assert!(list.ok().ends_with("  danlu-emoji.safetensors\n"), "{list:#?}");
        }
    }
}

#[test]
fn a_reader_that_goes_away_ends_the_job_and_fails_no_report() {
    let shell = Shell::new();
    let many = "generate -p fox --steps 1 --size 16x16 --count 1000 -o out/ --json";
    let mut child = shell.command(many).spawn().unwrap();
    let mut first = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut first)
        .unwrap();
    let ran = Ran::from(child.wait_with_output().unwrap());
    let (sentence, _) = ran.failed(1);
    assert!(sentence.starts_with("cannot write to standard output: "), "{sentence}");
    let kept = shell.files();
    assert!((1..1000).contains(&kept.len()), "{kept:?}");
    assert!(kept.iter().all(|name| name.ends_with(".png")), "{kept:?}");

    shell.write("fox.txt", "fox\nSteps: 1, Sampler: Euler, Seed: 1");
    for report in [
        "models list",
        "models list --json",
        "models show danlu-emoji --json",
        "prompt --json fox",
        "params fox.txt",
        "doctor",
        "completions bash",
        "man",
        "--help",
        "--version",
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        assert_eq!(Ran::of(shell.command(report).stdout(writer)).ok(), "", "{report}");
    }
}

/// Output that is lost for another reason is a failure.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_behind_standard_output_is_told() {
    let shell = Shell::new();
    for report in ["models list", "prompt fox", "man", "doctor"] {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let ran = Ran::of(shell.command(report).stdout(full));
        let (sentence, _) = ran.failed(1);
        assert!(
            sentence.starts_with("cannot write to standard output: No space left on device"),
            "{sentence}"
        );
    }
}
