//! The state machine from bytes to [`Input`].
//!
//! It has no clock: the caller says with [`Parser::flush`] that nothing came for a while. That decides what only silence can decide:
//! whether ESC is a key, and when an answer whose end is missing is given up. What was given up is remembered until the next bytes,
//! since a slow link may yet bring the rest; see [`super::tail`].

use std::mem;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::csi::{self, Meaning};
use super::paste::Paste;
use super::report::{self, Kind};
use super::{Input, keyboard, mouse, tail};

/// Flushes, all in all, until a sequence without end is given up: half a second at 25 ms.
const PATIENCE: u32 = 20;
/// The same for bytes that only may be the rest of an answer, and may as well be typed.
const DOUBTFUL_PATIENCE: u32 = 3;
/// Flushes in a row until a paste without end is given up.
const PASTE_PATIENCE: u32 = 40;
/// What is kept of a control string.
const LONGEST_STRING: usize = 64 << 10;
/// No terminal sends a control sequence this long.
const LONGEST_SEQUENCE: usize = 256;

/// What the bytes so far have begun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    #[default]
    Ground,
    Utf8 {
        alt: bool,
    },
    Escape,
    Ss3,
    Csi,
    X10,
    LinuxKey,
    Text(Kind),
    /// ESC within a control string; its end when `\` follows.
    TextEscape(Kind),
    Paste,
}

/// Bytes to keys, mouse events, pastes and reports; they may be cut anywhere.
///
/// Call [`Parser::flush`] every 25 ms or so of silence for as long as [`Parser::is_pending`].
#[derive(Debug, Default)]
pub struct Parser {
    state: State,
    /// What has been read of the sequence, without its introducer.
    held: Vec<u8>,
    /// ESC came twice before the sequence: the Esc key, or alt with a key that is a sequence.
    twice: bool,
    silences: u32,
    /// From where on `held` came after a silence.
    doubt: Option<usize>,
    /// `held` continues a sequence that was given up before.
    resumed: bool,
    /// A sequence that was given up, as far as it came.
    lost: Option<(State, Vec<u8>)>,
    paste: Paste,
    out: Vec<Input>,
}

impl Parser {
    /// Takes bytes that came at once.
    pub fn feed(&mut self, bytes: &[u8]) -> Vec<Input> {
        if !bytes.is_empty() {
            self.resume(bytes);
            if self.state == State::Paste {
                self.silences = 0;
            }
        }
        for &byte in bytes {
            self.byte(byte);
        }
        mem::take(&mut self.out)
    }

    /// Nothing came for a while.
    pub fn flush(&mut self) -> Vec<Input> {
        self.silence();
        mem::take(&mut self.out)
    }

    /// A sequence has begun and not ended, so that silence means something.
    pub fn is_pending(&self) -> bool {
        self.state != State::Ground
    }

    /// Goes back to a sequence that was given up, when these bytes look like the rest of it.
    fn resume(&mut self, bytes: &[u8]) {
        let Some((state, held)) = self.lost.take() else {
            return;
        };
        if self.state == State::Ground && tail::goes_on(state, &held, bytes) {
            self.state = state;
            self.doubt = Some(held.len());
            self.held = held;
            self.resumed = true;
        }
    }

    fn byte(&mut self, byte: u8) {
        match self.state {
            State::Ground => self.ground(byte, false),
            State::Utf8 { alt } => self.utf8(byte, alt),
            State::Escape => self.escape(byte),
            State::Ss3 => self.ss3(byte),
            State::Csi => self.csi(byte),
            State::X10 => self.x10(byte),
            State::LinuxKey => {
                self.finish();
                match byte {
                    b'A'..=b'E' => self.key(KeyCode::F(byte - b'A' + 1).into()),
                    _ => self.byte(byte),
                }
            }
            State::Text(kind) => self.text(kind, byte),
            State::TextEscape(kind) => self.text_escape(kind, byte),
            State::Paste => {
                if self.paste.push(byte) {
                    let text = self.paste.take();
                    self.push(Input::Paste(text));
                    self.finish();
                }
            }
        }
    }

    fn ground(&mut self, byte: u8, alt: bool) {
        match byte {
            0x1b => self.state = State::Escape,
            0x80.. => {
                self.state = State::Utf8 { alt };
                self.utf8(byte, alt);
            }
            _ => self.typed(keyboard::of_ascii(byte), alt),
        }
    }

    fn utf8(&mut self, byte: u8, alt: bool) {
        self.held.push(byte);
        match std::str::from_utf8(&self.held) {
            Ok(text) => {
                let character = text.chars().next().filter(|c| !c.is_control());
                self.end_of_sequence();
                if let Some(character) = character {
                    self.typed(keyboard::of_char(character), alt);
                }
                self.esc_before();
            }
            Err(error) if error.error_len().is_none() => {}
            Err(_) => {
                let first = self.held.len() == 1;
                self.finish();
                // What broke off a character may begin the next one.
                if !first {
                    self.byte(byte);
                }
            }
        }
    }

    fn escape(&mut self, byte: u8) {
        self.state = match byte {
            0x1b => {
                if self.twice {
                    self.out.push(Input::Key(KeyCode::Esc.into()));
                }
                self.twice = true;
                return;
            }
            b'[' => State::Csi,
            b'O' => State::Ss3,
            _ => {
                let Some(kind) = Kind::of(byte) else {
                    self.state = State::Ground;
                    return self.ground(byte, true);
                };
                State::Text(kind)
            }
        };
    }

    fn ss3(&mut self, byte: u8) {
        if byte.is_ascii_digit() && self.held.len() < 2 {
            return self.held.push(byte);
        }
        let digits = self.held.iter().map(|digit| u32::from(digit - b'0'));
        let modifiers = digits.fold(0, |number, digit| number * 10 + digit);
        if let Some(key) = csi::ss3(modifiers, byte) {
            self.end_of_sequence();
            self.key(key);
        } else {
            let mut typed = mem::take(&mut self.held);
            typed.push(byte);
            self.end_of_sequence();
            self.introducer(b'O');
            for byte in typed {
                self.byte(byte);
            }
        }
    }

    fn csi(&mut self, byte: u8) {
        match byte {
            b'[' if self.held.is_empty() => self.state = State::LinuxKey,
            b'M' if self.held.is_empty() => self.state = State::X10,
            b'@'..=b'~' => {
                self.held.push(byte);
                let body = mem::take(&mut self.held);
                let meaning = csi::read(&body);
                self.end_of_sequence();
                match meaning {
                    Meaning::Input(Input::Key(key)) => self.key(key),
                    Meaning::Input(input) => self.push(input),
                    Meaning::Paste => {
                        self.esc_before();
                        self.state = State::Paste;
                    }
                    Meaning::Nothing => self.esc_before(),
                }
            }
            b' '..=b'?' if self.held.len() < LONGEST_SEQUENCE => self.held.push(byte),
            // A key within an answer, as terminals execute control characters within sequences.
            0..=0x1a | 0x1c..=0x1f | 0x7f if !self.held.is_empty() => {
                self.out.push(Input::Key(keyboard::of_ascii(byte)));
            }
            _ => {
                if self.held.is_empty() {
                    self.end_of_sequence();
                    self.introducer(b'[');
                }
                self.finish();
                self.byte(byte);
            }
        }
    }

    fn x10(&mut self, byte: u8) {
        self.held.push(byte);
        if let Ok(bytes) = <[u8; 3]>::try_from(self.held.as_slice()) {
            self.end_of_sequence();
            match mouse::x10(bytes) {
                Some(event) => self.push(Input::Mouse(event)),
                None => self.esc_before(),
            }
        }
    }

    fn text(&mut self, kind: Kind, byte: u8) {
        match byte {
            0x07 if kind == Kind::Osc => self.string(kind),
            0x1b => {
                self.held.push(byte);
                self.state = State::TextEscape(kind);
            }
            0x18 | 0x1a => self.finish(),
            // Enter and Ctrl+C after a silence are somebody at the keyboard.
            0..=0x1f if self.doubt.is_some() => {
                self.give_up();
                self.byte(byte);
            }
            _ if self.held.len() < LONGEST_STRING => self.held.push(byte),
            _ => {}
        }
    }

    fn text_escape(&mut self, kind: Kind, byte: u8) {
        self.held.pop();
        if byte == b'\\' {
            self.string(kind);
        } else if self.held.is_empty() && !self.resumed {
            self.end_of_sequence();
            self.introducer(kind.introducer());
            self.byte(0x1b);
            self.byte(byte);
        } else {
            // ESC begins a new sequence wherever it comes; what was typed before it is no part of the answer.
            let typed = self
                .doubt
                .filter(|_| self.resumed)
                .map(|doubt| self.held.split_off(doubt));
            self.finish();
            typed.into_iter().flatten().for_each(|byte| self.byte(byte));
            self.byte(0x1b);
            self.byte(byte);
        }
    }

    /// A control string is complete.
    fn string(&mut self, kind: Kind) {
        let content = mem::take(&mut self.held);
        self.end_of_sequence();
        self.push(Input::Report(report::of_string(kind, &content)));
    }

    fn silence(&mut self) {
        match self.state {
            State::Ground => {}
            State::Escape => {
                self.end_of_sequence();
                self.esc_before();
                self.out.push(Input::Key(KeyCode::Esc.into()));
                self.lost = Some((State::Escape, Vec::new()));
            }
            State::Ss3 if self.held.is_empty() => {
                self.end_of_sequence();
                self.introducer(b'O');
            }
            State::Csi if self.held.is_empty() => {
                self.end_of_sequence();
                self.introducer(b'[');
                self.lost = Some((State::Csi, Vec::new()));
            }
            State::Text(kind) if self.held.is_empty() => {
                self.end_of_sequence();
                self.introducer(kind.introducer());
                self.lost = Some((State::Text(kind), Vec::new()));
            }
            state => {
                self.silences += 1;
                let patience = match state {
                    State::Paste => PASTE_PATIENCE,
                    _ if self.resumed => DOUBTFUL_PATIENCE,
                    _ => PATIENCE,
                };
                self.doubt.get_or_insert(self.held.len());
                if self.silences >= patience {
                    self.give_up();
                    // What was typed may end with ESC, and it has been silent after that too.
                    if self.state == State::Escape {
                        self.silence();
                    }
                }
            }
        }
    }

    /// Ends a sequence whose end does not come. What came of it after a silence was typed, as far as anybody can tell.
    fn give_up(&mut self) {
        let state = self.state;
        let mut held = mem::take(&mut self.held);
        let typed = held.split_off(self.doubt.unwrap_or(held.len()).min(held.len()));
        self.finish();
        match state {
            State::Paste => {
                let text = self.paste.take();
                self.push(Input::Paste(text));
                self.lost = Some((State::Paste, Vec::new()));
            }
            State::Text(_) | State::TextEscape(_) | State::Csi if typed.is_empty() => self.lost = Some((state, held)),
            State::Text(_) | State::TextEscape(_) | State::Csi => typed.into_iter().for_each(|byte| self.byte(byte)),
            _ => {}
        }
    }

    /// The sequence is over; whether ESC came twice before it is still to be told.
    fn end_of_sequence(&mut self) {
        self.state = State::Ground;
        self.held.clear();
        self.silences = 0;
        self.doubt = None;
        self.resumed = false;
    }

    /// The sequence is over, and so is all that came before it.
    fn finish(&mut self) {
        self.end_of_sequence();
        self.esc_before();
    }

    /// The Esc key that was held back, in case that it meant alt.
    fn esc_before(&mut self) {
        if mem::take(&mut self.twice) {
            self.out.push(Input::Key(KeyCode::Esc.into()));
        }
    }

    /// A key that is a sequence: two ESC before it are alt.
    fn key(&mut self, mut key: KeyEvent) {
        if mem::take(&mut self.twice) {
            key.modifiers |= KeyModifiers::ALT;
        }
        self.out.push(Input::Key(key));
    }

    /// A key that is a character, perhaps after ESC.
    fn typed(&mut self, mut key: KeyEvent, alt: bool) {
        self.esc_before();
        if alt {
            key.modifiers |= KeyModifiers::ALT;
        }
        self.out.push(Input::Key(key));
    }

    /// What could have begun a sequence was a key with alt.
    fn introducer(&mut self, byte: u8) {
        self.typed(keyboard::of_ascii(byte), true);
    }

    fn push(&mut self, input: Input) {
        self.esc_before();
        self.out.push(input);
    }
}
