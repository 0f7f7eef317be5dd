//! Networks baked into a checkpoint: the weights that are drawn with when the LoRA is in the prompt.

use danlu::weights::TensorFile;
use danlu::workbench::Task;
use danlu::workbench::task::{Bake, Strength, Target};

use crate::support::{Fixture, Recipe, Tensors, weights, write_safetensors};
use crate::{close, run, values};

#[test]
fn a_lora_is_added_to_the_layers_that_it_names_with_each_sides_strength() {
    let (unet, vae, text) = (
        Fixture::open("unet_sd2"),
        Fixture::open("vae_one"),
        Fixture::open("text_open_clip"),
    );
    let recipe = Recipe {
        unet: &unet,
        vae: &vae,
        text: vec![(&text, "ldm")],
    };
    let at = tempfile::tempdir().unwrap();
    let model = recipe.write_single_file(at.path());
    let before = TensorFile::open(&model).unwrap();
    // A projection that the original stacks with two others, and a convolution.
    let stacked = "cond_stage_model.model.transformer.resblocks.0.attn.in_proj_weight";
    let conv = "model.diffusion_model.input_blocks.1.0.in_layers.2.weight";
    let width = before.tensors()[stacked].shape[1];
    let shape = before.tensors()[conv].shape.clone();
    let (k_down, k_up) = (weights("k.down", &[2, width]), weights("k.up", &[width, 2]));
    let (c_down, c_up) = (weights("c.down", &[3, shape[1] * 9]), weights("c.up", &[shape[0], 3]));
    let (k, c) = (
        "lora_te_text_model_encoder_layers_0_self_attn_k_proj",
        "lora_unet_down_blocks_0_resnets_0_conv1",
    );
    let mut lora = Tensors::new();
    lora.insert(format!("{k}.lora_down.weight"), (vec![2, width], k_down.clone()));
    lora.insert(format!("{k}.lora_up.weight"), (vec![width, 2], k_up.clone()));
    lora.insert(format!("{k}.alpha"), (Vec::new(), vec![1.0]));
    lora.insert(
        format!("{c}.lora_down.weight"),
        (vec![3, shape[1], 3, 3], c_down.clone()),
    );
    lora.insert(format!("{c}.lora_up.weight"), (vec![shape[0], 3, 1, 1], c_up.clone()));
    let network = at.path().join("lora.safetensors");
    write_safetensors(&network, &lora);
    let output = at.path().join("baked.safetensors");
    let task = Bake {
        model: model.clone(),
        networks: vec![Strength {
            path: network,
            te: 0.5,
            unet: -0.75,
        }],
        output: Target::new(&output),
    };
    run(&Task::Bake(task)).unwrap();
    let after = TensorFile::open(&output).unwrap();
    let product = |up: &[f32], down: &[f32], rank: usize, columns: usize, scale: f32| -> Vec<f32> {
        let rows = up.len() / rank;
        let cell = |at: usize| {
            let (i, j) = (at / columns, at % columns);
            (0..rank).map(|r| up[i * rank + r] * down[r * columns + j]).sum::<f32>() * scale
        };
        (0..rows * columns).map(cell).collect()
    };
    let mut expected = values(&before, stacked);
    let change = product(&k_up, &k_down, 2, width, 0.5 * 0.5);
    let middle = &mut expected[width * width..2 * width * width];
    middle.iter_mut().zip(change).for_each(|(v, d)| *v += d);
    close(&values(&after, stacked), &expected, 1e-6, stacked);
    let mut expected = values(&before, conv);
    let change = product(&c_up, &c_down, 3, shape[1] * 9, -0.75);
    expected.iter_mut().zip(change).for_each(|(v, d)| *v += d);
    close(&values(&after, conv), &expected, 1e-6, conv);
    let changed: Vec<_> = before
        .tensors()
        .keys()
        .filter(|name| before.view(name).unwrap().bytes != after.view(name).unwrap().bytes)
        .collect();
    assert_eq!(changed, [stacked, conv]);
    let yaml = std::fs::read(output.with_extension("yaml")).unwrap();
    assert_eq!(yaml, std::fs::read(model.with_extension("yaml")).unwrap());
}
