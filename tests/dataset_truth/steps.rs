//! Which caption file is read, which pictures are used and when each one's turn is, against kohya's datasets, loader and collator.

use std::collections::{BTreeMap, BTreeSet};

use danlu::data::batches::group::{Ground, Group};
use danlu::data::batches::shown::Shown;
use danlu::data::buckets::Size;
use danlu::data::buckets::hand::Hands;
use danlu::data::config::{Arguments, Config};
use danlu::data::draws;
use danlu::data::set::{Options, Set};
use serde::Deserialize;

use super::fixture;

#[derive(Deserialize)]
struct Case {
    files: Vec<(String, Size)>,
    config: String,
    seed: i64,
    /// Epoch, steps done before, the batch's pictures.
    steps: Vec<(i64, i64, Vec<String>)>,
}

#[test]
fn every_picture_has_its_turn_at_the_step_at_which_kohyas_loop_has_it() {
    let mut unused = 0;
    for (number, case) in fixture::<Vec<Case>>("steps.json.gz").iter().enumerate() {
        let root = tempfile::tempdir().unwrap();
        for (name, _) in &case.files {
            let path = root.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        }
        let file = root.path().join("set.json");
        std::fs::write(&file, &case.config).unwrap();
        let set = Set::open(&file, &Options::default()).unwrap();
        let config = Config::read(&file, &Arguments::default()).unwrap();
        let name = |picture: usize| set.relative(&set.pictures[picture].path).into_owned();
        let size_of: BTreeMap<_, _> = case.files.iter().cloned().collect();
        let sizes: Vec<_> = (0..set.pictures.len())
            .map(|picture| size_of.get(&name(picture)).copied())
            .collect();
        let ground = Ground {
            set: &set,
            sizes: &sizes,
            hands: &Hands::default(),
            seed: case.seed,
        };
        let mut group = Group::new(&config, &ground).unwrap();
        let used = group.used();
        let shown = Shown::new(&mut group, case.seed, 1, 400);
        let mut expected: BTreeMap<&str, Vec<(i64, i64)>> = BTreeMap::new();
        for (epoch, step, keys) in &case.steps {
            for key in keys {
                expected.entry(key).or_default().push((*epoch, *step));
            }
        }
        let names: BTreeSet<_> = used.iter().map(|place| name(place[2])).collect();
        assert_eq!(
            names,
            expected.keys().map(|key| (*key).to_owned()).collect(),
            "case {number}"
        );
        unused += case.files.len() - names.len();
        for place in used {
            let times = shown.times(place).unwrap();
            let begun: Vec<_> = times.iter().copied().filter(|(epoch, _)| *epoch <= 3).collect();
            assert_eq!(times.len(), 400);
            assert_eq!(begun, expected[&*name(place[2])], "case {number}, {}", name(place[2]));
        }
        // Later epochs do not depend on where one begins.
        let mut later = Group::new(&config, &ground).unwrap();
        let place = later.places().next().unwrap();
        let from = Shown::new(&mut later, case.seed, 3, 1).times(place).unwrap()[0];
        assert_eq!(
            shown.times(place).unwrap().iter().find(|(epoch, _)| *epoch == 3),
            Some(&from)
        );
    }
    assert!(unused > 5, "regularization pictures that are not needed: {unused}");
}

type Read = (String, BTreeMap<String, String>, BTreeMap<String, String>);

#[test]
fn the_caption_file_is_the_one_that_kohya_reads() {
    let mut silent = 0;
    for (text, files, expected) in fixture::<Vec<Read>>("extensions.json.gz") {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir(root.path().join("f")).unwrap();
        for name in expected.keys() {
            std::fs::write(root.path().join(name), "").unwrap();
        }
        for (name, caption) in &files {
            std::fs::write(root.path().join("f").join(name), caption).unwrap();
        }
        let file = root.path().join("set.toml");
        std::fs::write(&file, &text).unwrap();
        let set = Set::open(&file, &Options::default()).unwrap();
        let config = Config::read(&file, &Arguments::default()).unwrap();
        let subset = &config.datasets[0].subsets[0];
        let read = (0..set.pictures.len()).map(|picture| {
            let name = set.relative(&set.pictures[picture].path).into_owned();
            (name, draws::before(&set, picture, subset).text)
        });
        assert_eq!(read.collect::<BTreeMap<_, _>>(), expected, "{text}");
        // What is told of it: only where nothing says how captions end.
        let is_silent = !text.contains("caption_extension");
        let names: Vec<_> = set
            .unread(&file)
            .into_iter()
            .map(|one| set.pictures[one].path.file_name().unwrap())
            .collect();
        assert_eq!(names, if is_silent { vec!["a.png", "b.png"] } else { vec![] }, "{text}");
        silent += usize::from(is_silent);
        // Who asks for an ending gets it where the file says none.
        let txt = Options {
            extension: ".txt".to_owned(),
            ..Options::default()
        };
        let asked = Set::open(&file, &txt).unwrap();
        if is_silent {
            assert_eq!(
                asked
                    .pictures
                    .iter()
                    .filter(|picture| picture.caption.is_some())
                    .count(),
                2
            );
            assert!(asked.unread(&file).is_empty());
        }
        let folder = Set::open(root.path(), &Options::default()).unwrap();
        assert_eq!(
            folder
                .pictures
                .iter()
                .filter(|picture| picture.caption.is_some())
                .count(),
            3
        );
    }
    assert_eq!(silent, 2);
}
