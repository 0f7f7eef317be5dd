//! Everything that danlu refuses: one sentence that names the value, at most one hint, the right exit code, and nothing written.
//!
//! The exit code is 2 for what is wrong on the command line itself, and 1 for what a file, the disk or the machine says.
#![cfg(unix)]
#![allow(missing_docs, clippy::unwrap_used, clippy::print_stdout)]

#[path = "support/shell.rs"]
mod shell;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use shell::{Ran, SHIPPED, Shell, files};

/// A case: the line, what the sentence must contain, and what the hint must.
type Case<'a> = (&'a str, &'a [&'a str], &'a str);

/// Runs every case and asserts that it is refused with this code, and that no file came of it.
#[track_caller]
fn refused(shell: &Shell, code: i32, cases: &[Case<'_>]) {
    let before = shell.files();
    for (line, says, hints) in cases {
        let ran = shell.run(line);
        let (sentence, hint) = ran.failed(code);
        assert!(ran.stdout.is_empty(), "{line}: {ran:#?}");
        for part in *says {
            assert!(sentence.contains(part), "{line}: no {part:?} in {sentence:?}");
        }
        assert!(hint.contains(hints), "{line}: no {hints:?} in {hint:?}");
        assert_eq!(shell.files(), before, "{line}");
    }
}

/// The same, each line with options behind `generate -p fox --size 64x64 --steps 1`.
#[track_caller]
fn refused_fox(shell: &Shell, code: i32, cases: &[Case<'_>]) {
    for (options, says, hint) in cases {
        let line = format!("generate -p fox --size 64x64 --steps 1 {options}");
        refused(shell, code, &[(&line, says, hint)]);
    }
}

/// Bytes without a pattern, the same every time.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    (0..length).map(|_| next()).collect()
}

// The command line.

#[test]
fn values_out_of_range_or_no_values() {
    let shell = Shell::new();
    let cases: [Case<'_>; 25] = [
        (
            "--size 130x128",
            &["size", "130x128", "multiples of 8"],
            "multiples of 8",
        ),
        ("--size 0x64", &["size", "0x64"], ""),
        ("--size 100000x100000", &["size", "100000x100000", "16384"], ""),
        ("--size abc", &["size", "\"abc\"", "512x768"], ""),
        ("--size 64", &["size", "\"64\""], ""),
        ("--size 64x-64", &["size", "\"64x-64\""], ""),
        (
            "--size 99999999999999999999x64",
            &["size", "99999999999999999999x64"],
            "",
        ),
        ("--steps 0", &["steps is 0", "1 to 1000"], ""),
        ("--steps -3", &["steps", "-3"], ""),
        ("--steps 2000", &["steps is 2000", "1 to 1000"], ""),
        ("--steps many", &["steps", "\"many\"", "a whole number"], ""),
        ("--cfg abc", &["cfg", "\"abc\"", "a number"], ""),
        ("--cfg nan", &["cfg", "NaN", "a number"], ""),
        ("--cfg inf", &["cfg", "inf", "a number"], ""),
        ("--clip-skip 0", &["clip-skip is 0", "1 to 12"], ""),
        ("--clip-skip 13", &["clip-skip is 13", "1 to 12"], ""),
        ("--seed -2", &["seed", "-2"], ""),
        ("--seed x", &["seed", "\"x\""], ""),
        (
            "--seed 99999999999999999999999",
            &["seed", "99999999999999999999999"],
            "",
        ),
        ("--ensd 1.5", &["ensd", "\"1.5\""], ""),
        ("--batch 0", &["batch is 0", "1 to 64"], ""),
        ("--batch 65", &["batch is 65"], ""),
        ("--count 0", &["count is 0"], ""),
        ("--rng gpu2", &["\"gpu2\""], "nv"),
        ("-o fox.jpg", &["\"fox.jpg\"", ".png"], "/"),
    ];
    for (options, says, hint) in cases {
        let rest = if options.starts_with("--s") {
            ""
        } else {
            "--steps 1 --size 64x64"
        };
        refused(&shell, 2, &[(&format!("generate -p fox {rest} {options}"), says, hint)]);
    }
}

#[test]
fn unknown_names_come_with_near_ones() {
    let shell = Shell::new();
    refused_fox(
        &shell,
        2,
        &[
            ("--sampler 'Euler A2'", &["sampler", "\"Euler A2\""], "Euler a"),
            (
                "--sampler 'DPM++ 3M Karras'",
                &["sampler", "\"DPM++ 3M Karras\""],
                "DPM++ 2M",
            ),
            (
                "--sampler 丹炉",
                &["sampler", "\"丹炉\""],
                "DPM++ 2M, Euler a, Euler, DDIM",
            ),
            ("--schedule Kerras", &["schedule", "\"Kerras\""], "Karras"),
            (
                "--schedule ''",
                &["schedule", "\"\""],
                "Automatic, Uniform, Karras, SGM Uniform",
            ),
            ("--device tpu", &["device", "\"tpu\""], ""),
            ("--lang klingon", &["lang", "\"klingon\"", "en"], ""),
            ("--json --show", &["--json", "--show"], ""),
        ],
    );
}

#[test]
fn lines_that_are_no_command() {
    let shell = Shell::new();
    refused(
        &shell,
        2,
        &[
            ("models", &["command"], "--help"),
            ("queue", &["command"], "--help"),
            ("generate", &["nothing to draw"], "--prompt"),
            ("generate --steps 3", &["nothing to draw"], "--params"),
            ("generat -p fox", &["'generat'"], "'generate'"),
            ("paint", &["'paint'"], ""),
            ("generate -p fox --promt x", &["'--promt'"], "'--prompt'"),
            ("generate -p fox --speed 3", &["'--speed'"], ""),
            ("generate -p fox stray", &["'stray'"], ""),
            ("generate -p", &["--prompt"], ""),
            ("prompt --steps 0 fox", &["steps is 0"], ""),
            ("prompt --steps many fox", &["'many'", "--steps"], ""),
            ("prompt", &["<TEXT>"], ""),
            ("params", &["IMAGE|TEXT|-"], ""),
            ("completions tcsh", &["'tcsh'"], ""),
            ("models hash", &["<PATH>"], ""),
        ],
    );
}

/// Said within the time of a look at the checkpoint, and with less memory than the first step would take.
#[test]
fn a_picture_too_large_for_memory_is_predicted() {
    let shell = Shell::new();
    let line = "generate -p fox --device cpu --size 16384x16384 --batch 64";
    let limited = format!("ulimit -v 1000000 && exec {} {line}", env!("CARGO_BIN_EXE_danlu"));
    let mut command = Command::new("sh");
    command
        .env_clear()
        .env("HOME", shell.path(""))
        .current_dir(shell.path(""));
    let started = Instant::now();
    let ran = Ran::of(command.args(["-c", &limited]));
    assert!(started.elapsed().as_secs_f64() < 2.0);
    let (sentence, hint) = ran.failed(1);
    assert!(
        sentence.starts_with("16384x16384 in batches of 64 needs about ") && sentence.contains(" GiB "),
        "{sentence}"
    );
    assert!(hint.contains("smaller"), "{hint}");
    assert!(ran.stdout.is_empty() && shell.files().is_empty());
}

#[test]
fn a_gpu_that_is_not_there() {
    let shell = Shell::new();
    refused_fox(&shell, 1, &[("--device cuda:7", &["cuda:7"], "")]);
}

// Models.

/// A safetensors file with this header, and eight bytes of data.
fn safetensors(header: &str) -> Vec<u8> {
    [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &[0; 8]].concat()
}

#[test]
fn models_that_are_not_there_or_none() {
    let shell = Shell::new();
    shell.write("folder/readme.txt", "no model");
    shell.write("models/red fox.safetensors", "");
    shell.write("models/deep/fox.ckpt", "");
    shell.write("models/deeper/fox.ckpt", "");
    let emoji = "danlu-emoji";
    refused_fox(
        &shell,
        1,
        &[
            ("--model danlu-emjoi", &["\"danlu-emjoi\""], emoji),
            (
                "--model Danlu-Emojis.safetensors",
                &["\"Danlu-Emojis.safetensors\""],
                emoji,
            ),
            (
                "--model some/where.safetensors",
                &["\"some/where.safetensors\""],
                "--models-dir",
            ),
            ("--model unheard", &["\"unheard\""], "--models-dir"),
            ("--model ''", &["\"\""], ""),
            ("--model 'red fx' --models-dir models", &["\"red fx\""], "red fox"),
            (
                "--model fox --models-dir models",
                &["\"fox\"", "deep/fox.ckpt", "deeper/fox.ckpt"],
                "",
            ),
            ("--model ./folder", &["./folder"], "model_index.json"),
            ("--model folder/readme.txt", &["folder/readme.txt"], ""),
            ("--vae unheard", &["\"unheard\""], ""),
        ],
    );
    refused(
        &shell,
        1,
        &[
            ("models show danlu-emjoi", &["\"danlu-emjoi\""], emoji),
            ("models hash nowhere", &["nowhere"], ""),
            ("models hash folder", &["folder"], "file"),
        ],
    );
}

#[test]
fn files_that_are_no_checkpoint() {
    let shell = Shell::new();
    let whole = fs::read(SHIPPED).unwrap();
    let tensor = |shape: &str, offsets: &str| {
        safetensors(&format!(
            r#"{{"a":{{"dtype":"F16","shape":{shape},"data_offsets":{offsets}}}}}"#
        ))
    };
    let damaged = [
        ("empty", vec![]),
        ("five-bytes", whole[..5].to_vec()),
        ("cut-header", whole[..2000].to_vec()),
        ("cut-data", whole[..whole.len() - 1].to_vec()),
        ("longer", [&whole[..], b"x"].concat()),
        ("huge-header", [&u64::MAX.to_le_bytes()[..], b"{}"].concat()),
        ("long-header", [&1_000_000_u64.to_le_bytes()[..], b"{}"].concat()),
        ("no-json", safetensors("{not json}")),
        ("larger-shape", tensor("[1000000]", "[0,8]")),
        ("overflowing-shape", tensor("[4611686018427387904,4]", "[0,8]")),
        ("behind-the-end", tensor("[4000]", "[0,8000]")),
        ("backwards", tensor("[4]", "[8,0]")),
        ("noise", noise(100_000)),
    ];
    for (name, bytes) in damaged {
        let name = format!("{name}.safetensors");
        shell.write(&name, bytes);
        let says = [&*name, "not a whole safetensors file"];
        refused_fox(&shell, 1, &[(&format!("--model {name}"), &says, "download")]);
        refused(&shell, 1, &[(&format!("models show ./{name}"), &says, "download")]);
        fs::remove_file(shell.path(&name)).unwrap();
    }

    let named = |name: &str| {
        safetensors(&format!(
            r#"{{"{name}":{{"dtype":"F16","shape":[4],"data_offsets":[0,8]}}}}"#
        ))
    };
    shell.write(
        "lora.safetensors",
        named("lora_unet_mid_block_attentions_0_proj_in.lora_down.weight"),
    );
    shell.write("vae.safetensors", named("decoder.conv_in.weight"));
    shell.write("flux.safetensors", named("double_blocks.0.img_attn.proj.weight"));
    shell.write("other.safetensors", named("fc.weight"));
    shell.write("old.ckpt", "PK\x03\x04 and more");
    shell.write("page.safetensors", "<!doctype html><title>404</title>");
    shell.write(
        "pointer.safetensors",
        "version https://git-lfs.github.com/spec/v1\noid sha256:1\nsize 2\n",
    );
    shell.write("diffusers/model_index.json", r#"{"_class_name": "FluxPipeline"}"#);
    let none = "not a Stable Diffusion checkpoint";
    refused_fox(
        &shell,
        1,
        &[
            (
                "--model lora.safetensors",
                &["lora.safetensors", none, "a LoRA"],
                "LoRA",
            ),
            ("--model vae.safetensors", &["vae.safetensors", none, "a VAE"], ""),
            ("--model flux.safetensors", &["flux.safetensors", none, "Flux"], ""),
            ("--model other.safetensors", &["other.safetensors", none], ""),
            ("--model diffusers", &["diffusers", none, "FluxPipeline"], ""),
            ("--model old.ckpt", &["old.ckpt", "pickle"], "download"),
            ("--model page.safetensors", &["page.safetensors", "web page"], ""),
            ("--model pointer.safetensors", &["pointer.safetensors", "Git LFS"], ""),
            ("--vae lora.safetensors", &["lora.safetensors"], ""),
        ],
    );
}

/// A checkpoint that lacks a tensor, or has one of another shape or one too many, is told so by the tensor's name.
#[test]
fn checkpoints_with_wrong_tensors() {
    let shell = Shell::new();
    let whole = fs::read(SHIPPED).unwrap();
    let file = SafeTensors::deserialize(&whole).unwrap();
    let (changed, shape) = (
        "model.diffusion_model.middle_block.0.in_layers.2.weight",
        "[192, 192, 3, 3]",
    );
    let (extra, zeros) = ("model.diffusion_model.extra.weight", [0; 8]);
    for (name, tensor, says) in [
        ("missing", None, [changed, shape, ""]),
        ("misshapen", Some((changed, vec![4])), [changed, shape, "[4]"]),
        ("surplus", Some((extra, vec![2, 2])), [extra, "[2, 2]", ""]),
    ] {
        let mut tensors: BTreeMap<_, _> = file.iter().collect();
        if name != "surplus" {
            tensors.remove(changed);
        }
        if let Some((name, shape)) = tensor {
            tensors.insert(name, TensorView::new(Dtype::F16, shape, &zeros).unwrap());
        }
        shell.write("model.safetensors", safetensors::serialize(tensors, None).unwrap());
        shell.link(&Path::new(SHIPPED).with_extension("yaml"), "model.yaml");
        refused_fox(
            &shell,
            1,
            &[(
                "--model model.safetensors",
                &[&["model.safetensors"], &says[..]].concat(),
                "",
            )],
        );
        fs::remove_file(shell.path("model.yaml")).unwrap();
    }
}

// Settings.

#[test]
fn settings_that_cannot_be_read() {
    let shell = Shell::new();
    let path = shell.text(".config/danlu/config.toml");
    let line = |n: u32| format!("line {n} of {path}");
    let column = |n: u32, column: u32| format!("line {n}, column {column} of {path}");
    for (settings, says, hint) in [
        ("rng = 'nv'\nlang = \n", [&*column(2, 8), "TOML"], "is written as"),
        ("\n[broken\n", [&column(2, 8), "TOML"], "is written as"),
        ("\n\nmodel_dir = '/sd'", [&line(3), "\"model_dir\""], "models_dir"),
        ("fox = 1", [&line(1), "\"fox\""], "models_dir"),
        ("rng = 7", [&line(1), "rng to 7"], ""),
        ("rng = 'gpu2'", [&line(1), "rng to 'gpu2'"], "rng"),
        (
            "models_dir = ['/a', 7]",
            [&line(1), "models_dir to ['/a', 7]"],
            "models_dir",
        ),
        (
            "comma_padding_backtrack = 900",
            [&line(1), "comma_padding_backtrack to 900"],
            "",
        ),
        ("device = 'tpu'", [&line(1), "device to 'tpu'"], ""),
        ("[output]\ndir = 1", [&line(1), "\"output\""], ""),
    ] {
        shell.write(".config/danlu/config.toml", settings);
        refused_fox(&shell, 1, &[("", &says, hint)]);
        refused(&shell, 1, &[("models list", &says, hint)]);
    }
    shell.write(".config/danlu/config.toml", b"lang = '\xff'");
    refused_fox(&shell, 1, &[("", &[&column(1, 9), "UTF-8"], "")]);

    // Another file may be named, but not one that is not there.
    shell.write("settings.toml", "rng = 'gpu2'");
    refused_fox(
        &shell,
        1,
        &[
            ("--config nowhere.toml", &["nowhere.toml"], "--config"),
            ("--config .", &["settings file .", "directory"], ""),
            (
                "--config settings.toml",
                &["line 1 of settings.toml", "rng to 'gpu2'"],
                "",
            ),
        ],
    );
    fs::remove_file(&path).unwrap();
    let ran = Ran::of(shell.command("models list").env("DANLU_RNG", "gpu2"));
    let (sentence, _) = ran.failed(1);
    assert!(
        sentence.contains("DANLU_RNG") && sentence.contains("\"gpu2\""),
        "{sentence}"
    );
}

// Places.

/// A file system in memory, unmounted at the end; `None`, and a line about it, where this user may not mount one.
struct Disk<'a>(&'a Shell);

impl<'a> Disk<'a> {
    fn mount(shell: &'a Shell, options: &str) -> Option<Self> {
        fs::create_dir_all(shell.path("disk")).unwrap();
        let mount = ["-t", "tmpfs", "-o", options, "tmpfs", "disk"];
        let mounted = Command::new("mount").args(mount).current_dir(shell.path("")).output();
        if mounted.is_ok_and(|ran| ran.status.success()) {
            return Some(Self(shell));
        }
        println!("this user may not mount a small disk, so full and read-only ones are not tried");
        None
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path("disk")).status();
    }
}

#[test]
fn places_that_take_no_picture() {
    let shell = Shell::new();
    shell.write("file", "no folder");
    refused_fox(
        &shell,
        1,
        &[
            ("--output-dir file", &["file/txt2img-images", "file is a file"], ""),
            ("--output-dir file/below", &["file/below", "file is a file"], ""),
            ("-o file/", &["file is a file"], ""),
            ("-o file/fox.png", &["file is a file"], ""),
            (
                "-o nowhere/fox.png",
                &["nowhere/fox.png", "no folder nowhere"],
                "mkdir -p nowhere",
            ),
        ],
    );
    assert!(!shell.path("nowhere").exists());
    shell.write(".config/danlu/config.toml", "output_dir = '~/file'");
    refused_fox(&shell, 1, &[("", &[&shell.text("file"), "is a file"], "")]);
}

#[test]
fn a_folder_that_may_not_be_written_to() {
    use std::os::unix::fs::PermissionsExt;
    let shell = Shell::new();
    let cases: [Case<'_>; 4] = [
        ("-o disk/fox.png", &["disk", "not allowed"], "folder"),
        ("-o disk/", &["disk", "not allowed"], "folder"),
        ("-o disk/new/", &["disk/new", "not allowed"], "folder"),
        ("--output-dir disk", &["disk/txt2img-images", "not allowed"], "folder"),
    ];
    fs::create_dir(shell.path("disk")).unwrap();
    fs::set_permissions(shell.path("disk"), fs::Permissions::from_mode(0o555)).unwrap();
    if fs::write(shell.path("disk/probe"), "").is_err() {
        refused_fox(&shell, 1, &cases);
    } else if let Some(_disk) = Disk::mount(&shell, "ro") {
        // Root writes where no permission lets it, but not here.
        refused_fox(&shell, 1, &cases);
    }
    fs::set_permissions(shell.path("disk"), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_full_disk() {
    let shell = Shell::new();
    let Some(_disk) = Disk::mount(&shell, "size=64k") else {
        return;
    };
    shell.write("disk/old.png", "an old picture");
    shell.write("disk/filling", noise(56 << 10));
    let cases: [Case<'_>; 3] = [
        ("-o disk/old.png", &["disk/old.png", "the disk is full"], "room"),
        ("-o disk/new.png", &["disk/new.png", "the disk is full"], "room"),
        (
            "--output-dir disk",
            &["disk/txt2img-images", "the disk is full"],
            "room",
        ),
    ];
    for (options, says, hint) in cases {
        refused(
            &shell,
            1,
            &[(&format!("generate -p fox --steps 1 {options}"), says, hint)],
        );
    }
    assert_eq!(fs::read(shell.path("disk/old.png")).unwrap(), b"an old picture");
    // Nor is there room for the checkpoint that a first run unpacks.
    let ran = Ran::of(
        shell
            .command("generate -p fox")
            .env("XDG_CACHE_HOME", shell.path("disk/cache")),
    );
    let (sentence, hint) = ran.failed(1);
    assert!(
        sentence.contains("disk/cache/danlu/models/danlu-emoji") && sentence.ends_with("the disk is full"),
        "{sentence}"
    );
    assert!(hint.contains("room"), "{hint}");
    let temporary = files(&shell.path("disk"))
        .into_iter()
        .find(|name| name.contains(".tmp"));
    assert_eq!(temporary, None);
}

// Parameters.

#[test]
fn parameters_that_cannot_be_read() {
    let shell = Shell::new();
    let none = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/infotext/pillow-none.png");
    shell.fox("-o fox.png").ok();
    let picture = fs::read(shell.path("fox.png")).unwrap();
    shell.write("cut.png", &picture[..100]);
    shell.write("cut-earlier.png", &picture[..20]);
    shell.write("blank.txt", " \n");
    shell.write("noise", noise(10_000_000));
    shell.write("noise.png", [&picture[..8], &noise(10_000_000)].concat());
    shell.write("noise.jpg", [&b"\xff\xd8\xff\xe1"[..], &noise(10_000_000)].concat());
    let no = "no generation parameters";
    let cases: [Case<'_>; 10] = [
        (none, &[none, no], ""),
        ("nowhere.png", &["nowhere.png"], "image"),
        (".", &[".", "directory"], "image"),
        ("fox.png/fox.png", &["fox.png/fox.png"], ""),
        ("cut.png", &["cut.png is cut off"], ""),
        ("cut-earlier.png", &["cut-earlier.png is cut off"], ""),
        ("blank.txt", &["blank.txt", no], ""),
        ("noise", &["noise is neither an image nor a text"], ""),
        ("noise.png", &["noise.png is"], ""),
        ("noise.jpg", &["noise.jpg "], ""),
    ];
    for (source, says, hint) in cases {
        let started = Instant::now();
        refused(&shell, 1, &[(&format!("params {source}"), says, hint)]);
        refused(
            &shell,
            1,
            &[(&format!("generate -p fox --params {source}"), says, hint)],
        );
        assert!(started.elapsed().as_secs_f64() < 4.0, "{source}");
    }
    for line in ["params -", "generate --params -"] {
        for (input, says) in [
            (vec![], no),
            (noise(10_000_000), "neither an image nor a text"),
            (picture[..100].to_vec(), "cut off"),
        ] {
            let ran = shell.feed(line, input);
            let (sentence, _) = ran.failed(1);
            assert!(
                sentence.contains("standard input") && sentence.contains(says),
                "{line}: {sentence}"
            );
            assert!(ran.stdout.is_empty());
        }
    }
}

/// A bad value in a file is the file's fault and not the command line's.
#[test]
fn parameters_with_values_that_are_none() {
    let shell = Shell::new();
    // The last of two equal fields counts.
    let fields = "Steps: 1, Sampler: Euler, CFG scale: 7, Seed: 1, Size: 16x16";
    for (field, says, hint) in [
        ("Steps: many", ["Steps", "\"many\""], ""),
        ("Steps: 2000", ["teps", "2000"], ""),
        ("Sampler: Euler A2", ["sampler", "\"Euler A2\""], "Euler a"),
        ("Schedule type: Kerras", ["schedule", "\"Kerras\""], "Karras"),
        ("CFG scale: nan", ["CFG scale", "\"nan\""], ""),
        ("Seed: x", ["Seed", "\"x\""], ""),
        ("Size: 130x128", ["ize", "130x128"], ""),
        ("Size: wide", ["Size", "\"wide\""], ""),
        ("Clip skip: 0", ["lip", " 0"], ""),
        ("RNG: TPU", ["noise source", "\"TPU\""], ""),
        ("Model: danlu-emjoi", ["model", "\"danlu-emjoi\""], "danlu-emoji"),
    ] {
        shell.write("fox.txt", format!("a fox\n{fields}, {field}"));
        refused(&shell, 1, &[("generate --params fox.txt", &says, hint)]);
    }
}
