use std::path::Path;

use burn::tensor::{DType, Device, Tensor, TensorData};
use danlu::nn::hypernetwork::{Hypernetwork, apply};
use danlu::nn::unet::Unet;
use danlu::weights::checkpoint::{Checkpoint, Network};
use danlu::weights::scope::Loader;
use danlu::weights::{TensorFile, hypernetwork};

use super::support::{Fixture, Recipe, distance};
use super::{fixture, off, values};

fn open(path: &Path, strength: f64) -> Hypernetwork {
    let file = hypernetwork::Hypernetwork::open(path).unwrap();
    Hypernetwork::load(&file, strength, &Device::flex()).unwrap()
}

fn tensor(file: &TensorFile, name: &str) -> Tensor<3> {
    let shape: [usize; 3] = file.tensors()[name].shape.clone().try_into().unwrap();
    Tensor::from_data(TensorData::new(values(file, name), shape), &Device::flex())
}

/// To the bit.
fn same<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> bool {
    a.into_data() == b.into_data()
}

/// Every activation, norm, dropout and old form, as A1111 saves and runs them.
#[test]
fn stacks_give_what_a1111s_give() {
    let expected = TensorFile::open(&fixture("expected_hyper.safetensors")).unwrap();
    let cases: Vec<&String> = expected
        .tensors()
        .keys()
        .filter(|name| !name.ends_with(['k', 'v']))
        .collect();
    assert!(cases.len() >= 30, "{cases:?}");
    for case in cases {
        let (file, rest) = case.split_once('@').unwrap();
        let (strength, _width) = rest.rsplit_once('.').unwrap();
        let network = open(&fixture(file), strength.parse().unwrap());
        let [k, v] = apply(&[network], tensor(&expected, case));
        for (found, part) in [(k, "k"), (v, "v")] {
            let found = found.into_data().try_to_vec::<f32>().unwrap();
            let off = off(&found, &values(&expected, &format!("{case}.{part}")));
            assert!(off < 1e-4, "{case}.{part}: off by {off}");
        }
    }
}

#[test]
fn other_widths_are_left_alone() {
    let network = open(&fixture("hyper_relu.pt"), 1.0);
    let x = Tensor::<3>::ones([1, 2, 5], &Device::flex());
    let [k, v] = apply(&[network], x.clone());
    assert!(same(k, x.clone()));
    assert!(same(v, x));
}

/// Two networks in order, on self and cross attention of every level.
#[test]
fn a_unet_reads_through_hypernetworks_as_in_a1111() {
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
    let folder = tempfile::tempdir().unwrap();
    let checkpoint = Checkpoint::open(&recipe.write_single_file(folder.path())).unwrap();
    let loader = Loader::new(&checkpoint, Network::Unet, &Device::flex(), DType::F32);
    let mut network = Unet::load(&loader.root(), &checkpoint.architecture().unet).unwrap();
    let (sample, context) = (unet.tensor::<4>("sample"), unet.tensor::<3>("context"));
    let t = unet.values("timesteps")[1];
    let forward = |network: &Unet| network.forward(sample.clone(), &vec![t; sample.dims()[0]], &context, None);

    let plain = forward(&network);
    network.set_hypernetworks(vec![
        open(&fixture("unet_hyper1.pt"), 0.8),
        open(&fixture("unet_hyper2.pt"), 0.5),
    ]);
    let expected = TensorFile::open(&fixture("unet_hyper.safetensors")).unwrap();
    let shape: [usize; 4] = expected.tensors()["output"].shape.clone().try_into().unwrap();
    let output = Tensor::<4>::from_data(TensorData::new(values(&expected, "output"), shape), &Device::flex());
    let off = distance(forward(&network), output);
    assert!(off < 1e-4, "off by {off}");
    network.set_hypernetworks(Vec::new());
    assert!(same(forward(&network), plain));
}

#[test]
fn what_is_no_hypernetwork_is_named() {
    for (file, why) in [
        ("a1111.pt", r#"it has a tensor "string_to_param.*""#),
        ("expected.safetensors", "it has a tensor"),
    ] {
        let error = hypernetwork::Hypernetwork::open(&fixture(file)).unwrap_err();
        assert!(error.to_string().contains(why), "{error}");
        assert!(error.hint().is_some());
    }
}
