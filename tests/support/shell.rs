//! The real program in a home of its own, for the tests of the shell.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::LazyLock;

use serde_json::Value;
use sha2::{Digest, Sha256};
use tempfile::TempDir;

/// The checkpoint of the repository, which the program carries too.
pub const SHIPPED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/models/danlu-emoji.safetensors");

/// Its SHA-256 in hexadecimal.
pub static SHIPPED_SHA256: LazyLock<String> = LazyLock::new(|| sha256(&fs::read(SHIPPED).unwrap()));

pub fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

/// A home folder, which is also where the program is run. It goes when it is dropped.
pub struct Shell(TempDir);

impl Shell {
    /// A home where danlu has run before: the shipped checkpoint lies in the cache, which saves writing 40 MB for every test.
    pub fn new() -> Self {
        let shell = Self::bare();
        for extension in ["safetensors", "yaml"] {
            let name = format!(".cache/danlu/models/danlu-emoji.{extension}");
            shell.link(&Path::new(SHIPPED).with_extension(extension), &name);
        }
        shell
    }

    /// A home where danlu has never run.
    pub fn bare() -> Self {
        // A socket's path has at most 107 bytes, and the engine's lies deep in a home.
        let target = env!("CARGO_TARGET_TMPDIR");
        let home = if target.len() <= 55 {
            tempfile::tempdir_in(target)
        } else {
            tempfile::tempdir()
        };
        Self(home.unwrap())
    }

    /// The home itself.
    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// The path of something in the home, as the program prints it.
    pub fn text(&self, name: &str) -> String {
        self.path(name).into_os_string().into_string().unwrap()
    }

    /// Writes a file, and the folders above it.
    pub fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Another name for a file. Not a symbolic link: whatever goes wrong, the original must stay.
    pub fn link(&self, original: &Path, name: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if fs::hard_link(original, &path).is_err() {
            fs::copy(original, &path).unwrap();
        }
    }

    /// The program with the arguments of a line (see [`words`]) and no environment but a home. A backtrace is asked for, so that a
    /// panic cannot hide.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_danlu"));
        command.args(words(line)).current_dir(self.0.path()).env_clear();
        for name in ["PATH", "LD_LIBRARY_PATH", "SystemRoot"] {
            command.envs(std::env::var_os(name).map(|value| (name, value)));
        }
        command
            .env("HOME", self.0.path())
            .env("TERM", "dumb")
            .env("TZ", "UTC")
            .env("RUST_BACKTRACE", "1")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    pub fn run(&self, line: &str) -> Ran {
        Ran::of(&mut self.command(line))
    }

    /// Runs with this on standard input.
    pub fn feed(&self, line: &str, input: impl AsRef<[u8]>) -> Ran {
        let mut child = self.command(line).stdin(Stdio::piped()).spawn().unwrap();
        // A program that refuses its options never reads.
        let _ = child.stdin.take().unwrap().write_all(input.as_ref());
        child.wait_with_output().unwrap().into()
    }

    /// Runs `generate` for a small fox in one step, with these options too.
    pub fn fox(&self, options: &str) -> Ran {
        self.run(&format!("generate -p fox --steps 1 --size 16x16 {options}"))
    }

    /// Every file of the home but the cache's, relative and sorted, hidden ones too.
    pub fn files(&self) -> Vec<String> {
        let mut files = files(self.0.path());
        files.retain(|name| !name.starts_with(".cache/"));
        files
    }
}

/// The words of a line. A single quote begins and ends a stretch where spaces count as letters.
pub fn words(line: &str) -> Vec<String> {
    let mut words = vec![];
    let mut word = None;
    let mut quoted = false;
    for letter in line.chars() {
        match letter {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            _ => word.get_or_insert_with(String::new).push(letter),
        }
    }
    assert!(!quoted, "an open quote in {line}");
    words.extend(word);
    words
}

/// Every file below a folder, relative and sorted, hidden ones too.
pub fn files(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// How a program ended.
#[derive(Debug)]
pub struct Ran {
    pub status: ExitStatus,
    pub stdout: String,
    pub stderr: String,
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            status: output.status,
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ran {
    pub fn of(command: &mut Command) -> Self {
        command.output().unwrap().into()
    }

    /// What a program that did its work printed. Standard error is no terminal, so nothing is said there.
    #[track_caller]
    pub fn ok(&self) -> &str {
        assert!(self.status.success() && self.stderr.is_empty(), "{self:#?}");
        &self.stdout
    }

    /// The one line of JSON that it printed.
    #[track_caller]
    pub fn json(&self) -> Value {
        let values = self.jsons();
        assert_eq!(values.len(), 1, "{self:#?}");
        values.into_iter().next().unwrap()
    }

    /// The lines of JSON that it printed.
    #[track_caller]
    pub fn jsons(&self) -> Vec<Value> {
        let lines = self.ok().lines();
        lines
            .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {self:#?}")))
            .collect()
    }

    /// Asserts an exit code and one sentence on standard error, alone but for one hint. Returns the sentence and the hint.
    #[track_caller]
    pub fn failed(&self, code: i32) -> (&str, &str) {
        let mut lines = self.stderr.lines();
        let sentence = lines.next().and_then(|line| line.strip_prefix("error: "));
        let hint = lines.next().map_or(Some(""), |line| line.strip_prefix("hint: "));
        let (Some(sentence), Some(hint), None) = (sentence, hint, lines.next()) else {
            panic!("not one sentence and at most one hint: {self:#?}");
        };
        assert_eq!(self.status.code(), Some(code), "{self:#?}");
        assert!(
            !self.stderr.contains(['\x1b', '\r']) && !sentence.is_empty(),
            "{self:#?}"
        );
        (sentence, hint)
    }
}

/// Sends a signal by its short name.
pub fn signal(child: &Child, name: &str) {
    let sent = Command::new("kill")
        .args([format!("-{name}"), child.id().to_string()])
        .status();
    assert!(sent.unwrap().success());
}

/// A PNG, decoded to its end.
#[derive(Debug, PartialEq)]
pub struct Png {
    pub width: u32,
    pub height: u32,
    pub rgb: Vec<u8>,
    /// The text named `parameters`, and whether it is a `tEXt` chunk.
    pub parameters: Option<(String, bool)>,
}

impl Png {
    #[track_caller]
    pub fn open(path: &Path) -> Self {
        let file = File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let decode = || -> Result<Self, png::DecodingError> {
            let mut reader = png::Decoder::new(BufReader::new(file)).read_info()?;
            let mut rgb = vec![0; reader.output_buffer_size().unwrap()];
            let frame = reader.next_frame(&mut rgb)?;
            reader.finish()?;
            assert_eq!(
                (frame.color_type, frame.bit_depth),
                (png::ColorType::Rgb, png::BitDepth::Eight)
            );
            let info = reader.info();
            let latin1 = info.uncompressed_latin1_text.iter().find(|t| t.keyword == "parameters");
            let utf8 = info.utf8_text.iter().find(|t| t.keyword == "parameters");
            let parameters = latin1
                .map(|t| (t.text.clone(), true))
                .or_else(|| utf8.map(|t| (t.get_text().unwrap(), false)));
            Ok(Self {
                width: frame.width,
                height: frame.height,
                rgb,
                parameters,
            })
        };
        decode().unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    #[track_caller]
    pub fn infotext(&self) -> &str {
        &self.parameters.as_ref().unwrap().0
    }
}
