//! Disks and folders that refuse, and others who write at the same time.

use std::fs::{self, File, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Barrier;

use danlu::data::journal::{Action, Change, Error, Halt, Journal, Progress, Standing, Stop, Why};
use rustix::fs::{FlockOperation, flock};

use super::{Ground, calm, whole};

/// A file system in memory, unmounted at the end; `None`, and a line about it, where this user may not mount one.
struct Disk(Ground, PathBuf);

impl Disk {
    fn mount(below: &str, options: &str) -> Option<Self> {
        let ground = Ground::new();
        let place = ground.path(below);
        fs::create_dir_all(&place).unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(&place)
            .output();
        if mounted.is_ok_and(|ran| ran.status.success()) {
            return Some(Self(ground, place));
        }
        // A user who may not mount a small disk tries neither full nor read-only ones.
        None
    }

    fn remount(&self, options: &str) {
        let options = format!("remount,{options}");
        assert!(
            Command::new("mount")
                .args(["-o", &options])
                .arg(&self.1)
                .status()
                .unwrap()
                .success()
        );
    }

    /// Takes all the room there is, but for so many bytes.
    fn fill(&self, but: usize) {
        let path = self.1.join("filler");
        let mut size = 16 << 20;
        while size > 0 && fs::write(&path, vec![1; size]).is_err() {
            size -= 4096;
        }
        fs::write(&path, vec![1; size.saturating_sub(but)]).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.1).status();
    }
}

#[test]
fn permissions_owners_and_links_stay() {
    let ground = Ground::with(&[("a.txt", b"old"), ("real/b.txt", b"old"), ("c.txt", b"old")]);
    fs::set_permissions(ground.path("a.txt"), Permissions::from_mode(0o640)).unwrap();
    let is_root = chown(ground.path("a.txt"), Some(1234), Some(5678)).is_ok();
    symlink(ground.path("real/b.txt"), ground.path("b.txt")).unwrap();
    fs::hard_link(ground.path("c.txt"), ground.path("c-backup.txt")).unwrap();
    let names = ["a.txt", "b.txt", "c.txt"];
    let kept = || {
        let found = fs::metadata(ground.path("a.txt")).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o640);
        assert!(!is_root || (found.uid(), found.gid()) == (1234, 5678));
        assert!(fs::symlink_metadata(ground.path("b.txt")).unwrap().is_symlink());
        assert_eq!(ground.text("c-backup.txt"), "old");
    };
    let changes = |before: &str, after: Option<&str>| names.map(|name| ground.write(name, Some(before), after)).into();
    assert!(whole(&ground.commit("edit", changes("old", Some("new")))));
    kept();
    assert_eq!(
        (ground.text("a.txt"), ground.text("real/b.txt")),
        ("new".into(), "new".into())
    );
    ground.undo();
    kept();
    assert!(whole(&ground.commit("clear", changes("old", None))));
    assert_eq!(
        ground.text("real/b.txt"),
        "old",
        "the link went, not the file behind it"
    );
    ground.undo();
    kept();
    assert_eq!(names.map(|name| ground.text(name)), ["old"; 3]);
}

#[test]
fn what_is_no_caption_is_left() {
    let ground = Ground::with(&[("set/d.txt/x", b""), ("set/good.txt", b"old")]);
    symlink("nowhere", ground.path("set/link.txt")).unwrap();
    assert!(
        Command::new("mkfifo")
            .arg(ground.path("set/pipe.txt"))
            .status()
            .unwrap()
            .success()
    );
    File::create(ground.path("set/huge.txt"))
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    let names = ["d.txt", "link.txt", "pipe.txt", "huge.txt", "good.txt"];
    let changes = names.map(|name| ground.write(&format!("set/{name}"), Some("old"), Some("new")));
    let done = ground.commit("edit", changes.into());
    assert_eq!(
        (done.conflicts.len(), done.changed.len(), ground.text("set/good.txt")),
        (4, 1, "new".into())
    );
    assert!(
        done.conflicts
            .iter()
            .all(|conflict| matches!(conflict.why, Why::Unreadable(_))),
        "{done:?}"
    );
    let new = ground.commit("edit", vec![ground.write("set/link.txt", None, Some("new"))]);
    assert!(matches!(new.conflicts[0].why, Why::Unreadable(_)));
}

#[test]
fn a_read_only_folder_refuses_before_anything_is_written() {
    let Some(disk) = Disk::mount("set/10_b", "size=1m") else {
        return;
    };
    let ground = &disk.0;
    for name in ["set/10_a/a.txt", "set/10_b/b.txt"] {
        ground.put(name, b"old");
    }
    let journal = Journal::at(&ground.path("set"));
    let change = |after: &str, name: &str| {
        let before = ground.text(name);
        ground.write(name, Some(&before), Some(after))
    };
    let changes = |after| vec![change(after, "set/10_a/a.txt"), change(after, "set/10_b/b.txt")];
    assert!(whole(&journal.commit("edit", changes("new"), &mut calm).unwrap()));
    disk.remount("ro");
    for refused in [
        journal.commit("edit", changes("newer"), &mut calm),
        journal.undo(1, &mut calm),
    ] {
        let error = refused.unwrap_err();
        let sentence = error.to_string();
        assert!(
            sentence.contains("10_b") && sentence.contains("not allowed") && error.hint().is_some(),
            "{sentence}"
        );
        assert_eq!(
            (ground.text("set/10_a/a.txt"), ground.text("set/10_b/b.txt")),
            ("new".into(), "new".into())
        );
    }
    // The part that can be written is no less than before.
    journal
        .commit("edit", vec![change("newer", "set/10_a/a.txt")], &mut calm)
        .unwrap();

    // The set itself on such a disk can still be looked at.
    let Some(disk) = Disk::mount("set", "size=1m") else {
        return;
    };
    let ground = &disk.0;
    ground.put("set/a.txt", b"old");
    let journal = Journal::at(&ground.path("set"));
    let change = || vec![ground.write("set/a.txt", Some("old"), Some("new"))];
    disk.remount("ro");
    let error = journal.commit("edit", change(), &mut calm).unwrap_err();
    assert!(matches!(error, Error::Write(_)) && error.hint().is_some(), "{error}");
    disk.remount("rw");
    journal.commit("edit", change(), &mut calm).unwrap();
    disk.remount("ro");
    assert_eq!(journal.log(9).unwrap().len(), 1);
    assert_eq!(journal.preview(&Action::Undo(1)).unwrap().texts.len(), 1);
    assert!(matches!(journal.undo(1, &mut calm), Err(Error::Write(_))));
}

#[test]
fn a_disk_that_fills_up_in_the_middle_loses_nothing() {
    let Some(disk) = Disk::mount("set", "size=2m") else {
        return;
    };
    let ground = &disk.0;
    let journal = Journal::at(&ground.path("set"));
    let names: Vec<String> = (0..60).map(|n| format!("set/{n:02}.txt")).collect();
    for name in &names {
        ground.put(name, b"old");
    }
    // Each takes three pages more than before; they are alike, so that the journal itself is small.
    let long = "x, ".repeat(5000);
    let changes = || {
        names
            .iter()
            .map(|name| ground.write(name, Some("old"), Some(&long)))
            .collect()
    };
    let count = |text: &str| names.iter().filter(|name| ground.text(name) == text).count();
    disk.fill(400 << 10);
    let done = journal.commit("grow", changes(), &mut calm).unwrap();
    let Some(Halt::Failed(error)) = &done.halted else {
        panic!("{done:?}")
    };
    assert!(error.to_string().contains("the disk is full"), "{error}");
    assert!(error.hint().unwrap().contains("room"));
    // What was written by then was taken back, without any room being made.
    assert_eq!((count("old"), done.taken_back), (60, true), "{done:?}");
    assert_eq!((done.changed.len(), done.left, done.conflicts.len()), (0, 60, 0));
    let standing = journal.log(1).unwrap()[0].standing;
    assert_eq!((standing, journal.undoable().unwrap()), (Standing::Undone, None));
    let hidden = fs::read_dir(&disk.1).unwrap().filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .starts_with(".danlu-")
    });
    assert_eq!(hidden.count(), 0);
    // Redo fails as the batch did, and leaves as little.
    let again = journal.redo(1, &mut calm).unwrap();
    assert!(
        again.halted.is_some() && again.taken_back && count("old") == 60,
        "{again:?}"
    );
    // Not even the journal fits: nothing is written.
    disk.fill(0);
    let error = journal.commit(
        "other",
        vec![ground.write(&names[0], Some("old"), Some("new"))],
        &mut calm,
    );
    assert!(
        error
            .as_ref()
            .is_err_and(|error| error.to_string().contains("the disk is full")),
        "{error:?}"
    );
    assert_eq!(count("old"), 60);
    fs::remove_file(disk.1.join("filler")).unwrap();
    assert!(whole(&journal.redo(1, &mut calm).unwrap()));
    assert_eq!(count(&long), 60);
}

#[test]
fn taking_back_needs_room_for_the_largest_caption_only() {
    let Some(disk) = Disk::mount("set", "size=4m") else {
        return;
    };
    let ground = &disk.0;
    let journal = Journal::at(&ground.path("set"));
    // All become smaller but the last, which does not fit; then the largest is to be written again.
    let (small, large) = ("s".repeat(200_000), "l".repeat(600_000));
    ground.put("set/0.txt", large.as_bytes());
    ground.put("set/1.txt", b"old");
    ground.put("set/2.txt", b"old");
    let huge = "x".repeat(1_500_000);
    let changes = vec![
        ground.write("set/0.txt", Some(&large), Some(&small)),
        ground.write("set/1.txt", Some("old"), None),
        ground.write("set/3.txt", None, Some("new")),
        ground.write("set/2.txt", Some("old"), Some(&huge)),
    ];
    disk.fill(1_200_000);
    let before = ground.all();
    let done = journal.commit("change", changes, &mut calm).unwrap();
    assert!(
        matches!(done.halted, Some(Halt::Failed(_))) && done.taken_back,
        "{done:?}"
    );
    assert_eq!(ground.all(), before);
}

#[test]
fn a_batch_that_was_done_in_parts_goes_back_to_those() {
    let Some(disk) = Disk::mount("set", "size=2m") else {
        return;
    };
    let ground = &disk.0;
    let journal = Journal::at(&ground.path("set"));
    let names: Vec<String> = (0..40).map(|n| format!("set/{n:02}.txt")).collect();
    for name in &names {
        ground.put(name, b"old");
    }
    ground.put(&names[20], b"somebody's");
    let long = "x, ".repeat(5000);
    let changes = names.iter().map(|name| ground.write(name, Some("old"), Some(&long)));
    let done = journal.commit("grow", changes.collect(), &mut calm).unwrap();
    assert_eq!((done.changed.len(), done.conflicts.len()), (39, 1));
    journal.undo(1, &mut calm).unwrap();
    journal.redo_file(&ground.path(&names[0]), &mut calm).unwrap();
    ground.put(&names[20], b"old");
    disk.fill(300 << 10);
    let before = (ground.all(), journal.log(9).unwrap());
    let done = journal.redo(1, &mut calm).unwrap();
    assert!(done.halted.is_some() && done.taken_back, "{done:?}");
    assert_eq!((ground.all(), journal.log(9).unwrap()), before);
    fs::remove_file(disk.1.join("filler")).unwrap();
    assert!(whole(&journal.redo(1, &mut calm).unwrap()));
    assert!(names.iter().all(|name| ground.text(name) == long));
}

#[test]
fn who_holds_a_set_writes_it_alone_and_knows_whether_others_wrote_before() {
    let ground = Ground::with(&[("a.txt", b"0")]);
    let (first, turn) = (ground.journal(), ground.journal().turn());
    assert_eq!(turn, None);
    ground.edit("a.txt", "1");
    let turn = first.turn();
    assert!(turn.is_some() && turn == first.turn());
    ground.undo();
    assert_ne!(first.turn(), turn);
    let held = first.hold(&mut calm).unwrap();
    let mut impatient = |progress: Progress| {
        if progress == Progress::Waiting {
            Err(Stop)
        } else {
            Ok(())
        }
    };
    assert!(matches!(ground.journal().redo(1, &mut impatient), Err(Error::Stopped)));
    assert!(whole(&held.redo(1, &mut calm).unwrap()));
    assert!(whole(&held.undo(1, &mut calm).unwrap()));
    drop(held);
    assert!(whole(&ground.redo()));
}

#[test]
fn folders_that_are_yet_to_be_made_are_known_by_those_above() {
    let ground = Ground::with(&[("set/a.png", b"a")]);
    symlink(ground.path("set"), ground.path("other")).unwrap();
    let journal = Journal::at(&ground.path("set"));
    let holds = |name: &str| journal.holds(&ground.path(name));
    assert!(holds("set/x/y/a.png") && holds("other/x/y/a.png"));
    assert!(!holds("a.png") && !holds("x/y/a.png") && !holds("set/../x/a.png") && !holds("other/x/../../a.png"));
}

#[test]
fn two_at_once_take_turns() {
    let ground = Ground::new();
    let names: Vec<String> = (0..100).map(|n| format!("{n:02}.txt")).collect();
    for name in &names {
        ground.put(name, b"old");
    }
    let start = Barrier::new(2);
    let (first, second) = std::thread::scope(|scope| {
        let one = |word: &'static str| {
            let (ground, names, start) = (&ground, &names, &start);
            scope.spawn(move || {
                let changes = names
                    .iter()
                    .map(|name| ground.write(name, Some("old"), Some(word)))
                    .collect();
                start.wait();
                ground.journal().commit(word, changes, &mut calm).unwrap()
            })
        };
        let (first, second) = (one("first"), one("second"));
        (first.join().unwrap(), second.join().unwrap())
    });
    let (winner, loser) = if first.batch < second.batch {
        (first, second)
    } else {
        (second, first)
    };
    assert_eq!((winner.changed.len(), winner.conflicts.len()), (100, 0));
    assert_eq!((loser.changed.len(), loser.conflicts.len()), (0, 100));
    assert!(whole(&ground.undo()));
    assert!(names.iter().all(|name| ground.text(name) == "old"));
}

#[test]
fn who_waits_for_another_danlu_may_stop() {
    let ground = Ground::with(&[("a.txt", b"0")]);
    ground.edit("a.txt", "1");
    let lock = File::options().write(true).open(ground.path(".danlu/lock")).unwrap();
    flock(&lock, FlockOperation::NonBlockingLockExclusive).unwrap();
    let mut waited = 0;
    let mut watch = |progress: Progress| {
        waited += usize::from(progress == Progress::Waiting);
        if waited < 3 { Ok(()) } else { Err(Stop) }
    };
    assert!(matches!(ground.journal().undo(1, &mut watch), Err(Error::Stopped)));
    // Who only looks waits for nobody.
    assert_eq!(ground.journal().log(1).unwrap().len(), 1);
    assert!(ground.journal().recover().unwrap().is_none());
    drop(lock);
    ground.undo();
    assert_eq!(ground.text("a.txt"), "0");
}

#[test]
fn a_journal_that_is_none_changes_nothing() {
    let ground = Ground::with(&[("a.txt", b"0")]);
    let change = |ground: &Ground| vec![ground.write("a.txt", Some("0"), Some("1"))];
    ground.put(".danlu/journal.sqlite3", &[7; 5000]);
    let error = ground.journal().commit("edit", change(&ground), &mut calm).unwrap_err();
    assert!(
        matches!(error, Error::Damaged { .. }) && error.hint().unwrap().contains("move"),
        "{error}"
    );
    assert!(matches!(ground.journal().log(1), Err(Error::Damaged { .. })));
    assert_eq!(ground.text("a.txt"), "0");
    fs::remove_file(ground.path(".danlu/journal.sqlite3")).unwrap();

    ground.commit("edit", change(&ground));
    let sql = |sql: &str| {
        let file = rusqlite::Connection::open(ground.path(".danlu/journal.sqlite3")).unwrap();
        file.execute_batch(sql).unwrap();
    };
    for broken in [
        "UPDATE contents SET packed = x'28b52ffd'",
        "UPDATE contents SET packed = zeroblob(100)",
        "UPDATE blocks SET states = x'00'",
        "UPDATE blocks SET states = x'64646464'",
        "DELETE FROM contents",
        "DELETE FROM blocks",
        "UPDATE batches SET changes = -1, done = 'x'",
    ] {
        let kept = fs::read(ground.path(".danlu/journal.sqlite3")).unwrap();
        sql(broken);
        let undone = ground.journal().undo(1, &mut calm);
        let is_told = match &undone {
            Err(error) => matches!(error, Error::Damaged { .. }),
            Ok(done) => done.changed.is_empty(),
        };
        assert!(is_told, "{broken}: {undone:?}");
        let _ = ground.journal().history(&ground.path("a.txt"));
        let _ = ground.journal().log(9);
        assert_eq!(ground.text("a.txt"), "1");
        ground.put(".danlu/journal.sqlite3", &kept);
    }
    sql("PRAGMA user_version = 9");
    let error = ground.journal().undo(1, &mut calm).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 9, .. }), "{error}");
    assert_eq!(ground.text("a.txt"), "1");
}

#[test]
fn a_set_whose_folder_is_gone_is_told() {
    let journal = Journal::at(Path::new("/nowhere/at/all"));
    let change = Change::Trash {
        path: PathBuf::from("/nowhere/at/all/a.png"),
    };
    assert!(journal.commit("edit", vec![change], &mut calm).is_err());
}
