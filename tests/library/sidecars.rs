//! What lies beside a model, read whoever wrote it, and written as A1111 would.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use danlu::library::Sidecar;
use danlu::library::sidecar::Edit;
use serde_json::{Value, json};

use super::files::{Home, lora};

fn notes(text: &str) -> Edit {
    Edit {
        notes: Some(text.to_owned()),
        ..Edit::default()
    }
}

#[test]
fn a1111s_user_metadata_and_civitais_are_read() {
    let home = Home::new();
    let model = home.write("Lora/fox.v1.safetensors", lora(&[]));
    assert_eq!(Sidecar::of(&model), Sidecar::default());
    home.write("Lora/fox.v1.txt", "a text");
    assert_eq!(Sidecar::of(&model).description.as_deref(), Some("a text"));
    let civitai = json!({
        "name": "v1.0", "baseModel": "SD 1.5", "trainedWords": ["zkx fox", " ", "den, snow", 7],
        "description": "<p>Use <b>0.8</b> &amp; more.</p><p>狐狸</p>", "model": {"name": "Fox", "type": "LORA"}
    });
    home.write("Lora/fox.v1.civitai.info", civitai.to_string());
    let found = Sidecar::of(&model);
    assert_eq!(found.title.as_deref(), Some("Fox"));
    assert_eq!(found.description.as_deref(), Some("Use 0.8 & more.\n狐狸"));
    assert_eq!(
        (found.base_model.as_deref(), found.words),
        (Some("SD 1.5"), vec!["zkx fox".to_owned(), "den, snow".to_owned()])
    );
    let user = json!({
        "description": "mine", "sd version": "SD1", "activation text": "zkx", "preferred weight": 0.75, "negative text": "cat",
        "notes": "good"
    });
    home.write("Lora/fox.v1.json", user.to_string());
    let found = Sidecar::of(&model);
    assert_eq!(found.description.as_deref(), Some("mine"));
    assert_eq!(
        (found.base_model.as_deref(), found.activation.as_deref()),
        (Some("SD1"), Some("zkx"))
    );
    assert_eq!(
        (found.preferred_weight, found.negative.as_deref()),
        (Some(0.75), Some("cat"))
    );
    assert_eq!(
        (found.notes.as_deref(), found.title.as_deref()),
        (Some("good"), Some("Fox"))
    );
    assert!(found.trouble.is_empty());
    // A weight of 0 is none, one in quotes is one.
    for (weight, expected) in [
        (json!(0), None),
        (json!("0.5"), Some(0.5)),
        (json!([]), None),
        (json!("NaN"), None),
    ] {
        home.write("Lora/fox.v1.json", json!({"preferred weight": weight}).to_string());
        assert_eq!(Sidecar::of(&model).preferred_weight, expected);
    }
}

#[test]
fn previews_are_found_in_a1111s_order() {
    let home = Home::new();
    let model = home.write("fox.safetensors", lora(&[]));
    for name in [
        "fox.gif",
        "fox.webp",
        "fox.preview.jpg",
        "fox.jpg",
        "fox.preview.png",
        "fox.png",
    ] {
        home.write(name, "");
        assert_eq!(Sidecar::of(&model).preview, Some(home.path(name)));
    }
    // Of a folder it lies inside or beside.
    home.write("pipe/model_index.json", "{}");
    let folder = home.path("pipe");
    assert_eq!(Sidecar::of(&folder).preview, None);
    for name in ["pipe/pipe.png", "pipe/preview.webp", "pipe.preview.png"] {
        home.write(name, "");
        assert_eq!(Sidecar::of(&folder).preview, Some(home.path(name)));
    }
    // A folder by the name of a picture is none.
    let other = home.write("den.safetensors", lora(&[]));
    fs::create_dir(home.path("den.png")).unwrap();
    assert_eq!(Sidecar::of(&other).preview, None);
}

#[test]
fn hostile_sidecars_say_what_is_wrong_with_them() {
    let home = Home::new();
    let model = home.write("fox.safetensors", lora(&[]));
    let deep = "[".repeat(100_000);
    let long = format!("{{\"notes\": \"{}\"}}", "x".repeat(5 << 20));
    for bytes in ["{", "[1]", "null", "\u{0}", "\"text\"", &deep, &long] {
        for name in ["fox.json", "fox.civitai.info"] {
            home.write(name, bytes);
            let found = Sidecar::of(&model);
            assert_eq!(found.trouble.len(), 1, "{name}");
            assert!(
                found.trouble[0].contains(name) && found.trouble[0].len() < 400,
                "{:?}",
                found.trouble
            );
            fs::remove_file(home.path(name)).unwrap();
        }
    }
    // Wrong types are left out and the rest stands; a mark at the beginning and broken letters are no hindrance.
    home.write("fox.json", "\u{feff}{\"notes\": 7, \"description\": [\"a\"], \"activation text\": \"zkx\", \"trainedWords\": {}, \"model\": 3}");
    let found = Sidecar::of(&model);
    assert_eq!(
        (found.activation.as_deref(), found.notes, found.description),
        (Some("zkx"), None, None)
    );
    home.write("fox.txt", b"caf\xe9");
    assert_eq!(Sidecar::of(&model).description.as_deref(), Some("caf\u{fffd}"));
    // A pipe would never end.
    fs::remove_file(home.path("fox.json")).unwrap();
    rustix::fs::mknodat(
        rustix::fs::CWD,
        home.path("fox.json"),
        rustix::fs::FileType::Fifo,
        rustix::fs::Mode::RWXU,
        0,
    )
    .unwrap();
    assert!(Sidecar::of(&model).trouble.is_empty());
}

#[test]
fn notes_are_written_where_a1111_reads_them() {
    let home = Home::new();
    let model = home.write("fox.safetensors", lora(&[]));
    let library = home.refreshed();
    let file = home.path("fox.json");
    assert_eq!(library.edit(&model, &notes("good 狐")).unwrap(), file);
    assert_eq!(fs::read_to_string(&file).unwrap(), "{\n    \"notes\": \"good 狐\"\n}");
    // Others' keys stay, in their order; what is not changed keeps its markup.
    home.write(
        "fox.json",
        r#"{"zz": [1, {"b": null}], "description": "<p>a</p>", "notes": "old", "aa": 1.50}"#,
    );
    let edit = Edit {
        description: Some("a".to_owned()),
        preferred_weight: Some(0.8),
        activation: Some("zkx".to_owned()),
        negative: Some(String::new()),
        ..notes("new")
    };
    library.edit(&model, &edit).unwrap();
    let written = fs::read_to_string(&file).unwrap();
    let value: Value = serde_json::from_str(&written).unwrap();
    let expected = json!({
        "zz": [1, {"b": null}], "description": "<p>a</p>", "notes": "new", "aa": 1.5, "activation text": "zkx", "preferred weight": 0.8
    });
    assert_eq!(value, expected);
    let keys: Vec<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(keys[..4], ["zz", "description", "notes", "aa"]);
    let details = library.details(&library.models()[0]);
    assert_eq!((details.sidecar.notes.as_deref(), details.note), (Some("new"), None));
    assert_eq!(details.words, ["zkx"]);
    // An empty text takes a note away.
    library.edit(&model, &notes("")).unwrap();
    assert_eq!(Sidecar::of(&model).notes, None);
}

#[test]
fn where_nothing_can_be_written_the_library_keeps_the_note() {
    let home = Home::new();
    let model = home.write("Lora/fox.safetensors", lora(&[]));
    // What is there and no object is not ours to replace.
    home.write("Lora/fox.json", "[\"somebody's\"]");
    let library = home.refreshed();
    assert_eq!(library.edit(&model, &notes("mine")).unwrap(), home.places().user);
    assert_eq!(
        fs::read_to_string(home.path("Lora/fox.json")).unwrap(),
        "[\"somebody's\"]"
    );
    let details = |library: &danlu::library::Library| library.details(&library.models()[0]);
    assert_eq!(details(&library).note.as_deref(), Some("mine"));
    assert_eq!(details(&home.library()).note.as_deref(), Some("mine"), "it is kept");
    // It goes when the file takes it.
    fs::remove_file(home.path("Lora/fox.json")).unwrap();
    library.edit(&model, &notes("beside")).unwrap();
    let now = details(&library);
    assert_eq!((now.note, now.sidecar.notes.as_deref()), (None, Some("beside")));

    let close = |mode| fs::set_permissions(home.path("Lora"), fs::Permissions::from_mode(mode)).unwrap();
    close(0o555);
    let may_write = fs::write(home.path("Lora/probe"), "").is_ok();
    let went = library.edit(&model, &notes("read-only")).unwrap();
    close(0o755);
    assert_eq!(went == home.places().user, !may_write);
    assert!(
        library
            .edit(Path::new("/nowhere/x.safetensors"), &notes("kept all the same"))
            .is_ok()
    );
}
