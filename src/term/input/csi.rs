//! What follows `ESC [`, and `ESC O`.

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::keyboard::{modified, numbered};
use super::{Input, Report, mouse};

/// What a control sequence is.
#[derive(Debug)]
pub(super) enum Meaning {
    Input(Input),
    /// A paste follows.
    Paste,
    /// A key or button was let go, or has no name, or a paste ends that never began.
    Nothing,
}

/// Parts of a control sequence.
struct Sequence<'a> {
    /// One of `<=>?`.
    private: Option<u8>,
    /// Between `;`, and within these between `:`.
    parameters: Vec<Vec<u32>>,
    intermediates: &'a [u8],
    last: u8,
}

impl<'a> Sequence<'a> {
    /// Cuts up all that follows `ESC [`; `None` when it is not formed as it should be.
    fn new(body: &'a [u8]) -> Option<Self> {
        let (&last, body) = body.split_last()?;
        let private = body.first().copied().filter(|byte| (b'<'..=b'?').contains(byte));
        let body = &body[usize::from(private.is_some())..];
        let end = body.iter().position(|byte| (b' '..=b'/').contains(byte));
        let (parameters, intermediates) = body.split_at(end.unwrap_or(body.len()));
        let formed = parameters.iter().all(|byte| (b'0'..=b';').contains(byte))
            && intermediates.iter().all(|byte| (b' '..=b'/').contains(byte));
        let number = |digits: &[u8]| {
            let digits = digits.iter().map(|digit| u32::from(digit - b'0'));
            digits.fold(0_u32, |number, digit| number.saturating_mul(10).saturating_add(digit))
        };
        let list = |part: &[u8]| part.split(|&byte| byte == b':').map(number).collect();
        formed.then(|| Self {
            private,
            parameters: parameters.split(|&byte| byte == b';').map(list).collect(),
            intermediates,
            last,
        })
    }

    /// A parameter; 0 when it is left out.
    fn at(&self, i: usize) -> u32 {
        self.within(i, 0).unwrap_or(0)
    }

    fn within(&self, i: usize, j: usize) -> Option<u32> {
        self.parameters.get(i)?.get(j).copied()
    }

    fn short(&self, i: usize) -> u16 {
        u16::try_from(self.at(i)).unwrap_or(u16::MAX)
    }

    fn shorts(&self) -> Vec<u16> {
        (0..self.parameters.len()).map(|i| self.short(i)).collect()
    }

    /// A key with the modifiers and the kind of event in the second parameter.
    fn key(&self, code: KeyCode) -> Meaning {
        key(modified(code, self.at(1), self.within(1, 1).unwrap_or(1)))
    }
}

/// Reads a control sequence: all that follows `ESC [`.
pub(super) fn read(body: &[u8]) -> Meaning {
    let other = || report(Report::Other([b"\x1b[", body].concat()));
    let Some(sequence) = Sequence::new(body) else {
        return other();
    };
    let meaning = match (sequence.private, sequence.intermediates) {
        (None, b"") => unmarked(&sequence),
        (Some(b'?'), b"") => question(&sequence),
        (Some(b'?'), b"$") if sequence.last == b'y' => Some(report(Report::Mode {
            mode: sequence.short(0),
            value: u8::try_from(sequence.at(1)).unwrap_or(0),
        })),
        (Some(b'<'), b"") if matches!(sequence.last, b'M' | b'm') => {
            let released = sequence.last == b'm';
            let event = mouse::sgr(sequence.at(0), sequence.at(1), sequence.at(2), released);
            Some(event.map_or(Meaning::Nothing, |event| Meaning::Input(Input::Mouse(event))))
        }
        (Some(b'>'), b"") if sequence.last == b'c' => {
            Some(report(Report::SecondaryDeviceAttributes(sequence.shorts())))
        }
        _ => None,
    };
    meaning.unwrap_or_else(other)
}

/// Keys, focus, sizes and the cursor's place.
fn unmarked(sequence: &Sequence<'_>) -> Option<Meaning> {
    let bare = sequence.parameters.len() == 1 && sequence.at(0) == 0;
    Some(match sequence.last {
        b'I' if bare => Meaning::Input(Input::Focus(true)),
        b'O' if bare => Meaning::Input(Input::Focus(false)),
        // F3 with modifiers looks like a cursor in the first row; nobody asks where the cursor is.
        b'R' if sequence.parameters.len() == 2 && !(sequence.at(0) == 1 && (2..=16).contains(&sequence.at(1))) => {
            cursor(sequence)
        }
        b'Z' => {
            let event = modified(KeyCode::BackTab, sequence.at(1), sequence.within(1, 1).unwrap_or(1));
            key(event.map(|mut event| {
                event.modifiers |= KeyModifiers::SHIFT;
                event
            }))
        }
        last @ b'a'..=b'd' if bare => shifted_arrow(last),
        b'~' => return tilde(sequence),
        b'u' => unicode(sequence)?,
        b't' => report(match (sequence.at(0), sequence.short(1), sequence.short(2)) {
            (4, height, width) => Report::TextArea { width, height },
            (6, height, width) => Report::CellSize { width, height },
            (8, rows, columns) => Report::TextSize { columns, rows },
            _ => return None,
        }),
        last => sequence.key(letter(last)?),
    })
}

/// Answers that begin with `?`.
fn question(sequence: &Sequence<'_>) -> Option<Meaning> {
    Some(match sequence.last {
        b'c' => report(Report::PrimaryDeviceAttributes(sequence.shorts())),
        b'u' => report(Report::KeyboardFlags(u8::try_from(sequence.at(0)).unwrap_or(u8::MAX))),
        b'n' if sequence.at(0) == 997 => report(Report::ColourScheme {
            dark: sequence.at(1) == 1,
        }),
        b'R' => cursor(sequence),
        _ => return None,
    })
}

/// rxvt's arrows.
fn shifted_arrow(last: u8) -> Meaning {
    let code = letter(last.to_ascii_uppercase());
    key(code.map(|code| KeyEvent::new(code, KeyModifiers::SHIFT)))
}

/// `CSI number ~`.
fn tilde(sequence: &Sequence<'_>) -> Option<Meaning> {
    let number = sequence.at(0);
    let function = |from: u32, first: u32| KeyCode::F((number - from + first) as u8);
    Some(sequence.key(match number {
        1 | 7 => KeyCode::Home,
        2 => KeyCode::Insert,
        3 => KeyCode::Delete,
        4 | 8 => KeyCode::End,
        5 => KeyCode::PageUp,
        6 => KeyCode::PageDown,
        11..=15 => function(11, 1),
        17..=21 => function(17, 6),
        23..=26 => function(23, 11),
        28..=29 => function(28, 15),
        31..=34 => function(31, 17),
        27 => return Some(key(numbered(sequence.at(2), None, sequence.at(1), 1))),
        57427 => KeyCode::KeypadBegin,
        200 => return Some(Meaning::Paste),
        201 => return Some(Meaning::Nothing),
        _ => return None,
    }))
}

/// `CSI number : shifted : base ; modifiers : event ; text u`.
fn unicode(sequence: &Sequence<'_>) -> Option<Meaning> {
    if sequence.parameters[0] == [0] {
        return None;
    }
    let shifted = sequence.within(0, 1).filter(|&shifted| shifted != 0);
    let event = sequence.within(1, 1).unwrap_or(1);
    Some(key(numbered(sequence.at(0), shifted, sequence.at(1), event)))
}

/// What follows `ESC O`, with xterm's old place for modifiers.
pub(super) fn ss3(modifiers: u32, last: u8) -> Option<KeyEvent> {
    let code = match last {
        b'a'..=b'd' => return Some(KeyEvent::new(letter(last.to_ascii_uppercase())?, KeyModifiers::CONTROL)),
        b'M' => KeyCode::Enter,
        b'I' => KeyCode::Tab,
        b' ' => KeyCode::Char(' '),
        b'X' => KeyCode::Char('='),
        // The keypad in its application mode is ASCII moved up.
        b'j'..=b'y' => KeyCode::Char(char::from(last - 0x40)),
        _ => letter(last)?,
    };
    modified(code, modifiers, 1)
}

fn letter(last: u8) -> Option<KeyCode> {
    match last {
        b'A' => Some(KeyCode::Up),
        b'B' => Some(KeyCode::Down),
        b'C' => Some(KeyCode::Right),
        b'D' => Some(KeyCode::Left),
        b'E' => Some(KeyCode::KeypadBegin),
        b'F' => Some(KeyCode::End),
        b'H' => Some(KeyCode::Home),
        b'P'..=b'S' => Some(KeyCode::F(last - b'P' + 1)),
        _ => None,
    }
}

fn cursor(sequence: &Sequence<'_>) -> Meaning {
    report(Report::Cursor {
        column: sequence.short(1).saturating_sub(1),
        row: sequence.short(0).saturating_sub(1),
    })
}

fn key(event: Option<KeyEvent>) -> Meaning {
    event.map_or(Meaning::Nothing, |event| Meaning::Input(Input::Key(event)))
}

fn report(report: Report) -> Meaning {
    Meaning::Input(Input::Report(report))
}
