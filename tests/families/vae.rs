//! VAEs: the tiny autoencoder, half precision that overflows, and weights that are spoilt.

use std::path::{Path, PathBuf};

use burn::tensor::{DType, Device, Tensor};
use danlu::diffusion::decoding::decode;
use danlu::diffusion::inversions::Embeddings;
use danlu::diffusion::sampler::Stop;
use danlu::diffusion::txt2img::draw;
use danlu::diffusion::{Model, Recipe, pixels};
use danlu::nn::taesd::Taesd;
use danlu::weights::{Checkpoint, TensorFile};
use safetensors::SafeTensors;

use crate::support::{Tensors, distance, fixtures, shipped, weights, write_safetensors};

const VAE: &str = "first_stage_model.";
/// f32's rounding over fifteen convolutions of values around 1.
const TOLERANCE: f32 = 1e-4;

/// The layers of TAESD's decoder with weights by rule, under the names that `named` gives them.
fn taesd(named: impl Fn(usize, &str) -> String) -> Tensors {
    let mut tensors = Tensors::new();
    let mut put = |layer: usize, rest: &str, shape: Vec<usize>| {
        let values = weights(&format!("taesd.{layer}{rest}"), &shape);
        tensors.insert(named(layer, rest), (shape, values));
    };
    for (layer, inputs, outputs) in [(1, 4, 64), (19, 64, 3)] {
        put(layer, ".weight", vec![outputs, inputs, 3, 3]);
        put(layer, ".bias", vec![outputs]);
    }
    for layer in [7, 12, 17] {
        put(layer, ".weight", vec![64, 64, 3, 3]);
    }
    for layer in [3, 4, 5, 8, 9, 10, 13, 14, 15, 18] {
        for conv in [0, 2, 4] {
            put(layer, &format!(".conv.{conv}.weight"), vec![64, 64, 3, 3]);
            put(layer, &format!(".conv.{conv}.bias"), vec![64]);
        }
    }
    tensors
}

#[test]
fn the_tiny_autoencoder_decodes_as_published() {
    let bytes = std::fs::read(fixtures().join("families/taesd.safetensors")).unwrap();
    let fixture = SafeTensors::deserialize(&bytes).unwrap();
    let tensor = |name: &str| {
        let view = fixture.tensor(name).unwrap();
        let values: Vec<f32> = view
            .data()
            .as_chunks()
            .0
            .iter()
            .map(|b| f32::from_le_bytes(*b))
            .collect();
        let shape: [usize; 4] = view.shape().try_into().unwrap();
        Tensor::<1>::from_floats(values.as_slice(), &Device::flex()).reshape(shape)
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("taesd_decoder.safetensors");
    for (tensors, naming) in [
        (taesd(|layer, rest| format!("{layer}{rest}")), "its own"),
        (taesd(|layer, rest| format!("taesd_decoder.{layer}{rest}")), "ComfyUI's"),
        (
            taesd(|layer, rest| format!("decoder.layers.{}{rest}", layer - 1)),
            "diffusers'",
        ),
    ] {
        write_safetensors(&path, &tensors);
        let model = Taesd::load(&path, &Device::flex(), DType::F32).unwrap();
        let off = distance(model.forward(tensor("latent")), tensor("decoded"));
        assert!(off < TOLERANCE, "by {naming} names off by {off}");
    }
    let mut cut = taesd(|layer, rest| format!("{layer}{rest}"));
    cut.remove("17.weight");
    write_safetensors(&path, &cut);
    let refused = Taesd::load(&path, &Device::flex(), DType::F32).unwrap_err().to_string();
    assert!(refused.contains("17.weight"), "{refused}");
    assert!(Taesd::load(&shipped(), &Device::flex(), DType::F32).is_err());
}

/// A copy of the shipped checkpoint with some values changed.
fn changed(folder: &Path, change: impl Fn(&str, &mut Vec<f32>)) -> PathBuf {
    let file = TensorFile::open(&shipped()).unwrap();
    let tensors: Tensors = file
        .tensors()
        .keys()
        .map(|name| {
            let view = file.view(name).unwrap();
            let mut values = view.to_f32().unwrap();
            change(name, &mut values);
            (name.clone(), (view.shape.to_vec(), values))
        })
        .collect();
    let path = folder.join("model.safetensors");
    write_safetensors(&path, &tensors);
    std::fs::copy(shipped().with_extension("yaml"), path.with_extension("yaml")).unwrap();
    path
}

fn load(path: &Path, dtype: DType) -> Model {
    Model::load(
        &Checkpoint::open(path).unwrap(),
        &Device::flex(),
        dtype,
        |_| {},
        &|| false,
    )
    .unwrap()
}

fn latent(dtype: DType) -> Tensor<4> {
    let values: Vec<f32> = (0..4 * 4 * 4).map(|i| (i as f32 * 0.7).sin()).collect();
    Tensor::<1>::from_floats(values.as_slice(), &Device::flex())
        .reshape([1, 4, 4, 4])
        .cast(dtype)
}

#[test]
fn a_vae_too_big_for_half_precision_decodes_in_f32() {
    let folder = tempfile::tempdir().unwrap();
    // Group norms take the size out again, if only it is not infinite.
    let loud = |name: &str, values: &mut Vec<f32>| {
        if name == "first_stage_model.decoder.conv_in.weight" {
            for value in values.iter_mut() {
                *value = (*value * 3e5).clamp(-3e4, 3e4);
            }
        }
    };
    let path = changed(folder.path(), loud);
    let (half, whole) = (load(&path, DType::F16), load(&path, DType::F32));
    let (first, remark) = decode(&half, None, latent(DType::F16)).unwrap();
    assert!(remark.unwrap().contains("32 bits"), "{remark:?}");
    let (again, silent) = decode(&half, None, latent(DType::F16)).unwrap();
    assert_eq!((again, silent), (first.clone(), None));
    let (expected, _) = decode(&whole, None, latent(DType::F32)).unwrap();
    let pairs = first[0].rgb.iter().zip(&expected[0].rgb);
    let largest = pairs.map(|(a, b)| a.abs_diff(*b)).max().unwrap();
    assert!(largest < 40, "differs by {largest}");
}

#[test]
fn what_gave_no_numbers_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let mut recipe = Recipe::new("model".into(), [64, 64]);
    recipe.steps = 2;
    for (spoilt, expected) in [
        ("model.diffusion_model.out.2.bias", "the UNet gave NaN"),
        ("first_stage_model.decoder.conv_out.bias", "the VAE decoded"),
    ] {
        let path = changed(folder.path(), |name, values| {
            if name == spoilt {
                values[0] = f32::NAN;
            }
        });
        let model = load(&path, DType::F32);
        let texts = model.texts(&recipe, &Embeddings::default());
        let stop = draw(&model, &recipe, &texts, 0, &mut |_| Ok(())).unwrap_err();
        let Stop::Failed(error) = stop else { panic!("{stop}") };
        assert!(error.to_string().contains(expected), "{error}");
        assert!(error.downcast_ref::<pixels::Error>().unwrap().hint().is_some());
    }
}

#[test]
fn a_vae_without_weights_is_told_by_its_grey() {
    let folder = tempfile::tempdir().unwrap();
    let path = changed(folder.path(), |name, values| {
        if name.starts_with(VAE) {
            values.fill(0.0);
        }
    });
    let (pictures, remark) = decode(&load(&path, DType::F32), None, latent(DType::F32)).unwrap();
    assert!(
        pictures[0].is_flat() && remark.unwrap().contains("add a VAE"),
        "{remark:?}"
    );
    assert_eq!(
        decode(&load(&shipped(), DType::F32), None, latent(DType::F32))
            .unwrap()
            .1,
        None
    );
}
