//! Files of weights that are refused: each by the right kind of error, in one sentence that names the file and what is wrong in it.
//!
//! The files are made here: a whole checkpoint of two narrow levels ([`Tiny`]), and what is left when it is spoilt in one place.
#![allow(missing_docs, clippy::unwrap_used)]

mod support;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::io::{Seek, SeekFrom, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use burn::tensor::{DType, Device};
use danlu::diffusion::Model;
use danlu::nn::clip::Clip;
use danlu::nn::unet::Unet;
use danlu::nn::vae::{Decoder, Encoder};
use danlu::weights::checkpoint::{Checkpoint, Network};
use danlu::weights::scope::Loader;
use danlu::weights::{Error, Layout};
use serde_json::{Map, Value, json};
use support::{Fixture, shipped};
use tempfile::TempDir;

/// Opens a checkpoint and loads all that is in it.
fn load(path: &Path) -> Result<(), Error> {
    let (checkpoint, device) = (Checkpoint::open(path)?, Device::flex());
    let loader = |network| Loader::new(&checkpoint, network, &device, DType::F32);
    let architecture = checkpoint.architecture();
    for (i, text) in architecture.text.iter().enumerate() {
        let loader = loader(Network::Text(i));
        Clip::load(&loader.root(), text)?;
        loader.finish()?;
    }
    let (unet, vae) = (loader(Network::Unet), loader(Network::Vae));
    Unet::load(&unet.root(), &architecture.unet)?;
    unet.finish()?;
    Decoder::load(&vae.root(), &architecture.vae)?;
    Encoder::load(&vae.root(), &architecture.vae)?;
    vae.finish()
}

/// Asserts that an error is one sentence with all these parts, and knows what to do.
#[track_caller]
fn says(error: &Error, parts: &[&str]) {
    let (text, hint) = (error.to_string(), error.hint().unwrap());
    for part in parts {
        assert!(text.contains(part), "no {part:?} in: {text}");
    }
    assert!(
        !text.contains(char::is_control),
        "signs that move the cursor in: {text:?}"
    );
    assert!(!text.ends_with('.') && text.len() < 700, "not one sentence: {text}");
    assert!(!hint.is_empty() && !hint.contains(char::is_control), "{hint:?}");
}

/// Asserts that loading is refused by an error of this kind with the path and these parts in it; gives the error.
macro_rules! refused {
    ($path:expr, $kind:pat, $($part:expr),*) => {{
        let path: &Path = $path;
        let error = load(path).expect_err(&path.display().to_string());
        assert!(matches!(error, $kind), "not {}: {error:?}", stringify!($kind));
        says(&error, &[&path.display().to_string(), $(AsRef::<str>::as_ref(&$part)),*]);
        error
    }};
}

/// Asserts that loading is refused by an error of this kind about this file.
macro_rules! refused_for {
    ($path:expr, $file:expr, $kind:pat, $($part:expr),*) => {{
        let error = load($path).expect_err(&$path.display().to_string());
        assert!(matches!(error, $kind), "not {}: {error:?}", stringify!($kind));
        says(&error, &[&$file.display().to_string(), $(AsRef::<str>::as_ref(&$part)),*]);
    }};
}

/// Tensors by name: type and shape. Their values are all 0.
type Tensors = BTreeMap<String, (&'static str, Vec<usize>)>;

fn header(tensors: &Tensors) -> (String, usize) {
    let (mut entries, mut end) = (Map::new(), 0);
    for (name, (dtype, shape)) in tensors {
        let width = match *dtype {
            "F8_E4M3" | "BOOL" => 1,
            "F16" | "BF16" => 2,
            "F64" | "I64" => 8,
            _ => 4,
        };
        let begin = end;
        end += width * shape.iter().product::<usize>();
        entries.insert(
            name.clone(),
            json!({"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}),
        );
    }
    (Value::from(entries).to_string(), end)
}

fn safetensors(header: impl AsRef<[u8]>, body: usize) -> Vec<u8> {
    let header = header.as_ref();
    [&(header.len() as u64).to_le_bytes(), header, &vec![0; body]].concat()
}

fn write_tensors(path: &Path, tensors: &Tensors) {
    let (header, body) = header(tensors);
    fs::write(path, safetensors(header, body)).unwrap();
}

const UNET: &str = "model.diffusion_model.";
const VAE: &str = "first_stage_model.";
const TEXT: &str = "cond_stage_model.transformer.text_model.";

/// Tensors that tell the architecture: two levels of 8 and 16 channels, text 16 wide, a VAE of four levels.
fn telling() -> Tensors {
    let unet: [(&str, &[usize]); 8] = [
        ("input_blocks.0.0.weight", &[8, 4, 3, 3]),
        ("input_blocks.1.0.in_layers.2.weight", &[8, 8, 3, 3]),
        ("input_blocks.2.0.op.weight", &[8, 8, 3, 3]),
        ("input_blocks.3.0.in_layers.2.weight", &[16, 8, 3, 3]),
        ("input_blocks.3.1.transformer_blocks.0.norm1.weight", &[16]),
        ("middle_block.1.transformer_blocks.0.norm1.weight", &[16]),
        ("middle_block.1.transformer_blocks.0.attn2.to_k.weight", &[16, 16]),
        ("out.2.weight", &[4, 8, 3, 3]),
    ];
    let text: [(&str, &[usize]); 5] = [
        ("embeddings.token_embedding.weight", &[12, 16]),
        ("embeddings.position_embedding.weight", &[77, 16]),
        ("encoder.layers.0.layer_norm1.weight", &[16]),
        ("encoder.layers.0.mlp.fc1.weight", &[64, 16]),
        ("final_layer_norm.weight", &[16]),
    ];
    let mut vae = vec![
        ("encoder.conv_in.weight".to_owned(), vec![8, 3, 3, 3]),
        ("decoder.conv_in.weight".to_owned(), vec![8, 4, 3, 3]),
        ("decoder.conv_out.weight".to_owned(), vec![3, 8, 3, 3]),
    ];
    for level in 0..4 {
        for block in ["encoder.down.N.block.0", "decoder.up.N.block.0", "decoder.up.N.block.1"] {
            let block = block.replace('N', &level.to_string());
            vae.push((format!("{block}.conv1.weight"), vec![8, 8, 3, 3]));
        }
    }
    let owned =
        |prefix: &'static str| move |(name, shape): (&str, &[usize])| (format!("{prefix}{name}"), shape.to_vec());
    let vae = vae.into_iter().map(|(name, shape)| (format!("{VAE}{name}"), shape));
    let all = unet
        .map(owned(UNET))
        .into_iter()
        .chain(text.map(owned(TEXT)))
        .chain(vae);
    all.map(|(name, shape)| (name, ("F16", shape))).collect()
}

fn yaml() -> Value {
    json!({"model": {"params": {
        "linear_start": 0.00085, "linear_end": 0.012, "timesteps": 1000, "parameterization": "eps", "scale_factor": 0.5,
        "unet_config": {"params": {"model_channels": 8, "channel_mult": [1, 2], "num_heads": 2, "num_groups": 4}},
        "first_stage_config": {"params": {"ddconfig": {"num_groups": 4, "attn_resolutions": []}}},
        "cond_stage_config": {"params": {"heads": 2}},
    }}})
}

/// A whole checkpoint of few and narrow layers, to be spoilt before it is written.
struct Tiny {
    folder: TempDir,
    tensors: Tensors,
    yaml: String,
}

/// [`telling`], and every tensor that loading then asks for.
static WHOLE: LazyLock<Tensors> = LazyLock::new(|| {
    let mut tiny = Tiny::of(telling());
    loop {
        match load(&tiny.write()) {
            Ok(()) => return tiny.tensors,
            Err(Error::Missing { name, expected, .. }) => {
                assert!(tiny.tensors.insert(name, ("F16", expected)).is_none());
            }
            Err(other) => panic!("{other}"),
        }
    }
});

impl Tiny {
    fn new() -> Self {
        Self::of(WHOLE.clone())
    }

    fn of(tensors: Tensors) -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
            tensors,
            yaml: yaml().to_string(),
        }
    }

    fn with_yaml(yaml: impl Into<String>) -> Self {
        Self {
            yaml: yaml.into(),
            ..Self::new()
        }
    }

    fn remove(&mut self, prefix: &str) {
        self.tensors.retain(|name, _| !name.starts_with(prefix));
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self) -> PathBuf {
        let path = self.path("model.safetensors");
        write_tensors(&path, &self.tensors);
        fs::write(self.path("model.yaml"), &self.yaml).unwrap();
        path
    }
}

#[test]
fn the_tiny_checkpoint_is_whole_and_the_shipped_one_is() {
    let tiny = Tiny::new();
    assert!(tiny.tensors.len() > 250);
    load(&tiny.write()).unwrap();
    load(&shipped()).unwrap();
}

// Files that are no safetensors, or not whole.

#[test]
fn what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    refused!(
        &folder.path().join("absent.safetensors"),
        Error::Unreadable { .. },
        "No such file"
    );
    fs::write(folder.path().join("file"), "").unwrap();
    refused!(
        &folder.path().join("file/model.safetensors"),
        Error::Unreadable { .. },
        "Not a directory"
    );
}

#[test]
fn files_that_are_not_whole() {
    let folder = tempfile::tempdir().unwrap();
    let tensor = |dtype: &str, shape: &str, offsets: &str| {
        format!(r#""a": {{"dtype": "{dtype}", "shape": {shape}, "data_offsets": {offsets}}}"#)
    };
    let file = |entries: &[String], body| safetensors(format!("{{{}}}", entries.join(", ")), body);
    let length = |length: u64| [&length.to_le_bytes()[..], b"{}"].concat();
    // Eight tensors that end 8 bytes below 2^64, where the header's own length is still to be added.
    let to_the_brim = (0..8_u64).map(|i| {
        let [begin, end] = [i, i + 1].map(|i| i * ((1 << 61) - 1));
        tensor("U8", &format!("[{}]", end - begin), &format!("[{begin}, {end}]")).replace('a', &format!("a{i}"))
    });
    let to_the_brim: Vec<_> = to_the_brim.map(|t| t.replace("da0ta0", "data")).collect();
    for (bytes, parts) in [
        (vec![], &["0 bytes"][..]),
        (vec![1; 7], &["7 bytes"]),
        (length(3), &["3", "10 bytes"]),
        (length(1 << 20), &["1048576", "10 bytes"]),
        (length(1 << 63), &["9223372036854775808"]),
        (length(u64::MAX), &["18446744073709551615"]),
        (safetensors("[1, 2", 0), &["JSON"]),
        (safetensors("[]", 0), &["JSON"]),
        (safetensors("\"{}\"", 0), &["JSON"]),
        (safetensors(b"{\"\xff\": 1}", 0), &["UTF-8"]),
        (safetensors("[".repeat(100_000), 0), &["JSON"]),
        (safetensors("{\"a\":".repeat(100_000), 0), &["JSON"]),
        (file(&[tensor("F16", "[4]", "[-8, 0]")], 8), &["-8"]),
        (file(&[tensor("F16", "[4]", "[0, 8.5]")], 8), &["8.5"]),
        (file(&[tensor("F16", "[-4]", "[0, 8]")], 8), &["-4"]),
        (file(&[tensor("F17", "[4]", "[0, 8]")], 8), &["F17"]),
        (file(&[tensor("\\u001b[31mF16", "[4]", "[0, 8]")], 8), &["F16"]),
        (
            file(
                &[
                    tensor("F16", "[4]", "[0, 8]"),
                    tensor("F16", "[4]", "[4, 12]").replace("\"a\"", "\"b\""),
                ],
                12,
            ),
            &["b"],
        ),
        (
            file(&[tensor("F16", "[4]", "[0, 8]").replace("\"a\"", "\"a\\u001b[2J\"")], 4),
            &[],
        ),
        (
            file(
                &[tensor("F16", "[4]", "[8, 16]").replace("\"a\"", "\"a\\u001b[2J\"")],
                16,
            ),
            &["a"],
        ),
        (file(&[tensor("F16", "[4]", "[8, 0]")], 8), &["a"]),
        (file(&[tensor("F16", "[5]", "[0, 8]")], 8), &[]),
        (file(&[tensor("F16", "[4000]", "[0, 8000]")], 8), &[]),
        (file(&[tensor("F16", "[4]", "[0, 8]")], 9), &[]),
        (file(&[tensor("F16", "[4611686018427387904, 4]", "[0, 0]")], 0), &[]),
        (file(&[tensor("F64", "[4611686018427387904]", "[0, 0]")], 0), &[]),
        (file(&to_the_brim, 0), &[]),
    ] {
        let path = folder.path().join("model.safetensors");
        fs::write(&path, &bytes).unwrap();
        refused!(
            &path,
            Error::Damaged { .. },
            "is not a whole safetensors file",
            parts.join("\u{1}").split('\u{1}').next().unwrap_or_default()
        );
        says(&load(&path).unwrap_err(), parts);
    }
}

#[test]
fn a_file_cut_short() {
    let folder = tempfile::tempdir().unwrap();
    let (path, whole) = (folder.path().join("model.safetensors"), fs::read(shipped()).unwrap());
    let half = whole.len() / 2;
    fs::write(&path, &whole[..half]).unwrap();
    let error = refused!(&path, Error::Damaged { .. }, half.to_string());
    assert!(error.hint().unwrap().contains("download"));
}

#[test]
fn files_of_another_format() {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes, what) in [
        ("a.ckpt", &b"PK\x03\x04\x00\x00\x08\x08archive/data.pkl"[..], "pickle"),
        ("b.pt", b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19.", "pickle"),
        ("c.safetensors", b"\x80\x02}q\x00X\n\x00\x00\x00state_dict", "pickle"),
        ("d.safetensors", b"<!DOCTYPE html><html><title>404</title>", "web page"),
        ("e.safetensors", b"<html lang=en><title>Sign in</title>", "web page"),
        ("f.safetensors", b"\n  <!doctype html>\n<html>", "web page"),
        ("g.safetensors", b"<HTML><HEAD><TITLE>301 Moved</TITLE>", "web page"),
        (
            "h.safetensors",
            b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n",
            "Git LFS pointer",
        ),
        (
            "i.gguf",
            b"GGUF\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
            "GGUF",
        ),
    ] {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let error = refused!(&path, Error::Unsupported { .. }, what);
        let advice = match what {
            "web page" => "download",
            "Git LFS pointer" => "git lfs pull",
            _ => "safetensors",
        };
        let hint = error.hint().unwrap();
        assert!(hint.contains(advice), "no {advice:?} in the hint for {what}: {hint}");
    }
}

// Models that are something else.

#[test]
fn models_of_another_kind() {
    let folder = tempfile::tempdir().unwrap();
    for (names, what) in [
        (
            &[
                "lora_unet_mid_block_attentions_0_proj_in.lora_down.weight",
                "lora_unet_mid_block_attentions_0_proj_in.alpha",
            ][..],
            "a LoRA",
        ),
        (&["unet.mid_block.attentions.0.proj_in.lora_A.weight"], "a LoRA"),
        (
            &["lora_te_text_model_encoder_layers_0_mlp_fc1.hada_w1_a"],
            "a LyCORIS network",
        ),
        (&["encoder.conv_in.weight", "decoder.conv_in.weight"], "a VAE"),
        (
            &[
                "first_stage_model.encoder.conv_in.weight",
                "first_stage_model.decoder.conv_in.weight",
            ],
            "a VAE",
        ),
        (&["emb_params"], "an embedding"),
        (&["clip_l", "clip_g"], "an embedding"),
        (
            &[
                "control_model.input_blocks.0.0.weight",
                "control_model.input_hint_block.0.weight",
            ],
            "a ControlNet",
        ),
        (
            &[
                "controlnet_cond_embedding.conv_in.weight",
                "down_blocks.0.resnets.0.conv1.weight",
            ],
            "a ControlNet",
        ),
        (&["double_blocks.0.img_attn.qkv.weight", "img_in.weight"], "Flux"),
        (&["model.diffusion_model.double_blocks.0.img_attn.qkv.weight"], "Flux"),
        (
            &[
                "model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight",
                "first_stage_model.decoder.conv_in.weight",
            ],
            "SD3",
        ),
        (&["down_blocks.0.resnets.0.conv1.weight", "conv_in.weight"], "a UNet"),
        (&["fc.weight"], "no Stable Diffusion weights"),
        (&[], "0 tensors"),
    ] {
        let path = folder.path().join("model.safetensors");
        write_tensors(
            &path,
            &names.iter().map(|n| ((*n).to_owned(), ("F16", vec![4, 4]))).collect(),
        );
        refused!(
            &path,
            Error::NotStableDiffusion { .. },
            "is not a Stable Diffusion checkpoint",
            what
        );
    }
}

#[test]
fn checkpoints_without_a_network() {
    for (prefix, why) in [
        (VAE, "no VAE (first_stage_model.…)"),
        (TEXT, "no text encoder (cond_stage_model.…"),
        (UNET, "no UNet (model.diffusion_model.…)"),
    ] {
        let mut tiny = Tiny::new();
        tiny.remove(prefix);
        refused!(&tiny.write(), Error::NotStableDiffusion { .. }, why);
    }
    let mut tiny = Tiny::new();
    tiny.tensors.retain(|name, _| name.starts_with(UNET));
    refused!(
        &tiny.write(),
        Error::NotStableDiffusion { .. },
        "has a UNet, but no VAE"
    );
}

/// A file of a VAE by itself is asked for where this is given.
#[test]
fn what_is_no_vae_takes_no_vaes_place() {
    let tiny = Tiny::new();
    let mut checkpoint = Checkpoint::open(&tiny.write()).unwrap();
    let other = tiny.path("other.safetensors");
    let mut replace = |tensors: &Tensors| {
        write_tensors(&other, tensors);
        checkpoint.replace_vae(&other).unwrap_err()
    };
    let lora = [("lora_unet_a.lora_down.weight".to_owned(), ("F16", vec![4, 4]))];
    let error = replace(&lora.into());
    assert!(matches!(error, Error::NotStableDiffusion { .. }), "{error:?}");
    says(&error, &[&other.display().to_string(), "VAE", "a LoRA"]);
    let vae = || {
        tiny.tensors
            .iter()
            .filter(|(name, _)| name.starts_with(VAE))
            .map(|(n, t)| (n.clone(), t.clone()))
    };
    let odd = vae().map(|(name, (dtype, shape))| (name, (dtype, shape.iter().map(|n| n.max(&9) / 8 * 7).collect())));
    let error = replace(&odd.collect());
    says(&error, &[&other.display().to_string(), "7 channels"]);
    write_tensors(&other, &vae().collect());
    checkpoint.replace_vae(&other).unwrap();
}

/// Networks that are whole but do not fit each other are refused before they are loaded.
#[test]
fn networks_that_do_not_fit_each_other() {
    let embedding = format!("{TEXT}embeddings.token_embedding.weight");
    let whole = || {
        let mut tiny = Tiny::new();
        tiny.tensors.get_mut(&embedding).unwrap().1[0] = 49408;
        tiny
    };
    let draw = |tiny: &Tiny| {
        let path = tiny.write();
        let checkpoint = Checkpoint::open(&path).unwrap();
        (path, Model::load(&checkpoint, &Device::flex(), DType::F32, |_| {}))
    };
    draw(&whole()).1.unwrap();

    let refuse = |change: &dyn Fn(&mut Tensors), parts: &[&str]| {
        let mut tiny = whole();
        change(&mut tiny.tensors);
        let (path, model) = draw(&tiny);
        let error = model.unwrap_err();
        assert!(matches!(error, Error::NotStableDiffusion { .. }), "{error:?}");
        says(&error, parts);
        says(&error, &[&path.display().to_string()]);
    };
    let reshape = |name: String, axis: usize, to: usize| move |t: &mut Tensors| t.get_mut(&name).unwrap().1[axis] = to;
    let to_k = format!("{UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight");
    refuse(&reshape(to_k, 1, 24), &["16", "24"]);
    refuse(&reshape(embedding.clone(), 0, 49407), &["49407 tokens", "49408"]);
    refuse(
        &reshape(format!("{TEXT}embeddings.position_embedding.weight"), 0, 76),
        &["76 positions", "77"],
    );
    refuse(&reshape(format!("{UNET}input_blocks.0.0.weight"), 1, 9), &["9", "4"]);
    refuse(&reshape(format!("{VAE}decoder.conv_in.weight"), 1, 16), &["4", "16"]);
    refuse(
        &|t| t.retain(|name, _| !name.contains(".down.3.") && !name.contains(".up.3.")),
        &["4", "8"],
    );
}

// Tensors.

/// Of every tensor that is taken away, the refusal gives the file, the name and the shape.
#[test]
fn a_missing_tensor_is_named() {
    let told = telling();
    for (name, (_, shape)) in WHOLE.iter().filter(|(name, _)| !told.contains_key(*name)) {
        let mut tiny = Tiny::new();
        tiny.tensors.remove(name);
        refused!(&tiny.write(), Error::Missing { .. }, name, format!("{shape:?}"));
    }
}

/// The tensors that tell the architecture are no less needed: without one the file is refused, and never said to be no checkpoint.
#[test]
fn a_missing_tensor_that_tells_the_architecture() {
    for name in telling().keys() {
        let mut tiny = Tiny::new();
        tiny.tensors.remove(name);
        let path = tiny.write();
        let error = load(&path).expect_err(name);
        says(&error, &[path.with_extension("").to_str().unwrap()]);
        let text = error.to_string();
        assert!(
            !text.contains("no UNet") && !text.contains("no VAE"),
            "without {name}: {text}"
        );
        assert!(!text.contains("looks like a checkpoint"), "without {name}: {text}");
    }
}

#[test]
fn a_tensor_of_another_shape_is_named_with_both() {
    let told = telling();
    for (name, (dtype, shape)) in WHOLE.iter().filter(|(name, _)| !told.contains_key(*name)) {
        let mut tiny = Tiny::new();
        let mut other = shape.clone();
        other[0] += 1;
        let parts = [format!("{other:?}"), format!("{shape:?}")];
        tiny.tensors.insert(name.clone(), (dtype, other));
        refused!(&tiny.write(), Error::Misshapen { .. }, name, parts[0], parts[1]);
    }
}

#[test]
fn a_tensor_too_many_is_named() {
    for name in [
        format!("{UNET}input_blocks.1.0.extra.weight"),
        format!("{UNET}output_blocks.9.0.in_layers.0.weight"),
        format!("{UNET}middle_block.1.transformer_blocks.0.attn3.to_k.weight"),
        format!("{VAE}decoder.up.0.block.7.conv1.weight"),
        format!("{VAE}encoder.extra.bias"),
        format!("{TEXT}encoder.layers.0.mlp.fc3.weight"),
    ] {
        let mut tiny = Tiny::new();
        tiny.tensors.insert(name.clone(), ("F16", vec![3, 5]));
        refused!(&tiny.write(), Error::Surplus { .. }, name, "[3, 5]");
        // The second is counted.
        tiny.tensors.insert(format!("{name}s"), ("F16", vec![1]));
        refused!(&tiny.write(), Error::Surplus { .. }, name, "1 more");
    }
    let mut tiny = Tiny::new();
    tiny.tensors
        .insert(format!("{UNET}\u{1b}[2J\nweight"), ("F16", vec![3]));
    refused!(&tiny.write(), Error::Surplus { .. }, "[3]");
    tiny.tensors = WHOLE.clone();
    tiny.tensors
        .insert(format!("{UNET}{}", "a".repeat(100_000)), ("F16", vec![3]));
    refused!(&tiny.write(), Error::Surplus { .. }, "[3]");
}

/// What exporters leave behind harms nothing.
#[test]
fn harmless_tensors_are_passed_over() {
    let mut tiny = Tiny::new();
    for name in ["model_ema.decay", "betas", "first_stage_model.loss.logvar"] {
        tiny.tensors.insert(name.to_owned(), ("F32", vec![2]));
    }
    tiny.tensors
        .insert(format!("{TEXT}embeddings.position_ids"), ("I64", vec![1, 77]));
    tiny.tensors
        .insert("cond_stage_model.logit_scale".to_owned(), ("F32", vec![]));
    load(&tiny.write()).unwrap();
}

#[test]
fn tensors_that_are_no_floating_point_numbers() {
    for dtype in ["I64", "I32", "BOOL", "F8_E4M3"] {
        for name in [
            format!("{UNET}out.0.weight"),
            format!("{VAE}decoder.norm_out.bias"),
            format!("{TEXT}final_layer_norm.bias"),
        ] {
            let mut tiny = Tiny::new();
            tiny.tensors.get_mut(&name).unwrap().0 = dtype;
            refused!(&tiny.write(), Error::Type { .. }, name, dtype);
        }
    }
    for dtype in ["F64", "F32", "BF16"] {
        let mut tiny = Tiny::new();
        tiny.tensors.values_mut().for_each(|t| t.0 = dtype);
        load(&tiny.write()).unwrap();
    }
}

/// No number of a shape makes a network too large to build: a tensor without values may claim any.
#[test]
fn tensors_without_values_claim_nothing() {
    for (name, (_, shape)) in WHOLE.iter() {
        for (axis, large) in (0..shape.len()).flat_map(|axis| [0, 1 << 40, 1 << 61, usize::MAX].map(|n| (axis, n))) {
            let mut tiny = Tiny::new();
            let mut claimed = shape.clone();
            claimed[axis] = large;
            if large > 0 {
                claimed.push(0);
                claimed.swap(axis.min(1), shape.len());
            }
            let telling = claimed.iter().take(shape.len()).copied().collect::<Vec<_>>();
            let claimed = if telling.contains(&0) { telling } else { claimed };
            tiny.tensors.insert(name.clone(), ("F16", claimed));
            let path = tiny.write();
            says(
                &load(&path).expect_err(name),
                &[path.with_extension("").to_str().unwrap()],
            );
        }
    }
}

// The yaml beside a file.

#[test]
fn yamls_that_contradict_the_tensors_or_themselves() {
    for (pointer, value, parts) in [
        (
            "unet_config/params/channel_mult",
            json!([1, 4]),
            &["channel_mult", "[8, 32]", "[8, 16]"][..],
        ),
        (
            "unet_config/params/channel_mult",
            json!([1, 2, 2]),
            &["channel_mult", "[8, 16, 16]"],
        ),
        ("unet_config/params/channel_mult", json!([]), &["channel_mult", "[]"]),
        ("unet_config/params/channel_mult", json!([1e300, -2]), &["channel_mult"]),
        (
            "unet_config/params/model_channels",
            json!(16),
            &["model_channels", "[16, 32]"],
        ),
        (
            "unet_config/params/num_heads",
            json!(3),
            &["3 attention heads", "8 channels", "UNet"],
        ),
        (
            "unet_config/params/num_head_channels",
            json!(5),
            &["attention heads", "8 channels"],
        ),
        (
            "unet_config/params/num_head_channels",
            json!(1_000_000),
            &["0 attention heads", "8 channels"],
        ),
        (
            "unet_config/params/num_groups",
            json!(3),
            &["3 norm groups", "8 channels", "UNet"],
        ),
        ("unet_config/params/num_groups", json!(0), &["0 norm groups"]),
        (
            "first_stage_config/params/ddconfig/num_groups",
            json!(7),
            &["7 norm groups", "8 channels", "VAE"],
        ),
        (
            "first_stage_config/params/ddconfig/attn_resolutions",
            json!([16]),
            &["attn_resolutions", "[16]"],
        ),
        ("cond_stage_config/params/heads", json!(5), &["5 attention heads", "16"]),
        ("cond_stage_config/params/heads", json!(0), &["0 attention heads"]),
        (
            "parameterization",
            json!("x0"),
            &["parameterization", "\"x0\"", "\"eps\"", "\"v\""],
        ),
        ("linear_start", json!(0.02), &["0.02", "0.012"]),
        ("linear_start", json!(0), &["betas", "0"]),
        ("linear_end", json!(1.5), &["1.5"]),
        ("timesteps", json!(1), &["1 timesteps"]),
        ("timesteps", json!(1_000_000_000_000_u64), &["1000000000000"]),
        ("scale_factor", json!(0), &["scale factor", "0"]),
        ("scale_factor", json!(-1), &["scale factor", "-1"]),
        ("image_size", json!(usize::MAX), &["pixels"]),
        ("image_size", json!(0), &["pixels"]),
    ] {
        let mut document = yaml();
        let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        let parent = format!("/model/params/{parent}");
        document.pointer_mut(parent.trim_end_matches('/')).unwrap()[key] = value;
        let tiny = Tiny::with_yaml(document.to_string());
        let path = tiny.write();
        refused_for!(&path, path.with_extension("yaml"), Error::Config { .. },);
        says(&load(&path).unwrap_err(), parts);
    }
}

#[test]
fn yamls_that_are_none() {
    // Each line doubles what the one before it stands for, ten times over.
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for i in 1..12 {
        let before = vec![format!("*a{}", i - 1); 10].join(", ");
        writeln!(laughs, "a{i}: &a{i} [{before}]").unwrap();
    }
    let document = yaml().to_string();
    let bomb = |into: &str| format!("{laughs}model: {{params: {{{into}}}}}\n");
    for text in [
        "a: [".to_owned(),
        "\t- :\n  :".to_owned(),
        "<!DOCTYPE html>\n<html><body>404</body></html>".to_owned(),
        String::new(),
        "42".to_owned(),
        "model: 42".to_owned(),
        "model: {params: {linear_start: fox}}".to_owned(),
        "model: {params: {linear_start: \"\u{1b}[31m\"}}".replace('\u{1b}', "\\e"),
        document.replace("\"channel_mult\":[1,2]", "\"channel_mult\":\"fox\""),
        "[".repeat(100_000),
        "model: ".repeat(10_000),
        "- ".repeat(100_000),
        bomb("linear_start: *a11"),
        bomb("unet_config: {params: {model_channels: 8, channel_mult: *a11}}"),
        bomb("denoiser_config: {params: *a11}"),
        "model: &a {params: {denoiser_config: {params: *a}}}".to_owned(),
    ] {
        let tiny = Tiny::with_yaml(text.clone());
        let path = tiny.write();
        let begun = Instant::now();
        refused_for!(&path, path.with_extension("yaml"), Error::Config { .. },);
        assert!(
            begun.elapsed() < Duration::from_secs(5),
            "{:?} for {:.60}",
            begun.elapsed(),
            text
        );
    }
    let tiny = Tiny::new();
    let path = tiny.write();
    fs::write(path.with_extension("yaml"), b"model: \xff\xfe").unwrap();
    refused_for!(&path, path.with_extension("yaml"), Error::Config { .. }, "UTF-8");
}

// Folders in diffusers' layout.

/// A folder whose configurations are whole and whose weights hold no tensor.
struct Folder(TempDir);

impl Folder {
    fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("model_index.json", r#"{"_class_name": "StableDiffusionPipeline"}"#);
        for (part, fixture, stem) in [
            ("unet", "unet_sd1", "diffusion_pytorch_model"),
            ("vae", "vae_one", "diffusion_pytorch_model"),
            ("text_encoder", "text_clip_l", "model"),
        ] {
            folder.write(
                &format!("{part}/config.json"),
                Value::from(Fixture::open(fixture).json("config")).to_string(),
            );
            folder.write(&format!("{part}/{stem}.safetensors"), safetensors("{}", 0));
        }
        folder
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.0.path().join(name)).unwrap();
    }

    /// Sets a key of a configuration.
    fn set(&self, config: &str, key: &str, value: Value) -> PathBuf {
        let path = self.0.path().join(config);
        let mut document: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        document[key] = value;
        self.write(config, document.to_string())
    }
}

const WEIGHTS: &str = "unet/diffusion_pytorch_model.safetensors";

#[test]
fn folders_that_are_no_checkpoint() {
    let folder = Folder::new();
    let path = folder.0.path();
    assert_eq!(Checkpoint::open(path).unwrap().layout(), Layout::Diffusers);
    for pipeline in [
        "FluxPipeline",
        "StableDiffusion3Pipeline",
        "StableCascadeDecoderPipeline",
        "\\u001b[2JPipeline",
    ] {
        folder.write("model_index.json", format!(r#"{{"_class_name": "{pipeline}"}}"#));
        refused!(
            path,
            Error::NotStableDiffusion { .. },
            pipeline.replace("\\u001b[2J", "")
        );
    }
    for index in ["{", "[]", "", "\u{1b}"] {
        let index = folder.write("model_index.json", index);
        refused_for!(path, index, Error::Config { .. },);
    }
    folder.remove("model_index.json");
    refused!(path, Error::NotStableDiffusion { .. }, "model_index.json");
}

#[test]
fn folders_without_weights_that_can_be_read() {
    let folder = Folder::new();
    let path = folder.0.path();
    refused_for!(
        path,
        path.join("text_encoder/model.safetensors"),
        Error::Missing { .. },
        "token_embedding.weight",
        "[1000, 32]"
    );

    for part in [
        WEIGHTS,
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
    ] {
        let folder = Folder::new();
        folder.remove(part);
        refused!(folder.0.path(), Error::NotStableDiffusion { .. }, part);
        let pickle = folder.write(&part.replace(".safetensors", ".bin"), "PK\x03\x04");
        refused_for!(folder.0.path(), pickle, Error::Unsupported { .. }, "pickle");
    }
    let folder = Folder::new();
    let page = folder.write(WEIGHTS, "version https://git-lfs.github.com/spec/v1\n");
    refused_for!(folder.0.path(), page, Error::Unsupported { .. }, "Git LFS pointer");
}

#[test]
fn shards_stay_in_their_folder() {
    for name in [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "",
        "..\\x.safetensors",
        "a/b.safetensors",
    ] {
        let folder = Folder::new();
        folder.remove(WEIGHTS);
        let index = json!({"weight_map": {"conv_in.weight": name}}).to_string();
        let index = folder.write(&format!("{WEIGHTS}.index.json"), index);
        refused_for!(folder.0.path(), index, Error::Config { .. }, format!("{name:?}"));
    }
    let folder = Folder::new();
    folder.remove(WEIGHTS);
    let index = folder.write(
        &format!("{WEIGHTS}.index.json"),
        r#"{"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}"#,
    );
    folder.write("unet/1.safetensors", safetensors("{}", 0));
    refused_for!(
        folder.0.path(),
        folder.0.path().join("unet/2.safetensors"),
        Error::Unreadable { .. },
        "No such file"
    );
    folder.write("unet/2.safetensors", safetensors("{}", 0));
    Checkpoint::open(folder.0.path()).unwrap();
    for text in ["{}", "{\"weight_map\": {}}", "{\"weight_map\": 1}", "[]"] {
        fs::write(&index, text).unwrap();
        refused_for!(folder.0.path(), index, Error::Config { .. },);
    }
}

#[test]
fn configurations_of_folders() {
    for (part, key, value, says) in [
        ("unet", "block_out_channels", json!([32, 64]), &["2 levels", "4"][..]),
        ("unet", "block_out_channels", json!([]), &["0 levels"]),
        ("unet", "block_out_channels", json!([33, 64, 96, 96]), &["33 channels"]),
        (
            "unet",
            "block_out_channels",
            json!([1_u64 << 62, 64, 96, 96]),
            &["4611686018427387904 channels"],
        ),
        ("unet", "block_out_channels", json!([-32, 64, 96, 96]), &["-32"]),
        (
            "unet",
            "down_block_types",
            json!(["KDownBlock2D", "a", "b", "c"]),
            &["KDownBlock2D"],
        ),
        (
            "unet",
            "attention_head_dim",
            json!([8, 8]),
            &["attention_head_dim", "2 entries", "4 levels"],
        ),
        (
            "unet",
            "attention_head_dim",
            json!(7),
            &["7 attention heads", "32 channels"],
        ),
        ("unet", "attention_head_dim", json!("fox"), &["attention_head_dim"]),
        (
            "unet",
            "layers_per_block",
            json!([1, 2, 2, 2]),
            &["layers_per_block", "[1, 2, 2, 2]"],
        ),
        (
            "unet",
            "layers_per_block",
            json!(1_u64 << 60),
            &["1152921504606846976 resnets"],
        ),
        (
            "unet",
            "transformer_layers_per_block",
            json!(1_u64 << 60),
            &["1152921504606846976"],
        ),
        (
            "unet",
            "class_embed_type",
            json!("timestep"),
            &["class_embed_type", "timestep"],
        ),
        (
            "unet",
            "addition_embed_type",
            json!("image"),
            &["addition_embed_type", "image"],
        ),
        ("unet", "norm_num_groups", json!(0), &["0 norm groups"]),
        ("unet", "cross_attention_dim", json!(0), &["context 0"]),
        ("unet", "sample_size", json!(u64::MAX), &["pixels"]),
        ("vae", "block_out_channels", json!([]), &["0 levels"]),
        ("vae", "norm_num_groups", json!(5), &["5 norm groups", "16 channels"]),
        ("vae", "scaling_factor", json!(0), &["scale factor", "0"]),
        ("vae", "latent_channels", json!(1_u64 << 63), &["9223372036854775808"]),
        ("text_encoder", "hidden_act", json!("relu"), &["hidden_act", "\"relu\""]),
        (
            "text_encoder",
            "num_attention_heads",
            json!(5),
            &["5 attention heads", "32"],
        ),
        (
            "text_encoder",
            "num_hidden_layers",
            json!(1_u64 << 60),
            &["1152921504606846976 layers"],
        ),
        (
            "text_encoder",
            "vocab_size",
            json!(1_u64 << 60),
            &["1152921504606846976 tokens"],
        ),
        ("text_encoder", "hidden_size", Value::Null, &["null"]),
    ] {
        let folder = Folder::new();
        folder.set(&format!("{part}/config.json"), key, value.clone());
        let error = load(folder.0.path()).expect_err(&format!("{key}: {value}"));
        assert!(matches!(error, Error::Config { .. }), "{key} is {value}: {error:?}");
        self::says(&error, says);
        self::says(
            &error,
            &[folder.0.path().join(part).join("config.json").to_str().unwrap()],
        );
    }
    let folder = Folder::new();
    let scheduler = |entries: Value| {
        let mut whole = json!({"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "num_train_timesteps": 1000});
        whole
            .as_object_mut()
            .unwrap()
            .extend(entries.as_object().unwrap().clone());
        folder.write("scheduler/scheduler_config.json", whole.to_string())
    };
    for (entries, parts) in [
        (
            json!({"beta_schedule": "squaredcos_cap_v2"}),
            &["beta_schedule", "squaredcos_cap_v2"][..],
        ),
        (json!({"prediction_type": "sample"}), &["prediction_type", "sample"]),
        (json!({"beta_start": 0.5}), &["0.5", "0.012"]),
        (json!({"num_train_timesteps": 0}), &["0 timesteps"]),
    ] {
        let path = scheduler(entries);
        refused_for!(folder.0.path(), path, Error::Config { .. },);
        says(&load(folder.0.path()).unwrap_err(), parts);
    }

    for part in ["unet", "vae", "text_encoder"] {
        let folder = Folder::new();
        let config = folder.write(
            &format!("{part}/config.json"),
            "{\"in_channels\": 4,\n \"out_channels\"",
        );
        refused_for!(folder.0.path(), config, Error::Config { .. }, "line 2");
        fs::write(&config, b"{\"\xff\": 1}").unwrap();
        refused_for!(folder.0.path(), config, Error::Config { .. }, "UTF-8");
        fs::remove_file(&config).unwrap();
        refused_for!(folder.0.path(), config, Error::Unreadable { .. }, "No such file");
    }
}

// Whatever a file may hold.

/// xorshift64.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    /// Spoils a text in one to three places.
    fn spoil(&mut self, text: &mut Vec<u8>) {
        const PIECES: [&str; 12] = [
            "9",
            "-",
            "0",
            "1e9",
            "\"",
            "}",
            "]",
            ",[",
            ":",
            "\\u0000",
            "null",
            "99999999999999999999",
        ];
        for _ in 0..=self.below(3) {
            let at = self.below(text.len());
            let end = (at + 1 + self.below(12)).min(text.len());
            match self.below(6) {
                0 => text[at] = self.below(256) as u8,
                1 => text[at] ^= 1 << self.below(8),
                2 => drop(text.drain(at..end)),
                3 => {
                    let piece = text[at..end].to_vec();
                    let to = self.below(text.len());
                    drop(text.splice(to..to, piece));
                }
                4 => drop(text.splice(at..end, PIECES[self.below(PIECES.len())].bytes())),
                _ => {
                    // A digit for another: shapes and offsets.
                    let digits: Vec<_> = (0..text.len()).filter(|&i| text[i].is_ascii_digit()).collect();
                    if let Some(&i) = digits.get(self.below(digits.len())) {
                        text[i] = b'0' + self.below(10) as u8;
                    }
                }
            }
            if text.is_empty() {
                text.push(b' ');
            }
        }
    }
}

/// The most address space that the process ever had, in bytes; 0 where the system does not say.
fn address_space() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok())
        .unwrap_or_default()
        * 1024
}

#[test]
fn spoilt_headers_are_refused_or_read_and_nothing_breaks() {
    let tiny = Tiny::new();
    let path = tiny.write();
    let (header, body) = header(&tiny.tensors);
    let room = 16 << 10;
    let padded = [header.as_bytes(), &vec![b' '; room]].concat();
    fs::write(&path, safetensors(&padded, body)).unwrap();
    load(&path).unwrap();

    let before = address_space();
    let mut random = Random(42);
    let (mut refused, mut read) = (0, 0);
    for round in 0..10_000 {
        let mut spoilt = header.clone().into_bytes();
        random.spoil(&mut spoilt);
        let mut length = padded.len() as u64;
        if random.below(20) == 0 {
            length ^= 1 << random.below(64);
        }
        spoilt.resize(padded.len(), b' ');
        let mut file = fs::OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all(&length.to_le_bytes()).unwrap();
        file.write_all(&spoilt).unwrap();
        if random.below(20) == 0 {
            file.seek(SeekFrom::Start(0)).unwrap();
            file.set_len(random.below(8 + padded.len() + body) as u64).unwrap();
        }
        file.set_len((8 + padded.len() + body) as u64 - u64::from(random.below(50) == 0))
            .unwrap();
        drop(file);
        match catch_unwind(AssertUnwindSafe(|| load(&path))) {
            Ok(Ok(())) => read += 1,
            Ok(Err(error)) => {
                refused += 1;
                let text = error.to_string();
                assert!(
                    text.contains(path.with_extension("").to_str().unwrap()),
                    "round {round}: {text}"
                );
                assert!(!text.contains(char::is_control), "round {round}: {text:?}");
            }
            Err(_) => panic!(
                "round {round} panicked; its header: {}",
                String::from_utf8_lossy(&spoilt).trim_end()
            ),
        }
    }
    assert!(refused > 5000 && read > 10, "{refused} refused, {read} read");
    let grown = address_space() - before;
    assert!(grown < 4 << 30, "reserved {grown} bytes");
}

#[test]
fn spoilt_configurations_are_refused_or_read_and_nothing_breaks() {
    let (tiny, folder) = (Tiny::new(), Folder::new());
    let (single, layout) = (tiny.write(), folder.0.path());
    let mut random = Random(7);
    let original = |path: &Path| fs::read(path).unwrap();
    let files = [
        single.with_extension("yaml"),
        layout.join("model_index.json"),
        layout.join("unet/config.json"),
        layout.join("vae/config.json"),
        layout.join("text_encoder/config.json"),
    ];
    for (file, whole) in files.iter().map(|file| (file, original(file))) {
        let model = if file.starts_with(layout) { layout } else { &single };
        for round in 0..600 {
            let mut spoilt = whole.clone();
            random.spoil(&mut spoilt);
            fs::write(file, &spoilt).unwrap();
            match catch_unwind(AssertUnwindSafe(|| load(model))) {
                Ok(Ok(())) => {}
                Ok(Err(error)) => assert!(
                    !error.to_string().contains(char::is_control),
                    "round {round}: {error:?}"
                ),
                Err(_) => panic!(
                    "round {round} of {} panicked: {}",
                    file.display(),
                    String::from_utf8_lossy(&spoilt)
                ),
            }
        }
        fs::write(file, whole).unwrap();
    }
}
