//! What the engine makes of a recipe's companions: the VAE that is named like the checkpoint, a refiner, a tiny autoencoder.

use std::path::{Path, PathBuf};
use std::time::Duration;

use danlu::diffusion::Recipe;
use danlu::diffusion::recipe::Refiner;
use danlu::engine::{DeviceChoice, Engine, Event, Generate, Job, Output};
use danlu::weights::{Checkpoint, TensorFile};

use crate::support::{Tensors, shipped, write_safetensors};

const VAE: &str = "first_stage_model.";

/// A copy of the shipped checkpoint by another name.
fn copy(folder: &Path, name: &str) -> PathBuf {
    let path = folder.join(name);
    std::fs::copy(shipped(), &path).unwrap();
    std::fs::copy(shipped().with_extension("yaml"), path.with_extension("yaml")).unwrap();
    path
}

/// Draws one picture; its parameters and what was said.
fn drawn(recipe: Recipe, folder: &Path) -> (String, Vec<String>) {
    let engine = Engine::start(DeviceChoice::Cpu).unwrap();
    engine.submit(Job::Generate(Box::new(Generate {
        recipe,
        output: Output::File(folder.join("out.png")),
        hash_cache: None,
        preview: false,
        roots: Vec::new(),
        strict: false,
    })));
    let (mut infotext, mut said) = (String::new(), Vec::new());
    loop {
        match engine.next_event(Duration::from_mins(2)).expect("nothing happens") {
            Event::Saved { picture, .. } => infotext = picture.infotext,
            Event::Warning { message, .. } => said.push(message),
            Event::Finished { .. } => return (infotext, said),
            Event::Failed { failure, .. } => panic!("{failure:?}"),
            _ => {}
        }
    }
}

#[test]
fn a_vae_named_like_the_checkpoint_is_taken_and_written_down() {
    let folder = tempfile::tempdir().unwrap();
    let model = copy(folder.path(), "fox.safetensors");
    let mut tensors = below(VAE);
    // A1111 leaves these out; trainers leave them in.
    tensors.insert("model_ema.decay".to_owned(), (vec![1], vec![0.9]));
    tensors.insert("loss.logvar".to_owned(), (vec![1], vec![0.0]));
    write_safetensors(&folder.path().join("fox.vae.safetensors"), &tensors);
    let mut recipe = Recipe::new(model, [64, 64]);
    recipe.steps = 1;
    let (infotext, said) = drawn(recipe.clone(), folder.path());
    assert!(
        infotext.contains("VAE: fox.vae.safetensors") && infotext.contains("VAE hash: "),
        "{infotext}"
    );
    assert!(said.iter().any(|s| s.contains("named like the checkpoint")), "{said:?}");
    recipe.own_vae = true;
    let (infotext, said) = drawn(recipe, folder.path());
    assert!(!infotext.contains("VAE") && said.is_empty(), "{infotext} {said:?}");
}

/// The shipped checkpoint's tensors below a prefix, without it.
fn below(prefix: &str) -> Tensors {
    let file = TensorFile::open(&shipped()).unwrap();
    let tensor = |name: &String| {
        let view = file.view(name).unwrap();
        let rest = name.strip_prefix(prefix)?.to_owned();
        Some((rest, (view.shape.to_vec(), view.to_f32().unwrap())))
    };
    file.tensors().keys().filter_map(tensor).collect()
}

#[test]
fn a_unet_by_itself_draws_with_the_rest_of_a_checkpoint_that_it_fits() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lone.safetensors");
    write_safetensors(&path, &below("model.diffusion_model."));
    let out = folder.path().join("out.png");
    let pixels = |recipe: Recipe| {
        let (infotext, said) = drawn(recipe, folder.path());
        let pixels = image::open(&out).unwrap().to_rgb8().into_raw();
        std::fs::remove_file(&out).unwrap();
        (pixels, infotext, said)
    };
    let mut recipe = Recipe::new(shipped(), [64, 64]);
    (recipe.steps, recipe.prompt) = (2, "fox".to_owned());
    let (whole, ..) = pixels(recipe.clone());
    (recipe.model, recipe.base) = (path.clone(), Some(shipped()));
    let (lent, infotext, said) = pixels(recipe);
    assert_eq!(whole, lent);
    assert!(
        infotext.contains("Model: lone") && said.is_empty(),
        "{infotext} {said:?}"
    );

    let (checkpoint, lender) = Checkpoint::open_among(&path, || vec![path.clone(), shipped()]).unwrap();
    assert_eq!((checkpoint.name().as_str(), lender), ("lone", Some(shipped())));
    let lone = Checkpoint::open_among(&path, Vec::new).unwrap_err();
    assert!(lone.to_string().contains("lone.safetensors is a UNet"), "{lone}");
    assert!(lone.hint().unwrap().contains("--base"));
}

#[test]
fn a_refiner_is_written_down_when_it_took_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut recipe = Recipe::new(copy(folder.path(), "fox.safetensors"), [64, 64]);
    let refiner = copy(folder.path(), "owl.safetensors");
    recipe.steps = 4;
    for (switch_at, written) in [(0.5, true), (1.0, false)] {
        let model = refiner.clone();
        recipe.refiner = Some(Refiner { model, switch_at });
        let (infotext, _) = drawn(recipe.clone(), folder.path());
        let hash = infotext
            .split("Model hash: ")
            .nth(1)
            .unwrap()
            .split(',')
            .next()
            .unwrap();
        let fields = format!("Refiner: owl [{hash}], Refiner switch at: 0.5");
        assert_eq!(infotext.contains(&fields), written, "{infotext}");
        assert_eq!(infotext.contains("Refiner"), written, "{infotext}");
    }
    // The model itself is no refiner of its own.
    let model = recipe.model.clone();
    recipe.refiner = Some(Refiner { model, switch_at: 0.5 });
    assert!(!drawn(recipe, folder.path()).0.contains("Refiner"));
}
