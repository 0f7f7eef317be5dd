//! Formats, namings and precisions: there and back, against diffusers' own layout.

use std::path::{Path, PathBuf};

use danlu::weights::{Checkpoint, TensorFile};
use danlu::workbench::Task;
use danlu::workbench::task::{Container, Edit, Naming, Precision, Prune};
use serde_json::Value;

use crate::support::{Fixture, Recipe, Tensors, write_safetensors};
use crate::{close, contents, convert, entry, run, values, write_with};

/// Whole models of each family, small.
const FAMILIES: [(&str, &[(&str, &str)]); 4] = [
    ("unet_sd1", &[("text_clip_l", "ldm")]),
    ("unet_inpaint", &[("text_clip_l", "ldm")]),
    ("unet_sd2", &[("text_open_clip", "ldm")]),
    (
        "unet_sdxl",
        &[("text_clip_l", "ldm_sdxl"), ("text_open_clip", "ldm_sdxl")],
    ),
];

fn family(index: usize, folder: &Path) -> (PathBuf, PathBuf) {
    let (unet, texts) = FAMILIES[index];
    let (unet, vae) = (Fixture::open(unet), Fixture::open("vae_sd"));
    let texts: Vec<_> = texts.iter().map(|(name, key)| (Fixture::open(name), *key)).collect();
    let recipe = Recipe {
        unet: &unet,
        vae: &vae,
        text: texts.iter().map(|(fixture, key)| (fixture, *key)).collect(),
    };
    (recipe.write_single_file(folder), recipe.write_folder(folder))
}

fn networks(folder: &Path) -> Vec<PathBuf> {
    let all = [
        "unet/diffusion_pytorch_model",
        "vae/diffusion_pytorch_model",
        "text_encoder/model",
        "text_encoder_2/model",
    ];
    let files = all.map(|name| folder.join(format!("{name}.safetensors")));
    files.into_iter().filter(|file| file.is_file()).collect()
}

#[test]
fn a_checkpoint_becomes_the_folder_that_diffusers_has_and_comes_back_byte_for_byte() {
    for (index, (name, _)) in FAMILIES.iter().enumerate() {
        let at = tempfile::tempdir().unwrap();
        let (single, folder) = family(index, at.path());
        let made = at.path().join("made");
        run(&Task::Convert(convert(&single, &made))).unwrap();
        for expected in networks(&folder) {
            let found = made.join(expected.strip_prefix(&folder).unwrap());
            let (found, mut expected) = (contents(&found), contents(&expected));
            let part = |name: &str| name.to_owned();
            if *name == "unet_sd2" {
                // SD 2.x has no use for the projection and the last layer, and neither has its folder.
                let last = last_layer(&expected);
                expected.retain(|(n, ..)| {
                    !last.as_ref().is_some_and(|last| n.starts_with(last)) && n != "text_projection.weight"
                });
            }
            let names =
                |of: &[(String, String, Vec<usize>, Vec<u8>)]| of.iter().map(|(n, ..)| part(n)).collect::<Vec<_>>();
            assert_eq!(names(&found), names(&expected), "{name}");
            assert!(found == expected, "{name}: other bytes");
        }
        let back = at.path().join("back.safetensors");
        run(&Task::Convert(convert(&made, &back))).unwrap();
        let (found, expected) = (contents(&back), contents(&single));
        let differ = |name: &str| {
            let find = |of: &[(String, String, Vec<usize>, Vec<u8>)]| of.iter().find(|(n, ..)| n == name).cloned();
            find(&found) != find(&expected)
        };
        let changed: Vec<_> = expected.iter().map(|(n, ..)| n).filter(|n| differ(n)).collect();
        if *name == "unet_sd2" {
            // What the folder has not comes back as kohya makes it up.
            let invented =
                |n: &str| n.ends_with("text_projection") || n.ends_with("logit_scale") || n.contains("resblocks.");
            assert!(changed.iter().all(|n| invented(n)), "{changed:?}");
            assert!(found.iter().any(|(n, ..)| n.ends_with("text_projection")));
        } else {
            assert!(
                changed.is_empty() && found.len() == expected.len(),
                "{name}: {changed:?}"
            );
        }
        let (made, original) = (Checkpoint::open(&made).unwrap(), Checkpoint::open(&single).unwrap());
        assert_eq!(made.architecture().unet, original.architecture().unet, "{name}");
        assert_eq!(made.architecture().vae, original.architecture().vae, "{name}");
        // Of a folder the family goes by the width of the text's states, which is not the real one here.
        if *name != "unet_sd2" {
            assert_eq!(made.architecture().family(), original.architecture().family());
        }
    }
}

fn last_layer(tensors: &[(String, String, Vec<usize>, Vec<u8>)]) -> Option<String> {
    let number = |name: &str| {
        let rest = name.strip_prefix("text_model.encoder.layers.")?;
        rest.split('.').next()?.parse::<usize>().ok()
    };
    let last = tensors.iter().filter_map(|(name, ..)| number(name)).max()?;
    Some(format!("text_model.encoder.layers.{last}."))
}

#[test]
fn diffusers_own_folder_becomes_the_original_file() {
    let at = tempfile::tempdir().unwrap();
    let (single, folder) = family(3, at.path());
    let made = at.path().join("made.safetensors");
    run(&Task::Convert(convert(&folder, &made))).unwrap();
    assert!(contents(&made) == contents(&single));
}

#[test]
fn velocities_and_zero_terminal_snr_are_said_in_either_layout() {
    let (unet, vae, text) = (
        Fixture::open("unet_sd1"),
        Fixture::open("vae_one"),
        Fixture::open("text_clip_l"),
    );
    let recipe = Recipe {
        unet: &unet,
        vae: &vae,
        text: vec![(&text, "ldm")],
    };
    let at = tempfile::tempdir().unwrap();
    let single = recipe.write_single_file(at.path());
    let mut tensors = recipe.single_file_tensors();
    for mark in ["v_pred", "ztsnr"] {
        tensors.insert(mark.to_owned(), (vec![0], Vec::new()));
    }
    write_safetensors(&single, &tensors);
    let yaml = std::fs::read_to_string(single.with_extension("yaml")).unwrap();
    let mut yaml: Value = serde_json::from_str(&yaml).unwrap();
    yaml["model"]["params"]["parameterization"] = "v".into();
    std::fs::write(single.with_extension("yaml"), yaml.to_string()).unwrap();
    let (folder, back) = (at.path().join("made"), at.path().join("back.safetensors"));
    let done = run(&Task::Convert(convert(&single, &folder))).unwrap();
    assert!(done.notes.is_empty(), "{:?}", done.notes);
    run(&Task::Convert(convert(&folder, &back))).unwrap();
    let diffusion = |path: &Path| Checkpoint::open(path).unwrap().architecture().diffusion.clone();
    assert!(diffusion(&single).zero_snr);
    assert_eq!(diffusion(&folder), diffusion(&single));
    let (found, expected) = (contents(&back), contents(&single));
    let changed: Vec<_> = expected
        .iter()
        .filter(|tensor| !found.contains(tensor))
        .map(|(name, ..)| name)
        .collect();
    assert!(changed.is_empty() && found.len() == expected.len(), "{changed:?}");
}

/// A file of several types, and of shapes with none and no elements.
fn mixed(folder: &Path) -> PathBuf {
    let plain: Tensors = [
        entry("model.diffusion_model.a.weight", "a", &[6, 5]),
        entry("model.diffusion_model.b.bias", "b", &[7]),
        entry("model.diffusion_model.scalar", "c", &[]),
        entry("first_stage_model.empty", "d", &[0, 3]),
    ]
    .into();
    let path = folder.join("mixed.safetensors");
    write_with(&path, &plain, &[("format", "pt"), ("modelspec.title", "丹炉")]);
    path
}

#[test]
fn a_pickle_and_back_gives_the_same_bytes() {
    let at = tempfile::tempdir().unwrap();
    let original = mixed(at.path());
    let (pickle, back) = (at.path().join("there.ckpt"), at.path().join("back.safetensors"));
    let done = run(&Task::Convert(convert(&original, &pickle))).unwrap();
    assert_eq!(done.bytes, pickle.metadata().unwrap().len());
    assert_eq!(contents(&pickle), contents(&original));
    run(&Task::Convert(convert(&pickle, &back))).unwrap();
    assert_eq!(std::fs::read(&back).unwrap(), std::fs::read(&original).unwrap());
}

#[test]
fn torch_has_read_our_pickle() {
    // What this conversion made once; `workbench.py --read` wrote down what torch saw in it.
    let written = crate::fixtures().join("written.ckpt");
    let at = tempfile::tempdir().unwrap();
    let fresh = at.path().join("written.ckpt");
    run(&Task::Convert(convert(&mixed(at.path()), &fresh))).unwrap();
    // Members carry no time, so the archive is the same to the byte.
    assert_eq!(std::fs::read(&fresh).unwrap(), std::fs::read(&written).unwrap());
    let seen: Value = serde_json::from_slice(&std::fs::read(crate::fixtures().join("read.json")).unwrap()).unwrap();
    assert_eq!(seen["rest"]["modelspec.title"], "丹炉");
    let file = TensorFile::open(&fresh).unwrap();
    assert_eq!(seen["tensors"].as_object().unwrap().len(), file.tensors().len());
    for (name, digest) in seen["tensors"].as_object().unwrap() {
        crate::extraction::same_digest(&values(&file, name), digest, 1e-6, name);
    }
}

#[test]
fn members_of_a_pickle_begin_at_multiples_of_64() {
    let at = tempfile::tempdir().unwrap();
    let pickle = at.path().join("there.ckpt");
    run(&Task::Convert(convert(&mixed(at.path()), &pickle))).unwrap();
    let mut archive = zip::ZipArchive::new(std::fs::File::open(&pickle).unwrap()).unwrap();
    for i in 0..archive.len() {
        let member = archive.by_index(i).unwrap();
        assert_eq!(member.compression(), zip::CompressionMethod::Stored);
        assert_eq!(member.data_start().unwrap() % 64, 0, "{:?}", member.name());
    }
}

#[test]
fn other_files_keep_their_names_and_are_bare_in_a_pickle() {
    let at = tempfile::tempdir().unwrap();
    let lora: Tensors = [
        entry("lora_unet_x.lora_down.weight", "d", &[2, 4]),
        entry("lora_unet_x.lora_up.weight", "u", &[3, 2]),
    ]
    .into();
    let original = at.path().join("lora.safetensors");
    write_with(&original, &lora, &[("ss_network_dim", "2")]);
    let pickle = at.path().join("lora.pt");
    let done = run(&Task::Convert(convert(&original, &pickle))).unwrap();
    assert_eq!(done.notes.len(), 1, "the lost metadata is said: {:?}", done.notes);
    let bytes = std::fs::read(&pickle).unwrap();
    assert!(!bytes.windows(10).any(|w| w == b"state_dict"));
    assert_eq!(contents(&pickle), contents(&original));
}

#[test]
fn precision_is_changed_and_what_it_costs_is_said() {
    let at = tempfile::tempdir().unwrap();
    let mut tensors: Tensors = [entry("model.diffusion_model.a.weight", "a", &[40, 5])].into();
    tensors.insert("model.diffusion_model.big".to_owned(), (vec![3], vec![1e5, -7e4, 1.0]));
    let original = at.path().join("m.safetensors");
    write_safetensors(&original, &tensors);
    for (precision, name, part, notes) in [
        (Precision::F16, "F16", 1e-3, 1),
        (Precision::Bf16, "BF16", 5e-3, 0),
        (Precision::F8, "F8_E4M3", 5e-2, 1),
        (Precision::F32, "F32", 0.0, 0),
        (Precision::Keep, "F32", 0.0, 0),
    ] {
        let output = at.path().join(format!("{precision:?}.safetensors"));
        let mut task = convert(&original, &output);
        task.output.precision = precision;
        let done = run(&Task::Convert(task)).unwrap();
        let file = TensorFile::open(&output).unwrap();
        let dtype = file.tensors()["model.diffusion_model.a.weight"].dtype.to_string();
        assert_eq!((dtype.as_str(), done.notes.len()), (name, notes), "{:?}", done.notes);
        let found = values(&file, "model.diffusion_model.a.weight");
        close(&found, &tensors["model.diffusion_model.a.weight"].1, part, name);
    }
}

#[test]
fn training_is_pruned_and_the_average_is_taken() {
    let at = tempfile::tempdir().unwrap();
    let original = at.path().join("m.safetensors");
    let weight = "model.diffusion_model.input_blocks.0.0.weight";
    let tensors: Tensors = [
        entry(weight, "weight", &[3, 4]),
        entry("model_ema.diffusion_modelinput_blocks00weight", "average", &[3, 4]),
        entry("model_ema.decay", "x", &[]),
        entry("first_stage_model.loss.logvar", "x", &[]),
        entry("first_stage_model.quant_conv.bias", "x", &[8]),
    ]
    .into();
    write_safetensors(&original, &tensors);
    for (prune, from) in [(Prune::Training, "weight"), (Prune::TakeAverage, "average")] {
        let output = at.path().join(format!("{prune:?}.safetensors"));
        let mut task = convert(&original, &output);
        task.prune = prune;
        run(&Task::Convert(task)).unwrap();
        let file = TensorFile::open(&output).unwrap();
        let names: Vec<_> = file.tensors().keys().map(String::as_str).collect();
        assert_eq!(names, ["first_stage_model.quant_conv.bias", weight]);
        assert_eq!(values(&file, weight), crate::weights(from, &[3, 4]));
    }
}

#[test]
fn a_vae_by_itself_changes_its_names() {
    let at = tempfile::tempdir().unwrap();
    let (_, folder) = family(0, at.path());
    let diffusers = folder.join("vae/diffusion_pytorch_model.safetensors");
    let (original, back) = (at.path().join("o.safetensors"), at.path().join("b.safetensors"));
    let mut task = convert(&diffusers, &original);
    task.naming = Naming::Original;
    run(&Task::Convert(task)).unwrap();
    let file = TensorFile::open(&original).unwrap();
    assert_eq!(file.tensors()["decoder.mid.attn_1.q.weight"].shape[2..], [1, 1]);
    let mut task = convert(&original, &back);
    task.naming = Naming::Diffusers;
    run(&Task::Convert(task)).unwrap();
    assert_eq!(contents(&back), contents(&diffusers));
}

#[test]
fn an_embedding_has_its_name_in_either_container() {
    let at = tempfile::tempdir().unwrap();
    let original = at.path().join("e.safetensors");
    write_safetensors(&original, &[entry("string_to_param.*", "x", &[2, 8])].into());
    let made = at.path().join("f.safetensors");
    run(&Task::Convert(convert(&original, &made))).unwrap();
    assert_eq!(contents(&made)[0].0, "emb_params");
}

#[test]
fn metadata_is_edited_and_the_tensors_stay_as_they_lie() {
    let at = tempfile::tempdir().unwrap();
    let path = mixed(at.path());
    let before = contents(&path);
    let task = Edit {
        input: path.clone(),
        set: [
            ("modelspec.title".to_owned(), "new".to_owned()),
            ("ss_x".to_owned(), "\"丹\"".to_owned()),
        ]
        .into(),
        unset: vec!["format".to_owned()],
        rehash: false,
        output: path.clone(),
        overwrite: true,
    };
    run(&Task::Edit(task)).unwrap();
    let file = TensorFile::open(&path).unwrap();
    let metadata: Vec<_> = file.metadata().iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
    assert_eq!(metadata, [("modelspec.title", "new"), ("ss_x", "\"丹\"")]);
    assert_eq!(contents(&path), before);
    let length = u64::from_le_bytes(std::fs::read(&path).unwrap()[..8].try_into().unwrap());
    assert_eq!(length % 8, 0);
}

#[test]
fn the_container_goes_by_the_name_or_by_what_was_asked_for() {
    let at = tempfile::tempdir().unwrap();
    let original = mixed(at.path());
    let output = at.path().join("without a dot");
    let mut task = convert(&original, &output);
    task.output.container = Some(Container::Safetensors);
    run(&Task::Convert(task)).unwrap();
    assert_eq!(contents(&output), contents(&original));
}
