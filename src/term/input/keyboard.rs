//! Single keys: control characters, and the numbers that the kitty keyboard protocol gives to keys.

use crossterm::event::{KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MediaKeyCode, ModifierKeyCode};

/// The key of a byte below 0x80 that begins no sequence.
pub(super) fn of_ascii(byte: u8) -> KeyEvent {
    let control = |c: u8| KeyEvent::new(KeyCode::Char(char::from(c)), KeyModifiers::CONTROL);
    match byte {
        b'\r' => KeyCode::Enter.into(),
        b'\t' => KeyCode::Tab.into(),
        0x08 | 0x7f => KeyCode::Backspace.into(),
        0x1b => KeyCode::Esc.into(),
        0 => control(b' '),
        0x01..=0x1a => control(byte - 1 + b'a'),
        0x1c..=0x1f => control(byte - 0x1c + b'4'),
        _ => of_char(char::from(byte)),
    }
}

/// The key that types a character; a capital letter carries shift, as crossterm has it.
pub(super) fn of_char(character: char) -> KeyEvent {
    let modifiers = if character.is_uppercase() {
        KeyModifiers::SHIFT
    } else {
        KeyModifiers::NONE
    };
    KeyEvent::new(KeyCode::Char(character), modifiers)
}

/// A key with xterm's number for modifiers (1 is none) and kitty's for press, repeat and release. `None` for a release.
pub(super) fn modified(code: KeyCode, modifiers: u32, event: u32) -> Option<KeyEvent> {
    let bits = modifiers.saturating_sub(1);
    let mut held = KeyModifiers::NONE;
    for (bit, modifier) in [
        (1, KeyModifiers::SHIFT),
        (2, KeyModifiers::ALT),
        (4, KeyModifiers::CONTROL),
        (8, KeyModifiers::SUPER),
        (16, KeyModifiers::HYPER),
        (32, KeyModifiers::META),
    ] {
        held.set(modifier, bits & bit != 0);
    }
    let mut state = KeyEventState::NONE;
    state.set(KeyEventState::CAPS_LOCK, bits & 64 != 0);
    state.set(KeyEventState::NUM_LOCK, bits & 128 != 0);
    let kind = match event {
        2 => KeyEventKind::Repeat,
        3 => return None,
        _ => KeyEventKind::Press,
    };
    Some(KeyEvent::new_with_kind_and_state(code, held, kind, state))
}

/// The key with a Unicode number, of `CSI … u` or of `CSI 27 ; … ~`.
///
/// `shifted` is the character that shift makes of it, when the terminal says so.
pub(super) fn numbered(number: u32, shifted: Option<u32>, modifiers: u32, event: u32) -> Option<KeyEvent> {
    let (code, state) = functional(number)
        .map(|(code, keypad)| {
            (
                code,
                if keypad {
                    KeyEventState::KEYPAD
                } else {
                    KeyEventState::NONE
                },
            )
        })
        .or_else(|| Some((plain(number)?, KeyEventState::NONE)))?;
    let mut key = modified(code, modifiers, event)?;
    key.state |= state;
    if key.modifiers.contains(KeyModifiers::SHIFT) {
        match (key.code, shifted.and_then(char::from_u32).filter(|c| !c.is_control())) {
            (KeyCode::Tab, _) => key.code = KeyCode::BackTab,
            (KeyCode::Char(_), Some(shifted)) => {
                key.code = KeyCode::Char(shifted);
                key.modifiers.set(KeyModifiers::SHIFT, shifted.is_uppercase());
            }
            _ => {}
        }
    }
    Some(key)
}

fn plain(number: u32) -> Option<KeyCode> {
    match char::from_u32(number)? {
        '\u{1b}' => Some(KeyCode::Esc),
        '\r' => Some(KeyCode::Enter),
        '\t' => Some(KeyCode::Tab),
        '\u{7f}' | '\u{8}' => Some(KeyCode::Backspace),
        // The private use area up to U+F8FF holds keys that have no character.
        '\u{e000}'..='\u{f8ff}' => None,
        c if c.is_control() => None,
        c => Some(KeyCode::Char(c)),
    }
}

/// Keys that have no character, and whether they are on the keypad.
fn functional(number: u32) -> Option<(KeyCode, bool)> {
    const KEYPAD: &[u8] = b"0123456789./*-+\r=,";
    let keypad = match number {
        57399..=57416 => match KEYPAD[(number - 57399) as usize] {
            b'\r' => KeyCode::Enter,
            byte => KeyCode::Char(char::from(byte)),
        },
        57417 => KeyCode::Left,
        57418 => KeyCode::Right,
        57419 => KeyCode::Up,
        57420 => KeyCode::Down,
        57421 => KeyCode::PageUp,
        57422 => KeyCode::PageDown,
        57423 => KeyCode::Home,
        57424 => KeyCode::End,
        57425 => KeyCode::Insert,
        57426 => KeyCode::Delete,
        57427 => KeyCode::KeypadBegin,
        _ => return special(number).map(|code| (code, false)),
    };
    Some((keypad, true))
}

fn special(number: u32) -> Option<KeyCode> {
    const MEDIA: [MediaKeyCode; 13] = [
        MediaKeyCode::Play,
        MediaKeyCode::Pause,
        MediaKeyCode::PlayPause,
        MediaKeyCode::Reverse,
        MediaKeyCode::Stop,
        MediaKeyCode::FastForward,
        MediaKeyCode::Rewind,
        MediaKeyCode::TrackNext,
        MediaKeyCode::TrackPrevious,
        MediaKeyCode::Record,
        MediaKeyCode::LowerVolume,
        MediaKeyCode::RaiseVolume,
        MediaKeyCode::MuteVolume,
    ];
    const MODIFIERS: [ModifierKeyCode; 14] = [
        ModifierKeyCode::LeftShift,
        ModifierKeyCode::LeftControl,
        ModifierKeyCode::LeftAlt,
        ModifierKeyCode::LeftSuper,
        ModifierKeyCode::LeftHyper,
        ModifierKeyCode::LeftMeta,
        ModifierKeyCode::RightShift,
        ModifierKeyCode::RightControl,
        ModifierKeyCode::RightAlt,
        ModifierKeyCode::RightSuper,
        ModifierKeyCode::RightHyper,
        ModifierKeyCode::RightMeta,
        ModifierKeyCode::IsoLevel3Shift,
        ModifierKeyCode::IsoLevel5Shift,
    ];
    match number {
        57344 => Some(KeyCode::Esc),
        57345 => Some(KeyCode::Enter),
        57346 => Some(KeyCode::Tab),
        57347 => Some(KeyCode::Backspace),
        57348 => Some(KeyCode::Insert),
        57349 => Some(KeyCode::Delete),
        57350 => Some(KeyCode::Left),
        57351 => Some(KeyCode::Right),
        57352 => Some(KeyCode::Up),
        57353 => Some(KeyCode::Down),
        57354 => Some(KeyCode::PageUp),
        57355 => Some(KeyCode::PageDown),
        57356 => Some(KeyCode::Home),
        57357 => Some(KeyCode::End),
        57358 => Some(KeyCode::CapsLock),
        57359 => Some(KeyCode::ScrollLock),
        57360 => Some(KeyCode::NumLock),
        57361 => Some(KeyCode::PrintScreen),
        57362 => Some(KeyCode::Pause),
        57363 => Some(KeyCode::Menu),
        57364..=57398 => Some(KeyCode::F((number - 57363) as u8)),
        57428..=57440 => Some(KeyCode::Media(MEDIA[(number - 57428) as usize])),
        57441..=57454 => Some(KeyCode::Modifier(MODIFIERS[(number - 57441) as usize])),
        _ => None,
    }
}
