//! Checkpoints with a tensor missing, misshapen, too many or of a type that weights cannot have.

use danlu::weights::Error;

use super::tiny::{TEXT, Tiny, UNET, VAE, WHOLE, telling};
use super::{load, says};

/// Of every tensor that is taken away, the refusal gives the file, the name and the shape.
#[test]
fn a_missing_tensor_is_named() {
    let told = telling();
    for (name, (_, shape)) in WHOLE.iter().filter(|(name, _)| !told.contains_key(*name)) {
        let mut tiny = Tiny::new();
        tiny.tensors.remove(name);
        refused!(&tiny.write(), Error::Missing { .. }, &[name, &format!("{shape:?}")]);
    }
}

/// Without a tensor that tells the architecture a network may look like a smaller one. It is still refused, and not said to be absent.
#[test]
fn a_missing_tensor_that_tells_the_architecture() {
    for name in telling().keys() {
        let mut tiny = Tiny::new();
        tiny.tensors.remove(name);
        let error = load(&tiny.write()).expect_err(name);
        says(&error, &tiny.path("model"), &[]);
        let text = error.to_string();
        let absurd = ["no UNet", "no VAE", "no text encoder", "looks like a checkpoint"];
        assert!(!absurd.iter().any(|part| text.contains(part)), "without {name}: {text}");
    }
}

#[test]
fn a_tensor_of_another_shape_is_named_with_both() {
    let told = telling();
    for (name, (dtype, shape)) in WHOLE.iter().filter(|(name, _)| !told.contains_key(*name)) {
        let mut tiny = Tiny::new();
        let mut other = shape.clone();
        other[0] += 1;
        let shapes = [format!("{other:?}"), format!("{shape:?}")];
        tiny.tensors.insert(name.clone(), (dtype, other));
        refused!(&tiny.write(), Error::Misshapen { .. }, &[name, &shapes[0], &shapes[1]]);
    }
}

#[test]
fn a_tensor_too_many_is_named() {
    for name in [
        format!("{UNET}input_blocks.1.0.extra.weight"),
        format!("{UNET}output_blocks.9.0.in_layers.0.weight"),
        format!("{UNET}middle_block.1.transformer_blocks.0.attn3.to_k.weight"),
        format!("{VAE}decoder.up.0.block.1.extra.weight"),
        format!("{VAE}encoder.extra.bias"),
        format!("{TEXT}encoder.layers.0.mlp.fc3.weight"),
    ] {
        let mut tiny = Tiny::new();
        tiny.tensors.insert(name.clone(), ("F16", vec![3, 5]));
        refused!(&tiny.write(), Error::Surplus { .. }, &[&name, "[3, 5]"]);
        tiny.tensors.insert(format!("{name}s"), ("F16", vec![1]));
        refused!(&tiny.write(), Error::Surplus { .. }, &[&name, "1 more"]);
    }
}

/// A name may be any text; a terminal would obey some.
#[test]
fn names_are_made_harmless() {
    for name in [
        "\u{1b}[2J\nweight".to_owned(),
        "\r\u{7}\u{9b}31mweight".to_owned(),
        "a".repeat(100_000),
    ] {
        let mut tiny = Tiny::new();
        tiny.tensors.insert(format!("{UNET}{name}"), ("F16", vec![3]));
        refused!(&tiny.write(), Error::Surplus { .. }, &["[3]"]);
    }
}

/// What exporters leave behind harms nothing.
#[test]
fn harmless_tensors_are_passed_over() {
    let mut tiny = Tiny::new();
    for name in [
        "model_ema.decay",
        "betas",
        "first_stage_model.loss.logvar",
        "cond_stage_model.logit_scale",
    ] {
        tiny.tensors.insert(name.to_owned(), ("F32", vec![2]));
    }
    tiny.tensors
        .insert(format!("{TEXT}embeddings.position_ids"), ("I64", vec![1, 77]));
    load(&tiny.write()).unwrap();
}

#[test]
fn types_are_floating_point() {
    for dtype in ["I64", "I32", "BOOL"] {
        for name in ["out.0.weight", "norm_out.bias", "final_layer_norm.bias"] {
            let mut tiny = Tiny::new();
            let name = WHOLE.keys().find(|n| n.ends_with(name)).unwrap();
            tiny.tensors.get_mut(name).unwrap().0 = dtype;
            refused!(&tiny.write(), Error::Type { .. }, &[name, dtype]);
        }
    }
    for dtype in ["F64", "F32", "BF16", "F8_E4M3"] {
        let mut tiny = Tiny::new();
        tiny.tensors.values_mut().for_each(|t| t.0 = dtype);
        load(&tiny.write()).unwrap();
    }
}

/// A tensor without values may claim any shape. None makes a network too large to build.
#[test]
fn tensors_without_values_claim_nothing() {
    for (name, (_, shape)) in WHOLE.iter() {
        for (axis, large) in (0..shape.len()).flat_map(|axis| [0, 1 << 40, 1 << 61, usize::MAX].map(|n| (axis, n))) {
            let mut tiny = Tiny::new();
            let mut claimed = shape.clone();
            claimed[axis] = large;
            if large > 0 {
                let other = if shape.len() > 1 {
                    usize::from(axis == 0)
                } else {
                    claimed.push(0);
                    1
                };
                claimed[other] = 0;
            }
            tiny.tensors.insert(name.clone(), ("F16", claimed));
            says(&load(&tiny.write()).expect_err(name), &tiny.path("model"), &[]);
        }
    }
}

/// Files carry parts of CLIP that no picture needs, layers of its vision tower among them.
#[test]
fn what_else_clip_has_is_let_off() {
    let mut tiny = Tiny::new();
    for name in [
        "vision_model.encoder.layers.0.mlp.fc1.weight",
        "visual_projection.weight",
        "logit_scale",
    ] {
        let name = format!("cond_stage_model.transformer.{name}");
        tiny.tensors.insert(name, ("F16", vec![3, 5]));
    }
    load(&tiny.write()).map(drop).unwrap();
}
