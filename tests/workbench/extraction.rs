//! A LoRA extracted from two checkpoints, against kohya's script on the same two.

use std::path::Path;

use danlu::weights::TensorFile;
use danlu::workbench::Task;
use danlu::workbench::task::{Extract, Target};
use serde_json::Value;

use crate::support::{Fixture, Recipe, Tensors, weights, write_safetensors};
use crate::{fixtures, run, values};

/// Asserts that numbers have the norm and the weighted sum of `workbench.py`'s `digest`.
#[track_caller]
pub(crate) fn same_digest(values: &[f32], digest: &Value, part: f64, what: &str) {
    let weight = |i: usize| (1 + i * 7919 % 1009) as f64 / 1009.0;
    let norm = values.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>().sqrt();
    let sum: f64 = values.iter().enumerate().map(|(i, &v)| f64::from(v) * weight(i)).sum();
    let (expected_norm, expected_sum) = (digest[2].as_f64().unwrap(), digest[3].as_f64().unwrap());
    let bound = part * expected_norm.max(1e-9);
    assert!(
        (norm - expected_norm).abs() <= bound,
        "{what}: norm {norm}, expected {expected_norm}"
    );
    // A sum over n numbers moves by the root of n times what each moves by.
    let bound = bound * (values.len() as f64).sqrt().max(1.0);
    assert!(
        (sum - expected_sum).abs() <= bound,
        "{what}: sum {sum}, expected {expected_sum}"
    );
}

/// The folder with each matrix of the wanted networks moved, as `workbench.py` moves them.
fn tune(folder: &Path, parts: &[&str]) {
    for (part, stem) in [("unet", "diffusion_pytorch_model"), ("text_encoder", "model")] {
        if !parts.contains(&part) {
            continue;
        }
        let path = folder.join(part).join(format!("{stem}.safetensors"));
        let file = TensorFile::open(&path).unwrap();
        let tensors: Tensors = file
            .tensors()
            .iter()
            .map(|(name, info)| {
                let mut moved = values(&file, name);
                if info.shape.len() > 1 {
                    let delta = weights(&format!("delta.{part}.{name}"), &info.shape);
                    moved.iter_mut().zip(delta).for_each(|(v, d)| *v += 0.25 * d);
                }
                (name.clone(), (info.shape.clone(), moved))
            })
            .collect();
        drop(file);
        write_safetensors(&path, &tensors);
    }
}

#[test]
fn what_one_checkpoint_has_over_another_becomes_kohyas_lora() {
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
    // One of the two as a single file, so that both layouts are looked through.
    let original = recipe.write_single_file(at.path());
    for (case, parts, rank, conv_rank, clamp) in [
        ("linear", &["unet", "text_encoder"][..], 2, None, 0.99),
        ("conv", &["unet"], 3, Some(2), 0.9),
    ] {
        let folder = at.path().join(case);
        std::fs::create_dir(&folder).unwrap();
        let tuned = recipe.write_folder(&folder);
        tune(&tuned, parts);
        let output = at.path().join(format!("{case}.safetensors"));
        let task = Extract {
            original: original.clone(),
            tuned,
            rank,
            conv_rank,
            clamp,
            least_difference: 0.01,
            output: Target::new(&output),
        };
        let done = run(&Task::Extract(task)).unwrap();
        assert_eq!(done.notes.len(), usize::from(case == "conv"), "{:?}", done.notes);
        let expected = std::fs::read(fixtures().join(format!("extract_{case}.json"))).unwrap();
        let expected: Value = serde_json::from_slice(&expected).unwrap();
        let file = TensorFile::open(&output).unwrap();
        let tensors = expected["tensors"].as_object().unwrap();
        let mut names: Vec<_> = tensors.keys().collect();
        names.sort();
        assert_eq!(file.tensors().keys().collect::<Vec<_>>(), names, "{case}");
        for (name, digest) in tensors {
            let shape: Vec<usize> = serde_json::from_value(digest[1].clone()).unwrap();
            assert_eq!(file.tensors()[name].shape, shape, "{case} {name}");
            same_digest(&values(&file, name), digest, 1e-3, &format!("{case} {name}"));
        }
        for (key, value) in expected["metadata"].as_object().unwrap() {
            assert_eq!(
                file.metadata().get(key).map(String::as_str),
                value.as_str(),
                "{case} {key}"
            );
        }
    }
}
