//! What the user says of models: kept, moved with the file, never thrown away.

use std::fs;
use std::sync::atomic::AtomicBool;

use danlu::library::Library;

use super::files::{Home, lora, refresh};

fn tags(library: &Library, path: &std::path::Path, tags: &[&str]) {
    let tags: Vec<String> = tags.iter().map(|tag| (*tag).to_owned()).collect();
    library.set_tags(path, &tags).unwrap();
}

#[test]
fn favourites_and_tags_are_kept() {
    let home = Home::new();
    let fox = home.write("fox.safetensors", lora(&[]));
    home.write("den.safetensors", lora(&[]));
    let library = home.refreshed();
    library.set_favourite(&fox, true).unwrap();
    tags(&library, &fox, &[" red ", "anime", "red", ""]);
    for library in [library, home.library()] {
        let cards = library.models();
        assert_eq!(
            (cards[1].favourite, cards[1].tags.as_slice()),
            (true, &["anime".to_owned(), "red".to_owned()][..])
        );
        assert_eq!((cards[0].favourite, cards[0].tags.len()), (false, 0));
    }
    // The index can be thrown away, the marks stay.
    fs::remove_dir_all(home.places().index.parent().unwrap()).unwrap();
    assert!(home.refreshed().models()[1].favourite);
}

#[test]
fn a_mark_goes_with_its_file() {
    let home = Home::new();
    let fox = home.write("fox.safetensors", lora(&[("a", "b")]));
    let library = home.refreshed();
    library.set_favourite(&fox, true).unwrap();
    library.hash_all(&mut |_| {}, &AtomicBool::new(false)).unwrap();
    fs::create_dir(home.path("sub")).unwrap();
    fs::rename(&fox, home.path("sub/red.safetensors")).unwrap();
    refresh(&library);
    library.hash_all(&mut |_| {}, &AtomicBool::new(false)).unwrap();
    let card = &library.models()[0];
    assert!(card.favourite, "{card:?}");
    // Taken away there, it does not come back.
    library.set_favourite(&card.path, false).unwrap();
    assert!(!library.models()[0].favourite && !home.library().models()[0].favourite);
}

#[test]
fn a_damaged_file_of_marks_is_kept_aside_and_said() {
    let home = Home::new();
    let fox = home.write("fox.safetensors", lora(&[]));
    home.refreshed().set_favourite(&fox, true).unwrap();
    let user = home.places().user;
    for suffix in ["-wal", "-shm"] {
        let _ = fs::remove_file(format!("{}{suffix}", user.display()));
    }
    fs::write(&user, "no database at all, but somebody's").unwrap();
    let library = home.library();
    let aside = user.with_extension("damaged-1.sqlite3");
    assert_eq!(library.warnings().len(), 1);
    assert!(
        library.warnings()[0].contains(&aside.display().to_string()),
        "{:?}",
        library.warnings()
    );
    assert_eq!(
        fs::read_to_string(&aside).unwrap(),
        "no database at all, but somebody's"
    );
    library.set_favourite(&fox, true).unwrap();
    assert!(library.models()[0].favourite);
    // One of a newer danlu is left alone.
    let connection = rusqlite::Connection::open(&user).unwrap();
    connection.execute_batch("PRAGMA user_version = 99").unwrap();
    drop(connection);
    let older = home.library();
    assert!(older.warnings()[0].contains("version 99"), "{:?}", older.warnings());
    assert!(older.set_favourite(&fox, false).is_err());
    let connection = rusqlite::Connection::open(&user).unwrap();
    let kept: i64 = connection
        .query_row("SELECT count(*) FROM marks", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, 1);
}
