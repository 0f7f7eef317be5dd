//! Through the engine: files in folders, names in prompts, pictures and their parameters.

use std::path::{Path, PathBuf};
use std::time::Duration;

use danlu::diffusion::Recipe;
use danlu::engine::{DeviceChoice, Engine, Event, Generate, Job, Output};
use danlu::weights::{TensorFile, hash};

use super::support::{Tensors, shipped, write_safetensors};
use super::{fixture, values};

const EMBEDDINGS: &str = "cond_stage_model.transformer.text_model.embeddings.token_embedding.weight";
const FOX: usize = 3240;
const WIDTH: usize = 128;

struct Drawn {
    pixels: Vec<u8>,
    infotext: String,
    warnings: Vec<String>,
}

struct Desk {
    folder: tempfile::TempDir,
    engine: Engine,
}

impl Desk {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        for kind in ["embeddings", "hypernetworks"] {
            std::fs::create_dir(folder.path().join(kind)).unwrap();
        }
        let engine = Engine::start(DeviceChoice::Cpu).unwrap();
        Self { folder, engine }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn copy(&self, name: &str, to: &str) {
        std::fs::copy(fixture(name), self.path(to)).unwrap();
    }

    fn embedding(&self, name: &str, vectors: Vec<f32>) {
        let shape = vec![vectors.len() / WIDTH, WIDTH];
        let tensors = Tensors::from([("emb_params".to_owned(), (shape, vectors))]);
        write_safetensors(&self.path(&format!("embeddings/{name}.safetensors")), &tensors);
    }

    /// One small picture, or why there is none.
    fn draw_as(&self, prompt: &str, negative: &str, strict: bool) -> Result<Drawn, String> {
        let recipe = Recipe {
            prompt: prompt.to_owned(),
            negative_prompt: negative.to_owned(),
            steps: 2,
            seed: 3,
            ..Recipe::new(shipped(), [64; 2])
        };
        let file = self.path("out.png");
        let job = self.engine.submit(Job::Generate(Box::new(Generate {
            recipe,
            output: Output::File(file.clone()),
            hash_cache: None,
            preview: false,
            roots: vec![self.folder.path().to_owned()],
            strict,
        })));
        let (mut infotext, mut warnings) = (String::new(), Vec::new());
        loop {
            match self.engine.next_event(Duration::from_mins(1)) {
                Some(Event::Warning { message, .. }) => warnings.push(message),
                Some(Event::Saved { picture, .. }) => infotext = picture.infotext,
                Some(Event::Failed { failure, .. }) => return Err(failure.message),
                Some(Event::Finished { job: done }) if done == job => break,
                Some(_) => {}
                None => panic!("nothing happens"),
            }
        }
        let pixels = image::open(&file).unwrap().into_rgb8().into_raw();
        Ok(Drawn {
            pixels,
            infotext,
            warnings,
        })
    }

    fn draw(&self, prompt: &str, negative: &str) -> Drawn {
        self.draw_as(prompt, negative, false).unwrap()
    }
}

/// The vectors that the shipped checkpoint has for a token.
fn vectors_of(token: usize) -> Vec<f32> {
    let all = values(&TensorFile::open(&shipped()).unwrap(), EMBEDDINGS);
    all[token * WIDTH..(token + 1) * WIDTH].to_vec()
}

fn short_hash(path: &Path) -> String {
    hash::sha256(path).unwrap()[..12].to_owned()
}

#[test]
fn an_embedding_of_a_words_vectors_gives_that_words_picture() {
    let desk = Desk::new();
    let fox = vectors_of(FOX);
    desk.embedding("qqfox", fox.clone());
    desk.embedding("qq:two, v1", [fox.clone(), fox].concat());
    let word = desk.draw("a (fox:1.2), red", "fox");
    let name = desk.draw("a (QQfox:1.2), red", "qqFox");
    assert!(name.warnings.is_empty(), "{:?}", name.warnings);
    assert_eq!(word.pixels, name.pixels);
    assert!(desk.draw("a, red", "").pixels != name.pixels);
    assert!(!word.infotext.contains("TI hashes"));
    let hash = short_hash(&desk.path("embeddings/qqfox.safetensors"));
    assert!(
        name.infotext.contains(&format!("TI hashes: \"qqfox: {hash}\"")),
        "{}",
        name.infotext
    );

    let both = desk.draw("qq:two, v1", "qqfox");
    assert_eq!(both.pixels, desk.draw("fox fox", "fox").pixels);
    let two = short_hash(&desk.path("embeddings/qq:two, v1.safetensors"));
    let hashes = format!("TI hashes: \"qqtwo v1: {two}, qqfox: {hash}\"");
    assert!(both.infotext.contains(&hashes), "{}", both.infotext);

    // A changed file is read anew.
    desk.embedding("qqfox", vectors_of(FOX + 1));
    assert!(desk.draw("a (qqfox:1.2), red", "").pixels != word.pixels);
}

#[test]
fn what_cannot_be_used_is_said_where_it_is_named_and_the_name_is_text() {
    let desk = Desk::new();
    let plain = desk.draw("a qqwide fox", "");
    desk.copy("a1111.pt", "embeddings/qqwide.pt");
    desk.copy("hidden.png", "embeddings/any.png");
    desk.copy("picture.png", "embeddings/fox.png");
    std::fs::write(desk.path("embeddings/qqbroken.pt"), "broken").unwrap();
    assert!(desk.draw("a fox", "").warnings.is_empty());
    let wide = desk.draw("a qqwide fox", "");
    assert_eq!(wide.pixels, plain.pixels);
    assert_eq!(
        wide.warnings,
        ["the embedding \"qqwide\" is not used: it is for SD 1.x (768 wide), and this model is 128 wide"]
    );
    let refused = desk.draw_as("a qqwide fox", "", true).err().unwrap();
    assert!(refused.contains("qqwide"), "{refused}");
    let broken = desk.draw("fox", "qqbroken");
    assert!(
        broken.warnings.len() == 1 && broken.warnings[0].contains("qqbroken"),
        "{:?}",
        broken.warnings
    );
    let picture = desk.draw("named in pixels", "");
    assert!(
        picture.warnings[0].contains("named in pixels"),
        "{:?}",
        picture.warnings
    );
}

#[test]
fn hypernetworks_are_called_by_their_files_names() {
    let desk = Desk::new();
    let plain = desk.draw("fox", "");
    // A width of 4 is no level's of the shipped checkpoint, 128 is.
    desk.copy("hyper_relu.pt", "hypernetworks/narrow.pt");
    let narrow = desk.draw("fox<hypernet:narrow:1>", "");
    assert!(narrow.warnings.is_empty(), "{:?}", narrow.warnings);
    assert_eq!(narrow.pixels, plain.pixels);

    let stack = |half: usize| {
        let square = |value: f32| {
            (0..WIDTH * WIDTH)
                .map(|i| if i % (WIDTH + 1) == 0 { value } else { 0.0 })
                .collect::<Vec<_>>()
        };
        let tensor = |name: &str, shape: &[usize], values| (format!("{WIDTH}.{half}.{name}"), (shape.to_vec(), values));
        [
            tensor(
                "linear1.weight",
                &[2 * WIDTH, WIDTH],
                [square(0.5), square(0.5)].concat(),
            ),
            tensor("linear1.bias", &[2 * WIDTH], vec![0.0; 2 * WIDTH]),
            tensor("linear2.weight", &[WIDTH, 2 * WIDTH], vec![0.01; 2 * WIDTH * WIDTH]),
            tensor("linear2.bias", &[WIDTH], vec![0.1; WIDTH]),
        ]
    };
    let tensors: Tensors = stack(0).into_iter().chain(stack(1)).collect();
    write_safetensors(&desk.path("hypernetworks/Wide.safetensors"), &tensors);
    let wide = desk.draw("fox<hypernet:Wide:0.5>", "");
    assert!(wide.warnings.is_empty() && wide.pixels != plain.pixels);
    assert_eq!(desk.draw("fox<hypernet:wide:0>", "").pixels, plain.pixels);
    assert_eq!(desk.draw("<hypernet:wide:0.5>fox", "").pixels, wide.pixels);
    assert_eq!(desk.draw("fox", "").pixels, plain.pixels);

    let missing = desk.draw("fox<hypernet:none>", "");
    assert_eq!(
        missing.warnings,
        ["the hypernetwork \"none\" is not used: no file in a hypernetworks folder has that name"]
    );
    assert!(desk.draw_as("fox<hypernet:none>", "", true).is_err());
}
