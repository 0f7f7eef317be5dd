//! Files that get other names, new files, the trash.

use std::fs;

use danlu::data::journal::{Action, Change, Standing, Why};

use super::{Ground, whole};

fn renamed(ground: &Ground, from: &str, to: &str) -> Change {
    Change::Move {
        from: ground.path(from),
        to: ground.path(to),
    }
}

/// Does all of it, back and forth.
fn there_and_back(ground: &Ground, changes: Vec<Change>, expected: &[(&str, &[u8])]) {
    let before = ground.all();
    let done = ground.commit("change", changes);
    assert!(whole(&done), "{done:?}");
    for (name, bytes) in expected {
        assert_eq!(ground.get(name).as_deref(), Some(*bytes), "{name}");
    }
    let after = ground.all();
    assert!(whole(&ground.undo()));
    assert_eq!(ground.all(), before);
    assert!(whole(&ground.redo()));
    assert_eq!(ground.all(), after);
    ground.undo();
    assert_eq!(ground.all(), before);
}

#[test]
fn a_folder_is_renumbered_in_a_circle() {
    let ground = Ground::with(&[
        ("1.png", b"one"),
        ("2.png", b"two"),
        ("3.png", b"three"),
        ("1.txt", b"uno"),
    ]);
    let changes = vec![
        renamed(&ground, "1.png", "2.png"),
        renamed(&ground, "2.png", "3.png"),
        renamed(&ground, "3.png", "1.png"),
        renamed(&ground, "1.txt", "2.txt"),
    ];
    there_and_back(
        &ground,
        changes,
        &[
            ("2.png", b"one"),
            ("3.png", b"two"),
            ("1.png", b"three"),
            ("2.txt", b"uno"),
        ],
    );
}

#[test]
fn a_picture_is_replaced_and_its_original_kept() {
    let ground = Ground::with(&[("10_x/a.png", b"old"), ("10_x/.new.tmp", b"new"), ("10_x/a.txt", b"a")]);
    let temporary = ground.path("10_x/.new.tmp");
    let changes = vec![
        renamed(&ground, "10_x/a.png", "10_x/originals/deep/a.png"),
        Change::Create {
            temporary,
            path: ground.path("10_x/a.png"),
        },
        ground.write("10_x/a.txt", Some("a"), Some("b")),
    ];
    let done = ground.commit("crop", changes);
    assert!(whole(&done), "{done:?}");
    let after = ground.all();
    assert_eq!(
        (ground.text("10_x/a.png"), ground.text("10_x/originals/deep/a.png")),
        ("new".into(), "old".into())
    );
    ground.undo();
    let names: Vec<_> = ground
        .all()
        .into_keys()
        .map(|path| path.to_string_lossy().into_owned())
        .collect();
    assert_eq!(
        names,
        ["10_x", "10_x/a.png", "10_x/a.txt"],
        "the folders that were made are gone again"
    );
    assert_eq!(
        (ground.text("10_x/a.png"), ground.text("10_x/a.txt")),
        ("old".into(), "a".into())
    );
    ground.redo();
    assert_eq!(ground.all(), after);
}

#[test]
fn what_is_in_the_trash_comes_back_with_all_that_belongs_to_it() {
    use std::os::unix::fs::PermissionsExt;
    let ground = Ground::with(&[("10_x/a.png", b"picture"), ("10_x/a.txt", b"caption")]);
    for name in ["10_x/a.png", "10_x/a.txt"] {
        fs::set_permissions(ground.path(name), fs::Permissions::from_mode(0o640)).unwrap();
    }
    let path = ground.path("10_x/a.png");
    let changes = vec![
        Change::Trash { path: path.clone() },
        ground.write("10_x/a.txt", Some("caption"), None),
    ];
    there_and_back(&ground, changes.clone(), &[]);
    for name in ["10_x/a.png", "10_x/a.txt"] {
        assert_eq!(
            fs::metadata(ground.path(name)).unwrap().permissions().mode() & 0o777,
            0o640
        );
    }
    // Whoever empties the trash loses the picture, not the caption.
    ground.redo();
    fs::remove_dir_all(ground.path(".danlu/trash")).unwrap();
    let undone = ground.undo();
    assert_eq!(
        (undone.conflicts.len(), undone.conflicts[0].why.clone()),
        (1, Why::TrashEmptied)
    );
    assert_eq!(
        (ground.get("10_x/a.png"), ground.text("10_x/a.txt")),
        (None, "caption".into())
    );
}

#[test]
fn no_file_is_ever_replaced_by_a_move() {
    let ground = Ground::with(&[("a.png", b"a"), ("b.png", b"b"), ("new.tmp", b"n")]);
    let changes = vec![
        renamed(&ground, "a.png", "b.png"),
        renamed(&ground, "gone.png", "c.png"),
        Change::Create {
            temporary: ground.path("new.tmp"),
            path: ground.path("b.png"),
        },
    ];
    let done = ground.commit("rename", changes);
    let why: Vec<_> = done.conflicts.iter().map(|conflict| conflict.why.clone()).collect();
    assert_eq!(why, [Why::Taken, Why::Missing, Why::Taken]);
    assert_eq!(
        (ground.text("a.png"), ground.text("b.png"), ground.text("new.tmp")),
        ("a".into(), "b".into(), "n".into())
    );
    assert_eq!(ground.journal().log(1).unwrap()[0].standing, Standing::Dropped);

    // Going back meets a file that somebody put there.
    ground.commit("rename", vec![renamed(&ground, "a.png", "c.png")]);
    ground.put("a.png", b"theirs");
    assert_eq!(ground.undo().conflicts[0].why, Why::Taken);
    assert_eq!(
        (ground.text("a.png"), ground.text("c.png")),
        ("theirs".into(), "a".into())
    );
}

#[test]
fn a_picture_knows_its_own_history() {
    let ground = Ground::with(&[("a.png", b"a")]);
    ground.commit("rename", vec![renamed(&ground, "a.png", "b.png")]);
    ground.commit(
        "cull",
        vec![Change::Trash {
            path: ground.path("b.png"),
        }],
    );
    ground.perform(&Action::UndoFile(ground.path("b.png")));
    assert_eq!(ground.text("b.png"), "a");
    ground.perform(&Action::UndoFile(ground.path("b.png")));
    assert_eq!(ground.text("a.png"), "a");
    ground.perform(&Action::RedoFile(ground.path("a.png")));
    ground.perform(&Action::RedoFile(ground.path("b.png")));
    assert_eq!((ground.get("a.png"), ground.get("b.png")), (None, None));
}

#[test]
fn what_somebody_put_in_a_new_pictures_place_does_not_go_into_the_trash() {
    let ground = Ground::with(&[("a.png", b"old"), (".new.tmp", b"new"), ("twin.png", b"twin")]);
    let changes = vec![
        renamed(&ground, "a.png", ".danlu/originals/a.png"),
        Change::Create {
            temporary: ground.path(".new.tmp"),
            path: ground.path("a.png"),
        },
        Change::Trash {
            path: ground.path("twin.png"),
        },
    ];
    assert!(whole(&ground.commit("crop", changes)));
    // As long as what danlu wrote, and another.
    ground.put("a.png", b"NEW");
    let shown = ground.journal().preview(&Action::Undo(1)).unwrap();
    let undone = ground.undo();
    assert_eq!(undone.conflicts, shown.conflicts);
    assert_eq!(
        undone
            .conflicts
            .iter()
            .map(|conflict| &conflict.why)
            .collect::<Vec<_>>(),
        [&Why::Changed, &Why::Taken]
    );
    assert_eq!(
        (ground.text("a.png"), ground.text("twin.png")),
        ("NEW".into(), "twin".into())
    );
    // A copy of what danlu wrote is as good as that, whenever it was written.
    ground.put("a.png", b"new");
    assert!(whole(&ground.undo()));
    assert_eq!(ground.text("a.png"), "old");
    // Nor does redo throw away what is not what was looked at.
    ground.put("twin.png", b"another");
    let redone = ground.redo();
    assert_eq!((redone.conflicts.len(), &redone.conflicts[0].why), (1, &Why::Changed));
    assert_eq!(
        (ground.text("a.png"), ground.text("twin.png")),
        ("new".into(), "another".into())
    );
}
