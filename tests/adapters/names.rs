//! The names that trainers give to layers, for models of the true size.

use std::collections::{BTreeMap, HashSet};

use danlu::weights::Architecture;
use danlu::weights::adapter::{Adapter, Names, layers};
use danlu::weights::architecture::{Activation, Diffusion, TextEncoder, TextNaming, Unet, Vae};
use danlu::weights::checkpoint::Network;
use serde::Deserialize;

use crate::{fixture, write};

#[derive(Deserialize)]
struct Row {
    name: String,
    shape: Vec<usize>,
    network: String,
    names: Vec<String>,
}

fn text(width: usize, layers: usize, projection: Option<usize>) -> TextEncoder {
    TextEncoder {
        naming: TextNaming::Transformers,
        vocabulary: 49_408,
        positions: 77,
        width,
        feed_forward: 4 * width,
        layers,
        heads: width / 64,
        activation: Activation::Gelu,
        projection,
        layer: 1,
        skips: true,
        final_norm: true,
        padding: 0,
    }
}

pub(crate) fn architecture(family: &str) -> Architecture {
    let xl = family == "sdxl";
    let (channels, depth): (&[usize], &[usize]) = if xl {
        (&[320, 640, 1280], &[0, 2, 10])
    } else {
        (&[320, 640, 1280, 1280], &[1, 1, 1, 0])
    };
    let (context, text) = match family {
        "sd1" => (768, vec![text(768, 12, None)]),
        "sd2" => (1024, vec![text(1024, 23, None)]),
        _ => (2048, vec![text(768, 12, None), text(1280, 32, Some(1280))]),
    };
    Architecture {
        unet: Unet {
            in_channels: 4,
            out_channels: 4,
            channels: channels.to_vec(),
            resnets: 2,
            depth: depth.to_vec(),
            mid_depth: if xl { 10 } else { 1 },
            heads: vec![8; channels.len()],
            context,
            groups: 32,
            y: xl.then_some(2816),
        },
        vae: Vae {
            in_channels: 3,
            latent_channels: 4,
            channels: vec![128, 256, 512, 512],
            resnets: 2,
            groups: 32,
            scale_factor: 0.18215,
        },
        text,
        diffusion: Diffusion::default(),
        native_size: [512; 2],
    }
}

#[test]
fn every_layer_is_found_by_every_name() {
    let models: BTreeMap<String, Vec<Row>> =
        serde_json::from_slice(&std::fs::read(fixture("names.json")).unwrap()).unwrap();
    assert_eq!(models.keys().collect::<Vec<_>>(), ["sd1", "sd2", "sdxl"]);
    for (family, rows) in models {
        let architecture = architecture(&family);
        let names = Names::of(&architecture);
        let mut layers: HashSet<_> = layers(&architecture).into_iter().map(|l| (l.network, l.name)).collect();
        for row in rows {
            let network = match row.network.as_str() {
                "unet" => Network::Unet,
                "text0" => Network::Text(0),
                _ => Network::Text(1),
            };
            layers.remove(&(network, row.name.clone()));
            for name in &row.names {
                let found = names.find(name).unwrap_or_else(|| panic!("{family}: {name}"));
                assert_eq!((found.network, &found.name), (network, &row.name), "{family}: {name}");
                let count: usize = row.shape.iter().product();
                assert_eq!(found.shape.iter().product::<usize>(), count, "{family}: {name}");
                assert_eq!(found.shape[0], row.shape[0], "{family}: {name}");
            }
        }
        // The reference names the first and the last of many equal blocks; what is left must be between these.
        for (_, name) in layers {
            let number = |after: &str| name.split_once(after)?.1.split('.').next()?.parse::<usize>().ok();
            let between = number("transformer_blocks.").or_else(|| number("encoder.layers."));
            assert!(between.is_some_and(|n| n > 0), "{family}: {name}");
        }
    }
}

#[test]
fn names_of_other_models_find_no_layer() {
    let (one, two) = (Names::of(&architecture("sd1")), Names::of(&architecture("sdxl")));
    for (names, name) in [
        (&one, "lora_te2_text_model_encoder_layers_0_mlp_fc1"),
        (&one, "lora_unet_input_blocks_4_1_transformer_blocks_1_attn1_to_q"),
        (&two, "lora_te_text_model_encoder_layers_0_mlp_fc1"),
        (&two, "lora_unet_down_blocks_0_attentions_0_proj_in"),
        (&two, "lora_transformer_single_transformer_blocks_0_attn_to_q"),
        (&two, "lora_unet_double_blocks_0_img_attn_proj"),
        (&two, ""),
        (&two, "lora_unet_"),
    ] {
        assert!(names.find(name).is_none(), "{name}");
    }
}

/// A LoRA of rank 1 with modules of these names and weights of these shapes.
fn lora(modules: &[(&str, [usize; 2])]) -> Adapter {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("net.safetensors");
    let named: Vec<_> = modules
        .iter()
        .map(|(name, shape)| {
            (
                [format!("{name}.lora_up.weight"), format!("{name}.lora_down.weight")],
                shape,
            )
        })
        .collect();
    let tensors: Vec<(&str, [usize; 2])> = named
        .iter()
        .flat_map(|([up, down], [out, inputs])| [(up.as_str(), [*out, 1]), (down.as_str(), [1, *inputs])])
        .collect();
    let tensors: Vec<(&str, &[usize], Vec<f32>)> = tensors
        .iter()
        .map(|(name, shape)| (*name, &shape[..], vec![1.0; shape[0] * shape[1]]))
        .collect();
    write(&tensors, &[], &path);
    Adapter::open(&path).unwrap()
}

#[test]
fn a_network_of_another_family_is_left_out_and_told_as_such() {
    let sd1 = lora(&[
        (
            "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_q",
            [640, 640],
        ),
        (
            "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn1_to_k",
            [640, 640],
        ),
        (
            "lora_unet_down_blocks_1_attentions_0_transformer_blocks_0_attn2_to_k",
            [640, 768],
        ),
    ]);
    assert!(sd1.place(&architecture("sd1")).refusal.is_none());
    let refusal = |adapter: &Adapter, family| adapter.place(&architecture(family)).refusal.unwrap_or_default();
    assert_eq!(refusal(&sd1, "sdxl"), "it was made for SD 1.x, and the model is SDXL");
    assert_eq!(refusal(&sd1, "sd2"), "it was made for SD 1.x, and the model is SD 2.x");
    let text = lora(&[("lora_te_text_model_encoder_layers_0_mlp_fc1", [3072, 768])]);
    assert_eq!(
        refusal(&text, "sd2"),
        "it does not fit the model: lora_te_text_model_encoder_layers_0_mlp_fc1: \
         it changes a weight of shape [3072, 768], and the model's has [4096, 1024]"
    );
    let flux = lora(&[("lora_unet_double_blocks_0_img_attn_proj", [3072, 3072])]);
    assert_eq!(
        refusal(&flux, "sd1"),
        "it was made for a transformer model (Flux, SD3 or the like), and the model is SD 1.x"
    );
    let nothing = lora(&[("a", [2, 2]), ("b", [2, 2]), ("c", [2, 2]), ("d", [2, 2])]);
    assert_eq!(
        refusal(&nothing, "sd1"),
        "none of its 4 modules has a layer in this model (a, b, c and 1 more)"
    );
}

#[test]
fn what_of_a_network_has_no_place_is_named() {
    let adapter = lora(&[
        ("lora_unet_conv_in", [320, 36]),
        ("lora_unet_time_embedding_linear_1", [1280, 320]),
        ("lora_unet_time_embedding_linear_2", [1280, 1281]),
        ("lora_unet_strange", [1, 1]),
    ]);
    let placed = adapter.place(&architecture("sd1"));
    assert_eq!((placed.places.len(), placed.refusal.as_ref()), (2, None));
    assert_eq!(
        placed.remarks(),
        [
            "1 of its 4 modules have no layer in this model (lora_unet_strange)",
            "1 of its 4 modules do not fit (lora_unet_time_embedding_linear_2: it changes a weight of shape [1280, 1281], \
             and the model's has [1280, 1280])"
        ]
    );
}
