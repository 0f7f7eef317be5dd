//! Counting.

use std::collections::HashMap;
use std::fs;

use danlu::data::set::Set;
use danlu::data::tags::{Against, Index, Order};

use crate::support::{captions, folder, open, write};

fn told(index: &Index, order: Order, among: Option<&[usize]>) -> String {
    let counts = index.counts(among);
    let tags = index.sorted(order, among).into_iter();
    let told: Vec<_> = tags
        .map(|tag| format!("{} {}", index.name(tag), counts.occurrences[tag.0 as usize]))
        .collect();
    told.join(", ")
}

#[test]
fn tags_are_counted_by_their_exact_text() {
    let (_folder, set) = captions(&[b"b, a, b", b"a,\tFox\r\nc", "狐, fox".as_bytes(), b"", b" ,, "]);
    let index = Index::of(&set);
    assert_eq!(told(&index, Order::Count, None), "b 2, a 2, Fox 1, c 1, 狐 1, fox 1");
    assert_eq!(told(&index, Order::Name, None), "Fox 1, a 2, b 2, c 1, fox 1, 狐 1");
    assert_eq!(told(&index, Order::Length, None), "Fox 1, fox 1, b 2, a 2, c 1, 狐 1");
    assert_eq!(
        told(&index, Order::Count, Some(&[1, 2])),
        "a 1, Fox 1, c 1, 狐 1, fox 1"
    );
    let b = index.id("b").unwrap();
    assert_eq!((index.count(b), index.captions(b), index.captioned()), (2, 1, 5));
    assert_eq!(index.id("B"), None);
    assert_eq!(
        index
            .of_picture(0)
            .iter()
            .map(|&tag| index.name(tag))
            .collect::<Vec<_>>(),
        ["b", "a", "b"]
    );
}

#[test]
fn a_changed_caption_is_counted_again() {
    let (folder, mut set) = captions(&[b"a, b", b"b, c", b"x"]);
    let mut index = Index::of(&set);
    write(folder.path(), "00000.txt", b"c, new, c");
    fs::remove_file(folder.path().join("00002.txt")).unwrap();
    let changed = set.reread(&[folder.path().join("00000.txt"), folder.path().join("00002.txt")]);
    index.update(&set, &changed);
    assert_eq!(
        told(&index, Order::Count, None),
        "c 3, new 1, b 1",
        "by first appearance now"
    );
    let a = index.id("a").unwrap();
    assert_eq!((index.count(a), index.captions(a), index.captioned()), (0, 0, 2));
    assert!(!index.has_caption(2));
    assert_eq!(
        told(&index, Order::Count, None),
        told(&Index::of(&set), Order::Count, None)
    );
}

/// Many captions, so that several blocks are counted at once.
#[test]
fn many_captions_are_counted_as_few_are() {
    let texts: Vec<String> = (0..5000_usize)
        .map(|i| format!("common, {}, {}", i % 7, i / 3 % 100))
        .collect();
    let bytes: Vec<_> = texts.iter().map(String::as_bytes).collect();
    let (_folder, set) = captions(&bytes);
    let index = Index::of(&set);
    let mut expected: HashMap<&str, (u32, usize)> = HashMap::new();
    for (place, tag) in texts.iter().flat_map(|text| text.split(", ")).enumerate() {
        expected.entry(tag).or_insert((0, place)).0 += 1;
    }
    let mut expected: Vec<_> = expected.into_iter().collect();
    expected.sort_by_key(|(_, (count, first))| (u32::MAX - count, *first));
    let expected: Vec<_> = expected
        .into_iter()
        .map(|(tag, (count, _))| format!("{tag} {count}"))
        .collect();
    assert_eq!(told(&index, Order::Count, None), expected.join(", "));
}

fn surprises(set: &Set, among: Option<&[usize]>) -> Vec<(String, u32, f64, f64, Against)> {
    let index = Index::of(set);
    let all = index.surprises(among).into_iter();
    all.map(|s| (index.name(s.tag).to_owned(), s.found, s.expected, s.score, s.against))
        .collect()
}

#[test]
fn surprising_is_what_is_far_from_expected() {
    let mut files: Vec<(String, String)> = Vec::new();
    for i in 0..40 {
        let (folder, own) = if i < 20 { ("1_cat", "cat") } else { ("1_dog", "dog") };
        let even = if i % 2 == 0 { ", even" } else { "" };
        files.push((format!("{folder}/{i:02}.png"), String::new()));
        files.push((format!("{folder}/{i:02}.txt"), format!("animal, {own}{even}")));
    }
    let files: Vec<_> = files
        .iter()
        .map(|(name, text)| (name.as_str(), text.as_bytes()))
        .collect();
    let folder = folder(&files);
    let set = open(folder.path());
    let found = surprises(&set, None);
    assert_eq!(
        found.iter().map(|s| s.0.as_str()).collect::<Vec<_>>(),
        ["cat", "dog", "animal", "even"]
    );
    // G² of a table 20 0 / 0 20: 2 · 40 · ln 2.
    assert!((found[0].3 - 80.0 * 2_f64.ln()).abs() < 1e-9, "{found:?}");
    assert_eq!((found[0].1, found[0].2, found[0].4), (20, 10.0, Against::Folder(0)));
    assert!(found[2].3.abs() < 1e-9 && found[3].3.abs() < 1e-9);
    let dogs: Vec<_> = (20..40).collect();
    let found = surprises(&set, Some(&dogs));
    assert_eq!((found[0].0.as_str(), found[0].4), ("dog", Against::Whole));
    assert!(
        found[0].3 > 0.0 && found.iter().all(|s| s.0 != "cat"),
        "what is not there is not listed"
    );
}

#[test]
fn in_one_folder_tags_surprise_by_their_company() {
    let texts: Vec<String> = (0..64)
        .map(|i| {
            format!(
                "all{}{}{}",
                if i % 2 == 0 { ", sea" } else { "" },
                if i % 2 == 0 { ", boat" } else { "" },
                if i % 4 < 2 { ", red" } else { "" }
            )
        })
        .collect();
    let bytes: Vec<_> = texts.iter().map(String::as_bytes).collect();
    let (_folder, set) = captions(&bytes);
    let index = Index::of(&set);
    let found = surprises(&set, None);
    assert_eq!((found[0].0.as_str(), found[1].0.as_str()), ("sea", "boat"));
    assert_eq!(found[0].4, Against::Tag(index.id("boat").unwrap()));
    assert_eq!((found[0].1, found[0].2), (32, 16.0));
    assert!(found[2..].iter().all(|s| s.3.abs() < 1e-9), "{found:?}");
    let (_folder, one) = captions(&[b"a"]);
    assert_eq!(surprises(&one, None).len(), 1);
    let (_folder, none) = captions(&[]);
    assert!(surprises(&none, None).is_empty());
}
