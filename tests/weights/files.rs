//! Files that are no safetensors, not whole, or another kind of model.

use std::fs;
use std::path::Path;

use burn::tensor::{DType, Device};
use danlu::diffusion::Model;
use danlu::weights::{Checkpoint, Error};

use super::support::shipped;
use super::tiny::{TEXT, Tensors, Tiny, UNET, VAE, safetensors, write_tensors};
use super::{load, says};

#[test]
fn whole_checkpoints_are_taken() {
    let tiny = Tiny::new();
    assert!(tiny.tensors.len() > 250);
    load(&tiny.write()).unwrap();
    load(&shipped()).unwrap();
}

#[test]
fn what_cannot_be_read() {
    let folder = tempfile::tempdir().unwrap();
    let absent = folder.path().join("absent.safetensors");
    refused!(&absent, Error::Unreadable { .. }, &["No such file"]);
    fs::write(&absent, "").unwrap();
    refused!(&absent.join("below"), Error::Unreadable { .. }, &["Not a directory"]);
}

/// Bytes in a file of weights.
fn refused_bytes(bytes: &[u8], parts: &[&str]) -> Error {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    fs::write(&path, bytes).unwrap();
    let error = refused!(&path, Error::Damaged { .. }, parts);
    says(&error, &path, &["is not a whole safetensors file"]);
    error
}

#[test]
fn headers_that_are_none() {
    refused_bytes(&[], &["0 bytes"]);
    refused_bytes(&[1; 7], &["7 bytes"]);
    for length in [3, 1 << 20, 1 << 63, u64::MAX] {
        let length_of_header = length.to_string();
        refused_bytes(&[&length.to_le_bytes()[..], b"{}"].concat(), &[&length_of_header]);
    }
    for text in [
        "[1, 2",
        "[]",
        "\"{}\"",
        "fox",
        &"[".repeat(100_000),
        &"{\"a\":".repeat(100_000),
    ] {
        refused_bytes(&safetensors(text, 0), &["JSON"]);
    }
    refused_bytes(&safetensors(b"{\"\xff\": 1}", 0), &["UTF-8"]);
}

/// Type, shape, offsets and length of the data, and what is said of it.
const LIES: &str = r"
    F16 | [4] | [-8, 0] | 8 | -8
    F16 | [4] | [0, 8.5] | 8 | 8.5
    F16 | [-4] | [0, 8] | 8 | -4
    F17 | [4] | [0, 8] | 8 | F17
    \u001b[31mF16 | [4] | [0, 8] | 8 | F16
    F16 | [4] | [8, 0] | 8 | alpha
    F16 | [4] | [8, 16] | 16 | alpha
    F16 | [5] | [0, 8] | 8 | alpha | [5]
    F16 | [4, 2] | [0, 8] | 8 | alpha | [4, 2]
    F4 | [3] | [0, 1] | 1 | alpha | [3]
    F16 | [4611686018427387904, 4] | [0, 0] | 0 | alpha | [4611686018427387904, 4]
    F64 | [4611686018427387904] | [0, 0] | 0 | alpha | [4611686018427387904]
    F16 | [4000] | [0, 8000] | 8 | 8000 of them | 87
    F16 | [4] | [0, 8] | 9 | 8 of them | 82";

#[test]
fn headers_that_lie() {
    let entry = |name: &str, dtype: &str, shape: &str, offsets: &str| {
        format!(r#""{name}": {{"dtype": "{dtype}", "shape": {shape}, "data_offsets": {offsets}}}"#)
    };
    let file = |entries: &[String], body| safetensors(format!("{{{}}}", entries.join(", ")), body);
    for line in LIES.lines().skip(1) {
        let [dtype, shape, offsets, body, parts @ ..] = &line.trim().split(" | ").collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        refused_bytes(
            &file(&[entry("alpha", dtype, shape, offsets)], body.parse().unwrap()),
            parts,
        );
    }
    let overlapping = [
        entry("alpha", "F16", "[4]", "[0, 8]"),
        entry("beta", "F16", "[4]", "[4, 12]"),
    ];
    refused_bytes(&file(&overlapping, 12), &["beta"]);
    let gap = [
        entry("alpha", "F16", "[4]", "[0, 8]"),
        entry("beta", "F16", "[4]", "[16, 24]"),
    ];
    refused_bytes(&file(&gap, 24), &["beta"]);
    let twice = [
        entry("alpha", "F16", "[4]", "[0, 8]"),
        entry("alpha", "F16", "[4]", "[0, 8]"),
    ];
    refused_bytes(&file(&twice, 8), &["two tensors of the name alpha"]);
    let later = [
        entry("alpha", "F16", "[4]", "[0, 8]"),
        entry("alpha", "F16", "[4]", "[8, 16]"),
    ];
    refused_bytes(&file(&later, 16), &["two tensors of the name alpha"]);
    refused_bytes(
        &file(&[entry("\\u001b[2Jalpha\\n", "F16", "[4]", "[8, 16]")], 16),
        &["alpha"],
    );
    // Eight tensors that end 8 bytes below 2^64, where the header's own length is still to be added.
    let to_the_brim = (0..8_u64).map(|i| {
        let [begin, end] = [i, i + 1].map(|i| i * ((1 << 61) - 1));
        entry(
            &i.to_string(),
            "U8",
            &format!("[{}]", end - begin),
            &format!("[{begin}, {end}]"),
        )
    });
    refused_bytes(&file(&to_the_brim.collect::<Vec<_>>(), 0), &[]);
}

#[test]
fn a_file_cut_short() {
    let whole = fs::read(shipped()).unwrap();
    let half = &whole[..whole.len() / 2];
    let error = refused_bytes(half, &[&half.len().to_string(), &whole.len().to_string()]);
    assert!(error.hint().unwrap().contains("download"));
}

#[test]
fn files_of_another_format() {
    let pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n";
    let folder = tempfile::tempdir().unwrap();
    let tar = [&b"sys_info"[..], &[0; 249], b"ustar\0"].concat();
    for (bytes, what, advice) in [
        (&b"<!DOCTYPE html><html>"[..], "web page", "download"),
        (b"<html lang=en><title>", "web page", "download"),
        (b"\n  <!doctype html>\n", "web page", "download"),
        (b"<HTML><HEAD><TITLE>301", "web page", "download"),
        (pointer, "Git LFS pointer", "git lfs pull"),
        (b"\x89PNG\r\n\x1a\n", "picture", ""),
        (&tar, "tar archive", ""),
        (b"GGUF\x03\x00\x00\x00\x00\x00", "GGUF", ""),
    ] {
        let path = folder.path().join("model.safetensors");
        fs::write(&path, bytes).unwrap();
        let hint = refused!(&path, Error::Unsupported { .. }, &[what]).hint().unwrap();
        assert!(hint.contains(advice), "no {advice:?} in the hint for a {what}: {hint}");
    }
}

/// What a file is, and its tensors.
const KINDS: &str = "
    a LoRA: lora_unet_mid_block_attentions_0_proj_in.lora_down.weight lora_unet_mid_block_attentions_0_proj_in.alpha
    a LoRA: unet.mid_block.attentions.0.proj_in.lora_A.weight
    a LyCORIS network: lora_te_text_model_encoder_layers_0_mlp_fc1.hada_w1_a
    a VAE: encoder.conv_in.weight decoder.conv_in.weight
    a VAE: first_stage_model.encoder.conv_in.weight first_stage_model.decoder.conv_in.weight
    an embedding: emb_params
    an embedding: clip_l clip_g
    a ControlNet: control_model.input_blocks.0.0.weight control_model.input_hint_block.0.weight
    a ControlNet: controlnet_cond_embedding.conv_in.weight down_blocks.0.resnets.0.conv1.weight
    Flux: double_blocks.0.img_attn.qkv.weight img_in.weight
    Flux: model.diffusion_model.double_blocks.0.img_attn.qkv.weight
    SD3: model.diffusion_model.joint_blocks.0.x_block.attn.qkv.weight first_stage_model.decoder.conv_in.weight
    a UNet: down_blocks.0.resnets.0.conv1.weight mid_block.resnets.0.conv1.weight conv_in.weight
    no Stable Diffusion weights: fc.weight";

#[test]
fn models_of_another_kind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.safetensors");
    for line in KINDS.lines().skip(1) {
        let (what, names) = line.trim().split_once(": ").unwrap();
        write_tensors(
            &path,
            &names.split(' ').map(|n| (n.to_owned(), ("F16", vec![4, 4]))).collect(),
        );
        let error = refused!(
            &path,
            Error::NotStableDiffusion { .. },
            &["is not a Stable Diffusion checkpoint", what]
        );
        let text = error.to_string();
        assert!(!(what == "a UNet" && text.contains("none of a UNet")), "both: {text}");
    }
    write_tensors(&path, &Tensors::new());
    refused!(&path, Error::NotStableDiffusion { .. }, &["0 tensors"]);
}

#[test]
fn checkpoints_without_a_network() {
    for (prefix, why) in [
        (VAE, "no VAE (first_stage_model.…)"),
        (TEXT, "no text encoder (cond_stage_model.…"),
        (UNET, "no UNet (model.diffusion_model.…)"),
    ] {
        let mut tiny = Tiny::new();
        tiny.tensors.retain(|name, _| !name.starts_with(prefix));
        refused!(&tiny.write(), Error::NotStableDiffusion { .. }, &[why]);
    }
    let mut tiny = Tiny::new();
    tiny.tensors.retain(|name, _| name.starts_with(UNET));
    refused!(
        &tiny.write(),
        Error::NotStableDiffusion { .. },
        &["it has a UNet, but no VAE"]
    );
}

/// A file that is to take the place of a checkpoint's VAE is called what it is.
#[test]
fn what_is_no_vae_takes_no_vaes_place() {
    let tiny = Tiny::new();
    let mut checkpoint = Checkpoint::open(&tiny.write()).unwrap();
    let other = tiny.path("other.safetensors");
    let mut replace = |tensors: &Tensors| {
        write_tensors(&other, tensors);
        checkpoint.replace_vae(&other)
    };
    let refuse = |done: Result<(), Error>, parts: &[&str]| {
        let error = done.unwrap_err();
        assert!(matches!(error, Error::NotVae { .. }), "{error:?}");
        says(&error, &other, parts);
    };
    let lora = ("lora_unet_a.lora_down.weight".to_owned(), ("F16", vec![4, 4]));
    refuse(replace(&[lora].into()), &["is not a VAE", "a LoRA"]);
    refuse(
        replace(
            &tiny
                .tensors
                .iter()
                .filter(|(n, _)| n.starts_with(UNET))
                .map(own)
                .collect(),
        ),
        &["a UNet"],
    );
    let vae: Tensors = tiny
        .tensors
        .iter()
        .filter(|(n, _)| n.starts_with(VAE))
        .map(own)
        .collect();
    let narrower =
        |(name, (dtype, shape)): (_, (_, Vec<usize>))| (name, (dtype, shape.iter().map(|n| n / 8 * 7).collect()));
    refuse(
        replace(&vae.clone().into_iter().map(narrower).collect()),
        &["7 channels"],
    );
    replace(&vae).unwrap();
}

fn own((name, tensor): (&String, &(&'static str, Vec<usize>))) -> (String, (&'static str, Vec<usize>)) {
    (name.clone(), tensor.clone())
}

/// Networks that are whole but do not fit each other are refused before they are loaded.
#[test]
fn networks_that_do_not_fit_each_other() {
    let vocabulary = format!("{TEXT}embeddings.token_embedding.weight");
    let draw = |change: &dyn Fn(&mut Tensors)| {
        let mut tiny = Tiny::new();
        tiny.tensors.get_mut(&vocabulary).unwrap().1[0] = 49408;
        change(&mut tiny.tensors);
        let path = tiny.write();
        let checkpoint = Checkpoint::open(&path).unwrap();
        (
            path,
            Model::load(&checkpoint, &Device::flex(), DType::F32, |_| {}, &|| false),
        )
    };
    draw(&|_| ()).1.unwrap();

    let refuse = |change: &dyn Fn(&mut Tensors), parts: &[&str]| {
        let (path, model) = draw(change);
        let error = model.unwrap_err();
        assert!(matches!(error, Error::NotStableDiffusion { .. }), "{error:?}");
        says(&error, &path, parts);
    };
    let reshape = |name: String, axis: usize, to: usize| move |t: &mut Tensors| t.get_mut(&name).unwrap().1[axis] = to;
    let to_k = format!("{UNET}middle_block.1.transformer_blocks.0.attn2.to_k.weight");
    refuse(&reshape(to_k, 1, 24), &["16 wide", "24"]);
    refuse(&reshape(vocabulary.clone(), 0, 49407), &["49407 tokens", "49408"]);
    let positions = format!("{TEXT}embeddings.position_embedding.weight");
    refuse(&reshape(positions, 0, 76), &["76 positions", "77"]);
    let first = || format!("{UNET}input_blocks.0.0.weight");
    refuse(&reshape(first(), 1, 6), &["takes 6", "have 4"]);
    refuse(&reshape(first(), 1, 8), &["8 channels", "InstructPix2Pix"]);
    refuse(&reshape(first(), 1, 5), &["5 channels", "depth"]);
    refuse(
        &reshape(format!("{VAE}decoder.conv_in.weight"), 1, 16),
        &["takes 4", "have 16"],
    );
    let is_deepest = |name: &str| name.contains(".down.3.") || name.contains(".up.3.");
    refuse(&|t| t.retain(|name, _| !is_deepest(name)), &["4 times smaller"]);
}

/// A folder is no file, however it is called.
#[test]
fn a_folder_named_like_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let path: &Path = &folder.path().join("model.safetensors");
    fs::create_dir(path).unwrap();
    refused!(path, Error::NotStableDiffusion { .. }, &["model_index.json"]);
}
