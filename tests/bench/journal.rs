//! How fast a large batch is written and taken back: `cargo bench --bench journal`.
//!
//! 100,000 captions of 30 tags in ten folders get a tag. Beside it a plain loop over the same files, which is what the file system asks
//! for: each written to a temporary name and renamed. Both end with one flush of the file system, which is told apart.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use danlu::data::journal::{Action, Change, Journal, Progress, Stop};

const CAPTIONS: usize = 100_000;

fn caption(number: usize) -> String {
    let tags = (0..30).map(|n| format!("some tag {}", (number * 31 + n * n * 7) % 4001));
    tags.collect::<Vec<_>>().join(", ")
}

fn path(root: &Path, number: usize) -> PathBuf {
    root.join(format!("{}_class/{number:06}.txt", 1 + number % 10))
}

fn told<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let begun = Instant::now();
    let done = work();
    let seconds = begun.elapsed().as_secs_f64();
    println!("{what:<44} {seconds:7.2} s {:9.0} files/s", CAPTIONS as f64 / seconds);
    done
}

/// The most memory that this process had, in MiB.
fn peak() -> f64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or_default();
    line.split_whitespace()
        .nth(1)
        .and_then(|kib| kib.parse::<f64>().ok())
        .unwrap_or_default()
        / 1024.0
}

fn main() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path();
    for number in 0..10 {
        fs::create_dir(root.join(format!("{}_class", 1 + number))).unwrap();
    }
    for number in 0..CAPTIONS {
        fs::write(path(root, number), caption(number)).unwrap();
    }
    let flush = || danlu::store::atomic::flush_file_system(root).unwrap();
    flush();
    told("a plain loop", || {
        for number in 0..CAPTIONS {
            let path = path(root, number);
            let temporary = path.with_file_name(".temporary");
            fs::write(&temporary, caption(number)).unwrap();
            fs::rename(&temporary, &path).unwrap();
        }
    });
    told("its flush", flush);
    let journal = Journal::at(root);
    let mut flushing = Instant::now();
    let mut watch = |progress: Progress| -> Result<(), Stop> {
        if progress == Progress::Flushing {
            flushing = Instant::now();
        }
        Ok(())
    };
    let changes: Vec<Change> = (0..CAPTIONS)
        .map(|number| Change::Write {
            path: path(root, number),
            before: Some(caption(number).into_bytes()),
            after: Some(format!("trigger, {}", caption(number)).into_bytes()),
        })
        .collect();
    println!("memory with the batch at hand: {:.0} MiB", peak());
    let done = told("a batch, with its flush", || {
        journal.commit("add trigger", changes, &mut watch).unwrap()
    });
    println!(
        "  of which the flush and the last word: {:.2} s",
        flushing.elapsed().as_secs_f64()
    );
    assert_eq!((done.changed.len(), done.conflicts.len()), (CAPTIONS, 0));
    drop(done);
    let preview = told("undo, only looked at", || journal.preview(&Action::Undo(1)).unwrap());
    assert_eq!(preview.texts.len(), CAPTIONS);
    drop(preview);
    let mut watch = |_| Ok(());
    told("undo, with its flush", || journal.undo(1, &mut watch).unwrap());
    assert_eq!(fs::read_to_string(path(root, 77)).unwrap(), caption(77));
    told("redo, with its flush", || journal.redo(1, &mut watch).unwrap());
    let file = fs::metadata(root.join(".danlu/journal.sqlite3")).unwrap().len();
    println!(
        "the journal has {:.1} MiB; most memory: {:.0} MiB",
        file as f64 / f64::from(1 << 20),
        peak()
    );
}
