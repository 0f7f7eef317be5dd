//! Everything at once: each action everywhere, and thousands of messages in no order. Nothing panics and nothing is drawn outside.

use std::sync::Arc;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use danlu::app::effect::{Ask, Load, Role};
use danlu::app::msg::{Complaint, Models, News, Terminal};
use danlu::app::{Effect, Msg, Side};
use danlu::data::journal::{Batch, Conflict, Standing, Texts, Why};
use danlu::engine::{Event, Failure, JobId, Present, Preview, Running, Stage, State};
use danlu::keys::{ACTIONS, Keymap};
use danlu::library::Progress;
use danlu::panes::browser::entry::Entry;
use danlu::panes::dataset::sheet::{Leaf, Sheet};
use danlu::panes::dataset::talk as set;
use danlu::panes::prompt::tokens::Tokens;
use danlu::ui::lang::Lang;
use danlu::ui::lang::told::Sentence;
use danlu::ui::theme::Themes;
use ratatui::layout::{Rect, Size};
use unicode_width::UnicodeWidthStr;

use super::desk::{Desk, Random, busy, entry, failure, model, picture, preview, saved, start, theme};
use super::desk::{cards, sets};

const PANES: [&str; 10] = [
    "f2",
    "f3",
    "f4",
    "f6",
    "f7",
    "f8",
    "f10",
    "f12",
    "f12 tab",
    "f12 tab tab",
];

/// A desk that knows models, and all about the first of them.
fn stocked(width: u16, height: u16) -> Desk {
    let mut desk = Desk::new(width, height);
    desk.open_shipped();
    desk.tell(cards::changed(cards::some()));
    let effects = desk.press("f10");
    let mut random = Random(1);
    answer(&mut desk, &mut random, effects);
    desk
}

/// Draws, and looks whether all of it is on the screen.
#[track_caller]
fn check(desk: &mut Desk) {
    let (buffer, seen) = desk.draw();
    let screen = Rect::from(desk.size);
    assert_eq!(buffer.area, screen);
    let spots = seen.spots.iter().map(|spot| spot.area);
    for area in spots.chain(seen.covers.iter().copied()) {
        assert_eq!(screen.intersection(area), area, "{area:?} on {screen:?}");
    }
    assert!(
        seen.cursor.is_none_or(|at| screen.contains(at)),
        "{:?} on {screen:?}",
        seen.cursor
    );
    for y in 0..screen.height {
        let last = &buffer[(screen.width - 1, y)];
        assert!(last.symbol().width() <= 1, "{:?} sticks out in row {y}", last.symbol());
    }
}

#[test]
fn every_key_of_every_action_can_be_pressed_in_every_pane() {
    for make in [Desk::new, busy, stocked] {
        for pane in PANES {
            for info in ACTIONS {
                let mut desk = make(100, 30);
                desk.press(pane);
                for (_, keys) in info.keys {
                    desk.press(keys);
                    check(&mut desk);
                }
            }
        }
    }
}

#[test]
fn every_action_of_the_palette_and_of_the_help_can_be_run_in_every_pane() {
    for (number, make) in [Desk::new, busy, stocked].into_iter().enumerate() {
        // The help runs what the palette runs; one desk shows that.
        let lists: &[&str] = if number == 0 { &["ctrl+p", "f1"] } else { &["ctrl+p"] };
        for (pane, list) in PANES
            .into_iter()
            .flat_map(|pane| lists.iter().map(move |list| (pane, *list)))
        {
            let mut desk = make(100, 30);
            for info in ACTIONS {
                desk.press("esc esc");
                desk.press(pane);
                desk.press(list);
                desk.paste(info.name);
                desk.press("enter");
                check(&mut desk);
                desk.press("enter");
                check(&mut desk);
            }
        }
    }
}

#[test]
fn thousands_of_messages_in_any_order_never_panic_and_never_draw_outside() {
    for seed in 0..8 {
        let mut random = Random(seed * 77 + 1);
        let mut begin = start(Size::new(100, 30));
        if seed % 2 == 1 {
            begin.lang = Lang::Zh;
        }
        let mut desk = Desk::of(begin);
        for _ in 0..2500 {
            let msg = message(&mut random, &desk);
            if let Msg::Resize(size) = msg {
                desk.size = size;
            }
            desk.now += std::time::Duration::from_millis(random.below(300) as u64);
            let effects = desk.app.update(msg, desk.now);
            answer(&mut desk, &mut random, effects);
            let cells = usize::from(desk.size.width) * usize::from(desk.size.height);
            if random.below(1 + cells / 1500) == 0 {
                check(&mut desk);
            }
        }
    }
}

/// Some of what was asked for comes, some never.
fn answer(desk: &mut Desk, random: &mut Random, effects: Vec<Effect>) {
    for effect in effects {
        let msg = match effect {
            _ if random.below(3) == 0 => continue,
            Effect::Load(load) => {
                let readable = random.below(4) > 0;
                let picture = if readable {
                    Ok(picture(1 + random.below(40) as u32, 1 + random.below(40) as u32, 3))
                } else {
                    Err(Sentence::plain("broken 坏"))
                };
                Msg::Loaded { load, picture }
            }
            Effect::Count { side, revision, text } => Msg::Counted {
                side,
                revision,
                tokens: Tokens {
                    count: text.len(),
                    limit: 75,
                    borders: (0..text.len())
                        .filter(|at| text.is_char_boundary(*at) && at % 7 == 3)
                        .collect(),
                },
            },
            Effect::Theme { name, .. } => Msg::Theme(Ok(Box::new(theme(&name)))),
            Effect::Library(Ask::Describe(card)) => Msg::Library(News::Described {
                path: card.path.clone(),
                details: Box::new(cards::details()),
            }),
            Effect::Library(Ask::Search(words)) => Msg::Library(News::Found {
                words,
                numbers: vec![1, 5, 99],
            }),
            Effect::Dataset(ask) => {
                let book = if random.below(2) == 0 {
                    sets::hostile()
                } else {
                    sets::shipped_book()
                };
                match sets::news_of(&ask, book) {
                    Some(news) => Msg::Dataset(news),
                    None => continue,
                }
            }
            Effect::Connect => Msg::EngineFound {
                version: "1".to_owned(),
                pid: 1,
            },
            _ => continue,
        };
        desk.app.update(msg, desk.now);
    }
}

fn message(random: &mut Random, desk: &Desk) -> Msg {
    match random.below(100) {
        0..45 => Msg::Key(a_key(random)),
        45..60 => Msg::Mouse(a_click(random, desk)),
        60..65 => Msg::Paste(a_text(random)),
        65..70 => Msg::Resize(a_size(random)),
        70 => match random.below(3) {
            0 => Msg::Dataset(news_of_a_dataset(random)),
            _ => Msg::Tick,
        },
        71 => Msg::Library(some_news(random)),
        72..94 => Msg::Engine(an_event(random)),
        94 => Msg::EngineLost {
            message: a_text(random),
            hint: Some(a_text(random)),
        },
        95 => Msg::Complain(Complaint {
            message: a_text(random),
            hint: None,
        }),
        96 => Msg::Models(Models {
            checkpoints: (0..random.below(200))
                .map(|n| model(&format!("{}{n}", a_text(random))))
                .collect(),
            vaes: (0..random.below(3)).map(|n| model(&n.to_string())).collect(),
        }),
        97 => Msg::Inspected {
            path: model("danlu-emoji").path,
            native: if random.below(2) == 0 {
                Ok([768, 64])
            } else {
                Err(a_text(random))
            },
        },
        98 => match random.below(3) {
            0 => {
                let names = Themes::builtin().names();
                Msg::Theme(Ok(Box::new(theme(random.of::<String>(&names)))))
            }
            1 => Msg::Keymap(Ok(Box::new(Keymap::default()))),
            _ => Msg::Keymap(Err(complaint())),
        },
        _ => match random.below(3) {
            0 => Msg::Terminal(Terminal {
                graphics: a_text(random),
                round_trip: None,
                slow: true,
            }),
            1 => Msg::Counted {
                side: Side::Negative,
                revision: random.below(50) as u64,
                tokens: Tokens::default(),
            },
            _ => Msg::Loaded {
                load: Load {
                    path: a_text(random).into(),
                    role: *random.of(&[Role::Big, Role::Small, Role::Card, Role::Sight, Role::Tile(9)]),
                },
                picture: Ok(picture(3, 3, 1)),
            },
        },
    }
}

fn news_of_a_dataset(random: &mut Random) -> set::News {
    let book = if random.below(2) == 0 {
        sets::hostile()
    } else {
        sets::shipped_book()
    };
    let texts = |random: &mut Random| Texts {
        base: (random.below(2) == 0).then(|| a_text(random).into_bytes()),
        ours: Some(a_text(random).into_bytes()),
        theirs: (random.below(3) == 0).then(|| vec![0xff, b',', 0]),
    };
    let conflict = |random: &mut Random| Conflict {
        path: a_text(random).into(),
        why: random
            .of(&[
                Why::Changed,
                Why::Missing,
                Why::Unreadable(std::io::Error::other("\u{1b}[2J").into()),
            ])
            .clone(),
        texts: (random.below(3) > 0).then(|| texts(random)),
    };
    match random.below(8) {
        0 => set::News::Opened {
            path: a_text(random).into(),
            book,
            interrupted: None,
        },
        1 => set::News::Changed {
            captions: (random.below(3) > 0).then(|| (0..random.below(book.len().max(1))).collect()),
            book,
            outside: random.below(2) == 0,
        },
        2 => set::News::Work((random.below(2) == 0).then(|| set::Work {
            stage: set::Stage::Writing,
            done: random.below(9),
            of: random.below(9),
            rate: *random.of(&[0.0, 1e9, f64::NAN, f64::INFINITY, -1.0]),
            left: Some(f64::NAN),
        })),
        3 => set::News::Done(set::Done {
            deed: set::Deed::Wrote(a_text(random)),
            changed: random.below(9),
            left: random.below(2),
            failed: None,
            conflicts: (0..random.below(4)).map(|_| conflict(random)).collect(),
        }),
        4 => set::News::Log {
            batches: (0..random.below(5))
                .map(|id| Batch {
                    id: id as u64,
                    what: a_text(random),
                    time: i64::MAX,
                    standing: Standing::Partly,
                    changes: usize::MAX,
                    done: 0,
                    undone: 0,
                    interrupted: true,
                })
                .collect(),
            now: i64::MIN,
        },
        5 => set::News::Failed {
            trouble: Sentence::plain(a_text(random)).into(),
            opening: random.below(2) == 0,
        },
        6 => set::News::Queries(vec![("q".to_owned(), a_text(random))]),
        _ => set::News::Planned(Arc::new(Sheet {
            what: a_text(random),
            leaves: (0..random.below(40))
                .map(|_| Leaf {
                    path: a_text(random).into(),
                    before: (random.below(2) == 0).then(|| a_text(random).into_bytes()),
                    after: Some(a_text(random).into_bytes()),
                    left_out: false,
                })
                .collect(),
            refused: vec![(a_text(random).into(), Sentence::plain(a_text(random)))],
            ..Sheet::default()
        })),
    }
}

fn some_news(random: &mut Random) -> News {
    let texts = ["a", "狐狸", "\u{1b}[2J", "a/b/c", "e\u{301}\u{202e}"];
    match random.below(5) {
        0 | 1 => {
            let card = |n: usize| {
                let mut card = cards::with_blocks(cards::lora(n as i64, &format!("{}{n}", texts[n % 5])));
                card.favourite = n.is_multiple_of(3);
                card.hashes.sha256 = n.is_multiple_of(2).then(|| format!("{:064}", n % 7));
                Arc::new(card)
            };
            let more = if random.below(3) == 0 {
                cards::some()
            } else {
                Vec::new()
            };
            let gone = more
                .iter()
                .take(random.below(9))
                .map(|card| card.path.clone())
                .collect();
            let cards = (0..random.below(60)).map(card).chain(more.into_iter().map(Arc::new));
            News::Changed {
                models: cards.map(Entry::new).collect(),
                gone,
            }
        }
        2 => News::Work((random.below(2) == 0).then(|| Progress {
            stage: random.of::<&str>(&["walking", "reading", "hashing", ""]),
            files: random.below(9),
            of: random.below(9),
            bytes: u64::MAX,
            rate: *random.of(&[0.0, 1e9, f64::NAN, f64::INFINITY, -1.0]),
            left: Some(f64::NAN),
            ..Progress::default()
        })),
        3 => News::Hashed(random.below(3)),
        _ => News::Edited { path: "x".into() },
    }
}

fn complaint() -> Complaint {
    Complaint {
        message: "broken".to_owned(),
        hint: Some("mend it".to_owned()),
    }
}

fn a_key(random: &mut Random) -> KeyEvent {
    let codes = [
        KeyCode::Enter,
        KeyCode::Esc,
        KeyCode::Tab,
        KeyCode::BackTab,
        KeyCode::Up,
        KeyCode::Down,
        KeyCode::Left,
        KeyCode::Right,
        KeyCode::Home,
        KeyCode::End,
        KeyCode::PageUp,
        KeyCode::PageDown,
        KeyCode::Backspace,
        KeyCode::Delete,
        KeyCode::Char(' '),
    ];
    let code = match random.below(6) {
        0..2 => *random.of(&codes),
        2 => KeyCode::F(1 + random.below(12) as u8),
        3 => KeyCode::Char(*random.of(&['狐', '(', ')', ':', ',', '\u{301}', '👨', '\u{200d}', '\u{7}', '1'])),
        _ => KeyCode::Char(char::from(b' ' + random.below(95) as u8)),
    };
    let held = [
        KeyModifiers::NONE,
        KeyModifiers::NONE,
        KeyModifiers::SHIFT,
        KeyModifiers::CONTROL,
        KeyModifiers::ALT,
        KeyModifiers::CONTROL | KeyModifiers::ALT,
        KeyModifiers::CONTROL | KeyModifiers::SHIFT,
    ];
    KeyEvent::new(code, *random.of(&held))
}

fn a_click(random: &mut Random, desk: &Desk) -> MouseEvent {
    let button = *random.of(&[
        MouseButton::Left,
        MouseButton::Left,
        MouseButton::Right,
        MouseButton::Middle,
    ]);
    let kind = match random.below(7) {
        0..3 => MouseEventKind::Down(button),
        3 => MouseEventKind::Up(button),
        4 => MouseEventKind::Drag(button),
        5 => MouseEventKind::ScrollUp,
        _ => MouseEventKind::ScrollDown,
    };
    // Sometimes beyond the screen, as after a resize.
    let (width, height) = (usize::from(desk.size.width), usize::from(desk.size.height));
    MouseEvent {
        kind,
        column: random.below(width + width / 9 + 1) as u16,
        row: random.below(height + height / 9 + 1) as u16,
        modifiers: KeyModifiers::NONE,
    }
}

fn a_size(random: &mut Random) -> Size {
    let usual = [
        Size::new(100, 30),
        Size::new(60, 20),
        Size::new(140, 45),
        Size::new(300, 100),
    ];
    match random.below(3) {
        0 => *random.of(&usual),
        1 => Size::new(1 + random.below(70) as u16, 1 + random.below(30) as u16),
        _ => Size::new(1 + random.below(300) as u16, 1 + random.below(100) as u16),
    }
}

fn a_text(random: &mut Random) -> String {
    let texts = [
        "",
        "fox",
        "狐狸,雪地,(水彩:1.3)",
        "a very long sentence that goes on and on, as sentences of errors do when they name a path and a reason and a number",
        "\u{1b}[31mred\u{7}\r\n\ttabs",
        "👨‍👩‍👧‍👦🇩🇪e\u{301}\u{202e}abc",
        "a castle\nNegative prompt: x\nSteps: 28, Sampler: Euler a, CFG scale: 5.5, Seed: 99, Size: 640x384",
        "a\nSteps: 99999999999999999999999, Seed: -1, Size: 0x0",
        "((((a:1.1), [b|c:9], <lora:x:1> AND BREAK \\(",
    ];
    (*random.of(&texts)).to_owned()
}

fn a_state(random: &mut Random) -> State {
    match random.below(6) {
        0 => State::Waiting,
        1 => State::Running,
        2 => State::Done,
        3 => State::Cancelled,
        4 => State::Interrupted,
        _ => State::Failed(failure()),
    }
}

fn a_preview(random: &mut Random) -> Preview {
    let mut preview = preview(random.below(9) as u32);
    match random.below(5) {
        0 => preview.width = 0,
        1 => preview.rgb.truncate(5),
        _ => {}
    }
    preview
}

fn an_event(random: &mut Random) -> Event {
    let job = JobId(random.below(9) as u64);
    let entry_of = |random: &mut Random, id| {
        let mut entry = entry(id, a_state(random), &a_text(random));
        entry.made = random.below(3);
        Box::new(entry)
    };
    let number = |random: &mut Random| *random.of(&[0, 1, 7, 20, 1_000_000, usize::MAX]);
    let real = |random: &mut Random| *random.of(&[0.0, 0.3, 6.2, -1.0, f64::NAN, f64::INFINITY, 1e300]);
    match random.below(18) {
        0 => Event::Present(Box::new(Present {
            device: (random.below(2) == 0).then(|| a_text(random)),
            paused: random.below(2) == 0,
            entries: (0..random.below(30) as u64).map(|id| *entry_of(random, id)).collect(),
            running: (random.below(2) == 0).then(|| Running {
                job,
                stage: Stage::Decoding,
                preview: Some(a_preview(random)),
            }),
            ..Present::default()
        })),
        1..4 => Event::Queued {
            entry: entry_of(random, job.0),
        },
        4 => Event::Order {
            waiting: (0..random.below(6)).map(|_| JobId(random.below(12) as u64)).collect(),
        },
        5 => Event::Removed { job },
        6 => Event::Paused {
            paused: random.below(2) == 0,
        },
        7 => Event::Accepted { ticket: 1, job },
        8 => Event::Refused {
            ticket: None,
            failure: Failure::new(a_text(random), a_text(random)),
        },
        9 => Event::Stopping,
        10 => Event::Started {
            job,
            pictures: number(random),
            device: a_text(random),
        },
        11 => Event::Loading {
            job,
            network: a_text(random),
        },
        12 => Event::Step {
            job,
            picture: number(random),
            step: number(random),
            of: number(random),
            per_second: real(random),
            left: real(random),
        },
        13 => Event::Preview {
            job,
            preview: a_preview(random),
        },
        14 => Event::Decoding { job },
        15 => Event::Saved {
            job,
            picture: danlu::engine::Saved {
                width: number(random),
                seconds: real(random),
                infotext: a_text(random),
                ..saved(random.below(40) as u64)
            },
        },
        16 => Event::Warning {
            job: Some(job),
            message: a_text(random),
        },
        _ => match random.below(3) {
            0 => Event::Finished { job },
            1 => Event::Cancelled { job },
            _ => Event::Failed {
                job,
                failure: failure(),
            },
        },
    }
}
