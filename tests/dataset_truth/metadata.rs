//! Metadata files against kohya's `FineTuningDataset`: which pictures, captions, sizes, buckets, batches, and which files are refused.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use danlu::data::batches::group::{Ground, Group};
use danlu::data::buckets::Size;
use danlu::data::buckets::hand::Hands;
use danlu::data::config::{Arguments, Config};
use danlu::data::draws::{self, Source};
use danlu::data::edit::{At, Choices, Edit, plan};
use danlu::data::health;
use danlu::data::picture::facts;
use danlu::data::picture::work::order::{By, Pattern, rename};
use danlu::data::picture::work::{Watch, cull::cull};
use danlu::data::set::{Options, Set};
use danlu::data::tags::Index;
use serde::Deserialize;
use tempfile::TempDir;

use super::batches::{Epoch, check_epochs};
use super::fixture;

/// As in the fixtures: keys of whole paths are sorted by length among others.
const ROOT_LENGTH: usize = 100;

type Info = (String, String, Size, Size, u32);

#[derive(Deserialize)]
struct Case {
    files: Vec<(String, Size)>,
    caches: Vec<String>,
    texts: BTreeMap<String, String>,
    config: String,
    seed: i64,
    infos: Vec<Vec<Info>>,
    epochs: Vec<Epoch>,
    validation: Vec<Vec<String>>,
    counts: Vec<u64>,
}

/// A folder whose path is as long as the fixtures' root.
fn root() -> (TempDir, PathBuf) {
    let outer = tempfile::tempdir().unwrap();
    let left = ROOT_LENGTH.checked_sub(outer.path().as_os_str().len() + 1);
    let root = outer
        .path()
        .join("r".repeat(left.expect("the folder for temporary files has a short path")));
    fs::create_dir(&root).unwrap();
    (outer, root)
}

/// The files of a case; pictures whose keys have no extension are there all the same.
fn laid(case: &Case, root: &Path) -> PathBuf {
    let put = |text: &str| text.replace("ROOT", root.to_str().unwrap());
    for (path, [width, height]) in &case.files {
        let path = root.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        image::GrayImage::new(*width, *height).save(path).unwrap();
    }
    for cache in &case.caches {
        fs::write(root.join(cache), b"").unwrap();
    }
    for (name, text) in &case.texts {
        fs::write(root.join(name), put(text)).unwrap();
    }
    let config = root.join("set.json");
    fs::write(&config, put(&case.config)).unwrap();
    config
}

#[test]
fn metadata_files_become_the_datasets_that_kohya_makes_of_them() {
    let cases: Vec<Case> = fixture("metadata.json.gz");
    let (mut pictures, mut rows_seen, mut by_cache) = (0, 0, 0);
    for (number, case) in cases.iter().enumerate() {
        let (_outer, root) = root();
        let file = laid(case, &root);
        let mut arguments = Arguments::default();
        arguments.dataset.prior_loss_weight = 0.5;
        let config = Config::read(&file, &arguments).unwrap();
        let set = Set::open(&file, &Options::default()).unwrap_or_else(|error| panic!("{number}: {error}"));
        let size = |path: &Path| facts(path).ok().map(|facts| [facts.width, facts.height]);
        let sizes: Vec<_> = set.pictures.iter().map(|picture| size(&picture.path)).collect();
        by_cache += sizes.iter().filter(|size| size.is_none()).count();
        let ground = Ground {
            set: &set,
            sizes: &sizes,
            hands: &Hands::default(),
            seed: case.seed,
        };
        let mut group = Group::new(&config, &ground).unwrap_or_else(|error| panic!("{number}: {error}"));
        let key = |picture: usize| {
            let key = &set.pictures[picture].entry.as_ref().unwrap().key;
            key.replace(root.to_str().unwrap(), "ROOT")
        };
        for (dealt, expected) in group.training.iter().zip(&case.infos) {
            let info = |item: &danlu::data::batches::group::Item| {
                let size = set.said_size(item.picture).or(sizes[item.picture]).unwrap();
                (
                    key(item.picture),
                    item.caption.clone(),
                    size,
                    item.placement.bucket,
                    item.repeats,
                )
            };
            let ours: Vec<Info> = dealt.items.iter().map(info).collect();
            assert_eq!(ours, *expected, "case {number}");
            pictures += ours.len();
        }
        let counts: Vec<_> = group.training.iter().map(|dealt| dealt.train_images).collect();
        assert_eq!(counts, case.counts, "case {number}");
        assert_eq!(group.validation.len(), case.validation.len(), "case {number}");
        for (dealt, expected) in group.validation.iter().zip(&case.validation) {
            let shown = dealt.items.iter();
            let mut keys: Vec<_> = shown
                .flat_map(|item| std::iter::repeat_n(key(item.picture), item.repeats as usize))
                .collect();
            keys.sort();
            assert_eq!(keys, *expected, "case {number}");
        }
        rows_seen += check_epochs(&mut group, &set, &case.epochs, number, key);
    }
    assert!(
        pictures > 700 && rows_seen > 1000 && by_cache > 20,
        "{pictures} pictures, {rows_seen} batches, {by_cache} known by their caches alone"
    );
}

#[test]
fn what_kohya_stops_at_is_refused_with_a_hint() {
    let cases: Vec<(String, Vec<u8>, String)> = fixture("metadata_refused.json.gz");
    assert!(cases.len() > 40);
    for (kind, text, exception) in cases {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("f")).unwrap();
        image::GrayImage::new(64, 64)
            .save(folder.path().join("f/a.png"))
            .unwrap();
        let name = if kind == "jsonl" { "m.jsonl" } else { "m.json" };
        if kind != "none" {
            fs::write(folder.path().join(name), &text).unwrap();
        }
        let mut toml = format!("[[datasets]]\nresolution = 64\n[[datasets.subsets]]\nmetadata_file = '{name}'\n");
        if kind != "alone" {
            toml += "image_dir = 'f'\n";
        }
        let file = folder.path().join("set.toml");
        fs::write(&file, toml).unwrap();
        let error = Set::open(&file, &Options::default());
        let text = String::from_utf8_lossy(&text);
        let error = error.err().unwrap_or_else(|| panic!("{exception} at {text:.60}"));
        let told = error.to_string();
        assert!(
            told.contains(name) && told.lines().count() == 1 && error.hint().is_some(),
            "{told}"
        );
    }
}

#[test]
fn a_cache_without_a_size_and_an_empty_file_are_said() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().display();
    let file = folder.path().join("set.toml");
    fs::write(
        &file,
        "[[datasets]]\nresolution = 64\n[[datasets.subsets]]\nmetadata_file = 'm.json'\n",
    )
    .unwrap();
    fs::write(folder.path().join("a_sd.npz"), b"").unwrap();
    fs::write(folder.path().join("m.json"), format!("{{\"{place}/a.png\": {{}}}}")).unwrap();
    let told = Set::open(&file, &Options::default()).unwrap_err().to_string();
    assert!(
        told.contains("m.json: ") && told.contains("a_sd.npz\" have no size"),
        "{told}"
    );

    fs::write(folder.path().join("m.json"), "{}").unwrap();
    let set = Set::open(&file, &Options::default()).unwrap();
    assert!(set.pictures.is_empty() && set.ignored[0].1.to_string().contains("without a picture"));
    let ground = Ground {
        set: &set,
        sizes: &[],
        hands: &Hands::default(),
        seed: 0,
    };
    let config = Config::read(&file, &Arguments::default()).unwrap();
    let error = Group::new(&config, &ground).unwrap_err();
    assert_eq!(error.to_string(), "there is no picture to learn from");
}

/// A set of a metadata file beside a folder of kohya's usual kind.
fn mixed() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for name in ["f/a.png", "f/b.png", "f/c.png", "g/d.png"] {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        image::GrayImage::new(64, 48).save(path).unwrap();
    }
    fs::write(folder.path().join("g/d.txt"), "fox").unwrap();
    let metadata = r#"{"a.png": {"caption": "a fox", "tags": "fox, snow"}, "b.png": {"tags": "fox", "image_size": [96, 48]}, "c.png": {}, "gone.png": {},
        "a.png": {"caption": "one\ntwo", "tags": "hat"}}"#;
    fs::write(folder.path().join("meta.json"), metadata).unwrap();
    let toml = "[general]\nresolution = 64\ncaption_extension = '.txt'\nclass_tokens = 'pet'\n[[datasets]]\n[[datasets.subsets]]\nimage_dir = 'f'\n\
                metadata_file = 'meta.json'\n[[datasets]]\n[[datasets.subsets]]\nimage_dir = 'g'\n";
    let file = folder.path().join("set.toml");
    fs::write(&file, toml).unwrap();
    (folder, file)
}

fn texts(set: &Set) -> Vec<Option<String>> {
    let text = |picture: &danlu::data::set::Picture| Some(picture.caption.as_ref()?.document.text().into_owned());
    set.pictures.iter().map(text).collect()
}

#[test]
fn captions_of_metadata_files_are_shown_and_not_edited() {
    let (folder, file) = mixed();
    let mut set = Set::open(&file, &Options::default()).unwrap();
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        texts(&set),
        [text("one\ntwo,hat"), text("fox"), None, None, text("fox")]
    );
    let config = Config::read(&file, &Arguments::default()).unwrap();
    let described = &config.datasets[0].subsets[0];
    let sources: Vec<_> = (0..3)
        .map(|picture| draws::before(&set, picture, described).source)
        .collect();
    assert_eq!(
        sources,
        [Source::Metadata, Source::Metadata, Source::Nothing],
        "class words never stand in"
    );

    let all = [0, 1, 2, 3, 4];
    let index = Index::of(&set);
    let add = Edit::Add {
        tags: vec!["new".into()],
        at: At::Front,
    };
    let planned = plan(&set, &index, &add, &all, &Choices::default()).unwrap();
    let changed: Vec<_> = planned.changes.iter().map(|change| change.picture).collect();
    assert_eq!((changed, planned.refused.len()), (vec![4], 1));
    let (path, why) = &planned.refused[0];
    assert!(
        path.ends_with("meta.json")
            && why.to_string().contains("not written to")
            && why.to_string().contains("metadata_file"),
        "{why}"
    );

    let pattern = Pattern::parse("{n:04}").unwrap();
    assert_eq!(
        rename(&set, &all, &pattern, 1, By::Name).changes.len(),
        2,
        "g/d.png and its caption"
    );
    assert_eq!(cull(&set, &all, &folder.path().join("away")).len(), 2);

    let stop = AtomicBool::new(false);
    let watch = Watch {
        tell: &|_, _| {},
        stop: &stop,
    };
    let report = health::check(&set, &health::Options::default(), watch).unwrap();
    let files = |kind: &str| {
        let found = report.findings.iter().find(|finding| finding.kind == kind);
        found.map(|finding| finding.files.join(" ")).unwrap_or_default()
    };
    assert_eq!(files("metadata-size"), "f/b.png");
    assert_eq!(files("metadata-repeated"), "a.png");
    assert_eq!(files("metadata-missing") + &files("broken"), "f/gone.png");

    // What is written into the file is seen when it is read again.
    assert!(set.changed_outside().is_empty());
    let metadata = folder.path().join("meta.json");
    fs::write(
        &metadata,
        r#"{"a.png": {"caption": "a fox"}, "c.png": {"tags": "den"}}"#,
    )
    .unwrap();
    let paths = [metadata.clone()];
    assert_eq!(set.changed_outside(), paths);
    assert_eq!(set.reread(&paths), [0, 1, 2, 3]);
    assert_eq!(texts(&set), [text("a fox"), None, text("den"), None, text("fox")]);
    assert!(set.unreadable[&1].to_string().contains("gone") && set.changed_outside().is_empty());
    fs::write(metadata, "{").unwrap();
    assert_eq!(set.reread(&paths), [0, 1, 2, 3]);
    assert!(
        set.unreadable[&0].to_string().contains("line 1"),
        "{:?}",
        set.unreadable
    );
}

#[test]
fn large_files_are_read_and_hostile_ones_take_no_time() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("f")).unwrap();
    let file = folder.path().join("set.toml");
    fs::write(
        &file,
        "[[datasets]]\nresolution = 64\n[[datasets.subsets]]\nmetadata_file = 'm.json'\nimage_dir = 'f'\n",
    )
    .unwrap();
    let write = |text: String| fs::write(folder.path().join("m.json"), text).unwrap();
    let row = |i: usize| {
        format!("\"{i:06}.png\": {{\"caption\": \"a fox {i}\", \"tags\": \"fox, snow, tree\", \"x\": [[1], {{}}]}}")
    };
    write(format!("{{{}}}", (0..100_000).map(row).collect::<Vec<_>>().join(",")));
    assert_eq!(Set::open(&file, &Options::default()).unwrap().pictures.len(), 100_000);
    for text in [
        format!("{{\"a\": {{\"caption\": [{}0]}}}}", "0,".repeat(1 << 20)),
        format!("{{\"a\": {{\"image_size\": {}1{}}}}}", "[".repeat(100), "]".repeat(100)),
        format!("{{\"{}\": 3}}", "a".repeat(1 << 20)),
        "{".repeat(1 << 20),
    ] {
        write(text);
        let told = Set::open(&file, &Options::default()).unwrap_err().to_string();
        assert!(told.len() < 400, "{told}");
    }
    // Caches that all begin like all keys.
    for i in 0..2000 {
        fs::write(
            folder.path().join(format!(
                "f/{}_0064x0064_sd.npz",
                "a".repeat(1 + i % 200) + &i.to_string()
            )),
            b"",
        )
        .unwrap();
    }
    let place = folder.path().join("f").display().to_string();
    write(format!(
        "{{{}}}",
        (1..200)
            .map(|i| format!("\"{place}/{}.png\": {{}}", "a".repeat(i)))
            .collect::<Vec<_>>()
            .join(",")
    ));
    let set = Set::open(&file, &Options::default()).unwrap();
    assert!((0..set.pictures.len()).all(|picture| set.said_size(picture) == Some([64, 64])));
}
