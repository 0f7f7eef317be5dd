//! A model under networks: pictures of the shipped checkpoint.
//!
//! Both ways compute the same numbers in f32, so pictures are compared byte by byte.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use burn::tensor::{DType, Device};
use danlu::diffusion::adapted::{Plan, Use};
use danlu::diffusion::inversions::Embeddings;
use danlu::diffusion::txt2img::draw;
use danlu::diffusion::{Model, Recipe};
use danlu::weights::adapter::{Adapter, Layer};
use danlu::weights::checkpoint::Network;
use danlu::weights::{Checkpoint, Error, TensorFile, names};
use safetensors::Dtype;
use safetensors::tensor::TensorView;

use crate::{fixture, shipped, write};

const UNET: &str = "model.diffusion_model.";
const TEXT: &str = "cond_stage_model.transformer.text_model.";

fn load(path: &Path) -> Model {
    let checkpoint = Checkpoint::open(path).unwrap();
    Model::load(&checkpoint, &Device::flex(), DType::F32, |_| {}, &|| false).unwrap()
}

fn picture(model: &Model) -> Vec<u8> {
    let recipe = Recipe {
        prompt: "fox, twemoji".to_owned(),
        steps: 2,
        seed: 7,
        ..Recipe::new(shipped(), [32; 2])
    };
    let texts = model.texts(&recipe, &Embeddings::default());
    draw(model, &recipe, &texts, 0, &mut |_| Ok(())).unwrap().remove(0).rgb
}

fn put(model: &mut Model, uses: &[Use]) -> Vec<u8> {
    let plan = Plan::of(uses, model.architecture());
    assert!(plan.remarks.is_empty(), "{:?}", plan.remarks);
    model.adapt(plan, &|| false).unwrap();
    picture(model)
}

fn used(adapter: &Arc<Adapter>, te: f64, unet: f64) -> Use {
    Use {
        adapter: Arc::clone(adapter),
        name: "net".to_owned(),
        te,
        unet,
        dyn_dim: None,
    }
}

fn lora() -> Arc<Adapter> {
    Arc::new(Adapter::open(&fixture("picture.safetensors")).unwrap())
}

/// A network of another type over some of the same layers.
fn ia3() -> Arc<Adapter> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("ia3.safetensors");
    let conv = "lora_unet_mid_block_resnets_0_conv1";
    let (weight, on_input) = (format!("{conv}.weight"), format!("{conv}.on_input"));
    let factors = (0..192).map(|i| 3.0 * (i as f32 / 40.0).sin()).collect();
    write(&[(&weight, &[192], factors), (&on_input, &[], vec![0.0])], &[], &path);
    Arc::new(Adapter::open(&path).unwrap())
}

/// The shipped checkpoint with the networks' changes written into it.
fn bake(uses: &[Use], to: &Path) {
    let file = TensorFile::open(&shipped()).unwrap();
    let architecture = Checkpoint::open(&shipped()).unwrap().architecture().clone();
    let mut changed: BTreeMap<String, Layer> = BTreeMap::new();
    for network in uses {
        for (index, target) in network.adapter.place(&architecture).places {
            let (name, strength) = match target.network {
                Network::Unet => {
                    let name = names::ldm_unet(&format!("{}.weight", target.name), &architecture.unet).unwrap();
                    (format!("{UNET}{name}"), network.unet)
                }
                _ => (format!("{TEXT}{}.weight", target.name), network.te),
            };
            let layer = changed.remove(&name).unwrap_or_else(|| {
                let view = file.view(&name).unwrap();
                Layer::from_f32(view.to_f32().unwrap(), &target.shape, None, &Device::flex()).unwrap()
            });
            let module = &network.adapter.modules()[index];
            changed.insert(name, module.apply(layer, strength, network.dyn_dim).unwrap());
        }
    }
    let tensors: Vec<(String, Dtype, Vec<usize>, Vec<u8>)> = file
        .tensors()
        .iter()
        .map(|(name, info)| {
            let Some(layer) = changed.get(name) else {
                let bytes = file.view(name).unwrap().bytes.into_owned();
                return (name.clone(), info.dtype, info.shape.clone(), bytes);
            };
            let (values, _) = layer.to_f32().unwrap();
            let bytes = values.iter().flat_map(|v| v.to_le_bytes()).collect();
            (name.clone(), Dtype::F32, info.shape.clone(), bytes)
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(name, dtype, shape, bytes)| (name, TensorView::new(*dtype, shape.clone(), bytes).unwrap()));
    safetensors::serialize_to_file(views, None, to).unwrap();
    std::fs::copy(shipped().with_extension("yaml"), to.with_extension("yaml")).unwrap();
}

#[test]
fn networks_change_pictures_as_if_they_were_baked_into_the_checkpoint() {
    let folder = tempfile::tempdir().unwrap();
    let (lora, ia3) = (lora(), ia3());
    let mut model = load(&shipped());
    let plain = picture(&model);
    let stacks = [
        vec![used(&lora, 1.0, 1.0)],
        vec![used(&lora, 0.5, -0.8), used(&ia3, 1.0, 0.7)],
        vec![used(&ia3, 1.0, 0.7), used(&lora, 0.5, -0.8)],
    ];
    let mut pictures = vec![plain];
    for stack in &stacks {
        let path = folder.path().join("baked.safetensors");
        bake(stack, &path);
        let adapted = put(&mut model, stack);
        assert_eq!(adapted, picture(&load(&path)));
        assert!(!pictures.contains(&adapted), "each stack draws another picture");
        pictures.push(adapted);
    }
}

#[test]
fn a_hundred_switches_leave_the_first_picture() {
    let (lora, ia3) = (lora(), ia3());
    let mut model = load(&shipped());
    let plain = picture(&model);
    let first = put(&mut model, &[used(&lora, 1.0, 1.0)]);
    assert_ne!(plain, first);
    let half = Use {
        dyn_dim: Some(1),
        ..used(&lora, 0.7, 0.7)
    };
    let sets = [
        vec![used(&ia3, 0.3, 0.9)],
        vec![],
        vec![used(&ia3, 1.0, 1.0), half],
        vec![used(&lora, 0.2, 0.1)],
    ];
    for i in 0..100 {
        let plan = Plan::of(&sets[i % sets.len()], model.architecture());
        model.adapt(plan, &|| false).unwrap();
    }
    assert!(model.adapted_bytes() > 0);
    assert_eq!(put(&mut model, &[used(&lora, 1.0, 1.0)]), first);
    assert_eq!(put(&mut model, &[]), plain);
    assert_eq!(model.adapted_bytes(), 0);
}

#[test]
fn text_encoder_and_unet_have_strengths_of_their_own() {
    let lora = lora();
    let mut model = load(&shipped());
    let plain = put(&mut model, &[]);
    let [both, text, unet] =
        [(1.0, 1.0), (1.0, 0.0), (0.0, 1.0)].map(|(te, unet)| put(&mut model, &[used(&lora, te, unet)]));
    let pictures = [&plain, &both, &text, &unet];
    for (i, one) in pictures.iter().enumerate() {
        assert!(pictures[i + 1..].iter().all(|other| one != other));
    }
    assert_eq!(put(&mut model, &[used(&lora, 0.0, 0.0)]), plain);
    let ranks = |dyn_dim| {
        vec![Use {
            dyn_dim,
            ..used(&lora, 1.0, 1.0)
        }]
    };
    assert_eq!(put(&mut model, &ranks(Some(2))), both);
    assert_eq!(put(&mut model, &ranks(Some(0))), plain);
    let one_rank = put(&mut model, &ranks(Some(1)));
    assert!(one_rank != both && one_rank != plain);
}

#[test]
fn a_stopped_switch_leaves_the_model_as_it_was() {
    let lora = lora();
    let mut model = load(&shipped());
    let before = put(&mut model, &[used(&lora, 0.5, 0.5)]);
    let plan = Plan::of(&[used(&lora, 1.0, 1.0)], model.architecture());
    assert!(matches!(model.adapt(plan, &|| true), Err(Error::Stopped)));
    assert_eq!(picture(&model), before);
}
