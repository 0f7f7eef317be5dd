//! Hashes, equal to those that A1111 and kohya compute (tests/reference/library.py).

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use danlu::library::{HashCache, Library};
use danlu::weights::about::training::Base;
use serde_json::Value;

use super::files::{Home, fixture, lora, names, refresh, safetensors};

fn known() -> Value {
    serde_json::from_slice(&fs::read(fixture("hashes.json")).unwrap()).unwrap()
}

/// The file of more than 1 MiB that the reference computes by the same rule.
fn pattern() -> Vec<u8> {
    let body: Vec<u8> = (0..0x12_0001_usize)
        .map(|i| ((i * 31 + (i >> 8) * 7) & 255) as u8)
        .collect();
    let header = format!(
        r#"{{"a": {{"dtype": "U8", "shape": [{0}], "data_offsets": [0, {0}]}}}}"#,
        body.len()
    );
    [&(header.len() as u64).to_le_bytes(), header.as_bytes(), &body].concat()
}

fn all(library: &Library) -> usize {
    library.hash_all(&mut |_| {}, &AtomicBool::new(false)).unwrap()
}

#[test]
fn they_are_those_that_others_compute() {
    let home = Home::new();
    for name in ["lora.safetensors", "lora.pt", "embedding.pt"] {
        home.write(name, fs::read(fixture(name)).unwrap());
    }
    home.write("pattern.safetensors", pattern());
    let library = home.refreshed();
    assert_eq!(library.unhashed().len(), 4);
    assert_eq!(all(&library), 4);
    let expected = known();
    for card in library.models() {
        let expected = &expected[if card.stem() == "pattern" {
            "pattern"
        } else {
            &card.name
        }];
        assert_eq!(
            card.hashes.sha256.as_deref(),
            expected["sha256"].as_str(),
            "{}",
            card.name
        );
        assert_eq!(
            card.hashes.legacy.as_deref(),
            expected["legacy"].as_str(),
            "{}",
            card.name
        );
    }
    let network = |name: &str| library.find(name, None).unwrap().hashes.network;
    assert_eq!(
        network("lora.safetensors").as_deref(),
        expected["lora.safetensors"]["network"].as_str()
    );
    // Of a pickle it is the whole file's; what is no network has none.
    assert_eq!(network("lora.pt").as_deref(), expected["lora.pt"]["sha256"].as_str());
    assert_eq!(network("pattern"), None);
    assert_eq!(
        library.find("lora.safetensors", None).unwrap().hashes.network_short(),
        Some("4fdae049c740")
    );
    assert_eq!(all(&library), 0, "nothing is hashed twice");
}

#[test]
fn what_the_trainer_wrote_goes_first() {
    let home = Home::new();
    let said = "AB".repeat(32);
    home.write("a.safetensors", lora(&[("sshs_model_hash", &said)]));
    home.write("b.safetensors", lora(&[("sshs_model_hash", "nothing of the kind")]));
    let library = home.refreshed();
    assert_eq!(library.models()[0].hashes.network_short(), Some("abababababab"));
    assert_eq!(library.models()[1].hashes.network_short(), None);
    all(&library);
    assert_eq!(library.models()[0].hashes.network_short(), Some("abababababab"));
    assert_eq!(library.models()[1].hashes.network.as_ref().map(String::len), Some(64));
}

#[test]
fn hashing_can_be_stopped_and_goes_on_where_it_was() {
    let home = Home::new();
    home.write("small.safetensors", lora(&[]));
    home.write("large.safetensors", pattern());
    let library = home.refreshed();
    let stop = AtomicBool::new(false);
    let mut told = Vec::new();
    let hashed = library.hash_all(
        &mut |progress| {
            told.push(progress.clone());
            stop.store(true, Ordering::Relaxed);
        },
        &stop,
    );
    assert_eq!(hashed.unwrap(), 0);
    let total = (pattern().len() + lora(&[]).len()) as u64;
    assert_eq!(
        (told.len(), told[0].stage, told[0].of, told[0].of_bytes),
        (1, "hashing", 2, total)
    );
    assert_eq!(told[0].file, Some(home.path("small.safetensors")), "small files first");
    assert_eq!(library.unhashed().len(), 2);
    assert_eq!(all(&library), 2);
    // The engine and the shell ask by path; they know what the library knows.
    let cache = HashCache::new(home.places().index);
    let expected = known()["pattern"]["sha256"].as_str().map(str::to_owned);
    assert_eq!(cache.known(&home.path("large.safetensors")), expected);
    // A changed file has no hash until it has one again.
    home.write("large.safetensors", lora(&[]));
    refresh(&library);
    assert_eq!(library.unhashed().len(), 1);
    assert_eq!(cache.known(&home.path("large.safetensors")), None);
}

#[test]
fn models_are_found_by_their_hashes_and_doubles_by_their_bytes() {
    let home = Home::new();
    home.write("pattern.safetensors", pattern());
    home.write("copy/of it.safetensors", pattern());
    home.write("lora.safetensors", fs::read(fixture("lora.safetensors")).unwrap());
    let library = home.refreshed();
    assert!(library.duplicates().is_empty());
    all(&library);
    let by = |hash: &str| {
        library
            .by_hash(hash)
            .iter()
            .map(|card| card.name.clone())
            .collect::<Vec<_>>()
    };
    for hash in ["e24d350dee", "E24D350DEEcf63", " e24d35 ", "8226116b"] {
        assert_eq!(by(hash), ["copy/of it.safetensors", "pattern.safetensors"], "{hash}");
    }
    assert_eq!(by("4fdae049c740"), ["lora.safetensors"]);
    // Every short file has the hash of nothing, so it names none; too few digits neither, nor what is no hash.
    for hash in ["e3b0c442", "e24d3", "", "e24d350dex", "🦊🦊🦊"] {
        assert_eq!(by(hash), [""; 0], "{hash}");
    }
    let doubles = library.duplicates();
    assert_eq!(doubles.len(), 1);
    assert_eq!(names(&doubles[0]), ["copy/of it.safetensors", "pattern.safetensors"]);
}

#[test]
fn the_base_of_a_network_is_found_here_or_missing() {
    let home = Home::new();
    // A denoiser by itself is enough to have been trained on.
    let unet = |extra: usize| {
        let names = [
            "model.diffusion_model.input_blocks.0.0.weight",
            "model.diffusion_model.out.2.weight",
        ];
        safetensors(
            &[
                (names[0], &[320, 4, 3, 3]),
                (names[1], &[4, 320, 3, 3]),
                ("x", &[0x9_0000 + extra]),
            ],
            &[],
        )
    };
    home.write("renamed.safetensors", unet(0));
    home.write("base.safetensors", unet(1));
    let library = home.refreshed();
    all(&library);
    let hashes = library.find("renamed", None).unwrap().hashes;
    let base = |name: &str, sha256: Option<&str>, legacy: Option<&str>| {
        let base = Base {
            name: Some(name.to_owned()),
            sha256: sha256.map(str::to_owned),
            legacy: legacy.map(str::to_owned),
            version: None,
        };
        library.base(&base).map(|(card, sure)| (card.name, sure))
    };
    let renamed = Some(("renamed.safetensors".to_owned(), true));
    assert_eq!(base("C:\\models\\old.ckpt", hashes.sha256.as_deref(), None), renamed);
    assert_eq!(base("base", None, None), Some(("base.safetensors".to_owned(), false)));
    assert_eq!(
        base("some/BASE.ckpt", None, None),
        Some(("base.safetensors".to_owned(), false))
    );
    // What has the name and another hash is another model.
    assert_eq!(base("base.safetensors", Some(&"0".repeat(64)), None), None);
    assert_eq!(base("elsewhere.safetensors", None, Some("01234567")), None);
}
