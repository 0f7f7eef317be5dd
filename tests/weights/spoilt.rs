//! Whatever a header or a configuration may hold, it is refused or read: nothing panics, and nothing is reserved that is not there.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

use danlu::weights::Error;

use super::configurations::Folder;
use super::load;
use super::tiny::{Tiny, header, safetensors};

/// xorshift64.
pub(super) struct Random(pub(super) u64);

impl Random {
    pub(super) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    pub(super) fn one_in(&mut self, rounds: usize) -> bool {
        self.below(rounds) == 0
    }

    /// Spoils a text in one to three places.
    pub(super) fn spoil(&mut self, text: &mut Vec<u8>) {
        const PIECES: &str = "9 - 0 1e9 \" } ] ,[ : \\u0000 null 18446744073709551615 4611686018427387904";
        let pieces: Vec<_> = PIECES.split(' ').collect();
        for _ in 0..=self.below(3) {
            let at = self.below(text.len());
            let end = (at + 1 + self.below(12)).min(text.len());
            match self.below(6) {
                0 => text[at] = self.below(256) as u8,
                1 => text[at] ^= 1 << self.below(8),
                2 if end - at < text.len() => drop(text.drain(at..end)),
                3 => {
                    let (piece, to) = (text[at..end].to_vec(), self.below(text.len()));
                    drop(text.splice(to..to, piece));
                }
                4 => drop(text.splice(at..end, pieces[self.below(pieces.len())].bytes())),
                // Another digit: shapes and offsets.
                _ => {
                    if let Some(digit) = text[at..].iter_mut().find(|b| b.is_ascii_digit()) {
                        *digit = b'0' + self.below(10) as u8;
                    }
                }
            }
        }
    }
}

/// Loads a model that was spoilt; what is wrong with how it is refused, if anything.
fn try_load(model: &Path) -> Result<Option<Error>, String> {
    let done = catch_unwind(AssertUnwindSafe(|| load(model))).map_err(|_| "panicked".to_owned())?;
    let Err(error) = done else { return Ok(None) };
    let text = error.to_string();
    if text.contains(char::is_control) || !text.contains(&model.with_extension("").display().to_string()) {
        return Err(format!("said {text:?}"));
    }
    Ok(Some(error))
}

/// The most address space that the process ever had, in bytes; 0 where the system does not say.
fn address_space() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmPeak:"));
    let kibibytes = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kibibytes.unwrap_or_default() * 1024
}

#[test]
fn spoilt_headers() {
    const ROUNDS: usize = 10_000;
    let tiny = Tiny::new();
    let path = tiny.write();
    // Room behind the header, so that a spoilt one may be longer and the data stays where it is.
    let (header, body) = header(&tiny.tensors);
    let room = header.len() + 256;
    let whole = safetensors(format!("{header:room$}"), body);
    fs::write(&path, &whole).unwrap();
    load(&path).unwrap();

    let before = address_space();
    let mut random = Random(42);
    let mut refused = 0;
    for round in 0..ROUNDS {
        let mut spoilt = header.clone().into_bytes();
        random.spoil(&mut spoilt);
        spoilt.resize(room, b' ');
        let mut length = room as u64;
        if random.one_in(20) {
            length ^= 1 << random.below(64);
        }
        let mut file = OpenOptions::new().write(true).open(&path).unwrap();
        file.write_all(&length.to_le_bytes()).unwrap();
        file.write_all(&spoilt).unwrap();
        let cut = if random.one_in(20) {
            random.below(whole.len())
        } else {
            0
        };
        file.set_len((whole.len() - cut) as u64).unwrap();
        drop(file);
        match try_load(&path) {
            Ok(error) => refused += usize::from(error.is_some()),
            Err(fault) => panic!(
                "round {round} {fault}; the header: {}",
                String::from_utf8_lossy(&spoilt).trim_end()
            ),
        }
    }
    assert!((ROUNDS / 2..ROUNDS).contains(&refused), "{refused} refused");
    let grown = address_space() - before;
    assert!(grown < 4 << 30, "reserved {grown} bytes");
}

#[test]
fn spoilt_configurations() {
    let (tiny, folder) = (Tiny::new(), Folder::new());
    let (single, folder) = (tiny.write(), folder.path());
    let mut random = Random(7);
    let jsons = [
        "model_index.json",
        "unet/config.json",
        "vae/config.json",
        "text_encoder/config.json",
    ];
    let jsons = jsons.map(|name| (folder.join(name), &folder));
    for (file, model) in [(single.with_extension("yaml"), &single)].into_iter().chain(jsons) {
        let whole = fs::read(&file).unwrap();
        for round in 0..600 {
            let mut spoilt = whole.clone();
            random.spoil(&mut spoilt);
            fs::write(&file, &spoilt).unwrap();
            if let Err(fault) = try_load(model) {
                panic!(
                    "round {round} of {} {fault}: {}",
                    file.display(),
                    String::from_utf8_lossy(&spoilt)
                );
            }
        }
        fs::write(&file, whole).unwrap();
    }
}
