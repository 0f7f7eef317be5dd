//! Narrow BLIPs with random weights, saved as safetensors and as a pickle, against transformers.

use std::collections::BTreeMap;

use burn::tensor::{DType, Device};
use danlu::data::picture::{Limits, open};
use danlu::nn::blip::{Blip, Config};
use danlu::vision::Captioning;
use danlu::vision::caption::Captioner;
use danlu::vision::caption::wordpiece::Words;
use danlu::vision::picture::for_captioner;
use serde::Deserialize;

use crate::support::{fixture, json};

#[derive(Deserialize)]
struct Cases {
    models: BTreeMap<String, BTreeMap<String, Case>>,
    encode: Vec<Spelling>,
    decode: Vec<Spelling>,
}

#[derive(Deserialize)]
struct Case {
    states: Vec<f32>,
    ids: Vec<u32>,
    logits: Vec<f32>,
    sentences: Vec<Sentence>,
}

#[derive(Deserialize)]
struct Sentence {
    beams: usize,
    shortest: usize,
    longest: usize,
    prompt: String,
    tokens: Vec<u32>,
    text: String,
}

#[derive(Deserialize)]
struct Spelling {
    text: String,
    ids: Vec<u32>,
}

fn worst(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found
        .iter()
        .zip(expected)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, f32::max)
}

fn never() -> bool {
    false
}

/// The networks by themselves, in f32 on both sides; sums in another order move states by less than a ten-thousandth.
#[test]
fn states_and_logits_are_those_of_transformers() {
    let cases: Cases = json("blip.json");
    for (name, files) in &cases.models {
        let folder = fixture("blip").join(name);
        let config: Config = serde_json::from_slice(&std::fs::read(folder.join("config.json")).unwrap()).unwrap();
        let blip: Blip = Captioner::open(&folder, &Device::flex(), &never)
            .unwrap()
            .into_parts()
            .0;
        for (file, case) in files {
            let picture = open(&folder.join(file), &Limits::default()).unwrap();
            let seen = blip.look(&for_captioner(&picture, config.vision.side as u32));
            assert_eq!(seen.dtype(), DType::F32);
            let states: Vec<f32> = seen.clone().into_data().iter::<f32>().step_by(17).collect();
            let distance = worst(&states, &case.states);
            assert!(distance < 1e-4, "{name}, {file}: {distance}");
            let mut memory = blip.remember(&seen, 2);
            let mut logits = Vec::new();
            for &id in &case.ids {
                logits = blip.next(&mut memory, &[0, 1], &[id, id]);
            }
            let (first, second) = logits.split_at(case.logits.len());
            assert!(worst(first, second) < 1e-5);
            let distance = worst(first, &case.logits);
            assert!(distance < 1e-4, "{name}, {file}: {distance}");
        }
    }
}

#[test]
fn sentences_are_those_of_generate_greedily_and_by_beams() {
    let cases: Cases = json("blip.json");
    for (name, files) in &cases.models {
        let captioner = Captioner::open(&fixture("blip").join(name), &Device::flex(), &never).unwrap();
        for (file, case) in files {
            let picture = open(&fixture("blip").join(name).join(file), &Limits::default()).unwrap();
            for sentence in &case.sentences {
                let rules = Captioning {
                    prompt: sentence.prompt.clone(),
                    beams: sentence.beams,
                    shortest: sentence.shortest,
                    longest: sentence.longest,
                };
                let begin = captioner.begin(&rules.prompt);
                let tokens = captioner.tokens(&picture, &begin, &rules, &never).unwrap();
                assert_eq!(tokens, sentence.tokens, "{name}, {file}, {} beams", sentence.beams);
                let text = captioner.caption(&picture, &rules, &never).unwrap();
                assert_eq!(text, sentence.text.trim(), "{name}, {file}");
            }
        }
    }
}

#[test]
fn words_are_spelled_as_berts_tokenizer_does() {
    let cases: Cases = json("blip.json");
    let words = Words::open(&fixture("blip/base")).unwrap();
    for Spelling { text, ids } in &cases.encode {
        assert_eq!(&words.encode(text), ids, "{text}");
    }
    for Spelling { text, ids } in &cases.decode {
        assert_eq!(&words.decode(ids), text);
    }
}

#[test]
fn a_folder_that_is_no_captioner_is_refused_in_one_sentence() {
    let folder = tempfile::tempdir().unwrap();
    let refused = || {
        let error = Captioner::open(folder.path(), &Device::flex(), &never)
            .unwrap_err()
            .to_string();
        assert!(!error.contains('\n') && error.len() < 400, "{error}");
        error
    };
    refused();
    let base = fixture("blip/base");
    let text = std::fs::read_to_string(base.join("config.json")).unwrap();
    let config = folder.path().join("config.json");
    for (from, to, said) in [
        ("\"model_type\": \"blip\"", "\"model_type\": \"git\"", "git"),
        ("\"num_attention_heads\": 3", "\"num_attention_heads\": 5", "5 heads"),
        ("\"hidden_size\": 24", "\"hidden_size\": 99999999", "99999999"),
        ("\"image_size\": 48", "\"image_size\": 50", "image_size"),
        ("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"relu\"", "relu"),
        ("{", "", "config.json"),
    ] {
        assert!(text.contains(from), "{from}");
        std::fs::write(&config, text.replacen(from, to, 1)).unwrap();
        let error = refused();
        assert!(error.contains(said), "{error}");
    }
    std::fs::write(&config, &text).unwrap();
    assert!(refused().contains("vocab.txt"));
    std::fs::copy(base.join("vocab.txt"), folder.path().join("vocab.txt")).unwrap();
    assert!(refused().contains("model.safetensors"));
    let weights = std::fs::read(base.join("model.safetensors")).unwrap();
    std::fs::write(folder.path().join("model.safetensors"), &weights[..weights.len() / 2]).unwrap();
    refused();
    std::fs::write(folder.path().join("model.safetensors"), &weights).unwrap();
    let narrower = text.replace("\"intermediate_size\": 48", "\"intermediate_size\": 40");
    std::fs::write(&config, narrower).unwrap();
    assert!(refused().contains("expected"));
}
