//! Starting the engine process when it is needed.
//!
//! Several screens may start at once. Each that finds no engine starts one; the engine that gets the data folder's lock stays, the
//! others end at once and well, and all screens connect to the one that stayed.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::{ConnectError, Connection, connect};

/// How long an engine may take from its start to its handshake.
const PATIENCE: Duration = Duration::from_secs(20);
/// A log longer than this is put aside, so that there are never more than two of them.
const LOG_BYTES: u64 = 1 << 20;

/// How the engine process is started.
#[derive(Clone, Debug)]
pub struct Launch {
    /// Where it will listen.
    pub socket: PathBuf,
    /// The program, danlu itself.
    pub program: PathBuf,
    /// `engine` and the options that it takes.
    pub arguments: Vec<OsString>,
    /// Where its words go.
    pub log: PathBuf,
}

/// Connects to the running engine, or starts one.
///
/// # Errors
/// [`ConnectError`]; [`ConnectError::NotStarted`] with the engine's own words.
pub fn connect_or_start(launch: &Launch) -> Result<Connection, ConnectError> {
    let deadline = Instant::now() + PATIENCE;
    let mut pause = Duration::from_millis(1);
    let mut started: Option<Started<'_>> = None;
    loop {
        let missing = match connect(&launch.socket) {
            Err(e @ ConnectError::NoEngine(_)) => e,
            done => return done,
        };
        match started.as_mut().map(Started::fate) {
            None => started = Some(Started::start(launch)?),
            Some(Fate::Alive) => {}
            // Another engine was there first, and perhaps ends just now.
            Some(Fate::GaveWay) => {
                started = None;
                pause = Duration::from_millis(20);
            }
            // Another engine may have come up meanwhile.
            Some(Fate::Failed(e)) => return connect(&launch.socket).map_err(|_| e),
        }
        if Instant::now() > deadline {
            return Err(missing);
        }
        std::thread::sleep(pause);
        pause = (pause * 2).min(Duration::from_millis(20));
    }
}

/// What has become of an engine process that was started.
enum Fate {
    Alive,
    /// It ended well, since there was one already.
    GaveWay,
    Failed(ConnectError),
}

/// An engine process of ours that does not listen yet.
struct Started<'a> {
    child: Option<Child>,
    log: &'a Path,
    /// Where in the log its own words begin.
    begin: u64,
}

impl<'a> Started<'a> {
    fn start(launch: &'a Launch) -> Result<Self, ConnectError> {
        let not_started = |e: io::Error| ConnectError::NotStarted {
            said: format!("{}: {e}", launch.program.display()),
            hint: None,
        };
        let (log, begin) = open_log(&launch.log).map_err(|e| ConnectError::NotStarted {
            said: format!("its log {} cannot be written: {e}", launch.log.display()),
            hint: Some("make room, or allow writing there".to_owned()),
        })?;
        let child = Command::new(&launch.program)
            .args(&launch.arguments)
            .stdin(Stdio::null())
            .stdout(log.try_clone().map_err(not_started)?)
            .stderr(log)
            .spawn()
            .map_err(not_started)?;
        Ok(Self {
            child: Some(child),
            log: &launch.log,
            begin,
        })
    }

    fn fate(&mut self) -> Fate {
        let Some(child) = self.child.as_mut() else {
            return Fate::GaveWay;
        };
        match child.try_wait() {
            Ok(None) => Fate::Alive,
            Ok(Some(status)) if status.success() => Fate::GaveWay,
            Ok(Some(status)) => Fate::Failed(self.last_words(&status.to_string())),
            Err(e) => Fate::Failed(self.last_words(&e.to_string())),
        }
    }

    /// What the engine said of its end: a sentence and a hint, as every command does.
    fn last_words(&self, status: &str) -> ConnectError {
        let words = read_from(self.log, self.begin).unwrap_or_default();
        let line = |kind: &str| {
            words
                .lines()
                .rev()
                .find_map(|line| line.strip_prefix(kind))
                .map(str::to_owned)
        };
        let last = || words.lines().next_back().map(str::to_owned);
        ConnectError::NotStarted {
            said: line("error: ")
                .or_else(last)
                .unwrap_or_else(|| format!("it ended with {status}")),
            hint: line("hint: ").or_else(|| Some(format!("its log is {}", self.log.display()))),
        }
    }
}

impl Drop for Started<'_> {
    fn drop(&mut self) {
        // It outlives this process, but must not become a zombie when it ends before.
        if let Some(mut child) = self.child.take() {
            let _ = std::thread::Builder::new()
                .name("engine process".to_owned())
                .spawn(move || child.wait());
        }
    }
}

/// Opens the log for appending, and its length now. A long one is put aside first.
fn open_log(path: &Path) -> io::Result<(File, u64)> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    if path.metadata().is_ok_and(|log| log.len() > LOG_BYTES) {
        fs::rename(path, path.with_extension("log.old"))?;
    }
    let mut log = File::options().create(true).append(true).open(path)?;
    let end = log.seek(SeekFrom::End(0))?;
    Ok((log, end))
}

/// What stands in the log behind `begin`.
fn read_from(path: &Path, begin: u64) -> io::Result<String> {
    let mut log = File::open(path)?;
    log.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    log.take(1 << 16).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
