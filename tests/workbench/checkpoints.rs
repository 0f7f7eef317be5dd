//! Checkpoints merged as A1111's merger does it.

use std::path::{Path, PathBuf};

use danlu::weights::{TensorFile, hash};
use danlu::workbench::Task;
use danlu::workbench::task::{ConfigSource, Merge, Method, Precision, Target};
use serde_json::Value;

use crate::support::{Tensors, weights, write_safetensors};
use crate::{convert, entry, fixtures, run, values, write_with};

const FIRST: &str = "model.diffusion_model.input_blocks.0.0.weight";

/// A merge of A and B by 0.3, with nothing else asked for.
pub(crate) fn merge(a: &Path, b: &Path, output: &Path) -> Merge {
    Merge {
        a: a.to_owned(),
        b: Some(b.to_owned()),
        c: None,
        method: Method::WeightedSum,
        multiplier: 0.3,
        blocks: Vec::new(),
        vae: None,
        discard: String::new(),
        config: ConfigSource::Any,
        copy_metadata: true,
        record: false,
        metadata: std::collections::BTreeMap::new(),
        output: Target::new(output),
    }
}

/// A file of one tensor in that type.
fn file_of(folder: &Path, name: &str, from: &str, precision: Precision) -> PathBuf {
    let (plain, path) = (
        folder.join("plain.safetensors"),
        folder.join(format!("{name}.safetensors")),
    );
    write_safetensors(&plain, &[entry(FIRST, from, &[4, 4, 3, 3])].into());
    let mut task = convert(&plain, &path);
    task.output.precision = precision;
    run(&Task::Convert(task)).unwrap();
    std::fs::remove_file(plain).unwrap();
    path
}

#[test]
fn sums_and_differences_are_torchs_bit_for_bit_in_every_type() {
    use Precision::{Bf16, F16, F32};
    let expected = TensorFile::open(&fixtures().join("checkpoints.safetensors")).unwrap();
    for (case, types) in [
        ("f32", [F32, F32, F32]),
        ("f16", [F16, F16, F16]),
        ("bf16", [Bf16, Bf16, Bf16]),
        ("mixed", [F16, F32, Bf16]),
    ] {
        let at = tempfile::tempdir().unwrap();
        let names = ["a", "b", "c"];
        let [a, b, c] =
            std::array::from_fn(|i| file_of(at.path(), names[i], &format!("{}.{case}", names[i]), types[i]));
        let sum = merge(&a, &b, &at.path().join("sum.safetensors"));
        let difference = Merge {
            c: Some(c),
            method: Method::AddDifference,
            multiplier: 0.7,
            ..merge(&a, &b, &at.path().join("difference.safetensors"))
        };
        for (task, name) in [(sum, "sum"), (difference, "difference")] {
            let output = task.output.path.clone();
            run(&Task::Merge(task)).unwrap();
            let found = TensorFile::open(&output).unwrap();
            let (found, expected) = (
                found.view(FIRST).unwrap(),
                expected.view(&format!("{name}.{case}")).unwrap(),
            );
            assert_eq!(
                (found.dtype, found.shape),
                (expected.dtype, expected.shape),
                "{name} {case}"
            );
            if case == "f32" || case == "mixed" {
                // torch may fuse a product and a sum in f32.
                crate::close(&found.to_f32().unwrap(), &expected.to_f32().unwrap(), 1e-6, name);
            } else {
                assert!(found.bytes == expected.bytes, "{name} {case}");
            }
        }
    }
}

#[test]
fn an_inpainting_model_is_merged_in_the_channels_that_both_have() {
    let expected = TensorFile::open(&fixtures().join("checkpoints.safetensors")).unwrap();
    let at = tempfile::tempdir().unwrap();
    let (a, b) = (at.path().join("a.safetensors"), at.path().join("b.safetensors"));
    write_safetensors(&a, &[entry(FIRST, "a.inpaint", &[4, 9, 3, 3])].into());
    write_safetensors(&b, &[entry(FIRST, "b.inpaint", &[4, 4, 3, 3])].into());
    let output = at.path().join("o.safetensors");
    let mut task = merge(&a, &b, &output);
    task.output.precision = Precision::F16;
    task.record = true;
    run(&Task::Merge(task)).unwrap();
    let file = TensorFile::open(&output).unwrap();
    assert!(file.view(FIRST).unwrap().bytes == expected.view("sum.inpaint.half").unwrap().bytes);
    let recipe: Value = serde_json::from_str(&file.metadata()["sd_merge_recipe"]).unwrap();
    assert_eq!(
        (&recipe["is_inpainting"], &recipe["save_as_half"]),
        (&Value::Bool(true), &Value::Bool(true))
    );
    // The other way round it is refused.
    let error = run(&Task::Merge(merge(&b, &a, &at.path().join("p.safetensors")))).unwrap_err();
    assert!(error.to_string().contains("must be the first"), "{error}");
}

/// A and B with a tensor of each kind of name.
fn pair(folder: &Path) -> (PathBuf, PathBuf) {
    let positions = "cond_stage_model.transformer.text_model.embeddings.position_ids";
    let names = [
        FIRST,
        "model.diffusion_model.input_blocks.4.0.in_layers.0.weight",
        "model.diffusion_model.middle_block.0.in_layers.0.weight",
        "model.diffusion_model.output_blocks.11.0.in_layers.0.weight",
        "model.diffusion_model.out.2.bias",
        "first_stage_model.decoder.conv_in.bias",
        positions,
        "betas",
    ];
    let all = |model: &str| -> Tensors {
        let each = names
            .iter()
            .map(|name| entry(name, &format!("{model}.{name}"), &[4, 4]));
        each.collect()
    };
    let (mut a, mut b) = (all("a"), all("b"));
    a.extend([entry("model.diffusion_model.only_a", "only.a", &[2])]);
    b.extend([entry("model.diffusion_model.only_b", "only.b", &[2])]);
    let paths = (folder.join("a.safetensors"), folder.join("b.safetensors"));
    write_with(&paths.0, &a, &[("modelspec.title", "A"), ("of_a", "1")]);
    write_with(&paths.1, &b, &[("modelspec.title", "B")]);
    paths
}

#[test]
fn what_only_one_has_and_what_is_no_weight_is_as_in_a() {
    let at = tempfile::tempdir().unwrap();
    let (a, b) = pair(at.path());
    let output = at.path().join("o.safetensors");
    run(&Task::Merge(merge(&a, &b, &output))).unwrap();
    let (of_a, found) = (TensorFile::open(&a).unwrap(), TensorFile::open(&output).unwrap());
    let names = |file: &TensorFile| file.tensors().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(&of_a));
    for name in names(&of_a) {
        let same = found.view(&name).unwrap().bytes == of_a.view(&name).unwrap().bytes;
        let stays = name.contains("only_a") || name.contains("position_ids") || name == "betas";
        assert_eq!(same, stays, "{name}");
    }
    assert_eq!(found.metadata()["modelspec.title"], "B", "later ones over earlier ones");
    assert_eq!(
        (found.metadata()["of_a"].as_str(), found.metadata()["format"].as_str()),
        ("1", "pt")
    );
}

#[test]
fn each_block_has_its_weight() {
    let at = tempfile::tempdir().unwrap();
    let (a, b) = pair(at.path());
    let output = at.path().join("o.safetensors");
    let mut task = merge(&a, &b, &output);
    // BASE 0.5, IN00 1, IN04 0, M00 0.25, OUT11 0.75, all else 0.
    task.blocks = vec![0.0; 26];
    for (at, weight) in [(0, 0.5), (1, 1.0), (13, 0.25), (25, 0.75)] {
        task.blocks[at] = weight;
    }
    run(&Task::Merge(task)).unwrap();
    let file = TensorFile::open(&output).unwrap();
    for (name, weight) in [
        (FIRST, 1.0),
        ("model.diffusion_model.input_blocks.4.0.in_layers.0.weight", 0.0),
        ("model.diffusion_model.middle_block.0.in_layers.0.weight", 0.25),
        ("model.diffusion_model.output_blocks.11.0.in_layers.0.weight", 0.75),
        ("model.diffusion_model.out.2.bias", 0.75),
        ("first_stage_model.decoder.conv_in.bias", 0.5),
    ] {
        let of = |model: &str| weights(&format!("{model}.{name}"), &[4, 4]);
        let expected: Vec<f32> = of("a")
            .iter()
            .zip(of("b"))
            .map(|(a, b)| a * (1.0 - weight) + b * weight)
            .collect();
        crate::close(&values(&file, name), &expected, 1e-6, name);
    }
}

#[test]
fn a_vae_is_baked_in_and_tensors_are_discarded() {
    let at = tempfile::tempdir().unwrap();
    let (a, _) = pair(at.path());
    let vae = at.path().join("v.safetensors");
    let mut tensors: Tensors = [
        entry("decoder.conv_in.bias", "new", &[4, 4]),
        entry("decoder.conv_in.weight", "x", &[4, 4, 3, 3]),
        entry("decoder.conv_out.weight", "x", &[3, 4, 3, 3]),
        entry("decoder.up.0.block.0.conv1.weight", "x", &[4, 4, 3, 3]),
        entry("encoder.conv_in.weight", "x", &[4, 3, 3, 3]),
    ]
    .into();
    write_safetensors(&vae, &tensors);
    let output = at.path().join("o.safetensors");
    let task = Merge {
        b: None,
        method: Method::Nothing,
        vae: Some(vae.clone()),
        discard: "^betas$|only_".to_owned(),
        ..merge(&a, &a, &output)
    };
    run(&Task::Merge(task.clone())).unwrap();
    let file = TensorFile::open(&output).unwrap();
    assert_eq!(
        values(&file, "first_stage_model.decoder.conv_in.bias"),
        weights("new", &[4, 4])
    );
    assert_eq!(values(&file, FIRST), weights(&format!("a.{FIRST}"), &[4, 4]));
    assert!(
        !file
            .tensors()
            .keys()
            .any(|name| name == "betas" || name.contains("only_"))
    );
    // One of another shape is no VAE for this model.
    tensors.insert("decoder.conv_in.bias".to_owned(), (vec![5], vec![0.0; 5]));
    write_safetensors(&vae, &tensors);
    let error = run(&Task::Merge(Merge {
        output: Target::new(at.path().join("p.safetensors")),
        ..task
    }))
    .unwrap_err();
    assert!(error.to_string().contains("VAE of another kind"), "{error}");
}

#[test]
fn the_recipe_is_recorded_as_a1111_does() {
    let at = tempfile::tempdir().unwrap();
    let (a, b) = pair(at.path());
    let first = at.path().join("first.safetensors");
    let mut task = merge(&a, &b, &first);
    (task.record, task.copy_metadata) = (true, false);
    run(&Task::Merge(task)).unwrap();
    let sums = [&a, &b].map(|path| hash::sha256(path).unwrap());
    let file = TensorFile::open(&first).unwrap();
    let expected = format!(
        concat!(
            r#"{{"type": "webui", "primary_model_hash": "{}", "secondary_model_hash": "{}", "tertiary_model_hash": null, "#,
            r#""interp_method": "Weighted sum", "multiplier": 0.3, "save_as_half": false, "custom_name": "first", "#,
            r#""config_source": 0, "bake_in_vae": "None", "discard_weights": "", "is_inpainting": false, "#,
            r#""is_instruct_pix2pix": false}}"#
        ),
        sums[0], sums[1]
    );
    assert_eq!(file.metadata()["sd_merge_recipe"], expected);
    let models: Value = serde_json::from_str(&file.metadata()["sd_merge_models"]).unwrap();
    assert_eq!(models[&sums[0]]["name"], "a.safetensors");
    assert_eq!(models[&sums[0]]["legacy_hash"], hash::legacy(&a).unwrap());
    assert_eq!(models[&sums[1]]["sd_merge_recipe"], Value::Null);
    // What was merged before is told again.
    let second = at.path().join("second.safetensors");
    let mut task = merge(&first, &b, &second);
    task.record = true;
    run(&Task::Merge(task)).unwrap();
    let file = TensorFile::open(&second).unwrap();
    let models: Value = serde_json::from_str(&file.metadata()["sd_merge_models"]).unwrap();
    assert_eq!(models.as_object().unwrap().len(), 3);
    assert_eq!(
        models[hash::sha256(&first).unwrap()]["sd_merge_recipe"]["multiplier"],
        0.3
    );
}

#[test]
fn the_configuration_beside_a_goes_with_the_result() {
    let at = tempfile::tempdir().unwrap();
    let (a, b) = pair(at.path());
    std::fs::write(b.with_extension("yaml"), "model: b").unwrap();
    for (source, expected) in [
        (ConfigSource::Any, true),
        (ConfigSource::B, true),
        (ConfigSource::Nobody, false),
    ] {
        let output = at.path().join(format!("{source:?}.safetensors"));
        let mut task = merge(&a, &b, &output);
        task.config = source;
        run(&Task::Merge(task)).unwrap();
        assert_eq!(output.with_extension("yaml").exists(), expected, "{source:?}");
    }
}
