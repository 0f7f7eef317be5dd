//! Which edit an action or a key is.
//!
//! What users may bind are actions, and their keys are the keymap's. Beneath it lie the keys that move a cursor and erase in every
//! text field; they are fixed, and are asked for only when the keymap knows nothing of a key.

use crossterm::event::{KeyCode, KeyModifiers};

use super::{Edit, Motion};
use crate::keys::{Action, Chord};

/// The edit that an action does in an editor, if it does one. What `paste` puts in is the caller's to say.
pub fn of_action(action: Action) -> Option<Edit> {
    Some(match action {
        Action::WeightUp => Edit::WeightUp,
        Action::WeightDown => Edit::WeightDown,
        Action::Newline => Edit::Newline,
        Action::Undo => Edit::Undo,
        Action::Redo => Edit::Redo,
        Action::SelectAll => Edit::SelectAll,
        Action::Copy => Edit::Copy,
        Action::Cut => Edit::Cut,
        Action::Clear => Edit::Clear,
        _ => return None,
    })
}

/// The edit that a key does in an editor when it is bound to nothing.
pub fn of_key(chord: Chord) -> Option<Edit> {
    let held = chord.modifiers;
    let ctrl = held.contains(KeyModifiers::CONTROL);
    let alt = held.contains(KeyModifiers::ALT);
    if held.contains(KeyModifiers::SUPER) {
        return None;
    }
    match (chord.code, ctrl, alt) {
        (KeyCode::Char(c), false, false) => Some(Edit::Insert(c)),
        (KeyCode::Char('u'), true, false) => Some(Edit::KillToStart),
        (KeyCode::Char('k'), true, false) => Some(Edit::KillToEnd),
        (KeyCode::Enter, false, _) => Some(Edit::Newline),
        (KeyCode::Backspace, false, false) => Some(Edit::Backspace),
        (KeyCode::Delete, false, false) => Some(Edit::Delete),
        (KeyCode::Char('w'), true, false) | (KeyCode::Backspace, _, _) => Some(Edit::DeleteWordLeft),
        (KeyCode::Char('d'), false, true) | (KeyCode::Delete, _, _) => Some(Edit::DeleteWordRight),
        (KeyCode::Left, false, true) => Some(Edit::ItemLeft),
        (KeyCode::Right, false, true) => Some(Edit::ItemRight),
        (code, ctrl, false) => {
            let motion = motion(code, ctrl)?;
            let select = held.contains(KeyModifiers::SHIFT);
            Some(Edit::Move { motion, select })
        }
        _ => None,
    }
}

fn motion(code: KeyCode, ctrl: bool) -> Option<Motion> {
    Some(match (code, ctrl) {
        (KeyCode::Left, false) => Motion::Left,
        (KeyCode::Right, false) => Motion::Right,
        (KeyCode::Left, true) => Motion::WordLeft,
        (KeyCode::Right, true) => Motion::WordRight,
        (KeyCode::Up, false) => Motion::Up,
        (KeyCode::Down, false) => Motion::Down,
        (KeyCode::PageUp, false) => Motion::PageUp,
        (KeyCode::PageDown, false) => Motion::PageDown,
        (KeyCode::Home, false) => Motion::Home,
        (KeyCode::End, false) => Motion::End,
        (KeyCode::Home, true) => Motion::Top,
        (KeyCode::End, true) => Motion::Bottom,
        _ => return None,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::keys::{Hit, Keymap, Scope};

    const FIXED: [(&str, Edit); 16] = [
        ("a", Edit::Insert('a')),
        ("G", Edit::Insert('G')),
        ("狐", Edit::Insert('狐')),
        ("ctrl+w", Edit::DeleteWordLeft),
        ("alt+backspace", Edit::DeleteWordLeft),
        ("alt+d", Edit::DeleteWordRight),
        ("ctrl+u", Edit::KillToStart),
        ("ctrl+k", Edit::KillToEnd),
        ("backspace", Edit::Backspace),
        ("delete", Edit::Delete),
        ("alt+left", Edit::ItemLeft),
        ("alt+right", Edit::ItemRight),
        ("ctrl+left", moves(Motion::WordLeft, false)),
        ("shift+down", moves(Motion::Down, true)),
        ("home", moves(Motion::Home, false)),
        ("ctrl+shift+end", moves(Motion::Bottom, true)),
    ];

    const fn moves(motion: Motion, select: bool) -> Edit {
        Edit::Move { motion, select }
    }

    #[test]
    fn keys_of_every_text_field_edit_and_the_keymap_takes_none_of_them() {
        let keymap = Keymap::default();
        for (key, edit) in FIXED {
            let chord: Chord = key.parse().unwrap();
            assert_eq!(of_key(chord), Some(edit), "{key}");
            let hit = keymap.resolve(&[Scope::Editor, Scope::Global], &[], chord);
            assert!(matches!(hit, Hit::Miss), "{key}: {hit:?}");
        }
        for key in ["ctrl+q", "alt+1", "f5", "esc", "tab", "super+a", "ctrl+alt+right"] {
            assert_eq!(of_key(key.parse().unwrap()), None, "{key}");
        }
    }

    #[test]
    fn actions_of_writing_are_edits() {
        for info in crate::keys::ACTIONS {
            let writes = info.group == crate::keys::Group::Writing && info.action != Action::Paste;
            assert_eq!(of_action(info.action).is_some(), writes, "{}", info.name);
        }
    }
}
