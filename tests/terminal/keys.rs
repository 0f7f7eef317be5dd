//! Each key, button and answer with its bytes.

use crossterm::event::{
    KeyCode, KeyEvent, KeyEventKind, KeyEventState, KeyModifiers, MediaKeyCode, ModifierKeyCode, MouseButton,
    MouseEvent, MouseEventKind,
};
use danlu::term::input::{Input, Parser, Report};

const NONE: KeyModifiers = KeyModifiers::NONE;
const SHIFT: KeyModifiers = KeyModifiers::SHIFT;
const ALT: KeyModifiers = KeyModifiers::ALT;
const CTRL: KeyModifiers = KeyModifiers::CONTROL;

/// All that comes of bytes and silence after them.
pub(crate) fn read(bytes: &[u8]) -> Vec<Input> {
    let mut parser = Parser::default();
    let mut inputs = parser.feed(bytes);
    while parser.is_pending() {
        inputs.extend(parser.flush());
    }
    inputs
}

pub(crate) fn key(code: KeyCode, modifiers: KeyModifiers) -> Input {
    Input::Key(KeyEvent::new(code, modifiers))
}

pub(crate) fn keys() -> Vec<(&'static str, KeyCode, KeyModifiers)> {
    let c = KeyCode::Char;
    let mut table = vec![
        ("a", c('a'), NONE),
        ("Z", c('Z'), SHIFT),
        ("é", c('é'), NONE),
        ("丹", c('丹'), NONE),
        ("\u{1f98a}", c('\u{1f98a}'), NONE),
        ("\x1b", KeyCode::Esc, NONE),
        ("\r", KeyCode::Enter, NONE),
        ("\n", c('j'), CTRL),
        ("\t", KeyCode::Tab, NONE),
        ("\x7f", KeyCode::Backspace, NONE),
        ("\x08", KeyCode::Backspace, NONE),
        ("\0", c(' '), CTRL),
        ("\x01", c('a'), CTRL),
        ("\x1a", c('z'), CTRL),
        ("\x1c", c('4'), CTRL),
        ("\x1f", c('7'), CTRL),
        ("\x1ba", c('a'), ALT),
        ("\x1bA", c('A'), ALT.union(SHIFT)),
        ("\x1b丹", c('丹'), ALT),
        ("\x1b\r", KeyCode::Enter, ALT),
        ("\x1b\x7f", KeyCode::Backspace, ALT),
        ("\x1b\x01", c('a'), ALT.union(CTRL)),
        ("\x1b[", c('['), ALT),
        ("\x1b]", c(']'), ALT),
        ("\x1b_", c('_'), ALT),
        ("\x1b^", c('^'), ALT),
        ("\x1b\\", c('\\'), ALT),
        ("\x1bP", c('P'), ALT.union(SHIFT)),
        ("\x1bX", c('X'), ALT.union(SHIFT)),
        ("\x1bO", c('O'), ALT.union(SHIFT)),
        ("\x1b[A", KeyCode::Up, NONE),
        ("\x1b[1;5B", KeyCode::Down, CTRL),
        ("\x1b[1;2C", KeyCode::Right, SHIFT),
        ("\x1b[1;8D", KeyCode::Left, SHIFT.union(ALT).union(CTRL)),
        ("\x1b[1;9A", KeyCode::Up, KeyModifiers::SUPER),
        ("\x1b[1;3F", KeyCode::End, ALT),
        ("\x1b[H", KeyCode::Home, NONE),
        ("\x1b[E", KeyCode::KeypadBegin, NONE),
        ("\x1b\x1b[A", KeyCode::Up, ALT),
        ("\x1b[Z", KeyCode::BackTab, SHIFT),
        ("\x1b[1;5Z", KeyCode::BackTab, SHIFT.union(CTRL)),
        ("\x1b[a", KeyCode::Up, SHIFT),
        ("\x1bOd", KeyCode::Left, CTRL),
        ("\x1bOA", KeyCode::Up, NONE),
        ("\x1bO5C", KeyCode::Right, CTRL),
        ("\x1bOP", KeyCode::F(1), NONE),
        ("\x1bOS", KeyCode::F(4), NONE),
        ("\x1bOM", KeyCode::Enter, NONE),
        ("\x1bOp", c('0'), NONE),
        ("\x1bOk", c('+'), NONE),
        ("\x1b[[A", KeyCode::F(1), NONE),
        ("\x1b[[E", KeyCode::F(5), NONE),
        ("\x1b[1~", KeyCode::Home, NONE),
        ("\x1b[2~", KeyCode::Insert, NONE),
        ("\x1b[3;5~", KeyCode::Delete, CTRL),
        ("\x1b[4~", KeyCode::End, NONE),
        ("\x1b[5~", KeyCode::PageUp, NONE),
        ("\x1b[6;2~", KeyCode::PageDown, SHIFT),
        ("\x1b[7~", KeyCode::Home, NONE),
        ("\x1b[8~", KeyCode::End, NONE),
        ("\x1b[11~", KeyCode::F(1), NONE),
        ("\x1b[15~", KeyCode::F(5), NONE),
        ("\x1b[17~", KeyCode::F(6), NONE),
        ("\x1b[21~", KeyCode::F(10), NONE),
        ("\x1b[24;5~", KeyCode::F(12), CTRL),
        ("\x1b[29~", KeyCode::F(16), NONE),
        ("\x1b[34~", KeyCode::F(20), NONE),
        ("\x1b[1;2P", KeyCode::F(1), SHIFT),
        ("\x1b[1;2R", KeyCode::F(3), SHIFT),
        ("\x1b[27;5;13~", KeyCode::Enter, CTRL),
        ("\x1b[27;6;97~", c('a'), CTRL.union(SHIFT)),
        ("\x1b[27;2;9~", KeyCode::BackTab, SHIFT),
        ("\x1b[27u", KeyCode::Esc, NONE),
        ("\x1b[13;2u", KeyCode::Enter, SHIFT),
        ("\x1b[9;2u", KeyCode::BackTab, SHIFT),
        ("\x1b[127;5u", KeyCode::Backspace, CTRL),
        ("\x1b[97;5u", c('a'), CTRL),
        ("\x1b[97;6u", c('a'), CTRL.union(SHIFT)),
        ("\x1b[97:65;6u", c('A'), CTRL.union(SHIFT)),
        ("\x1b[49:33;2u", c('!'), NONE),
        ("\x1b[1089::99;5u", c('с'), CTRL),
        ("\x1b[97;5;97u", c('a'), CTRL),
        ("\x1b[57364;2u", KeyCode::F(1), SHIFT),
        ("\x1b[57376u", KeyCode::F(13), NONE),
        ("\x1b[57398u", KeyCode::F(35), NONE),
        ("\x1b[57358u", KeyCode::CapsLock, NONE),
        ("\x1b[57363u", KeyCode::Menu, NONE),
        ("\x1b[57430u", KeyCode::Media(MediaKeyCode::PlayPause), NONE),
        ("\x1b[57441;2u", KeyCode::Modifier(ModifierKeyCode::LeftShift), SHIFT),
    ];
    table.extend([
        ("\x1b[57344u", KeyCode::Esc, NONE),
        ("\x1b[57353;5u", KeyCode::Down, CTRL),
    ]);
    table
}

pub(crate) fn answers() -> Vec<(&'static [u8], Report)> {
    vec![
        (b"\x1b[?62;4;22c", Report::PrimaryDeviceAttributes(vec![62, 4, 22])),
        (b"\x1b[?6c", Report::PrimaryDeviceAttributes(vec![6])),
        (b"\x1b[>41;390;0c", Report::SecondaryDeviceAttributes(vec![41, 390, 0])),
        (
            b"\x1bP>|kitty(0.42.1)\x1b\\",
            Report::Version("kitty(0.42.1)".to_owned()),
        ),
        (b"\x1b[?2026;2$y", Report::Mode { mode: 2026, value: 2 }),
        (
            b"\x1b_Gi=31;OK\x1b\\",
            Report::Kitty {
                id: 31,
                ok: true,
                message: "OK".to_owned(),
            },
        ),
        (
            b"\x1b_Gi=7,p=3;ENOENT:no\x1b\\",
            Report::Kitty {
                id: 7,
                ok: false,
                message: "ENOENT:no".to_owned(),
            },
        ),
        (
            b"\x1b]11;rgb:1e1e/2e00/ffff\x1b\\",
            Report::Background { r: 30, g: 46, b: 255 },
        ),
        (b"\x1b]11;rgb:f/8/0\x07", Report::Background { r: 255, g: 136, b: 0 }),
        (
            b"\x1b]11;rgba:0000/8080/ffff/ffff\x07",
            Report::Background { r: 0, g: 128, b: 255 },
        ),
        (b"\x1b]10;#ff8000\x07", Report::Foreground { r: 255, g: 128, b: 0 }),
        (
            b"\x1b]4;1;rgb:cd/00/00\x1b\\",
            Report::Palette {
                index: 1,
                r: 205,
                g: 0,
                b: 0,
            },
        ),
        (
            b"\x1b[4;1200;1920t",
            Report::TextArea {
                width: 1920,
                height: 1200,
            },
        ),
        (b"\x1b[6;20;10t", Report::CellSize { width: 10, height: 20 }),
        (b"\x1b[8;50;140t", Report::TextSize { columns: 140, rows: 50 }),
        (b"\x1b[?1u", Report::KeyboardFlags(1)),
        (b"\x1b[?0u", Report::KeyboardFlags(0)),
        (b"\x1b[?997;1n", Report::ColourScheme { dark: true }),
        (b"\x1b[?997;2n", Report::ColourScheme { dark: false }),
        (b"\x1b[12;34R", Report::Cursor { column: 33, row: 11 }),
        (b"\x1b[?1;1;1R", Report::Cursor { column: 0, row: 0 }),
        (b"\x1b[0n", Report::Other(b"\x1b[0n".to_vec())),
        (b"\x1bP1$r0m\x1b\\", Report::Other(b"\x1bP1$r0m".to_vec())),
        (b"\x1b]52;c;aGk=\x07", Report::Other(b"\x1b]52;c;aGk=".to_vec())),
        (
            b"\x1b]11;rgb:zz/00/00\x07",
            Report::Other(b"\x1b]11;rgb:zz/00/00".to_vec()),
        ),
        (b"\x1b^note\x1b\\", Report::Other(b"\x1b^note".to_vec())),
        (b"\x1bXstring\x1b\\", Report::Other(b"\x1bXstring".to_vec())),
        (
            b"\x1b[99999999999999;1t",
            Report::Other(b"\x1b[99999999999999;1t".to_vec()),
        ),
        (b"\x1b[?1;2$z", Report::Other(b"\x1b[?1;2$z".to_vec())),
    ]
}

#[test]
fn each_key_has_its_bytes() {
    for (bytes, code, modifiers) in keys() {
        assert_eq!(read(bytes.as_bytes()), [key(code, modifiers)], "{bytes:?}");
    }
}

#[test]
fn each_answer_is_a_report_and_no_key() {
    for (bytes, report) in answers() {
        assert_eq!(read(bytes), [Input::Report(report)], "{}", bytes.escape_ascii());
    }
}

#[test]
fn keys_that_are_let_go_are_dropped_and_the_lock_and_keypad_states_are_kept() {
    assert_eq!(read(b"\x1b[97;1:3u\x1b[1;1:3A\x1b[3;5:3~"), []);
    let [Input::Key(repeated)] = read(b"\x1b[1;1:2A")[..] else {
        panic!("no single key");
    };
    assert_eq!((repeated.code, repeated.kind), (KeyCode::Up, KeyEventKind::Repeat));
    let [Input::Key(digit)] = read(b"\x1b[57404;129u")[..] else {
        panic!("no single key");
    };
    assert_eq!((digit.code, digit.modifiers), (KeyCode::Char('5'), NONE));
    assert_eq!(digit.state, KeyEventState::KEYPAD | KeyEventState::NUM_LOCK);
}

#[test]
fn the_mouse_speaks_sgr_and_x10() {
    use MouseEventKind::{Down, Drag, Moved, ScrollDown, ScrollLeft, ScrollRight, ScrollUp, Up};
    let event = |kind, column, row, modifiers| {
        vec![Input::Mouse(MouseEvent {
            kind,
            column,
            row,
            modifiers,
        })]
    };
    for (bytes, expected) in [
        (&b"\x1b[<0;10;20M"[..], event(Down(MouseButton::Left), 9, 19, NONE)),
        (b"\x1b[<0;10;20m", event(Up(MouseButton::Left), 9, 19, NONE)),
        (b"\x1b[<2;1;1m", event(Up(MouseButton::Right), 0, 0, NONE)),
        (b"\x1b[<33;300;400M", event(Drag(MouseButton::Middle), 299, 399, NONE)),
        (b"\x1b[<35;3;4M", event(Moved, 2, 3, NONE)),
        (b"\x1b[<64;3;4M", event(ScrollUp, 2, 3, NONE)),
        (b"\x1b[<81;3;4M", event(ScrollDown, 2, 3, CTRL)),
        (b"\x1b[<66;3;4M", event(ScrollLeft, 2, 3, NONE)),
        (b"\x1b[<67;3;4M", event(ScrollRight, 2, 3, NONE)),
        (
            b"\x1b[<12;0;99999999M",
            event(Down(MouseButton::Left), 0, u16::MAX, SHIFT | ALT),
        ),
        (b"\x1b[<128;3;4M", vec![]),
        (b"\x1b[M !!", event(Down(MouseButton::Left), 0, 0, NONE)),
        (b"\x1b[M#+\xff", event(Up(MouseButton::Left), 10, 222, NONE)),
        (b"\x1b[M`!!", event(ScrollUp, 0, 0, NONE)),
    ] {
        assert_eq!(read(bytes), expected, "{}", bytes.escape_ascii());
    }
}

#[test]
fn focus_comes_and_goes_and_bytes_that_are_no_text_are_dropped() {
    assert_eq!(read(b"\x1b[I\x1b[O"), [Input::Focus(true), Input::Focus(false)]);
    let a = || key(KeyCode::Char('a'), NONE);
    assert_eq!(
        read(b"a\xff\xc3a\xe4\xb8a\xc0\x80\x9ba\xed\xa0\x80a\xc2\x9ba"),
        [a(), a(), a(), a(), a(), a()]
    );
}

#[test]
fn an_esc_key_before_a_sequence_is_kept() {
    let esc = || key(KeyCode::Esc, NONE);
    assert_eq!(read(b"\x1b\x1b"), [esc(), esc()]);
    assert_eq!(read(b"\x1b\x1b\x1b"), [esc(), esc(), esc()]);
    assert_eq!(read(b"\x1b\x1ba"), [esc(), key(KeyCode::Char('a'), ALT)]);
    assert_eq!(
        read(b"\x1b\x1b[?6c"),
        [esc(), Input::Report(Report::PrimaryDeviceAttributes(vec![6]))]
    );
    assert_eq!(read(b"\x1b\x1b[I"), [esc(), Input::Focus(true)]);
    assert_eq!(read(b"\x1b\x1b[200~x\x1b[201~"), [esc(), Input::Paste("x".to_owned())]);
    assert_eq!(read(b"\x1b]\x1b]\x1b]"), vec![key(KeyCode::Char(']'), ALT); 3]);
    assert_eq!(read(b"\x1b[\x1b["), vec![key(KeyCode::Char('['), ALT); 2]);
}

#[test]
fn the_paste_is_text_of_lines() {
    let paste = |text: &str| vec![Input::Paste(text.to_owned())];
    assert_eq!(
        read(b"\x1b[200~a\r\nb\rc\nd\r\n\r\ne\tf\x1b[201~"),
        paste("a\nb\nc\nd\n\ne\tf")
    );
    assert_eq!(
        read(b"\x1b[200~\x1b[31mred\x07\x00\x7f\x1b]0;t\x07\xc2\x9b\x1b[201~"),
        paste("[31mred]0;t")
    );
    assert_eq!(read("\x1b[200~丹\x1b[201~".as_bytes()), paste("丹"));
    assert_eq!(read(b"\x1b[200~a\xffb\xe4\xb8\x1b[201~"), paste("ab"));
    assert_eq!(read(b"\x1b[200~\x1b[201~"), paste(""));
    assert_eq!(read(b"\x1b[201~"), []);
    let bytes = b"\x1b[200~\x1b[20\x1b[201\x1b[201~x";
    assert_eq!(
        read(bytes),
        [Input::Paste("[20[201".to_owned()), key(KeyCode::Char('x'), NONE)]
    );
}
