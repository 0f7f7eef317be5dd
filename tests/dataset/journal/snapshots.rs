//! States of a set by name.

use std::path::PathBuf;

use danlu::data::journal::{Difference, Error, Since, Text};

use super::{Ground, calm};

fn now(ground: &Ground, names: &[&str]) -> Vec<(PathBuf, Option<Vec<u8>>)> {
    names.iter().map(|name| (ground.path(name), ground.get(name))).collect()
}

fn texts(now: &[(PathBuf, Option<Vec<u8>>)]) -> Vec<Text<'_>> {
    now.iter().map(|(path, text)| (path.clone(), text.as_deref())).collect()
}

#[test]
fn a_snapshot_is_compared_and_given_back() {
    let ground = Ground::with(&[("a.txt", b"\xef\xbb\xbfa\r\n"), ("b.txt", b"b"), ("gone.txt", b"g")]);
    let names = ["a.txt", "b.txt", "none.txt", "gone.txt"];
    let journal = ground.journal();
    let made = journal.snapshot("before", &texts(&now(&ground, &names))).unwrap();
    assert_eq!((made.files, journal.snapshots().unwrap()), (4, vec![made.clone()]));
    let again = journal.snapshot("before", &[]).unwrap_err();
    assert!(matches!(again, Error::SnapshotExists(_)) && again.hint().is_some());

    ground.put("a.txt", b"other");
    ground.put("none.txt", b"has one now");
    std::fs::remove_file(ground.path("b.txt")).unwrap();
    ground.put("new.txt", b"new");
    let names = ["a.txt", "b.txt", "none.txt", "new.txt"];
    let there = now(&ground, &names);
    let differences = journal.compare("before", &texts(&there)).unwrap();
    let told: Vec<_> = differences
        .iter()
        .map(|d: &Difference| (d.path.file_name().unwrap(), d.since))
        .collect();
    let expected = [
        ("a.txt", Since::Changed),
        ("b.txt", Since::Changed),
        ("gone.txt", Since::Gone),
        ("new.txt", Since::New),
        ("none.txt", Since::Changed),
    ];
    assert_eq!(told, expected.map(|(name, since)| (name.as_ref(), since)));
    let before = ground.all();
    let done = journal.restore("before", &texts(&there), &mut calm).unwrap();
    assert_eq!(done.changed.len(), 3);
    assert_eq!(
        (ground.get("a.txt").unwrap(), ground.text("b.txt")),
        (b"\xef\xbb\xbfa\r\n".to_vec(), "b".into())
    );
    assert_eq!((ground.get("none.txt"), ground.text("new.txt")), (None, "new".into()));
    assert_eq!(journal.log(1).unwrap()[0].what, "snapshot restore before");
    ground.undo();
    assert_eq!(ground.all(), before);

    let error = journal.compare("bfore", &[]).unwrap_err();
    assert_eq!(error.to_string(), "there is no snapshot named \"bfore\"");
    assert_eq!(error.hint().unwrap(), "there are before");
    journal.forget("before").unwrap();
    assert_eq!(journal.snapshots().unwrap(), []);
}
