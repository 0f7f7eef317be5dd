//! `danlu models` on the shell.

use serde_json::{Value, json};

use super::files::{fixture, lora, vae};
use super::shells::Shell;

/// A home with a tree of models in `sd`.
fn home() -> Shell {
    let shell = Shell::new();
    let put = |name: &str, bytes: Vec<u8>| shell.write(&format!("sd/models/{name}"), bytes);
    put("Stable-diffusion/put models here.txt", Vec::new());
    put(
        "Lora/anime/fox.safetensors",
        std::fs::read(fixture("lora.safetensors")).unwrap(),
    );
    put(
        "Lora/狐狸.safetensors",
        lora(&[("ss_tag_frequency", r#"{"10_a": {"zkx": 10, "snow": 5}}"#)]),
    );
    put("Lora/new\nline.safetensors", lora(&[]));
    put("Lora/broken.safetensors", b"no header".to_vec());
    put("VAE/soft.safetensors", vae());
    put("VAE/soft copy.safetensors", vae());
    shell
}

fn list(shell: &Shell, options: &str) -> Vec<Value> {
    let list = shell
        .run(&format!("models list --models-dir sd --json {options}"))
        .json();
    list.as_array().unwrap().clone()
}

fn names(list: &[Value]) -> Vec<String> {
    let name = |model: &Value| model["path"].as_str().unwrap().rsplit('/').next().unwrap().to_owned();
    list.iter().map(name).collect()
}

#[test]
fn scripts_see_every_model() {
    let shell = home();
    let all = list(&shell, "");
    assert_eq!(all.len(), 7);
    let fox = all
        .iter()
        .find(|model| model["path"] == "sd/models/Lora/anime/fox.safetensors")
        .unwrap();
    let expected = json!({
        "path": "sd/models/Lora/anime/fox.safetensors", "kind": "network", "family": "sd1", "format": "safetensors", "dtype": "f16",
        "network": {"types": ["lora"], "dim": 4, "alpha": 2.0, "trained_on": "base.safetensors"}
    });
    assert_eq!(*fox, expected);
    let broken = all
        .iter()
        .find(|model| model["path"] == "sd/models/Lora/broken.safetensors")
        .unwrap();
    assert!(
        broken["trouble"]
            .as_str()
            .unwrap()
            .contains("not a whole safetensors file"),
        "{broken}"
    );
    assert!(all.iter().all(|model| model.get("metadata").is_none()));

    let shown = shell.run("models show fox_style --models-dir sd --json").json();
    assert_eq!(shown["path"], "sd/models/Lora/anime/fox.safetensors");
    let known: Value = serde_json::from_slice(&std::fs::read(fixture("hashes.json")).unwrap()).unwrap();
    let known = |key: &str, digits: usize| known["lora.safetensors"][key].as_str().unwrap()[..digits].to_owned();
    let (hash, network) = (known("sha256", 10), known("network", 12));
    assert_eq!(
        (&shown["network"]["hash"], &shown["hash"]),
        (&json!(network), &json!(hash))
    );
    assert_eq!(shown["metadata"]["ss_network_dim"], "4");
    for name in ["fox", "anime/fox.safetensors", &network, &hash] {
        assert_eq!(
            shell.run(&format!("models show {name} --models-dir sd --json")).json(),
            shown,
            "{name}"
        );
    }
    // Hashes are listed once they are known.
    let fox = &list(&shell, "--filter 'anime fox'")[0];
    assert_eq!((&fox["hash"], &fox["network"]["hash"]), (&json!(hash), &json!(network)));
}

#[test]
fn lists_are_narrowed_and_sorted() {
    let shell = home();
    assert_eq!(
        names(&list(&shell, "--kind vae")),
        ["soft copy.safetensors", "soft.safetensors"]
    );
    assert_eq!(list(&shell, "--kind lora").len(), 4);
    assert_eq!(
        names(&list(&shell, "--family sd1 --kind network --filter FOX")),
        ["fox.safetensors"]
    );
    assert_eq!(
        names(&list(&shell, "--sort size"))[..2],
        ["danlu-emoji.safetensors", "fox.safetensors"]
    );
    assert_eq!(list(&shell, "--duplicates").len(), 0);
    let hashed = shell.run("models hash --all --models-dir sd --json").json();
    assert_eq!(hashed, json!({"hashed": 7, "left": 0}));
    assert_eq!(
        names(&list(&shell, "--duplicates")),
        ["soft copy.safetensors", "soft.safetensors"]
    );

    shell.run("models favourite fox soft.safetensors --models-dir sd").ok();
    shell.run("models tag fox red anime --models-dir sd").ok();
    assert_eq!(
        names(&list(&shell, "--favourites")),
        ["fox.safetensors", "soft.safetensors"]
    );
    assert_eq!(names(&list(&shell, "--tag RED")), ["fox.safetensors"]);
    shell
        .run("models favourite soft.safetensors --remove --models-dir sd")
        .ok();
    shell.run("models tag fox red --remove --models-dir sd").ok();
    assert_eq!(names(&list(&shell, "--favourites")), ["fox.safetensors"]);
    assert_eq!(shell.run("models tag fox --models-dir sd").ok(), "anime\n");
}

#[test]
fn people_read_a_table_and_a_page() {
    let shell = home();
    shell.run("models favourite fox --models-dir sd").ok();
    let table = shell.run("models list --models-dir sd").ok().to_owned();
    let lines: Vec<&str> = table.lines().collect();
    assert_eq!(lines.len(), 8, "{table}");
    assert!(lines[0].starts_with("KIND"), "{table}");
    assert!(
        lines.iter().any(|line| line.starts_with("network")
            && line.contains("4/2")
            && line.ends_with("★ anime/fox.safetensors"))
    );
    assert!(
        lines.iter().any(|line| line.contains("new␊line.safetensors")),
        "{table}"
    );
    assert!(
        lines.iter().any(|line| line.contains("broken.safetensors  ! ")),
        "{table}"
    );

    shell.write(
        "sd/models/Lora/狐狸.json",
        r#"{"activation text": "zkx fox", "preferred weight": 0.8}"#,
    );
    let page = shell.run("models show 狐狸 --models-dir sd").ok().to_owned();
    for part in [
        "kind: network\nfamily: sd1\n",
        "trained words: zkx fox\n",
        "preferred weight: 0.8\n",
        "zkx   ████████████████████████ 10\n",
        "snow  ████████████             5\n",
    ] {
        assert!(page.contains(part), "no {part:?} in {page}");
    }
    let page = shell.run("models show fox --models-dir sd").ok().to_owned();
    assert!(
        page.contains("base model: base.safetensors, which is not here\n"),
        "{page}"
    );
    let wrote = shell
        .run("models note fox 'soft and red' --weight 0.7 --models-dir sd")
        .ok()
        .to_owned();
    assert_eq!(wrote, "sd/models/Lora/anime/fox.json\n");
    assert_eq!(shell.run("models note fox --models-dir sd").ok(), "soft and red\n");
    let lost = shell.run("models show fxo --models-dir sd");
    let (sentence, _) = lost.failed(1);
    assert!(sentence.contains("\"fxo\""), "{sentence}");
}
