//! Networks: resized and combined as kohya's scripts do it.

use std::path::{Path, PathBuf};

use danlu::weights::TensorFile;
use danlu::workbench::task::{Combine, Edit, Joining, Precision, Resize, Rule, Share, Target};
use danlu::workbench::{Done, Task};
use serde_json::Value;

use crate::support::{Tensors, weights, write_safetensors};
use crate::{close, fixtures, run, values, write_with};

/// `MODULES` of `workbench.py`.
const MODULES: [(&str, usize, usize, Option<usize>); 4] = [
    ("lora_te_text_model_encoder_layers_0_mlp_fc1", 24, 12, None),
    ("lora_unet_down_blocks_0_attentions_0_proj_in", 16, 16, Some(1)),
    (
        "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q",
        16,
        16,
        None,
    ),
    ("lora_unet_mid_block_resnets_0_conv1", 16, 12, Some(3)),
];

fn lora(salt: &str, rank: usize, alpha: f32, conv_rank: Option<usize>) -> Tensors {
    let mut tensors = Tensors::new();
    for (name, out, into, kernel) in MODULES {
        let rank = conv_rank.filter(|_| kernel == Some(3)).unwrap_or(rank);
        let (mut down, mut up) = (vec![rank, into], vec![out, rank]);
        if let Some(kernel) = kernel {
            down.extend([kernel, kernel]);
            up.extend([1, 1]);
        }
        for (factor, shape) in [("down", down), ("up", up)] {
            let values = weights(&format!("{salt}.{name}.{factor}"), &shape);
            tensors.insert(format!("{name}.lora_{factor}.weight"), (shape, values));
        }
        tensors.insert(format!("{name}.alpha"), (Vec::new(), vec![alpha]));
    }
    tensors
}

fn one(folder: &Path) -> PathBuf {
    let path = folder.join("one.safetensors");
    let metadata = [
        ("ss_base_model_version", "sd_v1"),
        ("ss_v2", "False"),
        ("ss_network_dim", "6"),
        ("ss_training_comment", "mine"),
    ];
    write_with(&path, &lora("one", 6, 3.0, Some(4)), &metadata);
    path
}

fn wide(folder: &Path) -> PathBuf {
    let path = folder.join("wide.safetensors");
    write_safetensors(&path, &lora("wide", 8, 4.0, None));
    path
}

/// Asserts that a file holds the fixture's tensors; its metadata too, but for what goes by the last bit or by the script's version.
#[track_caller]
fn equals(found: &Path, fixture: &str) {
    let (found, expected) = (
        TensorFile::open(found).unwrap(),
        TensorFile::open(&fixtures().join(fixture)).unwrap(),
    );
    let names = |file: &TensorFile| file.tensors().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&expected), "{fixture}");
    for name in expected.tensors().keys() {
        let shapes = [&found, &expected].map(|file| file.tensors()[name].shape.clone());
        assert_eq!(shapes[0], shapes[1], "{fixture} {name}");
        if name.ends_with("alpha") && expected.tensors()[name].dtype.to_string() == "I64" {
            continue;
        }
        close(
            &values(&found, name),
            &values(&expected, name),
            1e-3,
            &format!("{fixture} {name}"),
        );
    }
    for (key, value) in expected.metadata().iter().filter(|(key, _)| !key.starts_with("sshs_")) {
        assert_eq!(found.metadata().get(key), Some(value), "{fixture} {key}");
    }
    assert_eq!(found.metadata()["sshs_model_hash"].len(), 64);
    assert_eq!(found.metadata()["sshs_legacy_hash"].len(), 8);
}

fn resize(folder: &Path, rank: usize, conv_rank: Option<usize>, rule: Rule, precision: Precision) -> (PathBuf, Done) {
    let output = folder.join("resized.safetensors");
    let task = Resize {
        input: one(folder),
        rank,
        conv_rank,
        rule,
        output: Target {
            precision,
            ..Target::new(&output)
        },
    };
    let done = run(&Task::Resize(task)).unwrap();
    (output, done)
}

#[test]
fn a_lora_is_resized_by_every_rule_as_kohya_does() {
    for (case, rank, conv_rank, rule, precision) in [
        ("fixed", 2, Some(3), Rule::Fixed, Precision::Keep),
        ("ratio", 5, None, Rule::SvRatio(1.6), Precision::Keep),
        ("fro", 5, None, Rule::SvFro(0.8), Precision::Keep),
        ("cumulative", 5, None, Rule::SvCumulative(0.6), Precision::Keep),
        ("half", 3, None, Rule::Fixed, Precision::F16),
    ] {
        let at = tempfile::tempdir().unwrap();
        let (made, done) = resize(at.path(), rank, conv_rank, rule, precision);
        equals(&made, &format!("resize_{case}.safetensors"));
        assert_eq!(done.resized.len(), MODULES.len());
        for module in done.resized {
            assert!((0.0..=1.0 + 1e-9).contains(&module.sum_retained), "{module:?}");
            assert!(module.fro_retained >= module.sum_retained - 1e-9, "{module:?}");
            assert!(module.max_ratio.is_some_and(|ratio| ratio >= 1.0), "{module:?}");
        }
    }
}

#[test]
fn a_greater_rank_than_the_old_one_keeps_the_product() {
    let at = tempfile::tempdir().unwrap();
    let (made, done) = resize(at.path(), 100, None, Rule::Fixed, Precision::Keep);
    let name = MODULES[0].0;
    assert!(
        done.resized.iter().any(|m| m.module == name && m.rank == 12),
        "no more than the weight's own rank"
    );
    let product = |path: &Path| {
        let file = TensorFile::open(path).unwrap();
        let (up, down) = (
            values(&file, &format!("{name}.lora_up.weight")),
            values(&file, &format!("{name}.lora_down.weight")),
        );
        let rank = up.len() / 24;
        let scale = values(&file, &format!("{name}.alpha"))[0] / rank as f32;
        let cell = |i: usize, j: usize| (0..rank).map(|k| up[i * rank + k] * down[k * 12 + j]).sum::<f32>() * scale;
        (0..24 * 12).map(|at| cell(at / 12, at % 12)).collect::<Vec<_>>()
    };
    close(
        &product(&made),
        &product(&at.path().join("one.safetensors")),
        1e-5,
        name,
    );
}

fn combine(folder: &Path, others: &[(PathBuf, f64)], joining: Joining) -> PathBuf {
    let output = folder.join("combined.safetensors");
    let networks = others.iter().map(|(path, ratio)| Share {
        path: path.clone(),
        ratio: *ratio,
    });
    let task = Combine {
        networks: networks.collect(),
        joining,
        output: Target::new(&output),
    };
    run(&Task::Combine(task)).unwrap();
    output
}

#[test]
fn loras_are_added_put_side_by_side_and_factored_anew_as_kohya_does() {
    let at = tempfile::tempdir().unwrap();
    let two = at.path().join("two.safetensors");
    write_with(
        &two,
        &lora("two", 6, 6.0, Some(4)),
        &[("ss_base_model_version", "sd_v1")],
    );
    let made = combine(at.path(), &[(one(at.path()), 0.7), (two, -0.4)], Joining::Sum);
    equals(&made, "merge_sum.safetensors");

    let at = tempfile::tempdir().unwrap();
    let pair = [(one(at.path()), 0.7), (wide(at.path()), 0.5)];
    let made = combine(at.path(), &pair, Joining::Concat);
    equals(&made, "merge_concat.safetensors");
    std::fs::remove_file(&made).unwrap();
    let joining = Joining::Svd {
        rank: 5,
        conv_rank: Some(7),
    };
    let made = combine(at.path(), &pair, joining);
    equals(&made, "merge_svd.safetensors");
    let file = TensorFile::open(&made).unwrap();
    assert_eq!(file.metadata()["modelspec.merged_from"], "one, wide");
    assert_eq!(file.metadata()["modelspec.architecture"], "stable-diffusion-v1/lora");
}

#[test]
fn the_hashes_are_kohyas() {
    let at = tempfile::tempdir().unwrap();
    let expected: Value = serde_json::from_slice(&std::fs::read(fixtures().join("hashes.json")).unwrap()).unwrap();
    let long = at.path().join("long.safetensors");
    let tensors = [("a", vec![600, 600]), ("b", vec![10])];
    let tensors = tensors.map(|(name, shape)| {
        let values = weights(&format!("long.{name}"), &shape);
        (name.to_owned(), (shape, values))
    });
    write_with(&long, &tensors.into(), &[("ss_x", "1"), ("other", "2")]);
    for (name, path) in [("one", one(at.path())), ("wide", wide(at.path())), ("long", long)] {
        let output = at.path().join(format!("{name} again.safetensors"));
        let task = Edit {
            input: path,
            set: std::collections::BTreeMap::new(),
            unset: Vec::new(),
            rehash: true,
            output: output.clone(),
            overwrite: false,
        };
        run(&Task::Edit(task)).unwrap();
        let file = TensorFile::open(&output).unwrap();
        assert_eq!(
            file.metadata()["sshs_model_hash"],
            expected[name][0].as_str().unwrap(),
            "{name}"
        );
        assert_eq!(
            file.metadata()["sshs_legacy_hash"],
            expected[name][1].as_str().unwrap(),
            "{name}"
        );
    }
}

#[test]
fn a_convolution_in_three_factors_is_resized_to_two() {
    let at = tempfile::tempdir().unwrap();
    let input = at.path().join("cp.safetensors");
    let (down, mid, up) = (
        weights("d", &[3, 5]),
        weights("m", &[3, 3, 2, 2]),
        weights("u", &[4, 3]),
    );
    let name = "lora_unet_x";
    let mut tensors = Tensors::new();
    tensors.insert(format!("{name}.lora_down.weight"), (vec![3, 5, 1, 1], down.clone()));
    tensors.insert(format!("{name}.lora_mid.weight"), (vec![3, 3, 2, 2], mid.clone()));
    tensors.insert(format!("{name}.lora_up.weight"), (vec![4, 3, 1, 1], up.clone()));
    write_safetensors(&input, &tensors);
    let output = at.path().join("out.safetensors");
    let task = Resize {
        input,
        rank: 3,
        conv_rank: None,
        rule: Rule::Fixed,
        output: Target::new(&output),
    };
    run(&Task::Resize(task)).unwrap();
    let file = TensorFile::open(&output).unwrap();
    let (new_up, new_down) = (
        values(&file, &format!("{name}.lora_up.weight")),
        values(&file, &format!("{name}.lora_down.weight")),
    );
    let (mut expected, mut found) = (vec![0.0; 4 * 5 * 4], vec![0.0; 4 * 5 * 4]);
    for o in 0..4 {
        for at in 0..5 * 4 {
            let (i, k) = (at / 4, at % 4);
            for p in 0..3 {
                found[o * 20 + at] += new_up[o * 3 + p] * new_down[p * 20 + at];
                for q in 0..3 {
                    expected[o * 20 + at] += up[o * 3 + p] * mid[(p * 3 + q) * 4 + k] * down[q * 5 + i];
                }
            }
        }
    }
    close(&found, &expected, 1e-5, "the product");
    assert!(!file.tensors().contains_key(&format!("{name}.lora_mid.weight")));
}
