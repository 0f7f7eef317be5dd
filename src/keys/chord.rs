//! A key with its modifiers, in one form however the terminal told it.
//!
//! Terminals disagree about shift: `G` may come as `G`, as shift and `G`, or as shift and `g`. [`Chord::new`] makes one of them, so
//! that chords compare by `==`. A sequence (`g g`) is a slice of chords. Which chords a terminal without the kitty keyboard protocol
//! can send is told by [`Chord::is_plain`].

use std::fmt;
use std::str::FromStr;

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// A key press.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Chord {
    /// The key; a letter under ctrl is lower case, any other letter tells shift by its case.
    pub code: KeyCode,
    /// What is held down besides; shift only where the key does not tell it.
    pub modifiers: KeyModifiers,
}

/// Why a text is no chord.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChordError {
    /// No text at all.
    #[error("the key is empty")]
    Empty,
    /// A part before the last `+` that is no modifier.
    #[error("{part:?} in {text:?} is no modifier")]
    Modifier {
        /// That part.
        part: String,
        /// The whole.
        text: String,
    },
    /// The last part is no key.
    #[error("{part:?} in {text:?} is no key")]
    Key {
        /// That part.
        part: String,
        /// The whole.
        text: String,
    },
}

impl ChordError {
    /// How a key is written.
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            Self::Modifier { .. } => "the modifiers are ctrl, alt, shift and super, as in ctrl+alt+up".to_owned(),
            _ => format!(
                "a key is one character, f1 to f24, or one of {}",
                NAMES.map(|(name, _)| name).join(", ")
            ),
        })
    }
}

/// Names of keys that are no character; the first of several for one key is the one printed.
const NAMES: [(&str, KeyCode); 21] = [
    ("enter", KeyCode::Enter),
    ("esc", KeyCode::Esc),
    ("tab", KeyCode::Tab),
    ("space", KeyCode::Char(' ')),
    ("backspace", KeyCode::Backspace),
    ("delete", KeyCode::Delete),
    ("insert", KeyCode::Insert),
    ("up", KeyCode::Up),
    ("down", KeyCode::Down),
    ("left", KeyCode::Left),
    ("right", KeyCode::Right),
    ("home", KeyCode::Home),
    ("end", KeyCode::End),
    ("pageup", KeyCode::PageUp),
    ("pagedown", KeyCode::PageDown),
    ("plus", KeyCode::Char('+')),
    ("menu", KeyCode::Menu),
    ("pause", KeyCode::Pause),
    ("return", KeyCode::Enter),
    ("escape", KeyCode::Esc),
    ("del", KeyCode::Delete),
];

const HELD: [(&str, KeyModifiers); 8] = [
    ("ctrl", KeyModifiers::CONTROL),
    ("alt", KeyModifiers::ALT),
    ("shift", KeyModifiers::SHIFT),
    ("super", KeyModifiers::SUPER),
    ("control", KeyModifiers::CONTROL),
    ("meta", KeyModifiers::ALT),
    ("option", KeyModifiers::ALT),
    ("cmd", KeyModifiers::SUPER),
];

impl Chord {
    /// A chord in its one form.
    pub fn new(code: KeyCode, modifiers: KeyModifiers) -> Self {
        let known = KeyModifiers::CONTROL | KeyModifiers::ALT | KeyModifiers::SHIFT | KeyModifiers::SUPER;
        let mut modifiers = modifiers & known;
        let shifted = modifiers.contains(KeyModifiers::SHIFT);
        let code = match code {
            KeyCode::BackTab => {
                modifiers |= KeyModifiers::SHIFT;
                KeyCode::Tab
            }
            KeyCode::Char(c) if modifiers.contains(KeyModifiers::CONTROL) => {
                let lower = single(c.to_lowercase()).unwrap_or(c);
                if lower == c && single(c.to_uppercase()) == Some(c) {
                    modifiers -= KeyModifiers::SHIFT;
                }
                KeyCode::Char(lower)
            }
            KeyCode::Char(c) => {
                modifiers -= KeyModifiers::SHIFT;
                let upper = shifted.then(|| single(c.to_uppercase())).flatten();
                KeyCode::Char(upper.unwrap_or(c))
            }
            other => other,
        };
        Self { code, modifiers }
    }

    /// The chord of a key press or its repetition; `None` when a key is let go, and for modifiers alone.
    pub fn of(event: &KeyEvent) -> Option<Self> {
        let pressed = event.kind != KeyEventKind::Release;
        let alone = matches!(event.code, KeyCode::Modifier(_) | KeyCode::Null);
        (pressed && !alone).then(|| Self::new(event.code, event.modifiers))
    }

    /// The character that this chord types into a text.
    pub fn typed(self) -> Option<char> {
        match self.code {
            KeyCode::Char(c) if self.modifiers.is_empty() && !c.is_control() => Some(c),
            _ => None,
        }
    }

    /// Whether a terminal without the kitty keyboard protocol can send this chord as itself.
    pub fn is_plain(self) -> bool {
        super::plain::is_plain(self)
    }

    /// The chords of a sequence such as `g g`.
    ///
    /// # Errors
    /// A part is no chord.
    pub fn sequence(text: &str) -> Result<Vec<Self>, ChordError> {
        let chords: Vec<_> = text.split_whitespace().map(str::parse).collect::<Result<_, _>>()?;
        if chords.is_empty() {
            Err(ChordError::Empty)
        } else {
            Ok(chords)
        }
    }
}

/// A sequence as it is written, `g g`.
pub fn written(sequence: &[Chord]) -> String {
    sequence.iter().map(Chord::to_string).collect::<Vec<_>>().join(" ")
}

/// The only character of an iterator.
fn single(mut characters: impl Iterator<Item = char>) -> Option<char> {
    let first = characters.next()?;
    characters.next().is_none().then_some(first)
}

impl FromStr for Chord {
    type Err = ChordError;

    fn from_str(text: &str) -> Result<Self, ChordError> {
        let text = text.trim();
        if text.is_empty() {
            return Err(ChordError::Empty);
        }
        // A final plus is the key itself: `+`, `ctrl++`.
        let (held, key) = match text.strip_suffix("++") {
            Some(held) => (held, "+"),
            None if text == "+" => ("", "+"),
            None => text.rsplit_once('+').unwrap_or(("", text)),
        };
        let mut modifiers = KeyModifiers::NONE;
        for part in held.split('+').filter(|_| !held.is_empty()) {
            let lower = part.trim().to_ascii_lowercase();
            let known = HELD.iter().find(|(name, _)| *name == lower);
            modifiers |= known
                .map(|(_, modifier)| *modifier)
                .ok_or_else(|| ChordError::Modifier {
                    part: short(part),
                    text: short(text),
                })?;
        }
        let code = key_named(key.trim()).ok_or_else(|| ChordError::Key {
            part: short(key),
            text: short(text),
        })?;
        Ok(Self::new(code, modifiers))
    }
}

fn short(text: &str) -> String {
    crate::ui::text::truncate(&crate::ui::text::safe(text), 40).into_owned()
}

fn key_named(name: &str) -> Option<KeyCode> {
    if let Some(c) = single(name.chars()) {
        return (!c.is_control()).then_some(KeyCode::Char(c));
    }
    let lower = name.to_ascii_lowercase();
    if let Some((_, code)) = NAMES.iter().find(|(known, _)| *known == lower) {
        return Some(*code);
    }
    let number: u8 = lower.strip_prefix('f')?.parse().ok()?;
    (1..=24).contains(&number).then_some(KeyCode::F(number))
}

impl fmt::Display for Chord {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, modifier) in &HELD[..4] {
            if self.modifiers.contains(*modifier) {
                write!(out, "{name}+")?;
            }
        }
        match (NAMES.iter().find(|(_, code)| *code == self.code), self.code) {
            (_, KeyCode::Char('+')) => out.write_str("+"),
            (Some((name, _)), _) => out.write_str(name),
            (None, KeyCode::Char(c)) => write!(out, "{c}"),
            (None, KeyCode::F(number)) => write!(out, "f{number}"),
            (None, other) => write!(out, "{}", other.to_string().to_ascii_lowercase()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn chord(text: &str) -> Chord {
        text.parse().unwrap()
    }

    #[test]
    fn a_chord_is_one_however_it_was_told() {
        let all = KeyModifiers::all();
        let (none, shift, ctrl) = (KeyModifiers::NONE, KeyModifiers::SHIFT, KeyModifiers::CONTROL);
        for (code, modifiers, text) in [
            (KeyCode::Char('G'), none, "G"),
            (KeyCode::Char('G'), shift, "G"),
            (KeyCode::Char('g'), shift, "G"),
            (KeyCode::Char('?'), shift, "?"),
            (KeyCode::Char('A'), ctrl, "ctrl+a"),
            (KeyCode::Char('Z'), ctrl | shift, "ctrl+shift+z"),
            (KeyCode::BackTab, none, "shift+tab"),
            (KeyCode::BackTab, shift, "shift+tab"),
            (KeyCode::Char(' '), shift, "space"),
            (KeyCode::Char(' '), ctrl, "ctrl+space"),
            (KeyCode::F(5), none, "f5"),
            (KeyCode::Char('Z'), KeyModifiers::ALT, "alt+Z"),
            (KeyCode::Up, all, "ctrl+alt+shift+super+up"),
            (KeyCode::Char('狐'), shift, "狐"),
            (KeyCode::Char('ß'), shift, "ß"),
        ] {
            assert_eq!(Chord::new(code, modifiers).to_string(), text);
            assert_eq!(Chord::new(code, modifiers), chord(text), "{text}");
        }
    }

    #[test]
    fn what_is_printed_is_read_back() {
        for text in [
            "+",
            "ctrl++",
            "alt++",
            "-",
            "a",
            "alt+enter",
            "f24",
            "ctrl+/",
            "pagedown",
            "alt+[",
            "space",
        ] {
            assert_eq!(chord(text).to_string(), text);
        }
        assert_eq!(chord("Ctrl + Alt+UP"), chord("ctrl+alt+up"));
        assert_eq!(chord("shift+g"), chord("G"));
        assert_eq!(chord("ctrl+G"), chord("ctrl+g"));
        assert_eq!(chord("plus"), chord("+"));
        assert_eq!(chord("escape").to_string(), "esc");
        assert_eq!(Chord::sequence(" g  g ").unwrap(), [chord("g"), chord("g")]);
    }

    #[test]
    fn what_is_no_chord_is_refused_with_its_part() {
        for (text, sentence) in [
            ("ctl+a", r#""ctl" in "ctl+a" is no modifier"#),
            ("ctrl+entr", r#""entr" in "ctrl+entr" is no key"#),
            ("ctrl+", r#""" in "ctrl+" is no key"#),
            ("f25", r#""f25" in "f25" is no key"#),
            ("f0", r#""f0" in "f0" is no key"#),
            ("\u{1b}", r#""␛" in "␛" is no key"#),
            ("", "the key is empty"),
        ] {
            let error = text.parse::<Chord>().unwrap_err();
            assert!(error.hint().is_some());
            assert_eq!(error.to_string(), sentence);
        }
        assert!(Chord::sequence("   ").is_err());
    }

    #[test]
    fn only_presses_count() {
        let mut event = KeyEvent::new(KeyCode::Char('x'), KeyModifiers::NONE);
        assert_eq!(Chord::of(&event).and_then(Chord::typed), Some('x'));
        event.kind = KeyEventKind::Repeat;
        assert!(Chord::of(&event).is_some());
        event.kind = KeyEventKind::Release;
        assert_eq!(Chord::of(&event), None);
    }
}
