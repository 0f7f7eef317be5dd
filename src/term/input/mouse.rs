//! What the mouse does, in SGR's (1006) and X10's words.

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};

/// Of `CSI < buttons ; column ; row M`, or `m` when a button is let go. `None` for buttons that crossterm has no name for.
pub(super) fn sgr(buttons: u32, column: u32, row: u32, released: bool) -> Option<MouseEvent> {
    let kind = match kind(buttons)? {
        MouseEventKind::Down(button) if released => MouseEventKind::Up(button),
        kind => kind,
    };
    Some(event(kind, buttons, column, row))
}

/// Of `CSI M` and three bytes. Which button is let go is not told: the left one, as crossterm has it.
pub(super) fn x10([buttons, column, row]: [u8; 3]) -> Option<MouseEvent> {
    let buttons = u32::from(buttons.checked_sub(32)?);
    let kind = if buttons & 0b1110_0011 == 3 {
        MouseEventKind::Up(MouseButton::Left)
    } else {
        kind(buttons)?
    };
    let place = |byte: u8| u32::from(byte).saturating_sub(32);
    Some(event(kind, buttons, place(column), place(row)))
}

fn kind(buttons: u32) -> Option<MouseEventKind> {
    let moves = buttons & 32 != 0;
    let button = match buttons & 0b1100_0011 {
        0 => MouseButton::Left,
        1 => MouseButton::Middle,
        2 => MouseButton::Right,
        3 if moves => return Some(MouseEventKind::Moved),
        64 => return Some(MouseEventKind::ScrollUp),
        65 => return Some(MouseEventKind::ScrollDown),
        66 => return Some(MouseEventKind::ScrollLeft),
        67 => return Some(MouseEventKind::ScrollRight),
        _ => return None,
    };
    Some(if moves {
        MouseEventKind::Drag(button)
    } else {
        MouseEventKind::Down(button)
    })
}

fn event(kind: MouseEventKind, buttons: u32, column: u32, row: u32) -> MouseEvent {
    let mut modifiers = KeyModifiers::NONE;
    modifiers.set(KeyModifiers::SHIFT, buttons & 4 != 0);
    modifiers.set(KeyModifiers::ALT, buttons & 8 != 0);
    modifiers.set(KeyModifiers::CONTROL, buttons & 16 != 0);
    let place = |number: u32| u16::try_from(number.saturating_sub(1)).unwrap_or(u16::MAX);
    MouseEvent {
        kind,
        column: place(column),
        row: place(row),
        modifiers,
    }
}
