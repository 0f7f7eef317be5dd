//! The prompt editor: what keys and mouse do to text, cursor and screen.
//!
//! `web_ui` holds the keys for weights and order against A1111; `model` throws random edits at the editor; `timing` measures it.
#![allow(missing_docs, clippy::unwrap_used)]

mod model;
mod timing;
mod web_ui;

use std::ops::Range;

use danlu::panes::prompt::tokens::Tokens;
use danlu::panes::prompt::view::view;
use danlu::panes::prompt::{Edit, Motion, Point, State};
use danlu::prompt::inversions::Inversions;
use danlu::ui::theme::{Role, Theme};
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::Modifier;

/// Knuth's MMIX generator.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound
    }
}

const SIZE: Size = Size { width: 21, height: 4 };

fn step(motion: Motion) -> Edit {
    Edit::Move { motion, select: false }
}

fn select(motion: Motion) -> Edit {
    Edit::Move { motion, select: true }
}

/// Does edits to a text and gives what is then there: `‹` and `›` about what is selected, `|` at the cursor.
fn after(text: &str, edits: impl IntoIterator<Item = Edit>) -> String {
    let mut state = State::new(text);
    for edit in edits {
        state.act(edit, SIZE);
    }
    shown(&state)
}

fn shown(state: &State) -> String {
    let mut text = state.text().to_owned();
    let Range { start, end } = state.selection();
    if start == end {
        text.insert(state.cursor(), '|');
    } else {
        text.insert(end, '›');
        text.insert(start, '‹');
    }
    text
}

fn typed(text: &str) -> impl Iterator<Item = Edit> + '_ {
    text.chars().map(Edit::Insert)
}

/// The editor's cells, one line a row, without the space behind; and the cursor.
fn screen(state: &State, area: Rect) -> (Vec<String>, Option<Position>) {
    let mut buffer = Buffer::empty(area);
    let cursor = view(state, &Theme::default(), true, "nothing yet", area, &mut buffer);
    let rows = (area.top()..area.bottom()).map(|y| {
        let mut row = String::new();
        let mut x = area.left();
        while x < area.right() {
            let symbol = buffer[(x, y)].symbol();
            row.push_str(symbol);
            x += ratatui::buffer::CellWidth::cell_width(symbol).max(1);
        }
        row.trim_end().to_owned()
    });
    (rows.collect(), cursor)
}

#[test]
fn typing_is_undone_by_words_and_redone() {
    let mut state = State::default();
    for edit in typed("red fox") {
        state.act(edit, SIZE);
    }
    for expected in ["red |", "|", "|"] {
        state.act(Edit::Undo, SIZE);
        assert_eq!(shown(&state), expected);
    }
    for expected in ["red |", "red fox|", "red fox|"] {
        state.act(Edit::Redo, SIZE);
        assert_eq!(shown(&state), expected);
    }
    state.seal();
    for edit in typed("es") {
        state.act(edit, SIZE);
    }
    state.act(Edit::Undo, SIZE);
    assert_eq!(shown(&state), "red fox|");
    state.act(Edit::Insert('y'), SIZE);
    assert!(!state.act(Edit::Redo, SIZE).changed);
    assert_eq!(shown(&state), "red foxy|");
}

#[test]
fn pastes_weights_and_erasing_are_one_step_each() {
    let mut state = State::new("a fox");
    state.act(Edit::WeightUp, SIZE);
    state.act(Edit::Paste("red\r\n\tfox\u{7}\u{1b}[31m\u{2028}".into()), SIZE);
    assert_eq!(shown(&state), "a (red\n fox[31m\n|:1.1)");
    for _ in 0..3 {
        state.act(Edit::Backspace, SIZE);
    }
    assert_eq!(shown(&state), "a (red\n fox[3|:1.1)");
    for expected in ["a (red\n fox[31m\n|:1.1)", "a (‹fox›:1.1)", "a fox|"] {
        state.act(Edit::Undo, SIZE);
        assert_eq!(shown(&state), expected);
    }
}

#[test]
fn words_lines_and_graphemes_are_erased_and_passed() {
    use Motion::{Bottom, Down, End, Home, Left, Right, Top, Up, WordLeft, WordRight};
    for (text, edits, expected) in [
        ("red fox", vec![Edit::DeleteWordLeft], "red |"),
        ("red fox  ", vec![Edit::DeleteWordLeft], "red |"),
        ("red, 狐狸fox", vec![step(WordLeft), step(WordLeft)], "red, |狐狸fox"),
        ("red fox", vec![step(Top), Edit::DeleteWordRight], "| fox"),
        (
            "a\nb",
            vec![Edit::KillToStart, Edit::KillToStart, Edit::KillToStart],
            "|",
        ),
        (
            "ab\ncd",
            vec![step(Top), step(Right), Edit::KillToEnd, Edit::KillToEnd],
            "a|cd",
        ),
        ("ae\u{301}", vec![Edit::Backspace], "a|"),
        ("a👨‍👩‍👧🇩🇪", vec![step(Left), step(Left), Edit::Delete], "a|🇩🇪"),
        ("ab", vec![select(Left), select(Left), step(Right)], "ab|"),
        ("ab", vec![select(Left), select(Left), step(Left)], "|ab"),
        ("abc", vec![step(Left), select(Left), Edit::Insert('x')], "ax|c"),
        ("abc", vec![select(Home), Edit::Backspace], "|"),
        ("a b\nc", vec![step(Up), select(Bottom)], "a‹ b\nc›"),
        ("ab\nc", vec![Edit::SelectAll, Edit::Cut], "|"),
        ("abc\nd\nefg", vec![step(Up), step(Up)], "abc|\nd\nefg"),
        (
            "abc\nd",
            vec![step(Up), step(Home), step(Up), step(Down), step(End), step(Down)],
            "abc\nd|",
        ),
        ("a, b, c", vec![Edit::ItemLeft, Edit::ItemLeft], "‹ c›,a, b"),
        ("a\u{301}", vec![step(Left), Edit::Insert('e')], "e|a\u{301}"),
        ("\u{301}", vec![step(Left), Edit::Insert('e')], "e\u{301}|"),
        ("fox den", vec![Edit::SelectWord(Point { x: 1, y: 0 })], "‹fox› den"),
        (
            "a\nfox den\nb",
            vec![Edit::SelectLine(Point { x: 9, y: 1 })],
            "a\n‹fox den›\nb",
        ),
        (
            "red fox",
            vec![step(Top), step(WordRight), select(WordRight)],
            "red‹ fox›",
        ),
    ] {
        let shown = format!("{edits:?}");
        assert_eq!(after(text, edits), expected, "{text:?} {shown}");
    }
}

#[test]
fn copy_and_cut_give_what_is_selected() {
    let mut state = State::new("red fox");
    assert_eq!(state.act(Edit::Copy, SIZE).copied, None);
    state.act(select(Motion::WordLeft), SIZE);
    assert_eq!(state.act(Edit::Copy, SIZE).copied.as_deref(), Some("fox"));
    let outcome = state.act(Edit::Cut, SIZE);
    assert_eq!((outcome.copied.as_deref(), outcome.changed), (Some("fox"), true));
    assert_eq!(shown(&state), "red |");
    state.set_text("den");
    state.act(Edit::Undo, SIZE);
    assert_eq!(shown(&state), "red |");
}

#[test]
fn rows_break_after_spaces_and_commas_and_between_wide_characters() {
    let area = Rect::new(3, 2, 11, 6);
    let rows = |text: &str| screen(&State::new(text), area).0;
    assert_eq!(rows("one two three"), ["one two", "three", "", "", "", ""]);
    assert_eq!(rows("aaaaa bbbb cc"), ["aaaaa bbbb", "cc", "", "", "", ""]);
    assert_eq!(rows("aaa,bbb,ccc,d"), ["aaa,bbb,", "ccc,d", "", "", "", ""]);
    assert_eq!(rows("abcdefghijklm"), ["abcdefghij", "klm", "", "", "", ""]);
    assert_eq!(rows("a红色的狐狸，森林"), ["a红色的狐", "狸，森林", "", "", "", ""]);
    assert_eq!(rows("红色的狐狸，森林"), ["红色的狐", "狸，森林", "", "", "", ""]);
    assert_eq!(rows("a\u{200b}b\u{202e}c"), ["a·b·c", "", "", "", "", ""]);
    assert_eq!(rows("e\u{301}e"), ["e\u{301}e", "", "", "", "", ""]);
    assert_eq!(rows(""), ["nothing ye", "", "", "", "", ""]);
    let pile = format!("e{}", "\u{301}".repeat(1000));
    assert!(rows(&pile)[0].chars().count() < 20);
}

#[test]
fn the_cursor_is_where_typing_goes() {
    let area = Rect::new(3, 2, 11, 3);
    let size = area.as_size();
    let at = |x, y| Some(Position::new(x, y));
    let mut state = State::new("abcdefghij");
    assert_eq!(screen(&state, area).1, at(13, 2));
    state.act(Edit::Insert('k'), size);
    assert_eq!(screen(&state, area).1, at(4, 3));
    for (motion, position) in [
        (Motion::Home, at(3, 3)),
        (Motion::Left, at(12, 2)),
        (Motion::End, at(13, 2)),
        (Motion::End, at(4, 3)),
        (Motion::Home, at(3, 3)),
        (Motion::Home, at(3, 2)),
        (Motion::Down, at(3, 3)),
        (Motion::Right, at(4, 3)),
        (Motion::Up, at(4, 2)),
    ] {
        state.act(step(motion), size);
        assert_eq!(screen(&state, area).1, position, "{motion:?}");
    }
    state.act(step(Motion::End), size);
    state.act(Edit::Insert('-'), size);
    assert_eq!(state.text(), "abcdefghij-k");
}

#[test]
fn the_mouse_selects_and_the_wheel_scrolls() {
    let size = Size::new(11, 2);
    let mut state = State::new("红狐 one\ntwo\nthree\nfour");
    let click = |x, y| Edit::Click {
        at: Point { x, y },
        select: false,
    };
    state.act(step(Motion::Top), size);
    for (x, expected) in [
        (0, "|红"),
        (1, "红|狐"),
        (2, "红|狐"),
        (3, "狐| one"),
        (50, "one|\n"),
        (-4, "|红"),
    ] {
        state.act(click(x, 0), size);
        assert!(shown(&state).contains(expected), "{x}: {}", shown(&state));
    }
    state.act(Edit::Drag(Point { x: 2, y: 3 }), size);
    assert_eq!(shown(&state), "‹红狐 one\ntwo\nthree\nfo›ur");
    let area = Rect::new(0, 0, 11, 2);
    assert_eq!(screen(&state, area).0, ["three     │", "four      █"]);
    state.act(Edit::Scroll(-9), size);
    assert_eq!(
        screen(&state, area),
        (vec!["红狐 one  █".into(), "two       │".into()], None)
    );
    state.act(Edit::Scroll(9), size);
    assert_eq!(screen(&state, area).0[0], "three     │");
    state.act(Edit::Drag(Point { x: 0, y: -7 }), size);
    assert_eq!(state.selection(), 0..0);
}

#[test]
fn what_is_drawn_has_the_style_of_its_kind() {
    let mut state = State::new("(fox:1.5)\n[");
    state.act(step(Motion::Top), SIZE);
    state.act(select(Motion::WordRight), SIZE);
    let area = Rect::new(0, 0, 21, 4);
    let mut buffer = Buffer::empty(area);
    let theme = Theme::default();
    let style = |x, y, buffer: &Buffer| (buffer[(x, y)].fg, buffer[(x, y)].bg);
    let of = |role| theme.style(role);
    view(&state, &theme, true, "", area, &mut buffer);
    assert_eq!(Some(style(0, 0, &buffer).1), of(Role::Selection).bg);
    assert_eq!(Some(style(1, 0, &buffer).0), of(Role::WeightUp3).fg);
    assert_eq!(Some(style(4, 0, &buffer).0), of(Role::WeightSyntax).fg);
    assert_eq!(Some(style(0, 1, &buffer).0), of(Role::Error).fg);
    assert_ne!(style(0, 0, &buffer).1, style(1, 0, &buffer).1);
    view(&state, &theme, false, "", area, &mut buffer);
    assert_eq!(Some(style(0, 0, &buffer).1), of(Role::SelectionInactive).bg);
}

#[test]
fn a_count_is_asked_for_once_and_a_late_one_dropped() {
    let mut state = State::new("fox");
    let (revision, text) = state.ask_count().unwrap();
    assert_eq!(state.ask_count(), None);
    state.act(Edit::Paste(" den".into()), SIZE);
    assert_eq!(state.title_tail(), "");
    state.counted(revision, Tokens::count(&text, &Inversions::default()));
    assert_eq!(state.title_tail(), "1/75");
    let (newer, text) = state.ask_count().unwrap();
    state.counted(newer, Tokens::count(&text, &Inversions::default()));
    state.counted(revision, Tokens::count("fox", &Inversions::default()));
    assert_eq!((state.title_tail().as_str(), state.ask_count()), ("2/75", None));
}

#[test]
fn the_first_character_of_a_chunk_is_marked_while_its_text_moves() {
    let area = Rect::new(0, 0, 21, 4);
    let mut state = State::new("a BREAK fox");
    let (revision, text) = state.ask_count().unwrap();
    state.counted(revision, Tokens::count(&text, &Inversions::default()));
    state.act(step(Motion::Top), SIZE);
    state.act(Edit::Insert('b'), SIZE);
    let mut buffer = Buffer::empty(area);
    view(&state, &Theme::default(), true, "", area, &mut buffer);
    let marked: Vec<u16> = (0..20)
        .filter(|&x| buffer[(x, 0)].modifier.contains(Modifier::UNDERLINED))
        .collect();
    assert_eq!((state.text(), marked), ("ba BREAK fox", vec![9]));
}
