//! Bytes of frames, and the thread that writes them, against a terminal that reads as slowly as the test wants.

use std::io::{self, Write};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::time::Duration;

use danlu::term::writer::{Canvas, Frame, Writer, Written};
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::{Color, Style};

const LONG: Duration = Duration::from_secs(20);

fn canvas() -> Canvas {
    Canvas::new(Size::new(140, 45))
}

/// A screen with a prompt, the cursor behind it.
fn prompt(canvas: &mut Canvas, text: &str) -> Vec<u8> {
    canvas.draw(|frame| {
        for y in 0..45 {
            frame
                .buffer_mut()
                .set_string(0, y, "狐 fox ".repeat(17), Style::new().fg(Color::Rgb(9, 9, 9)));
        }
        frame
            .buffer_mut()
            .set_string(2, 3, text, Style::new().fg(Color::Rgb(200, 100, 0)));
        frame.set_cursor_position(Position::new(2 + text.len() as u16, 3));
    })
}

/// What a terminal of the same size shows of all these bytes.
fn screen(bytes: &[u8]) -> vt100::Parser {
    let mut parser = vt100::Parser::new(45.try_into().unwrap(), 140.try_into().unwrap(), 0);
    parser.process(bytes);
    parser
}

#[test]
fn an_unchanged_frame_is_no_bytes_and_a_typed_character_few() {
    let mut canvas = canvas();
    let mut all = prompt(&mut canvas, "a red fo");
    assert!(all.len() > 1000 && all.len() < 25_000, "{}", all.len());
    assert_eq!(prompt(&mut canvas, "a red fo"), b"");
    let typed = prompt(&mut canvas, "a red fox");
    assert!(
        !typed.is_empty() && typed.len() <= 80,
        "{}: {}",
        typed.len(),
        typed.escape_ascii()
    );
    all.extend(typed);
    let screen = screen(&all);
    assert!(screen.screen().contents().contains("a red fox"));
    assert_eq!(screen.screen().cursor_position(), (3, 11));
    assert!(!screen.screen().hide_cursor());
}

#[test]
fn the_cursor_moves_and_hides_without_a_frame_around_it() {
    let mut canvas = canvas();
    let place = |canvas: &mut Canvas, place: Option<Position>| {
        canvas.draw(|frame| {
            if let Some(place) = place {
                frame.set_cursor_position(place);
            }
        })
    };
    assert_eq!(place(&mut canvas, None), b"");
    assert_eq!(place(&mut canvas, Some(Position::new(4, 2))), b"\x1b[3;5H\x1b[?25h");
    assert_eq!(place(&mut canvas, Some(Position::new(4, 2))), b"");
    assert_eq!(place(&mut canvas, Some(Position::new(0, 0))), b"\x1b[1;1H");
    assert_eq!(place(&mut canvas, None), b"\x1b[?25l");
}

#[test]
fn after_a_clearing_and_a_new_size_everything_is_drawn_again() {
    let mut canvas = canvas();
    let first = prompt(&mut canvas, "a fox");
    canvas.clear();
    let again = prompt(&mut canvas, "a fox");
    assert_eq!(screen(&again).screen().contents(), screen(&first).screen().contents());
    canvas.resize(Size::new(20, 3));
    assert_eq!(canvas.size(), Size::new(20, 3));
    let small = canvas.draw(|frame| {
        assert_eq!(frame.area(), Rect::new(0, 0, 20, 3));
        frame.buffer_mut().set_string(0, 2, "small", Style::new());
    });
    let shown = screen(&[first, small].concat()).screen().contents();
    assert_eq!(shown.trim(), "small");
    canvas.resize(Size::new(0, 0));
    canvas.draw(|_| {});
}

/// Text in columns that move by one and two, with emoji, combining marks and wide characters cut off at the edge.
#[test]
fn what_is_drawn_of_mixed_widths_is_what_a_terminal_shows() {
    let words = [
        "狐狸",
        "fox",
        "、",
        "ｆ",
        "x",
        "炉",
        "한글",
        "é",
        "カ\u{3099}",
        " ",
        "丹丹丹",
        "🦊",
    ];
    let mut canvas = Canvas::new(Size::new(40, 6));
    let mut parser = vt100::Parser::new(6.try_into().unwrap(), 40.try_into().unwrap(), 0);
    let mut seed = 7_usize;
    for _ in 0..300 {
        let lines: Vec<String> = (0..6)
            .map(|_| {
                let word = |seed: &mut usize| {
                    *seed = seed
                        .wrapping_mul(6_364_136_223_846_793_005)
                        .wrapping_add(1_442_695_040_888_963_407);
                    words[(*seed >> 33) % words.len()]
                };
                (0..12).map(|_| word(&mut seed)).collect()
            })
            .collect();
        let mut expected = Vec::new();
        let bytes = canvas.draw(|frame| {
            for (line, y) in lines.iter().zip(0..) {
                frame.buffer_mut().set_stringn(0, y, line, 40, Style::new());
                let cells = (0..40)
                    .map(|x| frame.buffer_mut()[(x, y)].symbol().to_owned())
                    .collect::<Vec<_>>();
                expected.push(cells);
            }
        });
        parser.process(&bytes);
        for (row, cells) in expected.iter().enumerate() {
            let mut skip = 0_u16;
            for (column, symbol) in cells.iter().enumerate() {
                let cell = parser.screen().cell(row as u16, column as u16).unwrap();
                if skip == 0 {
                    let shown = if cell.has_contents() { cell.contents() } else { " " };
                    assert_eq!(shown, symbol, "row {row}, column {column} of {lines:?}");
                }
                skip = if skip == 0 { u16::from(cell.is_wide()) } else { skip - 1 };
            }
        }
    }
}

#[test]
fn chinese_text_costs_its_own_bytes_only() {
    let mut canvas = canvas();
    let bytes = canvas.draw(|frame| {
        for y in 0..45 {
            frame.buffer_mut().set_string(0, y, "狐".repeat(70), Style::new());
        }
    });
    assert!(bytes.len() < 45 * (70 * 3 + 10) + 20, "{}", bytes.len());
    assert_eq!(screen(&bytes).screen().contents().matches('狐').count(), 45 * 70);
}

/// Takes a write only when the test asks for one.
struct Slow {
    asked: Receiver<()>,
    taken: Sender<Vec<u8>>,
}

impl Write for Slow {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.asked.recv().map_err(|_| io::Error::from_raw_os_error(5))?;
        let _ = self.taken.send(bytes.to_vec());
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The terminal's end: each call lets one write through.
struct Terminal {
    ask: SyncSender<()>,
    taken: Receiver<Vec<u8>>,
}

impl Terminal {
    fn read(&self) -> String {
        self.ask.send(()).unwrap();
        String::from_utf8(self.taken.recv_timeout(LONG).unwrap()).unwrap()
    }
}

fn slow() -> (Writer, Terminal, Receiver<()>) {
    let (ask, asked) = sync_channel(100);
    let (to, taken) = channel();
    let writer = Writer::start(Slow { asked, taken: to }).unwrap();
    let (free, freed) = channel();
    writer.on_free(move || free.send(()).unwrap_or(()));
    (writer, Terminal { ask, taken }, freed)
}

fn frame(text: &str, pictures: &str) -> Frame {
    Frame {
        text: text.into(),
        pictures: pictures.into(),
    }
}

#[test]
fn only_a_free_writer_takes_a_frame_and_it_says_when_it_is_free() {
    let (writer, terminal, freed) = slow();
    assert!(writer.is_free());
    writer.submit(frame("one", "")).unwrap();
    assert!(!writer.is_free());
    assert_eq!(writer.submit(frame("two", "")), Err(frame("two", "")));
    assert_eq!(terminal.read(), "one");
    freed.recv_timeout(LONG).unwrap();
    assert!(writer.is_free() && freed.try_recv().is_err());
    writer.submit(Frame::default()).unwrap();
    assert!(writer.is_free());
    writer.submit(frame("three", "")).unwrap();
    assert_eq!(terminal.read(), "three");
    assert!(writer.settle(LONG));
    assert_eq!(
        writer.written(),
        Written {
            frames: 2,
            text: 8,
            pictures: 0
        }
    );
    assert!(writer.finish(LONG));
}

#[test]
fn a_newer_frame_passes_between_two_kitty_pictures_but_not_within_one() {
    let (writer, terminal, freed) = slow();
    writer.set_sync(true);
    let first = format!("\x1b_Ga=T,i=1,m=1;{}\x1b\\\x1b_Gm=0;A\x1b\\", "A".repeat(5000));
    let second = "\x1b_Ga=T,i=2;BB\x1b\\";
    writer.submit(frame("one", &format!("{first}{second}"))).unwrap();
    assert_eq!(terminal.read(), "\x1b[?2026hone\x1b[?2026l");
    freed.recv_timeout(LONG).unwrap();
    let mut seen = terminal.read();
    assert_eq!(seen.len(), 4096);
    // Typed while the first picture is on its way.
    writer.submit(frame("two", "\x1b_Ga=T,i=3;CC\x1b\\")).unwrap();
    assert!(!writer.is_free());
    seen += &terminal.read();
    assert_eq!(seen, first);
    assert_eq!(terminal.read(), "\x1b[?2026htwo\x1b[?2026l");
    assert_eq!(terminal.read(), second);
    // Two frames' pictures wait at most.
    assert_eq!(terminal.read(), "\x1b_Ga=T,i=3;CC\x1b\\");
    freed.recv_timeout(LONG).unwrap();
    assert!(writer.settle(LONG) && writer.is_free());
    assert_eq!(writer.written().pictures as usize, first.len() + 2 * second.len());
}

#[test]
fn pictures_that_are_drawn_in_place_come_with_their_text_in_one_update() {
    let (writer, terminal, freed) = slow();
    writer.set_sync(true);
    let sixel = "\x1b[5;5H\x1bP9;1;0q#0~\x1b\\";
    writer.submit(frame("one", sixel)).unwrap();
    assert_eq!(terminal.read(), "\x1b[?2026hone");
    assert_eq!(terminal.read(), sixel);
    assert!(!writer.is_free());
    assert_eq!(terminal.read(), "\x1b[?2026l");
    freed.recv_timeout(LONG).unwrap();
    assert_eq!(
        writer.written(),
        Written {
            frames: 1,
            text: 19,
            pictures: sixel.len() as u64
        }
    );
}

#[test]
fn a_terminal_that_does_not_read_holds_nobody_up() {
    let (writer, _terminal, _) = slow();
    writer.submit(frame("one", "")).unwrap();
    assert!(!writer.settle(Duration::from_millis(20)));
    assert!(!writer.finish(Duration::from_millis(20)));
}

#[test]
fn a_terminal_that_is_gone_takes_frames_to_nowhere() {
    let (writer, terminal, freed) = slow();
    drop(terminal);
    writer.submit(frame("one", "\x1b_Ga=T,i=2;BB\x1b\\")).unwrap();
    freed.recv_timeout(LONG).unwrap();
    assert!(writer.is_broken());
    assert!(writer.settle(LONG));
    writer.submit(frame("two", "")).unwrap();
    assert!(writer.settle(LONG) && writer.finish(LONG));
}

#[test]
fn ending_completes_the_frame_on_its_way_and_drops_waiting_pictures() {
    let (writer, terminal, freed) = slow();
    writer
        .submit(frame("one", "\x1b_Ga=T,i=1;BB\x1b\\\x1b_Ga=T,i=2;BB\x1b\\"))
        .unwrap();
    assert_eq!(terminal.read(), "one");
    freed.recv_timeout(LONG).unwrap();
    writer.submit(frame("two", "")).unwrap();
    drop(writer);
    (0..3).for_each(|_| terminal.ask.send(()).unwrap_or(()));
    let rest: Vec<_> = std::iter::from_fn(|| terminal.taken.recv_timeout(LONG).ok()).collect();
    assert!(rest.iter().any(|bytes| bytes == b"two"), "{rest:?}");
    assert!(!rest.concat().windows(3).any(|window| window == b"i=2"));
}
