//! Whole pictures of every family of Stable Diffusion against A1111's way with diffusers' networks.
//!
//! `tests/reference/families.py` describes narrow checkpoints of the true depth, weights by rule, and draws with them. They are written
//! here as single files without a yaml, so that everything is told by names, shapes, marks and A1111's test of SD 2, and as diffusers
//! folders. The bar is 45 dB; both sides compute in f32 and differ by rounding alone (measured: above 60 dB).

use std::collections::HashMap;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use burn::tensor::{DType, Device};
use danlu::diffusion::guidance::Takeover;
use danlu::diffusion::inversions::Embeddings;
use danlu::diffusion::pixels::Picture;
use danlu::diffusion::sampler::parse_sampler;
use danlu::diffusion::txt2img::{Helpers, Progress, draw_with};
use danlu::diffusion::{Model, Recipe};
use danlu::weights::Checkpoint;
use danlu::weights::architecture::Prediction;
use serde::Deserialize;

use crate::support::{Tensors, fixtures, weights, write_safetensors};

#[derive(Deserialize)]
struct Case {
    name: String,
    model: String,
    refiner: Option<String>,
    prediction: String,
    prompt: String,
    negative_prompt: String,
    seed: u64,
    sampler: String,
    schedule: String,
    steps: usize,
    cfg: f64,
    width: usize,
    height: usize,
    switch_at: f64,
    zero_snr: bool,
}

#[derive(Deserialize)]
struct Entry {
    shape: Vec<usize>,
    #[serde(default)]
    from: Vec<(String, Vec<usize>)>,
    #[serde(default)]
    transpose: bool,
    fill: Option<f32>,
}

#[derive(Deserialize)]
struct Description {
    files: HashMap<String, HashMap<String, Entry>>,
    texts: HashMap<String, String>,
}

impl Entry {
    fn values(&self) -> Vec<f32> {
        if let Some(number) = self.fill {
            return vec![number; self.shape.iter().product()];
        }
        let source = |(name, shape): &(String, Vec<usize>)| {
            let values = weights(name, shape);
            if !self.transpose {
                return values;
            }
            let (rows, columns) = (shape[0], shape[1]);
            (0..rows * columns)
                .map(|i| values[(i % rows) * columns + i / rows])
                .collect()
        };
        self.from.iter().flat_map(source).collect()
    }
}

/// Writes the checkpoint of that name below a folder, once; without `weights` all values are 0 and take no room.
fn checkpoint(folder: &Path, name: &str, with_weights: bool) -> PathBuf {
    let root = folder.join(name);
    let is_file = !name.ends_with("_folder");
    let path = if is_file {
        root.join("model.safetensors")
    } else {
        root.clone()
    };
    if root.exists() {
        return path;
    }
    let packed = std::fs::File::open(fixtures().join("families").join(format!("{name}.json.gz"))).unwrap();
    let mut text = String::new();
    flate2::read::GzDecoder::new(packed).read_to_string(&mut text).unwrap();
    let description: Description = serde_json::from_str(&text).unwrap();
    let place = |file: &str| {
        let path = root.join(file);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    };
    for (file, entries) in &description.files {
        if !with_weights {
            write_hollow(&place(file), entries);
            continue;
        }
        let tensors: Tensors = entries
            .iter()
            .map(|(key, e)| (key.clone(), (e.shape.clone(), e.values())))
            .collect();
        write_safetensors(&place(file), &tensors);
    }
    for (file, text) in &description.texts {
        std::fs::write(place(file), text).unwrap();
    }
    path
}

/// A safetensors file of these shapes, sparse.
fn write_hollow(path: &Path, entries: &HashMap<String, Entry>) {
    let mut end = 0;
    let mut header = serde_json::Map::new();
    for (key, entry) in entries {
        let begin = end;
        end += 4 * entry.shape.iter().product::<usize>();
        let described = serde_json::json!({"dtype": "F32", "shape": entry.shape, "data_offsets": [begin, end]});
        header.insert(key.clone(), described);
    }
    let header = serde_json::to_vec(&header).unwrap();
    let mut file = std::fs::File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(&header).unwrap();
    file.set_len((8 + header.len() + end) as u64).unwrap();
}

fn load(path: &Path) -> Model {
    Model::load(
        &Checkpoint::open(path).unwrap(),
        &Device::flex(),
        DType::F32,
        |_| {},
        &|| false,
    )
    .unwrap()
}

impl Case {
    fn recipe(&self) -> Recipe {
        Recipe {
            prompt: self.prompt.clone(),
            negative_prompt: self.negative_prompt.clone(),
            sampler: parse_sampler(&self.sampler).unwrap().0,
            schedule: self.schedule.parse().unwrap(),
            steps: self.steps,
            cfg_scale: self.cfg,
            seed: self.seed,
            zero_snr: self.zero_snr,
            ..Recipe::new("model".into(), [self.width, self.height])
        }
    }

    /// The picture, and whether the refiner took over.
    fn draw(&self, model: &Model, refiner: Option<&Model>) -> (Picture, bool) {
        let recipe = self.recipe();
        let refining = refiner.map(|model| (model, model.texts(&recipe, &Embeddings::default())));
        let helpers = Helpers {
            refiner: refining.as_ref().map(|(model, texts)| Takeover {
                model,
                texts,
                switch_at: self.switch_at,
            }),
            ..Helpers::default()
        };
        let mut refined = false;
        let pictures = draw_with(
            model,
            &recipe,
            &model.texts(&recipe, &Embeddings::default()),
            helpers,
            0,
            &mut |progress| {
                refined |= matches!(progress, Progress::Refining);
                Ok(())
            },
        );
        (pictures.unwrap().remove(0), refined)
    }
}

/// Peak signal-to-noise ratio in dB.
fn psnr(found: &Picture, expected: &image::RgbImage) -> f64 {
    assert_eq!(
        (found.width, found.height),
        (expected.width() as usize, expected.height() as usize)
    );
    let squares = found
        .rgb
        .iter()
        .zip(expected.as_raw())
        .map(|(a, b)| f64::from(a.abs_diff(*b)).powi(2));
    10.0 * (255.0_f64.powi(2) * found.rgb.len() as f64 / squares.sum::<f64>()).log10()
}

/// Draws the cases of these models, from single files and, where there is one, from a folder.
fn check(models: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    let listed = fixtures().join("families");
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(listed.join("cases.json")).unwrap()).unwrap();
    let mut loaded = HashMap::new();
    let (mut report, mut good, mut drawn) = (String::new(), true, 0);
    for case in cases.iter().filter(|case| models.contains(&case.model.as_str())) {
        let expected = image::open(listed.join(format!("{}.png", case.name)))
            .unwrap()
            .to_rgb8();
        for suffix in ["", "_folder"] {
            let named = |name: &str| format!("{name}{suffix}");
            let all = [Some(&case.model), case.refiner.as_ref()];
            if all
                .iter()
                .flatten()
                .any(|name| !listed.join(format!("{}.json.gz", named(name))).is_file())
            {
                continue;
            }
            for name in all.into_iter().flatten() {
                loaded
                    .entry(named(name))
                    .or_insert_with(|| load(&checkpoint(folder.path(), &named(name), true)));
            }
            let model = &loaded[&named(&case.model)];
            let predicted = if case.prediction == "v" {
                Prediction::V
            } else {
                Prediction::Epsilon
            };
            assert_eq!(
                model.architecture().diffusion.prediction,
                predicted,
                "{}{suffix}",
                case.name
            );
            let (picture, refined) = case.draw(model, case.refiner.as_ref().map(|name| &loaded[&named(name)]));
            assert_eq!(
                refined,
                case.refiner.is_some() && case.switch_at < 1.0,
                "{}{suffix}",
                case.name
            );
            let psnr = psnr(&picture, &expected);
            good &= psnr > 45.0;
            drawn += 1;
            report += &format!("{}{suffix}: {psnr:.1} dB\n", case.name);
        }
    }
    assert!(good && drawn >= models.len(), "\n{report}");
}

#[test]
fn sd1_for_inpainting() {
    check(&["sd1_inpaint"]);
}

#[test]
fn sd2_of_either_prediction_and_for_inpainting() {
    check(&["sd2", "sd2_v", "sd2_inpaint"]);
}

#[test]
fn sdxl_with_and_without_its_refiner() {
    check(&["sdxl", "sdxl_inpaint", "refiner"]);
}

#[test]
fn sdxl_of_velocity_down_to_no_signal() {
    check(&["sdxl_v_ztsnr"]);
}

/// The whole name of a family, and the size that it draws at unless told otherwise.
#[test]
fn families_and_their_sizes() {
    let folder = tempfile::tempdir().unwrap();
    for (name, family, side) in [
        ("sd1_inpaint", "sd1-inpaint", 512),
        ("sd2", "sd2", 512),
        ("sd2_inpaint", "sd2-inpaint", 512),
        ("sdxl", "sdxl", 1024),
        ("sdxl_inpaint", "sdxl-inpaint", 1024),
        ("sdxl_v_ztsnr", "sdxl-v", 1024),
        ("refiner", "sdxl-refiner", 1024),
    ] {
        let checkpoint = Checkpoint::open(&checkpoint(folder.path(), name, false)).unwrap();
        let architecture = checkpoint.architecture();
        assert_eq!(
            (architecture.family().as_str(), architecture.native_size),
            (family, [side; 2]),
            "{name}"
        );
        assert_eq!(architecture.diffusion.zero_snr, name == "sdxl_v_ztsnr");
        architecture.check_fit().unwrap();
    }
    // A yaml like Stability's says velocity; its image_size of 64 does not mean 512 pixels there.
    let path = checkpoint(folder.path(), "sd2", false);
    let yaml = r#"{"model": {"params": {"parameterization": "v", "image_size": 64, "cond_stage_config": {"params": {"layer": "penultimate"}}}}}"#;
    std::fs::write(path.with_extension("yaml"), yaml).unwrap();
    let checkpoint = Checkpoint::open(&path).unwrap();
    assert_eq!(
        (
            checkpoint.architecture().family().as_str(),
            checkpoint.architecture().native_size
        ),
        ("sd2-v", [768; 2])
    );
    assert!(checkpoint.prediction_is_said());
}
