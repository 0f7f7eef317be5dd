//! The loop: takes what happened, lets the app change, draws.

use std::io::{IsTerminal, stdin, stdout};
use std::time::{Duration, Instant};

use ratatui::layout::Size;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc::{self, UnboundedReceiver};

use super::compose::compose;
use super::effects::Hands;
use super::pictures::{Manner, Pictures};
use super::watch::Watch;
use super::{Error, Happening, Inbox, Options, files, surroundings};
use crate::app::msg::Terminal;
use crate::app::view::Spot;
use crate::app::{App, Msg, Start};
use crate::term::graphics::{self, Choice, Stage};
use crate::term::guard::{Guard, GuardOptions};
use crate::term::input::{self, Input, Reader};
use crate::term::probe::{Mux, Probe, Surroundings, TmuxFacts, Window};
use crate::term::writer::{Canvas, Frame, Writer};

/// How long the terminal may take for what is already on its way, before it is left.
const PATIENCE: Duration = Duration::from_millis(300);
/// From this round trip on the terminal is far away, and the bytes of one key may come apart.
const FAR: Duration = Duration::from_millis(100);
/// How long a terminal that is far away has to be silent before an escape is a key.
const FAR_SILENCE: Duration = Duration::from_millis(50);
/// How many happenings are looked at before the next frame, so that a flood of them does not starve the eye.
const AT_ONCE: usize = 256;

pub(super) fn run(options: Options) -> Result<(), Error> {
    let around = surroundings::of_process();
    if !stdin().is_terminal() {
        return Err(Error::NoTerminal("input"));
    }
    if !stdout().is_terminal() {
        return Err(Error::NoTerminal("output"));
    }
    if around.term.is_empty() || around.term == "dumb" {
        return Err(Error::Dumb(around.term));
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Error::System)?;
    runtime.block_on(async { Box::pin(Screen::open(options, around)?.run()).await })
}

/// The workstation while it is open.
pub(super) struct Screen {
    app: App,
    pub(super) hands: Hands,
    inbox: UnboundedReceiver<Happening>,
    signals: Signals,
    canvas: Canvas,
    stage: Stage,
    pictures: Pictures,
    probe: Probe,
    choice: Choice,
    pub(super) forced: Option<graphics::Protocol>,
    picks: graphics::Picks,
    mux: Mux,
    /// `TERM`
    term: String,
    around: Surroundings,
    known_dark: Option<bool>,
    writer: Writer,
    pub(super) guard: Guard,
    reader: Reader,
    _watch: Option<Watch>,
    dirty: bool,
    /// Bytes for the terminal that belong to no frame: questions to it.
    pub(super) questions: Vec<u8>,
    pub(super) leaving: bool,
    /// The job is to be stopped as soon as that can be done.
    stopping: bool,
}

struct Signals {
    resized: Signal,
    terminate: Signal,
    hangup: Signal,
    interrupt: Signal,
    stop: Signal,
}

impl Signals {
    fn listen() -> std::io::Result<Self> {
        let stop = rustix::process::Signal::TSTP.as_raw();
        Ok(Self {
            resized: signal(SignalKind::window_change())?,
            terminate: signal(SignalKind::terminate())?,
            hangup: signal(SignalKind::hangup())?,
            interrupt: signal(SignalKind::interrupt())?,
            stop: signal(SignalKind::from_raw(stop))?,
        })
    }
}

impl Screen {
    fn open(options: Options, around: Surroundings) -> Result<Self, Error> {
        let (sender, inbox) = mpsc::unbounded_channel();
        let sender = Inbox(sender);
        let now = Instant::now();
        let lang = surroundings::lang(&options.settings);
        let term = around.term.clone();
        let probe = Probe::new(around.clone());
        let depth = surroundings::depth(probe.caps());
        let theme =
            files::theme(&options, &options.settings.theme, None, depth).map_err(|error| options.theme_error(error))?;
        let keymap = files::keymap(&options).map_err(|complaint| Error::Keymap(complaint.message))?;
        let size = terminal_size();
        let signals = Signals::listen().map_err(Error::System)?;
        let app = App::new(Start {
            screen: size,
            theme,
            themes: files::themes(&options),
            lang,
            keymap,
            draft: files::draft(&options),
            model: files::shipped(&options),
            workshop: files::workshop(&options),
            dataset: options.dataset.clone(),
            now,
        });
        let forced = files::forced_graphics(&options.settings);
        let (picks, complaint) = files::picks(&options);
        if let Some(complaint) = complaint {
            sender.tell(Msg::Complain(complaint));
        }
        let choice = graphics::choose(probe.caps(), forced, picks.get(probe.caps()));
        let guard = Guard::enter(GuardOptions {
            mouse: options.settings.mouse == "on",
        })
        .map_err(Error::Terminal)?;
        let free = sender.clone();
        let writer = Writer::start(guard.output().map_err(Error::Terminal)?).map_err(Error::System)?;
        writer.on_free(move || free.send(Happening::Free));
        let typed = sender.clone();
        let reader = input::spawn(move |input| typed.send(Happening::Input(input))).map_err(Error::Terminal)?;
        let watch = Watch::start(&options, sender.clone());
        let mux = probe.caps().mux;
        let pictures = Pictures::start(sender.clone()).map_err(Error::System)?;
        Ok(Self {
            app,
            hands: Hands::new(options, sender, depth).map_err(Error::System)?,
            inbox,
            signals,
            canvas: Canvas::new(size),
            stage: Stage::new(choice.protocol, probe.caps().mux).seeded(std::process::id()),
            pictures,
            probe,
            choice,
            forced,
            picks,
            writer,
            guard,
            reader,
            _watch: watch,
            dirty: true,
            questions: Vec::new(),
            leaving: false,
            stopping: false,
            mux,
            term,
            around,
            known_dark: None,
        })
    }

    async fn run(mut self) -> Result<(), Error> {
        // The first frame waits for nothing; the questions to the terminal follow it.
        self.draw();
        if self.around.in_tmux {
            self.around.tmux = TmuxFacts::ask();
            self.probe = Probe::new(self.around.clone());
        }
        self.questions = self.probe.begin(Instant::now());
        self.learn();
        for effect in self.app.begin() {
            self.carry_out(effect);
        }
        while !self.leaving {
            if self.stopping {
                self.suspend();
            }
            self.draw();
            let deadline = self.deadline();
            let pause = async {
                match deadline {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                Some(happening) = self.inbox.recv() => self.take(happening),
                Some(()) = self.signals.resized.recv() => self.resize(),
                Some(()) = self.signals.terminate.recv() => self.leaving = true,
                Some(()) = self.signals.hangup.recv() => self.leaving = true,
                Some(()) = self.signals.interrupt.recv() => self.leaving = true,
                Some(()) = self.signals.stop.recv() => self.suspend(),
                () = pause => self.wake(),
            }
        }
        self.leave();
        Ok(())
    }

    fn deadline(&self) -> Option<Instant> {
        let now = Instant::now();
        [self.app.deadline(), self.probe.deadline(), self.pictures.deadline(now)]
            .into_iter()
            .flatten()
            .min()
    }

    /// Takes one happening and those right behind it.
    fn take(&mut self, first: Happening) {
        let mut next = Some(first);
        for _ in 0..AT_ONCE {
            let Some(happening) = next else { return };
            self.happen(happening);
            next = self.inbox.try_recv().ok();
        }
        if let Some(happening) = next {
            self.happen(happening);
        }
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::App(msg) => self.update(msg),
            Happening::Input(input) => self.input(input),
            Happening::Encoded { key, encoded } => {
                self.pictures.put(key, encoded);
                self.dirty = true;
            }
            Happening::Free => {}
            Happening::Changed(changed) => self.changed(changed),
        }
    }

    fn input(&mut self, input: Input) {
        match input {
            Input::Key(key) => self.update(Msg::Key(key)),
            Input::Mouse(mouse) => self.update(Msg::Mouse(mouse)),
            Input::Paste(text) => self.update(Msg::Paste(text)),
            Input::Focus(_) => {}
            Input::Report(report) => {
                let question = self.probe.report(&report, Instant::now());
                self.questions.extend(question);
                self.learn();
            }
            Input::Closed => self.leaving = true,
        }
    }

    fn update(&mut self, msg: Msg) {
        self.dirty = true;
        for effect in self.app.update(msg, Instant::now()) {
            self.carry_out(effect);
        }
    }

    fn wake(&mut self) {
        let now = Instant::now();
        if self.probe.deadline().is_some_and(|at| at <= now) {
            self.probe.expire(now);
            self.learn();
        }
        self.update(Msg::Tick);
    }

    fn draw(&mut self) {
        if self.writer.is_broken() {
            self.leaving = true;
        }
        if !self.writer.is_free() {
            return;
        }
        let mut frame = Frame::default();
        frame.text.append(&mut self.questions);
        if self.dirty {
            self.dirty = false;
            let now = Instant::now();
            let manner = self.manner();
            let (stage, pictures) = (&mut self.stage, &mut self.pictures);
            let scenes = |spots: &[Spot]| pictures.scenes(spots, &manner, now);
            let (drawn, seen) = compose(&self.app, &mut self.canvas, stage, scenes);
            frame.text.extend(drawn.text);
            frame.pictures = drawn.pictures;
            self.app.saw(seen);
        }
        // The writer was free, and only this thread fills it.
        let _ = self.writer.submit(frame);
    }

    fn manner(&self) -> Manner {
        let caps = self.probe.caps();
        Manner {
            protocol: self.choice.protocol,
            cell: caps.cell.unwrap_or_default(),
            colours: surroundings::picture_depth(self.hands.depth, &self.term),
            mux: caps.mux,
            slow: self.writer.is_slow(),
            bytes_per_second: self.writer.bytes_per_second(),
        }
    }

    /// Draws in the way that the terminal's answers allow.
    pub(super) fn learn(&mut self) {
        let dark = self.dark();
        let caps = self.probe.caps().clone();
        self.writer.set_sync(caps.sync);
        self.writer.set_round_trip(caps.round_trip);
        if caps.round_trip.is_some_and(|time| time > FAR) {
            self.reader.set_silence(FAR_SILENCE);
        }
        let keyboard = self.guard.keyboard(caps.keyboard);
        self.questions.extend(keyboard);
        let choice = graphics::choose(&caps, self.forced, self.picks.get(&caps));
        self.stage =
            std::mem::replace(&mut self.stage, Stage::new(choice.protocol, caps.mux)).with_truecolour(caps.truecolour);
        if choice.protocol != self.choice.protocol || caps.mux != self.mux {
            let erased = self.stage.switch(choice.protocol, caps.mux);
            self.questions.extend(erased);
            self.pictures.forget();
            self.mux = caps.mux;
        }
        let depth = surroundings::depth(&caps);
        if depth != self.hands.depth || dark != self.known_dark {
            self.hands.depth = depth;
            self.known_dark = dark;
            let theme = self.hands.themed(dark);
            self.update(theme);
        }
        self.choice = choice;
        self.update(Msg::Terminal(Terminal {
            graphics: self.choice.protocol.to_string(),
            round_trip: caps.round_trip,
            slow: self.writer.is_slow(),
        }));
    }

    /// Whether the terminal's background is dark, as far as it has said.
    pub(super) fn dark(&self) -> Option<bool> {
        self.probe.caps().dark
    }

    fn resize(&mut self) {
        self.probe.resize(Window::ask());
        let size = terminal_size();
        self.canvas.resize(size);
        self.stage.forget();
        self.update(Msg::Resize(size));
    }

    pub(super) fn redraw(&mut self) {
        self.canvas.clear();
        self.stage.forget();
        self.dirty = true;
    }

    pub(super) fn suspend(&mut self) {
        // An engine that is being started belongs to this job until it has a session of its own. Stopped before its program is loaded,
        // it would keep this process from stopping, and the shell would wait for both for ever.
        self.stopping = self.app.is_connecting();
        if self.stopping {
            return;
        }
        self.writer.settle(PATIENCE);
        let erased = self.stage.erase();
        self.guard.on_leaving(erased);
        match self.guard.stop() {
            Ok(_) => {
                self.canvas.clear();
                self.resize();
            }
            Err(_) => self.leaving = true,
        }
    }

    fn leave(mut self) {
        if self.app.is_writing() && !self.writer.is_broken() {
            // It may take seconds, and the app says so.
            self.writer.settle(PATIENCE);
            self.draw();
        }
        let Self {
            mut app,
            mut hands,
            mut stage,
            writer,
            mut guard,
            ..
        } = self;
        hands.finish(app.leave());
        guard.on_leaving(stage.erase());
        writer.finish(PATIENCE);
        drop(guard);
    }
}

/// The terminal's size in cells; 80x24 where it does not say.
fn terminal_size() -> Size {
    match crossterm::terminal::size() {
        Ok((width, height)) if width > 0 && height > 0 => Size::new(width, height),
        _ => Size::new(80, 24),
    }
}
