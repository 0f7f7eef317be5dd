//! `danlu tags stats` and the commands that change captions, run as a user runs them.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use serde_json::{Value, json};

use crate::shell::Shell;

/// A home with a set `set` of these captions, in order.
fn set(captions: &[&str]) -> Shell {
    let shell = Shell::bare();
    for (i, text) in captions.iter().enumerate() {
        shell.write(&format!("set/3_cat/{i}.png"), "");
        shell.write(&format!("set/3_cat/{i}.txt"), text);
    }
    shell
}

fn caption(shell: &Shell, picture: usize) -> String {
    fs::read_to_string(shell.path(&format!("set/3_cat/{picture}.txt"))).unwrap()
}

#[test]
fn statistics_are_by_count_and_then_first_appearance() {
    let shell = set(&["b, a, sky", "a,b\r\n", "c (x), sky, sky", ""]);
    shell.write("set/3_cat/bare.png", "");
    let tag = |tag: &str, count: u32| json!({"tag": tag, "count": count});
    let told = shell.run("tags stats set --json");
    let expected = json!({
        "images": 5,
        "captions": 4,
        "tags": [tag("sky", 3), tag("b", 2), tag("a", 2), tag("c (x)", 1)],
    });
    assert_eq!(told.json(), expected);
    assert!(
        told.ok()
            .starts_with(r#"{"images":5,"captions":4,"tags":[{"tag":"sky","count":3},"#),
        "{told:?}"
    );
    let some = shell.run("tags stats set --where tag:a --json").json();
    assert_eq!(
        some,
        json!({"images": 2, "captions": 2, "tags": [tag("b", 2), tag("a", 2), tag("sky", 1)]})
    );
    let tags = |options: &str| -> Vec<String> {
        let told = shell.run(&format!("tags stats set --json {options}")).json();
        told["tags"]
            .as_array()
            .unwrap()
            .iter()
            .map(|tag| tag["tag"].as_str().unwrap().to_owned())
            .collect()
    };
    assert_eq!(tags("--sort name"), ["a", "b", "c (x)", "sky"]);
    assert_eq!(tags("--sort length --limit 2"), ["c (x)", "sky"]);
    assert_eq!(tags("--at-least 50%"), ["sky", "b", "a"]);
    assert_eq!(tags("--at-most 1"), ["c (x)"]);
    assert_eq!(tags("--category background"), ["sky"]);
    assert_eq!(tags("--sort surprise").len(), 4);
    let text = shell.run("tags stats set");
    let lines: Vec<_> = text.ok().lines().collect();
    assert_eq!(lines[0], "5 pictures, 4 captions, 4 tags");
    assert_eq!(
        lines[1], "      3   50%  ██████████            sky",
        "three times in two of four captions"
    );
}

#[test]
fn a_dry_run_shows_what_writing_then_does() {
    let shell = set(&["1girl, red hair, sky", "sky\n", "1girl"]);
    let line = "tags remove set --tag '1girl' --regex 'hair$'";
    let dry = shell.run(line);
    let expected = "\
3_cat/0.txt
  - 1girl, red hair, sky
  + sky
3_cat/2.txt
  - 1girl
1 file left without a word; kohya's scripts stop at an empty caption file
2 files of 3 pictures would change; add --write to do it
";
    assert_eq!(dry.ok(), expected);
    assert!(!shell.path("set/.danlu").exists(), "a dry run leaves nothing");
    let json = shell.run(&format!("{line} --json")).json();
    let file = |name: &str, before: &str, after: &str| json!({"file": name, "before": before, "after": after});
    let files = json!([
        file("3_cat/0.txt", "1girl, red hair, sky", "sky"),
        file("3_cat/2.txt", "1girl", "")
    ]);
    let expected = json!({
        "written": false,
        "edit": "remove --tag 1girl --regex 'hair$'",
        "images": 3,
        "files": files,
        "refused": [],
        "unknown": [],
        "emptied": 1,
    });
    assert_eq!(json, expected);
    assert_eq!(caption(&shell, 0), "1girl, red hair, sky");

    let done = shell.run(&format!("{line} --write --json")).json();
    assert_eq!(
        (&done["written"], &done["files"], &done["conflicts"], &done["left"]),
        (&json!(true), &files, &json!([]), &json!(0))
    );
    assert_eq!([0, 1, 2].map(|i| caption(&shell, i)), ["sky", "sky\n", ""]);
    shell.run("tags undo set --write").ok();
    assert_eq!(
        [0, 1, 2].map(|i| caption(&shell, i)),
        ["1girl, red hair, sky", "sky\n", "1girl"]
    );
    let log = shell.run("tags log set --json").json();
    assert_eq!(log[0]["what"], "remove --tag 1girl --regex 'hair$'");
}

#[test]
fn every_edit_does_what_its_name_says() {
    let after = |command: &str| {
        let shell = set(&["b, a, b", "c_d,a"]);
        let (name, options) = command.split_once(' ').unwrap_or((command, ""));
        shell.run(&format!("tags {name} set {options} --write")).ok();
        let log = shell.run("tags log set --json").json();
        assert!(log[0]["what"].as_str().unwrap().starts_with(name), "{log}");
        [0, 1].map(|i| caption(&shell, i)).join(" | ")
    };
    let cases = [
        ("remove --tag b", "a | c_d,a"),
        ("remove --at-least 80%", "b, b | c_d"),
        ("keep --tag a", "a | a"),
        ("add --tag n", "b, a, b, n | c_d,a,n"),
        ("add --tag 'n, a' --front", "n, a, b, b | n,a,c_d"),
        ("replace --from a --to z", "b, z, b | c_d,z"),
        ("merge --from a --from b --to m", "m | c_d,a"),
        ("merge --from 'a, b' --to m --any", "m | c_d,m"),
        ("first --tag a", "a, b, b | a,c_d"),
        ("sort", "a, b, b | a,c_d"),
        ("sort --by count", "b, a, b | a,c_d"),
        ("sort --by reverse --keep 1", "b, b, a | c_d,a"),
        ("dedup", "b, a | c_d,a"),
        ("text --find b --with 'x y'", "x y, a, x y | c_d,a"),
        ("text --find '^(.)' --with '-$1' --regex", "-b, a, b | -c_d,a"),
        ("set --text 'a fox' --where tag:b", "a fox | c_d,a"),
        ("clean", "b, a, b | c d, a"),
        ("clean --keep-underscores", "b, a, b | c_d, a"),
        ("trigger --word sks --tag b", "sks, a | sks,c_d,a"),
        ("trigger --word sks --strike-all --but a", "sks, a | sks,a"),
    ];
    for (command, expected) in cases {
        assert_eq!(after(command), expected, "{command}");
    }
}

#[test]
fn bytes_nobody_named_stay() {
    let shell = set(&[]);
    let bytes = "\u{feff}x , \\(a\\),  猫\r\nx\r\n\r\n";
    shell.write("set/3_cat/p.png", "");
    let path = shell.write("set/3_cat/p.txt", bytes);
    let other = shell.write("set/3_cat/untouched.txt", " , y");
    shell.write("set/3_cat/untouched.png", "");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    shell.run("tags remove set --tag x --write").ok();
    assert_eq!(fs::read(&path).unwrap(), "\u{feff}\\(a\\),  猫\r\n\r\n".as_bytes());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    assert_eq!(fs::read(other).unwrap(), b" , y");
    shell.run("tags undo set --write").ok();
    assert_eq!(fs::read(&path).unwrap(), bytes.as_bytes());
}

#[test]
fn what_is_not_utf8_is_edited_only_after_asking() {
    let shell = set(&["x, y"]);
    let path = shell.write("set/3_cat/bad.txt", b"x, caf\xe9");
    shell.write("set/3_cat/bad.png", "");
    let dry = shell.run("tags remove set --tag x");
    assert!(
        dry.ok()
            .contains("3_cat/bad.txt: left alone: it is not UTF-8: byte 0xe9 at 6\n"),
        "{dry:?}"
    );
    let written = shell.run("tags remove set --tag x --write");
    let (sentence, hint) = written.failed(1);
    assert!(
        sentence.contains("bad.txt is left alone") && hint.contains("--force-encoding"),
        "{written:?}"
    );
    assert_eq!(
        (caption(&shell, 0).as_str(), fs::read(&path).unwrap()),
        ("y", b"x, caf\xe9".to_vec())
    );
    shell.run("tags remove set --tag x --write --force-encoding").ok();
    assert_eq!(fs::read(&path).unwrap(), b"caf\xe9");
}

#[test]
fn captions_are_made_where_there_are_none() {
    let shell = set(&[]);
    shell.write("set/new\nline.png", "");
    let dry = shell.run("tags add set --tag 'a, b'");
    assert_eq!(
        dry.ok(),
        "new␊line.txt (new)\n  + a, b\n1 file (1 new) of 1 picture would change; add --write to do it\n"
    );
    shell.run("tags add set --tag 'a, b' --extension .caption --write").ok();
    assert_eq!(fs::read_to_string(shell.path("set/new\nline.caption")).unwrap(), "a, b");
}

#[test]
fn misspelt_tags_are_told() {
    let shell = set(&["long hair, a"]);
    let told = shell.run("tags remove set --tag 'long hari'");
    assert_eq!(
        told.ok(),
        "no caption has the tag `long hari`; the most similar is `long hair`\n0 files of 1 picture would change\n"
    );
    assert_eq!(
        shell.run("tags first set --tag q --json").json()["unknown"],
        json!(["q"])
    );
    let nothing = shell.run("tags remove set --tag q --write --json").json();
    assert_eq!((&nothing["files"], &nothing["batch"]), (&json!([]), &Value::from(0)));
    assert!(!shell.path("set/.danlu").exists(), "nothing to write, nothing written");
}

#[test]
fn senseless_edits_are_refused_in_a_sentence() {
    let shell = set(&["a"]);
    shell.write("empty/readme.md", "");
    let refused = |line: &str, code: i32| {
        let ran = shell.run(line);
        let (sentence, hint) = ran.failed(code);
        assert!(!hint.is_empty(), "{line}: {ran:?}");
        sentence.to_owned()
    };
    assert_eq!(refused("tags remove set", 2), "nothing says which tags");
    assert_eq!(
        refused("tags remove set --regex '('", 2),
        "`(` is no regular expression: unclosed group"
    );
    assert_eq!(
        refused("tags replace set --from a --to ,", 2),
        "the new name names no tag"
    );
    assert!(refused("tags remove set --at-least 120%", 2).contains("`120%` is no threshold"));
    assert!(refused("tags remove set --tag a --where '(tag:a'", 2).len() > 5);
    assert_eq!(refused("tags stats gone", 1), "there is no folder gone");
    assert!(
        shell
            .run("tags dedup empty")
            .stderr
            .starts_with("error: there are no pictures in empty")
    );
    let all = shell.run("tags stats empty --json").json();
    assert_eq!(all, json!({"images": 0, "captions": 0, "tags": []}));
}

#[test]
fn tags_may_begin_with_a_dash_and_numbers_below_zero_are_refused_for_what_they_are() {
    let shell = set(&["-_-, a"]);
    shell.run("tags replace set --from -_- --to -.- --write").ok();
    assert_eq!(caption(&shell, 0), "-.-, a");
    shell.run("tags remove set --tag -.- --write").ok();
    assert_eq!(caption(&shell, 0), "a");
    shell.run("tags trigger set --word -_- --write").ok();
    assert_eq!(caption(&shell, 0), "-_-, a");
    for (line, range) in [
        ("tags stats set --limit -1", "use a whole number, 0 or more"),
        ("tags stats set --at-least -1", "`-1` is no threshold"),
        ("dataset crop set --rect -5,0,3,3", "is no rectangle"),
        ("tags undo set --steps -1", "use a whole number, 0 or more"),
        ("tags dedup set --separator ''", "something must stand between tags"),
    ] {
        let ran = shell.run(line);
        let (sentence, _) = ran.failed(2);
        assert!(sentence.contains(range), "{line}: {sentence}");
    }
}

#[test]
fn very_long_lines_are_shown_by_what_changes() {
    let long = format!(
        "{}, x, {}",
        vec!["word"; 100_000].join(", "),
        vec!["more"; 100_000].join(", ")
    );
    let shell = set(&[&long]);
    let told = shell.run("tags remove set --tag x");
    let text = told.ok();
    assert!(text.len() < 2000, "{}", text.len());
    assert!(text.contains("word, x, more") && text.contains("word, more"), "{text}");
    assert!(text.contains(&format!("({} characters)", long.len())), "{text}");
    let json = shell.run("tags remove set --tag x --json").json();
    assert_eq!(json["files"][0]["before"], long);
}

#[test]
fn a_folder_in_a_captions_place_is_told_before_and_after() {
    let shell = set(&[]);
    shell.write("set/a.png", "");
    fs::create_dir(shell.path("set/a.txt")).unwrap();
    let dry = shell.run("tags add set --tag x");
    assert!(
        dry.ok()
            .contains("a.txt: left alone: a folder has the name of its caption"),
        "{dry:?}"
    );
    let written = shell.run("tags add set --tag x --write");
    let (sentence, hint) = written.failed(1);
    assert!(
        sentence.ends_with("a.txt is left alone: a folder has the name of its caption") && hint == "all else is done",
        "{written:?}"
    );
}

#[test]
fn six_at_once_each_add_their_tag_to_every_caption() {
    let shell = set(&["a"; 60]);
    std::thread::scope(|scope| {
        for writer in 0..6 {
            let shell = &shell;
            scope.spawn(move || {
                shell.run(&format!("tags add set --tag t{writer} --write")).ok();
            });
        }
    });
    for picture in 0..60 {
        let caption = caption(&shell, picture);
        let mut tags: Vec<&str> = caption.split(", ").collect();
        tags.sort_unstable();
        assert_eq!(tags, ["a", "t0", "t1", "t2", "t3", "t4", "t5"], "{picture}: {caption}");
    }
}
