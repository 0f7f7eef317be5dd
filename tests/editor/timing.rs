//! How long a key takes, on texts as long as somebody may paste.

use std::time::{Duration, Instant};

use danlu::panes::prompt::view::view;
use danlu::panes::prompt::{Edit, Motion, State};
use danlu::ui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};

use super::step;

/// How long the slowest of some keys takes up to its frame. Each is timed at several places and its best time counts, since the
/// others are those of a busy machine.
fn slowest_key(text: &str) -> Duration {
    let area = Rect::new(0, 0, 100, 20);
    let theme = Theme::default();
    let mut state = State::new(text);
    state.fit(area.as_size());
    let mut buffer = Buffer::empty(area);
    let keys = [
        Edit::Insert('x'),
        Edit::Insert(' '),
        Edit::Backspace,
        Edit::Newline,
        step(Motion::Up),
        step(Motion::End),
        Edit::WeightUp,
        Edit::Undo,
    ];
    let mut best = [Duration::MAX; 8];
    for start in [
        Motion::Bottom,
        Motion::Top,
        Motion::PageDown,
        Motion::PageDown,
        Motion::Bottom,
    ] {
        state.act(step(start), area.as_size());
        for (key, best) in keys.iter().zip(&mut best) {
            let begin = Instant::now();
            state.act(key.clone(), area.as_size());
            view(&state, &theme, true, "", area, &mut buffer);
            *best = begin.elapsed().min(*best);
        }
    }
    best.into_iter().max().unwrap()
}

fn two_thousand_lines() -> String {
    "masterpiece, (best quality:1.2), [blurry], <lora:ink:0.8>, 红色的狐狸, a red fox in a forest, BREAK \\(x\\)\n"
        .repeat(2000)
}

#[test]
fn two_thousand_pasted_lines_freeze_nothing() {
    let area = Rect::new(0, 0, 100, 20);
    let mut state = State::default();
    let begin = Instant::now();
    state.act(Edit::Paste(two_thousand_lines()), area.as_size());
    let pasted = begin.elapsed();
    assert!(pasted < Duration::from_millis(500), "{pasted:?}");
    let slowest = slowest_key(state.text());
    // The budget is 5 ms; a busy machine is not to fail the test.
    assert!(slowest < Duration::from_millis(20), "{slowest:?}");
}

#[test]
#[ignore = "prints how long a key takes"]
#[expect(clippy::print_stdout, reason = "what it is for")]
fn keys_are_timed() {
    let mega = 1 << 20;
    for (name, text) in [
        ("2,000 lines", two_thousand_lines()),
        ("a line of 1 MiB of ASCII", "fox, ".repeat(mega / 5)),
        ("a line of 1 MiB without spaces", "x".repeat(mega)),
        ("a line of 1 MiB of Chinese", "狐".repeat(mega / 3)),
        ("1 MiB of open brackets", "(".repeat(mega)),
        (
            "1 MiB of nested brackets",
            format!("{}{}", "(".repeat(1000), "a)(".repeat(mega / 3)),
        ),
        ("1 MiB of marks on one letter", "\u{301}".repeat(mega / 2)),
        ("1 MiB of flags", "🇩🇪".repeat(mega / 8)),
        ("1 MiB of line breaks", "\n".repeat(mega)),
        ("1 MiB of backslashes", "\\".repeat(mega)),
    ] {
        let begin = Instant::now();
        let mut state = State::default();
        state.act(Edit::Paste(text.clone()), Size::new(100, 20));
        let pasted = begin.elapsed();
        println!("{name}: pasted in {pasted:?}, slowest key {:?}", slowest_key(&text));
    }
}
