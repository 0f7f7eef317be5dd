//! The dataset at work: real files, a real journal, a terminal that may be lost at any moment.

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use image::RgbImage;

use crate::desk::{Desk, quit};
use crate::tty::{Tty, kill};

/// A copy of the shipped dataset in the desk's home.
fn set(desk: &Desk) -> PathBuf {
    let from = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("datasets/fluent/10_fluent");
    let to = desk.home.shell.path("fluent/10_fluent");
    fs::create_dir_all(&to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
    to
}

fn open(desk: &Desk) -> (Tty, PathBuf) {
    let set = set(desk);
    let tty = desk.open_with(
        &[
            "--graphics",
            "none",
            "--dataset",
            set.parent().unwrap().to_str().unwrap(),
        ],
        &[],
    );
    tty.wait_text("airplane.png");
    // The caption of the first picture.
    tty.wait_text(" travel ");
    (tty, set)
}

/// Waits until a file holds this.
#[track_caller]
fn holds(path: &std::path::Path, text: &str) {
    let until = Instant::now() + Duration::from_secs(20);
    while fs::read_to_string(path).unwrap_or_default() != text {
        assert!(Instant::now() < until, "{:?} is not {text:?}", fs::read_to_string(path));
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_caption_is_written_taken_back_and_written_again() {
    let desk = Desk::new("", 1);
    let (mut tty, set) = open(&desk);
    let file = set.join("airplane.txt");
    let was = fs::read_to_string(&file).unwrap();
    let now = was.replacen("airplane, ", "", 1);
    tty.send("lx");
    tty.wait_text("not written yet");
    tty.send("]");
    holds(&file, &now);
    tty.send("u");
    tty.wait_text("Taken back");
    holds(&file, &was);
    tty.send("\x12");
    tty.wait_text("Done again");
    holds(&file, &now);
    quit(&mut tty);
}

#[test]
fn many_captions_are_changed_after_a_look_and_taken_back_in_another_session() {
    let desk = Desk::new("", 1);
    let (mut tty, set) = open(&desk);
    let file = set.join("avocado.txt");
    let was = fs::read_to_string(&file).unwrap();
    tty.send("ea");
    tty.wait_text("Add tags");
    tty.send("smith");
    tty.send("\r\x13");
    tty.wait_text("59 files");
    tty.wait_text("danlu tags add --tag smith");
    assert_eq!(
        fs::read_to_string(&file).unwrap(),
        was,
        "nothing is written before it was looked at"
    );
    tty.send("w");
    tty.wait_text("Captions written: 59");
    holds(&file, &format!("{was}, smith"));
    quit(&mut tty);
    let mut tty = desk.open_with(&["--graphics", "none"], &[]);
    tty.send("\x1bt");
    tty.wait_text("airplane.png");
    tty.send("u");
    tty.wait_text("Taken back");
    holds(&file, &was);
    quit(&mut tty);
}

#[test]
fn a_picture_that_becomes_another_under_its_name_is_measured_again() {
    let desk = Desk::new("", 1);
    let (mut tty, set) = open(&desk);
    let file = set.join("airplane.png");
    tty.send("vc");
    tty.wait_text("lost on average");
    let (was, other) = (fs::read(&file).unwrap(), RgbImage::new(900, 300));
    other.save(&file).unwrap();
    tty.wait_text("900x300");
    fs::write(&file, &was).unwrap();
    tty.wait_gone("900x300");
    // The same by a batch of its own, and by its undoing.
    other.save(&file).unwrap();
    tty.wait_text("900x300");
    tty.send("Pc");
    tty.wait_text("Which pictures it is done to");
    tty.send("\x13");
    tty.wait_text("What would be done");
    tty.send("w");
    tty.wait_gone("What would be done");
    tty.wait_gone("900x300");
    tty.send("u");
    tty.wait_text("Taken back");
    tty.wait_text("900x300");
    quit(&mut tty);
}

#[test]
fn a_change_from_outside_is_noticed_and_never_written_over() {
    let desk = Desk::new("", 1);
    let (mut tty, set) = open(&desk);
    let file = set.join("airplane.txt");
    fs::write(&file, "quite another").unwrap();
    tty.wait_text("quite another");
    tty.send("la");
    tty.send("mine\r\r");
    tty.wait_text("not written yet");
    fs::write(&file, "theirs").unwrap();
    tty.wait_text("changed outside as well");
    tty.send("]");
    tty.send("C");
    tty.wait_text("as it was");
    assert_eq!(fs::read_to_string(&file).unwrap(), "theirs");
    tty.send("o");
    holds(&file, "quite another, mine");
    fs::remove_file(set.join("fox.png")).unwrap();
    tty.wait_text("58");
    quit(&mut tty);
}

#[test]
fn a_query_asks_the_journal_and_the_pixels_too() {
    let desk = Desk::new("", 1);
    let (mut tty, set) = open(&desk);
    fs::copy(set.join("fox.png"), set.join("fox again.png")).unwrap();
    tty.wait_text("60");
    tty.send("/dup:\r");
    tty.wait_text("2 of 60");
    tty.wait_text("fox again.png");
    // Another picture of the same name is no copy any more.
    fs::copy(set.join("star.png"), set.join("fox again.png")).unwrap();
    tty.wait_gone("fox.png");
    tty.wait_text("star.png");
    tty.send("\x1b");
    tty.wait_text("airplane.png");
    tty.send("/changed:\r");
    tty.wait_text(" 0 of 60");
    let file = set.join("airplane.txt");
    let was = fs::read_to_string(&file).unwrap();
    tty.send("\x1b");
    tty.wait_text("airplane.png");
    tty.send("ea");
    tty.wait_text("Add tags");
    tty.send("smith\r\x13");
    tty.wait_text("danlu tags add --tag smith");
    tty.send("w");
    tty.wait_text("Captions written");
    tty.send("/changed: tag:travel\r");
    tty.wait_text("of 60");
    tty.wait_text("~10_fluent/airplane.png");
    tty.send("u");
    holds(&file, &was);
    tty.wait_text(" 0 of 60");
    quit(&mut tty);
}

#[test]
fn a_lost_terminal_writes_what_was_typed_and_a_killed_one_keeps_it() {
    let desk = Desk::new("", 1);
    let (mut tty, set) = open(&desk);
    let file = set.join("airplane.txt");
    let was = fs::read_to_string(&file).unwrap();
    tty.send("lx");
    tty.wait_text("not written yet");
    tty.close();
    tty.wait_exit();
    let now = was.replacen("airplane, ", "", 1);
    holds(&file, &now);

    let mut tty = desk.open_with(&["--graphics", "none"], &[]);
    tty.send("\x1bt");
    tty.wait_text("airplane.png");
    tty.send("lx");
    tty.wait_text("not written yet");
    let draft = desk.home.shell.path(".local/share/danlu/draft.json");
    let until = Instant::now() + Duration::from_secs(20);
    while !fs::read_to_string(&draft)
        .unwrap_or_default()
        .contains("unwritten\": {")
    {
        assert!(Instant::now() < until, "the draft is not kept");
        std::thread::sleep(Duration::from_millis(5));
    }
    kill(tty.pid(), "KILL");
    tty.wait_exit();
    assert_eq!(fs::read_to_string(&file).unwrap(), now);

    let mut tty = desk.open_with(&["--graphics", "none"], &[]);
    tty.send("\x1bt");
    tty.wait_text("is here again");
    tty.send("l\x13");
    holds(&file, &now.replacen("travel, ", "", 1));
    quit(&mut tty);
}
