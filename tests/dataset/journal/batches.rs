//! Batches of captions: done, taken back, done again; files that others change meanwhile.

use std::fs;

use danlu::data::journal::{Action, Change, Conflict, Error, Halt, Journal, Progress, Standing, Stop, Texts, Why};

use super::{Ground, calm, odd_name, whole};

fn texts(conflict: &Conflict) -> [Option<String>; 3] {
    let Texts { base, ours, theirs } = conflict.texts.clone().unwrap();
    [base, ours, theirs].map(|text| text.map(|text| String::from_utf8(text).unwrap()))
}

#[test]
fn undo_and_redo_give_every_byte_back() {
    let ground = Ground::with(&[
        ("10_x/bom.txt", b"\xef\xbb\xbfa, b\r\n"),
        ("10_x/bytes.txt", b"a\0b, \xff\xfe"),
        ("10_x/empty.txt", b""),
        ("10_x/gone.txt", b"to be taken away"),
    ]);
    fs::write(ground.root().join(odd_name()), b"odd").unwrap();
    let long = vec![b'x'; 10_000_000];
    let before = ground.all();
    let path = |name: &str| ground.path(name);
    let change = |path, before: Option<&[u8]>, after: Option<&[u8]>| Change::Write {
        path,
        before: before.map(<[u8]>::to_vec),
        after: after.map(<[u8]>::to_vec),
    };
    let done = ground.commit(
        "several",
        vec![
            change(
                path("10_x/bom.txt"),
                Some(b"\xef\xbb\xbfa, b\r\n"),
                Some(b"\xef\xbb\xbfb\r\n"),
            ),
            change(path("10_x/bytes.txt"), Some(b"a\0b, \xff\xfe"), Some(b"\xff\xfe")),
            change(path("10_x/empty.txt"), Some(b""), Some(&long)),
            change(path("10_x/gone.txt"), Some(b"to be taken away"), None),
            change(path("20_y/new.txt"), None, Some("新".as_bytes())),
            change(ground.root().join(odd_name()), Some(b"odd"), Some(b"")),
            change(path("10_x/same.txt"), None, None),
        ],
    );
    assert!(whole(&done) && done.changed.len() == 6, "{done:?}");
    let after = ground.all();
    assert_eq!(ground.get("10_x/empty.txt").unwrap(), long);
    assert_eq!(ground.get("10_x/bom.txt").unwrap(), b"\xef\xbb\xbfb\r\n");
    assert_eq!(ground.get("10_x/gone.txt"), None);
    for _ in 0..2 {
        let undone = ground.undo();
        assert!(whole(&undone) && undone.batch == done.batch, "{undone:?}");
        assert_eq!(ground.all(), before);
        assert!(whole(&ground.redo()));
        assert_eq!(ground.all(), after);
    }
    let error = ground.journal().redo(1, &mut calm).unwrap_err();
    assert!(matches!(error, Error::NothingToRedo(_)), "{error}");
}

#[test]
fn history_is_one_line_without_end() {
    let ground = Ground::with(&[("a.txt", b"0")]);
    for n in 1..=40 {
        ground.edit("a.txt", &n.to_string());
    }
    let done = ground.perform(&Action::Undo(15));
    assert_eq!((done.steps, ground.text("a.txt")), (15, "25".to_owned()));
    assert_eq!(ground.journal().undoable().unwrap().unwrap().id, 25);
    assert_eq!(ground.journal().redoable().unwrap().unwrap().id, 26);
    ground.perform(&Action::Redo(5));
    assert_eq!(ground.text("a.txt"), "30");
    ground.edit("a.txt", "other");
    assert_eq!(ground.journal().redoable().unwrap(), None);
    let log = ground.journal().log(12).unwrap();
    let standing: Vec<_> = log.iter().map(|batch| (batch.id, batch.standing)).collect();
    assert_eq!(standing[0], (41, Standing::Done));
    assert!(
        standing[1..11]
            .iter()
            .all(|(_, standing)| *standing == Standing::Dropped),
        "{standing:?}"
    );
    assert_eq!(standing[11], (30, Standing::Done));
    let done = ground.perform(&Action::Undo(1000));
    assert_eq!((done.steps, ground.text("a.txt")), (31, "0".to_owned()));
    let history = ground.journal().history(&ground.path("a.txt")).unwrap();
    assert_eq!((history.len(), history.iter().any(|entry| entry.is_done)), (41, false));
}

#[test]
fn what_others_changed_is_left_and_told_with_three_texts() {
    let ground = Ground::with(&[("a.txt", b"a, b"), ("b.txt", b"a, b"), ("c.txt", b"a, b")]);
    ground.put("b.txt", b"a, b, mine");
    let changes: Vec<Change> = ["a.txt", "b.txt", "c.txt"]
        .map(|name| ground.write(name, Some("a, b"), Some("a")))
        .into();
    let error = ground
        .journal()
        .commit_whole("strict", changes.clone(), &mut calm)
        .unwrap_err();
    assert!(matches!(error, Error::Conflicts { count: 1, of: 3, .. }), "{error}");
    assert_eq!(ground.text("a.txt"), "a, b");

    let done = ground.commit("remove b", changes);
    assert_eq!(done.conflicts.len(), 1);
    assert_eq!(
        (&done.conflicts[0].why, &done.conflicts[0].path),
        (&Why::Changed, &ground.path("b.txt"))
    );
    let expected = ["a, b", "a", "a, b, mine"].map(|text| Some(text.to_owned()));
    assert_eq!(texts(&done.conflicts[0]), expected);
    assert_eq!(
        ["a.txt", "b.txt", "c.txt"].map(|name| ground.text(name)),
        ["a", "a, b, mine", "a"]
    );
    assert_eq!(ground.journal().log(1).unwrap()[0].standing, Standing::Partly);

    // Taking it back meets another change from outside.
    ground.put("c.txt", b"a, also mine");
    let undone = ground.undo();
    assert_eq!(undone.conflicts.len(), 1);
    let expected = ["a", "a, b", "a, also mine"].map(|text| Some(text.to_owned()));
    assert_eq!(texts(&undone.conflicts[0]), expected);
    assert_eq!(
        ["a.txt", "b.txt", "c.txt"].map(|name| ground.text(name)),
        ["a, b", "a, b, mine", "a, also mine"]
    );
    // It does not stand in the way of what was before.
    assert_eq!(ground.journal().undoable().unwrap(), None);
    // Once the file is as the batch left it, it can be taken back alone.
    ground.put("c.txt", b"a");
    assert!(whole(&ground.perform(&Action::UndoFile(ground.path("c.txt")))));
    assert_eq!(ground.text("c.txt"), "a, b");
}

#[test]
fn a_file_that_already_is_as_it_shall_be_is_no_conflict() {
    let ground = Ground::with(&[("a.txt", b"new")]);
    let done = ground.commit("edit", vec![ground.write("a.txt", Some("old"), Some("new"))]);
    assert!(whole(&done));
    ground.undo();
    assert_eq!(ground.text("a.txt"), "old");
}

#[test]
fn a_file_taken_back_alone_is_passed_by_until_it_is_redone_alone() {
    let ground = Ground::with(&[("a.txt", b"0"), ("b.txt", b"0")]);
    let both = |from: &str, to: &str| {
        let changes = ["a.txt", "b.txt"].map(|name| ground.write(name, Some(from), Some(to)));
        assert!(whole(&ground.commit(to, changes.into())));
    };
    let now = || (ground.text("a.txt"), ground.text("b.txt"));
    let is = |a: &str, b: &str| (a.to_owned(), b.to_owned());
    let (undo_b, redo_b) = (
        Action::UndoFile(ground.path("b.txt")),
        Action::RedoFile(ground.path("b.txt")),
    );
    both("0", "1");
    both("1", "2");
    ground.perform(&undo_b);
    assert_eq!(now(), is("2", "1"));
    assert_eq!(ground.journal().log(1).unwrap()[0].standing, Standing::Partly);
    assert!(whole(&ground.undo()));
    assert_eq!(now(), is("1", "1"));
    assert!(whole(&ground.redo()));
    assert_eq!(now(), is("2", "1"));
    ground.perform(&redo_b);
    assert_eq!(now(), is("2", "2"));
    // Twice alone, then the batches around it, then back in its own order.
    ground.perform(&undo_b);
    ground.perform(&undo_b);
    assert_eq!(now(), is("2", "0"));
    assert!(matches!(
        ground.journal().perform(&undo_b, &mut calm),
        Err(Error::NothingToUndo(_))
    ));
    assert!(whole(&ground.perform(&Action::Undo(2))));
    assert_eq!(now(), is("0", "0"));
    assert!(whole(&ground.perform(&Action::Redo(2))));
    assert_eq!(now(), is("2", "0"));
    ground.perform(&redo_b);
    assert_eq!(now(), is("2", "1"));
    // A new batch on the file ends its redo.
    ground.edit("b.txt", "other");
    assert!(matches!(
        ground.journal().perform(&redo_b, &mut calm),
        Err(Error::NothingToRedo(_))
    ));
}

#[test]
fn what_is_shown_before_is_what_is_done() {
    let ground = Ground::with(&[("a.txt", b"0"), ("b.txt", b"0"), ("gone.txt", b"x")]);
    ground.commit(
        "first",
        vec![
            ground.write("a.txt", Some("0"), Some("1")),
            ground.write("b.txt", Some("0"), Some("1")),
            ground.write("gone.txt", Some("x"), None),
        ],
    );
    ground.commit(
        "second",
        vec![
            ground.write("a.txt", Some("1"), Some("2")),
            ground.write("b.txt", Some("1"), Some("0")),
        ],
    );
    ground.put("b.txt", b"theirs");
    let before = ground.all();
    let action = Action::Undo(9);
    let preview = ground.journal().preview(&action).unwrap();
    assert_eq!(ground.all(), before);
    assert_eq!(preview.batches.iter().map(|batch| batch.id).collect::<Vec<_>>(), [2, 1]);
    let done = ground.perform(&action);
    assert_eq!(preview.conflicts, done.conflicts);
    let after = ground.all();
    for planned in &preview.texts {
        let name = planned.path.strip_prefix(ground.root()).unwrap();
        assert_eq!(before.get(name).cloned().flatten(), planned.before);
        assert_eq!(after.get(name).cloned().flatten(), planned.after);
    }
    let names: Vec<_> = preview
        .texts
        .iter()
        .map(|planned| planned.path.file_name().unwrap())
        .collect();
    assert_eq!(names, ["a.txt", "gone.txt"]);
}

#[test]
fn who_stops_a_batch_can_go_on_or_go_back() {
    let ground = Ground::new();
    let names: Vec<String> = (0..200).map(|n| format!("{n:03}.txt")).collect();
    for name in &names {
        ground.put(name, b"old");
    }
    let changes = || {
        names
            .iter()
            .map(|name| ground.write(name, Some("old"), Some("new")))
            .collect()
    };
    let mut stop = |progress: Progress| match progress {
        Progress::Files { done, .. } if done >= 64 => Err(Stop),
        _ => Ok(()),
    };
    let count = |text: &str| names.iter().filter(|name| ground.text(name) == text).count();
    let done = ground.journal().commit("all", changes(), &mut stop).unwrap();
    assert!(matches!(done.halted, Some(Halt::Stopped)), "{done:?}");
    assert_eq!((done.changed.len(), done.left, count("new")), (64, 136, 64));
    ground.redo();
    assert_eq!(count("new"), 200);
    let undone = ground.journal().undo(1, &mut stop).unwrap();
    assert_eq!((undone.left, count("new")), (136, 136));
    ground.undo();
    assert_eq!(count("old"), 200);
    let nothing = ground.journal().commit("all", changes(), &mut |_| Err(Stop));
    assert!(matches!(nothing, Err(Error::Stopped)));
    assert_eq!(ground.journal().log(9).unwrap().len(), 1);
}

#[test]
fn a_set_may_be_moved_as_a_whole() {
    let ground = Ground::with(&[("here/10_x/a.txt", b"old"), ("here/10_x/b.txt", b"b")]);
    let here = Journal::at(&ground.path("here"));
    let changes = vec![
        ground.write("here/10_x/a.txt", Some("old"), Some("new")),
        ground.write("here/10_x/b.txt", Some("b"), None),
    ];
    here.commit("edit", changes, &mut calm).unwrap();
    fs::rename(ground.path("here"), ground.path("there")).unwrap();
    let done = Journal::at(&ground.path("there")).undo(1, &mut calm).unwrap();
    assert_eq!(done.changed[1], ground.path("there/10_x/a.txt"));
    assert_eq!(
        (ground.text("there/10_x/a.txt"), ground.text("there/10_x/b.txt")),
        ("old".into(), "b".into())
    );
}

#[test]
fn roots_and_paths_may_be_written_in_several_ways() {
    let ground = Ground::with(&[("set/a.txt", b"0")]);
    std::os::unix::fs::symlink(ground.path("set"), ground.path("link")).unwrap();
    let journal = Journal::at(&ground.path("link"));
    for (n, path) in ["link/a.txt", "set/a.txt", "link/../set/a.txt"].iter().enumerate() {
        let change = ground.write(path, Some(&n.to_string()), Some(&(n + 1).to_string()));
        assert!(
            whole(&journal.commit("edit", vec![change], &mut calm).unwrap()),
            "{path}"
        );
    }
    assert_eq!(journal.history(&ground.path("set/a.txt")).unwrap().len(), 3);
    journal.undo(3, &mut calm).unwrap();
    assert_eq!(ground.text("set/a.txt"), "0");
}

#[test]
fn nothing_outside_of_the_set_is_touched() {
    let ground = Ground::with(&[("set/x", b""), ("other/a.txt", b"old"), ("secret", b"old")]);
    let journal = Journal::at(&ground.path("set"));
    let change = || vec![ground.write("other/a.txt", Some("old"), Some("new"))];
    for path in ["other/a.txt", "set/../secret", "set", "."] {
        let change = ground.write(path, Some("old"), Some("new"));
        let error = journal.commit("edit", vec![change], &mut calm).unwrap_err();
        assert!(
            matches!(error, Error::Outside { .. }) && error.hint().is_some(),
            "{path}: {error}"
        );
    }
    // A dataset TOML may name other folders. A journal that came with somebody's files may not.
    let wide = journal.clone().with_folders([ground.path("other")]);
    assert!(whole(&wide.commit("edit", change(), &mut calm).unwrap()));
    let done = journal.undo(1, &mut calm).unwrap();
    assert_eq!(
        (done.conflicts[0].why.clone(), ground.text("other/a.txt")),
        (Why::Outside, "new".to_owned())
    );
}

#[test]
fn a_batch_that_contradicts_itself_is_refused() {
    let ground = Ground::with(&[("a.txt", b"0")]);
    let chained = vec![
        ground.write("a.txt", Some("0"), Some("1")),
        ground.write("a.txt", Some("1"), Some("2")),
    ];
    assert_eq!(ground.commit("chained", chained).changed.len(), 1);
    assert_eq!(ground.text("a.txt"), "2");
    let torn = vec![
        ground.write("a.txt", Some("2"), Some("3")),
        ground.write("a.txt", Some("2"), Some("4")),
    ];
    let error = ground.journal().commit("torn", torn, &mut calm).unwrap_err();
    assert!(matches!(error, Error::Contradiction { .. }), "{error}");
    assert_eq!(ground.text("a.txt"), "2");
    // Nothing to do makes no batch.
    let done = ground.commit("none", vec![ground.write("a.txt", Some("2"), Some("2"))]);
    assert_eq!((done.batch, ground.journal().log(9).unwrap().len()), (0, 1));
}

#[test]
fn looking_makes_nothing() {
    let ground = Ground::with(&[("a.txt", b"0")]);
    let journal = ground.journal();
    assert_eq!(journal.log(9).unwrap(), []);
    assert_eq!(journal.snapshots().unwrap(), []);
    assert!(journal.undoable().unwrap().is_none() && journal.redoable().unwrap().is_none());
    assert!(journal.recover().unwrap().is_none());
    assert!(matches!(journal.undo(1, &mut calm), Err(Error::NothingToUndo(_))));
    assert!(matches!(
        journal.preview(&Action::Redo(1)),
        Err(Error::NothingToRedo(_))
    ));
    assert!(matches!(journal.forget("x"), Err(Error::NoSnapshot { .. })));
    assert_eq!(fs::read_dir(ground.root()).unwrap().count(), 1);
}

#[test]
fn undo_comes_back_to_what_it_could_not_take_back() {
    let ground = Ground::with(&[("a.txt", b"0"), ("b.txt", b"0")]);
    ground.edit("b.txt", "1");
    ground.edit("a.txt", "1");
    ground.put("a.txt", b"somebody's");
    assert_eq!(ground.undo().conflicts.len(), 1);
    // It does not stand in the way of what was before it.
    assert!(whole(&ground.undo()));
    assert_eq!(
        (ground.text("a.txt"), ground.text("b.txt")),
        ("somebody's".into(), "0".into())
    );
    // Nothing else is left: the same conflict is told again.
    assert_eq!(ground.undo().conflicts.len(), 1);
    ground.put("a.txt", b"1");
    assert_eq!(ground.journal().undoable().unwrap().unwrap().what, "edit a.txt");
    assert!(whole(&ground.undo()));
    assert_eq!(
        (ground.text("a.txt"), ground.journal().undoable().unwrap()),
        ("0".into(), None)
    );
    assert!(whole(&ground.redo()) && whole(&ground.redo()));
    assert_eq!((ground.text("a.txt"), ground.text("b.txt")), ("1".into(), "1".into()));
    // As soon as it can be taken back it goes before what is older.
    ground.put("a.txt", b"somebody's");
    assert_eq!(ground.undo().conflicts.len(), 1);
    ground.put("a.txt", b"1");
    assert!(whole(&ground.undo()));
    assert_eq!((ground.text("a.txt"), ground.text("b.txt")), ("0".into(), "1".into()));
}
