//! `danlu bench --full`: one run of a whole model at its true shape, for memory and load time.
//!
//! The file has zeros in it and takes no room on the disk (it is sparse), so loading is measured without the disk's speed.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

use burn::tensor::{DType, Device, Tensor};
use danlu::diffusion::inversions::Embeddings;
use danlu::diffusion::txt2img::{Progress, draw};
use danlu::diffusion::{Model, Recipe, memory};
use danlu::engine::device::{free_memory, gibibytes};
use danlu::nn::clip::Clip;
use danlu::nn::unet::Unet;
use danlu::nn::vae::{Decoder, Encoder};
use danlu::weights::architecture::{
    Activation, Architecture, Diffusion, Prediction, TextEncoder, TextNaming, Unet as UnetShape, Vae,
};
use danlu::weights::scope::Source;
use danlu::weights::{Checkpoint, Error, Scope, names};
use serde::Serialize;

use crate::cli::args::FullModel;
use crate::cli::context::Context;
use crate::cli::failure::Failure;

/// Steps of the run; the first is left out of the time.
const STEPS: usize = 3;

/// What a run took.
#[derive(Debug, Serialize)]
struct Report {
    model: &'static str,
    device: String,
    size: String,
    weights_bytes: u64,
    load_seconds: f64,
    seconds_a_step: f64,
    decode_seconds: f64,
    /// The process's memory once the model is loaded, and at its highest; where the system tells.
    loaded_bytes: Option<u64>,
    peak_bytes: Option<u64>,
}

pub(super) fn run(context: &Context, wanted: FullModel, json: bool) -> Result<(), Failure> {
    let opened = context.device.open()?;
    let architecture = architecture(wanted);
    // Asked before the shapes are: that leaves memory with the allocator which the model then uses.
    let free = free_memory();
    let mut recipe = Recipe::new("model".into(), architecture.native_size);
    (recipe.steps, recipe.prompt) = (STEPS, "a fox on a blue background".to_owned());
    let folder = tempfile::tempdir().map_err(|e| Failure::failed(format!("cannot make a temporary folder: {e}")))?;
    let path = folder.path().join("model.safetensors");
    let tensors = tensors(&architecture)?;
    let elements: usize = tensors.values().map(|shape| shape.iter().product::<usize>()).sum();
    let weights_bytes = (elements * opened.dtype.size()) as u64;
    let needed = weights_bytes + memory::peak(&architecture, &recipe, opened.dtype);
    if opened.is_cpu && needed > free {
        let (needed, free) = (gibibytes(needed), gibibytes(free));
        return Err(
            Failure::failed(format!("it needs about {needed} of memory, {free} are free"))
                .hint("choose a smaller model, or end other programs"),
        );
    }
    write_sparse(&path, &tensors).map_err(|e| Failure::failed(format!("cannot write {}: {e}", path.display())))?;

    let begun = Instant::now();
    let checkpoint = Checkpoint::open(&path)?;
    let model = Model::load(&checkpoint, &opened.device, opened.dtype, |_| {}, &|| false)?;
    let load_seconds = begun.elapsed().as_secs_f64();
    let loaded_bytes = resident("VmRSS:");
    let texts = model.texts(&recipe, &Embeddings::default());
    let mut marks = Vec::new();
    draw(&model, &recipe, &texts, 0, &mut |progress| {
        if let Progress::Step { .. } | Progress::Decoding = progress {
            marks.push(Instant::now());
        }
        Ok(())
    })
    .map_err(|e| Failure::failed(e.to_string()))?;
    let steps = marks[0].elapsed().as_secs_f64() - marks[STEPS].elapsed().as_secs_f64();
    let report = Report {
        model: wanted.name(),
        device: opened.name,
        size: format!("{}x{}", recipe.width, recipe.height),
        weights_bytes,
        load_seconds,
        seconds_a_step: steps / (STEPS - 1) as f64,
        decode_seconds: marks[STEPS].elapsed().as_secs_f64(),
        loaded_bytes,
        peak_bytes: resident("VmHWM:"),
    };
    if json {
        crate::cli::print_json(&report)
    } else {
        crate::cli::print(lines(&report))
    }
}

fn lines(report: &Report) -> String {
    let memory = |bytes: Option<u64>| bytes.map_or_else(|| "unknown".to_owned(), gibibytes);
    [
        format!("{} at its true shape, {}, {}", report.model, report.size, report.device),
        format!("weights      {}", gibibytes(report.weights_bytes)),
        format!("load         {:.1} s, without the disk", report.load_seconds),
        format!("one step     {:.1} s, cond and uncond", report.seconds_a_step),
        format!("decode       {:.1} s", report.decode_seconds),
        format!(
            "memory       {} loaded, {} at most",
            memory(report.loaded_bytes),
            memory(report.peak_bytes)
        ),
    ]
    .join("\n")
}

/// What Linux says of this process's memory.
fn resident(key: &str) -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(key))?;
    Some(line.trim().trim_end_matches("kB").trim().parse::<u64>().ok()? << 10)
}

/// The published models' shapes.
fn architecture(wanted: FullModel) -> Architecture {
    let text = |naming, width: usize, layers| TextEncoder {
        naming,
        vocabulary: 49_408,
        positions: 77,
        width,
        feed_forward: 4 * width,
        layers,
        heads: width / 64,
        activation: if naming == TextNaming::OpenClip {
            Activation::Gelu
        } else {
            Activation::QuickGelu
        },
        projection: None,
        layer: 1,
        skips: true,
        final_norm: true,
        padding: 0,
    };
    let clip = || text(TextNaming::Transformers, 768, 12);
    let unet = |channels: &[usize], depth: &[usize], context| UnetShape {
        in_channels: 4,
        out_channels: 4,
        channels: channels.to_vec(),
        resnets: 2,
        depth: depth.to_vec(),
        mid_depth: depth.iter().copied().max().unwrap_or_default(),
        heads: channels.iter().map(|c| c / 64).collect(),
        context,
        groups: 32,
        y: None,
    };
    let sd = |context| unet(&[320, 640, 1280, 1280], &[1, 1, 1, 0], context);
    let (unet, text, side) = match wanted {
        FullModel::Sd1 => (
            UnetShape {
                heads: vec![8; 4],
                ..sd(768)
            },
            vec![clip()],
            512,
        ),
        FullModel::Sd2 => (sd(1024), vec![text(TextNaming::OpenClip, 1024, 24)], 768),
        FullModel::Sdxl => {
            let second = TextEncoder {
                projection: Some(1280),
                ..text(TextNaming::OpenClip, 1280, 32)
            };
            let unet = UnetShape {
                y: Some(2816),
                ..unet(&[320, 640, 1280], &[0, 2, 10], 2048)
            };
            (unet, vec![clip(), second], 1024)
        }
    };
    Architecture {
        unet,
        vae: Vae {
            in_channels: 3,
            latent_channels: 4,
            channels: vec![128, 256, 512, 512],
            resnets: 2,
            groups: 32,
            scale_factor: 0.18215,
        },
        text,
        diffusion: Diffusion {
            prediction: Prediction::Epsilon,
            ..Diffusion::default()
        },
        native_size: [side; 2],
    }
}

/// Hands out zeros and writes down what was asked for.
struct Recorder {
    device: Device,
    asked: RefCell<Vec<(String, Vec<usize>)>>,
}

impl Source for Recorder {
    fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor<1>, Error> {
        self.asked.borrow_mut().push((name.to_owned(), shape.to_vec()));
        // What nobody writes to takes no memory.
        Ok(Tensor::empty(
            [shape.iter().product::<usize>()],
            (&self.device, DType::F32),
        ))
    }

    fn device(&self) -> &Device {
        &self.device
    }
}

fn asked<T>(build: impl FnOnce(&Scope<'_>) -> Result<T, Error>) -> Result<Vec<(String, Vec<usize>)>, Failure> {
    let recorder = Recorder {
        device: Device::flex(),
        asked: RefCell::default(),
    };
    build(&Scope::of(&recorder))?;
    Ok(recorder.asked.into_inner())
}

/// The tensors of a single file of this architecture.
fn tensors(a: &Architecture) -> Result<BTreeMap<String, Vec<usize>>, Failure> {
    let mut tensors = BTreeMap::new();
    for (name, shape) in asked(|scope| Unet::load(scope, &a.unet))? {
        tensors.extend(names::ldm_unet(&name, &a.unet).map(|n| (format!("model.diffusion_model.{n}"), shape)));
    }
    let vae = asked(|scope| Ok((Decoder::load(scope, &a.vae)?, Encoder::load(scope, &a.vae)?)))?;
    for (name, shape) in vae {
        tensors.extend(names::ldm_vae(&name, a.vae.channels.len()).map(|n| (format!("first_stage_model.{n}"), shape)));
    }
    for (i, text) in a.text.iter().enumerate() {
        let stage = if a.unet.y.is_some() {
            format!("conditioner.embedders.{i}.")
        } else {
            "cond_stage_model.".to_owned()
        };
        for (name, mut shape) in asked(|scope| Clip::load(scope, text))? {
            let (part, place) = match text.naming {
                TextNaming::Transformers => ("transformer.", names::transformers_text(&name).into_iter().next()),
                TextNaming::OpenClip => ("model.", names::open_clip_text(&name)),
            };
            let Some(place) = place else { continue };
            if place.transposed {
                shape.reverse();
            }
            if let Some((_, parts)) = place.rows {
                shape[0] *= parts;
            }
            tensors.insert(format!("{stage}{part}{}", place.name), shape);
        }
    }
    Ok(tensors)
}

/// A safetensors file of half-precision zeros without any blocks on the disk.
fn write_sparse(path: &Path, tensors: &BTreeMap<String, Vec<usize>>) -> std::io::Result<()> {
    let mut end = 0;
    let mut header = serde_json::Map::new();
    for (name, shape) in tensors {
        let begin = end;
        end += 2 * shape.iter().product::<usize>();
        header.insert(
            name.clone(),
            serde_json::json!({"dtype": "F16", "shape": shape, "data_offsets": [begin, end]}),
        );
    }
    let header = serde_json::to_vec(&header)?;
    let mut file = std::fs::File::create(path)?;
    file.write_all(&(header.len() as u64).to_le_bytes())?;
    file.write_all(&header)?;
    file.set_len((8 + header.len() + end) as u64)
}
