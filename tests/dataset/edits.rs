//! What edits do to captions, byte by byte.

use danlu::data::edit::{
    At, Belonging, By, Choices, Edit, Error, Plan, Refusal, Strike, Threshold, Which, belonging, diff, plan,
};
use danlu::data::journal::Change;
use danlu::data::set::Set;
use danlu::data::tags::{Category, Index};

use crate::support::{captions, folder, open, write};

fn planned(set: &Set, edit: &Edit) -> Plan {
    let pictures: Vec<_> = (0..set.pictures.len()).collect();
    plan(set, &Index::of(set), edit, &pictures, &Choices::default()).unwrap()
}

/// What becomes of each of some captions; of one that does not change, `=`.
fn after(edit: &Edit, texts: &[&str]) -> Vec<String> {
    let bytes: Vec<_> = texts.iter().map(|text| text.as_bytes()).collect();
    let (_folder, set) = captions(&bytes);
    let plan = planned(&set, edit);
    assert!(plan.refused.is_empty(), "{:?}", plan.refused);
    let mut all = vec!["=".to_owned(); texts.len()];
    for change in plan.changes {
        assert_eq!(change.before.unwrap(), texts[change.picture].as_bytes());
        all[change.picture] = String::from_utf8(change.after.unwrap()).unwrap();
    }
    all
}

#[track_caller]
fn check(edit: &Edit, cases: &[(&str, &str)]) {
    for (before, expected) in cases {
        assert_eq!(after(edit, &[before]), [*expected], "{} of {before:?}", edit.command());
    }
}

fn own(tags: &[&str]) -> Vec<String> {
    tags.iter().map(|&tag| tag.to_owned()).collect()
}

fn remove(tags: &[&str]) -> Edit {
    Edit::Remove {
        tags: Which::named(tags),
    }
}

fn add(tags: &[&str], at: At) -> Edit {
    Edit::Add { tags: own(tags), at }
}

fn replace(from: &str, to: &str) -> Edit {
    let (from, to) = (from.to_owned(), to.to_owned());
    Edit::Replace { from, to }
}

fn merge(from: &[&str], to: &str, any: bool) -> Edit {
    let (from, to) = (own(from), to.to_owned());
    Edit::Merge { from, to, any }
}

#[test]
fn a_tag_goes_with_one_separator_and_all_else_stays() {
    check(
        &remove(&["x"]),
        &[
            ("x, a, b", "a, b"),
            ("a, x, b", "a, b"),
            ("a, b, x", "a, b"),
            ("x", ""),
            ("x\n", "\n"),
            ("  x , \r\n", "\r\n"),
            ("a,x,b", "a,b"),
            ("a ,x ,b ", "a ,b "),
            ("a, x\n", "a\n"),
            ("a, x,\n", "a,\n"),
            ("a,\tx,  b\r\n", "a,\tb\r\n"),
            ("\u{feff}x, é\r\n", "\u{feff}é\r\n"),
            ("a\nx\nb\n", "a\nb\n"),
            ("a\n\nx, b\n", "a\n\nb\n"),
            ("a, x\nb", "a\nb"),
            ("a\r\nx, b", "a\r\nb"),
            ("a,, x, b", "a,, b"),
            ("a, x,, b", "a,, b"),
            ("x, x, a, x", "a"),
            ("xx, ax, x y", "="),
            ("X, a", "="),
            ("", "="),
            (" , ,\n", "="),
            (r"a, \(x\)", "="),
            ("a，x, x", "a，x"),
        ],
    );
    check(
        &remove(&[r"fox \(animal\)"]),
        &[(r"a, fox \(animal\), b", "a, b"), ("fox (animal)", "=")],
    );
    check(&remove(&["a, b"]), &[("a, b, c", "c"), ("b, c, a", "c")]);
}

#[test]
fn tags_are_chosen_by_name_pattern_category_and_threshold() {
    let texts = [
        "1girl, red hair, smile, sky",
        "1girl, red hair, sky",
        "1girl, blue hair",
        "1girl, sea",
    ];
    let all = |which: Which| after(&Edit::Remove { tags: which }, &texts).join("; ");
    let share = |text: &str| Some(text.parse::<Threshold>().unwrap());
    let none = Which::default();
    assert_eq!(
        all(Which {
            at_least: share("100%"),
            ..none.clone()
        }),
        "red hair, smile, sky; red hair, sky; blue hair; sea"
    );
    assert_eq!(
        all(Which {
            at_least: share("50%"),
            ..none.clone()
        }),
        "smile; ; blue hair; sea"
    );
    assert_eq!(
        all(Which {
            at_most: share("1"),
            ..none.clone()
        }),
        "1girl, red hair, sky; =; 1girl; 1girl"
    );
    assert_eq!(
        all(Which {
            regex: Some("^red|sky$".into()),
            ..none.clone()
        }),
        "1girl, smile; 1girl; =; ="
    );
    let hair = Which {
        categories: vec![Category::Hair],
        ..none.clone()
    };
    assert_eq!(all(hair.clone()), "1girl, smile, sky; 1girl, sky; 1girl; =");
    let both = Which {
        tags: own(&["sea"]),
        at_least: share("2"),
        ..hair.clone()
    };
    assert_eq!(
        all(both),
        "1girl, smile, sky; 1girl, sky; =; =",
        "thresholds narrow what is named"
    );
    let kept = after(&Edit::Keep { tags: hair }, &texts).join("; ");
    assert_eq!(kept, "red hair; red hair; blue hair; ");
}

#[test]
fn shares_are_those_of_the_captions_in_question() {
    let (folder, _) = captions(&[b"a, b", b"a", b"c", b"c"]);
    write(folder.path(), "x.png", b"");
    let set = open(folder.path());
    let edit = Edit::Remove {
        tags: Which {
            at_least: Some(Threshold::Percent(60.0)),
            ..Which::default()
        },
    };
    assert!(planned(&set, &edit).changes.is_empty());
    let among = plan(&set, &Index::of(&set), &edit, &[0, 1, 4], &Choices::default()).unwrap();
    assert_eq!(among.changes.len(), 2, "both of two captions have a");
}

#[test]
fn added_tags_are_written_as_the_file_writes_them() {
    check(
        &add(&["new"], At::End),
        &[
            ("a, b", "a, b, new"),
            ("a,b\n", "a,b,new\n"),
            ("a , b", "a , b , new"),
            ("a", "a, new"),
            ("a,\r\n", "a, new,\r\n"),
            ("", "new"),
            ("\u{feff}", "\u{feff}new"),
            ("\n", "new\n"),
            (" , ", "new"),
            ("a\nb\n", "a, new\nb, new\n"),
            ("a,,b,c", "a,,b,c,new"),
            ("a, new", "="),
            ("a, New", "a, New, new"),
        ],
    );
    check(
        &add(&["x", "y"], At::Front),
        &[
            ("a, b", "x, y, a, b"),
            ("a,y,b\n", "x,y,a,b\n"),
            ("y, a, x", "x, y, a"),
            ("x, y, a", "="),
            ("  a", "  x, y, a"),
            ("\u{feff}a\r\nb", "\u{feff}x, y, a\r\nx, y, b"),
            ("", "x, y"),
        ],
    );
    check(&add(&["a, b", "a"], At::End), &[("c", "c, a, b"), ("b", "b, a")]);
}

#[test]
fn pictures_without_a_caption_get_one_when_something_is_added() {
    let folder = folder(&[("a.png", b""), ("b.png", b""), ("b.txt", b"t")]);
    let set = open(folder.path());
    let plan = planned(&set, &add(&["t"], At::End));
    assert_eq!((plan.changes.len(), plan.new_files()), (1, 1));
    let expected = Change::Write {
        path: folder.path().join("a.txt"),
        before: None,
        after: Some(b"t".to_vec()),
    };
    assert_eq!(plan.into_changes(), [expected]);
    assert!(planned(&set, &remove(&["q"])).changes.is_empty());
    assert_eq!(planned(&set, &remove(&["t"])).emptied(), 1);
}

#[test]
fn a_new_name_leaves_no_tag_twice() {
    check(
        &replace("a", "z"),
        &[
            ("x, a, y", "x, z, y"),
            ("a\r\n", "z\r\n"),
            ("z, x, a", "z, x"),
            ("a, x, z", "z, x"),
            ("a, x, a", "z, x"),
            ("z, z", "="),
            ("aa, A", "="),
        ],
    );
    check(
        &replace("a", "y, z"),
        &[("x, a, q", "x, y, z, q"), ("z, a", "z, y"), ("y, a, z", "y, z")],
    );
    check(&replace("a", "a"), &[("x, a", "="), ("a, a", "a")]);
    check(
        &replace("1boy, facial hair", "smith"),
        &[("facial hair, x, 1boy", "smith, x"), ("1boy", "=")],
    );
}

#[test]
fn merging_asks_for_all_of_them_or_any() {
    let all = merge(&["1boy", "facial hair"], "smith", false);
    check(
        &all,
        &[
            ("1boy, facial hair, hat", "smith, hat"),
            ("hat, facial hair, sky, 1boy\n", "hat, smith, sky\n"),
            ("1boy, hat", "="),
            ("facial hair", "="),
            ("smith, 1boy, facial hair", "smith"),
            ("1boy, smith, facial hair", "smith"),
            ("2boys, facial hair", "="),
        ],
    );
    let any = merge(&["1boy", "facial hair"], "smith", true);
    check(
        &any,
        &[
            ("x, 1boy, y", "x, smith, y"),
            ("facial hair, 1boy", "smith"),
            ("smith", "="),
            ("x", "="),
        ],
    );
    check(
        &merge(&["a", "b"], "a", false),
        &[("x, b, a", "x, a"), ("a, x, b", "a, x"), ("a", "=")],
    );
}

#[test]
fn order_changes_and_layout_stays() {
    let first = Edit::First { tags: own(&["b", "a"]) };
    check(
        &first,
        &[
            ("x,a, y ,b\n", "b,a, x ,y\n"),
            ("b, a", "="),
            ("x", "="),
            ("a, x, a", "a, a, x"),
        ],
    );
    let sort = |by| Edit::Sort { by, keep: 0 };
    check(
        &sort(By::Name),
        &[
            ("c, B,a\n", "B, a,c\n"),
            ("b\na", "="),
            ("a, b", "="),
            ("é, z, 狐, a", "a, z, é, 狐"),
        ],
    );
    check(&sort(By::Length), &[("a, ccc, bb, 丹炉子子", "丹炉子子, ccc, bb, a")]);
    check(&sort(By::Reverse), &[("a, b, c", "c, b, a")]);
    check(
        &Edit::Sort { by: By::Name, keep: 1 },
        &[("z, c, b", "z, b, c"), ("z", "=")],
    );
    assert_eq!(
        after(&sort(By::Count), &["a, b", "b, c", "c, b"]),
        ["b, a", "=", "b, c"]
    );
    check(
        &Edit::Dedup,
        &[
            ("a, b, a, c, b", "a, b, c"),
            ("a\na, b, a\n", "a\na, b\n"),
            ("a, A, a b", "="),
        ],
    );
}

#[test]
fn text_is_replaced_anywhere_and_set_whole() {
    let text = |find: &str, regex, with: &str| Edit::ReplaceText {
        find: find.to_owned(),
        regex,
        with: with.to_owned(),
    };
    check(
        &text("a (b)", false, "$1"),
        &[("x a (b), a (b)\r\n", "x $1, $1\r\n"), ("a b", "=")],
    );
    check(
        &text(r"(\w+) hair", true, "$1-haired"),
        &[("red hair, blue hair", "red-haired, blue-haired")],
    );
    check(&text("^x", true, "y"), &[("\u{feff}x", "\u{feff}y")]);
    check(&text("a", false, "a"), &[("a", "=")]);
    let set = Edit::SetText {
        text: "one\ntwo".to_owned(),
    };
    check(
        &set,
        &[
            ("x\r\ny\r\n", "one\r\ntwo"),
            ("x\ny\r\n", "one\ntwo"),
            ("\u{feff}x", "\u{feff}one\ntwo"),
            ("one\ntwo", "="),
        ],
    );
}

#[test]
fn cleaning_makes_white_space_regular() {
    let clean = Edit::Clean { underscores: true };
    check(
        &clean,
        &[
            ("a,b ,  c,", "a, b, c"),
            (",, a,\tb\r\n", "a, b\r\n"),
            (
                "long_hair,  looking  at_viewer , ^_^,score_9_up",
                "long hair, looking at viewer, ^_^, score_9_up",
            ),
            ("a,\n\n, \nb,c\n\n", "a\nb, c\n"),
            ("\u{feff} a", "\u{feff}a"),
            (",\n", "\n"),
            ("a, b\n", "="),
            ("a\u{3000}b，c", "a b，c"),
            ("_, a", "a"),
        ],
    );
    check(&Edit::Clean { underscores: false }, &[("long_hair ,x", "long_hair, x")]);
}

#[test]
fn a_trigger_takes_up_what_is_struck() {
    let trigger = |strike| Edit::Trigger {
        trigger: "sks".to_owned(),
        strike,
    };
    check(
        &trigger(Strike::Nothing),
        &[("1girl, hat", "sks, 1girl, hat"), ("hat, sks", "sks, hat")],
    );
    let these = trigger(Strike::These(Which::named(&["1girl", "red hair", "sks"])));
    check(
        &these,
        &[
            ("1girl, hat, red hair", "sks, hat"),
            ("1girl", "sks"),
            ("hat, sks", "sks, hat"),
            ("\n", "sks\n"),
        ],
    );
    let style = trigger(Strike::AllBut(own(&["hat"])));
    check(&style, &[("1girl, hat\n", "sks, hat\n"), ("a, b", "sks"), ("sks", "=")]);
    let folder = folder(&[("a.png", b"")]);
    assert_eq!(planned(&open(folder.path()), &style).new_files(), 1);
}

#[test]
fn what_belongs_to_a_subject_is_proposed() {
    let (_folder, set) = captions(&[
        b"1girl, red hair, sky",
        b"1girl, red hair, smile",
        b"1girl, sky, red hair",
        b"1girl, sky, black hair",
    ]);
    let found = belonging(&Index::of(&set), None, Threshold::Percent(70.0));
    let index = Index::of(&set);
    let told: Vec<_> = found
        .iter()
        .map(|b: &Belonging| (index.name(b.tag), b.captions, b.belongs))
        .collect();
    let expected = [
        ("1girl", 4, true),
        ("red hair", 3, true),
        ("sky", 3, false),
        ("smile", 1, false),
        ("black hair", 1, false),
    ];
    assert_eq!(told, expected);
    assert!((found[1].share - 0.75).abs() < 1e-9);
}

#[test]
fn bytes_that_are_not_utf8_stay_where_they_are() {
    let (folder, set) = captions(&[b"x, caf\xe9\xff , b\r\n", b"x\xff", b"\xff\xfex\0,\0"]);
    let index = Index::of(&set);
    let edit = remove(&["x"]);
    let all = [0, 1, 2];
    let careful = plan(&set, &index, &edit, &all, &Choices::default()).unwrap();
    assert_eq!(
        careful.refused,
        [(folder.path().join("00000.txt"), Refusal::NotUtf8 { byte: 0xe9, at: 6 })]
    );
    assert!(careful.changes.is_empty());
    let forced = Choices { force_encoding: true };
    let plan_of = |edit: &Edit| plan(&set, &index, edit, &all, &forced).unwrap();
    assert_eq!(
        plan_of(&edit).changes[0].after.as_deref(),
        Some(&b"caf\xe9\xff , b\r\n"[..])
    );
    let shown = plan_of(&remove(&["caf\u{fffd}\u{fffd}"]));
    assert_eq!(shown.changes[0].after.as_deref(), Some(&b"x, b\r\n"[..]));
    let text = Edit::ReplaceText {
        find: "x".into(),
        regex: false,
        with: "y".into(),
    };
    let after: Vec<_> = plan_of(&text)
        .changes
        .into_iter()
        .map(|change| change.after.unwrap())
        .collect();
    assert_eq!(after, [b"y, caf\xe9\xff , b\r\n".to_vec(), b"y\xff".to_vec()]);
    let wide = plan_of(&text).refused;
    assert_eq!(wide[0].1, Refusal::Utf16, "even when forced");
    assert_eq!(
        plan_of(&Edit::Clean { underscores: true }).changes[0].after.as_deref(),
        Some(&b"x, caf\xe9\xff, b\r\n"[..])
    );
}

#[test]
fn a_caption_of_two_pictures_is_changed_once() {
    let folder = folder(&[
        ("a.png", b""),
        ("a.jpg", b""),
        ("a_1_2_3_4.png", b""),
        ("a.txt", b"x, y"),
    ]);
    let set = open(folder.path());
    assert_eq!(planned(&set, &remove(&["x"])).changes.len(), 1);
    assert_eq!(set.by_caption().into_values().collect::<Vec<_>>(), [[0, 1, 2]]);
}

#[test]
fn separators_are_those_of_the_folder() {
    let text = br#"
        [[datasets]]
        caption_extension = ".txt"
        [[datasets.subsets]]
        image_dir = "a"
        caption_separator = "|"
        [[datasets.subsets]]
        image_dir = "b"
    "#;
    let folder = folder(&[
        ("s.toml", text),
        ("a/x.png", b""),
        ("a/x.txt", b"1, 2 | 3"),
        ("b/y.png", b""),
        ("b/y.txt", b"1, 2"),
    ]);
    let set = open(&folder.path().join("s.toml"));
    let added = |tag: &str| -> Vec<String> {
        let plan = planned(&set, &add(&[tag], At::End));
        plan.changes
            .into_iter()
            .map(|change| String::from_utf8(change.after.unwrap()).unwrap())
            .collect()
    };
    assert_eq!(added("4, 5"), ["1, 2 | 3 | 4, 5", "1, 2, 4, 5"]);
    assert!(added("1, 2").is_empty(), "one tag there, two here, and all are there");
    assert_eq!(added("n"), ["1, 2 | 3 | n", "1, 2, n"]);
}

#[test]
fn edits_that_make_no_sense_are_refused() {
    let (_folder, set) = captions(&[b"a"]);
    let index = Index::of(&set);
    let refused = |edit: Edit| {
        let error: Error = plan(&set, &index, &edit, &[0], &Choices::default()).unwrap_err();
        assert!(error.hint().is_some());
        error.to_string()
    };
    assert_eq!(refused(remove(&[])), "nothing says which tags");
    assert_eq!(refused(remove(&[" , "])), "the choice names no tag");
    assert_eq!(refused(add(&[""], At::End)), "what is to be added names no tag");
    assert_eq!(refused(replace("a", " ")), "the new name names no tag");
    let pattern = Which {
        regex: Some("(".into()),
        ..Which::default()
    };
    assert_eq!(
        refused(Edit::Keep { tags: pattern }),
        "`(` is no regular expression: unclosed group"
    );
    let (find, with) = (String::new(), "x".to_owned());
    assert_eq!(
        refused(Edit::ReplaceText {
            find,
            regex: true,
            with
        }),
        "the text to look for is empty"
    );
}

#[test]
fn an_edit_is_told_as_the_command_that_does_it() {
    let which = Which {
        tags: own(&["red hair", "-x", "it's"]),
        regex: Some("^a$".into()),
        categories: vec![Category::Hair],
        at_least: Some(Threshold::Percent(80.0)),
        at_most: Some(Threshold::Captions(9)),
    };
    let text = Edit::Remove { tags: which }.command();
    let expected =
        r"remove --tag 'red hair' --tag=-x --tag 'it'\''s' --regex '^a$' --category hair --at-least 80% --at-most 9";
    assert_eq!(text, expected);
    assert_eq!(add(&["x"], At::Front).command(), "add --tag x --front");
    assert_eq!(
        merge(&["a", "b"], "", true).command(),
        "merge --from a --from b --to '' --any"
    );
    for edit in [
        Edit::Dedup,
        Edit::Clean { underscores: true },
        replace("a", "b"),
        remove(&["é"]),
    ] {
        let json = serde_json::to_string(&edit).unwrap();
        assert_eq!(serde_json::from_str::<Edit>(&json).unwrap(), edit, "{json}");
    }
}

/// Each piece of each line: `[-…-]` taken out, `{+…+}` put in.
fn shown(before: &str, after: &str) -> String {
    let piece = |piece: &diff::Piece| match piece.fate {
        diff::Fate::Same => piece.text.clone(),
        diff::Fate::Removed => format!("[-{}-]", piece.text),
        diff::Fate::Added => format!("{{+{}+}}", piece.text),
    };
    let lines = diff::lines(Some(before.as_bytes()), Some(after.as_bytes()), ",");
    let line = |line: diff::Line| format!("{}:{}", line.number, line.pieces.iter().map(piece).collect::<String>());
    lines.into_iter().map(line).collect::<Vec<_>>().join("; ")
}

#[test]
fn differences_are_shown_tag_by_tag() {
    assert_eq!(shown("a, red hair, b", "a, b"), "1:a, [-red hair, -]b");
    assert_eq!(shown("a, b", "a, b, c"), "1:a, b{+, c+}");
    assert_eq!(shown("a, b", "a, c"), "1:a, [-b-]{+c+}");
    assert_eq!(shown("one\ntwo, x\nthree", "one\ntwo\nthree"), "2:two[-, x-]");
    assert_eq!(shown("A fox sits.", "A cat sits."), "1:A [-fox -]{+cat +}sits.");
    assert_eq!(shown("a\nb", "a"), "2:[-b-]");
    assert_eq!(shown("", "new"), "1:{+new+}");
    assert_eq!(shown("a", "a"), "");
    let line = &diff::lines(None, Some(b"x, y"), ",")[0];
    assert_eq!((line.before(), line.after().as_deref()), (None, Some("x, y")));
    let long = "a, b, ".repeat(200_000);
    let other = "c, b, a, ".repeat(200_000);
    let begun = std::time::Instant::now();
    assert_eq!(diff::lines(Some(long.as_bytes()), Some(other.as_bytes()), ",").len(), 1);
    assert!(begun.elapsed().as_secs() < 20, "the comparison gives up in time");
}

#[test]
fn each_line_is_a_caption_of_its_own() {
    let two = "1girl, red hat\n1girl, blue hat";
    let sort = Edit::Sort { by: By::Name, keep: 0 };
    check(&sort, &[("b, a\r\nd, c\r\n", "a, b\r\nc, d\r\n"), ("b\na", "=")]);
    let keep = Edit::Sort { by: By::Name, keep: 1 };
    check(&keep, &[("c, b, a\n c, b, a\n", "c, a, b\n c, a, b\n")]);
    check(&Edit::Dedup, &[(two, "="), ("a, a\na, b, a", "a\na, b")]);
    let first = |tag: &str| Edit::First { tags: own(&[tag]) };
    check(
        &first("blue hat"),
        &[(two, "1girl, red hat\nblue hat, 1girl"), ("a, b\nblue hat", "=")],
    );
    check(
        &merge(&["1girl", "blue hat"], "smith", false),
        &[(two, "1girl, red hat\nsmith"), ("1girl\nblue hat", "=")],
    );
    check(
        &merge(&["1girl", "blue hat"], "smith", true),
        &[(two, "smith, red hat\nsmith")],
    );
    check(&replace("1girl", "woman"), &[(two, "woman, red hat\nwoman, blue hat")]);
    check(
        &add(&["sks"], At::Front),
        &[
            (two, "sks, 1girl, red hat\nsks, 1girl, blue hat"),
            ("\u{feff}a,b,\r\n\r\n  sks\r\n", "\u{feff}sks,a,b,\r\n\r\n  sks\r\n"),
            ("\n\n", "sks\n"),
        ],
    );
    check(
        &add(&["red hat"], At::End),
        &[
            (two, "1girl, red hat\n1girl, blue hat, red hat"),
            ("a\n", "a, red hat\n"),
        ],
    );
    let trigger = |strike| Edit::Trigger {
        trigger: "sks".to_owned(),
        strike,
    };
    check(
        &trigger(Strike::These(Which::named(&["1girl"]))),
        &[(two, "sks, red hat\nsks, blue hat")],
    );
    check(
        &trigger(Strike::AllBut(own(&["red hat"]))),
        &[(two, "sks, red hat\nsks"), ("a\n\nb, c\n", "sks\n\nsks\n")],
    );
    check(&remove(&["1girl"]), &[(two, "red hat\nblue hat")]);
}

#[test]
fn choices_with_separators_in_them_are_not_torn() {
    let sort = Edit::Sort { by: By::Name, keep: 0 };
    let refused = |edit: &Edit, text: &str| {
        let (_folder, set) = captions(&[text.as_bytes()]);
        let plan = planned(&set, edit);
        assert!(plan.changes.is_empty() || plan.refused.is_empty());
        plan.refused.into_iter().map(|(_, why)| why).next()
    };
    let why = refused(&sort, "z, {a, b|c}, d").unwrap();
    assert_eq!(why, Refusal::Torn);
    let first = Edit::First { tags: own(&["d"]) };
    assert!(refused(&first, "{a, b|c}, d").is_some());
    assert!(refused(&Edit::Dedup, "a, {b|a, a}\na, a").is_some());
    // What is already in order stays without a word.
    assert_eq!(refused(&sort, "a, {c, |d}"), None);
    check(
        &sort,
        &[
            ("b, {red|blue} hat, a", "a, b, {red|blue} hat"),
            ("z, :{, a", ":{, a, z"),
            ("z, {{a, b}}", "b}}, z, {{a"),
            ("z}, {a\nb}, {c, d", "z}, {a\nb}, d, {c"),
        ],
    );
}

#[test]
fn a_group_that_the_pattern_has_not_is_refused() {
    let (_folder, set) = captions(&[b"a fox"]);
    let text = |find: &str, with: &str, regex: bool| {
        let (find, with) = (find.to_owned(), with.to_owned());
        let edit = Edit::ReplaceText { find, regex, with };
        plan(&set, &Index::of(&set), &edit, &[0], &Choices::default()).map(|plan| {
            let after = plan.changes[0].after.clone().unwrap();
            String::from_utf8(after).unwrap()
        })
    };
    let error = text("(fox)", "$1x", true).unwrap_err();
    assert_eq!(error, Error::Group("1x".to_owned()));
    assert_eq!(error.to_string(), "the regular expression has no group `1x`");
    assert_eq!(error.hint().unwrap(), "for group 1 and `x` behind it write ${1}x");
    for wrong in ["$2", "${name}", "a $1 $name", "$_"] {
        assert!(text("(fox)", wrong, true).is_err(), "{wrong}");
    }
    assert_eq!(text("(fox)", "${1}x", true).unwrap(), "a foxx");
    assert_eq!(
        text("(?<what>fox)", "$what $$1x $ $0", true).unwrap(),
        "a fox $1x $ fox"
    );
    assert_eq!(text("fox", "$1x", false).unwrap(), "a $1x");
}

#[test]
fn a_folder_with_a_captions_name_is_told() {
    let folder = folder(&[("a.png", b"")]);
    std::fs::create_dir(folder.path().join("a.txt")).unwrap();
    let plan = planned(&open(folder.path()), &add(&["x"], At::End));
    assert_eq!(plan.changes, []);
    assert_eq!(plan.refused[0].1, Refusal::Folder);
}
