//! What queries choose, what is refused and where, what may follow.

use std::fs;
use std::path::Path;

use super::{Completions, Facts, Ground, Needs, Nothing, Placed, Query, Vocabulary, complete};
use crate::data::set::{Options, Set};
use crate::data::tags::Index;
use crate::data::tokens::Counter;

/// A folder of pictures (empty files) whose captions are given; none where there is no caption.
fn set(captions: &[(&str, Option<&str>)]) -> (tempfile::TempDir, Set) {
    let folder = tempfile::tempdir().unwrap();
    for (name, caption) in captions {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, b"").unwrap();
        if let Some(caption) = caption {
            fs::write(path.with_extension("txt"), caption).unwrap();
        }
    }
    let set = Set::open(folder.path(), &Options::default()).unwrap();
    (folder, set)
}

fn animals() -> (tempfile::TempDir, Set) {
    set(&[
        ("10_fox girl/a.png", Some("fox, solo, red theme")),
        ("10_fox girl/b.png", Some("Fox, solo, solo")),
        (
            "10_fox girl/c.jpg",
            Some(r"cat \(animal\), smile_(meme), A photo of a fox, outdoors"),
        ),
        ("10_fox girl/d.png", Some(" \r\n")),
        ("10_fox girl/猫.webp", None),
        ("reg/1_girl/f.png", Some("girl, blue theme")),
    ])
}

fn names(set: &Set, query: &str, facts: &dyn Facts) -> String {
    let (index, tokens) = (Index::of(set), Counter::default());
    let ground = Ground {
        set,
        index: &index,
        tokens: &tokens,
        facts,
    };
    let chosen = Query::parse(query)
        .unwrap_or_else(|e| panic!("{query}: {e}"))
        .select(&ground);
    let stem = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    chosen
        .into_iter()
        .map(|picture| stem(&set.pictures[picture].path))
        .collect()
}

#[test]
fn operators_are_written_in_any_case_and_quoted_they_are_words() {
    let (_folder, set) = animals();
    let all = names(&set, "tag:solo OR NOT tag:fox AND name:d", &Nothing);
    assert_eq!(all, "abd");
    assert_eq!(names(&set, "tag:solo or not tag:fox and name:d", &Nothing), all);
    assert_eq!(names(&set, "\"or\"", &Nothing), "c");
    assert_eq!(names(&set, "\"tokens>75\"", &Nothing), "");
}

#[test]
fn terms_choose_by_captions_names_and_folders() {
    let (_folder, set) = animals();
    for (query, wanted) in [
        ("", "abcd猫f"),
        ("tag:fox", "ab"),
        ("tag:Fox", "b"),
        ("tag:*theme", "af"),
        ("tag:\"red theme\"", "a"),
        (r#"tag:"cat \(animal\)""#, "c"),
        ("tag:smile_(meme)", "c"),
        ("tag:/^(red|blue) /", "af"),
        ("fox", "abc"),
        ("\"photo of a\"", "c"),
        ("/^F|outdoors$/", "bc"),
        ("caption:outdoor", "c"),
        ("name:c", "c"),
        ("name:*.jpg", "c"),
        ("name:猫", "猫"),
        ("path:reg/", "f"),
        ("folder:\"10_fox girl\" tag:solo", "ab"),
        ("untagged:", "d猫"),
        ("reg:", "f"),
        ("repeated:", "b"),
        ("repeats:10 -untagged:", "abc"),
        ("tags:3", "ab"),
        ("tags:<3 -untagged:", "f"),
        ("tags:!=3", "cd猫f"),
        ("tags:3..4", "abc"),
        ("chars:>20", "c"),
        ("chars:=20", "a"),
        ("tokens:>=6", "ac"),
    ] {
        assert_eq!(names(&set, query, &Nothing), wanted, "{query}");
    }
}

#[test]
fn not_binds_before_and_before_or() {
    let (_folder, set) = animals();
    for (query, wanted) in [
        ("tag:fox tag:\"red theme\"", "a"),
        ("tag:fox AND tag:\"red theme\"", "a"),
        ("tag:girl OR tag:fox tag:\"red theme\"", "af"),
        ("(tag:girl OR tag:fox) tag:*theme", "af"),
        ("-tag:fox -untagged:", "cf"),
        ("NOT tag:fox AND NOT untagged:", "cf"),
        ("-(tag:fox OR untagged:)", "cf"),
        ("NOT NOT tag:girl", "f"),
        ("--tag:girl", "f"),
        ("tag:fox -(tag:solo -(tag:*theme))", "a"),
    ] {
        assert_eq!(names(&set, query, &Nothing), wanted, "{query}");
    }
}

struct Measured;

impl Facts for Measured {
    /// Only the first two pictures were measured.
    fn size(&self, picture: usize) -> Option<(u32, u32)> {
        [(1536, 1024), (512, 768)].get(picture).copied()
    }

    fn placed(&self, picture: usize) -> Option<Placed> {
        let placed = [((640, 384), 0.12, 0.4), ((512, 768), 0.0, 1.0)];
        placed
            .get(picture)
            .map(|&(bucket, lost, scale)| Placed { bucket, lost, scale })
    }

    fn marked(&self, picture: usize) -> bool {
        picture == 3
    }
}

#[test]
fn what_is_not_measured_is_chosen_by_neither_a_term_nor_its_opposite() {
    let (_folder, set) = animals();
    for (query, wanted) in [
        ("w:>1024", "a"),
        ("-w:>1024", "b"),
        ("width:512 height:768", "b"),
        ("ar:>1.4", "a"),
        ("ar:3:2", "a"),
        ("ar:2/3", "b"),
        ("ar:1.5", "a"),
        ("mp:<1", "b"),
        ("bucket:512x768", "b"),
        ("crop:>10%", "a"),
        ("crop:>10", "a"),
        ("scale:<1", "a"),
        ("w:>1024 OR tag:girl", "af"),
        ("dup:", ""),
        ("-dup:", ""),
        ("marked:", "d"),
    ] {
        assert_eq!(names(&set, query, &Measured), wanted, "{query}");
    }
}

#[test]
fn what_is_no_query_is_told_with_its_place() {
    for (query, at, wanted) in [
        ("tag:fox (", 9, "something is missing at the end"),
        ("(tag:fox", 0, "a parenthesis is not closed"),
        ("tag:fox)", 7, "a closing parenthesis has no opening one"),
        ("()", 1, "a word or key is missing here"),
        ("tag:fox OR", 10, "something is missing at the end"),
        ("AND tag:fox", 0, "a word or key is missing here"),
        ("a AND OR b", 6, "a word or key is missing here"),
        ("tag:\"fox", 4, "a quote is not closed"),
        ("tag:/fox", 4, "a regular expression is not closed"),
        ("tag:/(/", 4, "the regular expression is not valid: unclosed group"),
        ("tga:fox", 0, "there is no key tga:"),
        ("tags:many", 5, "\"many\" is no number or range"),
        ("tokens:>nan", 7, "\">nan\" is no number or range"),
        ("crop:>1o%", 5, "\">1o%\" is no number or range"),
        ("bucket:512", 7, "\"512\" is no size"),
        ("untagged:yes", 9, "nothing can stand here, and \"yes\" does"),
        ("tag:", 4, "a text is missing behind the colon"),
        ("fox tokens>75", 4, "tokens>75 has no colon"),
        ("tag=fox", 0, "tag=fox has no colon"),
        ("tags:5..2", 5, "\"5..2\" is a range from a number to a smaller one"),
    ] {
        let error = Query::parse(query).unwrap_err();
        assert_eq!((error.at, error.to_string().as_str()), (at, wanted), "{query}");
    }
    assert_eq!(
        Query::parse("tag=fox").unwrap_err().hint(),
        "write tag:fox; put it in quotes to look for it in captions"
    );
    assert!(Query::parse("tga:fox").unwrap_err().hint().contains("perhaps tag:"));
    let deep = format!("{}tag:a{}", "(".repeat(100_000), ")".repeat(100_000));
    assert!(
        Query::parse(&deep)
            .unwrap_err()
            .to_string()
            .contains("too many parentheses")
    );
    assert!(Query::parse(&"-".repeat(100_000)).is_ok(), "the last one is a word");
}

#[test]
fn only_terms_about_files_need_them() {
    for (query, sizes, duplicates, changes) in [
        ("tag:fox tokens:>75 (a OR -crop:>5%)", true, false, false),
        ("-dup: w:1", true, true, false),
        ("changed:", false, false, true),
        ("untagged: x repeats:1 tags:>1", false, false, false),
    ] {
        assert_eq!(
            Query::parse(query).unwrap().needs(),
            Needs {
                sizes,
                duplicates,
                changes
            },
            "{query}"
        );
    }
}

#[test]
fn the_word_at_the_cursor_is_completed() {
    let (_folder, set) = animals();
    let index = Index::of(&set);
    let folders = ["10_fox girl".to_owned(), "1_girl".to_owned()];
    let saved = ["small".to_owned()];
    let vocabulary = Vocabulary {
        index: &index,
        folders: &folders,
        saved: &saved,
    };
    let at_end = |text: &str| complete(text, text.len(), &vocabulary, 4);
    let of = |range, options: &[&str]| Completions {
        range,
        options: options.iter().map(|o| (*o).to_owned()).collect(),
    };
    assert_eq!(at_end("ta"), of(0..2, &["tag:", "tags:"]));
    assert_eq!(at_end("fox -(to"), of(6..8, &["tokens:"]));
    assert_eq!(at_end("tag:so"), of(0..6, &["tag:solo "]));
    assert_eq!(at_end("-tag:\"red t"), of(1..11, &["tag:\"red theme\" "]));
    assert_eq!(
        at_end("tag:THEME"),
        of(0..9, &["tag:\"red theme\" ", "tag:\"blue theme\" "])
    );
    assert_eq!(at_end("tag:cat"), of(0..7, &[r#"tag:"cat \(animal\)" "#]));
    assert_eq!(
        at_end("folder:girl"),
        of(0..11, &["folder:\"10_fox girl\" ", "folder:1_girl "])
    );
    assert_eq!(at_end("w:>5 @s"), of(5..7, &["@small "]));
    assert_eq!(complete("tag:so tag:fo", 6, &vocabulary, 4), of(0..6, &["tag:solo "]));
    for option in at_end("tag:").options {
        assert!(!names(&set, &option, &Nothing).is_empty(), "{option} finds its own tag");
    }
}
