//! From a prompt's calls to the picture's parameters, through the engine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use danlu::diffusion::Recipe;
use danlu::engine::{DeviceChoice, Engine, Event, Generate, Job, Output};
use danlu::infotext::Infotext;

use crate::{fixture, shipped, write};

/// An engine, a tree of models and a folder for pictures.
struct Home {
    folder: tempfile::TempDir,
    engine: Engine,
}

/// How a job ended.
#[derive(Debug)]
struct Ended {
    warnings: Vec<String>,
    /// Pixels and parameters.
    picture: Result<(Vec<u8>, String), String>,
}

impl Home {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let networks = folder.path().join("models/Lora");
        std::fs::create_dir_all(&networks).unwrap();
        std::fs::create_dir_all(folder.path().join("models/Stable-diffusion")).unwrap();
        std::fs::copy(fixture("picture.safetensors"), networks.join("ink, v1.safetensors")).unwrap();
        std::fs::write(networks.join("damaged.safetensors"), b"nothing of the kind").unwrap();
        let sdxl = ["lora_unet_input_blocks_4_1_transformer_blocks_0_attn2_to_k"; 2];
        let parts = [
            format!("{}.lora_up.weight", sdxl[0]),
            format!("{}.lora_down.weight", sdxl[1]),
        ];
        let tensors: [(&str, &[usize], Vec<f32>); 2] = [
            (&parts[0], &[640, 1], vec![0.0; 640]),
            (&parts[1], &[1, 2048], vec![0.0; 2048]),
        ];
        write(
            &tensors,
            &[("ss_base_model_version", "sdxl_base_v1-0")],
            &networks.join("xl.safetensors"),
        );
        Self {
            folder,
            engine: Engine::start(DeviceChoice::Cpu).unwrap(),
        }
    }

    fn networks(&self) -> PathBuf {
        self.folder.path().join("models/Lora")
    }

    fn draw(&self, prompt: &str, strict: bool) -> Ended {
        let path = self.folder.path().join("picture.png");
        let recipe = Recipe {
            prompt: prompt.to_owned(),
            negative_prompt: "<lora:ink, v1:1>".to_owned(),
            steps: 2,
            seed: 7,
            ..Recipe::new(shipped(), [32; 2])
        };
        self.engine.submit(Job::Generate(Box::new(Generate {
            recipe,
            output: Output::File(path.clone()),
            hash_cache: None,
            preview: false,
            roots: vec![self.folder.path().to_owned()],
            strict,
        })));
        let mut ended = Ended {
            warnings: Vec::new(),
            picture: Err("nothing was drawn".to_owned()),
        };
        loop {
            match self.engine.next_event(Duration::from_mins(1)).expect("an event") {
                Event::Warning { message, .. } => ended.warnings.push(message),
                Event::Saved { picture, .. } => ended.picture = Ok((pixels(&path), picture.infotext)),
                Event::Failed { failure, .. } => ended.picture = Err(failure.message),
                Event::Finished { .. } => return ended,
                _ => {}
            }
            if matches!(&ended.picture, Err(why) if why != "nothing was drawn") {
                return ended;
            }
        }
    }

    /// Pixels, and what the parameters say of networks.
    #[track_caller]
    fn drawn(&self, prompt: &str) -> (Vec<u8>, Option<String>) {
        let ended = self.draw(prompt, true);
        assert!(ended.warnings.is_empty(), "{:?}", ended.warnings);
        let (pixels, infotext) = ended.picture.unwrap();
        let read = Infotext::parse(&infotext);
        assert_eq!(read.prompt, prompt, "the prompt is kept as it was written");
        (pixels, read.get("Lora hashes").map(str::to_owned))
    }
}

fn pixels(path: &Path) -> Vec<u8> {
    image::open(path).unwrap().to_rgb8().into_raw()
}

#[test]
fn a_call_changes_the_picture_and_is_written_down() {
    let home = Home::new();
    let (plain, none) = home.drawn("fox");
    assert_eq!(none, None);
    let (changed, hashes) = home.drawn("fox<lora:ink, v1:1>");
    assert_ne!(plain, changed);
    let hash = "7acf30cc295b";
    assert_eq!(hashes, Some(format!("ink v1: {hash}")));
    // By its trainer's name, in another case, with its extension; a call is no word.
    let (by_alias, hashes) = home.drawn("fox<lora:墨>");
    assert_eq!((&by_alias, hashes), (&changed, Some(format!("墨: {hash}"))));
    assert_eq!(home.drawn("f<lyco:INK, V1.safetensors:te=1:unet=1.0>ox").0, changed);
    assert_eq!(home.drawn("fox").0, plain);
    assert_eq!(home.drawn("fox<lora:ink, v1:0>").0, plain);
    let text = home.drawn("fox<lora:ink, v1:1:0>").0;
    assert!(text != plain && text != changed);
    assert_eq!(home.drawn("fox<lora:ink, v1:unet=0:1:0.5>").0, text);
    // A name that is called twice is applied twice with its last strength, as A1111 does.
    let twice = home.drawn("fox<lora:ink, v1:9><lora:ink, v1:0.5>").0;
    assert_eq!(twice, home.drawn("fox<lora:ink, v1:0.5><lora:ink, v1:0.5>").0);
}

#[test]
fn a_changed_file_is_read_again() {
    let home = Home::new();
    let (plain, _) = home.drawn("fox");
    let (changed, before) = home.drawn("fox<lora:ink, v1:1>");
    let conv = "lora_unet_mid_block_resnets_0_conv1.diff";
    let values = vec![0.0; 192 * 192 * 9];
    write(
        &[(conv, &[192, 192, 3, 3], values)],
        &[],
        &home.networks().join("ink, v1.safetensors"),
    );
    let (again, after) = home.drawn("fox<lora:ink, v1:1>");
    assert_eq!(again, plain);
    assert_ne!(changed, again);
    assert_ne!(before, after);
}

#[test]
fn what_cannot_be_used_is_said_and_the_picture_made_without_it() {
    let home = Home::new();
    let (plain, _) = home.drawn("fox");
    for (call, why) in [
        (
            "<lora:none:1>",
            "the network \"none\" is not used: no network is called \"none\" in ",
        ),
        ("<lora:damaged:1>", "the network \"damaged\" is not used: "),
        (
            "<lora:xl:1>",
            "the network \"xl\" is not used: it was made for SDXL, and the model is SD 1.x",
        ),
        ("<lora:ink, v1:much>", "<lora:ink, v1:much> in the prompt is skipped: "),
        ("<loha:ink, v1:1>", "<loha:ink, v1:1> in the prompt is skipped: "),
    ] {
        let prompt = format!("fox{call}");
        let ended = home.draw(&prompt, false);
        let [warning] = ended.warnings.as_slice() else {
            panic!("{call}: {:?}", ended.warnings)
        };
        assert!(warning.starts_with(why), "{warning}");
        let (pixels, infotext) = ended.picture.unwrap();
        assert_eq!(pixels, plain, "{call}");
        assert_eq!(Infotext::parse(&infotext).get("Lora hashes"), None, "{call}");
        let refused = home.draw(&prompt, true);
        let message = refused.picture.unwrap_err();
        assert!(message.starts_with(why), "{message}");
    }
    // The others are used.
    let (changed, _) = home.drawn("fox<lora:ink, v1:1>");
    let ended = home.draw("fox<lora:none:1><lora:ink, v1:1>", false);
    assert_eq!(ended.picture.unwrap().0, changed);
}
