//! The bytes that change the terminal's modes.

const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1002h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1002l\x1b[?1000l";
/// One level of the kitty keyboard protocol: keys that were ambiguous no longer are.
const KEYBOARD_ON: &[u8] = b"\x1b[>1u";
const KEYBOARD_OFF: &[u8] = b"\x1b[<u";
/// Alternate screen, empty, no cursor; pastes in brackets; focus.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[0m\x1b[2J\x1b[H\x1b[?25l\x1b[?2004h\x1b[?1004h";

/// Everything that has to be reset, in one write, whatever the terminal is in the middle of.
///
/// First the end of any control string, then of a synchronised update; the keyboard's level before the alternate screen, since each
/// screen has its own.
pub fn leave_bytes() -> &'static [u8] {
    b"\x1b\\\x1b[?2026l\
      \x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?1004l\x1b[?2004l\
      \x1b[<u\x1b[0m\x1b[?25h\x1b[0 q\x1b[?1049l"
}

pub(super) fn enter(mouse: bool, keyboard: bool) -> Vec<u8> {
    let mut bytes = ENTER.to_vec();
    if mouse {
        bytes.extend_from_slice(MOUSE_ON);
    }
    if keyboard {
        bytes.extend_from_slice(KEYBOARD_ON);
    }
    bytes
}

/// `first` erases pictures; it too must not be read as part of what the terminal is in the middle of.
pub(super) fn leave(first: &[u8]) -> Vec<u8> {
    if first.is_empty() {
        return leave_bytes().to_vec();
    }
    [b"\x1b\\", first, leave_bytes()].concat()
}

pub(super) fn mouse(on: bool) -> &'static [u8] {
    if on { MOUSE_ON } else { MOUSE_OFF }
}

pub(super) fn keyboard(on: bool) -> &'static [u8] {
    if on { KEYBOARD_ON } else { KEYBOARD_OFF }
}
