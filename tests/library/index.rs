//! The index: what is remembered, what is read again, what is forgotten, and a file that is no index.

use std::fs::{self, File};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use danlu::library::{Library, Stamp};
use danlu::weights::kind::Kind;

use super::files::{Home, lora, names, refresh, vae};

fn set_time(path: &Path, time: SystemTime) {
    File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_modified(time)
        .unwrap();
}

#[test]
fn five_thousand_files_are_opened_once() {
    let home = Home::new();
    let (file, time) = (
        lora(&[("ss_output_name", "fox")]),
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000),
    );
    for i in 0..5000 {
        let path = home.write(&format!("{}/{i}.safetensors", i % 50), &file);
        set_time(&path, time);
    }
    let first = refresh(&home.library());
    assert_eq!((first.models, first.read, first.gone), (5000, 5000, 0));
    // Not one is opened again: what lies there now by the same size, time and inode is no model at all.
    for i in 0..5000 {
        let path = home.path(&format!("{}/{i}.safetensors", i % 50));
        let inode = Stamp::of(&path).unwrap().inode;
        fs::write(&path, vec![0; file.len()]).unwrap();
        set_time(&path, time);
        assert_eq!(Stamp::of(&path).unwrap().inode, inode);
    }
    let library = home.library();
    assert_eq!(
        library.models().len(),
        5000,
        "the list stands before a folder is looked at"
    );
    let second = refresh(&library);
    assert_eq!((second.models, second.read, second.gone), (5000, 0, 0));
    let cards = library.models();
    assert!(
        cards
            .iter()
            .all(|card| card.about.kind == Kind::Network && card.alias() == Some("fox"))
    );
    assert_eq!(library.search("FOX").len(), 5000);
}

#[test]
fn what_changed_is_read_and_what_is_gone_is_forgotten() {
    let home = Home::new();
    for name in ["a", "b", "c"] {
        home.write(&format!("{name}.safetensors"), lora(&[]));
    }
    let library = home.refreshed();
    let ids: Vec<i64> = library.models().iter().map(|card| card.id).collect();
    home.write("b.safetensors", vae());
    fs::remove_file(home.path("c.safetensors")).unwrap();
    home.write("d.safetensors", lora(&[]));
    let found = refresh(&library);
    assert_eq!((found.models, found.read, found.gone), (3, 2, 1));
    let cards = library.models();
    assert_eq!(names(&cards), ["a.safetensors", "b.safetensors", "d.safetensors"]);
    assert_eq!(cards[1].about.kind, Kind::Vae);
    // A model's number stays while its path does.
    assert_eq!((cards[0].id, cards[1].id), (ids[0], ids[1]));
    // A file that took another's place by its name, size and time is another file.
    let time = fs::metadata(home.path("a.safetensors")).unwrap().modified().unwrap();
    let mut other = lora(&[]);
    other[8..].fill(b' ');
    home.write("other", &other);
    fs::rename(home.path("other"), home.path("a.safetensors")).unwrap();
    set_time(&home.path("a.safetensors"), time);
    assert_eq!(refresh(&library).read, 1);
    assert!(library.models()[0].about.trouble.is_some());
}

#[test]
fn a_yaml_that_comes_later_is_seen() {
    let home = Home::new();
    home.write("a.safetensors", lora(&[]));
    let library = home.refreshed();
    assert_eq!(refresh(&library).read, 0);
    home.write("a.yaml", "model: {}");
    assert_eq!(refresh(&library).read, 1);
    assert_eq!(refresh(&library).read, 0);
}

#[test]
fn a_refresh_that_is_stopped_drops_nothing() {
    let home = Home::new();
    for i in 0..200 {
        home.write(&format!("{i}.safetensors"), lora(&[]));
    }
    let library = home.refreshed();
    for i in 0..100 {
        fs::remove_file(home.path(&format!("{i}.safetensors"))).unwrap();
        home.write(&format!("new {i}.safetensors"), lora(&[]));
    }
    let stop = AtomicBool::new(false);
    let mut told = Vec::new();
    let stopped = library
        .refresh(
            &mut |progress| {
                told.push(progress.clone());
                stop.store(progress.stage == "reading" && progress.files > 0, Ordering::Relaxed);
            },
            &stop,
        )
        .unwrap();
    assert!(stopped.stopped && stopped.read > 0 && stopped.read < 100, "{stopped:?}");
    assert_eq!(library.models().len(), 200);
    let last = told.last().unwrap();
    assert_eq!((last.stage, last.of, last.files), ("reading", 100, stopped.read));
    assert!(last.rate > 0.0 && last.left.is_some());
    // What was read is not read again.
    let rest = refresh(&library);
    assert_eq!((rest.read, rest.gone), (100 - stopped.read, 100));
    // Stopped at once, it does not even walk.
    assert!(library.refresh(&mut |_| {}, &AtomicBool::new(true)).unwrap().stopped);
}

#[test]
fn lists_of_different_roots_stand_beside_each_other() {
    let home = Home::new();
    home.write("one/a.safetensors", lora(&[]));
    home.write("two/b.safetensors", lora(&[]));
    let open = |names: &[&str]| {
        let roots: Vec<_> = names.iter().map(|name| home.path(name)).collect();
        Library::open(&home.places(), &roots)
    };
    let (one, both) = (open(&["one"]), open(&["one", "two"]));
    assert_eq!(refresh(&one).read, 1);
    assert_eq!(refresh(&both).read, 1, "what another list has is known");
    assert_eq!(names(&one.models()), ["a.safetensors"]);
    assert_eq!(names(&both.models()), ["a.safetensors", "b.safetensors"]);
    assert_eq!(names(&open(&["one"]).models()), ["a.safetensors"]);
    assert_eq!(names(&open(&["two"]).models()), [""; 0]);
    // A model named as a root is one.
    let single = open(&["one/a.safetensors"]);
    refresh(&single);
    assert_eq!(single.models()[0].path, home.path("one/a.safetensors"));
}

#[test]
fn several_may_use_it_at_once() {
    let home = Home::new();
    for i in 0..300 {
        home.write(&format!("{i}.safetensors"), lora(&[]));
    }
    // Connections of one process are to SQLite what those of several are.
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let library = home.library();
                let refreshed = refresh(&library);
                assert_eq!(refreshed.models, 300);
                library.hash_all(&mut |_| {}, &AtomicBool::new(false)).unwrap();
                assert!(library.models().iter().all(|card| card.hashes.sha256.is_some()));
            });
        }
    });
    // One sees what another has written.
    let (mine, other) = (home.library(), home.library());
    assert_eq!(mine.models().len(), 300);
    home.write("new.safetensors", lora(&[]));
    refresh(&other);
    assert_eq!(mine.models().len(), 301);
}

#[test]
fn a_file_that_is_no_index_is_made_anew() {
    let home = Home::new();
    home.write("a.safetensors", lora(&[]));
    home.refreshed();
    let index = home.places().index;
    let whole = fs::read(&index).unwrap();
    let clear = || {
        for suffix in ["-wal", "-shm"] {
            let _ = fs::remove_file(format!("{}{suffix}", index.display()));
        }
    };
    let torn: Vec<u8> = whole
        .iter()
        .enumerate()
        .map(|(i, b)| if i > 4096 { b.wrapping_add(7) } else { *b })
        .collect();
    for bytes in [
        &b"no database at all"[..],
        &whole[..whole.len() / 2],
        &whole[..100],
        &torn,
        b"",
    ] {
        clear();
        fs::write(&index, bytes).unwrap();
        let library = home.library();
        library.models();
        assert_eq!(refresh(&library).models, 1);
        assert_eq!(names(&library.models()), ["a.safetensors"]);
        assert_eq!(refresh(&home.library()).read, 0, "it is an index again");
    }
    // Of a later version too: it can be made again.
    clear();
    let connection = rusqlite::Connection::open(&index).unwrap();
    connection
        .execute_batch("PRAGMA user_version = 99; DROP TABLE files;")
        .unwrap();
    drop(connection);
    assert_eq!(refresh(&home.library()).models, 1);
}

#[test]
fn without_a_place_to_write_it_works_and_says_so() {
    let home = Home::new();
    home.write("a.safetensors", lora(&[]));
    let mut places = home.places();
    // A file where a folder should be.
    fs::write(home.path("../cache"), "").unwrap();
    places.user = home.path("../cache/library.sqlite3");
    let library = Library::open(&places, &[home.root()]);
    assert_eq!(library.warnings().len(), 1, "{:?}", library.warnings());
    assert_eq!(refresh(&library).models, 1);
    assert_eq!(library.models().len(), 1);
    library.hash_all(&mut |_| {}, &AtomicBool::new(false)).unwrap();
    assert!(library.models()[0].hashes.sha256.is_some());
    assert!(
        library.set_favourite(&home.path("a.safetensors"), true).is_err(),
        "a mark is kept or refused"
    );
}
