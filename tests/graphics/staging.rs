//! What is left on a terminal after any sequence of scenes.

use std::collections::BTreeSet;
use std::sync::Arc;

use danlu::term::graphics::{Encoded, Order, Protocol, Scene, Slot, Stage, encode};
use danlu::term::probe::Mux;
use ratatui::buffer::Buffer;
use ratatui::layout::{Position, Rect, Size};
use ratatui::style::Color;

use super::decode;
use super::pictures::{self, Dice};
use super::screen::{self, Terminal};

const SCREEN: Rect = Rect::new(0, 0, 80, 30);
const EACH: [Protocol; 5] = [
    Protocol::Kitty,
    Protocol::KittyDirect,
    Protocol::Iterm2,
    Protocol::Sixel,
    Protocol::HalfBlocks,
];

/// The text of every frame. Much of a screen is blank, as the cells under a picture are.
fn letter(position: Position) -> char {
    match (position.x / 5 + position.y) % 3 {
        0 => char::from(b'a' + ((position.x + position.y * 3) % 26) as u8),
        _ => ' ',
    }
}

/// A program: draws text, then pictures, then popups, and keeps the last frame as ratatui does.
struct Program {
    stage: Stage,
    terminal: Terminal,
    last: Buffer,
    frames: usize,
}

impl Program {
    fn new(protocol: Protocol, mux: Mux) -> Self {
        let stage = Stage::new(protocol, mux).seeded(77);
        Self {
            stage,
            terminal: Terminal::new(SCREEN, mux),
            last: Buffer::empty(SCREEN),
            frames: 0,
        }
    }

    /// Draws a frame, looks whether all is well, and says how many bytes and cells were sent.
    fn frame(&mut self, scenes: &[Scene], covers: &[Rect]) -> (usize, usize) {
        let mut buffer = Buffer::empty(SCREEN);
        for position in SCREEN.positions() {
            buffer[position].set_char(letter(position)).set_bg(Color::Indexed(17));
        }
        for cover in covers {
            for position in cover.intersection(SCREEN).positions() {
                buffer[position].reset();
                buffer[position].set_char('#');
            }
        }
        let bytes = self.stage.compose(&mut buffer, scenes, covers);
        self.terminal.feed(&bytes.before);
        let cells = self.terminal.write(&self.last, &buffer);
        self.terminal.feed(&bytes.after);
        self.last = buffer;
        self.frames += 1;
        self.check(scenes, covers);
        (bytes.len(), cells)
    }

    fn check(&self, scenes: &[Scene], covers: &[Rect]) {
        let mut shown: Vec<(Rect, &Encoded)> = Vec::new();
        let mut slots = BTreeSet::new();
        for scene in scenes.iter().filter(|scene| !scene.encoded.is_empty()) {
            if slots.insert(scene.slot) {
                let rect = expected_place(scene);
                let whole = rect.intersection(scene.area).intersection(SCREEN) == rect;
                let covers = covers.iter().filter(|cover| !cover.is_empty());
                let above = covers
                    .chain(shown.iter().map(|(r, _)| r))
                    .any(|r| r.intersects(expected(self, rect)));
                if !self.stage.protocol().is_pixels() || (whole && !above) {
                    shown.push((expected(self, rect), &scene.encoded));
                }
            }
        }
        match self.stage.protocol() {
            Protocol::Kitty => self.check_placeholders(slots.len()),
            Protocol::KittyDirect => self.check_placements(&shown, slots.len()),
            _ => {}
        }
        for position in SCREEN.positions() {
            let owner = shown.iter().find(|(rect, _)| rect.contains(position));
            let cover = covers.iter().any(|cover| cover.contains(position));
            let pixels = self.terminal.pixels.get(&(position.x, position.y));
            let text = &self.terminal.text[position];
            if cover {
                assert_eq!(
                    (text.symbol(), pixels),
                    ("#", None),
                    "a popup is whole at {position} in frame {}",
                    self.frames
                );
            } else if owner.is_none() {
                assert_eq!(pixels, None, "old pixels at {position} in frame {}", self.frames);
                assert_eq!(
                    text.symbol(),
                    letter(position).to_string(),
                    "text at {position} in frame {}",
                    self.frames
                );
            } else if self.stage.protocol().is_pixels() {
                assert_eq!(text.symbol(), " ", "no text under a picture, at {position}");
            }
        }
        if matches!(self.stage.protocol(), Protocol::Sixel | Protocol::Iterm2) {
            for (rect, _) in &shown {
                let kinds: BTreeSet<_> = rect
                    .positions()
                    .filter_map(|p| self.terminal.pixels.get(&(p.x, p.y)))
                    .collect();
                assert_eq!(kinds.len(), 1, "one picture in {rect:?} in frame {}", self.frames);
                assert!(self.terminal.pixels.contains_key(&(rect.x, rect.y)));
            }
        }
    }

    /// Every placeholder names an image that is there, at the right place in it, and no image is there for nothing.
    fn check_placeholders(&self, most: usize) {
        let images = &self.terminal.images;
        assert!(images.len() <= most, "{} images for {most} slots", images.len());
        for position in SCREEN.positions() {
            if let Some((row, column, id)) = screen::placeholder(&self.terminal.text[position]) {
                let image = images.get(&id).expect("an image for every placeholder");
                assert!(image.is_virtual && column < image.cells.0 && row < image.cells.1);
                if column > 0 && position.x > 0 {
                    let left = screen::placeholder(&self.terminal.text[(position.x - 1, position.y)]);
                    assert!(left.is_none_or(|left| left.2 != id || left == (row, column - 1, id)));
                }
            }
        }
    }

    fn check_placements(&self, shown: &[(Rect, &Encoded)], most: usize) {
        let images = &self.terminal.images;
        assert!(images.len() <= most, "{} images for {most} slots", images.len());
        let mut placed: Vec<Rect> = images.values().filter_map(|image| image.placed).collect();
        let mut wanted: Vec<Rect> = shown.iter().map(|(rect, _)| *rect).collect();
        placed.sort_by_key(|r| (r.y, r.x, r.width, r.height));
        wanted.sort_by_key(|r| (r.y, r.x, r.width, r.height));
        assert_eq!(placed, wanted, "placements in frame {}", self.frames);
    }
}

/// Sixel and iTerm2 keep off the last line.
fn expected(program: &Program, mut rect: Rect) -> Rect {
    let scrolls = matches!(program.stage.protocol(), Protocol::Sixel | Protocol::Iterm2);
    if scrolls && rect.bottom() == SCREEN.bottom() {
        rect.height -= 1;
    }
    rect
}

fn expected_place(scene: &Scene) -> Rect {
    let cells = scene.encoded.cells;
    let middle = |have: u16, need: u16| have.saturating_sub(need) / 2;
    if scene.area.as_size() == scene.encoded.area {
        return Rect {
            x: scene.area.x + cells.x,
            y: scene.area.y + cells.y,
            ..cells
        };
    }
    Rect {
        x: scene.area.x + middle(scene.area.width, cells.width),
        y: scene.area.y + middle(scene.area.height, cells.height),
        ..cells
    }
}

fn encoded(protocol: Protocol, area: Size, seed: u64, mux: Mux) -> Arc<Encoded> {
    let mut image = pictures::drawn(40 + seed as u32 % 3 * 20, 40);
    // No two pictures are the same.
    image.put_pixel(0, 0, image::Rgb([(seed * 37) as u8, (seed * 91) as u8, 200]));
    for x in 0..20 {
        image.put_pixel(x, 3, image::Rgb([(seed * 53) as u8, x as u8, (seed * 7) as u8]));
    }
    let order = Order {
        area,
        mux,
        ..super::order(&image, protocol, 64 << 10)
    };
    Arc::new(encode(&order))
}

fn scene(slot: u8, area: Rect, encoded: &Arc<Encoded>) -> Scene {
    Scene {
        slot: Slot(slot),
        area,
        encoded: Arc::clone(encoded),
    }
}

#[test]
fn a_frame_without_changes_sends_nothing() {
    for protocol in EACH {
        let mut program = Program::new(protocol, Mux::None);
        let area = Rect::new(4, 2, 30, 12);
        let scenes = [scene(0, area, &encoded(protocol, area.as_size(), 1, Mux::None))];
        let (bytes, _) = program.frame(&scenes, &[]);
        assert_eq!(bytes == 0, protocol == Protocol::HalfBlocks);
        for _ in 0..3 {
            assert_eq!(program.frame(&scenes, &[]), (0, 0), "{protocol}");
        }
    }
}

#[test]
fn a_picture_moves_and_leaves_nothing_behind() {
    for protocol in EACH {
        let mut program = Program::new(protocol, Mux::None);
        let picture = encoded(protocol, Size::new(30, 12), 1, Mux::None);
        for (x, y) in [(0, 0), (1, 0), (50, 17), (49, 18), (3, 3)] {
            program.frame(&[scene(0, Rect::new(x, y, 30, 12), &picture)], &[]);
        }
        if protocol == Protocol::Kitty {
            let (bytes, _) = program.frame(&[scene(0, Rect::new(9, 9, 30, 12), &picture)], &[]);
            assert_eq!(bytes, 0, "placeholders are text");
        }
        if protocol == Protocol::KittyDirect {
            let (bytes, _) = program.frame(&[scene(0, Rect::new(9, 9, 30, 12), &picture)], &[]);
            assert!(bytes < 120, "the terminal has the picture already: {bytes}");
        }
        program.frame(&[], &[]);
        assert!(program.terminal.images.is_empty());
    }
}

#[test]
fn a_popup_hides_pixels_and_gives_them_back() {
    for protocol in EACH {
        let mut program = Program::new(protocol, Mux::None);
        let area = Rect::new(20, 5, 30, 12);
        let scenes = [scene(0, area, &encoded(protocol, area.as_size(), 1, Mux::None))];
        let popup = [Rect::new(30, 8, 40, 4)];
        let (first, _) = program.frame(&scenes, &[]);
        let (covered, _) = program.frame(&scenes, &popup);
        assert_eq!(covered > 0, protocol == Protocol::KittyDirect, "{protocol}: {covered}");
        assert_eq!(program.frame(&scenes, &popup), (0, 0), "{protocol}");
        let (again, _) = program.frame(&scenes, &[]);
        match protocol {
            Protocol::Sixel | Protocol::Iterm2 => assert_eq!(again, first),
            Protocol::KittyDirect => assert!(again < 60, "{again}"),
            _ => assert_eq!(again, 0),
        }
        program.frame(&scenes, &[Rect::new(0, 0, 3, 3)]);
        assert_eq!(
            program.frame(&scenes, &[Rect::new(0, 0, 3, 3)]),
            (0, 0),
            "a popup beside it changes nothing"
        );
    }
}

#[test]
fn a_picture_follows_another_without_a_gap() {
    for (protocol, mux) in EACH.iter().flat_map(|p| [(*p, Mux::None), (*p, Mux::Tmux)]) {
        let mut program = Program::new(protocol, mux);
        let area = Rect::new(20, 5, 30, 12);
        let mut names = BTreeSet::new();
        for seed in [3, 6, 9, 12, 15] {
            let picture = encoded(protocol, area.as_size(), seed, mux);
            let (_, cells) = program.frame(&[scene(0, area, &picture)], &[]);
            let ids: Vec<u32> = program.terminal.images.keys().copied().collect();
            if matches!(protocol, Protocol::Kitty | Protocol::KittyDirect) {
                assert_eq!(ids.len(), 1);
                names.extend(ids);
            }
            if seed > 3 && protocol.is_pixels() {
                // The first of these frames takes the cells out of the comparison, which writes none.
                assert_eq!(cells, 0, "{protocol}: nothing is wiped between");
            }
        }
        let turns = match protocol {
            Protocol::Kitty => 1,
            Protocol::KittyDirect => 2,
            _ => 0,
        };
        assert_eq!(
            names.len(),
            turns,
            "{protocol}: a preview keeps its name, or two take turns"
        );
    }
}

#[test]
fn finished_pictures_on_placeholders_take_turns_and_previews_cost_no_text() {
    let mut program = Program::new(Protocol::Kitty, Mux::Tmux);
    let area = Rect::new(0, 0, 60, 29);
    let mut names = Vec::new();
    for (seed, side) in [(1, 64), (2, 64), (3, 300), (4, 300), (5, 300), (6, 64), (7, 64)] {
        let mut image = pictures::noise(side, side);
        image.put_pixel(0, 0, image::Rgb([seed; 3]));
        let budget = if side == 64 { 16 << 10 } else { 512 << 10 };
        let order = Order {
            area: area.as_size(),
            mux: Mux::Tmux,
            ..super::order(&image, Protocol::Kitty, budget)
        };
        let (bytes, cells) = program.frame(&[scene(0, area, &Arc::new(encode(&order)))], &[]);
        let ids: Vec<u32> = program.terminal.images.keys().copied().collect();
        let [id] = ids[..] else { panic!("{ids:?}") };
        if side == 64 && names.last() == Some(&id) {
            assert!(bytes < 8 << 10 && cells == 0, "{bytes} bytes and {cells} cells");
        }
        names.push(id);
    }
    let first = names[0];
    let turns: Vec<bool> = names.iter().map(|id| *id == first).collect();
    assert_eq!(turns, [true, true, false, true, false, false, false]);
}

#[test]
fn after_a_resize_everything_is_sent_again_once() {
    for protocol in EACH {
        let mut program = Program::new(protocol, Mux::None);
        let area = Rect::new(20, 5, 30, 12);
        let scenes = [scene(0, area, &encoded(protocol, area.as_size(), 1, Mux::None))];
        let (first, _) = program.frame(&scenes, &[]);
        program.terminal.clear();
        program.last = Buffer::empty(SCREEN);
        program.stage.forget();
        let (again, _) = program.frame(&scenes, &[]);
        assert!(
            again >= first && again < first + 64,
            "{protocol}: {again} after {first}"
        );
        assert_eq!(program.frame(&scenes, &[]), (0, 0));
        assert!(program.terminal.images.len() <= 1);
    }
}

#[test]
fn leaving_and_switching_take_every_image_along() {
    for (protocol, mux) in EACH.iter().flat_map(|p| [(*p, Mux::None), (*p, Mux::Tmux)]) {
        let mut program = Program::new(protocol, mux);
        let pictures = [1, 2].map(|seed| encoded(protocol, Size::new(30, 12), seed, mux));
        let scenes = [
            scene(0, Rect::new(0, 0, 30, 12), &pictures[0]),
            scene(9, Rect::new(40, 0, 30, 12), &pictures[1]),
        ];
        program.frame(&scenes, &[]);
        program.stage.forget();
        let erased = program.stage.erase();
        program.terminal.feed(&erased);
        assert!(program.terminal.images.is_empty(), "{protocol}");
        assert!(program.stage.erase().is_empty(), "once is enough");

        let mut program = Program::new(protocol, mux);
        program.frame(&scenes, &[]);
        for next in EACH {
            let erased = program.stage.switch(next, mux);
            program.terminal.feed(&erased);
            let now = [encoded(next, Size::new(30, 12), 5, mux)];
            program.frame(&[scene(0, Rect::new(0, 0, 30, 12), &now[0])], &[]);
        }
    }
}

#[test]
fn a_picture_of_another_protocol_is_not_drawn() {
    let mut program = Program::new(Protocol::Sixel, Mux::None);
    let area = Rect::new(0, 0, 30, 12);
    let kitty = encoded(Protocol::Kitty, area.as_size(), 1, Mux::None);
    let mut buffer = Buffer::empty(SCREEN);
    let bytes = program.stage.compose(&mut buffer, &[scene(0, area, &kitty)], &[]);
    assert!(bytes.is_empty());
    assert_eq!(buffer, Buffer::empty(SCREEN));
}

#[test]
fn the_cursor_may_be_anywhere_and_stays() {
    let mut program = Program::new(Protocol::Sixel, Mux::None);
    let area = Rect::new(50, 18, 30, 12);
    let picture = encoded(Protocol::Sixel, area.as_size(), 1, Mux::None);
    let mut buffer = Buffer::empty(SCREEN);
    let bytes = program.stage.compose(&mut buffer, &[scene(0, area, &picture)], &[]);
    let text = String::from_utf8_lossy(&bytes.after);
    let place = expected_place(&scene(0, area, &picture));
    assert!(text.starts_with(&format!("\x1b7\x1b[{};{}H\x1bP9;1;0q", place.y + 1, place.x + 1)));
    assert!(text.ends_with("\x1b\\\x1b8"));
    let (sixel, _) = decode::sixel(&bytes.after);
    assert!(
        u32::from(place.y) * 20 + sixel.height() <= 29 * 20,
        "the last line is left alone"
    );
}

#[test]
fn no_sequence_of_scenes_leaves_old_pixels_or_harms_the_text() {
    for protocol in EACH {
        for (mux, seed) in [(Mux::None, 1), (Mux::Tmux, 2), (Mux::None, 3)] {
            let mut dice = Dice(seed * 1000);
            let sizes = [(30, 12), (16, 8), (9, 20), (40, 5)].map(|(w, h)| Size::new(w, h));
            let pool: Vec<_> = (0..10)
                .map(|n| encoded(protocol, sizes[n as usize % 4], n, mux))
                .collect();
            let mut program = Program::new(protocol, mux);
            let mut scenes: Vec<Scene> = Vec::new();
            let mut covers: Vec<Rect> = Vec::new();
            for _ in 0..250 {
                let mut side = |most: u16| dice.roll(u64::from(most)) as u16;
                let rect = Rect::new(side(60), side(22), side(20), side(8));
                let pick = side(10);
                let slot = side(4) as u8;
                match side(10) {
                    0..=3 => {
                        let picture = &pool[usize::from(pick)];
                        // Most of the time the area that it was made for.
                        let size = if side(5) == 0 {
                            Size::new(side(40) + 1, side(25) + 1)
                        } else {
                            picture.area
                        };
                        let x = side(SCREEN.width - size.width + 1);
                        let y = side(SCREEN.height - size.height + 1);
                        scenes.retain(|scene| scene.slot != Slot(slot));
                        scenes.push(scene(slot, Rect::new(x, y, size.width, size.height), picture));
                    }
                    4 => scenes.retain(|scene| scene.slot != Slot(slot)),
                    5 => covers.push(rect),
                    6 => covers.clear(),
                    7 => {
                        program.terminal.clear();
                        program.last = Buffer::empty(SCREEN);
                        program.stage.forget();
                    }
                    _ => {}
                }
                program.frame(&scenes, &covers);
            }
            program.frame(&[], &[]);
            let erased = program.stage.erase();
            program.terminal.feed(&erased);
            assert!(
                program.terminal.images.is_empty() && program.terminal.pixels.is_empty(),
                "{protocol}"
            );
        }
    }
}
