//! Sequences cut in two, in many, with and without silence; pastes of all sizes; noise.

use crossterm::event::{KeyCode, KeyModifiers};
use danlu::term::input::{Input, Parser, Report};

use super::keys::{answers, key, keys, read};

fn settle(parser: &mut Parser) -> Vec<Input> {
    let mut inputs = Vec::new();
    for _ in 0..1000 {
        if !parser.is_pending() {
            return inputs;
        }
        inputs.extend(parser.flush());
    }
    panic!("still pending after 1000 flushes");
}

/// Numbers that look random and are the same each time.
struct Noise(u64);

impl Noise {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % below
    }
}

fn sequences() -> Vec<Vec<u8>> {
    let mut all: Vec<Vec<u8>> = keys()
        .into_iter()
        .map(|(bytes, ..)| bytes.as_bytes().to_vec())
        .collect();
    all.extend(answers().into_iter().map(|(bytes, _)| bytes.to_vec()));
    for bytes in [
        &b"\x1b[<0;10;20M\x1b[<0;10;20m"[..],
        b"\x1b[M !!",
        b"\x1b[I\x1b[O",
        b"\x1b[200~one\r\ntwo \xe4\xb8\xb9\x1b[201~",
        b"\x1b\x1b[?6c",
        b"\x1b\x1b",
    ] {
        all.push(bytes.to_vec());
    }
    all
}

#[test]
fn where_a_sequence_is_cut_changes_nothing() {
    for bytes in sequences() {
        let whole = read(&bytes);
        for at in 0..=bytes.len() {
            let mut parser = Parser::default();
            let mut inputs = parser.feed(&bytes[..at]);
            inputs.extend(parser.feed(&bytes[at..]));
            inputs.extend(settle(&mut parser));
            assert_eq!(inputs, whole, "{} cut at {at}", bytes.escape_ascii());
        }
        let mut parser = Parser::default();
        let mut inputs: Vec<_> = bytes.iter().flat_map(|byte| parser.feed(&[*byte])).collect();
        inputs.extend(settle(&mut parser));
        assert_eq!(inputs, whole, "{} byte by byte", bytes.escape_ascii());
    }
}

/// A pause may make a key of the introducer, since nothing tells it from one; the rest is never typed.
#[test]
fn an_answer_torn_by_silence_is_never_typed() {
    let questions = answers()
        .into_iter()
        .filter(|(bytes, _)| ![b'^', b'X'].contains(&bytes[1]) && *bytes != b"\x1b[0n");
    for (bytes, report) in questions {
        for at in 1..bytes.len() {
            for silences in [1, 2, 5, 19, 20, 50] {
                let mut parser = Parser::default();
                let mut inputs = parser.feed(&bytes[..at]);
                (0..silences).for_each(|_| inputs.extend(parser.flush()));
                inputs.extend(parser.feed(&bytes[at..]));
                inputs.extend(settle(&mut parser));
                let what = format!("{} cut at {at} for {silences}", bytes.escape_ascii());
                let spurious: Vec<_> = inputs.iter().filter(|input| matches!(input, Input::Key(_))).collect();
                assert!(spurious.len() <= usize::from(at <= 2), "{what}: {inputs:?}");
                assert_eq!(inputs.last(), Some(&Input::Report(report.clone())), "{what}");
                parser.feed(b"x");
                assert!(!parser.is_pending());
            }
        }
    }
}

#[test]
fn the_keyboard_lives_on_after_an_answer_without_end() {
    let typed = |parser: &mut Parser, text: &str| {
        let mut inputs = Vec::new();
        for byte in text.bytes() {
            inputs.extend(parser.feed(&[byte]));
            inputs.extend(parser.flush());
        }
        inputs
            .into_iter()
            .filter(|input| matches!(input, Input::Key(_)))
            .count()
    };
    for start in [
        "\x1bP>|kitt",
        "\x1b]11;rgb:12",
        "\x1b_Gi=31",
        "\x1b[?62;",
        "\x1bP>|kitty\x1b",
    ] {
        let mut parser = Parser::default();
        assert_eq!(parser.feed(start.as_bytes()), []);
        assert!(parser.is_pending());
        settle(&mut parser);
        assert_eq!(typed(&mut parser, "xyz"), 3, "{start:?} given up first");

        // Whoever types on without a pause gets through in the end, and nothing typed is lost but what ends a control sequence.
        let mut parser = Parser::default();
        parser.feed(start.as_bytes());
        parser.flush();
        let text = "hello ".repeat(10);
        let count = typed(&mut parser, &text);
        let late = settle(&mut parser).len();
        assert!(count + late + 2 >= text.len(), "{start:?}: {count} and {late}");
    }
}

#[test]
fn enter_ends_an_answer_without_end_at_once() {
    let mut parser = Parser::default();
    parser.feed(b"\x1b]11;rgb:1");
    parser.flush();
    let typed = parser.feed(b"a\r");
    assert_eq!(
        typed,
        [
            key(KeyCode::Char('a'), KeyModifiers::NONE),
            key(KeyCode::Enter, KeyModifiers::NONE)
        ]
    );
}

#[test]
fn what_is_typed_at_once_after_a_lost_answer_is_held_for_a_moment_only() {
    let mut parser = Parser::default();
    parser.feed(b"\x1bP>|kit");
    settle(&mut parser);
    let mut inputs = parser.feed(b"a red fox");
    inputs.extend(settle(&mut parser));
    assert_eq!(inputs.len(), 9);
    assert_eq!(parser.feed(b"!").len(), 1);
}

#[test]
fn a_string_without_end_takes_no_more_than_its_share_of_memory() {
    let mut parser = Parser::default();
    parser.feed(b"\x1b]52;c;");
    (0..1000).for_each(|_| assert_eq!(parser.feed(&[b'a'; 4096]), []));
    let [Input::Report(Report::Other(content))] = &parser.feed(b"\x07")[..] else {
        panic!("no report");
    };
    assert!(content.len() <= (64 << 10) + 2, "{}", content.len());
}

#[test]
fn a_paste_of_2000_lines_in_pieces_is_one_paste() {
    let line = "a red fox, 一只狐狸, (masterpiece:1.2)";
    let text = vec![line; 2000].join("\r\n");
    let bytes = format!("\x1b[200~{text}\x1b[201~");
    for size in [1, 7, 4096] {
        let mut parser = Parser::default();
        let inputs: Vec<_> = bytes
            .as_bytes()
            .chunks(size)
            .flat_map(|piece| parser.feed(piece))
            .collect();
        assert_eq!(inputs, [Input::Paste(text.replace("\r\n", "\n"))], "{size}");
        assert!(!parser.is_pending());
    }
}

#[test]
fn a_paste_is_cut_at_four_mebibytes_and_its_rest_is_not_typed() {
    let mut parser = Parser::default();
    let mut inputs = parser.feed(b"\x1b[200~");
    (0..1300).for_each(|_| inputs.extend(parser.feed(&[b'x'; 4096])));
    inputs.extend(parser.feed(b"\x1b[201~y"));
    let [Input::Paste(text), last] = &inputs[..] else {
        panic!("{} inputs", inputs.len());
    };
    assert_eq!(text.len(), 4 << 20);
    assert_eq!(*last, key(KeyCode::Char('y'), KeyModifiers::NONE));
}

#[test]
fn a_paste_without_end_is_given_up_and_its_rest_is_still_a_paste() {
    let mut parser = Parser::default();
    parser.feed(b"\x1b[200~one\r");
    assert_eq!(settle(&mut parser), [Input::Paste("one\n".to_owned())]);
    assert_eq!(parser.feed(b"q"), [key(KeyCode::Char('q'), KeyModifiers::NONE)]);

    parser.feed(b"\x1b[200~one\r");
    settle(&mut parser);
    assert_eq!(parser.feed(b"two\r\x1b[201~"), [Input::Paste("two\n".to_owned())]);
    // Many short pauses in a slow paste give nothing up.
    parser.feed(b"\x1b[200~");
    for _ in 0..500 {
        assert_eq!(parser.feed(b"word "), []);
        assert_eq!(parser.flush(), []);
    }
    assert_eq!(parser.feed(b"\x1b[201~"), [Input::Paste("word ".repeat(500))]);
}

#[test]
fn noise_neither_panics_nor_silences_the_keyboard() {
    let alphabet = b"\x1b\x1b\x1b[[]]PO_^X\\\x07\x18<>?;:0123456789AMmucRty~$ \r\n\xe4\xb8\xb9\xff\x80";
    for seed in 0..4 {
        let mut noise = Noise(seed);
        let mut parser = Parser::default();
        let mut count = 0;
        for round in 0..12_500 {
            let piece: Vec<u8> = (0..=noise.next(7))
                .map(|_| {
                    if seed % 2 == 0 {
                        noise.next(256) as u8
                    } else {
                        alphabet[noise.next(alphabet.len())]
                    }
                })
                .collect();
            count += piece.len();
            parser.feed(&piece);
            if round % 50 == 0 {
                settle(&mut parser);
                // The first of them may end what was lost.
                parser.feed(b"a");
                settle(&mut parser);
                let typed = parser.feed(b"b");
                assert_eq!(
                    typed,
                    [key(KeyCode::Char('b'), KeyModifiers::NONE)],
                    "seed {seed}, round {round}"
                );
            }
        }
        assert!(count > 40_000);
    }
}
