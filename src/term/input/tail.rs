//! Whether bytes after a pause are the rest of an answer that was cut in two, and not somebody typing.
//!
//! Fingers send a key at a time, an answer's rest comes at once and has its end in it.

use super::parser::State;
use super::paste;
use super::report::Kind;

/// Whether `bytes`, which came at once, may go on with a sequence that was given up in `state` with `held` of it read.
pub(super) fn goes_on(state: State, held: &[u8], bytes: &[u8]) -> bool {
    match state {
        State::Escape => after_escape(bytes),
        State::Csi if held.is_empty() => bytes.len() >= 3 && begins_parameters(bytes),
        State::Csi => control_sequence(held, bytes),
        State::Text(kind) if held.is_empty() => after_introducer(kind, bytes),
        State::Text(kind) => text(kind, bytes),
        State::TextEscape(_) => bytes[0] == b'\\',
        State::Paste => paste::goes_on(bytes),
        _ => false,
    }
}

/// The Esc key has been pressed, as far as anybody could tell.
fn after_escape(bytes: &[u8]) -> bool {
    let Some((&introducer, rest)) = bytes.split_first() else {
        return false;
    };
    match introducer {
        b'[' => rest.len() >= 3 && begins_parameters(rest),
        _ => Kind::of(introducer).is_some_and(|kind| after_introducer(kind, rest)),
    }
}

/// A key with alt has been pressed, as far as anybody could tell.
fn after_introducer(kind: Kind, bytes: &[u8]) -> bool {
    let begins = match kind {
        Kind::Dcs => {
            bytes.starts_with(b">|")
                || bytes
                    .get(1..)
                    .is_some_and(|rest| rest.starts_with(b"$r") || rest.starts_with(b"+r"))
        }
        Kind::Osc => bytes.first().is_some_and(u8::is_ascii_digit) && bytes.contains(&b';'),
        Kind::Apc => bytes.first() == Some(&b'G') && bytes.contains(&b';'),
        Kind::Pm | Kind::Sos => false,
    };
    begins && bytes.len() >= 4
}

fn begins_parameters(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|byte| (b'0'..=b'?').contains(byte))
}

/// Parameters and a last byte, or a last byte that answers have.
fn control_sequence(held: &[u8], bytes: &[u8]) -> bool {
    let intermediate = held.last().is_some_and(|byte| (b' '..=b'/').contains(byte));
    let end = bytes.iter().position(|byte| !(b' '..=b'?').contains(byte));
    match end {
        Some(0) if !intermediate => b"cntuyR".contains(&bytes[0]),
        Some(end) => (b'@'..=b'~').contains(&bytes[end]),
        None => bytes.len() > 2,
    }
}

fn text(kind: Kind, bytes: &[u8]) -> bool {
    let ends = match bytes {
        [0x1b] | [.., 0x1b, b'\\'] => true,
        _ => bytes.windows(2).any(|pair| pair == b"\x1b\\") || (kind == Kind::Osc && bytes.contains(&0x07)),
    };
    // Enter and Ctrl+C are somebody at the keyboard.
    let typed = bytes.iter().any(|&byte| byte < b' ' && byte != 0x1b && byte != 0x07);
    ends || (bytes.len() >= 4 && !typed)
}
