use burn::tensor::{DType, Device, Tensor, TensorData};
use danlu::nn::clip::{Clip, Insert};
use danlu::weights::TensorFile;
use danlu::weights::adapter::Adapter;
use danlu::weights::checkpoint::{Checkpoint, Network};
use danlu::weights::embedding::Embedding;
use danlu::weights::scope::Loader;

use super::support::{Fixture, Recipe, Tensors, shipped, write_safetensors};
use super::{containers, fixture, off, values};

#[test]
fn every_container_gives_the_vectors_that_a1111_reads() {
    let expected = TensorFile::open(&fixture("expected.safetensors")).unwrap();
    let files = containers();
    assert!(files.len() >= 16, "{files:?}");
    for file in files {
        let named = Embedding::open(&fixture(&file)).unwrap().unwrap();
        let parts: &[(usize, &str)] = if file.starts_with("pair") {
            &[(0, ".clip_l"), (1, ".clip_g")]
        } else {
            &[(0, "")]
        };
        for (encoder, suffix) in parts {
            let name = format!("{file}{suffix}");
            let part = named.embedding.part(*encoder).unwrap();
            assert_eq!(expected.tensors()[&name].shape, [part.count, part.width], "{name}");
            assert_eq!(part.values, values(&expected, &name), "{name}");
        }
        assert!(named.embedding.part(parts.len()).is_none());
        let name = match file.as_str() {
            "text.png" | "ztxt.png" => "named in text",
            "hidden.png" => "named in pixels",
            "hidden.webp" => "named in webp",
            other => other.rsplit_once('.').unwrap().0,
        };
        assert_eq!(named.name, name);
    }
}

#[test]
fn a_picture_without_an_embedding_is_a_preview() {
    assert_eq!(Embedding::open(&fixture("picture.png")).unwrap(), None);
    let folder = tempfile::tempdir().unwrap();
    let preview = folder.path().join("fox.preview.png");
    std::fs::copy(fixture("hidden.png"), &preview).unwrap();
    assert_eq!(Embedding::open(&preview).unwrap(), None);
}

/// A tensor of one value: its name and shape.
type Filled<'a> = (&'a str, &'a [usize], f32);

#[test]
fn what_is_no_embedding_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let write = |tensors: &[Filled<'_>]| {
        let path = folder.path().join("x.safetensors");
        let of = |(name, shape, value): &Filled<'_>| {
            (
                (*name).to_owned(),
                (shape.to_vec(), vec![*value; shape.iter().product()]),
            )
        };
        write_safetensors(&path, &tensors.iter().map(of).collect::<Tensors>());
        Embedding::open(&path).unwrap_err()
    };
    let cases: &[(&[Filled<'_>], &str)] = &[
        (&[], "it has no tensors"),
        (
            &[("a", &[1, 8][..], 0.0), ("b", &[1, 8][..], 0.0)],
            r#"it has 2 tensors, "a" and "b" among them"#,
        ),
        (
            &[("a", &[76, 8][..], 0.0)],
            r#""a" has 76 vectors, and a chunk of the prompt holds 75"#,
        ),
        (
            &[("a", &[1, 2, 8][..], 0.0)],
            r#""a" has shape [1, 2, 8], expected vectors [count, width]"#,
        ),
        (
            &[("a", &[0, 8][..], 0.0)],
            r#""a" has shape [0, 8], expected vectors [count, width]"#,
        ),
        (&[("a", &[2, 8][..], f32::NAN)], r#""a" has the value NaN in it"#),
        (
            &[("clip_l", &[1, 8][..], 0.0), ("clip_g", &[2, 8][..], 0.0)],
            "clip_l has 1 vectors and clip_g 2",
        ),
        (
            &[
                ("string_to_param.*", &[1, 8][..], 0.0),
                ("string_to_param.+", &[1, 8][..], 0.0),
            ],
            r#"it has several terms, "string_to_param.*" and "string_to_param.+" among them"#,
        ),
    ];
    for (tensors, why) in cases {
        let error = write(tensors);
        assert!(
            error.to_string().ends_with(&format!("is no embedding: {why}")),
            "{error}"
        );
        assert!(error.hint().is_some());
    }
}

#[test]
fn an_embedding_of_another_family_says_so() {
    let mut sd1 = Checkpoint::open(&shipped()).unwrap().architecture().clone();
    sd1.text[0].width = 768;
    let open = |file: &str| Embedding::open(&fixture(file)).unwrap().unwrap().embedding;
    assert_eq!(open("a1111.pt").fit(&sd1), Ok(()));
    assert_eq!(
        open("pair.pt").fit(&sd1).unwrap_err(),
        "it is for SDXL (768 and 1280 wide), and this model is SD 1.x (768 wide)"
    );
    assert_eq!(
        open("half.pt").fit(&sd1).unwrap_err(),
        "it is for SD 2.x (1024 wide), and this model is SD 1.x (768 wide)"
    );
    sd1.text[0].width = 1280;
    assert_eq!(open("refiner.safetensors").fit(&sd1), Ok(()));
}

#[test]
fn embeddings_come_with_networks() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("lora.safetensors");
    let module = "lora_unet_mid_block_attentions_0_proj_in";
    let mut tensors = Tensors::new();
    for (name, shape) in [
        (format!("{module}.lora_down.weight"), vec![1, 4]),
        (format!("{module}.lora_up.weight"), vec![4, 1]),
        ("bundle_emb.狐 fox.string_to_param.*".to_owned(), vec![3, 8]),
        ("bundle_emb.pair.clip_l".to_owned(), vec![2, 8]),
        ("bundle_emb.pair.clip_g".to_owned(), vec![2, 12]),
        ("bundle_emb.bad.emb_params".to_owned(), vec![2, 3, 4]),
    ] {
        tensors.insert(name, (shape.clone(), vec![0.5; shape.iter().product()]));
    }
    write_safetensors(&path, &tensors);
    let (found, faults) = Embedding::bundled(&Adapter::open(&path).unwrap());
    let found: Vec<_> = found
        .iter()
        .map(|named| (named.name.as_str(), named.embedding.widths()))
        .collect();
    assert_eq!(found, [("pair", vec![8, 12]), ("狐 fox", vec![8])]);
    assert!(
        faults.len() == 1 && faults[0].contains("the embedding bad in"),
        "{faults:?}"
    );
}

/// 1e-4 is f32's rounding in a handful of layers, as in `tests/networks.rs`.
#[test]
fn vectors_in_clips_input_act_as_in_a1111() {
    let expected = TensorFile::open(&fixture("clip_inserts.safetensors")).unwrap();
    let fixes: Vec<Vec<(usize, usize)>> = serde_json::from_str(&expected.metadata()["fixes"]).unwrap();
    for name in ["text_clip_l", "text_open_clip"] {
        let (unet, vae, text) = (Fixture::open("unet_sd1"), Fixture::open("vae_one"), Fixture::open(name));
        let recipe = Recipe {
            unet: &unet,
            vae: &vae,
            text: vec![(&text, "ldm")],
        };
        let folder = tempfile::tempdir().unwrap();
        let checkpoint = Checkpoint::open(&recipe.write_folder(folder.path())).unwrap();
        let loader = Loader::new(&checkpoint, Network::Text(0), &Device::flex(), DType::F32);
        let clip = Clip::load(&loader.root(), &checkpoint.architecture().text[0]).unwrap();
        let vectors = |i: usize| {
            let name = format!("{name}.{i}");
            let shape: [usize; 2] = expected.tensors()[&name].shape.clone().try_into().unwrap();
            Tensor::<2>::from_data(TensorData::new(values(&expected, &name), shape), &Device::flex())
        };
        let ids = text.ids();
        let rows = fixes.iter().enumerate().take(ids.len());
        let inserts: Vec<Insert> = rows
            .flat_map(|(chunk, row)| row.iter().map(move |&(at, i)| (chunk, at, i)))
            .map(|(chunk, at, i)| Insert {
                chunk,
                // A1111 counts from the first token behind BOS.
                at: at + 1,
                vectors: vectors(i),
            })
            .collect();
        let ids = &ids[..ids.len().min(fixes.len())];
        // `last_hidden_state` has the final norm, which clip skip 1 of an encoder trained on its last layer gives.
        let found = clip.forward_with(ids, &inserts, 1);
        if name == "text_clip_l" {
            let states = found.states.into_data().try_to_vec::<f32>().unwrap();
            let off = off(&states, &values(&expected, &format!("{name}.states")));
            assert!(off < 1e-4, "{name}: off by {off}");
        } else {
            let embeds = found.pooled.unwrap().into_data().try_to_vec::<f32>().unwrap();
            let off = off(&embeds, &values(&expected, &format!("{name}.text_embeds")));
            assert!(off < 1e-4, "{name}: off by {off}");
        }
    }
}
