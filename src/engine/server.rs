//! The engine process: its socket, and the two threads that each client has there.
//!
//! One thread reads a client's requests and hands them to the [`super::service`]; one writes what lies in the client's mailbox. Whatever
//! a client says, only its own connection suffers. See [`super::seat`] for where this listens and [`super::wire`] for what is said.

use std::io::{self, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Failure;
use super::queue::durable::{self, Queue};
use super::seat::{self, Lock, SeatError};
use super::service::{self, Client, Config, Message, Outbox, Service, Stopper, UNREAD_LIMIT};
use super::wire::{self, HELLO_LIMIT, Hello, REQUEST_LIMIT, Request, WireError};
use crate::store::queue::QueueError;

/// How long a client may take to shake hands.
const HANDSHAKE: Duration = Duration::from_secs(5);
/// How many clients there may be.
const CLIENTS: usize = 64;

/// Why there is no engine process.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// It has no place to be.
    #[error(transparent)]
    Seat(#[from] SeatError),
    /// Its queue cannot be used.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The system refuses threads or the like.
    #[error("the engine cannot run: {0}")]
    System(#[from] io::Error),
    /// It broke off.
    #[error("the engine broke off")]
    Broken,
}

impl HostError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Seat(e) => e.hint(),
            Self::Queue(e) => e.hint(),
            Self::System(_) => Some("end other programs".to_owned()),
            Self::Broken => Some("this is a fault of danlu's; please report it with the engine's log".to_owned()),
        }
    }
}

/// The engine process, ready to serve.
#[derive(Debug)]
pub struct Host {
    listener: UnixListener,
    socket: PathBuf,
    queue: Queue,
    sender: SyncSender<Message>,
    inbox: Receiver<Message>,
    /// Dropped last: whoever gets it next finds everything written and no socket.
    _lock: Lock,
}

impl Host {
    /// Takes the data folder's lock, opens the queue, and listens.
    ///
    /// # Errors
    /// [`SeatError::Taken`] where there is an engine already, and whatever else is in the way.
    pub fn open(data_dir: &Path, socket: &Path) -> Result<Self, HostError> {
        let lock = Lock::take(data_dir)?;
        let queue = Queue::open(&durable::file(data_dir))?;
        let listener = seat::listen(socket, &lock)?;
        let (sender, inbox) = service::channel();
        Ok(Self {
            listener,
            socket: socket.to_owned(),
            queue,
            sender,
            inbox,
            _lock: lock,
        })
    }

    /// Ends [`Host::serve`] from another thread.
    pub fn stopper(&self) -> Stopper {
        service::stopper(&self.sender)
    }

    /// Serves until the engine ends.
    ///
    /// # Errors
    /// When the system refuses threads.
    pub fn serve(self, config: Config) -> Result<(), HostError> {
        let (ended, end) = UnixStream::pair()?;
        let service = Service::new(self.queue, config, self.sender.clone(), self.inbox)?;
        let service = thread::Builder::new().name("queue".to_owned()).spawn(move || {
            // Closed however this thread ends, which the listening one sees.
            let _end = end;
            service.run();
        })?;
        let listened = listen(&self.listener, &ended, &self.sender);
        // From now on nobody finds this engine; the lock still keeps others away.
        let _ = std::fs::remove_file(&self.socket);
        service::stopper(&self.sender).stop("it can no longer listen");
        drop(self.listener);
        let done = service.join();
        listened?;
        done.map_err(|_| HostError::Broken)
    }
}

/// Takes clients in until the service ends.
fn listen(listener: &UnixListener, ended: &UnixStream, sender: &SyncSender<Message>) -> io::Result<()> {
    let clients = Arc::new(());
    for id in 0.. {
        let mut fds = [PollFd::new(listener, PollFlags::IN), PollFd::new(ended, PollFlags::IN)];
        match poll(&mut fds, None) {
            Err(rustix::io::Errno::INTR) => continue,
            done => done?,
        };
        if !fds[1].revents().is_empty() {
            break;
        }
        let Ok((stream, _)) = listener.accept() else {
            // No descriptor is free just now.
            thread::sleep(Duration::from_millis(50));
            continue;
        };
        let (sender, counted) = (sender.clone(), Arc::clone(&clients));
        let is_full = Arc::strong_count(&clients) > CLIENTS + 1;
        // Without a thread the client is not served, and sees that.
        let _ = thread::Builder::new().name("client".to_owned()).spawn(move || {
            serve(id, stream, &sender, is_full);
            drop(counted);
        });
    }
    Ok(())
}

/// Serves one client until it is gone; `None` if it did not come so far.
fn serve(id: u64, stream: UnixStream, sender: &SyncSender<Message>, is_full: bool) -> Option<()> {
    if !shake_hands(&stream, is_full).ok()? {
        return None;
    }
    let outbox = Arc::new(Outbox::with_limit(UNREAD_LIMIT));
    let (letters, out) = (Arc::clone(&outbox), stream.try_clone().ok()?);
    let writer = thread::Builder::new().name("client".to_owned());
    let writer = writer.spawn(move || write(&letters, out)).ok()?;
    let client = Client {
        id,
        outbox,
        stream: stream.try_clone().ok()?,
        writer,
    };
    sender.send(Message::Join(client)).ok()?;
    read(id, stream, sender);
    sender.send(Message::Leave(id)).ok()
}

/// Hears who the client is; whether it is welcome. One that is gets its answer from the service, together with the present state.
fn shake_hands(mut stream: &UnixStream, is_full: bool) -> Result<bool, WireError> {
    if !seat::peer(stream)?.is_us {
        return Ok(false);
    }
    stream.set_read_timeout(Some(HANDSHAKE))?;
    stream.set_write_timeout(Some(HANDSHAKE))?;
    let body = wire::read(&mut stream, HELLO_LIMIT)?.unwrap_or_default();
    let theirs: Hello = wire::meaning(&body)?;
    let ours = Hello {
        refused: is_full.then(|| format!("{CLIENTS} clients are connected already")),
        ..Hello::ours()
    };
    let welcome = ours.speaks_with(&theirs) && !is_full;
    if !welcome {
        wire::write(&mut stream, &ours, HELLO_LIMIT)?;
    }
    stream.set_read_timeout(None)?;
    stream.set_write_timeout(None)?;
    Ok(welcome)
}

/// Sends what lies in the mailbox until it is closed and empty.
fn write(letters: &Outbox, mut out: UnixStream) {
    loop {
        match letters.take(Duration::from_hours(1)) {
            Some(frame) if out.write_all(&frame.bytes).is_err() => break,
            None if letters.is_closed() => break,
            _ => {}
        }
    }
    let _ = out.shutdown(Shutdown::Both);
}

/// Hands a client's requests on until it ends or speaks in a way that cannot be followed.
fn read(id: u64, stream: UnixStream, sender: &SyncSender<Message>) {
    let mut stream = BufReader::new(stream);
    loop {
        let message = match wire::read(&mut stream, REQUEST_LIMIT) {
            Ok(Some(body)) => heard(id, &body),
            Ok(None) | Err(WireError::Io(_)) => break,
            Err(e) => Message::Misspoke(id, None, failure(&e), false),
        };
        let is_last = matches!(message, Message::Misspoke(_, _, _, false));
        if sender.send(message).is_err() || is_last {
            break;
        }
    }
}

/// What a frame says. JSON that is no request is answered; what is no JSON ends the connection.
fn heard(id: u64, body: &[u8]) -> Message {
    #[derive(Deserialize)]
    struct Ticket {
        ticket: u64,
    }
    #[derive(Deserialize)]
    struct Submit {
        submit: Ticket,
    }
    match wire::meaning::<Request>(body) {
        Ok(request) => Message::Ask(id, request),
        Err(e) => {
            let is_json = wire::meaning::<IgnoredAny>(body).is_ok();
            let ticket = wire::meaning::<Submit>(body).ok().map(|submit| submit.submit.ticket);
            Message::Misspoke(id, ticket, failure(&e), is_json)
        }
    }
}

fn failure(error: &WireError) -> Failure {
    Failure::new(error.to_string(), "send requests as this version of danlu does")
}
