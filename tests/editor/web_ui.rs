//! Ctrl+Up, Ctrl+Down, Alt+Left and Alt+Right against A1111's own scripts.
//!
//! `tests/reference/attention_edit.mjs` made the fixture from those of version 1.10.1.

use std::ops::Range;

use danlu::panes::prompt::emphasis::{self, Change, Direction};
use serde::Deserialize;

use super::Random;

/// A text and the ends of its selection in UTF-16, as in a browser.
type Field = (String, usize, usize);

#[derive(Deserialize)]
struct Fixture {
    cases: Vec<(String, Field, Field, Field)>,
}

fn byte(text: &str, units: usize) -> usize {
    let mut left = units;
    for (at, c) in text.char_indices() {
        if left == 0 {
            return at;
        }
        left -= c.len_utf16();
    }
    assert_eq!(left, 0);
    text.len()
}

fn press(key: &str, (text, start, end): &Field) -> Field {
    let selection = byte(text, *start)..byte(text, *end);
    let change = match key {
        "up" => emphasis::change_weight(text, selection, Direction::Up),
        "down" => emphasis::change_weight(text, selection, Direction::Down),
        "left" => emphasis::move_left(text, selection),
        "right" => emphasis::move_right(text, selection),
        _ => unreachable!("{key}"),
    };
    let mut text = text.clone();
    text.replace_range(change.range, &change.text);
    let units = |at: usize| text[..at].encode_utf16().count();
    let Range { start, end } = change.selection;
    let (start, end) = (units(start), units(end));
    (text, start, end)
}

#[test]
fn keys_change_weights_and_order_as_the_web_ui_does() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/prompt/attention_edit.json");
    let fixture: Fixture = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    assert!(fixture.cases.len() > 2000);
    for (key, before, once, twice) in &fixture.cases {
        assert_eq!(&press(key, before), once, "{key} on {before:?}");
        assert_eq!(&press(key, once), twice, "{key} on {once:?}, after {before:?}");
    }
}

#[test]
fn no_key_loses_text() {
    let pieces = [
        "fox", "a", " ", ",", "(", ")", "[", "]", "<", ">", ":", "1.1", "\\", "狐", "🦊", "\n", ":0.9", "e", "\u{301}",
    ];
    let letters = |text: &str| {
        let mut kept: Vec<char> = text
            .chars()
            .filter(|c| !c.is_whitespace() && !"()[]:.-\\0123456789".contains(*c))
            .collect();
        kept.sort_unstable();
        kept
    };
    let mut random = Random(7);
    for _ in 0..40_000 {
        let length = 1 + random.below(14);
        let text: String = (0..length).map(|_| pieces[random.below(pieces.len())]).collect();
        let borders: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
        let (a, b) = (
            borders[random.below(borders.len())],
            borders[random.below(borders.len())],
        );
        let selection = a.min(b)..a.max(b);
        for direction in [Direction::Up, Direction::Down] {
            for selection in [selection.clone(), selection.start..selection.start] {
                let Change {
                    range,
                    text: new,
                    selection: after,
                } = emphasis::change_weight(&text, selection.clone(), direction);
                let mut result = text.clone();
                result.replace_range(range, &new);
                assert_eq!(
                    letters(&result),
                    letters(&text),
                    "{text:?} {selection:?} became {result:?}"
                );
                assert!(result.is_char_boundary(after.start) && result.is_char_boundary(after.end));
            }
        }
        for change in [
            emphasis::move_left(&text, selection.clone()),
            emphasis::move_right(&text, selection.clone()),
        ] {
            let mut result = text.clone();
            result.replace_range(change.range, &change.text);
            let sorted = |text: &str| {
                let mut items: Vec<_> = text.split(',').map(str::to_owned).collect();
                items.sort_unstable();
                items
            };
            assert_eq!(sorted(&result), sorted(&text), "{text:?} {selection:?}");
        }
    }
}
