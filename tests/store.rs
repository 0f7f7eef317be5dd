//! The store on a real disk: kills, full disks, races, and names against A1111's own (tests/reference/infotext.py).

#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Barrier;
use std::time::{Duration, Instant};

use danlu::library::walk::{FindError, Folder, Trees, find};
use danlu::store::atomic::{Reason, check_writable, create_new_atomic, write_atomic};
use danlu::store::names::{NameFields, expand, next_number, save_picture};
use danlu::store::paths::{Environment, Paths};
use danlu::store::settings::{Origin, Overrides, Settings, SettingsError};
use jiff::{Timestamp, tz::TimeZone};
use serde_json::Value;

fn files(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn touch(root: &Path, names: &[&str]) {
    for name in names {
        let path = root.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "x").unwrap();
    }
}

// Kills.

/// Tells the child of the next test where to write.
const TARGET: &str = "DANLU_TEST_KILL_TARGET";

/// Large enough that most kills fall into the writing.
const WHOLE: usize = 1 << 20;

/// What the child does: it replaces the file over and over, though not for ever, should nobody be left to kill it.
fn write_until_killed(target: &Path) {
    let started = Instant::now();
    for letter in (b'a'..=b'z')
        .cycle()
        .take_while(|_| started.elapsed() < Duration::from_mins(1))
    {
        let chunk = vec![letter; WHOLE / 64];
        write_atomic(target, |out| (0..64).try_for_each(|_| out.write_all(&chunk))).unwrap();
    }
}

#[test]
fn a_killed_writer_leaves_a_whole_file() {
    // The child is this same test.
    if let Some(target) = std::env::var_os(TARGET) {
        return write_until_killed(Path::new(&target));
    }
    let folder = tempfile::tempdir().unwrap();
    let target = folder.path().join("target");
    let mut interrupted = 0;
    for round in 0..50u64 {
        let _ = fs::remove_file(&target);
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "a_killed_writer_leaves_a_whole_file"])
            .env(TARGET, &target)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let started = Instant::now();
        while !target.exists() {
            assert!(started.elapsed() < Duration::from_secs(30), "the child writes nothing");
            std::thread::sleep(Duration::from_millis(1));
        }
        std::thread::sleep(Duration::from_micros(round * 7919 % 20_000));
        child.kill().unwrap();
        child.wait().unwrap();

        let found = fs::read(&target).unwrap();
        assert_eq!(found.len(), WHOLE, "round {round}");
        assert!(found.iter().all(|letter| *letter == found[0]), "round {round}");
        for name in files(folder.path()).iter().filter(|name| *name != "target") {
            assert!(
                name.starts_with(".danlu-") && name.len() == ".danlu-123456.tmp".len(),
                "{name}"
            );
            fs::remove_file(folder.path().join(name)).unwrap();
            interrupted += 1;
        }
    }
    assert!(interrupted > 5, "only {interrupted} of 50 kills fell into a write");
}

// Full and forbidden places.

/// A file system of 256 KiB, unmounted at the end; `None` where this user may not mount one.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=256k", "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then(|| Self(folder))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

#[test]
fn a_full_disk_loses_nothing() {
    let full = |out: &mut dyn Write| out.write_all(&vec![7; 1 << 20]);
    if let Some(disk) = SmallDisk::mount() {
        let path = disk.0.path().join("settings.toml");
        write_atomic(&path, |out| out.write_all(b"old")).unwrap();
        let error = write_atomic(&path, full).unwrap_err();
        assert!(matches!(error.reason, Reason::DiskFull), "{error}");
        assert!(matches!(
            create_new_atomic(&disk.0.path().join("new"), full).unwrap_err().reason,
            Reason::DiskFull
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(files(disk.0.path()), ["settings.toml"]);
    }
    if cfg!(target_os = "linux") {
        let error = write_atomic(Path::new("/dev/full"), full).unwrap_err();
        assert_eq!(error.to_string(), "/dev/full cannot be written: the disk is full");
        assert!(
            Path::new("/dev/full").exists() && !Path::new("/dev/full").is_file(),
            "a device is never replaced"
        );
    }
}

#[test]
fn a_forbidden_folder_is_named_before_anything_is_made() {
    // On Linux nobody, root neither, makes files here.
    if cfg!(target_os = "linux") {
        let folder = Path::new("/proc/self");
        let error = write_atomic(&folder.join("x.png"), |out| out.write_all(b"x")).unwrap_err();
        assert!(
            error.to_string().starts_with("/proc/self/x.png cannot be written: "),
            "{error}"
        );
        assert!(check_writable(&folder.join("a/b")).is_err());
    }
    let folder = tempfile::tempdir().unwrap();
    touch(folder.path(), &["file"]);
    let inside = folder.path().join("file/outputs");
    let error = save_picture(&inside, "[date]", "", &fields("", None), |_| Ok(())).unwrap_err();
    assert!(
        matches!(&error.reason, Reason::FolderIsFile(file) if file.ends_with("file")),
        "{error}"
    );
    assert!(error.hint().is_some());
    assert!(check_writable(&inside).is_err());
    assert_eq!(files(folder.path()), ["file"]);
}

#[cfg(unix)]
#[test]
fn a_read_only_folder_is_said_to_be_one() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o555)).unwrap();
    let written = write_atomic(&folder.path().join("x"), |_| Ok(()));
    if fs::write(folder.path().join("probe"), "").is_ok() {
        // Root writes everywhere, so there is nothing to be refused.
        written.unwrap();
    } else {
        let error = written.unwrap_err();
        assert!(
            matches!(&error.reason, Reason::NotAllowed(place) if place == folder.path()),
            "{error}"
        );
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn a_writer_that_fails_leaves_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let failed = save_picture(folder.path(), "", "x", &fields("", None), |out| {
        out.write_all(b"half")?;
        Err(io::Error::other("no more"))
    });
    assert!(failed.unwrap_err().to_string().ends_with("cannot be written: no more"));
    assert!(files(folder.path()).is_empty());
}

// Names.

fn fields<'a>(prompt: &'a str, batch: Option<&Value>) -> NameFields<'a> {
    let of_batch =
        |key: &str, single: u32| batch.map_or(single, |batch| batch[key].as_u64().unwrap().try_into().unwrap());
    let now: Timestamp = "2024-07-27T03:04:05.678901Z".parse().unwrap();
    NameFields {
        prompt,
        negative_prompt: "bad",
        seed: 1234,
        batch_seeds: (1234, 1235),
        steps: 20,
        cfg_scale: 7.0,
        width: 512,
        height: 768,
        sampler: "DPM++ 2M",
        schedule: "SGM Uniform",
        model_name: "anime/v3: x",
        model_hash: Some("6ce0161689"),
        clip_skip: 2,
        batch_size: of_batch("batch_size", 1),
        batch_index: of_batch("batch_index", 0),
        batch_count: of_batch("n_iter", 1),
        iteration: of_batch("iteration", 0),
        now: now.to_zoned(TimeZone::UTC),
    }
}

fn a1111() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/infotext/filenames.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn patterns_expand_as_in_a1111() {
    let cases = a1111();
    let cases = cases["names"].as_array().unwrap();
    assert!(cases.len() > 50);
    for case in cases {
        let batch = Some(&case["batch"]).filter(|batch| batch.is_object());
        let name = expand(
            case["pattern"].as_str().unwrap(),
            &fields(case["prompt"].as_str().unwrap(), batch),
        );
        assert_eq!(name, case["name"].as_str().unwrap(), "{case}");
    }
}

#[test]
fn numbers_go_on_as_in_a1111() {
    for case in a1111()["numbers"].as_array().unwrap() {
        let folder = tempfile::tempdir().unwrap();
        for file in case["files"].as_array().unwrap() {
            touch(folder.path(), &[file.as_str().unwrap()]);
        }
        assert_eq!(
            next_number(folder.path()).unwrap(),
            case["next"].as_u64().unwrap(),
            "{case}"
        );
    }
}

#[test]
fn pictures_are_numbered_in_the_folder_of_the_day() {
    let root = tempfile::tempdir().unwrap();
    let save = |directory: &str, filename: &str, prompt: &str| {
        let path = save_picture(root.path(), directory, filename, &fields(prompt, None), |out| {
            out.write_all(b"png")
        });
        path.unwrap()
            .strip_prefix(root.path())
            .unwrap()
            .to_string_lossy()
            .into_owned()
    };
    assert_eq!(save("[date]", "", "x"), "2024-07-27/00000-1234.png");
    assert_eq!(save("[date]", "", "x"), "2024-07-27/00001-1234.png");
    assert_eq!(save("[date]", "[none]", "x"), "2024-07-27/00002.png");
    assert_eq!(save("", "", "a fox"), "00000-1234-a fox.png");
    assert_eq!(
        save("[date]", "[prompt]/[seed]", "../a fox"),
        "2024-07-27/.._a_fox/00000-1234.png"
    );
    assert_eq!(save("[prompt]", "[seed]", ".."), "00001-1234.png");
    assert_eq!(save("a/[width]", "[seed]", ""), "a/512/00000-1234.png");
    let long = save("[prompt_spaces]", "[prompt_spaces] [seed]", &"狐".repeat(200));
    assert!(long.split('/').all(|part| part.len() <= 255), "{long}");
}

#[test]
fn two_writers_never_take_one_name() {
    let root = tempfile::tempdir().unwrap();
    let start = Barrier::new(8);
    let paths: Vec<PathBuf> = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..8)
            .map(|worker| {
                let (root, start) = (root.path(), &start);
                scope.spawn(move || {
                    start.wait();
                    let write = |n: u8| move |out: &mut dyn Write| out.write_all(&[worker, n]);
                    (0..20)
                        .map(|n| {
                            (
                                n,
                                save_picture(root, "[date]", "", &fields("", None), write(n)).unwrap(),
                            )
                        })
                        .inspect(|(n, path)| assert_eq!(fs::read(path).unwrap(), [worker, *n]))
                        .map(|(_, path)| path)
                        .collect::<Vec<_>>()
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect()
    });
    assert_eq!(paths.iter().collect::<HashSet<_>>().len(), 160);
    let contents: HashSet<Vec<u8>> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    assert_eq!(contents.len(), 160, "a picture was replaced");
    assert_eq!(files(&root.path().join("2024-07-27")).len(), 160);
}

// Settings.

#[test]
fn settings_are_read_from_the_file_that_is_named() {
    let home = tempfile::tempdir().unwrap();
    touch(home.path(), &["config/config.toml", "other.toml"]);
    let environment = |variables: &[(&str, &str)]| {
        Environment::new(
            Paths::under(home.path()),
            variables.iter().map(|(name, value)| ((*name).to_owned(), *value)),
        )
    };
    fs::write(
        home.path().join("config/config.toml"),
        "# mine\ndevice = 'cpu'\nmodels_dir = 'sd'\n",
    )
    .unwrap();
    let loaded = Settings::load(&environment(&[]), &Overrides::default()).unwrap();
    assert_eq!(
        (loaded.settings.device.as_str(), loaded.origins["device"]),
        ("cpu", Origin::File(2))
    );
    assert_eq!(loaded.settings.model_roots(), [home.path().join("config/sd")]);

    let other = home.path().join("other.toml").to_string_lossy().into_owned();
    fs::write(&other, b"lang = 'zh'\ndevice = '\xff'").unwrap();
    let error = Settings::load(&environment(&[("DANLU_CONFIG", &other)]), &Overrides::default()).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("line 2, column 11 of {other} is not valid TOML: it is not UTF-8")
    );

    let config = Some(home.path().join("missing.toml"));
    let error = Settings::load(
        &environment(&[]),
        &Overrides {
            config,
            ..Overrides::default()
        },
    )
    .unwrap_err();
    assert!(matches!(error, SettingsError::Unreadable { .. }) && error.hint().is_some());
    let config = Some(home.path().to_owned());
    let error = Settings::load(
        &environment(&[]),
        &Overrides {
            config,
            ..Overrides::default()
        },
    )
    .unwrap_err();
    assert!(matches!(error, SettingsError::Unreadable { .. }));

    fs::remove_file(home.path().join("config/config.toml")).unwrap();
    let loaded = Settings::load(&environment(&[]), &Overrides::default()).unwrap();
    assert_eq!((loaded.settings, loaded.origins.len()), (Settings::default(), 0));
}

#[test]
fn the_process_has_its_folders() {
    let paths = Environment::of_process().unwrap().paths;
    let all = [&paths.config_file, &paths.data_dir, &paths.cache_dir, &paths.log_dir];
    assert!(
        all.iter()
            .all(|path| path.is_absolute() && path.to_string_lossy().contains("danlu")),
        "{paths:?}"
    );
    assert!(paths.config_file.ends_with("config.toml"));
}

// Models.

fn tree() -> tempfile::TempDir {
    let root = tempfile::tempdir().unwrap();
    touch(
        root.path(),
        &[
            "webui/models/Stable-diffusion/v10.safetensors",
            "webui/models/Stable-diffusion/v2.CKPT",
            "webui/models/Stable-diffusion/anime/fox.safetensors",
            "webui/models/Stable-diffusion/anime/fox.vae.pt",
            "webui/models/Stable-diffusion/both.ckpt",
            "webui/models/Stable-diffusion/both.safetensors",
            "webui/models/Stable-diffusion/notes.txt",
            "webui/models/Lora/fox.safetensors",
            "webui/models/Lora/狐狸.safetensors",
            "webui/models/VAE/vae-ft-mse.safetensors",
            "webui/embeddings/bad.pt",
            "webui/venv/lib/torch.bin",
            "webui/outputs/x.safetensors",
            "webui/.git/x.bin",
            "comfy/models/checkpoints/xl/v1.5.safetensors",
            "comfy/models/diffusers/pipe/model_index.json",
            "comfy/models/diffusers/pipe/unet/diffusion_pytorch_model.safetensors",
            "comfy/models/upscale_models/4x.pth",
            "comfy/input/y.safetensors",
            "plain/Fox-Two.safetensors",
            "plain/.ipynb_checkpoints/z.safetensors",
        ],
    );
    root
}

fn roots(tree: &Path) -> Vec<PathBuf> {
    ["webui", "comfy", "plain"].map(|name| tree.join(name)).into()
}

#[test]
fn trees_are_read_in_place() {
    let tree = tree();
    let library = Trees::scan(&roots(tree.path()));
    let found: Vec<(&str, Option<Folder>)> = library.models.iter().map(|m| (m.name.as_str(), m.folder)).collect();
    assert_eq!(
        found,
        [
            ("4x.pth", Some(Folder::Upscaler)),
            ("anime/fox.safetensors", Some(Folder::Checkpoint)),
            ("anime/fox.vae.pt", Some(Folder::Vae)),
            ("bad.pt", Some(Folder::Embedding)),
            ("both.ckpt", Some(Folder::Checkpoint)),
            ("both.safetensors", Some(Folder::Checkpoint)),
            ("fox-two.safetensors", None),
            ("fox.safetensors", Some(Folder::Network)),
            ("pipe", Some(Folder::Checkpoint)),
            ("v2.ckpt", Some(Folder::Checkpoint)),
            ("v10.safetensors", Some(Folder::Checkpoint)),
            ("vae-ft-mse.safetensors", Some(Folder::Vae)),
            ("xl/v1.5.safetensors", Some(Folder::Checkpoint)),
            ("狐狸.safetensors", Some(Folder::Network)),
        ]
        .map(|(name, folder)| (
            if name.starts_with("fox-t") {
                "Fox-Two.safetensors"
            } else {
                name
            },
            folder
        ))
        .map(|(name, folder)| (if name == "v2.ckpt" { "v2.CKPT" } else { name }, folder))
    );
    assert!(library.unreadable.is_empty());
    assert_eq!(
        library
            .models
            .iter()
            .map(danlu::library::Found::stem)
            .find(|stem| stem.starts_with("v1.")),
        Some("v1.5")
    );

    let missing = Trees::scan(&[tree.path().join("nowhere")]);
    assert_eq!((missing.models.len(), missing.unreadable.len()), (0, 1));
}

#[test]
fn names_mean_what_they_mean_in_a1111() {
    let tree = tree();
    let roots = roots(tree.path());
    let found = |wanted: &str, folder| {
        let path = find(&roots, wanted, folder).unwrap();
        path.strip_prefix(tree.path()).unwrap().to_string_lossy().into_owned()
    };
    let checkpoint = Some(Folder::Checkpoint);
    for wanted in [
        "fox",
        "anime/fox",
        r"anime\fox.safetensors",
        "anime/fox.safetensors [6ce0161689]",
        "Stable-diffusion/anime/fox",
        "FOX",
        "ANIME/Fox.SafeTensors",
    ] {
        assert_eq!(
            found(wanted, checkpoint),
            "webui/models/Stable-diffusion/anime/fox.safetensors",
            "{wanted}"
        );
    }
    assert_eq!(found("fox", Some(Folder::Network)), "webui/models/Lora/fox.safetensors");
    assert_eq!(found("Lora/fox", checkpoint), "webui/models/Lora/fox.safetensors");
    assert_eq!(
        found("both", checkpoint),
        "webui/models/Stable-diffusion/both.safetensors"
    );
    assert_eq!(
        found("both.ckpt", checkpoint),
        "webui/models/Stable-diffusion/both.ckpt"
    );
    assert_eq!(
        found("v1.5", checkpoint),
        "comfy/models/checkpoints/xl/v1.5.safetensors"
    );
    assert_eq!(found("pipe", checkpoint), "comfy/models/diffusers/pipe");
    assert_eq!(found("狐狸", None), "webui/models/Lora/狐狸.safetensors");
    assert_eq!(found("fox-two", checkpoint), "plain/Fox-Two.safetensors");
    let whole = tree.path().join("comfy/models/diffusers/pipe");
    assert_eq!(find(&[], &whole.to_string_lossy(), None).unwrap(), whole);
}

#[test]
fn a_name_that_means_nothing_or_too_much_is_refused_with_help() {
    let tree = tree();
    let roots = roots(tree.path());
    let error = find(&roots, "fxo", Some(Folder::Network)).unwrap_err();
    assert_eq!(error.to_string(), "there is no model named \"fxo\"");
    assert_eq!(error.hint().unwrap(), "did you mean fox?");
    touch(
        tree.path(),
        &[
            "plain/a/twin.safetensors",
            "plain/b/Twin.safetensors",
            "plain/b/twin.ckpt",
        ],
    );
    let error = find(&roots, "twin", None).unwrap_err();
    let FindError::Ambiguous { candidates, .. } = &error else {
        panic!("{error}")
    };
    assert_eq!(candidates.len(), 2);
    assert!(error.to_string().contains("a/twin.safetensors") && error.hint().is_some());
    let folder = tree.path().join("webui/models");
    assert!(matches!(
        find(&roots, &folder.to_string_lossy(), None).unwrap_err(),
        FindError::NotAModel { .. }
    ));
    for wanted in ["", "/", "..", " [0123456789]", "zzzzzzzz"] {
        assert!(find(&roots, wanted, None).unwrap_err().hint().is_some(), "{wanted:?}");
    }
    assert!(
        find(&[], "x", None)
            .unwrap_err()
            .hint()
            .unwrap()
            .contains("--models-dir")
    );
}

#[cfg(unix)]
#[test]
fn links_are_followed_and_circles_left() {
    use std::os::unix::fs::symlink;
    let tree = tempfile::tempdir().unwrap();
    touch(
        tree.path(),
        &["real/a.safetensors", "roots/b.safetensors", "blobs/0123"],
    );
    let root = tree.path().join("roots");
    symlink(tree.path().join("real"), root.join("linked")).unwrap();
    symlink(&root, root.join("circle")).unwrap();
    symlink(tree.path(), tree.path().join("real/up")).unwrap();
    symlink(tree.path().join("blobs/0123"), root.join("c.safetensors")).unwrap();
    symlink(tree.path().join("gone"), root.join("d.safetensors")).unwrap();
    let library = Trees::scan(std::slice::from_ref(&root));
    let names: Vec<&str> = library.models.iter().map(|found| found.name.as_str()).collect();
    assert_eq!(names, ["b.safetensors", "c.safetensors", "linked/a.safetensors"]);
    // One file by two roads is one model.
    symlink(root.join("b.safetensors"), tree.path().join("real/b.safetensors")).unwrap();
    assert!(find(&[root], "b", None).unwrap().ends_with("b.safetensors"));
}

#[test]
fn a_thousand_models_are_found_at_once() {
    let root = tempfile::tempdir().unwrap();
    for n in 0..1000 {
        touch(root.path(), &[&format!("models/Lora/{}/m{n}.safetensors", n % 20)]);
    }
    let start = Instant::now();
    let library = Trees::scan(&[root.path().to_owned()]);
    let elapsed = start.elapsed();
    assert_eq!(library.models.len(), 1000);
    // A few milliseconds on a quiet machine.
    assert!(elapsed < Duration::from_millis(500), "{elapsed:?}");
}
