//! Folders as people have them, read in place.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::atomic::AtomicBool;

use danlu::library::{FindError, Folder, Library};

use super::files::{Home, lora, names, refresh, vae};

#[test]
fn the_trees_of_four_programs_are_read() {
    for (files, expected) in [
        // A1111 and Forge: of the folder only models and embeddings.
        (
            &[
                "sd/models/Stable-diffusion/x.txt",
                "sd/models/Lora/anime/fox.safetensors",
                "sd/models/LyCORIS/den.safetensors",
                "sd/embeddings/ti.pt",
                "sd/models/hypernetworks/h.pt",
                "sd/extensions/other/a.safetensors",
                "sd/venv/lib/b.pt",
            ][..],
            &["anime/fox.safetensors", "den.safetensors", "h.pt", "ti.pt"][..],
        ),
        (
            &[
                "comfy/models/checkpoints/x.txt",
                "comfy/models/loras/fox.safetensors",
                "comfy/models/embeddings/ti.safetensors",
            ],
            &["fox.safetensors", "ti.safetensors"],
        ),
        // kohya: wherever the trainer wrote.
        (
            &[
                "kohya/output/fox-000010.safetensors",
                "kohya/output/fox-000002.safetensors",
                "kohya/output/fox.safetensors",
                "kohya/.git/x.pt",
            ],
            &[
                "output/fox-000002.safetensors",
                "output/fox-000010.safetensors",
                "output/fox.safetensors",
            ],
        ),
    ] {
        let home = Home::new();
        for file in files {
            home.write(file, lora(&[]));
        }
        let root = home.path(files[0].split('/').next().unwrap());
        let library = Library::open(&home.places(), &[root]);
        assert_eq!(refresh(&library).models, expected.len());
        assert_eq!(names(&library.models()), expected);
    }
}

#[test]
fn links_in_circles_and_to_nothing_end() {
    let home = Home::new();
    home.write("a/fox.safetensors", lora(&[]));
    symlink(home.root(), home.path("a/up")).unwrap();
    symlink("loop", home.path("loop")).unwrap();
    symlink("nowhere.safetensors", home.path("gone.safetensors")).unwrap();
    symlink("self.safetensors", home.path("self.safetensors")).unwrap();
    symlink(home.path("a/fox.safetensors"), home.path("linked.safetensors")).unwrap();
    let library = home.refreshed();
    assert_eq!(names(&library.models()), ["a/fox.safetensors", "linked.safetensors"]);
    // One file by two names is hashed once: what is known of one is known of the other.
    library
        .hash(&home.path("a/fox.safetensors"), &AtomicBool::new(false))
        .unwrap();
    let hashes: Vec<_> = library.models().iter().map(|card| card.hashes.sha256.clone()).collect();
    assert!(hashes[0].is_some() && hashes[0] == hashes[1]);
}

#[test]
fn what_cannot_be_read_is_told_and_stops_nothing() {
    let home = Home::new();
    home.write("good.safetensors", lora(&[]));
    home.write("empty.safetensors", "");
    home.write("cut.safetensors", &lora(&[])[..100]);
    home.write("secret.safetensors", lora(&[]));
    home.write("closed/in.safetensors", lora(&[]));
    let close = |name: &str, mode| fs::set_permissions(home.path(name), fs::Permissions::from_mode(mode)).unwrap();
    close("closed", 0o000);
    close("secret.safetensors", 0o000);
    // Whoever may read everything sees no closed folder.
    let sees_all = fs::read_dir(home.path("closed")).is_ok();
    let library = Library::open(&home.places(), &[home.root(), home.path("nowhere")]);
    let found = refresh(&library);
    close("closed", 0o755);
    let unreadable: Vec<_> = found.unreadable.iter().map(|(path, _)| path.clone()).collect();
    assert!(unreadable.contains(&home.path("nowhere")));
    assert_eq!(unreadable.contains(&home.path("closed")), !sees_all);
    let cards = library.models();
    for name in ["empty.safetensors", "cut.safetensors"] {
        let card = cards.iter().find(|card| card.name == name).unwrap();
        assert!(card.about.trouble.as_ref().unwrap().contains(name));
    }
    let secret = |library: &Library| {
        library
            .models()
            .iter()
            .find(|c| c.name == "secret.safetensors")
            .cloned()
            .unwrap()
    };
    assert_eq!(secret(&library).about.trouble.is_some(), !sees_all);
    // Opened up, it is read though its time and size are what they were.
    close("secret.safetensors", 0o644);
    refresh(&library);
    assert_eq!(secret(&library).about.trouble, None);
}

#[test]
fn names_in_any_script_are_names() {
    let home = Home::new();
    let names = [
        "狐狸.safetensors",
        "🦊.safetensors",
        "שועל.safetensors",
        "new\nline.safetensors",
        "tab\t\u{1b}[31m.safetensors",
    ];
    for name in names {
        home.write(name, lora(&[]));
    }
    let odd = std::ffi::OsStr::from_bytes(b"\xff\xfe.safetensors");
    fs::write(home.root().join(odd), lora(&[])).unwrap();
    let library = home.refreshed();
    let cards = library.models();
    assert_eq!(cards.len(), names.len() + 1);
    for card in &cards {
        // The path that the index gives back is the file's.
        assert!(card.path.is_file(), "{:?}", card.path);
        assert_eq!(library.find(&card.name, None).unwrap().path, card.path);
    }
    assert_eq!(library.find_network("狐狸").unwrap().name, names[0]);
    assert_eq!(library.find_network("new\nline").unwrap().name, names[3]);
}

#[test]
fn networks_are_called_as_in_a1111() {
    let home = Home::new();
    home.write("Lora/fox.safetensors", lora(&[("ss_output_name", "den")]));
    home.write("Lora/sub/Cat.safetensors", lora(&[("ss_output_name", "both")]));
    home.write("Lora/dog.safetensors", lora(&[("ss_output_name", "both")]));
    home.write("Lora/none.safetensors", lora(&[("ss_output_name", "none")]));
    home.write("Lora/den.safetensors", vae());
    home.write("VAE/fox.safetensors", vae());
    let library = home.refreshed();
    let found = |name: &str| library.find_network(name).map(|card| card.name);
    for (called, name) in [
        ("fox", "fox.safetensors"),
        ("sub/Cat", "sub/Cat.safetensors"),
        ("Cat", "sub/Cat.safetensors"),
        ("cat", "sub/Cat.safetensors"),
        ("FOX", "fox.safetensors"),
        ("fox.safetensors", "fox.safetensors"),
        ("none", "none.safetensors"),
        // A file's name goes before what another was called by its trainer.
        ("den", "den.safetensors"),
    ] {
        assert_eq!(found(called).as_deref(), Ok(name), "{called}");
    }
    // An alias of two is nobody's.
    assert!(matches!(found("both"), Err(FindError::NotFound { .. })));
    let Err(FindError::NotFound { near, .. }) = found("fxo") else {
        panic!()
    };
    assert_eq!(near, ["fox"]);
    fs::remove_file(home.path("Lora/den.safetensors")).unwrap();
    refresh(&library);
    assert_eq!(library.find_network("den").unwrap().name, "fox.safetensors");
    assert_eq!(library.find_network("DEN").unwrap().name, "fox.safetensors");
    assert_eq!(
        library.find("fox", Some(Folder::Vae)).unwrap().path,
        home.path("VAE/fox.safetensors")
    );
}
