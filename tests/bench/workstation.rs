//! How long the screen takes and what it costs: `cargo bench --bench workstation`.
//!
//! The start of the real program in a terminal, from spawn to its first frame, beside 1,000 models; a key's way to its frame; the bytes of
//! a full repaint, and of a preview in each protocol.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used, clippy::large_stack_arrays)]

#[path = "../support/tty.rs"]
mod tty;

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use danlu::app::view::view;
use danlu::app::{App, Msg, Start, Workshop};
use danlu::diffusion::noise::NoiseSource;
use danlu::engine::Output;
use danlu::keys::Keymap;
use danlu::panes::parameters::Model;
use danlu::term::graphics::{self, Order, Picture, Protocol, Scene, Slot, Stage, encode};
use danlu::term::probe::Mux;
use danlu::term::writer::Canvas;
use danlu::ui::lang::Lang;
use danlu::ui::theme::{Depth, Themes};
use ratatui::layout::{Rect, Size};
use tty::{Kind, Setup, Tty};

const MODELS: usize = 1000;
const STARTS: usize = 20;
const KEYS: usize = 1000;

fn main() {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    models(home.path());
    first_frame(home.path());
    for size in [Size::new(80, 24), Size::new(200, 50), Size::new(400, 120)] {
        keys(size);
    }
    previews();
}

fn row(name: &str, times: &mut [f64], unit: &str) {
    times.sort_by(f64::total_cmp);
    let slow = times[times.len() * 99 / 100];
    println!(
        "{name:<48}{:>10.1} {unit}  (least {:.1}, 99 of 100 under {slow:.1})",
        times[times.len() / 2],
        times[0]
    );
}

/// Models without weights: the walk reads names only.
fn models(home: &Path) {
    let folder = home.join("models/Stable-diffusion");
    std::fs::create_dir_all(&folder).unwrap();
    for n in 0..MODELS {
        let header = br#"{"a":{"dtype":"F16","shape":[0],"data_offsets":[0,0]}}"#;
        let bytes = [&(header.len() as u64).to_le_bytes()[..], header].concat();
        std::fs::write(folder.join(format!("model-{n:04}.safetensors")), bytes).unwrap();
    }
    let config = home.join(".config/danlu");
    std::fs::create_dir_all(&config).unwrap();
    std::fs::write(
        config.join("config.toml"),
        "models_dir = [\"~/models\"]\nengine_idle = 1\n",
    )
    .unwrap();
}

fn first_frame(home: &Path) {
    let mut times = Vec::new();
    for _ in 0..=STARTS {
        let begun = Instant::now();
        let kind = Kind::Kitty;
        let mut terminal = Tty::open(&Setup {
            kind,
            ..Setup::new(env!("CARGO_BIN_EXE_danlu"), home)
        });
        terminal.wait_text("Negative prompt");
        times.push(begun.elapsed().as_secs_f64() * 1000.0);
        terminal.send("\x11");
        assert!(terminal.wait_exit().success());
    }
    // The first unpacks the checkpoint and is read from a cold disk.
    times.remove(0);
    row(&format!("start to first frame, {MODELS} models"), &mut times, "ms");
}

fn app(size: Size) -> App {
    App::new(Start {
        screen: size,
        theme: Themes::builtin().load("danlu-dark").unwrap().at(Depth::True),
        themes: Themes::builtin().names(),
        lang: Lang::En,
        keymap: Keymap::default(),
        draft: danlu::app::draft::Draft::default(),
        model: Model {
            name: "model".to_owned(),
            path: "/model.safetensors".into(),
        },
        workshop: Workshop {
            output: Output::Numbered {
                folder: "/outputs".into(),
                directory_pattern: String::new(),
                filename_pattern: String::new(),
            },
            hash_cache: None,
            comma_backtrack: 20,
            rng: NoiseSource::default(),
            seed: || 1,
        },
        dataset: None,
        now: Instant::now(),
    })
}

fn keys(size: Size) {
    let (mut app, mut canvas) = (app(size), Canvas::new(size));
    let (mut times, mut bytes) = (Vec::new(), Vec::new());
    let draw = |app: &mut App, canvas: &mut Canvas| {
        let mut seen = None;
        let text = canvas.draw(|frame| seen = Some(view(app, frame.buffer_mut())));
        app.saw(seen.unwrap());
        text.len()
    };
    let whole = draw(&mut app, &mut canvas);
    for c in "a fox (in snow:1.2), ".chars().cycle().take(KEYS) {
        let key = KeyEvent::new(KeyCode::Char(c), KeyModifiers::NONE);
        let begun = Instant::now();
        black_box(app.update(Msg::Key(key), Instant::now()));
        bytes.push(draw(&mut app, &mut canvas) as f64);
        times.push(begun.elapsed().as_secs_f64() * 1e6);
    }
    let size = format!("{}x{}", size.width, size.height);
    row(&format!("key to frame, {size}, {KEYS} keys"), &mut times, "µs");
    row(&format!("bytes of a key's frame, {size}"), &mut bytes, "B ");
    println!("{:<48}{whole:>8}   B", format!("full repaint, {size}"));
}

/// A drawing with a little grain: the worst kind of picture for a palette is noise, the best a plain colour.
fn picture(side: u32) -> Picture {
    let pixel = |i: u32| {
        let (x, y) = (i % side, i / side);
        let grain = x.wrapping_mul(73).wrapping_add(y.wrapping_mul(151)) % 7;
        [x * 255 / side + grain, y * 255 / side, (x + y) * 127 / side].map(|channel| channel.min(255) as u8)
    };
    Picture {
        width: side,
        height: side,
        rgb: (0..side * side).flat_map(pixel).collect::<Vec<_>>().into(),
    }
}

fn previews() {
    for (link, budget) in [("slow", 16 << 10), ("fast", 64 << 10)] {
        for protocol in Protocol::all().filter(|protocol| *protocol != Protocol::None) {
            let size = Size::new(60, 30);
            let order = Order {
                picture: picture(128),
                area: size,
                cell: (10, 20),
                protocol,
                budget,
                colours: graphics::Depth::True,
                mux: Mux::None,
            };
            let begun = Instant::now();
            let encoded = std::sync::Arc::new(encode(&order));
            let took: Duration = begun.elapsed();
            let (mut stage, mut canvas) = (Stage::new(protocol, Mux::None), Canvas::new(size));
            let mut around = graphics::StageBytes::default();
            let text = canvas.draw(|frame| {
                let scene = Scene {
                    slot: Slot(0),
                    area: Rect::new(0, 0, size.width, size.height),
                    encoded,
                };
                around = stage.compose(frame.buffer_mut(), &[scene], &[]);
            });
            let bytes = text.len() + around.before.len() + around.after.len();
            let name = format!("preview 128x128, {link}, {protocol}");
            println!(
                "{name:<48}{bytes:>8}   B  (encoded in {:.1} ms)",
                took.as_secs_f64() * 1000.0
            );
        }
    }
}
