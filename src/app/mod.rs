//! The Elm core of the workstation: a message changes the state and gives effects.
//!
//! [`App::update`] is the one way in, and it is pure but for drawing a seed: no terminal, no file, no clock. What is to be done outside
//! comes back as [`Effect`]s, which the `workstation` module carries out; [`view`] draws the state. Read [`update`] next: what each
//! message does; [`act`] for the actions of the keymap, [`follow`] for the engine's events.

pub mod act;
pub mod browse;
pub mod dataset;
pub mod dialogs;
pub mod draft;
pub mod effect;
pub mod follow;
pub mod layout;
pub mod msg;
pub mod open;
pub mod pointer;
pub mod update;
pub mod view;

use std::collections::HashMap;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use ratatui::layout::{Position, Size};

pub use effect::Effect;
pub use msg::Msg;

use self::draft::Draft;
use self::layout::{Layout, Shift};
use self::msg::{Complaint, Models, Terminal};
use self::view::Seen;
use crate::diffusion::noise::NoiseSource;
use crate::engine::Output;
use crate::keys::{Action, Chord, Keymap};
use crate::library::Details;
use crate::overlay::Overlay;
use crate::panes::browser::forms::Matter;
use crate::panes::dataset::forms::Deed;
use crate::panes::dataset::talk::Stage;
use crate::panes::parameters::Model;
use crate::panes::{browser as shelf, dataset as set, history, parameters, preview, prompt, queue};
use crate::ui::lang::{Lang, Text, browser, dataset as words, generate};
use crate::ui::theme::Theme;

/// A part of the screen that can have the focus.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pane {
    /// The prompt.
    Prompt,
    /// The negative prompt.
    Negative,
    /// The form of parameters.
    Parameters,
    /// The picture.
    Preview,
    /// The pictures made so far.
    History,
    /// The jobs.
    Queue,
    /// The model files.
    Models,
    /// What is told of a model.
    Details,
    /// The pictures of a dataset.
    Pictures,
    /// A picture of it with its caption.
    Caption,
    /// All its tags.
    Tags,
}

impl Pane {
    /// The screen that it belongs to.
    pub const fn tab(self) -> Tab {
        match self {
            Self::Prompt | Self::Negative | Self::Parameters | Self::Preview | Self::History | Self::Queue => {
                Tab::Generate
            }
            Self::Models | Self::Details => Tab::Models,
            Self::Pictures | Self::Caption | Self::Tags => Tab::Dataset,
        }
    }
}

/// A screen of the workstation; the bar at the top names them all. Which one is shown, the pane in focus says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tab {
    /// Prompts, parameters and pictures.
    Generate,
    /// The model files.
    Models,
    /// Pictures and captions to train on.
    Dataset,
}

impl Tab {
    /// All of them, in the order of the bar.
    pub const ALL: [Self; 3] = [Self::Generate, Self::Models, Self::Dataset];

    /// Its panes in the order of the tab key.
    pub const fn panes(self) -> &'static [Pane] {
        match self {
            Self::Generate => &[
                Pane::Prompt,
                Pane::Negative,
                Pane::Parameters,
                Pane::Preview,
                Pane::History,
                Pane::Queue,
            ],
            Self::Models => &[Pane::Models, Pane::Details],
            Self::Dataset => &[Pane::Pictures, Pane::Caption, Pane::Tags],
        }
    }

    /// What a person calls it.
    pub const fn title(self) -> Text {
        match self {
            Self::Generate => generate::TAB,
            Self::Models => browser::TAB,
            Self::Dataset => words::TAB,
        }
    }
}

/// Which of the two prompts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// What to draw.
    Prompt,
    /// What to avoid.
    Negative,
}

/// The line to the engine.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Link {
    /// It is being opened.
    #[default]
    Opening,
    /// It stands.
    Open {
        /// The engine's version.
        version: String,
        /// Its process.
        pid: u32,
    },
    /// It does not stand.
    Lost(Complaint),
}

/// What a job is given besides its recipe; the same for all.
#[derive(Clone, Debug)]
pub struct Workshop {
    /// Where pictures go.
    pub output: Output,
    /// Where file hashes are remembered.
    pub hash_cache: Option<PathBuf>,
    /// How many tokens back a comma may be for a chunk to end at it.
    pub comma_backtrack: usize,
    /// Where noise comes from, to begin with.
    pub rng: NoiseSource,
    /// Draws a seed.
    pub seed: fn() -> u64,
}

/// What the app starts with.
#[derive(Debug)]
pub struct Start {
    /// The screen's size.
    pub screen: Size,
    /// The theme, at the terminal's depth.
    pub theme: Theme,
    /// The names of all themes.
    pub themes: Vec<String>,
    /// The language.
    pub lang: Lang,
    /// The keymap.
    pub keymap: Keymap,
    /// What was worked on last time.
    pub draft: Draft,
    /// The shipped checkpoint, to begin with.
    pub model: Model,
    /// What jobs are given.
    pub workshop: Workshop,
    /// The dataset to begin with.
    pub dataset: Option<PathBuf>,
    /// When it is.
    pub now: Instant,
}

/// The state of the workstation.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of its own")]
pub struct App {
    screen: Size,
    focus: Pane,
    /// The pane of each tab that has the focus when the tab is shown again.
    left: [Pane; Tab::ALL.len()],
    /// The prompt that was written in last.
    last_side: Side,
    /// Whether the pane in focus has the whole screen.
    zoomed: bool,
    shift: Shift,
    prompt: prompt::State,
    negative: prompt::State,
    parameters: parameters::State,
    preview: preview::State,
    history: history::State,
    thumbnails: history::thumbnails::Thumbnails,
    queue: queue::State,
    browser: shelf::State,
    /// The model that the cursor stays on, and since when, until its details are asked for.
    resting: Option<(PathBuf, Instant)>,
    /// Whether models are to be used as soon as their details are here, and whether the browser is left then.
    using: Option<bool>,
    /// The details that came for that.
    described: HashMap<PathBuf, Details>,
    /// What is to be done as soon as the details of the model under the cursor are here.
    awaiting: Option<Action>,
    /// What the form above the panes is for.
    matter: Option<Matter>,
    /// The pictures and captions to train on.
    dataset: set::State,
    /// The picture of the dataset that the cursor stays on, and since when, until it is looked at.
    gaze: Option<(Option<usize>, Instant)>,
    /// What the form above the dataset is for.
    deed: Option<Deed>,
    /// Names behind the rows of an open list of the dataset.
    offered: Vec<String>,
    overlays: Vec<Overlay>,
    notices: Vec<Notice>,
    link: Link,
    theme: Theme,
    themes: Vec<String>,
    lang: Lang,
    keymap: Keymap,
    models: Models,
    terminal: Option<Terminal>,
    /// Keys that begin a longer chord.
    pending: Vec<Chord>,
    /// Whether a job follows each that ends.
    forever: bool,
    /// Whether new pictures take the preview.
    following: bool,
    workshop: Workshop,
    tickets: u64,
    /// What was last copied or cut, for pasting within the workstation.
    register: String,
    /// The actions of an open palette or help, row by row.
    listed: Vec<Option<Action>>,
    /// The theme to go back to when the choice of another is given up.
    before_choice: String,
    /// The place, time and number of the last clicks on one place.
    last_click: Option<(Position, Instant, u8)>,
    /// Whether the mouse holds the border between the sides.
    grip: bool,
    kept: Draft,
    keep_at: Option<Instant>,
    seen: Seen,
    now: Instant,
}

/// A sentence that is shown for a while.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// How grave it is.
    pub grade: Grade,
    /// The sentence.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    until: Instant,
}

/// How grave a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grade {
    /// Good to know.
    Info,
    /// Something is not as it should be.
    Warning,
    /// Something was not done.
    Error,
}

/// How long after the first change a draft is kept, with what was typed meanwhile.
const KEEP_AFTER: Duration = Duration::from_millis(800);

impl App {
    /// The workstation before the first message.
    pub fn new(start: Start) -> Self {
        let mut app = Self {
            screen: start.screen,
            focus: Pane::Prompt,
            left: Tab::ALL.map(|tab| tab.panes()[0]),
            last_side: Side::Prompt,
            zoomed: false,
            shift: Shift {
                wider: start.draft.wider,
                taller: start.draft.taller,
                list: start.draft.list,
                pictures: start.draft.pictures,
            },
            prompt: prompt::State::default(),
            negative: prompt::State::default(),
            parameters: parameters::State::new(start.model),
            preview: preview::State::default(),
            history: history::State::default(),
            thumbnails: history::thumbnails::Thumbnails::default(),
            queue: queue::State::default(),
            browser: shelf::State::default(),
            resting: None,
            using: None,
            described: HashMap::new(),
            awaiting: None,
            matter: None,
            dataset: set::State::default(),
            gaze: None,
            deed: None,
            offered: Vec::new(),
            overlays: Vec::new(),
            notices: Vec::new(),
            link: Link::Opening,
            theme: start.theme,
            themes: start.themes,
            lang: start.lang,
            keymap: start.keymap,
            models: Models::default(),
            terminal: None,
            pending: Vec::new(),
            forever: false,
            following: true,
            workshop: start.workshop,
            tickets: 0,
            register: String::new(),
            listed: Vec::new(),
            before_choice: String::new(),
            last_click: None,
            grip: false,
            kept: Draft::default(),
            keep_at: None,
            seen: Seen::default(),
            now: start.now,
        };
        app.parameters.set_rng(app.workshop.rng);
        app.take_up(start.draft);
        app.kept = app.draft();
        if let Some(path) = start.dataset {
            app.focus = Pane::Pictures;
            app.dataset.open(path);
        }
        app
    }

    /// What has to be done before the first message.
    pub fn begin(&mut self) -> Vec<Effect> {
        let mut effects = vec![
            Effect::Connect,
            Effect::FindModels,
            Effect::Library(effect::Ask::Models),
            Effect::Inspect(self.parameters.model().path.clone()),
        ];
        effects.extend(self.dataset.take_asks().into_iter().map(Effect::Dataset));
        self.count_tokens(&mut effects);
        effects
    }

    /// When the app wants to hear of the time again. `None` while nothing changes by itself.
    pub fn deadline(&self) -> Option<Instant> {
        let notices = self.notices.iter().map(|notice| notice.until);
        let rests = self.rests_until().into_iter().chain(self.gazes_until());
        notices.chain(self.keep_at).chain(rests).min()
    }

    /// Takes note of what the last frame showed, for the mouse.
    pub fn saw(&mut self, seen: Seen) {
        self.seen = seen;
    }

    /// The theme that is in force.
    pub fn theme(&self) -> &Theme {
        &self.theme
    }

    /// Whether files of the dataset are being written, which is finished before the end.
    pub fn is_writing(&self) -> bool {
        let stages = [Stage::Waiting, Stage::Recording, Stage::Writing, Stage::Flushing];
        self.dataset.work().is_some_and(|work| stages.contains(&work.stage))
    }

    /// Whether the line to the engine is being opened, for which an engine may have to be started.
    pub fn is_connecting(&self) -> bool {
        self.link == Link::Opening
    }

    fn tab(&self) -> Tab {
        self.focus.tab()
    }

    /// Gives the focus to a pane, and shows the tab that it belongs to.
    fn go_to(&mut self, pane: Pane) {
        if pane.tab() != self.tab() {
            self.leave_dataset();
            self.left[self.tab() as usize] = self.focus;
            self.zoomed = false;
        }
        self.focus = pane;
        self.enter_dataset();
        match pane {
            Pane::Prompt => self.last_side = Side::Prompt,
            Pane::Negative => self.last_side = Side::Negative,
            _ => {}
        }
    }

    /// Shows a tab as it was left.
    fn show(&mut self, tab: Tab) {
        if tab != self.tab() {
            self.go_to(self.left[tab as usize]);
        }
    }

    fn layout(&self) -> Option<Layout> {
        Layout::of(self.screen, self.focus, self.zoomed, self.shift)
    }

    /// Shows a sentence for a while; the same sentence is shown once.
    fn notice(&mut self, grade: Grade, message: String, hint: Option<String>) {
        let seconds = match grade {
            Grade::Info => 4,
            Grade::Warning => 8,
            Grade::Error => 15,
        };
        self.notices.retain(|notice| notice.message != message);
        self.notices.push(Notice {
            grade,
            message,
            hint,
            until: self.now + Duration::from_secs(seconds),
        });
    }
}
