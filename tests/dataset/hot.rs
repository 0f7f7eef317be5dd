//! What large sets cost in memory. Times are the bench's; here the bytes are counted, which no other work on the machine changes.

use std::collections::BTreeMap;
use std::path::PathBuf;

use danlu::data::document::Document;
use danlu::data::edit::{At, Choices, Edit, Plan, Which, plan};
use danlu::data::set::{Caption, Name, Options, Picture, Set, Stamp, Subset};
use danlu::data::tags::Index;

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::allocated::most_held;

const CAPTIONS: usize = 20_000;
const TAGS: usize = 30;

/// A set that lies on no disk. Each caption has one tag of its own.
fn large() -> Set {
    let caption = |i: usize| {
        let tags = (0..TAGS - 1).map(|k| format!("some tag {}", (i * 7 + k * k * 31) % 997));
        tags.chain([format!("own {i}")]).collect::<Vec<_>>().join(", ")
    };
    let picture = |i: usize| Picture {
        path: PathBuf::from(format!("/nowhere/1_x/picture-{i:06}.png")),
        subset: 0,
        caption: Some(Caption {
            stamp: Stamp {
                length: 0,
                modified: None,
            },
            document: Document::new(caption(i).into_bytes()),
            name: Name::default(),
        }),
        entry: None,
    };
    Set {
        root: "/nowhere".into(),
        options: Options::default(),
        subsets: vec![Subset {
            folder: "/nowhere/1_x".into(),
            repeats: 1,
            class_tokens: None,
            is_reg: false,
            options: Options::default(),
            metadata: None,
        }],
        pictures: (0..CAPTIONS).map(picture).collect(),
        strays: Vec::new(),
        ignored: Vec::new(),
        unreadable: BTreeMap::new(),
    }
}

/// Does the work on this thread alone, whose memory is counted.
fn held<T: Send>(pool: &ThreadPool, work: impl FnOnce() -> T + Send) -> (T, usize) {
    most_held(|| pool.install(work))
}

fn planned(pool: &ThreadPool, set: &Set, index: &Index, edit: &Edit) -> (Plan, usize) {
    let all: Vec<_> = (0..CAPTIONS).collect();
    held(pool, || plan(set, index, edit, &all, &Choices::default()).unwrap())
}

/// 100,000 captions fit into 500 MB: at most 1 KB each beside the files' own bytes for the set and the tags, and a plan that changes
/// all of them holds the old and the new bytes once.
#[test]
fn memory_grows_with_the_captions_and_no_more() {
    let builder = ThreadPoolBuilder::new().num_threads(1);
    let pool = builder.use_current_thread().build().unwrap();
    let (set, own) = held(&pool, large);
    let bytes: usize = set
        .pictures
        .iter()
        .map(|picture| picture.caption.as_ref().unwrap().document.bytes.len())
        .sum();
    assert!(
        own < bytes + 700 * CAPTIONS,
        "a picture takes {} bytes beside its caption",
        (own - bytes) / CAPTIONS
    );
    let (index, most) = held(&pool, || Index::of(&set));
    assert_eq!(index.count(index.id("own 19999").unwrap()), 1);
    assert!(index.memory() < 400 * CAPTIONS, "{} bytes", index.memory() / CAPTIONS);
    assert!(
        most < 3 * index.memory(),
        "counting held {most} bytes, {} stay",
        index.memory()
    );

    let rare = Edit::Remove {
        tags: Which::named(&["own 77"]),
    };
    let (plan, most) = planned(&pool, &set, &index, &rare);
    assert_eq!(plan.changes.len(), 1);
    assert!(
        most < 300_000,
        "captions without the tag are not looked at, but {most} bytes were held"
    );

    let all = Edit::Add {
        tags: vec!["trigger".to_owned()],
        at: At::Front,
    };
    let (plan, most) = planned(&pool, &set, &index, &all);
    assert_eq!(plan.changes.len(), CAPTIONS);
    assert!(
        most < 2 * bytes + 700 * CAPTIONS,
        "{} bytes for each caption of {}",
        most / CAPTIONS,
        bytes / CAPTIONS
    );
}

#[test]
fn finding_tags_takes_no_memory() {
    let document = Document::new("a tag, ".repeat(100_000).into_bytes());
    let (count, most) = most_held(|| document.tags(",").count());
    assert_eq!((count, most), (100_000, 0));
}
