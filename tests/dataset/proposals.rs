//! `danlu tags auto --take`: proposals that a job has left, shown and written by halves. No model is run.

use std::fs;

use danlu::vision::{Kind, Label, Proposal, TagJob, results};
use serde_json::{Value, json};

use crate::shell::Shell;

/// Three pictures, the last with a caption, and what a job of the model `mine` has found in them.
fn left() -> Shell {
    let shell = Shell::bare();
    let set = shell.path("set");
    for name in ["a", "b", "c"] {
        shell.write(&format!("set/{name}.png"), "");
    }
    shell.write("set/c.txt", "own");
    let label = |(text, confidence, kind): (&str, f32, Kind)| Label {
        text: text.to_owned(),
        confidence,
        kind,
    };
    let mut job = TagJob::new(&set, "/models/taggers/mine");
    job.conflict = danlu::vision::Conflict::Append;
    let place = results::place(&shell.path(".local/share/danlu"), &set);
    let (mut writer, _) = results::Writer::begin(&place, &job).unwrap();
    for name in ["a", "b", "c"] {
        let tags = [
            ("1girl", 0.9, Kind::General),
            ("long hair", 0.5, Kind::General),
            ("rin", 0.7, Kind::Character),
        ];
        let proposal = Proposal {
            picture: set.join(format!("{name}.png")),
            tags: tags.map(label).to_vec(),
            ..Proposal::default()
        };
        writer.put(&proposal).unwrap();
    }
    writer.finish().unwrap();
    shell
}

fn captions(shell: &Shell) -> [Option<String>; 3] {
    ["a", "b", "c"].map(|name| fs::read_to_string(shell.path(&format!("set/{name}.txt"))).ok())
}

#[test]
fn what_is_taken_is_what_was_asked_for() {
    let text = |text: &str| Some(text.to_owned());
    let after = |options: &str| {
        let shell = left();
        let ran = shell.run(&format!("tags auto set --take --write {options}"));
        assert!(ran.status.success(), "{options}: {ran:?}");
        captions(&shell)
    };
    let all = "1girl, long hair, rin";
    assert_eq!(after(""), [text(all), text(all), text("own, 1girl, long hair, rin")]);
    assert_eq!(after("--where name:b*"), [None, text(all), text("own")]);
    assert_eq!(
        after("--where untagged: --threshold 0.6"),
        [text("1girl, rin"), text("1girl, rin"), text("own")]
    );
    assert_eq!(
        after("--where name:a* --character-threshold 0.8")[0],
        text("1girl, long hair")
    );
    assert_eq!(after("--exclude long_hair,rin --on-conflict ignore")[0], text("1girl"));
    assert_eq!(after("--first rin --most 2 --model mine")[1], text("rin, 1girl"));
    assert_eq!(after("--threshold 0.95"), [None, None, text("own")]);
}

#[test]
fn what_cannot_be_heeded_is_refused_and_nothing_is_written() {
    let shell = left();
    let refused = |options: &str, code: i32| {
        let ran = shell.run(&format!("tags auto set --take --write {options}"));
        let (sentence, hint) = ran.failed(code);
        assert!(!hint.is_empty(), "{options}");
        sentence.to_owned()
    };
    assert_eq!(
        refused("--model other", 1),
        r#"the proposals are of the model "mine", not of "other""#
    );
    assert_eq!(
        refused("--threshold 0.1", 2),
        "the job kept only tags of at least 0.35, so there are none from 0.1 on to take"
    );
    assert_eq!(
        refused("--rating first", 2),
        "--rating is the model's, and the proposals to take are made"
    );
    for (options, range) in [
        ("--threshold -1", "use a number from 0 to 1"),
        ("--threshold 2", "use a number from 0 to 1"),
        ("--beams 0", "0 is not in 1..=64"),
        ("--longest 0", "0 is not in 1..=512"),
        ("--separator ''", "something must stand between tags"),
    ] {
        let sentence = refused(options, 2);
        assert!(sentence.contains(range), "{options}: {sentence}");
    }
    assert_eq!(captions(&shell), [None, None, Some("own".to_owned())]);
}

#[test]
fn scripts_read_whether_it_was_written_as_everywhere() {
    let shell = left();
    let told = shell.run("tags auto set --take --where name:a* --json").json();
    assert_eq!((&told["written"], &told["write"]), (&json!(false), &json!(false)));
    assert_eq!(told["proposals"].as_array().unwrap().len(), 1);
    fs::create_dir(shell.path("set/a.txt")).unwrap();
    // What is left alone is said beside the JSON as well.
    let told: Value = serde_json::from_str(&shell.run("tags auto set --take --json").stdout).unwrap();
    assert_eq!(
        told["refused"],
        json!([{"file": "a.txt", "why": "a folder has the name of its caption"}])
    );
}
