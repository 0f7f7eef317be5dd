//! How fast files of weights are read: `cargo bench --bench files`.
//!
//! A file of SD 1.5's size, every tensor copied out of the map, beside reading the same file into memory; the headers of 1,000 small networks;
//! SHA-256 of the large file; changing between two checkpoints in memory. The large file has no bytes of its own (it is sparse), so that reading costs what it does from the page
//! cache, not from a disk.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::fs::{self, File};
use std::hint::black_box;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use danlu::diffusion::Recipe;
use danlu::engine::{DeviceChoice, Engine, Event, Generate, Job, Output};
use danlu::weights::{TensorFile, hash};
use serde_json::{Map, json};

const LORAS: usize = 1000;
const TIMES: usize = 5;

/// Writes a safetensors file of tensors in f16, with zeros for data.
fn write(path: &Path, shapes: &[(String, Vec<usize>)], metadata: &Map<String, serde_json::Value>) {
    let (mut entries, mut end) = (Map::new(), 0);
    if !metadata.is_empty() {
        entries.insert("__metadata__".to_owned(), metadata.clone().into());
    }
    for (name, shape) in shapes {
        let begin = end;
        end += 2 * shape.iter().product::<usize>();
        let entry = json!({"dtype": "F16", "shape": shape, "data_offsets": [begin, end]});
        entries.insert(name.clone(), entry);
    }
    let header = serde_json::Value::from(entries).to_string();
    let mut file = File::create(path).unwrap();
    file.write_all(&(header.len() as u64).to_le_bytes()).unwrap();
    file.write_all(header.as_bytes()).unwrap();
    file.set_len((8 + header.len() + end) as u64).unwrap();
}

/// The fastest of some runs, in seconds.
fn fastest(mut run: impl FnMut()) -> f64 {
    let time = |()| {
        let begun = Instant::now();
        run();
        begun.elapsed().as_secs_f64()
    };
    std::iter::repeat_n((), TIMES).map(time).fold(f64::INFINITY, f64::min)
}

fn large(folder: &Path) {
    // 1,130 tensors, 2.13 GB, as v1-5-pruned-emaonly in f16 has.
    let sizes = [vec![320, 320, 3, 3], vec![1280, 1280], vec![640], vec![1280, 320]];
    let mut shapes: Vec<_> = (0..1090)
        .map(|i| (format!("model.diffusion_model.{i}.weight"), sizes[i % 4].clone()))
        .collect();
    let small: usize = shapes.iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    let left = (2_132_000_000 / 2 - small) / 40;
    shapes.extend((0..40).map(|i| (format!("model.diffusion_model.large.{i}.weight"), vec![left])));
    let path = folder.join("large.safetensors");
    write(&path, &shapes, &Map::new());
    let bytes = path.metadata().unwrap().len() as f64 / 1e9;

    let read = || drop(black_box(fs::read(&path).unwrap()));
    read();
    let reading = fastest(read);
    let loading = fastest(|| {
        let file = TensorFile::open(&path).unwrap();
        for name in file.tensors().keys() {
            black_box(file.view(name).unwrap().bytes.into_owned());
        }
    });
    println!(
        "reading {bytes:.2} GB into memory          {:>8.3} s  {:.1} GB/s",
        reading,
        bytes / reading
    );
    println!(
        "loading its {} tensors             {:>8.3} s  {:.2} times reading (at most 1.2)",
        shapes.len(),
        loading,
        loading / reading
    );
    let hashing = fastest(|| drop(black_box(hash::sha256(&path).unwrap())));
    println!(
        "sha256                              {:>8.3} s  {:.2} GB/s",
        hashing,
        bytes / hashing
    );
}

/// Networks of 264 modules with the training metadata that kohya writes.
fn many(folder: &Path) {
    let modules = (0..264).map(|i| format!("lora_unet_down_blocks_{i}_attentions_0_transformer_blocks_0_attn1_to_q"));
    let shapes: Vec<_> = modules
        .flat_map(|module| {
            [
                ("lora_up.weight", vec![32, 4]),
                ("lora_down.weight", vec![4, 32]),
                ("alpha", vec![]),
            ]
            .map(|(part, shape)| (format!("{module}.{part}"), shape))
        })
        .collect();
    let tags: Map<_, _> = (0..1500).map(|i| (format!("tag number {i}"), json!(i))).collect();
    let tags = json!({"10_fox": tags}).to_string();
    let metadata = Map::from_iter([
        ("ss_tag_frequency".to_owned(), json!(tags)),
        ("ss_output_name".to_owned(), json!("fox")),
    ]);
    let paths: Vec<_> = (0..LORAS).map(|i| folder.join(format!("{i}.safetensors"))).collect();
    write(&paths[0], &shapes, &metadata);
    for path in &paths[1..] {
        fs::copy(&paths[0], path).unwrap();
    }
    let scanning = fastest(|| {
        for path in &paths {
            black_box(TensorFile::open(path).unwrap());
        }
    });
    println!(
        "headers of {LORAS} LoRAs of {} tensors  {scanning:>8.3} s  (at most 1)",
        shapes.len()
    );
}

/// Jobs of one step that take turns between two checkpoints in memory, beside jobs with the same one again.
fn switch(folder: &Path) {
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("models/danlu-emoji.safetensors");
    let copies = ["a", "b"].map(|name| {
        let copy = folder.join(format!("{name}.safetensors"));
        fs::copy(&shipped, &copy).unwrap();
        fs::copy(shipped.with_extension("yaml"), copy.with_extension("yaml")).unwrap();
        copy
    });
    let engine = Engine::start(DeviceChoice::Cpu).unwrap();
    let draw = |model: &Path| {
        let mut recipe = Recipe::new(model.to_owned(), [64, 64]);
        recipe.steps = 1;
        let begun = Instant::now();
        engine.submit(Job::Generate(Box::new(Generate {
            recipe,
            output: Output::File(folder.join("out.png")),
            hash_cache: Some(folder.join("hashes.sqlite3")),
            preview: false,
            roots: vec![folder.to_owned()],
            strict: false,
        })));
        let mut first = None;
        loop {
            match engine.next_event(Duration::from_mins(2)).unwrap() {
                Event::Step { .. } => first = first.or_else(|| Some(begun.elapsed())),
                Event::Finished { .. } => return first.unwrap().as_secs_f64(),
                Event::Failed { failure, .. } => panic!("{failure:?}"),
                _ => {}
            }
        }
    };
    for copy in &copies {
        draw(copy);
    }
    let (mut same, mut other) = (f64::INFINITY, f64::INFINITY);
    for turn in 0..2 * TIMES {
        other = other.min(draw(&copies[turn % 2]));
        same = same.min(draw(&copies[turn % 2]));
    }
    println!(
        "to the first step with another model in memory {:>6.1} ms, with the same again {:>6.1} ms (switching: at most 100)",
        1e3 * other,
        1e3 * same
    );
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    large(folder.path());
    many(folder.path());
    let folder = tempfile::tempdir().unwrap();
    switch(folder.path());
}
