//! The workstation's app on a desk of its own: a clock that stands still, seeds that count up, an engine that is made up.
#![allow(dead_code, missing_docs, unreachable_pub, clippy::unwrap_used)]

#[path = "cards.rs"]
pub mod cards;
#[path = "sets.rs"]
pub mod sets;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crossterm::event::{KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use danlu::app::draft::Draft;
use danlu::app::effect::{Load, Role};
use danlu::app::view::{Seen, Spot, view};
use danlu::app::{App, Effect, Msg, Start, Workshop};
use danlu::diffusion::Recipe;
use danlu::diffusion::noise::NoiseSource;
use danlu::engine::{
    Entry, Event, Failure, Generate, Job, JobId, Output, Present, Preview, Request, Running, Saved, Stage, State,
};
use danlu::keys::{Chord, Keymap};
use danlu::panes::parameters::Model;
use danlu::term::graphics::{self, Depth, Picture, Protocol, Scene, Slot};
use danlu::term::probe::Mux;
use danlu::ui::lang::Lang;
use danlu::ui::theme::{Theme, Themes};
use danlu::workstation::Manner;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use unicode_width::UnicodeWidthStr;

/// The seed that the app is given when it draws one.
pub const DRAWN: u64 = 4242;

/// The app, its clock, and its last effects.
pub struct Desk {
    pub app: App,
    pub now: Instant,
    pub size: Size,
}

pub fn start(size: Size) -> Start {
    Start {
        screen: size,
        theme: theme("danlu-dark"),
        themes: Themes::builtin().names(),
        lang: Lang::En,
        keymap: Keymap::default(),
        draft: Draft::default(),
        model: model("danlu-emoji"),
        workshop: Workshop {
            output: Output::Numbered {
                folder: "/pictures".into(),
                directory_pattern: "[date]".to_owned(),
                filename_pattern: "[seed]".to_owned(),
            },
            hash_cache: None,
            comma_backtrack: 20,
            rng: NoiseSource::Nv,
            seed: || DRAWN,
        },
        dataset: None,
        now: Instant::now(),
    }
}

pub fn theme(name: &str) -> Theme {
    Themes::builtin().load(name).unwrap()
}

pub fn model(name: &str) -> Model {
    Model {
        name: name.to_owned(),
        path: PathBuf::from(format!("/models/{name}.safetensors")),
    }
}

impl Desk {
    pub fn new(width: u16, height: u16) -> Self {
        Self::of(start(Size::new(width, height)))
    }

    pub fn of(start: Start) -> Self {
        let (now, size) = (start.now, start.screen);
        let mut app = App::new(start);
        app.begin();
        Self { app, now, size }
    }

    /// Gives a message and the frame that follows it to the app, as the loop does.
    pub fn tell(&mut self, msg: Msg) -> Vec<Effect> {
        if let Msg::Resize(size) = msg {
            self.size = size;
        }
        let effects = self.app.update(msg, self.now);
        self.draw();
        effects
    }

    /// Presses keys, such as `tab` or `g g`; gives all that comes of them.
    pub fn press(&mut self, keys: &str) -> Vec<Effect> {
        let chords = Chord::sequence(keys).unwrap();
        chords.into_iter().flat_map(|chord| self.tell(key(chord))).collect()
    }

    /// Types a text, letter by letter.
    pub fn write(&mut self, text: &str) -> Vec<Effect> {
        let chord = |c| Chord::new(crossterm::event::KeyCode::Char(c), KeyModifiers::NONE);
        text.chars().flat_map(|c| self.tell(key(chord(c)))).collect()
    }

    pub fn paste(&mut self, text: &str) -> Vec<Effect> {
        self.tell(Msg::Paste(text.to_owned()))
    }

    pub fn engine(&mut self, event: Event) -> Vec<Effect> {
        self.tell(Msg::Engine(event))
    }

    pub fn click(&mut self, column: u16, row: u16) -> Vec<Effect> {
        let mut effects = self.mouse(MouseEventKind::Down(MouseButton::Left), column, row);
        effects.extend(self.mouse(MouseEventKind::Up(MouseButton::Left), column, row));
        effects
    }

    pub fn mouse(&mut self, kind: MouseEventKind, column: u16, row: u16) -> Vec<Effect> {
        let modifiers = KeyModifiers::NONE;
        self.tell(Msg::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers,
        }))
    }

    /// Lets time pass and tells the app so.
    pub fn wait(&mut self, milliseconds: u64) -> Vec<Effect> {
        self.now += Duration::from_millis(milliseconds);
        self.tell(Msg::Tick)
    }

    /// Milliseconds until the app wants to be woken.
    pub fn wakes_in(&self) -> Option<u128> {
        let at = self.app.deadline()?;
        Some(at.saturating_duration_since(self.now).as_millis())
    }

    /// Draws the screen.
    pub fn draw(&mut self) -> (Buffer, Seen) {
        let mut buffer = Buffer::empty(Rect::from(self.size));
        let seen = view(&self.app, &mut buffer);
        self.app.saw(seen.clone());
        (buffer, seen)
    }

    /// The screen as text.
    pub fn screen(&mut self) -> String {
        text(&self.draw().0)
    }

    /// Whether the screen says so somewhere, in one row.
    #[track_caller]
    pub fn says(&mut self, words: &str) {
        let screen = self.screen();
        assert!(screen.contains(words), "{words:?} is not in\n{screen}");
    }

    /// Whether the screen says so nowhere.
    #[track_caller]
    pub fn says_not(&mut self, words: &str) {
        let screen = self.screen();
        assert!(!screen.contains(words), "{words:?} is in\n{screen}");
    }

    /// What is drawn, with its pictures as half blocks.
    pub fn drawn(&mut self) -> Buffer {
        let (mut buffer, seen) = self.draw();
        let manner = Manner {
            protocol: Protocol::HalfBlocks,
            cell: (10, 20),
            colours: Depth::True,
            mux: Mux::None,
            slow: false,
            bytes_per_second: None,
        };
        let scene = |spot: &Spot| Scene {
            slot: Slot(spot.slot),
            area: spot.area,
            encoded: graphics::encode(&manner.order(spot)).into(),
        };
        let scenes: Vec<Scene> = seen.spots.iter().map(scene).collect();
        graphics::Stage::new(Protocol::HalfBlocks, Mux::None).compose(&mut buffer, &scenes, &seen.covers);
        buffer
    }

    /// The pictures that were asked for come.
    pub fn load(&mut self, effects: &[Effect]) {
        for effect in effects {
            if let Effect::Load(load) = effect {
                let (width, height) = if [Role::Big, Role::Sight].contains(&load.role) {
                    (64, 64)
                } else {
                    (24, 24)
                };
                // Seeded by its own name alone: where the clone lies must not change a snapshot.
                let name = load.path.file_name().unwrap_or_default();
                let picture = Ok(picture(width, height, name.len() as u32));
                let load = load.clone();
                self.tell(Msg::Loaded { load, picture });
            }
        }
    }
}

pub fn key(chord: Chord) -> Msg {
    Msg::Key(KeyEvent::new(chord.code, chord.modifiers))
}

/// Rows of a buffer as text; what is behind the last sign of a row is left out.
pub fn text(buffer: &Buffer) -> String {
    let mut rows = String::new();
    for y in buffer.area.rows() {
        let (mut row, mut x) = (String::new(), y.x);
        while x < y.right() {
            let symbol = buffer[(x, y.y)].symbol();
            row.push_str(symbol);
            x += (symbol.width() as u16).max(1);
        }
        rows.push_str(row.trim_end());
        rows.push('\n');
    }
    rows
}

/// The only request among effects.
#[track_caller]
pub fn request(effects: &[Effect]) -> Request {
    let mut requests = effects.iter().filter_map(|effect| match effect {
        Effect::Send(request) => Some(request.clone()),
        _ => None,
    });
    let first = requests.next();
    assert!(requests.next().is_none(), "several requests in {effects:?}");
    first.unwrap_or_else(|| panic!("no request in {effects:?}"))
}

/// The recipe of the only job that was submitted.
#[track_caller]
pub fn submitted(effects: &[Effect]) -> Recipe {
    match request(effects) {
        Request::Submit {
            job: Job::Generate(job),
            ..
        } => job.recipe,
        other => panic!("{other:?} submits nothing"),
    }
}

/// Whether nothing was asked of the engine.
pub fn sends_nothing(effects: &[Effect]) -> bool {
    !effects.iter().any(|effect| matches!(effect, Effect::Send(_)))
}

pub fn recipe(prompt: &str) -> Recipe {
    Recipe {
        prompt: prompt.to_owned(),
        seed: 7,
        ..Recipe::new(model("danlu-emoji").path, [512, 512])
    }
}

pub fn job(prompt: &str) -> Job {
    Job::Generate(Box::new(Generate {
        recipe: recipe(prompt),
        output: Output::File("/pictures/x.png".into()),
        hash_cache: None,
        preview: true,
        roots: Vec::new(),
        strict: false,
    }))
}

pub fn entry(id: u64, state: State, prompt: &str) -> Entry {
    let made = usize::from(state == State::Done);
    Entry {
        id: JobId(id),
        job: job(prompt),
        added: 1_700_000_000 + id as i64,
        started: (state != State::Waiting).then_some(1_700_000_100 + id as i64),
        ended: state.is_ended().then_some(1_700_000_200 + id as i64),
        pictures: (0..made).map(|_| saved(id)).collect(),
        made,
        state,
        warnings: Vec::new(),
    }
}

pub fn queued(id: u64, state: State, prompt: &str) -> Event {
    Event::Queued {
        entry: Box::new(entry(id, state, prompt)),
    }
}

/// The picture of a job: named and seeded by its number.
pub fn saved(id: u64) -> Saved {
    Saved {
        path: format!("/pictures/2026-01-01/{id:05}-{}.png", 1000 + id).into(),
        seed: 1000 + id,
        width: 512,
        height: 512,
        seconds: 3.25,
        infotext: format!("fox number {id}\nSteps: 20, Seed: {}", 1000 + id),
    }
}

pub fn failure() -> Failure {
    Failure::new(
        "the checkpoint \"/models/gone.safetensors\" cannot be read: no such file",
        "choose another one with Ctrl+O",
    )
}

pub fn step(id: u64, step: usize) -> Event {
    Event::Step {
        job: JobId(id),
        picture: 0,
        step,
        of: 20,
        per_second: 6.2,
        left: (20 - step) as f64 / 6.2,
    }
}

/// A soft picture with some detail in it, another one for each `seed`.
pub fn picture(width: u32, height: u32, seed: u32) -> Picture {
    let pixel = |i: u32| {
        let (x, y) = (i % width, i / width);
        let noise = i.wrapping_add(seed).wrapping_mul(2_654_435_761) >> 28;
        let wave = |scale: u32| (128.0 + 100.0 * f64::from(x * scale + y + seed).mul_add(0.11, 0.0).sin()) as u8;
        [
            wave(1).saturating_add(noise as u8),
            wave(2),
            (y * 255 / height.max(1)) as u8,
        ]
    };
    Picture {
        width,
        height,
        rgb: (0..width * height).flat_map(pixel).collect(),
    }
}

pub fn preview(seed: u32) -> Preview {
    let Picture { width, height, rgb } = picture(64, 64, seed);
    Preview {
        width: width as usize,
        height: height as usize,
        rgb: rgb.to_vec(),
    }
}

pub fn grown(id: u64, seed: u32) -> Event {
    Event::Preview {
        job: JobId(id),
        preview: preview(seed),
    }
}

/// A queue in the middle of its life: every state that a job can be in.
pub fn present() -> Present {
    let mut done = entry(6, State::Done, "watercolor fox in the snow, soft light");
    done.pictures.push(saved(60));
    done.made = 2;
    let unreadable = Entry {
        job: Job::Unreadable("{}".to_owned()),
        ..entry(1, State::Interrupted, "")
    };
    Present {
        version: "0.1.0".to_owned(),
        pid: 77,
        device: Some("CPU (16 threads)".to_owned()),
        paused: false,
        entries: vec![
            entry(7, State::Running, "fox, noto, blue background"),
            entry(8, State::Waiting, "a cat that sits on a mat"),
            entry(9, State::Waiting, "狐狸,雪地,水彩"),
            done,
            entry(5, State::Cancelled, "an owl"),
            entry(4, State::Interrupted, "a lighthouse at night, long exposure"),
            entry(3, State::Failed(failure()), "a castle"),
            entry(2, State::Done, "rocket, openmoji"),
            unreadable,
        ],
        running: Some(Running {
            job: JobId(7),
            stage: Stage::Step {
                picture: 0,
                step: 5,
                of: 20,
                per_second: 6.2,
                left: 2.4,
            },
            preview: Some(preview(1)),
        }),
        warnings: Vec::new(),
    }
}

/// A desk where work is under way and every picture is there.
pub fn busy(width: u16, height: u16) -> Desk {
    let mut desk = Desk::new(width, height);
    get_busy(&mut desk);
    desk
}

pub fn get_busy(desk: &mut Desk) {
    desk.tell(Msg::EngineFound {
        version: "0.1.0".to_owned(),
        pid: 77,
    });
    let effects = desk.engine(Event::Present(Box::new(present())));
    desk.load(&effects);
}

pub fn loads(effects: &[Effect]) -> Vec<&Load> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Load(load) => Some(load),
            _ => None,
        })
        .collect()
}

/// Knuth's MMIX generator.
pub struct Random(pub u64);

impl Random {
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }

    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.below(all.len())]
    }
}
