//! Batches over epochs with everything in them, against kohya's dataset groups on real pictures.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use danlu::data::batches::group::{Ground, Group, Loading, Sample};
use danlu::data::batches::{Batches, regularization};
use danlu::data::buckets::Size;
use danlu::data::buckets::hand::Hands;
use danlu::data::config::{Arguments, Config};
use danlu::data::document::Document;
use danlu::data::draws::Moment;
use danlu::data::random::Python;
use danlu::data::set::{Caption, Name, Options, Picture, Set, Stamp, Subset};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Exact, fixture};

#[test]
fn regularization_pictures_take_turns_as_in_kohya() {
    for (train, reg, repeats, expected) in fixture::<Vec<(u64, usize, u32, Vec<Option<u32>>)>>("regularization.json.gz")
    {
        assert_eq!(
            regularization(train, &vec![repeats; reg]),
            expected,
            "{train} against {reg} x {repeats}"
        );
    }
    assert_eq!(regularization(5, &[]), []);
    assert_eq!(regularization(u64::MAX, &[1]), [Some(u32::MAX)]);
}

/// A batch: keys, captions, weights of the loss, sizes as stored, crops, sizes that are seen, which are mirrored.
type Row = (Vec<String>, Vec<String>, Vec<Exact>, Value, Value, Value, Vec<bool>);

/// Of each group of an epoch its batches, none for one that cannot be made, and the number that is drawn next.
pub(crate) type Epoch = Vec<(Vec<Option<Row>>, Exact)>;

/// A batch as the fixtures have it.
fn row_of(samples: &[Sample], key: impl Fn(u32) -> String) -> Row {
    let reversed = |[width, height]: Size| json!([height, width]);
    (
        samples.iter().map(|sample| key(sample.item)).collect(),
        samples.iter().map(|sample| sample.caption.clone()).collect(),
        samples.iter().map(|sample| Exact(sample.loss_weight)).collect(),
        samples.iter().map(|sample| reversed(sample.original_size)).collect(),
        samples.iter().map(|sample| json!(sample.crop_top_left)).collect(),
        samples.iter().map(|sample| reversed(sample.target_size)).collect(),
        samples.iter().map(|sample| sample.flipped).collect(),
    )
}

#[derive(Deserialize)]
struct Case {
    files: Vec<(String, Size, Option<String>)>,
    config: String,
    seed: i64,
    epochs: Vec<Epoch>,
    validation: Vec<Vec<String>>,
    counts: Vec<[u64; 2]>,
}

/// The files of a case as a set, without a disk.
fn set_of(case: &Case) -> (Set, Vec<Option<Size>>) {
    let mut subsets: Vec<Subset> = Vec::new();
    let mut pictures = Vec::new();
    for (name, _, caption) in &case.files {
        let path = PathBuf::from(name);
        let folder = path.parent().unwrap().to_owned();
        if subsets.last().is_none_or(|subset| subset.folder != folder) {
            subsets.push(Subset {
                folder,
                repeats: 1,
                class_tokens: None,
                is_reg: false,
                options: Options::default(),
                metadata: None,
            });
        }
        pictures.push(Picture {
            path,
            subset: subsets.len() as u32 - 1,
            caption: caption.as_ref().map(|text| Caption {
                stamp: Stamp {
                    length: text.len() as u64,
                    modified: None,
                },
                document: Document {
                    bytes: text.as_bytes().into(),
                },
                name: Name::default(),
            }),
            entry: None,
        });
    }
    let set = Set {
        root: PathBuf::new(),
        options: Options {
            extension: ".txt".into(),
            separator: ",".into(),
        },
        subsets,
        pictures,
        strays: Vec::new(),
        ignored: Vec::new(),
        unreadable: BTreeMap::new(),
    };
    (set, case.files.iter().map(|file| Some(file.1)).collect())
}

#[test]
fn epochs_of_batches_are_kohyas() {
    let cases: Vec<Case> = fixture("batches.json.gz");
    assert!(cases.len() >= 40);
    // The only command line option of the fixtures.
    let mut arguments = Arguments::default();
    arguments.dataset.prior_loss_weight = 0.5;
    for (number, case) in cases.iter().enumerate() {
        let (set, sizes) = set_of(case);
        let config = Config::of_json(&case.config, &arguments).unwrap();
        let ground = Ground {
            set: &set,
            sizes: &sizes,
            hands: &Hands::default(),
            seed: case.seed,
        };
        let mut group = Group::new(&config, &ground).unwrap();
        let counts: Vec<_> = group
            .training
            .iter()
            .map(|dealt| [dealt.train_images, dealt.reg_images])
            .collect();
        assert_eq!(counts, case.counts, "case {number}");
        check_validation(&group, &set, case, number);
        let key = |picture: usize| set.pictures[picture].path.to_str().unwrap().to_owned();
        check_epochs(&mut group, &set, &case.epochs, number, key);
    }
}

/// Draws all batches of the epochs as the fixtures' loop did, and gives how many they were; `key` is the name of a picture there.
pub(crate) fn check_epochs(
    group: &mut Group,
    set: &Set,
    epochs: &[Epoch],
    number: usize,
    key: impl Fn(usize) -> String,
) -> usize {
    let (mut random, mut count) = (Python::new(0), 0);
    for (epoch, expected) in (0..).zip(epochs) {
        random = group.set_epoch(epoch).unwrap_or(random);
        let moment = Moment {
            epoch,
            step: epoch * 30,
            max_train_steps: 200,
        };
        for (dealt, (rows, next)) in group.training.iter().zip(expected) {
            for (at, (batch, row)) in dealt.batches.iter().zip(rows).enumerate() {
                let samples = dealt.draw(set, &batch, moment, Loading::Each, &mut random);
                let at = format!("case {number}, epoch {epoch}, batch {at}");
                let Some(row) = row else {
                    assert!(samples.is_err(), "{at}");
                    break;
                };
                let samples = samples.unwrap_or_else(|error| panic!("{at}: {error}"));
                let ours = row_of(&samples, |item| key(dealt.items[item as usize].picture));
                assert_eq!(&ours, row, "{at}");
                count += 1;
            }
            if rows.iter().all(Option::is_some) {
                assert_eq!(rows.len(), dealt.batches.len(), "case {number}");
            }
            let drawn = Exact(random.random());
            assert_eq!(drawn, *next, "case {number}, epoch {epoch}: as many numbers are drawn");
        }
    }
    count
}

fn check_validation(group: &Group, set: &Set, case: &Case, number: usize) {
    assert_eq!(group.validation.len(), case.validation.len(), "case {number}");
    for (dealt, expected) in group.validation.iter().zip(&case.validation) {
        let mut paths: Vec<_> = dealt
            .items
            .iter()
            .map(|item| set.pictures[item.picture].path.to_str().unwrap())
            .collect();
        paths.sort_unstable();
        assert_eq!(paths, *expected, "case {number}");
    }
}

#[test]
fn every_repeat_is_in_exactly_one_batch_of_its_bucket() {
    let items: Vec<(Size, u32)> = (0..50)
        .map(|number| ([512, 64 * (1 + number % 3)], 1 + number % 4))
        .collect();
    let mut batches = Batches::new(4, &items);
    for epoch in 0..3 {
        batches.set_epoch(epoch);
        let mut counts = vec![0; items.len()];
        for batch in batches.iter() {
            assert!((1..=4).contains(&batch.items.len()));
            for &item in batch.items {
                counts[item as usize] += 1;
                assert_eq!(items[item as usize].0, batch.bucket);
            }
        }
        assert!(counts.iter().zip(&items).all(|(count, item)| *count == item.1));
    }
    assert_eq!(
        batches.counts().map(|(_, count)| count).sum::<usize>(),
        items.iter().map(|item| item.1 as usize).sum::<usize>()
    );
    assert_eq!(batches.get(batches.len()), None);
    assert!(Batches::new(0, &[]).is_empty());
}

#[test]
fn what_is_left_out_is_said() {
    let case = &fixture::<Vec<Case>>("batches.json.gz")[0];
    let (set, mut sizes) = set_of(case);
    sizes[0] = None;
    let config = Config::of_json(&case.config, &Arguments::default()).unwrap();
    let hands = Hands::default();
    let ground = |sizes| Ground {
        set: &set,
        sizes,
        hands: &hands,
        seed: 1,
    };
    let group = Group::new(&config, &ground(&sizes)).unwrap();
    let name = Path::new(&case.files[0].0).display().to_string();
    assert!(
        group
            .notes
            .iter()
            .any(|note| note.contains(&name) && note.contains("size")),
        "{:?}",
        group.notes
    );
    let nothing = vec![None; sizes.len()];
    let error = Group::new(&config, &ground(&nothing)).unwrap_err();
    assert!(error.hint().is_some());
    let mut elsewhere = config.clone();
    elsewhere.datasets[0].subsets[0].image_dir = Some("nowhere".into());
    assert!(
        Group::new(&elsewhere, &ground(&sizes))
            .unwrap_err()
            .to_string()
            .contains("nowhere")
    );
    let mut many = config;
    many.datasets[0].subsets[0].num_repeats = i64::MAX;
    assert!(
        Group::new(&many, &ground(&sizes))
            .unwrap_err()
            .to_string()
            .contains("an epoch would have")
    );
}
