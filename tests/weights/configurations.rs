//! The yaml beside a file, and the json in a folder of diffusers' layout.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use danlu::weights::{Checkpoint, Error, Layout};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::support::Fixture;
use super::tiny::{Tiny, safetensors, yaml};

/// A key below `model.params`, its value, and what is said of it.
const CONTRADICTIONS: &str = r#"
    unet_config/params/channel_mult = [1, 4] => channel_mult | [8, 32] | [8, 16]
    unet_config/params/channel_mult = [1, 2, 2] => channel_mult | [8, 16, 16]
    unet_config/params/channel_mult = [] => channel_mult | []
    unet_config/params/channel_mult = [1e300, -2] => channel_mult
    unet_config/params/model_channels = 16 => model_channels | [16, 32]
    unet_config/params/num_heads = 3 => 3 attention heads | 16 channels | UNet
    unet_config/params/num_head_channels = 5 => attention heads | 16 channels
    unet_config/params/num_head_channels = 1000000 => 0 attention heads
    unet_config/params/num_groups = 3 => 3 norm groups | 8 channels | UNet
    unet_config/params/num_groups = 0 => 0 norm groups
    first_stage_config/params/ddconfig/num_groups = 7 => 7 norm groups | 8 channels | VAE
    first_stage_config/params/ddconfig/attn_resolutions = [16] => attn_resolutions | [16]
    cond_stage_config/params/heads = 5 => 5 attention heads | width 16
    cond_stage_config/params/heads = 0 => 0 attention heads
    parameterization = "x0" => parameterization | "x0" | "eps" | "v"
    linear_start = 0.02 => 0.02 | 0.012
    linear_start = 0 => betas from 0 to
    linear_end = 1.5 => 1.5
    timesteps = 1 => 1 timesteps
    timesteps = 1000000000000 => 1000000000000
    scale_factor = 0 => scale factor is 0
    scale_factor = -1 => scale factor is -1
    image_size = 18446744073709551615 => pixels
    image_size = 0 => pixels"#;

#[test]
fn yamls_that_contradict_the_tensors_or_themselves() {
    for line in CONTRADICTIONS.lines().skip(1) {
        let (pointer, rest) = line.trim().split_once(" = ").unwrap();
        let (value, parts) = rest.split_once(" => ").unwrap();
        let mut document = yaml();
        let (parent, key) = pointer.rsplit_once('/').unwrap_or(("", pointer));
        let parent = format!("/model/params/{parent}");
        let parent = document.pointer_mut(parent.trim_end_matches('/')).unwrap();
        parent[key] = serde_json::from_str(value).unwrap();
        let mut tiny = Tiny::new();
        tiny.yaml = document.to_string();
        let parts: Vec<_> = parts.split(" | ").collect();
        refused!(&tiny.write(), Error::Config { .. }, &tiny.path("model.yaml"), &parts);
    }
}

#[test]
fn yamls_that_are_none() {
    // Each line stands for ten times what the one before it does.
    let mut laughs = "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for i in 1..12 {
        let before = vec![format!("*a{}", i - 1); 10].join(", ");
        writeln!(laughs, "a{i}: &a{i} [{before}]").unwrap();
    }
    let bomb = |into: &str| format!("{laughs}model: {{params: {{{into}}}}}\n");
    for text in [
        "a: [".to_owned(),
        "\t- :\n  :".to_owned(),
        "<!DOCTYPE html>\n<html><body>404</body></html>".to_owned(),
        String::new(),
        "42".to_owned(),
        "model: 42".to_owned(),
        "model: {params: {linear_start: fox}}".to_owned(),
        "model: {params: {linear_start: \"\\e[31m\"}}".to_owned(),
        "model: {params: {unet_config: {params: {model_channels: 8, channel_mult: fox}}}}".to_owned(),
        "[".repeat(100_000),
        "model: ".repeat(10_000),
        "- ".repeat(100_000),
        bomb("linear_start: *a11"),
        bomb("unet_config: {params: {model_channels: 8, channel_mult: *a11}}"),
        bomb("denoiser_config: {params: *a11}"),
        "model: &a {params: {denoiser_config: {params: *a}}}".to_owned(),
    ] {
        let mut tiny = Tiny::new();
        tiny.yaml = text;
        let path = tiny.write();
        let begun = Instant::now();
        refused!(&path, Error::Config { .. }, &tiny.path("model.yaml"), &[]);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?} for {:.60}", tiny.yaml);
    }
    let tiny = Tiny::new();
    let path = tiny.write();
    fs::write(tiny.path("model.yaml"), b"model: \xff\xfe").unwrap();
    refused!(&path, Error::Config { .. }, &tiny.path("model.yaml"), &["UTF-8"]);
}

/// A folder whose configurations are whole and whose weights hold no tensor.
pub(super) struct Folder(TempDir);

const WEIGHTS: &str = "unet/diffusion_pytorch_model.safetensors";

impl Folder {
    pub(super) fn new() -> Self {
        let folder = Self(tempfile::tempdir().unwrap());
        folder.write("model_index.json", r#"{"_class_name": "StableDiffusionPipeline"}"#);
        for (part, fixture, stem) in [
            ("unet", "unet_sd1", "diffusion_pytorch_model"),
            ("vae", "vae_one", "diffusion_pytorch_model"),
            ("text_encoder", "text_clip_l", "model"),
        ] {
            let config = Value::from(Fixture::open(fixture).json("config"));
            folder.write(&format!("{part}/config.json"), config.to_string());
            folder.write(&format!("{part}/{stem}.safetensors"), safetensors("{}", 0));
        }
        folder
    }

    pub(super) fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    fn remove(&self, name: &str) {
        fs::remove_file(self.path().join(name)).unwrap();
    }
}

#[test]
fn folders_that_are_no_checkpoint() {
    let folder = Folder::new();
    assert_eq!(Checkpoint::open(&folder.path()).unwrap().layout(), Layout::Diffusers);
    for pipeline in [
        "FluxPipeline",
        "StableDiffusion3Pipeline",
        "StableCascadeDecoderPipeline",
        "\\u001b[2JPipeline",
    ] {
        folder.write("model_index.json", format!(r#"{{"_class_name": "{pipeline}"}}"#));
        let pipeline = pipeline.trim_start_matches("\\u001b[2J");
        refused!(&folder.path(), Error::NotStableDiffusion { .. }, &[pipeline]);
    }
    for text in ["{", "[]", "", "\u{1b}"] {
        let index = folder.write("model_index.json", text);
        refused!(&folder.path(), Error::Config { .. }, &index, &[]);
    }
    folder.remove("model_index.json");
    refused!(&folder.path(), Error::NotStableDiffusion { .. }, &["model_index.json"]);
}

#[test]
fn folders_without_weights_that_can_be_read() {
    let folder = Folder::new();
    let text = folder.path().join("text_encoder/model.safetensors");
    let missing = ["token_embedding.weight", "[1000, 32]"];
    refused!(&folder.path(), Error::Missing { .. }, &text, &missing);

    for part in [
        WEIGHTS,
        "vae/diffusion_pytorch_model.safetensors",
        "text_encoder/model.safetensors",
    ] {
        let folder = Folder::new();
        folder.remove(part);
        refused!(&folder.path(), Error::NotStableDiffusion { .. }, &[part]);
    }
    let pointer = folder.write(WEIGHTS, "version https://git-lfs.github.com/spec/v1\n");
    refused!(
        &folder.path(),
        Error::Unsupported { .. },
        &pointer,
        &["Git LFS pointer"]
    );
}

#[test]
fn shards_stay_in_their_folder() {
    let folder = Folder::new();
    folder.remove(WEIGHTS);
    let index = folder.path().join(format!("{WEIGHTS}.index.json"));
    for name in [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "",
        "..\\x.safetensors",
        "a/b.safetensors",
    ] {
        fs::write(&index, json!({"weight_map": {"conv_in.weight": name}}).to_string()).unwrap();
        refused!(&folder.path(), Error::Config { .. }, &index, &[&format!("{name:?}")]);
    }
    for text in ["{}", "{\"weight_map\": 1}", "[]", "{"] {
        fs::write(&index, text).unwrap();
        refused!(&folder.path(), Error::Config { .. }, &index, &[]);
    }
    let map = json!({"a": "1.safetensors", "b": "2.safetensors"});
    fs::write(&index, json!({"weight_map": map}).to_string()).unwrap();
    folder.write("unet/1.safetensors", safetensors("{}", 0));
    let second = folder.path().join("unet/2.safetensors");
    refused!(&folder.path(), Error::Unreadable { .. }, &second, &["No such file"]);
    fs::write(second, safetensors("{}", 0)).unwrap();
    Checkpoint::open(&folder.path()).unwrap();
}

/// A part and a key of its `config.json`, the value, and what is said of it.
const CONFIGS: &str = r#"
    unet/block_out_channels = [32, 64] => 2 levels | 4
    unet/block_out_channels = [] => 0 levels
    unet/block_out_channels = [-32, 64, 96, 96] => -32
    unet/block_out_channels = [33, 64, 96, 96] => 33 channels of the UNet
    unet/block_out_channels = [4611686018427387904, 64, 96, 96] => 4611686018427387904 channels of the UNet
    unet/down_block_types = ["KDownBlock2D", "a", "b", "c"] => "KDownBlock2D"
    unet/attention_head_dim = [8, 8] => attention_head_dim | 2 entries | 4 levels
    unet/attention_head_dim = 7 => 7 attention heads | 32 channels
    unet/attention_head_dim = "fox" => attention_head_dim
    unet/layers_per_block = [1, 2, 2, 2] => layers_per_block | [1, 2, 2, 2]
    unet/layers_per_block = 1152921504606846976 => 1152921504606846976 resnets
    unet/transformer_layers_per_block = 1152921504606846976 => 1152921504606846976
    unet/class_embed_type = "timestep" => class_embed_type | timestep
    unet/addition_embed_type = "image" => addition_embed_type | image
    unet/norm_num_groups = 0 => 0 norm groups
    unet/cross_attention_dim = 0 => context 0
    unet/sample_size = 18446744073709551615 => pixels
    vae/block_out_channels = [] => VAE has 0 levels
    vae/norm_num_groups = 5 => 5 norm groups | 16 channels of the VAE
    vae/scaling_factor = 0 => scale factor is 0
    vae/latent_channels = 9223372036854775808 => 9223372036854775808
    text_encoder/hidden_act = "relu" => hidden_act | "relu"
    text_encoder/num_attention_heads = 5 => 5 attention heads | text encoder | width 32
    text_encoder/num_hidden_layers = 1152921504606846976 => 1152921504606846976 layers
    text_encoder/vocab_size = 1152921504606846976 => 1152921504606846976 tokens
    text_encoder/hidden_size = null => null
    scheduler/beta_schedule = "squaredcos_cap_v2" => beta_schedule | squaredcos_cap_v2
    scheduler/prediction_type = "sample" => prediction_type | sample
    scheduler/beta_start = 0.5 => 0.5 | 0.012
    scheduler/num_train_timesteps = 0 => 0 timesteps"#;

#[test]
fn configurations_of_folders() {
    for line in CONFIGS.lines().skip(1) {
        let folder = Folder::new();
        let scheduler =
            json!({"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "linear", "num_train_timesteps": 1000});
        folder.write("scheduler/scheduler_config.json", scheduler.to_string());
        let (place, rest) = line.trim().split_once(" = ").unwrap();
        let (value, parts) = rest.split_once(" => ").unwrap();
        let (part, key) = place.split_once('/').unwrap();
        let name = if part == "scheduler" {
            "scheduler_config.json"
        } else {
            "config.json"
        };
        let config = folder.path().join(part).join(name);
        let mut document: Value = serde_json::from_slice(&fs::read(&config).unwrap()).unwrap();
        document[key] = serde_json::from_str(value).unwrap();
        fs::write(&config, document.to_string()).unwrap();
        let parts: Vec<_> = parts.split(" | ").collect();
        let text = refused!(&folder.path(), Error::Config { .. }, &config, &parts).to_string();
        let internal = ["Some(", "None", "untagged", "struct"];
        assert!(!internal.iter().any(|word| text.contains(word)), "{line}: {text}");
    }
    for part in ["unet", "vae", "text_encoder"] {
        let folder = Folder::new();
        let config = folder.write(
            &format!("{part}/config.json"),
            "{\"in_channels\": 4,\n \"out_channels\"",
        );
        refused!(&folder.path(), Error::Config { .. }, &config, &["line 2"]);
        fs::write(&config, b"{\"\xff\": 1}").unwrap();
        refused!(&folder.path(), Error::Config { .. }, &config, &["UTF-8"]);
        fs::remove_file(&config).unwrap();
        refused!(&folder.path(), Error::Unreadable { .. }, &config, &["No such file"]);
    }
}
