//! What several test files need: checkpoints made of fixtures, in both layouts.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use burn::tensor::{Device, Tensor, TensorData};
use safetensors::SafeTensors;
use safetensors::tensor::{Dtype, TensorView};
use serde_json::{Map, Value, json};

pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

pub fn shipped() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("models/danlu-emoji.safetensors")
}

/// A fixture of `tests/reference/networks.py`: inputs, outputs, and the network they belong to.
pub struct Fixture {
    bytes: Vec<u8>,
    metadata: HashMap<String, String>,
}

impl Fixture {
    pub fn open(name: &str) -> Self {
        let bytes = std::fs::read(fixtures().join("networks").join(format!("{name}.safetensors"))).unwrap();
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let metadata = header.metadata().clone().unwrap();
        Self { bytes, metadata }
    }

    pub fn json(&self, key: &str) -> Map<String, Value> {
        serde_json::from_str(&self.metadata[key]).unwrap()
    }

    pub fn yaml(&self) -> Value {
        serde_saphyr::from_str(&self.metadata["yaml"]).unwrap()
    }

    pub fn tensor<const D: usize>(&self, name: &str) -> Tensor<D> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let view = file.tensor(name).unwrap();
        assert_eq!(view.dtype(), Dtype::F32);
        let shape: [usize; D] = view.shape().try_into().unwrap();
        Tensor::from_data(TensorData::new(floats(view.data()), shape), &Device::flex())
    }

    pub fn values(&self, name: &str) -> Vec<f32> {
        floats(
            SafeTensors::deserialize(&self.bytes)
                .unwrap()
                .tensor(name)
                .unwrap()
                .data(),
        )
    }

    /// Rows of token ids.
    pub fn ids(&self) -> Vec<Vec<u32>> {
        let file = SafeTensors::deserialize(&self.bytes).unwrap();
        let view = file.tensor("ids").unwrap();
        let ids: Vec<u32> = view
            .data()
            .chunks_exact(4)
            .map(|b| u32::from_le_bytes(b.try_into().unwrap()))
            .collect();
        ids.chunks(view.shape()[1]).map(<[u32]>::to_vec).collect()
    }
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(4)
        .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
        .collect()
}

/// The rule of `tests/reference/weights.py`: a tensor's values from its full name.
pub fn weights(name: &str, shape: &[usize]) -> Vec<f32> {
    let seed = name.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |h, b| {
        (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3)
    });
    let fan_in: usize = shape.iter().skip(1).product();
    let bound = (3.0 / fan_in as f64).sqrt() as f32;
    let random = |i: usize| {
        let mut s = seed.wrapping_add((i as u64 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
        s = (s ^ (s >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        s = (s ^ (s >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((s ^ (s >> 31)) >> 40) as f32 * 2f32.powi(-23) - 1.0
    };
    let value = |r: f32| {
        if name.contains("token_embedding") || name.contains("position_embedding") {
            r * 0.05
        } else if shape.len() > 1 {
            r * bound
        } else if name.ends_with(".weight") {
            1.0 + 0.1 * r
        } else {
            0.1 * r
        }
    };
    (0..shape.iter().product()).map(|i| value(random(i))).collect()
}

/// Tensors to be written, by name.
pub type Tensors = BTreeMap<String, (Vec<usize>, Vec<f32>)>;

pub fn write_safetensors(path: &Path, tensors: &Tensors) {
    let bytes: BTreeMap<_, Vec<u8>> = tensors
        .iter()
        .map(|(n, (_, v))| (n, v.iter().flat_map(|f| f.to_le_bytes()).collect()))
        .collect();
    let views = tensors
        .iter()
        .map(|(n, (shape, _))| (n, TensorView::new(Dtype::F32, shape.clone(), &bytes[n]).unwrap()));
    std::fs::write(path, safetensors::serialize(views, None).unwrap()).unwrap();
}

fn shape_of(value: &Value) -> Vec<usize> {
    serde_json::from_value(value.clone()).unwrap()
}

/// The name that a tensor's weights are made from; the fixtures know one text encoder.
fn full_name(part: &str, name: &str) -> String {
    format!("{}.{name}", part.trim_end_matches("_2"))
}

/// A whole checkpoint put together from fixtures.
pub struct Recipe<'a> {
    pub unet: &'a Fixture,
    pub vae: &'a Fixture,
    /// Fixture and the key of its names in a single file (`ldm`, `ldm_sdxl`).
    pub text: Vec<(&'a Fixture, &'a str)>,
}

impl Recipe<'_> {
    fn parts(&self) -> Vec<(&'static str, &Fixture, &str)> {
        let text = self
            .text
            .iter()
            .zip(["text_encoder", "text_encoder_2"])
            .map(|(&(f, ldm), part)| (part, f, ldm));
        [("unet", self.unet, "ldm"), ("vae", self.vae, "ldm")]
            .into_iter()
            .chain(text)
            .collect()
    }

    /// The tensors of the single file.
    pub fn single_file_tensors(&self) -> Tensors {
        let mut tensors = Tensors::new();
        for (part, fixture, key) in self.parts() {
            let shapes = fixture.json("shapes");
            for (name, entry) in fixture.json(key) {
                let sources: Vec<String> = match entry.get("concat") {
                    Some(names) => serde_json::from_value(names.clone()).unwrap(),
                    None => vec![entry["from"].as_str().unwrap().to_owned()],
                };
                let mut values = Vec::new();
                for source in &sources {
                    let shape = shape_of(&shapes[source]);
                    let mut part_values = weights(&full_name(part, source), &shape);
                    if entry.get("transpose").is_some_and(|t| t == true) {
                        let (rows, columns) = (shape[0], shape[1]);
                        part_values = (0..rows * columns)
                            .map(|i| part_values[(i % rows) * columns + i / rows])
                            .collect();
                    }
                    values.extend(part_values);
                }
                tensors.insert(name, (shape_of(&entry["shape"]), values));
            }
        }
        tensors
    }

    /// Writes one file in the original layout, with its yaml.
    pub fn write_single_file(&self, folder: &Path) -> PathBuf {
        let path = folder.join("model.safetensors");
        write_safetensors(&path, &self.single_file_tensors());
        let mut yaml = self.unet.yaml();
        for (key, fixture) in [("first_stage_config", self.vae), ("cond_stage_config", self.text[0].0)] {
            yaml["model"]["params"][key] = fixture.yaml()["model"]["params"][key].clone();
        }
        if self.text.len() > 1 {
            let params: Vec<_> = self
                .text
                .iter()
                .map(|(f, _)| f.yaml()["model"]["params"]["cond_stage_config"].clone())
                .collect();
            yaml["model"]["params"]["conditioner_config"] = json!({"params": {"emb_models": params}});
        }
        // Every JSON is a YAML.
        std::fs::write(folder.join("model.yaml"), serde_json::to_string(&yaml).unwrap()).unwrap();
        path
    }

    /// Writes a diffusers folder.
    pub fn write_folder(&self, folder: &Path) -> PathBuf {
        let path = folder.join("model");
        let mut index = json!({"_class_name": "StableDiffusionPipeline"});
        for (part, fixture, _) in self.parts() {
            let sub = path.join(part);
            std::fs::create_dir_all(&sub).unwrap();
            let shapes = fixture.json("shapes");
            let mut config = fixture.json("config");
            let mut tensors = Tensors::new();
            for (name, shape) in &shapes {
                let shape = shape_of(shape);
                tensors.insert(name.clone(), (shape.clone(), weights(&full_name(part, name), &shape)));
            }
            if shapes.contains_key("text_projection.weight") {
                config.insert("architectures".to_owned(), json!(["CLIPTextModelWithProjection"]));
            }
            let stem = if part.starts_with("text") {
                "model"
            } else {
                "diffusion_pytorch_model"
            };
            write_safetensors(&sub.join(format!("{stem}.safetensors")), &tensors);
            std::fs::write(sub.join("config.json"), serde_json::to_string(&config).unwrap()).unwrap();
            index[part] = json!(["library", "Class"]);
        }
        std::fs::write(path.join("model_index.json"), index.to_string()).unwrap();
        path
    }
}

/// The largest absolute difference.
pub fn distance<const D: usize>(a: Tensor<D>, b: Tensor<D>) -> f32 {
    assert_eq!(a.dims(), b.dims());
    (a - b).abs().max().into_scalar::<f32>()
}
