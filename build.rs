//! Compresses the shipped checkpoint, so that the program carries it.

use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    const MODEL: &str = "models/danlu-emoji.safetensors";
    println!("cargo::rerun-if-changed={MODEL}");
    println!("cargo::rerun-if-changed=build.rs");
    let out = env::var_os("OUT_DIR").ok_or_else(|| io::Error::other("cargo sets OUT_DIR"))?;
    // Level 3: higher ones take minutes and win nothing on half-precision weights.
    let packed = zstd::encode_all(fs::File::open(MODEL)?, 3)?;
    fs::write(Path::new(&out).join("danlu-emoji.safetensors.zst"), packed)
}
