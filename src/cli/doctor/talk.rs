//! A talk with the terminal: questions and cards go out, answers and keys come in, and the terminal is whole again at the end.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, IsTerminal, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use danlu::term::guard::Inline;
use danlu::term::input::{self, Input, Reader};
use danlu::term::probe::{Caps, Probe, Surroundings, TmuxFacts, Window};
use tokio::signal::unix::{SignalKind, signal};

use crate::cli::failure::Failure;

/// Why a talk ended early.
#[derive(Debug)]
pub(super) enum Ended {
    /// By Ctrl+C or a signal.
    Interrupted,
    /// The terminal is gone.
    Gone,
    /// The system refuses something.
    Refused(io::Error),
}

impl From<io::Error> for Ended {
    fn from(error: io::Error) -> Self {
        Self::Refused(error)
    }
}

impl From<Ended> for Failure {
    fn from(ended: Ended) -> Self {
        match ended {
            Ended::Interrupted => Self::interrupted("stopped; nothing is changed"),
            Ended::Gone => Self::failed("the terminal is gone"),
            Ended::Refused(error) => Self::failed(format!("the terminal cannot be used: {error}")),
        }
    }
}

enum Heard {
    Input(Input),
    Written(io::Result<()>),
    Stop,
}

/// The terminal while it is talked to.
pub(super) struct Talk {
    inline: Inline,
    _reader: Reader,
    sender: Sender<Heard>,
    inbox: Receiver<Heard>,
    /// What came while something was written.
    early: VecDeque<Input>,
}

/// Whether there is somebody to talk to; else the stream that is no terminal.
pub(super) fn is_possible() -> Result<(), &'static str> {
    if !io::stdin().is_terminal() {
        return Err("input");
    }
    if !io::stdout().is_terminal() {
        return Err("output");
    }
    Ok(())
}

/// What is known of the terminal before it is asked.
pub(super) fn surroundings() -> Surroundings {
    let mut around = Surroundings::of(|name| std::env::var(name).ok());
    around.window = Window::ask();
    if around.in_tmux {
        around.tmux = TmuxFacts::ask();
    }
    around
}

impl Talk {
    pub(super) fn begin() -> io::Result<Self> {
        let (sender, inbox) = channel();
        let inline = Inline::enter()?;
        let typed = sender.clone();
        // Nobody listens any more once the talk has ended.
        let reader = input::spawn(move |input| drop(typed.send(Heard::Input(input))))?;
        Ok(Self {
            inline,
            _reader: reader,
            sender,
            inbox,
            early: VecDeque::new(),
        })
    }

    /// Lets signals end the talk instead of the process. They end nothing else from then on, so this is for a command that ends with
    /// the talk.
    pub(super) fn heed_signals(&self) -> io::Result<()> {
        let sender = self.sender.clone();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let mut signals = {
            let _inside = runtime.enter();
            [SignalKind::terminate(), SignalKind::hangup(), SignalKind::interrupt()].map(signal)
        };
        let run = move || {
            runtime.block_on(async {
                let [Ok(terminate), Ok(hangup), Ok(interrupt)] = &mut signals else {
                    return;
                };
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = hangup.recv() => {}
                    _ = interrupt.recv() => {}
                }
                let _ = sender.send(Heard::Stop);
            });
        };
        thread::Builder::new().name("signals".to_owned()).spawn(run).map(drop)
    }

    /// Has bytes sent at the end, however it comes.
    pub(super) fn on_leaving(&mut self, bytes: &[u8]) {
        self.inline.on_leaving(bytes);
    }

    /// Asks the terminal what it is.
    pub(super) fn ask(&mut self, around: Surroundings) -> Result<Caps, Ended> {
        let mut probe = Probe::new(around);
        let questions = probe.begin(Instant::now());
        self.show(questions)?;
        while let Some(deadline) = probe.deadline() {
            match self.hear(Some(deadline))? {
                Some(Input::Report(report)) => {
                    let further = probe.report(&report, Instant::now());
                    self.show(further)?;
                }
                Some(_) => {}
                None => probe.expire(Instant::now()),
            }
        }
        Ok(probe.caps().clone())
    }

    /// Writes, however long the terminal takes for it; what comes meanwhile is heard afterwards.
    pub(super) fn show(&mut self, bytes: impl Into<Vec<u8>>) -> Result<(), Ended> {
        let bytes = bytes.into();
        if bytes.is_empty() {
            return Ok(());
        }
        let mut terminal = File::from(self.inline.output()?);
        let sender = self.sender.clone();
        let write = move || drop(sender.send(Heard::Written(terminal.write_all(&bytes))));
        thread::Builder::new().name("terminal output".to_owned()).spawn(write)?;
        loop {
            match self.inbox.recv() {
                Ok(Heard::Written(written)) => return Ok(written?),
                Ok(Heard::Input(input)) => self.early.push_back(unless_ended(input)?),
                Ok(Heard::Stop) => return Err(Ended::Interrupted),
                Err(_) => return Err(Ended::Gone),
            }
        }
    }

    /// A line that the user types, of what can be seen; `None` when there shall be none (Esc, Ctrl+D).
    pub(super) fn line(&mut self, longest: usize) -> Result<Option<String>, Ended> {
        let mut line = String::new();
        loop {
            let Some(Input::Key(key)) = self.hear(None)? else {
                continue;
            };
            match key.code {
                KeyCode::Enter => {
                    self.show("\r\n")?;
                    return Ok(Some(line));
                }
                KeyCode::Esc => return Ok(None),
                KeyCode::Char('d') if key.modifiers.contains(KeyModifiers::CONTROL) => return Ok(None),
                KeyCode::Backspace if line.pop().is_some() => self.show("\x08 \x08")?,
                KeyCode::Char(c) if c.is_ascii_graphic() && line.len() < longest && is_plain(&key) => {
                    line.push(c);
                    self.show(c.to_string())?;
                }
                _ => {}
            }
        }
    }

    /// The next that comes; `None` at the deadline.
    fn hear(&mut self, deadline: Option<Instant>) -> Result<Option<Input>, Ended> {
        if let Some(input) = self.early.pop_front() {
            return Ok(Some(input));
        }
        let heard = match deadline {
            None => self.inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(at) => self.inbox.recv_timeout(at.saturating_duration_since(Instant::now())),
        };
        match heard {
            Ok(Heard::Input(input)) => unless_ended(input).map(Some),
            Ok(Heard::Stop) => Err(Ended::Interrupted),
            // The end of a writing is waited for elsewhere.
            Ok(Heard::Written(_)) | Err(RecvTimeoutError::Timeout) => Ok(None),
            Err(RecvTimeoutError::Disconnected) => Err(Ended::Gone),
        }
    }
}

fn is_plain(key: &KeyEvent) -> bool {
    !key.modifiers.intersects(KeyModifiers::CONTROL | KeyModifiers::ALT)
}

fn unless_ended(input: Input) -> Result<Input, Ended> {
    match input {
        Input::Closed => Err(Ended::Gone),
        Input::Key(key) if key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL) => {
            Err(Ended::Interrupted)
        }
        input => Ok(input),
    }
}
