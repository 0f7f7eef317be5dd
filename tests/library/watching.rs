//! Changes below the folders are told, by the system or by looking.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use danlu::library::watch::Watch;

use super::files::{Home, lora};

/// What is told until a path is among it.
fn until(heard: &Receiver<Vec<PathBuf>>, wanted: &PathBuf) -> BTreeSet<PathBuf> {
    let end = Instant::now() + Duration::from_secs(20);
    let mut all = BTreeSet::new();
    while !all.contains(wanted) {
        let left = end.saturating_duration_since(Instant::now());
        all.extend(heard.recv_timeout(left).expect("the change is told"));
    }
    all
}

#[test]
fn new_changed_and_removed_files_are_told() {
    for polls in [false, true] {
        let home = Home::new();
        home.write("Lora/old.safetensors", lora(&[]));
        let (tell, heard) = channel();
        let watch = Watch::begin_with(&[home.root()], tell, Duration::from_millis(50), &|_| polls);
        let new = home.write("Lora/new.safetensors", lora(&[]));
        until(&heard, &new);
        let deep = home.write("Lora/a/b/deep.safetensors", lora(&[]));
        // A folder that is new may be told in place of what was written into it at the same moment.
        let end = Instant::now() + Duration::from_secs(20);
        let mut told = BTreeSet::new();
        while !told.iter().any(|path| deep.starts_with(path) && *path != home.root()) {
            told.extend(
                heard
                    .recv_timeout(end.saturating_duration_since(Instant::now()))
                    .expect("the folder is told"),
            );
        }
        std::fs::remove_file(home.path("Lora/old.safetensors")).unwrap();
        until(&heard, &home.path("Lora/old.safetensors"));
        drop(watch);
        let end = loop {
            if let Err(error) = heard.recv_timeout(Duration::from_secs(20)) {
                break error;
            }
        };
        assert_eq!(end, RecvTimeoutError::Disconnected, "it ends with its watch");
    }
}

#[test]
fn a_root_that_is_not_there_is_no_trouble() {
    let home = Home::new();
    let (tell, heard) = channel();
    let _watch = Watch::begin(&[home.path("nowhere"), home.root()], tell);
    let new = home.write("new.safetensors", lora(&[]));
    until(&heard, &new);
}
