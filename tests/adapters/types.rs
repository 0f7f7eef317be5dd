//! Every type of network against the reference, module by module.
//!
//! Both sides compute in f32 (rotations here in f64), so the bar of 1e-4 of the change's scale is far above rounding; measured: below
//! 4e-6.

use std::collections::BTreeMap;

use burn::tensor::Device;
use danlu::weights::adapter::{Adapter, Kind, Layer, Misfit};
use danlu::weights::{Error, element};
use safetensors::SafeTensors;
use serde::Deserialize;

use crate::{extract, fixture, write};

#[derive(Deserialize)]
struct Case {
    r#type: String,
    strength: f64,
    r#dyn: Option<usize>,
}

fn floats(file: &SafeTensors<'_>, name: &str) -> Option<(Vec<f32>, Vec<usize>)> {
    let view = file.tensor(name).ok()?;
    Some((element::to_f32(view.dtype(), view.data())?, view.shape().to_vec()))
}

fn layer(file: &SafeTensors<'_>, case: &str) -> Layer {
    let (weight, shape) = floats(file, &format!("{case}|base|weight")).unwrap();
    let bias = floats(file, &format!("{case}|base|bias")).map(|(bias, _)| bias);
    Layer::from_f32(weight, &shape, bias, &Device::flex()).unwrap()
}

/// The largest difference, in parts of the change's largest.
fn error(found: &[f32], want: &[f32], base: &[f32]) -> f32 {
    assert_eq!(found.len(), want.len());
    let largest = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
    largest(found, want) / largest(want, base)
}

#[test]
fn every_type_changes_a_weight_as_the_reference_does() {
    let bytes = std::fs::read(fixture("types.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
    let cases: BTreeMap<String, Case> = serde_json::from_str(&header.metadata().as_ref().unwrap()["cases"]).unwrap();
    assert!(cases.len() >= 70, "{}", cases.len());
    let folder = tempfile::tempdir().unwrap();
    let mut wrong = Vec::new();
    let mut worst = 0.0_f32;
    for (name, case) in &cases {
        let path = folder.path().join("net.safetensors");
        extract(&file, &format!("{name}|net|"), &path);
        let adapter = Adapter::open(&path).unwrap();
        let [module] = adapter.modules() else {
            panic!("{name}: {:?}", adapter.modules())
        };
        assert!(adapter.strange().is_empty(), "{name}: {:?}", adapter.strange());
        assert_eq!(module.kind().name(), case.r#type, "{name}");
        assert_eq!(module.is_dora(), name.contains("dora"), "{name}");
        let base = layer(&file, name);
        let changed = match module.apply(base.clone(), case.strength, case.r#dyn) {
            Ok(changed) => changed,
            Err(misfit) => {
                wrong.push(format!("{name}: {misfit}"));
                continue;
            }
        };
        let (weight, bias) = changed.to_f32().unwrap();
        let (want, _) = floats(&file, &format!("{name}|want|weight")).unwrap();
        let (before, before_bias) = base.to_f32().unwrap();
        let mut errors = vec![error(&weight, &want, &before)];
        if let Some((want, _)) = floats(&file, &format!("{name}|want|bias")) {
            let before = before_bias.unwrap_or_else(|| vec![0.0; want.len()]);
            if want != before {
                errors.push(error(&bias.unwrap(), &want, &before));
            }
        } else {
            assert_eq!(bias, before_bias, "{name}");
        }
        let error = errors.into_iter().fold(0.0, f32::max);
        worst = worst.max(error);
        if error.is_nan() || error > 1e-4 {
            wrong.push(format!("{name}: {error:e}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(worst < 1e-5, "{worst:e}");
}

#[test]
fn networks_of_types_that_do_not_commute_are_applied_in_the_order_of_their_calls() {
    let bytes = std::fs::read(fixture("stack.safetensors")).unwrap();
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let open = |beginning: &str| {
        let path = folder.path().join("net.safetensors");
        extract(&file, beginning, &path);
        Adapter::open(&path).unwrap()
    };
    let (a, b) = (open("a|"), open("b|"));
    let (base, shape) = floats(&file, "base").unwrap();
    let layer = Layer::from_f32(base.clone(), &shape, None, &Device::flex()).unwrap();
    let apply = |layer: Layer, adapter: &Adapter, strength| adapter.modules()[0].apply(layer, strength, None).unwrap();
    let ab = apply(apply(layer.clone(), &a, 0.8), &b, -0.5);
    let ba = apply(apply(layer, &b, -0.5), &a, 0.8);
    for (found, want) in [(ab, "ab"), (ba, "ba")] {
        let (want, _) = floats(&file, want).unwrap();
        assert!(error(&found.to_f32().unwrap().0, &want, &base) < 1e-5);
    }
}

#[test]
fn what_does_not_fit_is_refused_with_both_shapes() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let open = |tensors: &[(&str, &[usize], Vec<f32>)]| {
        write(tensors, &[], &path);
        Adapter::open(&path)
    };
    let apply = |tensors: &[(&str, &[usize], Vec<f32>)], shape: &[usize]| {
        let adapter = open(tensors).unwrap();
        let base = Layer::from_f32(vec![1.0; shape.iter().product()], shape, None, &Device::flex()).unwrap();
        adapter.modules()[0].apply(base, 1.0, None).map(|_| ())
    };
    let lora = |up: [usize; 2], down: [usize; 2]| {
        [
            ("m.lora_up.weight", up, vec![1.0; up[0] * up[1]]),
            ("m.lora_down.weight", down, vec![1.0; down[0] * down[1]]),
        ]
    };
    let apply_lora = |up, down, shape: &[usize]| {
        let tensors = lora(up, down);
        let tensors: Vec<_> = tensors
            .iter()
            .map(|(name, shape, values)| (*name, &shape[..], values.clone()))
            .collect();
        apply(&tensors, shape)
    };
    assert_eq!(apply_lora([8, 2], [2, 4], &[8, 4]), Ok(()));
    assert_eq!(
        apply_lora([8, 2], [2, 768], &[8, 2048]),
        Err(Misfit::Shape {
            found: vec![8, 768],
            expected: vec![8, 2048]
        })
    );
    // As many numbers, but turned.
    assert!(apply_lora([4, 2], [2, 8], &[8, 4]).is_err());
    assert_eq!(
        apply_lora([8, 2], [3, 4], &[8, 4]),
        Err(Misfit::Inconsistent("lora_up, lora_down"))
    );
    // A linear change is not spread over a kernel.
    assert!(apply_lora([8, 2], [2, 4], &[8, 4, 3, 3]).is_err());
    // An inpainting model's first layer has five channels more.
    assert_eq!(apply_lora([8, 2], [2, 36], &[8, 9, 3, 3]), Ok(()));
    let nan = apply(&[("m.diff", &[2, 2], vec![1.0, f32::NAN, 0.0, 0.0])], &[2, 2]);
    assert_eq!(nan, Err(Misfit::Unusable("diff")));
    let oft = |shape: &[usize]| apply(&[("m.oft_blocks", shape, vec![0.1; shape.iter().product()])], &[8, 4]);
    assert_eq!(oft(&[2, 4, 4]), Ok(()));
    assert!(oft(&[2, 4, 2]).is_err() && oft(&[3, 4, 4]).is_err() && oft(&[8, 8]).is_err() && oft(&[0, 4, 4]).is_err());
    assert!(oft(&[4, 2, 4, 4]).is_err(), "eight rows cannot be spread four times");
    let dora = |scale: &[usize]| {
        apply(
            &[
                ("m.lora_up.weight", &[8, 1], vec![1.0; 8]),
                ("m.lora_down.weight", &[1, 4], vec![1.0; 4]),
                ("m.dora_scale", scale, vec![1.0; scale.iter().product()]),
            ],
            &[8, 4],
        )
    };
    assert!(dora(&[1, 4]).is_ok() && dora(&[8, 1]).is_ok() && dora(&[8]).is_ok());
    assert!(dora(&[1, 8]).is_err() && dora(&[5]).is_err() && dora(&[]).is_err());
}

#[test]
fn an_inpainting_layer_keeps_the_channels_that_a_network_does_not_know() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    write(&[("m.diff", &[1, 4, 1, 1], vec![1.0, 2.0, 3.0, 4.0])], &[], &path);
    let base = Layer::from_f32(vec![10.0; 9], &[1, 9, 1, 1], None, &Device::flex()).unwrap();
    let changed = Adapter::open(&path).unwrap().modules()[0]
        .apply(base, 1.0, None)
        .unwrap();
    let (weight, _) = changed.to_f32().unwrap();
    assert_eq!(weight, [11.0, 12.0, 13.0, 14.0, 10.0, 10.0, 10.0, 10.0, 10.0]);
}

#[test]
fn a_row_of_zeros_stays_one_under_dora() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let tensors: [(&str, &[usize], Vec<f32>); 3] = [
        ("m.lora_up.weight", &[2, 1], vec![0.0, 1.0]),
        ("m.lora_down.weight", &[1, 2], vec![1.0, 1.0]),
        ("m.dora_scale", &[2, 1], vec![3.0, 3.0]),
    ];
    write(&tensors, &[], &path);
    let base = Layer::from_f32(vec![0.0, 0.0, 1.0, 1.0], &[2, 2], None, &Device::flex()).unwrap();
    let changed = Adapter::open(&path).unwrap().modules()[0]
        .apply(base, 1.0, None)
        .unwrap();
    let (weight, _) = changed.to_f32().unwrap();
    assert_eq!(weight[..2], [0.0, 0.0]);
    assert!((weight[2] - 3.0 / 2_f32.sqrt()).abs() < 1e-6);
}

#[test]
fn a_file_is_sorted_into_modules_embeddings_and_what_is_strange() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.pt");
    let one = || vec![1.0];
    let tensors: [(&str, &[usize], Vec<f32>); 8] = [
        ("lora_unet_conv_in.lora_up.weight", &[1, 1], one()),
        ("lora_unet_conv_in.lora_down.weight", &[1, 1], one()),
        ("lora_unet_conv_in.alpha", &[], one()),
        ("lora_unet_conv_out.lora_up.weight", &[1, 1], one()),
        ("lora_unet_conv_out.mystery", &[1], one()),
        ("bundle_emb.狐.string_to_param.*", &[1, 1], one()),
        ("bundle_emb.狐.step", &[1], one()),
        ("bundle_emb.fox.clip_g", &[1, 1], one()),
    ];
    write(&tensors, &[("ss_output_name", "墨")], &path);
    let adapter = Adapter::open(&path).unwrap();
    assert_eq!(adapter.alias(), Some("墨"));
    let [module] = adapter.modules() else { panic!() };
    assert_eq!(
        (module.name(), module.kind(), module.dim()),
        ("lora_unet_conv_in", Kind::Lora, Some(1))
    );
    let parts = module.lora().unwrap();
    assert_eq!(
        (parts.up.shape(), parts.alpha, parts.mid.is_none()),
        (&[1, 1][..], Some(1.0), true)
    );
    assert_eq!(
        adapter.strange(),
        ["lora_unet_conv_out.mystery", "lora_unet_conv_out.lora_up.weight"]
    );
    let embeddings = adapter.bundled_embeddings();
    assert_eq!(embeddings.keys().collect::<Vec<_>>(), ["fox", "狐"]);
    assert!(embeddings["狐"].contains_key("string_to_param.*"));
}

#[test]
fn a_checkpoint_is_no_network() {
    let error = Adapter::open(&crate::shipped()).unwrap_err();
    assert!(matches!(error, Error::NotNetwork { .. }), "{error}");
    let text = error.to_string();
    assert!(
        text.contains("is no network of the LoRA family: it") && text.contains("checkpoint"),
        "{text}"
    );
    assert!(error.hint().is_some());
}
