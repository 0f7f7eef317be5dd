//! Which of a diffusers folder's files are its weights: whole files, variants, shards, safetensors and pickles.

use std::fs;

use burn::tensor::{DType, Device};
use danlu::weights::checkpoint::{Checkpoint, Network};
use danlu::weights::scope::Loader;
use danlu::weights::{Error, Layout};
use serde_json::json;

use super::configurations::Folder;
use super::pickled::{checkpoint, old, zipped};
use super::tiny::{Tensors, safetensors, write_tensors};

/// Names of files that hold weights, in the order in which they are taken.
const ORDER: &str = "
    unet diffusion_pytorch_model.safetensors
    unet diffusion_pytorch_model.safetensors.index.json
    unet diffusion_pytorch_model.fp16.safetensors
    unet diffusion_pytorch_model.safetensors.index.fp16.json
    unet diffusion_pytorch_model.bf16.safetensors
    unet diffusion_pytorch_model.non_ema.safetensors
    unet diffusion_pytorch_model.bin
    unet diffusion_pytorch_model.bin.index.json
    unet diffusion_pytorch_model.fp16.bin
    text_encoder model.safetensors
    text_encoder model.safetensors.index.json
    text_encoder model.fp16.safetensors
    text_encoder model.safetensors.index.fp16.json
    text_encoder pytorch_model.bin
    text_encoder pytorch_model.bin.index.json
    text_encoder pytorch_model.fp16.bin";

/// Each file in turn is the one that is taken when those before it are gone, which is told by the shape of the tensor in it.
#[test]
fn the_best_file_is_taken() {
    let folder = Folder::new();
    let root = folder.path();
    for (part, network, name) in [
        ("unet", Network::Unet, "conv_in.weight"),
        ("text_encoder", Network::Text(0), "text_model.final_layer_norm.weight"),
    ] {
        let files: Vec<_> = ORDER
            .lines()
            .filter_map(|line| line.trim().strip_prefix(part))
            .map(|n| root.join(part).join(n.trim()))
            .collect();
        for (i, path) in files.iter().enumerate() {
            let tensors = Tensors::from([(name.to_owned(), ("F16", vec![i + 1, 9, 9, 9]))]);
            let (pickle, storages) = checkpoint(&tensors);
            let name_of_file = path.file_name().unwrap().to_str().unwrap();
            let ending: Vec<_> = name_of_file.rsplit('.').take(2).collect();
            if ending[0] == "json" {
                let shard = root.join(part).join(format!("shard-{i}"));
                write_tensors(&shard, &tensors);
                let map = json!({"metadata": {}, "weight_map": {name: format!("shard-{i}")}});
                fs::write(path, map.to_string()).unwrap();
            } else if ending == ["bin", "fp16"] {
                fs::write(path, old(&pickle, &storages, 2)).unwrap();
            } else if ending[0] == "bin" {
                fs::write(path, zipped(&pickle, &storages)).unwrap();
            } else {
                write_tensors(path, &tensors);
            }
        }
        for (i, path) in files.iter().enumerate() {
            let opened = Checkpoint::open(&root).unwrap();
            assert_eq!(opened.layout(), Layout::Diffusers);
            let device = Device::flex();
            let module = name.strip_suffix(".weight").unwrap();
            let loader = Loader::new(&opened, network, &device, DType::F32);
            let error = loader.root().at(module).tensor::<1>("weight", [1]).unwrap_err();
            let taken = matches!(&error, Error::Misshapen { found, .. } if found[0] == i + 1);
            assert!(taken, "not {}: {error}", path.display());
            fs::remove_file(path).unwrap();
        }
        fs::write(&files[0], safetensors("{}", 0)).unwrap();
    }
}

/// A pickle in a folder is as strange to danlu as one by itself.
#[test]
fn a_hostile_pickle_in_a_folder_is_refused_by_what_it_wants() {
    let folder = Folder::new();
    let unet = folder.path().join("unet");
    fs::remove_file(unet.join("diffusion_pytorch_model.safetensors")).unwrap();
    let bin = unet.join("diffusion_pytorch_model.bin");
    fs::write(&bin, b"\x80\x02cposix\nsystem\n.").unwrap();
    refused!(&folder.path(), Error::Pickle { .. }, &bin, &["posix.system"]);
}
