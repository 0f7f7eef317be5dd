//! How fast a large dataset is: `cargo bench --bench dataset`.
//!
//! 100,000 pictures (empty files) with captions of about 30 tags, as taggers write them, in ten folders: opened, counted, filtered by a tag,
//! edited, and what memory that takes. The files are in the page cache, as after a first look. Budgets: open under 2 s, filters and edits
//! under 0.3 s, 500 MB.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::Instant;

use danlu::data::edit::{At, By, Choices, Edit, Threshold, Which, plan};
use danlu::data::set::{Options, Set};
use danlu::data::tags::{Index, Order};

const PICTURES: usize = 100_000;
const TAGS: usize = 30;
const VOCABULARY: usize = 8000;
const TIMES: usize = 5;

/// Numbers without a pattern that is seen (`SplitMix64`), the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A tag's number: small ones are frequent, as words are.
    fn tag(&mut self) -> usize {
        let share = self.next() as f64 / u64::MAX as f64;
        ((VOCABULARY as f64).powf(share) - 1.0) as usize
    }
}

fn caption(numbers: &mut Numbers) -> String {
    let words = [
        "hair",
        "eyes",
        "shirt",
        "background",
        "dress",
        "skirt",
        "(medium)",
        "ribbon",
    ];
    let mut tags = vec!["1girl".to_owned()];
    while tags.len() < TAGS {
        let tag = numbers.tag();
        let text = format!("some{tag} {}", words[tag % words.len()]);
        if !tags.contains(&text) {
            tags.push(text);
        }
    }
    tags.join(", ")
}

fn write(folder: &Path) {
    let mut numbers = Numbers(6);
    for i in 0..PICTURES {
        let folder = folder.join(format!("{}_class {}", 1 + i % 10, i % 10));
        if i < 10 {
            fs::create_dir(&folder).unwrap();
        }
        fs::write(folder.join(format!("picture-{i:06}.png")), b"").unwrap();
        fs::write(folder.join(format!("picture-{i:06}.txt")), caption(&mut numbers)).unwrap();
    }
}

/// The fastest of some runs, in seconds, and what the last gave.
fn fastest<T>(what: &str, budget: f64, mut run: impl FnMut() -> T) -> T {
    let mut best = f64::INFINITY;
    let mut last = None;
    for _ in 0..TIMES {
        drop(last.take());
        let begun = Instant::now();
        last = Some(black_box(run()));
        best = best.min(begun.elapsed().as_secs_f64());
    }
    println!("{what:<52} {best:>8.3} s  (at most {budget} s)");
    last.unwrap()
}

/// Megabytes of memory: now, and at most so far. Zeros where the system does not say.
fn memory() -> (f64, f64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status
            .lines()
            .find_map(|line| line.strip_prefix(name))
            .unwrap_or_default();
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().unwrap_or_default();
        kilobytes * 1024.0 / 1e6
    };
    (field("VmRSS:"), field("VmHWM:"))
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path());
    let (empty, _) = memory();
    let set = fastest("opening 100,000 captions", 2.0, || {
        Set::open(folder.path(), &Options::default()).unwrap()
    });
    let index = fastest("counting their tags", 0.3, || Index::of(&set));
    println!(
        "{:<52} {:>8.0} MB, the index {:.0} MB",
        "memory with all open",
        memory().0 - empty,
        index.memory() as f64 / 1e6
    );

    let all: Vec<_> = (0..PICTURES).collect();
    let tag = index.id("some9 eyes").unwrap();
    let found = fastest("pictures with a tag", 0.3, || -> Vec<usize> {
        all.iter()
            .copied()
            .filter(|&i| index.of_picture(i).contains(&tag))
            .collect()
    });
    println!("{:<52} {:>8}", "", format!("{} pictures", found.len()));
    for (name, order) in [
        ("count", Order::Count),
        ("name", Order::Name),
        ("surprise", Order::Surprise),
    ] {
        fastest(&format!("tags sorted by {name}"), 0.3, || index.sorted(order, None));
    }
    fastest("tags of the filtered pictures, by surprise", 0.3, || {
        index.sorted(Order::Surprise, Some(&found))
    });

    let own = |tags: &[&str]| tags.iter().map(|&tag| tag.to_owned()).collect::<Vec<_>>();
    let frequent = Which {
        at_least: Some(Threshold::Percent(20.0)),
        ..Which::default()
    };
    let edits = [
        Edit::Remove {
            tags: Which::named(&["some9 eyes"]),
        },
        Edit::Remove { tags: frequent },
        Edit::Remove {
            tags: Which {
                regex: Some("hair$".to_owned()),
                ..Which::default()
            },
        },
        Edit::Add {
            tags: own(&["trigger"]),
            at: At::Front,
        },
        Edit::Replace {
            from: "1girl".to_owned(),
            to: "girl".to_owned(),
        },
        Edit::Merge {
            from: own(&["1girl", "some0 hair"]),
            to: "smith".to_owned(),
            any: false,
        },
        Edit::Sort { by: By::Count, keep: 1 },
        Edit::Dedup,
        Edit::ReplaceText {
            find: "hair".to_owned(),
            regex: false,
            with: "fur".to_owned(),
        },
        Edit::Clean { underscores: true },
    ];
    for edit in edits {
        let plan = fastest(&edit.command(), 0.3, || {
            plan(&set, &index, &edit, &all, &Choices::default()).unwrap()
        });
        println!("{:<52} {:>8}", "", format!("{} files", plan.changes.len()));
    }
    println!("{:<52} {:>8.0} MB  (at most 500 MB)", "most memory", memory().1);
}
