//! What a terminal without the kitty keyboard protocol can send.
//!
//! Such a terminal sends control characters for ctrl and a letter, an escape before anything for alt, and numbered sequences for
//! cursor and function keys. Whatever has no sequence of its own, or shares it with another key, cannot be told apart.

use crossterm::event::{KeyCode, KeyModifiers};

use super::Chord;

/// Characters that begin an escape sequence behind ESC, so that alt with them may be taken for one.
const AFTER_ESCAPE: [char; 6] = ['[', 'O', 'P', ']', '_', '^'];

pub(super) fn is_plain(chord: Chord) -> bool {
    let held = chord.modifiers;
    if held.contains(KeyModifiers::SUPER) {
        return false;
    }
    let ctrl = held.contains(KeyModifiers::CONTROL);
    let shift = held.contains(KeyModifiers::SHIFT);
    let alt = held.contains(KeyModifiers::ALT);
    match chord.code {
        // ctrl+i is tab, ctrl+m is enter, ctrl+h is backspace on many, and ctrl never tells shift.
        KeyCode::Char(c) if ctrl => !shift && ((c.is_ascii_lowercase() && !"imh".contains(c)) || c == ' '),
        KeyCode::Char(c) => !alt || !AFTER_ESCAPE.contains(&c),
        KeyCode::Tab => !(ctrl || shift && alt),
        KeyCode::Enter | KeyCode::Backspace => !ctrl && !shift,
        KeyCode::Esc => held.is_empty(),
        KeyCode::F(number) => number <= 12,
        KeyCode::Up
        | KeyCode::Down
        | KeyCode::Left
        | KeyCode::Right
        | KeyCode::Home
        | KeyCode::End
        | KeyCode::PageUp
        | KeyCode::PageDown
        | KeyCode::Insert
        | KeyCode::Delete => true,
        _ => false,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_terminal_sends_these_and_not_those() {
        let plain = |text: &str| is_plain(text.parse::<Chord>().unwrap());
        for text in [
            "a",
            "?",
            "G",
            "ctrl+g",
            "ctrl+j",
            "ctrl+space",
            "alt+enter",
            "alt+z",
            "alt+1",
            "f5",
            "shift+f5",
            "shift+tab",
            "ctrl+up",
            "ctrl+alt+right",
            "shift+left",
            "esc",
            "alt+backspace",
            "delete",
            "ctrl+home",
        ] {
            assert!(plain(text), "{text}");
        }
        for text in [
            "ctrl+enter",
            "shift+enter",
            "ctrl+shift+z",
            "ctrl+i",
            "ctrl+m",
            "ctrl+h",
            "ctrl+1",
            "ctrl+;",
            "ctrl+tab",
            "alt+[",
            "alt+O",
            "ctrl+backspace",
            "super+a",
            "ctrl+esc",
            "f13",
            "ctrl++",
            "ctrl+[",
            "menu",
        ] {
            assert!(!plain(text), "{text}");
        }
    }
}
