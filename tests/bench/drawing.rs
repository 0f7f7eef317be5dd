//! How long the parts of drawing take: `cargo bench --bench drawing`.
//!
//! The same measurement as `danlu bench`, on the shipped checkpoint, plus start-up: the program's help from spawn to exit.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

use std::process::{Command, Stdio};
use std::time::Instant;

fn main() {
    let danlu = env!("CARGO_BIN_EXE_danlu");
    let mut times: Vec<f64> = (0..50)
        .map(|_| {
            let begun = Instant::now();
            let status = Command::new(danlu)
                .arg("--help")
                .stdout(Stdio::null())
                .status()
                .unwrap();
            assert!(status.success());
            begun.elapsed().as_secs_f64() * 1000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    println!(
        "danlu --help                  {:>9.1} ms  (fastest {:.1})",
        times[25], times[0]
    );
    assert!(Command::new(danlu).arg("bench").status().unwrap().success());
}
