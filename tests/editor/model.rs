//! Random edits of hostile text: against a model that builds everything anew, and against undo.

use danlu::panes::prompt::view::view;
use danlu::panes::prompt::{Edit, Motion, Point, State};
use danlu::ui::theme::Theme;
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use unicode_segmentation::UnicodeSegmentation;

use super::{Random, SIZE, screen, select, step};

/// What is awkward: marks alone and piled up, joiners, flags, conjuncts, other directions, wide and half-wide characters, controls.
const HOSTILE: [&str; 40] = [
    "a",
    "fox",
    " ",
    "  ",
    ",",
    "\n",
    "\r\n",
    "\t",
    "(",
    ")",
    "[",
    ":1.2)",
    "\\",
    "<lora:x:1>",
    "BREAK",
    "狐",
    "狸，",
    "한",
    "\u{1100}\u{1100}\u{1161}",
    "🦊",
    "👨‍👩‍👧",
    "\u{200d}",
    "\u{200b}",
    "\u{fe0f}",
    "❤\u{fe0f}",
    "🇩",
    "🇪",
    "e\u{301}",
    "\u{301}\u{302}",
    "\u{301}",
    "क्षि",
    "\u{94d}",
    "क",
    "\u{202e}",
    "שלום",
    "\u{600}",
    "ｶﾞ",
    "\u{1b}[2J",
    "\u{2028}",
    "\u{feff}",
];

/// The editor that is obviously right: it builds everything anew.
struct Model {
    text: String,
    cursor: usize,
}

impl Model {
    fn borders(&self) -> Vec<usize> {
        self.text
            .grapheme_indices(true)
            .map(|(at, _)| at)
            .chain([self.text.len()])
            .collect()
    }

    fn snap(&mut self, at: usize) {
        self.cursor = self.borders().into_iter().find(|&border| border >= at).unwrap();
    }

    fn insert(&mut self, text: &str) {
        let text = text
            .replace("\r\n", "\n")
            .replace('\u{2028}', "\n")
            .replace('\t', " ")
            .replace('\u{1b}', "");
        self.text.insert_str(self.cursor, &text);
        self.snap(self.cursor + text.len());
    }

    fn erase(&mut self, back: bool) {
        let borders = self.borders();
        let here = borders.iter().position(|&border| border == self.cursor).unwrap();
        let other = if back {
            here.saturating_sub(1)
        } else {
            (here + 1).min(borders.len() - 1)
        };
        let (start, end) = (borders[here.min(other)], borders[here.max(other)]);
        self.text.replace_range(start..end, "");
        self.snap(start);
    }

    fn step(&mut self, back: bool) {
        let borders = self.borders();
        let here = borders.iter().position(|&border| border == self.cursor).unwrap();
        let other = if back {
            here.saturating_sub(1)
        } else {
            (here + 1).min(borders.len() - 1)
        };
        self.cursor = borders[other];
    }
}

#[test]
fn a_hundred_thousand_edits_agree_with_the_naive_model() {
    let mut random = Random(20_261_121);
    let mut state = State::default();
    let mut model = Model {
        text: String::new(),
        cursor: 0,
    };
    for round in 0..100_000 {
        let piece = HOSTILE[random.below(HOSTILE.len())];
        // Long texts are cut back, so that both short and long ones are met.
        if model.text.len() > 600 {
            state.act(step(Motion::Bottom), SIZE);
            state.act(select(Motion::Top), SIZE);
            state.act(Edit::Backspace, SIZE);
            model = Model {
                text: String::new(),
                cursor: 0,
            };
        }
        let back = random.below(2) == 0;
        match random.below(8) {
            0..=3 => {
                state.act(Edit::Paste(piece.into()), SIZE);
                model.insert(piece);
            }
            4 => {
                state.act(if back { Edit::Backspace } else { Edit::Delete }, SIZE);
                model.erase(back);
            }
            5 | 6 => {
                state.act(step(if back { Motion::Left } else { Motion::Right }), SIZE);
                model.step(back);
            }
            _ => {
                let (x, y) = (random.below(24) as i32, random.below(6) as i32 - 1);
                state.act(
                    Edit::Click {
                        at: Point { x, y },
                        select: false,
                    },
                    SIZE,
                );
                let borders = model.borders();
                assert!(borders.contains(&state.cursor()), "{round}: {:?}", model.text);
                model.cursor = state.cursor();
            }
        }
        assert_eq!(
            (state.text(), state.cursor()),
            (model.text.as_str(), model.cursor),
            "{round}"
        );
        if round % 16 == 0 {
            // Rows kept up to date are those laid out anew.
            let area = Rect::new(0, 0, SIZE.width, 60);
            let fresh = State::new(state.text());
            state.fit(area.as_size());
            assert_eq!(
                screen(&state, area).0,
                screen(&fresh, area).0,
                "{round}: {:?}",
                state.text()
            );
        }
    }
}

#[test]
fn whatever_is_done_nothing_panics_and_undo_leads_back() {
    use Motion::{Bottom, Down, End, Home, Left, PageDown, PageUp, Right, Top, Up, WordLeft, WordRight};
    let motions = [
        Left, Right, WordLeft, WordRight, Up, Down, PageUp, PageDown, Home, End, Top, Bottom,
    ];
    let mut random = Random(99);
    let theme = Theme::default();
    for _ in 0..300 {
        let mut state = State::default();
        let mut texts = vec![String::new()];
        let size = Size::new(random.below(14) as u16, random.below(5) as u16);
        for _ in 0..100 {
            let point = Point {
                x: random.below(20) as i32 - 3,
                y: random.below(12) as i32 - 3,
            };
            let piece = HOSTILE[random.below(HOSTILE.len())];
            let edit = match random.below(24) {
                0..=5 => Edit::Paste(piece.into()),
                6 => Edit::Insert(piece.chars().next().unwrap()),
                7 => Edit::Newline,
                8 => Edit::Backspace,
                9 => Edit::Delete,
                10 => Edit::DeleteWordLeft,
                11 => Edit::DeleteWordRight,
                12 => [Edit::KillToStart, Edit::KillToEnd][random.below(2)].clone(),
                13 => [Edit::WeightUp, Edit::WeightDown][random.below(2)].clone(),
                14 => [Edit::ItemLeft, Edit::ItemRight][random.below(2)].clone(),
                15 => Edit::Drag(point),
                16 => Edit::SelectWord(point),
                17 => Edit::SelectLine(point),
                18 => Edit::Scroll(point.y),
                19 => [Edit::Cut, Edit::Copy, Edit::SelectAll][random.below(3)].clone(),
                _ => Edit::Move {
                    motion: motions[random.below(motions.len())],
                    select: random.below(2) == 0,
                },
            };
            state.act(edit.clone(), size);
            if texts.last().unwrap() != state.text() {
                texts.push(state.text().to_owned());
            }
            let selection = state.selection();
            let borders = Model {
                text: state.text().to_owned(),
                cursor: 0,
            }
            .borders();
            for end in [state.cursor(), selection.start, selection.end] {
                assert!(borders.contains(&end), "{edit:?} {:?} {end}", state.text());
            }
            for area in [Rect::new(0, 0, size.width, size.height), Rect::new(1, 1, 9, 3)] {
                let mut buffer = Buffer::empty(Rect::new(0, 0, 16, 8));
                view(&state, &theme, true, "empty", area, &mut buffer);
            }
        }
        let last = state.text().to_owned();
        let mut steps = 0;
        while state.act(Edit::Undo, size).changed {
            steps += 1;
            assert!(texts.contains(&state.text().to_owned()));
        }
        assert_eq!(state.text(), "");
        for _ in 0..steps {
            state.act(Edit::Redo, size);
        }
        assert_eq!(state.text(), last);
    }
}
