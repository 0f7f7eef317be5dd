//! The line to the engine process: opened on a thread of its own, read to the app's inbox, closed with the screen.
//!
//! Opening may start a process and take a while, and the first frame waits for nothing; so requests are kept until the line stands.

use std::sync::mpsc;
use std::thread;

use crate::app::Msg;
use crate::app::msg::Complaint;
use crate::engine::client::{self, ConnectError, Launch, Lost};
use crate::engine::wire::Request;

use super::Inbox;

/// Requests on their way to the engine. Dropping it closes the line; the engine goes on.
#[derive(Debug)]
pub(super) struct Link {
    requests: mpsc::Sender<Request>,
}

impl Link {
    /// Opens the line, starting the engine where none runs. What comes of it arrives in the inbox.
    ///
    /// `before` is done first, on that thread; what it complains of is no reason not to go on.
    pub(super) fn open(
        launch: Launch,
        before: impl FnOnce() -> Result<(), Complaint> + Send + 'static,
        inbox: Inbox,
    ) -> std::io::Result<Self> {
        let (requests, waiting) = mpsc::channel();
        thread::Builder::new().name("link".to_owned()).spawn(move || {
            if let Err(complaint) = before() {
                inbox.tell(Msg::Complain(complaint));
            }
            run(&launch, &inbox, waiting);
        })?;
        Ok(Self { requests })
    }

    /// Sends a request, now or once the line stands. One that is too late is dropped: the app hears of the loss by itself.
    pub(super) fn send(&self, request: Request) {
        let _ = self.requests.send(request);
    }
}

fn run(launch: &Launch, inbox: &Inbox, waiting: mpsc::Receiver<Request>) {
    let connection = match client::connect_or_start(launch) {
        Ok(connection) => connection,
        Err(error) => return inbox.tell(lost(&error)),
    };
    inbox.tell(Msg::EngineFound {
        version: connection.peer().danlu.clone(),
        pid: connection.peer().pid,
    });
    let (requests, mut events) = match connection.split() {
        Ok(parts) => parts,
        Err(error) => return inbox.tell(gone(&error)),
    };
    let sender = thread::Builder::new().name("link requests".to_owned()).spawn(move || {
        for request in waiting {
            if requests.send(&request).is_err() {
                break;
            }
        }
    });
    if let Err(error) = sender {
        return inbox.tell(Msg::EngineLost {
            message: error.to_string(),
            hint: None,
        });
    }
    loop {
        match events.next() {
            Ok(event) => inbox.tell(Msg::Engine(event)),
            Err(error) => return inbox.tell(gone(&error)),
        }
    }
}

fn lost(error: &ConnectError) -> Msg {
    Msg::EngineLost {
        message: error.to_string(),
        hint: error.hint(),
    }
}

fn gone(error: &Lost) -> Msg {
    Msg::EngineLost {
        message: error.to_string(),
        hint: error.hint(),
    }
}
