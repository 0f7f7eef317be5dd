//! `danlu bench`: how long the parts of drawing take here.

mod full;

use std::time::Instant;

use danlu::diffusion::inversions::Embeddings;
use danlu::diffusion::txt2img::draw;
use danlu::diffusion::{Model, Recipe};
use danlu::weights::Checkpoint;
use serde::Serialize;

use super::args::Bench;
use super::context::Context;
use super::failure::Failure;

/// Runs of each measurement; the median counts.
const RUNS: usize = 5;

#[derive(Debug, Serialize)]
struct Figure {
    name: &'static str,
    median_ms: f64,
    fastest_ms: f64,
}

pub(super) fn run(context: &Context, options: &Bench) -> Result<(), Failure> {
    if let Some(wanted) = options.full {
        return full::run(context, wanted, options.json);
    }
    let path = context.checkpoint(None)?;
    let opened = context.device.open()?;
    let mut figures = Vec::new();
    let load = || -> Result<Model, Failure> {
        Ok(Model::load(
            &Checkpoint::open(&path)?,
            &opened.device,
            opened.dtype,
            |_| {},
            &|| false,
        )?)
    };
    figures.push(measure("load the shipped checkpoint", || load().map(drop))?);
    let model = load()?;
    let mut recipe = Recipe::new(path.clone(), model.architecture().native_size);
    "fox, noto, blue background".clone_into(&mut recipe.prompt);
    figures.push(measure("encode a prompt", || {
        sync(
            &opened.device,
            model
                .condition(&recipe.prompt, &recipe, false, &Embeddings::default())
                .context,
        )
    })?);
    for (name, steps) in [("picture, 128x128, 1 step", 1), ("picture, 128x128, 20 steps", 20)] {
        recipe.steps = steps;
        figures.push(measure(name, || {
            draw(
                &model,
                &recipe,
                &model.texts(&recipe, &Embeddings::default()),
                0,
                &mut |_| Ok(()),
            )
            .map(drop)
            .map_err(|e| Failure::failed(e.to_string()))
        })?);
    }
    let step = (figures[3].median_ms - figures[2].median_ms) / 19.0;
    figures.push(Figure {
        name: "one step (cond and uncond)",
        median_ms: step,
        fastest_ms: step,
    });
    if options.json {
        #[derive(Serialize)]
        struct Report {
            device: String,
            figures: Vec<Figure>,
        }
        return super::print_json(&Report {
            device: opened.name,
            figures,
        });
    }
    let lines = figures
        .iter()
        .map(|f| format!("{:<30}{:>9.1} ms  (fastest {:.1})", f.name, f.median_ms, f.fastest_ms));
    super::print(format!("{}\n{}", opened.name, lines.collect::<Vec<_>>().join("\n")))
}

fn sync<const D: usize>(device: &burn::tensor::Device, result: burn::tensor::Tensor<D>) -> Result<(), Failure> {
    drop(result);
    device
        .sync()
        .map_err(|e| Failure::failed(format!("the device failed: {e:?}")))
}

fn measure(name: &'static str, mut work: impl FnMut() -> Result<(), Failure>) -> Result<Figure, Failure> {
    work()?;
    let mut times = Vec::with_capacity(RUNS);
    for _ in 0..RUNS {
        let begun = Instant::now();
        work()?;
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
    }
    times.sort_by(f64::total_cmp);
    Ok(Figure {
        name,
        median_ms: times[RUNS / 2],
        fastest_ms: times[0],
    })
}
