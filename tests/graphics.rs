//! Pictures in the terminal: every protocol's bytes decoded again and compared with the picture, their budgets, and what is left on
//! a terminal after pictures came, moved, were covered and went.
#![allow(missing_docs, clippy::print_stdout, clippy::unwrap_used)]

#[path = "graphics/decode.rs"]
mod decode;
#[path = "graphics/pictures.rs"]
mod pictures;
#[path = "graphics/screen.rs"]
mod screen;
#[path = "graphics/staging.rs"]
mod staging;
#[path = "graphics/table.rs"]
mod table;

use std::sync::Arc;
use std::time::Instant;

use danlu::term::graphics::{
    Depth, Encoded, Order, Picture, Protocol, Scene, Slot, Stage, StageBytes, card, encode, trials,
};
use danlu::term::probe::Mux;
use image::RgbImage;
use image::imageops::{self, FilterType};
use ratatui::buffer::Buffer;
use ratatui::layout::{Rect, Size};
use ratatui::style::Color;

use decode::psnr;

const SLOW: usize = 16 << 10;
const FAST: usize = 64 << 10;
const FINAL: usize = 512 << 10;

pub(crate) fn order(image: &RgbImage, protocol: Protocol, budget: usize) -> Order {
    Order {
        picture: pictures::picture(image),
        area: Size::new(60, 30),
        cell: (10, 20),
        protocol,
        budget,
        colours: Depth::True,
        mux: Mux::None,
    }
}

/// The picture alone on a stage, in the corner of a screen of 100x40.
pub(crate) fn staged(encoded: Encoded, mux: Mux) -> (Buffer, StageBytes) {
    let mut buffer = Buffer::empty(Rect::new(0, 0, 100, 40));
    let mut stage = Stage::new(encoded.protocol, mux).seeded(4711);
    let area = Rect::new(0, 0, encoded.area.width, encoded.area.height);
    let scene = Scene {
        slot: Slot(3),
        area,
        encoded: Arc::new(encoded),
    };
    let bytes = stage.compose(&mut buffer, &[scene], &[]);
    (buffer, bytes)
}

fn resized(image: &RgbImage, size: (u32, u32)) -> RgbImage {
    imageops::resize(image, size.0, size.1, FilterType::Triangle)
}

fn png(payload: &[u8]) -> RgbImage {
    image::load_from_memory_with_format(payload, image::ImageFormat::Png)
        .unwrap()
        .to_rgb8()
}

#[test]
fn a_final_picture_reaches_kitty_pixel_by_pixel() {
    for (name, mux) in [
        ("wide.png", Mux::None),
        ("odd.png", Mux::Tmux),
        ("batch_0.png", Mux::None),
    ] {
        let fixture = pictures::fixture(name);
        let source = resized(&fixture, (fixture.width() * 3, fixture.height() * 3));
        let encoded = encode(&Order {
            mux,
            ..order(&source, Protocol::Kitty, FINAL)
        });
        let cells = encoded.cells;
        let (_, bytes) = staged(encoded, mux);
        let commands = decode::kitty(&decode::out_of_tmux(&bytes.before));
        let [command] = &commands[..] else {
            panic!("{} commands", commands.len())
        };
        for (key, value) in [("a", "T"), ("U", "1"), ("f", "100")] {
            assert_eq!(command.keys[key], value);
        }
        assert_eq!(
            (command.keys["c"].parse(), command.keys["r"].parse()),
            (Ok(cells.width), Ok(cells.height))
        );
        assert_eq!(png(&command.payload), source, "{name}");
        assert!(bytes.after.is_empty());
    }
}

#[test]
fn a_preview_reaches_kitty_in_its_own_size_and_few_bytes() {
    let source = resized(&pictures::fixture("batch_0.png"), (64, 64));
    for protocol in [Protocol::Kitty, Protocol::KittyDirect] {
        let encoded = encode(&order(&source, protocol, SLOW));
        assert_eq!(encoded.cells, Rect::new(0, 0, 60, 30), "the terminal enlarges it");
        assert!(encoded.bytes < 9 << 10, "{protocol}: {} bytes", encoded.bytes);
        let (_, bytes) = staged(encoded, Mux::None);
        let commands = decode::kitty(if protocol == Protocol::Kitty {
            &bytes.before
        } else {
            &bytes.after
        });
        let decoded = png(&commands[0].payload);
        assert!(
            psnr(&decoded, &source) > 32.0,
            "{protocol}: {} dB",
            psnr(&decoded, &source)
        );
    }
}

#[test]
fn every_placeholder_says_where_it_is_and_whose() {
    for truecolour in [true, false] {
        let encoded = Arc::new(encode(&order(&pictures::drawn(300, 200), Protocol::Kitty, FINAL)));
        let area = Rect::new(7, 3, 60, 30);
        let mut buffer = Buffer::empty(Rect::new(0, 0, 100, 40));
        let mut stage = Stage::new(Protocol::Kitty, Mux::None)
            .seeded(99)
            .with_truecolour(truecolour);
        let scene = Scene {
            slot: Slot(0),
            area,
            encoded: Arc::clone(&encoded),
        };
        let bytes = stage.compose(&mut buffer, &[scene], &[]);
        let id: u32 = decode::kitty(&bytes.before)[0].keys["i"].parse().unwrap();
        let mut seen = 0;
        for position in buffer.area.positions() {
            let Some((row, column, colour)) = screen::placeholder(&buffer[position]) else {
                continue;
            };
            assert_eq!(position.x, area.x + encoded.cells.x + column);
            assert_eq!(position.y, area.y + encoded.cells.y + row);
            assert_eq!(colour, id);
            assert_eq!(truecolour, matches!(buffer[position].fg, Color::Rgb(..)));
            seen += 1;
        }
        assert_eq!(seen, encoded.cells.area());
    }
}

#[test]
fn two_danlus_name_their_pictures_differently() {
    let encoded = Arc::new(encode(&order(&pictures::noise(8, 8), Protocol::Kitty, SLOW)));
    let mut names = std::collections::BTreeSet::new();
    for seed in [1000, 1001, 1002, 70_000] {
        let mut stage = Stage::new(Protocol::Kitty, Mux::None).seeded(seed);
        let area = Rect::new(0, 0, 20, 9);
        let scenes = [0, 1, 255].map(|slot| Scene {
            slot: Slot(slot),
            area: Rect {
                y: area.height * u16::from(slot % 3),
                ..area
            },
            encoded: Arc::clone(&encoded),
        });
        let bytes = stage.compose(&mut Buffer::empty(Rect::new(0, 0, 80, 40)), &scenes, &[]);
        for command in decode::kitty(&bytes.before) {
            let id: u32 = command.keys["i"].parse().unwrap();
            assert!((1..1 << 24).contains(&id));
            assert!(names.insert(id), "{id} twice");
        }
    }
}

#[test]
fn an_iterm2_picture_is_a_jpeg_of_the_picture() {
    for (source, budget, least) in [
        (resized(&pictures::fixture("batch_0.png"), (512, 512)), FINAL, 34.0),
        (resized(&pictures::fixture("wide.png"), (96, 64)), SLOW, 30.0),
        (pictures::drawn(600, 400), SLOW, 26.0),
    ] {
        for mux in [Mux::None, Mux::Tmux] {
            let encoded = encode(&Order {
                mux,
                ..order(&source, Protocol::Iterm2, budget)
            });
            let cells = encoded.cells;
            let (_, bytes) = staged(encoded, mux);
            let command = decode::iterm2(&decode::out_of_tmux(&bytes.after));
            assert_eq!(
                (command.keys["width"].parse(), command.keys["height"].parse()),
                (Ok(cells.width), Ok(cells.height))
            );
            for (key, value) in [("inline", "1"), ("preserveAspectRatio", "1"), ("doNotMoveCursor", "1")] {
                assert_eq!(command.keys[key], value);
            }
            let jpeg = image::load_from_memory_with_format(&command.payload, image::ImageFormat::Jpeg)
                .unwrap()
                .to_rgb8();
            let expected = resized(&source, jpeg.dimensions());
            assert!(psnr(&jpeg, &expected) > least, "{} dB", psnr(&jpeg, &expected));
        }
    }
}

#[test]
fn a_sixel_picture_is_the_picture_in_the_pixels_of_its_cells() {
    for (source, area, budget, least) in [
        (
            resized(&pictures::fixture("batch_0.png"), (512, 512)),
            Size::new(60, 30),
            FINAL,
            33.0,
        ),
        (
            resized(&pictures::fixture("batch_0.png"), (512, 512)),
            Size::new(60, 30),
            FAST,
            27.0,
        ),
        (pictures::drawn(600, 400), Size::new(47, 20), FINAL, 30.0),
        (pictures::fixture("odd.png"), Size::new(13, 39), FINAL, 30.0),
    ] {
        let encoded = encode(&Order {
            area,
            ..order(&source, Protocol::Sixel, budget)
        });
        let cells = encoded.cells;
        let (_, bytes) = staged(encoded, Mux::None);
        let (decoded, drawn) = decode::sixel(&bytes.after);
        assert!(drawn.iter().all(|drawn| *drawn), "every pixel once");
        let (width, height) = decoded.dimensions();
        assert!(width <= u32::from(cells.width) * 10 && height <= u32::from(cells.height) * 20);
        let shape = f64::from(width) / f64::from(height) * f64::from(source.height()) / f64::from(source.width());
        assert!((0.95..1.05).contains(&shape), "{shape}");
        let expected = resized(&source, (width, height));
        assert!(psnr(&decoded, &expected) > least, "{} dB", psnr(&decoded, &expected));
        let (_, dcs) = decode::split(&bytes.after, b"H").unwrap();
        let other = icy_sixel::SixelImage::decode(dcs.strip_suffix(b"\x1b8").unwrap()).unwrap();
        let other: Vec<u8> = other.pixels.chunks(4).flat_map(|p| p[..3].to_vec()).collect();
        let other = RgbImage::from_raw(width, height, other).unwrap();
        assert!(psnr(&other, &decoded) > 48.0, "a second decoder agrees");
    }
}

#[test]
fn a_small_preview_in_sixel_fills_its_place_in_squares() {
    let source = resized(&pictures::fixture("batch_0.png"), (64, 64));
    let encoded = encode(&order(&source, Protocol::Sixel, SLOW));
    assert!(encoded.cells.width > 50, "{:?}", encoded.cells);
    let (_, bytes) = staged(encoded, Mux::None);
    let (decoded, _) = decode::sixel(&bytes.after);
    let expected = resized(&source, decoded.dimensions());
    assert!(psnr(&decoded, &expected) > 20.0, "{} dB", psnr(&decoded, &expected));
}

#[test]
fn half_blocks_show_the_picture_as_far_as_their_colours_go() {
    let source = resized(&pictures::fixture("batch_0.png"), (512, 512));
    for (colours, budget, least) in [
        (Depth::True, FINAL, 38.0),
        (Depth::True, 44 << 10, 32.0),
        (Depth::Ansi256, FINAL, 20.0),
        (Depth::Ansi16, FINAL, 9.0),
    ] {
        let encoded = encode(&Order {
            colours,
            ..order(&source, Protocol::HalfBlocks, budget)
        });
        assert_eq!(encoded.cells, Rect::new(0, 0, 60, 30), "{colours:?}");
        let (buffer, bytes) = staged(encoded, Mux::None);
        assert!(bytes.is_empty());
        let decoded = screen::halves(&buffer, Rect::new(0, 0, 60, 30));
        let expected = resized(&source, (60, 60));
        assert!(
            psnr(&decoded, &expected) > least,
            "{colours:?}: {} dB",
            psnr(&decoded, &expected)
        );
        // Dithered colours are right from a distance.
        let far = |image: &RgbImage| resized(image, (15, 15));
        assert!(
            psnr(&far(&decoded), &far(&expected)) > least.min(16.0),
            "{colours:?}: {} dB from afar",
            psnr(&far(&decoded), &far(&expected))
        );
    }
}

#[test]
fn without_colours_there_are_dots_and_letters() {
    let picture = card(320, 240);
    for (colours, range) in [(Depth::Mono, '\u{2800}'..='\u{28FF}'), (Depth::Ascii, ' '..='~')] {
        let order = Order {
            colours,
            ..order(&pictures::image(&picture), Protocol::HalfBlocks, SLOW)
        };
        let encoded = encode(&order);
        let cells = encoded.cells;
        let (buffer, _) = staged(encoded, Mux::None);
        let ink = |cell: &ratatui::buffer::Cell| {
            let symbol = cell.symbol().chars().next().unwrap();
            assert!(range.contains(&symbol), "{symbol}");
            assert_eq!((cell.fg, cell.bg), (Color::Reset, Color::Reset));
            if colours == Depth::Mono {
                (symbol as u32 - 0x2800).count_ones()
            } else {
                " .:-=+*#%@".find(symbol).unwrap() as u32
            }
        };
        // The ramp of greys at the bottom brightens to the right.
        let bottom: Vec<u32> = (cells.x + 1..cells.right() - 1)
            .map(|x| ink(&buffer[(x, cells.bottom() - 3)]))
            .collect();
        let (left, right) = bottom.split_at(bottom.len() / 2);
        assert!(left.iter().sum::<u32>() * 2 < right.iter().sum::<u32>(), "{bottom:?}");
    }
}

#[test]
fn no_picture_costs_more_than_its_order_allows() {
    let sources = [
        pictures::noise(64, 64),
        pictures::noise(512, 512),
        pictures::noise(1024, 768),
        pictures::drawn(1024, 1024),
        resized(&pictures::fixture("long.png"), (512, 512)),
        image::open(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/samples.png"))
            .unwrap()
            .to_rgb8(),
    ];
    let protocols = [
        Protocol::Kitty,
        Protocol::KittyDirect,
        Protocol::Iterm2,
        Protocol::Sixel,
        Protocol::HalfBlocks,
    ];
    for source in &sources {
        for protocol in protocols {
            for mux in [Mux::None, Mux::Tmux] {
                for budget in [SLOW, FAST, FINAL] {
                    let encoded = encode(&Order {
                        mux,
                        area: Size::new(90, 38),
                        ..order(source, protocol, budget)
                    });
                    assert!(!encoded.is_empty(), "{protocol} {budget}");
                    let claimed = encoded.bytes;
                    assert!(claimed <= budget, "{protocol}: {claimed} of {budget}");
                    let (buffer, bytes) = staged(encoded, mux);
                    let sent = if protocol == Protocol::HalfBlocks {
                        screen::repaint(&buffer)
                    } else {
                        bytes.len()
                    };
                    assert!(sent <= budget + 32, "{protocol} in {mux:?}: {sent} of {budget}");
                    assert!(claimed + 32 >= sent, "{protocol}: {sent}, claimed {claimed}");
                }
            }
        }
    }
}

#[test]
fn any_order_is_answered_within_its_budget_and_area() {
    let mut dice = pictures::Dice(3);
    let protocols: Vec<Protocol> = Protocol::all().collect();
    for round in 0..400 {
        let (width, height) = (dice.roll(90) as u32, dice.roll(90) as u32);
        let short = dice.roll(10) == 0;
        let length = (width * height * 3) as usize - usize::from(short && width * height > 0);
        let rgb: Vec<u8> = (0..length).map(|_| dice.roll(256) as u8).collect();
        let sides = |dice: &mut pictures::Dice| [0, 1, 7, 80, 300, u64::from(u16::MAX)][dice.roll(6) as usize] as u16;
        let area = Size::new(sides(&mut dice), sides(&mut dice).min(400));
        let order = Order {
            picture: Picture {
                width,
                height,
                rgb: rgb.into(),
            },
            area,
            cell: (sides(&mut dice), sides(&mut dice)),
            protocol: protocols[dice.roll(6) as usize],
            budget: [0, 40, 300, 3000, 20_000][dice.roll(5) as usize],
            colours: [Depth::Ascii, Depth::Mono, Depth::Ansi16, Depth::Ansi256, Depth::True][dice.roll(5) as usize],
            mux: [Mux::None, Mux::Tmux, Mux::Zellij, Mux::Screen][dice.roll(4) as usize],
        };
        let encoded = encode(&order);
        assert!(encoded.bytes <= order.budget, "{round}: {order:?}");
        let cells = encoded.cells;
        assert!(
            cells.right() <= area.width && cells.bottom() <= area.height,
            "{round}: {order:?} {cells:?}"
        );
        assert_eq!(encoded.is_empty(), cells.is_empty(), "{round}: {order:?}");
        assert!(!(short && width * height > 0) || encoded.is_empty());
    }
}

#[test]
fn the_doctor_gets_a_card_in_every_protocol() {
    for mux in [Mux::None, Mux::Tmux] {
        let trials = trials(Size::new(32, 12), (10, 20), Depth::True, 5, mux);
        assert_eq!(trials.len(), 5);
        for trial in trials {
            let bytes = decode::out_of_tmux(&trial.bytes);
            let text = String::from_utf8_lossy(&bytes);
            assert_eq!(trial.lines, 12, "{}", trial.protocol);
            assert!(bytes.len() < 64 << 10);
            let (begin, breaks) = match trial.protocol {
                Protocol::Kitty => ("\x1b_G", 12),
                Protocol::HalfBlocks => ("\x1b[", 12),
                _ => ("\r\n", 13),
            };
            assert!(text.starts_with(begin), "{}", trial.protocol);
            assert_eq!(text.matches("\r\n").count(), breaks);
            let is_kitty = matches!(trial.protocol, Protocol::Kitty | Protocol::KittyDirect);
            assert_eq!(trial.erase.is_empty(), !is_kitty);
        }
    }
}

/// Prints the table of docs/TERMINALS.md: `cargo test --release --test graphics -- --ignored --nocapture bytes_and_times`.
#[test]
#[ignore = "measures"]
fn bytes_and_times() {
    let photo = pictures::drawn(1024, 1024);
    println!(
        "{:<14}{:<12}{:>12}{:>12}{:>12}{:>12}",
        "protocol", "budget", "drawn", "noise", "ms", "ms noise"
    );
    for protocol in Protocol::all().filter(|protocol| *protocol != Protocol::None) {
        for (side, budget) in [
            (64, SLOW),
            (64, FAST),
            (128, SLOW),
            (128, FAST),
            (512, FINAL),
            (1024, FINAL),
        ] {
            let measured = [resized(&photo, (side, side)), pictures::noise(side, side)].map(|image| {
                let order = order(&image, protocol, budget);
                let mut best = f64::MAX;
                for _ in 0..5 {
                    let begun = Instant::now();
                    encode(&order);
                    best = best.min(begun.elapsed().as_secs_f64() * 1000.0);
                }
                (encode(&order), best)
            });
            let [(a, a_ms), (b, b_ms)] = measured;
            println!(
                "{:<14}{:<12}{:>12}{:>12}{a_ms:>12.1}{b_ms:>12.1}   {}x{} {}x{}",
                protocol.to_string(),
                format!("{side}px {}K", budget >> 10),
                a.bytes,
                b.bytes,
                a.cells.width,
                a.cells.height,
                b.cells.width,
                b.cells.height
            );
        }
    }
}

/// Writes the cards to files, for a look on a real terminal: `cat $CARGO_TARGET_TMPDIR/card-sixel`.
#[test]
#[ignore = "for a human to look at"]
fn cards_to_look_at() {
    for mux in [Mux::None, Mux::Tmux] {
        for trial in trials(Size::new(32, 12), (6, 13), Depth::True, 1, mux) {
            let path = format!("{}/card-{}-{mux:?}", env!("CARGO_TARGET_TMPDIR"), trial.protocol);
            std::fs::write(&path, &trial.bytes).unwrap();
            println!("{path}");
        }
    }
}
