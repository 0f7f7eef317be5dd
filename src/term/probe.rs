//! What terminal this is: questions to it and what follows from the answers.
//!
//! Environment variables do not cross ssh, so the terminal itself is asked: all questions in one write, the last of them one that
//! every terminal answers. Nobody waits for it: the screen is drawn at once, and better once [`Caps`] says so. In tmux the terminal
//! around it is asked too, through tmux's passthrough. Nothing here reads or writes, but for [`TmuxFacts::ask`] and
//! [`Window::ask`]. Read [`conclude`] next.

mod brand;
mod caps;
mod conclude;
mod surroundings;
mod tmux;

use std::time::{Duration, Instant};

use super::input::Report;
pub use brand::Brand;
pub use caps::{Caps, Mux, Outer};
use conclude::{Answers, conclude, is_screen};
pub use surroundings::{Surroundings, Window};
pub use tmux::{TmuxFacts, allow_passthrough};

/// Asks for the size of a cell again: after the window or its font has changed.
pub const CELL_QUESTION: &[u8] = b"\x1b[16t";

const BACKGROUND_QUESTION: &[u8] = b"\x1b]11;?\x1b\\";

/// A first answer is waited for so long, and each further one.
const PATIENCE: Duration = Duration::from_millis(500);
/// The same when it has to cross a network.
const REMOTE_PATIENCE: Duration = Duration::from_secs(1);
/// No round of questions is waited for longer, whatever trickles in.
const LONGEST: Duration = Duration::from_millis(2500);

/// Ids of the pictures that kitty's query names; nothing is drawn.
const KITTY_ID: u32 = 31;
const OUTER_KITTY_ID: u32 = 32;

/// Asks the terminal, and knows what is known.
///
/// Write what [`Probe::begin`] and [`Probe::report`] give, hand in all reports for as long as the screen runs (late answers count),
/// and call [`Probe::expire`] at [`Probe::deadline`].
#[derive(Clone, Debug)]
pub struct Probe {
    surroundings: Surroundings,
    answers: Answers,
    caps: Caps,
    /// When the questions were asked, until the first of them is answered.
    asked: Option<Instant>,
    waiting: Option<Waiting>,
    outer_asked: bool,
}

#[derive(Clone, Copy, Debug)]
struct Waiting {
    latest: Instant,
    deadline: Instant,
}

impl Probe {
    /// Knows what the surroundings say, and has asked nothing.
    pub fn new(surroundings: Surroundings) -> Self {
        let answers = Answers::default();
        Self {
            caps: conclude(&surroundings, &answers),
            surroundings,
            answers,
            asked: None,
            waiting: None,
            outer_asked: false,
        }
    }

    /// The first questions, to be written at once, and best before the first frame: the few terminals that print what they do not
    /// know print it on an empty screen then.
    pub fn begin(&mut self, now: Instant) -> Vec<u8> {
        let questions = questions(&self.surroundings);
        if !questions.is_empty() {
            self.wait(now);
        }
        questions
    }

    /// Takes an answer; gives further questions, to be written at once. Reports that answer no question are no harm.
    pub fn report(&mut self, report: &Report, now: Instant) -> Vec<u8> {
        let last = matches!(report, Report::PrimaryDeviceAttributes(_));
        if !self.take(report) {
            return Vec::new();
        }
        // tmux answers at once, however far away the terminal around it is: the second round is the better measure.
        if let Some(asked) = self.asked.take() {
            self.answers.round_trip = Some(now.saturating_duration_since(asked));
        }
        if let Some(waiting) = &mut self.waiting {
            waiting.deadline = (now + PATIENCE).max(waiting.deadline).min(waiting.latest);
        }
        self.caps = conclude(&self.surroundings, &self.answers);
        if !last {
            return Vec::new();
        }
        self.waiting = None;
        if self.outer_asked || !self.reaches_further() {
            return Vec::new();
        }
        self.outer_asked = true;
        self.wait(now);
        outer_questions(&self.caps)
    }

    /// When [`Probe::expire`] is due; `None` when nothing is waited for.
    pub fn deadline(&self) -> Option<Instant> {
        self.waiting.map(|waiting| waiting.deadline)
    }

    /// Waits no longer, if it is time.
    pub fn expire(&mut self, now: Instant) {
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.waiting = None;
            self.answers.expired = true;
            self.caps = conclude(&self.surroundings, &self.answers);
        }
    }

    /// The window has another size.
    pub fn resize(&mut self, window: Window) {
        self.surroundings.window = window;
        self.caps = conclude(&self.surroundings, &self.answers);
    }

    /// What is known so far.
    pub fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Nothing more is waited for; an answer that comes nevertheless is still taken.
    pub fn is_done(&self) -> bool {
        self.waiting.is_none()
    }

    fn wait(&mut self, now: Instant) {
        let patience = if self.surroundings.ssh {
            REMOTE_PATIENCE
        } else {
            PATIENCE
        };
        self.asked = Some(now);
        self.waiting = Some(Waiting {
            latest: now + LONGEST,
            deadline: now + patience,
        });
    }

    /// Puts an answer where it belongs; false when it is none.
    fn take(&mut self, report: &Report) -> bool {
        let answers = &mut self.answers;
        let outer = self.outer_asked;
        match report {
            Report::Version(text) if outer => answers.outer_version = Some(text.clone()),
            Report::Version(text) => answers.version = Some(text.clone()),
            Report::PrimaryDeviceAttributes(list) if outer => answers.outer_attributes = Some(list.clone()),
            Report::PrimaryDeviceAttributes(list) => answers.attributes = Some(list.clone()),
            Report::Kitty { id: KITTY_ID, ok, .. } => answers.kitty = *ok,
            Report::Kitty {
                id: OUTER_KITTY_ID, ok, ..
            } => answers.outer_kitty = *ok,
            Report::CellSize { width, height } => answers.cell = Some((*width, *height)),
            Report::TextArea { width, height } => answers.area = Some((*width, *height)),
            Report::Background { r, g, b } => answers.background = Some((*r, *g, *b)),
            Report::ColourScheme { dark } => answers.dark = Some(*dark),
            Report::Mode { mode: 2026, value } => answers.sync = Some(*value),
            Report::KeyboardFlags(_) => answers.keyboard = true,
            _ => return false,
        }
        true
    }

    /// There is a terminal around tmux that may hear us.
    fn reaches_further(&self) -> bool {
        self.caps.mux == Mux::Tmux
            && self.surroundings.tmux.as_ref().is_none_or(|facts| facts.passthrough)
            // A tmux in a tmux lets nothing through to the end.
            && self.caps.outer.as_ref().is_none_or(|outer| outer.brand != Brand::Tmux)
    }
}

/// All in one write; DA1, which everybody answers, comes last.
fn questions(surroundings: &Surroundings) -> Vec<u8> {
    const FIRST: &[u8] = b"\x1b[>q";
    const KITTY: &[u8] = b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\";
    const FURTHER: &[u8] = b"\x1b[16t\x1b[14t\x1b[?2026$p\x1b[?u\x1b[?996n";
    const LAST: &[u8] = b"\x1b[c";
    match surroundings.term.as_str() {
        "dumb" | "" => Vec::new(),
        // Old kernels print what they do not know.
        "linux" => LAST.to_vec(),
        // To screen and tmux an APC is a new title, and neither has kitty's pictures.
        term if surroundings.in_tmux || is_screen(surroundings) || term.starts_with("tmux") => {
            [FIRST, FURTHER, BACKGROUND_QUESTION, LAST].concat()
        }
        _ => [FIRST, KITTY, FURTHER, BACKGROUND_QUESTION, LAST].concat(),
    }
}

/// For the terminal around tmux.
fn outer_questions(caps: &Caps) -> Vec<u8> {
    let mut questions = b"\x1b[>q\x1b_Gi=32,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\".to_vec();
    if caps.cell.is_none() {
        questions.extend_from_slice(CELL_QUESTION);
    }
    // tmux knows it itself since 3.4.
    if caps.dark.is_none() {
        questions.extend_from_slice(BACKGROUND_QUESTION);
    }
    questions.extend_from_slice(b"\x1b[c");
    tmux::through(&questions)
}
