//! The client's end of the engine's socket.
//!
//! A [`Connection`] is shaken hands on and split into what sends and what listens, for two threads. It never starts an engine by itself;
//! [`launch`] does, when it is asked to. See [`super::wire`] for what crosses.

pub mod launch;

use std::io::{self, ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::Event;
use super::seat;
use super::wire::{self, EVENT_LIMIT, HELLO_LIMIT, Hello, REQUEST_LIMIT, Request, WireError};
pub use launch::{Launch, connect_or_start};

/// How long an engine may take to shake hands, or to take a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// Why there is no connection.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Nothing listens.
    #[error("no engine is running (nothing listens at {})", .0.display())]
    NoEngine(PathBuf),
    /// The engine is of another version.
    #[error("the engine that is running (process {pid}) is danlu {theirs}, and this is danlu {ours}")]
    OtherVersion {
        /// The engine's version.
        theirs: String,
        /// This one's.
        ours: String,
        /// The engine's process.
        pid: u32,
    },
    /// Another user listens, or could listen, there.
    #[error("{} is not safe to use: {why}", path.display())]
    NotOurs {
        /// The folder or socket.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Something listens and does not answer as an engine does.
    #[error("the engine at {} does not answer: {why}", socket.display())]
    NoAnswer {
        /// The socket.
        socket: PathBuf,
        /// What happened instead.
        why: String,
    },
    /// The engine process ended at once.
    #[error("the engine could not be started: {said}")]
    NotStarted {
        /// Its last words.
        said: String,
        /// Its own hint.
        hint: Option<String>,
    },
    /// The system does not allow a connection.
    #[error("cannot connect to {}: {why}", socket.display())]
    System {
        /// The socket.
        socket: PathBuf,
        /// The system's reason.
        why: String,
    },
}

impl ConnectError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NoEngine(_) => Some("`danlu engine` starts one; `danlu` and `danlu queue add` do so by themselves".to_owned()),
            Self::OtherVersion { .. } => Some(
                "end it with `danlu engine stop`; its running job becomes interrupted, and the waiting ones go on with the next engine"
                    .to_owned(),
            ),
            Self::NotOurs { path, .. } => Some(format!(
                "see who owns it with `ls -ld {}`, or set XDG_RUNTIME_DIR to a folder of your own",
                path.display()
            )),
            Self::NoAnswer { .. } => Some("end it with `danlu engine stop`, and try again".to_owned()),
            Self::NotStarted { hint, .. } => hint.clone(),
            Self::System { .. } => None,
        }
    }
}

/// The connection is over.
#[derive(Debug, thiserror::Error)]
pub enum Lost {
    /// The engine has closed it.
    #[error("the engine has ended")]
    Ended,
    /// It broke.
    #[error("the connection to the engine broke off: {0}")]
    Broken(String),
    /// A request that cannot be sent. The connection stands.
    #[error("{0}")]
    Unsendable(String),
}

impl Lost {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Ended | Self::Broken(_) => {
                "`danlu engine status` says whether one runs; jobs that wait are kept".to_owned()
            }
            Self::Unsendable(_) => "shorten the texts, and use file names that are UTF-8".to_owned(),
        })
    }
}

impl From<WireError> for Lost {
    fn from(error: WireError) -> Self {
        match error {
            WireError::Io(e) if is_end(&e) => Self::Ended,
            WireError::Io(_) | WireError::Meaning(_) => Self::Broken(error.to_string()),
            WireError::TooLong { .. } | WireError::Unsendable(_) => Self::Unsendable(error.to_string()),
        }
    }
}

fn is_end(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::UnexpectedEof | ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
    )
}

/// A handshake that went well.
#[derive(Debug)]
pub struct Connection {
    stream: UnixStream,
    peer: Hello,
}

/// Connects to a running engine.
///
/// # Errors
/// [`ConnectError`]; [`ConnectError::NoEngine`] where nothing listens.
pub fn connect(socket: &Path) -> Result<Connection, ConnectError> {
    let mut stream = open(socket)?;
    let ours = Hello::ours();
    let no_answer = |error: WireError| match error {
        // It was about to end, and has.
        WireError::Io(e) if is_end(&e) => ConnectError::NoEngine(socket.to_owned()),
        WireError::Io(e) if matches!(e.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => ConnectError::NoAnswer {
            socket: socket.to_owned(),
            why: format!("it said nothing for {} seconds", PATIENCE.as_secs()),
        },
        error => ConnectError::NoAnswer {
            socket: socket.to_owned(),
            why: error.to_string(),
        },
    };
    wire::write(&mut stream, &ours, HELLO_LIMIT).map_err(no_answer)?;
    let body = wire::read(&mut stream, HELLO_LIMIT).map_err(no_answer)?;
    let body = body.ok_or_else(|| ConnectError::NoEngine(socket.to_owned()))?;
    let peer: Hello = wire::meaning(&body).map_err(no_answer)?;
    if !ours.speaks_with(&peer) {
        return Err(ConnectError::OtherVersion {
            theirs: peer.danlu,
            ours: ours.danlu,
            pid: peer.pid,
        });
    }
    if let Some(why) = peer.refused {
        let socket = socket.to_owned();
        return Err(ConnectError::NoAnswer { socket, why });
    }
    Ok(Connection { stream, peer })
}

/// The process that listens at a socket, whatever its version; `None` when none does.
///
/// # Errors
/// The socket is not this user's, or the system does not say.
pub fn listener(socket: &Path) -> Result<Option<u32>, ConnectError> {
    match open(socket) {
        Ok(stream) => Ok(seat::peer(&stream).map_err(|e| system(socket, &e))?.pid),
        Err(ConnectError::NoEngine(_)) => Ok(None),
        Err(e) => Err(e),
    }
}

/// Opens the socket and makes sure that the engine behind it is this user's.
fn open(socket: &Path) -> Result<UnixStream, ConnectError> {
    let stream = UnixStream::connect(socket).map_err(|e| match e.kind() {
        ErrorKind::NotFound | ErrorKind::ConnectionRefused => ConnectError::NoEngine(socket.to_owned()),
        _ => system(socket, &e),
    })?;
    let peer = seat::peer(&stream).map_err(|e| system(socket, &e))?;
    if !peer.is_us {
        return Err(ConnectError::NotOurs {
            path: socket.to_owned(),
            why: "another user listens there".to_owned(),
        });
    }
    let set = |e| system(socket, &e);
    stream.set_read_timeout(Some(PATIENCE)).map_err(set)?;
    stream.set_write_timeout(Some(PATIENCE)).map_err(set)?;
    Ok(stream)
}

fn system(socket: &Path, error: &io::Error) -> ConnectError {
    ConnectError::System {
        socket: socket.to_owned(),
        why: error.to_string(),
    }
}

impl Connection {
    /// The engine's version and process.
    pub fn peer(&self) -> &Hello {
        &self.peer
    }

    /// What sends, and what listens. The engine counts the client as gone once both are dropped.
    ///
    /// # Errors
    /// The process has no file descriptor left.
    pub fn split(self) -> Result<(Requests, Events), Lost> {
        let listening = self.stream.try_clone().map_err(|e| Lost::Broken(e.to_string()))?;
        let events = Events {
            stream: listening,
            buffer: Vec::new(),
            begin: 0,
        };
        Ok((Requests(Arc::new(Mutex::new(self.stream))), events))
    }
}

/// Sends requests. Clones share the connection.
#[derive(Clone, Debug)]
pub struct Requests(Arc<Mutex<UnixStream>>);

impl Requests {
    /// Sends a request. Answers come as events.
    ///
    /// # Errors
    /// [`Lost`]; after [`Lost::Unsendable`] the connection stands.
    pub fn send(&self, request: &Request) -> Result<(), Lost> {
        let bytes = wire::frame(request, REQUEST_LIMIT)?;
        let mut stream = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stream.write_all(&bytes).map_err(|e| {
            // Half a request must not be followed by another.
            let _ = stream.shutdown(Shutdown::Both);
            WireError::Io(e).into()
        })
    }
}

/// Listens to the engine.
#[derive(Debug)]
pub struct Events {
    stream: UnixStream,
    /// What has come; a whole frame is taken out at once.
    buffer: Vec<u8>,
    /// Where in it the next frame begins.
    begin: usize,
}

impl Events {
    /// The next event, waited for as long as it takes. The first one is `Event::Present`.
    ///
    /// # Errors
    /// [`Lost`], for good.
    #[expect(clippy::should_implement_trait, reason = "its end is an error with a reason")]
    pub fn next(&mut self) -> Result<Event, Lost> {
        loop {
            if let Some(event) = self.next_within(Duration::from_hours(1))? {
                return Ok(event);
            }
        }
    }

    /// The next event, or `None` when none came for `patience`.
    ///
    /// # Errors
    /// [`Lost`], for good.
    pub fn next_within(&mut self, patience: Duration) -> Result<Option<Event>, Lost> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some(event) = self.parse()? {
                return Ok(Some(event));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if !self.wait(left)? {
                return Ok(None);
            }
            self.fill()?;
        }
    }

    fn parse(&mut self) -> Result<Option<Event>, Lost> {
        let come = &self.buffer[self.begin..];
        let Some((head, rest)) = come.split_first_chunk::<4>() else {
            return Ok(None);
        };
        let length = wire::length_of(*head, EVENT_LIMIT).map_err(|e| Lost::Broken(e.to_string()))?;
        let Some(body) = rest.get(..length) else {
            return Ok(None);
        };
        let event = wire::meaning(body)?;
        self.begin += 4 + length;
        Ok(Some(event))
    }

    /// Whether something has come within `patience`.
    fn wait(&self, patience: Duration) -> Result<bool, Lost> {
        let timeout = Timespec {
            tv_sec: patience.as_secs() as i64,
            tv_nsec: i64::from(patience.subsec_nanos()),
        };
        let mut fds = [PollFd::new(&self.stream, PollFlags::IN)];
        match poll(&mut fds, Some(&timeout)) {
            Ok(ready) => Ok(ready > 0),
            Err(rustix::io::Errno::INTR) => Ok(false),
            Err(e) => Err(Lost::Broken(e.to_string())),
        }
    }

    fn fill(&mut self) -> Result<(), Lost> {
        self.buffer.drain(..self.begin);
        self.begin = 0;
        let old = self.buffer.len();
        self.buffer.resize(old + (1 << 16), 0);
        let read = self.stream.read(&mut self.buffer[old..]);
        self.buffer.truncate(old + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => Err(Lost::Ended),
            Ok(_) => Ok(()),
            Err(e) if e.kind() == ErrorKind::Interrupted => Ok(()),
            Err(e) => Err(WireError::Io(e).into()),
        }
    }
}
